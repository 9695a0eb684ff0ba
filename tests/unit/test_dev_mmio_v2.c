/* SPDX-License-Identifier: BSD-3-Clause */
/* Version 2 in plain memory: fences, status, queues, news. */
#include "mock_mmio.h"

#include <hvl/device/net.h>
#include <hvl/device/rng.h>
#include <hvl/metal/errno.h>

static struct hvl_io shm;
static struct mock_dev d;
static struct mock_entropy entropy;
static struct hvl_dev_rng rng;

static int setup(void **state)
{
	const struct hvl_dev_rng_backing backing = { mock_entropy_read,
						     &entropy };

	(void)state;
	mock_shm_map(&shm, MOCK_SHM_SIZE);
	entropy = (struct mock_entropy){ UINT32_MAX, UINT32_MAX, -EAGAIN, 0 };
	hvl_dev_rng_init(&rng, &backing);
	mock_dev_init(&d, &shm, 0, 2, &hvl_dev_rng_model, &rng);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	mock_shm_unmap(&shm);
	return 0;
}

static void mmio_v2_publish_shows_block(void **state)
{
	(void)state;
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_MAGIC), HVL_MMIO_MAGIC);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_VERSION), 2);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_DEVICE_ID), VIRTIO_ID_RNG);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_FENCE_MAGIC),
			 HVL_MMIO_FENCE_MAGIC);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_SHM_BASE_LOW), MOCK_DA);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_SHM_LEN_LOW), MOCK_SHM_SIZE);
	assert_false(mock_service(&d));
}

static void mmio_v2_publish_forgets_driver(void **state)
{
	(void)state;
	mock_bring_up(&d);
	hvl_dev_publish(&d.dev);
	assert_false(d.dev.live);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_STATUS), 0);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_DEVICE_STATUS), 0);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_FENCE_ACK), 0);
	mock_bring_up(&d);
}

static void mmio_v2_bring_up_reports_events(void **state)
{
	(void)state;
	mock_bring_up(&d);
	assert_int_equal(d.events[HVL_DEV_EVENT_FOUND], 1);
	assert_int_equal(d.events[HVL_DEV_EVENT_QUEUES], 1);
	assert_int_equal(d.events[HVL_DEV_EVENT_READY], 1);
	assert_int_equal(d.events[HVL_DEV_EVENT_RESET], 0);
	assert_int_equal(d.dev.stats.resets, 0);
	mock_reset(&d);
	assert_int_equal(d.events[HVL_DEV_EVENT_RESET], 1);
	assert_int_equal(d.dev.stats.resets, 1);
	assert_false(d.dev.live);
}

static void mmio_v2_fence_without_what_only_refreshes(void **state)
{
	(void)state;
	mock_set(&d, HVL_MMIO_REG_STATUS, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	mock_set(&d, HVL_MMIO_REG_QUEUE_SEL, 0);
	mock_fence(&d, 0);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_DEVICE_STATUS), 0);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_QUEUE_NUM_MAX), 128);
	mock_set(&d, HVL_MMIO_REG_QUEUE_SEL, 1);
	mock_fence(&d, 0);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_QUEUE_NUM_MAX), 0);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_QUEUE_STATE), 1);
	mock_set(&d, HVL_MMIO_REG_SHM_SEL, 7);
	mock_fence(&d, 0);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_SHM_LEN_LOW), 0xffffffff);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_SHM_LEN_HIGH), 0xffffffff);
}

static void mmio_v2_registers_without_fence_do_nothing(void **state)
{
	(void)state;
	mock_set(&d, HVL_MMIO_REG_STATUS, 0xff);
	mock_set(&d, HVL_MMIO_REG_FENCE_WHAT, HVL_MMIO_FENCE_STATUS);
	assert_false(mock_service(&d));
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_DEVICE_STATUS), 0);
}

static void mmio_v2_device_leaves_driver_words_alone(void **state)
{
	static const uint32_t words[] = {
		HVL_MMIO_REG_DEVICE_FEATURES_SEL, HVL_MMIO_REG_DRIVER_FEATURES,
		HVL_MMIO_REG_DRIVER_FEATURES_SEL, HVL_MMIO_REG_QUEUE_SEL,
		HVL_MMIO_REG_QUEUE_NUM,		  HVL_MMIO_REG_QUEUE_READY,
		HVL_MMIO_REG_QUEUE_NOTIFY,	  HVL_MMIO_REG_INTERRUPT_ACK,
		HVL_MMIO_REG_QUEUE_DESC_LOW,	  HVL_MMIO_REG_QUEUE_DRIVER_LOW,
		HVL_MMIO_REG_QUEUE_DEVICE_HIGH,	  HVL_MMIO_REG_SHM_SEL,
		HVL_MMIO_REG_QUEUE_RESET,
	};
	size_t i;

	(void)state;
	for (i = 0; i < HVL_ARRAY_SIZE(words); i++)
		mock_set(&d, words[i], 0xa5a50000 + (uint32_t)i);
	mock_set(&d, HVL_MMIO_REG_STATUS, 0xff);
	mock_fence(&d, 0xffffffff);
	for (i = 0; i < HVL_ARRAY_SIZE(words); i++)
		assert_int_equal(mock_reg(&d, words[i]),
				 0xa5a50000 + (uint32_t)i);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_STATUS), 0xff);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_FENCE_WHAT), 0xffffffff);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_FENCE_REQUEST), d.fence);
}

static void mmio_v2_offers_features_by_bank(void **state)
{
	uint64_t offered;

	(void)state;
	mock_reset(&d);
	offered = mock_offered(&d);
	assert_int_equal(offered,
			 HVL_BIT64(VIRTIO_F_VERSION_1) |
				 HVL_BIT64(VIRTIO_RING_F_INDIRECT_DESC) |
				 HVL_BIT64(VIRTIO_RING_F_EVENT_IDX) |
				 HVL_BIT64(VIRTIO_F_ACCESS_PLATFORM) |
				 HVL_BIT64(VIRTIO_F_IN_ORDER) |
				 HVL_BIT64(VIRTIO_F_ORDER_PLATFORM) |
				 HVL_BIT64(VIRTIO_F_NOTIFICATION_DATA) |
				 HVL_BIT64(VIRTIO_F_RING_RESET));
	mock_set(&d, HVL_MMIO_REG_DEVICE_FEATURES_SEL, 2);
	mock_fence(&d, 0);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_DEVICE_FEATURES), 0);
}

static uint32_t try_features(uint64_t features)
{
	uint32_t bank;

	mock_reset(&d);
	mock_status(&d, MOCK_STATUS_INIT);
	for (bank = 0; bank < 2; bank++) {
		mock_set(&d, HVL_MMIO_REG_DRIVER_FEATURES_SEL, bank);
		mock_set(&d, HVL_MMIO_REG_DRIVER_FEATURES,
			 (uint32_t)(features >> 32 * bank));
		mock_fence(&d, HVL_MMIO_FENCE_FEATURES);
	}
	return mock_status(&d, MOCK_STATUS_INIT | VIRTIO_CONFIG_S_FEATURES_OK) &
	       VIRTIO_CONFIG_S_FEATURES_OK;
}

static void mmio_v2_features_ok_only_for_what_was_offered(void **state)
{
	const uint64_t v1 = HVL_BIT64(VIRTIO_F_VERSION_1);

	(void)state;
	assert_int_equal(try_features(0), 0);
	assert_int_equal(try_features(v1 | HVL_BIT64(63)), 0);
	assert_int_equal(try_features(v1 | HVL_BIT64(0)), 0);
	assert_int_equal(try_features(HVL_BIT64(VIRTIO_RING_F_INDIRECT_DESC)),
			 0);
	assert_int_not_equal(try_features(v1), 0);
	assert_int_equal(d.dev.features, v1);
	/* Final from here on. */
	mock_set(&d, HVL_MMIO_REG_DRIVER_FEATURES, 0);
	mock_fence(&d, HVL_MMIO_FENCE_FEATURES | HVL_MMIO_FENCE_STATUS);
	assert_int_equal(d.dev.features, v1);
}

static void mmio_v2_features_and_status_in_one_fence(void **state)
{
	(void)state;
	mock_reset(&d);
	mock_set(&d, HVL_MMIO_REG_DRIVER_FEATURES_SEL, 1);
	mock_set(&d, HVL_MMIO_REG_DRIVER_FEATURES, 1);
	mock_set(&d, HVL_MMIO_REG_STATUS,
		 MOCK_STATUS_INIT | VIRTIO_CONFIG_S_FEATURES_OK);
	mock_fence(&d, HVL_MMIO_FENCE_FEATURES | HVL_MMIO_FENCE_STATUS);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_DEVICE_STATUS),
			 MOCK_STATUS_INIT | VIRTIO_CONFIG_S_FEATURES_OK);
}

static void mmio_v2_status_bits_need_those_before(void **state)
{
	(void)state;
	mock_reset(&d);
	assert_int_equal(mock_status(&d, VIRTIO_CONFIG_S_DRIVER_OK), 0);
	assert_int_equal(mock_status(&d, VIRTIO_CONFIG_S_DRIVER), 0);
	assert_int_equal(mock_status(&d, VIRTIO_CONFIG_S_FEATURES_OK), 0);
	assert_int_equal(
		mock_status(&d, MOCK_STATUS_INIT | VIRTIO_CONFIG_S_DRIVER_OK),
		MOCK_STATUS_INIT);
	assert_false(d.dev.live);
	assert_int_equal(mock_status(&d, VIRTIO_CONFIG_S_NEEDS_RESET),
			 MOCK_STATUS_INIT);
}

/* FAILED is the driver's last word until it resets. */
static void mmio_v2_failed_driver_does_not_go_live(void **state)
{
	(void)state;
	mock_begin(&d);
	mock_queue(&d, 0, MOCK_NUM);
	mock_status(&d, 0x0b | VIRTIO_CONFIG_S_FAILED);
	mock_status(&d, 0x0f | VIRTIO_CONFIG_S_FAILED);
	assert_false(d.dev.live);
	assert_int_equal(d.events[HVL_DEV_EVENT_READY], 0);
	mock_bring_up(&d);
	assert_true(d.dev.live);
}

static void mmio_v2_refused_queues_do_not_flood_the_log(void **state)
{
	unsigned int i;

	(void)state;
	mock_begin(&d);
	for (i = 0; i < 1000; i++)
		mock_v2_queue_regs(&d, 0, 3, MOCK_DA, MOCK_DA, MOCK_DA);
	assert_in_range(d.log.lines, 10, 70);
}

static void mmio_v2_failed_stops_serving(void **state)
{
	uint32_t id, len;

	(void)state;
	mock_bring_up(&d);
	mock_status(&d, 0xff & ~VIRTIO_CONFIG_S_NEEDS_RESET);
	assert_int_equal(d.events[HVL_DEV_EVENT_FAILED], 1);
	mock_offer(&d, 0, 8);
	mock_service(&d);
	assert_false(mock_used(&d.ring[0], &id, &len));
	mock_bring_up(&d);
}

static void mmio_v2_queue_needs_features_ok(void **state)
{
	struct mock_ring *r = &d.ring[0];

	(void)state;
	mock_reset(&d);
	mock_status(&d, MOCK_STATUS_INIT);
	mock_ring_init(r, &shm, mock_ring_off(&d, 0), 8, 4096);
	mock_v2_queue_regs(&d, 0, 8, shm.da + r->desc, shm.da + r->avail,
			   shm.da + r->used);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_QUEUE_STATE), 0);
}

static void mmio_v2_queue_is_set_up_once(void **state)
{
	struct mock_ring *r = &d.ring[0];

	(void)state;
	mock_begin(&d);
	mock_queue(&d, 0, 4);
	mock_v2_queue_regs(&d, 0, 8, shm.da + r->desc, shm.da + r->avail,
			   shm.da + r->used);
	assert_int_equal(d.dev.vq[0].num, 4);
}

static void mmio_v2_queue_is_too_late_after_driver_ok(void **state)
{
	struct mock_ring *r = &d.ring[0];

	(void)state;
	mock_begin(&d);
	mock_ready(&d);
	mock_ring_init(r, &shm, mock_ring_off(&d, 0), 8, 4096);
	mock_v2_queue_regs(&d, 0, 8, shm.da + r->desc, shm.da + r->avail,
			   shm.da + r->used);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_QUEUE_STATE), 0);
}

static void mmio_v2_queue_ready_zero_stops_queue(void **state)
{
	(void)state;
	mock_begin(&d);
	mock_queue(&d, 0, 4);
	mock_set(&d, HVL_MMIO_REG_QUEUE_READY, 0);
	mock_fence(&d, HVL_MMIO_FENCE_QUEUE);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_QUEUE_STATE), 0);
	mock_queue(&d, 0, 8);
}

static void mmio_v2_first_fence_is_not_the_acked_one(void **state)
{
	(void)state;
	mock_bring_up(&d);
	/* The driver is replaced without a trace but its registers. */
	d.fence = 0;
	mock_bring_up(&d);
	assert_int_equal(d.events[HVL_DEV_EVENT_READY], 2);
}

static void mmio_v2_reset_obeys_nothing_else(void **state)
{
	(void)state;
	mock_begin(&d);
	mock_queue(&d, 0, 4);
	mock_set(&d, HVL_MMIO_REG_STATUS, 0);
	mock_fence(&d, 0xffffffff);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_QUEUE_STATE), 0);
	assert_int_equal(d.dev.mmio.wanted, 0);
}

static void mmio_v2_used_buffers_ring(void **state)
{
	uint32_t id, len;

	(void)state;
	mock_bring_up(&d);
	assert_false(mock_service(&d));
	mock_offer(&d, 0, 8);
	assert_true(mock_service(&d));
	assert_true(mock_used(&d.ring[0], &id, &len));
	assert_int_equal(len, 8);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_INTERRUPT_STATUS),
			 HVL_MMIO_INT_VRING);
	hvl_io_write16(&shm, d.ring[0].avail, VRING_AVAIL_F_NO_INTERRUPT);
	mock_offer(&d, 0, 8);
	assert_false(mock_service(&d));
	assert_true(mock_used(&d.ring[0], &id, &len));
	assert_int_equal(d.dev.stats.chains, 2);
	assert_int_equal(d.dev.stats.interrupts, 1);
}

static void mmio_v2_budget_leaves_more(void **state)
{
	uint32_t id, len;
	int i;

	(void)state;
	mock_bring_up(&d);
	for (i = 0; i < 5; i++)
		mock_offer(&d, 0, 8);
	assert_int_equal(hvl_dev_service(&d.dev, 3),
			 HVL_DEV_RING | HVL_DEV_MORE);
	assert_int_equal(hvl_dev_service(&d.dev, 3), HVL_DEV_RING);
	for (i = 0; i < 5; i++)
		assert_true(mock_used(&d.ring[0], &id, &len));
	assert_false(mock_used(&d.ring[0], &id, &len));
}

static void mmio_v2_doorbell_is_wanted_only_when_idle(void **state)
{
	(void)state;
	mock_bring_up(&d);
	mock_offer(&d, 0, 8);
	mock_service(&d);
	assert_int_equal(hvl_io_read16(&shm, d.ring[0].used), 0);
	/* The backing brings the device back: no need to ring for that. */
	entropy.left = 0;
	mock_offer(&d, 0, 8);
	mock_service(&d);
	assert_int_equal(hvl_io_read16(&shm, d.ring[0].used),
			 VRING_USED_F_NO_NOTIFY);
}

static void mmio_v2_violation_needs_reset(void **state)
{
	uint32_t generation = mock_reg(&d, HVL_MMIO_REG_CONFIG_GENERATION);

	(void)state;
	mock_bring_up(&d);
	mock_avail(&d.ring[0], MOCK_NUM);
	assert_true(mock_service(&d));
	assert_true(mock_needs_reset(&d));
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_CONFIG_GENERATION),
			 generation + 2);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_INTERRUPT_STATUS) &
				 HVL_MMIO_INT_CONFIG,
			 HVL_MMIO_INT_CONFIG);
	assert_int_equal(d.log.lines, 1);
	assert_int_equal(d.dev.stats.violations, 1);
	assert_int_equal(d.events[HVL_DEV_EVENT_BROKEN], 1);
	/* Nothing but a reset gets it out. */
	mock_status(&d, 0x0f);
	assert_true(mock_needs_reset(&d));
	mock_status(&d, 0x8f);
	assert_int_equal(d.events[HVL_DEV_EVENT_FAILED], 0);
	mock_bring_up(&d);
	assert_false(mock_needs_reset(&d));
	assert_int_equal(d.events[HVL_DEV_EVENT_RESET], 1);
}

static void mmio_v2_log_is_not_flooded(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		mock_bring_up(&d);
		mock_avail(&d.ring[0], MOCK_NUM);
		mock_service(&d);
	}
	assert_int_equal(d.dev.stats.violations, 1000);
	assert_in_range(d.log.lines, 64, 72);
}

static void mmio_v2_config_change_moves_generation(void **state)
{
	const struct hvl_dev_net_backing backing = { NULL, NULL, NULL };
	const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
	struct hvl_dev_net net;

	(void)state;
	hvl_dev_net_init(&net, &backing, mac, 1400);
	mock_dev_init(&d, &shm, 0, 2, &hvl_dev_net_model, &net);
	assert_memory_equal(d.regs.va + HVL_MMIO_REG_CONFIG, mac, 6);
	assert_int_equal(hvl_io_read16(&d.regs, HVL_MMIO_REG_CONFIG + 6), 1);
	assert_int_equal(hvl_io_read16(&d.regs, HVL_MMIO_REG_CONFIG + 10),
			 1400);
	/* Not while it is being set up: it reads the new state anyway. */
	hvl_dev_net_set_link(&d.dev, false);
	assert_false(mock_service(&d));
	assert_int_equal(hvl_io_read16(&d.regs, HVL_MMIO_REG_CONFIG + 6), 0);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_CONFIG_GENERATION), 2);
	mock_bring_up(&d);
	hvl_dev_net_set_link(&d.dev, false);
	assert_false(mock_service(&d));
	hvl_dev_net_set_link(&d.dev, true);
	assert_true(mock_service(&d));
	assert_int_equal(hvl_io_read16(&d.regs, HVL_MMIO_REG_CONFIG + 6), 1);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_CONFIG_GENERATION), 4);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_INTERRUPT_STATUS) &
				 HVL_MMIO_INT_CONFIG,
			 HVL_MMIO_INT_CONFIG);
}

static void dev_init_rejects_bad_config(void **state)
{
	struct hvl_dev_config cfg = d.dev.cfg;
	struct hvl_io odd = shm, small = d.regs, high = shm;
	struct hvl_dev dev;

	(void)state;
	cfg.queue_max = 3;
	assert_int_equal(hvl_dev_init(&dev, &cfg, &hvl_dev_mmio_v2), -EINVAL);
	cfg.queue_max = 1024;
	assert_int_equal(hvl_dev_init(&dev, &cfg, &hvl_dev_mmio_v2), 0);
	cfg.segs = NULL;
	assert_int_equal(hvl_dev_init(&dev, &cfg, &hvl_dev_mmio_v2), -EINVAL);
	cfg = d.dev.cfg;
	odd.da += 4;
	cfg.shm = &odd;
	assert_int_equal(hvl_dev_init(&dev, &cfg, &hvl_dev_mmio_v2), -EINVAL);
	cfg = d.dev.cfg;
	small.size--;
	cfg.regs = &small;
	assert_int_equal(hvl_dev_init(&dev, &cfg, &hvl_dev_mmio_v2), -EINVAL);
	cfg = d.dev.cfg;
	high.da = UINT64_C(0xaabbaabb000) + 4096 - MOCK_SHM_SIZE;
	cfg.shm = &high;
	assert_int_equal(hvl_dev_init(&dev, &cfg, &hvl_dev_mmio_v2), 0);
	assert_int_equal(hvl_dev_init(&dev, &cfg, &hvl_dev_mmio_v1), -EINVAL);
	high.da -= 4096;
	assert_int_equal(hvl_dev_init(&dev, &cfg, &hvl_dev_mmio_v1), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(mmio_v2_publish_shows_block),
		T(mmio_v2_publish_forgets_driver),
		T(mmio_v2_bring_up_reports_events),
		T(mmio_v2_fence_without_what_only_refreshes),
		T(mmio_v2_registers_without_fence_do_nothing),
		T(mmio_v2_device_leaves_driver_words_alone),
		T(mmio_v2_offers_features_by_bank),
		T(mmio_v2_features_ok_only_for_what_was_offered),
		T(mmio_v2_features_and_status_in_one_fence),
		T(mmio_v2_status_bits_need_those_before),
		T(mmio_v2_failed_driver_does_not_go_live),
		T(mmio_v2_refused_queues_do_not_flood_the_log),
		T(mmio_v2_failed_stops_serving),
		T(mmio_v2_queue_needs_features_ok),
		T(mmio_v2_queue_is_set_up_once),
		T(mmio_v2_queue_is_too_late_after_driver_ok),
		T(mmio_v2_queue_ready_zero_stops_queue),
		T(mmio_v2_first_fence_is_not_the_acked_one),
		T(mmio_v2_reset_obeys_nothing_else),
		T(mmio_v2_used_buffers_ring),
		T(mmio_v2_budget_leaves_more),
		T(mmio_v2_doorbell_is_wanted_only_when_idle),
		T(mmio_v2_violation_needs_reset),
		T(mmio_v2_log_is_not_flooded),
		T(mmio_v2_config_change_moves_generation),
		T(dev_init_rejects_bad_config),
	};

	return cmocka_run_group_tests_name("dev_mmio_v2", tests, NULL, NULL);
}
