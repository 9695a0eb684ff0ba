/* SPDX-License-Identifier: BSD-3-Clause */
/* The coherent port, but before each word is stored the test may have the
 * program that stores it die. */
#ifndef CUT_PORT_H
#define CUT_PORT_H

#include <hvl/metal/port/coherent.h>

void cut_point(void);

#undef HVL_PORT_STORE
#define HVL_PORT_STORE(p, v)                                  \
	do {                                                  \
		cut_point();                                  \
		__atomic_store_n((p), (v), __ATOMIC_RELAXED); \
	} while (0)
#undef HVL_PORT_STORE_RELEASE
#define HVL_PORT_STORE_RELEASE(p, v)                          \
	do {                                                  \
		cut_point();                                  \
		__atomic_store_n((p), (v), __ATOMIC_RELEASE); \
	} while (0)
#undef HVL_PORT_CAS32
#define HVL_PORT_CAS32(p, old, new) \
	(cut_point(), __sync_bool_compare_and_swap((p), (old), (new)))

#endif /* CUT_PORT_H */
