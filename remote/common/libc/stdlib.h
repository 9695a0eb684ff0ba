/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * stdlib.h - for compilers without a libc: declared for lwIP, never called
 */
#ifndef HVL_LIBC_STDLIB_H
#define HVL_LIBC_STDLIB_H

int atoi(const char *s);

#endif /* HVL_LIBC_STDLIB_H */
