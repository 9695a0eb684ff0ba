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
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return ret;
}

/* Ends a signal handler; start.S. */
void arch_sigreturn(void);

static inline uint64_t arch_pc(const struct ucontext *uc)
{
	return uc->uc_mcontext.rip;
}

static inline uint64_t arch_sp(const struct ucontext *uc)
{
	return uc->uc_mcontext.rsp;
}

#define ARCH_REGS 15u

static inline const char *arch_reg(const struct ucontext *uc, unsigned int i,
				   uint64_t *value)
{
	static const char names[ARCH_REGS][4] = {
		"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "r8",
		"r9",  "r10", "r11", "r12", "r13", "r14", "r15",
	};
	const struct sigcontext *sc = &uc->uc_mcontext;
	const uint64_t values[ARCH_REGS] = {
		sc->rax, sc->rbx, sc->rcx, sc->rdx, sc->rsi,
		sc->rdi, sc->rbp, sc->r8,  sc->r9,  sc->r10,
		sc->r11, sc->r12, sc->r13, sc->r14, sc->r15,
	};

	*value = values[i];
	return names[i];
}

#endif /* NATIVE_ARCH_H */
