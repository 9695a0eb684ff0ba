/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the two versions of the mmio transport share.
 */
#ifndef HVL_DRIVER_MMIO_PRIV_H
#define HVL_DRIVER_MMIO_PRIV_H

#include <hvl/driver/dev.h>
#include <hvl/wire/mmio.h>

extern const struct hvl_drv_transport_ops hvl_drv_mmio_v1_;
extern const struct hvl_drv_transport_ops hvl_drv_mmio_v2_;

static inline uint32_t hvl_drv_mmio_read_(const struct hvl_drv_dev *dev,
					  uint32_t reg)
{
	return hvl_io_read32(&dev->regs, reg);
}

static inline void hvl_drv_mmio_write_(const struct hvl_drv_dev *dev,
				       uint32_t reg, uint32_t v)
{
	hvl_io_write32(&dev->regs, reg, v);
}

/** Have the device side look at the registers, where they do not trap. */
void hvl_drv_mmio_ring_(const struct hvl_drv_dev *dev);

/**
 * hvl_drv_mmio_await_() - wait until a register has a value
 * @dev:        device; its doorbell is rung again on the way
 * @reg:        register
 * @want:       value
 * @timeout_us: 0: the platform's
 * Return: 0 and all that the device wrote before is visible; -ETIMEDOUT.
 */
int hvl_drv_mmio_await_(const struct hvl_drv_dev *dev, uint32_t reg,
			uint32_t want, uint32_t timeout_us);

/** Write a register, then read another one that depends on it. */
uint32_t hvl_drv_mmio_select_(const struct hvl_drv_dev *dev, uint32_t sel,
			      uint32_t v, uint32_t reg);

/** Reasons for an interrupt; §4.2.2.2: other bits mean nothing. */
uint32_t hvl_drv_mmio_reasons_(const struct hvl_drv_dev *dev);

/* Transport operations that are the same in both versions. */
void hvl_drv_mmio_notify_(struct hvl_drv_dev *dev, uint32_t value);
int hvl_drv_mmio_config_read_(struct hvl_drv_dev *dev, uint32_t off, void *buf,
			      uint32_t len);
uint32_t hvl_drv_mmio_events_(struct hvl_drv_dev *dev);

/** hvl_drv_dev_queue_reset() for version 2. */
int hvl_drv_mmio_v2_queue_reset_(struct hvl_drv_dev *dev, uint16_t queue);

#endif /* HVL_DRIVER_MMIO_PRIV_H */
