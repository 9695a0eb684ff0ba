/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Devices that come back under a live driver: drivers that the library for
 * them does not have, with a death at every word that is stored; and what shows
 * of it one step at a time.
 *
 * tests/loop/test_loop_resume.c has the same with whole drivers.
 */
#include "resume_host.h"

/* Lives of a driver, which begin with no reset: one more than can differ. */
static void live_thrice(void)
{
	uint32_t number;

	lay_rings();
	for (number = 1; number <= 18; number++) {
		if (number % 6 == 1)
			bring_up();
		exchange(number);
		look();
	}
}

static void cut_everywhere(bool is_net, bool newer, bool late)
{
	unsigned int cut = 0;

	traceless = newer;
	do {
		begin(1, is_net);
		life.cut = ++cut;
		life.late = late;
		live_thrice();
		assert_int_equal(sent_again, 0);
		assert_true(!is_net || sent + life.deaths >= 18);
		assert_true(d.dev.live);
		assert_int_equal(d.log.lines, 0);
		assert_int_equal(d.events[HVL_DEV_EVENT_BROKEN], 0);
	} while (life.deaths != 0);
	assert_true(cut > 60);
}

static void resume_older_driver_at_every_store(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 8; i++) {
		selects = i & 4;
		cut_everywhere(i & 1, false, i & 2);
	}
}

static void resume_newer_driver_at_every_store(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 8; i++) {
		selects = i & 4;
		cut_everywhere(i & 1, true, i & 2);
	}
}

/* The driver may have missed a doorbell that nobody remembers. */
static void resume_rings_once(void **state)
{
	unsigned int version, rings;

	(void)state;
	for (version = 1; version <= 2; version++) {
		begin_live(version, true);
		exchange(1);
		assert_int_equal(come_back(), 0);
		assert_true(d.dev.live);
		rings = d.rings;
		mock_service(&d);
		mock_service(&d);
		assert_int_equal(d.rings, rings + 1);
		mock_isr(&d);
		exchange(2);
		assert_int_equal(sent, 2);
		assert_int_equal(d.events[HVL_DEV_EVENT_READY], 1);
		assert_int_equal(d.events[HVL_DEV_EVENT_QUEUES], 1);
	}
}

static void resume_v1_shows_the_config_anew(void **state)
{
	uint32_t was;

	(void)state;
	begin_live(1, true);
	was = mock_reg(&d, HVL_MMIO_REG_CONFIG_GENERATION);
	mock_set(&d, HVL_MMIO_REG_CONFIG, 0);
	assert_int_equal(come_back(), 0);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_CONFIG_GENERATION), was + 1);
	assert_int_equal(hvl_io_read8(&d.regs, HVL_MMIO_REG_CONFIG), 2);
}

/* Version 1: bits that were shown are for the driver to acknowledge. */
static void resume_takes_no_interrupt_back(void **state)
{
	(void)state;
	begin_live(1, true);
	mock_set(&d, HVL_MMIO_REG_INTERRUPT_STATUS, HVL_MMIO_INT_CONFIG);
	assert_int_equal(come_back(), 0);
	mock_service(&d);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_INTERRUPT_STATUS),
			 HVL_MMIO_INT_CONFIG | HVL_MMIO_INT_VRING);
}

/* What was taken and not given back may have been sent. */
static void resume_sends_nothing_twice(void **state)
{
	struct mock_ring *r = &d.ring[1];
	uint32_t id, len;
	unsigned int i;

	(void)state;
	begin_live(2, true);
	for (i = 0; i < 3; i++) {
		mock_desc(r, i, mock_buf_off(&d), 12 + FRAME, 0, 0);
		mock_avail(r, i);
	}
	kept.taken[kept.newest][1] = 2;
	assert_int_equal(come_back(), 0);
	for (i = 0; i < 2; i++) {
		assert_true(mock_used(r, &id, &len));
		assert_int_equal(id, i);
		assert_int_equal(len, 0);
	}
	assert_false(mock_used(r, &id, &len));
	assert_int_equal(sent, 0);
	mock_service(&d);
	assert_int_equal(sent, 1);
	assert_true(mock_used(r, &id, &len));
	assert_int_equal(id, 2);
}

/* Buffers to fill are taken anew; the driver shall ring again. */
static void resume_takes_other_chains_anew(void **state)
{
	struct mock_ring *r = &d.ring[0];
	uint32_t id, len;

	(void)state;
	begin_live(2, false);
	mock_offer(&d, 0, 9);
	mock_offer(&d, 0, 9);
	kept.taken[kept.newest][0] = 1;
	hvl_io_write16(&shm, r->used, VRING_USED_F_NO_NOTIFY);
	assert_int_equal(come_back(), 0);
	assert_int_equal(hvl_io_read16(&shm, r->used), 0);
	assert_int_equal(kept.taken[kept.newest][0], 0);
	mock_service(&d);
	assert_true(mock_used(r, &id, &len));
	assert_int_equal(id, 0);
	assert_int_equal(len, 9);
	assert_true(mock_used(r, &id, &len));
	assert_int_equal(id, 1);
}

static void resume_keeps_a_broken_device_broken(void **state)
{
	unsigned int version;

	(void)state;
	for (version = 1; version <= 2; version++) {
		begin_live(version, false);
		mock_avail(&d.ring[0], 77);
		mock_service(&d);
		assert_true(mock_needs_reset(&d));
		/* It died before it could say so. */
		mock_set(&d,
			 version == 1 ? HVL_MMIO_REG_STATUS :
					HVL_MMIO_REG_DEVICE_STATUS,
			 7);
		assert_int_equal(come_back(), 0);
		assert_true(d.dev.broken);
		mock_service(&d);
		assert_true(mock_needs_reset(&d));
		mock_bring_up(&d);
		exchange(1);
	}
}

/* A restart while nobody was there; the rings are something else by then. */
static void resume_sees_a_restart_meanwhile(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 6; i++) {
		begin_live(i < 2 ? 2 : 1, true);
		exchange(1);
		hvl_io_fill(&shm, d.ring[0].desc, (uint8_t)(0xa5 * (i & 1)),
			    0x10000);
		mock_set(&d, HVL_MMIO_REG_STATUS, i < 4 ? 0 : 1);
		if (i < 2) {
			mock_set(&d, HVL_MMIO_REG_FENCE_WHAT,
				 HVL_MMIO_FENCE_STATUS);
			mock_set(&d, HVL_MMIO_REG_FENCE_REQUEST, ++d.fence);
		}
		assert_int_equal(come_back(), 0);
		mock_service(&d);
		assert_false(d.dev.live);
		assert_int_equal(d.dev.features, 0);
		assert_int_equal(d.events[i < 4 ? HVL_DEV_EVENT_RESET :
						  HVL_DEV_EVENT_RESTARTED],
				 1);
		mock_bring_up(&d);
		exchange(2);
		assert_int_equal(d.log.lines, 0);
	}
}

/* A reset that was obeyed is not forgotten with the host. */
static void resume_remembers_a_reset(void **state)
{
	(void)state;
	begin(1, true);
	traceless = false;
	lay_rings();
	set_status(1);
	set_status(MOCK_STATUS_INIT);
	mock_v1_queue_regs(&d, 0, MOCK_NUM, mock_pfn(&d, 0));
	look();
	assert_true(d.dev.vq[0].started);
	set_status(0);
	mock_set(&d, HVL_MMIO_REG_STATUS, MOCK_STATUS_INIT);
	assert_int_equal(come_back(), 0);
	look();
	assert_false(d.dev.vq[0].started);
}

/* Version 2: an interrupted change of the config space is made whole. */
static void resume_moves_the_generation_on(void **state)
{
	static const uint32_t was[] = { 6, 7, UINT32_MAX, UINT32_MAX - 1 };
	static const uint32_t is[] = { 8, 8, 0, 0 };
	unsigned int i, attach;

	(void)state;
	for (i = 0; i < 8; i++) {
		attach = i / 4;
		begin_live(2, true);
		mock_set(&d, HVL_MMIO_REG_CONFIG_GENERATION, was[i % 4]);
		mock_set(&d, HVL_MMIO_REG_CONFIG, 0);
		kept.rec[kept.newest].generation = was[i % 4] - 2;
		if (attach)
			come_back_without();
		else
			assert_int_equal(come_back(), 0);
		assert_int_equal(mock_reg(&d, HVL_MMIO_REG_CONFIG_GENERATION),
				 is[i % 4]);
		assert_int_equal(hvl_io_read8(&d.regs, HVL_MMIO_REG_CONFIG), 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(resume_older_driver_at_every_store),
		CASE(resume_newer_driver_at_every_store),
		CASE(resume_rings_once),
		CASE(resume_v1_shows_the_config_anew),
		CASE(resume_takes_no_interrupt_back),
		CASE(resume_sends_nothing_twice),
		CASE(resume_takes_other_chains_anew),
		CASE(resume_keeps_a_broken_device_broken),
		CASE(resume_sees_a_restart_meanwhile),
		CASE(resume_remembers_a_reset),
		CASE(resume_moves_the_generation_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
