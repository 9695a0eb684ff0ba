/* SPDX-License-Identifier: BSD-3-Clause */
/* The Ethernet driver, over each kind of transport. */
#include "drv_mock_dev.h"

#include <string.h>

#include <hvl/driver/net.h>
#include <hvl/metal/compiler.h>
#include <hvl/metal/errno.h>

#define NUM 8u
#define FEATURES                                                     \
	(HVL_BIT64(VIRTIO_NET_F_MAC) | HVL_BIT64(VIRTIO_NET_F_MTU) | \
	 HVL_BIT64(VIRTIO_NET_F_STATUS) | HVL_BIT64(VIRTIO_F_ANY_LAYOUT))

static struct fixture {
	struct hvl_drv_pool pool;
	struct mock_dev mock;
	struct hvl_drv_dev dev;
	struct hvl_drv_vq_slot rx_slots[NUM], tx_slots[NUM];
	struct hvl_drv_net_buf rx_bufs[NUM], tx_bufs[NUM];
	struct hvl_drv_net_config cfg;
	struct hvl_drv_net net;
} fix;

static void fix_config(struct fixture *f, uint16_t mtu, uint16_t status)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 7 };

	memcpy(f->mock.block + 0x100, mac, 6);
	f->mock.block[0x106] = (uint8_t)status;
	f->mock.block[0x10a] = (uint8_t)mtu;
	f->mock.block[0x10b] = (uint8_t)(mtu >> 8);
}

static struct fixture *fix_init(enum mock_kind kind, uint64_t features)
{
	struct fixture *f = &fix;

	memset(f, 0, sizeof(*f));
	mock_dev_init(&f->mock, kind, VIRTIO_ID_NET, &f->pool, features);
	fix_config(f, 1400, 1);
	assert_int_equal(
		hvl_drv_mmio_probe(&f->dev, &f->mock.regs, &f->mock.plat), 0);
	f->cfg = (struct hvl_drv_net_config){
		.rx_num = NUM,
		.tx_num = NUM,
		.rx_slots = f->rx_slots,
		.tx_slots = f->tx_slots,
		.rx_bufs = f->rx_bufs,
		.tx_bufs = f->tx_bufs,
		.mac = { 2, 1, 1, 1, 1, 1 },
	};
	return f;
}

static int fix_try(struct fixture *f)
{
	return hvl_drv_net_start(&f->net, &f->dev, &f->pool, &f->cfg);
}

static struct fixture *fix_start(enum mock_kind kind)
{
	struct fixture *f = fix_init(kind, FEATURES);

	assert_int_equal(fix_try(f), 0);
	return f;
}

static void fix_stop(struct fixture *f, int expect)
{
	assert_int_equal(hvl_drv_net_stop(&f->net), expect);
	assert_int_equal(hvl_drv_net_stop(&f->net), expect);
	if (expect == 0)
		assert_int_equal(f->pool.nfree, f->pool.count);
}

/* Copy a chain that the device takes, in or out; returns the head. */
static uint16_t mock_chain(struct mock_ring *r, uint16_t flags, uint8_t *data,
			   uint32_t *len)
{
	uint16_t head = mock_pop(r), i = head;
	struct mock_desc d;
	uint32_t done = 0;

	do {
		d = mock_desc(r, i);
		assert_int_equal(d.flags & VRING_DESC_F_WRITE, flags);
		if (flags && done < *len)
			memcpy(mock_data(r, &d), data + done,
			       d.len < *len - done ? d.len : *len - done);
		else if (!flags)
			memcpy(data + done, mock_data(r, &d), d.len);
		done += d.len;
		i = d.next;
	} while (d.flags & VRING_DESC_F_NEXT);
	if (!flags)
		*len = done;
	return head;
}

/* The device receives a frame for the driver. */
static void mock_deliver(struct fixture *f, const char *text, uint32_t len)
{
	struct mock_ring *r = &f->mock.ring[HVL_NET_QUEUE_RX];
	uint8_t bytes[2048] = { 0 };
	uint32_t total = f->net.hdr_size + len;

	memcpy(bytes + f->net.hdr_size, text, strlen(text));
	mock_push(r, mock_chain(r, VRING_DESC_F_WRITE, bytes, &total), total);
}

/* The device sends the next frame; returns its bytes, header apart. */
static uint32_t mock_transmit(struct fixture *f, uint8_t *frame)
{
	static const uint8_t zero[12];
	struct mock_ring *r = &f->mock.ring[HVL_NET_QUEUE_TX];
	uint8_t bytes[2048];
	uint32_t len = 0;

	mock_push(r, mock_chain(r, 0, bytes, &len), 0);
	assert_memory_equal(bytes, zero, f->net.hdr_size);
	memcpy(frame, bytes + f->net.hdr_size, len - f->net.hdr_size);
	return len - f->net.hdr_size;
}

static int fix_send(struct fixture *f, const char *text, uint32_t len)
{
	struct hvl_drv_net_buf *buf;
	int ret = hvl_drv_net_tx_get(&f->net, &buf);

	if (ret != 1)
		return ret;
	assert_true(buf->len >= len);
	memset(buf->data, 0, len);
	memcpy(buf->data, text, strlen(text));
	ret = hvl_drv_net_tx_put(&f->net, buf, len);
	return ret ? ret : 1;
}

static void drv_net_start_reads_config(void **state)
{
	struct fixture *f;
	int kind;

	(void)state;
	for (kind = 0; kind < MOCK_KINDS; kind++) {
		f = fix_start(kind);
		assert_memory_equal(f->net.mac, "\2\0\0\0\0\7", 6);
		assert_int_equal(f->net.mtu, 1400);
		assert_int_equal(f->net.hdr_size,
				 f->dev.version == 2 ? 12 : 10);
		assert_true(hvl_drv_net_link(&f->net));
		f->mock.block[0x106] = 0;
		assert_false(hvl_drv_net_link(&f->net));
		fix_stop(f, 0);
		assert_false(hvl_drv_net_link(&f->net));
	}
}

static void drv_net_start_without_features_uses_defaults(void **state)
{
	struct fixture *f = fix_init(MOCK_V2, 0);

	(void)state;
	assert_int_equal(fix_try(f), 0);
	assert_memory_equal(f->net.mac, "\2\1\1\1\1\1", 6);
	assert_int_equal(f->net.mtu, 1500);
	assert_true(hvl_drv_net_link(&f->net));
	fix_stop(f, 0);
	/* A payload that no link has is not believed. */
	f = fix_init(MOCK_V2, FEATURES);
	fix_config(f, 67, 1);
	assert_int_equal(fix_try(f), 0);
	assert_int_equal(f->net.mtu, 1500);
	fix_stop(f, 0);
}

/* Frames both ways, many times round the rings. */
static void traffic(struct fixture *f)
{
	uint8_t frame[2048];
	uint32_t i, gen;
	struct hvl_drv_net_buf *buf;

	for (i = 0; i < 200; i++) {
		char text[16] = "frame 000";

		text[6] = (char)('0' + i / 100);
		text[7] = (char)('0' + i / 10 % 10);
		text[8] = (char)('0' + i % 10);
		assert_int_equal(fix_send(f, text, 14 + i), 1);
		hvl_drv_net_kick(&f->net);
		assert_int_equal(mock_transmit(f, frame), 14 + i);
		assert_memory_equal(frame, text, 9);

		assert_int_equal(hvl_drv_net_rx(&f->net, &buf), 0);
		mock_deliver(f, text, 14 + i);
		assert_int_equal(hvl_drv_net_rx(&f->net, &buf), 1);
		assert_int_equal(buf->len, 14 + i);
		assert_memory_equal(buf->data, text, 9);
		assert_int_equal(((uintptr_t)buf->data + 14) % 4, 0);
		gen = buf->gen;
		hvl_drv_net_rx_done(&f->net, buf, gen);
		hvl_drv_net_kick(&f->net);
		assert_int_equal(mock_ahead(&f->mock.ring[0]), f->net.nbufs_rx);
	}
	assert_int_equal(f->net.stats.rx_frames, 200);
	assert_int_equal(f->net.stats.tx_frames, 200);
}

static void drv_net_frames_go_both_ways(void **state)
{
	struct fixture *f;
	int kind;

	(void)state;
	for (kind = 0; kind < MOCK_KINDS; kind++) {
		f = fix_start(kind);
		assert_int_equal(f->net.nbufs_rx, NUM);
		assert_false(f->net.split);
		traffic(f);
		fix_stop(f, 0);
	}
}

static void drv_net_legacy_header_has_its_own_descriptor(void **state)
{
	struct fixture *f = fix_init(MOCK_V1, HVL_BIT64(VIRTIO_NET_F_MAC));
	struct mock_desc d;

	(void)state;
	assert_int_equal(fix_try(f), 0);
	assert_true(f->net.split);
	assert_int_equal(f->net.nbufs_rx, NUM / 2);
	d = mock_desc(&f->mock.ring[0], 0);
	assert_int_equal(d.len, 10);
	assert_int_equal(d.flags, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE);
	traffic(f);
	fix_stop(f, 0);
	/* One entry holds no chain of two. */
	f->mock.num_max = 1;
	mock_reg_set(&f->mock, HVL_MMIO_REG_QUEUE_NUM_MAX, 1);
	assert_int_equal(fix_try(f), -ENOTSUP);
	assert_int_equal(f->pool.nfree, f->pool.count);
}

static void drv_net_rx_drops_impossible_lengths(void **state)
{
	struct fixture *f = fix_start(MOCK_V2);
	struct hvl_drv_net_buf *buf;
	struct mock_ring *r = &f->mock.ring[0];
	uint32_t i;

	(void)state;
	for (i = 0; i < NUM; i++)
		mock_push(r, mock_pop(r), i * 3);
	assert_int_equal(hvl_drv_net_rx(&f->net, &buf), 0);
	assert_int_equal(f->net.stats.rx_errors, NUM);
	/* Each buffer is with the device again. */
	hvl_drv_net_kick(&f->net);
	assert_int_equal(mock_ahead(r), NUM);
	mock_push(r, mock_pop(r), 12 + 13);
	mock_push(r, mock_pop(r), 12 + 14);
	assert_int_equal(hvl_drv_net_rx(&f->net, &buf), 1);
	assert_int_equal(buf->len, 14);
	mock_push(r, mock_pop(r), 12 + 14 + 1500 + 1);
	assert_int_equal(hvl_drv_net_rx(&f->net, &buf), -EPROTO);
	assert_int_equal(hvl_drv_net_rx(&f->net, &buf), -EPROTO);
	fix_stop(f, 0);
}

static void drv_net_tx_reclaims_when_wanted(void **state)
{
	struct fixture *f = fix_start(MOCK_V2);
	struct hvl_drv_net_buf *buf;
	uint8_t frame[2048];
	uint32_t i;

	(void)state;
	assert_int_equal(mock_avail_flags(&f->mock.ring[1]),
			 VRING_AVAIL_F_NO_INTERRUPT);
	for (i = 0; i < NUM; i++)
		assert_int_equal(fix_send(f, "x", 60), 1);
	assert_int_equal(hvl_drv_net_tx_get(&f->net, &buf), 0);
	assert_int_equal(f->net.stats.tx_busy, 1);
	hvl_drv_net_kick(&f->net);
	for (i = 0; i < 3; i++)
		mock_transmit(f, frame);
	for (i = 0; i < 3; i++)
		assert_int_equal(fix_send(f, "y", 60), 1);
	assert_int_equal(hvl_drv_net_tx_get(&f->net, &buf), 0);
	fix_stop(f, 0);
}

static void drv_net_tx_get_looks_at_the_ring_only_when_empty(void **state)
{
	struct fixture *f = fix_start(MOCK_V2);
	uint8_t frame[2048];

	(void)state;
	assert_int_equal(fix_send(f, "x", 60), 1);
	hvl_drv_net_kick(&f->net);
	mock_transmit(f, frame);
	assert_int_equal(fix_send(f, "x", 60), 1);
	assert_int_equal(f->net.tx.used_idx, 0);
	fix_stop(f, 0);
}

static void drv_net_frames_are_not_bounced_for_cache_lines(void **state)
{
	struct fixture *f = fix_init(MOCK_V2, FEATURES);
	uint32_t nfree;

	(void)state;
	f->mock.plat.cache_line = 64;
	assert_int_equal(fix_try(f), 0);
	nfree = f->pool.nfree;
	assert_int_equal(fix_send(f, "x", 61), 1);
	assert_int_equal(f->pool.nfree, nfree);
	fix_stop(f, 0);
}

static void drv_net_rx_done_twice_is_once(void **state)
{
	struct fixture *f = fix_start(MOCK_V2);
	struct hvl_drv_net_buf *a, *b;

	(void)state;
	mock_deliver(f, "x", 60);
	mock_deliver(f, "y", 60);
	assert_int_equal(hvl_drv_net_rx(&f->net, &a), 1);
	assert_int_equal(hvl_drv_net_rx(&f->net, &b), 1);
	hvl_drv_net_rx_done(&f->net, a, a->gen);
	hvl_drv_net_rx_done(&f->net, a, a->gen);
	hvl_drv_net_kick(&f->net);
	assert_int_equal(mock_ahead(&f->mock.ring[0]), NUM - 1);
	fix_stop(f, 0);
}

static void drv_net_tx_put_rejects_bad_frames(void **state)
{
	struct fixture *f = fix_start(MOCK_V2);
	struct hvl_drv_net_buf *buf;
	uint32_t i;

	(void)state;
	for (i = 0; i < 3 * NUM; i++) {
		static const uint32_t lens[] = { 13, 14 + 1400 + 1, 0 };

		assert_int_equal(hvl_drv_net_tx_get(&f->net, &buf), 1);
		assert_int_equal(buf->len, 14 + 1400);
		assert_int_equal(hvl_drv_net_tx_put(&f->net, buf, lens[i % 3]),
				 i % 3 == 2 ? 0 : -EINVAL);
	}
	assert_int_equal(hvl_drv_net_tx_put(&f->net, buf, 60), -EINVAL);
	hvl_drv_net_kick(&f->net);
	assert_int_equal(mock_ahead(&f->mock.ring[1]), 0);
	assert_int_equal(hvl_drv_net_tx_get(&f->net, &buf), 1);
	assert_int_equal(hvl_drv_net_tx_put(&f->net, buf, 14 + 1400), 0);
	hvl_drv_net_kick(&f->net);
	assert_int_equal(mock_ahead(&f->mock.ring[1]), 1);
	fix_stop(f, 0);
}

static void drv_net_kick_rings_once_for_both_queues(void **state)
{
	struct fixture *f = fix_start(MOCK_V2);
	struct hvl_drv_net_buf *buf;
	uint32_t rings = f->mock.rings;

	(void)state;
	hvl_drv_net_kick(&f->net);
	assert_int_equal(f->mock.rings, rings);
	mock_deliver(f, "x", 60);
	assert_int_equal(hvl_drv_net_rx(&f->net, &buf), 1);
	hvl_drv_net_rx_done(&f->net, buf, buf->gen);
	assert_int_equal(fix_send(f, "y", 60), 1);
	hvl_drv_net_kick(&f->net);
	assert_int_equal(f->mock.rings, rings + 1);
	mock_set_used_flags(&f->mock.ring[1], VRING_USED_F_NO_NOTIFY);
	assert_int_equal(fix_send(f, "y", 60), 1);
	hvl_drv_net_kick(&f->net);
	assert_int_equal(f->mock.rings, rings + 1);
	fix_stop(f, 0);

	/* One that traps is told of each. */
	f = fix_start(MOCK_TRAP2);
	rings = f->mock.notifies;
	mock_deliver(f, "x", 60);
	assert_int_equal(hvl_drv_net_rx(&f->net, &buf), 1);
	hvl_drv_net_rx_done(&f->net, buf, buf->gen);
	assert_int_equal(fix_send(f, "y", 60), 1);
	hvl_drv_net_kick(&f->net);
	assert_int_equal(f->mock.notifies, rings + 2);
	fix_stop(f, 0);
}

static void drv_net_irq_on_reports_what_came_in(void **state)
{
	struct fixture *f = fix_start(MOCK_V2);

	(void)state;
	hvl_drv_net_irq_off(&f->net);
	assert_int_equal(mock_avail_flags(&f->mock.ring[0]),
			 VRING_AVAIL_F_NO_INTERRUPT);
	mock_deliver(f, "x", 60);
	assert_true(hvl_drv_net_irq_on(&f->net));
	assert_int_equal(mock_avail_flags(&f->mock.ring[0]), 0);
	fix_stop(f, 0);
	assert_false(hvl_drv_net_irq_on(&f->net));
}

static void drv_net_buffers_of_an_earlier_life_are_ignored(void **state)
{
	struct fixture *f = fix_start(MOCK_V2);
	struct hvl_drv_net_buf *rx, *tx;
	uint32_t gen;

	(void)state;
	mock_deliver(f, "x", 60);
	assert_int_equal(hvl_drv_net_rx(&f->net, &rx), 1);
	assert_int_equal(hvl_drv_net_tx_get(&f->net, &tx), 1);
	gen = rx->gen;
	fix_stop(f, 0);
	hvl_drv_net_rx_done(&f->net, rx, gen);
	assert_int_equal(hvl_drv_net_tx_put(&f->net, tx, 60), -EINVAL);
	assert_int_equal(fix_try(f), 0);
	hvl_drv_net_rx_done(&f->net, rx, gen);
	assert_int_equal(hvl_drv_net_tx_put(&f->net, tx, 60), -EINVAL);
	/* Even when the same buffer is out in the new life. */
	mock_deliver(f, "x", 60);
	assert_int_equal(hvl_drv_net_rx(&f->net, &rx), 1);
	hvl_drv_net_rx_done(&f->net, rx, gen);
	assert_int_equal(mock_ahead(&f->mock.ring[0]), NUM - 1);
	fix_stop(f, 0);
}

static void drv_net_start_shrinks_to_device_and_pool(void **state)
{
	struct fixture *f = fix_init(MOCK_V2, FEATURES);
	uint64_t off;

	(void)state;
	f->mock.num_max = 2;
	assert_int_equal(fix_try(f), 0);
	assert_int_equal(f->net.rx.cfg.num, 2);
	traffic(f);
	fix_stop(f, 0);

	/* 25 granules a buffer, about 8 for both rings. */
	f = fix_init(MOCK_V2, FEATURES);
	assert_int_equal(hvl_drv_pool_alloc(&f->pool, (f->pool.count - 90) * 64,
					    0, &off),
			 0);
	assert_int_equal(fix_try(f), 0);
	assert_int_equal(f->net.nbufs_rx, 1);
	assert_int_equal(f->net.nbufs_tx, 2);
	traffic(f);
	assert_int_equal(hvl_drv_net_stop(&f->net), 0);
	assert_int_equal(f->pool.nfree, 90);

	assert_int_equal(hvl_drv_pool_alloc(&f->pool, 50 * 64, 0, &off), 0);
	assert_int_equal(fix_try(f), -ENOMEM);
	assert_int_equal(f->pool.nfree, 40);
}

static void drv_net_recovers_from_a_broken_ring(void **state)
{
	struct fixture *f;
	int kind;

	(void)state;
	for (kind = 0; kind < MOCK_KINDS; kind++) {
		f = fix_start(kind);
		hvl_drv_vq_break(&f->net.tx);
		hvl_drv_net_kick(&f->net);
		assert_int_equal(mock_pop(&f->mock.ring[1]), NUM);
		mock_dev_look(&f->mock);
		mock_dev_needs_reset(&f->mock);
		assert_int_equal(hvl_drv_dev_health(&f->dev), -EIO);
		fix_stop(f, 0);
		assert_int_equal(fix_try(f), 0);
		traffic(f);
		fix_stop(f, 0);
	}
}

/* It may write there until it obeys: nobody else may get that memory. */
static void drv_net_stop_of_a_dead_device_keeps_its_memory(void **state)
{
	static const int kinds[] = { MOCK_V1, MOCK_V2 };
	struct hvl_drv_net_buf *buf;
	struct fixture *f;
	uint32_t i, nfree;

	(void)state;
	for (i = 0; i < 2; i++) {
		f = fix_start(kinds[i]);
		nfree = f->pool.nfree;
		f->mock.dead = true;
		fix_stop(f, -ETIMEDOUT);
		assert_int_equal(hvl_drv_net_rx(&f->net, &buf), 0);
		assert_int_equal(hvl_drv_net_tx_get(&f->net, &buf), 0);
		assert_int_equal(fix_try(f), -ETIMEDOUT);
		assert_int_equal(f->pool.nfree, nfree);
		f->mock.dead = false;
		/* Either call ends it. */
		if (i == 0)
			fix_stop(f, 0);
		assert_int_equal(fix_try(f), 0);
		assert_int_equal(f->pool.nfree, nfree);
		traffic(f);
		fix_stop(f, 0);
	}
}

/* Dying at each step in turn: what it was told of is not given away. */
static void drv_net_start_that_times_out_keeps_the_memory(void **state)
{
	struct fixture *f = fix_init(MOCK_V2, FEATURES);
	uint32_t looks, kept = 0, i;

	(void)state;
	assert_int_equal(fix_try(f), 0);
	looks = f->mock.looks;
	for (i = 1; i <= looks; i++) {
		f = fix_init(MOCK_V2, FEATURES);
		f->mock.dead_after = i;
		assert_int_equal(fix_try(f), -ETIMEDOUT);
		kept += f->pool.nfree != f->pool.count;
		assert_int_equal(f->pool.nfree != f->pool.count,
				 f->net.rx.started);
		f->mock.dead = false;
		f->mock.dead_after = 0;
		fix_stop(f, 0);
		assert_int_equal(fix_try(f), 0);
		fix_stop(f, 0);
	}
	/* Two queues and DRIVER_OK. */
	assert_in_range(kept, 3, looks);
}

static void drv_net_check_finds_frames_that_are_stuck(void **state)
{
	struct fixture *f = fix_start(MOCK_V2);
	const uint64_t limit = HVL_DRV_NET_STUCK * (uint64_t)HVL_DRV_TIMEOUT_US;
	uint8_t frame[2048];

	(void)state;
	/* Nothing waits, however long that is. */
	assert_int_equal(hvl_drv_net_check(&f->net), 0);
	f->mock.now += 2 * limit;
	assert_int_equal(fix_send(f, "x", 60), 1);
	hvl_drv_net_kick(&f->net);
	assert_int_equal(hvl_drv_net_check(&f->net), 0);
	f->mock.now += limit - 10;
	assert_int_equal(hvl_drv_net_check(&f->net), 0);
	/* One of two is sent: it goes on. */
	assert_int_equal(fix_send(f, "y", 60), 1);
	mock_transmit(f, frame);
	f->mock.now += 20;
	assert_int_equal(hvl_drv_net_check(&f->net), 0);
	f->mock.now += limit - 10;
	assert_int_equal(hvl_drv_net_check(&f->net), 0);
	f->mock.now += 20;
	assert_int_equal(hvl_drv_net_check(&f->net), -ETIMEDOUT);
	/* A new life starts with a clean record. */
	assert_int_equal(fix_try(f), 0);
	assert_int_equal(fix_send(f, "z", 60), 1);
	assert_int_equal(hvl_drv_net_check(&f->net), 0);
	mock_push(&f->mock.ring[1], NUM, 0);
	assert_int_equal(hvl_drv_net_check(&f->net), -EPROTO);
	mock_dev_needs_reset(&f->mock);
	assert_int_equal(hvl_drv_net_check(&f->net), -EIO);
	assert_int_equal(fix_try(f), 0);
	/* A config space that is never at rest. */
	mock_reg_set(&f->mock, HVL_MMIO_REG_CONFIG_GENERATION, 1);
	assert_false(hvl_drv_net_link(&f->net));
	assert_int_equal(hvl_drv_net_check(&f->net), -ETIMEDOUT);
	assert_int_equal(fix_try(f), -ETIMEDOUT);
	mock_reg_set(&f->mock, HVL_MMIO_REG_CONFIG_GENERATION, 2);
	assert_int_equal(fix_try(f), 0);
	assert_int_equal(hvl_drv_net_check(&f->net), 0);
	hvl_drv_net_stop(&f->net);
	fix_stop(f, 0);
	assert_int_equal(hvl_drv_net_check(&f->net), -EIO);
}

static void drv_net_start_rejects_bad_arguments(void **state)
{
	struct fixture *f = fix_init(MOCK_V2, FEATURES);

	(void)state;
	f->cfg.rx_num = 0;
	assert_int_equal(fix_try(f), -EINVAL);
	f->cfg.rx_num = 3;
	assert_int_equal(fix_try(f), -EINVAL);
	f->cfg.rx_num = NUM;
	f->dev.id = VIRTIO_ID_RNG;
	assert_int_equal(fix_try(f), -ENODEV);
	assert_int_equal(f->mock.rings, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(drv_net_start_reads_config),
		cmocka_unit_test(drv_net_start_without_features_uses_defaults),
		cmocka_unit_test(drv_net_frames_go_both_ways),
		cmocka_unit_test(drv_net_legacy_header_has_its_own_descriptor),
		cmocka_unit_test(drv_net_rx_drops_impossible_lengths),
		cmocka_unit_test(drv_net_tx_reclaims_when_wanted),
		cmocka_unit_test(
			drv_net_tx_get_looks_at_the_ring_only_when_empty),
		cmocka_unit_test(
			drv_net_frames_are_not_bounced_for_cache_lines),
		cmocka_unit_test(drv_net_rx_done_twice_is_once),
		cmocka_unit_test(drv_net_tx_put_rejects_bad_frames),
		cmocka_unit_test(drv_net_kick_rings_once_for_both_queues),
		cmocka_unit_test(drv_net_irq_on_reports_what_came_in),
		cmocka_unit_test(
			drv_net_buffers_of_an_earlier_life_are_ignored),
		cmocka_unit_test(drv_net_start_shrinks_to_device_and_pool),
		cmocka_unit_test(drv_net_recovers_from_a_broken_ring),
		cmocka_unit_test(
			drv_net_stop_of_a_dead_device_keeps_its_memory),
		cmocka_unit_test(drv_net_start_that_times_out_keeps_the_memory),
		cmocka_unit_test(drv_net_check_finds_frames_that_are_stuck),
		cmocka_unit_test(drv_net_start_rejects_bad_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
