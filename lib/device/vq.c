/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Device side of a virtqueue: what both formats have in common.
 *
 * Every word of the driver's is read once, into a local, and only the local is
 * checked and used: whatever the driver changes meanwhile, the walk is bounded
 * and no address leaves the shared memory.
 */
#include <hvl/device/vq.h>

#include <hvl/metal/barrier.h>
#include <hvl/metal/compiler.h>
#include <hvl/metal/errno.h>
#include <hvl/wire/virtio.h>
#include <hvl/wire/vring_packed.h>

#include "vq_many.h"
#include "vq_packed.h"
#include "vq_priv.h"
#include "vq_split.h"

int hvl_dev_vq_bad_(struct hvl_dev_vq *vq, const char *what, uint32_t i,
		    uint64_t value)
{
	hvl_log(vq->log, HVL_LOG_WARNING,
		"%s: queue %u: descriptor %u: %s (0x%llx)", vq->name,
		(unsigned int)vq->index, (unsigned int)i, what,
		(unsigned long long)value);
	vq->broken = true;
	return -EPROTO;
}

int hvl_dev_vq_bad_ring_(struct hvl_dev_vq *vq, const char *what,
			 uint64_t value)
{
	hvl_log(vq->log, HVL_LOG_WARNING, "%s: queue %u: %s (0x%llx)", vq->name,
		(unsigned int)vq->index, what, (unsigned long long)value);
	vq->broken = true;
	return -EPROTO;
}

int hvl_dev_vq_table_(struct hvl_dev_vq *vq, uint32_t i,
		      const struct vq_desc *d, uint64_t *off, uint32_t *count)
{
	if (!vq_has(vq, VIRTIO_RING_F_INDIRECT_DESC))
		return hvl_dev_vq_bad_(vq, "indirect table not negotiated", i,
				       d->flags);
	if (d->flags & VRING_DESC_F_NEXT)
		return hvl_dev_vq_bad_(vq, "indirect table with next", i,
				       d->flags);
	if (d->len == 0 || d->len % DESC_SIZE != 0 ||
	    d->len / DESC_SIZE > HVL_VRING_NUM_MAX)
		return hvl_dev_vq_bad_(vq, "bad length of an indirect table", i,
				       d->len);
	if (!hvl_io_da_to_off(&vq->shm, d->addr, d->len, off))
		return hvl_dev_vq_bad_(
			vq, "indirect table outside shared memory", i, d->addr);
	*count = d->len / DESC_SIZE;
	return 0;
}

/* A ring that cannot be is refused: nothing is served, nothing is broken. */
static int vq_refuse(struct hvl_dev_vq *vq, const char *what, uint64_t value)
{
	hvl_dev_vq_bad_ring_(vq, what, value);
	hvl_dev_vq_stop(vq);
	return -EPROTO;
}

static bool vq_area(struct hvl_dev_vq *vq, uint64_t da, uint32_t len,
		    uint32_t align, uint64_t *off)
{
	return (da & (align - 1)) == 0 &&
	       hvl_io_da_to_off(&vq->shm, da, len, off);
}

uint32_t hvl_dev_vq_position(const struct hvl_dev_vq *vq)
{
	return vq->packed ? packed_position(vq) : vq->avail_idx;
}

/* The word is for ourselves, after a death: the order of the program counts. */
static void vq_keep_position(struct hvl_dev_vq *vq)
{
	if (vq->taken)
		HVL_PORT_STORE(vq->taken, hvl_dev_vq_position(vq));
}

static bool vq_num_ok(const struct hvl_dev_vq *vq, uint32_t max)
{
	return vq->num <= max &&
	       (vq->packed ? hvl_vring_packed_num_ok(vq->num) :
			     hvl_vring_num_ok(vq->num));
}

/* The areas of the driver and of the device. */
static int vq_areas(struct hvl_dev_vq *vq, const struct hvl_dev_vq_config *cfg)
{
	uint32_t avail = hvl_vring_avail_size(cfg->num);
	uint32_t used = hvl_vring_used_size(cfg->num);
	uint32_t align = HVL_VRING_AVAIL_ALIGN;

	if (vq->packed) {
		avail = used = HVL_VRING_PACKED_EVENT_SIZE;
		align = HVL_VRING_PACKED_EVENT_ALIGN;
	}
	if (!vq_area(vq, cfg->avail, avail, align, &vq->avail))
		return vq_refuse(vq, "bad driver area", cfg->avail);
	if (!vq_area(vq, cfg->used, used, HVL_VRING_USED_ALIGN, &vq->used))
		return vq_refuse(vq, "bad device area", cfg->used);
	return 0;
}

int hvl_dev_vq_start(struct hvl_dev_vq *vq, const struct hvl_dev_vq_config *cfg)
{
	int rc;

	*vq = (struct hvl_dev_vq){
		.shm = *cfg->shm,
		.log = cfg->log,
		.name = cfg->name,
		.index = cfg->index,
		.num = cfg->num,
		.features = cfg->features,
		.no_suppress = cfg->no_suppress,
		.avail_wrap = true,
		.used_wrap = true,
	};
	vq->packed = vq_has(vq, VIRTIO_F_RING_PACKED);
	vq->in_order = vq_has(vq, VIRTIO_F_IN_ORDER);
	packed_show(vq);
	if (!vq_num_ok(vq, cfg->num_max))
		return vq_refuse(vq, "bad ring size", cfg->num);
	if (!vq_area(vq, cfg->desc, hvl_vring_desc_size(cfg->num),
		     HVL_VRING_DESC_ALIGN, &vq->desc))
		return vq_refuse(vq, "bad descriptor table", cfg->desc);
	rc = vq_areas(vq, cfg);
	if (rc != 0)
		return rc;
	/* Ours to write from now on, but what it holds is the driver's. */
	if (!vq->packed)
		hvl_io_invalidate(&vq->shm, vq->used,
				  hvl_vring_used_size(vq->num));
	vq->started = true;
	return 0;
}

/* Whether the ring in the memory goes with where we were. */
static int vq_fit(struct hvl_dev_vq *vq, uint32_t taken)
{
	const char *what;
	uint16_t value;

	if (vq->packed)
		return packed_fit(vq, taken) ?
			       0 :
			       vq_refuse(vq, "ring is not as it was left",
					 taken);
	if (taken > UINT16_MAX)
		return vq_refuse(vq, "bad position", taken);
	what = split_fit(vq, taken, &value);
	return what ? vq_refuse(vq, what, value) : 0;
}

int hvl_dev_vq_resume(struct hvl_dev_vq *vq,
		      const struct hvl_dev_vq_config *cfg, uint32_t taken,
		      bool once)
{
	int rc = hvl_dev_vq_start(vq, cfg);

	if (rc == 0)
		rc = vq_fit(vq, taken);
	if (rc == 0 && !once) {
		vq->avail_idx = vq->avail_seen = vq->used_idx;
		vq->avail_wrap = vq->used_wrap;
	}
	return rc;
}

void hvl_dev_vq_keep(struct hvl_dev_vq *vq, uint32_t *taken)
{
	vq->taken = vq->started ? taken : NULL;
	vq_keep_position(vq);
}

void hvl_dev_vq_stop(struct hvl_dev_vq *vq)
{
	*vq = (struct hvl_dev_vq){ .started = false };
}

static void vq_step(struct hvl_dev_vq *vq, int count)
{
	if (vq->packed)
		packed_step(vq, count);
	else
		split_step(vq, count);
	vq_keep_position(vq);
}

/* Entries of the ring that were taken and are not given back. */
static uint32_t vq_out(const struct hvl_dev_vq *vq)
{
	uint32_t out = (uint32_t)vq->avail_idx - vq->used_idx;

	if (!vq->packed)
		return (uint16_t)out;
	return vq->avail_wrap == vq->used_wrap ? out : out + vq->num;
}

int hvl_dev_vq_pop(struct hvl_dev_vq *vq, struct hvl_chain *chain)
{
	struct hvl_chain c = { .nseg_max = chain->nseg_max, .seg = chain->seg };
	int rc;

	if (vq->broken)
		return -EPROTO;
	if (!vq->started)
		return 0;
	rc = vq->packed ? packed_take(vq, &c) : split_take(vq, &c);
	if (rc <= 0)
		return rc;
	if ((uint32_t)c.nread + c.nwrite > c.nseg_max)
		return -ENOBUFS;
	/* Offered anew before they came back: what is used would pass them. */
	if (c.count + vq_out(vq) > vq->num)
		return hvl_dev_vq_bad_ring_(vq, "ring overrun", c.head);
	vq->popped = c.count;
	vq->unpopped = false;
	vq_step(vq, c.count);
	*chain = c;
	return 1;
}

/* Of @n chains of one entry, those that do not overrun the ring. */
static uint16_t vq_room(const struct hvl_dev_vq *vq, uint16_t n)
{
	uint32_t out = vq_out(vq), room = out < vq->num ? vq->num - out : 0;

	return n < room ? n : (uint16_t)room;
}

int hvl_dev_vq_pop_many(struct hvl_dev_vq *vq, struct hvl_chain *chains,
			uint16_t n)
{
	uint16_t done = 0, most;

	/* A packed ring that keeps its position has one chain out at a time. */
	if (vq->started && !vq->broken && !(vq->packed && vq->taken)) {
		most = vq_room(vq, n);
		done = vq->packed ? many_pop_packed(vq, chains, most) :
				    many_pop_split(vq, chains, most);
	}
	if (done == 0)
		return n != 0 ? hvl_dev_vq_pop(vq, chains) : 0;
	vq->popped = 1;
	vq->unpopped = false;
	vq_keep_position(vq);
	return done;
}

void hvl_dev_vq_unpop(struct hvl_dev_vq *vq)
{
	vq->unpopped = true;
	vq_step(vq, -(int)vq->popped);
}

bool hvl_dev_vq_waiting(const struct hvl_dev_vq *vq)
{
	return vq->packed ? vq->unpopped : vq->avail_idx != vq->avail_seen;
}

/* Write back what the device wrote, before the driver may see its index. */
static void vq_clean_written(struct hvl_dev_vq *vq,
			     const struct hvl_chain *chain, uint32_t len)
{
	const struct hvl_seg *seg;
	uint32_t n;
	uint64_t off;

	/* A chain that comes back unserved may have no segments here. */
	if (len == 0)
		return;
	for (seg = chain->seg + chain->nread; len != 0; len -= n, seg++) {
		n = len < seg->len ? len : seg->len;
		if (hvl_io_va_to_off(&vq->shm, seg->va, n, &off))
			hvl_io_clean(&vq->shm, off, n);
	}
}

HVL_INLINE void vq_write_used(struct hvl_dev_vq *vq, uint16_t id, uint32_t len,
			      uint16_t count)
{
	if (vq->packed)
		packed_push(vq, id, len, count);
	else
		split_push(vq, id, len, count);
	vq->pushed = (uint16_t)(vq->pushed + count);
}

static void vq_close_batch(struct hvl_dev_vq *vq)
{
	if (vq->batch == 0)
		return;
	vq_write_used(vq, vq->batch_id, vq->batch_len, vq->batch);
	vq->batch = 0;
}

/*
 * IN_ORDER (§2.7.9, §2.8.8): one entry stands for all up to its chain. Those
 * before count as used completely, so only such may go before.
 */
static void vq_batch(struct hvl_dev_vq *vq, const struct hvl_chain *chain,
		     uint32_t len)
{
	if (!vq->batch_whole)
		vq_close_batch(vq);
	vq->batch = (uint16_t)(vq->batch + chain->count);
	vq->batch_id = chain->head;
	vq->batch_len = len;
	vq->batch_whole = len == chain->write_len;
}

HVL_INLINE void vq_push(struct hvl_dev_vq *vq, const struct hvl_chain *chain,
			uint32_t len)
{
	if (!vq->started)
		return;
	if (len > chain->write_len)
		len = (uint32_t)chain->write_len;
	if (!hvl_io_coherent())
		vq_clean_written(vq, chain, len);
	vq->done++;
	if (vq->in_order && !(vq->packed && vq->taken)) {
		vq_batch(vq, chain, len);
		return;
	}
	vq_write_used(vq, chain->head, len, chain->count);
	if (vq->packed && vq->taken) {
		packed_show(vq);
		vq_keep_position(vq);
	}
}

void hvl_dev_vq_push(struct hvl_dev_vq *vq, const struct hvl_chain *chain,
		     uint32_t len)
{
	vq_push(vq, chain, len);
}

void hvl_dev_vq_push_many(struct hvl_dev_vq *vq, const struct hvl_chain *chains,
			  const uint32_t *lens, uint16_t n)
{
	uint16_t i;

	for (i = 0; i < n; i++)
		vq_push(vq, &chains[i], lens ? lens[i] : 0);
}

bool hvl_dev_vq_flush(struct hvl_dev_vq *vq)
{
	uint16_t count;
	bool notify;

	vq_close_batch(vq);
	count = vq->pushed;
	if (!vq->started || count == 0)
		return false;
	vq->pushed = 0;
	notify = vq->packed ? packed_flush(vq, count) : split_flush(vq, count);
	packed_show(vq);
	vq_keep_position(vq);
	return notify;
}

static void vq_want(struct hvl_dev_vq *vq, bool on)
{
	if (!vq->started || (vq->no_suppress && !on))
		return;
	if (vq->packed)
		packed_want(vq, on);
	else
		split_want(vq, on);
}

void hvl_dev_vq_notify_off(struct hvl_dev_vq *vq)
{
	vq_want(vq, false);
}

bool hvl_dev_vq_notify_on(struct hvl_dev_vq *vq)
{
	if (!vq->started)
		return false;
	vq_want(vq, true);
	hvl_mb_before_recheck();
	return vq->packed ? packed_more(vq) : split_more(vq);
}

static bool vq_all_used(const struct hvl_dev_vq *vq)
{
	return vq->used_idx == vq->avail_idx && vq->used_wrap == vq->avail_wrap;
}

/* The chain that is to be given back next; it may have changed since. */
static bool vq_find_taken(struct hvl_dev_vq *vq, struct hvl_chain *chain)
{
	struct packed_pos pos = { vq->used_idx, vq->used_wrap };
	const struct packed_pos end = { vq->avail_idx, vq->avail_wrap };

	if (vq->packed) {
		chain->count = packed_measure(vq, &pos, &end, &chain->head);
		return chain->count != 0;
	}
	chain->count = 1;
	chain->head = split_head(vq, vq->used_idx);
	return chain->head < vq->num;
}

void hvl_dev_vq_settle(struct hvl_dev_vq *vq)
{
	struct hvl_chain chain = { .nread = 0 };

	if (!vq->started)
		return;
	while (!vq_all_used(vq) && !vq->broken) {
		if (vq_find_taken(vq, &chain))
			hvl_dev_vq_push(vq, &chain, 0);
		else
			hvl_dev_vq_bad_ring_(vq, "bad chain to give back",
					     chain.head);
		vq_close_batch(vq);
	}
	hvl_dev_vq_flush(vq);
	/* Not known, after a death in between: neither is it looked up. */
	vq->want = UINT32_MAX;
	(void)hvl_dev_vq_notify_on(vq);
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
	/* Most have one segment, and are wanted whole. */
	if (chain->nread != 0 && off == 0 && len <= chain->seg->len) {
		struct hvl_io io = { .va = chain->seg->va, .size = len };

		hvl_io_read_block(&io, 0, dst, len);
		return len;
	}
	return chain_copy(chain->seg, chain->nread, off, dst, NULL, len);
}

uint32_t hvl_chain_copy_to(const struct hvl_chain *chain, uint64_t off,
			   const void *src, uint32_t len)
{
	const struct hvl_seg *seg = chain->seg + chain->nread;

	if (chain->nwrite != 0 && off == 0 && len <= seg->len) {
		struct hvl_io io = { .va = seg->va, .size = len };

		hvl_io_write_block(&io, 0, src, len);
		return len;
	}
	return chain_copy(seg, chain->nwrite, off, NULL, src, len);
}
