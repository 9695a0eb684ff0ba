/* SPDX-License-Identifier: BSD-3-Clause */
/* The coherent port, but each store of a word is told to the mock device. */
#ifndef DRV_MOCK_PORT_H
#define DRV_MOCK_PORT_H

#include <hvl/metal/port/coherent.h>

void mock_stored(const volatile void *p);

#undef HVL_PORT_STORE
#define HVL_PORT_STORE(p, v)                                  \
	do {                                                  \
		__atomic_store_n((p), (v), __ATOMIC_RELAXED); \
		mock_stored(p);                               \
	} while (0)

#endif /* DRV_MOCK_PORT_H */
