/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/device/vq.h - device side of one virtqueue (virtio 1.3 §2.7, §2.8)
 *
 * Split or packed, as the negotiated features say. Takes the chains a driver
 * made available, lends their buffers to a device model and gives them back on
 * the used ring. Everything the driver writes is hostile: each word is read
 * once into private memory, checked, and only the copy is used.
 *
 * Ownership  The caller owns the queue and the shared memory, which the queue
 *            borrows from start to stop.
 * Threads    One thread at a time per queue; no locks inside.
 * Memory     Never allocates; the segments' storage is the caller's.
 * Errors     Negative errno. -EPROTO: the driver broke the protocol, the queue
 *            has stopped and the device owes a DEVICE_NEEDS_RESET (§2.1.2).
 */
#ifndef HVL_DEVICE_VQ_H
#define HVL_DEVICE_VQ_H

#include <stdbool.h>
#include <stdint.h>

#include <hvl/metal/io.h>
#include <hvl/metal/log.h>
#include <hvl/wire/vring.h>

/* One piece of a chain. */
struct hvl_seg {
	void *va;     /* inside the shared memory, valid until push */
	uint32_t len; /* bytes, never 0 */
};

struct hvl_chain {
	uint16_t head;	   /* for hvl_dev_vq_push() only: its name */
	uint16_t count;	   /* likewise: entries of the ring that it takes */
	uint16_t nread;	   /* readable segments, which come first (§2.7.4.2) */
	uint16_t nwrite;   /* writable segments, which follow */
	uint16_t nseg_max; /* entries in seg: the caller's */
	struct hvl_seg *seg; /* caller's storage */
	uint64_t read_len;   /* bytes in the readable ones */
	uint64_t write_len;  /* bytes in the writable ones */
};

struct hvl_dev_vq_config {
	const struct hvl_io *shm;  /* all that descriptors may point into */
	const struct hvl_log *log; /* or NULL */
	const char *name;	   /* of the device, for messages */
	uint16_t index;		   /* of the queue, for messages */
	uint32_t num;		   /* ring size, as the driver chose it */
	uint32_t num_max;	   /* largest that was offered */
	/* Device addresses: descriptors, driver area, device area (§2.6). */
	uint64_t desc, avail, used;
	uint64_t features; /* negotiated */
	/*
	 * Neither ask the driver to hold back its notifications nor let it
	 * hold back ours (§2.7.7, §2.7.10): for drivers whose full barriers do
	 * nothing, so that both sides could sleep each having missed the other.
	 */
	bool no_suppress;
};

/* The state is private to the queue's functions. */
struct hvl_dev_vq {
	struct hvl_io shm;
	const struct hvl_log *log;
	const char *name;
	uint64_t desc, avail, used; /* offsets into shm */
	uint64_t features;
	uint32_t num;
	uint16_t index;
	uint16_t avail_idx;  /* next to be taken */
	uint16_t avail_seen; /* split: the driver's index, at the last look */
	uint16_t used_idx;   /* next to be written */
	uint16_t shown;	     /* packed: used_idx as the driver sees it */
	uint16_t popped;     /* entries of the chain taken last */
	uint16_t pushed;     /* entries that the driver cannot see yet */
	uint16_t flush_at, flush_flags; /* packed: the first of them */
	uint16_t batch, batch_id;	/* IN_ORDER: entries not written yet */
	uint32_t batch_len;
	uint32_t want; /* what we want to hear of, as it stands there */
	uint32_t done; /* chains given back, for statistics; wraps */
	bool started;
	bool broken;
	bool no_suppress;
	bool packed;
	bool in_order;
	bool avail_wrap, used_wrap; /* packed: the ring's rounds */
	bool unpopped;		    /* packed: the last one was put back */
	bool batch_whole;	    /* its last chain was written completely */
	uint32_t *taken; /* where avail_idx is kept for a later life, or NULL */
};

/**
 * hvl_dev_vq_start() - begin to serve a ring that the driver has laid out
 * @vq:  caller's storage
 * @cfg: copied, but shm and log and name are borrowed until stop
 * Return: 0, or -EPROTO, with one log line, for a size that is not allowed,
 * an area that is misaligned (§2.7) or outside the shared memory.
 */
int hvl_dev_vq_start(struct hvl_dev_vq *vq,
		     const struct hvl_dev_vq_config *cfg);

/**
 * hvl_dev_vq_resume() - go on with a ring that an earlier life has served
 * @vq:    caller's storage
 * @cfg:   as for start
 * @taken: the next chain to take, as hvl_dev_vq_keep() kept it
 * @once:  what was taken must not be done again
 * Return: 0, or -EPROTO, with one log line, as start, and where the indices in
 * the memory cannot be those of a ring in that state.
 *
 * Writes nothing: hvl_dev_vq_settle() must follow before anything else. Chains
 * come back in the order in which they were taken, so the used index says
 * which of them are still out. They are taken anew; with @once the next chain
 * is @taken.
 */
int hvl_dev_vq_resume(struct hvl_dev_vq *vq,
		      const struct hvl_dev_vq_config *cfg, uint32_t taken,
		      bool once);

/**
 * hvl_dev_vq_settle() - give back, unserved, what will not be taken anew
 *
 * Also asks the driver to ring from now on, whatever was asked before.
 */
void hvl_dev_vq_settle(struct hvl_dev_vq *vq);

/**
 * hvl_dev_vq_keep() - keep the next chain to take where it outlives us
 * @vq:    a queue
 * @taken: written now, and by each pop before it returns; NULL: no more
 *
 * A packed ring then has one chain out at a time: each is pushed, or put back,
 * before the next is popped; and the driver may see it before the flush.
 */
void hvl_dev_vq_keep(struct hvl_dev_vq *vq, uint32_t *taken);

/** hvl_dev_vq_position() - the word that keep keeps, as it is now */
uint32_t hvl_dev_vq_position(const struct hvl_dev_vq *vq);

/** hvl_dev_vq_stop() - forget the ring; chains still out are forgotten too */
void hvl_dev_vq_stop(struct hvl_dev_vq *vq);

/**
 * hvl_dev_vq_pop() - borrow the next available chain (§2.7.13, §2.8.21)
 * @vq:    a queue
 * @chain: nseg_max and seg are the caller's; filled in only when 1 is returned
 * Return: 1 and a chain, 0 when nothing is available or the queue is not
 * started, -EPROTO on a bad ring, with one log line when it is found and
 * silently from then on. -ENOBUFS: the chain is sound, but has more segments
 * than the caller has room for; it stays.
 *
 * A chain may end in an indirect table (§2.7.5.3), and that table may be longer
 * than the ring: its length is bounded by nseg_max and by 32768.
 */
int hvl_dev_vq_pop(struct hvl_dev_vq *vq, struct hvl_chain *chain);

/**
 * hvl_dev_vq_pop_many() - borrow up to @n chains
 * @vq:     a queue
 * @chains: as for hvl_dev_vq_pop(), each with storage of its own
 * @n:      how many
 * Return: how many were taken, which may be fewer than there are; 0 when
 * nothing is available; as hvl_dev_vq_pop() where that fails for the first.
 *
 * Their buffers are on their way into the cache then, as far as they have one
 * segment.
 */
int hvl_dev_vq_pop_many(struct hvl_dev_vq *vq, struct hvl_chain *chains,
			uint16_t n);

/**
 * hvl_dev_vq_unpop() - the chain popped last is not needed yet
 *
 * The next pop reads it anew. Only the last one, only before it is pushed.
 */
void hvl_dev_vq_unpop(struct hvl_dev_vq *vq);

/**
 * hvl_dev_vq_waiting() - whether chains were seen and are not taken
 *
 * A model leaves them when its backing has nothing for them.
 */
bool hvl_dev_vq_waiting(const struct hvl_dev_vq *vq);

/**
 * hvl_dev_vq_push() - give a chain back (§2.7.14, §2.8.22)
 * @vq:    the queue it came from
 * @chain: head and writable segments as pop filled them in
 * @len:   bytes written into its writable segments, from their start; more
 *         than they have counts as all of them
 *
 * In any order without IN_ORDER, else as they were popped. The driver does not
 * see it before hvl_dev_vq_flush().
 */
void hvl_dev_vq_push(struct hvl_dev_vq *vq, const struct hvl_chain *chain,
		     uint32_t len);

/**
 * hvl_dev_vq_push_many() - give @n chains back
 * @vq:     the queue they came from
 * @chains: as for hvl_dev_vq_push()
 * @lens:   bytes written, for each of them; NULL: none
 * @n:      how many
 */
void hvl_dev_vq_push_many(struct hvl_dev_vq *vq, const struct hvl_chain *chains,
			  const uint32_t *lens, uint16_t n);

/**
 * hvl_dev_vq_flush() - publish what was pushed
 * Return: true if the driver wants to be notified of it (§2.7.7).
 */
bool hvl_dev_vq_flush(struct hvl_dev_vq *vq);

/**
 * hvl_dev_vq_notify_off() - the driver need not ring (§2.7.10, §2.8.10)
 *
 * It may even so: with EVENT_IDX on a split ring once in 65536 chains, and for
 * what it made available before it saw this.
 */
void hvl_dev_vq_notify_off(struct hvl_dev_vq *vq);

/**
 * hvl_dev_vq_notify_on() - the driver shall ring for what comes from now on
 * Return: true if something came in meanwhile: process it before waiting.
 */
bool hvl_dev_vq_notify_on(struct hvl_dev_vq *vq);

/** hvl_chain_copy_from() - copy the readable part out: up to @len bytes from
 * byte @off of it. Return: bytes copied. */
uint32_t hvl_chain_copy_from(const struct hvl_chain *chain, uint64_t off,
			     void *dst, uint32_t len);

/** hvl_chain_copy_to() - copy into the writable part, from byte @off of it.
 * Return: bytes copied, less than @len where it ends. */
uint32_t hvl_chain_copy_to(const struct hvl_chain *chain, uint64_t off,
			   const void *src, uint32_t len);

#endif /* HVL_DEVICE_VQ_H */
