/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_pmm_service.c - looking after devices: when it spins and polls, for whom
 *
 * The driver of two version 1 entropy devices writes registers by hand; what
 * it does when it is rung happens inside the ring.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <hvl/metal/shm.h>
#include <hvl/wire/mmio.h>
#include <hvl/wire/virtio.h>
#include <hvl/wire/vring.h>

#include "service.h"

#define SHM_DA 0x37000000u
#define SHM_SIZE 0x100000u
#define POLL_US 10000u
#define RING_DA(i) (SHM_DA + 0x10000u + 0x4000u * (i))

static struct pmm_loop loop;
static struct hvl_shm shm;
static struct pmm_doorbell doorbell;
static struct pmm_doorbell_ops ops;
static struct pmm_service svc;
static void (*on_ring)(void);
static void (*on_clock)(void);
static uint64_t clock_us; /* 0: as the system has it */

uint64_t __real_hvl_time_us(void);
uint64_t __wrap_hvl_time_us(void);

uint64_t __wrap_hvl_time_us(void)
{
	if (on_clock)
		on_clock();
	return clock_us ? clock_us : __real_hvl_time_us();
}

static void reg(unsigned int device, uint32_t off, uint32_t value)
{
	hvl_io_store_release32(&shm.io, HVL_MMIO_BLOCK_SIZE * device + off,
			       value);
}

static uint32_t pfn(unsigned int device)
{
	return hvl_io_load_acquire32(&shm.io, HVL_MMIO_BLOCK_SIZE * device +
						      HVL_MMIO_REG_QUEUE_PFN);
}

static void ask_for_queue(unsigned int device)
{
	reg(device, HVL_MMIO_REG_STATUS, 2);
	reg(device, HVL_MMIO_REG_QUEUE_SEL, 0);
	reg(device, HVL_MMIO_REG_QUEUE_NUM, 2);
	reg(device, HVL_MMIO_REG_QUEUE_ALIGN, 4096);
	reg(device, HVL_MMIO_REG_QUEUE_PFN, RING_DA(device) / 4096);
}

static void driver_rung(struct pmm_doorbell *db)
{
	(void)db;
	if (on_ring)
		on_ring();
}

static int setup(void **state)
{
	static const struct pmm_device_config devices[] = {
		{ .name = "rng0", .id = VIRTIO_ID_RNG },
		{ .name = "rng1", .id = VIRTIO_ID_RNG },
	};
	const struct pmm_service_config cfg = { .shm_da = SHM_DA,
						.shm_size = SHM_SIZE,
						.no_dtb = true,
						.v1 = true,
						.poll_us = POLL_US,
						.ndevices = 2,
						.devices = devices };
	struct pmm_error err = { "" };

	(void)state;
	on_ring = on_clock = NULL;
	clock_us = 0;
	if (pmm_loop_init(&loop) < 0 ||
	    hvl_shm_create(&shm, "test", SHM_SIZE, SHM_DA) < 0 ||
	    pmm_doorbell_eventfd(&doorbell) < 0 ||
	    pmm_service_open(&svc, &cfg, &loop, &err) < 0 ||
	    pmm_service_attach(&svc, &shm.io, &doorbell, NULL, &err) < 0) {
		print_error("%s\n", err.text);
		return -1;
	}
	ops = *doorbell.ops;
	ops.ring = driver_rung;
	doorbell.ops = &ops;
	hvl_dev_publish(&svc.devices[0].dev);
	hvl_dev_publish(&svc.devices[1].dev);
	return pmm_service_start(&svc) < 0 || pmm_loop_turn(&loop, 0) < 0;
}

static int teardown(void **state)
{
	(void)state;
	on_clock = NULL;
	pmm_service_close(&svc);
	pmm_doorbell_close(&doorbell);
	hvl_shm_close(&shm);
	pmm_loop_fini(&loop);
	return 0;
}

/* The driver rings, and we hear it. Return: spins that it caused. */
static uint64_t ring(void)
{
	const uint64_t one = 1;
	uint64_t before = svc.spin.spins;

	assert_int_equal(write(doorbell.to_main, &one, sizeof(one)), 8);
	assert_int_equal(pmm_loop_turn(&loop, 1000), 0);
	return svc.spin.spins - before;
}

static void service_without_driver_does_not_spin(void **state)
{
	(void)state;
	assert_int_equal(ring(), 0);
}

static void service_spins_for_a_driver_on_its_way(void **state)
{
	(void)state;
	reg(0, HVL_MMIO_REG_STATUS, 1);
	assert_int_equal(ring(), 1);
	/* Nothing new: this one may belong to what the spin saw. */
	assert_int_equal(ring(), 1);
	assert_true(svc.spin.spun_us >= PMM_SPIN_US);
}

static void service_spins_for_doorbells_only(void **state)
{
	uint64_t looks;

	(void)state;
	reg(0, HVL_MMIO_REG_STATUS, 1);
	assert_int_equal(ring(), 1);
	looks = svc.devices[0].dev.stats.services;
	reg(0, HVL_MMIO_REG_STATUS, 2);
	pmm_service_wake(&svc);
	assert_int_equal(pmm_loop_turn(&loop, 0), 0);
	assert_true(svc.devices[0].dev.stats.services > looks);
	assert_int_equal(svc.spin.spins, 1);
}

static void service_does_not_spin_for_drivers_that_are_ready(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		ask_for_queue(i);
		assert_int_equal(ring(), 1);
		assert_int_equal(pfn(i), HVL_MMIO_V1_ACK);
		reg(i, HVL_MMIO_REG_STATUS, 4);
		/* There may be another device to come. */
		assert_int_equal(ring(), 1);
	}
	assert_int_equal(ring(), 0);
	reg(0, HVL_MMIO_REG_STATUS, 0x84);
	assert_int_equal(ring(), 1);
	assert_int_equal(ring(), 0);
}

static void ask_for_the_other(void)
{
	on_ring = NULL;
	ask_for_queue(1);
}

static void service_acknowledges_while_it_spins(void **state)
{
	(void)state;
	on_ring = ask_for_the_other;
	reg(1, HVL_MMIO_REG_STATUS, 1);
	ask_for_queue(0);
	assert_int_equal(ring(), 1);
	assert_int_equal(pfn(0), HVL_MMIO_V1_ACK);
	assert_int_equal(pfn(1), HVL_MMIO_V1_ACK);
	assert_int_equal(svc.devices[0].dev.stats.queues, 1);
	assert_int_equal(svc.devices[0].queues_spun, 0);
	assert_int_equal(svc.devices[1].dev.stats.queues, 1);
	assert_int_equal(svc.devices[1].queues_spun, 1);
}

static void service_storm_uses_up_the_budget(void **state)
{
	unsigned int i, spins = 0;

	(void)state;
	reg(0, HVL_MMIO_REG_STATUS, 1);
	for (i = 0; i < 1000; i++)
		spins += ring() != 0;
	assert_true(spins > 0 && spins < 1000);
}

/* The first device's ring of two entries. */
static uint64_t ring_off(uint64_t off)
{
	return RING_DA(0) - SHM_DA + off;
}

static uint16_t used_flags(void)
{
	return hvl_io_load_acquire16(&shm.io, ring_off(4096));
}

static uint16_t used_idx(void)
{
	return hvl_io_load_acquire16(&shm.io, ring_off(4096 + 2));
}

/* One more buffer of 64 bytes, and nobody rings. */
static void offer_buffer(void)
{
	uint64_t avail = ring_off(2 * sizeof(struct hvl_vring_desc));
	const struct hvl_vring_desc desc = {
		.addr = hvl_le64_make(SHM_DA + 0x20000),
		.len = hvl_le32_make(64),
		.flags = hvl_le16_make(VRING_DESC_F_WRITE),
	};

	hvl_io_write_block(&shm.io, ring_off(0), &desc, sizeof(desc));
	hvl_io_write16(&shm.io, avail + 4, 0);
	hvl_io_write16(&shm.io, avail + 6, 0);
	hvl_io_store_release16(
		&shm.io, avail + 2,
		(uint16_t)(hvl_io_load_acquire16(&shm.io, avail + 2) + 1));
}

static void turn(void)
{
	assert_int_equal(pmm_loop_turn(&loop, 0), 0);
}

/* A driver that is ready, and a first buffer that it rings for. */
static void begin_to_poll(void)
{
	/* A set-up that was polled too slowly would have us skip a chance. */
	svc.polling.most_us = 0;
	ask_for_queue(0);
	(void)ring();
	reg(0, HVL_MMIO_REG_STATUS, 4);
	(void)ring();
	assert_true(svc.devices[0].dev.live);
	svc.polling.most_us = POLL_US;
	/* From here on no time passes, on however busy a machine. */
	clock_us = __real_hvl_time_us();
	offer_buffer();
	(void)ring();
	assert_int_equal(used_idx(), 1);
	assert_true(svc.polling.on);
}

static void service_polled_needs_no_doorbell(void **state)
{
	unsigned int i;

	(void)state;
	begin_to_poll();
	turn();
	assert_int_equal(used_flags(), VRING_USED_F_NO_NOTIFY);
	for (i = 2; i < 100; i++) {
		offer_buffer();
		turn();
		assert_int_equal(used_idx(), i);
		/* It is never asked to ring in between. */
		assert_int_equal(used_flags(), VRING_USED_F_NO_NOTIFY);
	}
	assert_int_equal(svc.polling.polls, 1);
}

/* The look has brought nothing, and the clock will say that it was the last. */
static void offer_behind_the_look(void)
{
	on_clock = NULL;
	clock_us += 1000000;
	offer_buffer();
}

static void offer_in_service(void)
{
	static uint64_t services;

	/* Not before the devices were looked at in this turn. */
	if (services == 0)
		services = svc.devices[0].dev.stats.services;
	if (svc.devices[0].dev.stats.services == services)
		return;
	services = 0;
	offer_behind_the_look();
}

static void service_that_stops_polling_misses_nothing(void **state)
{
	(void)state;
	begin_to_poll();
	turn();
	on_clock = offer_in_service;
	turn();
	assert_null(on_clock);
	assert_int_equal(used_idx(), 2);
	assert_int_equal(used_flags(), 0);
}

static void service_idle_after_polling_is_rung_again(void **state)
{
	(void)state;
	begin_to_poll();
	turn();
	assert_int_equal(used_flags(), VRING_USED_F_NO_NOTIFY);
	clock_us += 1000000;
	turn();
	assert_false(svc.polling.on);
	assert_int_equal(used_flags(), 0);
	/* Nothing came: it waits. */
	assert_null(loop.tasks);
}

static void service_stopped_does_not_poll(void **state)
{
	(void)state;
	begin_to_poll();
	pmm_service_stop(&svc);
	assert_false(svc.polling.on);
	assert_false(svc.devices[0].dev.polled);
	assert_null(loop.tasks);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(service_without_driver_does_not_spin),
		T(service_spins_for_a_driver_on_its_way),
		T(service_spins_for_doorbells_only),
		T(service_does_not_spin_for_drivers_that_are_ready),
		T(service_acknowledges_while_it_spins),
		T(service_storm_uses_up_the_budget),
		T(service_polled_needs_no_doorbell),
		T(service_that_stops_polling_misses_nothing),
		T(service_idle_after_polling_is_rung_again),
		T(service_stopped_does_not_poll),
	};

	return cmocka_run_group_tests_name("pmm_service", tests, NULL, NULL);
}
