/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/metal/compiler.h - what the compiler calls things
 */
#ifndef HVL_METAL_COMPILER_H
#define HVL_METAL_COMPILER_H

#include <stddef.h>

#define HVL_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define HVL_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* For what must not become a call: it is small, or has few callers that count. */
#define HVL_INLINE static inline __attribute__((always_inline))

#endif /* HVL_METAL_COMPILER_H */
