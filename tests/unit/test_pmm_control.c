/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_pmm_control.c - JSON lines: good and bad requests, slow and many clients
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <hvl/metal/time.h>

#include "control.h"

#define PATIENCE_US (20 * HVL_US_PER_S)
#define LARGE 1000000u

static struct pmm_loop loop;
static struct pmm_control *control;
static unsigned int answers;

/* echo: the request; large: much; others fail in each way. */
static int answer(void *ctx, const char *command, const json_t *request,
		  json_t **result, struct pmm_error *err)
{
	static char large[LARGE + 1];

	assert_ptr_equal(ctx, &answers);
	answers++;
	if (strcmp(command, "echo") == 0) {
		*result = json_deep_copy(request);
		return 0;
	}
	if (strcmp(command, "large") == 0) {
		memset(large, 'x', LARGE);
		*result = json_pack("{s:s}", "text", large);
		return 0;
	}
	if (strcmp(command, "wrong") == 0)
		return pmm_fail(err, -EINVAL, "makes no sense");
	if (strcmp(command, "fail") == 0)
		return pmm_fail(err, -EIO, "did not work: \xff\n");
	return pmm_fail(err, -ENOSYS, "there are some");
}

static int setup(void **state)
{
	const struct pmm_control_config cfg = { .answer = answer,
						.ctx = &answers };

	(void)state;
	answers = 0;
	if (pmm_loop_init(&loop) < 0)
		return -1;
	return pmm_control_create(&control, &cfg, &loop);
}

static int teardown(void **state)
{
	(void)state;
	pmm_control_destroy(control);
	pmm_loop_fini(&loop);
	return 0;
}

/* A client's end; the other one is served. */
static int client(void)
{
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX,
				    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
				    0, fd),
			 0);
	assert_int_equal(pmm_control_attach(control, fd[1]), 0);
	return fd[0];
}

static void put(int fd, const char *text)
{
	size_t len = strlen(text);

	assert_int_equal(send(fd, text, len, MSG_NOSIGNAL), len);
}

/* Turn the loop until a whole line came. Return: it, or "" for the end. */
static const char *get(int fd)
{
	static char line[LARGE + 1000];
	uint64_t since = hvl_time_us();
	size_t len = 0;

	while (hvl_time_us() - since < PATIENCE_US) {
		ssize_t n = recv(fd, line + len, sizeof(line) - len, MSG_PEEK);
		char *end = n > 0 ? memchr(line + len, '\n', (size_t)n) : NULL;

		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return "";
		if (end)
			n = end + 1 - (line + len);
		if (n > 0)
			assert_int_equal(recv(fd, line + len, (size_t)n, 0), n);
		if (end) {
			*end = '\0';
			return line;
		}
		if (n > 0)
			len += (size_t)n;
		assert_int_equal(pmm_loop_turn(&loop, n > 0 ? 0 : 10), 0);
	}
	fail_msg("no answer");
	return NULL;
}

static void expect(int fd, const char *request, const char *reply)
{
	put(fd, request);
	assert_string_equal(get(fd), reply);
}

static void control_answers_requests(void **state)
{
	int fd = client();

	(void)state;
	expect(fd, "{\"command\":\"echo\"}\n",
	       "{\"ok\":true,\"result\":{\"command\":\"echo\"}}");
	expect(fd, " { \"command\" : \"echo\", \"id\" : 7 } \r\n",
	       "{\"ok\":true,\"result\":{\"command\":\"echo\",\"id\":7},"
	       "\"id\":7}");
	expect(fd, "{\"command\":\"fail\",\"id\":\"a b\"}\n",
	       "{\"ok\":false,\"error\":\"failed\",\"message\":"
	       "\"did not work: ?\\n\",\"id\":\"a b\"}");
	expect(fd, "{\"command\":\"wrong\"}\n",
	       "{\"ok\":false,\"error\":\"invalid\",\"message\":"
	       "\"makes no sense\"}");
	expect(fd, "{\"command\":\"nothing\"}\n",
	       "{\"ok\":false,\"error\":\"unknown\",\"message\":"
	       "\"there are some\"}");
	assert_int_equal(answers, 5);
	close(fd);
}

static void control_refuses_broken_requests(void **state)
{
	static const char *const broken[] = {
		"{\n",		"}\n",
		"nonsense\n",	"[]\n",
		"1\n",		"\"a\"\n",
		"{\"a\":1}}\n", "{\"a\":1,\"a\":2}\n",
		"{} {}\n",	"\x01\x02\n",
		"\xff\xfe\n",	"{\"a\":\"\xc0\xaf\"}\n",
		"null\n",	"{'a':1}\n",
	};
	int fd = client();

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		expect(fd, broken[i],
		       "{\"ok\":false,\"error\":\"malformed\",\"message\":"
		       "\"not a JSON object on one line\"}");
	expect(fd, "{}\n",
	       "{\"ok\":false,\"error\":\"malformed\",\"message\":"
	       "\"\\\"command\\\" is not a string\"}");
	expect(fd, "{\"command\":1,\"id\":3}\n",
	       "{\"ok\":false,\"error\":\"malformed\",\"message\":"
	       "\"\\\"command\\\" is not a string\",\"id\":3}");
	expect(fd, "{\"command\":\"echo\",\"id\":{}}\n",
	       "{\"ok\":false,\"error\":\"malformed\",\"message\":"
	       "\"\\\"id\\\" is neither string nor integer\"}");
	assert_int_equal(send(fd, "{}\0{}\n", 6, 0), 6);
	assert_non_null(strstr(get(fd), "malformed"));
	assert_int_equal(answers, 0);
	expect(fd, "{\"command\":\"echo\"}\n",
	       "{\"ok\":true,\"result\":{\"command\":\"echo\"}}");
	close(fd);
}

static void control_survives_deep_nesting(void **state)
{
	static char line[PMM_CONTROL_LINE_MAX];
	int fd = client();

	(void)state;
	memset(line, '[', sizeof(line) - 2);
	line[sizeof(line) - 2] = '\n';
	put(fd, line);
	assert_non_null(strstr(get(fd), "malformed"));
	close(fd);
}

static void control_ends_with_a_line_that_is_too_long(void **state)
{
	static char line[PMM_CONTROL_LINE_MAX + 100];
	int fd = client();

	(void)state;
	/* The longest one first: it is obeyed. */
	memset(line, ' ', sizeof(line));
	memcpy(line, "{\"command\":\"echo\"}", 18);
	line[PMM_CONTROL_LINE_MAX - 1] = '\n';
	line[PMM_CONTROL_LINE_MAX] = '\0';
	expect(fd, line, "{\"ok\":true,\"result\":{\"command\":\"echo\"}}");
	line[PMM_CONTROL_LINE_MAX - 1] = ' ';
	put(fd, line);
	assert_string_equal(get(fd), "{\"ok\":false,\"error\":\"malformed\","
				     "\"message\":\"the line is too long\"}");
	assert_string_equal(get(fd), "");
	assert_int_equal(answers, 1);
	close(fd);
}

static void control_takes_requests_in_pieces_and_together(void **state)
{
	static const char text[] = "\n\n{\"command\":\"echo\",\"id\":1}\n"
				   "{\"command\":\"echo\",\"id\":2}\n \n"
				   "{\"command\":\"echo\",\"id\":3}";
	int fd = client();

	(void)state;
	for (size_t i = 0; text[i]; i++) {
		assert_int_equal(send(fd, text + i, 1, 0), 1);
		assert_int_equal(pmm_loop_turn(&loop, 0), 0);
	}
	assert_non_null(strstr(get(fd), "\"id\":1"));
	assert_non_null(strstr(get(fd), "\"id\":2"));
	assert_int_equal(answers, 2);
	/* The end of what it sends ends the last line, and then all. */
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	while (answers < 3)
		assert_int_equal(pmm_loop_turn(&loop, 10), 0);
	close(fd);
	fd = client();
	put(fd, text);
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	for (char id = '1'; id <= '3'; id++) {
		char want[] = "\"id\":0";

		want[5] = id;
		assert_non_null(strstr(get(fd), want));
	}
	assert_string_equal(get(fd), "");
	close(fd);
}

static void control_serves_others_while_one_does_not_read(void **state)
{
	int slow = client(), quick = client();
	uint64_t since;

	(void)state;
	for (int i = 0; i < 100; i++)
		put(slow, "{\"command\":\"large\"}\n");
	for (int i = 0; i < 100; i++)
		expect(quick, "{\"command\":\"echo\"}\n",
		       "{\"ok\":true,\"result\":{\"command\":\"echo\"}}");
	/* One reply is on its way, and nothing more was done for it. */
	assert_in_range(answers, 101, 102);
	/* And nothing goes on in vain. */
	put(slow, "\n");
	since = hvl_time_us();
	assert_int_equal(pmm_loop_turn(&loop, 50), 0);
	assert_true(hvl_time_us() - since >= 50000);
	for (int i = 0; i < 100; i++)
		assert_true(strlen(get(slow)) > LARGE);
	assert_int_equal(answers, 200);
	close(slow);
	close(quick);
}

static void control_forgets_clients_that_go(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 3 * PMM_CONTROL_CLIENTS; i++) {
		int fd = client();

		put(fd, i % 2 ? "{\"command\":\"large\"}\n" : "{\"comm");
		assert_int_equal(pmm_loop_turn(&loop, 10), 0);
		close(fd);
		while (pmm_loop_turn(&loop, 0) == 0 && loop.tasks)
			;
		assert_int_equal(pmm_loop_turn(&loop, 0), 0);
	}
}

static void control_turns_too_many_away(void **state)
{
	int fds[PMM_CONTROL_CLIENTS], pair[2];

	(void)state;
	for (unsigned int i = 0; i < PMM_CONTROL_CLIENTS; i++)
		fds[i] = client();
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	assert_int_equal(pmm_control_attach(control, pair[1]), -EBUSY);
	assert_string_equal(get(pair[0]), "{\"ok\":false,\"error\":\"busy\","
					  "\"message\":\"too many clients\"}");
	assert_string_equal(get(pair[0]), "");
	close(pair[0]);
	for (unsigned int i = 0; i < PMM_CONTROL_CLIENTS; i++)
		expect(fds[i], "{\"command\":\"echo\"}\n",
		       "{\"ok\":true,\"result\":{\"command\":\"echo\"}}");
	close(fds[3]);
	assert_int_equal(pmm_loop_turn(&loop, 1000), 0);
	fds[3] = client();
	for (unsigned int i = 0; i < PMM_CONTROL_CLIENTS; i++)
		close(fds[i]);
}

static void control_text_takes_any_bytes(void **state)
{
	json_t *text = pmm_control_text("a\0b\xc3\xa4", 5);

	(void)state;
	assert_int_equal(json_string_length(text), 5);
	json_decref(text);
	text = pmm_control_text("a\xc3\xa4\xff", 4);
	assert_string_equal(json_string_value(text), "a???");
	json_decref(text);
	text = pmm_control_text("", 0);
	assert_string_equal(json_string_value(text), "");
	json_decref(text);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(control_answers_requests),
		TEST(control_refuses_broken_requests),
		TEST(control_survives_deep_nesting),
		TEST(control_ends_with_a_line_that_is_too_long),
		TEST(control_takes_requests_in_pieces_and_together),
		TEST(control_serves_others_while_one_does_not_read),
		TEST(control_forgets_clients_that_go),
		TEST(control_turns_too_many_away),
		TEST(control_text_takes_any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
