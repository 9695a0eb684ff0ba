/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/shm_source.h - shared memory that others made: a file, a device node
 *
 * Errors  Negative errno, with one line for a person.
 */
#ifndef PMM_SHM_SOURCE_H
#define PMM_SHM_SOURCE_H

#include <stdint.h>

#include <hvl/metal/shm.h>

#include "error.h"

enum pmm_shm_kind {
	PMM_SHM_ANY,
	PMM_SHM_FILE, /* a regular file */
	PMM_SHM_NODE, /* a character device */
};

/* How far both sides see the same memory. */
enum pmm_shm_view {
	PMM_SHM_COHERENT, /* caches included */
	PMM_SHM_UNCACHED, /* it is mapped so; the remote has to do the same */
	PMM_SHM_CACHED,	  /* through caches that have to be written back */
};

struct pmm_shm_source {
	enum pmm_shm_kind kind;
	const char *path;
	uint64_t offset; /* of the first byte; the start of a page */
};

/**
 * pmm_shm_open() - map a part of it
 * @shm:  filled in; hvl_shm_close() ends it
 * @src:  borrowed until this returns
 * @size: bytes; nothing else of it is touched, and it never grows or shrinks
 * @da:   where the remote sees it
 * @err:  filled in on failure
 * Return: 0 or negative errno; -EBUSY: another PMM on this machine has it.
 */
int pmm_shm_open(struct hvl_shm *shm, const struct pmm_shm_source *src,
		 uint64_t size, uint64_t da, struct pmm_error *err);

/* Where the file is that was mapped. */
enum pmm_shm_place {
	PMM_SHM_THERE,
	PMM_SHM_REMOVED,
	PMM_SHM_REPLACED, /* another file has its name */
};

/**
 * pmm_shm_place() - whether others still find what is mapped here
 * @shm: as opened from @src
 * @src: its path is looked up anew
 * Return: PMM_SHM_THERE also for a device node, and where it cannot be told.
 */
enum pmm_shm_place pmm_shm_place(const struct hvl_shm *shm,
				 const struct pmm_shm_source *src);

#endif /* PMM_SHM_SOURCE_H */
