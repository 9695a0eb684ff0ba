/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/metal/log.h - messages with levels, and the formatting behind them
 *
 * Libraries print nothing themselves: whoever creates an object hands it a
 * log, which may be NULL for silence. A line has no newline at its end and
 * at most HVL_LOG_LINE bytes with its NUL; what is longer is cut.
 */
#ifndef HVL_METAL_LOG_H
#define HVL_METAL_LOG_H

#include <stdarg.h>
#include <stddef.h>

#include <hvl/metal/compiler.h>

#define HVL_LOG_LINE 200

enum hvl_log_level {
	HVL_LOG_ERROR,	 /* something does not work */
	HVL_LOG_WARNING, /* it goes on, but somebody should know */
	HVL_LOG_INFO,	 /* events that a person cares about */
	HVL_LOG_DEBUG,	 /* for developers */
};

struct hvl_log {
	enum hvl_log_level level; /* less urgent lines are dropped */
	void (*write)(void *ctx, enum hvl_log_level level, const char *line);
	void *ctx;
};

/**
 * hvl_log() - write one line
 * @log:   NULL: nowhere
 * @level: of this line
 * @fmt:   as hvl_vformat() has it
 *
 * Allocates nothing; calls @log->write at most once, in the caller's context.
 */
void hvl_log(const struct hvl_log *log, enum hvl_log_level level,
	     const char *fmt, ...) HVL_PRINTF(3, 4);

/**
 * hvl_vformat() - format into a buffer, as vsnprintf() does
 * @buf:  NUL-terminated when @size is not 0
 * @size: bytes of @buf
 * @fmt:  %d %i %u %x %X %c %s %p %%, with flags '-' and '0', width (also *),
 *        precision for %s (also *), and the lengths hh, h, l, ll, z. No
 *        floating point.
 * @ap:   arguments
 * Return: the length of the whole text without NUL, were @buf large enough.
 * Any context.
 */
int hvl_vformat(char *buf, size_t size, const char *fmt, va_list ap)
	HVL_PRINTF(3, 0);

/** hvl_format() - hvl_vformat() with its arguments in the call */
int hvl_format(char *buf, size_t size, const char *fmt, ...) HVL_PRINTF(3, 4);

#endif /* HVL_METAL_LOG_H */
