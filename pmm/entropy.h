/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/entropy.h - backing of an rng device: the kernel, or a file
 *
 * Threads  The event loop's. Nothing waits.
 */
#ifndef PMM_ENTROPY_H
#define PMM_ENTROPY_H

#include <stdbool.h>

#include <hvl/device/rng.h>
#include <hvl/metal/log.h>

#include "error.h"

struct pmm_entropy {
	const char *name; /* of the device: "rng0" */
	const char *path; /* NULL: getrandom() */
	int fd;		  /* -1: getrandom() */
	bool pipe;
	int failed; /* the last failure that was logged */
	const struct hvl_log *log;
};

/**
 * pmm_entropy_open() - choose a source
 * @entropy: caller's storage
 * @name:    of the device, for messages; borrowed
 * @path:    NULL: getrandom(). Else a device node such as /dev/hwrng, a pipe
 *           or a file, read from where it stands on and never twice; borrowed
 * @log:     or NULL; borrowed
 * @err:     filled in on failure
 * Return: 0 or negative errno.
 */
int pmm_entropy_open(struct pmm_entropy *entropy, const char *name,
		     const char *path, const struct hvl_log *log,
		     struct pmm_error *err);

/** pmm_entropy_backing() - the rng model's view of it */
struct hvl_dev_rng_backing pmm_entropy_backing(struct pmm_entropy *entropy);

/** pmm_entropy_close() - done with it */
void pmm_entropy_close(struct pmm_entropy *entropy);

#endif /* PMM_ENTROPY_H */
