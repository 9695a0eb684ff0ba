/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The native remote's first instructions; native/plan.h has the other half
 */

#define SYS_write 1
#define SYS_clone 56
#define SYS_exit_group 231

/* struct pmm_native_head and struct pmm_native_step */
#define HEAD_REPORT_FD 0
#define HEAD_REPORT_STEP 8
#define HEAD_REPORT_ERROR 12
#define HEAD_STEPS 16
#define STEP_NR 0
#define STEP_SKIP 4
#define STEP_OPTIONAL 6
#define STEP_ARG 8
#define STEP_SIZE 56

	.text

/*
 * long pmm_native_clone(uint64_t flags, int *pidfd, void *code)
 *
 * The child goes straight to @code: not one instruction of C, or of a
 * sanitizer, runs in it.
 */
	.globl pmm_native_clone
	.type pmm_native_clone, @function
pmm_native_clone:
	mov %rdx, %r9
	mov %rsi, %rdx
	xor %esi, %esi
	xor %r10d, %r10d
	xor %r8d, %r8d
	mov $SYS_clone, %eax
	syscall
	test %rax, %rax
	jz 1f
	ret
1:	jmp *%r9
	.size pmm_native_clone, . - pmm_native_clone

/* From here on position-independent: copied to the start of a page. */
	.balign 64
	.globl pmm_native_code
pmm_native_code:
	cld
	mov slot_data(%rip), %r12
	lea HEAD_STEPS(%r12), %rbx

step:
	mov STEP_NR(%rbx), %eax
	cmp $-1, %eax
	je enter
	mov STEP_ARG + 0(%rbx), %rdi
	mov STEP_ARG + 8(%rbx), %rsi
	mov STEP_ARG + 16(%rbx), %rdx
	mov STEP_ARG + 24(%rbx), %r10
	mov STEP_ARG + 32(%rbx), %r8
	mov STEP_ARG + 40(%rbx), %r9
	syscall
	movzwl STEP_SKIP(%rbx), %ecx
	cmp $-4095, %rax
	jae failed
advance:
	inc %ecx
	imul $STEP_SIZE, %rcx, %rcx
	add %rcx, %rbx
	jmp step

failed:
	xor %ecx, %ecx
	cmpw $0, STEP_OPTIONAL(%rbx)
	jne advance
	neg %eax
	mov %eax, HEAD_REPORT_ERROR(%r12)
	sub %r12, %rbx
	sub $HEAD_STEPS, %ebx
	mov %ebx, HEAD_REPORT_STEP(%r12)
	mov HEAD_REPORT_FD(%r12), %edi
	lea HEAD_REPORT_STEP(%r12), %rsi
	mov $8, %edx
	mov $SYS_write, %eax
	syscall
	mov $1, %edi
	mov $SYS_exit_group, %eax
	syscall
	ud2

	/* Nothing of the PMM is left, in registers neither. */
enter:
	mov $1, %eax
	xor %ecx, %ecx
	cpuid
	bt $27, %ecx
	jnc 1f
	mov $0xfffffdff, %eax /* all components but the protection keys */
	xor %edx, %edx
	xrstor state(%rip)
	jmp 2f
1:	fxrstor state(%rip)
2:	mov slot_data(%rip), %rdi
	mov slot_size(%rip), %rcx
	xor %eax, %eax
	rep stosb
	xor %ebx, %ebx
	xor %edx, %edx
	xor %esi, %esi
	xor %edi, %edi
	xor %ebp, %ebp
	xor %esp, %esp
	xor %r8d, %r8d
	xor %r9d, %r9d
	xor %r10d, %r10d
	xor %r11d, %r11d
	xor %r12d, %r12d
	xor %r13d, %r13d
	xor %r14d, %r14d
	xor %r15d, %r15d
	jmp *slot_entry(%rip)

	/* XSAVE area: everything in its initial state. */
	.balign 64
state:
	.word 0x37f
	.fill 22, 1, 0
	.long 0x1f80
	.fill 548, 1, 0

	/* struct pmm_native_slots */
	.balign 8
slot_entry:
	.quad 0
slot_data:
	.quad 0
slot_size:
	.quad 0
	.globl pmm_native_code_end
pmm_native_code_end:

	.section .note.GNU-stack, "", @progbits
