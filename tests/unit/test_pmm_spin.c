/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_pmm_spin.c - how long a spin may last, against a clock of ours
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "spin.h"

static struct pmm_spin spin;
static uint64_t now;

static int setup(void **state)
{
	(void)state;
	memset(&spin, 0, sizeof(spin));
	now = 1000000;
	return 0;
}

/* One spin of a look each microsecond. Return: how long it was. */
static uint64_t spin_once(unsigned int progress_looks)
{
	uint64_t start = now;

	if (!pmm_spin_begin(&spin, now))
		return 0;
	while (pmm_spin_more(&spin, ++now, progress_looks != 0))
		progress_looks -= progress_looks != 0;
	return now - start;
}

static void spin_ends_without_progress(void **state)
{
	(void)state;
	assert_int_equal(spin_once(0), PMM_SPIN_US);
	assert_int_equal(spin.spins, 1);
	assert_int_equal(spin.spun_us, PMM_SPIN_US);
}

static void spin_lasts_while_there_is_progress(void **state)
{
	(void)state;
	assert_int_equal(spin_once(100), 100 + PMM_SPIN_US);
}

static void spin_with_progress_for_ever_ends(void **state)
{
	(void)state;
	assert_int_equal(spin_once(1000000), PMM_SPIN_BUDGET_US);
	assert_int_equal(spin_once(0), 0);
}

/* 20,000 times a second, for ten seconds, with and without progress. */
static void spin_storm_costs_its_share(void **state)
{
	unsigned int i, progress;

	(void)state;
	for (progress = 0; progress < 2; progress++) {
		uint64_t start = now, before = spin.spun_us, spun;

		for (i = 0; i < 200000; i++) {
			(void)spin_once(progress * 1000000);
			if (now < start + 50u * i)
				now = start + 50u * i;
		}
		spun = spin.spun_us - before;
		assert_true(spun <= PMM_SPIN_BUDGET_US +
					    (now - start) / PMM_SPIN_SHARE);
		assert_true(spun >= (now - start) / PMM_SPIN_SHARE / 2);
	}
}

static void spin_budget_recovers_slowly(void **state)
{
	(void)state;
	(void)spin_once(1000000);
	now += (PMM_SPIN_US - 1) * PMM_SPIN_SHARE;
	assert_int_equal(spin_once(0), 0);
	now += PMM_SPIN_SHARE;
	assert_int_equal(spin_once(0), PMM_SPIN_US);
	assert_int_equal(spin_once(0), 0);
	/* And is never more than full, however long it slept. */
	now += UINT64_C(1) << 62;
	assert_int_equal(spin_once(0), PMM_SPIN_US);
	now += PMM_SPIN_BUDGET_US * PMM_SPIN_SHARE - 1;
	assert_int_equal(spin_once(1000000), PMM_SPIN_BUDGET_US);
}

/* Others had the processor: that ends a spin, and was not our use of it. */
static void spin_preempted_ends(void **state)
{
	(void)state;
	assert_true(pmm_spin_begin(&spin, now));
	assert_false(pmm_spin_more(&spin, now + 1000000, false));
	assert_int_equal(spin.spun_us, PMM_SPIN_US);
	assert_true(pmm_spin_begin(&spin, now + 1000001));
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(spin_ends_without_progress),
		T(spin_lasts_while_there_is_progress),
		T(spin_with_progress_for_ever_ends),
		T(spin_storm_costs_its_share),
		T(spin_budget_recovers_slowly),
		T(spin_preempted_ends),
	};

	return cmocka_run_group_tests_name("pmm_spin", tests, NULL, NULL);
}
