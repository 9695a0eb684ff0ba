/* SPDX-License-Identifier: BSD-3-Clause */
/* The coherent port, but the test hears of each cache operation. */
#ifndef RPROC_CACHE_PORT_H
#define RPROC_CACHE_PORT_H

#include <hvl/metal/port/coherent.h>

void cache_clean(const volatile void *va, size_t len);
void cache_invalidate(const volatile void *va, size_t len);

#undef HVL_PORT_CACHE_CLEAN
#define HVL_PORT_CACHE_CLEAN(va, len) cache_clean(va, len)
#undef HVL_PORT_CACHE_INVALIDATE
#define HVL_PORT_CACHE_INVALIDATE(va, len) cache_invalidate(va, len)

#endif /* RPROC_CACHE_PORT_H */
