/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * trace.h - the text in the resource table's trace buffer
 *
 * The main side shows the buffer from its start to the first NUL, at any time
 * and without asking. So the text always starts at the first byte and ends
 * with a NUL; when there is no room for more, the oldest whole lines go.
 *
 * Threads  One at a time.
 */
#ifndef REMOTE_TRACE_H
#define REMOTE_TRACE_H

#include <stddef.h>

struct remote_trace {
	char *buf;
	size_t size; /* bytes of buf, at least 2 */
	size_t len;  /* of the text, without its NUL */
};

/** remote_trace_init() - start with no text in @buf, which is borrowed */
void remote_trace_init(struct remote_trace *trace, char *buf, size_t size);

/**
 * remote_trace_append() - add text at the end
 *
 * Of text that is larger than the buffer the end remains. NULs and carriage
 * returns in it are left out.
 */
void remote_trace_append(struct remote_trace *trace, const char *text,
			 size_t len);

#endif /* REMOTE_TRACE_H */
