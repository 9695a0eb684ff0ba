/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What both formats of a virtqueue share: chains, and the slots that remember
 * them. A format writes descriptors, publishes them and finds used ones.
 */
#ifndef HVL_DRIVER_VQ_PRIV_H
#define HVL_DRIVER_VQ_PRIV_H

#include <hvl/driver/vq.h>

#include <hvl/metal/compiler.h>

#define DESC_SIZE ((uint32_t)sizeof(struct hvl_vring_desc))

/* Private slot flags, apart from VRING_DESC_F_WRITE. */
#define SLOT_BOUNCED 0x100u
#define SLOT_INDIRECT 0x200u

/* Where a chain's descriptors are: in the ring, or in a table of its own. */
struct vq_chain {
	struct hvl_drv_vq_slot *slots;
	size_t desc;	/* of entry 0, from the start of the pool's region */
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

static inline uint32_t vq_line(const struct hvl_drv_vq *vq)
{
	return vq->cfg.cache_line > 1 ? vq->cfg.cache_line : 1;
}

/* Whether a segment can be offered where it is, and where that is. */
HVL_INLINE bool vq_in_place(const struct hvl_drv_vq *vq,
			    const struct hvl_drv_seg *seg, uint64_t *off)
{
	const struct hvl_io *io = &vq->cfg.pool->io;

	return hvl_io_va_to_off(io, seg->va, seg->len, off) &&
	       (vq->cfg.own_lines ||
		(((io->da + *off) | seg->len) & (vq_line(vq) - 1)) == 0);
}

/* No dirty line may be evicted over what the device writes. */
HVL_INLINE void vq_hand_over(const struct hvl_io *io, size_t off, uint32_t len,
			     bool write)
{
	if (write)
		hvl_io_invalidate(io, off, len);
	else
		hvl_io_clean(io, off, len);
}

HVL_INLINE void vq_take_over(const struct hvl_io *io, size_t off, uint32_t len)
{
	hvl_io_invalidate(io, off, len);
}

/** A word of the ring that both formats have at an offset of their own. */
static inline void vq_store16(const struct hvl_drv_vq *vq, uint32_t at,
			      uint16_t v)
{
	hvl_io_write16(&vq->ring, at, v);
	hvl_io_clean(&vq->ring, at, sizeof(hvl_le16));
}

/*
 * Give the slots from @head to @tail back, @n of them, behind the free ones.
 * So entries go round the ring as long as the device keeps the order, and with
 * IN_ORDER always (virtio 1.3 §2.7.5.2). The last one's link leads from each
 * chain to the one added next: that one comes back next then. Without IN_ORDER
 * and with none free, the last one may be among these, and linked already.
 */
HVL_INLINE void vq_give(struct hvl_drv_vq *vq, uint16_t head, uint16_t tail,
			uint16_t n)
{
	struct hvl_drv_vq_slot *slots = vq->cfg.slots;

	if (vq->nfree != 0 || vq->in_order)
		slots[vq->free_tail].next = head;
	if (vq->nfree == 0)
		vq->free_head = head;
	vq->free_tail = tail;
	vq->nfree = (uint16_t)(vq->nfree + n);
	vq->first_out = slots[tail].next;
}

/*
 * What each format has:
 *
 * offer    write a chain's descriptors behind those offered before
 * publish  show all of them to the device; true: it wants to be notified
 * look     whether something was used: 1, 0 or -EPROTO
 * used     what that is, after a look that said 1
 * skip     one more chain is taken, with @count entries of the ring; false: the
 *          device did not say that so many were used
 * set_irq  write down what the queue's irq and used_idx say; true: that is new
 * bad      offer what no device can accept, in one entry
 */

#endif /* HVL_DRIVER_VQ_PRIV_H */
