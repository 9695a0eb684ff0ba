/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * probe.h - a firmware that does what a test tells it on its UART
 *
 * Each command is one struct, each answer one 64-bit word, where there is one.
 */
#ifndef TESTS_PROBE_H
#define TESTS_PROBE_H

#include <stdint.h>

enum probe_op {
	PROBE_HELLO,	 /* answers PROBE_MAGIC */
	PROBE_RING,	 /* writes the main side's doorbell; the result */
	PROBE_RUNG,	 /* reads its own: the count, or -errno */
	PROBE_MEMORY,	 /* whether .data and .bss are fresh; dirties both */
	PROBE_REGISTERS, /* how many were not 0 at the entry */
	PROBE_LOAD,	 /* the word at @arg */
	PROBE_STORE,	 /* writes @value at @arg; 1 */
	PROBE_CALL,	 /* jumps to @arg */
	PROBE_SYSCALL,	 /* system call @arg with @value; its result */
	PROBE_OPEN_FDS,	 /* how many descriptors below 1024 are open */
	PROBE_HEARTBEAT, /* writes @value into the table's hvl entry; 1 */
	PROBE_EXIT,	 /* exits with @arg */
	PROBE_TEXT_AT,	 /* address of its code */
	PROBE_RODATA_AT, /* address of its constants */
	PROBE_FREE_AT,	 /* address of RAM outside every segment */
	PROBE_HVL_WORD,	 /* word @arg of the table's hvl entry */
};

#define PROBE_MAGIC UINT64_C(0x65626f7270)

struct probe_command {
	uint64_t op;
	uint64_t arg;
	uint64_t value;
};

#endif /* TESTS_PROBE_H */
