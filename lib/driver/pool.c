/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pool of shared memory: first fit over a bitmap, a word at a time.
 */
#include <hvl/driver/pool.h>

#include <stdbool.h>
#include <string.h>

#include <hvl/metal/errno.h>

#define POOL_GRANULE_MIN 16u
#define POOL_GRANULE_MAX 65536u

/* The first granule from @from on that is taken or free; @end if none is. */
static uint32_t pool_find(const struct hvl_drv_pool *pool, uint32_t from,
			  uint32_t end, bool taken)
{
	uint32_t flip = taken ? 0 : UINT32_MAX;

	while (from < end) {
		uint32_t word = (pool->map[from / 32] ^ flip) >> (from % 32);

		if (word != 0) {
			from += (uint32_t)__builtin_ctz(word);
			return from < end ? from : end;
		}
		from += 32 - from % 32;
	}
	return end;
}

static void pool_mark(struct hvl_drv_pool *pool, uint32_t from, uint32_t end,
		      bool taken)
{
	while (from < end) {
		uint32_t bit = from % 32, n = end - from;
		uint32_t mask;

		if (n > 32 - bit)
			n = 32 - bit;
		mask = (UINT32_MAX >> (32 - n)) << bit;
		if (taken)
			pool->map[from / 32] |= mask;
		else
			pool->map[from / 32] &= ~mask;
		from += n;
	}
}

/* Granules that hold @size bytes, which is not 0. */
static uint32_t pool_granules(const struct hvl_drv_pool *pool, uint32_t size)
{
	return ((size - 1) >> pool->shift) + 1;
}

int hvl_drv_pool_init(struct hvl_drv_pool *pool, const struct hvl_io *io,
		      uint32_t granule, uint32_t *map, size_t words)
{
	uint64_t count;

	if (granule < POOL_GRANULE_MIN || granule > POOL_GRANULE_MAX ||
	    (granule & (granule - 1)) != 0 || (io->da & (granule - 1)) != 0 ||
	    ((uintptr_t)io->va & (POOL_GRANULE_MIN - 1)) != 0)
		return -EINVAL;
	memset(pool, 0, sizeof(*pool));
	pool->shift = (uint32_t)__builtin_ctz(granule);
	count = io->size >> pool->shift;
	if (words < UINT32_MAX / 32 && count > words * 32)
		count = words * 32;
	/* Leaves room for sums of two granule numbers. */
	if (count > UINT32_MAX / 4)
		count = UINT32_MAX / 4;
	if (count == 0)
		return -EINVAL;

	pool->io = *io;
	pool->map = map;
	pool->granule = granule;
	pool->count = (uint32_t)count;
	pool->nfree = pool->count;
	pool_mark(pool, 0, pool->count, false);
	return 0;
}

/*
 * The first granule from @pos on whose device address is a multiple: its low
 * half tells.
 */
static uint32_t pool_align(const struct hvl_drv_pool *pool, uint32_t pos,
			   uint32_t align)
{
	uint32_t da = (uint32_t)pool->io.da + (pos << pool->shift);

	return pos + (((0 - da) & (align - 1)) >> pool->shift);
}

int hvl_drv_pool_alloc(struct hvl_drv_pool *pool, uint32_t size, uint32_t align,
		       size_t *off)
{
	uint32_t n, pos, taken;

	if (align < pool->granule)
		align = align & (align - 1) ? align : pool->granule;
	if (size == 0 || (align & (align - 1)) != 0)
		return -EINVAL;
	n = pool_granules(pool, size);
	pool->hint = pool_find(pool, pool->hint, pool->count, false);

	for (pos = pool->hint;;
	     pos = pool_find(pool, taken, pool->count, false)) {
		pos = pool_align(pool, pos, align);
		if (pos >= pool->count || n > pool->count - pos)
			return -ENOMEM;
		taken = pool_find(pool, pos, pos + n, true);
		if (taken == pos + n)
			break;
	}
	pool_mark(pool, pos, pos + n, true);
	pool->nfree -= n;
	if (pos == pool->hint)
		pool->hint = pos + n;
	*off = (size_t)pos << pool->shift;
	return 0;
}

void hvl_drv_pool_free(struct hvl_drv_pool *pool, size_t off, uint32_t size)
{
	size_t pos = off >> pool->shift;
	uint32_t n, first;

	if (size == 0 || (off & (pool->granule - 1)) != 0 || pos >= pool->count)
		return;
	n = pool_granules(pool, size);
	first = (uint32_t)pos;
	if (n > pool->count - first ||
	    pool_find(pool, first, first + n, false) != first + n)
		return;
	pool_mark(pool, first, first + n, false);
	pool->nfree += n;
	if (first < pool->hint)
		pool->hint = first;
}
