/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bare.c - what boards without an operating system have in common
 *
 * One thread, and interrupt handlers that only leave word: a byte in the ring,
 * a flag. Masking them is the lock, and makes "look, then sleep" one step.
 */
#include "bare.h"

#include <hvl/metal/barrier.h>
#include <hvl/metal/compiler.h>
#include <hvl/metal/lock.h>
#include <hvl/metal/log.h>
#include <hvl/metal/time.h>

#include "cpu.h"
#include "remote.h"

#define BARE_UART_RING 256u /* a power of two */
#define BARE_LINE 120u
#define BARE_REGS_A_LINE 4u

static volatile char bare_uart_ring[BARE_UART_RING];
/* Count up for ever; each has one writer: handler, application. */
static volatile uint32_t bare_uart_in, bare_uart_out;
static volatile bool bare_uart_full; /* more waits in the UART */
static volatile bool bare_doorbell;
static volatile bool bare_ending;

__attribute__((weak)) void bare_main(void)
{
	const char *wrong;

	bare_start();
	wrong = remote_init(&bare_info);
	if (!wrong)
		wrong = bare_open();
	if (wrong)
		board_panic(wrong);
	app_main();
	board_stop();
}

const struct board_info *board_info(void)
{
	return &bare_info;
}

bool bare_room(void)
{
	if (bare_uart_in - bare_uart_out < BARE_UART_RING)
		return true;
	bare_uart_full = true;
	return false;
}

void bare_received(char byte)
{
	uint32_t in = bare_uart_in;

	if (!bare_room())
		return;
	bare_uart_ring[in % BARE_UART_RING] = byte;
	bare_uart_in = in + 1;
}

static void bare_take_more(void)
{
	uintptr_t was = cpu_mask();

	bare_uart_full = false;
	bare_uart_take();
	cpu_restore(was);
}

size_t board_uart_read(char *buf, size_t size)
{
	uint32_t out = bare_uart_out;
	size_t n = 0;

	cpu_poll();
	while (n < size && out != bare_uart_in)
		buf[n++] = bare_uart_ring[out++ % BARE_UART_RING];
	bare_uart_out = out;
	if (bare_uart_full && n > 0)
		bare_take_more();
	return n;
}

void bare_rang(void)
{
	bare_doorbell = true;
}

bool board_doorbell_take(void)
{
	uintptr_t was = cpu_mask();
	bool rang;

	rang = bare_doorbell;
	bare_doorbell = false;
	cpu_restore(was);
	hvl_rmb_after_doorbell();
	return rang;
}

/* What comes between the look and the sleep is pending, and ends the sleep. */
void board_idle(uint64_t until_us)
{
	uintptr_t was = cpu_mask();
	uint64_t now = hvl_time_us();

	cpu_poll();
	if (!bare_doorbell && bare_uart_in == bare_uart_out && now < until_us)
		bare_sleep(until_us - now);
	cpu_restore(was);
}

void hvl_sleep_us(uint64_t us)
{
	uint64_t until = hvl_time_us() + us;

	while (hvl_time_us() < until)
		cpu_poll();
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
	cpu_mask();
	remote_state(HVL_REMOTE_WANTS_RESTART);
	bare_end();
}

void board_stop(void)
{
	cpu_mask();
	remote_state(HVL_REMOTE_STOPPED);
	bare_end();
}

/* A fault on the way to the end must not begin again. */
static void bare_begin_to_end(void)
{
	cpu_mask();
	if (bare_ending)
		bare_end();
	bare_ending = true;
}

static void bare_print(const char *line, int len)
{
	size_t n = len < (int)BARE_LINE ? (size_t)len : BARE_LINE - 1;

	board_uart_write(line, n);
	board_trace(line, n);
}

static void bare_print_regs(const struct bare_reg *regs, unsigned int n)
{
	char line[BARE_LINE];
	int len = 0;

	for (unsigned int i = 0; i < n; i++) {
		bool last = i % BARE_REGS_A_LINE == BARE_REGS_A_LINE - 1 ||
			    i == n - 1;

		len += hvl_format(line + len, sizeof(line) - (size_t)len,
				  "  %5s %0*llx%s", regs[i].name,
				  (int)(2 * sizeof(uintptr_t)),
				  (unsigned long long)regs[i].value,
				  last ? "\r\n" : "");
		if (last) {
			bare_print(line, len);
			len = 0;
		}
	}
}

void bare_fault(const char *what, uint32_t cause, const struct bare_reg *regs,
		unsigned int n)
{
	char line[BARE_LINE];

	bare_begin_to_end();
	bare_print(line, hvl_format(line, sizeof(line), "\r\nfault: %.100s\r\n",
				    what));
	bare_print_regs(regs, n);
	remote_crashed(cause);
	bare_end();
}

/*
 * The state comes last: where nothing resets, it is what the main side sees,
 * and then all has been said.
 */
void board_panic(const char *what)
{
	/* A call, and not an exception: where from, and its stack. */
	const struct bare_reg regs[] = {
		{ "from", (uintptr_t)__builtin_return_address(0) },
		{ "sp", (uintptr_t)__builtin_frame_address(0) },
	};
	char line[BARE_LINE];

	bare_begin_to_end();
	bare_print(line, hvl_format(line, sizeof(line), "\r\npanic: %.100s\r\n",
				    what));
	bare_print_regs(regs, HVL_ARRAY_SIZE(regs));
	remote_crashed(BARE_CAUSE_PANIC);
	bare_end();
}

void hvl_lock_init(struct hvl_lock *lock)
{
	lock->port[0] = 0;
}

void hvl_lock_fini(struct hvl_lock *lock)
{
	(void)lock;
}

void hvl_lock_acquire(struct hvl_lock *lock)
{
	uintptr_t was = cpu_mask();

	lock->port[0] = was;
}

void hvl_lock_release(struct hvl_lock *lock)
{
	cpu_restore(lock->port[0]);
}
