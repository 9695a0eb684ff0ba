/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * arch.h - what differs between processors: system calls, register names
 */
#ifndef NATIVE_ARCH_H
#define NATIVE_ARCH_H

#include <stdint.h>

#include <linux/signal.h>
#include <asm/sigcontext.h>
#include <asm/ucontext.h>

static inline long arch_syscall(long nr, long a, long b, long c, long d, long e)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;

	__asm__ volatile("svc #0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
			 : "memory", "cc");
	return x0;
}

/* Ends a signal handler; start.S. */
void arch_sigreturn(void);

static inline uint64_t arch_pc(const struct ucontext *uc)
{
	return uc->uc_mcontext.pc;
}

static inline uint64_t arch_sp(const struct ucontext *uc)
{
	return uc->uc_mcontext.sp;
}

#define ARCH_REGS 31u

static inline const char *arch_reg(const struct ucontext *uc, unsigned int i,
				   uint64_t *value)
{
	static const char names[ARCH_REGS][4] = {
		"x0",  "x1",  "x2",  "x3",  "x4",  "x5",  "x6",	 "x7",
		"x8",  "x9",  "x10", "x11", "x12", "x13", "x14", "x15",
		"x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23",
		"x24", "x25", "x26", "x27", "x28", "x29", "x30",
	};

	*value = uc->uc_mcontext.regs[i];
	return names[i];
}

#endif /* NATIVE_ARCH_H */
