/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * board.h - what an application asks of the board it runs on
 *
 * One folder a board implements this, with start-up code that clears .bss,
 * copies .data where needed and calls app_main(). Besides it implements
 * metal's time and lock. Applications know nothing else of a board.
 */
#ifndef HVL_BOARD_H
#define HVL_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvl/metal/compiler.h>
#include <hvl/metal/io.h>
#include <hvl/wire/rsc_table.h>

/* The application's entry, on the boot stack; its return stops the remote. */
void app_main(void);

/* What the loader said in the resource table, checked and made accessible. */
struct board_info {
	const char *name;    /* "native" */
	struct hvl_io shm;   /* the shared memory */
	uint64_t regs_da;    /* first register block */
	uint32_t regs_count; /* blocks, HVL_MMIO_BLOCK_SIZE apart */
	uint32_t cache_line; /* for the drivers: 0 where caches are coherent */
	bool polling;	     /* there is no doorbell to us */
};

/** board_info() - valid from app_main() on */
const struct board_info *board_info(void);

/** board_doorbell_ring() - notify the main side; any context */
void board_doorbell_ring(void);

/** board_doorbell_take() - whether it rang since the last call */
bool board_doorbell_take(void);

/**
 * board_idle() - sleep until doorbell, UART input or the time
 * @until_us: hvl_time_us() at which to return at the latest
 *
 * May return early. Loses no wake-up: what came since the last
 * board_doorbell_take() and board_uart_read() makes it return at once.
 */
void board_idle(uint64_t until_us);

/** board_uart_write() - send bytes, wait until they are taken */
void board_uart_write(const char *buf, size_t len);

/** board_uart_read() - received bytes, up to @size. Return: 0 when none. */
size_t board_uart_read(char *buf, size_t size);

/** board_trace() - append to the resource table's trace buffer, a ring that
 * keeps the latest text whole lines first and NUL-terminated */
void board_trace(const char *buf, size_t len);

/** board_running() - tell the loader: state running */
void board_running(void);

/** board_heartbeat() - tell the loader that we live; at least every 100 ms */
void board_heartbeat(void);

/** board_restart() - ask the loader for a fresh start */
_Noreturn void board_restart(void);

/** board_stop() - end in good order */
_Noreturn void board_stop(void);

/**
 * board_panic() - an assertion failed: say so and where, state crashed
 * @what: one line
 */
_Noreturn void board_panic(const char *what);

/** board_fault() - do what the processor cannot do: for tests of recovery */
_Noreturn void board_fault(void);

#endif /* HVL_BOARD_H */
