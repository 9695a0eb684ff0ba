/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/control_socket.h - where a running hvl can be spoken to
 *
 * A unix stream socket for its owner only. The name of one whose hvl died is
 * taken over; one that lives is left alone.
 *
 * Errors  Negative errno, with one line for a person.
 */
#ifndef PMM_CONTROL_SOCKET_H
#define PMM_CONTROL_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/un.h>

#include "error.h"

#define PMM_CONTROL_PATH_MAX (sizeof(((struct sockaddr_un *)0)->sun_path))

struct pmm_control_socket {
	int fd; /* listening, non-blocking; -1: not open */
	char path[PMM_CONTROL_PATH_MAX];
	dev_t dev; /* the name is ours as long as it leads to this */
	ino_t ino;
};

/**
 * pmm_control_folder() - where they are by default
 * @path: gets $XDG_RUNTIME_DIR/hvl
 * @err:  filled in on failure
 * Return: 0; -ENOENT when XDG_RUNTIME_DIR is not set or no absolute path;
 * -ENAMETOOLONG.
 */
int pmm_control_folder(char path[PMM_CONTROL_PATH_MAX], struct pmm_error *err);

/**
 * pmm_control_default() - a name of our own there
 * @board: the board's name
 * @path:  gets $XDG_RUNTIME_DIR/hvl/<board>-<process id>.sock
 * @err:   filled in on failure
 * Return: 0, and the folder is there, without sockets that nobody serves; as
 * pmm_control_folder(); what the system says.
 */
int pmm_control_default(const char *board, char path[PMM_CONTROL_PATH_MAX],
			struct pmm_error *err);

/**
 * pmm_control_probe() - does somebody serve this socket?
 * @path: of the socket
 * Return: 0 if so; -ECONNREFUSED when not any more; -ENOENT; -ENAMETOOLONG;
 * what else the system says.
 */
int pmm_control_probe(const char *path);

/**
 * pmm_control_socket_open() - bind and listen
 * @sock: filled in, its fd -1 on failure
 * @path: of the socket
 * @err:  filled in on failure
 * Return: 0; -EADDRINUSE when a live one or something else has this name;
 * -ENAMETOOLONG; what the system says.
 */
int pmm_control_socket_open(struct pmm_control_socket *sock, const char *path,
			    struct pmm_error *err);

/** pmm_control_socket_close() - and remove the name; none is open: nothing */
void pmm_control_socket_close(struct pmm_control_socket *sock);

#endif /* PMM_CONTROL_SOCKET_H */
