/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * memory.c - memcpy, memmove, memset for any processor, word by word
 *
 * Words are accessed aligned only, so it serves machines that know no other
 * way; a board with something faster takes its own instead.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uintptr_t __attribute__((may_alias)) memory_word;

#define WORD sizeof(memory_word)

/* Keeps the compiler from turning a loop into a call of what it implements. */
#define MEMORY_KEEP() __asm__ volatile("" ::: "memory")

static int memory_same_phase(const void *a, const void *b)
{
	return ((uintptr_t)a ^ (uintptr_t)b) % WORD == 0;
}

static void memory_forward(unsigned char *d, const unsigned char *s, size_t len)
{
	if (memory_same_phase(d, s)) {
		for (; len > 0 && (uintptr_t)d % WORD != 0; len--) {
			*d++ = *s++;
			MEMORY_KEEP();
		}
		for (; len >= WORD; len -= WORD, d += WORD, s += WORD) {
			*(memory_word *)(void *)d =
				*(const memory_word *)(const void *)s;
			MEMORY_KEEP();
		}
	}
	for (; len > 0; len--) {
		*d++ = *s++;
		MEMORY_KEEP();
	}
}

static void memory_backward(unsigned char *d, const unsigned char *s,
			    size_t len)
{
	while (len > 0) {
		len--;
		d[len] = s[len];
		MEMORY_KEEP();
	}
}

void *memcpy(void *restrict dst, const void *restrict src, size_t len)
{
	memory_forward(dst, src, len);
	return dst;
}

void *memmove(void *dst, const void *src, size_t len)
{
	/* Forward where no byte is written before it is read. */
	if ((uintptr_t)dst - (uintptr_t)src >= len)
		memory_forward(dst, src, len);
	else
		memory_backward(dst, src, len);
	return dst;
}

void *memset(void *dst, int byte, size_t len)
{
	memory_word word = (unsigned char)byte * (UINTPTR_MAX / 255u);
	unsigned char *d = dst;

	for (; len > 0 && (uintptr_t)d % WORD != 0; len--) {
		*d++ = (unsigned char)byte;
		MEMORY_KEEP();
	}
	for (; len >= WORD; len -= WORD, d += WORD) {
		*(memory_word *)(void *)d = word;
		MEMORY_KEEP();
	}
	for (; len > 0; len--) {
		*d++ = (unsigned char)byte;
		MEMORY_KEEP();
	}
	return dst;
}
