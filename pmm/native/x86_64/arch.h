/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * arch.h - what the native remote needs to know of x86-64
 */
#ifndef PMM_NATIVE_ARCH_H
#define PMM_NATIVE_ARCH_H

#include <stdint.h>

#include <asm/prctl.h>
#include <sys/syscall.h>

#include <hvl/remoteproc/elf.h>

#define PMM_NATIVE_MACHINE HVL_ELF_MACHINE_X86_64

/* Headers of older systems lack them. */
#define PMM_ARCH_SHSTK_DISABLE 0x5002
#define PMM_ARCH_SHSTK_SHSTK 1

/*
 * Before its memory goes: no shadow stack, and no base registers that show
 * where the PMM's thread data lay. { what, nr, optional, arguments }
 */
#define PMM_NATIVE_ARCH_STEPS                                 \
	{ "leaving the shadow stack",                         \
	  SYS_arch_prctl,                                     \
	  1,                                                  \
	  { PMM_ARCH_SHSTK_DISABLE, PMM_ARCH_SHSTK_SHSTK } }, \
		{ "clearing the FS base",                     \
		  SYS_arch_prctl,                             \
		  0,                                          \
		  { ARCH_SET_FS } },                          \
		{ "clearing the GS base",                     \
		  SYS_arch_prctl,                             \
		  0,                                          \
		  { ARCH_SET_GS } },

static inline uintptr_t pmm_native_thread_pointer(void)
{
	uintptr_t tp;

	__asm__("mov %%fs:0, %0" : "=r"(tp));
	return tp;
}

#endif /* PMM_NATIVE_ARCH_H */
