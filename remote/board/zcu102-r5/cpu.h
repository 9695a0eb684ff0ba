/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cpu.h - the processor: what remote/common/bare.h asks for
 */
#ifndef CPU_H
#define CPU_H

#include <stdint.h>

#define CPU_CPSR_I 0x80u

static inline uintptr_t cpu_mask(void)
{
	uintptr_t was;

	__asm__ volatile("mrs %0, cpsr\n\tcpsid i" : "=r"(was) : : "memory");
	return was;
}

static inline void cpu_restore(uintptr_t was)
{
	if (!(was & CPU_CPSR_I))
		__asm__ volatile("cpsie i" : : : "memory");
}

/* board.c: looks at the UART where nothing interrupts. */
void cpu_poll(void);

#endif /* CPU_H */
