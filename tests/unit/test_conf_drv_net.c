/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What virtio 1.3 §3.3 and §5.1 ask of a driver, by what it has in the rings
 * and buffers: see docs/conformance.md.
 */
#include "conf_drv.h"

#include <string.h>

#include <hvl/metal/compiler.h>
#include <hvl/metal/errno.h>
#include <hvl/wire/mmio.h>

/* The first descriptor of the device's ring @q, and where its buffer lies. */
static uint8_t *first_buf(unsigned int q, struct mock_desc *desc)
{
	struct mock_ring *r = &conf.mock.ring[q];

	*desc = mock_desc(r, mock_pop(r));
	return mock_data(r, desc);
}

/* From now on: stores to @size bytes of a ring, @off bytes from its start. */
static void watch_ring(const struct hvl_drv_vq *vq, uint32_t off, size_t size)
{
	conf_watch.at = vq->ring.va + off;
	conf_watch.size = size;
	conf_watch.stores = 0;
}

static void send_one(void)
{
	struct hvl_drv_net_buf *buf;

	assert_int_equal(hvl_drv_net_tx_get(&conf.net, &buf), 1);
	assert_int_equal(hvl_drv_net_tx_put(&conf.net, buf, 60), 0);
	hvl_drv_net_kick(&conf.net);
}

/* All that a driver does beside the buffers that are with the device. */
static void work_around_rx(void)
{
	struct hvl_drv_net_buf *buf;

	assert_int_equal(hvl_drv_net_rx(&conf.net, &buf), 0);
	send_one();
	hvl_drv_net_irq_off(&conf.net);
	(void)hvl_drv_net_irq_on(&conf.net);
	(void)hvl_drv_dev_events(&conf.dev);
	assert_int_equal(hvl_drv_net_check(&conf.net), 0);
}

/* §3.3.1, §2.8.16: not even the same is written there once more. */
static void conf_drv_exposed_entries_are_not_stored_to(void **state)
{
	static const uint64_t kinds[] = {
		NET,
		NET | HVL_BIT64(VIRTIO_RING_F_EVENT_IDX),
		NET | HVL_BIT64(VIRTIO_F_IN_ORDER),
		NET | HVL_BIT64(VIRTIO_F_RING_PACKED),
	};
	const struct hvl_drv_vq *rx = &conf.net.rx, *tx = &conf.net.tx;
	uint32_t i, k;

	(void)state;
	for (i = 0; i < HVL_ARRAY_SIZE(kinds); i++) {
		conf_init(VIRTIO_ID_NET, kinds[i]);
		assert_int_equal(conf_probe(), 0);
		conf.on = false;
		assert_int_equal(conf_net_start(), 0);
		watch_ring(rx, rx->at.desc, 16u * NUM);
		for (k = 0; k < NUM / 2; k++)
			work_around_rx();
		assert_int_equal(conf_watch.stores, 0);
		/* What was sent before, at each frame that follows. */
		for (; k < NUM; k++) {
			watch_ring(tx, tx->at.desc, 16u * k);
			send_one();
			assert_int_equal(conf_watch.stores, 0);
		}
		if (rx->packed)
			continue;
		/* The entries of the available rings, too. */
		assert_int_equal(conf_net_start(), 0);
		for (k = 0; k < NUM; k++) {
			watch_ring(rx, rx->at.avail + 4, 2u * NUM);
			work_around_rx();
			assert_int_equal(conf_watch.stores, 0);
		}
	}
	conf_watch.size = 0;
}

/* §2.7.6: one comes back and goes out again: its entry, and no other. */
static void conf_drv_returned_entry_alone_is_stored_to(void **state)
{
	const struct hvl_drv_vq *rx = &conf.net.rx;
	struct mock_ring *r = &conf.mock.ring[HVL_NET_QUEUE_RX];
	struct hvl_drv_net_buf *buf;

	(void)state;
	conf_init(VIRTIO_ID_NET, NET);
	assert_int_equal(conf_probe(), 0);
	conf.on = false;
	assert_int_equal(conf_net_start(), 0);
	mock_push(r, mock_pop(r), 72);
	watch_ring(rx, rx->at.desc + 16, 16u * (NUM - 1));
	assert_int_equal(hvl_drv_net_rx(&conf.net, &buf), 1);
	hvl_drv_net_rx_done(&conf.net, buf, buf->gen);
	hvl_drv_net_kick(&conf.net);
	assert_int_equal(conf_watch.stores, 0);
	conf_watch.size = 0;
	assert_int_equal(mock_ahead(r), NUM);
}

/* §5.1.4.2, §5.1.6.3.1: header and largest frame, in one buffer. */
static void conf_drv_net_buffers_hold_the_mtu(void **state)
{
	static const uint16_t mtus[] = { 68, 1500, 9000 };
	struct mock_desc desc;
	uint32_t i;

	(void)state;
	for (i = 0; i < HVL_ARRAY_SIZE(mtus); i++) {
		conf_init(VIRTIO_ID_NET, NET);
		mock_reg_set(&conf.mock, HVL_MMIO_REG_CONFIG + 8,
			     1u | (uint32_t)mtus[i] << 16);
		assert_int_equal(conf_probe(), 0);
		assert_int_equal(conf_net_start(), 0);
		assert_int_equal(conf.net.mtu, mtus[i]);
		(void)first_buf(HVL_NET_QUEUE_RX, &desc);
		assert_int_equal(desc.flags, VRING_DESC_F_WRITE);
		assert_true(desc.len >= 12u + 14u + mtus[i]);
		/* Whatever the mtu is. */
		assert_true(desc.len >= 1526);
	}
}

/* §5.1.6.2.1: no offload of any kind, also when a buffer comes round again. */
static void conf_drv_net_sent_header_is_zero(void **state)
{
	static const uint8_t zero[12];
	struct hvl_drv_net_buf *buf;
	struct mock_desc desc;
	uint8_t *p;
	uint32_t i;

	(void)state;
	conf_init(VIRTIO_ID_NET, NET);
	assert_int_equal(conf_probe(), 0);
	assert_int_equal(conf_net_start(), 0);
	for (i = 0; i < 3 * NUM; i++) {
		assert_int_equal(hvl_drv_net_tx_get(&conf.net, &buf), 1);
		memset(buf->data, 0xff, 60);
		assert_int_equal(hvl_drv_net_tx_put(&conf.net, buf, 60), 0);
		hvl_drv_net_kick(&conf.net);
		p = first_buf(HVL_NET_QUEUE_TX, &desc);
		assert_int_equal(desc.flags, 0);
		assert_int_equal(desc.len, 72);
		assert_memory_equal(p, zero, 12);
		assert_int_equal(p[12], 0xff);
		mock_push(&conf.mock.ring[HVL_NET_QUEUE_TX], i % NUM, 0);
	}
}

/*
 * §5.1.6.4.2: what the device says of checksums and lengths is not believed,
 * with NEEDS_CSUM and DATA_VALID or without.
 */
static void conf_drv_net_received_header_is_ignored(void **state)
{
	static const uint8_t flags[] = { 0xff, 0xfe, 0xfd, 0xfc, 0 };
	struct hvl_drv_net_buf *buf;
	struct mock_desc desc;
	uint8_t *p, frame[60];
	uint16_t i;

	(void)state;
	conf_init(VIRTIO_ID_NET, NET);
	assert_int_equal(conf_probe(), 0);
	assert_int_equal(conf_net_start(), 0);
	memset(frame, 0xab, sizeof(frame));
	for (i = 0; i < HVL_ARRAY_SIZE(flags); i++) {
		p = first_buf(HVL_NET_QUEUE_RX, &desc);
		memset(p, i & 1 ? 0xff : 8, 10);
		p[0] = flags[i];
		p[10] = 1;
		p[11] = 0;
		memcpy(p + 12, frame, sizeof(frame));
		mock_push(&conf.mock.ring[HVL_NET_QUEUE_RX], i, 72);
		assert_int_equal(hvl_drv_net_rx(&conf.net, &buf), 1);
		assert_int_equal(buf->len, 60);
		assert_ptr_equal(buf->data, p + 12);
		assert_memory_equal(buf->data, frame, sizeof(frame));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(conf_drv_exposed_entries_are_not_stored_to),
		cmocka_unit_test(conf_drv_returned_entry_alone_is_stored_to),
		cmocka_unit_test(conf_drv_net_buffers_hold_the_mtu),
		cmocka_unit_test(conf_drv_net_sent_header_is_zero),
		cmocka_unit_test(conf_drv_net_received_header_is_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
