/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/metal/port/coherent.h - memory primitives of a coherent machine
 *
 * For any processor whose view of the shared memory is coherent with the other
 * side's, or uncached: the compiler's atomics give single accesses and
 * release/acquire order, the caches need no care. This is the default port.
 *
 * The other side may be another processor, outside our inner-shareable domain:
 * on Arm the barriers are therefore the full-system ones, not those that the
 * compiler's atomics use between threads.
 */
#ifndef HVL_METAL_PORT_COHERENT_H
#define HVL_METAL_PORT_COHERENT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HVL_PORT_LOAD(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define HVL_PORT_STORE(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)

#if defined(__aarch64__) || (defined(__arm__) && __ARM_ARCH >= 7)
#define HVL_PORT_MB() __asm__ volatile("dmb sy" ::: "memory")
#if defined(__aarch64__)
#define HVL_PORT_RMB() __asm__ volatile("dmb ld" ::: "memory")
#else
#define HVL_PORT_RMB() __asm__ volatile("dmb sy" ::: "memory")
#endif
#define HVL_PORT_WMB() __asm__ volatile("dmb st" ::: "memory")
#define HVL_PORT_DMB_ORDERS 1
#elif defined(__x86_64__) || defined(__i386__)
/* Cheaper than mfence, and enough for write-back memory. */
#if defined(__x86_64__)
#define HVL_PORT_MB() \
	__asm__ volatile("lock; orl $0, -4(%%rsp)" ::: "memory", "cc")
#else
#define HVL_PORT_MB() \
	__asm__ volatile("lock; orl $0, (%%esp)" ::: "memory", "cc")
#endif
#define HVL_PORT_RMB() __asm__ volatile("" ::: "memory")
#define HVL_PORT_WMB() __asm__ volatile("" ::: "memory")
#elif defined(__riscv)
#define HVL_PORT_MB() __asm__ volatile("fence iorw, iorw" ::: "memory")
#define HVL_PORT_RMB() __asm__ volatile("fence ir, ir" ::: "memory")
#define HVL_PORT_WMB() __asm__ volatile("fence ow, ow" ::: "memory")
#else
#define HVL_PORT_MB() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define HVL_PORT_RMB() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define HVL_PORT_WMB() __atomic_thread_fence(__ATOMIC_RELEASE)
#endif

#ifdef HVL_PORT_DMB_ORDERS
#define HVL_PORT_LOAD_ACQUIRE(p)                            \
	__extension__({                                     \
		__typeof__(*(p)) hvl_v_ = HVL_PORT_LOAD(p); \
		__asm__ volatile("dmb sy" ::: "memory");    \
		hvl_v_;                                     \
	})
#define HVL_PORT_STORE_RELEASE(p, v)                     \
	do {                                             \
		__asm__ volatile("dmb sy" ::: "memory"); \
		HVL_PORT_STORE(p, v);                    \
	} while (0)
#else
#define HVL_PORT_LOAD_ACQUIRE(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define HVL_PORT_STORE_RELEASE(p, v) \
	__atomic_store_n((p), (v), __ATOMIC_RELEASE)
#endif

/* Only where it is one instruction sequence, and no call of a library. */
#if defined(__GCC_HAVE_SYNC_COMPARE_AND_SWAP_4)
#define HVL_PORT_CAS32(p, old, new) \
	__sync_bool_compare_and_swap((p), (old), (new))
#endif

/* Coherent: nothing to write back, nothing to drop. */
#define HVL_PORT_COHERENT 1
#define HVL_PORT_CACHE_CLEAN(va, len) ((void)(va), (void)(len))
#define HVL_PORT_CACHE_INVALIDATE(va, len) ((void)(va), (void)(len))

#define HVL_PORT_PREFETCH(p) __builtin_prefetch(p)
#if defined(__x86_64__)
/* The compiler knows it for some processors only; all others ignore it. */
#define HVL_PORT_PREFETCH_WRITE(p) \
	__asm__ volatile("prefetchw %0" ::"m"(*(const char *)(p)))
#else
#define HVL_PORT_PREFETCH_WRITE(p) __builtin_prefetch((p), 1)
#endif

/*
 * Shared memory that is mapped as normal memory takes any access; a port that
 * maps it as device memory sets this to 0 and gets aligned word copies.
 */
#ifndef HVL_PORT_SHM_IS_NORMAL
#define HVL_PORT_SHM_IS_NORMAL 1
#endif

#endif /* HVL_METAL_PORT_COHERENT_H */
