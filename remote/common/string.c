/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * string.c - what else of string.h applications and lwIP call
 */
#include <stddef.h>
#include <string.h>

/* Keeps the compiler from turning a loop into a call of what it implements. */
#define STRING_KEEP() __asm__ volatile("" ::: "memory")

int memcmp(const void *a, const void *b, size_t len)
{
	const unsigned char *p = a, *q = b;

	for (size_t i = 0; i < len; i++)
		if (p[i] != q[i])
			return p[i] < q[i] ? -1 : 1;
	return 0;
}

size_t strlen(const char *s)
{
	size_t len = 0;

	while (s[len] != '\0') {
		len++;
		STRING_KEEP();
	}
	return len;
}

int strncmp(const char *a, const char *b, size_t max)
{
	for (size_t i = 0; i < max; i++) {
		unsigned char p = (unsigned char)a[i], q = (unsigned char)b[i];

		if (p != q)
			return p < q ? -1 : 1;
		if (p == '\0')
			return 0;
	}
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, (size_t)-1);
}
