/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Driver side of a virtqueue: what both formats have in common.
 *
 * What is known of a descriptor is kept in its private slot. The slots' free
 * list doubles as the order of a direct chain: a chain takes the list's first
 * entries as they are linked. In the slots of an indirect table the links never
 * change, so both kinds of chain are walked by the same code.
 */
#include <hvl/driver/vq.h>

#include <string.h>

#include <hvl/metal/barrier.h>
#include <hvl/metal/compiler.h>
#include <hvl/metal/errno.h>
#include <hvl/wire/virtio.h>
#include <hvl/wire/vring_packed.h>

#include "vq_many.h"
#include "vq_packed.h"
#include "vq_priv.h"
#include "vq_split.h"

#define ALIGN_MAX 65536u

/* Features of the ring that a queue acts on. */
static bool vq_has(const struct hvl_drv_vq_config *cfg, unsigned int bit)
{
	return (cfg->features >> bit & 1) != 0;
}

/* The chain of a head, by what its slot says. */
static struct vq_chain vq_chain(const struct hvl_drv_vq *vq, uint16_t head)
{
	const struct hvl_drv_vq_slot *slot = &vq->cfg.slots[head];
	struct vq_chain c = { vq->cfg.slots, vq->ring_off + vq->at.desc, head,
			      slot->count };

	if (slot->flags & SLOT_INDIRECT) {
		c.slots = vq->cfg.indirect + (size_t)head * vq->cfg.nindirect;
		c.desc = vq->table_off + head * vq->table_size;
		c.first = 0;
	}
	return c;
}

/* Make a segment reachable for the device; the slot remembers how. */
static int vq_map_seg(struct hvl_drv_vq *vq, struct hvl_drv_vq_slot *slot,
		      const struct hvl_drv_seg *seg, bool write)
{
	struct hvl_drv_pool *pool = vq->cfg.pool;
	uint64_t off;
	int err;

	slot->va = seg->va;
	slot->len = seg->len;
	slot->flags = write ? VRING_DESC_F_WRITE : 0;
	if (vq_in_place(vq, seg, &off)) {
		slot->off = (size_t)off;
	} else {
		err = hvl_drv_pool_alloc(pool, seg->len, 0, &slot->off);
		if (err)
			return err;
		slot->flags |= SLOT_BOUNCED;
		if (!write)
			hvl_io_write_block(&pool->io, slot->off, seg->va,
					   seg->len);
	}
	vq_hand_over(&pool->io, slot->off, slot->len, write);
	return 0;
}

/* Give the bounce buffers of a chain's first @count entries back. */
static void vq_unmap(struct hvl_drv_vq *vq, const struct vq_chain *c,
		     uint16_t count)
{
	uint16_t i, at = c->first;

	for (i = 0; i < count; i++) {
		struct hvl_drv_vq_slot *slot = &c->slots[at];

		if (slot->flags & SLOT_BOUNCED)
			hvl_drv_pool_free(vq->cfg.pool, slot->off, slot->len);
		slot->flags = 0;
		at = slot->next;
	}
}

/* Make all segments of a chain reachable. */
static int vq_map(struct hvl_drv_vq *vq, const struct vq_chain *c,
		  const struct hvl_drv_seg *segs, uint16_t nread)
{
	uint16_t i, at = c->first;
	int err;

	for (i = 0; i < c->count; i++) {
		err = vq_map_seg(vq, &c->slots[at], &segs[i], i >= nread);
		if (err) {
			vq_unmap(vq, c, i);
			return err;
		}
		at = c->slots[at].next;
	}
	return 0;
}

/* Forget a chain: its head, its bounce buffers, its descriptors. */
static void vq_free_chain(struct hvl_drv_vq *vq, uint16_t head,
			  const struct vq_chain *c)
{
	struct hvl_drv_vq_slot *slots = vq->cfg.slots;
	uint16_t n = c->slots == slots ? c->count : 1, tail = head;
	uint16_t i;

	vq_unmap(vq, c, c->count);
	slots[head].cookie = NULL;
	slots[head].flags = 0;
	for (i = 1; i < n; i++)
		tail = slots[tail].next;
	vq_give(vq, head, tail, n);
}

/* A packed ring has no indices that wrap, but needs coherent memory (§2.8). */
static bool vq_num_ok(const struct hvl_drv_vq_config *cfg)
{
	if (!vq_has(cfg, VIRTIO_F_RING_PACKED))
		return hvl_vring_num_ok(cfg->num);
	return HVL_DRV_VQ_PACKED && hvl_vring_packed_num_ok(cfg->num) &&
	       cfg->cache_line <= 1;
}

static bool vq_config_ok(const struct hvl_drv_vq_config *cfg)
{
	uint32_t line = cfg->cache_line;

	if (!vq_num_ok(cfg) || !cfg->slots || !cfg->pool ||
	    cfg->align > ALIGN_MAX || (cfg->align & (cfg->align - 1)) != 0 ||
	    line > cfg->pool->granule || (line & (line - 1)) != 0)
		return false;
	return cfg->nindirect == 0 || (cfg->indirect && cfg->nindirect >= 2 &&
				       cfg->nindirect <= HVL_DRV_VQ_SEGS_MAX);
}

static void vq_init_slots(struct hvl_drv_vq *vq)
{
	const struct hvl_drv_vq_config *cfg = &vq->cfg;
	uint32_t i, k;

	memset(cfg->slots, 0, cfg->num * sizeof(*cfg->slots));
	for (i = 0; i < cfg->num; i++) {
		cfg->slots[i].next = (uint16_t)(i + 1);
		for (k = 0; k < cfg->nindirect; k++) {
			struct hvl_drv_vq_slot *slot =
				&cfg->indirect[i * cfg->nindirect + k];

			memset(slot, 0, sizeof(*slot));
			slot->next = (uint16_t)(k + 1);
		}
	}
	vq->nfree = cfg->num;
	vq->free_tail = (uint16_t)(cfg->num - 1);
}

/* Take zeroed memory that the device may see at once. */
static int vq_alloc(struct hvl_drv_vq *vq, uint32_t size, uint32_t align,
		    size_t *off)
{
	struct hvl_drv_pool *pool = vq->cfg.pool;
	int err = hvl_drv_pool_alloc(pool, size, align, off);

	if (err)
		return err;
	hvl_io_fill(&pool->io, *off, 0, size);
	hvl_io_clean(&pool->io, *off, size);
	return 0;
}

/* Two writers, two sets of cache lines: what the device writes starts one. */
static uint32_t vq_layout(struct hvl_drv_vq *vq)
{
	uint32_t align = vq->cfg.align, line = vq_line(vq);

	if (align < line)
		align = line;
	if (align < HVL_VRING_DESC_ALIGN)
		align = HVL_VRING_DESC_ALIGN;
	if (!vq_is_packed(vq)) {
		vq->at = hvl_vring_layout(vq->cfg.num, align);
		return align;
	}
	vq->at.desc = 0;
	vq->at.avail = hvl_vring_desc_size(vq->cfg.num);
	vq->at.used = (vq->at.avail + HVL_VRING_PACKED_EVENT_SIZE + align - 1) &
		      ~(align - 1);
	vq->at.size = vq->at.used + HVL_VRING_PACKED_EVENT_SIZE;
	return align;
}

/* A table for each entry of the ring. */
static int vq_alloc_tables(struct hvl_drv_vq *vq)
{
	uint32_t line = vq_line(vq);

	if (vq->cfg.nindirect == 0)
		return 0;
	vq->table_size = (vq->cfg.nindirect * DESC_SIZE + line - 1) &
			 ~(line - 1);
	return vq_alloc(vq, vq->cfg.num * vq->table_size, 0, &vq->table_off);
}

static void vq_init_state(struct hvl_drv_vq *vq,
			  const struct hvl_drv_vq_config *cfg)
{
	memset(vq, 0, sizeof(*vq));
	vq->cfg = *cfg;
	if (!vq_has(cfg, VIRTIO_RING_F_INDIRECT_DESC))
		vq->cfg.nindirect = 0;
	if (HVL_DRV_VQ_PACKED)
		vq->packed = vq->avail_wrap = vq->used_wrap =
			vq_has(cfg, VIRTIO_F_RING_PACKED);
	vq->event_idx = vq_has(cfg, VIRTIO_RING_F_EVENT_IDX);
	vq->in_order = vq_has(cfg, VIRTIO_F_IN_ORDER);
	vq->irq = true;
}

int hvl_drv_vq_init(struct hvl_drv_vq *vq, const struct hvl_drv_vq_config *cfg)
{
	uint32_t align;
	int err;

	if (!vq_config_ok(cfg))
		return -EINVAL;
	vq_init_state(vq, cfg);
	align = vq_layout(vq);
	err = vq_alloc(vq, vq->at.size, align, &vq->ring_off);
	if (err)
		return err;
	vq_init_slots(vq);
	vq->started = true;
	err = vq_alloc_tables(vq);
	if (err) {
		vq->table_size = 0;
		hvl_drv_vq_fini(vq);
	}
	vq->ring.va = hvl_io_va(&cfg->pool->io, vq->ring_off);
	vq->ring.da = cfg->pool->io.da + vq->ring_off;
	vq->ring.size = vq->at.size;
	return err;
}

void hvl_drv_vq_fini(struct hvl_drv_vq *vq)
{
	if (!vq->started)
		return;
	vq->detach_at = 0;
	while (hvl_drv_vq_detach(vq))
		;
	if (vq->table_size != 0)
		hvl_drv_pool_free(vq->cfg.pool, vq->table_off,
				  vq->cfg.num * vq->table_size);
	hvl_drv_pool_free(vq->cfg.pool, vq->ring_off, vq->at.size);
	vq->started = false;
}

static int vq_check_chain(const struct hvl_drv_seg *segs, uint32_t n,
			  const void *cookie)
{
	uint32_t i, total = 0;

	if (!cookie || n == 0 || n > HVL_DRV_VQ_SEGS_MAX)
		return -EINVAL;
	for (i = 0; i < n; i++) {
		/* §2.7.5: none is empty; no more in all than len can say. */
		if (!segs[i].va || segs[i].len - 1 >= UINT32_MAX - total)
			return -EINVAL;
		total += segs[i].len;
	}
	return 0;
}

static void vq_offer(struct hvl_drv_vq *vq, const struct vq_chain *c,
		     uint16_t head)
{
	if (vq_is_packed(vq))
		packed_offer(vq, c, head);
	else
		split_offer(vq, c, head);
}

int hvl_drv_vq_add(struct hvl_drv_vq *vq, const struct hvl_drv_seg *segs,
		   uint16_t nread, uint16_t nwrite, void *cookie)
{
	uint32_t n = (uint32_t)nread + nwrite;
	bool indirect = n > 1 && n <= vq->cfg.nindirect;
	uint16_t need = indirect ? 1 : (uint16_t)n, i;
	struct hvl_drv_vq_slot *slots = vq->cfg.slots;
	uint16_t head = vq->free_head;
	struct vq_chain c;
	int err;

	if (vq->broken || !vq->started)
		return -EPROTO;
	err = vq_check_chain(segs, n, cookie);
	if (err)
		return err;
	/* §2.7.5.3.1: not even in a table. */
	if (n > vq->cfg.num)
		return -EINVAL;
	if (need > vq->nfree)
		return -ENOSPC;

	slots[head].count = (uint16_t)n;
	slots[head].flags = indirect ? SLOT_INDIRECT : 0;
	c = vq_chain(vq, head);
	err = vq_map(vq, &c, segs, nread);
	if (err)
		return err;
	slots[head].cookie = cookie;
	for (i = 0; i < need; i++)
		vq->free_head = slots[vq->free_head].next;
	vq->nfree = (uint16_t)(vq->nfree - need);
	vq_offer(vq, &c, head);
	return 0;
}

int hvl_drv_vq_add_many(struct hvl_drv_vq *vq, const struct hvl_drv_buf *bufs,
			uint16_t n, bool write)
{
	int done = 0, err = 0;

	if (vq->started && !vq->broken)
		done = many_add(vq, bufs, n, write);
	for (; done < n; done++) {
		struct hvl_drv_seg seg = { bufs[done].va, bufs[done].len };

		err = hvl_drv_vq_add(vq, &seg, !write, write,
				     bufs[done].cookie);
		if (err)
			break;
	}
	return done != 0 ? done : err;
}

bool hvl_drv_vq_kick(struct hvl_drv_vq *vq)
{
	uint16_t added = vq->added;

	if (added == 0 || vq->broken)
		return false;
	vq->added = 0;
	return vq_is_packed(vq) ? packed_publish(vq, added) :
				  split_publish(vq, added);
}

uint32_t hvl_drv_vq_notify_data(const struct hvl_drv_vq *vq)
{
	uint32_t next = vq->avail_idx;

	if (vq_is_packed(vq) && vq->avail_wrap)
		next |= VRING_PACKED_EVENT_WRAP;
	return next << 16;
}

/* Bytes that the device may write into a chain. */
static uint32_t vq_room(const struct vq_chain *c)
{
	uint16_t i, at = c->first;
	uint32_t room = 0;

	for (i = 0; i < c->count; i++) {
		if (c->slots[at].flags & VRING_DESC_F_WRITE)
			room += c->slots[at].len;
		at = c->slots[at].next;
	}
	return room;
}

/* Make @len bytes that the device wrote visible where the caller has them. */
static void vq_take(struct hvl_drv_vq *vq, const struct vq_chain *c,
		    uint32_t len)
{
	const struct hvl_io *io = &vq->cfg.pool->io;
	uint16_t i, at = c->first;

	for (i = 0; i < c->count && len != 0; i++) {
		const struct hvl_drv_vq_slot *slot = &c->slots[at];
		uint32_t part = len < slot->len ? len : slot->len;

		at = slot->next;
		if (!(slot->flags & VRING_DESC_F_WRITE))
			continue;
		vq_take_over(io, slot->off, part);
		if (slot->flags & SLOT_BOUNCED)
			hvl_io_read_block(io, slot->off, slot->va, part);
		len -= part;
	}
}

static int vq_broken(struct hvl_drv_vq *vq)
{
	vq->broken = true;
	return -EPROTO;
}

static int vq_look(struct hvl_drv_vq *vq)
{
	return vq_is_packed(vq) ? packed_look(vq) : split_look(vq);
}

/*
 * Say what we want to hear of. Return: true if that is new: the device may
 * have used something before it could see it.
 */
static bool vq_set_irq(struct hvl_drv_vq *vq)
{
	bool news = vq_is_packed(vq) ? packed_set_irq(vq) : split_set_irq(vq);

	if (!news || !vq->irq)
		return false;
	hvl_mb_before_recheck();
	return true;
}

/*
 * Whether something was used: 1, 0 or -EPROTO. Before it says that there is
 * nothing, an event index that lies behind is brought up to date.
 */
static int vq_wait_look(struct hvl_drv_vq *vq)
{
	int ret = vq_look(vq);

	if (ret == 0 && vq->irq && vq_set_irq(vq))
		ret = vq_look(vq);
	return ret < 0 ? vq_broken(vq) : ret;
}

static bool vq_is_out(const struct hvl_drv_vq *vq, uint32_t id)
{
	return id < vq->cfg.num && vq->cfg.slots[id].cookie;
}

/*
 * Find chains that came back, unless some of those found last are left: from
 * first_out to batch_last. Without IN_ORDER it is one at a time. Return: as
 * vq_wait_look().
 */
HVL_INLINE int vq_find_batch(struct hvl_drv_vq *vq)
{
	struct vq_used last = { 0, 0 };
	int ret;

	if (vq->in_batch)
		return 1;
	ret = vq_wait_look(vq);
	if (ret <= 0)
		return ret;
	vq_read_used(vq, &last);
	if (!vq_is_out(vq, last.id))
		return vq_broken(vq);
	vq->in_batch = true;
	vq->batch_last = (uint16_t)last.id;
	vq->batch_len = last.len;
	if (!vq->in_order)
		vq->first_out = vq->batch_last;
	return 1;
}

/* The chain that comes back next, by @used; fills in its length. */
static int vq_next_used(struct hvl_drv_vq *vq, struct vq_used *used)
{
	int ret = vq_find_batch(vq);

	if (ret <= 0)
		return ret;
	/* §2.7.9, §2.8.8: those before the last one were used completely. */
	used->id = vq->first_out;
	used->len = UINT32_MAX;
	if (used->id == vq->batch_last) {
		used->len = vq->batch_len;
		vq->in_batch = false;
	}
	return 1;
}

/* How much of a chain the device wrote. Return: whether it can be true. */
static bool vq_check_len(const struct hvl_drv_vq *vq, const struct vq_chain *c,
			 bool skipped, uint32_t *len)
{
	uint32_t room = vq_room(c);

	if (*len <= room)
		return true;
	*len = room;
	return skipped || !vq_has(&vq->cfg, VIRTIO_F_VERSION_1);
}

int hvl_drv_vq_get(struct hvl_drv_vq *vq, void **cookie, uint32_t *len)
{
	struct vq_used used = { 0, 0 };
	struct vq_chain c;
	uint16_t entries;
	int ret;

	if (vq->broken || !vq->started)
		return -EPROTO;
	ret = vq_next_used(vq, &used);
	if (ret <= 0)
		return ret;
	c = vq_chain(vq, (uint16_t)used.id);
	if (!vq_check_len(vq, &c, vq->in_batch, &used.len))
		return vq_broken(vq);

	entries = c.slots == vq->cfg.slots ? c.count : 1;
	if (vq_is_packed(vq))
		packed_skip(vq, entries);
	else if (!split_skip(vq))
		return vq_broken(vq);
	vq_take(vq, &c, used.len);
	*cookie = vq->cfg.slots[used.id].cookie;
	*len = used.len;
	vq_free_chain(vq, (uint16_t)used.id, &c);
	return 1;
}

/* Several at once, as far as they are plain; looks for more only once. */
static uint16_t vq_get_plain(struct hvl_drv_vq *vq, struct hvl_drv_used *used,
			     uint16_t n)
{
	uint16_t done, more;

	if (vq->broken || !vq->started)
		return 0;
	if (!vq->in_batch && vq_wait_look(vq) <= 0)
		return 0;
	if (!vq->in_order)
		return many_get_each(vq, used, n);
	for (done = 0; done < n; done = (uint16_t)(done + more)) {
		if (!vq->in_batch && !(many_ready(vq) && vq_find_batch(vq) > 0))
			break;
		more = many_get_batch(vq, used + done, (uint16_t)(n - done));
		if (more == 0)
			break;
	}
	return done;
}

int hvl_drv_vq_get_many(struct hvl_drv_vq *vq, struct hvl_drv_used *used,
			uint16_t n)
{
	uint16_t done = n != 0 ? vq_get_plain(vq, used, n) : 0;

	if (done != 0 || n == 0)
		return done;
	/* There is none, or it takes more than a look. */
	return hvl_drv_vq_get(vq, &used->cookie, &used->len);
}

void *hvl_drv_vq_detach(struct hvl_drv_vq *vq)
{
	while (vq->started && vq->detach_at < vq->cfg.num) {
		uint16_t head = vq->detach_at++;
		void *cookie = vq->cfg.slots[head].cookie;

		if (cookie) {
			struct vq_chain c = vq_chain(vq, head);

			vq_free_chain(vq, head, &c);
			return cookie;
		}
	}
	return NULL;
}

void hvl_drv_vq_irq_off(struct hvl_drv_vq *vq)
{
	vq->irq = false;
	(void)vq_set_irq(vq);
}

bool hvl_drv_vq_irq_on(struct hvl_drv_vq *vq)
{
	vq->irq = true;
	(void)vq_set_irq(vq);
	return hvl_drv_vq_pending(vq);
}

bool hvl_drv_vq_pending(struct hvl_drv_vq *vq)
{
	if (!vq->started || vq->broken)
		return false;
	/* What a broken ring says is for hvl_drv_vq_get() to report. */
	return vq->in_batch || vq_wait_look(vq) != 0;
}

void hvl_drv_vq_break(struct hvl_drv_vq *vq)
{
	if (vq_is_packed(vq))
		packed_bad(vq);
	else
		split_bad(vq);
	vq->added++;
}
