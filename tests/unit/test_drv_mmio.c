/* SPDX-License-Identifier: BSD-3-Clause */
/* The mmio transports and the life cycle, against mocks of each device kind. */
#include "drv_mock_dev.h"

#include <string.h>

#include <hvl/metal/compiler.h>
#include <hvl/metal/errno.h>
#include <hvl/wire/mmio.h>

#define FEATURES (HVL_BIT64(5) | HVL_BIT64(VIRTIO_RING_F_INDIRECT_DESC))

static struct fixture {
	struct hvl_drv_pool pool;
	struct hvl_drv_vq_slot slots[2][16];
	struct hvl_drv_vq vq[2];
	struct mock_dev mock;
	struct hvl_drv_dev dev;
} fix;

static struct fixture *fix_probe(enum mock_kind kind)
{
	struct fixture *f = &fix;

	mock_dev_init(&f->mock, kind, VIRTIO_ID_NET, &f->pool, FEATURES);
	memset(&f->dev, 0xa5, sizeof(f->dev));
	assert_int_equal(
		hvl_drv_mmio_probe(&f->dev, &f->mock.regs, &f->mock.plat), 0);
	return f;
}

/* With a device of each of the kinds that are named. */
#define FOR_EACH_KIND(f, ...)                                    \
	for (const int kinds_[] = { __VA_ARGS__ }, *k_ = kinds_; \
	     k_ < kinds_ + HVL_ARRAY_SIZE(kinds_) &&             \
	     ((f) = fix_probe(*k_)) != NULL;                     \
	     k_++)

static int fix_queue(struct fixture *f, uint16_t q)
{
	struct hvl_drv_vq_config cfg = {
		.num = 16,
		.align = f->dev.vring_align,
		.features = f->dev.features,
		.pool = &f->pool,
		.slots = f->slots[q],
	};

	assert_int_equal(hvl_drv_vq_init(&f->vq[q], &cfg), 0);
	return hvl_drv_dev_queue_setup(&f->dev, q, &f->vq[q]);
}

/* All the steps; what the first one that fails says. */
static int fix_live(struct fixture *f)
{
	uint32_t max;
	int err = hvl_drv_dev_reset(&f->dev);

	if (!err)
		err = hvl_drv_dev_begin(&f->dev, FEATURES, HVL_BIT64(5));
	if (!err)
		err = hvl_drv_dev_queue_max(&f->dev, 0, &max);
	if (!err)
		err = fix_queue(f, 0);
	if (!err)
		err = fix_queue(f, 1);
	return err ? err : hvl_drv_dev_ready(&f->dev);
}

static void drv_mmio_probe_rejects_what_is_no_device(void **state)
{
	struct fixture *f = fix_probe(MOCK_V2);
	struct hvl_io small = f->mock.regs;

	(void)state;
	small.size--;
	assert_int_equal(hvl_drv_mmio_probe(&f->dev, &small, &f->mock.plat),
			 -EINVAL);
	mock_reg_set(&f->mock, HVL_MMIO_REG_VERSION, 3);
	assert_int_equal(
		hvl_drv_mmio_probe(&f->dev, &f->mock.regs, &f->mock.plat),
		-ENOTSUP);
	mock_reg_set(&f->mock, HVL_MMIO_REG_VERSION, 2);
	mock_reg_set(&f->mock, HVL_MMIO_REG_DEVICE_ID, 0);
	assert_int_equal(
		hvl_drv_mmio_probe(&f->dev, &f->mock.regs, &f->mock.plat),
		-ENODEV);
	mock_reg_set(&f->mock, HVL_MMIO_REG_MAGIC, 0);
	assert_int_equal(
		hvl_drv_mmio_probe(&f->dev, &f->mock.regs, &f->mock.plat),
		-ENODEV);
	/* A failed probe leaves the device structure alone. */
	assert_int_equal(f->dev.id, VIRTIO_ID_NET);
}

static void drv_mmio_probe_tells_kinds_apart(void **state)
{
	struct fixture *f;
	int kind;

	(void)state;
	for (kind = 0; kind < MOCK_KINDS; kind++) {
		unsigned char before[HVL_MMIO_BLOCK_SIZE];
		bool plain = kind == MOCK_V1 || kind == MOCK_V2;

		f = fix_probe(kind);
		memcpy(before, f->mock.block, sizeof(before));
		assert_int_equal(hvl_drv_mmio_probe(&f->dev, &f->mock.regs,
						    &f->mock.plat),
				 0);
		assert_memory_equal(before, f->mock.block, sizeof(before));
		assert_int_equal(f->dev.trapping, !plain);
		assert_int_equal(f->dev.shm_size, plain ? MOCK_SHM_SIZE : 0);
		assert_int_equal(f->dev.shm_da, plain ? MOCK_DA : 0);
		assert_int_equal(f->dev.vring_align,
				 f->dev.version == 1 ? 4096 : 16);
	}
}

static void drv_mmio_all_kinds_come_up_and_reset(void **state)
{
	struct fixture *f;
	int kind, turn;

	(void)state;
	for (kind = 0; kind < MOCK_KINDS; kind++) {
		f = fix_probe(kind);
		for (turn = 0; turn < 3; turn++) {
			assert_int_equal(fix_live(f), 0);
			mock_dev_look(&f->mock);
			assert_int_equal(f->mock.status,
					 f->dev.version == 1 ? 7 : 15);
			assert_int_equal(f->mock.accepted, f->dev.features);
			assert_true((f->dev.features & FEATURES) == FEATURES);
			assert_int_equal(
				hvl_drv_dev_has(&f->dev, VIRTIO_F_VERSION_1),
				f->dev.version == 2);
			assert_true(f->mock.ready[0] && f->mock.ready[1]);
			assert_int_equal(f->mock.ring[1].num, 16);
			assert_int_equal(hvl_drv_dev_health(&f->dev), 0);
			assert_int_equal(hvl_drv_dev_reset(&f->dev), 0);
			assert_false(f->mock.ready[0]);
			hvl_drv_vq_fini(&f->vq[0]);
			hvl_drv_vq_fini(&f->vq[1]);
		}
		assert_int_equal(f->pool.nfree, f->pool.count);
		/* No wait lasted until a repeated doorbell. */
		assert_true(f->mock.now < 5000);
	}
}

static void drv_mmio_works_by_polling_alone(void **state)
{
	struct fixture *f;

	(void)state;
	FOR_EACH_KIND(f, MOCK_V1, MOCK_V2)
	{
		f->mock.plat.wait = NULL;
		f->mock.polled = true;
		assert_int_equal(fix_live(f), 0);
		assert_true(f->mock.now < 5000);
	}
}

static void drv_mmio_lost_doorbells_are_repeated(void **state)
{
	struct fixture *f;

	(void)state;
	FOR_EACH_KIND(f, MOCK_V1, MOCK_V2)
	{
		f->mock.lose = 3;
		assert_int_equal(fix_live(f), 0);
		assert_true(f->mock.now < 50000);
	}
}

static void drv_mmio_dead_device_times_out(void **state)
{
	struct fixture *f = fix_probe(MOCK_V2);
	uint8_t *block = f->mock.block;
	unsigned char before[HVL_MMIO_BLOCK_SIZE];

	(void)state;
	f->mock.dead = true;
	f->mock.plat.timeout_us = 300000;
	assert_int_equal(fix_live(f), -ETIMEDOUT);
	assert_in_range(f->mock.now, 300000, 301000);
	assert_in_range(f->mock.rings, 25, 35);
	assert_int_equal(hvl_drv_dev_health(&f->dev), -EIO);

	/* The fence is open: its words stay as they are but for a reset. */
	memcpy(before, block, sizeof(before));
	hvl_drv_dev_fail(&f->dev);
	assert_int_equal(hvl_drv_dev_ready(&f->dev), -ETIMEDOUT);
	memcpy(before + HVL_MMIO_REG_STATUS, block + HVL_MMIO_REG_STATUS, 4);
	assert_memory_equal(before, block, sizeof(before));
	f->mock.dead = false;
	assert_int_equal(fix_live(f), 0);

	f = fix_probe(MOCK_V1);
	f->mock.dead = true;
	assert_int_equal(fix_live(f), -ETIMEDOUT);
	assert_in_range(f->mock.now, HVL_DRV_TIMEOUT_US,
			HVL_DRV_TIMEOUT_US + 30000);
	assert_int_equal(hvl_drv_dev_health(&f->dev), -EIO);
}

/* Version 2: whichever fence it dies at, that step says so. */
static void drv_mmio_v2_each_fence_times_out(void **state)
{
	struct fixture *f = fix_probe(MOCK_V2);
	uint32_t n, i;

	(void)state;
	assert_int_equal(fix_live(f), 0);
	n = f->mock.looks;
	assert_in_range(n, 8, 20);
	for (i = 1; i <= n; i++) {
		f = fix_probe(MOCK_V2);
		f->mock.dead_after = i;
		assert_int_equal(fix_live(f), -ETIMEDOUT);
		assert_true(f->mock.now < HVL_DRV_TIMEOUT_US + 5000);
		assert_int_equal(f->dev.dead, true);
		f->mock.dead = false;
		f->mock.dead_after = 0;
		assert_int_equal(fix_live(f), 0);
	}
}

static void drv_mmio_v2_fence_numbers_never_match_old_ones(void **state)
{
	struct fixture *f = fix_probe(MOCK_V2);

	(void)state;
	/* Request 0xfffffffe, ack 0xffffffff; 0 is no number. */
	f->mock.dead = true;
	f->mock.plat.timeout_us = 1;
	assert_int_equal(hvl_drv_dev_reset(&f->dev), -ETIMEDOUT);
	assert_int_equal(mock_reg(&f->mock, HVL_MMIO_REG_FENCE_REQUEST), 1);
	assert_int_equal(hvl_drv_dev_reset(&f->dev), -ETIMEDOUT);
	assert_int_equal(mock_reg(&f->mock, HVL_MMIO_REG_FENCE_REQUEST), 2);
	/* The late answer to the first one does not count. */
	mock_reg_set(&f->mock, HVL_MMIO_REG_FENCE_ACK, 1);
	assert_int_equal(hvl_drv_dev_reset(&f->dev), -ETIMEDOUT);
}

static void drv_mmio_reset_waits_for_status_zero(void **state)
{
	struct fixture *f;

	(void)state;
	FOR_EACH_KIND(f, MOCK_V2, MOCK_TRAP1, MOCK_TRAP2)
	{
		assert_int_equal(fix_live(f), 0);
		f->mock.stuck_status = true;
		assert_int_equal(hvl_drv_dev_reset(&f->dev), -ETIMEDOUT);
		assert_int_equal(hvl_drv_dev_health(&f->dev), -EIO);
	}
}

static void drv_mmio_v1_reset_of_silent_device(void **state)
{
	struct fixture *f = fix_probe(MOCK_V1);

	(void)state;
	f->mock.silent_reset = true;
	assert_int_equal(fix_live(f), 0);
	assert_in_range(f->mock.now, 20000, 25000);
	assert_int_not_equal(mock_reg(&f->mock, HVL_MMIO_REG_QUEUE_PFN), 0);
	/* It may own buffers now: not without its confirmation. */
	f->mock.dead = true;
	assert_int_equal(hvl_drv_dev_reset(&f->dev), -ETIMEDOUT);
	assert_int_equal(mock_reg(&f->mock, HVL_MMIO_REG_QUEUE_PFN), 0);
	f->mock.dead = false;
	assert_in_range(f->mock.now, HVL_DRV_TIMEOUT_US, UINT32_MAX);
	assert_int_equal(hvl_drv_dev_reset(&f->dev), -ETIMEDOUT);
	f->mock.silent_reset = false;
	f->mock.status = 7;
	assert_int_equal(hvl_drv_dev_reset(&f->dev), 0);
}

static void drv_mmio_reset_late_sees_the_answer(void **state)
{
	static const int kinds[] = { MOCK_V1, MOCK_V2, MOCK_TRAP2 };
	struct fixture *f;
	uint32_t rings;
	uint64_t now;
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		f = fix_probe(kinds[i]);
		assert_int_equal(fix_live(f), 0);
		assert_true(hvl_drv_dev_reset_late(&f->dev));
		f->mock.dead = true;
		f->mock.stuck_status = true;
		assert_int_equal(hvl_drv_dev_reset(&f->dev), -ETIMEDOUT);
		now = f->mock.now;
		rings = f->mock.rings;
		assert_false(hvl_drv_dev_reset_late(&f->dev));
		assert_int_equal(f->mock.rings,
				 rings + (kinds[i] != MOCK_TRAP2));
		/* An answer to something older is none. */
		if (kinds[i] == MOCK_V2) {
			mock_reg_set(&f->mock, HVL_MMIO_REG_DEVICE_STATUS, 0);
			assert_false(hvl_drv_dev_reset_late(&f->dev));
		}
		f->mock.dead = f->mock.stuck_status = false;
		mock_dev_look(&f->mock);
		if (kinds[i] == MOCK_TRAP2)
			mock_reg_set(&f->mock, HVL_MMIO_REG_STATUS, 0);
		assert_true(hvl_drv_dev_reset_late(&f->dev));
		assert_int_equal(f->mock.now, now);
		assert_int_equal(fix_live(f), 0);
		assert_true(hvl_drv_dev_reset_late(&f->dev));
	}
}

static void drv_mmio_v1_writes_pfn_back(void **state)
{
	struct fixture *f = fix_probe(MOCK_V1);

	(void)state;
	assert_int_equal(fix_live(f), 0);
	assert_int_equal(mock_reg(&f->mock, HVL_MMIO_REG_QUEUE_PFN),
			 hvl_drv_vq_desc_da(&f->vq[1]) / 4096);
}

static void drv_mmio_v1_takes_low_features_only(void **state)
{
	struct fixture *f = fix_probe(MOCK_V1);

	(void)state;
	f->mock.offered = UINT64_MAX;
	mock_reg_set(&f->mock, HVL_MMIO_REG_DEVICE_FEATURES, UINT32_MAX);
	assert_int_equal(hvl_drv_dev_reset(&f->dev), 0);
	assert_int_equal(hvl_drv_dev_begin(&f->dev, UINT64_MAX, 0), 0);
	assert_true(f->dev.features == UINT32_MAX);
}

static void drv_mmio_begin_without_required_feature_fails(void **state)
{
	struct fixture *f;
	int kind;

	(void)state;
	for (kind = 0; kind < MOCK_KINDS; kind++) {
		f = fix_probe(kind);
		assert_int_equal(hvl_drv_dev_reset(&f->dev), 0);
		assert_int_equal(
			hvl_drv_dev_begin(&f->dev, FEATURES, HVL_BIT64(6)),
			-ENOTSUP);
		mock_dev_look(&f->mock);
		assert_true(f->mock.status & VIRTIO_CONFIG_S_FAILED);
	}
	f = fix_probe(MOCK_V2);
	f->mock.offered = FEATURES;
	assert_int_equal(fix_live(f), -ENOTSUP);
}

static void drv_mmio_refused_features_are_an_error(void **state)
{
	struct fixture *f;

	(void)state;
	FOR_EACH_KIND(f, MOCK_V2, MOCK_TRAP2)
	{
		f->mock.refuse_features = true;
		assert_int_equal(fix_live(f), -ENOTSUP);
		assert_true(f->mock.status & VIRTIO_CONFIG_S_FAILED);
	}
}

static void drv_mmio_queue_max_knows_missing_queues(void **state)
{
	struct fixture *f;
	uint32_t max;

	(void)state;
	FOR_EACH_KIND(f, MOCK_V2, MOCK_TRAP1, MOCK_TRAP2)
	{
		assert_int_equal(hvl_drv_dev_reset(&f->dev), 0);
		assert_int_equal(hvl_drv_dev_queue_max(&f->dev, 1, &max), 0);
		assert_int_equal(max, 256);
		assert_int_equal(hvl_drv_dev_queue_max(&f->dev, 2, &max),
				 -ENOENT);
	}
}

static void drv_mmio_refused_queue_is_an_error(void **state)
{
	struct fixture *f;

	(void)state;
	f = fix_probe(MOCK_V2);
	f->mock.refuse_queue = true;
	assert_int_equal(fix_live(f), -EIO);
	f = fix_probe(MOCK_TRAP2);
	f->mock.refuse_queue = true;
	assert_int_equal(fix_live(f), -EIO);
	f = fix_probe(MOCK_V1);
	f->mock.refuse_queue = true;
	assert_int_equal(fix_live(f), -ETIMEDOUT);
}

static void drv_mmio_ready_reports_needs_reset(void **state)
{
	struct fixture *f;

	(void)state;
	FOR_EACH_KIND(f, MOCK_V2, MOCK_TRAP1, MOCK_TRAP2)
	{
		f->mock.break_at_ready = true;
		assert_int_equal(fix_live(f), -EIO);
		f->mock.break_at_ready = false;
		assert_int_equal(fix_live(f), 0);
	}
}

static void drv_mmio_health_sees_broken_and_forgetful_devices(void **state)
{
	struct fixture *f;
	int kind;

	(void)state;
	for (kind = 0; kind < MOCK_KINDS; kind++) {
		f = fix_probe(kind);
		assert_int_equal(fix_live(f), 0);
		mock_dev_look(&f->mock);
		mock_dev_needs_reset(&f->mock);
		assert_int_equal(hvl_drv_dev_health(&f->dev), -EIO);
		assert_int_equal(fix_live(f), 0);
		assert_int_equal(hvl_drv_dev_health(&f->dev), 0);
		mock_dev_forget(&f->mock);
		assert_int_equal(hvl_drv_dev_health(&f->dev), -EIO);
	}
}

static void drv_mmio_kick_notifies_once(void **state)
{
	struct fixture *f;
	int kind;

	(void)state;
	for (kind = 0; kind < MOCK_KINDS; kind++) {
		struct hvl_drv_seg seg = { NULL, 1 };
		uint32_t rings, notifies;

		f = fix_probe(kind);
		seg.va = hvl_io_va(&f->pool.io, 0);
		assert_int_equal(fix_live(f), 0);
		assert_int_equal(hvl_drv_vq_add(&f->vq[1], &seg, 1, 0, f), 0);
		mock_reg_set(&f->mock, HVL_MMIO_REG_QUEUE_NOTIFY, 9);
		rings = f->mock.rings;
		notifies = f->mock.notifies;
		hvl_drv_dev_kick(&f->dev, 1, &f->vq[1]);
		hvl_drv_dev_kick(&f->dev, 1, &f->vq[1]);
		assert_int_equal(mock_reg(&f->mock, HVL_MMIO_REG_QUEUE_NOTIFY),
				 1);
		if (f->dev.trapping)
			assert_int_equal(f->mock.notifies, notifies + 1);
		else
			assert_int_equal(f->mock.rings, rings + 1);
	}
}

static void drv_mmio_events_are_acknowledged(void **state)
{
	static const int kinds[] = { MOCK_V1, MOCK_TRAP1, MOCK_TRAP2 };
	struct fixture *f;
	uint32_t i, rings;

	(void)state;
	for (i = 0; i < 3; i++) {
		f = fix_probe(kinds[i]);
		assert_int_equal(fix_live(f), 0);
		rings = f->mock.rings;
		assert_int_equal(hvl_drv_dev_events(&f->dev), 0);
		assert_int_equal(f->mock.rings, rings);
		/* Bits that mean nothing are not acknowledged (§4.2.2.2). */
		mock_reg_set(&f->mock, HVL_MMIO_REG_INTERRUPT_STATUS, 4);
		assert_int_equal(hvl_drv_dev_events(&f->dev), 0);
		assert_int_equal(
			mock_reg(&f->mock, HVL_MMIO_REG_INTERRUPT_STATUS), 4);
		assert_int_equal(f->mock.rings, rings);
		mock_reg_set(&f->mock, HVL_MMIO_REG_INTERRUPT_STATUS, 3);
		assert_int_equal(hvl_drv_dev_events(&f->dev), 3);
		assert_int_equal(f->mock.rings, rings + (kinds[i] == MOCK_V1));
		mock_dev_look(&f->mock);
		assert_int_equal(
			mock_reg(&f->mock, HVL_MMIO_REG_INTERRUPT_STATUS), 0);
	}
}

/* A bit stays set: what nobody rang for is not acknowledged again. */
static void drv_mmio_v1_events_heed_the_count(void **state)
{
	struct fixture *f = fix_probe(MOCK_V1);
	uint32_t rings;

	(void)state;
	assert_int_equal(fix_live(f), 0);
	mock_reg_set(&f->mock, HVL_MMIO_REG_INTERRUPT_STATUS, 1);
	mock_reg_set(&f->mock, HVL_MMIO_REG_INTERRUPT_COUNT, 1);
	rings = f->mock.rings;
	assert_int_equal(hvl_drv_dev_events(&f->dev), 1);
	assert_int_equal(mock_reg(&f->mock, HVL_MMIO_REG_INTERRUPT_ACK), 1);
	assert_int_equal(hvl_drv_dev_events(&f->dev), 0);
	assert_int_equal(f->mock.rings, rings + 1);
	mock_reg_set(&f->mock, HVL_MMIO_REG_INTERRUPT_COUNT, 2);
	assert_int_equal(hvl_drv_dev_events(&f->dev), 1);
	assert_int_equal(f->mock.rings, rings + 2);
	/* The bit for the config may be gone by now. */
	mock_reg_set(&f->mock, HVL_MMIO_REG_CONFIG_GENERATION, 1);
	assert_int_equal(hvl_drv_dev_events(&f->dev), HVL_MMIO_INT_CONFIG);
	assert_int_equal(hvl_drv_dev_events(&f->dev), 0);
	assert_int_equal(f->mock.rings, rings + 2);
	/* Who does not count is acknowledged each time. */
	mock_reg_set(&f->mock, HVL_MMIO_REG_INTERRUPT_COUNT, 0);
	assert_int_equal(hvl_drv_dev_events(&f->dev), 1);
	assert_int_equal(hvl_drv_dev_events(&f->dev), 1);
	assert_int_equal(f->mock.rings, rings + 4);
}

static void drv_mmio_v2_events_tell_of_config(void **state)
{
	struct fixture *f = fix_probe(MOCK_V2);
	uint32_t rings;

	(void)state;
	assert_int_equal(fix_live(f), 0);
	rings = f->mock.rings;
	assert_int_equal(hvl_drv_dev_events(&f->dev), HVL_MMIO_INT_VRING);
	mock_reg_set(&f->mock, HVL_MMIO_REG_CONFIG_GENERATION, 2);
	assert_int_equal(hvl_drv_dev_events(&f->dev),
			 HVL_MMIO_INT_VRING | HVL_MMIO_INT_CONFIG);
	assert_int_equal(hvl_drv_dev_events(&f->dev), HVL_MMIO_INT_VRING);
	mock_reg_set(&f->mock, HVL_MMIO_REG_INTERRUPT_STATUS, 7);
	(void)hvl_drv_dev_events(&f->dev);
	assert_int_equal(mock_reg(&f->mock, HVL_MMIO_REG_INTERRUPT_ACK), 3);
	assert_int_equal(mock_reg(&f->mock, HVL_MMIO_REG_INTERRUPT_STATUS), 7);
	assert_int_equal(f->mock.rings, rings);
}

static uint32_t config_loads;

static void count_loads(struct mock_dev *d, uint32_t off)
{
	(void)d;
	(void)off;
	config_loads++;
}

/* §4.2.2.2: as wide as the field, but no wider than 32 bits. */
static void drv_mmio_config_read_is_as_wide_as_the_field(void **state)
{
	static const struct {
		uint32_t off, len, loads;
	} reads[] = {
		{ 0, 1, 1 }, { 2, 2, 1 }, { 3, 2, 2 }, { 4, 4, 1 },
		{ 6, 4, 4 }, { 8, 8, 2 }, { 0, 6, 6 },
	};
	static const int kinds[] = { MOCK_V2, MOCK_TRAP2 };
	struct fixture *f;
	uint8_t buf[8];
	uint32_t i, k;

	(void)state;
	for (i = 0; i < 2 * HVL_ARRAY_SIZE(reads); i++) {
		k = i / 2;
		f = fix_probe(kinds[i % 2]);
		memcpy(f->mock.block + 0x100, "abcdefghijklmnop", 16);
		f->mock.config_load = count_loads;
		config_loads = 0;
		assert_int_equal(hvl_drv_dev_config_read(&f->dev, reads[k].off,
							 buf, reads[k].len),
				 0);
		assert_memory_equal(buf, f->mock.block + 0x100 + reads[k].off,
				    reads[k].len);
		assert_int_equal(config_loads, reads[k].loads);
	}
}

static void drv_mmio_config_read_gives_bytes(void **state)
{
	struct fixture *f;
	uint8_t buf[8];
	int kind;

	(void)state;
	for (kind = 0; kind < MOCK_KINDS; kind++) {
		f = fix_probe(kind);
		memcpy(f->mock.block + 0x103, "abcdef", 6);
		memset(buf, '-', 8);
		assert_int_equal(
			hvl_drv_dev_config_read(&f->dev, 3, buf + 1, 6), 0);
		assert_memory_equal(buf, "-abcdef-", 8);
		assert_int_equal(hvl_drv_dev_config_read(&f->dev, 253, buf, 4),
				 -EINVAL);
		assert_int_equal(
			hvl_drv_dev_config_read(&f->dev, UINT32_MAX, buf, 2),
			-EINVAL);
		assert_int_equal(hvl_drv_dev_config_read(&f->dev, 256, buf, 0),
				 0);
	}
}

/* The device is in the middle of a change until the driver has tried often. */
static uint64_t finish_change(void *ctx)
{
	struct mock_dev *d = ctx;

	if (++d->now % 20 == 0) {
		memcpy(d->block + 0x100, "new", 3);
		mock_reg_set(d, HVL_MMIO_REG_CONFIG_GENERATION, 4);
	}
	return d->now;
}

static void never_wait(void *ctx, uint64_t until)
{
	(void)ctx;
	(void)until;
	fail_msg("a doorbell that is somebody else's is waited for");
}

static void drv_mmio_v2_config_read_waits_for_the_change(void **state)
{
	struct fixture *f = fix_probe(MOCK_V2);
	uint8_t buf[3];

	(void)state;
	memcpy(f->mock.block + 0x100, "nld", 3);
	mock_reg_set(&f->mock, HVL_MMIO_REG_CONFIG_GENERATION, 3);
	assert_int_equal(hvl_drv_dev_config_read(&f->dev, 0, buf, 3),
			 -ETIMEDOUT);
	assert_int_equal(f->dev.dead, false);
	f->mock.plat.wait = never_wait;
	f->mock.plat.now_us = finish_change;
	assert_int_equal(hvl_drv_dev_config_read(&f->dev, 0, buf, 3), 0);
	assert_memory_equal(buf, "new", 3);
}

/* A whole change between two bytes of the first look. */
static void change_between_bytes(struct mock_dev *d, uint32_t off)
{
	if (off != 1)
		return;
	d->config_load = NULL;
	memcpy(d->block + 0x100, "new", 3);
	mock_reg_set(d, HVL_MMIO_REG_CONFIG_GENERATION, 2);
}

static void drv_mmio_v2_config_read_is_never_torn(void **state)
{
	struct fixture *f;
	uint8_t buf[3];

	(void)state;
	FOR_EACH_KIND(f, MOCK_V2, MOCK_TRAP2)
	{
		memcpy(f->mock.block + 0x100, "old", 3);
		f->mock.config_load = change_between_bytes;
		assert_int_equal(hvl_drv_dev_config_read(&f->dev, 0, buf, 3),
				 0);
		assert_memory_equal(buf, "new", 3);
	}
}

/* Legacy: no generation, two looks that agree. */
static uint64_t change_often(void *ctx)
{
	struct mock_dev *d = ctx;

	if (d->looks < 7)
		d->block[0x100] = (uint8_t)d->looks++;
	return d->now++;
}

static void drv_mmio_v1_config_read_looks_twice(void **state)
{
	struct fixture *f = fix_probe(MOCK_V1);
	uint8_t byte;

	(void)state;
	f->mock.block[0x100] = 0xff;
	f->mock.plat.now_us = change_often;
	assert_int_equal(hvl_drv_dev_config_read(&f->dev, 0, &byte, 1), 0);
	assert_int_equal(byte, 6);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(drv_mmio_probe_rejects_what_is_no_device),
		cmocka_unit_test(drv_mmio_probe_tells_kinds_apart),
		cmocka_unit_test(drv_mmio_all_kinds_come_up_and_reset),
		cmocka_unit_test(drv_mmio_works_by_polling_alone),
		cmocka_unit_test(drv_mmio_lost_doorbells_are_repeated),
		cmocka_unit_test(drv_mmio_dead_device_times_out),
		cmocka_unit_test(drv_mmio_v2_each_fence_times_out),
		cmocka_unit_test(
			drv_mmio_v2_fence_numbers_never_match_old_ones),
		cmocka_unit_test(drv_mmio_reset_waits_for_status_zero),
		cmocka_unit_test(drv_mmio_v1_reset_of_silent_device),
		cmocka_unit_test(drv_mmio_reset_late_sees_the_answer),
		cmocka_unit_test(drv_mmio_v1_writes_pfn_back),
		cmocka_unit_test(drv_mmio_v1_takes_low_features_only),
		cmocka_unit_test(drv_mmio_begin_without_required_feature_fails),
		cmocka_unit_test(drv_mmio_refused_features_are_an_error),
		cmocka_unit_test(drv_mmio_queue_max_knows_missing_queues),
		cmocka_unit_test(drv_mmio_refused_queue_is_an_error),
		cmocka_unit_test(drv_mmio_ready_reports_needs_reset),
		cmocka_unit_test(
			drv_mmio_health_sees_broken_and_forgetful_devices),
		cmocka_unit_test(drv_mmio_kick_notifies_once),
		cmocka_unit_test(drv_mmio_events_are_acknowledged),
		cmocka_unit_test(drv_mmio_v1_events_heed_the_count),
		cmocka_unit_test(drv_mmio_v2_events_tell_of_config),
		cmocka_unit_test(drv_mmio_config_read_gives_bytes),
		cmocka_unit_test(drv_mmio_config_read_is_as_wide_as_the_field),
		cmocka_unit_test(drv_mmio_v2_config_read_waits_for_the_change),
		cmocka_unit_test(drv_mmio_v2_config_read_is_never_torn),
		cmocka_unit_test(drv_mmio_v1_config_read_looks_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
