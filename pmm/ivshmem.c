/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ivshmem.c - server of QEMU's inter-VM shared memory, for one client
 */
#include "ivshmem.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <hvl/wire/endian.h>

#define IVSHMEM_VERSION 0
#define IVSHMEM_MEMORY (-1)

/* A descriptor belongs to the eight bytes that it is sent with. */
static int ivshmem_send(int sock, int64_t value, int fd)
{
	hvl_le64 word = hvl_le64_make((uint64_t)value);
	struct iovec iov = { .iov_base = &word, .iov_len = sizeof(word) };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	if (fd >= 0) {
		struct cmsghdr *c;

		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
	}
	n = sendmsg(sock, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		return -errno;
	return n == (ssize_t)sizeof(word) ? 0 : -EIO;
}

int pmm_ivshmem_serve(struct pmm_ivshmem *server, int sock,
		      const struct pmm_ivshmem_peer *peer)
{
	const uint32_t id = server->last_id % PMM_IVSHMEM_ID_MAX + 1;
	const struct {
		int64_t value;
		int fd;
	} messages[] = {
		{ IVSHMEM_VERSION, -1 },
		{ id, -1 },
		{ IVSHMEM_MEMORY, peer->shm_fd },
		{ PMM_IVSHMEM_MAIN, peer->to_main },
		{ id, peer->to_remote },
	};

	server->last_id = id;
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		int rc = ivshmem_send(sock, messages[i].value, messages[i].fd);

		if (rc < 0)
			return rc;
	}
	return (int)id;
}
