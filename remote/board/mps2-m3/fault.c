/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fault.c - memory protection, and reports of faults
 *
 * Only what the MPU's regions name may be accessed, with no privilege that
 * overrides them: neither address 0, nor what lies below the stack, nor text
 * may be written, and nothing but text is executed.
 */
#include "mps2.h"

#include <hvl/metal/compiler.h>
#include <hvl/metal/log.h>

#include "bare.h"

/* MPU_RBAR and MPU_RASR, Armv7-M §B3.5.8, §B3.5.9 */
#define RBAR_VALID 0x10u
#define RASR_ENABLE 0x1u
#define RASR_SIZE(log2) (((log2)-1u) << 1)
#define RASR_DEVICE (1u << 16)		  /* B */
#define RASR_NORMAL (1u << 19 | 1u << 18) /* not cached, shared */
#define RASR_RW (1u << 24)		  /* privileged */
#define RASR_RO (5u << 24)
#define RASR_XN (1u << 28)

#define SHCSR_FAULTS (7u << 16) /* MemManage, BusFault, UsageFault */
#define CCR_DIV_0_TRP 0x10u

#define CFSR_STACKING 0x1010u /* the frame could not be stacked */
#define CFSR_MMARVALID 0x80u
#define CFSR_BFARVALID 0x8000u

#define FRAME_REGS 8u
#define FRAME_SIZE (4u * FRAME_REGS)

/* From link.ld: addresses, and two sizes. */
extern char board_ram_start[], board_stack_top[], board_handler_stack_top[];
extern char board_text_start[], board_rodata_start[];
extern char board_text_size[], board_rodata_size[];

/* From start.S. */
_Noreturn void fault_report(const uint32_t *frame, const uint32_t *saved,
			    uint32_t exc_return);

static uint32_t fault_log2(uint32_t size)
{
	return 31u - (uint32_t)__builtin_clz(size);
}

static void fault_region(uint32_t i, uint32_t base, uint32_t size,
			 uint32_t attr)
{
	mps2_write(MPU_RBAR, base | RBAR_VALID | i);
	mps2_write(MPU_RASR, attr | RASR_SIZE(fault_log2(size)) | RASR_ENABLE);
}

void mps2_fault_start(void)
{
	/* The higher number wins. */
	fault_region(0, MPS2_PSRAM, MPS2_PSRAM_SIZE,
		     RASR_NORMAL | RASR_RW | RASR_XN);
	fault_region(1, (uint32_t)board_text_start, (uint32_t)board_text_size,
		     RASR_NORMAL | RASR_RO);
	fault_region(2, (uint32_t)board_rodata_start,
		     (uint32_t)board_rodata_size,
		     RASR_NORMAL | RASR_RO | RASR_XN);
	fault_region(3, 0x40000000u, 0x20000000u,
		     RASR_DEVICE | RASR_RW | RASR_XN);
	mps2_write(MPU_CTRL, 1);
	mps2_write(SCB_CCR, mps2_read(SCB_CCR) | CCR_DIV_0_TRP);
	mps2_write(SCB_SHCSR, mps2_read(SCB_SHCSR) | SHCSR_FAULTS);
	__asm__ volatile("dsb\n\tisb" : : : "memory");
}

/* The first that is set in CFSR says what happened. */
static const struct fault_name {
	uint32_t bits;
	const char *name;
} fault_names[] = {
	{ 0x00000001, "instruction where none may be" },
	{ 0x000000b2, "access to protected memory" },
	{ 0x00000100, "no instruction there" },
	{ 0x0000a200, "access to an address where nothing is" },
	{ 0x00000400, "access to an address where nothing is, noticed late" },
	{ 0x00010000, "undefined instruction" },
	{ 0x00060000, "invalid state" },
	{ 0x00080000, "no coprocessor" },
	{ 0x01000000, "unaligned access" },
	{ 0x02000000, "division by zero" },
};

static bool fault_is_overflow(uint32_t sp, uint32_t exc_return)
{
	return exc_return & 4 && sp < (uint32_t)board_ram_start + FRAME_SIZE;
}

static const char *fault_name(uint32_t cfsr, uint32_t exception)
{
	for (size_t i = 0; i < HVL_ARRAY_SIZE(fault_names); i++)
		if (cfsr & fault_names[i].bits)
			return fault_names[i].name;
	return exception > 6 ? "interrupt that nobody asked for" : "hard fault";
}

static bool fault_frame_ok(uint32_t sp, uint32_t cfsr)
{
	return !(cfsr & CFSR_STACKING) && sp % 4 == 0 &&
	       sp >= (uint32_t)board_ram_start &&
	       sp <= (uint32_t)board_handler_stack_top - FRAME_SIZE;
}

static uint32_t fault_address(uint32_t cfsr)
{
	if (cfsr & CFSR_MMARVALID)
		return mps2_read(SCB_MMFAR);
	return cfsr & CFSR_BFARVALID ? mps2_read(SCB_BFAR) : 0;
}

/* What could not be stacked is lost: it is left out. */
void fault_report(const uint32_t *frame, const uint32_t *saved,
		  uint32_t exc_return)
{
	static const uint32_t none[FRAME_REGS];
	uint32_t exception = mps2_read(SCB_ICSR) & 0x1ffu;
	uint32_t cfsr = mps2_read(SCB_CFSR), sp = (uint32_t)frame;
	bool ok = fault_frame_ok(sp, cfsr);
	const uint32_t *f = ok ? frame : none;
	const struct bare_reg regs[] = {
		{ "r0", f[0] },
		{ "r1", f[1] },
		{ "r2", f[2] },
		{ "r3", f[3] },
		{ "r12", f[4] },
		{ "lr", f[5] },
		{ "pc", f[6] },
		{ "xpsr", f[7] },
		{ "r4", saved[0] },
		{ "r5", saved[1] },
		{ "r6", saved[2] },
		{ "r7", saved[3] },
		{ "r8", saved[4] },
		{ "r9", saved[5] },
		{ "r10", saved[6] },
		{ "r11", saved[7] },
		{ "sp", sp + (ok ? FRAME_SIZE : 0) },
		{ "cfsr", cfsr },
		{ "hfsr", mps2_read(SCB_HFSR) },
		{ "addr", fault_address(cfsr) },
	};
	unsigned int lost = ok ? 0 : FRAME_REGS;

	bare_fault(fault_is_overflow(sp, exc_return) ?
			   "stack overflow" :
			   fault_name(cfsr, exception),
		   exception, regs + lost, HVL_ARRAY_SIZE(regs) - lost);
}
