/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_cli_follow.c - what is new in a trace buffer's text
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "follow.h"

static void follow_finds_what_is_new(void **state)
{
	static const struct {
		const char *before, *now, *new;
	} cases[] = {
		{ "", "", "" },
		{ "", "a\n", "a\n" },
		{ "a\n", "a\n", "" },
		{ "a\n", "a\nb\n", "b\n" },
		{ "a\nb\n", "b\nc\n", "c\n" },
		{ "a\nb\nc\n", "c\n", "" },
		{ "a\nb\n", "x\ny\n", "x\ny\n" },
		{ "a\n", "", "" },
		{ "aaaa", "aaaaaa", "aa" },
		{ "abab", "ababab", "ab" },
		{ "xabab", "abc", "c" },
		{ "aab", "aabaab", "aab" },
		{ "abcab", "abd", "d" },
		{ "aabaaab", "aabaaaab", "aaaab" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t at = cli_follow(cases[i].before, cases[i].now);

		assert_string_equal(cases[i].now + at, cases[i].new);
	}
}

/* Against the obvious way, over all short texts of two letters. */
static void follow_equals_the_slow_way(void **state)
{
	(void)state;
	for (unsigned int a = 1; a < 1u << 8; a++) {
		for (unsigned int b = 1; b < 1u << 8; b++) {
			char before[9], now[9];
			size_t n = 0, m = 0, want;

			/* The bits below the highest one are the letters. */
			for (unsigned int v = a; v > 1; v >>= 1)
				before[n++] = v & 1 ? 'a' : 'b';
			for (unsigned int v = b; v > 1; v >>= 1)
				now[m++] = v & 1 ? 'a' : 'b';
			before[n] = now[m] = '\0';
			want = n < m ? n : m;
			while (memcmp(before + n - want, now, want) != 0)
				want--;
			assert_int_equal(cli_follow(before, now), want);
		}
	}
}

static void follow_is_quick_with_texts_made_to_be_slow(void **state)
{
	const size_t size = 4 << 20;
	char *before = malloc(size), *now = malloc(size);

	(void)state;
	assert_true(before && now);
	memset(before, 'a', size);
	memset(now, 'a', size);
	before[size - 1] = now[size - 1] = '\0';
	before[size - 2] = 'b';
	assert_int_equal(cli_follow(before, now), 0);
	free(before);
	free(now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follow_finds_what_is_new),
		cmocka_unit_test(follow_equals_the_slow_way),
		cmocka_unit_test(follow_is_quick_with_texts_made_to_be_slow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
