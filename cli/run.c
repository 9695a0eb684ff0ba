/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * run.c - hvl run: load, start, serve, until told to stop
 */
#include "run.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "control_socket.h"
#include "message.h"
#include "netns.h"
#include "remote_control.h"
#include "run_options.h"
#include "term.h"

struct run {
	struct cli_run opts;
	struct hvl_log log;
	struct pmm_loop loop;
	struct cli_term term;
	struct pmm_remote *remote;
	struct pmm_remote_control obey;
	struct pmm_control *control;
	struct pmm_control_socket socket;
	bool user_ns; /* --private: a new one too */
	int status;
};

static void run_quit(void *ctx)
{
	struct run *run = ctx;

	pmm_loop_quit(&run->loop);
}

static void run_on_signal(void *ctx, const struct signalfd_siginfo *info)
{
	(void)info;
	run_quit(ctx);
}

static void run_on_event(void *ctx, enum pmm_remote_event ev)
{
	struct run *run = ctx;

	if (ev == PMM_REMOTE_STARTED)
		return;
	cli_message_patience(CLI_FINAL_MS);
	cli_say("remote %s", pmm_remote_end(run->remote));
	if (ev == PMM_REMOTE_CRASHED)
		run->status = CLI_EXIT_FAILURE;
	run_quit(run);
}

/* A tap that only we can see needs no permission, and nobody else sets it up */
static int run_enter_private(struct run *run, struct pmm_error *err)
{
	int rc = pmm_netns_enter(&run->user_ns, err);

	for (unsigned int i = 0; rc == 0 && i < run->opts.remote.ndevices;
	     i++) {
		struct pmm_device_config *dev = &run->opts.devices[i];

		if (dev->id != VIRTIO_ID_NET)
			continue;
		if (!dev->ifname)
			dev->ifname = CLI_DEMO_TAP;
		break;
	}
	return rc;
}

static int run_set_address(struct run *run, struct pmm_error *err)
{
	for (unsigned int i = 0; i < run->opts.remote.ndevices; i++) {
		const char *ifname =
			pmm_service_ifname(pmm_remote_service(run->remote), i);
		int rc;

		if (!ifname)
			continue;
		rc = pmm_if_set_ip(ifname, CLI_DEMO_IP, CLI_DEMO_PREFIX);
		if (rc < 0)
			return pmm_fail(err, rc, "%s: address: %s", ifname,
					strerror(-rc));
		break;
	}
	return 0;
}

static void run_introduce(const struct run *run)
{
	const struct pmm_remote_config *cfg = &run->opts.remote;

	if (run->opts.private_net)
		cli_say("for a shell in its network: nsenter -t %d%s -n%s",
			(int)getpid(), run->user_ns ? " -U" : "",
			run->user_ns ? " --preserve-credentials" : "");
	for (unsigned int i = 0; i < cfg->ndevices; i++) {
		const char *ifname =
			pmm_service_ifname(pmm_remote_service(run->remote), i);

		if (ifname)
			cli_say("%s: tap \"%s\"", cfg->devices[i].name, ifname);
		else
			cli_say("%s: entropy of %s", cfg->devices[i].name,
				cfg->devices[i].source ?
					cfg->devices[i].source :
					"the kernel");
	}
	cli_say("firmware \"%s\"%s", cfg->firmware,
		run->term.raw ? "; Ctrl-] quits" : "");
}

/* What was asked for by name must be; the default may fail. */
static int run_open_socket(struct run *run, struct pmm_error *err)
{
	const char *path = run->opts.control;
	char chosen[PMM_CONTROL_PATH_MAX];
	int rc = 0;

	if (!path) {
		rc = pmm_control_default(run->opts.remote.board->name, chosen,
					 err);
		path = chosen;
	}
	if (rc == 0)
		rc = pmm_control_socket_open(&run->socket, path, err);
	if (rc < 0 && !run->opts.control) {
		hvl_log(&run->log, HVL_LOG_INFO, "no control socket: %s",
			err->text);
		rc = 0;
	}
	return rc;
}

static int run_open_control(struct run *run, struct pmm_error *err)
{
	const struct pmm_control_config cfg = {
		.answer = pmm_remote_control_answer,
		.ctx = &run->obey,
	};
	int rc;

	if (run->opts.control && strcmp(run->opts.control, "none") == 0)
		return 0;
	rc = run_open_socket(run, err);
	if (rc < 0 || run->socket.fd < 0)
		return rc;
	run->obey = (struct pmm_remote_control){ .remote = run->remote,
						 .version = HVL_VERSION };
	rc = pmm_control_create(&run->control, &cfg, &run->loop);
	if (rc == 0)
		rc = pmm_control_listen(run->control, run->socket.fd);
	if (rc < 0)
		return pmm_fail(err, rc, "control socket \"%s\": %s",
				run->socket.path, strerror(-rc));
	hvl_log(&run->log, HVL_LOG_INFO, "control socket %s", run->socket.path);
	return 0;
}

static int run_start(struct run *run, struct pmm_error *err)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, 0 };
	struct pmm_remote_config *cfg = &run->opts.remote;
	int rc = pmm_loop_signals(&run->loop, signals, run_on_signal, run);

	if (rc < 0)
		return pmm_fail(err, rc, "signals: %s", strerror(-rc));
	if (run->opts.private_net)
		rc = run_enter_private(run, err);
	if (rc < 0)
		return rc;
	cfg->log = &run->log;
	cfg->uart = cli_term_sink(&run->term);
	cfg->event = run_on_event;
	cfg->event_ctx = run;
	rc = pmm_remote_create(&run->remote, cfg, &run->loop, err);
	if (rc == 0 && run->opts.private_net)
		rc = run_set_address(run, err);
	if (rc == 0)
		rc = run_open_control(run, err);
	if (rc == 0)
		rc = cli_term_open(&run->term, pmm_remote_uart(run->remote),
				   run_quit, run, err);
	if (rc < 0)
		return rc;
	run_introduce(run);
	return pmm_remote_start(run->remote, err);
}

/* Return: exit status. */
static int run_play(struct run *run)
{
	struct pmm_error err = { "" };
	int rc = pmm_loop_init(&run->loop);

	if (rc < 0) {
		cli_say("event loop: %s", strerror(-rc));
		return CLI_EXIT_FAILURE;
	}
	run->socket.fd = -1;
	cli_term_init(&run->term, &run->loop);
	rc = run_start(run, &err);
	if (rc == 0) {
		/* Who does not read our messages stops no device. */
		cli_message_patience(0);
		rc = pmm_loop_run(&run->loop);
		cli_message_patience(CLI_FINAL_MS);
		(void)pmm_fail(&err, rc, "event loop: %s", strerror(-rc));
	}
	pmm_control_destroy(run->control);
	pmm_control_socket_close(&run->socket);
	cli_term_final(&run->term);
	pmm_remote_destroy(run->remote);
	cli_term_close(&run->term);
	pmm_loop_fini(&run->loop);
	if (rc < 0) {
		cli_say("%s", err.text);
		return CLI_EXIT_FAILURE;
	}
	return run->status;
}

static int run_main(int argc, char **argv)
{
	static struct run run;
	struct pmm_error err = { "" };
	int rc;

	cli_run_init(&run.opts);
	rc = cli_options_parse(&cli_run_command, argc, argv, &run.opts, &err);
	if (rc == CLI_HELP) {
		cli_options_help(&cli_run_command, stdout);
		return 0;
	}
	if (rc == 0)
		rc = cli_run_finish(&run.opts, &err);
	if (rc < 0) {
		cli_say("%s", err.text);
		return CLI_EXIT_USAGE;
	}
	cli_log_init(&run.log, run.opts.verbose);
	return run_play(&run);
}

const struct cli_command cli_run_command = {
	.name = "run",
	.summary = "load a firmware, start it and serve its devices",
	.about = "Load a firmware, start the remote and serve its devices, "
		 "with its UART on the\nterminal, until the remote stops, "
		 "Ctrl-], or a signal. Devices appear in the\norder of their "
		 "options; without any: --rng --net tap.",
	.options = cli_run_options,
	.main = run_main,
};
