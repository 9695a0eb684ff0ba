/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of version 1 share: mmio_v1.c, which looks at the registers,
 * mmio_v1_queue.c, which sets queues up, and mmio_v1_resume.c, for a host that
 * comes late.
 */
#ifndef HVL_DEV_MMIO_V1_PRIV_H
#define HVL_DEV_MMIO_V1_PRIV_H

#include <hvl/wire/mmio.h>

#include "dev_priv.h"

#define V1_TRIES 4u
#define V1_REPEAT_US UINT64_C(100000) /* a doorbell that went unheard */
#define V1_NEEDS_RESET ((uint32_t)VIRTIO_CONFIG_S_NEEDS_RESET)

/* A queue that the driver asks for, and the registers it is made of. */
struct v1_request {
	uint32_t sel;
	struct hvl_dev_mmio_queue q;
};

/* mmio_v1.c */

/** The block anew. */
void hvl_dev_v1_publish_(struct hvl_dev *dev);

/** Whether the driver started over with no reset that was seen. */
bool hvl_dev_v1_restarted_(const struct hvl_dev *dev, uint8_t status);

/** NEEDS_RESET that was shown is over. */
void hvl_dev_v1_hide_needs_reset_(struct hvl_dev *dev);

/** A Status that the driver wrote: tell, and record it. */
void hvl_dev_v1_take_status_(struct hvl_dev *dev, uint8_t status);

/* mmio_v1_queue.c */

/** Change HostFeaturesSel so that a driver which starts over shows. */
void hvl_dev_v1_watch_(struct hvl_dev *dev);

/** Whether it has shown there. */
bool hvl_dev_v1_watch_tells_(const struct hvl_dev *dev);

/** Whether the driver is where it was: the last look before an answer. */
bool hvl_dev_v1_same_life_(const struct hvl_dev *dev);

/** Read a request that stands still. Return: whether there is one. */
bool hvl_dev_v1_read_request_(const struct hvl_dev *dev, struct v1_request *r);

/** The queue that a selector means; the number of queues if none. */
uint16_t hvl_dev_v1_queue_index_(const struct hvl_dev *dev, uint32_t sel);

/** Set a queue up if the driver asks for one. Return: whether to ring. */
bool hvl_dev_v1_setup_queue_(struct hvl_dev *dev);

/** Whether all queues, or any, are set up. */
bool hvl_dev_v1_queues_ready_(const struct hvl_dev *dev, bool all);

/* mmio_v1_resume.c */

/** A driver is live whose queues are not known: it must start over. */
void hvl_dev_v1_disown_(struct hvl_dev *dev, uint8_t status);

/* As struct hvl_dev_transport has them. */
void hvl_dev_v1_attach_(struct hvl_dev *dev);
void hvl_dev_v1_save_(const struct hvl_dev *dev, struct hvl_dev_saved *saved);
const char *hvl_dev_v1_restore_(struct hvl_dev *dev,
				const struct hvl_dev_saved *saved);
bool hvl_dev_v1_driver_gone_(const struct hvl_dev *dev);
void hvl_dev_v1_resume_(struct hvl_dev *dev);

static inline uint64_t v1_now(const struct hvl_dev *dev)
{
	return dev->cfg.now_us ? dev->cfg.now_us(dev->cfg.now_ctx) : 0;
}

static inline bool v1_due(const struct hvl_dev *dev, uint64_t since_us)
{
	return dev->cfg.now_us && v1_now(dev) - since_us >= V1_REPEAT_US;
}

static inline bool v1_cas(const struct hvl_dev *dev, uint32_t reg,
			  uint32_t expected, uint32_t v)
{
	return hvl_io_cas32(dev->cfg.regs, reg, expected, v);
}

/* What the driver means by Status: 8 bits, and the one of ours is not its. */
static inline uint8_t v1_status(const struct hvl_dev *dev)
{
	return (uint8_t)(hvl_dev_reg_(dev, HVL_MMIO_REG_STATUS) & 0xffu &
			 ~V1_NEEDS_RESET);
}

static inline uint32_t v1_last_pfn(const struct hvl_dev *dev)
{
	const struct hvl_dev_mmio *m = &dev->mmio;

	return m->last_acked < HVL_DEV_QUEUES_MAX ?
		       m->queue[m->last_acked].pfn :
		       0;
}

#endif /* HVL_DEV_MMIO_V1_PRIV_H */
