/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * trace.c - the text in the resource table's trace buffer
 */
#include "trace.h"

#include <string.h>

void remote_trace_init(struct remote_trace *trace, char *buf, size_t size)
{
	trace->buf = buf;
	trace->size = size;
	trace->len = 0;
	memset(buf, 0, size);
}

/* The first byte after the line that byte @at belongs to, or @len. */
static size_t trace_next_line(const char *text, size_t at, size_t len)
{
	while (at < len && text[at] != '\n')
		at++;
	return at < len ? at + 1 : len;
}

/*
 * Drop whole lines until @room bytes are free. At least a quarter of the
 * buffer goes, so that a full buffer is not moved for every line.
 */
static void trace_make_room(struct remote_trace *trace, size_t room)
{
	size_t max = trace->size - 1, drop;

	if (trace->len + room <= max)
		return;
	drop = trace->len + room - max;
	if (drop < trace->size / 4)
		drop = trace->size / 4;
	if (drop > trace->len)
		drop = trace->len;
	if (drop > 0)
		drop = trace_next_line(trace->buf, drop - 1, trace->len);
	trace->len -= drop;
	memmove(trace->buf, trace->buf + drop, trace->len);
	/* Stale text after the end would show while the next line is added. */
	memset(trace->buf + trace->len, 0, drop);
}

void remote_trace_append(struct remote_trace *trace, const char *text,
			 size_t len)
{
	size_t max = trace->size - 1, i;

	if (len > max) {
		text += len - max;
		len = max;
	}
	trace_make_room(trace, len);
	/* Behind the text all is NUL: the reader always finds an end. */
	for (i = 0; i < len; i++)
		if (text[i] != '\0' && text[i] != '\r')
			trace->buf[trace->len++] = text[i];
}
