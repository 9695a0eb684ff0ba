/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/remote_native.h - remoteproc driver of the native board
 *
 * The remote is a child process that has nothing but its RAM, the shared
 * memory, two doorbells and its UART. Use:
 *
 *	pmm_native_create(&native, &config, &err);
 *	hvl_rproc_init(&rproc, &(struct hvl_rproc_config){
 *		.ops = &pmm_native_ops, .priv = native, ... });
 *	hvl_rproc_load(), hvl_rproc_start()
 *	watch pmm_native_pidfd(); when it is readable, remove it from the event
 *	loop, pmm_native_reap(), hvl_rproc_crashed() or hvl_rproc_stop()
 *	hvl_rproc_stop(); pmm_native_destroy()
 *
 * Ownership  What the config points at and its descriptors stay the caller's,
 *            and are in use until pmm_native_destroy(). Restarts use them too.
 * Threads    The process has one; the child dies with it.
 * Errors     Negative errno, with a reason for a person.
 */
#ifndef PMM_REMOTE_NATIVE_H
#define PMM_REMOTE_NATIVE_H

#include <stdbool.h>

#include <hvl/metal/log.h>
#include <hvl/metal/shm.h>
#include <hvl/remoteproc/error.h>
#include <hvl/remoteproc/rproc.h>

#include "board.h"

struct pmm_native;

struct pmm_native_config {
	const struct pmm_board *board;
	const struct hvl_shm *shm; /* seen by the child at its da */
	int irq_fd;  /* eventfd, non-blocking: written to notify the remote */
	int ring_fd; /* eventfd, non-blocking: the remote writes it */
	int uart_fd; /* the remote's end of a socket pair */
	const struct hvl_log *log; /* or NULL */
};

/* How a remote ended by itself */
struct pmm_native_end {
	int code;      /* exit code, when no signal ended it */
	int signal;    /* or 0 */
	char text[64]; /* "exited with code 3", "killed by signal 11 (...)" */
};

/* The config's priv is the struct pmm_native. */
extern const struct hvl_rproc_ops pmm_native_ops;

/**
 * pmm_native_create() - allocate the remote's RAM
 * @native: filled in on success
 * @cfg:    copied
 * @err:    filled in on failure
 * Return: 0; -EINVAL when RAM or shared memory are not page-aligned, overlap,
 * or lie where the system maps nothing; -ENOMEM; what the system says.
 */
int pmm_native_create(struct pmm_native **native,
		      const struct pmm_native_config *cfg,
		      struct hvl_rproc_error *err);

/** pmm_native_destroy() - kill what runs, free everything; NULL is allowed */
void pmm_native_destroy(struct pmm_native *native);

/**
 * pmm_native_pidfd() - becomes readable when the remote ends by itself
 *
 * A new descriptor after each start, closed by stop and reap. Return: -1 when
 * no child exists.
 */
int pmm_native_pidfd(const struct pmm_native *native);

/**
 * pmm_native_reap() - how the remote ended
 * @native: the remote
 * @end:    filled in when true is returned
 * Return: true, once per start, if it has ended by itself; does not wait.
 */
bool pmm_native_reap(struct pmm_native *native, struct pmm_native_end *end);

#endif /* PMM_REMOTE_NATIVE_H */
