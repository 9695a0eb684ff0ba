/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/metal/shm.h - opening shared memory (systems with files only)
 *
 * Threads  Any, one at a time per object.
 * Errors   Negative errno, of the call that failed; the object is then empty
 *          and may be closed.
 */
#ifndef HVL_METAL_SHM_H
#define HVL_METAL_SHM_H

#include <stdint.h>

#include <hvl/metal/io.h>

struct hvl_shm {
	struct hvl_io io; /* the mapping; size 0: empty */
	int fd;		  /* behind it, open while the object is; else -1 */
};

/**
 * hvl_shm_create() - new anonymous shared memory, zeroed
 * @shm:  filled in
 * @name: for /proc, diagnosis only
 * @size: bytes, not 0; rounded up to pages
 * @da:   the address at which the remote sees it
 * Return: 0, -EINVAL for a size of 0 or a range that wraps, -ENOMEM, or what
 * the system says. The memory cannot be resized, not even through the
 * descriptor, so that no access to the mapping ever faults.
 */
int hvl_shm_create(struct hvl_shm *shm, const char *name, uint64_t size,
		   uint64_t da);

/**
 * hvl_shm_open() - map part of a file or of a device node
 * @shm:    filled in
 * @path:   a regular file, or a device node that can be mapped (UIO, a
 *          reserved-memory driver, /dev/mem)
 * @offset: of the first byte in it, a multiple of the page size
 * @size:   bytes, not 0; nothing outside [offset, offset + size) is touched
 * @da:     the address at which the remote sees it
 * Return: 0, -EINVAL for a bad offset, size or range, -ERANGE when the file
 * is too short, -ENOTSUP for what is neither file nor device, or what the
 * system says.
 */
int hvl_shm_open(struct hvl_shm *shm, const char *path, uint64_t offset,
		 uint64_t size, uint64_t da);

/** hvl_shm_close() - unmap and close; an empty object is left as it is */
void hvl_shm_close(struct hvl_shm *shm);

#endif /* HVL_METAL_SHM_H */
