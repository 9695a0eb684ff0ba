/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The probe firmware, on the native board's start-up code and system calls
 */
#include "probe.h"

#include <asm/unistd.h>

#include "../tiny_table.h"
#include "arch.h"
#include "native.h"
#include "sys.h"

/* start.S of the probe saves them. */
extern uint64_t probe_regs[32];

static volatile uint64_t probe_data[1000] = { 1, 2, 3 };
static volatile uint64_t probe_bss[1000];
static const uint64_t probe_rodata[2] = { PROBE_MAGIC, 0 };

extern char board_ram_end[];

static uint64_t probe_memory(void)
{
	uint64_t fresh = probe_data[0] == 1 && probe_data[2] == 3;

	for (unsigned int i = 0; i < 1000; i++) {
		if (probe_bss[i] != 0 || (i > 2 && probe_data[i] != 0))
			fresh = 0;
		probe_bss[i] = 0xbad;
		probe_data[i] = 0xbad;
	}
	return fresh;
}

static uint64_t probe_registers(void)
{
	uint64_t count = 0;

	for (unsigned int i = 0; i < 32; i++)
		count += probe_regs[i] != 0;
	return count;
}

static uint64_t probe_open_fds(void)
{
	uint64_t count = 0;

	for (int fd = 0; fd < 1024; fd++) {
		struct pollfd p = { .fd = fd };

		if (sys_poll(&p, 1, 0) < 0 || !(p.revents & POLLNVAL))
			count++;
	}
	return count;
}

static uint64_t probe_rung(void)
{
	uint64_t count = 0;
	long rc = sys_read(SYS_FD_DOORBELL, &count, sizeof(count));

	return rc < 0 ? (uint64_t)rc : count;
}

static uint64_t probe_ring(void)
{
	const uint64_t one = 1;

	return (uint64_t)sys_write(SYS_FD_MAIN, &one, sizeof(one));
}

static uint64_t probe_hvl_word(uint64_t at)
{
	return ((const volatile uint32_t *)(const volatile void *)&tiny_table
			.hvl)[at];
}

static uint64_t probe_do(const struct probe_command *c)
{
	switch (c->op) {
	case PROBE_HELLO:
		return PROBE_MAGIC;
	case PROBE_RING:
		return probe_ring();
	case PROBE_RUNG:
		return probe_rung();
	case PROBE_MEMORY:
		return probe_memory();
	case PROBE_REGISTERS:
		return probe_registers();
	case PROBE_LOAD:
		return *(const volatile uint64_t *)c->arg;
	case PROBE_STORE:
		*(volatile uint64_t *)c->arg = c->value;
		return 1;
	case PROBE_CALL:
		((void (*)(void))c->arg)();
		return 1;
	case PROBE_SYSCALL:
		return (uint64_t)arch_syscall((long)c->arg, (long)c->value, 0,
					      0, 0, 0);
	case PROBE_OPEN_FDS:
		return probe_open_fds();
	case PROBE_HEARTBEAT:
		tiny_table.hvl.heartbeat = hvl_le32_make((uint32_t)c->value);
		return 1;
	case PROBE_TEXT_AT:
		return (uintptr_t)probe_do;
	case PROBE_RODATA_AT:
		return (uintptr_t)probe_rodata;
	case PROBE_FREE_AT:
		return (uintptr_t)board_ram_end - 4096;
	case PROBE_HVL_WORD:
		return probe_hvl_word(c->arg);
	default:
		sys_exit((int)c->arg);
	}
}

void board_main(void)
{
	struct probe_command c;

	for (;;) {
		uint64_t answer;
		long n = sys_read(SYS_FD_UART_IN, &c, sizeof(c));

		if (n != (long)sizeof(c))
			sys_exit(99);
		answer = probe_do(&c);
		sys_write(SYS_FD_UART_OUT, &answer, sizeof(answer));
	}
}
