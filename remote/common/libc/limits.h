/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * limits.h - for compilers without a libc: nothing to add to the compiler's
 *
 * A compiler that was built for a system looks for that system's behind its
 * own.
 */
