/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Many chains of one segment at once, driver side: part of vq.c.
 *
 * Only what is plain goes this way: a segment that is offered where it is, in a
 * descriptor of the ring. Nothing here fails: it ends at the first chain that
 * is anything else, or wrong, which is then left to the functions for one.
 */
#ifndef HVL_DRIVER_VQ_MANY_H
#define HVL_DRIVER_VQ_MANY_H

#include "vq_packed.h"
#include "vq_priv.h"
#include "vq_split.h"

HVL_INLINE void vq_read_used(struct hvl_drv_vq *vq, struct vq_used *used)
{
	if (vq_is_packed(vq))
		packed_used(vq, used);
	else
		split_used(vq, used);
}

HVL_INLINE bool many_fill(const struct hvl_drv_vq *vq,
			  struct hvl_drv_vq_slot *slot,
			  const struct hvl_drv_buf *buf, uint16_t flags)
{
	const struct hvl_io *io = &vq->cfg.pool->io;
	const struct hvl_drv_seg seg = { buf->va, buf->len };
	uint64_t off;

	if (!buf->cookie || !buf->va || buf->len == 0 ||
	    !vq_in_place(vq, &seg, &off))
		return false;
	slot->cookie = buf->cookie;
	slot->off = (size_t)off;
	slot->len = buf->len;
	slot->count = 1;
	slot->flags = flags;
	vq_hand_over(io, slot->off, buf->len, flags != 0);
	return true;
}

HVL_INLINE uint16_t many_add_split(struct hvl_drv_vq *vq,
				   const struct hvl_drv_buf *bufs, uint16_t n,
				   uint16_t flags)
{
	struct hvl_drv_vq_slot *slots = vq->cfg.slots, *slot;
	uint16_t head = vq->free_head, done;

	for (done = 0; done < n; done++, head = slot->next) {
		slot = &slots[head];
		if (!many_fill(vq, slot, &bufs[done], flags))
			break;
		split_offer_one(vq, slot, head, flags);
	}
	vq->free_head = head;
	vq->added = (uint16_t)(vq->added + done);
	return done;
}

HVL_INLINE uint16_t many_add_packed(struct hvl_drv_vq *vq,
				    const struct hvl_drv_buf *bufs, uint16_t n,
				    uint16_t flags)
{
	struct hvl_drv_vq_slot *slots = vq->cfg.slots, *slot;
	uint16_t head = vq->free_head, idx = vq->avail_idx, done;
	size_t at = vq->ring_off + packed_at(vq, idx);
	bool wrap = vq->avail_wrap;

	for (done = 0; done < n; done++, head = slot->next) {
		slot = &slots[head];
		if (!many_fill(vq, slot, &bufs[done], flags))
			break;
		packed_put(vq, at, idx, slot->off, slot->len, head,
			   flags | hvl_vring_packed_avail(wrap),
			   vq->added + done == 0);
		at += DESC_SIZE;
		if (++idx == vq->cfg.num) {
			idx = 0;
			wrap = !wrap;
			at = vq->ring_off + packed_at(vq, 0);
		}
	}
	vq->free_head = head;
	vq->avail_idx = idx;
	vq->avail_wrap = wrap;
	vq->added = (uint16_t)(vq->added + done);
	return done;
}

/* Return: how many of @n chains were offered. */
HVL_INLINE uint16_t many_add(struct hvl_drv_vq *vq,
			     const struct hvl_drv_buf *bufs, uint16_t n,
			     bool write)
{
	const uint16_t flags = write ? VRING_DESC_F_WRITE : 0;
	uint16_t done;

	if (n > vq->nfree)
		n = vq->nfree;
	done = vq_is_packed(vq) ? many_add_packed(vq, bufs, n, flags) :
				  many_add_split(vq, bufs, n, flags);
	vq->nfree = (uint16_t)(vq->nfree - done);
	return done;
}

/*
 * A plain chain that is out, of which the device wrote all (@whole), or says
 * that it wrote @len bytes. False: it is not, or did not.
 */
HVL_INLINE bool many_take(const struct hvl_drv_vq *vq,
			  struct hvl_drv_vq_slot *slot, bool whole,
			  uint32_t len, struct hvl_drv_used *used)
{
	uint32_t room = slot->flags & VRING_DESC_F_WRITE ? slot->len : 0;

	if (!slot->cookie || slot->count != 1 ||
	    (slot->flags & (SLOT_BOUNCED | SLOT_INDIRECT)))
		return false;
	if (whole)
		len = room;
	if (len > room)
		return false;
	used->cookie = slot->cookie;
	used->len = len;
	slot->cookie = NULL;
	slot->flags = 0;
	vq_take_over(&vq->cfg.pool->io, slot->off, len);
	return true;
}

/* Whether there is one more, by what was seen: a split ring looked at once. */
HVL_INLINE bool many_ready(struct hvl_drv_vq *vq)
{
	return vq_is_packed(vq) ? packed_look(vq) != 0 : vq->used_ready != 0;
}

HVL_INLINE void many_skip(struct hvl_drv_vq *vq, uint16_t count)
{
	if (vq_is_packed(vq)) {
		packed_skip(vq, count);
		return;
	}
	vq->used_ready = (uint16_t)(vq->used_ready - count);
	vq->used_idx = (uint16_t)(vq->used_idx + count);
}

/*
 * The device has read it, and it is soon written again: get the line back. Not
 * for the first one: where it comes alone, the device reads its neighbours next.
 */
HVL_INLINE void many_want_desc(const struct hvl_drv_vq *vq, uint32_t i)
{
	hvl_io_prefetch(&vq->ring, vq->at.desc + i * DESC_SIZE, true);
}

/* Those that one entry of the device gave back (§2.7.9, §2.8.8). */
static inline uint16_t many_get_batch(struct hvl_drv_vq *vq,
				      struct hvl_drv_used *used, uint16_t n)
{
	struct hvl_drv_vq_slot *slots = vq->cfg.slots;
	uint16_t first = vq->first_out, id = first, tail = first, done;

	if (!vq_is_packed(vq) && n > vq->used_ready)
		n = vq->used_ready;

	for (done = 0; done < n && vq->in_batch; done++) {
		bool last = id == vq->batch_last;

		if (!many_take(vq, &slots[id], !last, vq->batch_len,
			       &used[done]))
			break;
		vq->in_batch = !last;
		if (done != 0)
			many_want_desc(vq, id);
		tail = id;
		id = slots[id].next;
	}
	/* They are linked as they were added. */
	if (done != 0)
		vq_give(vq, first, tail, done);
	many_skip(vq, done);
	return done;
}

/* Those that have an entry each. */
static inline uint16_t many_get_each(struct hvl_drv_vq *vq,
				     struct hvl_drv_used *used, uint16_t n)
{
	struct hvl_drv_vq_slot *slots = vq->cfg.slots;
	uint16_t first = 0, tail = 0, done;
	struct vq_used next;

	for (done = 0; done < n && many_ready(vq); done++) {
		vq_read_used(vq, &next);
		if (next.id >= vq->cfg.num ||
		    !many_take(vq, &slots[next.id], false, next.len,
			       &used[done]))
			break;
		if (done == 0)
			first = (uint16_t)next.id;
		else
			slots[tail].next = (uint16_t)next.id;
		tail = (uint16_t)next.id;
		if (done != 0)
			many_want_desc(vq,
				       vq_is_packed(vq) ? vq->used_idx : tail);
		many_skip(vq, 1);
	}
	if (done != 0)
		vq_give(vq, first, tail, done);
	return done;
}

#endif /* HVL_DRIVER_VQ_MANY_H */
