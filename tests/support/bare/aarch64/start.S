/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All that a bare program has of the system: its start, its end, a message
 */
#include <asm/unistd.h>

	.text
	.global _start
	.type _start, %function
_start:
	mov	x29, #0
	mov	x30, #0
	bl	bare_main
	mov	x8, #__NR_exit_group
	svc	#0
	brk	#0
	.size _start, . - _start

	/* void bare_write(const char *text, size_t len) */
	.global bare_write
	.type bare_write, %function
bare_write:
	mov	x2, x1
	mov	x1, x0
	mov	x0, #2
	mov	x8, #__NR_write
	svc	#0
	ret
	.size bare_write, . - bare_write

	.section .note.GNU-stack, "", %progbits
