/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reasons for a person
 */
#include <hvl/remoteproc/error.h>

#include <stdarg.h>

#include <hvl/metal/log.h>

int hvl_rproc_fail(struct hvl_rproc_error *err, int rc, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return rc;
	va_start(ap, fmt);
	hvl_vformat(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return rc;
}
