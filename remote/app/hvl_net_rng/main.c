/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * main.c - start, and the main loop
 *
 * A round receives, runs timers and the shell, then notifies the devices once.
 * With nothing to do, interrupts are turned on and the board sleeps until the
 * doorbell, a key, the next timer or the next look at the rings: a doorbell
 * that was lost stalls nothing for longer than that.
 */
#include "app.h"

#include <lwip/init.h>
#include <lwip/sys.h>

#include <hvl/metal/log.h>
#include <hvl/metal/time.h>

#include "board.h"

static uint64_t main_start_us;
static uint64_t main_now_us;
static uint64_t main_beat_us; /* of the next heartbeat */

uint64_t app_now_us(void)
{
	return main_now_us;
}

uint64_t app_uptime_us(void)
{
	return main_now_us - main_start_us;
}

/* lwIP's clock, milliseconds. */
u32_t sys_now(void)
{
	return (u32_t)(main_now_us / 1000);
}

void app_lwip_failed(const char *what)
{
	char line[HVL_LOG_LINE];

	hvl_format(line, sizeof(line), "lwIP: %s", what);
	board_panic(line);
}

static void main_look_at_clock(void)
{
	main_now_us = hvl_time_us();
	if (main_now_us < main_beat_us)
		return;
	board_heartbeat();
	main_beat_us = main_now_us + APP_HEARTBEAT_US;
}

/* How long what came without a doorbell may wait. */
static uint64_t main_look_us(void)
{
	return board_info()->polling ? APP_POLL_US : APP_RECHECK_US;
}

static uint64_t main_earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The driver looks at its rings and at the clock itself. */
void app_sleep(uint64_t until_us)
{
	main_look_at_clock();
	app_console_fill();
	board_idle(main_earlier(until_us, main_now_us + main_look_us()));
	board_doorbell_take();
}

static void main_idle(void)
{
	uint64_t until = main_now_us + main_look_us();

	until = main_earlier(until, app_net_deadline());
	until = main_earlier(until, app_shell_deadline());
	if (!app_net_wait())
		return;
	board_idle(until);
	app_net_wake();
}

static void main_round(void)
{
	bool busy;

	main_look_at_clock();
	if (board_doorbell_take())
		app_devices_doorbell();
	busy = app_net_poll();
	busy |= app_shell_poll();
	app_devices_check();
	app_net_flush();
	if (!busy)
		main_idle();
}

static void main_start(void)
{
	main_start_us = hvl_time_us();
	main_look_at_clock();
	app_say("hvl %s: hvl_net_rng on the board %s", HVL_VERSION,
		board_info()->name);
	lwip_init();
	app_devices_start();
	if (app_devices_count() == 0)
		app_say("no devices");
	app_rng_test();
	main_look_at_clock();
	app_net_up();
	app_services_start();
	board_running();
	app_shell_start();
}

void app_main(void)
{
	main_start();
	for (;;)
		main_round();
}
