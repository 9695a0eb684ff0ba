/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fake_board.c - board.h on the host: a UART and a trace made of buffers
 */
#include "fake_board.h"

#include <stdlib.h>
#include <string.h>

#define FAKE_BOARD_IDLES 1000u

struct fake_board fake_board;

void fake_board_init(void)
{
	memset(&fake_board, 0, sizeof(fake_board));
	fake_board.info.name = "fake";
}

void fake_board_type(const char *keys)
{
	size_t len = strlen(keys);

	if (fake_board.in_len + len > sizeof(fake_board.in))
		abort();
	memcpy(fake_board.in + fake_board.in_len, keys, len);
	fake_board.in_len += len;
}

bool fake_board_wrote(const char *text)
{
	return strstr(fake_board.out, text) != NULL;
}

void fake_board_forget(void)
{
	fake_board.out_len = 0;
	fake_board.out[0] = '\0';
}

static void fake_append(char *buf, size_t size, size_t *used, const char *text,
			size_t len)
{
	if (*used + len + 1 > size)
		abort();
	memcpy(buf + *used, text, len);
	*used += len;
	buf[*used] = '\0';
}

const struct board_info *board_info(void)
{
	return &fake_board.info;
}

void board_doorbell_ring(void)
{
	fake_board.rings++;
}

bool board_doorbell_take(void)
{
	return false;
}

void board_idle(uint64_t until_us)
{
	(void)until_us;
	if (++fake_board.idles == FAKE_BOARD_IDLES)
		_Exit(FAKE_BOARD_HANG);
}

void board_uart_write(const char *buf, size_t len)
{
	fake_append(fake_board.out, sizeof(fake_board.out), &fake_board.out_len,
		    buf, len);
}

size_t board_uart_read(char *buf, size_t size)
{
	size_t n = fake_board.in_len < size ? fake_board.in_len : size;

	memcpy(buf, fake_board.in, n);
	fake_board.in_len -= n;
	memmove(fake_board.in, fake_board.in + n, fake_board.in_len);
	return n;
}

void board_trace(const char *buf, size_t len)
{
	fake_append(fake_board.trace, sizeof(fake_board.trace),
		    &fake_board.trace_len, buf, len);
}

void board_running(void)
{
}

void board_heartbeat(void)
{
	fake_board.idles = 0;
}

/* A test that expects one of these ends looks at the code of a child. */
void board_restart(void)
{
	_Exit(FAKE_BOARD_RESTART);
}

void board_stop(void)
{
	_Exit(FAKE_BOARD_STOP);
}

void board_panic(const char *what)
{
	(void)what;
	_Exit(FAKE_BOARD_PANIC);
}

void board_fault(void)
{
	_Exit(FAKE_BOARD_FAULT);
}
