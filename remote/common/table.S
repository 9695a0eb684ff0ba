/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * table.S - the resource table of every firmware (hvl/wire/rsc_table.h)
 *
 * Assembly, since C cannot put an address into a 32-bit word on a 64-bit
 * machine; the address must be in the file, where the loader reads it. Only
 * directives, so that it serves every machine. The firmware lies below 4 GiB.
 */
#include "table.h"

#define TYPE_CARVEOUT 0
#define TYPE_TRACE 2
#define TYPE_HVL 0x168
#define ADDR_ANY 0xffffffff
#define NAME_SIZE 32

	.section .resource_table, "aw", %progbits
	/* Cache lines of its own: what we say in it is written back alone. */
	.balign 64
	.global remote_table
remote_table:
	.4byte 1		/* version */
	.4byte 3		/* entries */
	.4byte 0, 0
	.4byte table_carveout - remote_table
	.4byte table_trace - remote_table
	.4byte remote_table_hvl - remote_table

	/* The shared memory: anywhere, any size. */
table_carveout:
	.4byte TYPE_CARVEOUT
	.4byte ADDR_ANY		/* da */
	.4byte 0		/* pa */
	.4byte 0		/* len */
	.4byte 0		/* flags */
	.4byte 0
0:	.ascii "hvl"
	.space NAME_SIZE - (. - 0b)

table_trace:
	.4byte TYPE_TRACE
	.4byte remote_table_trace
	.4byte REMOTE_TABLE_TRACE_SIZE
	.4byte 0
0:	.ascii "trace"
	.space NAME_SIZE - (. - 0b)

	.global remote_table_hvl
remote_table_hvl:
	.4byte TYPE_HVL
	.4byte table_end - . - 4
	.4byte 0x656c7668	/* magic */
	.4byte 1		/* version */
	.space 2 * 4		/* the loader's: shm_da */
	.space 2 * 4		/* shm_size */
	.space 2 * 4		/* regs_da */
	.space 4		/* regs_count */
	.space 4		/* doorbell */
	.space 6 * 4		/* doorbell_param */
	.space 2 * 4
	.space 4		/* ours: heartbeat */
	.space 4		/* state */
	.space 4		/* cause */
	.space 4
table_end:

	.section .bss.remote_table_trace, "aw", %nobits
	.balign 64
	.global remote_table_trace
remote_table_trace:
	.space REMOTE_TABLE_TRACE_SIZE

	.section .note.GNU-stack, "", %progbits
