/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bare.h - what boards without an operating system have in common
 *
 * Most of board.h, over the functions of the board that stand below, and over
 * three of its processor's in its header cpu.h:
 *
 *   uintptr_t cpu_mask(void)		mask interrupts, return what was
 *   void cpu_restore(uintptr_t was)	undo that
 *   void cpu_poll(void)		take what has come, where no interrupt
 *					says so; else it does nothing
 *
 * Start-up code sets up the stack, .bss, vectors and memory, then calls
 * bare_main() with interrupts unmasked or about to be: none is enabled yet.
 * The rest of board.h is the board's as well: board_uart_write(),
 * board_doorbell_ring(), and metal's hvl_time_us().
 */
#ifndef BARE_H
#define BARE_H

#include <stddef.h>
#include <stdint.h>

#include "board.h"

#define BARE_CAUSE_PANIC 0x100u /* beyond every exception's number */

struct bare_reg {
	const char *name;
	uintptr_t value;
};

/* The board's */

extern struct board_info bare_info; /* name and cache_line are set */

/** bare_start() - UART and clock; nothing of the resource table is known */
void bare_start(void);

/**
 * bare_open() - doorbell and interrupts, by what the loader said
 * Return: NULL, or what is wrong, for board_panic().
 */
const char *bare_open(void);

/**
 * bare_sleep() - wait for an interrupt, with interrupts masked
 * @us: at most so long, not 0
 *
 * May return early; an interrupt that is pending already ends it.
 */
void bare_sleep(uint64_t us);

/**
 * bare_uart_take() - hand what the UART holds to bare_received()
 *
 * While bare_room() says so. Called by the board's interrupt handler or
 * cpu_poll(), and, with interrupts masked, when there is room again.
 */
void bare_uart_take(void);

/** bare_end() - reset or halt, so that the main side notices; any context */
_Noreturn void bare_end(void);

/* The board calls */

/**
 * bare_main() - from start-up code: all the rest
 *
 * Weak: an application that comes without a loader has its own, which begins
 * with bare_start().
 */
_Noreturn void bare_main(void);

/**
 * bare_room() - whether bare_received() takes a byte more
 *
 * If not, bytes wait in the UART, whose interrupt must not come again and again
 * meanwhile: bare_uart_take() is called later.
 */
bool bare_room(void);

/** bare_received() - a byte came on the UART; interrupt handlers, cpu_poll() */
void bare_received(char byte);

/** bare_rang() - the doorbell rang; interrupt handlers, cpu_poll() */
void bare_rang(void);

/**
 * bare_fault() - the processor met a fault: print, state crashed, end
 * @what:  one line
 * @cause: the board's number for it, not 0
 * @regs:  registers, @n of them
 */
_Noreturn void bare_fault(const char *what, uint32_t cause,
			  const struct bare_reg *regs, unsigned int n);

#endif /* BARE_H */
