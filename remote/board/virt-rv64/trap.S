/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * trap.S - interrupts and faults
 *
 * mscratch holds the top of the fault stack, and 0 while that is in use: a
 * fault in a handler starts anew there.
 */
#define FRAME 272		/* struct fault_frame of fault.c */
#define AT(n) ((n) * 8)		/* of xn */

	.section .text.trap, "ax", %progbits
	.balign	4
	.global	trap
trap:
	csrrw	sp, mscratch, sp
	beqz	sp, trap_nested
	addi	sp, sp, -FRAME
	sd	ra, AT(1)(sp)
	sd	t0, AT(5)(sp)
	sd	t1, AT(6)(sp)
	sd	t2, AT(7)(sp)
	sd	a0, AT(10)(sp)
	sd	a1, AT(11)(sp)
	sd	a2, AT(12)(sp)
	sd	a3, AT(13)(sp)
	sd	a4, AT(14)(sp)
	sd	a5, AT(15)(sp)
	sd	a6, AT(16)(sp)
	sd	a7, AT(17)(sp)
	sd	t3, AT(28)(sp)
	sd	t4, AT(29)(sp)
	sd	t5, AT(30)(sp)
	sd	t6, AT(31)(sp)
	csrrw	t0, mscratch, zero
	sd	t0, AT(2)(sp)
	csrr	a0, mcause
	bgez	a0, trap_fault
	call	board_irq
	addi	t0, sp, FRAME
	csrw	mscratch, t0
	ld	ra, AT(1)(sp)
	ld	t0, AT(5)(sp)
	ld	t1, AT(6)(sp)
	ld	t2, AT(7)(sp)
	ld	a0, AT(10)(sp)
	ld	a1, AT(11)(sp)
	ld	a2, AT(12)(sp)
	ld	a3, AT(13)(sp)
	ld	a4, AT(14)(sp)
	ld	a5, AT(15)(sp)
	ld	a6, AT(16)(sp)
	ld	a7, AT(17)(sp)
	ld	t3, AT(28)(sp)
	ld	t4, AT(29)(sp)
	ld	t5, AT(30)(sp)
	ld	t6, AT(31)(sp)
	ld	sp, AT(2)(sp)
	mret

	/* The registers that a call preserves. */
trap_fault:
	sd	gp, AT(3)(sp)
	sd	tp, AT(4)(sp)
	sd	s0, AT(8)(sp)
	sd	s1, AT(9)(sp)
	sd	s2, AT(18)(sp)
	sd	s3, AT(19)(sp)
	sd	s4, AT(20)(sp)
	sd	s5, AT(21)(sp)
	sd	s6, AT(22)(sp)
	sd	s7, AT(23)(sp)
	sd	s8, AT(24)(sp)
	sd	s9, AT(25)(sp)
	sd	s10, AT(26)(sp)
	sd	s11, AT(27)(sp)
	mv	a0, sp
	call	fault_main

	/* Its registers are of no use, and its stack may be used up. */
trap_nested:
	la	sp, board_fault_stack_top
	call	fault_nested

	.section .note.GNU-stack, "", %progbits
