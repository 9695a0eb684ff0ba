/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_pmm_ratelog.c - a log that a remote cannot flood
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <hvl/metal/compiler.h>
#include <hvl/metal/time.h>

#include "ratelog.h"

/* No time passes by itself, on however busy a machine. */
static uint64_t clock_us = HVL_US_PER_S;

uint64_t __wrap_hvl_time_us(void);

uint64_t __wrap_hvl_time_us(void)
{
	return clock_us;
}

static unsigned int nlines;
static char last[2][HVL_LOG_LINE];

static void write_line(void *ctx, enum hvl_log_level level, const char *line)
{
	(void)ctx;
	(void)level;
	memcpy(last[0], last[1], sizeof(last[0]));
	(void)snprintf(last[1], sizeof(last[1]), "%s", line);
	nlines++;
}

static void ratelog_passes_a_burst_then_counts(void **state)
{
	const struct hvl_log to = { HVL_LOG_INFO, write_line, NULL };
	struct pmm_ratelog rl;

	(void)state;
	pmm_ratelog_init(&rl, &to);
	for (int i = 0; i < 1000; i++)
		hvl_log(&rl.log, HVL_LOG_WARNING, "broken %d", i);
	assert_int_equal(nlines, PMM_RATELOG_BURST);
	assert_int_equal(rl.dropped, 980);
	nlines = 0;
	clock_us += HVL_US_PER_S;
	hvl_log(&rl.log, HVL_LOG_WARNING, "again");
	assert_int_equal(nlines, 2);
	assert_string_equal(last[0], "980 messages left out");
	assert_string_equal(last[1], "again");
	assert_int_equal(rl.tokens, PMM_RATELOG_PER_S - 1);
	/* A quiet day earns one burst, no more. */
	clock_us += UINT64_C(86400) * HVL_US_PER_S;
	hvl_log(&rl.log, HVL_LOG_WARNING, "next day");
	assert_int_equal(rl.tokens, PMM_RATELOG_BURST - 1);
}

static void ratelog_keeps_the_level(void **state)
{
	const struct hvl_log to = { HVL_LOG_WARNING, write_line, NULL };
	struct pmm_ratelog rl;

	(void)state;
	pmm_ratelog_init(&rl, &to);
	nlines = 0;
	hvl_log(&rl.log, HVL_LOG_INFO, "too fine");
	assert_int_equal(nlines, 0);
	assert_int_equal(rl.tokens, PMM_RATELOG_BURST);
	pmm_ratelog_init(&rl, NULL);
	hvl_log(&rl.log, HVL_LOG_ERROR, "nobody");
	assert_int_equal(nlines, 0);
}

static void ratelog_keeps_lines_while_held(void **state)
{
	const struct hvl_log to = { HVL_LOG_INFO, write_line, NULL };
	struct pmm_ratelog rl;

	(void)state;
	pmm_ratelog_init(&rl, &to);
	nlines = 0;
	pmm_ratelog_hold(&rl);
	hvl_log(&rl.log, HVL_LOG_INFO, "one");
	hvl_log(&rl.log, HVL_LOG_INFO, "two");
	assert_int_equal(nlines, 0);
	pmm_ratelog_release(&rl);
	assert_int_equal(nlines, 2);
	assert_string_equal(last[0], "one");
	assert_string_equal(last[1], "two");
	hvl_log(&rl.log, HVL_LOG_INFO, "three");
	assert_int_equal(nlines, 3);
	/* Once there is no room for more. */
	pmm_ratelog_hold(&rl);
	for (unsigned int i = 0; i < PMM_RATELOG_HELD; i++)
		hvl_log(&rl.log, HVL_LOG_INFO, "held %u", i);
	assert_int_equal(nlines, 3);
	hvl_log(&rl.log, HVL_LOG_INFO, "one more");
	assert_int_equal(nlines, 3 + PMM_RATELOG_HELD);
	pmm_ratelog_release(&rl);
	assert_string_equal(last[1], "one more");
	pmm_ratelog_release(&rl);
	assert_int_equal(nlines, 4 + PMM_RATELOG_HELD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ratelog_passes_a_burst_then_counts),
		cmocka_unit_test(ratelog_keeps_the_level),
		cmocka_unit_test(ratelog_keeps_lines_while_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
