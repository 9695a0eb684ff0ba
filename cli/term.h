/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cli/term.h - the remote's UART on stdin and stdout
 *
 * On a terminal, keys go to the remote one by one, and Ctrl-] quits; anything
 * else that stdin may be is sent as it is, and its end ends nothing. Output
 * that stdout does not take now waits, and with it the remote; the event loop
 * never does.
 */
#ifndef CLI_TERM_H
#define CLI_TERM_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "loop.h"
#include "uart.h"

struct cli_term {
	struct pmm_loop *loop;
	struct pmm_uart *uart;
	bool raw;     /* stdin is a terminal, and in raw mode */
	bool always;  /* stdin never waits: a file */
	bool eof;     /* nothing more comes from it */
	bool waiting; /* for the remote to read */
	bool broken;  /* stdout takes nothing any more */
	bool final;   /* wait for stdout, until: */
	uint64_t final_us;
	bool blocking;
	int out;
	struct pmm_watch in_watch, out_watch;
	struct pmm_task in_task;
	void (*quit)(void *ctx);
	void *quit_ctx;
};

/** cli_term_init() - for the sink of a remote that is still to be made */
void cli_term_init(struct cli_term *term, struct pmm_loop *loop);

/** cli_term_sink() - where the UART's output goes */
struct pmm_uart_sink cli_term_sink(struct cli_term *term);

/**
 * cli_term_open() - raw mode, and keys go to the remote
 * @term: initialized
 * @uart: the remote's; borrowed until close
 * @quit: called for Ctrl-]
 * @ctx:  for @quit
 * @err:  filled in on failure
 * Return: 0 or negative errno.
 *
 * The terminal is restored by close, at exit, and when a fault kills us.
 */
int cli_term_open(struct cli_term *term, struct pmm_uart *uart,
		  void (*quit)(void *ctx), void *ctx, struct pmm_error *err);

/** cli_term_final() - from now on wait for stdout, CLI_FINAL_MS at
 * most in all */
void cli_term_final(struct cli_term *term);

/** cli_term_close() - as it was before; nothing is done on a closed one */
void cli_term_close(struct cli_term *term);

#endif /* CLI_TERM_H */
