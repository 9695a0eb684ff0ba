/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * memory.c - memcpy, memmove, memset for any processor, word by word
 *
 * Words are accessed aligned only, so it serves machines that know no other
 * way: between addresses that differ in their alignment each word is put
 * together from two. A board with something faster takes its own instead.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uintptr_t __attribute__((may_alias)) memory_word;

#define WORD sizeof(memory_word)
#define MEMORY_WORTH_IT (2 * WORD) /* bytes: less is copied as it is */

/* Keeps the compiler from turning a loop into a call of what it implements. */
#define MEMORY_KEEP() __asm__ volatile("" ::: "memory")

static int memory_same_phase(const void *a, const void *b)
{
	return ((uintptr_t)a ^ (uintptr_t)b) % WORD == 0;
}

/* A word from two, of which the first lacks @down bits. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define MEMORY_JOIN(low, down, high, up) ((low) >> (down) | (high) << (up))
#else
#define MEMORY_JOIN(low, down, high, up) ((low) << (down) | (high) >> (up))
#endif

/*
 * Words to an aligned @d from an unaligned @s. Of each word that is read at
 * least a byte is wanted, so that none lies in a page of its own; the other
 * bytes may be behind the end of what @s points to.
 */
static __attribute__((no_sanitize("address"))) void
memory_shifted(unsigned char *d, const unsigned char *s, size_t words)
{
	size_t off = (uintptr_t)s % WORD;
	unsigned int down = (unsigned int)off * 8;
	unsigned int up = (unsigned int)WORD * 8 - down;
	const memory_word *from = (const void *)(s - off);
	memory_word *to = (void *)d, low = *from++;

	for (; words > 0; words--) {
		memory_word high = *from++;

		*to++ = MEMORY_JOIN(low, down, high, up);
		low = high;
		MEMORY_KEEP();
	}
}

static void memory_words(unsigned char *d, const unsigned char *s, size_t words)
{
	memory_word *to = (void *)d;
	const memory_word *from = (const void *)s;

	for (; words > 0; words--) {
		*to++ = *from++;
		MEMORY_KEEP();
	}
}

static void memory_forward(unsigned char *d, const unsigned char *s, size_t len)
{
	size_t words;

	if (len >= MEMORY_WORTH_IT) {
		for (; (uintptr_t)d % WORD != 0; len--) {
			*d++ = *s++;
			MEMORY_KEEP();
		}
		words = len / WORD;
		if (memory_same_phase(d, s))
			memory_words(d, s, words);
		else
			memory_shifted(d, s, words);
		d += words * WORD;
		s += words * WORD;
		len %= WORD;
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
