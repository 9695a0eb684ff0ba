/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The probe's entry: keeps the registers as they came
 */
	.section .text.start, "ax", @progbits
	.globl probe_entry
probe_entry:
	mov %rax, probe_regs + 0(%rip)
	mov %rbx, probe_regs + 8(%rip)
	mov %rcx, probe_regs + 16(%rip)
	mov %rdx, probe_regs + 24(%rip)
	mov %rsi, probe_regs + 32(%rip)
	mov %rdi, probe_regs + 40(%rip)
	mov %rbp, probe_regs + 48(%rip)
	mov %rsp, probe_regs + 56(%rip)
	mov %r8, probe_regs + 64(%rip)
	mov %r9, probe_regs + 72(%rip)
	mov %r10, probe_regs + 80(%rip)
	mov %r11, probe_regs + 88(%rip)
	mov %r12, probe_regs + 96(%rip)
	mov %r13, probe_regs + 104(%rip)
	mov %r14, probe_regs + 112(%rip)
	mov %r15, probe_regs + 120(%rip)
	movq %xmm0, probe_regs + 128(%rip)
	movq %xmm7, probe_regs + 136(%rip)
	movq %xmm15, probe_regs + 144(%rip)
	/* Faults unless the bases are 0. */
	mov %fs:probe_regs, %rax
	mov %gs:probe_regs, %rax
	jmp _start

	.bss
	.balign 8
	.globl probe_regs
probe_regs:
	.skip 256

	.section .note.GNU-stack, "", @progbits
