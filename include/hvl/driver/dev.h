/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/driver/dev.h - one virtio device as a driver sees it, any transport
 *
 * The life of a device (virtio 1.3 §3.1): reset; begin (ACKNOWLEDGE, DRIVER,
 * features); a queue_setup for each queue; ready (DRIVER_OK); traffic. Every
 * step has a deadline, so a device side that does not answer is an error and
 * never a hang.
 *
 * Threads  One at a time per device; not from interrupt handlers.
 * Errors   Negative errno. -ETIMEDOUT: the device side did not answer in time;
 *          -EIO: the device needs a reset. After either only a reset helps.
 */
#ifndef HVL_DRIVER_DEV_H
#define HVL_DRIVER_DEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvl/driver/platform.h>
#include <hvl/driver/vq.h>
#include <hvl/metal/io.h>
#include <hvl/wire/virtio.h>

struct hvl_drv_dev;

/* What a transport implements; drivers call the functions further below. */
struct hvl_drv_transport_ops {
	int (*reset)(struct hvl_drv_dev *dev);
	bool (*reset_done)(const struct hvl_drv_dev *dev);
	int (*get_status)(struct hvl_drv_dev *dev, uint8_t *status);
	int (*set_status)(struct hvl_drv_dev *dev, uint8_t status);
	int (*get_features)(struct hvl_drv_dev *dev, uint64_t *features);
	int (*set_features)(struct hvl_drv_dev *dev, uint64_t features);
	int (*queue_max)(struct hvl_drv_dev *dev, uint16_t queue,
			 uint32_t *max);
	int (*queue_setup)(struct hvl_drv_dev *dev, uint16_t queue,
			   const struct hvl_drv_vq *vq);
	/* @value: queue, and with NOTIFICATION_DATA its position (§2.9) */
	void (*notify)(struct hvl_drv_dev *dev, uint32_t value);
	int (*config_read)(struct hvl_drv_dev *dev, uint32_t off, void *buf,
			   uint32_t len);
	uint32_t (*events)(struct hvl_drv_dev *dev);
};

struct hvl_drv_dev {
	uint8_t status; /* as we last set it */
	bool trapping;	/* registers act by themselves: nothing to wait for */
	bool dead;	/* it did not answer in time: only a reset may follow */
	bool resetting; /* a reset was asked for, and not confirmed in time */
	bool owns_memory; /* was DRIVER_OK, and no reset was confirmed since */
	const struct hvl_drv_transport_ops *ops;
	const struct hvl_drv_platform *plat;
	struct hvl_io regs;   /* the register block */
	uint32_t version;     /* of the transport: 1 legacy, 2 modern */
	uint32_t id;	      /* VIRTIO_ID_* */
	uint32_t vring_align; /* that the transport wants of a ring */
	uint64_t shm_da;      /* the device's region for rings and buffers */
	uint64_t shm_size;    /* 0: the transport does not say */
	uint64_t features;    /* negotiated, from begin on */
	uint32_t fence;	      /* number of the last fence */
	uint32_t generation;  /* of the config, at the last events() */
	uint32_t interrupts;  /* version 1: their count, likewise */
};

/**
 * hvl_drv_dev_reset() - bring the device to its initial state (§2.1, §2.4)
 * Return: 0 when the device has forgotten everything and owns no buffer any
 * more; -ETIMEDOUT.
 */
int hvl_drv_dev_reset(struct hvl_drv_dev *dev);

/**
 * hvl_drv_dev_reset_late() - whether a reset that timed out was obeyed since
 *
 * Asks again and looks, without waiting: for those who have other things to do
 * than to wait for a device whose other side may be gone.
 *
 * Return: false as long as it was not; true when it was, or when none is due.
 * The device is to be reset anew then, as before every start.
 */
bool hvl_drv_dev_reset_late(struct hvl_drv_dev *dev);

/**
 * hvl_drv_dev_begin() - up to and including the features (§3.1.1 steps 2-6)
 * @dev:      device, just reset
 * @wanted:   features that the driver can use; what is offered of them is
 *            taken. The transport adds VERSION_1 where the device has it.
 * @required: of them, those without which it does not go on
 * Return: 0 and dev->features; -ENOTSUP when a required one is missing or the
 * device does not accept the choice; -ETIMEDOUT.
 */
int hvl_drv_dev_begin(struct hvl_drv_dev *dev, uint64_t wanted,
		      uint64_t required);

/**
 * hvl_drv_dev_queue_max() - the largest size that a queue may have
 * Return: 0, -ENOENT when there is no such queue, -ETIMEDOUT.
 */
int hvl_drv_dev_queue_max(struct hvl_drv_dev *dev, uint16_t queue,
			  uint32_t *max);

/**
 * hvl_drv_dev_queue_setup() - tell the device where a queue lies
 * @dev:   device between begin and ready
 * @queue: index
 * @vq:    initialised, nothing added yet
 * Return: 0, -EIO when the device does not take it, -ETIMEDOUT.
 *
 * A version 1 device side clears the ring when it takes it: hvl_drv_vq_irq_off()
 * has an effect only after this.
 */
int hvl_drv_dev_queue_setup(struct hvl_drv_dev *dev, uint16_t queue,
			    const struct hvl_drv_vq *vq);

/**
 * hvl_drv_dev_queue_reset() - reset one queue while the others run (§2.6.1)
 * @dev:   ready
 * @queue: index
 * Return: 0: the device owns nothing of the queue any more, and
 * hvl_drv_dev_queue_setup() may give it a new ring; -ENOTSUP without
 * RING_RESET, -EIO when the device does not do it, -ETIMEDOUT.
 */
int hvl_drv_dev_queue_reset(struct hvl_drv_dev *dev, uint16_t queue);

/** hvl_drv_dev_ready() - DRIVER_OK: the device is live. 0, -ETIMEDOUT, -EIO. */
int hvl_drv_dev_ready(struct hvl_drv_dev *dev);

/** hvl_drv_dev_fail() - give up on the device: FAILED (§2.1) */
void hvl_drv_dev_fail(struct hvl_drv_dev *dev);

/**
 * hvl_drv_dev_health() - whether the device still works, from its registers
 * Return: 0, -EIO for DEVICE_NEEDS_RESET (§2.1.2), after a time-out, or when
 * the device side has forgotten that it was ready, for instance because it was
 * restarted. Costs one load where the registers are plain memory.
 */
int hvl_drv_dev_health(struct hvl_drv_dev *dev);

/**
 * hvl_drv_dev_kick() - notify the device of a queue's news if it wants to know
 * @dev:   device
 * @queue: index
 * @vq:    that queue
 */
void hvl_drv_dev_kick(struct hvl_drv_dev *dev, uint16_t queue,
		      struct hvl_drv_vq *vq);

/**
 * hvl_drv_dev_events() - after a doorbell: fetch and acknowledge its reasons
 * Return: HVL_MMIO_INT_* bits. They are hints: rings are looked at anyway.
 */
uint32_t hvl_drv_dev_events(struct hvl_drv_dev *dev);

/**
 * hvl_drv_dev_config_read() - a consistent copy of config fields (§2.5)
 * @dev: device
 * @off: of the first byte in the config space
 * @buf: private memory; little-endian, as the config space is
 * @len: bytes: those of one field, or of an array of bytes. 2, 4 and 8 that are
 *       aligned are read as fields of that size (§4.2.2.2).
 * Return: 0, -EINVAL outside the config space, -ETIMEDOUT when it never stays
 * the same for long enough.
 */
int hvl_drv_dev_config_read(struct hvl_drv_dev *dev, uint32_t off, void *buf,
			    uint32_t len);

/** Whether a feature (VIRTIO_*_F_*) was negotiated. */
static inline bool hvl_drv_dev_has(const struct hvl_drv_dev *dev,
				   unsigned int bit)
{
	return (dev->features >> bit & 1) != 0;
}

#endif /* HVL_DRIVER_DEV_H */
