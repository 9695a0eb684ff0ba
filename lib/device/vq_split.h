/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The split ring, device side (virtio 1.3 §2.7): part of vq.c.
 */
#ifndef HVL_DEVICE_VQ_SPLIT_H
#define HVL_DEVICE_VQ_SPLIT_H

#include <hvl/metal/barrier.h>
#include <hvl/wire/vring_packed.h>

#include "vq_priv.h"

/* A descriptor table: the ring's own, or an indirect one. */
struct split_table {
	uint64_t off; /* into the shared memory */
	uint32_t count;
	bool indirect;
};

static inline int split_enter(struct hvl_dev_vq *vq, uint32_t i,
			      const struct vq_desc *d,
			      struct split_table *table)
{
	if (table->indirect)
		return hvl_dev_vq_bad_(
			vq, "indirect table in an indirect table", i, d->addr);
	table->indirect = true;
	return hvl_dev_vq_table_(vq, i, d, &table->off, &table->count);
}

static inline int split_walk(struct hvl_dev_vq *vq, struct hvl_chain *chain)
{
	struct split_table table = { .off = vq->desc, .count = vq->num };
	uint32_t i = chain->head, seen = 0;
	struct vq_desc d;
	int rc;

	do {
		/* Longer than its table: it comes back to where it was. */
		if (seen++ == table.count)
			return hvl_dev_vq_bad_(vq, "endless chain", chain->head,
					       i);
		vq_read_desc(vq, table.off + (uint64_t)i * DESC_SIZE, &d);
		if (d.flags & VRING_DESC_F_INDIRECT) {
			rc = split_enter(vq, i, &d, &table);
			d = (struct vq_desc){ .flags = VRING_DESC_F_NEXT };
			seen = 0;
		} else {
			rc = vq_add_seg(vq, chain, i, &d);
		}
		if (rc != 0)
			return rc;
		if ((d.flags & VRING_DESC_F_NEXT) && d.next >= table.count)
			return hvl_dev_vq_bad_(vq, "bad next descriptor", i,
					       d.next);
		i = d.next;
	} while (d.flags & VRING_DESC_F_NEXT);
	return 0;
}

static inline uint16_t split_head(const struct hvl_dev_vq *vq, uint16_t idx)
{
	uint64_t entry = vq->avail + 4 + 2u * (idx & (vq->num - 1u));

	/* After the index: the line may have come by itself before it. */
	hvl_io_invalidate(&vq->shm, entry, 2);
	return hvl_io_read16(&vq->shm, entry);
}

/*
 * Whether there is a chain to take: looks at the driver's index only when all
 * that was seen is taken. Return: 1, 0 or -EPROTO.
 */
static inline int split_look(struct hvl_dev_vq *vq)
{
	uint16_t ahead;

	if (vq->avail_idx != vq->avail_seen)
		return 1;
	hvl_io_invalidate(&vq->shm, vq->avail, 4);
	vq->avail_seen = hvl_io_load_acquire16(&vq->shm, vq->avail + 2);
	ahead = (uint16_t)(vq->avail_seen - vq->avail_idx);
	if (ahead > vq->num)
		return hvl_dev_vq_bad_ring_(vq, "avail index jumped",
					    vq->avail_seen);
	return ahead != 0;
}

/* Return: 1 and a chain, 0 or -EPROTO. */
static inline int split_take(struct hvl_dev_vq *vq, struct hvl_chain *chain)
{
	int rc = split_look(vq);

	if (rc <= 0)
		return rc;
	chain->head = split_head(vq, vq->avail_idx);
	if (chain->head >= vq->num)
		return hvl_dev_vq_bad_ring_(vq, "bad head descriptor",
					    chain->head);
	chain->count = 1;
	rc = split_walk(vq, chain);
	return rc < 0 ? rc : 1;
}

/* Step over @count entries of the avail ring, back over them if negative. */
static inline void split_step(struct hvl_dev_vq *vq, int count)
{
	vq->avail_idx = (uint16_t)(vq->avail_idx + count);
}

static inline uint64_t split_used_at(const struct hvl_dev_vq *vq, uint32_t idx)
{
	return vq->used + 4 + 8u * (idx & (vq->num - 1u));
}

static inline void split_push(struct hvl_dev_vq *vq, uint16_t id, uint32_t len,
			      uint16_t count)
{
	uint64_t elem = split_used_at(vq, vq->used_idx);

	hvl_io_write32(&vq->shm, elem, id);
	hvl_io_write32(&vq->shm, elem + 4, len);
	vq->used_idx = (uint16_t)(vq->used_idx + count);
}

/* Return: whether the driver wants to hear of @count new entries. */
static inline bool split_flush(struct hvl_dev_vq *vq, uint16_t count)
{
	uint32_t event = hvl_vring_avail_size(vq->num) - 2;

	/* Entries before the index: an eviction may publish it early. */
	hvl_io_clean(&vq->shm, vq->used, hvl_vring_used_size(vq->num));
	hvl_io_store_release16(&vq->shm, vq->used + 2, vq->used_idx);
	hvl_io_clean(&vq->shm, vq->used, 4);
	if (vq->no_suppress)
		return true;
	hvl_mb_before_event_check();
	if (!vq_has(vq, VIRTIO_RING_F_EVENT_IDX)) {
		hvl_io_invalidate(&vq->shm, vq->avail, 4);
		return (hvl_io_read16(&vq->shm, vq->avail) &
			VRING_AVAIL_F_NO_INTERRUPT) == 0;
	}
	hvl_io_invalidate(&vq->shm, vq->avail + event, 2);
	return hvl_vring_need_event(hvl_io_read16(&vq->shm, vq->avail + event),
				    vq->used_idx,
				    (uint16_t)(vq->used_idx - count));
}

/*
 * Write down whether the driver shall ring. With EVENT_IDX it rings for one
 * entry, and that one is behind us as soon as we go on: nothing to write.
 */
static inline void split_want(struct hvl_dev_vq *vq, bool on)
{
	uint16_t v = on ? 0 : VRING_USED_F_NO_NOTIFY;
	uint64_t at = vq->used;

	if (vq_has(vq, VIRTIO_RING_F_EVENT_IDX)) {
		if (!on)
			return;
		v = vq->avail_idx;
		at += hvl_vring_used_size(vq->num) - 2;
	}
	if (v == vq->want)
		return;
	vq->want = v;
	hvl_io_write16(&vq->shm, at, v);
	hvl_io_clean(&vq->shm, at, 2);
}

/* Whether something came that was not taken. */
static inline bool split_more(struct hvl_dev_vq *vq)
{
	hvl_io_invalidate(&vq->shm, vq->avail, 4);
	return hvl_io_read16(&vq->shm, vq->avail + 2) != vq->avail_idx;
}

/*
 * Where a former life was: what is used stands in the memory, whose lines
 * hvl_dev_vq_start() has dropped. The avail index is only compared: all that
 * was taken was seen by then. Return: what cannot be like that, with its value,
 * or NULL.
 */
static inline const char *split_fit(struct hvl_dev_vq *vq, uint32_t taken,
				    uint16_t *value)
{
	uint16_t avail, used, i;

	hvl_io_invalidate(&vq->shm, vq->avail, 4);
	used = hvl_io_read16(&vq->shm, vq->used + 2);
	avail = hvl_io_read16(&vq->shm, vq->avail + 2);
	*value = used;
	if ((uint16_t)(taken - used) > vq->num)
		return "used index is not as it was left";
	*value = avail;
	if ((uint16_t)(avail - used) > vq->num ||
	    (uint16_t)(avail - taken) > vq->num)
		return "avail index is not as it was left";
	for (i = used; i != (uint16_t)taken; i++) {
		*value = split_head(vq, i);
		if (*value >= vq->num)
			return "bad head descriptor";
	}
	vq->used_idx = used;
	vq->avail_idx = vq->avail_seen = (uint16_t)taken;
	return NULL;
}

#endif /* HVL_DEVICE_VQ_SPLIT_H */
