/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The shell on a fake board, with the parts behind its commands replaced.
 */
#include "app.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hvl/metal/errno.h>

#include "fake_board.h"

static struct {
	bool pinging;
	uint32_t addr, count, size;
	uint64_t interval_us;
	unsigned int stops;
	int rng_error;
	bool broke_net, broke_rng;
	unsigned int devices;
	int reset; /* the queue, and 1000 */
	int reset_error;
} did;

uint64_t app_uptime_us(void)
{
	return 42999999;
}

static struct app_device devices[2];

unsigned int app_devices_count(void)
{
	return did.devices;
}

struct app_device *app_devices_at(unsigned int i)
{
	return &devices[i];
}

const char *app_error_text(int error)
{
	(void)error;
	return "an error of the test";
}

void app_net_print_iface(void)
{
	app_print("the interface\n");
}

void app_net_print_stats(void)
{
	app_print("the counters\n");
}

bool app_net_break(void)
{
	did.broke_net = true;
	return true;
}

int app_net_reset(uint16_t queue)
{
	did.reset = 1000 + queue;
	return did.reset_error;
}

bool app_rng_break(void)
{
	did.broke_rng = true;
	return false;
}

int app_rng_read(uint8_t *buf, uint32_t len)
{
	memset(buf, 0x5a, len);
	return did.rng_error;
}

void app_rng_print(const char *before, const uint8_t *buf, uint32_t len)
{
	app_print("%s%u bytes of %02x\n", before, len, buf[0]);
}

bool app_ping_start(uint32_t addr, uint32_t count, uint32_t size,
		    uint64_t interval_us)
{
	did.pinging = true;
	did.addr = addr;
	did.count = count;
	did.size = size;
	did.interval_us = interval_us;
	return true;
}

bool app_ping_poll(void)
{
	return did.pinging;
}

void app_ping_stop(void)
{
	did.stops++;
	app_print("the statistics\n");
}

uint64_t app_ping_deadline(void)
{
	return 1234;
}

static int begin(void **state)
{
	(void)state;
	memset(&did, 0, sizeof(did));
	fake_board_init();
	app_shell_start();
	return 0;
}

/* Type a line at a fresh prompt; the output is what came of it. */
static void type(const char *keys)
{
	fake_board_forget();
	fake_board_type(keys);
	app_shell_poll();
}

static void expect(const char *keys, const char *text)
{
	type(keys);
	assert_true(fake_board_wrote(text));
}

static void shell_start_prompts(void **state)
{
	(void)state;
	assert_string_equal(fake_board.out, "hvl> ");
}

static void shell_runs_commands(void **state)
{
	(void)state;
	expect("help\r", "  net ping [-c N] [-s SIZE] [-i MS] ADDR");
	expect("net iface\r", "\r\nthe interface\r\nhvl> ");
	expect("net stats\r", "the counters");
	expect("device list\r", "no devices");
	expect("uptime\r", "42 s");
	expect("\r", "\r\nhvl> ");
	type("break net\r");
	assert_true(did.broke_net);
	expect("break rng\r", "no device is up");
}

static void shell_says_the_right_usage(void **state)
{
	(void)state;
	expect("net\r", "usage: net iface | net ping [-c N] [-s SIZE] [-i MS] "
			"ADDR | net reset rx|tx | net stats\r\n");
	expect("net ping\r",
	       "usage: net ping [-c N] [-s SIZE] [-i MS] ADDR\r\n");
	expect("break\r", "usage: break net | break rng\r\n");
	expect("rng 0\r", "usage: rng [N]\r\n");
	expect("rng 1025\r",
	       "usage: rng [N]\r\n  N bytes of entropy, up to 1024\r\n");
	expect("uptime now\r", "usage: uptime");
	expect("what\r", "what: no such command; try help\r\n");
	expect("1 2 3 4 5 6 7 8 9 10 11 12 13\r", "too many words\r\n");
}

static void shell_names_the_features(void **state)
{
	(void)state;
	expect("device features\r", "no devices");
	memset(devices, 0, sizeof(devices));
	strcpy(devices[0].name, "net0");
	devices[0].up = true;
	devices[0].dev.id = VIRTIO_ID_NET;
	devices[0].dev.features = 0x500010020 | HVL_BIT64(50);
	strcpy(devices[1].name, "rng0");
	did.devices = 2;
	expect("device features\r",
	       "\r\nnet0   mac, status, version_1, ring_packed, bit 50\r\n"
	       "rng0   down\r\n");
	devices[1].up = true;
	expect("device features\r", "\r\nrng0   none\r\n");
	devices[1].dev.features = 0x20;
	expect("device features\r", "\r\nrng0   bit 5\r\n");
}

static void shell_resets_one_queue(void **state)
{
	(void)state;
	expect("net reset rx\r", "net reset: rx starts anew\r\n");
	assert_int_equal(did.reset, 1000);
	expect("net reset tx\r", "net reset: tx starts anew\r\n");
	assert_int_equal(did.reset, 1001);
	did.reset_error = -ENODEV;
	expect("net reset tx\r", "net reset: no device is up\r\n");
	did.reset_error = -ENOTSUP;
	expect("net reset rx\r",
	       "net reset: ring_reset was not negotiated\r\n");
	did.reset_error = -EIO;
	expect("net reset rx\r", "net reset: an error of the test\r\n");
	did.reset = 0;
	expect("net reset\r", "usage: net reset rx|tx\r\n");
	expect("net reset both\r", "usage: net reset rx|tx\r\n");
	expect("net reset rx tx\r", "usage: net reset rx|tx\r\n");
	assert_int_equal(did.reset, 0);
}

static void shell_ping_takes_options(void **state)
{
	(void)state;
	type("net ping 192.168.200.254\r");
	assert_int_equal(did.addr, 0xc0a8c8fe);
	assert_int_equal(did.count, 3);
	assert_int_equal(did.size, 56);
	assert_int_equal(did.interval_us, 1000000);
	did.pinging = false;
	app_shell_poll();
	type("net ping -c 7 -s 1472 -i 10 1.2.3.4\r");
	assert_int_equal(did.addr, 0x01020304);
	assert_int_equal(did.count, 7);
	assert_int_equal(did.size, 1472);
	assert_int_equal(did.interval_us, 10000);
}

static void shell_ping_refuses_bad_options(void **state)
{
	static const char *const bad[] = {
		"net ping -c 1.2.3.4\r",
		"net ping -c 0 1.2.3.4\r",
		"net ping -s 1473 1.2.3.4\r",
		"net ping -x 1 1.2.3.4\r",
		"net ping 1.2.3\r",
		"net ping 1.2.3.4 5\r",
		"net ping -c\r",
	};

	(void)state;
	for (size_t i = 0; i < HVL_ARRAY_SIZE(bad); i++) {
		expect(bad[i], "usage: net ping");
		assert_false(did.pinging);
	}
}

static void shell_ping_keeps_what_is_typed_ahead(void **state)
{
	(void)state;
	type("net ping 1.2.3.4\rnet iface\r");
	assert_int_equal(app_shell_deadline(), 1234);
	app_shell_poll();
	assert_false(fake_board_wrote("the interface"));
	did.pinging = false;
	app_shell_poll();
	assert_true(fake_board_wrote("the interface"));
	assert_true(app_shell_deadline() > 1234);
}

static void shell_ping_stops_at_ctrl_c(void **state)
{
	(void)state;
	type("net ping 1.2.3.4\r");
	fake_board_type("lost\x03");
	app_shell_poll();
	assert_int_equal(did.stops, 1);
	assert_true(fake_board_wrote("^C\r\nthe statistics\r\nhvl> "));
	expect("net iface\r", "the interface");
	assert_false(fake_board_wrote("lost"));
}

/* More than there is room for: still found, the rest is lost. */
static void shell_ping_stops_at_ctrl_c_after_a_paste(void **state)
{
	char paste[3001];

	(void)state;
	memset(paste, 'x', sizeof(paste) - 1);
	paste[sizeof(paste) - 1] = '\0';
	type("net ping 1.2.3.4\r");
	fake_board_type(paste);
	fake_board_type("\x03net iface\r");
	for (int i = 0; i < 20; i++)
		app_shell_poll();
	assert_int_equal(did.stops, 1);
	assert_true(fake_board_wrote("hvl> net iface\r\nthe interface"));
	assert_false(fake_board_wrote("x"));
}

static void shell_loses_nothing_of_a_paste(void **state)
{
	unsigned int lines = 0;

	(void)state;
	for (int i = 0; i < 800; i++)
		fake_board_type("net iface\n");
	while (fake_board.in_len > 0) {
		size_t before = fake_board.in_len;

		fake_board_forget();
		assert_true(app_shell_poll());
		/* A round takes so much of it, not all. */
		assert_in_range(before - fake_board.in_len, 1, 256);
		for (const char *p = fake_board.out;
		     (p = strstr(p, "the interface")) != NULL; p++)
			lines++;
	}
	assert_int_equal(lines, 800);
}

static void shell_rng_reads_in_pieces(void **state)
{
	(void)state;
	expect("rng 70\r", "32 bytes of 5a\r\n32 bytes of 5a\r\n6 bytes");
	did.rng_error = -ENODEV;
	expect("rng\r", "rng: no device\r\n");
	did.rng_error = -ETIMEDOUT;
	expect("rng\r", "rng: an error of the test\r\n");
}

static void shell_keeps_the_line_around_a_log_line(void **state)
{
	(void)state;
	type("net if");
	fake_board_forget();
	app_say("net0: link %s", "down");
	assert_string_equal(fake_board.out,
			    "\r\x1b[Knet0: link down\r\n\r\x1b[Khvl> net if");
	assert_string_equal(fake_board.trace, "net0: link down\n");
	expect("ace\r", "the interface");
}

static void shell_say_cuts_long_lines(void **state)
{
	char text[600];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	app_say("%s", text);
	assert_int_equal(fake_board.trace[fake_board.trace_len - 1], '\n');
	assert_true(fake_board.trace_len <= 256);
}

/* How a child ends that runs a line. */
static int status_of(const char *keys)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		close(STDERR_FILENO); /* a sanitizer would say a lot */
		type(keys);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* The exit code of the board's end that a line leads to. */
static int end_of(const char *keys)
{
	int status = status_of(keys);

	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void shell_ends_the_remote(void **state)
{
	(void)state;
	assert_int_equal(end_of("reboot\r"), FAKE_BOARD_RESTART);
	assert_int_equal(end_of("reboot now\r"), 0);
}

static void shell_crashes_in_every_way(void **state)
{
	(void)state;
	assert_int_equal(end_of("crash\r"), FAKE_BOARD_FAULT);
	assert_int_equal(end_of("crash fault\r"), FAKE_BOARD_FAULT);
	assert_int_equal(end_of("crash assert\r"), FAKE_BOARD_PANIC);
	assert_int_equal(end_of("crash hang\r"), FAKE_BOARD_HANG);
	assert_int_equal(end_of("crash fault now\r"), 0);
	expect("crash softly\r", "usage: crash [fault|assert|stack|hang]\r\n");
	/* A signal of the system's, or a sanitizer's exit. */
	assert_int_not_equal(status_of("crash stack\r"), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, begin)
	const struct CMUnitTest tests[] = {
		TEST(shell_start_prompts),
		TEST(shell_runs_commands),
		TEST(shell_says_the_right_usage),
		TEST(shell_names_the_features),
		TEST(shell_resets_one_queue),
		TEST(shell_ping_takes_options),
		TEST(shell_ping_refuses_bad_options),
		TEST(shell_ping_keeps_what_is_typed_ahead),
		TEST(shell_ping_stops_at_ctrl_c),
		TEST(shell_ping_stops_at_ctrl_c_after_a_paste),
		TEST(shell_loses_nothing_of_a_paste),
		TEST(shell_rng_reads_in_pieces),
		TEST(shell_keeps_the_line_around_a_log_line),
		TEST(shell_say_cuts_long_lines),
		TEST(shell_ends_the_remote),
		TEST(shell_crashes_in_every_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
