/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio-mmio version 2 (virtio 1.3 §4.2.2): in plain memory, with a fence, or
 * trapping. For a trapping device the fence is nothing but a barrier, and what
 * the device shows is read from the standard's own registers.
 */
#include <hvl/metal/barrier.h>
#include <hvl/metal/errno.h>

#include "mmio_priv.h"

/* Have the device obey what was written, wait until it has answered. */
static int v2_fence(struct hvl_drv_dev *dev, uint32_t what)
{
	uint32_t ack;

	if (dev->trapping) {
		hvl_mb_before_register_recheck();
		return 0;
	}
	/* An unanswered fence is still open: its words must not change. */
	if (dev->dead)
		return -ETIMEDOUT;
	ack = hvl_drv_mmio_read_(dev, HVL_MMIO_REG_FENCE_ACK);
	do
		dev->fence++;
	while (dev->fence == 0 || dev->fence == ack);
	hvl_drv_mmio_write_(dev, HVL_MMIO_REG_FENCE_WHAT, what);
	hvl_io_store_release32(&dev->regs, HVL_MMIO_REG_FENCE_REQUEST,
			       dev->fence);
	hvl_drv_mmio_ring_(dev);
	return hvl_drv_mmio_await_(dev, HVL_MMIO_REG_FENCE_ACK, dev->fence, 0);
}

static uint32_t v2_status_reg(const struct hvl_drv_dev *dev)
{
	return dev->trapping ? HVL_MMIO_REG_STATUS : HVL_MMIO_REG_DEVICE_STATUS;
}

static int v2_get_status(struct hvl_drv_dev *dev, uint8_t *status)
{
	*status = (uint8_t)hvl_drv_mmio_read_(dev, v2_status_reg(dev));
	return 0;
}

static int v2_set_status(struct hvl_drv_dev *dev, uint8_t status)
{
	hvl_drv_mmio_write_(dev, HVL_MMIO_REG_STATUS, status);
	return v2_fence(dev, HVL_MMIO_FENCE_STATUS);
}

static int v2_reset(struct hvl_drv_dev *dev)
{
	int err;

	/*
	 * An acknowledgement still on its way, from an earlier life of the
	 * driver or of a fence that timed out, must not match the next number:
	 * count on from the last request that was made.
	 */
	if (!dev->trapping)
		dev->fence =
			hvl_drv_mmio_read_(dev, HVL_MMIO_REG_FENCE_REQUEST);
	err = v2_set_status(dev, 0);
	if (err)
		return err;
	/* §2.4.2: reset is complete when the status reads 0. */
	return hvl_drv_mmio_await_(dev, v2_status_reg(dev), 0, 0);
}

static bool v2_reset_done(const struct hvl_drv_dev *dev)
{
	uint32_t ack = hvl_drv_mmio_read_(dev, HVL_MMIO_REG_FENCE_ACK);

	/* Whoever hears yes resets anew: an old status does no harm. */
	return (dev->trapping || ack == dev->fence) &&
	       hvl_drv_mmio_read_(dev, v2_status_reg(dev)) == 0;
}

static int v2_get_features(struct hvl_drv_dev *dev, uint64_t *features)
{
	uint32_t bank;
	int err;

	*features = 0;
	for (bank = 2; bank-- > 0;) {
		hvl_drv_mmio_write_(dev, HVL_MMIO_REG_DEVICE_FEATURES_SEL,
				    bank);
		err = v2_fence(dev, 0);
		if (err)
			return err;
		*features =
			*features << 32 |
			hvl_drv_mmio_read_(dev, HVL_MMIO_REG_DEVICE_FEATURES);
	}
	return 0;
}

static int v2_set_features(struct hvl_drv_dev *dev, uint64_t features)
{
	uint32_t bank;
	int err = 0;

	for (bank = 0; bank < 2 && !err; bank++, features >>= 32) {
		hvl_drv_mmio_write_(dev, HVL_MMIO_REG_DRIVER_FEATURES_SEL,
				    bank);
		hvl_wmb_before_doorbell();
		hvl_drv_mmio_write_(dev, HVL_MMIO_REG_DRIVER_FEATURES,
				    (uint32_t)features);
		err = v2_fence(dev, HVL_MMIO_FENCE_FEATURES);
	}
	return err;
}

static int v2_queue_max(struct hvl_drv_dev *dev, uint16_t queue, uint32_t *max)
{
	int err;

	hvl_drv_mmio_write_(dev, HVL_MMIO_REG_QUEUE_SEL, queue);
	err = v2_fence(dev, 0);
	if (!err)
		*max = hvl_drv_mmio_read_(dev, HVL_MMIO_REG_QUEUE_NUM_MAX);
	return err;
}

static void v2_write_pair(struct hvl_drv_dev *dev, uint32_t low, uint64_t v)
{
	hvl_drv_mmio_write_(dev, low, (uint32_t)v);
	hvl_drv_mmio_write_(dev, low + 4, (uint32_t)(v >> 32));
}

static void v2_write_ring(struct hvl_drv_dev *dev, const struct hvl_drv_vq *vq)
{
	hvl_drv_mmio_write_(dev, HVL_MMIO_REG_QUEUE_NUM, vq->cfg.num);
	v2_write_pair(dev, HVL_MMIO_REG_QUEUE_DESC_LOW, hvl_drv_vq_desc_da(vq));
	v2_write_pair(dev, HVL_MMIO_REG_QUEUE_DRIVER_LOW,
		      hvl_drv_vq_avail_da(vq));
	v2_write_pair(dev, HVL_MMIO_REG_QUEUE_DEVICE_LOW,
		      hvl_drv_vq_used_da(vq));
	/* §4.2.3.2: ready after everything else. */
	hvl_wmb_before_doorbell();
}

static void v2_select(struct hvl_drv_dev *dev, uint16_t queue)
{
	hvl_drv_mmio_write_(dev, HVL_MMIO_REG_QUEUE_SEL, queue);
	hvl_wmb_before_doorbell();
}

static int v2_queue_setup(struct hvl_drv_dev *dev, uint16_t queue,
			  const struct hvl_drv_vq *vq)
{
	uint32_t reg = HVL_MMIO_REG_QUEUE_READY, want = 1;
	int err;

	v2_select(dev, queue);
	v2_write_ring(dev, vq);
	hvl_drv_mmio_write_(dev, HVL_MMIO_REG_QUEUE_READY, 1);
	err = v2_fence(dev, HVL_MMIO_FENCE_QUEUE);
	if (err)
		return err;
	if (!dev->trapping) {
		reg = HVL_MMIO_REG_QUEUE_STATE;
		want = queue | HVL_MMIO_QUEUE_STATE_READY;
	}
	return hvl_drv_mmio_read_(dev, reg) == want ? 0 : -EIO;
}

/* §4.2.2, QueueReset: a queue that was reset is not ready any more. */
int hvl_drv_mmio_v2_queue_reset_(struct hvl_drv_dev *dev, uint16_t queue)
{
	int err;

	v2_select(dev, queue);
	hvl_drv_mmio_write_(dev, HVL_MMIO_REG_QUEUE_RESET, 1);
	err = v2_fence(dev, HVL_MMIO_FENCE_QUEUE_RESET);
	if (err)
		return err;
	if (dev->trapping)
		return hvl_drv_mmio_await_(dev, HVL_MMIO_REG_QUEUE_RESET, 0, 0);
	return hvl_drv_mmio_read_(dev, HVL_MMIO_REG_QUEUE_STATE) == queue ?
		       0 :
		       -EIO;
}

/*
 * In plain memory nobody takes bits of InterruptStatus back, as no word has
 * two writers: the acknowledgement is for people who look, the generation
 * tells of the config, and the rings are looked at always.
 */
static uint32_t v2_events(struct hvl_drv_dev *dev)
{
	uint32_t bits, generation;

	if (dev->trapping)
		return hvl_drv_mmio_events_(dev);
	bits = hvl_drv_mmio_reasons_(dev);
	if (bits != 0)
		hvl_drv_mmio_write_(dev, HVL_MMIO_REG_INTERRUPT_ACK, bits);
	generation = hvl_io_load_acquire32(&dev->regs,
					   HVL_MMIO_REG_CONFIG_GENERATION);
	if (generation == dev->generation)
		return HVL_MMIO_INT_VRING;
	dev->generation = generation;
	return HVL_MMIO_INT_VRING | HVL_MMIO_INT_CONFIG;
}

const struct hvl_drv_transport_ops hvl_drv_mmio_v2_ = {
	.reset = v2_reset,
	.reset_done = v2_reset_done,
	.get_status = v2_get_status,
	.set_status = v2_set_status,
	.get_features = v2_get_features,
	.set_features = v2_set_features,
	.queue_max = v2_queue_max,
	.queue_setup = v2_queue_setup,
	.notify = hvl_drv_mmio_notify_,
	.config_read = hvl_drv_mmio_config_read_,
	.events = v2_events,
};
