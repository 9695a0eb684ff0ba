/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Driver side of a split virtqueue (virtio 1.3 §2.7).
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

/* Private slot flags, apart from VRING_DESC_F_WRITE. */
#define SLOT_BOUNCED 0x100u
#define SLOT_INDIRECT 0x200u

#define DESC_SIZE ((uint32_t)sizeof(struct hvl_vring_desc))
#define AVAIL_RING ((uint32_t)offsetof(struct hvl_vring_avail, ring))
#define AVAIL_ENTRY_SIZE ((uint32_t)sizeof(hvl_le16))
#define USED_RING ((uint32_t)offsetof(struct hvl_vring_used, ring))
#define USED_ENTRY_SIZE ((uint32_t)sizeof(struct hvl_vring_used_elem))
#define ALIGN_MAX 65536u

/* Where a chain's descriptors are: in the ring, or in a table of its own. */
struct vq_chain {
	struct hvl_drv_vq_slot *slots;
	uint64_t desc;	/* of entry 0, from the start of the pool's region */
	uint16_t first; /* entry the chain starts with */
	uint16_t count; /* entries it has */
};

static struct vq_chain vq_chain(const struct hvl_drv_vq *vq, uint16_t head,
				uint16_t count, bool indirect)
{
	struct vq_chain c = { vq->cfg.slots, vq->ring_off + vq->at.desc, head,
			      count };

	if (indirect) {
		c.slots = vq->cfg.indirect + (size_t)head * vq->cfg.nindirect;
		c.desc = vq->table_off + head * vq->table_size;
		c.first = 0;
	}
	return c;
}

static uint32_t vq_line(const struct hvl_drv_vq *vq)
{
	return vq->cfg.cache_line > 1 ? vq->cfg.cache_line : 1;
}

/* Whether a segment can be offered where it is, and where that is. */
static bool vq_in_place(const struct hvl_drv_vq *vq,
			const struct hvl_drv_seg *seg, uint64_t *off)
{
	const struct hvl_io *io = &vq->cfg.pool->io;

	return hvl_io_va_to_off(io, seg->va, seg->len, off) &&
	       (vq->cfg.own_lines ||
		(((io->da + *off) | seg->len) & (vq_line(vq) - 1)) == 0);
}

/* Make a segment reachable for the device; the slot remembers how. */
static int vq_map_seg(struct hvl_drv_vq *vq, struct hvl_drv_vq_slot *slot,
		      const struct hvl_drv_seg *seg, bool write)
{
	struct hvl_drv_pool *pool = vq->cfg.pool;
	int err;

	slot->va = seg->va;
	slot->len = seg->len;
	slot->flags = write ? VRING_DESC_F_WRITE : 0;
	if (!vq_in_place(vq, seg, &slot->off)) {
		err = hvl_drv_pool_alloc(pool, seg->len, 0, &slot->off);
		if (err)
			return err;
		slot->flags |= SLOT_BOUNCED;
		if (!write)
			hvl_io_write_block(&pool->io, slot->off, seg->va,
					   seg->len);
	}
	/* No dirty line may be evicted over what the device writes. */
	if (write)
		hvl_io_invalidate(&pool->io, slot->off, slot->len);
	else
		hvl_io_clean(&pool->io, slot->off, slot->len);
	return 0;
}

static void vq_write_desc(struct hvl_drv_vq *vq, uint64_t at, uint64_t off,
			  uint32_t len, uint16_t flags, uint16_t next)
{
	const struct hvl_io *io = &vq->cfg.pool->io;

	hvl_io_write64(io, at + offsetof(struct hvl_vring_desc, addr),
		       io->da + off);
	hvl_io_write32(io, at + offsetof(struct hvl_vring_desc, len), len);
	hvl_io_write16(io, at + offsetof(struct hvl_vring_desc, flags), flags);
	hvl_io_write16(io, at + offsetof(struct hvl_vring_desc, next), next);
	hvl_io_clean(io, at, DESC_SIZE);
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

/* Map all segments and write their descriptors; @end: the entry after them. */
static int vq_map(struct hvl_drv_vq *vq, const struct vq_chain *c,
		  const struct hvl_drv_seg *segs, uint16_t nread, uint16_t *end)
{
	uint16_t i, at = c->first;
	int err;

	for (i = 0; i < c->count; i++) {
		struct hvl_drv_vq_slot *slot = &c->slots[at];
		bool more = i + 1 < c->count;

		err = vq_map_seg(vq, slot, &segs[i], i >= nread);
		if (err) {
			vq_unmap(vq, c, i);
			return err;
		}
		vq_write_desc(vq, c->desc + at * DESC_SIZE, slot->off,
			      slot->len,
			      (uint16_t)((slot->flags & VRING_DESC_F_WRITE) |
					 (more ? VRING_DESC_F_NEXT : 0)),
			      more ? slot->next : 0);
		at = slot->next;
	}
	*end = at;
	return 0;
}

/* Put a head on the avail ring and move its index (§2.7.13). */
static void vq_publish(struct hvl_drv_vq *vq, uint16_t head)
{
	uint32_t entry = vq->avail_idx & (vq->cfg.num - 1u);
	uint32_t at = vq->at.avail + AVAIL_RING + entry * AVAIL_ENTRY_SIZE;

	hvl_io_write16(&vq->ring, at, head);
	hvl_io_clean(&vq->ring, at, AVAIL_ENTRY_SIZE);

	/* §2.7.13.3: descriptors and entry are visible before the index. */
	vq->avail_idx++;
	at = vq->at.avail + offsetof(struct hvl_vring_avail, idx);
	hvl_io_store_release16(&vq->ring, at, vq->avail_idx);
	hvl_io_clean(&vq->ring, at, sizeof(hvl_le16));
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
	slots[tail].next = vq->free_head;
	vq->free_head = head;
	vq->nfree = (uint16_t)(vq->nfree + n);
}

/* The chain of a head that is out. */
static struct vq_chain vq_out_chain(const struct hvl_drv_vq *vq, uint16_t head)
{
	const struct hvl_drv_vq_slot *slot = &vq->cfg.slots[head];

	return vq_chain(vq, head, slot->count,
			(slot->flags & SLOT_INDIRECT) != 0);
}

static bool vq_config_ok(const struct hvl_drv_vq_config *cfg)
{
	uint32_t line = cfg->cache_line;

	if (!hvl_vring_num_ok(cfg->num) || !cfg->slots || !cfg->pool ||
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
}

/* Take zeroed memory that the device may see at once. */
static int vq_alloc(struct hvl_drv_vq *vq, uint32_t size, uint32_t align,
		    uint64_t *off)
{
	struct hvl_drv_pool *pool = vq->cfg.pool;
	int err = hvl_drv_pool_alloc(pool, size, align, off);

	if (err)
		return err;
	hvl_io_fill(&pool->io, *off, 0, size);
	hvl_io_clean(&pool->io, *off, size);
	return 0;
}

int hvl_drv_vq_init(struct hvl_drv_vq *vq, const struct hvl_drv_vq_config *cfg)
{
	uint32_t align = cfg->align, line;
	int err;

	if (!vq_config_ok(cfg))
		return -EINVAL;
	memset(vq, 0, sizeof(*vq));
	vq->cfg = *cfg;
	if (!(cfg->features & HVL_BIT64(VIRTIO_RING_F_INDIRECT_DESC)))
		vq->cfg.nindirect = 0;

	/* Two writers, two sets of cache lines: the used ring starts one. */
	line = vq_line(vq);
	if (align < line)
		align = line;
	if (align < HVL_VRING_USED_ALIGN)
		align = HVL_VRING_USED_ALIGN;
	vq->at = hvl_vring_layout(cfg->num, align);
	err = vq_alloc(vq, vq->at.size, align, &vq->ring_off);
	if (err)
		return err;
	if (vq->cfg.nindirect != 0) {
		vq->table_size = (vq->cfg.nindirect * DESC_SIZE + line - 1) &
				 ~(line - 1);
		err = vq_alloc(vq, cfg->num * vq->table_size, 0,
			       &vq->table_off);
		if (err) {
			hvl_drv_pool_free(cfg->pool, vq->ring_off, vq->at.size);
			return err;
		}
	}
	(void)hvl_io_sub(&cfg->pool->io, vq->ring_off, vq->at.size, &vq->ring);
	vq_init_slots(vq);
	vq->started = true;
	return 0;
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
	uint64_t total = 0;
	uint32_t i;

	if (!cookie || n == 0 || n > HVL_DRV_VQ_SEGS_MAX)
		return -EINVAL;
	for (i = 0; i < n; i++) {
		if (!segs[i].va || segs[i].len == 0)
			return -EINVAL;
		total += segs[i].len;
	}
	/* §2.7.5: a chain has no more than 2^32 bytes; len must hold it. */
	return total > UINT32_MAX ? -EINVAL : 0;
}

int hvl_drv_vq_add(struct hvl_drv_vq *vq, const struct hvl_drv_seg *segs,
		   uint16_t nread, uint16_t nwrite, void *cookie)
{
	uint32_t n = (uint32_t)nread + nwrite;
	bool indirect = n > 1 && n <= vq->cfg.nindirect;
	uint16_t need = indirect ? 1 : (uint16_t)n;
	uint16_t head = vq->free_head, next;
	struct hvl_drv_vq_slot *slot;
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

	c = vq_chain(vq, head, (uint16_t)n, indirect);
	err = vq_map(vq, &c, segs, nread, &next);
	if (err)
		return err;
	slot = &vq->cfg.slots[head];
	if (indirect) {
		/* §2.7.5.3.1: one descriptor, neither NEXT nor WRITE. */
		next = slot->next;
		slot->flags = SLOT_INDIRECT;
		vq_write_desc(vq, vq->ring_off + vq->at.desc + head * DESC_SIZE,
			      c.desc, n * DESC_SIZE, VRING_DESC_F_INDIRECT, 0);
	}
	slot->cookie = cookie;
	slot->count = (uint16_t)n;
	vq->free_head = next;
	vq->nfree = (uint16_t)(vq->nfree - need);
	vq_publish(vq, head);
	return 0;
}

bool hvl_drv_vq_kick(struct hvl_drv_vq *vq)
{
	uint32_t at = vq->at.used + offsetof(struct hvl_vring_used, flags);

	if (vq->kicked_idx == vq->avail_idx || vq->broken)
		return false;
	vq->kicked_idx = vq->avail_idx;
	/* The device writes its flags, then looks at our index once more. */
	hvl_mb_before_event_check();
	hvl_io_invalidate(&vq->ring, at, sizeof(hvl_le16));
	return !(hvl_io_read16(&vq->ring, at) & VRING_USED_F_NO_NOTIFY);
}

/* How many used entries the device claims to have ready. */
static uint16_t vq_used_ahead(const struct hvl_drv_vq *vq)
{
	uint32_t at = vq->at.used + offsetof(struct hvl_vring_used, idx);

	hvl_io_invalidate(&vq->ring, at, sizeof(hvl_le16));
	return (uint16_t)(hvl_io_load_acquire16(&vq->ring, at) - vq->used_idx);
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
		hvl_io_invalidate(io, slot->off, part);
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

int hvl_drv_vq_get(struct hvl_drv_vq *vq, void **cookie, uint32_t *len)
{
	uint32_t entry = vq->used_idx & (vq->cfg.num - 1u);
	uint32_t at = vq->at.used + USED_RING + entry * USED_ENTRY_SIZE;
	uint32_t id, written, room;
	uint16_t ahead;
	struct vq_chain c;

	if (vq->broken || !vq->started)
		return -EPROTO;
	ahead = vq_used_ahead(vq);
	if (ahead == 0)
		return 0;
	if (ahead > (uint16_t)(vq->avail_idx - vq->used_idx))
		return vq_broken(vq);

	hvl_io_invalidate(&vq->ring, at, USED_ENTRY_SIZE);
	id = hvl_io_read32(&vq->ring,
			   at + offsetof(struct hvl_vring_used_elem, id));
	written = hvl_io_read32(&vq->ring,
				at + offsetof(struct hvl_vring_used_elem, len));
	if (id >= vq->cfg.num || !vq->cfg.slots[id].cookie)
		return vq_broken(vq);
	c = vq_out_chain(vq, (uint16_t)id);
	room = vq_room(&c);
	if (written > room) {
		if (vq->cfg.features & HVL_BIT64(VIRTIO_F_VERSION_1))
			return vq_broken(vq);
		written = room;
	}

	vq_take(vq, &c, written);
	*cookie = vq->cfg.slots[id].cookie;
	*len = written;
	vq_free_chain(vq, (uint16_t)id, &c);
	vq->used_idx++;
	return 1;
}

void *hvl_drv_vq_detach(struct hvl_drv_vq *vq)
{
	while (vq->started && vq->detach_at < vq->cfg.num) {
		uint16_t head = vq->detach_at++;
		void *cookie = vq->cfg.slots[head].cookie;

		if (cookie) {
			struct vq_chain c = vq_out_chain(vq, head);

			vq_free_chain(vq, head, &c);
			return cookie;
		}
	}
	return NULL;
}

static void vq_set_avail_flags(struct hvl_drv_vq *vq, uint16_t flags)
{
	uint32_t at = vq->at.avail + offsetof(struct hvl_vring_avail, flags);

	if (vq->avail_flags == flags)
		return;
	vq->avail_flags = flags;
	hvl_io_write16(&vq->ring, at, flags);
	hvl_io_clean(&vq->ring, at, sizeof(hvl_le16));
}

void hvl_drv_vq_irq_off(struct hvl_drv_vq *vq)
{
	vq_set_avail_flags(vq, VRING_AVAIL_F_NO_INTERRUPT);
}

bool hvl_drv_vq_irq_on(struct hvl_drv_vq *vq)
{
	vq_set_avail_flags(vq, 0);
	hvl_mb_before_recheck();
	return hvl_drv_vq_pending(vq);
}

bool hvl_drv_vq_pending(const struct hvl_drv_vq *vq)
{
	return vq->started && !vq->broken && vq_used_ahead(vq) != 0;
}

void hvl_drv_vq_break(struct hvl_drv_vq *vq)
{
	vq_publish(vq, vq->cfg.num);
}
