/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * memory.c - memcpy, memmove, memset as x86-64 does them best
 *
 * Sizes up to 16 take two accesses that may overlap, up to MEMORY_REP a loop of
 * 16 bytes; above that the processor's own string instructions, which move
 * whole cache lines.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MEMORY_REP 512u

/* One access each, of any alignment. */
struct memory_u16 {
	uint16_t v;
} __attribute__((packed, may_alias));
struct memory_u32 {
	uint32_t v;
} __attribute__((packed, may_alias));
struct memory_u64 {
	uint64_t v;
} __attribute__((packed, may_alias));
typedef long long memory_v128
	__attribute__((vector_size(16), aligned(1), may_alias));

/* Keeps the compiler from turning a loop into a call of what it implements. */
#define MEMORY_KEEP() __asm__ volatile("" ::: "memory")

/* Both ends are read before either is written, so overlap does not matter. */
#define MEMORY_TWO(type, d, s, len)                                       \
	do {                                                              \
		type first_ = *(const type *)(s);                         \
		type last_ = *(const type *)((s) + (len) - sizeof(type)); \
		*(type *)(d) = first_;                                    \
		*(type *)((d) + (len) - sizeof(type)) = last_;            \
	} while (0)

static void memory_small(unsigned char *d, const unsigned char *s, size_t len)
{
	if (len >= 8)
		MEMORY_TWO(struct memory_u64, d, s, len);
	else if (len >= 4)
		MEMORY_TWO(struct memory_u32, d, s, len);
	else if (len >= 2)
		MEMORY_TWO(struct memory_u16, d, s, len);
	else if (len == 1)
		*d = *s;
}

static void memory_forward(unsigned char *d, const unsigned char *s, size_t len)
{
	memory_v128 last = *(const memory_v128 *)(s + len - 16);
	unsigned char *end = d + len - 16;

	while (d < end) {
		*(memory_v128 *)d = *(const memory_v128 *)s;
		d += 16;
		s += 16;
		MEMORY_KEEP();
	}
	*(memory_v128 *)end = last;
}

static void memory_backward(unsigned char *d, const unsigned char *s,
			    size_t len)
{
	memory_v128 first = *(const memory_v128 *)s;
	size_t at = len;

	while (at > 16) {
		at -= 16;
		*(memory_v128 *)(d + at) = *(const memory_v128 *)(s + at);
		MEMORY_KEEP();
	}
	*(memory_v128 *)d = first;
}

void *memcpy(void *restrict dst, const void *restrict src, size_t len)
{
	void *d = dst;

	if (len <= 16)
		memory_small(dst, src, len);
	else if (len < MEMORY_REP)
		memory_forward(dst, src, len);
	else
		__asm__ volatile("rep movsb"
				 : "+D"(d), "+S"(src), "+c"(len)
				 :
				 : "memory");
	return dst;
}

void *memmove(void *dst, const void *src, size_t len)
{
	if (len <= 16)
		memory_small(dst, src, len);
	else if ((uintptr_t)dst - (uintptr_t)src >= len)
		/* No byte is written before it is read. */
		memory_forward(dst, src, len);
	else
		memory_backward(dst, src, len);
	return dst;
}

void *memset(void *dst, int byte, size_t len)
{
	void *d = dst;

	__asm__ volatile("rep stosb"
			 : "+D"(d), "+c"(len)
			 : "a"(byte)
			 : "memory");
	return dst;
}
