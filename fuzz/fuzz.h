/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fuzz.h - what all harnesses share
 *
 * A harness takes a file's bytes as what the other side wrote, feeds them to
 * its consumer, and aborts when something does not hold that must hold of any
 * bytes. The sanitizers watch the rest.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(ok)                                                     \
	do {                                                               \
		if (!(ok)) {                                               \
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, \
				__LINE__, #ok);                            \
			abort();                                           \
		}                                                          \
	} while (0)

/* The input, taken from its start; zeroes when there is no more. */
struct fuzz_input {
	const uint8_t *data;
	size_t size;
};

static inline uint8_t fuzz_u8(struct fuzz_input *in)
{
	if (in->size == 0)
		return 0;
	in->size--;
	return *in->data++;
}

static inline uint16_t fuzz_u16(struct fuzz_input *in)
{
	uint16_t low = fuzz_u8(in);

	return (uint16_t)(low | fuzz_u8(in) << 8);
}

static inline uint32_t fuzz_u32(struct fuzz_input *in)
{
	uint32_t low = fuzz_u16(in);

	return low | (uint32_t)fuzz_u16(in) << 16;
}

/* A line for people: not empty, and nothing that a terminal obeys. */
static inline void fuzz_check_text(const char *text)
{
	FUZZ_CHECK(text[0] != '\0');
	for (; *text; text++)
		FUZZ_CHECK(*text >= ' ' && *text <= '~');
}

#endif /* FUZZ_H */
