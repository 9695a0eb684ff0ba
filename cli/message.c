/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * message.c - what hvl itself says, on stderr
 */
#include "message.h"

#include <ctype.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static bool column_used;
static int patience_ms = -1;
static unsigned int left_out;

void cli_message_patience(int ms)
{
	patience_ms = ms;
}

void cli_message_column(bool used)
{
	column_used = used;
}

/* At least as much as a line fits then: a pipe takes a page, or waits. */
static bool message_can(void)
{
	struct pollfd pfd = { .fd = STDERR_FILENO, .events = POLLOUT };

	return poll(&pfd, 1, patience_ms) == 1;
}

void cli_message_newline(void)
{
	if (column_used && message_can())
		(void)fputc('\n', stderr);
	column_used = false;
}

/* One line of text, whatever names it has in it. */
static void message_tame(char *line)
{
	for (; *line; line++) {
		if (iscntrl((unsigned char)*line))
			*line = '?';
	}
}

void cli_say(const char *fmt, ...)
{
	char line[600];
	va_list ap;

	if (!message_can()) {
		left_out++;
		return;
	}
	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	message_tame(line);
	/* The terminal still turns "\n" into a whole new line: see term.c. */
	cli_message_newline();
	if (left_out)
		(void)fprintf(stderr, "hvl: %u messages that nobody read\n",
			      left_out);
	left_out = 0;
	(void)fprintf(stderr, "hvl: %s\n", line);
}

static void log_write(void *ctx, enum hvl_log_level level, const char *line)
{
	(void)ctx;
	cli_say("%s%s", level == HVL_LOG_WARNING ? "warning: " : "", line);
}

void cli_log_init(struct hvl_log *log, bool verbose)
{
	*log = (struct hvl_log){
		.level = verbose ? HVL_LOG_DEBUG : HVL_LOG_WARNING,
		.write = log_write,
	};
}
