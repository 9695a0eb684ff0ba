/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * start.S - the first instructions, and the return from a signal handler
 */
#include <asm/unistd.h>

	.section .text.start, "ax", %progbits
	.global _start
	.type _start, %function
_start:
	xorl	%ebp, %ebp
	cld
	leaq	board_stack_top(%rip), %rsp
	call	board_main
	ud2
	.size _start, . - _start

	.global arch_sigreturn
	.type arch_sigreturn, %function
arch_sigreturn:
	movl	$__NR_rt_sigreturn, %eax
	syscall
	ud2
	.size arch_sigreturn, . - arch_sigreturn

	.section .note.GNU-stack, "", %progbits
