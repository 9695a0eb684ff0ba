/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/uart.h - the remote's UART: a socket pair
 *
 * What the remote sends goes to a sink, in order and complete: while the sink
 * takes nothing, nothing is read, and a remote that waits for its UART waits.
 * What is sent to the remote is kept until it reads.
 *
 * Ownership  The caller's storage.
 * Threads    The event loop's.
 */
#ifndef PMM_UART_H
#define PMM_UART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop.h"

#define PMM_UART_TX_SIZE 4096u

struct pmm_uart_sink {
	/* Take up to @len bytes. Return: how many; less: not now, and
	 * pmm_uart_pump() is called when more can be taken. */
	size_t (*write)(void *ctx, const char *buf, size_t len);
	/* There is room again for pmm_uart_send(). May be NULL. */
	void (*room)(void *ctx);
	void *ctx;
};

struct pmm_uart {
	struct pmm_loop *loop;
	int fd;	       /* ours */
	int remote_fd; /* the remote's */
	bool stalled;  /* the sink takes nothing now */
	struct pmm_uart_sink sink;
	struct pmm_watch watch;
	char rx[4096]; /* read, and not yet taken by the sink */
	size_t rx_pos, rx_len;
	char tx[PMM_UART_TX_SIZE]; /* sent, and not yet read */
	size_t tx_len;
};

/**
 * pmm_uart_open() - make the pair and watch our end
 * @uart: caller's storage
 * @loop: borrowed until close
 * @sink: copied
 * Return: 0 or negative errno.
 */
int pmm_uart_open(struct pmm_uart *uart, struct pmm_loop *loop,
		  const struct pmm_uart_sink *sink);

/** pmm_uart_close() - what the remote sent before was pumped, or is lost */
void pmm_uart_close(struct pmm_uart *uart);

/**
 * pmm_uart_pump() - pass on what the remote has sent
 * Return: true when that was all, or the sink takes no more.
 */
bool pmm_uart_pump(struct pmm_uart *uart);

/**
 * pmm_uart_send() - bytes for the remote
 * Return: how many were taken; the sink's room() tells of more.
 */
size_t pmm_uart_send(struct pmm_uart *uart, const char *buf, size_t len);

/** pmm_uart_room() - bytes that pmm_uart_send() takes now */
size_t pmm_uart_room(const struct pmm_uart *uart);

/** pmm_uart_drop_input() - the remote starts anew: forget what it was sent */
void pmm_uart_drop_input(struct pmm_uart *uart);

#endif /* PMM_UART_H */
