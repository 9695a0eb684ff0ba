/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the driver library share: waiting with a deadline, and the
 * steps that every device type takes alike.
 */
#ifndef HVL_DRIVER_DEV_PRIV_H
#define HVL_DRIVER_DEV_PRIV_H

#include <hvl/driver/dev.h>

/* A wait for the device side. */
struct hvl_drv_wait {
	const struct hvl_drv_platform *plat;
	uint64_t spin_until;
	uint64_t nudge_at;
	uint64_t deadline;
};

/** Start to wait; @timeout_us 0 means the platform's. */
void hvl_drv_wait_begin_(struct hvl_drv_wait *w,
			 const struct hvl_drv_platform *plat,
			 uint32_t timeout_us);

/**
 * hvl_drv_wait_() - wait a little: spin at first, then sleep
 *
 * Called as long as what is waited for has not come, after looking for it.
 *
 * Return: 0 to look again; 1 every 10 ms, to repeat a doorbell that may have
 * been lost as well; -ETIMEDOUT.
 */
int hvl_drv_wait_(struct hvl_drv_wait *w);

/**
 * hvl_drv_dev_open_() - check the device's type, reset, negotiate
 * Return: -ENODEV for another type, or as hvl_drv_dev_begin().
 */
int hvl_drv_dev_open_(struct hvl_drv_dev *dev, uint32_t id, uint64_t wanted);

/** Notify the device of a queue, whether it wants to know or not. */
void hvl_drv_dev_notify_(struct hvl_drv_dev *dev, uint16_t queue,
			 const struct hvl_drv_vq *vq);

/**
 * hvl_drv_dev_close_() - after an error while starting: let the device go
 *
 * It shows FAILED and is then reset, unless it does not answer anyway.
 *
 * Return: whether it owns nothing any more.
 */
bool hvl_drv_dev_close_(struct hvl_drv_dev *dev);

/** The largest ring size up to @num that a queue of the device may have. */
int hvl_drv_dev_queue_num_(struct hvl_drv_dev *dev, uint16_t queue,
			   uint16_t *num);

/** What the device and platform say of a ring's config; the rest is zeroed. */
void hvl_drv_dev_vq_config_(const struct hvl_drv_dev *dev,
			    struct hvl_drv_vq_config *cfg);

#endif /* HVL_DRIVER_DEV_PRIV_H */
