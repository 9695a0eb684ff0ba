/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The simulated machine itself: which outcomes of small programs occur, and
 * which never do.
 */
#include "sim.h"

#include <string.h>

#include <hvl/metal/barrier.h>
#include <hvl/metal/compiler.h>
#include <hvl/metal/io.h>

/* cmocka wants these four before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define SEEDS 1000u
#define X 0x2000u
#define Y 0x3000u

static struct hvl_io io[SIM_SIDES];
static uint32_t seen[4]; /* what the sides have read */
static bool device_done;
static bool first, second; /* with the orders that the program is about */

static void views(void)
{
	int i;

	for (i = 0; i < SIM_SIDES; i++)
		io[i] = (struct hvl_io){ sim_view((enum sim_side)i), SIM_DA,
					 SIM_SIZE };
}

static void device_finish(void)
{
	device_done = true;
	for (;;)
		sim_wait(UINT64_MAX);
}

static void driver_finish(void)
{
	while (!device_done)
		(void)sim_now_us();
}

/* Both words start as 0. */
static void clear(void)
{
	const struct hvl_io *d = &io[SIM_DRIVER];

	views();
	hvl_io_write32(d, X, 0);
	hvl_io_write32(d, Y, 0);
	hvl_io_clean(d, X, 4);
	hvl_io_clean(d, Y, 4);
	HVL_PORT_MB();
	sim_ring(SIM_DEVICE);
}

/* ---- message passing: X is the data, Y says that it is there ----------- */

static void mp_driver(void)
{
	const struct hvl_io *d = &io[SIM_DRIVER];

	clear();
	hvl_io_write32(d, X, 1);
	if (first)
		hvl_io_clean(d, X, 4);
	if (first)
		hvl_io_store_release32(d, Y, 1);
	else
		hvl_io_write32(d, Y, 1);
	hvl_io_clean(d, Y, 4);
	driver_finish();
}

static void mp_device(void)
{
	const struct hvl_io *d = &io[SIM_DEVICE];
	uint32_t i;

	views();
	/* So that there is an old value to be seen. */
	do
		hvl_io_invalidate(d, X, 4);
	while (hvl_io_read32(d, X) > 1);
	for (i = 0; i < 20; i++) {
		hvl_io_invalidate(d, Y, 4);
		seen[0] = second ? hvl_io_load_acquire32(d, Y) :
				   hvl_io_read32(d, Y);
		if (seen[0] == 1)
			break;
	}
	if (second)
		hvl_io_invalidate(d, X, 4);
	seen[1] = hvl_io_read32(d, X);
	device_finish();
}

/* ---- store buffering: each writes one word and reads the other --------- */

static void sb_side(enum sim_side side, uint32_t mine, uint32_t other,
		    bool barrier)
{
	hvl_io_write32(&io[side], mine, 1);
	if (barrier)
		hvl_mb_before_recheck();
	seen[side] = hvl_io_read32(&io[side], other);
}

static void sb_driver(void)
{
	clear();
	sb_side(SIM_DRIVER, X, Y, first);
	driver_finish();
}

static void sb_device(void)
{
	views();
	sim_wait(UINT64_MAX);
	sb_side(SIM_DEVICE, Y, X, second);
	device_finish();
}

/* ---- one place: values never go backwards ------------------------------ */

static void place_driver(void)
{
	uint32_t i;

	clear();
	for (i = 1; i <= 8; i++)
		hvl_io_write32(&io[SIM_DRIVER], X, i);
	driver_finish();
}

static void place_device(void)
{
	uint32_t last = 0, v, i;

	views();
	sim_wait(UINT64_MAX);
	for (i = 0; i < 40; i++) {
		v = hvl_io_read32(&io[SIM_DEVICE], X);
		if (v < last || v > 8)
			seen[0] = 1;
		last = v;
	}
	device_finish();
}

/* How often a program ends with these two values. */
static unsigned int count(enum sim_kind kind, void (*driver)(void),
			  void (*device)(void), uint32_t a, uint32_t b)
{
	struct sim_config cfg = {
		.kind = kind,
		.line = 64,
		.strict = true,
		.max_steps = 100000,
	};
	unsigned int n = 0;

	for (cfg.seed = 1; cfg.seed <= SEEDS; cfg.seed++) {
		memset(seen, 0, sizeof(seen));
		device_done = false;
		assert_null(sim_run(&cfg, driver, device));
		n += seen[0] == a && seen[1] == b;
	}
	return n;
}

static unsigned int orders(enum sim_kind kind, void (*driver)(void),
			   void (*device)(void), uint32_t a, uint32_t b,
			   unsigned int which)
{
	first = (which & 1) != 0;
	second = (which & 2) != 0;
	return count(kind, driver, device, a, b);
}

static void sim_weak_message_needs_both_orders(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++)
		assert_true(orders(SIM_WEAK, mp_driver, mp_device, 1, 0, i) >
			    0);
	assert_int_equal(orders(SIM_WEAK, mp_driver, mp_device, 1, 0, 3), 0);
	assert_true(orders(SIM_WEAK, mp_driver, mp_device, 1, 1, 3) > 0);
}

static void sim_caches_message_needs_both_maintenances(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++)
		assert_true(orders(SIM_CACHES, mp_driver, mp_device, 1, 0, i) >
			    0);
	assert_int_equal(orders(SIM_CACHES, mp_driver, mp_device, 1, 0, 3), 0);
}

static void sim_weak_store_load_needs_both_barriers(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++)
		assert_true(orders(SIM_WEAK, sb_driver, sb_device, 0, 0, i) >
			    0);
	assert_int_equal(orders(SIM_WEAK, sb_driver, sb_device, 0, 0, 3), 0);
}

static void sim_weak_place_never_goes_back(void **state)
{
	(void)state;
	assert_int_equal(count(SIM_WEAK, place_driver, place_device, 1, 0), 0);
}

static void sleep_driver(void)
{
	sim_wait(UINT64_MAX);
}

static void sleep_device(void)
{
	sim_wait(UINT64_MAX);
}

static void sim_strict_sleep_of_both_fails(void **state)
{
	struct sim_config cfg = { .strict = true, .max_steps = 1000 };

	(void)state;
	assert_non_null(sim_run(&cfg, sleep_driver, sleep_device));
}

static void endless(void)
{
	for (;;)
		(void)sim_now_us();
}

static void sim_endless_run_fails(void **state)
{
	struct sim_config cfg = { .max_steps = 1000 };

	(void)state;
	assert_non_null(sim_run(&cfg, endless, endless));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(sim_weak_message_needs_both_orders),
		cmocka_unit_test(sim_caches_message_needs_both_maintenances),
		cmocka_unit_test(sim_weak_store_load_needs_both_barriers),
		cmocka_unit_test(sim_weak_place_never_goes_back),
		cmocka_unit_test(sim_strict_sleep_of_both_fails),
		cmocka_unit_test(sim_endless_run_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
