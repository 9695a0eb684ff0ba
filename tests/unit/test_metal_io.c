/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_metal_io.c - regions: translation, accessors, block copies
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <hvl/metal/io.h>

#define SIZE 256u
#define GUARD 0xa5

static _Alignas(64) unsigned char memory[64 + SIZE + 64];
static const struct hvl_io io = { memory + 64, 0x37000000, SIZE };

static int fill_guards(void **state)
{
	(void)state;
	memset(memory, GUARD, sizeof(memory));
	return 0;
}

static void assert_guards(void)
{
	for (size_t i = 0; i < 64; i++) {
		assert_int_equal(memory[i], GUARD);
		assert_int_equal(memory[64 + SIZE + i], GUARD);
	}
}

static void metal_io_range_ok_does_not_wrap(void **state)
{
	(void)state;
	assert_true(hvl_io_range_ok(&io, 0, SIZE));
	assert_true(hvl_io_range_ok(&io, SIZE, 0));
	assert_true(hvl_io_range_ok(&io, SIZE - 1, 1));
	assert_false(hvl_io_range_ok(&io, 0, SIZE + 1));
	assert_false(hvl_io_range_ok(&io, SIZE - 1, 2));
	assert_false(hvl_io_range_ok(&io, SIZE + 1, 0));
	assert_false(hvl_io_range_ok(&io, UINT64_MAX, 1));
	assert_false(hvl_io_range_ok(&io, 1, UINT64_MAX));
	assert_false(hvl_io_range_ok(&io, UINT64_MAX, UINT64_MAX));
}

static void metal_io_translates_device_addresses(void **state)
{
	uint64_t off = 77;

	(void)state;
	assert_true(hvl_io_da_to_off(&io, 0x37000000, SIZE, &off));
	assert_int_equal(off, 0);
	assert_true(hvl_io_da_to_off(&io, 0x37000010, 16, &off));
	assert_int_equal(off, 16);
	assert_true(hvl_io_da_to_off(&io, 0x37000000 + SIZE, 0, &off));
	assert_int_equal(off, SIZE);

	off = 77;
	assert_false(hvl_io_da_to_off(&io, 0x36ffffff, 1, &off));
	assert_false(hvl_io_da_to_off(&io, 0x36ffffff, 2, &off));
	assert_false(hvl_io_da_to_off(&io, 0x37000001, SIZE, &off));
	assert_false(hvl_io_da_to_off(&io, 0x37000000, UINT64_MAX, &off));
	assert_false(hvl_io_da_to_off(&io, UINT64_MAX, 1, &off));
	assert_false(hvl_io_da_to_off(&io, 0, 0, &off));
	assert_int_equal(off, 77);
}

static void metal_io_translates_at_the_top_of_the_address_space(void **state)
{
	const struct hvl_io top = { memory + 64, UINT64_MAX - SIZE + 1, SIZE };
	uint64_t off;

	(void)state;
	assert_true(hvl_io_da_to_off(&top, UINT64_MAX, 1, &off));
	assert_int_equal(off, SIZE - 1);
	assert_false(hvl_io_da_to_off(&top, UINT64_MAX, 2, &off));
	/* 0 is what follows the last byte, if one wraps */
	assert_false(hvl_io_da_to_off(&top, 0, 1, &off));
}

static void metal_io_translates_own_pointers(void **state)
{
	uint64_t off = 77;

	(void)state;
	assert_true(hvl_io_va_to_off(&io, memory + 64 + 5, 10, &off));
	assert_int_equal(off, 5);
	assert_false(hvl_io_va_to_off(&io, memory + 63, 10, &off));
	assert_false(hvl_io_va_to_off(&io, memory + 64 + SIZE - 1, 2, &off));
	assert_false(hvl_io_va_to_off(&io, memory + 64, UINT64_MAX, &off));
	assert_int_equal(off, 5);
}

static void metal_io_sub_stays_inside(void **state)
{
	struct hvl_io sub = { NULL, 0, 0 };

	(void)state;
	assert_false(hvl_io_sub(&io, SIZE - 4, 5, &sub));
	assert_false(hvl_io_sub(&io, UINT64_MAX - 1, 4, &sub));
	assert_null(sub.va);
	assert_true(hvl_io_sub(&io, 32, SIZE - 32, &sub));
	assert_ptr_equal(sub.va, memory + 64 + 32);
	assert_true(sub.da == 0x37000020);
	assert_int_equal(sub.size, SIZE - 32);
	assert_ptr_equal(hvl_io_va(&sub, 3), memory + 64 + 35);
}

static void metal_io_words_are_little_endian(void **state)
{
	(void)state;
	hvl_io_write8(&io, 0, 0x11);
	hvl_io_write16(&io, 2, 0x2233);
	hvl_io_write32(&io, 4, 0x44556677);
	hvl_io_write64(&io, 8, UINT64_C(0x8899aabbccddeeff));
	assert_memory_equal(io.va,
			    "\x11\xa5\x33\x22\x77\x66\x55\x44"
			    "\xff\xee\xdd\xcc\xbb\xaa\x99\x88",
			    16);
	assert_int_equal(hvl_io_read8(&io, 0), 0x11);
	assert_int_equal(hvl_io_read16(&io, 2), 0x2233);
	assert_int_equal(hvl_io_read32(&io, 4), 0x44556677);
	assert_true(hvl_io_read64(&io, 8) == UINT64_C(0x8899aabbccddeeff));

	hvl_io_store_release16(&io, 16, 0xbeef);
	hvl_io_store_release32(&io, 20, 0xdeadbeef);
	assert_memory_equal(io.va + 16, "\xef\xbe\xa5\xa5\xef\xbe\xad\xde", 8);
	assert_int_equal(hvl_io_load_acquire16(&io, 16), 0xbeef);
	assert_true(hvl_io_load_acquire32(&io, 20) == 0xdeadbeef);
	assert_guards();
}

static void metal_io_last_words_fit(void **state)
{
	(void)state;
	hvl_io_write64(&io, SIZE - 8, UINT64_MAX);
	hvl_io_write8(&io, SIZE - 1, 0);
	assert_true(hvl_io_read64(&io, SIZE - 8) == UINT64_MAX >> 8);
	assert_guards();
}

/* Every alignment at both ends, every short length. */
static void metal_io_blocks_take_any_alignment(void **state)
{
	unsigned char src[48], dst[48];

	(void)state;
	for (size_t i = 0; i < sizeof(src); i++)
		src[i] = (unsigned char)(i + 1);
	for (size_t off = 0; off < 9; off++) {
		for (size_t skew = 0; skew < 5; skew++) {
			for (size_t len = 0; len < 40; len++) {
				memset(io.va, 0, SIZE);
				memset(dst, 0, sizeof(dst));
				hvl_io_write_block(&io, 8 + off, src + skew,
						   len);
				hvl_io_read_block(&io, 8 + off, dst + skew,
						  len);
				assert_memory_equal(io.va + 8 + off, src + skew,
						    len);
				assert_memory_equal(dst + skew, src + skew,
						    len);
				assert_int_equal(io.va[7 + off], 0);
				assert_int_equal(io.va[8 + off + len], 0);
				assert_int_equal(dst[skew + len], 0);
			}
		}
	}
	assert_guards();
}

static void metal_io_blocks_reach_both_ends(void **state)
{
	unsigned char copy[SIZE];

	(void)state;
	hvl_io_fill(&io, 0, 0x3c, SIZE);
	assert_guards();
	hvl_io_read_block(&io, 0, copy, SIZE);
	for (size_t i = 0; i < SIZE; i++)
		assert_int_equal(copy[i], 0x3c);
	memset(copy, 0x5a, sizeof(copy));
	hvl_io_write_block(&io, 0, copy, SIZE);
	assert_memory_equal(io.va, copy, SIZE);
	assert_guards();
}

static void metal_io_fill_takes_any_alignment(void **state)
{
	(void)state;
	for (size_t off = 0; off < 9; off++) {
		for (size_t len = 0; len < 40; len++) {
			memset(io.va, 0, SIZE);
			hvl_io_fill(&io, 8 + off, 0xee, len);
			for (size_t i = 0; i < 64; i++) {
				bool in = i >= 8 + off && i < 8 + off + len;

				assert_int_equal(io.va[i], in ? 0xee : 0);
			}
		}
	}
}

static void metal_io_cache_care_changes_nothing(void **state)
{
	(void)state;
	hvl_io_fill(&io, 0, 0x42, SIZE);
	hvl_io_clean(&io, 3, 17);
	hvl_io_invalidate(&io, 0, SIZE);
	for (size_t i = 0; i < SIZE; i++)
		assert_int_equal(io.va[i], 0x42);
	assert_guards();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(metal_io_range_ok_does_not_wrap),
		cmocka_unit_test(metal_io_translates_device_addresses),
		cmocka_unit_test(
			metal_io_translates_at_the_top_of_the_address_space),
		cmocka_unit_test(metal_io_translates_own_pointers),
		cmocka_unit_test(metal_io_sub_stays_inside),
		cmocka_unit_test_setup(metal_io_words_are_little_endian,
				       fill_guards),
		cmocka_unit_test_setup(metal_io_last_words_fit, fill_guards),
		cmocka_unit_test_setup(metal_io_blocks_take_any_alignment,
				       fill_guards),
		cmocka_unit_test_setup(metal_io_blocks_reach_both_ends,
				       fill_guards),
		cmocka_unit_test_setup(metal_io_fill_takes_any_alignment,
				       fill_guards),
		cmocka_unit_test_setup(metal_io_cache_care_changes_nothing,
				       fill_guards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
