/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * demo.c - hvl demo: the reference demo, step by step
 *
 * Everything is driven by one event loop: each step waits for something that
 * the remote says, or for a program to end, with a deadline. Whatever happens,
 * processes and namespaces end with us, and files there are none.
 */
#include "run.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <hvl/metal/time.h>

#include "lines.h"
#include "message.h"
#include "netns.h"
#include "run_options.h"
#include "process.h"
#include "subprocess.h"
#include "tap.h"

#define DEMO_NET 1 /* of the devices that there are without options */
#define DEMO_DEADLINE_US (4 * HVL_US_PER_S)
/* An emulated processor on a busy machine is slow, and not stuck. */
#define DEMO_DEADLINE_SLOW_US (30 * HVL_US_PER_S)

struct demo {
	struct cli_run opts;
	struct hvl_log log;
	struct pmm_loop loop;
	struct pmm_remote *remote;
	struct cli_lines lines;
	struct cli_subprocess ping;
	char ping_path[256];
	struct pmm_timer deadline;
	struct pmm_task advance;
	const char *step; /* what is being tried, for messages */
	const char *want; /* the line of the remote's that it waits for */
	const char *bad;  /* and the one that says it failed; or NULL */
	char said[CLI_LINE_SIZE]; /* the line that came */
	void (*next)(struct demo *demo);
	uint64_t begin_us, step_us;
	int status;
	bool over;
	bool quiet; /* lines are collected and not shown */
};

/* Steps are lines of stdout, the remote's output between them. */
static void demo_done(struct demo *demo, const char *fmt, ...) HVL_PRINTF(2, 3);

static void demo_done(struct demo *demo, const char *fmt, ...)
{
	uint64_t now = hvl_time_us();
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)printf("%s (%" PRIu64 " ms)\n", text,
		     (now - demo->step_us) / 1000);
	demo->step_us = now;
}

static void demo_over(struct demo *demo, int status)
{
	if (demo->over)
		return;
	demo->over = true;
	demo->status = status;
	pmm_loop_timer_cancel(&demo->loop, &demo->deadline);
	pmm_loop_quit(&demo->loop);
}

static void demo_fail(struct demo *demo, const char *fmt, ...) HVL_PRINTF(2, 3);

static void demo_fail(struct demo *demo, const char *fmt, ...)
{
	char text[600];
	va_list ap;

	if (demo->over)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)fflush(stdout);
	cli_say("demo failed: %s: %s", demo->step, text);
	demo_over(demo, CLI_EXIT_FAILURE);
}

static uint64_t demo_deadline_us(const struct demo *demo)
{
	return demo->opts.remote.board->slow ? DEMO_DEADLINE_SLOW_US :
					       DEMO_DEADLINE_US;
}

static void demo_on_deadline(void *ctx)
{
	struct demo *demo = ctx;
	int seconds = (int)(demo_deadline_us(demo) / HVL_US_PER_S);

	if (demo->want)
		demo_fail(demo, "the remote did not say \"%s\" within %d s",
			  demo->want, seconds);
	else
		demo_fail(demo, "no end within %d s", seconds);
}

static void demo_set_deadline(struct demo *demo)
{
	pmm_loop_timer(&demo->loop, &demo->deadline, demo_deadline_us(demo), 0,
		       demo_on_deadline, demo);
}

static void demo_begin(struct demo *demo, const char *step)
{
	demo->step = step;
	demo->want = demo->bad = NULL;
	demo_set_deadline(demo);
}

/* The next step is not begun in the middle of the UART's output. */
static void demo_advance(void *ctx)
{
	struct demo *demo = ctx;

	if (!demo->over)
		demo->next(demo);
}

static void demo_await(struct demo *demo, const char *want, const char *bad,
		       void (*next)(struct demo *demo))
{
	demo->want = want;
	demo->bad = bad;
	demo->next = next;
}

static void demo_on_line(void *ctx, const char *line)
{
	struct demo *demo = ctx;

	if (!*line || demo->quiet)
		return;
	(void)printf("remote | %s\n", line);
	if (demo->want && strstr(line, demo->want)) {
		demo->want = demo->bad = NULL;
		(void)snprintf(demo->said, sizeof(demo->said), "%s", line);
		pmm_loop_task(&demo->loop, &demo->advance, demo_advance, demo);
	} else if (demo->bad && strstr(line, demo->bad)) {
		demo_fail(demo, "the remote says: %s", line);
	}
}

static size_t demo_on_uart(void *ctx, const char *buf, size_t len)
{
	struct demo *demo = ctx;

	cli_lines_feed(&demo->lines, buf, len);
	return len;
}

static void demo_on_event(void *ctx, enum pmm_remote_event ev)
{
	struct demo *demo = ctx;

	if (ev != PMM_REMOTE_STARTED)
		demo_fail(demo, "the remote %s", pmm_remote_end(demo->remote));
}

static void demo_on_signal(void *ctx, const struct signalfd_siginfo *info)
{
	struct demo *demo = ctx;

	cli_say("demo interrupted: %s", strsignal((int)info->ssi_signo));
	demo_over(demo, 128 + (int)info->ssi_signo);
}

/* Step: remote stopped */

static void demo_stop(struct demo *demo)
{
	struct pmm_error err;

	const char *line = demo->said, *times = strstr(line, "min/avg/max");

	demo_done(demo, "remote pings main: 3 of 3%s%s", times ? ", " : "",
		  times ? times : "");
	demo_begin(demo, "remote stopped");
	if (pmm_remote_stop(demo->remote, &err) < 0) {
		demo_fail(demo, "%s", err.text);
		return;
	}
	demo_done(demo, "remote stopped");
	demo_over(demo, 0);
}

/* Step: remote pings main, typed into its shell */

static void demo_remote_pings(struct demo *demo)
{
	static const char command[] = "net ping -c 3 -i 200 " CLI_DEMO_IP "\r";

	demo_begin(demo, "remote pings main");
	demo_await(demo, "3 sent, 3 received", "3 sent,", demo_stop);
	(void)pmm_uart_send(pmm_remote_uart(demo->remote), command,
			    sizeof(command) - 1);
}

/* Step: main pings remote, with the system's own ping */

static char *demo_find_line(char *text, const char *part)
{
	char *next = text, *line;

	while ((line = strsep(&next, "\n"))) {
		if (strstr(line, part))
			return line;
	}
	return NULL;
}

static void demo_on_ping(void *ctx)
{
	struct demo *demo = ctx;
	char *copy = demo->ping.text, *rtt, *sent;
	char first[sizeof(demo->ping.text)];

	(void)snprintf(first, sizeof(first), "%s", copy);
	sent = demo_find_line(first, "packets transmitted");
	rtt = demo_find_line(copy, "rtt ");
	if (!sent) {
		demo_fail(demo, "ping ended with status %d: %s",
			  demo->ping.status, first);
		return;
	}
	if (demo->ping.status != 0 || !strstr(sent, " 3 received")) {
		demo_fail(demo, "%s", sent);
		return;
	}
	demo_done(demo, "main pings remote: 3 of 3%s%s", rtt ? ", " : "",
		  rtt ? rtt : "");
	demo_remote_pings(demo);
}

static void demo_main_pings(struct demo *demo)
{
	char *argv[] = { "ping", "-n", "-c",
			 "3",	 "-i", "0.2",
			 "-W",	 "2",  CLI_DEMO_REMOTE_IP,
			 NULL };
	struct pmm_error err;

	demo_begin(demo, "main pings remote");
	if (cli_subprocess_start(&demo->ping, &demo->loop, demo->ping_path,
				 argv, demo_on_ping, demo, &err) < 0)
		demo_fail(demo, "%s", err.text);
}

/* Step: entropy test passed */

static void demo_entropy_passed(struct demo *demo)
{
	const char up[] = CLI_DEMO_REMOTE_IP "/24 up";
	bool is_up = false;
	const char *line;

	demo_done(demo, "entropy test passed");
	demo_begin(demo, "remote's network up");
	/* It may have said so before. */
	for (unsigned int i = 0; (line = cli_lines_last(&demo->lines, i)); i++)
		is_up |= strstr(line, up) != NULL;
	if (is_up)
		demo_main_pings(demo);
	else
		demo_await(demo, CLI_DEMO_REMOTE_IP "/24 up", NULL,
			   demo_main_pings);
}

/* Steps: network up, firmware loaded, remote started */

static int demo_start(struct demo *demo, struct pmm_error *err)
{
	int rc;

	demo_begin(demo, "remote started");
	demo_await(demo, "get_entropy test passed", "get_entropy test failed",
		   demo_entropy_passed);
	rc = pmm_remote_start(demo->remote, err);
	if (rc == 0)
		demo_done(demo, "remote started");
	demo->step = "entropy test passed";
	return rc;
}

static int demo_load(struct demo *demo, struct pmm_error *err)
{
	const struct hvl_elf *elf;
	uint64_t load_us = hvl_time_us();
	const char *ifname;
	int rc;

	rc = pmm_remote_create(&demo->remote, &demo->opts.remote, &demo->loop,
			       err);
	if (rc < 0)
		return rc;
	ifname = pmm_service_ifname(pmm_remote_service(demo->remote), DEMO_NET);
	rc = pmm_if_set_ip(ifname, CLI_DEMO_IP, CLI_DEMO_PREFIX);
	if (rc < 0)
		return pmm_fail(err, rc, "%s: address: %s", ifname,
				strerror(-rc));
	demo_done(demo, "network up: %s, %s/%u", ifname, CLI_DEMO_IP,
		  CLI_DEMO_PREFIX);
	demo->step_us = load_us;
	elf = &pmm_remote_rproc(demo->remote)->elf;
	demo_done(demo,
		  "firmware loaded: %u segments, %" PRIu64
		  " bytes, entry 0x%" PRIx64,
		  elf->nsegments, elf->load_bytes, elf->entry);
	return 0;
}

static int demo_prepare(struct demo *demo, struct pmm_error *err)
{
	bool user_ns;
	int rc;

	demo->step = "main pings remote";
	if (!pmm_program_find("ping", demo->ping_path, sizeof(demo->ping_path)))
		return pmm_fail(err, -ENOENT,
				"there is no ping program; install the "
				"package iputils-ping (elsewhere iputils)");
	demo->step = "setting up";
	rc = pmm_tap_check(err);
	if (rc == 0)
		rc = pmm_netns_enter(&user_ns, err);
	if (rc == 0)
		rc = demo_load(demo, err);
	return rc == 0 ? demo_start(demo, err) : rc;
}

/* The end of what the firmware logged, if that is more than it showed. */
static void demo_show_log(struct demo *demo)
{
	char trace[8192];
	const char *line;
	int n = -1;

	cli_lines_end(&demo->lines);
	if (demo->remote)
		n = hvl_rproc_trace(pmm_remote_rproc(demo->remote), 0, trace,
				    sizeof(trace));
	if (n > 0) {
		cli_lines_init(&demo->lines, demo->lines.each, demo);
		demo->quiet = true;
		cli_lines_feed(&demo->lines, trace, (size_t)n);
		cli_lines_end(&demo->lines);
	}
	if (cli_lines_last(&demo->lines, 0))
		(void)fprintf(stderr, "hvl: the end of the remote's log:\n");
	for (unsigned int i = 0; (line = cli_lines_last(&demo->lines, i)); i++)
		(void)fprintf(stderr, "  %s\n", line);
}

static void demo_finish(struct demo *demo)
{
	cli_subprocess_kill(&demo->ping);
	if (demo->remote)
		(void)pmm_remote_stop(demo->remote, NULL);
	(void)fflush(stdout);
	if (demo->status == CLI_EXIT_FAILURE)
		demo_show_log(demo);
	pmm_remote_destroy(demo->remote);
	pmm_loop_fini(&demo->loop);
}

static int demo_play(struct demo *demo)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, 0 };
	struct pmm_error err = { "" };
	int rc = pmm_loop_init(&demo->loop);

	if (rc == 0)
		rc = pmm_loop_signals(&demo->loop, signals, demo_on_signal,
				      demo);
	if (rc < 0) {
		cli_say("event loop: %s", strerror(-rc));
		return CLI_EXIT_FAILURE;
	}
	rc = demo_prepare(demo, &err);
	if (rc < 0)
		demo_fail(demo, "%s", err.text);
	else
		rc = pmm_loop_run(&demo->loop);
	if (rc < 0)
		demo_fail(demo, "event loop: %s", strerror(-rc));
	demo_finish(demo);
	if (demo->status == 0)
		(void)printf("demo passed in %.2f s\n",
			     (double)(hvl_time_us() - demo->begin_us) /
				     (double)HVL_US_PER_S);
	return demo->status;
}

/* The tap is ours alone, so its name and the address can be what they are. */
static int demo_devices(struct demo *demo, struct pmm_error *err)
{
	int rc = cli_run_finish(&demo->opts, err);

	demo->opts.common.devices[DEMO_NET].ifname = CLI_DEMO_TAP;
	demo->opts.remote.log = &demo->log;
	demo->opts.remote.uart =
		(struct pmm_uart_sink){ .write = demo_on_uart, .ctx = demo };
	demo->opts.remote.event = demo_on_event;
	demo->opts.remote.event_ctx = demo;
	return rc;
}

static int demo_main(int argc, char **argv)
{
	static struct demo demo;
	struct pmm_error err = { "" };
	int rc;

	demo.begin_us = demo.step_us = hvl_time_us();
	cli_run_init(&demo.opts);
	rc = cli_options_parse(&cli_demo_command, argc, argv, &demo.opts, &err);
	if (rc == CLI_HELP) {
		cli_options_help(&cli_demo_command, stdout);
		return 0;
	}
	if (rc == 0)
		rc = demo_devices(&demo, &err);
	if (rc < 0) {
		cli_say("%s", err.text);
		return CLI_EXIT_USAGE;
	}
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	cli_log_init(&demo.log, demo.opts.common.verbose);
	cli_lines_init(&demo.lines, demo_on_line, &demo);
	return demo_play(&demo);
}

const struct cli_command cli_demo_command = {
	.name = "demo",
	.summary = "play the reference demo and say whether it worked",
	.about = "Play the reference demo: set up a network, load the "
		 "firmware, start the remote,\nserve it entropy and the "
		 "network, ping in both directions, stop the remote. In\nuser "
		 "and network namespaces of its own: needs no root and leaves "
		 "nothing behind.\nExit status 0 only if all of it worked.",
	.options = cli_demo_options,
	.main = demo_main,
};
