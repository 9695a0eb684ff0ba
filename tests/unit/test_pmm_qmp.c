/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_pmm_qmp.c - the client of QEMU's protocol, against one who plays QEMU
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "qmp.h"

#define GREETING "{\"QMP\": {\"version\": {}, \"capabilities\": [\"oob\"]}}\r\n"
#define OK "{\"return\": {}}\r\n"
#define COMMAND "{\"execute\":\"qmp_capabilities\"}\n"
#define WAIT_MS 30000

static struct pmm_qmp qmp;
static struct pmm_error err;
static int qemu; /* QEMU's end */
static char events[400];

static void on_event(void *ctx, const struct pmm_qmp_event *event)
{
	size_t len = strlen(events);

	assert_ptr_equal(ctx, &qmp);
	snprintf(events + len, sizeof(events) - len, "%s,%s,%d;", event->name,
		 event->reason, event->guest);
}

static int setup(void **state)
{
	int fds[2];

	(void)state;
	events[0] = err.text[0] = '\0';
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return -1;
	qemu = fds[1];
	pmm_qmp_init(&qmp, fds[0], on_event, &qmp);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close(qmp.fd);
	if (qemu >= 0)
		close(qemu);
	return 0;
}

static void say(const char *text)
{
	const ssize_t len = (ssize_t)strlen(text);

	assert_int_equal(send(qemu, text, (size_t)len, MSG_NOSIGNAL), len);
}

static void heard(const char *text)
{
	char buf[200];
	ssize_t n = recv(qemu, buf, sizeof(buf) - 1, MSG_DONTWAIT);

	assert_true(n >= 0);
	buf[n] = '\0';
	assert_string_equal(buf, text);
}

static void qmp_greet_negotiates(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		char buf[200];
		ssize_t n;

		say(GREETING);
		n = recv(qemu, buf, sizeof(buf), 0);
		say(OK);
		_exit((size_t)n != strlen(COMMAND) ||
		      memcmp(buf, COMMAND, (size_t)n) != 0);
	}
	assert_int_equal(pmm_qmp_greet(&qmp, WAIT_MS, &err), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void qmp_command_waits_for_its_answer(void **state)
{
	(void)state;
	say("{\"timestamp\": {\"seconds\": 1}, \"event\": \"RESUME\"}\r\n" OK);
	assert_int_equal(pmm_qmp_command(&qmp, "cont", WAIT_MS, &err), 0);
	heard("{\"execute\":\"cont\"}\n");
	assert_string_equal(events, "RESUME,,0;");
	/* one answer is for one command */
	assert_int_equal(pmm_qmp_command(&qmp, "stop", 20, &err), -ETIMEDOUT);
	assert_string_equal(err.text, "stop: QEMU does not answer");
}

static void qmp_command_tells_a_refusal(void **state)
{
	(void)state;
	say("{\"error\": {\"class\": \"GenericError\", \"desc\": \"no way\"}}"
	    "\r\n");
	assert_int_equal(pmm_qmp_command(&qmp, "cont", WAIT_MS, &err), -EIO);
	assert_string_equal(err.text, "cont: QEMU says: no way");
}

static void qmp_pump_passes_events_on(void **state)
{
	(void)state;
	say("{\"event\": \"SHUTDOWN\", \"data\": {\"guest\": true, \"reason\": "
	    "\"guest-reset\"}}\n{\"event\": \"STOP\"}\n{\"event\": \"SHU");
	assert_int_equal(pmm_qmp_pump(&qmp), 0);
	assert_string_equal(events, "SHUTDOWN,guest-reset,1;STOP,,0;");
	say("TDOWN\", \"data\": {\"guest\": false, \"reason\": 7}}\n");
	assert_int_equal(pmm_qmp_pump(&qmp), 0);
	assert_string_equal(events, "SHUTDOWN,guest-reset,1;STOP,,0;"
				    "SHUTDOWN,,0;");
}

static void qmp_pump_tells_last_words_and_the_end(void **state)
{
	(void)state;
	say("{\"event\": \"STOP\"}\n");
	close(qemu);
	qemu = -1;
	assert_int_equal(pmm_qmp_pump(&qmp), -EPIPE);
	assert_string_equal(events, "STOP,,0;");
	assert_int_equal(pmm_qmp_command(&qmp, "cont", WAIT_MS, &err), -EPIPE);
	assert_string_equal(err.text, "cont: QEMU is gone");
}

/* The answer counts, though nothing follows it any more. */
static void qmp_command_takes_an_answer_before_the_end(void **state)
{
	(void)state;
	say(OK);
	assert_int_equal(shutdown(qemu, SHUT_WR), 0);
	assert_int_equal(pmm_qmp_command(&qmp, "quit", WAIT_MS, &err), 0);
}

static void qmp_refuses_nonsense(void **state)
{
	static const char *const lines[] = {
		"\n",
		"hello\n",
		"[]\n",
		"{\"event\": }\n",
		"17\n",
		"{}{}\n",
		"{\"a\":1,\"a\":2}\n",
		"\"QMP\"\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		pmm_qmp_init(&qmp, qmp.fd, on_event, &qmp);
		say(lines[i]);
		assert_int_equal(pmm_qmp_pump(&qmp), -EPROTO);
	}
	/* what says nothing is no answer either */
	pmm_qmp_init(&qmp, qmp.fd, on_event, &qmp);
	say("{\"QMP\": 5}\n{\"event\": 7}\n{\"data\": []}\n");
	assert_int_equal(pmm_qmp_command(&qmp, "x", 20, &err), -ETIMEDOUT);
	assert_string_equal(events, "");
}

static void qmp_refuses_an_endless_line(void **state)
{
	static char much[PMM_QMP_LINE_MAX + 1];

	(void)state;
	memset(much, ' ', sizeof(much) - 1);
	say(much);
	assert_int_equal(pmm_qmp_pump(&qmp), -EPROTO);
}

static void qmp_greet_gives_up(void **state)
{
	(void)state;
	assert_int_equal(pmm_qmp_greet(&qmp, 20, &err), -ETIMEDOUT);
	assert_string_equal(err.text, "greeting: QEMU does not answer");
	say("{\"error\": {}}\n");
	assert_int_equal(pmm_qmp_greet(&qmp, 20, &err), -ETIMEDOUT);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(qmp_greet_negotiates),
		T(qmp_command_waits_for_its_answer),
		T(qmp_command_tells_a_refusal),
		T(qmp_pump_passes_events_on),
		T(qmp_pump_tells_last_words_and_the_end),
		T(qmp_command_takes_an_answer_before_the_end),
		T(qmp_refuses_nonsense),
		T(qmp_refuses_an_endless_line),
		T(qmp_greet_gives_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
