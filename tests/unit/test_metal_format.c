/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_metal_format.c - the formatter, compared with the C library's, and logs
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <hvl/metal/log.h>

/* Both formatters must agree on the text and on its length. */
#define SAME(...)                                                       \
	do {                                                            \
		char want_[128], have_[128];                            \
		int w_ = snprintf(want_, sizeof(want_), __VA_ARGS__);   \
		int h_ = hvl_format(have_, sizeof(have_), __VA_ARGS__); \
		assert_string_equal(have_, want_);                      \
		assert_int_equal(h_, w_);                               \
	} while (0)

static void metal_format_numbers(void **state)
{
	static const long long values[] = {
		0,	     1,
		-1,	     9,
		10,	     12345,
		-12345,	     INT_MAX,
		INT_MIN,     UINT_MAX,
		0x100000000, LLONG_MAX,
		LLONG_MIN,   1000000000000,
	};

	(void)state;
	for (size_t i = 0; i < HVL_ARRAY_SIZE(values); i++) {
		long long v = values[i];

		SAME("%lld|%llu|%llx|%llX", v, (unsigned long long)v,
		     (unsigned long long)v, (unsigned long long)v);
		SAME("%ld|%lu|%lx", (long)v, (unsigned long)v,
		     (unsigned long)v);
		SAME("%d|%i|%u|%x|%X", (int)v, (int)v, (unsigned int)v,
		     (unsigned int)v, (unsigned int)v);
		SAME("%hd|%hu|%hhd|%hhu", (short)v, (unsigned short)v,
		     (signed char)v, (unsigned char)v);
		SAME("%zu|%zx", (size_t)v, (size_t)v);
	}
}

static void metal_format_width_and_flags(void **state)
{
	(void)state;
	SAME("[%5d][%-5d][%05d]", 42, 42, 42);
	SAME("[%5d][%-5d][%05d]", -42, -42, -42);
	SAME("[%2d][%-2d][%02d]", 12345, 12345, 12345);
	SAME("[%*d][%-*d]", 7, 42, 7, 42);
	SAME("[%*d]", -7, 42);
	SAME("[%08x][%8X][%-8x]", 0xbeefu, 0xbeefu, 0xbeefu);
	SAME("%02x:%02x:%02x", 0u, 0xau, 0xffu);
}

static void metal_format_text(void **state)
{
	static const char raw[4] = { 'a', 'b', 'c', 'd' }; /* no NUL */

	(void)state;
	SAME("[%s][%8s][%-8s][%2s]", "abc", "abc", "abc", "abc");
	SAME("[%.2s][%.8s][%8.2s][%-8.2s][%.0s]", "abc", "abc", "abc", "abc",
	     "abc");
	SAME("[%.*s][%*.*s]", 2, "abc", 6, 1, "abc");
	SAME("[%.*s]", 4, raw);
	SAME("[%c][%3c][%-3c]", 'x', 'y', 'z');
	SAME("100%% of %s", "it");
	SAME("%s", "");
	SAME("plain");
}

static void metal_format_pointers(void **state)
{
	int here;

	(void)state;
	SAME("%p", (void *)&here);
}

static void metal_format_cuts_at_the_size(void **state)
{
	char buf[8];

	(void)state;
	for (size_t size = 1; size < sizeof(buf); size++) {
		memset(buf, 0x55, sizeof(buf));
		assert_int_equal(hvl_format(buf, size, "%s%d", "abcdef", 1234),
				 10);
		assert_int_equal(strlen(buf), size - 1);
		assert_memory_equal(buf, "abcdef1", size - 1);
		assert_int_equal(buf[size], 0x55);
	}
	assert_int_equal(hvl_format(NULL, 0, "%5d", 1), 5);
}

static void metal_format_survives_null_text(void **state)
{
	char buf[32];
	const char *volatile null = NULL;

	(void)state;
	hvl_format(buf, sizeof(buf), "[%s]", null);
	assert_string_equal(buf, "[(null)]");
}

struct lines {
	unsigned int count;
	enum hvl_log_level level;
	char last[HVL_LOG_LINE + 1];
};

static void lines_write(void *ctx, enum hvl_log_level level, const char *line)
{
	struct lines *l = ctx;

	l->count++;
	l->level = level;
	assert_true(strlen(line) < HVL_LOG_LINE);
	strcpy(l->last, line);
}

static void metal_log_drops_what_is_less_urgent(void **state)
{
	struct lines l = { 0 };
	struct hvl_log log = { HVL_LOG_WARNING, lines_write, &l };

	(void)state;
	hvl_log(&log, HVL_LOG_INFO, "not %d", 1);
	hvl_log(&log, HVL_LOG_DEBUG, "not %d", 2);
	assert_int_equal(l.count, 0);
	hvl_log(&log, HVL_LOG_WARNING, "but %d", 3);
	assert_int_equal(l.count, 1);
	assert_int_equal(l.level, HVL_LOG_WARNING);
	assert_string_equal(l.last, "but 3");
	hvl_log(&log, HVL_LOG_ERROR, "and %s", "4");
	assert_int_equal(l.level, HVL_LOG_ERROR);
	assert_string_equal(l.last, "and 4");
	assert_int_equal(l.count, 2);
}

static void metal_log_goes_nowhere_without_a_log(void **state)
{
	(void)state;
	hvl_log(NULL, HVL_LOG_ERROR, "%d", 1);
}

static void metal_log_cuts_long_lines(void **state)
{
	struct lines l = { 0 };
	struct hvl_log log = { HVL_LOG_DEBUG, lines_write, &l };

	(void)state;
	hvl_log(&log, HVL_LOG_ERROR, "%*d", 3 * HVL_LOG_LINE, 7);
	assert_int_equal(l.count, 1);
	assert_int_equal(strlen(l.last), HVL_LOG_LINE - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(metal_format_numbers),
		cmocka_unit_test(metal_format_width_and_flags),
		cmocka_unit_test(metal_format_text),
		cmocka_unit_test(metal_format_pointers),
		cmocka_unit_test(metal_format_cuts_at_the_size),
		cmocka_unit_test(metal_format_survives_null_text),
		cmocka_unit_test(metal_log_drops_what_is_less_urgent),
		cmocka_unit_test(metal_log_goes_nowhere_without_a_log),
		cmocka_unit_test(metal_log_cuts_long_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
