/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All that a bare program has of the system: its start, its end, a message
 */
#include <asm/unistd.h>

	.text
	.global _start
	.type _start, %function
_start:
	xorl	%ebp, %ebp
	andq	$-16, %rsp
	call	bare_main
	movl	%eax, %edi
	movl	$__NR_exit_group, %eax
	syscall
	ud2
	.size _start, . - _start

	/* void bare_write(const char *text, size_t len) */
	.global bare_write
	.type bare_write, %function
bare_write:
	movq	%rsi, %rdx
	movq	%rdi, %rsi
	movl	$2, %edi
	movl	$__NR_write, %eax
	syscall
	ret
	.size bare_write, . - bare_write

	.section .note.GNU-stack, "", %progbits
