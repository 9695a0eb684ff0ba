/* SPDX-License-Identifier: BSD-3-Clause */
/* The port of the mock devices, and each access is also written down. */
#ifndef CONF_PORT_H
#define CONF_PORT_H

#include "drv_mock_port.h"

void conf_loaded(const volatile void *p, size_t size);
void conf_stored(const volatile void *p, size_t size, uint64_t v);

#undef HVL_PORT_LOAD
#define HVL_PORT_LOAD(p)                                  \
	(conf_loaded((p), sizeof(*(p))), mock_loading(p), \
	 __atomic_load_n((p), __ATOMIC_RELAXED))
#undef HVL_PORT_LOAD_ACQUIRE
#define HVL_PORT_LOAD_ACQUIRE(p) \
	(conf_loaded((p), sizeof(*(p))), __atomic_load_n((p), __ATOMIC_ACQUIRE))
#undef HVL_PORT_STORE
#define HVL_PORT_STORE(p, v)                                  \
	do {                                                  \
		conf_stored((p), sizeof(*(p)), (v));          \
		__atomic_store_n((p), (v), __ATOMIC_RELAXED); \
		mock_stored(p);                               \
	} while (0)
#undef HVL_PORT_STORE_RELEASE
#define HVL_PORT_STORE_RELEASE(p, v)                          \
	do {                                                  \
		conf_stored((p), sizeof(*(p)), (v));          \
		__atomic_store_n((p), (v), __ATOMIC_RELEASE); \
	} while (0)

#endif /* CONF_PORT_H */
