/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lines.c - whole lines of a remote's output, as a terminal would show them
 */
#include "lines.h"

#include <string.h>

#define LINES_ESC 0x1b
#define LINES_DEL 0x7f

void cli_lines_init(struct cli_lines *lines,
		    void (*each)(void *ctx, const char *line), void *ctx)
{
	memset(lines, 0, sizeof(*lines));
	lines->each = each;
	lines->ctx = ctx;
}

static void lines_finish(struct cli_lines *lines)
{
	char *kept = lines->kept[lines->count++ % CLI_LINES_KEPT];

	lines->line[lines->len] = '\0';
	memcpy(kept, lines->line, lines->len + 1);
	lines->len = 0;
	lines->restart = false;
	lines->each(lines->ctx, kept);
}

/* Return: true if the byte belongs to an escape sequence. */
static bool lines_escape(struct cli_lines *lines, unsigned char c)
{
	if (c == LINES_ESC) {
		lines->escape = 1;
		return true;
	}
	if (lines->escape == 1) {
		lines->escape = c == '[' ? 2 : 0;
		return true;
	}
	if (lines->escape == 2) {
		if (c >= 0x40 && c <= 0x7e)
			lines->escape = 0;
		return true;
	}
	return false;
}

static void lines_put(struct cli_lines *lines, unsigned char c)
{
	if (c == '\n') {
		lines->escape = 0;
		lines_finish(lines);
	} else if (lines_escape(lines, c)) {
		return;
	} else if (c == '\r') {
		lines->restart = true;
	} else if (c == '\b') {
		lines->len -= lines->len > 0;
	} else if ((c >= ' ' && c != LINES_DEL) || c == '\t') {
		if (lines->restart)
			lines->len = 0;
		lines->restart = false;
		if (lines->len < CLI_LINE_SIZE - 1)
			lines->line[lines->len++] = (char)c;
	}
}

void cli_lines_feed(struct cli_lines *lines, const char *buf, size_t len)
{
	for (size_t i = 0; i < len; i++)
		lines_put(lines, (unsigned char)buf[i]);
}

void cli_lines_end(struct cli_lines *lines)
{
	if (lines->len)
		lines_finish(lines);
}

const char *cli_lines_last(const struct cli_lines *lines, unsigned int index)
{
	unsigned int first = lines->count > CLI_LINES_KEPT ?
				     lines->count - CLI_LINES_KEPT :
				     0;

	if (index >= lines->count - first)
		return NULL;
	return lines->kept[(first + index) % CLI_LINES_KEPT];
}
