/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * board.h as a process: the remote's application, unchanged, with the drivers
 * of the library; memory and doorbell as process.h has them, the UART on
 * standard input and output.
 */
#define _GNU_SOURCE
#include "board.h"

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <hvl/metal/time.h>

#include "process.h"

static struct process process;
static struct board_info info;
static bool rang;

const struct board_info *board_info(void)
{
	return &info;
}

void board_doorbell_ring(void)
{
	process_ring(&process);
}

bool board_doorbell_take(void)
{
	bool was = process_wait(&process, -1, 0) || rang;

	rang = false;
	return was;
}

void board_idle(uint64_t until_us)
{
	uint64_t now = hvl_time_us();

	if (!rang && until_us > now)
		rang = process_wait(&process, STDIN_FILENO, until_us - now);
}

void board_uart_write(const char *buf, size_t len)
{
	while (len > 0) {
		ssize_t n = write(STDOUT_FILENO, buf, len);

		if (n < 0)
			exit(1); /* nobody is there to be told */
		buf += n;
		len -= (size_t)n;
	}
}

size_t board_uart_read(char *buf, size_t size)
{
	ssize_t n = read(STDIN_FILENO, buf, size);

	if (n == 0)
		exit(0); /* whoever typed is gone */
	return n < 0 ? 0 : (size_t)n;
}

void board_trace(const char *buf, size_t len)
{
	(void)buf;
	(void)len;
}

void board_running(void)
{
}

void board_heartbeat(void)
{
}

void board_restart(void)
{
	exit(0);
}

void board_stop(void)
{
	exit(0);
}

void board_panic(const char *what)
{
	errx(3, "%s", what);
}

void board_fault(void)
{
	abort();
}

int main(int argc, char **argv)
{
	if (argc != 7)
		errx(2, "use: FILE OFFSET ADDRESS SIZE connect:SOCKET|"
			"listen:SOCKET DEVICES");
	(void)fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
	process_open(&process, argv + 1);
	info = (struct board_info){
		.name = "process",
		.shm = { process.mem, process.da, process.size },
		.regs_da = process.da,
		.regs_count = PROCESS_BLOCKS,
	};
	app_main();
	return 0;
}
