/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The trace buffer's text: from its start, whole lines, always terminated.
 */
#include "trace.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#define SIZE 64u
#define GUARD 0x55

struct fixture {
	struct remote_trace trace;
	char buf[SIZE + 1];
};

static void begin(struct fixture *f)
{
	memset(f->buf, GUARD, sizeof(f->buf));
	remote_trace_init(&f->trace, f->buf, SIZE);
}

static void append(struct fixture *f, const char *text)
{
	remote_trace_append(&f->trace, text, strlen(text));
	assert_true(memchr(f->buf, '\0', SIZE) != NULL);
	assert_int_equal(f->buf[SIZE], GUARD);
	assert_int_equal(strlen(f->buf), f->trace.len);
}

static void remote_trace_init_is_empty(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_string_equal(f.buf, "");
}

static void remote_trace_append_keeps_order(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	append(&f, "one\n");
	append(&f, "two");
	append(&f, "\nthree\n");
	assert_string_equal(f.buf, "one\ntwo\nthree\n");
}

static void remote_trace_append_fills_to_the_last_byte(void **state)
{
	char text[SIZE];
	struct fixture f;

	(void)state;
	begin(&f);
	memset(text, 'x', SIZE - 1);
	text[SIZE - 1] = '\0';
	append(&f, text);
	assert_string_equal(f.buf, text);
}

static void remote_trace_append_drops_oldest_whole_lines(void **state)
{
	char line[32];
	struct fixture f;

	(void)state;
	begin(&f);
	for (int i = 0; i < 1000; i++) {
		snprintf(line, sizeof(line), "line %d\n", i);
		append(&f, line);
		/* The text begins at a line and ends with the newest one. */
		assert_memory_equal(f.buf, "line ", 5);
		assert_true(f.trace.len >= strlen(line));
		assert_string_equal(f.buf + f.trace.len - strlen(line), line);
	}
	assert_true(f.trace.len > SIZE / 4);
}

static void remote_trace_append_drops_a_line_without_end(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	for (unsigned int i = 0; i < SIZE - 1; i++)
		append(&f, "y");
	append(&f, "next\n");
	assert_string_equal(f.buf, "next\n");
}

static void remote_trace_append_keeps_end_of_what_is_too_long(void **state)
{
	char text[3 * SIZE];
	struct fixture f;

	(void)state;
	begin(&f);
	append(&f, "before\n");
	for (unsigned int i = 0; i < sizeof(text) - 1; i++)
		text[i] = (char)('a' + i % 26);
	text[sizeof(text) - 1] = '\0';
	append(&f, text);
	assert_string_equal(f.buf, text + sizeof(text) - SIZE);
}

static void remote_trace_append_leaves_nul_and_cr_out(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	remote_trace_append(&f.trace, "a\0b\r\n", 5);
	assert_string_equal(f.buf, "ab\n");
	assert_int_equal(f.trace.len, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(remote_trace_init_is_empty),
		cmocka_unit_test(remote_trace_append_keeps_order),
		cmocka_unit_test(remote_trace_append_fills_to_the_last_byte),
		cmocka_unit_test(remote_trace_append_drops_oldest_whole_lines),
		cmocka_unit_test(remote_trace_append_drops_a_line_without_end),
		cmocka_unit_test(
			remote_trace_append_keeps_end_of_what_is_too_long),
		cmocka_unit_test(remote_trace_append_leaves_nul_and_cr_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
