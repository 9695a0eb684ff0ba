/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A driver's end of both register blocks, for tests of the device side: the
 * steps of a good driver one by one, so that a test can leave one out.
 *
 * The device is serviced by the driver's own steps: one thread, no waiting.
 */
#ifndef MOCK_MMIO_H
#define MOCK_MMIO_H

#include "mock_driver.h"

#include <hvl/device/mmio.h>
#include <hvl/wire/mmio.h>

#define MOCK_SHM_SIZE 0x100000u
#define MOCK_NUM 8u
#define MOCK_QUEUES 2u

#define MOCK_STATUS_INIT (VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER)

struct mock_dev {
	unsigned int version; /* 1 or 2 */
	unsigned int slot;    /* where in the shared memory */
	struct hvl_io shm, regs;
	struct hvl_dev dev;
	struct hvl_seg segs[HVL_DEV_SEGS_MAX];
	struct mock_log log;
	unsigned int events[HVL_DEV_EVENT_FAILED + 1]; /* by enum hvl_dev_event */
	uint64_t now_us;
	struct mock_ring ring[MOCK_QUEUES];
	uint64_t features; /* the driver's wish */
	uint32_t fence;
	unsigned int rings; /* of the driver's doorbell */
	bool more;	    /* as the last service said */
};

static inline void mock_event(void *ctx, struct hvl_dev *dev,
			      enum hvl_dev_event ev)
{
	struct mock_dev *d = ctx;

	assert_ptr_equal(dev, &d->dev);
	d->events[ev]++;
}

static inline uint64_t mock_now(void *ctx)
{
	struct mock_dev *d = ctx;

	return d->now_us;
}

/* Memory of slot @slot: 64 KiB for two rings, 64 KiB for buffers behind. */
static inline uint64_t mock_ring_off(const struct mock_dev *d, unsigned int q)
{
	return 0x20000u + 0x20000u * d->slot + 0x8000u * q;
}

static inline uint64_t mock_buf_off(const struct mock_dev *d)
{
	return mock_ring_off(d, 0) + 0x10000u;
}

static inline void mock_dev_init(struct mock_dev *d, const struct hvl_io *shm,
				 unsigned int slot, unsigned int version,
				 const struct hvl_dev_model *model, void *priv)
{
	struct hvl_dev_config cfg = {
		.name = slot ? "dev1" : "dev0",
		.model = model,
		.priv = priv,
		.shm = &d->shm,
		.regs = &d->regs,
		.region_da = shm->da,
		.region_size = shm->size,
		.log = &d->log.log,
		.event = mock_event,
		.event_ctx = d,
		.segs = d->segs,
		.now_us = mock_now,
		.now_ctx = d,
	};

	memset(d, 0, sizeof(*d));
	d->version = version;
	d->slot = slot;
	d->shm = *shm;
	d->features = version == 2 ? HVL_BIT64(VIRTIO_F_VERSION_1) : 0;
	mock_log_init(&d->log);
	assert_true(hvl_io_sub(shm, HVL_MMIO_BLOCK_SIZE * slot,
			       HVL_MMIO_BLOCK_SIZE, &d->regs));
	assert_int_equal(hvl_dev_init(&d->dev, &cfg,
				      version == 2 ? &hvl_dev_mmio_v2 :
						     &hvl_dev_mmio_v1),
			 0);
	hvl_dev_publish(&d->dev);
}

static inline uint32_t mock_reg(const struct mock_dev *d, uint32_t reg)
{
	return hvl_io_read32(&d->regs, reg);
}

static inline void mock_set(const struct mock_dev *d, uint32_t reg, uint32_t v)
{
	hvl_io_write32(&d->regs, reg, v);
}

static inline bool mock_service(struct mock_dev *d)
{
	unsigned int ret = hvl_dev_service(&d->dev, 64);

	d->more = (ret & HVL_DEV_MORE) != 0;
	if (ret & HVL_DEV_RING)
		d->rings++;
	return (ret & HVL_DEV_RING) != 0;
}

/* Version 2: fence and wait. */
static inline void mock_fence(struct mock_dev *d, uint32_t what)
{
	mock_set(d, HVL_MMIO_REG_FENCE_WHAT, what);
	hvl_io_store_release32(&d->regs, HVL_MMIO_REG_FENCE_REQUEST,
			       ++d->fence);
	assert_true(mock_service(d));
	assert_int_equal(mock_reg(d, HVL_MMIO_REG_FENCE_ACK), d->fence);
}

/* Write Status. Return: the status that holds. */
static inline uint32_t mock_status(struct mock_dev *d, uint32_t status)
{
	mock_set(d, HVL_MMIO_REG_STATUS, status);
	if (d->version == 1) {
		mock_service(d);
		return mock_reg(d, HVL_MMIO_REG_STATUS);
	}
	mock_fence(d, HVL_MMIO_FENCE_STATUS);
	return mock_reg(d, HVL_MMIO_REG_DEVICE_STATUS);
}

static inline void mock_reset(struct mock_dev *d)
{
	if (d->version == 2)
		d->fence = mock_reg(d, HVL_MMIO_REG_FENCE_REQUEST);
	if (d->version == 2 &&
	    d->fence + 1 == mock_reg(d, HVL_MMIO_REG_FENCE_ACK))
		d->fence++;
	if (d->version == 1)
		mock_set(d, HVL_MMIO_REG_QUEUE_SEL, 0x55aa55aa);
	assert_int_equal(mock_status(d, 0), 0);
	if (d->version == 1) {
		assert_int_equal(mock_reg(d, HVL_MMIO_REG_QUEUE_SEL),
				 HVL_MMIO_V1_MARKER);
		assert_int_equal(mock_reg(d, HVL_MMIO_REG_QUEUE_NUM),
				 HVL_MMIO_V1_MARKER);
		assert_int_equal(mock_reg(d, HVL_MMIO_REG_QUEUE_PFN), 0);
	}
}

static inline uint64_t mock_offered(struct mock_dev *d)
{
	uint64_t low;

	if (d->version == 1)
		return mock_reg(d, HVL_MMIO_REG_DEVICE_FEATURES);
	mock_set(d, HVL_MMIO_REG_DEVICE_FEATURES_SEL, 0);
	mock_fence(d, 0);
	low = mock_reg(d, HVL_MMIO_REG_DEVICE_FEATURES);
	mock_set(d, HVL_MMIO_REG_DEVICE_FEATURES_SEL, 1);
	mock_fence(d, 0);
	return low | (uint64_t)mock_reg(d, HVL_MMIO_REG_DEVICE_FEATURES) << 32;
}

/* Write the wanted features. Version 2: and FEATURES_OK, which must hold. */
static inline void mock_negotiate(struct mock_dev *d)
{
	uint32_t bank;

	if (d->version == 1) {
		mock_set(d, HVL_MMIO_REG_GUEST_PAGE_SIZE, 4096);
		mock_set(d, HVL_MMIO_REG_DRIVER_FEATURES,
			 (uint32_t)d->features);
		return;
	}
	for (bank = 0; bank < 2; bank++) {
		mock_set(d, HVL_MMIO_REG_DRIVER_FEATURES_SEL, bank);
		mock_set(d, HVL_MMIO_REG_DRIVER_FEATURES,
			 (uint32_t)(d->features >> 32 * bank));
		mock_fence(d, HVL_MMIO_FENCE_FEATURES);
	}
	assert_int_equal(
		mock_status(d, MOCK_STATUS_INIT | VIRTIO_CONFIG_S_FEATURES_OK),
		MOCK_STATUS_INIT | VIRTIO_CONFIG_S_FEATURES_OK);
}

/* Reset up to where queues can be set up. */
static inline void mock_begin(struct mock_dev *d)
{
	mock_reset(d);
	mock_status(d, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	assert_int_equal(mock_status(d, MOCK_STATUS_INIT), MOCK_STATUS_INIT);
	mock_negotiate(d);
}

/* Version 2: the registers of a queue; addresses as device addresses. */
static inline void mock_v2_queue_regs(struct mock_dev *d, uint32_t q,
				      uint32_t num, uint64_t desc,
				      uint64_t avail, uint64_t used)
{
	mock_set(d, HVL_MMIO_REG_QUEUE_SEL, q);
	mock_set(d, HVL_MMIO_REG_QUEUE_NUM, num);
	mock_set(d, HVL_MMIO_REG_QUEUE_DESC_LOW, (uint32_t)desc);
	mock_set(d, HVL_MMIO_REG_QUEUE_DESC_HIGH, (uint32_t)(desc >> 32));
	mock_set(d, HVL_MMIO_REG_QUEUE_DRIVER_LOW, (uint32_t)avail);
	mock_set(d, HVL_MMIO_REG_QUEUE_DRIVER_HIGH, (uint32_t)(avail >> 32));
	mock_set(d, HVL_MMIO_REG_QUEUE_DEVICE_LOW, (uint32_t)used);
	mock_set(d, HVL_MMIO_REG_QUEUE_DEVICE_HIGH, (uint32_t)(used >> 32));
	mock_set(d, HVL_MMIO_REG_QUEUE_READY, 1);
	mock_fence(d, HVL_MMIO_FENCE_QUEUE);
}

/* Version 1: the registers of a queue. */
static inline void mock_v1_queue_regs(struct mock_dev *d, uint32_t q,
				      uint32_t num, uint32_t pfn)
{
	mock_set(d, HVL_MMIO_REG_QUEUE_SEL, q);
	mock_set(d, HVL_MMIO_REG_QUEUE_NUM, num);
	mock_set(d, HVL_MMIO_REG_QUEUE_ALIGN, 4096);
	mock_set(d, HVL_MMIO_REG_QUEUE_PFN, pfn);
}

static inline uint32_t mock_pfn(const struct mock_dev *d, unsigned int q)
{
	return (uint32_t)((d->shm.da + mock_ring_off(d, q)) / 4096);
}

static inline void mock_queue(struct mock_dev *d, unsigned int q, uint32_t num)
{
	struct mock_ring *r = &d->ring[q];

	mock_ring_init(r, &d->shm, mock_ring_off(d, q), num, 4096);
	if (d->version == 2) {
		mock_v2_queue_regs(d, q, num, d->shm.da + r->desc,
				   d->shm.da + r->avail, d->shm.da + r->used);
		assert_int_equal(mock_reg(d, HVL_MMIO_REG_QUEUE_STATE),
				 q | HVL_MMIO_QUEUE_STATE_READY);
		return;
	}
	mock_v1_queue_regs(d, q, num, mock_pfn(d, q));
	assert_true(mock_service(d));
	assert_int_equal(mock_reg(d, HVL_MMIO_REG_QUEUE_PFN), HVL_MMIO_V1_ACK);
	mock_set(d, HVL_MMIO_REG_QUEUE_PFN, mock_pfn(d, q));
}

static inline void mock_ready(struct mock_dev *d)
{
	uint32_t status = MOCK_STATUS_INIT | VIRTIO_CONFIG_S_DRIVER_OK;

	if (d->version == 2)
		status |= VIRTIO_CONFIG_S_FEATURES_OK;
	assert_int_equal(mock_status(d, status), status);
	assert_true(d->dev.live);
}

/* From wherever it is to DRIVER_OK, as a good driver does it. */
static inline void mock_bring_up(struct mock_dev *d)
{
	unsigned int q;

	mock_begin(d);
	for (q = 0; q < d->dev.cfg.model->nqueues; q++)
		mock_queue(d, q, MOCK_NUM);
	mock_ready(d);
}

/* Whether the device shows that only a reset helps. */
static inline bool mock_needs_reset(const struct mock_dev *d)
{
	uint32_t reg = d->version == 1 ? HVL_MMIO_REG_STATUS :
					 HVL_MMIO_REG_DEVICE_STATUS;

	return (mock_reg(d, reg) & VIRTIO_CONFIG_S_NEEDS_RESET) != 0;
}

/* Version 1: what an interrupt handler does. Return: InterruptStatus. */
static inline uint32_t mock_isr(struct mock_dev *d)
{
	uint32_t isr = mock_reg(d, HVL_MMIO_REG_INTERRUPT_STATUS);

	mock_set(d, HVL_MMIO_REG_INTERRUPT_ACK, isr);
	return isr;
}

/* One writable buffer of @len bytes on the ring of queue @q. */
static inline void mock_offer(struct mock_dev *d, unsigned int q, uint32_t len)
{
	unsigned int i = d->ring[q].avail_idx % d->ring[q].num;

	mock_desc(&d->ring[q], i, mock_buf_off(d) + 0x1000u * i, len,
		  VRING_DESC_F_WRITE, 0);
	mock_avail(&d->ring[q], i);
}

/* Fake entropy: a count, so that each byte tells whether it was written. */
struct mock_entropy {
	uint32_t left; /* bytes until it runs dry */
	uint32_t step; /* bytes a read at most */
	int error;     /* returned when dry; default -EAGAIN */
	unsigned char next;
};

static inline int mock_entropy_read(void *ctx, void *buf, uint32_t len)
{
	struct mock_entropy *e = ctx;
	unsigned char *p = buf;
	uint32_t i;

	if (len > e->step)
		len = e->step;
	if (len > e->left)
		len = e->left;
	if (len == 0)
		return e->error;
	for (i = 0; i < len; i++)
		p[i] = e->next++ | 1;
	e->left -= len;
	return (int)len;
}

#endif /* MOCK_MMIO_H */
