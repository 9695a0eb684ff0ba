/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_pmm_ivshmem.c - the server, as a client sees it
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ivshmem.h"

#define SIZE 0x10000

static struct pmm_ivshmem server;
static struct pmm_ivshmem_peer peer;
static int sock[2]; /* the server's, the client's */

static int setup(void **state)
{
	(void)state;
	memset(&server, 0, sizeof(server));
	peer.shm_fd = memfd_create("test", MFD_CLOEXEC);
	peer.to_main = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	peer.to_remote = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (ftruncate(peer.shm_fd, SIZE) < 0)
		return -1;
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sock);
}

static int teardown(void **state)
{
	(void)state;
	close(peer.shm_fd);
	close(peer.to_main);
	close(peer.to_remote);
	close(sock[0]);
	close(sock[1]);
	return 0;
}

/* One message as QEMU takes it. @fd: -1 when it has none. */
static int64_t take(int *fd)
{
	unsigned char word[8];
	struct iovec iov = { .iov_base = word, .iov_len = sizeof(word) };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(4 * sizeof(int))];
	} control;
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *c;
	uint64_t value = 0;

	assert_int_equal(recvmsg(sock[1], &msg, MSG_DONTWAIT), sizeof(word));
	assert_int_equal(msg.msg_flags & MSG_CTRUNC, 0);
	*fd = -1;
	c = CMSG_FIRSTHDR(&msg);
	if (c) {
		assert_int_equal(c->cmsg_level, SOL_SOCKET);
		assert_int_equal(c->cmsg_type, SCM_RIGHTS);
		assert_int_equal(c->cmsg_len, CMSG_LEN(sizeof(int)));
		assert_null(CMSG_NXTHDR(&msg, c));
		memcpy(fd, CMSG_DATA(c), sizeof(*fd));
	}
	for (int i = 7; i >= 0; i--)
		value = value << 8 | word[i];
	return (int64_t)value;
}

static void expect(int64_t value)
{
	int fd;

	assert_int_equal(take(&fd), value);
	assert_int_equal(fd, -1);
}

static int expect_fd(int64_t value)
{
	int fd;

	assert_int_equal(take(&fd), value);
	assert_true(fd >= 0);
	return fd;
}

static void expect_nothing(void)
{
	char byte;

	assert_int_equal(recv(sock[1], &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
}

/* Whether what is written to one arrives at the other, and goes nowhere else */
static void expect_wired(int from, int to, int other)
{
	uint64_t n = 1;

	assert_int_equal(write(from, &n, sizeof(n)), sizeof(n));
	assert_int_equal(read(other, &n, sizeof(n)), -1);
	assert_int_equal(read(to, &n, sizeof(n)), sizeof(n));
	assert_int_equal(n, 1);
}

static void ivshmem_serve_says_all_in_order(void **state)
{
	struct stat st;
	int id, shm, ring, irq;

	(void)state;
	id = pmm_ivshmem_serve(&server, sock[0], &peer);
	assert_int_equal(id, 1);
	expect(0);
	expect(id);
	shm = expect_fd(-1);
	ring = expect_fd(PMM_IVSHMEM_MAIN);
	irq = expect_fd(id);
	expect_nothing();
	assert_int_equal(fstat(shm, &st), 0);
	assert_int_equal(st.st_size, SIZE);
	expect_wired(ring, peer.to_main, peer.to_remote);
	expect_wired(peer.to_remote, irq, peer.to_main);
	close(shm);
	close(ring);
	close(irq);
}

/* @id: the one that a client must get */
static void serve_again(int id)
{
	assert_int_equal(pmm_ivshmem_serve(&server, sock[0], &peer), id);
	expect(0);
	expect(id);
	close(expect_fd(-1));
	close(expect_fd(PMM_IVSHMEM_MAIN));
	close(expect_fd(id));
}

static void ivshmem_serve_gives_no_id_twice(void **state)
{
	(void)state;
	for (int id = 1; id <= (int)PMM_IVSHMEM_ID_MAX; id++)
		serve_again(id);
	/* beginning anew, and never as ourselves */
	serve_again(1);
	serve_again(2);
}

static void ivshmem_serve_reports_a_lost_client(void **state)
{
	(void)state;
	close(sock[1]);
	assert_int_equal(pmm_ivshmem_serve(&server, sock[0], &peer), -EPIPE);
	sock[1] = dup(sock[0]);
}

static void ivshmem_serve_does_not_wait_for_room(void **state)
{
	char full[4096] = { 0 };

	(void)state;
	while (send(sock[0], full, sizeof(full), MSG_DONTWAIT) > 0)
		;
	assert_int_equal(pmm_ivshmem_serve(&server, sock[0], &peer), -EAGAIN);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(ivshmem_serve_says_all_in_order),
		T(ivshmem_serve_gives_no_id_twice),
		T(ivshmem_serve_reports_a_lost_client),
		T(ivshmem_serve_does_not_wait_for_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
