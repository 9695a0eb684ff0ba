/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Device side of a split virtqueue.
 *
 * Every word of the driver's is read once, into a local, and only the local is
 * checked and used: whatever the driver changes meanwhile, the walk is bounded
 * and no address leaves the shared memory.
 */
#include <hvl/device/vq.h>

#include <hvl/metal/barrier.h>
#include <hvl/metal/errno.h>
#include <hvl/wire/virtio.h>

/* One descriptor, private. */
struct vq_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags;
	uint16_t next;
};

/* A descriptor table: the ring's own, or an indirect one. */
struct vq_table {
	uint64_t off; /* into the shared memory */
	uint32_t count;
	bool indirect;
};

/* The one log line of a violation; the queue stops. */
static int vq_bad(struct hvl_dev_vq *vq, const char *what, uint32_t i,
		  uint64_t value)
{
	hvl_log(vq->log, HVL_LOG_WARNING,
		"%s: queue %u: descriptor %u: %s (0x%llx)", vq->name,
		(unsigned int)vq->index, (unsigned int)i, what,
		(unsigned long long)value);
	vq->broken = true;
	return -EPROTO;
}

static int vq_bad_ring(struct hvl_dev_vq *vq, const char *what, uint64_t value)
{
	hvl_log(vq->log, HVL_LOG_WARNING, "%s: queue %u: %s (0x%llx)", vq->name,
		(unsigned int)vq->index, what, (unsigned long long)value);
	vq->broken = true;
	return -EPROTO;
}

/* A ring that cannot be is refused: nothing is served, nothing is broken. */
static int vq_refuse(struct hvl_dev_vq *vq, const char *what, uint64_t value)
{
	vq_bad_ring(vq, what, value);
	hvl_dev_vq_stop(vq);
	return -EPROTO;
}

static bool vq_area(struct hvl_dev_vq *vq, uint64_t da, uint32_t len,
		    uint32_t align, uint64_t *off)
{
	return (da & (align - 1)) == 0 &&
	       hvl_io_da_to_off(&vq->shm, da, len, off);
}

/* The word is for ourselves, after a death: the order of the program counts. */
static void vq_set_avail_idx(struct hvl_dev_vq *vq, uint16_t idx)
{
	vq->avail_idx = idx;
	if (vq->taken)
		HVL_PORT_STORE(vq->taken, (uint32_t)idx);
}

int hvl_dev_vq_start(struct hvl_dev_vq *vq, const struct hvl_dev_vq_config *cfg)
{
	*vq = (struct hvl_dev_vq){
		.shm = *cfg->shm,
		.log = cfg->log,
		.name = cfg->name,
		.index = cfg->index,
		.num = cfg->num,
		.features = cfg->features,
		.no_suppress = cfg->no_suppress,
	};
	if (!hvl_vring_num_ok(cfg->num) || cfg->num > cfg->num_max)
		return vq_refuse(vq, "bad ring size", cfg->num);
	if (!vq_area(vq, cfg->desc, hvl_vring_desc_size(cfg->num),
		     HVL_VRING_DESC_ALIGN, &vq->desc))
		return vq_refuse(vq, "bad descriptor table", cfg->desc);
	if (!vq_area(vq, cfg->avail, hvl_vring_avail_size(cfg->num),
		     HVL_VRING_AVAIL_ALIGN, &vq->avail))
		return vq_refuse(vq, "bad avail ring", cfg->avail);
	if (!vq_area(vq, cfg->used, hvl_vring_used_size(cfg->num),
		     HVL_VRING_USED_ALIGN, &vq->used))
		return vq_refuse(vq, "bad used ring", cfg->used);
	/* Ours to write from now on, but what it holds is the driver's. */
	hvl_io_invalidate(&vq->shm, vq->used, hvl_vring_used_size(vq->num));
	vq->started = true;
	return 0;
}

static uint16_t vq_read_head(const struct hvl_dev_vq *vq, uint16_t idx)
{
	uint64_t entry = vq->avail + 4 + 2u * (idx & (vq->num - 1u));

	/* After the index: the line may have come by itself before it. */
	hvl_io_invalidate(&vq->shm, entry, 2);
	return hvl_io_read16(&vq->shm, entry);
}

/* Whether the indices in the memory go with where we were. */
static int vq_fit(struct hvl_dev_vq *vq, uint16_t taken)
{
	uint16_t avail, used, head, i;

	hvl_io_invalidate(&vq->shm, vq->avail, hvl_vring_avail_size(vq->num));
	hvl_io_invalidate(&vq->shm, vq->used, hvl_vring_used_size(vq->num));
	used = hvl_io_read16(&vq->shm, vq->used + 2);
	avail = hvl_io_load_acquire16(&vq->shm, vq->avail + 2);
	if ((uint16_t)(taken - used) > vq->num)
		return vq_refuse(vq, "used index is not as it was left", used);
	if ((uint16_t)(avail - used) > vq->num ||
	    (uint16_t)(avail - taken) > vq->num)
		return vq_refuse(vq, "avail index is not as it was left",
				 avail);
	for (i = used; i != taken; i++) {
		head = vq_read_head(vq, i);
		if (head >= vq->num)
			return vq_refuse(vq, "bad head descriptor", head);
	}
	vq->used_idx = vq->published = used;
	vq->avail_idx = vq->avail_seen = taken;
	return 0;
}

int hvl_dev_vq_resume(struct hvl_dev_vq *vq,
		      const struct hvl_dev_vq_config *cfg, uint32_t taken,
		      bool once)
{
	int rc = hvl_dev_vq_start(vq, cfg);

	if (rc != 0)
		return rc;
	if (taken > UINT16_MAX)
		return vq_refuse(vq, "bad position", taken);
	rc = vq_fit(vq, (uint16_t)taken);
	if (rc == 0 && !once)
		vq->avail_idx = vq->avail_seen = vq->used_idx;
	return rc;
}

void hvl_dev_vq_settle(struct hvl_dev_vq *vq)
{
	struct hvl_chain chain = { .nread = 0 };

	if (!vq->started)
		return;
	while (vq->used_idx != vq->avail_idx && !vq->broken) {
		chain.head = vq_read_head(vq, vq->used_idx);
		if (chain.head >= vq->num)
			vq_bad_ring(vq, "bad head descriptor", chain.head);
		else
			hvl_dev_vq_push(vq, &chain, 0);
	}
	/* Not known, after a death in between: neither is it looked up. */
	hvl_io_write16(&vq->shm, vq->used, 0);
	hvl_io_clean(&vq->shm, vq->used, 4);
	hvl_dev_vq_flush(vq);
}

void hvl_dev_vq_keep(struct hvl_dev_vq *vq, uint32_t *taken)
{
	vq->taken = vq->started ? taken : NULL;
	vq_set_avail_idx(vq, vq->avail_idx);
}

void hvl_dev_vq_stop(struct hvl_dev_vq *vq)
{
	*vq = (struct hvl_dev_vq){ .started = false };
}

/* Each field is read exactly once. */
static void vq_read_desc(const struct hvl_dev_vq *vq, uint64_t off,
			 struct vq_desc *d)
{
	struct hvl_vring_desc raw;

	hvl_io_invalidate(&vq->shm, off, sizeof(raw));
	if ((off & 7u) == 0) {
		d->addr = hvl_io_read64(&vq->shm, off);
		d->len = hvl_io_read32(&vq->shm, off + 8);
		d->flags = hvl_io_read16(&vq->shm, off + 12);
		d->next = hvl_io_read16(&vq->shm, off + 14);
		return;
	}
	/* Indirect tables need no alignment (virtio 1.3 §2.7.5.3). */
	hvl_io_read_block(&vq->shm, off, &raw, sizeof(raw));
	d->addr = hvl_le64_get(raw.addr);
	d->len = hvl_le32_get(raw.len);
	d->flags = hvl_le16_get(raw.flags);
	d->next = hvl_le16_get(raw.next);
}

/* Enter an indirect table: §2.7.5.3.1; its WRITE flag means nothing. */
static int vq_enter_indirect(struct hvl_dev_vq *vq, uint32_t i,
			     const struct vq_desc *d, struct vq_table *table)
{
	const uint32_t size = sizeof(struct hvl_vring_desc);

	if (table->indirect)
		return vq_bad(vq, "indirect table in an indirect table", i,
			      d->addr);
	if ((vq->features >> VIRTIO_RING_F_INDIRECT_DESC & 1) == 0)
		return vq_bad(vq, "indirect table not negotiated", i, d->flags);
	if (d->flags & VRING_DESC_F_NEXT)
		return vq_bad(vq, "indirect table with next", i, d->flags);
	if (d->len == 0 || d->len % size != 0 ||
	    d->len / size > HVL_VRING_NUM_MAX)
		return vq_bad(vq, "bad length of an indirect table", i, d->len);
	if (!hvl_io_da_to_off(&vq->shm, d->addr, d->len, &table->off))
		return vq_bad(vq, "indirect table outside shared memory", i,
			      d->addr);
	table->count = d->len / size;
	table->indirect = true;
	return 0;
}

/* Check one buffer and append it. */
static int vq_add_seg(struct hvl_dev_vq *vq, struct hvl_chain *chain,
		      uint32_t i, const struct vq_desc *d)
{
	unsigned int nseg = (unsigned int)chain->nread + chain->nwrite;
	bool write = (d->flags & VRING_DESC_F_WRITE) != 0;
	uint64_t off;

	if (d->len == 0)
		return vq_bad(vq, "empty buffer", i, d->addr);
	if (!hvl_io_da_to_off(&vq->shm, d->addr, d->len, &off))
		return vq_bad(vq, "buffer outside shared memory", i, d->addr);
	if (!write && chain->nwrite != 0)
		return vq_bad(vq, "readable buffer after a writable one", i,
			      d->addr);
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
	/* Readable ones are read; no stale line of writable ones is kept. */
	hvl_io_invalidate(&vq->shm, off, d->len);
	return 0;
}

static int vq_walk(struct hvl_dev_vq *vq, struct hvl_chain *chain,
		   uint32_t head)
{
	struct vq_table table = { .off = vq->desc, .count = vq->num };
	uint32_t i = head, seen = 0;
	struct vq_desc d;
	int rc;

	do {
		/* Longer than its table: it comes back to where it was. */
		if (seen++ == table.count)
			return vq_bad(vq, "endless chain", head, i);
		vq_read_desc(vq, table.off + (uint64_t)i * sizeof(d), &d);
		if (d.flags & VRING_DESC_F_INDIRECT) {
			rc = vq_enter_indirect(vq, i, &d, &table);
			d = (struct vq_desc){ .flags = VRING_DESC_F_NEXT };
			seen = 0;
		} else {
			rc = vq_add_seg(vq, chain, i, &d);
		}
		if (rc != 0)
			return rc;
		if ((d.flags & VRING_DESC_F_NEXT) && d.next >= table.count)
			return vq_bad(vq, "bad next descriptor", i, d.next);
		i = d.next;
	} while (d.flags & VRING_DESC_F_NEXT);
	return 0;
}

/*
 * Whether there is a chain to take: looks at the driver's index only when all
 * that was seen is taken. Return: 1, 0 or -EPROTO.
 */
static int vq_look(struct hvl_dev_vq *vq)
{
	uint16_t ahead;

	if (vq->avail_idx != vq->avail_seen)
		return 1;
	hvl_io_invalidate(&vq->shm, vq->avail, 4);
	vq->avail_seen = hvl_io_load_acquire16(&vq->shm, vq->avail + 2);
	ahead = (uint16_t)(vq->avail_seen - vq->avail_idx);
	if (ahead > vq->num)
		return vq_bad_ring(vq, "avail index jumped", vq->avail_seen);
	return ahead != 0;
}

int hvl_dev_vq_pop(struct hvl_dev_vq *vq, struct hvl_chain *chain)
{
	struct hvl_chain c = { .nseg_max = chain->nseg_max, .seg = chain->seg };
	int rc;

	if (vq->broken)
		return -EPROTO;
	if (!vq->started)
		return 0;
	rc = vq_look(vq);
	if (rc <= 0)
		return rc;
	c.head = vq_read_head(vq, vq->avail_idx);
	if (c.head >= vq->num)
		return vq_bad_ring(vq, "bad head descriptor", c.head);
	rc = vq_walk(vq, &c, c.head);
	if (rc != 0)
		return rc;
	if ((uint32_t)c.nread + c.nwrite > c.nseg_max)
		return -ENOBUFS;
	vq_set_avail_idx(vq, (uint16_t)(vq->avail_idx + 1));
	*chain = c;
	return 1;
}

void hvl_dev_vq_unpop(struct hvl_dev_vq *vq)
{
	vq_set_avail_idx(vq, (uint16_t)(vq->avail_idx - 1));
}

/* Write back what the device wrote, before the driver may see its index. */
static void vq_clean_written(struct hvl_dev_vq *vq,
			     const struct hvl_chain *chain, uint32_t len)
{
	const struct hvl_seg *seg = chain->seg + chain->nread;
	uint32_t n;
	uint64_t off;

	for (; len != 0; len -= n, seg++) {
		n = len < seg->len ? len : seg->len;
		if (hvl_io_va_to_off(&vq->shm, seg->va, n, &off))
			hvl_io_clean(&vq->shm, off, n);
	}
}

void hvl_dev_vq_push(struct hvl_dev_vq *vq, const struct hvl_chain *chain,
		     uint32_t len)
{
	uint64_t elem = vq->used + 4 + 8u * (vq->used_idx & (vq->num - 1u));

	if (!vq->started)
		return;
	if (len > chain->write_len)
		len = (uint32_t)chain->write_len;
	vq_clean_written(vq, chain, len);
	hvl_io_write32(&vq->shm, elem, chain->head);
	hvl_io_write32(&vq->shm, elem + 4, len);
	vq->used_idx++;
}

bool hvl_dev_vq_flush(struct hvl_dev_vq *vq)
{
	if (!vq->started || vq->used_idx == vq->published)
		return false;
	vq->published = vq->used_idx;
	/* Entries before the index: an eviction may publish it early. */
	hvl_io_clean(&vq->shm, vq->used, hvl_vring_used_size(vq->num));
	hvl_io_store_release16(&vq->shm, vq->used + 2, vq->published);
	hvl_io_clean(&vq->shm, vq->used, 4);

	if (vq->no_suppress)
		return true;
	hvl_mb_before_event_check();
	hvl_io_invalidate(&vq->shm, vq->avail, 4);
	return (hvl_io_read16(&vq->shm, vq->avail) &
		VRING_AVAIL_F_NO_INTERRUPT) == 0;
}

static void vq_set_used_flags(struct hvl_dev_vq *vq, uint16_t flags)
{
	if (!vq->started || vq->used_flags == flags)
		return;
	vq->used_flags = flags;
	hvl_io_write16(&vq->shm, vq->used, flags);
	hvl_io_clean(&vq->shm, vq->used, 4);
}

void hvl_dev_vq_notify_off(struct hvl_dev_vq *vq)
{
	if (!vq->no_suppress)
		vq_set_used_flags(vq, VRING_USED_F_NO_NOTIFY);
}

bool hvl_dev_vq_notify_on(struct hvl_dev_vq *vq)
{
	if (!vq->started)
		return false;
	vq_set_used_flags(vq, 0);
	hvl_mb_before_recheck();
	hvl_io_invalidate(&vq->shm, vq->avail, 4);
	return hvl_io_read16(&vq->shm, vq->avail + 2) != vq->avail_idx;
}

/*
 * Copy between private memory and @n segments, from byte @off of them on.
 * The segments may be device memory: hence through an io region.
 */
static uint32_t chain_copy(const struct hvl_seg *seg, unsigned int n,
			   uint64_t off, unsigned char *out,
			   const unsigned char *in, uint32_t len)
{
	uint32_t done = 0;

	for (; n != 0 && done < len; n--, seg++) {
		struct hvl_io io = { .va = seg->va, .size = seg->len };
		uint32_t piece;

		if (off >= seg->len) {
			off -= seg->len;
			continue;
		}
		piece = seg->len - (uint32_t)off;
		if (piece > len - done)
			piece = len - done;
		if (out)
			hvl_io_read_block(&io, off, out + done, piece);
		else
			hvl_io_write_block(&io, off, in + done, piece);
		done += piece;
		off = 0;
	}
	return done;
}

uint32_t hvl_chain_copy_from(const struct hvl_chain *chain, uint64_t off,
			     void *dst, uint32_t len)
{
	return chain_copy(chain->seg, chain->nread, off, dst, NULL, len);
}

uint32_t hvl_chain_copy_to(const struct hvl_chain *chain, uint64_t off,
			   const void *src, uint32_t len)
{
	return chain_copy(chain->seg + chain->nread, chain->nwrite, off, NULL,
			  src, len);
}
