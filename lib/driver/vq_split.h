/* SPDX-License-Identifier: BSD-3-Clause */
/* The split ring, driver side (virtio 1.3 §2.7). */
#ifndef HVL_DRIVER_VQ_SPLIT_H
#define HVL_DRIVER_VQ_SPLIT_H

#include <hvl/metal/barrier.h>
#include <hvl/metal/errno.h>
#include <hvl/wire/vring_packed.h>

#include "vq_priv.h"

#define AVAIL_FLAGS ((uint32_t)offsetof(struct hvl_vring_avail, flags))
#define AVAIL_IDX ((uint32_t)offsetof(struct hvl_vring_avail, idx))
#define AVAIL_RING ((uint32_t)offsetof(struct hvl_vring_avail, ring))
#define USED_FLAGS ((uint32_t)offsetof(struct hvl_vring_used, flags))
#define USED_IDX ((uint32_t)offsetof(struct hvl_vring_used, idx))
#define USED_RING ((uint32_t)offsetof(struct hvl_vring_used, ring))
#define USED_ENTRY_SIZE ((uint32_t)sizeof(struct hvl_vring_used_elem))
#define ENTRY_SIZE ((uint32_t)sizeof(hvl_le16))

/* What a side wants to hear of stands behind its ring (§2.7.6, §2.7.8). */
static inline uint32_t split_used_event(const struct hvl_drv_vq *vq)
{
	return vq->at.avail + AVAIL_RING + vq->cfg.num * ENTRY_SIZE;
}

static inline uint32_t split_avail_event(const struct hvl_drv_vq *vq)
{
	return vq->at.used + USED_RING + vq->cfg.num * USED_ENTRY_SIZE;
}

static inline void split_write_desc(struct hvl_drv_vq *vq, size_t at,
				    size_t off, uint32_t len, uint16_t flags,
				    uint16_t next)
{
	const struct hvl_io *io = &vq->cfg.pool->io;

	hvl_io_write64(io, at + offsetof(struct hvl_vring_desc, addr),
		       io->da + off);
	hvl_io_write64(io, at + offsetof(struct hvl_vring_desc, len),
		       len | (uint64_t)flags << 32 | (uint64_t)next << 48);
	hvl_io_clean(io, at, DESC_SIZE);
}

static inline void split_write_chain(struct hvl_drv_vq *vq,
				     const struct vq_chain *c)
{
	uint16_t i, at = c->first;

	for (i = 0; i < c->count; i++) {
		const struct hvl_drv_vq_slot *slot = &c->slots[at];
		uint16_t flags = slot->flags & VRING_DESC_F_WRITE, next = 0;

		if (i + 1 < c->count) {
			flags |= VRING_DESC_F_NEXT;
			next = slot->next;
		}
		split_write_desc(vq, c->desc + at * DESC_SIZE, slot->off,
				 slot->len, flags, next);
		at = slot->next;
	}
}

static inline void split_offer_head(struct hvl_drv_vq *vq, uint16_t head)
{
	uint32_t entry = vq->avail_idx & (vq->cfg.num - 1u);
	uint16_t *shown = &vq->cfg.slots[entry].shown;

	/* What stands there already need not go to the device once more. */
	if (*shown != head) {
		*shown = head;
		vq_store16(vq, vq->at.avail + AVAIL_RING + entry * ENTRY_SIZE,
			   head);
	}
	vq->avail_idx++;
}

/* A chain of one segment; the caller counts it. */
HVL_INLINE void split_offer_one(struct hvl_drv_vq *vq,
				const struct hvl_drv_vq_slot *slot,
				uint16_t head, uint16_t flags)
{
	split_write_desc(vq, vq->ring_off + vq->at.desc + head * DESC_SIZE,
			 slot->off, slot->len, flags, 0);
	split_offer_head(vq, head);
}

static inline void split_offer(struct hvl_drv_vq *vq, const struct vq_chain *c,
			       uint16_t head)
{
	split_write_chain(vq, c);
	/* §2.7.5.3.1: one descriptor, neither NEXT nor WRITE. */
	if (c->slots != vq->cfg.slots)
		split_write_desc(vq,
				 vq->ring_off + vq->at.desc + head * DESC_SIZE,
				 c->desc, c->count * DESC_SIZE,
				 VRING_DESC_F_INDIRECT, 0);
	split_offer_head(vq, head);
	vq->added++;
}

static inline bool split_publish(struct hvl_drv_vq *vq, uint16_t added)
{
	uint32_t at = vq->at.avail + AVAIL_IDX;

	/* §2.7.13.3: descriptors and entries are visible before the index. */
	hvl_io_store_release16(&vq->ring, at, vq->avail_idx);
	hvl_io_clean(&vq->ring, at, sizeof(hvl_le16));
	/* The device says what it wants, then looks at our index once more. */
	hvl_mb_before_event_check();
	at = vq->event_idx ? split_avail_event(vq) : vq->at.used + USED_FLAGS;
	hvl_io_invalidate(&vq->ring, at, sizeof(hvl_le16));
	if (vq->event_idx)
		return hvl_vring_need_event(hvl_io_read16(&vq->ring, at),
					    vq->avail_idx,
					    (uint16_t)(vq->avail_idx - added));
	return !(hvl_io_read16(&vq->ring, at) & VRING_USED_F_NO_NOTIFY);
}

static inline int split_look(struct hvl_drv_vq *vq)
{
	uint32_t at = vq->at.used + USED_IDX;
	uint16_t out = (uint16_t)(vq->avail_idx - vq->added - vq->used_idx);

	if (vq->used_ready != 0)
		return 1;
	hvl_io_invalidate(&vq->ring, at, sizeof(hvl_le16));
	vq->used_ready =
		(uint16_t)(hvl_io_load_acquire16(&vq->ring, at) - vq->used_idx);
	if (vq->used_ready > out)
		return -EPROTO;
	return vq->used_ready != 0;
}

HVL_INLINE void split_used(struct hvl_drv_vq *vq, struct vq_used *used)
{
	uint32_t entry = vq->used_idx & (vq->cfg.num - 1u);
	uint32_t at = vq->at.used + USED_RING + entry * USED_ENTRY_SIZE;

	hvl_io_invalidate(&vq->ring, at, USED_ENTRY_SIZE);
	used->id = hvl_io_read32(&vq->ring,
				 at + offsetof(struct hvl_vring_used_elem, id));
	used->len = hvl_io_read32(
		&vq->ring, at + offsetof(struct hvl_vring_used_elem, len));
}

static inline bool split_skip(struct hvl_drv_vq *vq)
{
	if (vq->used_ready == 0)
		return false;
	vq->used_ready--;
	vq->used_idx++;
	return true;
}

/* §2.7.7.1: with EVENT_IDX the flags stay 0. */
static inline bool split_set_irq(struct hvl_drv_vq *vq)
{
	uint32_t at = vq->at.avail + AVAIL_FLAGS;
	uint16_t v = vq->irq ? 0 : VRING_AVAIL_F_NO_INTERRUPT;

	if (vq->event_idx) {
		/* Not wanted: the farthest entry that there is. */
		at = split_used_event(vq);
		v = (uint16_t)(vq->used_idx - !vq->irq);
	}
	if (v == vq->irq_word)
		return false;
	vq->irq_word = v;
	vq_store16(vq, at, v);
	return true;
}

static inline void split_bad(struct hvl_drv_vq *vq)
{
	split_offer_head(vq, vq->cfg.num);
}

#endif /* HVL_DRIVER_VQ_SPLIT_H */
