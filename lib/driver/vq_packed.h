/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The packed ring, driver side (virtio 1.3 §2.8).
 *
 * Both sides write the descriptors, so the memory is coherent or uncached and
 * no cache is maintained here. The flags of the first descriptor since the last
 * kick are held back: a device that comes to it stops there, whatever the ones
 * behind it say.
 */
#ifndef HVL_DRIVER_VQ_PACKED_H
#define HVL_DRIVER_VQ_PACKED_H

#include <hvl/metal/barrier.h>
#include <hvl/metal/errno.h>
#include <hvl/wire/vring_packed.h>

#include "vq_priv.h"

#define DESC(field) ((uint32_t)offsetof(struct hvl_vring_packed_desc, field))

static inline uint32_t packed_at(const struct hvl_drv_vq *vq, uint16_t idx)
{
	return vq->at.desc + idx * DESC_SIZE;
}

/* Flags and all: for where the device does not look yet. */
HVL_INLINE void packed_write_desc(const struct hvl_drv_vq *vq, size_t at,
				  size_t off, uint32_t len, uint16_t id,
				  uint16_t flags)
{
	const struct hvl_io *io = &vq->cfg.pool->io;

	hvl_io_write64(io, at + DESC(addr), io->da + off);
	hvl_io_write64(io, at + DESC(len),
		       len | (uint64_t)id << 32 | (uint64_t)flags << 48);
}

/* All but the flags. */
HVL_INLINE void packed_write_body(const struct hvl_drv_vq *vq, size_t at,
				  size_t off, uint32_t len, uint16_t id)
{
	const struct hvl_io *io = &vq->cfg.pool->io;

	hvl_io_write64(io, at + DESC(addr), io->da + off);
	hvl_io_write32(io, at + DESC(len), len);
	hvl_io_write16(io, at + DESC(id), id);
}

/*
 * A descriptor at @at of the pool, entry @idx of the ring; the first one since
 * the last kick keeps its flags to itself.
 */
HVL_INLINE void packed_put(struct hvl_drv_vq *vq, size_t at, uint16_t idx,
			   size_t off, uint32_t len, uint16_t id,
			   uint16_t flags, bool first)
{
	if (!first) {
		packed_write_desc(vq, at, off, len, id, flags);
		return;
	}
	packed_write_body(vq, at, off, len, id);
	vq->kick_at = idx;
	vq->kick_flags = flags;
}

/* The next descriptor of the ring. */
static inline void packed_write_next(struct hvl_drv_vq *vq, size_t off,
				     uint32_t len, uint16_t id, uint16_t flags)
{
	flags |= hvl_vring_packed_avail(vq->avail_wrap);
	packed_put(vq, vq->ring_off + packed_at(vq, vq->avail_idx),
		   vq->avail_idx, off, len, id, flags, vq->added == 0);
	vq->added++;
	if (++vq->avail_idx == vq->cfg.num) {
		vq->avail_idx = 0;
		vq->avail_wrap = !vq->avail_wrap;
	}
}

/* §2.8.7: of the flags only WRITE counts in a table. */
static inline void packed_write_table(const struct hvl_drv_vq *vq,
				      const struct vq_chain *c)
{
	size_t at = c->desc;
	uint16_t i;

	for (i = 0; i < c->count; i++, at += DESC_SIZE) {
		const struct hvl_drv_vq_slot *slot = &c->slots[i];

		packed_write_desc(vq, at, slot->off, slot->len, 0,
				  slot->flags & VRING_DESC_F_WRITE);
	}
}

static inline void packed_offer(struct hvl_drv_vq *vq, const struct vq_chain *c,
				uint16_t head)
{
	uint16_t i, at = c->first;

	if (c->slots != vq->cfg.slots) {
		packed_write_table(vq, c);
		packed_write_next(vq, c->desc, c->count * DESC_SIZE, head,
				  VRING_DESC_F_INDIRECT);
		return;
	}
	for (i = 0; i < c->count; i++) {
		const struct hvl_drv_vq_slot *slot = &c->slots[at];
		uint16_t flags = slot->flags & VRING_DESC_F_WRITE;

		if (i + 1 < c->count)
			flags |= VRING_DESC_F_NEXT;
		packed_write_next(vq, slot->off, slot->len, head, flags);
		at = slot->next;
	}
}

static inline bool packed_publish(struct hvl_drv_vq *vq, uint16_t added)
{
	/* §2.8.21.1: after all that stands in and behind the descriptor. */
	hvl_io_store_release16(&vq->ring,
			       packed_at(vq, vq->kick_at) + DESC(flags),
			       vq->kick_flags);
	/* The device says what it wants, then looks here once more. */
	hvl_mb_before_event_check();
	return hvl_vring_packed_need_event(
		hvl_io_read32(&vq->ring, vq->at.used), vq->avail_idx,
		vq->avail_wrap, added, vq->cfg.num);
}

static inline int packed_look(struct hvl_drv_vq *vq)
{
	uint16_t flags = hvl_io_load_acquire16(
		&vq->ring, packed_at(vq, vq->used_idx) + DESC(flags));

	return hvl_vring_packed_is_used(flags, vq->used_wrap);
}

HVL_INLINE void packed_used(struct hvl_drv_vq *vq, struct vq_used *used)
{
	uint64_t rest = hvl_io_read64(&vq->ring,
				      packed_at(vq, vq->used_idx) + DESC(len));

	used->id = rest >> 32 & UINT16_MAX;
	/* §2.8.4: without WRITE the length means nothing. */
	used->len = 0;
	if (rest >> 48 & VRING_DESC_F_WRITE)
		used->len = (uint32_t)rest;
}

static inline void packed_skip(struct hvl_drv_vq *vq, uint16_t count)
{
	uint32_t next = (uint32_t)vq->used_idx + count;

	if (next >= vq->cfg.num) {
		next -= vq->cfg.num;
		vq->used_wrap = !vq->used_wrap;
	}
	vq->used_idx = (uint16_t)next;
}

/* §2.8.10: one word, so that the device never sees a mix. */
static inline bool packed_set_irq(struct hvl_drv_vq *vq)
{
	uint32_t event = vq->used_idx, flags;

	if (vq->used_wrap)
		event |= VRING_PACKED_EVENT_WRAP;
	if (!vq->irq)
		flags = VRING_PACKED_EVENT_FLAG_DISABLE;
	else if (vq->event_idx)
		flags = VRING_PACKED_EVENT_FLAG_DESC;
	else
		flags = VRING_PACKED_EVENT_FLAG_ENABLE;
	if (flags != VRING_PACKED_EVENT_FLAG_DESC)
		event = 0;
	event |= flags << 16;
	if (event == vq->irq_word)
		return false;
	vq->irq_word = event;
	hvl_io_write32(&vq->ring, vq->at.avail, event);
	return true;
}

/* No element is empty. */
static inline void packed_bad(struct hvl_drv_vq *vq)
{
	packed_write_next(vq, 0, 0, 0, 0);
	vq->added--;
}

#endif /* HVL_DRIVER_VQ_PACKED_H */
