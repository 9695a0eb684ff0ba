/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vectors.S - interrupts and faults
 *
 * Each entry finds SP_EL1 at the top of the fault stack, except when the
 * handler itself failed; then it starts anew there.
 */
#define IRQ_FRAME 192		/* 24 registers */
#define FAULT_FRAME 288		/* struct fault_frame of fault.c */

	/* x2 to x17, with stp or ldp; both frames begin alike */
	.macro	frame_x2_x17 op
	\op	x2, x3, [sp, #16]
	\op	x4, x5, [sp, #32]
	\op	x6, x7, [sp, #48]
	\op	x8, x9, [sp, #64]
	\op	x10, x11, [sp, #80]
	\op	x12, x13, [sp, #96]
	\op	x14, x15, [sp, #112]
	\op	x16, x17, [sp, #128]
	.endm

	.macro	to_irq
	.balign	0x80
	b	vectors_irq
	.endm

	.macro	to_fault kind
	.balign	0x80
	msr	tpidr_el1, x0
	adrp	x0, board_fault_stack_top
	add	x0, x0, :lo12:board_fault_stack_top
	sub	sp, x0, #FAULT_FRAME
	mrs	x0, tpidr_el1
	stp	x0, x1, [sp]
	mov	x1, #\kind
	b	vectors_fault
	.endm

	.section .text.vectors, "ax", %progbits
	.balign	0x800
	.global	vectors
vectors:
	/* From C code, which is on SP_EL0. */
	to_fault 0
	to_irq
	to_fault 2
	to_fault 3
	/* From handlers. */
	to_fault 4
	to_fault 5
	to_fault 6
	to_fault 7
	/* From EL0, where nothing runs. */
	.rept	8
	to_fault 8
	.endr

	.balign	0x80
vectors_irq:
	sub	sp, sp, #IRQ_FRAME
	stp	x0, x1, [sp]
	frame_x2_x17 stp
	stp	x18, x29, [sp, #144]
	mrs	x0, elr_el1
	stp	x30, x0, [sp, #160]
	mrs	x0, spsr_el1
	str	x0, [sp, #176]
	bl	gic_irq
	ldr	x0, [sp, #176]
	msr	spsr_el1, x0
	ldp	x30, x0, [sp, #160]
	msr	elr_el1, x0
	ldp	x18, x29, [sp, #144]
	frame_x2_x17 ldp
	ldp	x0, x1, [sp]
	add	sp, sp, #IRQ_FRAME
	eret

vectors_fault:
	frame_x2_x17 stp
	stp	x18, x19, [sp, #144]
	stp	x20, x21, [sp, #160]
	stp	x22, x23, [sp, #176]
	stp	x24, x25, [sp, #192]
	stp	x26, x27, [sp, #208]
	stp	x28, x29, [sp, #224]
	mrs	x0, sp_el0
	stp	x30, x0, [sp, #240]
	mrs	x0, elr_el1
	mrs	x2, spsr_el1
	stp	x0, x2, [sp, #256]
	mov	x0, sp
	mov	x29, xzr
	bl	fault_main

	.section .note.GNU-stack, "", %progbits
