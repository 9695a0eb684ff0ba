/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The main side on a thread of its own, with real doorbells between the two:
 * what the thread sanitizer looks at.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "loop.h"

#include <hvl/metal/compiler.h>

#define FRAMES 20000u

static void check_rng(struct loop *l, uint32_t len)
{
	uint8_t buf[512];

	assert_true(len <= sizeof(buf));
	assert_int_equal(hvl_drv_rng_read(&l->rng, buf, len), len);
	for (uint32_t i = 1; i < len; i++)
		assert_int_equal(buf[i], (uint8_t)(buf[0] + i));
}

static void run(const struct loop_options *opt, uint16_t num, uint32_t frames)
{
	struct loop *l = loop_create(opt);

	assert_int_equal(loop_start_rng(l), 0);
	assert_int_equal(loop_start_net(l, num, num), 0);
	assert_int_equal(loop_traffic(l, 0, frames), frames);
	for (uint32_t i = 1; i <= 512; i *= 2)
		check_rng(l, i);
	loop_destroy(l);
}

static void loop_threads_carry_traffic(void **state)
{
	static const uint16_t nums[] = { 2, 256 };

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		struct loop_options opt = {
			.version = 1 + (i & 1),
			.threaded = true,
			.timeout_us = 30u * 1000000u,
		};

		run(&opt, nums[i / 2], FRAMES);
	}
}

static void loop_threads_carry_traffic_by_polling(void **state)
{
	(void)state;
	for (unsigned int version = 1; version <= 2; version++) {
		struct loop_options opt = {
			.version = version,
			.threaded = true,
			.polling = true,
			.timeout_us = 30u * 1000000u,
		};

		run(&opt, 64, FRAMES);
	}
}

static void loop_threads_reset_again_and_again(void **state)
{
	(void)state;
	for (unsigned int version = 1; version <= 2; version++) {
		struct loop_options opt = {
			.version = version,
			.threaded = true,
			.timeout_us = 30u * 1000000u,
		};
		struct loop *l = loop_create(&opt);

		assert_int_equal(loop_start_rng(l), 0);
		for (unsigned int i = 0; i < 100; i++) {
			assert_int_equal(loop_start_net(l, 16, 16), 0);
			assert_int_equal(loop_traffic(l, i, 20), 20);
			check_rng(l, 16);
			assert_int_equal(hvl_drv_net_stop(&l->net), 0);
		}
		loop_destroy(l);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loop_threads_carry_traffic),
		cmocka_unit_test(loop_threads_carry_traffic_by_polling),
		cmocka_unit_test(loop_threads_reset_again_and_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
