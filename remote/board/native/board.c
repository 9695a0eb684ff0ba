/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * board.c - the native board: UART, doorbells, end
 *
 * Descriptors stand for the hardware. ppoll() tells what is ready, and what it
 * told is remembered, so that looking at an idle UART or doorbell costs no
 * system call.
 */
#include "native.h"

#include <linux/errno.h>
#include <linux/poll.h>
#include <linux/signal.h>

#include <hvl/metal/barrier.h>
#include <hvl/metal/log.h>
#include <hvl/metal/time.h>

#include "remote.h"
#include "sys.h"

/* As a shell reports a process that abort() has ended. */
#define BOARD_PANIC_CODE (128 + SIGABRT)

/* How long a busy application may leave the descriptors unlooked at. */
#define BOARD_LOOK_US 5000u

enum {
	POLL_UART,
	POLL_DOORBELL,
	POLL_COUNT
};

/* A negative descriptor is not looked at any more. */
static struct pollfd board_fds[POLL_COUNT] = {
	[POLL_UART] = { .fd = SYS_FD_UART_IN, .events = POLLIN },
	[POLL_DOORBELL] = { .fd = SYS_FD_DOORBELL, .events = POLLIN },
};
static uint64_t board_looked_us;
static bool board_just_looked; /* when, the next clock reading will say */
static bool board_uart_ready;
static bool board_rang;

static struct board_info board_infos = { .name = "native" };

void board_main(void)
{
	const char *wrong;

	native_fault_init();
	sys_signal_ignore(SIGPIPE);
	wrong = remote_init(&board_infos);
	if (!wrong && remote_doorbell() != HVL_DOORBELL_NATIVE &&
	    !board_infos.polling)
		wrong = "resource table: a doorbell that this board lacks";
	if (wrong)
		board_panic(wrong);
	app_main();
	board_stop();
}

const struct board_info *board_info(void)
{
	return &board_infos;
}

void board_doorbell_ring(void)
{
	const uint64_t one = 1;

	/* Full counter or closed descriptor: it has rung, or never will. */
	hvl_wmb_before_doorbell();
	sys_write(SYS_FD_MAIN, &one, sizeof(one));
}

/* The counter must be read, or ppoll() would return at once for ever. */
static void board_take_doorbell(short revents)
{
	uint64_t count;

	if (revents & POLLIN) {
		sys_read(SYS_FD_DOORBELL, &count, sizeof(count));
		hvl_rmb_after_doorbell();
		board_rang = true;
	} else if (revents & (POLLERR | POLLHUP | POLLNVAL)) {
		board_fds[POLL_DOORBELL].fd = -1;
	}
}

static void board_look(uint64_t us)
{
	board_just_looked = true;
	if (sys_poll(board_fds, POLL_COUNT, us) <= 0)
		return;
	/* Hung up and nothing left to read: the next read finds the end. */
	if (board_fds[POLL_UART].revents)
		board_uart_ready = true;
	board_take_doorbell(board_fds[POLL_DOORBELL].revents);
}

/* An application that is never idle must see its UART all the same. */
static void board_look_now_and_then(void)
{
	if (board_just_looked) {
		board_just_looked = false;
		board_looked_us = native_last_us();
	}
	if (native_last_us() - board_looked_us >= BOARD_LOOK_US)
		board_look(0);
}

bool board_doorbell_take(void)
{
	bool rang = board_rang;

	board_rang = false;
	return rang;
}

void board_idle(uint64_t until_us)
{
	uint64_t now = native_last_us();

	if (board_uart_ready || board_rang)
		return;
	board_look(until_us > now ? until_us - now : 0);
}

/* A UART that nobody takes bytes from any more loses them. */
void board_uart_write(const char *buf, size_t len)
{
	struct pollfd out = { .fd = SYS_FD_UART_OUT, .events = POLLOUT };
	long n;

	while (len > 0) {
		n = sys_write(SYS_FD_UART_OUT, buf, len);
		if (n == -EAGAIN) {
			sys_poll(&out, 1, HVL_US_PER_S);
			continue;
		}
		if (n == -EINTR)
			continue;
		if (n <= 0)
			return;
		buf += n;
		len -= (size_t)n;
	}
}

size_t board_uart_read(char *buf, size_t size)
{
	long n;

	if (!board_uart_ready)
		board_look_now_and_then();
	if (!board_uart_ready || size == 0)
		return 0;
	board_uart_ready = false;
	n = sys_read(SYS_FD_UART_IN, buf, size);
	if (n > 0)
		return (size_t)n;
	/* The end of it, which would stay ready: the terminal is gone. */
	if (n != -EAGAIN && n != -EINTR)
		board_fds[POLL_UART].fd = -1;
	return 0;
}

void board_trace(const char *buf, size_t len)
{
	remote_trace_write(buf, len);
}

void board_running(void)
{
	remote_state(HVL_REMOTE_RUNNING);
}

void board_heartbeat(void)
{
	remote_beat();
}

void board_restart(void)
{
	remote_state(HVL_REMOTE_WANTS_RESTART);
	sys_exit(0);
}

void board_stop(void)
{
	remote_state(HVL_REMOTE_STOPPED);
	sys_exit(0);
}

void board_panic(const char *what)
{
	char line[HVL_LOG_LINE];
	int len = hvl_format(line, sizeof(line), "\r\npanic: %s\r\n", what);
	size_t n = (size_t)len;

	if (n >= sizeof(line))
		n = sizeof(line) - 1;
	board_uart_write(line, n);
	board_trace(line, n);
	remote_crashed(SIGABRT);
	sys_exit(BOARD_PANIC_CODE);
}
