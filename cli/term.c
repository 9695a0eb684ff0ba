/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * term.c - the remote's UART on stdin and stdout
 */
#include "term.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <hvl/metal/time.h>

#include "message.h"

#define TERM_QUIT_KEY 0x1d /* Ctrl-] */

/* For exits that do not come through cli_term_close(). */
static struct termios term_before;
static volatile sig_atomic_t term_is_raw;

static void term_restore(void)
{
	if (!term_is_raw)
		return;
	term_is_raw = 0;
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &term_before);
}

static void term_on_fault(int sig)
{
	term_restore();
	/* SA_RESETHAND: this time it kills. */
	(void)raise(sig);
}

static void term_guard(void)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL,
				      SIGABRT };
	static bool done;
	struct sigaction sa = { .sa_handler = term_on_fault,
				.sa_flags = (int)SA_RESETHAND };

	if (done)
		return;
	done = true;
	(void)atexit(term_restore);
	(void)sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < HVL_ARRAY_SIZE(faults); i++)
		(void)sigaction(faults[i], &sa, NULL);
}

/* A shell has put us there: the keys are another's. */
static bool term_in_background(void)
{
	pid_t group = tcgetpgrp(STDIN_FILENO);

	return group >= 0 && group != getpgrp();
}

/*
 * Keys one by one and unchanged. Output keeps its translation of "\n", so
 * that our own messages and simple firmware look right; "\r\n" passes as well.
 */
static int term_raw(struct cli_term *term)
{
	struct termios raw;

	if (!isatty(STDIN_FILENO) || term_in_background())
		return 0;
	if (tcgetattr(STDIN_FILENO, &term_before) < 0)
		return -errno;
	raw = term_before;
	cfmakeraw(&raw);
	raw.c_oflag |= term_before.c_oflag & (OPOST | ONLCR);
	term_guard();
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) < 0)
		return -errno;
	term_is_raw = 1;
	term->raw = true;
	return 0;
}

/*
 * Non-blocking, and a description of our own: the one we were given is shared
 * with the shell. Files never wait, and sockets are told so call by call.
 */
static int term_open_out(void)
{
	struct stat st;
	int fd;

	if (fstat(STDOUT_FILENO, &st) < 0 ||
	    (!S_ISCHR(st.st_mode) && !S_ISFIFO(st.st_mode)))
		return STDOUT_FILENO;
	fd = open("/proc/self/fd/1",
		  O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	return fd < 0 ? STDOUT_FILENO : fd;
}

static void term_on_out(void *ctx, uint32_t events)
{
	struct cli_term *term = ctx;

	(void)events;
	pmm_loop_unwatch(term->loop, &term->out_watch);
	if (term->uart)
		(void)pmm_uart_pump(term->uart);
}

/*
 * One that may block is asked first: a pipe then takes a page, and we have no
 * more at once.
 */
static ssize_t term_write_some(struct cli_term *term, const char *buf,
			       size_t len)
{
	struct pollfd pfd = { .fd = term->out, .events = POLLOUT };
	ssize_t n = send(term->out, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n >= 0 || errno != ENOTSOCK)
		return n;
	if (term->blocking && poll(&pfd, 1, 0) != 1) {
		errno = EAGAIN;
		return -1;
	}
	return write(term->out, buf, len);
}

/* In all, and not for each piece: a slow reader would have us stay for ever. */
static int term_final_ms(const struct cli_term *term)
{
	uint64_t now = hvl_time_us();

	return now < term->final_us ? (int)((term->final_us - now) / 1000) : 0;
}

static bool term_wait(struct cli_term *term)
{
	struct pollfd pfd = { .fd = term->out, .events = POLLOUT };

	if (term->final)
		return poll(&pfd, 1, term_final_ms(term)) == 1;
	if (!term->out_watch.active &&
	    pmm_loop_watch(term->loop, &term->out_watch, term->out, EPOLLOUT,
			   term_on_out, term) < 0)
		term->broken = true;
	return false;
}

static size_t term_write(void *ctx, const char *buf, size_t len)
{
	struct cli_term *term = ctx;
	ssize_t n;

	if (term->broken)
		return len;
	do
		n = term_write_some(term, buf, len);
	while (n < 0 &&
	       (errno == EINTR || (errno == EAGAIN && term_wait(term))));
	if (n > 0) {
		if (isatty(term->out))
			cli_message_column(buf[n - 1] != '\n');
		return (size_t)n;
	}
	if (errno == EAGAIN && !term->final && !term->broken)
		return 0;
	/* Nobody reads us any more; that is no reason to stall the remote. */
	term->broken = true;
	return len;
}

static void term_read(struct cli_term *term);

static void term_on_in(void *ctx, uint32_t events)
{
	(void)events;
	term_read(ctx);
}

static void term_on_in_task(void *ctx)
{
	term_read(ctx);
}

static void term_end_of_input(struct cli_term *term)
{
	term->eof = true;
	pmm_loop_unwatch(term->loop, &term->in_watch);
}

/* Take no more keys than the remote's buffer has room for. */
static void term_read(struct cli_term *term)
{
	char buf[512];
	size_t room = pmm_uart_room(term->uart);
	const char *key;
	ssize_t n;

	if (room == 0) {
		term->waiting = true;
		pmm_loop_unwatch(term->loop, &term->in_watch);
		return;
	}
	n = read(STDIN_FILENO, buf, room < sizeof(buf) ? room : sizeof(buf));
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		term_end_of_input(term);
		return;
	}
	key = term->raw ? memchr(buf, TERM_QUIT_KEY, (size_t)n) : NULL;
	(void)pmm_uart_send(term->uart, buf,
			    key ? (size_t)(key - buf) : (size_t)n);
	if (key)
		term->quit(term->quit_ctx);
	else if (term->always)
		pmm_loop_task(term->loop, &term->in_task, term_on_in_task,
			      term);
}

static void term_listen(struct cli_term *term)
{
	int rc;

	if (isatty(STDIN_FILENO) && !term->raw) {
		term->eof = true; /* in the background: not ours to read */
		return;
	}
	rc = pmm_loop_watch(term->loop, &term->in_watch, STDIN_FILENO, EPOLLIN,
			    term_on_in, term);
	term->always = rc == -EPERM;
	if (rc < 0 && !term->always)
		term->eof = true;
	if (term->always)
		pmm_loop_task(term->loop, &term->in_task, term_on_in_task,
			      term);
}

static void term_room(void *ctx)
{
	struct cli_term *term = ctx;

	if (!term->waiting || term->eof || !term->uart)
		return;
	term->waiting = false;
	term_listen(term);
}

void cli_term_init(struct cli_term *term, struct pmm_loop *loop)
{
	memset(term, 0, sizeof(*term));
	term->loop = loop;
	term->out = term_open_out();
	/* Another user's, whose it stays: sudo, su. */
	term->blocking = term->out == STDOUT_FILENO;
}

struct pmm_uart_sink cli_term_sink(struct cli_term *term)
{
	return (struct pmm_uart_sink){ .write = term_write,
				       .room = term_room,
				       .ctx = term };
}

int cli_term_open(struct cli_term *term, struct pmm_uart *uart,
		  void (*quit)(void *ctx), void *ctx, struct pmm_error *err)
{
	int rc = term_raw(term);

	if (rc < 0)
		return pmm_fail(err, rc, "terminal: %s", strerror(-rc));
	term->uart = uart;
	term->quit = quit;
	term->quit_ctx = ctx;
	term_listen(term);
	return 0;
}

void cli_term_final(struct cli_term *term)
{
	term->final = true;
	term->final_us = hvl_time_us() + CLI_FINAL_MS * UINT64_C(1000);
}

void cli_term_close(struct cli_term *term)
{
	if (!term->loop)
		return;
	pmm_loop_unwatch(term->loop, &term->in_watch);
	pmm_loop_unwatch(term->loop, &term->out_watch);
	pmm_loop_task_cancel(term->loop, &term->in_task);
	cli_message_newline();
	if (term->raw)
		term_restore();
	if (term->out != STDOUT_FILENO)
		close(term->out);
	term->loop = NULL;
}
