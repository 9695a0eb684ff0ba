/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fault.c - reports of faults
 */
#include "bare.h"

#include <hvl/metal/compiler.h>

enum {
	FAULT_UNDEFINED = 1,
	FAULT_PREFETCH = 3,
	FAULT_DATA = 4,
};

/* As start.S stores it. */
struct fault_frame {
	uint32_t r[13];
	uint32_t pc;
	uint32_t sp;
	uint32_t lr;
	uint32_t cpsr;
};

/* From link.ld. */
extern char board_ram_start[], board_stack_start[];

/* From start.S. */
_Noreturn void fault_report(const struct fault_frame *f, uint32_t number);

#define FAULT_CP15(name, where)                                       \
	static uint32_t name(void)                                    \
	{                                                             \
		uint32_t v;                                           \
                                                                      \
		__asm__ volatile("mrc p15, 0, %0, " where : "=r"(v)); \
		return v;                                             \
	}

FAULT_CP15(fault_dfsr, "c5, c0, 0")
FAULT_CP15(fault_ifsr, "c5, c0, 1")
FAULT_CP15(fault_dfar, "c6, c0, 0")
FAULT_CP15(fault_ifar, "c6, c0, 2")

/* Armv7-R table B5-7: status, bit 10 above bits 3 to 0. */
static const char *fault_status(uint32_t fsr)
{
	switch ((fsr >> 6 & 0x10u) | (fsr & 0xfu)) {
	case 0x00:
		return "access to an address that no region has";
	case 0x01:
		return "unaligned access";
	case 0x02:
		return "breakpoint";
	case 0x08:
		return "access to an address where nothing is";
	case 0x0d:
		return "access to protected memory";
	case 0x16:
		return "access to an address where nothing is, noticed late";
	case 0x18:
	case 0x19:
		return "memory error";
	default:
		return "abort";
	}
}

/* The guard was hit, or the stack pointer had passed it already. */
static bool fault_is_overflow(const struct fault_frame *f, uint32_t number)
{
	uint32_t guard = (uint32_t)board_ram_start;
	uint32_t stack = (uint32_t)board_stack_start;

	return number == FAULT_DATA &&
	       ((fault_dfar() >= guard && fault_dfar() < stack) ||
		f->sp < stack);
}

static const char *fault_name(const struct fault_frame *f, uint32_t number)
{
	if (fault_is_overflow(f, number))
		return "stack overflow";
	switch (number) {
	case FAULT_UNDEFINED:
		return "undefined instruction, or division by zero";
	case FAULT_PREFETCH:
		return "instruction where none may be";
	case FAULT_DATA:
		return fault_status(fault_dfsr());
	default:
		return "interrupt that nobody asked for";
	}
}

void fault_report(const struct fault_frame *f, uint32_t number)
{
	const struct bare_reg regs[] = {
		{ "r0", f->r[0] },	  { "r1", f->r[1] },
		{ "r2", f->r[2] },	  { "r3", f->r[3] },
		{ "r4", f->r[4] },	  { "r5", f->r[5] },
		{ "r6", f->r[6] },	  { "r7", f->r[7] },
		{ "r8", f->r[8] },	  { "r9", f->r[9] },
		{ "r10", f->r[10] },	  { "r11", f->r[11] },
		{ "r12", f->r[12] },	  { "sp", f->sp },
		{ "lr", f->lr },	  { "pc", f->pc },
		{ "cpsr", f->cpsr },	  { "dfsr", fault_dfsr() },
		{ "dfar", fault_dfar() }, { "ifsr", fault_ifsr() },
		{ "ifar", fault_ifar() },
	};

	bare_fault(fault_name(f, number), number, regs, HVL_ARRAY_SIZE(regs));
}
