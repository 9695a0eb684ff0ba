/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/metal/port.h - the memory primitives of the machine we build for
 *
 * A port is a header that defines
 *
 *   HVL_PORT_LOAD(p), HVL_PORT_STORE(p, v)
 *	one access, neither split, merged nor repeated; 8 to 32 bits, and 64
 *	on a 64-bit machine
 *   HVL_PORT_LOAD_ACQUIRE(p), HVL_PORT_STORE_RELEASE(p, v)
 *	the same, ordered before all later, after all earlier accesses
 *   HVL_PORT_MB(), HVL_PORT_RMB(), HVL_PORT_WMB()
 *	full, load-load and store-store barriers that reach the other processor
 *   HVL_PORT_CACHE_CLEAN(va, len), HVL_PORT_CACHE_INVALIDATE(va, len)
 *	write back, drop; nothing on a coherent machine
 *   HVL_PORT_CAS32(p, old, new)
 *	optional: compare-and-swap of 32 bits, true if it stored, where the
 *	other side's accesses to the shared memory honour it
 *   HVL_PORT_PREFETCH(p), HVL_PORT_PREFETCH_WRITE(p)
 *	optional: hints that a line is soon read, or written; for any address
 *   HVL_PORT_COHERENT
 *	1 where the two operations on caches above do nothing
 *   HVL_PORT_SHM_IS_NORMAL
 *	0 where the shared memory is mapped as device memory
 *
 * and is named by -DHVL_METAL_PORT_H='<...>'. Without one, the machine is
 * coherent and port/coherent.h serves it. Nothing but metal includes this.
 */
#ifndef HVL_METAL_PORT_H
#include <hvl/metal/port/coherent.h>
#else
#include HVL_METAL_PORT_H
#endif

#ifndef HVL_PORT_COHERENT
#define HVL_PORT_COHERENT 0
#endif

#ifndef HVL_PORT_PREFETCH
#define HVL_PORT_PREFETCH(p) ((void)(p))
#define HVL_PORT_PREFETCH_WRITE(p) ((void)(p))
#endif
