/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/driver/rng.h - virtio-rng driver: entropy (virtio 1.3 §5.4)
 *
 * Ownership  Device, pool and storage are the caller's, borrowed from start
 *            to stop.
 * Threads    One at a time; not from interrupt handlers.
 * Errors     As hvl/driver/dev.h. After -EIO, -EPROTO or -ETIMEDOUT:
 *            hvl_drv_rng_stop(), then hvl_drv_rng_start() again.
 */
#ifndef HVL_DRIVER_RNG_H
#define HVL_DRIVER_RNG_H

#include <stddef.h>

#include <hvl/driver/dev.h>

#define HVL_DRV_RNG_NUM 8u /* ring size: requests that may be out */

struct hvl_drv_rng {
	struct hvl_drv_dev *dev;
	struct hvl_drv_vq vq;
	struct hvl_drv_vq_slot slots[HVL_DRV_RNG_NUM];
	bool live;
	int error; /* the first one that only a stop and a start end */
};

/**
 * hvl_drv_rng_start() - reset and set up the device
 * @rng:  caller's storage, zeroed before its first use
 * @dev:  a probed device with id VIRTIO_ID_RNG
 * @pool: for the ring and for bounce buffers
 * Return: 0, -ENODEV for another device, -ENOMEM, or as hvl/driver/dev.h. After
 * an error nothing of the pool is in use, unless the device does not confirm
 * that it was reset: see hvl_drv_rng_stop().
 */
int hvl_drv_rng_start(struct hvl_drv_rng *rng, struct hvl_drv_dev *dev,
		      struct hvl_drv_pool *pool);

/**
 * hvl_drv_rng_stop() - reset the device, take all memory back
 *
 * Requests that are out are dropped, their buffers the caller's again.
 *
 * Return: 0, or -ETIMEDOUT when the device does not confirm the reset. It may
 * then still write to ring and buffers: what is the pool's stays taken from it,
 * and a caller's own buffer in the shared memory should not be used again,
 * until a later stop or start is confirmed.
 */
int hvl_drv_rng_stop(struct hvl_drv_rng *rng);

/**
 * hvl_drv_rng_read() - get entropy, wait for it
 * @rng: started
 * @buf: any memory: in the shared memory the device writes it directly
 * @len: bytes, not 0, up to what the pool can bounce (ask again for the rest)
 * Return: bytes obtained, 1 to @len; -ETIMEDOUT, -EIO, -EPROTO, -ENOMEM;
 * -EINVAL for no bytes; -EBUSY while submitted requests are out.
 */
int hvl_drv_rng_read(struct hvl_drv_rng *rng, void *buf, uint32_t len);

/**
 * hvl_drv_rng_submit() - ask for entropy, do not wait; notifies the device
 * @rng:    started
 * @buf:    stays the device's until hvl_drv_rng_poll() returns @cookie
 * @len:    bytes
 * @cookie: not NULL
 * Return: 0, -EINVAL for no bytes or no cookie, -ENOSPC when too much is out,
 * -ENOMEM, -EPROTO, or the error that ended the last read.
 */
int hvl_drv_rng_submit(struct hvl_drv_rng *rng, void *buf, uint32_t len,
		       void *cookie);

/**
 * hvl_drv_rng_poll() - take a finished request
 * Return: 1 with @cookie and @len filled in, 0 for none, -EPROTO, or the error
 * that ended the last read. -EIO when not started.
 */
int hvl_drv_rng_poll(struct hvl_drv_rng *rng, void **cookie, uint32_t *len);

#endif /* HVL_DRIVER_RNG_H */
