/* SPDX-License-Identifier: BSD-3-Clause */
/* The coherent port, but the mock device hears of each word that is
 * loaded or stored. */
#ifndef DRV_MOCK_PORT_H
#define DRV_MOCK_PORT_H

#include <hvl/metal/port/coherent.h>

void mock_stored(const volatile void *p);
void mock_loading(const volatile void *p);

#undef HVL_PORT_LOAD
#define HVL_PORT_LOAD(p) \
	(mock_loading(p), __atomic_load_n((p), __ATOMIC_RELAXED))
#undef HVL_PORT_LOAD_ACQUIRE
#define HVL_PORT_LOAD_ACQUIRE(p) \
	(mock_loading(p), __atomic_load_n((p), __ATOMIC_ACQUIRE))
#undef HVL_PORT_STORE
#define HVL_PORT_STORE(p, v)                                  \
	do {                                                  \
		__atomic_store_n((p), (v), __ATOMIC_RELAXED); \
		mock_stored(p);                               \
	} while (0)
#undef HVL_PORT_STORE_RELEASE
#define HVL_PORT_STORE_RELEASE(p, v)                          \
	do {                                                  \
		__atomic_store_n((p), (v), __ATOMIC_RELEASE); \
		mock_stored(p);                               \
	} while (0)

#endif /* DRV_MOCK_PORT_H */
