/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/doorbell_uio.h - the steps of pmm_doorbell_uio(), for its tests too
 */
#ifndef PMM_DOORBELL_UIO_H
#define PMM_DOORBELL_UIO_H

#include <stddef.h>

#include "doorbell.h"

struct pmm_uio_map {
	void *va; /* NULL: nothing is mapped */
	size_t len;
	size_t start; /* of the device's memory in it */
};

/**
 * pmm_doorbell_uio_find_() - what the kernel says of a UIO device
 * @fd:   of its device node
 * @dir:  gets the folder that describes it
 * @size: of @dir
 * @opts: for messages
 * @err:  filled in on failure
 * Return: 0; -ENODEV for what is no UIO device; negative errno.
 */
int pmm_doorbell_uio_find_(int fd, char *dir, size_t size,
			   const struct pmm_uio_options *opts,
			   struct pmm_error *err);

/**
 * pmm_doorbell_uio_map_() - map the registers, if any are used
 * @map:  filled in
 * @fd:   of the device node
 * @dir:  that describes it
 * @opts: which registers
 * @err:  filled in on failure
 * Return: 0 or negative errno.
 */
int pmm_doorbell_uio_map_(struct pmm_uio_map *map, int fd, const char *dir,
			  const struct pmm_uio_options *opts,
			  struct pmm_error *err);

/**
 * pmm_doorbell_uio_make_() - a doorbell of a device that is open and mapped
 * @db:   filled in; close closes @fd and unmaps @map, as failure does
 * @fd:   of the device node, non-blocking
 * @map:  from pmm_doorbell_uio_map_()
 * @opts: which registers; copied
 * @err:  filled in on failure
 * Return: 0 or negative errno.
 */
int pmm_doorbell_uio_make_(struct pmm_doorbell *db, int fd,
			   const struct pmm_uio_map *map,
			   const struct pmm_uio_options *opts,
			   struct pmm_error *err);

#endif /* PMM_DOORBELL_UIO_H */
