/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The line editor: keys in, line and terminal out.
 */
#include "edit.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#define LEFT "\x1b[D"
#define RIGHT "\x1b[C"
#define UP "\x1b[A"
#define DOWN "\x1b[B"
#define COLUMNS 160u

/* A terminal of one row, which knows what the editor may send. */
static struct terminal {
	char row[COLUMNS];
	unsigned int column;
	unsigned int bells;
	char pending[16];
	size_t npending;
} term;

static struct edit edit;

static void term_clear(void)
{
	memset(term.row, ' ', COLUMNS);
	term.column = 0;
}

/* Return: whether the bytes so far are a whole escape sequence. */
static int term_escape(char c)
{
	term.pending[term.npending++] = c;
	term.pending[term.npending] = '\0';
	assert_true(term.npending < sizeof(term.pending) - 1);
	if (term.npending < 3 || (c >= '0' && c <= '9'))
		return 0;
	assert_int_equal(term.pending[1], '[');
	if (c == 'K') {
		memset(term.row + term.column, ' ', COLUMNS - term.column);
	} else {
		unsigned int n = 0;

		assert_int_equal(c, 'D');
		assert_int_equal(sscanf(term.pending + 2, "%uD", &n), 1);
		assert_true(n > 0 && n <= term.column);
		term.column -= n;
	}
	return 1;
}

static void term_write(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (term.npending > 0 || c == '\x1b') {
			if (term_escape(c))
				term.npending = 0;
		} else if (c == '\r') {
			term.column = 0;
		} else if (c == '\n') {
			term_clear();
		} else if (c == '\a') {
			term.bells++;
		} else {
			assert_true(term.column < 80);
			term.row[term.column++] = c;
		}
	}
}

static enum edit_event type(const char *keys)
{
	enum edit_event event = EDIT_MORE;

	for (; *keys != '\0'; keys++) {
		assert_int_equal(event, EDIT_MORE);
		event = edit_key(&edit, *keys);
	}
	return event;
}

/* What the editor holds, what is on the terminal, where the cursor is. */
static void expect(const char *line, size_t pos)
{
	char row[COLUMNS + 1];
	size_t len = strlen(line);

	assert_string_equal(edit.line, line);
	assert_int_equal(edit.len, len);
	assert_int_equal(edit.pos, pos);
	memset(row, ' ', COLUMNS);
	memcpy(row, "> ", 2);
	memcpy(row + 2, line, len);
	assert_memory_equal(term.row, row, COLUMNS);
	assert_int_equal(term.column, 2 + pos);
}

static int begin(void **state)
{
	(void)state;
	memset(&term, 0, sizeof(term));
	term_clear();
	edit_init(&edit, "> ", term_write);
	edit_begin(&edit);
	return 0;
}

static void enter(const char *line)
{
	type(line);
	assert_int_equal(type("\r"), EDIT_LINE);
	assert_string_equal(edit.line, line);
	edit_begin(&edit);
}

static void edit_key_appends(void **state)
{
	(void)state;
	expect("", 0);
	type("net ping");
	expect("net ping", 8);
}

static void edit_key_inserts_at_the_cursor(void **state)
{
	(void)state;
	type("nt" LEFT "e");
	expect("net", 2);
	type(RIGHT RIGHT "!");
	expect("net!", 4);
	type(LEFT LEFT LEFT LEFT LEFT LEFT "<");
	expect("<net!", 1);
}

static void edit_key_deletes(void **state)
{
	(void)state;
	type("abcd\x7f");
	expect("abc", 3);
	type(LEFT "\x08");
	expect("ac", 1);
	type("\x1b[3~");
	expect("a", 1);
	type("\x1b[3~\x7f\x7f\x7f");
	expect("", 0);
}

static void edit_key_moves_to_the_ends(void **state)
{
	static const char *const home[] = { "\x01", "\x1b[H", "\x1bOH",
					    "\x1b[1~", "\x1b[7~" };
	static const char *const end[] = { "\x05", "\x1b[F", "\x1bOF",
					   "\x1b[4~", "\x1b[8~" };

	(void)state;
	type("line");
	for (size_t i = 0; i < 5; i++) {
		type(home[i]);
		expect("line", 0);
		type(end[i]);
		expect("line", 4);
	}
}

static void edit_key_cuts(void **state)
{
	(void)state;
	type("one two  three");
	type("\x17");
	expect("one two  ", 9);
	type("\x17");
	expect("one ", 4);
	type("two" LEFT LEFT "\x0b");
	expect("one t", 5);
	type(LEFT "\x15");
	expect("t", 0);
	type("\x17");
	expect("t", 0);
}

static void edit_key_cancels(void **state)
{
	(void)state;
	type("half");
	assert_int_equal(type("\x03"), EDIT_CANCEL);
	edit_begin(&edit);
	expect("", 0);
	type(UP);
	expect("", 0);
}

static void edit_key_ends_once_per_line_end(void **state)
{
	(void)state;
	assert_int_equal(type("a\r"), EDIT_LINE);
	edit_begin(&edit);
	assert_int_equal(edit_key(&edit, '\n'), EDIT_MORE);
	assert_int_equal(type("b\n"), EDIT_LINE);
	edit_begin(&edit);
	assert_int_equal(edit_key(&edit, '\n'), EDIT_LINE);
}

static void edit_key_bounds_the_line(void **state)
{
	char want[EDIT_SIZE];

	(void)state;
	for (unsigned int i = 0; i < EDIT_SIZE - 1; i++)
		type("x");
	assert_int_equal(term.bells, 0);
	type("yy" LEFT "z");
	assert_int_equal(term.bells, 3);
	memset(want, 'x', EDIT_SIZE - 1);
	want[EDIT_SIZE - 1] = '\0';
	expect(want, EDIT_SIZE - 2);
}

static void edit_history_goes_back_and_forth(void **state)
{
	(void)state;
	enter("first");
	enter("second");
	type("dra");
	type(UP);
	expect("second", 6);
	type(UP);
	expect("first", 5);
	type(UP);
	expect("first", 5);
	type(DOWN);
	expect("second", 6);
	type(DOWN);
	expect("dra", 3);
	type(DOWN "ft");
	expect("draft", 5);
}

static void edit_history_forgets_the_oldest(void **state)
{
	char line[32];

	(void)state;
	for (unsigned int i = 0; i < 2 * EDIT_HISTORY + 3; i++) {
		snprintf(line, sizeof(line), "line %u", i);
		enter(line);
	}
	for (unsigned int i = 0; i < EDIT_HISTORY + 2; i++)
		type(UP);
	snprintf(line, sizeof(line), "line %u", EDIT_HISTORY + 3);
	expect(line, strlen(line));
}

static void edit_history_skips_repeats_and_nothing(void **state)
{
	(void)state;
	enter("a");
	enter("b");
	enter("b");
	enter("");
	type(UP UP);
	expect("a", 1);
}

static void edit_history_survives_changes_to_its_copy(void **state)
{
	(void)state;
	enter("keep");
	type(UP "\x7f\x7f");
	expect("ke", 2);
	type("\x15" DOWN UP);
	expect("keep", 4);
}

static void edit_key_ignores_what_it_does_not_know(void **state)
{
	(void)state;
	type("ab\t\x1b[5~\x1b[1;5A\x1b[Z\x1bx\x80\xff\x1b[999999999999~");
	expect("ab", 2);
}

static void edit_hide_and_show_restore_the_line(void **state)
{
	(void)state;
	type("ping" LEFT);
	edit_hide(&edit);
	term_write("log line\r\n", 10);
	edit_show(&edit);
	expect("ping", 3);
}

static void edit_hide_without_line_writes_nothing(void **state)
{
	(void)state;
	type("x\r");
	edit_hide(&edit);
	edit_show(&edit);
	assert_int_equal(term.column, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, begin)
	const struct CMUnitTest tests[] = {
		TEST(edit_key_appends),
		TEST(edit_key_inserts_at_the_cursor),
		TEST(edit_key_deletes),
		TEST(edit_key_moves_to_the_ends),
		TEST(edit_key_cuts),
		TEST(edit_key_cancels),
		TEST(edit_key_ends_once_per_line_end),
		TEST(edit_key_bounds_the_line),
		TEST(edit_history_goes_back_and_forth),
		TEST(edit_history_forgets_the_oldest),
		TEST(edit_history_skips_repeats_and_nothing),
		TEST(edit_history_survives_changes_to_its_copy),
		TEST(edit_key_ignores_what_it_does_not_know),
		TEST(edit_hide_and_show_restore_the_line),
		TEST(edit_hide_without_line_writes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
