/* SPDX-License-Identifier: BSD-3-Clause */
/* The net model: header and frame, in any layout, in both versions. */
#include "mock_mmio.h"

#include <hvl/device/net.h>
#include <hvl/metal/errno.h>

#define F_NEXT VRING_DESC_F_NEXT
#define F_WRITE VRING_DESC_F_WRITE
#define RX HVL_NET_QUEUE_RX
#define TX HVL_NET_QUEUE_TX

static struct hvl_io shm;
static struct mock_dev d;
static struct hvl_dev_net net;
static uint32_t id, len;

/* What the backing has for the driver, and what it got from it. */
static struct {
	unsigned char rx[2048], tx[0x12000];
	int rx_len;		/* 0: none; negative: that error */
	unsigned int rx_repeat; /* as many more such frames follow */
	int rx_lies;		/* length it claims */
	uint32_t tx_len, rx_room;
	unsigned int sent;
	int tx_error;
} tap;

static int tap_recv(void *ctx, const struct hvl_seg *seg, unsigned int n,
		    uint32_t room)
{
	int total = tap.rx_len;
	uint32_t done = 0, piece;

	(void)ctx;
	if (tap.rx_repeat)
		tap.rx_repeat--;
	else
		tap.rx_len = 0;
	tap.rx_room = room;
	if (tap.rx_lies)
		return tap.rx_lies;
	if (total <= 0)
		return total ? total : -EAGAIN;
	if ((uint32_t)total > room)
		return -EMSGSIZE;
	for (; n != 0 && done < (uint32_t)total; n--, seg++) {
		piece = (uint32_t)total - done;
		piece = piece < seg->len ? piece : seg->len;
		memcpy(seg->va, tap.rx + done, piece);
		done += piece;
	}
	return total;
}

static int tap_send(void *ctx, const struct hvl_seg *seg, unsigned int n,
		    uint32_t total)
{
	(void)ctx;
	if (tap.tx_error)
		return tap.tx_error;
	tap.tx_len = 0;
	for (; n != 0; n--, seg++) {
		memcpy(tap.tx + tap.tx_len, seg->va, seg->len);
		tap.tx_len += seg->len;
	}
	assert_int_equal(tap.tx_len, total);
	tap.sent++;
	return 0;
}

static void init(unsigned int version)
{
	const struct hvl_dev_net_backing backing = { tap_send, tap_recv, NULL };
	const uint8_t mac[6] = { 2, 0x68, 0x76, 0x6c, 0, 1 };
	unsigned int i;

	memset(&tap, 0, sizeof(tap));
	for (i = 0; i < sizeof(tap.rx); i++)
		tap.rx[i] = (unsigned char)(i * 7 + 1);
	hvl_dev_net_init(&net, &backing, mac, 1500);
	mock_dev_init(&d, &shm, 0, version, &hvl_dev_net_model, &net);
	mock_bring_up(&d);
}

static int setup_v1(void **state)
{
	(void)state;
	mock_shm_map(&shm, MOCK_SHM_SIZE);
	init(1);
	return 0;
}

static int setup_v2(void **state)
{
	(void)state;
	mock_shm_map(&shm, MOCK_SHM_SIZE);
	init(2);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	mock_shm_unmap(&shm);
	return 0;
}

static uint32_t header(void)
{
	return d.version == 2 ? 12 : 10;
}

/* A chain of pieces that lie 0x1000 apart. */
static void chain(unsigned int q, const uint32_t *piece, unsigned int n)
{
	unsigned int flags = q == RX ? F_WRITE : 0, i;

	for (i = 0; i < n; i++)
		mock_desc(&d.ring[q], i, mock_buf_off(&d) + 0x1000u * i,
			  piece[i], i + 1 < n ? flags | F_NEXT : flags, i + 1);
	mock_avail(&d.ring[q], 0);
}

/* Byte @off of such a chain. */
static unsigned char *at(const uint32_t *piece, uint32_t off)
{
	unsigned int i = 0;

	while (off >= piece[i])
		off -= piece[i++];
	return shm.va + mock_buf_off(&d) + 0x1000u * i + off;
}

static const uint32_t layouts[][6] = {
	{ 1526 },
	{ 10, 1514 },
	{ 12, 1514 },
	{ 1, 2, 3, 4, 5, 1514 },
	{ 11, 1, 1, 1, 700, 1000 },
	{ 500, 500, 600 },
};

static unsigned int pieces(const uint32_t *piece)
{
	unsigned int n = 0;

	while (n < 6 && piece[n] != 0)
		n++;
	return n;
}

static void net_rx_fills_any_layout(void **state)
{
	uint32_t i, k;

	(void)state;
	for (i = 0; i < HVL_ARRAY_SIZE(layouts); i++) {
		const uint32_t *piece = layouts[i];

		init(d.version);
		hvl_io_fill(&shm, mock_buf_off(&d), 0xee, 0x8000);
		tap.rx_len = 1400;
		chain(RX, piece, pieces(piece));
		assert_true(mock_service(&d));
		assert_true(mock_used(&d.ring[RX], &id, &len));
		assert_int_equal(len, header() + 1400);
		for (k = 0; k < 10; k++)
			assert_int_equal(*at(piece, k), 0);
		if (header() == 12) {
			assert_int_equal(*at(piece, 10), 1);
			assert_int_equal(*at(piece, 11), 0);
		}
		for (k = 0; k < 1400; k++)
			assert_int_equal(*at(piece, header() + k), tap.rx[k]);
		assert_int_equal(*at(piece, header() + 1400), 0xee);
	}
	assert_int_equal(net.stats.rx_frames, 1);
	assert_int_equal(net.stats.rx_bytes, 1400);
}

static void net_tx_sends_any_layout(void **state)
{
	uint32_t i, k, total;

	(void)state;
	for (i = 0; i < HVL_ARRAY_SIZE(layouts); i++) {
		const uint32_t *piece = layouts[i];
		unsigned int n = pieces(piece);

		init(d.version);
		for (k = total = 0; k < n; k++)
			total += piece[k];
		for (k = 0; k < total; k++)
			*at(piece, k) = (unsigned char)(k * 3);
		chain(TX, piece, n);
		mock_service(&d);
		assert_true(mock_used(&d.ring[TX], &id, &len));
		assert_int_equal(len, 0);
		assert_int_equal(tap.sent, 1);
		assert_int_equal(tap.tx_len, total - header());
		for (k = 0; k < tap.tx_len; k++)
			assert_int_equal(tap.tx[k],
					 (unsigned char)((header() + k) * 3));
	}
}

static void net_rx_without_frame_keeps_buffer(void **state)
{
	const uint32_t piece[] = { 1526 };

	(void)state;
	chain(RX, piece, 1);
	assert_false(mock_service(&d));
	assert_false(mock_used(&d.ring[RX], &id, &len));
	tap.rx_len = 60;
	assert_true(mock_service(&d));
	assert_true(mock_used(&d.ring[RX], &id, &len));
	assert_int_equal(len, header() + 60);
}

static void net_rx_drops_large_frame_and_keeps_buffer(void **state)
{
	const uint32_t piece[] = { 100 };

	(void)state;
	chain(RX, piece, 1);
	tap.rx_len = 1000;
	mock_service(&d);
	assert_false(mock_used(&d.ring[RX], &id, &len));
	assert_int_equal(net.stats.rx_dropped, 1);
	assert_int_equal(tap.rx_room, 100 - header());
	tap.rx_len = (int)(100 - header());
	mock_service(&d);
	assert_true(mock_used(&d.ring[RX], &id, &len));
	assert_int_equal(len, 100);
}

/* Offer a buffer, have a frame of @size bytes come. Return: whether it did. */
static bool comes(uint32_t size)
{
	const uint32_t piece[] = { header() + 9, 2000 };

	tap.rx_len = (int)size;
	chain(RX, piece, 2);
	mock_service(&d);
	return mock_used(&d.ring[RX], &id, &len) && len == header() + size;
}

/* From reset on, with the mtu negotiated or not. */
static void begin_with_mtu(bool mtu)
{
	init(d.version);
	d.features |= mtu ? HVL_BIT64(VIRTIO_NET_F_MTU) : 0;
	mock_bring_up(&d);
}

/* §5.1.4.1: the driver would not know what to do with it. */
static void net_rx_drops_frames_beyond_the_mtu(void **state)
{
	(void)state;
	begin_with_mtu(true);
	assert_true(comes(14 + 1500));
	assert_false(comes(14 + 1501));
	assert_int_equal(net.stats.rx_dropped, 1);
	/* The buffer is still there. */
	tap.rx_len = 60;
	mock_service(&d);
	assert_true(mock_used(&d.ring[RX], &id, &len));
	begin_with_mtu(false);
	assert_true(comes(14 + 1501));
}

/* §5.1.6.5.3.1: whatever the tag; it is part of the header. */
static void net_rx_passes_tagged_frames(void **state)
{
	static const unsigned char types[][2] = { { 0x81, 0x00 },
						  { 0x88, 0xa8 } };
	uint32_t i, vlan;

	(void)state;
	for (i = 0; i < HVL_ARRAY_SIZE(types); i++) {
		begin_with_mtu(true);
		memcpy(tap.rx + 12, types[i], 2);
		for (vlan = 0; vlan < 4096; vlan++) {
			tap.rx[14] = (unsigned char)(vlan >> 8);
			tap.rx[15] = (unsigned char)vlan;
			assert_true(comes(vlan & 1 ? 64 : 18 + 1500));
		}
		assert_int_equal(net.stats.rx_dropped, 0);
		assert_false(comes(18 + 1501));
	}
	begin_with_mtu(true);
	tap.rx[12] = 0x88;
	tap.rx[13] = 0x00;
	assert_false(comes(18 + 1500));
}

static void net_rx_bounds_room(void **state)
{
	const uint32_t piece[] = { 0x20000 };

	(void)state;
	chain(RX, piece, 1);
	mock_service(&d);
	assert_int_equal(tap.rx_room, 65535 + 14);
}

static void net_rx_distrusts_backing_length(void **state)
{
	const uint32_t piece[] = { 100 };

	(void)state;
	chain(RX, piece, 1);
	tap.rx_lies = 5000;
	mock_service(&d);
	assert_false(mock_used(&d.ring[RX], &id, &len));
	assert_true(d.dev.live);
}

static void net_rx_rejects_buffer_without_room(void **state)
{
	const uint32_t piece[] = { header() };

	(void)state;
	chain(RX, piece, 1);
	mock_service(&d);
	assert_true(mock_needs_reset(&d));
	assert_int_equal(d.log.lines, 1);
}

static void net_rx_rejects_readable_segment(void **state)
{
	(void)state;
	mock_desc(&d.ring[RX], 0, mock_buf_off(&d), 12, F_NEXT, 1);
	mock_desc(&d.ring[RX], 1, mock_buf_off(&d), 1514, F_WRITE, 0);
	mock_avail(&d.ring[RX], 0);
	mock_service(&d);
	assert_true(mock_needs_reset(&d));
}

static void net_tx_waits_for_backing(void **state)
{
	const uint32_t piece[] = { header() + 60 };

	(void)state;
	tap.tx_error = -EAGAIN;
	chain(TX, piece, 1);
	mock_service(&d);
	assert_false(mock_used(&d.ring[TX], &id, &len));
	tap.tx_error = 0;
	mock_service(&d);
	assert_true(mock_used(&d.ring[TX], &id, &len));
	assert_int_equal(tap.tx_len, 60);
	assert_int_equal(net.stats.tx_dropped, 0);
}

static void net_tx_counts_lost_frame(void **state)
{
	const uint32_t piece[] = { header() + 60 };

	(void)state;
	tap.tx_error = -EIO;
	chain(TX, piece, 1);
	mock_service(&d);
	assert_true(mock_used(&d.ring[TX], &id, &len));
	assert_int_equal(net.stats.tx_dropped, 1);
	assert_int_equal(net.stats.tx_frames, 0);
}

static void net_tx_drops_frames_that_are_none(void **state)
{
	const uint32_t sizes[] = { 0, 1, 13, 65550, 65549, 14 };
	uint32_t piece[1];
	size_t i;

	(void)state;
	for (i = 0; i < HVL_ARRAY_SIZE(sizes); i++) {
		piece[0] = header() + sizes[i];
		chain(TX, piece, 1);
		mock_service(&d);
		assert_true(mock_used(&d.ring[TX], &id, &len));
		assert_int_equal(net.stats.tx_dropped, i < 4 ? i + 1 : 4);
	}
	assert_int_equal(tap.sent, 2);
	assert_true(d.dev.live);
}

static void net_tx_rejects_short_header(void **state)
{
	const uint32_t piece[] = { header() - 1 };

	(void)state;
	chain(TX, piece, 1);
	mock_service(&d);
	assert_true(mock_needs_reset(&d));
}

static void net_tx_rejects_writable_segment(void **state)
{
	(void)state;
	mock_desc(&d.ring[TX], 0, mock_buf_off(&d), 100, F_NEXT, 1);
	mock_desc(&d.ring[TX], 1, mock_buf_off(&d), 100, F_WRITE, 0);
	mock_avail(&d.ring[TX], 0);
	mock_service(&d);
	assert_true(mock_needs_reset(&d));
	assert_int_equal(tap.sent, 0);
}

/*
 * Pacing. The driver has buffers for eight frames, and more than that wait in
 * the backing.
 */
static void pace(void)
{
	unsigned int i;

	for (i = 0; i < MOCK_NUM; i++)
		mock_offer(&d, RX, 1600);
	tap.rx_len = 60;
	tap.rx_repeat = 100;
	hvl_dev_net_set_pace(&net, true);
}

/* Frames that came to the driver in one service, which leaves none undone. */
static unsigned int paced(void)
{
	unsigned int n = 0;

	mock_service(&d);
	assert_false(d.more);
	/* The doorbell that ends the wait is asked for. */
	assert_int_equal(hvl_io_read16(&shm, d.ring[TX].used), 0);
	while (mock_used(&d.ring[RX], &id, &len))
		n++;
	return n;
}

static void answer(void)
{
	unsigned int i = d.ring[TX].avail_idx % MOCK_NUM;

	mock_desc(&d.ring[TX], i, mock_buf_off(&d) + 0x9000u, header() + 60, 0,
		  0);
	mock_avail(&d.ring[TX], i);
}

static void net_pace_off_gives_all_at_once(void **state)
{
	(void)state;
	pace();
	hvl_dev_net_set_pace(&net, false);
	assert_int_equal(paced(), MOCK_NUM);
	assert_true(hvl_dev_net_next_us(&d.dev) == UINT64_MAX);
}

static void net_pace_waits_for_answer_then_ack(void **state)
{
	unsigned int i;

	(void)state;
	pace();
	assert_int_equal(paced(), 1);
	for (i = 0; i < 3; i++) {
		assert_int_equal(paced(), 0);
		answer();
		if (d.version == 1) {
			assert_int_equal(paced(), 0);
			/* The answer's own interrupt may come in between. */
			while (mock_isr(&d) != 0 && paced() == 0)
				;
			assert_int_equal(net.stats.rx_frames, i + 2);
		} else {
			assert_int_equal(paced(), 1);
		}
	}
	assert_int_equal(net.stats.rx_unanswered, 0);
}

static void net_pace_waits_for_ack_then_answer(void **state)
{
	unsigned int i;

	(void)state;
	pace();
	assert_int_equal(paced(), 1);
	for (i = 0; i < 3; i++) {
		mock_isr(&d);
		assert_int_equal(paced(), 0);
		answer();
		assert_int_equal(paced(), 1);
	}
	assert_int_equal(net.stats.rx_unanswered, 0);
}

static void net_pace_takes_answer_and_ack_at_once(void **state)
{
	(void)state;
	pace();
	assert_int_equal(paced(), 1);
	answer();
	mock_isr(&d);
	assert_int_equal(paced(), 1);
}

/* What was sent before the frame came cannot answer it. */
static void net_pace_ignores_frame_sent_before(void **state)
{
	(void)state;
	pace();
	answer();
	assert_int_equal(paced(), 1);
	mock_isr(&d);
	assert_int_equal(paced(), 0);
}

static void net_pace_ignores_ack_of_older_interrupt(void **state)
{
	(void)state;
	pace();
	tap.rx_len = 0;
	answer();
	assert_int_equal(paced(), 0);
	/* The interrupt of that is under way when the frame comes. */
	tap.rx_len = 60;
	assert_int_equal(paced(), 1);
	answer();
	mock_isr(&d);
	assert_int_equal(paced(), 0);
	mock_isr(&d);
	assert_int_equal(paced(), 1);
}

static void net_pace_expects_no_ack_without_interrupts(void **state)
{
	(void)state;
	pace();
	hvl_io_write16(&shm, d.ring[RX].avail, VRING_AVAIL_F_NO_INTERRUPT);
	hvl_io_write16(&shm, d.ring[TX].avail, VRING_AVAIL_F_NO_INTERRUPT);
	assert_int_equal(paced(), 1);
	answer();
	assert_int_equal(paced(), 1);
}

static void net_pace_ends_with_time(void **state)
{
	(void)state;
	pace();
	d.now_us = 5000;
	assert_int_equal(paced(), 1);
	assert_true(hvl_dev_net_next_us(&d.dev) == 5000 + HVL_DEV_NET_PACE_US);
	d.now_us += HVL_DEV_NET_PACE_US - 1;
	assert_int_equal(paced(), 0);
	assert_int_equal(net.stats.rx_unanswered, 0);
	d.now_us++;
	assert_int_equal(paced(), 1);
	assert_int_equal(net.stats.rx_unanswered, 1);
	assert_int_equal(paced(), 0);
}

static void net_pace_is_over_with_reset(void **state)
{
	(void)state;
	pace();
	assert_int_equal(paced(), 1);
	mock_reset(&d);
	assert_true(hvl_dev_net_next_us(&d.dev) == UINT64_MAX);
	tap.rx_len = 0;
	mock_bring_up(&d);
	mock_offer(&d, RX, 1600);
	mock_offer(&d, RX, 1600);
	tap.rx_len = 60;
	tap.rx_repeat = 1;
	assert_int_equal(paced(), 1);
	/* Nor is the interrupt that nobody acknowledged waited for. */
	mock_isr(&d);
	answer();
	assert_int_equal(paced(), 1);
}

static void net_pace_drops_frames_older_than_driver(void **state)
{
	(void)state;
	pace();
	tap.rx_repeat = 4;
	mock_bring_up(&d);
	mock_offer(&d, RX, 1600);
	assert_int_equal(paced(), 0);
	assert_int_equal(net.stats.rx_stale, 5);
	assert_int_equal(net.stats.rx_dropped, 0);
	tap.rx_len = 60;
	assert_int_equal(paced(), 1);
}

/* Buffers as a deployed driver has them: the header and 1500 bytes. */
static void net_rx_room_decides_to_the_byte(void **state)
{
	const uint32_t pieces_of[][6] = { { header() + 1500 },
					  { 1000, header() + 400, 100 } };
	size_t i;

	(void)state;
	for (i = 0; i < HVL_ARRAY_SIZE(pieces_of); i++) {
		const uint32_t *piece = pieces_of[i];

		init(d.version);
		assert_int_equal(net.rx_room, 0);
		chain(RX, piece, pieces(piece));
		mock_service(&d);
		assert_int_equal(net.rx_room, 1500);
		tap.rx_len = 1501;
		mock_service(&d);
		assert_false(mock_used(&d.ring[RX], &id, &len));
		assert_int_equal(net.stats.rx_dropped, 1);
		tap.rx_len = 1500;
		mock_service(&d);
		assert_true(mock_used(&d.ring[RX], &id, &len));
		assert_int_equal(len, header() + 1500);
		assert_int_equal(*at(piece, header() + 1499), tap.rx[1499]);
		assert_int_equal(net.stats.rx_frames, 1);
	}
}

static void net_rx_room_is_of_the_smallest_buffer(void **state)
{
	(void)state;
	mock_offer(&d, RX, header() + 1000);
	mock_offer(&d, RX, header() + 500);
	mock_offer(&d, RX, header() + 2000);
	tap.rx_len = 60;
	tap.rx_repeat = 2;
	mock_service(&d);
	assert_int_equal(net.stats.rx_frames, 3);
	assert_int_equal(net.rx_room, 500);
	mock_bring_up(&d);
	assert_int_equal(net.rx_room, 0);
	mock_offer(&d, RX, 0x20000);
	mock_service(&d);
	assert_int_equal(net.rx_room, 65535 + 14);
}

#define BOTH(name)                                                 \
	cmocka_unit_test_setup_teardown(name, setup_v1, teardown), \
		cmocka_unit_test_setup_teardown(name, setup_v2, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(net_rx_fills_any_layout),
		BOTH(net_tx_sends_any_layout),
		BOTH(net_rx_without_frame_keeps_buffer),
		BOTH(net_rx_drops_large_frame_and_keeps_buffer),
		BOTH(net_rx_drops_frames_beyond_the_mtu),
		BOTH(net_rx_passes_tagged_frames),
		BOTH(net_rx_bounds_room),
		BOTH(net_rx_distrusts_backing_length),
		BOTH(net_rx_rejects_buffer_without_room),
		BOTH(net_rx_rejects_readable_segment),
		BOTH(net_tx_waits_for_backing),
		BOTH(net_tx_counts_lost_frame),
		BOTH(net_tx_drops_frames_that_are_none),
		BOTH(net_tx_rejects_short_header),
		BOTH(net_tx_rejects_writable_segment),
		BOTH(net_pace_off_gives_all_at_once),
		BOTH(net_pace_waits_for_answer_then_ack),
		BOTH(net_pace_waits_for_ack_then_answer),
		BOTH(net_pace_takes_answer_and_ack_at_once),
		BOTH(net_pace_ignores_frame_sent_before),
		cmocka_unit_test_setup_teardown(
			net_pace_ignores_ack_of_older_interrupt, setup_v1,
			teardown),
		BOTH(net_pace_expects_no_ack_without_interrupts),
		BOTH(net_pace_ends_with_time),
		BOTH(net_pace_is_over_with_reset),
		BOTH(net_pace_drops_frames_older_than_driver),
		BOTH(net_rx_room_decides_to_the_byte),
		BOTH(net_rx_room_is_of_the_smallest_buffer),
	};

	return cmocka_run_group_tests_name("dev_net", tests, NULL, NULL);
}
