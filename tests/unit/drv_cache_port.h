/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine whose cache is not coherent with the device side, and whose shared
 * memory takes single words only: what the processor has in its view of the
 * memory reaches the memory, and the other way round, by cache maintenance or
 * by an eviction at a bad moment.
 */
#ifndef DRV_CACHE_PORT_H
#define DRV_CACHE_PORT_H

#define HVL_PORT_SHM_IS_NORMAL 0
#include <hvl/metal/port/coherent.h>

void cache_stored(const volatile void *p);
void cache_clean(const volatile void *va, size_t len);
void cache_invalidate(const volatile void *va, size_t len);

#undef HVL_PORT_STORE
#define HVL_PORT_STORE(p, v)                                  \
	do {                                                  \
		__atomic_store_n((p), (v), __ATOMIC_RELAXED); \
		cache_stored(p);                              \
	} while (0)
#undef HVL_PORT_STORE_RELEASE
#define HVL_PORT_STORE_RELEASE(p, v)                          \
	do {                                                  \
		__atomic_store_n((p), (v), __ATOMIC_RELEASE); \
		cache_stored(p);                              \
	} while (0)
#undef HVL_PORT_CACHE_CLEAN
#define HVL_PORT_CACHE_CLEAN(va, len) cache_clean(va, len)
#undef HVL_PORT_CACHE_INVALIDATE
#define HVL_PORT_CACHE_INVALIDATE(va, len) cache_invalidate(va, len)

#endif /* DRV_CACHE_PORT_H */
