/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * uart.c - the remote's UART: a socket pair
 */
#include "uart.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Per event, so that a remote that never stops talking leaves us time. */
#define UART_READS_MAX 8

static void uart_watch(struct pmm_uart *uart)
{
	uint32_t events = 0;

	if (!uart->stalled)
		events |= EPOLLIN;
	if (uart->tx_len)
		events |= EPOLLOUT;
	(void)pmm_loop_rewatch(uart->loop, &uart->watch, events);
}

/* Return: true when all that was read has been taken. */
static bool uart_sink(struct pmm_uart *uart)
{
	while (uart->rx_pos < uart->rx_len) {
		size_t n = uart->sink.write(uart->sink.ctx,
					    uart->rx + uart->rx_pos,
					    uart->rx_len - uart->rx_pos);

		if (n == 0)
			return false;
		uart->rx_pos += n;
	}
	uart->rx_pos = uart->rx_len = 0;
	return true;
}

bool pmm_uart_pump(struct pmm_uart *uart)
{
	bool stalled = !uart_sink(uart);
	bool empty = false;

	for (int i = 0; !stalled && i < UART_READS_MAX; i++) {
		ssize_t n = recv(uart->fd, uart->rx, sizeof(uart->rx),
				 MSG_DONTWAIT);

		if (n <= 0) {
			empty = true;
			break;
		}
		uart->rx_len = (size_t)n;
		stalled = !uart_sink(uart);
	}
	if (stalled != uart->stalled) {
		uart->stalled = stalled;
		uart_watch(uart);
	}
	return stalled || empty;
}

static void uart_flush(struct pmm_uart *uart)
{
	size_t before = uart->tx_len;
	ssize_t n;

	if (before == 0)
		return;
	n = send(uart->fd, uart->tx, before, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n > 0) {
		uart->tx_len -= (size_t)n;
		memmove(uart->tx, uart->tx + n, uart->tx_len);
	}
	if (uart->tx_len == 0)
		uart_watch(uart);
}

static void uart_on_event(void *ctx, uint32_t events)
{
	struct pmm_uart *uart = ctx;

	if (events & EPOLLOUT) {
		uart_flush(uart);
		if (uart->tx_len < PMM_UART_TX_SIZE && uart->sink.room)
			uart->sink.room(uart->sink.ctx);
	}
	if (events & EPOLLIN)
		(void)pmm_uart_pump(uart);
}

size_t pmm_uart_room(const struct pmm_uart *uart)
{
	return PMM_UART_TX_SIZE - uart->tx_len;
}

size_t pmm_uart_send(struct pmm_uart *uart, const char *buf, size_t len)
{
	size_t room = pmm_uart_room(uart);
	bool was_empty = uart->tx_len == 0;

	if (len > room)
		len = room;
	memcpy(uart->tx + uart->tx_len, buf, len);
	uart->tx_len += len;
	if (was_empty && len) {
		uart_flush(uart);
		if (uart->tx_len)
			uart_watch(uart);
	}
	return len;
}

void pmm_uart_drop_input(struct pmm_uart *uart)
{
	char old[1024];

	uart->tx_len = 0;
	while (recv(uart->remote_fd, old, sizeof(old), MSG_DONTWAIT) > 0)
		;
	uart_watch(uart);
}

int pmm_uart_open(struct pmm_uart *uart, struct pmm_loop *loop,
		  const struct pmm_uart_sink *sink)
{
	int fds[2], rc;

	memset(uart, 0, sizeof(*uart));
	uart->fd = uart->remote_fd = -1;
	uart->loop = loop;
	uart->sink = *sink;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	uart->fd = fds[0];
	uart->remote_fd = fds[1];
	rc = pmm_loop_watch(loop, &uart->watch, uart->fd, EPOLLIN,
			    uart_on_event, uart);
	if (rc < 0)
		pmm_uart_close(uart);
	return rc;
}

void pmm_uart_close(struct pmm_uart *uart)
{
	if (!uart->loop)
		return;
	pmm_loop_unwatch(uart->loop, &uart->watch);
	if (uart->fd >= 0)
		close(uart->fd);
	if (uart->remote_fd >= 0)
		close(uart->remote_fd);
	uart->loop = NULL;
}
