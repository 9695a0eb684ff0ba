/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * console.c - text to and from the UART
 *
 * Lines end with a newline inside the application, with carriage return and
 * newline on the UART. Each call writes once.
 */
#include "app.h"

#include <stdarg.h>

#include <hvl/metal/log.h>

#include "board.h"

#define CONSOLE_TEXT 256u
#define CONSOLE_AHEAD 256u
#define CONSOLE_CANCEL 0x03

/* Typed while a command was running. */
static char console_keys[CONSOLE_AHEAD];
static unsigned int console_head, console_count;

static void console_write(const char *text, size_t len)
{
	char out[2 * CONSOLE_TEXT];
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n')
			out[n++] = '\r';
		out[n++] = text[i];
	}
	board_uart_write(out, n);
}

static size_t console_format(char *text, const char *fmt, va_list ap)
{
	int len = hvl_vformat(text, CONSOLE_TEXT, fmt, ap);

	return len < (int)CONSOLE_TEXT ? (size_t)len : CONSOLE_TEXT - 1;
}

void app_print(const char *fmt, ...)
{
	char text[CONSOLE_TEXT];
	va_list ap;

	va_start(ap, fmt);
	console_write(text, console_format(text, fmt, ap));
	va_end(ap);
}

void app_say(const char *fmt, ...)
{
	char text[CONSOLE_TEXT];
	size_t len;
	va_list ap;

	va_start(ap, fmt);
	len = console_format(text, fmt, ap);
	va_end(ap);
	if (len == CONSOLE_TEXT - 1)
		len--;
	text[len++] = '\n';
	app_shell_hide();
	console_write(text, len);
	app_shell_show();
	board_trace(text, len);
}

void app_console_fill(void)
{
	char bytes[64];
	size_t n, room;

	while ((room = CONSOLE_AHEAD - console_count) > 0) {
		n = board_uart_read(
			bytes, room < sizeof(bytes) ? room : sizeof(bytes));
		if (n == 0)
			return;
		for (size_t i = 0; i < n; i++)
			console_keys[(console_head + console_count++) %
				     CONSOLE_AHEAD] = bytes[i];
	}
}

int app_console_key(void)
{
	unsigned char key;

	if (console_count == 0)
		return -1;
	key = (unsigned char)console_keys[console_head];
	console_head = (console_head + 1) % CONSOLE_AHEAD;
	console_count--;
	return key;
}

/* Behind more than there is room for, ^C is still to be found. */
static bool console_cancelled_beyond(void)
{
	char bytes[CONSOLE_AHEAD];
	size_t n = board_uart_read(bytes, sizeof(bytes));

	for (size_t i = 0; i < n; i++)
		if (bytes[i] == CONSOLE_CANCEL) {
			console_count = 0;
			for (i++; i < n; i++)
				console_keys[(console_head + console_count++) %
					     CONSOLE_AHEAD] = bytes[i];
			return true;
		}
	return false;
}

bool app_console_cancelled(void)
{
	for (unsigned int i = 0; i < console_count; i++)
		if (console_keys[(console_head + i) % CONSOLE_AHEAD] ==
		    CONSOLE_CANCEL) {
			console_head = (console_head + i + 1) % CONSOLE_AHEAD;
			console_count -= i + 1;
			return true;
		}
	return console_count == CONSOLE_AHEAD && console_cancelled_beyond();
}
