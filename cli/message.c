/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * message.c - what hvl itself says, on stderr
 */
#include "message.h"

#include <stdarg.h>
#include <stdio.h>

static bool column_used;

void cli_message_column(bool used)
{
	column_used = used;
}

void cli_message_newline(void)
{
	if (column_used)
		(void)fputc('\n', stderr);
	column_used = false;
}

void cli_say(const char *fmt, ...)
{
	char line[600];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	/* The terminal still turns "\n" into a whole new line: see term.c. */
	cli_message_newline();
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
