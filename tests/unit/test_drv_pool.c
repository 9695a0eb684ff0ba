/* SPDX-License-Identifier: BSD-3-Clause */
/* The pool that rings and buffers of the driver side come from. */
#include <hvl/driver/pool.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <hvl/metal/compiler.h>
#include <hvl/metal/errno.h>

#define GRANULE 64u
#define COUNT 200u

static _Alignas(4096) unsigned char memory[COUNT * GRANULE];
static uint32_t map[HVL_DRV_POOL_MAP_WORDS(sizeof(memory), GRANULE)];

/* Its address is a multiple of the granule and of little more. */
#define DA 0x370001c0u

static const struct hvl_io region = { memory, DA, sizeof(memory) };

static void pool_make(struct hvl_drv_pool *pool)
{
	memset(map, 0xa5, sizeof(map));
	assert_int_equal(hvl_drv_pool_init(pool, &region, GRANULE, map,
					   HVL_ARRAY_SIZE(map)),
			 0);
}

static uint64_t pool_take(struct hvl_drv_pool *pool, uint32_t size,
			  uint32_t align)
{
	uint64_t off = UINT64_MAX;

	assert_int_equal(hvl_drv_pool_alloc(pool, size, align, &off), 0);
	return off;
}

static void drv_pool_init_rejects_bad_config(void **state)
{
	struct hvl_io odd = region, small = region;
	struct hvl_drv_pool pool;

	(void)state;
	assert_int_equal(hvl_drv_pool_init(&pool, &region, 8, map, 1), -EINVAL);
	assert_int_equal(hvl_drv_pool_init(&pool, &region, 0, map, 1), -EINVAL);
	assert_int_equal(hvl_drv_pool_init(&pool, &region, 48, map, 1),
			 -EINVAL);
	assert_int_equal(hvl_drv_pool_init(&pool, &region, 131072, map, 1),
			 -EINVAL);
	odd.da += 32;
	assert_int_equal(hvl_drv_pool_init(&pool, &odd, 64, map, 1), -EINVAL);
	assert_int_equal(hvl_drv_pool_init(&pool, &region, 64, map, 0),
			 -EINVAL);
	small.size = 63;
	assert_int_equal(hvl_drv_pool_init(&pool, &small, 64, map, 1), -EINVAL);
}

static void drv_pool_init_uses_whole_granules_with_a_bit(void **state)
{
	struct hvl_io part = region;
	struct hvl_drv_pool pool;

	(void)state;
	part.size = 10 * GRANULE + 63;
	assert_int_equal(hvl_drv_pool_init(&pool, &part, GRANULE, map, 7), 0);
	assert_int_equal(pool.nfree, 10);
	assert_int_equal(hvl_drv_pool_init(&pool, &region, GRANULE, map, 2), 0);
	assert_int_equal(pool.nfree, 64);
	part.size = UINT64_MAX;
	assert_int_equal(hvl_drv_pool_init(&pool, &part, GRANULE, map,
					   HVL_ARRAY_SIZE(map)),
			 0);
	assert_int_equal(pool.nfree, HVL_ARRAY_SIZE(map) * 32);
}

static void drv_pool_alloc_hands_out_all(void **state)
{
	struct hvl_drv_pool pool;
	uint64_t off;
	uint32_t i;

	(void)state;
	pool_make(&pool);
	for (i = 0; i < COUNT; i++)
		assert_int_equal(pool_take(&pool, 1, 0), i * GRANULE);
	assert_int_equal(pool.nfree, 0);
	assert_int_equal(hvl_drv_pool_alloc(&pool, 1, 0, &off), -ENOMEM);
	hvl_drv_pool_free(&pool, 77 * GRANULE, 1);
	assert_int_equal(hvl_drv_pool_alloc(&pool, GRANULE + 1, 0, &off),
			 -ENOMEM);
	assert_int_equal(pool_take(&pool, GRANULE, 1), 77 * GRANULE);
}

static void drv_pool_alloc_rejects_bad_size_and_align(void **state)
{
	struct hvl_drv_pool pool;
	uint64_t off;

	(void)state;
	pool_make(&pool);
	assert_int_equal(hvl_drv_pool_alloc(&pool, 0, 0, &off), -EINVAL);
	assert_int_equal(hvl_drv_pool_alloc(&pool, 1, 3, &off), -EINVAL);
	assert_int_equal(hvl_drv_pool_alloc(&pool, 1, 192, &off), -EINVAL);
	assert_int_equal(hvl_drv_pool_alloc(&pool, UINT32_MAX, 0, &off),
			 -ENOMEM);
	assert_int_equal(hvl_drv_pool_alloc(&pool, 1, 0x80000000u, &off),
			 -ENOMEM);
	assert_int_equal(pool.nfree, COUNT);
}

static void drv_pool_alloc_aligns_the_device_address(void **state)
{
	struct hvl_drv_pool pool;
	uint64_t off;

	(void)state;
	pool_make(&pool);
	off = pool_take(&pool, 100, 4096);
	assert_int_equal((DA + off) % 4096, 0);
	assert_int_equal(off, 4096 - 0x1c0);
	/* What lies before it is still there for others. */
	assert_int_equal(pool_take(&pool, 4 * GRANULE, 0), 0);
	assert_int_equal(pool_take(&pool, GRANULE, 256), 256 + GRANULE);
}

static void drv_pool_alloc_skips_pieces_that_are_too_small(void **state)
{
	struct hvl_drv_pool pool;
	uint64_t off[6];
	uint32_t i;

	(void)state;
	pool_make(&pool);
	for (i = 0; i < 6; i++)
		off[i] = pool_take(&pool, 2 * GRANULE, 0);
	hvl_drv_pool_free(&pool, off[1], 2 * GRANULE);
	hvl_drv_pool_free(&pool, off[3], 2 * GRANULE);
	hvl_drv_pool_free(&pool, off[4], 2 * GRANULE);
	assert_int_equal(pool_take(&pool, 3 * GRANULE, 0), off[3]);
	assert_int_equal(pool_take(&pool, 2 * GRANULE, 0), off[1]);
	assert_int_equal(pool_take(&pool, 2 * GRANULE, 0), 12 * GRANULE);
	assert_int_equal(pool_take(&pool, GRANULE, 0), 9 * GRANULE);
}

static void drv_pool_free_ignores_what_is_not_taken(void **state)
{
	struct hvl_drv_pool pool;
	uint64_t a, b;

	(void)state;
	pool_make(&pool);
	a = pool_take(&pool, 3 * GRANULE, 0);
	b = pool_take(&pool, GRANULE, 0);
	hvl_drv_pool_free(&pool, a, 3 * GRANULE);
	hvl_drv_pool_free(&pool, a, 3 * GRANULE);
	hvl_drv_pool_free(&pool, a, 4 * GRANULE);
	hvl_drv_pool_free(&pool, b + 1, 1);
	hvl_drv_pool_free(&pool, b, 0);
	hvl_drv_pool_free(&pool, b, UINT32_MAX);
	hvl_drv_pool_free(&pool, COUNT * GRANULE, 1);
	hvl_drv_pool_free(&pool, UINT64_MAX & ~(GRANULE - 1ull), GRANULE);
	assert_int_equal(pool.nfree, COUNT - 1);
	assert_int_equal(pool_take(&pool, 3 * GRANULE, 0), a);
	assert_int_equal(pool_take(&pool, 1, 0), 4 * GRANULE);
}

/* Against a model that keeps one byte a granule. */
static void drv_pool_random_use_never_overlaps(void **state)
{
	static uint8_t owner[COUNT];
	struct {
		uint64_t off;
		uint32_t size;
	} piece[32] = { 0 };
	struct hvl_drv_pool pool;
	uint32_t seed = 1, turn, i, n, free_now;

	(void)state;
	pool_make(&pool);
	for (turn = 0; turn < 20000; turn++) {
		uint32_t k, size;
		uint64_t off;

		seed = seed * 1664525u + 1013904223u;
		k = seed >> 27;
		size = 1 + (seed >> 8) % (20 * GRANULE);
		n = (piece[k].size + GRANULE - 1) / GRANULE;
		if (piece[k].size != 0) {
			hvl_drv_pool_free(&pool, piece[k].off, piece[k].size);
			memset(owner + piece[k].off / GRANULE, 0, n);
			piece[k].size = 0;
		} else if (!hvl_drv_pool_alloc(&pool, size, (seed & 1) * 512,
					       &off)) {
			n = (size + GRANULE - 1) / GRANULE;
			assert_true(off + size <= sizeof(memory));
			assert_true(!(seed & 1) || (DA + off) % 512 == 0);
			for (i = 0; i < n; i++)
				assert_int_equal(owner[off / GRANULE + i], 0);
			memset(owner + off / GRANULE, (int)k + 1, n);
			piece[k].off = off;
			piece[k].size = size;
		}
		for (i = 0, free_now = 0; i < COUNT; i++)
			free_now += owner[i] == 0;
		assert_int_equal(pool.nfree, free_now);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(drv_pool_init_rejects_bad_config),
		cmocka_unit_test(drv_pool_init_uses_whole_granules_with_a_bit),
		cmocka_unit_test(drv_pool_alloc_hands_out_all),
		cmocka_unit_test(drv_pool_alloc_rejects_bad_size_and_align),
		cmocka_unit_test(drv_pool_alloc_aligns_the_device_address),
		cmocka_unit_test(
			drv_pool_alloc_skips_pieces_that_are_too_small),
		cmocka_unit_test(drv_pool_free_ignores_what_is_not_taken),
		cmocka_unit_test(drv_pool_random_use_never_overlaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
