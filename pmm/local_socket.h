/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/local_socket.h - a name in the file system that a socket listens on
 *
 * A unix stream socket for its owner only. The name of one whose process died
 * is taken over; one that lives is left alone.
 *
 * Errors  Negative errno, with one line for a person.
 */
#ifndef PMM_LOCAL_SOCKET_H
#define PMM_LOCAL_SOCKET_H

#include <sys/types.h>
#include <sys/un.h>

#include "error.h"

#define PMM_LOCAL_PATH_MAX (sizeof(((struct sockaddr_un *)0)->sun_path))

struct pmm_local_socket {
	int fd; /* listening, non-blocking; -1: not open */
	char path[PMM_LOCAL_PATH_MAX];
	dev_t dev; /* the name is ours as long as it leads to this */
	ino_t ino;
};

/* How messages speak of a socket. */
struct pmm_local_words {
	const char *what;  /* "control socket" */
	const char *taken; /* "a running hvl has it" */
};

/**
 * pmm_local_address() - a path as socket calls want it
 * @addr: filled in
 * @path: of the socket
 * Return: 0; -ENOENT for an empty one; -ENAMETOOLONG.
 */
int pmm_local_address(struct sockaddr_un *addr, const char *path);

/**
 * pmm_local_probe() - does somebody have this socket? He does not notice.
 * @path: of the socket
 * Return: 0 if so; -ECONNREFUSED when not any more; -ENOENT; -ENAMETOOLONG;
 * what else the system says.
 */
int pmm_local_probe(const char *path);

/**
 * pmm_local_lock() - nobody else takes or sweeps names in this folder
 * @path: of a socket in it
 * Return: descriptor, closing it unlocks; or negative errno. The lock is the
 * folder's own, so that nothing is left behind.
 */
int pmm_local_lock(const char *path);

/** pmm_local_fail() - note why the system would not. Return: @rc. */
int pmm_local_fail(const struct pmm_local_words *words, const char *path,
		   int rc, struct pmm_error *err);

/**
 * pmm_local_open() - bind and listen
 * @sock:  filled in, its fd -1 on failure
 * @path:  of the socket
 * @words: for messages
 * @err:   filled in on failure
 * Return: 0; -EADDRINUSE when a live one or something else has this name;
 * -ENAMETOOLONG; what the system says.
 */
int pmm_local_open(struct pmm_local_socket *sock, const char *path,
		   const struct pmm_local_words *words, struct pmm_error *err);

/** pmm_local_close() - and remove the name; none is open: nothing */
void pmm_local_close(struct pmm_local_socket *sock);

#endif /* PMM_LOCAL_SOCKET_H */
