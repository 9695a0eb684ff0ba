/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_pmm_watchdog.c - a firmware that runs and does not live any more
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "watchdog.h"

#define LIMIT 500

static bool look(struct pmm_watchdog *dog, uint32_t state, uint32_t heartbeat)
{
	const struct hvl_rsc_report report = { .state = state,
					       .heartbeat = heartbeat };

	return pmm_watchdog_look(dog, &report, LIMIT);
}

static void watchdog_bites_at_the_limit(void **state)
{
	struct pmm_watchdog dog;

	(void)state;
	pmm_watchdog_init(&dog);
	assert_false(look(&dog, HVL_REMOTE_RUNNING, 7));
	for (int i = 1; i < LIMIT; i++)
		assert_false(look(&dog, HVL_REMOTE_RUNNING, 7));
	assert_true(look(&dog, HVL_REMOTE_RUNNING, 7));
}

/* One that never beats at all is found as well. */
static void watchdog_misses_the_first_beat(void **state)
{
	struct pmm_watchdog dog;

	(void)state;
	pmm_watchdog_init(&dog);
	for (int i = 1; i < LIMIT; i++)
		assert_false(look(&dog, HVL_REMOTE_RUNNING, 0));
	assert_true(look(&dog, HVL_REMOTE_RUNNING, 0));
}

static void watchdog_heeds_the_heartbeat(void **state)
{
	struct pmm_watchdog dog;
	/* over the end of its count */
	uint32_t beat = UINT32_MAX - 2;

	(void)state;
	pmm_watchdog_init(&dog);
	for (int i = 0; i < 6 * LIMIT; i++) {
		beat += i % (LIMIT - 1) == 0;
		assert_false(look(&dog, HVL_REMOTE_RUNNING, beat));
	}
}

static void watchdog_minds_running_firmware_only(void **state)
{
	static const uint32_t others[] = {
		HVL_REMOTE_NONE,    HVL_REMOTE_STARTING,
		HVL_REMOTE_STOPPED, HVL_REMOTE_WANTS_RESTART,
		HVL_REMOTE_CRASHED, 77,
	};
	struct pmm_watchdog dog;

	(void)state;
	pmm_watchdog_init(&dog);
	for (size_t n = 0; n < sizeof(others) / sizeof(others[0]); n++) {
		for (int i = 0; i < 2 * LIMIT; i++)
			assert_false(look(&dog, others[n], 3));
	}
	/* and counts from when it runs */
	for (int i = 1; i < LIMIT; i++)
		assert_false(look(&dog, HVL_REMOTE_RUNNING, 3));
	assert_true(look(&dog, HVL_REMOTE_RUNNING, 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(watchdog_bites_at_the_limit),
		cmocka_unit_test(watchdog_misses_the_first_beat),
		cmocka_unit_test(watchdog_heeds_the_heartbeat),
		cmocka_unit_test(watchdog_minds_running_firmware_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
