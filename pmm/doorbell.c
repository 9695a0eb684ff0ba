/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * doorbell.c - a pair of eventfds
 *
 * Ours is watched edge-triggered and never read while the remote runs: each
 * write of the remote is an edge, whatever the counter holds, so that a
 * system call per notification is saved. A remote that fills the counter up
 * silences only itself.
 */
#include "doorbell.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <hvl/metal/barrier.h>

static void eventfd_ring(struct pmm_doorbell *db)
{
	const uint64_t one = 1;

	hvl_wmb_before_doorbell();
	/* Full means that it has rung and was not heard yet: good as well. */
	(void)!write(db->to_remote, &one, sizeof(one));
}

static void eventfd_drain(struct pmm_doorbell *db)
{
	uint64_t n;

	(void)!read(db->to_remote, &n, sizeof(n));
	(void)!read(db->to_main, &n, sizeof(n));
}

static void eventfd_close(struct pmm_doorbell *db)
{
	close(db->to_remote);
	close(db->to_main);
}

static const struct pmm_doorbell_ops eventfd_ops = {
	.ring = eventfd_ring,
	.drain = eventfd_drain,
	.close = eventfd_close,
};

int pmm_doorbell_eventfd(struct pmm_doorbell *db)
{
	*db = (struct pmm_doorbell){ .watch_fd = -1 };
	/* Non-blocking: the remote could have filled the counter up. */
	db->to_remote = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (db->to_remote < 0)
		return -errno;
	db->to_main = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (db->to_main < 0) {
		int rc = -errno;

		close(db->to_remote);
		return rc;
	}
	db->watch_fd = db->to_main;
	db->watch_events = EPOLLIN | EPOLLET;
	db->ops = &eventfd_ops;
	return 0;
}

void pmm_doorbell_close(struct pmm_doorbell *db)
{
	if (db->ops)
		db->ops->close(db);
	*db = (struct pmm_doorbell){ .watch_fd = -1 };
}
