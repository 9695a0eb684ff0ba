/* SPDX-License-Identifier: BSD-3-Clause */
/* Log lines: formatted on the stack, handed to whoever owns the log. */
#include <hvl/metal/log.h>

void hvl_log(const struct hvl_log *log, enum hvl_log_level level,
	     const char *fmt, ...)
{
	char line[HVL_LOG_LINE];
	va_list ap;

	if (log == NULL || level > log->level)
		return;
	va_start(ap, fmt);
	hvl_vformat(line, sizeof(line), fmt, ap);
	va_end(ap);
	log->write(log->ctx, level, line);
}
