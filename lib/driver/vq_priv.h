/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What both formats of a virtqueue share: chains, and the slots that remember
 * them. A format writes descriptors, publishes them and finds used ones.
 */
#ifndef HVL_DRIVER_VQ_PRIV_H
#define HVL_DRIVER_VQ_PRIV_H

#include <hvl/driver/vq.h>

#define DESC_SIZE ((uint32_t)sizeof(struct hvl_vring_desc))

/* Private slot flags, apart from VRING_DESC_F_WRITE. */
#define SLOT_BOUNCED 0x100u
#define SLOT_INDIRECT 0x200u

/* Where a chain's descriptors are: in the ring, or in a table of its own. */
struct vq_chain {
	struct hvl_drv_vq_slot *slots;
	uint64_t desc;	/* of entry 0, from the start of the pool's region */
	uint16_t first; /* entry the chain starts with */
	uint16_t count; /* entries it has */
};

/* What the device has used next. */
struct vq_used {
	uint32_t id, len;
};

static inline bool vq_is_packed(const struct hvl_drv_vq *vq)
{
	return HVL_DRV_VQ_PACKED && vq->packed;
}

/** A word of the ring that both formats have at an offset of their own. */
static inline void vq_store16(const struct hvl_drv_vq *vq, uint32_t at,
			      uint16_t v)
{
	hvl_io_write16(&vq->ring, at, v);
	hvl_io_clean(&vq->ring, at, sizeof(hvl_le16));
}

/*
 * The formats. offer: write a chain's descriptors behind those offered before;
 * the device sees them from publish on, which says whether it wants to be
 * notified. look: whether something was used: 1, 0, or -EPROTO. used: what it
 * is, after a look that said 1. skip: one more chain is taken, with @count
 * entries of the ring; false: the device did not say so many were used.
 * set_irq: write down what the queue's irq and used_idx say; true: that is
 * new. bad: offer what no device can accept,
 * in one entry.
 */

#endif /* HVL_DRIVER_VQ_PRIV_H */
