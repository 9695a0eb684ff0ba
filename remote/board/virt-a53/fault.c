/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fault.c - exceptions that are no interrupts: say which, and end
 */
#include <stddef.h>
#include <stdint.h>

#include <hvl/metal/compiler.h>
#include <hvl/metal/log.h>

#include "bare.h"
#include "board_priv.h"
#include "cpu.h"

/* From the linker script. */
extern char board_guard_start[], board_guard_end[];
extern char board_stack_guard_start[], board_stack_guard_end[];

#define FAULT_X 31u
#define FAULT_LINE 100u
#define FAULT_CAUSE 0x80u /* plus the exception class */

#define ESR_CLASS_SHIFT 26

/* vectors.S fills it in. */
struct fault_frame {
	uint64_t x[FAULT_X];
	uint64_t sp;
	uint64_t pc;
	uint64_t pstate;
	uint64_t unused[2]; /* multiples of 16 bytes */
};

_Static_assert(sizeof(struct fault_frame) == 288, "FAULT_FRAME");

_Noreturn void fault_main(const struct fault_frame *frame, unsigned int kind);

static const struct fault_class {
	uint8_t class;
	const char *name;
} fault_classes[] = {
	{ 0x00, "undefined instruction" },
	{ 0x07, "floating point, which is off" },
	{ 0x0e, "illegal execution state" },
	{ 0x15, "system call" },
	{ 0x18, "system register" },
	{ 0x21, "instruction abort" },
	{ 0x22, "unaligned pc" },
	{ 0x25, "data abort" },
	{ 0x26, "unaligned sp" },
	{ 0x2f, "SError" },
	{ 0x3c, "breakpoint" },
};

static const char *fault_name(unsigned int class)
{
	for (size_t i = 0; i < HVL_ARRAY_SIZE(fault_classes); i++)
		if (fault_classes[i].class == class)
			return fault_classes[i].name;
	return "exception";
}

static bool fault_within(uint64_t at, const char *start, const char *end)
{
	return at >= (uintptr_t)start && at < (uintptr_t)end;
}

static const char *fault_remark(unsigned int kind, uint64_t far)
{
	if (fault_within(far, board_stack_guard_start, board_stack_guard_end))
		return " (stack overflow)";
	if (fault_within(far, board_guard_start, board_guard_end))
		return " (overflow of the fault stack)";
	if (kind != 0)
		return " (not from the application)";
	return "";
}

_Noreturn void fault_main(const struct fault_frame *frame, unsigned int kind)
{
	static const char names[FAULT_X][4] = {
		"x0",  "x1",  "x2",  "x3",  "x4",  "x5",  "x6",	 "x7",
		"x8",  "x9",  "x10", "x11", "x12", "x13", "x14", "x15",
		"x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23",
		"x24", "x25", "x26", "x27", "x28", "x29", "x30",
	};
	struct bare_reg regs[FAULT_X + 3];
	uint64_t esr = CPU_READ(esr_el1), far = CPU_READ(far_el1);
	unsigned int class = (unsigned int)(esr >> ESR_CLASS_SHIFT) & 0x3f, i;
	char line[FAULT_LINE];

	for (i = 0; i < FAULT_X; i++)
		regs[i] = (struct bare_reg){ names[i], frame->x[i] };
	regs[i++] = (struct bare_reg){ "sp", frame->sp };
	regs[i++] = (struct bare_reg){ "spsr", frame->pstate };
	regs[i++] = (struct bare_reg){ "esr", esr };
	hvl_format(line, sizeof(line), "%s at %llx, pc %llx%s",
		   fault_name(class), (unsigned long long)far,
		   (unsigned long long)frame->pc, fault_remark(kind, far));
	bare_fault(line, FAULT_CAUSE | class, regs, i);
}
