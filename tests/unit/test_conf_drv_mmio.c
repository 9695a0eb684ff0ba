/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What virtio 1.3 §2.1 to §2.5, §3.1, §4.2 and §6.1 ask of a driver, by each
 * access that it makes to the registers of a trapping device: see
 * docs/conformance.md.
 */
#include "conf_drv.h"

#include <string.h>

#include <hvl/metal/compiler.h>
#include <hvl/metal/errno.h>
#include <hvl/wire/mmio.h>

/* A whole life: probed, up, a frame sent, an interrupt, down. */
static void net_life(uint64_t features)
{
	struct hvl_drv_net_buf *buf;

	conf_init(VIRTIO_ID_NET, features);
	assert_int_equal(conf_probe(), 0);
	assert_int_equal(conf_net_start(), 0);
	assert_int_equal(hvl_drv_net_tx_get(&conf.net, &buf), 1);
	assert_int_equal(hvl_drv_net_tx_put(&conf.net, buf, 60), 0);
	hvl_drv_net_kick(&conf.net);
	mock_reg_set(&conf.mock, HVL_MMIO_REG_INTERRUPT_STATUS, 7);
	(void)hvl_drv_dev_events(&conf.dev);
	assert_int_equal(hvl_drv_net_stop(&conf.net), 0);
	conf.on = false;
}

/* The next access of a kind to a register, from @from on; LOG: none. */
static uint32_t find(uint32_t from, uint32_t reg, bool store)
{
	uint32_t i;

	for (i = from; i < conf.n; i++) {
		if (conf.log[i].reg == reg && conf.log[i].store == store)
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
	for (i = 0; i < conf.n; i++) {
		const struct access *a = &conf.log[i];

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
	conf_init(VIRTIO_ID_NET, NET);
	assert_int_equal(conf_probe(), 0);
	for (i = 0; i < 3; i++) {
		assert_int_equal(conf.log[i].reg, order[i]);
		assert_false(conf.log[i].store);
	}
	/* A placeholder: nothing else is looked at, and it is no error. */
	conf_init(0, NET);
	assert_int_equal(conf_probe(), -ENODEV);
	assert_int_equal(conf.n, 3);
	conf_init(VIRTIO_ID_NET, NET);
	mock_reg_set(&conf.mock, HVL_MMIO_REG_VERSION, 3);
	assert_int_equal(conf_probe(), -ENOTSUP);
	assert_int_equal(conf.n, 2);
	conf_init(VIRTIO_ID_NET, NET);
	mock_reg_set(&conf.mock, HVL_MMIO_REG_MAGIC, 0);
	assert_int_equal(conf_probe(), -ENODEV);
	assert_int_equal(conf.n, 1);
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
		assert_int_equal(conf.log[i].v, steps[k]);
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
			banks |= 1u << conf.log[sel].v;
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
		assert_int_equal(conf.log[ready].v, 1);
		for (i = 0; i < HVL_ARRAY_SIZE(regs); i++) {
			at = find(from, regs[i], STORED);
			assert_true(at < ready);
			if (i == 0)
				assert_true(conf.log[at].v <=
					    conf.mock.num_max);
		}
	}
	/* From then on their addresses are left alone. */
	for (i = ready; i < conf.n; i++) {
		for (k = 0; k < HVL_ARRAY_SIZE(regs); k++)
			assert_int_not_equal(conf.log[i].reg, regs[k]);
	}
}

static void conf_drv_queue_is_no_larger_than_offered(void **state)
{
	uint32_t i, n = 0;

	(void)state;
	conf_init(VIRTIO_ID_NET, NET);
	conf.mock.num_max = 4;
	assert_int_equal(conf_probe(), 0);
	assert_int_equal(conf_net_start(), 0);
	for (i = 0; i < conf.n; i++) {
		if (conf.log[i].reg != HVL_MMIO_REG_QUEUE_NUM)
			continue;
		assert_true(conf.log[i].v <= 4);
		n++;
	}
	assert_int_equal(n, 2);
}

/* §2.2.1, §6.1: all that we know and no bit more, whatever is offered. */
static void conf_drv_features_unknown_are_ignored(void **state)
{
	uint64_t known = NET | ALL_RING, once;

	(void)state;
	conf_init(VIRTIO_ID_NET, UINT64_MAX);
	assert_int_equal(conf_probe(), 0);
	assert_int_equal(conf_net_start(), 0);
	once = conf.mock.accepted;
	assert_int_equal(once & ~(known | HVL_BIT64(VIRTIO_F_ANY_LAYOUT)), 0);
	assert_int_equal(once & NET, NET);
	assert_true(hvl_drv_dev_has(&conf.dev, VIRTIO_F_VERSION_1));
	assert_true(hvl_drv_dev_has(&conf.dev, VIRTIO_F_ACCESS_PLATFORM));
	assert_true(hvl_drv_dev_has(&conf.dev, VIRTIO_F_ORDER_PLATFORM));
	assert_true(hvl_drv_dev_has(&conf.dev, VIRTIO_F_RING_PACKED));

	conf_init(VIRTIO_ID_RNG, UINT64_MAX);
	assert_int_equal(conf_probe(), 0);
	assert_int_equal(hvl_drv_rng_start(&conf.rng, &conf.dev, &conf.pool),
			 0);
	assert_int_equal(conf.mock.accepted & ~ALL_RING, 0);
}

static void conf_drv_features_not_offered_are_not_accepted(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < 64; i++) {
		uint64_t offered = HVL_BIT64(i) | HVL_BIT64(VIRTIO_F_VERSION_1);

		conf_init(VIRTIO_ID_NET, offered);
		assert_int_equal(conf_probe(), 0);
		assert_int_equal(conf_net_start(), 0);
		assert_int_equal(conf.mock.accepted & ~offered, 0);
		assert_true(hvl_drv_dev_has(&conf.dev, VIRTIO_F_VERSION_1));
	}
}

/* §2.1.1: after FAILED nothing is written to the device but a reset. */
static void conf_drv_failed_is_followed_by_reset(void **state)
{
	uint32_t i;

	(void)state;
	conf_init(VIRTIO_ID_NET, NET);
	conf.mock.refuse_features = true;
	assert_int_equal(conf_probe(), 0);
	assert_int_equal(conf_net_start(), -ENOTSUP);
	for (i = 0; i < conf.n; i++) {
		if (conf.log[i].store &&
		    conf.log[i].reg == HVL_MMIO_REG_STATUS &&
		    conf.log[i].v & VIRTIO_CONFIG_S_FAILED)
			break;
	}
	assert_true(i < conf.n);
	/* Initialization does not go on. */
	assert_int_equal(find(i, HVL_MMIO_REG_QUEUE_SEL, STORED), LOG);
	assert_int_equal(find(i, HVL_MMIO_REG_QUEUE_READY, STORED), LOG);
	conf.mock.refuse_features = false;
	assert_int_equal(conf_net_start(), 0);
	i = find(i + 1, HVL_MMIO_REG_STATUS, STORED);
	assert_int_equal(conf.log[i].v, 0);
}

/* §3.1.1: also where it is the device's set-up that goes wrong. */
static void conf_drv_any_step_that_fails_sets_failed(void **state)
{
	uint32_t i, turn, failed;

	(void)state;
	for (turn = 0; turn < 4; turn++) {
		conf_init(VIRTIO_ID_NET, NET);
		conf.mock.refuse_features = turn == 0;
		conf.mock.refuse_queue = turn == 1;
		conf.mock.break_at_ready = turn == 2;
		conf.mock.num_max = turn == 3 ? 0 : 16;
		assert_int_equal(conf_probe(), 0);
		assert_true(conf_net_start() < 0);
		for (i = 0, failed = LOG; i < conf.n; i++) {
			if (!conf.log[i].store ||
			    conf.log[i].reg != HVL_MMIO_REG_STATUS)
				continue;
			/* Nothing but the reset comes behind it. */
			if (failed < i)
				assert_int_equal(conf.log[i].v, 0);
			else if (conf.log[i].v & VIRTIO_CONFIG_S_FAILED)
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
	conf_init(VIRTIO_ID_NET, NET);
	conf.mock.regs.size = 0x10000;
	conf.mock.block[HVL_MMIO_BLOCK_SIZE - 1] = 0x77;
	assert_int_equal(conf_probe(), 0);
	assert_int_equal(conf_net_start(), 0);
	assert_int_equal(hvl_drv_dev_config_read(
				 &conf.dev, HVL_MMIO_CONFIG_SIZE - 1, &last, 1),
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
		conf_init(VIRTIO_ID_NET,
			  (turn & 1 ? HVL_BIT64(VIRTIO_NET_F_MAC) : 0) |
				  (turn & 2 ? HVL_BIT64(VIRTIO_NET_F_STATUS) :
					      0) |
				  (turn & 4 ? HVL_BIT64(VIRTIO_NET_F_MTU) : 0));
		assert_int_equal(conf_probe(), 0);
		assert_int_equal(conf_net_start(), 0);
		link = hvl_drv_net_link(&conf.net);
		/* Up where the device says nothing of it. */
		assert_true(link);
		for (i = 0; i < conf.n; i++) {
			if (conf.log[i].reg < HVL_MMIO_REG_CONFIG)
				continue;
			reg = conf.log[i].reg - HVL_MMIO_REG_CONFIG;
			assert_true(reg < 6 ? turn & 1 :
				    reg < 8 ? turn & 2 :
					      reg >= 10 && reg < 12 &&
						      (turn & 4));
			assert_int_equal(conf.log[i].size, reg < 6 ? 1 : 2);
		}
		assert_memory_equal(conf.net.mac,
				    turn & 1 ? "\2abcde" : "\2\1\2\3\4\5", 6);
		assert_int_equal(conf.net.mtu, turn & 4 ? 0x500 : 1500);
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
	assert_int_equal(conf.log[ack].v, 3);
	assert_int_equal(find(ack + 1, HVL_MMIO_REG_INTERRUPT_ACK, STORED),
			 LOG);
}

/* §2.6.1, §4.2.2.2: a queue is reset when the register says so, not before. */
static void conf_drv_queue_reset_waits_for_the_device(void **state)
{
	uint32_t i, ready;

	(void)state;
	conf_init(VIRTIO_ID_NET, NET | HVL_BIT64(VIRTIO_F_RING_RESET));
	assert_int_equal(conf_probe(), 0);
	assert_int_equal(conf_net_start(), 0);
	conf.n = 0;
	/* This one never says 0. */
	assert_int_equal(hvl_drv_net_queue_reset(&conf.net, HVL_NET_QUEUE_RX),
			 -ETIMEDOUT);
	i = find(0, HVL_MMIO_REG_QUEUE_RESET, STORED);
	assert_true(i < LOG);
	assert_int_equal(conf.log[i].v, 1);
	ready = find(i, HVL_MMIO_REG_QUEUE_READY, STORED);
	assert_int_equal(ready, LOG);
	assert_int_equal(find(i, HVL_MMIO_REG_QUEUE_NUM, STORED), LOG);

	/* In plain memory: the fence is answered, and nothing was reset. */
	conf_init_kind(MOCK_V2, VIRTIO_ID_NET,
		       NET | HVL_BIT64(VIRTIO_F_RING_RESET));
	assert_int_equal(conf_probe(), 0);
	assert_int_equal(conf_net_start(), 0);
	conf.n = 0;
	assert_int_equal(hvl_drv_net_queue_reset(&conf.net, HVL_NET_QUEUE_RX),
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
		assert_true(conf.log[i].v <= 1);
	assert_int_equal(n, 2);

	net_life(NET | HVL_BIT64(VIRTIO_F_NOTIFICATION_DATA));
	i = find(0, HVL_MMIO_REG_QUEUE_NOTIFY, STORED);
	assert_int_equal(conf.log[i].v, NUM << 16 | HVL_NET_QUEUE_RX);
	i = find(i + 1, HVL_MMIO_REG_QUEUE_NOTIFY, STORED);
	assert_int_equal(conf.log[i].v, 1u << 16 | HVL_NET_QUEUE_TX);
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
