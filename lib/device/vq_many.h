/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Many chains of one segment at once, device side: part of vq.c.
 *
 * What is plain and right goes this way. Nothing here fails: it ends at the
 * first chain that is anything else. That one is left to the function for one,
 * which reads it anew, and tells what is wrong with it.
 */
#ifndef HVL_DEVICE_VQ_MANY_H
#define HVL_DEVICE_VQ_MANY_H

#include <hvl/metal/compiler.h>

#include "vq_packed.h"
#include "vq_priv.h"
#include "vq_split.h"

#define MANY_PER_LINE 8u /* used entries in a cache line, as most have it */

/* A chain of one segment, by its only descriptor. */
HVL_INLINE bool many_fill(const struct hvl_dev_vq *vq, struct hvl_chain *chain,
			  uint16_t head, const struct vq_desc *d)
{
	bool write = (d->flags & VRING_DESC_F_WRITE) != 0;
	struct hvl_seg *seg = chain->seg;
	uint64_t off;

	if ((d->flags & (VRING_DESC_F_NEXT | VRING_DESC_F_INDIRECT)) ||
	    d->len == 0 || chain->nseg_max == 0 ||
	    !hvl_io_da_to_off(&vq->shm, d->addr, d->len, &off))
		return false;
	vq_see_seg(vq, off, d->len);
	seg->va = hvl_io_va(&vq->shm, off);
	seg->len = d->len;
	chain->head = head;
	chain->count = 1;
	chain->nread = !write;
	chain->nwrite = write;
	chain->read_len = write ? 0 : d->len;
	chain->write_len = write ? d->len : 0;
	hvl_io_prefetch(&vq->shm, off, write);
	return true;
}

/* The entries that @n chains are given back in: get the lines. */
HVL_INLINE void many_want_used(const struct hvl_dev_vq *vq, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i += MANY_PER_LINE)
		hvl_io_prefetch(&vq->shm, split_used_at(vq, vq->used_idx + i),
				true);
}

/* Return: how many of @n chains were taken. */
HVL_INLINE uint16_t many_pop_split(struct hvl_dev_vq *vq,
				   struct hvl_chain *chains, uint16_t n)
{
	uint16_t done, head, ready;
	struct vq_desc d;

	if (split_look(vq) <= 0)
		return 0;
	ready = (uint16_t)(vq->avail_seen - vq->avail_idx);
	if (n > ready)
		n = ready;
	for (done = 0; done < n; done++) {
		head = split_head(vq, (uint16_t)(vq->avail_idx + done));
		if (head >= vq->num)
			break;
		vq_read_desc(vq, vq->desc + (uint64_t)head * DESC_SIZE, &d);
		if (!many_fill(vq, &chains[done], head, &d))
			break;
	}
	vq->avail_idx = (uint16_t)(vq->avail_idx + done);
	many_want_used(vq, done);
	return done;
}

HVL_INLINE uint16_t many_pop_packed(struct hvl_dev_vq *vq,
				    struct hvl_chain *chains, uint16_t n)
{
	struct packed_pos pos = { vq->avail_idx, vq->avail_wrap };
	struct vq_desc d;
	uint16_t done;

	for (done = 0; done < n && packed_is_avail(vq, &pos, &d.flags);
	     done++) {
		packed_read_body(vq, packed_at(vq, pos.idx), &d);
		if (!many_fill(vq, &chains[done], d.next, &d))
			break;
		hvl_io_prefetch(&vq->shm, packed_at(vq, pos.idx), true);
		packed_advance(vq, &pos, 1);
	}
	vq->avail_idx = (uint16_t)pos.idx;
	vq->avail_wrap = pos.wrap;
	return done;
}

#endif /* HVL_DEVICE_VQ_MANY_H */
