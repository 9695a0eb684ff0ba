/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/metal/compiler.h - what the compiler calls things
 */
#ifndef HVL_METAL_COMPILER_H
#define HVL_METAL_COMPILER_H

#include <stddef.h>

#define HVL_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define HVL_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif /* HVL_METAL_COMPILER_H */
