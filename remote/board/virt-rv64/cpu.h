/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cpu.h - what bare.c asks of the processor
 */
#ifndef VIRT_RV64_CPU_H
#define VIRT_RV64_CPU_H

#include <stdint.h>

#define CPU_MSTATUS_MIE 8u

static inline uintptr_t cpu_mask(void)
{
	uintptr_t was;

	__asm__ volatile("csrrci %0, mstatus, 8" : "=r"(was) : : "memory");
	return was;
}

static inline void cpu_restore(uintptr_t was)
{
	__asm__ volatile("csrs mstatus, %0"
			 :
			 : "r"(was & CPU_MSTATUS_MIE)
			 : "memory");
}

/* Everything interrupts. */
static inline void cpu_poll(void)
{
}

#define CPU_READ(reg)                                              \
	__extension__({                                            \
		uint64_t cpu_v_;                                   \
		__asm__ volatile("csrr %0, " #reg : "=r"(cpu_v_)); \
		cpu_v_;                                            \
	})
#define CPU_WRITE(reg, value) \
	__asm__ volatile("csrw " #reg ", %0" : : "r"((uint64_t)(value)))

static inline void cpu_wfi(void)
{
	__asm__ volatile("fence iorw, iorw\n\twfi" ::: "memory");
}

#endif /* VIRT_RV64_CPU_H */
