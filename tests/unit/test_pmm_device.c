/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_pmm_device.c - what the PMM makes of the device library's devices
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <hvl/metal/shm.h>
#include <hvl/metal/time.h>
#include <hvl/wire/virtio.h>

#include "device.h"

#define SHM_DA 0x37000000u
#define SHM_SIZE 0x100000u

static struct pmm_loop loop;
static struct hvl_shm shm;
static struct hvl_seg segs[HVL_DEV_SEGS_MAX];
static struct pmm_device device;

static int setup(void **state)
{
	const struct pmm_device_config cfg = { .name = "rng0",
					       .id = VIRTIO_ID_RNG };
	const struct pmm_layout_device at = { .region_off = 0x1000,
					      .region_size = 0x10000 };
	const struct pmm_device_place place = { .shm = &shm.io,
						.at = &at,
						.v1 = true,
						.segs = segs };

	(void)state;
	memset(&device, 0, sizeof(device));
	if (pmm_loop_init(&loop) < 0 ||
	    hvl_shm_create(&shm, "test", SHM_SIZE, SHM_DA) < 0 ||
	    pmm_device_open(&device, &cfg, NULL, NULL) < 0)
		return -1;
	return pmm_device_init(&device, &loop, &place, NULL);
}

static int teardown(void **state)
{
	(void)state;
	pmm_device_close(&device, &loop);
	hvl_shm_close(&shm);
	pmm_loop_fini(&loop);
	return 0;
}

/* Without a clock, version 1 repeats no doorbell that went unheard. */
static void pmm_device_has_a_clock(void **state)
{
	const struct hvl_dev_config *cfg = &device.dev.cfg;
	uint64_t before = hvl_time_us(), now;

	(void)state;
	assert_non_null(cfg->now_us);
	now = cfg->now_us(cfg->now_ctx);
	assert_true(now >= before && now <= hvl_time_us());
}

static void pmm_device_shows_its_region(void **state)
{
	(void)state;
	assert_int_equal(device.dev.cfg.region_da, SHM_DA + 0x1000);
	assert_int_equal(device.dev.cfg.region_size, 0x10000);
	assert_ptr_equal(device.regs.va, shm.io.va);
}

static void pmm_device_has_nothing_to_do_without_driver(void **state)
{
	(void)state;
	hvl_dev_publish(&device.dev);
	assert_int_equal(pmm_device_service(&device, 64), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(pmm_device_has_a_clock),
		T(pmm_device_shows_its_region),
		T(pmm_device_has_nothing_to_do_without_driver),
	};

	return cmocka_run_group_tests_name("pmm_device", tests, NULL, NULL);
}
