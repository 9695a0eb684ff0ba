/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * error.c - why something did not work, for a person
 */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>

int pmm_fail(struct pmm_error *err, int rc, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return rc;
	va_start(ap, fmt);
	(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return rc;
}
