/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/control_socket.h - where a running hvl can be spoken to
 *
 * A local socket, by default in a folder where it can be found.
 *
 * Errors  Negative errno, with one line for a person.
 */
#ifndef PMM_CONTROL_SOCKET_H
#define PMM_CONTROL_SOCKET_H

#include "error.h"
#include "local_socket.h"

#define PMM_CONTROL_PATH_MAX PMM_LOCAL_PATH_MAX

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
 * pmm_control_socket_open() - bind and listen; pmm_local_close() ends it
 * @sock: filled in, its fd -1 on failure
 * @path: of the socket
 * @err:  filled in on failure
 * Return: 0; -EADDRINUSE when a live one or something else has this name;
 * -ENAMETOOLONG; what the system says.
 */
int pmm_control_socket_open(struct pmm_local_socket *sock, const char *path,
			    struct pmm_error *err);

#endif /* PMM_CONTROL_SOCKET_H */
