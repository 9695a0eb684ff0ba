/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/wire/endian.h - little-endian integers as they lie in memory
 *
 * Each is a structure around its raw bytes, so that using one as a number
 * without converting it does not compile.
 */
#ifndef HVL_WIRE_ENDIAN_H
#define HVL_WIRE_ENDIAN_H

#include <stdint.h>

typedef struct {
	uint16_t raw;
} hvl_le16;
typedef struct {
	uint32_t raw;
} hvl_le32;
typedef struct {
	uint64_t raw;
} hvl_le64;

_Static_assert(sizeof(hvl_le16) == 2, "hvl_le16");
_Static_assert(sizeof(hvl_le32) == 4, "hvl_le32");
_Static_assert(sizeof(hvl_le64) == 8, "hvl_le64");

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define HVL_SWAP16_(v) (v)
#define HVL_SWAP32_(v) (v)
#define HVL_SWAP64_(v) (v)
#else
#define HVL_SWAP16_(v) __builtin_bswap16(v)
#define HVL_SWAP32_(v) __builtin_bswap32(v)
#define HVL_SWAP64_(v) __builtin_bswap64(v)
#endif

static inline uint16_t hvl_le16_get(hvl_le16 v)
{
	return HVL_SWAP16_(v.raw);
}

static inline uint32_t hvl_le32_get(hvl_le32 v)
{
	return HVL_SWAP32_(v.raw);
}

static inline uint64_t hvl_le64_get(hvl_le64 v)
{
	return HVL_SWAP64_(v.raw);
}

static inline hvl_le16 hvl_le16_make(uint16_t v)
{
	return (hvl_le16){ HVL_SWAP16_(v) };
}

static inline hvl_le32 hvl_le32_make(uint32_t v)
{
	return (hvl_le32){ HVL_SWAP32_(v) };
}

static inline hvl_le64 hvl_le64_make(uint64_t v)
{
	return (hvl_le64){ HVL_SWAP64_(v) };
}

#endif /* HVL_WIRE_ENDIAN_H */
