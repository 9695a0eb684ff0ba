/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The widened clock of boards with short counters.
 */
#include "clock.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

static void clock_init_starts_at_zero(void **state)
{
	struct remote_clock clock;

	(void)state;
	remote_clock_init(&clock, 25000000, UINT32_MAX, 0xfffffff0);
	assert_int_equal(remote_clock_us(&clock, 0xfffffff0), 0);
}

static void clock_us_passes_the_wrap(void **state)
{
	struct remote_clock clock;

	(void)state;
	remote_clock_init(&clock, 25000000, UINT32_MAX, UINT32_MAX - 24);
	assert_in_range(remote_clock_us(&clock, 25 * 9), 9, 10);
	remote_clock_init(&clock, 2000000, 0xffff, 0x1fffe);
	assert_in_range(remote_clock_us(&clock, 0x20008), 4, 5);
	assert_in_range(remote_clock_us(&clock, 0x2fff8), 4 + 32760, 5 + 32760);
}

static void clock_us_keeps_fractions(void **state)
{
	struct remote_clock clock;
	uint32_t count = 0;

	(void)state;
	/* 64 ns a tick: most looks see no whole microsecond. */
	remote_clock_init(&clock, 15625000, UINT32_MAX, 0);
	for (unsigned int i = 0; i < 1000000; i++)
		remote_clock_us(&clock, count += 3);
	assert_in_range(remote_clock_us(&clock, count), 191999, 192000);
}

static void clock_us_takes_the_longest_step(void **state)
{
	struct remote_clock clock;

	(void)state;
	remote_clock_init(&clock, 1000001, UINT32_MAX, 0);
	assert_in_range(remote_clock_us(&clock, UINT32_MAX), 4294962998,
			4294963001);
	/* A day in steps that long: less than 1 in 10 million goes astray. */
	remote_clock_init(&clock, 25000000, UINT32_MAX, 0);
	for (uint32_t i = 1; i <= 86400; i++)
		remote_clock_us(&clock, i * 25000000u);
	assert_in_range(clock.us, UINT64_C(86399991360), UINT64_C(86400000000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clock_init_starts_at_zero),
		cmocka_unit_test(clock_us_passes_the_wrap),
		cmocka_unit_test(clock_us_keeps_fractions),
		cmocka_unit_test(clock_us_takes_the_longest_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
