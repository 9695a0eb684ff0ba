/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What both formats of a virtqueue share: descriptors that were read once,
 * checked, and turned into segments.
 */
#ifndef HVL_DEVICE_VQ_PRIV_H
#define HVL_DEVICE_VQ_PRIV_H

#include <hvl/device/vq.h>

#include <hvl/metal/errno.h>
#include <hvl/wire/virtio.h>

#define DESC_SIZE ((uint32_t)sizeof(struct hvl_vring_desc))

/* One descriptor, private. */
struct vq_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags;
	uint16_t next; /* packed: the buffer's id */
};

/** The one log line of a violation; the queue stops. Return: -EPROTO. */
int hvl_dev_vq_bad_(struct hvl_dev_vq *vq, const char *what, uint32_t i,
		    uint64_t value);

/** The same where no descriptor is to blame. */
int hvl_dev_vq_bad_ring_(struct hvl_dev_vq *vq, const char *what,
			 uint64_t value);

/**
 * Check a descriptor that points to an indirect table (§2.7.5.3.1, §2.8.7);
 * its WRITE flag means nothing. @off: the table, in the shared memory; @count:
 * its entries. Return: 0 or -EPROTO.
 */
int hvl_dev_vq_table_(struct hvl_dev_vq *vq, uint32_t i,
		      const struct vq_desc *d, uint64_t *off, uint32_t *count);

static inline bool vq_has(const struct hvl_dev_vq *vq, unsigned int bit)
{
	return (vq->features >> bit & 1) != 0;
}

/* Readable ones are read; no stale line of writable ones is kept. */
static inline void vq_see_seg(const struct hvl_dev_vq *vq, uint64_t off,
			      uint32_t len)
{
	hvl_io_invalidate(&vq->shm, off, len);
}

/* Check one buffer and append it. */
static inline int vq_add_seg(struct hvl_dev_vq *vq, struct hvl_chain *chain,
			     uint32_t i, const struct vq_desc *d)
{
	unsigned int nseg = (unsigned int)chain->nread + chain->nwrite;
	bool write = (d->flags & VRING_DESC_F_WRITE) != 0;
	uint64_t off;

	if (d->len == 0)
		return hvl_dev_vq_bad_(vq, "empty buffer", i, d->addr);
	if (!hvl_io_da_to_off(&vq->shm, d->addr, d->len, &off))
		return hvl_dev_vq_bad_(vq, "buffer outside shared memory", i,
				       d->addr);
	if (!write && chain->nwrite != 0)
		return hvl_dev_vq_bad_(
			vq, "readable buffer after a writable one", i, d->addr);
	if (nseg < chain->nseg_max) {
		chain->seg[nseg].va = hvl_io_va(&vq->shm, off);
		chain->seg[nseg].len = d->len;
	}
	if (write) {
		chain->nwrite++;
		chain->write_len += d->len;
	} else {
		chain->nread++;
		chain->read_len += d->len;
	}
	vq_see_seg(vq, off, d->len);
	return 0;
}

/* Each field is read exactly once. @next: where the last two of them are. */
static inline void vq_read_desc(const struct hvl_dev_vq *vq, uint64_t off,
				struct vq_desc *d)
{
	struct hvl_vring_desc raw;

	hvl_io_invalidate(&vq->shm, off, sizeof(raw));
	if ((off & 7u) == 0) {
		uint64_t rest = hvl_io_read64(&vq->shm, off + 8);

		d->addr = hvl_io_read64(&vq->shm, off);
		d->len = (uint32_t)rest;
		d->flags = rest >> 32 & UINT16_MAX;
		d->next = (uint16_t)(rest >> 48);
		return;
	}
	/* Indirect tables need no alignment (virtio 1.3 §2.7.5.3). */
	hvl_io_read_block(&vq->shm, off, &raw, sizeof(raw));
	d->addr = hvl_le64_get(raw.addr);
	d->len = hvl_le32_get(raw.len);
	d->flags = hvl_le16_get(raw.flags);
	d->next = hvl_le16_get(raw.next);
}

#endif /* HVL_DEVICE_VQ_PRIV_H */
