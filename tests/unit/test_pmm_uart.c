/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_pmm_uart.c - the remote's UART
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "uart.h"

#define TOTAL 1000000u

static struct pmm_loop loop;
static struct pmm_uart uart;

/* A sink with room for so many bytes, which checks their order. */
static struct {
	size_t room, got;
	int rooms;
} sink;

static char pattern(size_t i)
{
	return (char)(i * 7 + i / 256);
}

static size_t sink_write(void *ctx, const char *buf, size_t len)
{
	size_t n = len < sink.room ? len : sink.room;

	(void)ctx;
	for (size_t i = 0; i < n; i++)
		assert_int_equal(buf[i], pattern(sink.got + i));
	sink.got += n;
	sink.room -= n;
	return n;
}

static void sink_room(void *ctx)
{
	(void)ctx;
	sink.rooms++;
}

static int setup(void **state)
{
	static const struct pmm_uart_sink cfg = { .write = sink_write,
						  .room = sink_room };

	(void)state;
	memset(&sink, 0, sizeof(sink));
	if (pmm_loop_init(&loop) < 0)
		return -1;
	return pmm_uart_open(&uart, &loop, &cfg);
}

static int teardown(void **state)
{
	(void)state;
	pmm_uart_close(&uart);
	pmm_uart_close(&uart);
	pmm_loop_fini(&loop);
	return 0;
}

/* Send as a remote does that does not wait. Return: bytes sent so far. */
static size_t remote_send(size_t sent)
{
	char buf[512];
	ssize_t n;

	do {
		size_t len = TOTAL - sent < sizeof(buf) ? TOTAL - sent :
							  sizeof(buf);

		for (size_t i = 0; i < len; i++)
			buf[i] = pattern(sent + i);
		n = len ? send(uart.remote_fd, buf, len, MSG_DONTWAIT) : 0;
		if (n > 0)
			sent += (size_t)n;
	} while (n > 0);
	return sent;
}

static void uart_output_is_complete_with_slow_sink(void **state)
{
	size_t sent = 0;

	(void)state;
	for (int turns = 0; sink.got < TOTAL && turns < 100000; turns++) {
		sent = remote_send(sent);
		if (turns % 3 == 0) {
			sink.room = 1000 + (size_t)turns % 977;
			(void)pmm_uart_pump(&uart);
		}
		assert_int_equal(pmm_loop_turn(&loop, 0), 0);
	}
	assert_int_equal(sink.got, TOTAL);
}

/* A sink that takes nothing must not keep the loop busy. */
static void uart_stalled_sink_costs_no_wakeups(void **state)
{
	uint64_t before;
	size_t sent = remote_send(0);

	(void)state;
	assert_true(sent > 0);
	assert_int_equal(pmm_loop_turn(&loop, 1000), 0);
	before = loop.wakeups;
	assert_int_equal(pmm_loop_turn(&loop, 5), 0);
	assert_int_equal(loop.wakeups, before + 1);
	assert_int_equal(sink.got, 0);
	assert_true(uart.stalled);
	sink.room = TOTAL;
	while (!pmm_uart_pump(&uart))
		;
	assert_int_equal(sink.got, sent);
	assert_false(uart.stalled);
}

static void uart_input_waits_for_the_remote(void **state)
{
	static char buf[65536];
	size_t sent = 0, got = 0;
	ssize_t n;

	(void)state;
	memset(buf, 'x', sizeof(buf));
	/* Until the socket and our own buffer are full. */
	while ((n = (ssize_t)pmm_uart_send(&uart, buf, sizeof(buf))) > 0)
		sent += (size_t)n;
	assert_int_equal(pmm_uart_room(&uart), 0);
	assert_int_equal(sink.rooms, 0);
	for (int turns = 0; got < sent && turns < 100000; turns++) {
		n = recv(uart.remote_fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n > 0)
			got += (size_t)n;
		assert_int_equal(pmm_loop_turn(&loop, 0), 0);
	}
	assert_int_equal(got, sent);
	assert_true(sink.rooms > 0);
	assert_int_equal(pmm_uart_room(&uart), PMM_UART_TX_SIZE);
}

static void uart_drop_input_leaves_nothing(void **state)
{
	char buf[4096] = { 0 };

	(void)state;
	while (pmm_uart_send(&uart, buf, sizeof(buf)) > 0)
		;
	pmm_uart_drop_input(&uart);
	assert_int_equal(recv(uart.remote_fd, buf, 1, MSG_DONTWAIT), -1);
	assert_int_equal(pmm_uart_send(&uart, "new", 3), 3);
	assert_int_equal(recv(uart.remote_fd, buf, 8, MSG_DONTWAIT), 3);
}

#define UART_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UART_TEST(uart_output_is_complete_with_slow_sink),
		UART_TEST(uart_stalled_sink_costs_no_wakeups),
		UART_TEST(uart_input_waits_for_the_remote),
		UART_TEST(uart_drop_input_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
