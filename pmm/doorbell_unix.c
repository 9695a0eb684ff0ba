/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * doorbell_unix.c - a byte on a stream socket for each ring, either way
 *
 * Watched is an epoll of our own, in which the socket, the listener and a timer
 * are: whoever watches it needs to know nothing of them. The timer tries again
 * what did not work: a connection that nobody took, or an accept() that the
 * system refused, which would make the listener ready for ever.
 */
#include "doorbell.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <hvl/metal/barrier.h>

#include "local_socket.h"

#define UNIX_AGAIN_NS 100000000
/* Connections and reads at a time: others have their turn. */
#define UNIX_ACCEPTS 8
#define UNIX_READS 4
#define UNIX_READ_SIZE 4096

enum unix_source {
	UNIX_LISTENER,
	UNIX_PEER,
	UNIX_TIMER,
	UNIX_SOURCES
};

struct bell_unix {
	struct pmm_local_socket listener; /* fd -1: we connect */
	struct sockaddr_un addr;	  /* to connect to */
	int epfd, timer;
	int peer; /* -1: there is none */
};

static const struct pmm_local_words unix_words = {
	.what = "doorbell socket",
	.taken = "another process listens there",
};

static void unix_ring(struct pmm_doorbell *db)
{
	const struct bell_unix *u = db->priv;
	const char byte = 1;

	hvl_wmb_before_doorbell();
	/* Full means that it has rung often enough. */
	if (u->peer >= 0)
		(void)!send(u->peer, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static int unix_watch(struct bell_unix *u, int op, int fd, uint32_t events,
		      enum unix_source source)
{
	struct epoll_event ev = { .events = events, .data.u32 = source };

	return epoll_ctl(u->epfd, op, fd, &ev) < 0 ? -errno : 0;
}

/* First after @ns, then again and again; 0: never. */
static int unix_set_timer(const struct bell_unix *u, long ns)
{
	struct itimerspec spec = { .it_value.tv_nsec = ns };

	if (ns)
		spec.it_interval.tv_nsec = UNIX_AGAIN_NS;
	return timerfd_settime(u->timer, 0, &spec, NULL) < 0 ? -errno : 0;
}

static void unix_drop_peer(struct bell_unix *u)
{
	if (u->peer >= 0)
		close(u->peer);
	u->peer = -1;
	if (u->listener.fd < 0)
		(void)unix_set_timer(u, UNIX_AGAIN_NS);
}

/* It takes the place of the one before. */
static void unix_take_peer(struct pmm_doorbell *db, int fd)
{
	struct bell_unix *u = db->priv;

	if (u->peer >= 0)
		close(u->peer);
	u->peer = fd;
	if (unix_watch(u, EPOLL_CTL_ADD, fd, EPOLLIN, UNIX_PEER) < 0)
		unix_drop_peer(u);
	db->peers++;
}

static void unix_accept(struct pmm_doorbell *db)
{
	struct bell_unix *u = db->priv;

	for (int i = 0; i < UNIX_ACCEPTS; i++) {
		int fd = accept4(u->listener.fd, NULL, NULL,
				 SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			unix_take_peer(db, fd);
			continue;
		}
		if (errno == EAGAIN)
			return;
		(void)unix_watch(u, EPOLL_CTL_MOD, u->listener.fd, 0,
				 UNIX_LISTENER);
		(void)unix_set_timer(u, UNIX_AGAIN_NS);
		return;
	}
}

/* Whatever went wrong may be well the next time. */
static void unix_connect(struct pmm_doorbell *db)
{
	struct bell_unix *u = db->priv;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return;
	if (connect(fd, (struct sockaddr *)&u->addr, sizeof(u->addr)) < 0) {
		close(fd);
		return;
	}
	(void)unix_set_timer(u, 0);
	unix_take_peer(db, fd);
}

static void unix_again(struct pmm_doorbell *db)
{
	struct bell_unix *u = db->priv;
	uint64_t n;

	(void)!read(u->timer, &n, sizeof(n));
	if (u->listener.fd < 0) {
		if (u->peer < 0)
			unix_connect(db);
		return;
	}
	(void)unix_set_timer(u, 0);
	(void)unix_watch(u, EPOLL_CTL_MOD, u->listener.fd, EPOLLIN,
			 UNIX_LISTENER);
}

/* Return: whether there may be more. What is left makes it ready again. */
static bool unix_swallow(struct bell_unix *u)
{
	char bytes[UNIX_READ_SIZE];
	ssize_t n;

	if (u->peer < 0)
		return false;
	n = recv(u->peer, bytes, sizeof(bytes), MSG_DONTWAIT);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		unix_drop_peer(u);
	return n > 0;
}

static void unix_heard(struct pmm_doorbell *db)
{
	struct bell_unix *u = db->priv;
	struct epoll_event ev[UNIX_SOURCES];
	int n = epoll_wait(u->epfd, ev, UNIX_SOURCES, 0);

	for (int i = 0; i < n; i++) {
		if (ev[i].data.u32 == UNIX_LISTENER)
			unix_accept(db);
		else if (ev[i].data.u32 == UNIX_TIMER)
			unix_again(db);
		else
			(void)unix_swallow(u);
	}
	db->peer = u->peer >= 0;
}

/* What is on its way to the peer cannot be called back: a spurious ring. */
static void unix_drain(struct pmm_doorbell *db)
{
	for (int i = 0; i < UNIX_READS && unix_swallow(db->priv); i++)
		;
}

static void unix_free(struct bell_unix *u)
{
	if (u->peer >= 0)
		close(u->peer);
	pmm_local_close(&u->listener);
	if (u->timer >= 0)
		close(u->timer);
	if (u->epfd >= 0)
		close(u->epfd);
	free(u);
}

static void unix_close(struct pmm_doorbell *db)
{
	unix_free(db->priv);
}

static const struct pmm_doorbell_ops unix_ops = {
	.ring = unix_ring,
	.drain = unix_drain,
	.close = unix_close,
	.heard = unix_heard,
};

/* What can be seen now to never work; what is not there yet may come. */
static int unix_check(struct bell_unix *u, const char *path,
		      struct pmm_error *err)
{
	struct stat st;
	int rc = pmm_local_address(&u->addr, path);

	if (rc == 0 && stat(path, &st) < 0)
		return errno == ENOENT ?
			       0 :
			       pmm_local_fail(&unix_words, path, -errno, err);
	if (rc == 0 && !S_ISSOCK(st.st_mode))
		return pmm_fail(err, -ENOTSOCK, "%s \"%s\": is no socket",
				unix_words.what, path);
	if (rc == 0 && access(path, W_OK) < 0)
		rc = -errno;
	return rc < 0 ? pmm_local_fail(&unix_words, path, rc, err) : 0;
}

static int unix_init(struct bell_unix *u)
{
	int rc;

	u->epfd = epoll_create1(EPOLL_CLOEXEC);
	u->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (u->epfd < 0 || u->timer < 0)
		return -errno;
	rc = unix_watch(u, EPOLL_CTL_ADD, u->timer, EPOLLIN, UNIX_TIMER);
	if (rc < 0)
		return rc;
	/* The first connection too is an event of the loop. */
	return u->listener.fd < 0 ? unix_set_timer(u, 1) :
				    unix_watch(u, EPOLL_CTL_ADD, u->listener.fd,
					       EPOLLIN, UNIX_LISTENER);
}

int pmm_doorbell_unix(struct pmm_doorbell *db, const char *path, bool listen,
		      struct pmm_error *err)
{
	struct bell_unix *u = calloc(1, sizeof(*u));
	int rc;

	*db = (struct pmm_doorbell){ .watch_fd = -1 };
	if (!u)
		return pmm_local_fail(&unix_words, path, -ENOMEM, err);
	u->listener.fd = u->peer = u->epfd = u->timer = -1;
	rc = listen ? pmm_local_open(&u->listener, path, &unix_words, err) :
		      unix_check(u, path, err);
	if (rc == 0) {
		rc = unix_init(u);
		if (rc < 0)
			(void)pmm_local_fail(&unix_words, path, rc, err);
	}
	if (rc < 0) {
		unix_free(u);
		return rc;
	}
	*db = (struct pmm_doorbell){ .ops = &unix_ops,
				     .watch_fd = u->epfd,
				     .watch_events = EPOLLIN,
				     .to_remote = -1,
				     .to_main = -1,
				     .priv = u };
	return 0;
}
