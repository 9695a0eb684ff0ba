/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The native remote's first instructions; native/plan.h has the other half
 */

#define SYS_write 64
#define SYS_exit_group 94
#define SYS_clone 220

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
	.type pmm_native_clone, %function
pmm_native_clone:
	mov x9, x2
	mov x2, x1
	mov x1, xzr
	mov x3, xzr
	mov x4, xzr
	mov x8, #SYS_clone
	svc #0
	cbz x0, 1f
	ret
1:	br x9
	.size pmm_native_clone, . - pmm_native_clone

/* From here on position-independent: copied to the start of a page. */
	.balign 64
	.globl pmm_native_code
pmm_native_code:
	ldr x19, slot_data
	add x20, x19, #HEAD_STEPS
	mov w21, #STEP_SIZE

step:
	ldr w8, [x20, #STEP_NR]
	cmn w8, #1
	b.eq enter
	ldp x0, x1, [x20, #STEP_ARG]
	ldp x2, x3, [x20, #STEP_ARG + 16]
	ldp x4, x5, [x20, #STEP_ARG + 32]
	svc #0
	ldrh w9, [x20, #STEP_SKIP]
	cmn x0, #4095
	b.hs failed
advance:
	add w9, w9, #1
	umaddl x20, w9, w21, x20
	b step

failed:
	ldrh w10, [x20, #STEP_OPTIONAL]
	mov w9, wzr
	cbnz w10, advance
	neg w0, w0
	str w0, [x19, #HEAD_REPORT_ERROR]
	sub x20, x20, x19
	sub w20, w20, #HEAD_STEPS
	str w20, [x19, #HEAD_REPORT_STEP]
	ldr w0, [x19, #HEAD_REPORT_FD]
	add x1, x19, #HEAD_REPORT_STEP
	mov x2, #8
	mov x8, #SYS_write
	svc #0
	mov x0, #1
	mov x8, #SYS_exit_group
	svc #0
	brk #0

	/* Nothing of the PMM is left, in registers neither. */
enter:
	ldr x0, slot_data
	ldr x1, slot_size
1:	str xzr, [x0], #8
	subs x1, x1, #8
	b.hi 1b
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movi v\n\().2d, #0
	.endr
	.irp n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	movi v\n\().2d, #0
	.endr
	msr fpcr, xzr
	msr fpsr, xzr
	msr tpidr_el0, xzr
	/* The entry's register is the only one that is not 0. */
	ldr x17, slot_entry
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
	mov x\n, xzr
	.endr
	.irp n, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
	mov x\n, xzr
	.endr
	mov sp, x0
	br x17

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

	.section .note.GNU-stack, "", %progbits
