/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/driver/vq.h - driver side of one virtqueue (virtio 1.3 §2.7, §2.8)
 *
 * Split or packed, as the negotiated features say. Offers chains of buffers to
 * the device and takes them back. Buffers that lie in the shared memory are
 * offered where they are; others travel through bounce buffers from the pool.
 * Of what it needs to know again, nothing is read back from memory that the
 * device can write.
 *
 * Ownership  The caller owns the queue, its slots and the pool; the queue
 *            borrows them from init to fini. A chain's buffers are the
 *            device's from add to get.
 * Threads    One at a time per queue; never from an interrupt handler, which
 *            only has to wake that thread.
 * Errors     Negative errno. -EPROTO: the device broke the protocol (§2.7.8);
 *            the queue gives nothing more back until the device was reset.
 */
#ifndef HVL_DRIVER_VQ_H
#define HVL_DRIVER_VQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvl/driver/pool.h>
#include <hvl/metal/io.h>
#include <hvl/wire/vring.h>

/* One piece of a chain, in the caller's memory or in the shared memory. */
struct hvl_drv_seg {
	void *va;
	uint32_t len; /* bytes, not 0 */
};

/* A chain of one segment. */
struct hvl_drv_buf {
	void *cookie; /* not NULL */
	void *va;     /* as in struct hvl_drv_seg */
	uint32_t len;
};

/* A chain that came back. */
struct hvl_drv_used {
	void *cookie; /* as it was added with */
	uint32_t len; /* bytes that the device wrote */
};

#define HVL_DRV_VQ_SEGS_MAX 8u

/* Build option: 0 leaves the packed ring out, for remotes short of memory. */
#ifndef HVL_DRV_VQ_PACKED
#define HVL_DRV_VQ_PACKED 1
#endif

/* What the queue remembers of one descriptor, privately. */
struct hvl_drv_vq_slot {
	void *cookie;	/* head only: the caller's, NULL while free */
	void *va;	/* bounced: the caller's buffer */
	size_t off;	/* bounced, or an indirect table: piece of pool */
	uint32_t len;	/* of the segment, bytes */
	uint16_t next;	/* of the chain, or of the free list */
	uint16_t count; /* head only: descriptors in the chain */
	uint16_t flags; /* VRING_DESC_F_WRITE and private ones */
	uint16_t shown; /* split: what the avail ring's entry here holds */
};

struct hvl_drv_vq_config {
	uint16_t num; /* ring size: hvl_vring_num_ok(); packed: any to 32768 */
	uint32_t align; /* of the used ring: HVL_VRING_LEGACY_ALIGN or less */
	uint64_t features;	       /* negotiated */
	struct hvl_drv_pool *pool;     /* for ring, bounce buffers and tables */
	struct hvl_drv_vq_slot *slots; /* num of them, uninitialised */
	/*
	 * Storage for the slots of indirect tables, nindirect times num of
	 * them; nindirect is the longest chain that goes into one descriptor
	 * with INDIRECT_DESC negotiated, from 2 to HVL_DRV_VQ_SEGS_MAX. 0 and
	 * NULL: chains are always direct.
	 */
	struct hvl_drv_vq_slot *indirect;
	uint16_t nindirect;
	uint32_t cache_line; /* as in struct hvl_drv_platform */
	/*
	 * The caller's segments in the shared memory share no cache line with
	 * anything else: none is bounced for its alignment.
	 */
	bool own_lines;
};

/*
 * The state is private to the queue's functions. Small cores reach the first
 * bytes of a structure with shorter instructions: flags come first.
 */
struct hvl_drv_vq {
	bool started;
	bool broken;
	bool packed;
	bool avail_wrap, used_wrap; /* packed: the ring's rounds */
	bool event_idx;
	bool in_order;
	bool in_batch; /* IN_ORDER: up to batch_last was given back */
	bool irq;      /* we want to hear of used entries */
	uint16_t free_head, free_tail;
	uint16_t nfree;	     /* free descriptors */
	uint16_t avail_idx;  /* where the next entry goes */
	uint16_t added;	     /* entries that the device cannot see yet */
	uint16_t used_idx;   /* next to be taken */
	uint16_t used_ready; /* split: entries seen there and not taken */
	uint16_t kick_at, kick_flags; /* packed: first entry not visible yet */
	uint16_t first_out;	      /* IN_ORDER: head that comes back next */
	uint16_t batch_last; /* IN_ORDER: and those given back at once */
	uint16_t detach_at;  /* where hvl_drv_vq_detach() looks next */
	uint32_t batch_len;
	uint32_t irq_word; /* what we want to hear of, as it stands there */
	struct hvl_drv_vq_config cfg;
	struct hvl_vring_layout at; /* packed: avail and used are the events */
	size_t ring_off;	    /* of the ring in the pool */
	size_t table_off;	    /* of the indirect tables in the pool */
	uint32_t table_size;	    /* of one table, 0: there are none */
	struct hvl_io ring;	    /* its three areas */
};

/**
 * hvl_drv_vq_init() - lay the ring out in the pool, empty
 * @vq:  caller's storage
 * @cfg: copied; what it points to is borrowed
 * Return: 0, -EINVAL for a bad configuration (a pool whose granule is smaller
 * than a cache line is one), -ENOMEM when the pool is too small. The ring's
 * memory is zeroed and visible to the device on return.
 */
int hvl_drv_vq_init(struct hvl_drv_vq *vq, const struct hvl_drv_vq_config *cfg);

/**
 * hvl_drv_vq_fini() - give ring, tables and bounce buffers back to the pool
 *
 * Only after the device was reset, or before it knew of the queue: it must not
 * own any buffer any more (§2.7.13, §3.3). Chains that were still out are
 * dropped; hvl_drv_vq_detach() gets their cookies back before.
 */
void hvl_drv_vq_fini(struct hvl_drv_vq *vq);

/**
 * Device addresses of the three areas, for the transport; for a packed ring
 * avail is the driver area, used the device area (§2.8).
 */
static inline uint64_t hvl_drv_vq_desc_da(const struct hvl_drv_vq *vq)
{
	return vq->ring.da + vq->at.desc;
}

static inline uint64_t hvl_drv_vq_avail_da(const struct hvl_drv_vq *vq)
{
	return vq->ring.da + vq->at.avail;
}

static inline uint64_t hvl_drv_vq_used_da(const struct hvl_drv_vq *vq)
{
	return vq->ring.da + vq->at.used;
}

/**
 * hvl_drv_vq_add() - offer a chain to the device (§2.7.13, §2.8.21)
 * @vq:     queue
 * @segs:   nread segments for the device to read, then nwrite to write; the
 *          array is free again on return, the buffers only after get
 * @nread:  0 or more
 * @nwrite: 0 or more; together 1 to HVL_DRV_VQ_SEGS_MAX, and not more than
 *          the ring size
 * @cookie: not NULL; hvl_drv_vq_get() returns it
 *
 * The device sees what was added from hvl_drv_vq_kick() on: any number of
 * chains cost one look of its.
 *
 * Return: 0, -EINVAL for a bad chain, -ENOSPC when the ring has no room for it
 * now, -ENOMEM when the pool has none for a bounce buffer now, -EPROTO.
 */
int hvl_drv_vq_add(struct hvl_drv_vq *vq, const struct hvl_drv_seg *segs,
		   uint16_t nread, uint16_t nwrite, void *cookie);

/**
 * hvl_drv_vq_add_many() - offer @n chains of one segment each
 * @vq:    queue
 * @bufs:  their segments; the array is free again on return
 * @n:     how many
 * @write: all of them are for the device to write, else to read
 *
 * The same as so many calls of hvl_drv_vq_add(), and faster where the segments
 * are offered where they are.
 *
 * Return: how many were offered, from the first on; where it is none of them,
 * what hvl_drv_vq_add() says of the first.
 */
int hvl_drv_vq_add_many(struct hvl_drv_vq *vq, const struct hvl_drv_buf *bufs,
			uint16_t n, bool write);

/**
 * hvl_drv_vq_kick() - show the device all that was added since the last kick
 * Return: true if that was something and the device wants to hear of it
 * (§2.7.10, §2.8.21.3): the caller then notifies it.
 */
bool hvl_drv_vq_kick(struct hvl_drv_vq *vq);

/**
 * hvl_drv_vq_notify_data() - what a notification carries with NOTIFICATION_DATA
 * Return: the position up to which the device may look, as it stands in bits
 * 31 to 16 of the notification (§2.9).
 */
uint32_t hvl_drv_vq_notify_data(const struct hvl_drv_vq *vq);

/**
 * hvl_drv_vq_get() - take back a chain that the device used (§2.7.14, §2.8.22)
 * @vq:     queue
 * @cookie: filled in when 1 is returned
 * @len:    filled in when 1 is returned: bytes that the device says it wrote,
 *          at most the chain's writable bytes. Bounced bytes are copied back.
 *          Legacy devices count wrongly (§2.7.8.1): without VERSION_1 a length
 *          that is too large is cut, with it the queue is broken.
 * Return: 1, 0 when there is none, -EPROTO.
 */
int hvl_drv_vq_get(struct hvl_drv_vq *vq, void **cookie, uint32_t *len);

/**
 * hvl_drv_vq_get_many() - take back up to @n chains
 * @vq:   queue
 * @used: filled in, as hvl_drv_vq_get() does
 * @n:    how many there is room for
 * Return: how many were taken, which may be fewer than there are; 0 when there
 * is none; -EPROTO. Where the device breaks the protocol behind the first of
 * them, the next call says so.
 */
int hvl_drv_vq_get_many(struct hvl_drv_vq *vq, struct hvl_drv_used *used,
			uint16_t n);

/**
 * hvl_drv_vq_detach() - after a reset: take back a chain that was still out
 * Return: its cookie, NULL when there is none left. Nothing is copied.
 */
void *hvl_drv_vq_detach(struct hvl_drv_vq *vq);

/**
 * hvl_drv_vq_irq_off() - ask the device for silence (§2.7.7): polling mode
 */
void hvl_drv_vq_irq_off(struct hvl_drv_vq *vq);

/**
 * hvl_drv_vq_irq_on() - ask to be notified of what is used from now on
 * Return: true if something came in meanwhile: take it before waiting.
 */
bool hvl_drv_vq_irq_on(struct hvl_drv_vq *vq);

/**
 * hvl_drv_vq_pending() - whether the device has used a chain
 *
 * False after hvl_drv_vq_irq_on(): a notification will come with the next one.
 */
bool hvl_drv_vq_pending(struct hvl_drv_vq *vq);

/**
 * hvl_drv_vq_break() - for tests of recovery: offer what no device can accept
 *
 * A head that lies outside the ring, or an empty buffer; the next kick shows
 * it to the device.
 */
void hvl_drv_vq_break(struct hvl_drv_vq *vq);

#endif /* HVL_DRIVER_VQ_H */
