/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * run.c - hvl run: load, start, serve, until told to stop
 */
#include "run.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "devices.h"
#include "listen.h"
#include "message.h"
#include "private_net.h"
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
	struct cli_listen listen;
	struct cli_private_net private_net;
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

static void run_introduce(const struct run *run)
{
	const struct pmm_remote_config *cfg = &run->opts.remote;

	cli_private_introduce(&run->private_net);
	cli_devices_introduce(pmm_remote_service(run->remote));
	cli_say("firmware \"%s\"%s", cfg->firmware,
		run->term.raw ? "; Ctrl-] quits" : "");
}

static int run_listen(struct run *run, struct pmm_error *err)
{
	const struct pmm_control_config cfg = {
		.answer = pmm_remote_control_answer,
		.ctx = &run->obey,
	};

	run->obey = (struct pmm_remote_control){ .remote = run->remote,
						 .version = HVL_VERSION };
	return cli_listen_open(&run->listen, run->opts.common.control,
			       run->opts.remote.board->name, &cfg, &run->loop,
			       &run->log, err);
}

static int run_start(struct run *run, struct pmm_error *err)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, 0 };
	struct pmm_remote_config *cfg = &run->opts.remote;
	int rc = pmm_loop_signals(&run->loop, signals, run_on_signal, run);

	if (rc < 0)
		return pmm_fail(err, rc, "signals: %s", strerror(-rc));
	rc = cli_private_enter(&run->private_net, &run->opts.common, err);
	if (rc < 0)
		return rc;
	cfg->log = &run->log;
	cfg->uart = cli_term_sink(&run->term);
	cfg->event = run_on_event;
	cfg->event_ctx = run;
	rc = pmm_remote_create(&run->remote, cfg, &run->loop, err);
	if (rc == 0)
		rc = cli_private_address(&run->private_net,
					 pmm_remote_service(run->remote), err);
	if (rc == 0)
		rc = run_listen(run, err);
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
	cli_listen_init(&run->listen);
	cli_term_init(&run->term, &run->loop);
	rc = run_start(run, &err);
	if (rc == 0) {
		/* Who does not read our messages stops no device. */
		cli_message_patience(0);
		rc = pmm_loop_run(&run->loop);
		cli_message_patience(CLI_FINAL_MS);
		(void)pmm_fail(&err, rc, "event loop: %s", strerror(-rc));
	}
	cli_listen_close(&run->listen);
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
	cli_log_init(&run.log, run.opts.common.verbose);
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
