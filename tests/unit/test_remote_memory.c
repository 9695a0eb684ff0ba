/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A remote's own memcpy, memmove, memset, under other names: the build renames
 * them in here as in the file under test.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#define ROOM 2200u

static unsigned char work[ROOM], want[ROOM];

/* Sizes on both sides of every threshold that an implementation may have. */
static const size_t sizes[] = {
	0,  1,	2,  3,	4,  5,	7,   8,	  9,   15,  16,	 17,  31,   32,	  33,
	47, 48, 63, 64, 65, 66, 127, 128, 255, 511, 512, 513, 1023, 1500, 1514,
};

static void fill(void)
{
	for (size_t i = 0; i < ROOM; i++)
		want[i] = work[i] = (unsigned char)(i * 7 + i / 251);
}

static void compare(void)
{
	for (size_t i = 0; i < ROOM; i++)
		assert_int_equal(work[i], want[i]);
}

/* What memmove must do, byte by byte. */
static void move_want(size_t to, size_t from, size_t len)
{
	static unsigned char copy[ROOM];

	for (size_t i = 0; i < len; i++)
		copy[i] = want[from + i];
	for (size_t i = 0; i < len; i++)
		want[to + i] = copy[i];
}

static void remote_memory_copy_takes_any_alignment(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof(sizes) / sizeof(sizes[0]) - 5; n++)
		for (size_t to = 0; to < 20; to++)
			for (size_t from = 0; from < 20; from += 3) {
				fill();
				move_want(to + 1000, from, sizes[n]);
				assert_ptr_equal(memcpy(work + to + 1000,
							work + from, sizes[n]),
						 work + to + 1000);
				compare();
			}
}

static void remote_memory_copy_takes_large_sizes(void **state)
{
	static unsigned char from[ROOM];

	(void)state;
	for (size_t i = 0; i < ROOM; i++)
		from[i] = (unsigned char)(i * 3);
	for (size_t n = 0; n < sizeof(sizes) / sizeof(sizes[0]); n++) {
		fill();
		for (size_t i = 0; i < sizes[n]; i++)
			want[5 + i] = from[3 + i];
		memcpy(work + 5, from + 3, sizes[n]);
		compare();
	}
}

static void remote_memory_move_takes_overlap(void **state)
{
	static const size_t shifts[] = { 0, 1, 2, 7, 8, 9, 15, 16, 17, 40 };

	(void)state;
	for (size_t n = 0; n < sizeof(sizes) / sizeof(sizes[0]); n++)
		for (size_t s = 0; s < 10; s++)
			for (int up = 0; up < 2; up++) {
				size_t a = 50, b = 50 + shifts[s];
				size_t to = up ? b : a, from = up ? a : b;

				fill();
				move_want(to, from, sizes[n]);
				assert_ptr_equal(memmove(work + to, work + from,
							 sizes[n]),
						 work + to);
				compare();
			}
}

static void remote_memory_set_takes_any_alignment(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof(sizes) / sizeof(sizes[0]); n++)
		for (size_t to = 0; to < 17; to++) {
			fill();
			for (size_t i = 0; i < sizes[n]; i++)
				want[to + i] = 0xa5;
			assert_ptr_equal(memset(work + to, 0x3a5, sizes[n]),
					 work + to);
			compare();
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(remote_memory_copy_takes_any_alignment),
		cmocka_unit_test(remote_memory_copy_takes_large_sizes),
		cmocka_unit_test(remote_memory_move_takes_overlap),
		cmocka_unit_test(remote_memory_set_takes_any_alignment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
