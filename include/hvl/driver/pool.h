/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/driver/pool.h - memory for rings and buffers, within the shared memory
 *
 * Hands out pieces of a region in whole granules. Its books are kept in the
 * caller's private memory: nothing that the other side writes can confuse it.
 * Several devices may share a pool, as they must where the shared memory is
 * not divided between them.
 *
 * Threads  One at a time.
 * Memory   The caller's: one bit a granule.
 */
#ifndef HVL_DRIVER_POOL_H
#define HVL_DRIVER_POOL_H

#include <stddef.h>
#include <stdint.h>

#include <hvl/metal/io.h>

struct hvl_drv_pool {
	struct hvl_io io;
	uint32_t *map;	  /* one bit a granule, set: taken */
	uint32_t granule; /* bytes */
	uint32_t shift;	  /* log2 of granule: no division on small cores */
	uint32_t count;	  /* granules */
	uint32_t hint;	  /* all granules below it are taken */
	uint32_t nfree;	  /* granules */
};

/* Words of map that a pool of @size bytes in granules of @granule needs. */
#define HVL_DRV_POOL_MAP_WORDS(size, granule) (((size) / (granule) + 31u) / 32u)

/**
 * hvl_drv_pool_init() - start with everything free
 * @pool:    caller's storage
 * @io:      region to hand out; copied. A part of it that is not a whole
 *           granule, or for which @map has no bit, is left unused.
 * @granule: bytes, a power of two from 16 to 65536 and at least a cache line
 *           of a non-coherent machine
 * @map:     caller's, borrowed as long as the pool is used
 * @words:   32-bit words in @map
 * Return: 0, or -EINVAL for a bad granule, a region whose device address is
 * not aligned to it (or whose mapping is not aligned to 16 bytes), or no room
 * for even one granule.
 */
int hvl_drv_pool_init(struct hvl_drv_pool *pool, const struct hvl_io *io,
		      uint32_t granule, uint32_t *map, size_t words);

/**
 * hvl_drv_pool_alloc() - take a piece
 * @pool:  pool
 * @size:  bytes, not 0
 * @align: of its device address: a power of two, 0 and 1 meaning the granule
 * @off:   filled in on success: where the piece is in the pool's region, bytes
 * Return: 0, -EINVAL, or -ENOMEM when no piece is that large.
 */
int hvl_drv_pool_alloc(struct hvl_drv_pool *pool, uint32_t size, uint32_t align,
		       size_t *off);

/**
 * hvl_drv_pool_free() - give a piece back
 * @pool: pool
 * @off:  as hvl_drv_pool_alloc() gave it
 * @size: as it was asked for
 *
 * What is not a taken piece of the pool is ignored: giving back twice does no
 * harm as long as nobody else has got the piece meanwhile.
 */
void hvl_drv_pool_free(struct hvl_drv_pool *pool, size_t off, uint32_t size);

#endif /* HVL_DRIVER_POOL_H */
