/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * start.S - exception vectors, first instructions, entry of every exception
 *
 * The application runs in Supervisor mode; interrupts and faults have stacks
 * of their own, so that an overflow is handled on another.
 */
	.syntax unified
	.arm

#define MODE_FIQ 0x11
#define MODE_IRQ 0x12
#define MODE_SVC 0x13
#define MODE_ABT 0x17
#define MODE_UND 0x1b
#define MODE_SYS 0x1f
#define MODE_MASK 0x1f

#define SCTLR_M (1 << 0)
#define SCTLR_C (1 << 2)
#define SCTLR_I (1 << 12)
#define SCTLR_V (1 << 13)
#define SCTLR_BR (1 << 17)
#define SCTLR_TE (1 << 30)

	/* Loaded at 0: this processor has no register to move them. */
	.section .vectors, "ax", %progbits
vectors:
	ldr	pc, reset_at
	ldr	pc, undefined_at
	ldr	pc, supervisor_at
	ldr	pc, prefetch_at
	ldr	pc, data_at
	nop
	ldr	pc, irq_at
	ldr	pc, fiq_at
reset_at:	.word _start
undefined_at:	.word fault_undefined
supervisor_at:	.word fault_supervisor
prefetch_at:	.word fault_prefetch
data_at:	.word fault_data
irq_at:		.word irq_entry
fiq_at:		.word fault_fiq

	.section .text.start, "ax", %progbits
	.global _start
	.type _start, %function
_start:
	cpsid	aif, #MODE_SVC
	/* No MPU and no caches until we say so; vectors at 0, in Arm code. */
	mrc	p15, 0, r0, c1, c0, 0
	ldr	r1, =(SCTLR_M | SCTLR_C | SCTLR_I | SCTLR_V | SCTLR_BR | SCTLR_TE)
	bic	r0, r0, r1
	dsb
	mcr	p15, 0, r0, c1, c0, 0
	isb
	mov	r0, #0
	mcr	p15, 0, r0, c7, c5, 0	/* invalidate: instruction cache */
	mcr	p15, 0, r0, c7, c5, 6	/* branch predictor */
	mcr	p15, 0, r0, c15, c5, 0	/* data cache, all of it */
	dsb
	isb

	ldr	r0, =board_fault_stack_top
	cps	#MODE_ABT
	mov	sp, r0
	cps	#MODE_UND
	mov	sp, r0
	cps	#MODE_FIQ
	mov	sp, r0
	ldr	r0, =board_irq_stack_top
	cps	#MODE_IRQ
	mov	sp, r0
	cps	#MODE_SVC
	ldr	sp, =board_stack_top

	/* .data lies where the loader put it: nothing to copy. */
	ldr	r0, =board_bss_start
	ldr	r1, =board_bss_end
	mov	r2, #0
0:	cmp	r0, r1
	strlo	r2, [r0], #4
	blo	0b
	bl	bare_main
	udf	#0
	.size _start, . - _start
	.ltorg

	.section .text.irq_entry, "ax", %progbits
	.type irq_entry, %function
irq_entry:
	sub	lr, lr, #4
	push	{r0-r3, r12, lr}
	bl	gic_irq
	ldm	sp!, {r0-r3, r12, pc}^
	.size irq_entry, . - irq_entry

	/*
	 * For fault_report(): r0 to r12, pc, then sp and lr as they were, then
	 * the status; and the number of the exception.
	 */
	.macro	fault name, number, back
	.section .text.\name, "ax", %progbits
	.type \name, %function
\name:
	sub	lr, lr, #\back
	sub	sp, sp, #12
	push	{r0-r12, lr}
	mov	r1, #\number
	b	fault_entry
	.size \name, . - \name
	.endm

	fault	fault_undefined, 1, 4
	fault	fault_prefetch, 3, 4
	fault	fault_data, 4, 8
	fault	fault_fiq, 7, 4

	/* Its mode has the application's stack, which may be none. */
	.section .text.fault_supervisor, "ax", %progbits
	.type fault_supervisor, %function
fault_supervisor:
	udf	#0
	.size fault_supervisor, . - fault_supervisor

	.section .text.fault_entry, "ax", %progbits
	.type fault_entry, %function
fault_entry:
	mrs	r2, spsr
	mrs	r3, cpsr
	and	r4, r2, #MODE_MASK
	bic	r5, r3, #MODE_MASK
	orr	r5, r5, r4
	msr	cpsr_c, r5
	mov	r6, sp
	mov	r7, lr
	msr	cpsr_c, r3
	add	r8, sp, #(14 * 4)
	stm	r8, {r6, r7}
	str	r2, [r8, #8]
	mov	r0, sp
	bic	sp, sp, #7
	bl	fault_report
	udf	#0
	.size fault_entry, . - fault_entry

	.section .note.GNU-stack, "", %progbits
