/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tables.S - translation tables: addresses as they are, rights by 2 MiB
 *
 * What is not listed faults, address 0 and the guards below the stacks among
 * it. memory.c adds the shared memory where the loader wants it.
 */
#define TABLE 3
#define BLOCK 1
#define DEVICE 0		/* by the order in MAIR_EL1 */
#define NORMAL (1 << 2)
#define READ_ONLY (1 << 7)
#define INNER_SHAREABLE (3 << 8)
#define ACCESSED (1 << 10)
#define NO_EXECUTE (3 << 53)
#define NO_USER_EXECUTE (2 << 53)

#define MEMORY (BLOCK | NORMAL | INNER_SHAREABLE | ACCESSED)
#define CODE (MEMORY | READ_ONLY | NO_USER_EXECUTE)
#define CONSTANTS (MEMORY | READ_ONLY | NO_EXECUTE)
#define DATA (MEMORY | NO_EXECUTE)
#define REGISTERS (BLOCK | DEVICE | ACCESSED | NO_EXECUTE)

#define SIZE 0x200000

	.macro	blocks first, last, rights
	.set	at, \first
	.rept	(\last - \first) / SIZE
	.8byte	at + \rights
	.set	at, at + SIZE
	.endr
	.endm

	.macro	nothing first, last
	.fill	(\last - \first) / SIZE, 8, 0
	.endm

	.section .data.tables, "aw", %progbits
	.balign	4096
	.global	tables_low
tables_low:
	nothing	0x00000000, 0x08000000
	blocks	0x08000000, 0x0a200000, REGISTERS	/* GIC, UART, virtio */
	nothing	0x0a200000, 0x10000000
	blocks	0x10000000, 0x10200000, REGISTERS	/* BAR0 and BAR1 */
	nothing	0x10200000, 0x3f000000
	blocks	0x3f000000, 0x3f200000, REGISTERS	/* PCI bus 0 */
	nothing	0x3f200000, 0x40000000

tables_ram:
	nothing	0x40000000, 0x40200000			/* QEMU's device tree */
	blocks	0x40200000, 0x40400000, CODE
	blocks	0x40400000, 0x40600000, CONSTANTS
	nothing	0x40600000, 0x40800000			/* guard */
	blocks	0x40800000, 0x40a00000, DATA		/* fault stack */
	nothing	0x40a00000, 0x40c00000			/* guard */
	blocks	0x40c00000, 0x44000000, DATA
	nothing	0x44000000, 0x80000000

	.global	tables
tables:
	.8byte	tables_low + TABLE
	.8byte	tables_ram + TABLE
	.8byte	0
	.8byte	0

	.section .note.GNU-stack, "", %progbits
