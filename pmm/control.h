/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/control.h - requests and replies as JSON lines on a stream socket
 *
 * The protocol alone: docs/control.md has it. What a command does is the
 * caller's. Clients are served one request a turn of the event loop each; one
 * that does not read its reply is not read from either, and holds up nobody.
 *
 * Threads    The event loop's.
 * Memory     A line in and a reply out for each client.
 * Errors     Negative errno, with one line for a person.
 */
#ifndef PMM_CONTROL_H
#define PMM_CONTROL_H

#include <jansson.h>

#include "error.h"
#include "loop.h"

#define PMM_CONTROL_VERSION 1 /* of the protocol */
#define PMM_CONTROL_CLIENTS 16u
#define PMM_CONTROL_LINE_MAX 4096u /* of a request, its '\n' included */

struct pmm_control;

struct pmm_control_config {
	/*
	 * Do it. Return: 0 and @result, a new reference; -ENOSYS: there is no
	 * such command; -EINVAL: the request makes no sense; another negative
	 * errno: it did not work; with the reason in @err.
	 */
	int (*answer)(void *ctx, const char *command, const json_t *request,
		      json_t **result, struct pmm_error *err);
	void *ctx;
};

/**
 * pmm_control_create() - no clients, and no socket
 * @out:  filled in on success
 * @cfg:  copied
 * @loop: borrowed until destroy
 * Return: 0 or -ENOMEM.
 */
int pmm_control_create(struct pmm_control **out,
		       const struct pmm_control_config *cfg,
		       struct pmm_loop *loop);

/**
 * pmm_control_listen() - take clients from a listening, non-blocking socket
 * @control: which has none yet
 * @fd:      borrowed until destroy
 * Return: 0 or negative errno.
 */
int pmm_control_listen(struct pmm_control *control, int fd);

/**
 * pmm_control_attach() - serve one client
 * @control: the control
 * @fd:      a stream socket, non-blocking; closed here, whatever is returned
 * Return: 0; -EBUSY when there are PMM_CONTROL_CLIENTS: it is told so.
 */
int pmm_control_attach(struct pmm_control *control, int fd);

/** pmm_control_destroy() - drop all clients; NULL is allowed */
void pmm_control_destroy(struct pmm_control *control);

/**
 * pmm_control_text() - a string for a reply, whatever bytes it has
 *
 * Bytes above 0x7f of one that is no valid UTF-8 become '?'. Return: a new
 * reference, or NULL without memory.
 */
json_t *pmm_control_text(const char *text, size_t len);

#endif /* PMM_CONTROL_H */
