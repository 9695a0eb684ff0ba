/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fault.c - traps that are no interrupts: say which, and end
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvl/metal/compiler.h>
#include <hvl/metal/log.h>

#include "bare.h"
#include "cpu.h"

/* From the linker script. */
extern char board_guard_start[], board_guard_end[];
extern char board_stack_guard_start[], board_stack_guard_end[];

#define FAULT_X 32u
#define FAULT_LINE 100u
#define FAULT_CAUSE 0x80u /* plus mcause */
#define FAULT_CAUSE_MASK 0x3fu

/* trap.S fills it in; there is nothing in x[0]. */
struct fault_frame {
	uint64_t x[FAULT_X];
	uint64_t unused[2]; /* multiples of 16 bytes */
};

_Static_assert(sizeof(struct fault_frame) == 272, "FRAME");

_Noreturn void fault_main(const struct fault_frame *frame);
_Noreturn void fault_nested(void);

static const char *const fault_names[] = {
	"unaligned pc",	   "instruction access", "illegal instruction",
	"breakpoint",	   "unaligned load",	 "load access",
	"unaligned store", "store access",
};

static const char *fault_name(uint64_t cause)
{
	return cause < HVL_ARRAY_SIZE(fault_names) ? fault_names[cause] :
						     "exception";
}

static bool fault_within(uint64_t at, const char *start, const char *end)
{
	return at >= (uintptr_t)start && at < (uintptr_t)end;
}

static const char *fault_remark(bool nested, uint64_t at)
{
	if (fault_within(at, board_stack_guard_start, board_stack_guard_end))
		return " (stack overflow)";
	if (fault_within(at, board_guard_start, board_guard_end))
		return " (overflow of the fault stack)";
	return nested ? " (not from the application)" : "";
}

static _Noreturn void fault_report(bool nested, const struct bare_reg *regs,
				   unsigned int n)
{
	uint64_t cause = CPU_READ(mcause), at = CPU_READ(mtval);
	char line[FAULT_LINE];

	hvl_format(line, sizeof(line), "%s at %llx, pc %llx%s",
		   fault_name(cause), (unsigned long long)at,
		   (unsigned long long)CPU_READ(mepc),
		   fault_remark(nested, at));
	bare_fault(line, FAULT_CAUSE | (cause & FAULT_CAUSE_MASK), regs, n);
}

void fault_main(const struct fault_frame *frame)
{
	static const char names[FAULT_X][4] = {
		"",   "ra", "sp",  "gp",  "tp", "t0", "t1", "t2",
		"s0", "s1", "a0",  "a1",  "a2", "a3", "a4", "a5",
		"a6", "a7", "s2",  "s3",  "s4", "s5", "s6", "s7",
		"s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
	};
	struct bare_reg regs[FAULT_X];

	for (unsigned int i = 1; i < FAULT_X; i++)
		regs[i - 1] = (struct bare_reg){ names[i], frame->x[i] };
	regs[FAULT_X - 1] = (struct bare_reg){ "mst", CPU_READ(mstatus) };
	fault_report(false, regs, FAULT_X);
}

void fault_nested(void)
{
	fault_report(true, NULL, 0);
}
