/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cpu.h - a processor for tests of remote/common/bare.c: it counts its mask
 */
#ifndef CPU_H
#define CPU_H

#include <stdint.h>

extern uintptr_t fake_cpu_masked;

static inline uintptr_t cpu_mask(void)
{
	uintptr_t was = fake_cpu_masked;

	fake_cpu_masked = 1;
	return was;
}

static inline void cpu_restore(uintptr_t was)
{
	fake_cpu_masked = was;
}

/* The test's: what polling finds. */
void cpu_poll(void);

#endif /* CPU_H */
