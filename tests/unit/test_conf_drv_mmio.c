/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What virtio 1.3 §2.1 to §2.5, §3.1, §4.2 and §6.1 ask of a driver, by each
 * access that it makes to the registers of a trapping device: see
 * docs/conformance.md.
 */
#include "drv_mock_dev.h"

#include <string.h>

#include <hvl/driver/net.h>
#include <hvl/driver/rng.h>
#include <hvl/metal/compiler.h>
#include <hvl/metal/errno.h>
#include <hvl/wire/mmio.h>
#include <hvl/wire/virtio.h>

#define LOG 4096u
#define NUM 16u
#define LOADED false
#define STORED true
#define ALL_RING                                                              \
	(HVL_BIT64(VIRTIO_RING_F_INDIRECT_DESC) |                             \
	 HVL_BIT64(VIRTIO_RING_F_EVENT_IDX) | HVL_BIT64(VIRTIO_F_VERSION_1) | \
	 HVL_BIT64(VIRTIO_F_ACCESS_PLATFORM) |                                \
	 HVL_BIT64(VIRTIO_F_RING_PACKED) | HVL_BIT64(VIRTIO_F_IN_ORDER) |     \
	 HVL_BIT64(VIRTIO_F_ORDER_PLATFORM) |                                 \
	 HVL_BIT64(VIRTIO_F_NOTIFICATION_DATA) |                              \
	 HVL_BIT64(VIRTIO_F_RING_RESET))
#define NET                                                          \
	(HVL_BIT64(VIRTIO_NET_F_MAC) | HVL_BIT64(VIRTIO_NET_F_MTU) | \
	 HVL_BIT64(VIRTIO_NET_F_STATUS))

struct access {
	uint32_t reg;
	uint32_t size;
	bool store;
	uint64_t v; /* stored */
};

static struct fixture {
	struct hvl_drv_pool pool;
	struct mock_dev mock;
	struct hvl_drv_dev dev;
	struct hvl_drv_net net;
	struct hvl_drv_rng rng;
	struct hvl_drv_vq_slot slots[2][NUM];
	struct hvl_drv_net_buf bufs[2][NUM];
	struct access log[LOG];
	uint32_t n;
	bool on;
} fix;

static void note(const volatile void *p, size_t size, bool store, uint64_t v)
{
	uintptr_t at = (uintptr_t)p - (uintptr_t)fix.mock.block;

	if (!fix.on || fix.mock.in_store || at >= sizeof(fix.mock.block))
		return;
	assert_true(fix.n < LOG);
	fix.log[fix.n++] =
		(struct access){ (uint32_t)at, (uint32_t)size, store, v };
}

/* Called by the port of this test. */
void conf_loaded(const volatile void *p, size_t size);
void conf_loaded(const volatile void *p, size_t size)
{
	note(p, size, LOADED, 0);
}

void conf_stored(const volatile void *p, size_t size, uint64_t v);
void conf_stored(const volatile void *p, size_t size, uint64_t v)
{
	note(p, size, STORED, v);
}

static void init_kind(enum mock_kind kind, uint32_t id, uint64_t features)
{
	memset(&fix, 0, sizeof(fix));
	mock_dev_init(&fix.mock, kind, id, &fix.pool, features);
	hvl_io_fill(&fix.pool.io, 0, 0x5a, fix.pool.io.size);
	memcpy(fix.mock.block + HVL_MMIO_REG_CONFIG, "\2abcde\1\0\1\0\0\5", 12);
}

static void init(uint32_t id, uint64_t features)
{
	init_kind(MOCK_TRAP2, id, features);
}

static int probe(void)
{
	fix.on = true;
	return hvl_drv_mmio_probe(&fix.dev, &fix.mock.regs, &fix.mock.plat);
}

static int net_start(void)
{
	struct hvl_drv_net_config cfg = {
		.rx_slots = fix.slots[0],
		.tx_slots = fix.slots[1],
		.rx_bufs = fix.bufs[0],
		.tx_bufs = fix.bufs[1],
		.rx_num = NUM,
		.tx_num = NUM,
		.mac = { 2, 1, 2, 3, 4, 5 },
	};

	return hvl_drv_net_start(&fix.net, &fix.dev, &fix.pool, &cfg);
}

/* A whole life: probed, up, a frame sent, an interrupt, down. */
static void net_life(uint64_t features)
{
	struct hvl_drv_net_buf *buf;

	init(VIRTIO_ID_NET, features);
	assert_int_equal(probe(), 0);
	assert_int_equal(net_start(), 0);
	assert_int_equal(hvl_drv_net_tx_get(&fix.net, &buf), 1);
	assert_int_equal(hvl_drv_net_tx_put(&fix.net, buf, 60), 0);
	hvl_drv_net_kick(&fix.net);
	mock_reg_set(&fix.mock, HVL_MMIO_REG_INTERRUPT_STATUS, 7);
	(void)hvl_drv_dev_events(&fix.dev);
	assert_int_equal(hvl_drv_net_stop(&fix.net), 0);
	fix.on = false;
}

/* The next access of a kind to a register, from @from on; LOG: none. */
static uint32_t find(uint32_t from, uint32_t reg, bool store)
{
	uint32_t i;

	for (i = from; i < fix.n; i++) {
		if (fix.log[i].reg == reg && fix.log[i].store == store)
			return i;
	}
	return LOG;
}

/* §4.2.2: R, W or both. */
static bool allowed(const struct access *a)
{
	static const uint32_t readable[] = {
		HVL_MMIO_REG_MAGIC,
		HVL_MMIO_REG_VERSION,
		HVL_MMIO_REG_DEVICE_ID,
		HVL_MMIO_REG_VENDOR_ID,
		HVL_MMIO_REG_DEVICE_FEATURES,
		HVL_MMIO_REG_QUEUE_NUM_MAX,
		HVL_MMIO_REG_QUEUE_READY,
		HVL_MMIO_REG_INTERRUPT_STATUS,
		HVL_MMIO_REG_STATUS,
		HVL_MMIO_REG_SHM_LEN_LOW,
		HVL_MMIO_REG_SHM_LEN_HIGH,
		HVL_MMIO_REG_SHM_BASE_LOW,
		HVL_MMIO_REG_SHM_BASE_HIGH,
		HVL_MMIO_REG_QUEUE_RESET,
		HVL_MMIO_REG_CONFIG_GENERATION,
		/* the named departure: what kind of device it is */
		HVL_MMIO_REG_FENCE_MAGIC,
	};
	static const uint32_t writable[] = {
		HVL_MMIO_REG_DEVICE_FEATURES_SEL,
		HVL_MMIO_REG_DRIVER_FEATURES,
		HVL_MMIO_REG_DRIVER_FEATURES_SEL,
		HVL_MMIO_REG_QUEUE_SEL,
		HVL_MMIO_REG_QUEUE_NUM,
		HVL_MMIO_REG_QUEUE_READY,
		HVL_MMIO_REG_QUEUE_NOTIFY,
		HVL_MMIO_REG_INTERRUPT_ACK,
		HVL_MMIO_REG_STATUS,
		HVL_MMIO_REG_QUEUE_DESC_LOW,
		HVL_MMIO_REG_QUEUE_DESC_HIGH,
		HVL_MMIO_REG_QUEUE_DRIVER_LOW,
		HVL_MMIO_REG_QUEUE_DRIVER_HIGH,
		HVL_MMIO_REG_QUEUE_DEVICE_LOW,
		HVL_MMIO_REG_QUEUE_DEVICE_HIGH,
		HVL_MMIO_REG_SHM_SEL,
		HVL_MMIO_REG_QUEUE_RESET,
	};
	const uint32_t *regs = a->store ? writable : readable;
	size_t n = a->store ? HVL_ARRAY_SIZE(writable) :
			      HVL_ARRAY_SIZE(readable);

	while (n-- > 0) {
		if (regs[n] == a->reg)
			return true;
	}
	return false;
}

static void conf_drv_registers_are_accessed_as_listed(void **state)
{
	uint32_t i, config = 0;

	(void)state;
	net_life(NET | ALL_RING);
	for (i = 0; i < fix.n; i++) {
		const struct access *a = &fix.log[i];

		if (a->reg >= HVL_MMIO_REG_CONFIG) {
			/* §3.1.1, §5.1.4.2: config is only read. */
			assert_false(a->store);
			assert_int_equal(a->reg % a->size, 0);
			config++;
			continue;
		}
		assert_int_equal(a->size, 4);
		assert_int_equal(a->reg % 4, 0);
		if (!allowed(a))
			print_error("%s of 0x%x\n", a->store ? "store" : "load",
				    a->reg);
		assert_true(allowed(a));
	}
	assert_true(config >= 7);
}

static void conf_drv_probe_goes_by_magic_version_id(void **state)
{
	static const uint32_t order[] = { HVL_MMIO_REG_MAGIC,
					  HVL_MMIO_REG_VERSION,
					  HVL_MMIO_REG_DEVICE_ID };
	uint32_t i;

	(void)state;
	init(VIRTIO_ID_NET, NET);
	assert_int_equal(probe(), 0);
	for (i = 0; i < 3; i++) {
		assert_int_equal(fix.log[i].reg, order[i]);
		assert_false(fix.log[i].store);
	}
	/* A placeholder: nothing else is looked at, and it is no error. */
	init(0, NET);
	assert_int_equal(probe(), -ENODEV);
	assert_int_equal(fix.n, 3);
	init(VIRTIO_ID_NET, NET);
	mock_reg_set(&fix.mock, HVL_MMIO_REG_VERSION, 3);
	assert_int_equal(probe(), -ENOTSUP);
	assert_int_equal(fix.n, 2);
	init(VIRTIO_ID_NET, NET);
	mock_reg_set(&fix.mock, HVL_MMIO_REG_MAGIC, 0);
	assert_int_equal(probe(), -ENODEV);
	assert_int_equal(fix.n, 1);
}

/* §3.1.1: each step in its place, and no bit is ever taken back. */
static void conf_drv_status_grows_step_by_step(void **state)
{
	static const uint32_t steps[] = { 0, 1, 3, 11, 15, 0 };
	uint32_t i, k, at[6], ok;

	(void)state;
	net_life(NET | ALL_RING);
	for (i = 0, k = 0; k < 6; k++, i++) {
		i = find(i, HVL_MMIO_REG_STATUS, STORED);
		assert_true(i < LOG);
		assert_int_equal(fix.log[i].v, steps[k]);
		at[k] = i;
	}
	assert_int_equal(find(i, HVL_MMIO_REG_STATUS, STORED), LOG);
	/* Reset is over when it reads 0. */
	i = find(at[0], HVL_MMIO_REG_STATUS, LOADED);
	assert_true(i < at[1]);
	/* Features: before FEATURES_OK, which is read back, and never after. */
	i = find(0, HVL_MMIO_REG_DEVICE_FEATURES, LOADED);
	assert_true(i > at[2] && i < at[3]);
	i = find(0, HVL_MMIO_REG_DRIVER_FEATURES, STORED);
	assert_true(i > at[2] && i < at[3]);
	assert_int_equal(find(at[3], HVL_MMIO_REG_DRIVER_FEATURES, STORED),
			 LOG);
	ok = find(at[3], HVL_MMIO_REG_STATUS, LOADED);
	i = find(0, HVL_MMIO_REG_QUEUE_SEL, STORED);
	assert_true(ok < i && i < at[4]);
	/* Queues: before DRIVER_OK; notifications: after it. */
	i = find(at[4], HVL_MMIO_REG_QUEUE_READY, STORED);
	assert_int_equal(i, LOG);
	i = find(0, HVL_MMIO_REG_QUEUE_NOTIFY, STORED);
	assert_true(i > at[4] && i < at[5]);
}

static void conf_drv_features_follow_their_selectors(void **state)
{
	static const uint32_t sels[] = { HVL_MMIO_REG_DEVICE_FEATURES_SEL,
					 HVL_MMIO_REG_DRIVER_FEATURES_SEL };
	static const uint32_t regs[] = { HVL_MMIO_REG_DEVICE_FEATURES,
					 HVL_MMIO_REG_DRIVER_FEATURES };
	uint32_t i, k, sel = 0, reg = 0, banks;

	(void)state;
	net_life(NET | ALL_RING);
	for (k = 0; k < 2; k++) {
		for (i = 0, banks = 0; i < 2; i++) {
			sel = find(i ? sel + 1 : 0, sels[k], STORED);
			reg = find(i ? reg + 1 : 0, regs[k], k != 0);
			assert_true(sel < reg && reg < LOG);
			banks |= 1u << fix.log[sel].v;
		}
		assert_int_equal(banks, 3);
	}
}

static void conf_drv_queue_is_set_up_before_ready(void **state)
{
	static const uint32_t regs[] = {
		HVL_MMIO_REG_QUEUE_NUM,		HVL_MMIO_REG_QUEUE_DESC_LOW,
		HVL_MMIO_REG_QUEUE_DESC_HIGH,	HVL_MMIO_REG_QUEUE_DRIVER_LOW,
		HVL_MMIO_REG_QUEUE_DRIVER_HIGH, HVL_MMIO_REG_QUEUE_DEVICE_LOW,
		HVL_MMIO_REG_QUEUE_DEVICE_HIGH,
	};
	uint32_t i, k, q, at, ready = 0, from;

	(void)state;
	net_life(NET | ALL_RING);
	for (q = 0; q < 2; q++) {
		from = ready;
		ready = find(from + 1, HVL_MMIO_REG_QUEUE_READY, STORED);
		assert_true(ready < LOG);
		assert_int_equal(fix.log[ready].v, 1);
		for (i = 0; i < HVL_ARRAY_SIZE(regs); i++) {
			at = find(from, regs[i], STORED);
			assert_true(at < ready);
			if (i == 0)
				assert_true(fix.log[at].v <= fix.mock.num_max);
		}
	}
	/* From then on their addresses are left alone. */
	for (i = ready; i < fix.n; i++) {
		for (k = 0; k < HVL_ARRAY_SIZE(regs); k++)
			assert_int_not_equal(fix.log[i].reg, regs[k]);
	}
}

static void conf_drv_queue_is_no_larger_than_offered(void **state)
{
	uint32_t i, n = 0;

	(void)state;
	init(VIRTIO_ID_NET, NET);
	fix.mock.num_max = 4;
	assert_int_equal(probe(), 0);
	assert_int_equal(net_start(), 0);
	for (i = 0; i < fix.n; i++) {
		if (fix.log[i].reg != HVL_MMIO_REG_QUEUE_NUM)
			continue;
		assert_true(fix.log[i].v <= 4);
		n++;
	}
	assert_int_equal(n, 2);
}

/* §2.2.1, §6.1: all that we know and no bit more, whatever is offered. */
static void conf_drv_features_unknown_are_ignored(void **state)
{
	uint64_t known = NET | ALL_RING, once;

	(void)state;
	init(VIRTIO_ID_NET, UINT64_MAX);
	assert_int_equal(probe(), 0);
	assert_int_equal(net_start(), 0);
	once = fix.mock.accepted;
	assert_int_equal(once & ~(known | HVL_BIT64(VIRTIO_F_ANY_LAYOUT)), 0);
	assert_int_equal(once & NET, NET);
	assert_true(hvl_drv_dev_has(&fix.dev, VIRTIO_F_VERSION_1));
	assert_true(hvl_drv_dev_has(&fix.dev, VIRTIO_F_ACCESS_PLATFORM));
	assert_true(hvl_drv_dev_has(&fix.dev, VIRTIO_F_ORDER_PLATFORM));
	assert_true(hvl_drv_dev_has(&fix.dev, VIRTIO_F_RING_PACKED));

	init(VIRTIO_ID_RNG, UINT64_MAX);
	assert_int_equal(probe(), 0);
	assert_int_equal(hvl_drv_rng_start(&fix.rng, &fix.dev, &fix.pool), 0);
	assert_int_equal(fix.mock.accepted & ~ALL_RING, 0);
}

static void conf_drv_features_not_offered_are_not_accepted(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < 64; i++) {
		uint64_t offered = HVL_BIT64(i) | HVL_BIT64(VIRTIO_F_VERSION_1);

		init(VIRTIO_ID_NET, offered);
		assert_int_equal(probe(), 0);
		assert_int_equal(net_start(), 0);
		assert_int_equal(fix.mock.accepted & ~offered, 0);
		assert_true(hvl_drv_dev_has(&fix.dev, VIRTIO_F_VERSION_1));
	}
}

/* §2.1.1: after FAILED nothing is written to the device but a reset. */
static void conf_drv_failed_is_followed_by_reset(void **state)
{
	uint32_t i;

	(void)state;
	init(VIRTIO_ID_NET, NET);
	fix.mock.refuse_features = true;
	assert_int_equal(probe(), 0);
	assert_int_equal(net_start(), -ENOTSUP);
	for (i = 0; i < fix.n; i++) {
		if (fix.log[i].store && fix.log[i].reg == HVL_MMIO_REG_STATUS &&
		    fix.log[i].v & VIRTIO_CONFIG_S_FAILED)
			break;
	}
	assert_true(i < fix.n);
	/* Initialization does not go on. */
	assert_int_equal(find(i, HVL_MMIO_REG_QUEUE_SEL, STORED), LOG);
	assert_int_equal(find(i, HVL_MMIO_REG_QUEUE_READY, STORED), LOG);
	fix.mock.refuse_features = false;
	assert_int_equal(net_start(), 0);
	i = find(i + 1, HVL_MMIO_REG_STATUS, STORED);
	assert_int_equal(fix.log[i].v, 0);
}

/* §3.1.1: also where it is the device's set-up that goes wrong. */
static void conf_drv_any_step_that_fails_sets_failed(void **state)
{
	uint32_t i, turn, failed;

	(void)state;
	for (turn = 0; turn < 4; turn++) {
		init(VIRTIO_ID_NET, NET);
		fix.mock.refuse_features = turn == 0;
		fix.mock.refuse_queue = turn == 1;
		fix.mock.break_at_ready = turn == 2;
		fix.mock.num_max = turn == 3 ? 0 : 16;
		assert_int_equal(probe(), 0);
		assert_true(net_start() < 0);
		for (i = 0, failed = LOG; i < fix.n; i++) {
			if (!fix.log[i].store ||
			    fix.log[i].reg != HVL_MMIO_REG_STATUS)
				continue;
			/* Nothing but the reset comes behind it. */
			if (failed < i)
				assert_int_equal(fix.log[i].v, 0);
			else if (fix.log[i].v & VIRTIO_CONFIG_S_FAILED)
				failed = i;
		}
		assert_true(failed < LOG);
		assert_int_equal(find(failed, HVL_MMIO_REG_QUEUE_READY, STORED),
				 LOG);
	}
}

/* §2.5.1: there may be more of it than we know. */
static void conf_drv_config_space_may_be_larger(void **state)
{
	uint8_t last;

	(void)state;
	init(VIRTIO_ID_NET, NET);
	fix.mock.regs.size = 0x10000;
	fix.mock.block[HVL_MMIO_BLOCK_SIZE - 1] = 0x77;
	assert_int_equal(probe(), 0);
	assert_int_equal(net_start(), 0);
	assert_int_equal(hvl_drv_dev_config_read(
				 &fix.dev, HVL_MMIO_CONFIG_SIZE - 1, &last, 1),
			 0);
	assert_int_equal(last, 0x77);
}

/* §2.5.1: a field is read only if it is there, all of it at its width. */
static void conf_drv_config_fields_need_their_features(void **state)
{
	uint32_t i, reg, turn;
	bool link;

	(void)state;
	for (turn = 0; turn < 8; turn++) {
		init(VIRTIO_ID_NET,
		     (turn & 1 ? HVL_BIT64(VIRTIO_NET_F_MAC) : 0) |
			     (turn & 2 ? HVL_BIT64(VIRTIO_NET_F_STATUS) : 0) |
			     (turn & 4 ? HVL_BIT64(VIRTIO_NET_F_MTU) : 0));
		assert_int_equal(probe(), 0);
		assert_int_equal(net_start(), 0);
		link = hvl_drv_net_link(&fix.net);
		/* Up where the device says nothing of it. */
		assert_true(link);
		for (i = 0; i < fix.n; i++) {
			if (fix.log[i].reg < HVL_MMIO_REG_CONFIG)
				continue;
			reg = fix.log[i].reg - HVL_MMIO_REG_CONFIG;
			assert_true(reg < 6 ? turn & 1 :
				    reg < 8 ? turn & 2 :
					      reg >= 10 && reg < 12 &&
						      (turn & 4));
			assert_int_equal(fix.log[i].size, reg < 6 ? 1 : 2);
		}
		assert_memory_equal(fix.net.mac,
				    turn & 1 ? "\2abcde" : "\2\1\2\3\4\5", 6);
		assert_int_equal(fix.net.mtu, turn & 4 ? 0x500 : 1500);
	}
}

/* §4.2.3.4.1: read, then handled, then acknowledged, defined bits only. */
static void conf_drv_interrupt_is_read_and_acknowledged(void **state)
{
	uint32_t i, ack;

	(void)state;
	net_life(NET);
	i = find(0, HVL_MMIO_REG_INTERRUPT_STATUS, LOADED);
	ack = find(0, HVL_MMIO_REG_INTERRUPT_ACK, STORED);
	assert_true(i < ack && ack < LOG);
	assert_int_equal(fix.log[ack].v, 3);
	assert_int_equal(find(ack + 1, HVL_MMIO_REG_INTERRUPT_ACK, STORED),
			 LOG);
}

/* §2.6.1, §4.2.2.2: a queue is reset when the register says so, not before. */
static void conf_drv_queue_reset_waits_for_the_device(void **state)
{
	uint32_t i, ready;

	(void)state;
	init(VIRTIO_ID_NET, NET | HVL_BIT64(VIRTIO_F_RING_RESET));
	assert_int_equal(probe(), 0);
	assert_int_equal(net_start(), 0);
	fix.n = 0;
	/* This one never says 0. */
	assert_int_equal(hvl_drv_net_queue_reset(&fix.net, HVL_NET_QUEUE_RX),
			 -ETIMEDOUT);
	i = find(0, HVL_MMIO_REG_QUEUE_RESET, STORED);
	assert_true(i < LOG);
	assert_int_equal(fix.log[i].v, 1);
	ready = find(i, HVL_MMIO_REG_QUEUE_READY, STORED);
	assert_int_equal(ready, LOG);
	assert_int_equal(find(i, HVL_MMIO_REG_QUEUE_NUM, STORED), LOG);

	/* In plain memory: the fence is answered, and nothing was reset. */
	init_kind(MOCK_V2, VIRTIO_ID_NET, NET | HVL_BIT64(VIRTIO_F_RING_RESET));
	assert_int_equal(probe(), 0);
	assert_int_equal(net_start(), 0);
	fix.n = 0;
	assert_int_equal(hvl_drv_net_queue_reset(&fix.net, HVL_NET_QUEUE_RX),
			 -EIO);
	assert_int_equal(find(0, HVL_MMIO_REG_QUEUE_READY, STORED), LOG);
}

/* §2.9: the queue and where it goes on. */
static void conf_drv_notify_has_queue_and_position(void **state)
{
	uint32_t i, n = 0;

	(void)state;
	net_life(NET);
	for (i = find(0, HVL_MMIO_REG_QUEUE_NOTIFY, STORED); i < LOG;
	     i = find(i + 1, HVL_MMIO_REG_QUEUE_NOTIFY, STORED), n++)
		assert_true(fix.log[i].v <= 1);
	assert_int_equal(n, 2);

	net_life(NET | HVL_BIT64(VIRTIO_F_NOTIFICATION_DATA));
	i = find(0, HVL_MMIO_REG_QUEUE_NOTIFY, STORED);
	assert_int_equal(fix.log[i].v, NUM << 16 | HVL_NET_QUEUE_RX);
	i = find(i + 1, HVL_MMIO_REG_QUEUE_NOTIFY, STORED);
	assert_int_equal(fix.log[i].v, 1u << 16 | HVL_NET_QUEUE_TX);
}

/* The first descriptor of the device's ring @q, and where its buffer lies. */
static uint8_t *first_buf(unsigned int q, struct mock_desc *desc)
{
	struct mock_ring *r = &fix.mock.ring[q];

	*desc = mock_desc(r, mock_pop(r));
	return mock_data(r, desc);
}

/* §5.1.4.2, §5.1.6.3.1: header and largest frame, in one buffer. */
static void conf_drv_net_buffers_hold_the_mtu(void **state)
{
	static const uint16_t mtus[] = { 68, 1500, 9000 };
	struct mock_desc desc;
	uint32_t i;

	(void)state;
	for (i = 0; i < HVL_ARRAY_SIZE(mtus); i++) {
		init(VIRTIO_ID_NET, NET);
		mock_reg_set(&fix.mock, HVL_MMIO_REG_CONFIG + 8,
			     1u | (uint32_t)mtus[i] << 16);
		assert_int_equal(probe(), 0);
		assert_int_equal(net_start(), 0);
		assert_int_equal(fix.net.mtu, mtus[i]);
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
	init(VIRTIO_ID_NET, NET);
	assert_int_equal(probe(), 0);
	assert_int_equal(net_start(), 0);
	for (i = 0; i < 3 * NUM; i++) {
		assert_int_equal(hvl_drv_net_tx_get(&fix.net, &buf), 1);
		memset(buf->data, 0xff, 60);
		assert_int_equal(hvl_drv_net_tx_put(&fix.net, buf, 60), 0);
		hvl_drv_net_kick(&fix.net);
		p = first_buf(HVL_NET_QUEUE_TX, &desc);
		assert_int_equal(desc.flags, 0);
		assert_int_equal(desc.len, 72);
		assert_memory_equal(p, zero, 12);
		assert_int_equal(p[12], 0xff);
		mock_push(&fix.mock.ring[HVL_NET_QUEUE_TX], i % NUM, 0);
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
	init(VIRTIO_ID_NET, NET);
	assert_int_equal(probe(), 0);
	assert_int_equal(net_start(), 0);
	memset(frame, 0xab, sizeof(frame));
	for (i = 0; i < HVL_ARRAY_SIZE(flags); i++) {
		p = first_buf(HVL_NET_QUEUE_RX, &desc);
		memset(p, i & 1 ? 0xff : 8, 10);
		p[0] = flags[i];
		p[10] = 1;
		p[11] = 0;
		memcpy(p + 12, frame, sizeof(frame));
		mock_push(&fix.mock.ring[HVL_NET_QUEUE_RX], i, 72);
		assert_int_equal(hvl_drv_net_rx(&fix.net, &buf), 1);
		assert_int_equal(buf->len, 60);
		assert_ptr_equal(buf->data, p + 12);
		assert_memory_equal(buf->data, frame, sizeof(frame));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(conf_drv_registers_are_accessed_as_listed),
		cmocka_unit_test(conf_drv_probe_goes_by_magic_version_id),
		cmocka_unit_test(conf_drv_status_grows_step_by_step),
		cmocka_unit_test(conf_drv_features_follow_their_selectors),
		cmocka_unit_test(conf_drv_queue_is_set_up_before_ready),
		cmocka_unit_test(conf_drv_queue_is_no_larger_than_offered),
		cmocka_unit_test(conf_drv_features_unknown_are_ignored),
		cmocka_unit_test(
			conf_drv_features_not_offered_are_not_accepted),
		cmocka_unit_test(conf_drv_failed_is_followed_by_reset),
		cmocka_unit_test(conf_drv_any_step_that_fails_sets_failed),
		cmocka_unit_test(conf_drv_config_space_may_be_larger),
		cmocka_unit_test(conf_drv_config_fields_need_their_features),
		cmocka_unit_test(conf_drv_interrupt_is_read_and_acknowledged),
		cmocka_unit_test(conf_drv_queue_reset_waits_for_the_device),
		cmocka_unit_test(conf_drv_notify_has_queue_and_position),
		cmocka_unit_test(conf_drv_net_buffers_hold_the_mtu),
		cmocka_unit_test(conf_drv_net_sent_header_is_zero),
		cmocka_unit_test(conf_drv_net_received_header_is_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
