/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * start.S - the first instructions, and the return from a signal handler
 */
#include <asm/unistd.h>

	.section .text.start, "ax", %progbits
	.global _start
	.type _start, %function
_start:
	mov	x29, xzr
	mov	x30, xzr
	adrp	x0, board_stack_top
	add	x0, x0, :lo12:board_stack_top
	mov	sp, x0
	bl	board_main
	udf	#0
	.size _start, . - _start

	.global arch_sigreturn
	.type arch_sigreturn, %function
arch_sigreturn:
	mov	x8, #__NR_rt_sigreturn
	svc	#0
	udf	#0
	.size arch_sigreturn, . - arch_sigreturn

	.section .note.GNU-stack, "", %progbits
