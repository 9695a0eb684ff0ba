/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/error.h - why something did not work, for a person
 *
 * One line that names what failed, on what, why, and where it helps the cure.
 */
#ifndef PMM_ERROR_H
#define PMM_ERROR_H

#include <hvl/metal/compiler.h>

struct pmm_error {
	char text[400];
};

/**
 * pmm_fail() - note a reason and return its errno
 * @err: filled in; may be NULL
 * @rc:  negative errno, returned
 * @fmt: as printf() has it
 */
int pmm_fail(struct pmm_error *err, int rc, const char *fmt, ...)
	HVL_PRINTF(3, 4);

#endif /* PMM_ERROR_H */
