/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/remoteproc/error.h - why a firmware was refused, for a person
 *
 * One line that names what was wrong and what would be right, without the
 * file's name, which the caller knows.
 */
#ifndef HVL_REMOTEPROC_ERROR_H
#define HVL_REMOTEPROC_ERROR_H

#include <hvl/metal/compiler.h>

struct hvl_rproc_error {
	char text[160];
};

/**
 * hvl_rproc_fail() - note a reason and return its errno
 * @err: filled in; may be NULL
 * @rc:  negative errno, returned
 * @fmt: as hvl_vformat() has it
 */
int hvl_rproc_fail(struct hvl_rproc_error *err, int rc, const char *fmt, ...)
	HVL_PRINTF(3, 4);

#endif /* HVL_REMOTEPROC_ERROR_H */
