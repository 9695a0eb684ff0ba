/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whole drivers against whole devices, over both versions of mmio: set-up,
 * traffic, loss of doorbells, resets in mid-traffic, a main side that dies,
 * and rings that break.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <errno.h>
#include <cmocka.h>

#include "loop.h"

#include <hvl/metal/compiler.h>
#include <hvl/wire/mmio.h>
#include <hvl/wire/virtio.h>

#define FRAMES 66000u /* past the wrap of the indices */
#define NO_INDIRECT HVL_BIT64(VIRTIO_RING_F_INDIRECT_DESC)
#define NO_ANY_LAYOUT HVL_BIT64(VIRTIO_F_ANY_LAYOUT)

#define PACKED HVL_BIT64(VIRTIO_F_RING_PACKED)
#define EVENT_IDX HVL_BIT64(VIRTIO_RING_F_EVENT_IDX)
#define IN_ORDER HVL_BIT64(VIRTIO_F_IN_ORDER)

/* Everything that is offered is used: so each is taken away once, too. */
static const struct loop_options versions[] = {
	{ .version = 1 },
	{ .version = 1, .features_on = EVENT_IDX },
	{ .version = 2 },
	{ .version = 2, .features_off = EVENT_IDX | IN_ORDER },
	{ .version = 2, .features_on = PACKED },
	{ .version = 2,
	  .features_on = PACKED,
	  .features_off = EVENT_IDX | IN_ORDER },
};

#define VERSIONS HVL_ARRAY_SIZE(versions)

/* Entropy is a counter here, so a read shows that nothing was lost. */
static void check_rng(struct loop *l, uint32_t len)
{
	uint8_t buf[4096];
	uint8_t first = l->entropy;
	uint32_t done = 0;
	int n;

	assert_true(len <= sizeof(buf));
	while (done < len) {
		n = hvl_drv_rng_read(&l->rng, buf + done, len - done);
		assert_true(n > 0);
		done += (uint32_t)n;
	}
	for (uint32_t i = 0; i < len; i++)
		assert_int_equal(buf[i], (uint8_t)(first + i));
}

static struct loop *create_up(const struct loop_options *opt, uint16_t num)
{
	struct loop *l = loop_create(opt);

	assert_int_equal(loop_start_rng(l), 0);
	assert_int_equal(loop_start_net(l, num, num), 0);
	return l;
}

static void loop_devices_negotiate(void **state)
{
	(void)state;
	for (unsigned int v = 0; v < VERSIONS; v++) {
		struct loop *l = create_up(&versions[v], 256);
		static const uint8_t mac[6] = { 2, 0x68, 0x76, 0x6c, 0, 2 };

		assert_memory_equal(l->net.mac, mac, 6);
		assert_int_equal(l->net.mtu, 1500);
		assert_true(hvl_drv_net_link(&l->net));
		assert_int_equal(
			hvl_drv_dev_has(&l->drv[LOOP_NET], VIRTIO_F_VERSION_1),
			versions[v].version == 2);
		assert_int_equal(l->net.hdr_size,
				 versions[v].version == 2 ? 12 : 10);
		/* Version 1 has no answer to DRIVER_OK: let it be seen. */
		loop_service(l);
		assert_true(l->dev[LOOP_NET].live);
		assert_true(l->dev[LOOP_RNG].live);
		loop_destroy(l);
	}
}

static void loop_devices_carry_traffic_past_the_wrap(void **state)
{
	static const uint16_t nums[] = { 1, 2, 4, 256, 1024 };

	(void)state;
	for (unsigned int i = 0; i < VERSIONS * HVL_ARRAY_SIZE(nums); i++) {
		struct loop_options opt = versions[i % VERSIONS];
		uint16_t num = nums[i / VERSIONS];
		struct loop *l;

		opt.queue_max = num;
		l = create_up(&opt, num);
		assert_int_equal(loop_traffic(l, 0, FRAMES), FRAMES);
		check_rng(l, 1);
		check_rng(l, 4096);
		assert_int_equal(l->dev[LOOP_NET].stats.violations, 0);
		loop_destroy(l);
	}
}

static void loop_devices_work_without_layout_and_indirect(void **state)
{
	(void)state;
	for (unsigned int v = 0; v < VERSIONS; v++) {
		struct loop_options opt = versions[v];
		struct loop *l;

		opt.features_off |= NO_INDIRECT | NO_ANY_LAYOUT;
		l = create_up(&opt, 16);
		assert_int_equal(loop_traffic(l, 0, 2000), 2000);
		check_rng(l, 1000);
		loop_destroy(l);
	}
}

/* A header and its frame take one entry of the ring, in a table, or two. */
static void loop_devices_with_tables_lend_a_frame_for_each_entry(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2 * VERSIONS; i++) {
		struct loop_options opt = versions[i / 2];
		bool apart = opt.version == 1, tables = i % 2 == 0;
		struct loop *l;

		opt.features_off |= NO_ANY_LAYOUT | (tables ? 0 : NO_INDIRECT);
		l = create_up(&opt, 16);
		assert_int_equal(hvl_drv_dev_has(&l->drv[LOOP_NET],
						 VIRTIO_RING_F_INDIRECT_DESC),
				 tables);
		assert_int_equal(l->net.split, apart);
		assert_int_equal(l->net.nbufs_rx, apart && !tables ? 8 : 16);
		assert_int_equal(l->net.nbufs_tx, apart && !tables ? 8 : 16);
		assert_int_equal(loop_traffic(l, 0, 2000), 2000);
		assert_int_equal(l->dev[LOOP_NET].stats.violations, 0);
		loop_destroy(l);
	}
}

static void loop_devices_work_by_polling(void **state)
{
	(void)state;
	for (unsigned int v = 0; v < VERSIONS; v++) {
		struct loop_options opt = versions[v];
		struct loop *l;

		opt.polling = true;
		l = create_up(&opt, 64);
		hvl_drv_net_irq_off(&l->net);
		assert_int_equal(loop_traffic(l, 0, 5000), 5000);
		check_rng(l, 500);
		loop_destroy(l);
	}
}

/* Both sides poll: as good as no doorbell, past the wrap of the indices. */
static void loop_devices_that_poll_are_left_alone(void **state)
{
	(void)state;
	for (unsigned int v = 0; v < VERSIONS; v++) {
		struct loop_options opt = versions[v];
		const struct hvl_dev_stats *stats;
		struct loop *l;

		opt.polling = true;
		l = create_up(&opt, 16);
		stats = &l->dev[LOOP_NET].stats;
		hvl_drv_net_irq_off(&l->net);
		hvl_dev_set_polled(&l->dev[LOOP_NET], true);
		/* Let both sides find out. */
		assert_int_equal(loop_traffic(l, 0, 100), 100);
		l->rings = 0;
		l->dev[LOOP_NET].stats.interrupts = 0;
		assert_int_equal(loop_traffic(l, 100, FRAMES), FRAMES);
		/* One a queue at the wrap of a split ring's indices. */
		assert_in_range(l->rings, 0, opt.features_on & PACKED ? 0 : 4);
		assert_in_range(stats->interrupts, 0,
				opt.features_on & PACKED ? 0 : 4);
		loop_destroy(l);
	}
}

/* What a notification carries is a hint: it may be anything by now. */
static unsigned int serve_notified_wrongly(struct loop *l, unsigned int device,
					   unsigned int budget)
{
	static uint32_t x = 1;
	const struct hvl_io *regs = &l->regs[device];

	x = x * 1103515245u + 12345u;
	/* All ones, of the other queue, behind, far ahead */
	hvl_io_write32(regs, HVL_MMIO_REG_QUEUE_NOTIFY,
		       x >> 28 == 0 ? UINT32_MAX :
		       x >> 16 & 1  ? x :
				      x >> 16);
	return hvl_dev_service(&l->dev[device], budget);
}

/* Return: how long that took, in made-up time. */
static uint64_t time_of_traffic(const struct loop_options *opt,
				unsigned int (*serve)(struct loop *l,
						      unsigned int device,
						      unsigned int budget))
{
	struct loop *l = loop_create(opt);
	uint64_t took;

	l->serve = serve;
	assert_int_equal(loop_start_rng(l), 0);
	assert_int_equal(loop_start_net(l, 16, 16), 0);
	assert_int_equal(
		hvl_drv_dev_has(&l->drv[LOOP_NET], VIRTIO_F_NOTIFICATION_DATA),
		opt->version == 2);
	assert_int_equal(loop_traffic(l, 0, 5000), 5000);
	check_rng(l, 4096);
	assert_int_equal(l->dev[LOOP_NET].stats.violations, 0);
	took = l->now_us;
	loop_destroy(l);
	return took;
}

static void loop_devices_take_notifications_as_hints(void **state)
{
	(void)state;
	/* Nothing waits for a timer because of it, either. */
	for (unsigned int v = 0; v < VERSIONS; v++)
		assert_int_equal(
			time_of_traffic(&versions[v], serve_notified_wrongly),
			time_of_traffic(&versions[v], NULL));
}

/* A lost doorbell costs at most the re-check's time, in either direction. */
static void loop_devices_survive_lost_doorbells(void **state)
{
	(void)state;
	for (unsigned int v = 0; v < VERSIONS; v++) {
		struct loop *l = create_up(&versions[v], 8);
		uint64_t start;

		for (uint32_t i = 0; i < 50; i++) {
			l->lose = 1 + i % 3;
			start = l->now_us;
			assert_int_equal(loop_traffic(l, i, 1), 1);
			assert_true(l->now_us - start <= 4 * LOOP_RECHECK_US);
		}
		l->lose = 1000000;
		assert_int_equal(loop_traffic(l, 0, 200), 200);
		check_rng(l, 100);
		loop_destroy(l);
	}
}

static void loop_devices_set_up_with_no_doorbell_at_all(void **state)
{
	(void)state;
	for (unsigned int v = 0; v < VERSIONS; v++) {
		struct loop *l = loop_create(&versions[v]);

		l->lose = 1000000;
		assert_int_equal(loop_start_rng(l), 0);
		assert_int_equal(loop_start_net(l, 4, 4), 0);
		assert_int_equal(loop_traffic(l, 0, 20), 20);
		loop_destroy(l);
	}
}

static void leave_frames_in_flight(struct loop *l)
{
	struct hvl_drv_net_buf *buf;

	l->mirror.closed = true;
	while (hvl_drv_net_tx_get(&l->net, &buf) == 1) {
		loop_frame(buf->data, 60, 0);
		assert_int_equal(hvl_drv_net_tx_put(&l->net, buf, 60), 0);
	}
	hvl_drv_net_kick(&l->net);
	loop_wait(l);
	l->mirror.closed = false;
}

static void loop_devices_reset_in_mid_traffic(void **state)
{
	(void)state;
	for (unsigned int v = 0; v < VERSIONS; v++) {
		struct loop *l = create_up(&versions[v], 16);

		for (unsigned int i = 0; i < 30; i++) {
			struct hvl_drv_net_buf *held = NULL;
			uint32_t gen = 0;

			assert_int_equal(loop_traffic(l, i, 20), 20);
			leave_frames_in_flight(l);
			loop_wait(l);
			if (hvl_drv_net_rx(&l->net, &held) == 1)
				gen = held->gen;
			assert_int_equal(hvl_drv_net_stop(&l->net), 0);
			l->mirror.count = 0;
			assert_int_equal(loop_start_net(l, 16, 16), 0);
			if (held != NULL) /* of an earlier life: no effect */
				hvl_drv_net_rx_done(&l->net, held, gen);
			check_rng(l, 64); /* the other one never noticed */
		}
		assert_int_equal(loop_traffic(l, 0, 100), 100);
		assert_int_equal(l->dev[LOOP_NET].stats.violations, 0);
		loop_destroy(l);
	}
}

/* One queue is reset and set up anew while the other works (§2.6.1). */
static void loop_devices_reset_one_queue(void **state)
{
	(void)state;
	for (unsigned int v = 0; v < VERSIONS; v++) {
		struct loop *l = create_up(&versions[v], 16);
		int want = versions[v].version == 2 ? 0 : -ENOTSUP;

		for (unsigned int i = 0; i < 40; i++) {
			uint16_t queue = i & 1;
			struct hvl_drv_net_buf *held = NULL;

			assert_int_equal(loop_traffic(l, i * 20, 20), 20);
			leave_frames_in_flight(l);
			loop_wait(l);
			(void)hvl_drv_net_rx(&l->net, &held);
			assert_int_equal(
				hvl_drv_net_queue_reset(&l->net, queue), want);
			/* What was lent stayed so, and goes back as ever. */
			if (held)
				hvl_drv_net_rx_done(&l->net, held, held->gen);
			l->mirror.count = 0;
			while (hvl_drv_net_rx(&l->net, &held) == 1)
				hvl_drv_net_rx_done(&l->net, held, held->gen);
			hvl_drv_net_kick(&l->net);
			loop_service(l);
			while (hvl_drv_net_rx(&l->net, &held) == 1)
				hvl_drv_net_rx_done(&l->net, held, held->gen);
			l->mirror.count = 0;
			check_rng(l, 16);
		}
		assert_int_equal(loop_traffic(l, 0, 100), 100);
		assert_int_equal(l->dev[LOOP_NET].stats.violations, 0);
		loop_destroy(l);
	}
}

static void loop_devices_report_a_dead_main_side(void **state)
{
	uint8_t buf[8];

	(void)state;
	for (unsigned int v = 0; v < VERSIONS; v++) {
		struct loop *l = create_up(&versions[v], 4);
		uint64_t start = l->now_us;

		l->deaf = true;
		assert_int_equal(hvl_drv_rng_read(&l->rng, buf, sizeof(buf)),
				 -ETIMEDOUT);
		assert_true(l->now_us - start <= 2 * HVL_DRV_TIMEOUT_US);
		assert_int_equal(hvl_drv_rng_stop(&l->rng), -ETIMEDOUT);
		assert_int_equal(loop_start_rng(l), -ETIMEDOUT);

		l->deaf = false;
		assert_int_equal(loop_start_rng(l), 0);
		check_rng(l, 32);
		assert_int_equal(loop_traffic(l, 0, 10), 10);
		loop_destroy(l);
	}
}

/*
 * Silent in mid-traffic, and awake again later: until it confirms the reset,
 * nobody gets the memory that it may write to, also not the other device.
 */
static void loop_devices_keep_memory_from_a_silent_main_side(void **state)
{
	(void)state;
	for (unsigned int v = 0; v < VERSIONS; v++) {
		struct loop *l = create_up(&versions[v], 16);
		struct hvl_drv_pool *pool = loop_pool(l, LOOP_NET);
		struct hvl_drv_dev *drv = &l->drv[LOOP_NET];
		uint32_t nfree = pool->nfree;
		uint64_t before;

		leave_frames_in_flight(l);
		l->deaf = true;
		assert_int_equal(hvl_drv_net_stop(&l->net), -ETIMEDOUT);
		assert_int_equal(loop_start_net(l, 16, 16), -ETIMEDOUT);
		assert_int_equal(pool->nfree, nfree);

		/* To look for the answer costs no time. */
		before = l->now_us;
		assert_false(hvl_drv_dev_reset_late(drv));
		l->deaf = false;
		loop_service(l);
		assert_true(hvl_drv_dev_reset_late(drv));
		assert_int_equal(l->now_us, before);
		l->mirror.count = 0;
		assert_int_equal(loop_start_net(l, 16, 16), 0);
		assert_int_equal(pool->nfree, nfree);
		assert_int_equal(loop_traffic(l, 0, 100), 100);
		check_rng(l, 64);
		assert_int_equal(hvl_drv_net_check(&l->net), 0);
		loop_destroy(l);
	}
}

/* It takes frames and sends none: noticed, though its registers look well. */
static void loop_devices_notice_frames_that_are_stuck(void **state)
{
	(void)state;
	for (unsigned int v = 0; v < VERSIONS; v++) {
		struct loop *l = create_up(&versions[v], 16);
		struct hvl_drv_net_buf *buf;
		uint64_t start;
		int rc;

		l->mirror.closed = true;
		assert_int_equal(hvl_drv_net_tx_get(&l->net, &buf), 1);
		loop_frame(buf->data, 60, 0);
		assert_int_equal(hvl_drv_net_tx_put(&l->net, buf, 60), 0);
		hvl_drv_net_kick(&l->net);
		start = l->now_us;
		while ((rc = hvl_drv_net_check(&l->net)) == 0 &&
		       l->now_us - start < 10 * HVL_DRV_TIMEOUT_US)
			loop_wait(l);
		assert_int_equal(rc, -ETIMEDOUT);
		assert_in_range(l->now_us - start, 2 * HVL_DRV_TIMEOUT_US,
				4 * HVL_DRV_TIMEOUT_US);
		l->mirror.closed = false;
		assert_int_equal(loop_start_net(l, 16, 16), 0);
		assert_int_equal(loop_traffic(l, 0, 50), 50);
		assert_int_equal(hvl_drv_net_check(&l->net), 0);
		loop_destroy(l);
	}
}

/* Frames sent in between, however many, show that it goes on. */
static void loop_devices_check_sees_whole_rounds(void **state)
{
	(void)state;
	for (unsigned int v = 0; v < VERSIONS; v++) {
		struct loop *l = create_up(&versions[v], 16);
		struct hvl_drv_net_buf *buf;
		uint32_t first;

		leave_frames_in_flight(l);
		assert_int_equal(hvl_drv_net_check(&l->net), 0);
		first = l->net.tx.used_idx;
		/* Round to where it was, and the ring full again. */
		do {
			loop_wait(l);
			leave_frames_in_flight(l);
			while (hvl_drv_net_rx(&l->net, &buf) == 1)
				hvl_drv_net_rx_done(&l->net, buf, buf->gen);
		} while (l->net.tx.used_idx != first);
		l->now_us += 2 * HVL_DRV_NET_STUCK * HVL_DRV_TIMEOUT_US;
		assert_int_equal(hvl_drv_net_check(&l->net), 0);
		loop_destroy(l);
	}
}

static void loop_devices_heal_after_a_broken_ring(void **state)
{
	(void)state;
	for (unsigned int v = 0; v < VERSIONS; v++) {
		struct loop *l = create_up(&versions[v], 16);

		for (unsigned int i = 0; i < 10; i++) {
			hvl_drv_vq_break(&l->net.tx);
			hvl_drv_dev_kick(&l->drv[LOOP_NET], HVL_NET_QUEUE_TX,
					 &l->net.tx);
			loop_wait(l);
			loop_wait(l);
			assert_true(l->dev[LOOP_NET].broken);
			assert_int_equal(hvl_drv_dev_health(&l->drv[LOOP_NET]),
					 -EIO);
			check_rng(l, 16); /* the other one never noticed */
			assert_int_equal(hvl_drv_dev_health(&l->drv[LOOP_RNG]),
					 0);
			assert_int_equal(hvl_drv_net_stop(&l->net), 0);
			assert_int_equal(loop_start_net(l, 16, 16), 0);
			assert_int_equal(hvl_drv_dev_health(&l->drv[LOOP_NET]),
					 0);
			assert_int_equal(loop_traffic(l, i, 50), 50);
		}
		assert_int_equal(l->broken_events, 10);
		assert_int_equal(l->dev[LOOP_NET].stats.violations, 10);
		loop_destroy(l);
	}
}

/* The main side starts over under a live driver and has forgotten it. */
static void loop_devices_notice_a_restarted_main_side(void **state)
{
	(void)state;
	for (unsigned int v = 0; v < VERSIONS; v++) {
		struct loop *l = create_up(&versions[v], 16);

		hvl_dev_publish(&l->dev[LOOP_NET]);
		loop_wait(l);
		assert_int_equal(hvl_drv_dev_health(&l->drv[LOOP_NET]), -EIO);
		assert_int_equal(hvl_drv_net_stop(&l->net), 0);
		assert_int_equal(loop_start_net(l, 16, 16), 0);
		assert_int_equal(loop_traffic(l, 0, 50), 50);
		loop_destroy(l);
	}
}

static void loop_devices_follow_the_link(void **state)
{
	(void)state;
	for (unsigned int v = 0; v < VERSIONS; v++) {
		struct loop *l = create_up(&versions[v], 16);

		(void)hvl_drv_dev_events(&l->drv[LOOP_NET]);
		hvl_dev_net_set_link(&l->dev[LOOP_NET], false);
		loop_service(l);
		assert_true(l->to_remote);
		assert_true((hvl_drv_dev_events(&l->drv[LOOP_NET]) &
			     HVL_MMIO_INT_CONFIG) != 0);
		assert_false(hvl_drv_net_link(&l->net));
		hvl_dev_net_set_link(&l->dev[LOOP_NET], true);
		loop_service(l);
		assert_true(hvl_drv_net_link(&l->net));
		loop_destroy(l);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loop_devices_negotiate),
		cmocka_unit_test(loop_devices_carry_traffic_past_the_wrap),
		cmocka_unit_test(loop_devices_work_without_layout_and_indirect),
		cmocka_unit_test(
			loop_devices_with_tables_lend_a_frame_for_each_entry),
		cmocka_unit_test(loop_devices_work_by_polling),
		cmocka_unit_test(loop_devices_that_poll_are_left_alone),
		cmocka_unit_test(loop_devices_take_notifications_as_hints),
		cmocka_unit_test(loop_devices_survive_lost_doorbells),
		cmocka_unit_test(loop_devices_set_up_with_no_doorbell_at_all),
		cmocka_unit_test(loop_devices_reset_in_mid_traffic),
		cmocka_unit_test(loop_devices_reset_one_queue),
		cmocka_unit_test(loop_devices_report_a_dead_main_side),
		cmocka_unit_test(
			loop_devices_keep_memory_from_a_silent_main_side),
		cmocka_unit_test(loop_devices_notice_frames_that_are_stuck),
		cmocka_unit_test(loop_devices_check_sees_whole_rounds),
		cmocka_unit_test(loop_devices_heal_after_a_broken_ring),
		cmocka_unit_test(loop_devices_notice_a_restarted_main_side),
		cmocka_unit_test(loop_devices_follow_the_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
