/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bytes_priv.h - little-endian words at any address in private memory
 */
#ifndef HVL_REMOTEPROC_BYTES_PRIV_H
#define HVL_REMOTEPROC_BYTES_PRIV_H

#include <stdint.h>

static inline uint16_t hvl_get16_(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t hvl_get32_(const uint8_t *p)
{
	return hvl_get16_(p) | (uint32_t)hvl_get16_(p + 2) << 16;
}

static inline uint64_t hvl_get64_(const uint8_t *p)
{
	return hvl_get32_(p) | (uint64_t)hvl_get32_(p + 4) << 32;
}

static inline void hvl_put32_(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
	p[2] = (uint8_t)(v >> 16);
	p[3] = (uint8_t)(v >> 24);
}

#endif /* HVL_REMOTEPROC_BYTES_PRIV_H */
