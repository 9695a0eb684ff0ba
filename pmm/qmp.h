/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/qmp.h - talking to QEMU: a client of its machine protocol
 *
 * One command at a time; its answer is waited for. Events arrive at any time,
 * between the lines of an answer too.
 *
 * Ownership  The caller's storage; the descriptor stays the caller's.
 * Threads    The event loop's.
 * Errors     Negative errno. -EPIPE: QEMU closed the connection: it is gone.
 *            -EPROTO: what came is not the protocol.
 */
#ifndef PMM_QMP_H
#define PMM_QMP_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

/* The longest line that is understood: answers and events are short. */
#define PMM_QMP_LINE_MAX 16384u

struct pmm_qmp_event {
	const char *name;   /* "SHUTDOWN" */
	const char *reason; /* "guest-reset"; "" if it names none */
	bool guest;	    /* the firmware asked for it */
};

struct pmm_qmp {
	int fd;
	void (*event)(void *ctx, const struct pmm_qmp_event *event);
	void *ctx;
	/* private */
	enum {
		PMM_QMP_NONE,
		PMM_QMP_DONE,
		PMM_QMP_REFUSED
	} answer;
	bool greeted;
	char refusal[120];
	size_t len;
	char buf[PMM_QMP_LINE_MAX];
};

/** pmm_qmp_init() - @fd: a connected stream; @event may be NULL */
void pmm_qmp_init(struct pmm_qmp *qmp, int fd,
		  void (*event)(void *ctx, const struct pmm_qmp_event *event),
		  void *ctx);

/**
 * pmm_qmp_greet() - wait for QEMU's greeting and answer it
 * @qmp:        initialized
 * @timeout_ms: to wait at most
 * @err:        filled in on failure
 * Return: 0; -ETIMEDOUT; see above.
 */
int pmm_qmp_greet(struct pmm_qmp *qmp, int timeout_ms, struct pmm_error *err);

/**
 * pmm_qmp_command() - send a command that has no arguments
 * @qmp:        greeted
 * @name:       "cont"
 * @timeout_ms: to wait at most
 * @err:        filled in on failure
 * Return: 0; -EIO when QEMU refused; -ETIMEDOUT; see above.
 */
int pmm_qmp_command(struct pmm_qmp *qmp, const char *name, int timeout_ms,
		    struct pmm_error *err);

/** pmm_qmp_pump() - pass on the events that have arrived; does not wait */
int pmm_qmp_pump(struct pmm_qmp *qmp);

#endif /* PMM_QMP_H */
