/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cpu.h - the processor: what remote/common/bare.h asks for
 */
#ifndef CPU_H
#define CPU_H

#include <stdint.h>

static inline uintptr_t cpu_mask(void)
{
	uintptr_t was;

	__asm__ volatile("mrs %0, primask\n\tcpsid i" : "=r"(was) : : "memory");
	return was;
}

static inline void cpu_restore(uintptr_t was)
{
	__asm__ volatile("msr primask, %0" : : "r"(was) : "memory");
}

/* Interrupts say all there is to know. */
static inline void cpu_poll(void)
{
}

#endif /* CPU_H */
