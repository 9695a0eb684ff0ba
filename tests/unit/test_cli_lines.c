/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_cli_lines.c - a remote's output as lines
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lines.h"

static struct cli_lines lines;
static char said[4096];

static void each(void *ctx, const char *line)
{
	size_t len = strlen(said);

	(void)ctx;
	(void)snprintf(said + len, sizeof(said) - len, "%s|", line);
}

static void feed(const char *text)
{
	said[0] = '\0';
	cli_lines_init(&lines, each, NULL);
	/* Byte by byte and all at once must be the same. */
	for (const char *c = text; *c; c++)
		cli_lines_feed(&lines, c, 1);
	cli_lines_end(&lines);
}

static void check(const char *text, const char *want)
{
	feed(text);
	assert_string_equal(said, want);
	said[0] = '\0';
	cli_lines_init(&lines, each, NULL);
	cli_lines_feed(&lines, text, strlen(text));
	cli_lines_end(&lines);
	assert_string_equal(said, want);
}

static void lines_look_as_on_a_terminal(void **state)
{
	(void)state;
	check("one\r\ntwo\n\nthree", "one|two||three|");
	check("hvl> \r\033[Kget_entropy test passed\r\nhvl> ",
	      "get_entropy test passed|hvl> |");
	check("\033[1;31mred\033[0m \033Mplain\n", "red plain|");
	check("abd\bc\n", "abc|");
	check("\b\bx\n", "x|");
	/* Nothing that could do harm on our own terminal is left. */
	check("bell\a, \033]0;title\a, \x7f\x01\n", "bell, 0;title, |");
	/* An escape sequence never swallows the next line. */
	check("\033[12\nnext\n", "|next|");
}

static void lines_cut_what_is_too_long(void **state)
{
	char text[1000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	feed(text);
	assert_int_equal(strlen(said), CLI_LINE_SIZE);
	assert_int_equal(lines.count, 1);
}

static void lines_keep_the_last(void **state)
{
	char text[1000] = "", want[16];

	(void)state;
	feed("a\nb\n");
	assert_string_equal(cli_lines_last(&lines, 0), "a");
	assert_string_equal(cli_lines_last(&lines, 1), "b");
	assert_null(cli_lines_last(&lines, 2));
	for (unsigned int i = 0; i < 3 * CLI_LINES_KEPT + 5; i++) {
		size_t len = strlen(text);

		(void)snprintf(text + len, sizeof(text) - len, "%u\n", i);
	}
	feed(text);
	for (unsigned int i = 0; i < CLI_LINES_KEPT; i++) {
		(void)snprintf(want, sizeof(want), "%u",
			       2 * CLI_LINES_KEPT + 5 + i);
		assert_string_equal(cli_lines_last(&lines, i), want);
	}
	assert_null(cli_lines_last(&lines, CLI_LINES_KEPT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_look_as_on_a_terminal),
		cmocka_unit_test(lines_cut_what_is_too_long),
		cmocka_unit_test(lines_keep_the_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
