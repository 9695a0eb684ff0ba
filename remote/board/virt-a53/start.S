/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * start.S - from reset to C, at EL1
 *
 * With the MMU off all memory is device memory, where unaligned accesses fault
 * and caches do nothing; so the MMU comes first and nothing is stored before.
 */
#define MAIR_DEVICE_NGNRE 0x04
#define MAIR_NORMAL 0xff	/* write-back, allocating */

/* 4 GiB of addresses, walked in cacheable, inner-shareable memory; 4 KiB. */
#define TCR_T0SZ 32
#define TCR_IRGN0 (1 << 8)
#define TCR_ORGN0 (1 << 10)
#define TCR_SH0 (3 << 12)
#define TCR_EPD1 (1 << 23)	/* nothing in the upper half */

#define SCTLR_RES1 0x30d00800
#define SCTLR_M (1 << 0)
#define SCTLR_C (1 << 2)
#define SCTLR_SA (1 << 3)
#define SCTLR_I (1 << 12)
#define SCTLR_WXN (1 << 19)	/* what can be written cannot be executed */

	.macro	address reg, symbol
	adrp	\reg, \symbol
	add	\reg, \reg, :lo12:\symbol
	.endm

	.section .text.start, "ax", %progbits
	.global _start
	.type _start, %function
_start:
	msr	daifset, #0xf
	address	x0, vectors
	msr	vbar_el1, x0

	mov	x0, #(MAIR_DEVICE_NGNRE | MAIR_NORMAL << 8)
	msr	mair_el1, x0
	ldr	x0, =(TCR_T0SZ | TCR_IRGN0 | TCR_ORGN0 | TCR_SH0 | TCR_EPD1)
	msr	tcr_el1, x0
	address	x0, tables
	msr	ttbr0_el1, x0
	/* The loader's writes, and an earlier life's leftovers. */
	dsb	sy
	tlbi	vmalle1
	ic	iallu
	dsb	sy
	isb
	ldr	x0, =(SCTLR_RES1 | SCTLR_M | SCTLR_C | SCTLR_SA | SCTLR_I | \
		      SCTLR_WXN)
	msr	sctlr_el1, x0
	isb

	/*
	 * C code runs on SP_EL0 and exceptions on SP_EL1, so that an overflow
	 * of the first can be reported.
	 */
	msr	spsel, #1
	address	x0, board_fault_stack_top
	mov	sp, x0
	msr	spsel, #0
	address	x0, board_stack_top
	mov	sp, x0

	address	x0, board_bss_start
	address	x1, board_bss_end
1:	cmp	x0, x1
	b.hs	2f
	stp	xzr, xzr, [x0], #16
	b	1b

2:	mov	x29, xzr
	mov	x30, xzr
	msr	daifclr, #6	/* interrupts and SErrors */
	bl	bare_main
	udf	#0
	.size _start, . - _start

	.section .note.GNU-stack, "", %progbits
