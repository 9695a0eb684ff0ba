/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the device library share among themselves.
 */
#ifndef HVL_DEV_PRIV_H
#define HVL_DEV_PRIV_H

#include <hvl/device/dev.h>

/* dev.c, for transports */

/** The largest ring that is offered, for every queue. */
uint32_t hvl_dev_queue_max_(const struct hvl_dev *dev);

/** Tell the host, if it wants to know. */
void hvl_dev_event_(struct hvl_dev *dev, enum hvl_dev_event ev);

/**
 * Forget all that the driver said; heals a broken device.
 * @ev: HVL_DEV_EVENT_RESET, or HVL_DEV_EVENT_RESTARTED if it did not say so
 */
void hvl_dev_reset_(struct hvl_dev *dev, enum hvl_dev_event ev);

/** Forget the driver and its queues; nothing is written. */
void hvl_dev_forget_(struct hvl_dev *dev);

/** DRIVER_OK holds from now on. */
void hvl_dev_go_live_(struct hvl_dev *dev);

/**
 * Take a queue into use, at device addresses of the driver's.
 * Return: whether the ring is possible; if not, there was a log line.
 */
bool hvl_dev_queue_start_(struct hvl_dev *dev, uint16_t queue, uint32_t num,
			  uint64_t desc, uint64_t avail, uint64_t used);

/** A queue was set up: tell the host if that was the last one. */
void hvl_dev_queues_event_(struct hvl_dev *dev);

/** What a queue of the driver's choice is to be started with. */
struct hvl_dev_vq_config hvl_dev_vq_config_(const struct hvl_dev *dev,
					    uint16_t queue, uint32_t num,
					    uint64_t desc, uint64_t avail,
					    uint64_t used);

/**
 * Where to log what the driver provoked: nowhere once there was so much of it
 * that it could flood the log.
 */
const struct hvl_log *hvl_dev_log_(const struct hvl_dev *dev);

/* resume.c, for transports */

/** Record the state, before the driver can see what changed. */
void hvl_dev_record_(struct hvl_dev *dev);

/* dev.c, for models */

/** hvl_dev_vq_pop() into the device's scratch segments: 1, 0 or -EPROTO. */
int hvl_dev_pop_(struct hvl_dev *dev, uint16_t queue, struct hvl_chain *chain);

/** The chain is not what the device type asks for. Return: -EPROTO. */
int hvl_dev_bad_chain_(struct hvl_dev *dev, uint16_t queue,
		       const struct hvl_chain *chain, const char *what);

/* mmio_common.c */

/** Whether the block shows this very device, in that version. */
bool hvl_dev_mmio_shown_(const struct hvl_dev *dev, uint32_t version);

/** Write what is the device's own in both versions, with no selector set. */
void hvl_dev_mmio_write_own_(struct hvl_dev *dev);

/** Clear the block and fill in what both versions share, but the magic. */
void hvl_dev_mmio_clear_(struct hvl_dev *dev, uint32_t version,
			 uint32_t vendor);

/** Write SHMBase and SHMLen. */
void hvl_dev_mmio_set_shm_(struct hvl_dev *dev, uint64_t base, uint64_t size);

/** Everything else is there: show the magic. */
void hvl_dev_mmio_show_(struct hvl_dev *dev);

/** Copy the model's config space into the block. */
void hvl_dev_mmio_write_config_(struct hvl_dev *dev);

static inline uint32_t hvl_dev_reg_(const struct hvl_dev *dev, uint32_t reg)
{
	return hvl_io_read32(dev->cfg.regs, reg);
}

static inline void hvl_dev_set_reg_(const struct hvl_dev *dev, uint32_t reg,
				    uint32_t v)
{
	hvl_io_write32(dev->cfg.regs, reg, v);
}

#endif /* HVL_DEV_PRIV_H */
