/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The packed ring, device side (virtio 1.3 §2.8): part of vq.c.
 *
 * Both sides write the descriptors, so the memory is coherent or uncached and
 * no cache is maintained here. The flags of the first descriptor used since the
 * last flush are held back: the driver stops there, whatever those behind it
 * say.
 */
#ifndef HVL_DEVICE_VQ_PACKED_H
#define HVL_DEVICE_VQ_PACKED_H

#include <hvl/metal/barrier.h>
#include <hvl/wire/vring_packed.h>

#include "vq_priv.h"

#define DESC(field) ((uint32_t)offsetof(struct hvl_vring_packed_desc, field))

/* A place in the ring, and the round in which it is reached. */
struct packed_pos {
	uint32_t idx;
	bool wrap;
};

static inline uint64_t packed_at(const struct hvl_dev_vq *vq, uint32_t idx)
{
	return vq->desc + (uint64_t)idx * DESC_SIZE;
}

static inline void packed_advance(const struct hvl_dev_vq *vq,
				  struct packed_pos *pos, uint32_t count)
{
	pos->idx += count;
	if (pos->idx >= vq->num) {
		pos->idx -= vq->num;
		pos->wrap = !pos->wrap;
	}
}

/* All but the flags, which were read before. */
static inline void packed_read_body(const struct hvl_dev_vq *vq, uint64_t at,
				    struct vq_desc *d)
{
	uint64_t rest = hvl_io_read64(&vq->shm, at + DESC(len));

	d->addr = hvl_io_read64(&vq->shm, at + DESC(addr));
	d->len = (uint32_t)rest;
	d->next = rest >> 32 & UINT16_MAX;
}

/* §2.8.7: the entries of a table follow each other; only WRITE counts. */
static inline int packed_walk_table(struct hvl_dev_vq *vq,
				    struct hvl_chain *chain, uint32_t i,
				    const struct vq_desc *indirect)
{
	uint32_t count, k;
	struct vq_desc d;
	uint64_t off;
	int rc = hvl_dev_vq_table_(vq, i, indirect, &off, &count);

	for (k = 0; k < count && rc == 0; k++, off += DESC_SIZE) {
		vq_read_desc(vq, off, &d);
		/* The flags are the last word there. */
		d.flags = d.next;
		rc = vq_add_seg(vq, chain, i, &d);
	}
	return rc;
}

/* One descriptor of the ring into the chain. */
static inline int packed_add(struct hvl_dev_vq *vq, struct hvl_chain *chain,
			     uint32_t i, const struct vq_desc *d)
{
	if (!(d->flags & VRING_DESC_F_INDIRECT))
		return vq_add_seg(vq, chain, i, d);
	if (chain->count != 1)
		return hvl_dev_vq_bad_(vq, "indirect table in a chain", i,
				       d->flags);
	return packed_walk_table(vq, chain, i, d);
}

static inline bool packed_is_avail(const struct hvl_dev_vq *vq,
				   const struct packed_pos *pos,
				   uint16_t *flags)
{
	*flags = hvl_io_load_acquire16(&vq->shm,
				       packed_at(vq, pos->idx) + DESC(flags));
	return hvl_vring_packed_is_avail(*flags, pos->wrap);
}

/* Return: 1 and a chain, 0 or -EPROTO. */
static inline int packed_take(struct hvl_dev_vq *vq, struct hvl_chain *chain)
{
	struct packed_pos pos = { vq->avail_idx, vq->avail_wrap };
	struct vq_desc d;
	int rc;

	while (packed_is_avail(vq, &pos, &d.flags)) {
		packed_read_body(vq, packed_at(vq, pos.idx), &d);
		chain->count++;
		rc = packed_add(vq, chain, pos.idx, &d);
		if (rc != 0)
			return rc;
		chain->head = d.next;
		if (!(d.flags & VRING_DESC_F_NEXT))
			return 1;
		packed_advance(vq, &pos, 1);
		if (chain->count == vq->num)
			return hvl_dev_vq_bad_(vq, "endless chain", pos.idx,
					       d.flags);
	}
	if (chain->count == 0)
		return 0;
	return hvl_dev_vq_bad_(vq, "chain without an end", pos.idx, d.flags);
}

/* Step over @count descriptors, back over them if negative. */
static inline void packed_step(struct hvl_dev_vq *vq, int count)
{
	int next = (int)vq->avail_idx + count;

	if (next < 0)
		next += (int)vq->num;
	else if (next >= (int)vq->num)
		next -= (int)vq->num;
	else
		count = 0;
	if (count != 0)
		vq->avail_wrap = !vq->avail_wrap;
	vq->avail_idx = (uint16_t)next;
}

/*
 * A used descriptor takes the place of one that tells of a buffer. Where our
 * death must not lose it, it does so in one store, and at once.
 */
static inline void packed_replace(struct hvl_dev_vq *vq, uint64_t at,
				  uint16_t id, uint32_t len, uint16_t flags)
{
	hvl_wmb_before_used_descriptor();
	hvl_io_write64(&vq->shm, at + DESC(len),
		       len | (uint64_t)id << 32 | (uint64_t)flags << 48);
}

static inline void packed_push(struct hvl_dev_vq *vq, uint16_t id, uint32_t len,
			       uint16_t count)
{
	uint64_t at = packed_at(vq, vq->used_idx);
	uint16_t flags = hvl_vring_packed_used(vq->used_wrap);
	struct packed_pos pos = { vq->used_idx, vq->used_wrap };

	if (len != 0)
		flags |= VRING_DESC_F_WRITE;
	if (vq->taken) {
		packed_replace(vq, at, id, len, flags);
	} else {
		hvl_io_write32(&vq->shm, at + DESC(len), len);
		hvl_io_write16(&vq->shm, at + DESC(id), id);
		if (vq->pushed != 0)
			hvl_io_write16(&vq->shm, at + DESC(flags), flags);
	}
	if (vq->pushed == 0) {
		vq->flush_at = vq->used_idx;
		vq->flush_flags = flags;
	}
	packed_advance(vq, &pos, count);
	vq->used_idx = (uint16_t)pos.idx;
	vq->used_wrap = pos.wrap;
}

/* Return: whether the driver wants to hear of @count used descriptors. */
static inline bool packed_flush(struct hvl_dev_vq *vq, uint16_t count)
{
	if (!vq->taken)
		hvl_io_store_release16(
			&vq->shm, packed_at(vq, vq->flush_at) + DESC(flags),
			vq->flush_flags);
	if (vq->no_suppress)
		return true;
	hvl_mb_before_event_check();
	return hvl_vring_packed_need_event(hvl_io_read32(&vq->shm, vq->avail),
					   vq->used_idx, vq->used_wrap, count,
					   (uint16_t)vq->num);
}

static inline uint16_t packed_word(uint16_t idx, bool wrap)
{
	return (uint16_t)(idx | (wrap ? VRING_PACKED_EVENT_WRAP : 0));
}

/*
 * As split_want(); one word, so that the driver never sees a mix. An entry that
 * is behind us comes up again at every second round: off is said outright.
 */
static inline void packed_want(struct hvl_dev_vq *vq, bool on)
{
	uint32_t v = VRING_PACKED_EVENT_FLAG_ENABLE;

	if (!on)
		v = VRING_PACKED_EVENT_FLAG_DISABLE << 16;
	else if (vq_has(vq, VIRTIO_RING_F_EVENT_IDX))
		v = VRING_PACKED_EVENT_FLAG_DESC << 16 |
		    packed_word(vq->avail_idx, vq->avail_wrap);
	if (v == vq->want)
		return;
	vq->want = v;
	hvl_io_write32(&vq->shm, vq->used, v);
}

static inline bool packed_more(const struct hvl_dev_vq *vq)
{
	const struct packed_pos pos = { vq->avail_idx, vq->avail_wrap };
	uint16_t flags;

	return packed_is_avail(vq, &pos, &flags);
}

/*
 * Where we are, for a later life: taken in the low half; in the high half used
 * as far as the driver can see it.
 */
static inline uint32_t packed_position(const struct hvl_dev_vq *vq)
{
	return packed_word(vq->avail_idx, vq->avail_wrap) | (uint32_t)vq->shown
								    << 16;
}

static inline void packed_show(struct hvl_dev_vq *vq)
{
	vq->shown = packed_word(vq->used_idx, vq->used_wrap);
}

static inline struct packed_pos packed_pos_of(uint32_t word)
{
	return (struct packed_pos){ word & 0x7fffu,
				    (word & VRING_PACKED_EVENT_WRAP) != 0 };
}

static inline bool packed_same(const struct packed_pos *a,
			       const struct packed_pos *b)
{
	return a->idx == b->idx && a->wrap == b->wrap;
}

/*
 * The chain at @pos, which moves behind it: its descriptors and its id.
 * Return: its descriptors, 0 where there is no whole chain before @end.
 */
static inline uint16_t packed_measure(const struct hvl_dev_vq *vq,
				      struct packed_pos *pos,
				      const struct packed_pos *end,
				      uint16_t *id)
{
	uint16_t count = 0, flags;

	while (count < vq->num && !packed_same(pos, end) &&
	       packed_is_avail(vq, pos, &flags)) {
		*id = hvl_io_read16(&vq->shm,
				    packed_at(vq, pos->idx) + DESC(id));
		packed_advance(vq, pos, 1);
		count++;
		if (!(flags & VRING_DESC_F_NEXT))
			return count;
	}
	return 0;
}

/*
 * Where a former life was, by the word it kept. The last chain may have been
 * given back without a note of it: one is out at a time, so that all that was
 * taken is used then. Return: whether the ring can be like that.
 */
static inline bool packed_fit(struct hvl_dev_vq *vq, uint32_t word)
{
	struct packed_pos taken = packed_pos_of(word), at, used;
	uint16_t flags, id;

	used = packed_pos_of(word >> 16);
	if (taken.idx >= vq->num || used.idx >= vq->num)
		return false;
	if (!packed_is_avail(vq, &used, &flags))
		used = taken;
	at = used;
	while (!packed_same(&at, &taken)) {
		if (packed_measure(vq, &at, &taken, &id) == 0)
			return false;
	}
	vq->avail_idx = (uint16_t)taken.idx;
	vq->avail_wrap = taken.wrap;
	vq->used_idx = (uint16_t)used.idx;
	vq->used_wrap = used.wrap;
	packed_show(vq);
	return true;
}

#endif /* HVL_DEVICE_VQ_PACKED_H */
