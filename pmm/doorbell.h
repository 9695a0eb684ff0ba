/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/doorbell.h - notifications to and from a remote
 *
 * A doorbell carries nothing, may merge and may get lost: whoever hears it
 * looks at all devices.
 */
#ifndef PMM_DOORBELL_H
#define PMM_DOORBELL_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

struct pmm_doorbell;

struct pmm_doorbell_ops {
	/* Tell the remote. Never waits. */
	void (*ring)(struct pmm_doorbell *db);
	/* Forget what rang, in both directions: the remote starts anew. */
	void (*drain)(struct pmm_doorbell *db);
	void (*close)(struct pmm_doorbell *db);
	/* It rang: be ready for the next time. NULL: nothing to do. */
	void (*heard)(struct pmm_doorbell *db);
};

struct pmm_doorbell {
	const struct pmm_doorbell_ops *ops;
	int watch_fd;		/* news from the remote; -1: poll */
	uint32_t watch_events;	/* EPOLL* bits for it */
	int to_remote, to_main; /* descriptors that a local remote gets */
	uint64_t rings;		/* by us, for statistics */
	uint32_t peers;		/* that connected; of a socket */
	bool peer;		/* one is there, as last heard */
	void *priv;		/* of the kind; freed by close */
};

/**
 * pmm_doorbell_eventfd() - a pair of eventfds, for a remote on this machine
 * @db: filled in
 * Return: 0 or negative errno.
 */
int pmm_doorbell_eventfd(struct pmm_doorbell *db);

/**
 * pmm_doorbell_uart() - a byte on a UART for each ring
 * @db:       filled in; both directions are one descriptor, the remote's end
 *            of a socket pair
 * @two_ways: false: the remote rings us and polls itself
 * Return: 0 or negative errno.
 */
int pmm_doorbell_uart(struct pmm_doorbell *db, bool two_ways);

/** pmm_doorbell_poll() - there is none: both sides look now and then */
void pmm_doorbell_poll(struct pmm_doorbell *db);

/**
 * pmm_doorbell_unix() - a byte on a stream socket for each ring, either way
 * @db:     filled in
 * @path:   of the socket
 * @listen: true: make it, and serve one peer after the other: a new one takes
 *          the old one's place; false: connect, again and again until
 *          somebody listens, and whenever he went away
 * @err:    filled in on failure
 * Return: 0 or negative errno. A peer that is absent, full or slow never makes
 * anybody wait. Each new connection counts as a ring from the remote, and is
 * rung once: either side may have missed some. Close removes the socket that
 * was made.
 */
int pmm_doorbell_unix(struct pmm_doorbell *db, const char *path, bool listen,
		      struct pmm_error *err);

/* A register of a UIO device's memory and what to write there. */
struct pmm_uio_write {
	bool set;
	uint64_t offset; /* in the map, multiple of 4 */
	uint32_t value;
};

struct pmm_uio_options {
	const char *path; /* "/dev/uio0" */
	unsigned int map; /* number of the memory map that ring and ack use */
	struct pmm_uio_write ring; /* not set: the remote polls */
	struct pmm_uio_write ack;  /* before the interrupt is enabled again */
};

/**
 * pmm_doorbell_uio() - a UIO device's interrupt, and a register that rings
 * @db:   filled in; watch_fd is -1 if the device has no interrupt
 * @opts: the path is borrowed until this returns
 * @err:  filled in on failure
 * Return: 0 or negative errno. Offsets count from the start of the device's
 * memory, wherever in its first page that is. An interrupt is acknowledged,
 * then enabled again; where the kernel's driver knows no enabling it is left
 * alone. A device that vanishes is silent from then on.
 */
int pmm_doorbell_uio(struct pmm_doorbell *db,
		     const struct pmm_uio_options *opts, struct pmm_error *err);

#define PMM_DOORBELL_PERIOD_MIN_US 10u
#define PMM_DOORBELL_PERIOD_MAX_US 1000000u

/**
 * pmm_doorbell_timer() - there is none: we look every so often
 * @db:        filled in
 * @period_us: PMM_DOORBELL_PERIOD_MIN_US to PMM_DOORBELL_PERIOD_MAX_US
 * Return: 0 or negative errno.
 */
int pmm_doorbell_timer(struct pmm_doorbell *db, uint32_t period_us);

/** pmm_doorbell_close() - nothing is done on a zeroed one */
void pmm_doorbell_close(struct pmm_doorbell *db);

static inline void pmm_doorbell_ring(struct pmm_doorbell *db)
{
	db->rings++;
	db->ops->ring(db);
}

static inline void pmm_doorbell_drain(struct pmm_doorbell *db)
{
	db->ops->drain(db);
}

static inline void pmm_doorbell_heard(struct pmm_doorbell *db)
{
	if (db->ops->heard)
		db->ops->heard(db);
}

#endif /* PMM_DOORBELL_H */
