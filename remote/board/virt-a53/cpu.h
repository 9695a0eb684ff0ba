/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cpu.h - what bare.c asks of the processor
 */
#ifndef VIRT_A53_CPU_H
#define VIRT_A53_CPU_H

#include <stdint.h>

static inline uintptr_t cpu_mask(void)
{
	uintptr_t was;

	__asm__ volatile("mrs %0, daif\n\tmsr daifset, #2"
			 : "=r"(was)
			 :
			 : "memory");
	return was;
}

static inline void cpu_restore(uintptr_t was)
{
	__asm__ volatile("msr daif, %0" : : "r"(was) : "memory");
}

/* Everything interrupts. */
static inline void cpu_poll(void)
{
}

#define CPU_READ(reg)                                             \
	__extension__({                                           \
		uint64_t cpu_v_;                                  \
		__asm__ volatile("mrs %0, " #reg : "=r"(cpu_v_)); \
		cpu_v_;                                           \
	})
#define CPU_WRITE(reg, value) \
	__asm__ volatile("msr " #reg ", %0" : : "r"((uint64_t)(value)))

/* The instructions after it see what system registers say now. */
static inline void cpu_isb(void)
{
	__asm__ volatile("isb" ::: "memory");
}

static inline void cpu_wfi(void)
{
	__asm__ volatile("dsb sy\n\twfi" ::: "memory");
}

#endif /* VIRT_A53_CPU_H */
