/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * arch.h - what the native remote needs to know of AArch64
 */
#ifndef PMM_NATIVE_ARCH_H
#define PMM_NATIVE_ARCH_H

#include <stdint.h>

#include <hvl/remoteproc/elf.h>

#define PMM_NATIVE_MACHINE HVL_ELF_MACHINE_AARCH64

/* The trampoline clears the thread register: no step of this machine's own. */
#define PMM_NATIVE_ARCH_STEPS

static inline uintptr_t pmm_native_thread_pointer(void)
{
	uintptr_t tp;

	__asm__("mrs %0, tpidr_el0" : "=r"(tp));
	return tp;
}

#endif /* PMM_NATIVE_ARCH_H */
