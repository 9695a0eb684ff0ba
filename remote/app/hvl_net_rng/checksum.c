/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * checksum.c - the internet checksum (RFC 1071), a double word at a time
 *
 * The sum of 16-bit words does not depend on the order of bytes in a word, nor
 * on how many words are added at once, as long as the carries come back in.
 */
#include <stdint.h>
#include <string.h>

#include <lwip/arch.h>

static uint32_t checksum_word(const unsigned char *p)
{
	uint32_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

/*
 * As lwIP wants it: not inverted, in the byte order of the data, and relative
 * to the start of the data whatever its alignment.
 */
uint16_t app_checksum(const void *data, int len)
{
	const unsigned char *p = data;
	uint64_t even = 0, odd = 0;
	uint32_t left = (uint32_t)len, last = 0;

	for (; left >= 16; left -= 16, p += 16) {
		even += (uint64_t)checksum_word(p) + checksum_word(p + 8);
		odd += (uint64_t)checksum_word(p + 4) + checksum_word(p + 12);
	}
	for (; left >= 4; left -= 4, p += 4)
		even += checksum_word(p);
	memcpy(&last, p, left);
	even += odd + last;
	while (even >> 16)
		even = (even & 0xffff) + (even >> 16);
	return (uint16_t)even;
}
