/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio-mmio version 1 (virtio 1.3 §4.2.4): in plain memory, as the existing
 * hypervisorless stack has it, or trapping.
 *
 * In plain memory the device side answers in two places only: it replaces
 * QueuePFN by a magic value when it has taken a queue, and restores markers in
 * QueueSel and QueueNum when it has seen Status 0.
 */
#include <hvl/metal/barrier.h>
#include <hvl/metal/errno.h>

#include "mmio_priv.h"

/* For device sides that show nothing when they are reset while not in use. */
#define V1_RESET_US 20000u

static int v1_set_status(struct hvl_drv_dev *dev, uint8_t status)
{
	hvl_drv_mmio_write_(dev, HVL_MMIO_REG_STATUS, status);
	hvl_drv_mmio_ring_(dev);
	return 0;
}

static int v1_get_status(struct hvl_drv_dev *dev, uint8_t *status)
{
	*status = (uint8_t)hvl_drv_mmio_read_(dev, HVL_MMIO_REG_STATUS);
	return 0;
}

static int v1_reset(struct hvl_drv_dev *dev)
{
	/* Where it owns nothing of ours there is nothing to be sure of. */
	bool sure = dev->trapping || dev->owns_memory;
	uint32_t reg = HVL_MMIO_REG_QUEUE_SEL, want = HVL_MMIO_V1_MARKER;
	int err;

	/*
	 * Not the marker, so that its return can be seen; nor a queue (but 0
	 * where it traps), which the device side may just replace by it.
	 */
	hvl_drv_mmio_write_(dev, HVL_MMIO_REG_QUEUE_SEL, dev->trapping - 1u);
	hvl_drv_mmio_write_(dev, HVL_MMIO_REG_QUEUE_PFN, 0);
	/* The device side must see these with the status, or before. */
	hvl_wmb_before_doorbell();
	v1_set_status(dev, 0);
	if (dev->trapping) {
		reg = HVL_MMIO_REG_STATUS;
		want = 0;
	}
	err = hvl_drv_mmio_await_(dev, reg, want, sure ? 0 : V1_RESET_US);
	return sure ? err : 0;
}

static bool v1_reset_done(const struct hvl_drv_dev *dev)
{
	if (dev->trapping)
		return hvl_drv_mmio_read_(dev, HVL_MMIO_REG_STATUS) == 0;
	return hvl_drv_mmio_read_(dev, HVL_MMIO_REG_QUEUE_SEL) ==
	       HVL_MMIO_V1_MARKER;
}

static int v1_get_features(struct hvl_drv_dev *dev, uint64_t *features)
{
	*features = hvl_drv_mmio_select_(dev, HVL_MMIO_REG_DEVICE_FEATURES_SEL,
					 0, HVL_MMIO_REG_DEVICE_FEATURES);
	return 0;
}

static int v1_set_features(struct hvl_drv_dev *dev, uint64_t features)
{
	hvl_drv_mmio_write_(dev, HVL_MMIO_REG_GUEST_PAGE_SIZE,
			    HVL_MMIO_V1_PAGE_SIZE);
	hvl_drv_mmio_write_(dev, HVL_MMIO_REG_DRIVER_FEATURES_SEL, 0);
	hvl_wmb_before_doorbell();
	hvl_drv_mmio_write_(dev, HVL_MMIO_REG_DRIVER_FEATURES,
			    (uint32_t)features);
	hvl_drv_mmio_ring_(dev);
	return 0;
}

static int v1_queue_max(struct hvl_drv_dev *dev, uint16_t queue, uint32_t *max)
{
	*max = hvl_drv_mmio_select_(dev, HVL_MMIO_REG_QUEUE_SEL, queue,
				    HVL_MMIO_REG_QUEUE_NUM_MAX);
	return 0;
}

static int v1_queue_setup(struct hvl_drv_dev *dev, uint16_t queue,
			  const struct hvl_drv_vq *vq)
{
	uint64_t pfn = hvl_drv_vq_desc_da(vq) / HVL_MMIO_V1_PAGE_SIZE;
	int err;

	if (pfn == 0 || pfn > UINT32_MAX || pfn == HVL_MMIO_V1_ACK)
		return -EIO;
	hvl_drv_mmio_write_(dev, HVL_MMIO_REG_QUEUE_SEL, queue);
	/* Else it looks as if the last queue were asked for with another size */
	hvl_wmb_before_doorbell();
	hvl_drv_mmio_write_(dev, HVL_MMIO_REG_QUEUE_NUM, vq->cfg.num);
	hvl_drv_mmio_write_(dev, HVL_MMIO_REG_QUEUE_ALIGN,
			    HVL_VRING_LEGACY_ALIGN);
	/* The device side acts on QueuePFN: it comes last, the ring before. */
	hvl_io_store_release32(&dev->regs, HVL_MMIO_REG_QUEUE_PFN,
			       (uint32_t)pfn);
	hvl_drv_mmio_ring_(dev);
	if (dev->trapping)
		return 0;

	err = hvl_drv_mmio_await_(dev, HVL_MMIO_REG_QUEUE_PFN, HVL_MMIO_V1_ACK,
				  0);
	if (!err)
		hvl_drv_mmio_write_(dev, HVL_MMIO_REG_QUEUE_PFN, (uint32_t)pfn);
	return err;
}

/*
 * A device side may leave a bit set for good, so that the bits alone do not
 * tell whether it waits for an acknowledgement; where it counts its rings, its
 * count does. Without this each look would acknowledge, ring and wake it up.
 * An acknowledgement that it takes late may take the bit for newer news of the
 * config away: the generation stays.
 */
static uint32_t v1_events(struct hvl_drv_dev *dev)
{
	uint32_t count, generation, events = 0;

	if (dev->trapping)
		return hvl_drv_mmio_events_(dev);
	count = hvl_io_load_acquire32(&dev->regs, HVL_MMIO_REG_INTERRUPT_COUNT);
	generation = hvl_io_load_acquire32(&dev->regs,
					   HVL_MMIO_REG_CONFIG_GENERATION);
	if (generation != dev->generation)
		events = HVL_MMIO_INT_CONFIG;
	dev->generation = generation;
	if (count != 0 && count == dev->interrupts)
		return events;
	dev->interrupts = count;
	return events | hvl_drv_mmio_events_(dev);
}

const struct hvl_drv_transport_ops hvl_drv_mmio_v1_ = {
	.reset = v1_reset,
	.reset_done = v1_reset_done,
	.get_status = v1_get_status,
	.set_status = v1_set_status,
	.get_features = v1_get_features,
	.set_features = v1_set_features,
	.queue_max = v1_queue_max,
	.queue_setup = v1_queue_setup,
	.notify = hvl_drv_mmio_notify_,
	.config_read = hvl_drv_mmio_config_read_,
	.events = v1_events,
};
