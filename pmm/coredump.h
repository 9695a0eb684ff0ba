/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/coredump.h - core files of a crashed remote
 *
 * The newest is FILE; the ones before it are FILE.1 (the second newest) to
 * FILE.3, and what is older goes. A file appears complete or not at all, is
 * for its owner only, and takes no space where the memory was zero.
 *
 * Errors  Negative errno, with one line for a person.
 */
#ifndef PMM_COREDUMP_H
#define PMM_COREDUMP_H

#include <hvl/metal/io.h>
#include <hvl/remoteproc/rproc.h>

#include "error.h"

#define PMM_COREDUMP_KEPT 4u
#define PMM_COREDUMP_MAX (UINT64_C(1) << 30) /* bytes of one file */

/**
 * pmm_coredump_check() - could there be such a file?
 * @path: of FILE
 * @err:  filled in on failure
 * Return: 0; negative errno: its folder is not there or not writable, or
 * something else than a file has its name.
 */
int pmm_coredump_check(const char *path, struct pmm_error *err);

/**
 * pmm_coredump_write() - write one
 * @path:  of FILE
 * @rproc: crashed, and not yet started again
 * @shm:   the shared memory
 * @err:   filled in on failure
 * Return: 0 or negative errno; the older files are untouched then.
 */
int pmm_coredump_write(const char *path, struct hvl_rproc *rproc,
		       const struct hvl_io *shm, struct pmm_error *err);

#endif /* PMM_COREDUMP_H */
