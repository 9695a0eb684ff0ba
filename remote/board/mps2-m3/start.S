/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * start.S - vector table, first instructions, entry of every fault
 *
 * The application runs on the process stack, handlers on the main stack: a
 * fault that is an overflow of the first is handled on the second.
 */
	.syntax unified
	.thumb

#define SCB_VTOR 0xe000ed08

	.section .vectors, "a", %progbits
	.balign 256
	.type vectors, %object
vectors:
	.word	board_handler_stack_top
	.word	_start
	.word	fault_entry		/* NMI: none is wired to us */
	.word	fault_entry		/* HardFault */
	.word	fault_entry		/* MemManage */
	.word	fault_entry		/* BusFault */
	.word	fault_entry		/* UsageFault */
	.rept	9			/* SVC, PendSV, SysTick: not in use */
	.word	fault_entry
	.endr
	.word	board_uart_irq		/* 0: UART 0 received */
	.word	fault_entry
	.word	board_doorbell_irq	/* 2: UART 1 received */
	.rept	29
	.word	fault_entry
	.endr
	.size vectors, . - vectors

	.section .text.start, "ax", %progbits
	.global _start
	.type _start, %function
	.thumb_func
_start:
	cpsid	i
	ldr	r0, =board_handler_stack_top
	msr	msp, r0
	ldr	r0, =board_stack_top
	msr	psp, r0
	movs	r0, #2			/* thread mode: the process stack */
	msr	control, r0
	isb
	ldr	r0, =SCB_VTOR
	ldr	r1, =vectors
	str	r1, [r0]
	dsb

	/* .data lies where the loader put it: nothing to copy. */
	ldr	r0, =board_bss_start
	ldr	r1, =board_bss_end
	movs	r2, #0
0:	cmp	r0, r1
	bhs	1f
	str	r2, [r0], #4
	b	0b
1:	bl	bare_main
	udf	#0
	.size _start, . - _start

	/* r0: the frame that the processor stacked; r1: r4 to r11 */
	.section .text.fault_entry, "ax", %progbits
	.type fault_entry, %function
	.thumb_func
fault_entry:
	tst	lr, #4
	ite	eq
	mrseq	r0, msp
	mrsne	r0, psp
	push	{r4-r11}
	mov	r1, sp
	mov	r2, lr
	bl	fault_report
	udf	#0
	.size fault_entry, . - fault_entry

	.section .note.GNU-stack, "", %progbits
