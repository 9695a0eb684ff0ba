/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What boards on bare metal have in common, on a processor made of variables.
 */
#include "bare.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <setjmp.h>
#include <cmocka.h>

#include <hvl/metal/lock.h>
#include <hvl/metal/log.h>
#include <hvl/metal/time.h>

#include "cpu.h"
#include "remote.h"

uintptr_t fake_cpu_masked;
struct board_info bare_info = { .name = "fake" };

static struct {
	uint64_t now_us;
	unsigned int sleeps;
	uint64_t slept_us;
	bool slept_masked;
	char polled;	       /* cpu_poll() receives it */
	unsigned int uart_in;  /* bytes that the UART has received */
	unsigned int uart_out; /* of them handed on: byte i is i */
	unsigned int taken_unmasked;
	char out[1024];
	size_t out_len;
	size_t trace_len;
	uint32_t state, cause;
	size_t out_len_at_state;
	bool fault_while_printing;
	const char *wrong;
	unsigned int app_mains;
	jmp_buf end;
} fake;

void cpu_poll(void)
{
	if (fake.polled)
		bare_received(fake.polled);
	fake.polled = 0;
}

void bare_uart_take(void)
{
	if (!fake_cpu_masked)
		fake.taken_unmasked++;
	while (bare_room() && fake.uart_out < fake.uart_in)
		bare_received((char)fake.uart_out++);
}

uint64_t hvl_time_us(void)
{
	return fake.now_us++;
}

void bare_sleep(uint64_t us)
{
	fake.sleeps++;
	fake.slept_us = us;
	fake.slept_masked = fake_cpu_masked != 0;
}

void bare_start(void)
{
}

const char *bare_open(void)
{
	return NULL;
}

void bare_end(void)
{
	longjmp(fake.end, 1);
}

void app_main(void)
{
	fake.app_mains++;
}

void board_uart_write(const char *buf, size_t len)
{
	if (fake.fault_while_printing)
		bare_fault("again", 2, NULL, 0);
	assert_true(fake.out_len + len < sizeof(fake.out));
	memcpy(fake.out + fake.out_len, buf, len);
	fake.out_len += len;
	fake.out[fake.out_len] = '\0';
}

const char *remote_init(struct board_info *info)
{
	assert_ptr_equal(info, &bare_info);
	return fake.wrong;
}

void remote_state(enum hvl_rsc_state state)
{
	fake.state = (uint32_t)state;
	fake.out_len_at_state = fake.out_len;
}

void remote_crashed(uint32_t cause)
{
	fake.cause = cause;
	remote_state(HVL_REMOTE_CRASHED);
}

void remote_beat(void)
{
}

void remote_trace_write(const char *text, size_t len)
{
	(void)text;
	fake.trace_len += len;
}

static size_t drain(char *buf, size_t size)
{
	size_t n, total = 0;

	while ((n = board_uart_read(buf + total, size - total)) > 0)
		total += n;
	return total;
}

static int begin(void **state)
{
	char rest[512];

	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake_cpu_masked = 0;
	drain(rest, sizeof(rest));
	board_doorbell_take();
	return 0;
}

static void bare_uart_keeps_order_and_drops_what_is_too_much(void **state)
{
	char buf[512];

	(void)state;
	/* Twice, so that the ring's end is passed. */
	for (unsigned int round = 0; round < 2; round++) {
		for (unsigned int i = 0; i < 300; i++)
			bare_received((char)i);
		assert_int_equal(board_uart_read(buf, 3), 3);
		assert_int_equal(drain(buf + 3, sizeof(buf) - 3), 253);
		for (unsigned int i = 0; i < 256; i++)
			assert_int_equal(buf[i], (char)i);
	}
}

static void bare_uart_keeps_all_when_bytes_can_wait(void **state)
{
	char buf[1024];

	(void)state;
	fake.uart_in = 1000;
	fake_cpu_masked = 1;
	bare_uart_take(); /* an interrupt */
	fake_cpu_masked = 0;
	assert_int_equal(fake.uart_out, 256);
	assert_int_equal(board_uart_read(buf, 3), 3);
	assert_int_equal(fake.uart_out, 259);
	assert_int_equal(drain(buf + 3, sizeof(buf) - 3), 997);
	for (unsigned int i = 0; i < 1000; i++)
		assert_int_equal(buf[i], (char)i);
	assert_int_equal(fake.taken_unmasked, 0);
	assert_int_equal(fake_cpu_masked, 0);
	/* With room left nobody asks the UART: it interrupts. */
	fake.uart_in++;
	assert_int_equal(drain(buf, sizeof(buf)), 0);
}

static void bare_uart_read_polls(void **state)
{
	char buf[4];

	(void)state;
	fake.polled = 'x';
	assert_int_equal(board_uart_read(buf, sizeof(buf)), 1);
	assert_int_equal(buf[0], 'x');
}

static void bare_doorbell_is_taken_once(void **state)
{
	(void)state;
	assert_false(board_doorbell_take());
	bare_rang();
	bare_rang();
	assert_true(board_doorbell_take());
	assert_false(board_doorbell_take());
	assert_int_equal(fake_cpu_masked, 0);
}

static void bare_idle_sleeps_masked_until_the_time(void **state)
{
	(void)state;
	fake.now_us = 100;
	board_idle(150);
	assert_int_equal(fake.sleeps, 1);
	assert_int_equal(fake.slept_us, 50);
	assert_true(fake.slept_masked);
	assert_int_equal(fake_cpu_masked, 0);
}

static void bare_idle_returns_for_what_has_come(void **state)
{
	char byte;

	(void)state;
	fake.now_us = 100;
	board_idle(100);
	bare_rang();
	board_idle(1000);
	board_doorbell_take();
	bare_received('x');
	board_idle(1000);
	board_uart_read(&byte, 1);
	fake.polled = 'x';
	board_idle(1000);
	assert_int_equal(fake.sleeps, 0);
	board_uart_read(&byte, 1);
	board_idle(1000);
	assert_int_equal(fake.sleeps, 1);
}

static void bare_lock_masks_and_restores(void **state)
{
	struct hvl_lock outer, inner;

	(void)state;
	hvl_lock_init(&outer);
	hvl_lock_init(&inner);
	hvl_lock_acquire(&outer);
	hvl_lock_acquire(&inner);
	hvl_lock_release(&inner);
	assert_int_equal(fake_cpu_masked, 1);
	hvl_lock_release(&outer);
	assert_int_equal(fake_cpu_masked, 0);
}

/* What was said when the main side learns of the end. */
static void expect_crash(uint32_t cause, const char *text)
{
	assert_int_equal(fake.state, HVL_REMOTE_CRASHED);
	assert_int_equal(fake.cause, cause);
	assert_int_equal(fake.out_len_at_state, fake.out_len);
	assert_string_equal(fake.out, text);
	assert_int_equal(fake.trace_len, fake.out_len);
	assert_int_equal(fake_cpu_masked, 1);
}

/* Only one of these per process: an end is an end. */
static void bare_fault_says_all_then_the_state(void **state)
{
	const struct bare_reg regs[] = {
		{ "r0", 1 }, { "r1", 2 },  { "r2", 3 },
		{ "r3", 4 }, { "pc", 42 },
	};
	char want[256];
	int width = 2 * (int)sizeof(uintptr_t);

	(void)state;
	if (setjmp(fake.end) == 0)
		bare_fault("it broke", 4, regs, 5);
	hvl_format(want, sizeof(want),
		   "\r\nfault: it broke\r\n     r0 %0*x     r1 %0*x     r2 "
		   "%0*x     r3 %0*x\r\n     pc %0*x\r\n",
		   width, 1, width, 2, width, 3, width, 4, width, 42);
	expect_crash(4, want);
}

/* Where it was called, on which stack: of the text, the two numbers. */
static bool panic_is_told(uintptr_t near)
{
	static const char head[] = "\r\npanic: no hope\r\n   from ";
	unsigned long long from, sp;
	char *end;

	if (strncmp(fake.out, head, strlen(head)) != 0)
		return false;
	from = strtoull(fake.out + strlen(head), &end, 16);
	if (strncmp(end, "     sp ", 8) != 0)
		return false;
	sp = strtoull(end + 8, &end, 16);
	return from > near && from < near + 0x1000 && sp != 0 &&
	       strcmp(end, "\r\n") == 0 && fake.cause == 0x100 &&
	       fake.state == HVL_REMOTE_CRASHED &&
	       fake.out_len_at_state == fake.out_len;
}

/* In a process of its own, as there is one end per process. */
static void bare_panic_says_where_then_the_state(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	assert_true(child >= 0);
	if (child == 0) {
		if (setjmp(fake.end) == 0)
			board_panic("no hope");
		_exit(!panic_is_told(
			(uintptr_t)bare_panic_says_where_then_the_state));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* The end has begun above: what fails on the way is not reported again. */
static void bare_fault_during_an_end_is_the_end(void **state)
{
	(void)state;
	fake.fault_while_printing = true;
	if (setjmp(fake.end) == 0)
		board_panic("twice");
	assert_int_equal(fake.out_len, 0);
	assert_int_equal(fake.state, 0);
}

static void bare_main_runs_the_application_then_stops(void **state)
{
	(void)state;
	if (setjmp(fake.end) == 0)
		bare_main();
	assert_int_equal(fake.app_mains, 1);
	assert_int_equal(fake.state, HVL_REMOTE_STOPPED);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, begin)
	const struct CMUnitTest tests[] = {
		TEST(bare_uart_keeps_order_and_drops_what_is_too_much),
		TEST(bare_uart_keeps_all_when_bytes_can_wait),
		TEST(bare_uart_read_polls),
		TEST(bare_doorbell_is_taken_once),
		TEST(bare_idle_sleeps_masked_until_the_time),
		TEST(bare_idle_returns_for_what_has_come),
		TEST(bare_lock_masks_and_restores),
		TEST(bare_main_runs_the_application_then_stops),
		TEST(bare_panic_says_where_then_the_state),
		TEST(bare_fault_says_all_then_the_state),
		TEST(bare_fault_during_an_end_is_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
