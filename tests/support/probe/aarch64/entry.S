/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The probe's entry: keeps the registers as they came, x17 apart, which has
 * the entry's address
 */
	.section .text.start, "ax", %progbits
	.globl probe_entry
probe_entry:
	adrp x17, probe_regs
	add x17, x17, :lo12:probe_regs
	stp x0, x1, [x17]
	stp x2, x3, [x17, #16]
	stp x4, x5, [x17, #32]
	stp x6, x7, [x17, #48]
	stp x8, x9, [x17, #64]
	stp x10, x11, [x17, #80]
	stp x12, x13, [x17, #96]
	stp x14, x15, [x17, #112]
	stp x16, x18, [x17, #128]
	stp x19, x20, [x17, #144]
	stp x21, x22, [x17, #160]
	stp x23, x24, [x17, #176]
	stp x25, x26, [x17, #192]
	stp x27, x28, [x17, #208]
	stp x29, x30, [x17, #224]
	mov x0, sp
	mrs x1, tpidr_el0
	stp x0, x1, [x17, #240]
	b _start

	.bss
	.balign 8
	.globl probe_regs
probe_regs:
	.skip 256

	.section .note.GNU-stack, "", %progbits
