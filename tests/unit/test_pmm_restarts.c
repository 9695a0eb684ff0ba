/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_pmm_restarts.c - the limit of restarts after crashes
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <hvl/metal/time.h>

#include "restarts.h"

static struct pmm_restarts restarts;

static bool at(uint64_t seconds)
{
	/* Not from 0: a clock's start must not look like a restart. */
	return pmm_restarts_allow(&restarts, (5 + seconds) * HVL_US_PER_S);
}

static void init(uint32_t most, uint32_t seconds)
{
	const struct pmm_restarts_limit limit = { .most = most,
						  .seconds = seconds };

	pmm_restarts_init(&restarts, &limit);
}

static void restarts_without_limit_never_end(void **state)
{
	(void)state;
	init(0, 0);
	for (int i = 0; i < 1000; i++)
		assert_true(at(0));
}

static void restarts_end_at_the_limit(void **state)
{
	(void)state;
	init(2, 60);
	assert_true(at(0));
	assert_true(at(10));
	assert_false(at(20));
	assert_false(at(59));
}

static void restarts_slide_with_time(void **state)
{
	(void)state;
	init(2, 60);
	assert_true(at(0));
	assert_true(at(50));
	assert_true(at(60)); /* the first is a whole period ago */
	assert_false(at(109));
	assert_true(at(110));
	assert_false(at(119));
	assert_true(at(120));
}

static void restarts_refused_do_not_count(void **state)
{
	(void)state;
	init(1, 10);
	assert_true(at(0));
	for (uint64_t i = 1; i < 10; i++)
		assert_false(at(i));
	assert_true(at(10));
}

static void restarts_count_up_to_the_most(void **state)
{
	(void)state;
	init(PMM_RESTARTS_MAX, PMM_RESTARTS_SECONDS_MAX);
	for (uint64_t i = 0; i < PMM_RESTARTS_MAX; i++)
		assert_true(at(i));
	assert_false(at(PMM_RESTARTS_MAX));
	assert_false(at(PMM_RESTARTS_SECONDS_MAX - 1));
	assert_true(at(PMM_RESTARTS_SECONDS_MAX));
	assert_false(at(PMM_RESTARTS_SECONDS_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(restarts_without_limit_never_end),
		cmocka_unit_test(restarts_end_at_the_limit),
		cmocka_unit_test(restarts_slide_with_time),
		cmocka_unit_test(restarts_refused_do_not_count),
		cmocka_unit_test(restarts_count_up_to_the_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
