/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fault.c - faults of the processor: report, then die of them
 *
 * The kernel's signals stand for the exceptions of a bare processor. The
 * handler runs on a stack of its own, since an overflow of the first one is
 * among the faults. When it returns, the instruction runs again, the default
 * action is in place, and the parent sees a child killed by that signal.
 */
#include "native.h"


#include <hvl/metal/compiler.h>
#include <hvl/metal/log.h>

#include "arch.h"
#include "remote.h"
#include "sys.h"

/* Room for the largest frame that a processor's registers fill. */
#define FAULT_STACK 65536u
#define FAULT_LINE 120u
#define FAULT_REGS_A_LINE 4u

static unsigned char fault_stack[FAULT_STACK] __attribute__((aligned(64)));

static const struct fault_name {
	int sig;
	const char *name;
} fault_names[] = {
	{ SIGSEGV, "SIGSEGV" },
	{ SIGBUS, "SIGBUS" },
	{ SIGILL, "SIGILL" },
	{ SIGFPE, "SIGFPE" },
};

static const char *fault_name(int sig)
{
	for (size_t i = 0; i < HVL_ARRAY_SIZE(fault_names); i++)
		if (fault_names[i].sig == sig)
			return fault_names[i].name;
	return "signal";
}

static void fault_print(const char *line, int len)
{
	size_t n = (size_t)len;

	if (n > FAULT_LINE - 1)
		n = FAULT_LINE - 1;
	board_uart_write(line, n);
	board_trace(line, n);
}

static void fault_print_regs(const struct ucontext *uc)
{
	char line[FAULT_LINE];
	uint64_t value;
	int n = 0;

	for (unsigned int i = 0; i < ARCH_REGS; i++) {
		const char *name = arch_reg(uc, i, &value);
		bool last = i % FAULT_REGS_A_LINE == FAULT_REGS_A_LINE - 1 ||
			    i == ARCH_REGS - 1;

		n += hvl_format(line + n, sizeof(line) - (size_t)n,
				"  %3s %016llx%s", name,
				(unsigned long long)value, last ? "\r\n" : "");
		if (last) {
			fault_print(line, n);
			n = 0;
		}
	}
}

static void fault_handler(int sig, struct siginfo *info, void *context)
{
	const struct ucontext *uc = context;
	char line[FAULT_LINE];

	remote_crashed((uint32_t)sig);
	fault_print(line,
		    hvl_format(line, sizeof(line),
			       "\r\nfault: %s at %p, pc %llx, sp %llx\r\n",
			       fault_name(sig), info->si_addr,
			       (unsigned long long)arch_pc(uc),
			       (unsigned long long)arch_sp(uc)));
	fault_print_regs(uc);
}

void native_fault_init(void)
{
	sys_signal_stack(fault_stack, sizeof(fault_stack));
	for (size_t i = 0; i < HVL_ARRAY_SIZE(fault_names); i++)
		sys_signal(fault_names[i].sig, fault_handler);
}
