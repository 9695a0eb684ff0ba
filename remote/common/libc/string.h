/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * string.h - all of it that code for a remote may rely on
 *
 * A bare compiler has no string.h; a board's toolchain has one, and the four
 * functions that compilers call by themselves are the common ground.
 */
#ifndef HVL_CHECK_STRING_H
#define HVL_CHECK_STRING_H

#include <stddef.h>

void *memcpy(void *restrict dst, const void *restrict src, size_t len);
void *memmove(void *dst, const void *src, size_t len);
void *memset(void *dst, int byte, size_t len);
int memcmp(const void *a, const void *b, size_t len);

#endif
