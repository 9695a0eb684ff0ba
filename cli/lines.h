/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cli/lines.h - whole lines of a remote's output, as a terminal would show them
 *
 * A carriage return starts the line again, escape sequences and control
 * characters are left out: what remains may be printed anywhere.
 */
#ifndef CLI_LINES_H
#define CLI_LINES_H

#include <stdbool.h>
#include <stddef.h>

#define CLI_LINES_KEPT 20u
#define CLI_LINE_SIZE 160u /* longer ones are cut */

struct cli_lines {
	char line[CLI_LINE_SIZE];
	size_t len;
	bool restart; /* a carriage return came: the next byte starts anew */
	int escape;   /* in an escape sequence: 1 after ESC, 2 within CSI */
	char kept[CLI_LINES_KEPT][CLI_LINE_SIZE]; /* the last ones, a ring */
	unsigned int count;			  /* of all */
	void (*each)(void *ctx, const char *line);
	void *ctx;
};

/** cli_lines_init() - @each gets every line, without its end */
void cli_lines_init(struct cli_lines *lines,
		    void (*each)(void *ctx, const char *line), void *ctx);

/** cli_lines_feed() - more output */
void cli_lines_feed(struct cli_lines *lines, const char *buf, size_t len);

/** cli_lines_end() - no more: an unfinished line is a line */
void cli_lines_end(struct cli_lines *lines);

/** cli_lines_last() - of the kept ones, the oldest first. Return: NULL after
 * the last. */
const char *cli_lines_last(const struct cli_lines *lines, unsigned int index);

#endif /* CLI_LINES_H */
