/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/metal/errno.h - error numbers, with or without an operating system
 *
 * Libraries return them negated. They never cross the shared memory, so that
 * their values need not agree between the two sides.
 */
#ifndef HVL_METAL_ERRNO_H
#define HVL_METAL_ERRNO_H

#if __STDC_HOSTED__
#include <errno.h>
#else
#define EPERM 1
#define ENOENT 2
#define EIO 5
#define ENXIO 6
#define ENOEXEC 8
#define EAGAIN 11
#define ENOMEM 12
#define EACCES 13
#define EFAULT 14
#define EBUSY 16
#define EEXIST 17
#define ENODEV 19
#define EINVAL 22
#define EFBIG 27
#define ENOSPC 28
#define ERANGE 34
#define ENOSYS 38
#define EPROTO 71
#define EOVERFLOW 75
#define EMSGSIZE 90
#define ENOTSUP 95
#define ENOBUFS 105
#define ETIMEDOUT 110
#define EALREADY 114
#endif

#endif /* HVL_METAL_ERRNO_H */
