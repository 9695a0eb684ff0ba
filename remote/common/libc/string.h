/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * string.h - for compilers without a libc: what string.c and memory.c have
 *
 * The libraries need the first four only, which compilers call by themselves.
 */
#ifndef HVL_LIBC_STRING_H
#define HVL_LIBC_STRING_H

#include <stddef.h>

void *memcpy(void *restrict dst, const void *restrict src, size_t len);
void *memmove(void *dst, const void *src, size_t len);
void *memset(void *dst, int byte, size_t len);
int memcmp(const void *a, const void *b, size_t len);

size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t max);

#endif /* HVL_LIBC_STRING_H */
