/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_pmm_polling.c - how long a poll may last, against a clock of ours
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "polling.h"

#define MOST 50u

static struct pmm_polling polling;
static uint64_t now;

static int setup(void **state)
{
	(void)state;
	memset(&polling, 0, sizeof(polling));
	polling.most_us = MOST;
	now = 1000000;
	return 0;
}

/*
 * Something comes, and once more @after microseconds later if we still look
 * then. Looks take one each. Return: how long we looked.
 */
static uint64_t chance(uint64_t after)
{
	uint64_t start = now;
	bool more = pmm_polling_more(&polling, now, true);

	while (more) {
		now++;
		more = pmm_polling_more(&polling, now, now - start == after);
	}
	return now - start;
}

static void poll_needs_something_to_begin(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 1000; i++)
		assert_false(pmm_polling_more(&polling, ++now, false));
	assert_int_equal(polling.polls, 0);
}

static void poll_of_zero_never_begins(void **state)
{
	(void)state;
	polling.most_us = 0;
	assert_int_equal(chance(1), 0);
	assert_int_equal(polling.polls, 0);
}

static void poll_lasts_beyond_the_last_progress(void **state)
{
	(void)state;
	assert_int_equal(chance(MOST - 1), 2 * MOST - 1);
	assert_int_equal(polling.polls, 1);
	assert_int_equal(polling.hits, 1);
	assert_int_equal(polling.polled_us, 2 * MOST - 1);
	assert_false(polling.on);
}

static void poll_goes_on_while_things_come(void **state)
{
	unsigned int i;

	(void)state;
	assert_true(pmm_polling_more(&polling, now, true));
	for (i = 0; i < 1000; i++) {
		now += PMM_POLLING_WORK_US;
		assert_true(pmm_polling_more(&polling, now, true));
	}
	for (i = 1; i < MOST; i++)
		assert_true(pmm_polling_more(&polling, now + i, false));
	assert_false(pmm_polling_more(&polling, now + i, false));
	assert_int_equal(polling.hits, 1);
}

/* Each that was in vain lets twice as many chances pass. */
static void poll_in_vain_is_not_repeated(void **state)
{
	unsigned int skips, i;

	(void)state;
	for (skips = 1; skips < 1000; skips = skips * 2 + 1) {
		unsigned int most = skips;

		if (most > PMM_POLLING_SKIP_MAX)
			most = PMM_POLLING_SKIP_MAX;
		assert_int_equal(chance(1000), MOST);
		for (i = 0; i < most; i++)
			assert_int_equal(chance(1000), 0);
	}
	assert_int_equal(polling.hits, 0);
}

static void poll_that_brings_something_ends_the_skips(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 10000; i++)
		(void)chance(1000);
	while (chance(10) == 0)
		continue;
	for (i = 0; i < 100; i++)
		assert_int_equal(chance(10), 10 + MOST);
	/* And one in vain is forgiven sooner than many. */
	assert_int_equal(chance(1000), MOST);
	assert_int_equal(chance(10), 0);
	assert_int_equal(chance(10), 10 + MOST);
}

/* 1000 times a second, too far apart: less than 1 % of the time. */
static void poll_without_gain_costs_little(void **state)
{
	uint64_t start = now;
	unsigned int i;

	(void)state;
	for (i = 0; i < 100000; i++) {
		(void)chance(UINT64_MAX);
		now = start + 1000u * i;
	}
	assert_true(polling.polled_us < (now - start) / 100);
}

/* Whether a poll in which a look took so long goes on, after a hit. */
static bool goes_on(uint64_t took, bool progress)
{
	(void)setup(NULL);
	assert_true(pmm_polling_more(&polling, now, true));
	assert_true(pmm_polling_more(&polling, ++now, true));
	return pmm_polling_more(&polling, now + took, progress);
}

static void poll_where_others_want_the_processor_is_a_waste(void **state)
{
	(void)state;
	assert_true(goes_on(PMM_POLLING_LOOK_US, false));
	assert_true(goes_on(PMM_POLLING_WORK_US, true));
	assert_false(goes_on(PMM_POLLING_LOOK_US + 1, false));
	assert_int_equal(polling.skip, 1);
	assert_false(goes_on(PMM_POLLING_WORK_US + 1, true));
	assert_int_equal(polling.skip, 1);
	/* The time was not ours. */
	assert_int_equal(polling.polled_us, 1);
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(poll_needs_something_to_begin),
		T(poll_of_zero_never_begins),
		T(poll_lasts_beyond_the_last_progress),
		T(poll_goes_on_while_things_come),
		T(poll_in_vain_is_not_repeated),
		T(poll_that_brings_something_ends_the_skips),
		T(poll_without_gain_costs_little),
		T(poll_where_others_want_the_processor_is_a_waste),
	};

	return cmocka_run_group_tests_name("pmm_polling", tests, NULL, NULL);
}
