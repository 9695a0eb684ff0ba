/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * crash.c - ends that nobody wants, to see them noticed
 */
#include "app.h"

#include <string.h>

#include <hvl/metal/time.h>

#include "board.h"

#define CRASH_FRAME 64u

static void crash_assert(void)
{
	board_panic("an assertion failed on request");
}

/* Each call looks at the caller's frame: none can be left out or reused. */
static __attribute__((noinline)) unsigned int
crash_recurse(volatile unsigned int *above)
{
	volatile unsigned int here[CRASH_FRAME];

	here[0] = above[0] + 1;
	/* Not before the stack is larger than any memory. */
	if (here[0] == 0)
		return 0;
	return crash_recurse(here) + here[0];
}

static void crash_stack(void)
{
	volatile unsigned int depth = 0;

	crash_recurse(&depth);
}

/* Alive enough for sleeping, but it says so to nobody. */
static void crash_hang(void)
{
	for (;;) {
		app_console_fill();
		board_doorbell_take();
		board_idle(hvl_time_us() + HVL_US_PER_S);
	}
}

static void crash_fault(void)
{
	board_fault();
}

static const struct crash_kind {
	const char *name;
	void (*crash)(void);
} crash_kinds[] = {
	{ "fault", crash_fault }, /* the first is the default */
	{ "assert", crash_assert },
	{ "stack", crash_stack },
	{ "hang", crash_hang },
};

bool app_crash(const char *kind)
{
	for (size_t i = 0; i < HVL_ARRAY_SIZE(crash_kinds); i++)
		if (!kind || strcmp(kind, crash_kinds[i].name) == 0) {
			app_say("crash on request: %s", crash_kinds[i].name);
			crash_kinds[i].crash();
		}
	return false;
}
