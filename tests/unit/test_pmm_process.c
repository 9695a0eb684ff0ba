/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_pmm_process.c - programs that run for us and end with us
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process.h"

#define DEADLINE_MS 30000

static struct pmm_process process;
static char said[4096];

static void on_line(void *ctx, const char *line)
{
	size_t len = strlen(said);

	assert_ptr_equal(ctx, &process);
	snprintf(said + len, sizeof(said) - len, "%s|", line);
}

static int setup(void **state)
{
	(void)state;
	said[0] = '\0';
	memset(&process, 0, sizeof(process));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pmm_process_kill(&process);
	return 0;
}

/* Run shell commands, with descriptors. */
static void start(const char *script, const int *fds, unsigned int nfds)
{
	char *argv[] = { "sh", "-c", (char *)(uintptr_t)script, NULL };
	sigset_t mask;
	struct pmm_process_config cfg = {
		.path = "/bin/sh",
		.argv = argv,
		.fds = fds,
		.nfds = nfds,
		.mask = &mask,
		.said = on_line,
		.ctx = &process,
	};

	sigemptyset(&mask);
	assert_int_equal(pmm_process_start(&process, &cfg), 0);
}

static struct pmm_process_end await_end(void)
{
	struct pollfd p = { .fd = process.pidfd, .events = POLLIN };
	struct pmm_process_end end;

	assert_int_equal(poll(&p, 1, DEADLINE_MS), 1);
	assert_true(pmm_process_reap(&process, &end));
	assert_false(pmm_process_reap(&process, &end));
	return end;
}

static void process_passes_on_what_it_says(void **state)
{
	struct pmm_process_end end;

	(void)state;
	start("echo one; echo two >&2; printf 'th'; printf 'ree'; exit 3", NULL,
	      0);
	end = await_end();
	assert_int_equal(end.code, 3);
	assert_int_equal(end.signal, 0);
	assert_string_equal(said, "one|two|three|");
}

static void process_cuts_endless_lines(void **state)
{
	(void)state;
	start("head -c 5000 /dev/zero | tr '\\0' x; echo; echo end", NULL, 0);
	await_end();
	assert_int_equal(strlen(said), sizeof(process.line) - 1 + 5);
	assert_string_equal(said + strlen(said) - 6, "x|end|");
}

static void process_speaks_in_the_c_locale(void **state)
{
	(void)state;
	assert_int_equal(setenv("LC_ALL", "de_DE.UTF-8", 1), 0);
	start("echo $LC_ALL", NULL, 0);
	await_end();
	assert_string_equal(said, "C|");
	assert_string_equal(getenv("LC_ALL"), "de_DE.UTF-8");
	assert_int_equal(unsetenv("LC_ALL"), 0);
}

static void process_reports_its_signal(void **state)
{
	struct pmm_process_end end;

	(void)state;
	start("kill -6 $$", NULL, 0);
	end = await_end();
	assert_int_equal(end.signal, SIGABRT);
	assert_int_equal(end.code, 0);
}

static void process_inherits_what_it_is_given_only(void **state)
{
	char script[200];
	int pair[2];

	(void)state;
	assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
	snprintf(script, sizeof(script),
		 "echo hello >&%d; ( : <&%d ) 2>/dev/null || echo closed; cat",
		 pair[1], pair[0]);
	start(script, &pair[1], 1);
	await_end();
	assert_string_equal(said, "closed|");
	assert_int_equal(read(pair[0], script, sizeof(script)), 6);
	assert_memory_equal(script, "hello\n", 6);
	/* ours are as they were */
	assert_int_equal(fcntl(pair[1], F_GETFD), FD_CLOEXEC);
	close(pair[0]);
	close(pair[1]);
}

static void process_has_a_session_of_its_own(void **state)
{
	pid_t session;

	(void)state;
	start("echo $$; exec cat /proc/$$/stat", NULL, 0);
	await_end();
	assert_int_equal(
		sscanf(said, "%*d|%*d (%*[^)]) %*c %*d %*d %d", &session), 1);
	assert_int_equal(session, atoi(said));
}

static void process_kill_waits_for_the_end(void **state)
{
	pid_t pid;

	(void)state;
	start("trap '' TERM INT; echo up; while :; do sleep 100; done", NULL,
	      0);
	pid = process.pid;
	pmm_process_kill(&process);
	assert_int_equal(process.pid, 0);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
	pmm_process_kill(&process);
}

/* A parent that is killed takes it along. */
static void process_ends_with_us(void **state)
{
	int alive[2];
	pid_t parent;
	char byte;
	struct pollfd p;

	(void)state;
	assert_int_equal(pipe2(alive, O_CLOEXEC), 0);
	parent = fork();
	if (parent == 0) {
		start("exec sleep 1000", &alive[1], 1);
		raise(SIGKILL);
	}
	close(alive[1]);
	assert_int_equal(waitpid(parent, NULL, 0), parent);
	p = (struct pollfd){ .fd = alive[0], .events = POLLIN };
	assert_int_equal(poll(&p, 1, DEADLINE_MS), 1);
	assert_int_equal(read(alive[0], &byte, 1), 0);
	close(alive[0]);
}

static void process_that_is_no_program_says_so(void **state)
{
	char *argv[] = { "x", NULL };
	sigset_t mask;
	const struct pmm_process_config cfg = {
		.path = "/etc/passwd",
		.argv = argv,
		.mask = &mask,
		.said = on_line,
		.ctx = &process,
	};

	(void)state;
	sigemptyset(&mask);
	assert_int_equal(pmm_process_start(&process, &cfg), 0);
	assert_int_equal(await_end().code, 127);
	assert_string_equal(said, "Permission denied|");
}

static void program_find_looks_in_path_and_sbin(void **state)
{
	char path[64];

	(void)state;
	assert_true(pmm_program_find("sh", path, sizeof(path)));
	assert_int_equal(access(path, X_OK), 0);
	assert_false(pmm_program_find("no-such-program", path, sizeof(path)));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(process_passes_on_what_it_says),
		T(process_cuts_endless_lines),
		T(process_speaks_in_the_c_locale),
		T(process_reports_its_signal),
		T(process_inherits_what_it_is_given_only),
		T(process_has_a_session_of_its_own),
		T(process_kill_waits_for_the_end),
		T(process_ends_with_us),
		T(process_that_is_no_program_says_so),
		T(program_find_looks_in_path_and_sbin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
