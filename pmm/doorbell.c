/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * doorbell.c - a pair of eventfds, bytes on a UART, or none at all
 *
 * Our eventfd is watched edge-triggered and never read while the remote runs: each
 * write of the remote is an edge, whatever the counter holds, so that a
 * system call per notification is saved. A remote that fills the counter up
 * silences only itself.
 */
#include "doorbell.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
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

/* Our end is watch_fd; the remote's, to_remote, gets the bytes it sends. */

static void uart_ring(struct pmm_doorbell *db)
{
	const char byte = 0;

	hvl_wmb_before_doorbell();
	/* Full means that it has rung often enough. */
	(void)!send(db->watch_fd, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static bool uart_swallow(int fd)
{
	char bytes[256];

	return recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) ==
	       (ssize_t)sizeof(bytes);
}

/* What is left makes the descriptor ready again. */
static void uart_heard(struct pmm_doorbell *db)
{
	(void)uart_swallow(db->watch_fd);
}

static void uart_drain(struct pmm_doorbell *db)
{
	while (uart_swallow(db->watch_fd) || uart_swallow(db->to_remote))
		;
}

static void uart_close(struct pmm_doorbell *db)
{
	close(db->watch_fd);
	close(db->to_remote);
}

static void poll_nothing(struct pmm_doorbell *db)
{
	(void)db;
}

static const struct pmm_doorbell_ops uart_ops = {
	.ring = uart_ring,
	.drain = uart_drain,
	.close = uart_close,
	.heard = uart_heard,
};

static const struct pmm_doorbell_ops uart_one_way_ops = {
	.ring = poll_nothing,
	.drain = uart_drain,
	.close = uart_close,
	.heard = uart_heard,
};

static const struct pmm_doorbell_ops poll_ops = {
	.ring = poll_nothing,
	.drain = poll_nothing,
	.close = poll_nothing,
};

int pmm_doorbell_uart(struct pmm_doorbell *db, bool two_ways)
{
	int fds[2];

	*db = (struct pmm_doorbell){ .watch_fd = -1 };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	db->watch_fd = fds[0];
	db->watch_events = EPOLLIN;
	db->to_remote = db->to_main = fds[1];
	db->ops = two_ways ? &uart_ops : &uart_one_way_ops;
	return 0;
}

void pmm_doorbell_poll(struct pmm_doorbell *db)
{
	*db = (struct pmm_doorbell){ .ops = &poll_ops,
				     .watch_fd = -1,
				     .to_remote = -1,
				     .to_main = -1 };
}

void pmm_doorbell_close(struct pmm_doorbell *db)
{
	if (db->ops)
		db->ops->close(db);
	*db = (struct pmm_doorbell){ .watch_fd = -1 };
}
