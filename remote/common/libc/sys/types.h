/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sys/types.h - for compilers without a libc
 */
#ifndef HVL_LIBC_SYS_TYPES_H
#define HVL_LIBC_SYS_TYPES_H

typedef __INTPTR_TYPE__ ssize_t;

#endif /* HVL_LIBC_SYS_TYPES_H */
