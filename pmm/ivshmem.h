/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/ivshmem.h - server of QEMU's inter-VM shared memory, for one client
 *
 * What the client needs is all in the socket before it looks: an emulator that
 * reads it while it starts never waits for us. The server is a peer itself,
 * with id PMM_IVSHMEM_MAIN and one vector in each direction.
 *
 * Errors  Negative errno.
 */
#ifndef PMM_IVSHMEM_H
#define PMM_IVSHMEM_H

#include <stdint.h>

#define PMM_IVSHMEM_MAIN 0u
#define PMM_IVSHMEM_ID_MAX 65535u

struct pmm_ivshmem {
	uint32_t last_id; /* that was given away; zeroed at first */
};

struct pmm_ivshmem_peer {
	int shm_fd;    /* its size, a power of two, becomes the BAR's */
	int to_main;   /* eventfd that the client writes */
	int to_remote; /* eventfd that the client reads */
};

/**
 * pmm_ivshmem_serve() - tell a new client all that there is to know
 * @server: counts the ids
 * @sock:   a connected stream socket that nothing was sent through yet
 * @peer:   borrowed for the call: the client gets copies
 * Return: the client's id, which no client before has had (they are given
 * away again after 65535, when those who knew them are long gone), or
 * negative errno.
 */
int pmm_ivshmem_serve(struct pmm_ivshmem *server, int sock,
		      const struct pmm_ivshmem_peer *peer);

#endif /* PMM_IVSHMEM_H */
