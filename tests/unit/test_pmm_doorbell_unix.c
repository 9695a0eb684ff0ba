/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_pmm_doorbell_unix.c - bytes on a socket: peers that come, go and stall
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bell.h"
#include "local_socket.h"

static char folder[] = "/tmp/hvl-test-bell.XXXXXX";
static char path[PMM_LOCAL_PATH_MAX];
static struct pmm_error err;

static int new_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	return fd;
}

static void join(int fd)
{
	struct sockaddr_un addr;

	assert_int_equal(pmm_local_address(&addr, path), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)),
			 0);
}

/* Bytes that the peer got; -1: the connection is gone. */
static int peer_hears(int peer)
{
	char bytes[4096];
	ssize_t n;
	int sum = 0;

	while ((n = recv(peer, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		sum += (int)n;
	if (n < 0 && errno == EAGAIN)
		return sum;
	return -1;
}

/* The remote's side listens. */
static int host(void)
{
	int fd = new_socket();
	struct sockaddr_un addr;

	assert_int_equal(pmm_local_address(&addr, path), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

/* The doorbell comes, is rung, and heard. */
static int next_guest(int listener)
{
	int peer, n = 0;

	assert_int_equal(fcntl(listener, F_SETFL, O_NONBLOCK), 0);
	do {
		hear_next();
		peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		assert_true(++n < 100);
	} while (peer < 0);
	assert_int_equal(peer_hears(peer), 0);
	return peer;
}

static int guest(void)
{
	int fd = new_socket();

	join(fd);
	return fd;
}

static void peer_rings(int peer, char value)
{
	assert_int_equal(send(peer, &value, 1, MSG_NOSIGNAL), 1);
}

static void open_bell(bool listens)
{
	assert_int_equal(pmm_doorbell_unix(&db, path, listens, &err), 0);
	watch_bell();
}

static void bell_works(int peer)
{
	peer_rings(peer, 0);
	hear(1);
	peer_rings(peer, (char)0xff);
	hear(1);
	pmm_doorbell_ring(&db);
	pmm_doorbell_ring(&db);
	assert_int_equal(peer_hears(peer), 2);
}

static void unix_listener_rings_both_ways(void **state)
{
	int peer;

	(void)state;
	open_bell(true);
	hear(0);
	peer = guest();
	hear(1);
	assert_int_equal(peer_hears(peer), 0);
	for (int i = 0; i < 3; i++)
		bell_works(peer);
	close(peer);
}

static void unix_connector_rings_both_ways(void **state)
{
	int listener = host(), peer;

	(void)state;
	open_bell(false);
	peer = next_guest(listener);
	for (int i = 0; i < 3; i++)
		bell_works(peer);
	close(peer);
	close(listener);
	assert_int_equal(unlink(path), 0);
}

static void unix_connector_waits_for_a_listener(void **state)
{
	int listener, peer;

	(void)state;
	open_bell(false);
	for (int i = 0; i < 3; i++)
		hear_next();
	pmm_doorbell_ring(&db);
	/* A name whose process is gone is as good as none. */
	close(host());
	hear_next();
	assert_int_equal(unlink(path), 0);
	listener = host();
	peer = next_guest(listener);
	bell_works(peer);
	close(peer);
	close(listener);
	assert_int_equal(unlink(path), 0);
}

static void unix_listener_serves_who_comes_again(void **state)
{
	(void)state;
	open_bell(true);
	for (int i = 0; i < 100; i++) {
		int peer = guest();

		hear(1);
		assert_int_equal(peer_hears(peer), 0);
		bell_works(peer);
		close(peer);
		/* Before it is noticed, and after. */
		pmm_doorbell_ring(&db);
		hear(1);
		pmm_doorbell_ring(&db);
		hear(0);
	}
}

static void unix_connector_comes_again(void **state)
{
	int listener = host();

	(void)state;
	open_bell(false);
	for (int i = 0; i < 20; i++) {
		int peer = next_guest(listener);

		bell_works(peer);
		close(peer);
		pmm_doorbell_ring(&db);
	}
	close(listener);
	assert_int_equal(unlink(path), 0);
}

static void unix_listener_takes_the_newest_peer(void **state)
{
	int old, new;

	(void)state;
	open_bell(true);
	old = guest();
	hear(1);
	new = guest();
	hear(1);
	assert_int_equal(peer_hears(old), -1);
	assert_int_equal(peer_hears(new), 0);
	bell_works(new);
	/* Many at once: the last one stays. */
	close(old);
	old = guest();
	close(new);
	new = guest();
	heard = 0;
	hear(1);
	assert_int_equal(peer_hears(old), -1);
	assert_int_equal(peer_hears(new), 0);
	bell_works(new);
	close(old);
	close(new);
}

static void unix_peer_that_never_reads_holds_nobody_up(void **state)
{
	int peer, n;

	(void)state;
	open_bell(true);
	peer = guest();
	hear(1);
	for (int i = 0; i < 100000; i++)
		pmm_doorbell_ring(&db);
	assert_int_equal(db.rings, 100000);
	peer_rings(peer, 1);
	hear(1);
	n = peer_hears(peer);
	assert_true(n > 0 && n < 100000);
	bell_works(peer);
	close(peer);
}

static int others;

static void on_other(void *ctx, uint32_t events)
{
	(void)ctx;
	(void)events;
	others++;
}

/* Bytes as fast as they are taken, while somebody else has news too. */
static void unix_storm_of_bytes_leaves_others_their_turn(void **state)
{
	struct pmm_watch other = { 0 };
	int peer, fd = eventfd(1, EFD_CLOEXEC);
	char many[100] = { 0 };

	(void)state;
	open_bell(true);
	peer = guest();
	hear(1);
	assert_int_equal(
		pmm_loop_watch(&loop, &other, fd, EPOLLIN, on_other, NULL), 0);
	heard = others = 0;
	for (int i = 0; i < 200; i++) {
		while (send(peer, many, sizeof(many), MSG_DONTWAIT) > 0)
			;
		assert_int_equal(pmm_loop_turn(&loop, 0), 0);
	}
	assert_int_equal(heard, 200);
	assert_int_equal(others, 200);
	pmm_doorbell_drain(&db);
	pmm_loop_unwatch(&loop, &other);
	for (int i = 0; i < 100; i++)
		assert_int_equal(pmm_loop_turn(&loop, 0), 0);
	hear(0);
	close(fd);
	close(peer);
}

static void unix_storm_of_peers_ends_with_one(void **state)
{
	int peer;

	(void)state;
	open_bell(true);
	for (int i = 0; i < 200; i++) {
		peer = guest();
		if (i % 3 == 0)
			assert_int_equal(pmm_loop_turn(&loop, 0), 0);
		close(peer);
	}
	peer = guest();
	for (int i = 0; i < 10; i++)
		assert_int_equal(pmm_loop_turn(&loop, 0), 0);
	assert_int_equal(peer_hears(peer), 0);
	bell_works(peer);
	close(peer);
}

static void unix_listener_out_of_descriptors_tries_again(void **state)
{
	struct rlimit before, none;
	int peer = new_socket(), probe;

	(void)state;
	open_bell(true);
	probe = dup(peer);
	close(probe);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = (rlim_t)probe;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	join(peer);
	/* Heard once, and then no more until it is tried again. */
	hear(1);
	assert_int_equal(peer_hears(peer), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	for (int i = 0; i < 100 && !db.peer; i++)
		hear_next();
	assert_true(db.peer);
	bell_works(peer);
	close(peer);
}

static void make_stale(void)
{
	close(host());
}

static void unix_listener_takes_a_dead_ones_name(void **state)
{
	struct stat st;
	int peer;

	(void)state;
	make_stale();
	open_bell(true);
	peer = guest();
	hear(1);
	assert_int_equal(peer_hears(peer), 0);
	bell_works(peer);
	close(peer);
	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	close_bell();
	assert_int_equal(access(path, F_OK), -1);
}

static void unix_listener_leaves_a_live_one_alone(void **state)
{
	struct pmm_doorbell second;
	char want[300];
	int peer;

	(void)state;
	open_bell(true);
	peer = guest();
	hear(1);
	assert_int_equal(pmm_doorbell_unix(&second, path, true, &err),
			 -EADDRINUSE);
	(void)snprintf(want, sizeof(want),
		       "doorbell socket \"%s\": another process listens there",
		       path);
	assert_string_equal(err.text, want);
	/* Nor does its peer have to go. */
	hear(0);
	assert_int_equal(peer_hears(peer), 0);
	bell_works(peer);
	close(peer);
}

static void unix_refuses_paths_that_cannot_be(void **state)
{
	char name[200];

	(void)state;
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	assert_int_equal(pmm_doorbell_unix(&db, path, true, &err), -EADDRINUSE);
	assert_non_null(strstr(err.text, "something else has this name"));
	assert_int_equal(pmm_doorbell_unix(&db, path, false, &err), -ENOTSOCK);
	assert_non_null(strstr(err.text, "is no socket"));
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(unlink(path), 0);
	memset(name, 'a', sizeof(name));
	name[PMM_LOCAL_PATH_MAX] = '\0';
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pmm_doorbell_unix(&db, name, i, &err),
				 -ENAMETOOLONG);
		assert_non_null(strstr(err.text, "at most 107 characters"));
		assert_int_equal(pmm_doorbell_unix(&db, "", i, &err), -ENOENT);
	}
	assert_int_equal(pmm_doorbell_unix(&db, "/no/such/s", true, &err),
			 -ENOENT);
	assert_int_equal(pmm_doorbell_unix(&db, "/dev/null/s", false, &err),
			 -ENOTDIR);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(unix_listener_rings_both_ways),
		T(unix_connector_rings_both_ways),
		T(unix_connector_waits_for_a_listener),
		T(unix_listener_serves_who_comes_again),
		T(unix_connector_comes_again),
		T(unix_listener_takes_the_newest_peer),
		T(unix_peer_that_never_reads_holds_nobody_up),
		T(unix_storm_of_bytes_leaves_others_their_turn),
		T(unix_storm_of_peers_ends_with_one),
		T(unix_listener_out_of_descriptors_tries_again),
		T(unix_listener_takes_a_dead_ones_name),
		T(unix_listener_leaves_a_live_one_alone),
		T(unix_refuses_paths_that_cannot_be),
	};
	int failed;

	if (!mkdtemp(folder))
		return 1;
	(void)snprintf(path, sizeof(path), "%s/socket", folder);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)rmdir(folder);
	return failed;
}
