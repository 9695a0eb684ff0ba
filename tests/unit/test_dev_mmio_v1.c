/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Version 1 in plain memory, with the drivers that exist: one that ors Status
 * and writes QueuePFN back, and an older one that does neither.
 */
#include "mock_v1.h"

static void mmio_v1_publish_shows_block(void **state)
{
	(void)state;
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_MAGIC), HVL_MMIO_MAGIC);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_VERSION), 1);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_VENDOR_ID), 0x4d564b4c);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_QUEUE_SEL), 0x00ff00ff);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_QUEUE_NUM), 0x00ff00ff);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_QUEUE_NUM_MAX), 256);
	assert_int_equal(mock_reg(&r, HVL_MMIO_REG_QUEUE_NUM_MAX), 128);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_GUEST_PAGE_SIZE), 4096);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_QUEUE_ALIGN), 4096);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_SHM_BASE_LOW), MOCK_DA);
	assert_true(mock_offered(&d) & HVL_BIT64(VIRTIO_NET_F_MAC));
	assert_true(mock_offered(&d) & HVL_BIT64(VIRTIO_F_ANY_LAYOUT));
	assert_int_equal(mock_offered(&d) & HVL_BIT64(VIRTIO_RING_F_EVENT_IDX),
			 0);
	/* An untouched block has nothing to do and nobody to ring. */
	assert_false(mock_service(&d));
	assert_int_equal(d.events[HVL_DEV_EVENT_FOUND], 0);
}

static void mmio_v1_newer_driver_works(void **state)
{
	(void)state;
	mock_bring_up(&d);
	assert_int_equal(d.events[HVL_DEV_EVENT_FOUND], 1);
	assert_int_equal(d.events[HVL_DEV_EVENT_QUEUES], 1);
	assert_int_equal(d.events[HVL_DEV_EVENT_READY], 1);
	send_frame();
	assert_true(mock_service(&d));
	assert_int_equal(net.stats.tx_frames, 1);
	assert_int_equal(d.events[HVL_DEV_EVENT_READY], 1);
}

static void mmio_v1_older_driver_works(void **state)
{
	(void)state;
	older_bring_up();
	assert_true(d.dev.live);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_QUEUE_PFN), HVL_MMIO_V1_ACK);
	send_frame();
	mock_service(&d);
	assert_int_equal(net.stats.tx_frames, 1);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_STATUS), 4);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_QUEUE_PFN), HVL_MMIO_V1_ACK);
}

/* It starts over at Status 1, over rings that still hold the old indices. */
static void mmio_v1_older_driver_restarts(void **state)
{
	unsigned int q;

	(void)state;
	older_bring_up();
	send_frame();
	mock_service(&d);
	mock_status(&d, 1);
	assert_false(d.dev.live);
	assert_int_equal(d.events[HVL_DEV_EVENT_RESTARTED], 1);
	assert_int_equal(d.events[HVL_DEV_EVENT_RESET], 0);
	mock_status(&d, 2);
	for (q = 0; q < 2; q++) {
		mock_v1_queue_regs(&d, q, 4, mock_pfn(&d, q));
		mock_service(&d);
		assert_int_equal(mock_reg(&d, HVL_MMIO_REG_QUEUE_PFN),
				 HVL_MMIO_V1_ACK);
	}
	assert_int_equal(hvl_io_read16(&shm, d.ring[1].avail + 2), 0);
	assert_int_equal(hvl_io_read16(&shm, d.ring[1].used + 2), 0);
	/* Descriptors are left as they are. */
	assert_int_equal(hvl_io_read32(&shm, d.ring[1].desc + 8), 70);
	mock_status(&d, 4);
	d.ring[1].avail_idx = d.ring[1].used_idx = 0;
	send_frame();
	mock_service(&d);
	assert_int_equal(net.stats.tx_frames, 2);
}

static void mmio_v1_queue_index_is_queue_sel(void **state)
{
	(void)state;
	mock_begin(&d);
	assert_true(ask(&d, 1, 8));
	write_back(&d, 1);
	assert_true(d.dev.vq[1].started);
	assert_false(d.dev.vq[0].started);
	assert_true(ask(&d, 0, 8));
	assert_true(d.dev.vq[0].started);
}

static void mmio_v1_garbage_sel_means_next_queue(void **state)
{
	(void)state;
	mock_begin(&d);
	mock_v1_queue_regs(&d, 0x00ff00ff, 8, mock_pfn(&d, 0));
	mock_service(&d);
	assert_true(d.dev.vq[0].started);
	mock_v1_queue_regs(&d, 77, 8, mock_pfn(&d, 1));
	mock_service(&d);
	assert_true(d.dev.vq[1].started);
	mock_v1_queue_regs(&d, 78, 8, mock_pfn(&r, 0));
	mock_service(&d);
	assert_int_not_equal(mock_reg(&d, HVL_MMIO_REG_QUEUE_PFN),
			     HVL_MMIO_V1_ACK);
}

static void mmio_v1_nothing_is_set_up_at_status_0(void **state)
{
	(void)state;
	mock_reset(&d);
	assert_false(ask(&d, 0, 8));
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_QUEUE_PFN), 0);
	assert_false(d.dev.vq[0].started);
}

static void mmio_v1_reset_clears_pfn_and_restores_markers(void **state)
{
	(void)state;
	mock_begin(&d);
	assert_true(ask(&d, 0, 8));
	write_back(&d, 0);
	mock_reset(&d);
	assert_false(d.dev.vq[0].started);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_INTERRUPT_STATUS), 0);
	/* Seen once: nothing to do from then on. */
	assert_false(mock_service(&d));
}

static void mmio_v1_write_back_is_no_request(void **state)
{
	(void)state;
	mock_begin(&d);
	assert_true(ask(&d, 0, 8));
	write_back(&d, 0);
	assert_false(mock_service(&d));
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_QUEUE_PFN), mock_pfn(&d, 0));
	/* Nor is it one for the queue that is selected next. */
	mock_set(&d, HVL_MMIO_REG_QUEUE_SEL, 1);
	mock_set(&d, HVL_MMIO_REG_QUEUE_NUM, 16);
	assert_false(mock_service(&d));
	assert_false(d.dev.vq[1].started);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_QUEUE_PFN), mock_pfn(&d, 0));
}

static void mmio_v1_queue_can_be_set_up_again(void **state)
{
	(void)state;
	mock_begin(&r);
	assert_true(ask(&r, 0, 8));
	write_back(&r, 0);
	assert_true(ask(&r, 0, 16));
	assert_int_equal(r.dev.vq[0].num, 16);
	/* Also after a request that was refused. */
	write_back(&r, 0);
	assert_false(ask(&r, 0, 3));
	assert_true(ask(&r, 0, 16));
}

static void mmio_v1_same_request_is_acked_again_in_time(void **state)
{
	(void)state;
	mock_begin(&r);
	assert_true(ask(&r, 0, 8));
	assert_false(ask(&r, 0, 8));
	r.now_us += 100000;
	assert_true(mock_service(&r));
	assert_int_equal(mock_reg(&r, HVL_MMIO_REG_QUEUE_PFN), HVL_MMIO_V1_ACK);
	/* Once: then it was the write-back after all. */
	write_back(&r, 0);
	r.now_us += 100000;
	assert_false(mock_service(&r));
	assert_int_equal(mock_reg(&r, HVL_MMIO_REG_QUEUE_PFN), mock_pfn(&r, 0));
}

static void mmio_v1_unseen_ack_is_rung_again(void **state)
{
	(void)state;
	mock_begin(&r);
	assert_true(ask(&r, 0, 8));
	r.now_us += 99999;
	assert_false(mock_service(&r));
	r.now_us += 1;
	assert_true(mock_service(&r));
	assert_false(mock_service(&r));
}

/* The older driver may look again only after many seconds. */
static void mmio_v1_unseen_ack_stays(void **state)
{
	unsigned int i;

	(void)state;
	mock_begin(&r);
	assert_true(ask(&r, 0, 8));
	for (i = 0; i < 600; i++) {
		r.now_us += 100000;
		mock_service(&r);
		assert_int_equal(mock_reg(&r, HVL_MMIO_REG_QUEUE_PFN),
				 HVL_MMIO_V1_ACK);
		assert_true(r.dev.vq[0].started);
	}
	/* One that gave up, and starts over, finds none. */
	mock_reset(&r);
	assert_int_equal(mock_reg(&r, HVL_MMIO_REG_QUEUE_PFN), 0);
}

static void mmio_v1_bad_queue_is_not_acknowledged(void **state)
{
	static const uint32_t nums[] = { 0,   3,       256,
					 129, 0x10000, HVL_MMIO_V1_MARKER };
	size_t i;

	(void)state;
	for (i = 0; i < HVL_ARRAY_SIZE(nums); i++) {
		mock_begin(&r);
		mock_v1_queue_regs(&r, 0, nums[i], mock_pfn(&r, 0));
		assert_false(mock_service(&r));
		assert_false(r.dev.vq[0].started);
		assert_int_equal(mock_reg(&r, HVL_MMIO_REG_QUEUE_PFN),
				 mock_pfn(&r, 0));
	}
	r.log.lines = 0;
	mock_begin(&r);
	mock_v1_queue_regs(&r, 0, 8, 0xffffffff);
	mock_service(&r);
	mock_service(&r);
	assert_int_equal(r.log.lines, 1);
	mock_v1_queue_regs(&r, 0, 8, mock_pfn(&r, 0));
	mock_set(&r, HVL_MMIO_REG_QUEUE_ALIGN, 3);
	mock_service(&r);
	assert_false(r.dev.vq[0].started);
	mock_set(&r, HVL_MMIO_REG_QUEUE_ALIGN, 4096);
	mock_set(&r, HVL_MMIO_REG_GUEST_PAGE_SIZE, 0);
	mock_service(&r);
	assert_false(r.dev.vq[0].started);
	/* The driver mends it. */
	mock_set(&r, HVL_MMIO_REG_GUEST_PAGE_SIZE, 4096);
	assert_true(mock_service(&r));
	assert_true(r.dev.vq[0].started);
}

/* A page size that is none, with a page number that makes a good address. */
static void mmio_v1_odd_page_size_is_not_acknowledged(void **state)
{
	uint64_t da = (MOCK_DA + mock_ring_off(&r, 0) + 12287) / 12288 * 12288;

	(void)state;
	mock_begin(&r);
	mock_set(&r, HVL_MMIO_REG_GUEST_PAGE_SIZE, 12288);
	mock_v1_queue_regs(&r, 0, MOCK_NUM, (uint32_t)(da / 12288));
	mock_service(&r);
	assert_int_equal(mock_reg(&r, HVL_MMIO_REG_QUEUE_PFN), da / 12288);
	assert_false(r.dev.vq[0].started);
}

/* Half written: nothing to complain of yet. */
static void mmio_v1_request_without_size_is_none(void **state)
{
	(void)state;
	mock_begin(&r);
	mock_v1_queue_regs(&r, 0, HVL_MMIO_V1_MARKER, mock_pfn(&r, 0));
	mock_service(&r);
	assert_int_equal(r.log.lines, 0);
	mock_queue(&r, 0, MOCK_NUM);
}

/* The driver resets while the device finds out that its ring is broken. */
static int resetting_read(void *ctx, void *buf, uint32_t len)
{
	mock_set(&r, HVL_MMIO_REG_STATUS, 0);
	return mock_entropy_read(ctx, buf, len);
}

static void mmio_v1_needs_reset_is_not_shown_over_a_reset(void **state)
{
	(void)state;
	mock_bring_up(&r);
	rng.backing.read = resetting_read;
	mock_offer(&r, 0, 8);
	mock_desc(&r.ring[0], 1, 0, 0, VRING_DESC_F_WRITE, 0);
	mock_avail(&r.ring[0], 1);
	mock_service(&r);
	assert_int_equal(r.dev.stats.violations, 1);
	assert_int_equal(mock_reg(&r, HVL_MMIO_REG_STATUS), 0);
	mock_bring_up(&r);
}

static void mmio_v1_unoffered_features_are_masked(void **state)
{
	(void)state;
	d.features = 0xffffffff;
	mock_bring_up(&d);
	assert_int_equal(d.dev.features, mock_offered(&d));
}

/* What the driver does while it is being looked at. */
struct meanwhile {
	enum hvl_dev_event at;
	uint32_t status;
};

static void on_event(void *ctx, struct hvl_dev *dev, enum hvl_dev_event ev)
{
	const struct meanwhile *m = ctx;

	if (ev == m->at)
		hvl_io_write32(dev->cfg.regs, HVL_MMIO_REG_STATUS, m->status);
}

/* Its Status was looked at before it started over, its QueuePFN after. */
static void mmio_v1_restart_is_taken_with_its_status(void **state)
{
	struct meanwhile m = { HVL_DEV_EVENT_RESTARTED, 2 };

	(void)state;
	older_bring_up();
	assert_true(d.dev.live);
	d.dev.cfg.event = on_event;
	d.dev.cfg.event_ctx = &m;
	assert_true(ask(&d, 0, 4));
	mock_service(&d);
	assert_true(d.dev.vq[0].started);
	assert_true(ask(&d, 1, 4));
	mock_status(&d, 4);
	assert_true(d.dev.live);
	assert_true(d.dev.vq[0].started && d.dev.vq[1].started);
}

static void mmio_v1_request_is_taken_with_its_status(void **state)
{
	struct meanwhile m = { HVL_DEV_EVENT_FOUND, 1 };

	(void)state;
	d.dev.cfg.event = on_event;
	d.dev.cfg.event_ctx = &m;
	mock_set(&d, HVL_MMIO_REG_STATUS, 4);
	assert_false(ask(&d, 0, 4));
	mock_service(&d);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_QUEUE_PFN), HVL_MMIO_V1_ACK);
	mock_service(&d);
	assert_true(d.dev.vq[0].started);
}

static void mmio_v1_set_up_lasts_to_the_last_queue(void **state)
{
	uint64_t mark = hvl_dev_setup_mark(&d.dev);

	(void)state;
	assert_false(hvl_dev_in_setup(&d.dev));
	/* Left over from the driver's life before. */
	mock_set(&d, HVL_MMIO_REG_STATUS, 7);
	assert_true(ask(&d, 0, 8));
	write_back(&d, 0);
	assert_true(d.dev.live);
	assert_true(hvl_dev_in_setup(&d.dev));
	assert_true(ask(&d, 1, 8));
	assert_false(hvl_dev_in_setup(&d.dev));
	assert_int_equal(d.dev.stats.queues, 2);
	assert_true(hvl_dev_setup_mark(&d.dev) != mark);
	mock_set(&d, HVL_MMIO_REG_STATUS, 0x80);
	mock_service(&d);
	assert_false(hvl_dev_in_setup(&d.dev));
}

/* The newer driver's init ors 1 into a Status that already says all. */
static void mmio_v1_restart_without_status_shows_in_pfn(void **state)
{
	(void)state;
	mock_bring_up(&d);
	mock_service(&d);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_QUEUE_SEL), 0x00ff00ff);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_QUEUE_NUM), 0x00ff00ff);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_QUEUE_PFN), 0);

	mock_status(&d, mock_reg(&d, HVL_MMIO_REG_STATUS) | 1);
	assert_true(ask(&d, 0, 8));
	assert_int_equal(d.events[HVL_DEV_EVENT_RESTARTED], 1);
	write_back(&d, 0);
	mock_service(&d);
	assert_true(ask(&d, 1, 8));
	write_back(&d, 1);
	mock_status(&d, LIVE);
	assert_true(d.dev.live);
	send_frame();
	mock_service(&d);
	assert_int_equal(net.stats.tx_frames, 1);
	/* And once more: the markers are back. */
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_QUEUE_SEL), 0x00ff00ff);
	assert_true(ask(&d, 0, 8));
	assert_int_equal(d.events[HVL_DEV_EVENT_RESTARTED], 2);
}

static void mmio_v1_restart_of_broken_device_shows_in_pfn(void **state)
{
	(void)state;
	mock_bring_up(&r);
	mock_service(&r);
	mock_avail(&r.ring[0], 4000);
	mock_service(&r);
	assert_true(mock_needs_reset(&r));
	mock_status(&r, mock_reg(&r, HVL_MMIO_REG_STATUS) | 1);
	assert_true(mock_needs_reset(&r));
	assert_true(ask(&r, 0, 8));
	assert_false(mock_needs_reset(&r));
	write_back(&r, 0);
	mock_status(&r, LIVE);
	assert_true(round_trip(&r));
}

static void mmio_v1_late_write_back_is_ignored(void **state)
{
	(void)state;
	mock_bring_up(&r);
	mock_service(&r);
	assert_int_equal(mock_reg(&r, HVL_MMIO_REG_QUEUE_PFN), 0);
	write_back(&r, 0);
	assert_false(mock_service(&r));
	assert_true(r.dev.live);
	assert_true(round_trip(&r));
	assert_int_equal(r.events[HVL_DEV_EVENT_RESTARTED], 0);
}

static void mmio_v1_write_back_after_driver_ok(void **state)
{
	(void)state;
	mock_begin(&r);
	assert_true(ask(&r, 0, 8));
	mock_status(&r, LIVE);
	assert_true(r.dev.live);
	write_back(&r, 0);
	mock_service(&r);
	assert_int_equal(r.events[HVL_DEV_EVENT_RESTARTED], 0);
	assert_true(round_trip(&r));
}

static void mmio_v1_restart_during_set_up(void **state)
{
	(void)state;
	mock_status(&d, 1);
	mock_status(&d, 2);
	assert_true(ask(&d, 0, 8));
	mock_status(&d, 1);
	assert_false(d.dev.vq[0].started);
	/* The same request is one of the new life. */
	assert_true(ask(&d, 0, 8));
}

static void mmio_v1_driver_ok_lost_is_a_restart(void **state)
{
	(void)state;
	mock_bring_up(&r);
	mock_status(&r, MOCK_STATUS_INIT | VIRTIO_CONFIG_S_FEATURES_OK);
	assert_false(r.dev.live);
	assert_int_equal(r.events[HVL_DEV_EVENT_RESTARTED], 1);
}

/* Doorbells merge: the device sees Status go from 7 to 3, never 0. */
static void mmio_v1_merged_reset_is_seen(void **state)
{
	(void)state;
	mock_bring_up(&r);
	assert_true(round_trip(&r));
	mock_status(&r, MOCK_STATUS_INIT);
	assert_int_equal(r.events[HVL_DEV_EVENT_RESTARTED], 1);
	assert_true(ask(&r, 0, 8));
	write_back(&r, 0);
	mock_status(&r, LIVE);
	assert_true(round_trip(&r));
}

static void mmio_v1_stale_rings_before_reset_do_no_harm(void **state)
{
	(void)state;
	mock_bring_up(&r);
	assert_true(round_trip(&r));
	/* The restarted driver has zeroed its ring but not yet the status. */
	mock_ring_init(&r.ring[0], &shm, mock_ring_off(&r, 0), 8, 4096);
	mock_status(&r, LIVE | 1);
	mock_bring_up(&r);
	assert_true(round_trip(&r));
}

static void mmio_v1_violation_shows_in_status(void **state)
{
	(void)state;
	mock_bring_up(&r);
	mock_avail(&r.ring[0], 4000);
	assert_true(mock_service(&r));
	assert_int_equal(mock_reg(&r, HVL_MMIO_REG_STATUS),
			 LIVE | VIRTIO_CONFIG_S_NEEDS_RESET);
	assert_int_equal(mock_reg(&r, HVL_MMIO_REG_INTERRUPT_STATUS), 2);
	/* A driver that writes over it sees it again. */
	mock_status(&r, LIVE);
	assert_true(mock_needs_reset(&r));
	mock_bring_up(&r);
	assert_false(mock_needs_reset(&r));
	assert_true(round_trip(&r));
}

static void mmio_v1_failed_stops_serving(void **state)
{
	(void)state;
	mock_bring_up(&r);
	mock_status(&r, LIVE | VIRTIO_CONFIG_S_FAILED);
	assert_int_equal(r.events[HVL_DEV_EVENT_FAILED], 1);
	assert_false(round_trip(&r));
	mock_bring_up(&r);
	assert_true(round_trip(&r));
}

static void mmio_v1_no_clock_repeats_nothing(void **state)
{
	(void)state;
	r.dev.cfg.now_us = NULL;
	mock_bring_up(&r);
	assert_true(round_trip(&r));
	r.now_us += 1000000;
	assert_false(mock_service(&r));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(mmio_v1_publish_shows_block),
		T(mmio_v1_newer_driver_works),
		T(mmio_v1_older_driver_works),
		T(mmio_v1_older_driver_restarts),
		T(mmio_v1_queue_index_is_queue_sel),
		T(mmio_v1_garbage_sel_means_next_queue),
		T(mmio_v1_nothing_is_set_up_at_status_0),
		T(mmio_v1_reset_clears_pfn_and_restores_markers),
		T(mmio_v1_write_back_is_no_request),
		T(mmio_v1_queue_can_be_set_up_again),
		T(mmio_v1_same_request_is_acked_again_in_time),
		T(mmio_v1_unseen_ack_is_rung_again),
		T(mmio_v1_unseen_ack_stays),
		T(mmio_v1_bad_queue_is_not_acknowledged),
		T(mmio_v1_odd_page_size_is_not_acknowledged),
		T(mmio_v1_request_without_size_is_none),
		T(mmio_v1_needs_reset_is_not_shown_over_a_reset),
		T(mmio_v1_unoffered_features_are_masked),
		T(mmio_v1_restart_is_taken_with_its_status),
		T(mmio_v1_request_is_taken_with_its_status),
		T(mmio_v1_set_up_lasts_to_the_last_queue),
		T(mmio_v1_restart_without_status_shows_in_pfn),
		T(mmio_v1_restart_of_broken_device_shows_in_pfn),
		T(mmio_v1_late_write_back_is_ignored),
		T(mmio_v1_write_back_after_driver_ok),
		T(mmio_v1_restart_during_set_up),
		T(mmio_v1_driver_ok_lost_is_a_restart),
		T(mmio_v1_merged_reset_is_seen),
		T(mmio_v1_stale_rings_before_reset_do_no_harm),
		T(mmio_v1_violation_shows_in_status),
		T(mmio_v1_failed_stops_serving),
		T(mmio_v1_no_clock_repeats_nothing),
	};

	return cmocka_run_group_tests_name("dev_mmio_v1", tests, NULL, NULL);
}
