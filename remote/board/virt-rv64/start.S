/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * start.S - from reset to C, in machine mode
 */

/*
 * Physical memory protection, one byte an entry: locked, so that it holds in
 * machine mode too, from the address of the entry before up to its own.
 */
#define PMP_READ 0x01
#define PMP_WRITE 0x02
#define PMP_EXECUTE 0x04
#define PMP_RANGE 0x88		/* locked, up to the address */

#define PMP_CODE (PMP_RANGE | PMP_READ | PMP_EXECUTE)
#define PMP_CONSTANTS (PMP_RANGE | PMP_READ)
#define PMP_GUARD PMP_RANGE
#define PMP_DATA (PMP_RANGE | PMP_READ | PMP_WRITE)

	.macro	pmp_end entry, symbol
	la	t0, \symbol
	srli	t0, t0, 2
	csrw	pmpaddr\entry, t0
	.endm

	.section .text.start, "ax", %progbits
	.global _start
	.type _start, %function
_start:
	csrci	mstatus, 8
	csrw	mie, zero
	csrr	t0, mhartid
	bnez	t0, others
	la	t0, trap
	csrw	mtvec, t0
	la	t0, board_fault_stack_top
	csrw	mscratch, t0
	la	sp, board_stack_top

	/* After a reset that left them locked, they hold just this already. */
	pmp_end	0, board_ram_start
	pmp_end	1, board_text_end
	pmp_end	2, board_guard_start
	pmp_end	3, board_guard_end
	pmp_end	4, board_stack_guard_start
	pmp_end	5, board_stack_guard_end
	pmp_end	6, board_ram_end
	li	t0, PMP_CODE << 8 | PMP_CONSTANTS << 16 | PMP_GUARD << 24 | \
		    PMP_DATA << 32 | PMP_GUARD << 40 | PMP_DATA << 48
	csrw	pmpcfg0, t0
	fence.i

	la	t0, board_bss_start
	la	t1, board_bss_end
1:	bgeu	t0, t1, 2f
	sd	zero, 0(t0)
	addi	t0, t0, 8
	j	1b

2:	li	s0, 0
	li	ra, 0
	csrsi	mstatus, 8
	call	bare_main
	unimp

	/* One processor is enough; no others start us. */
others:
	wfi
	j	others
	.size _start, . - _start

	.section .note.GNU-stack, "", %progbits
