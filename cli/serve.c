/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * serve.c - hvl serve: devices for a remote that something else loads
 */
#include "run.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "devices.h"
#include "listen.h"
#include "message.h"
#include "private_net.h"
#include "serve_options.h"
#include "server_control.h"

struct serve {
	struct cli_serve opts;
	struct hvl_log log;
	struct pmm_loop loop;
	struct pmm_server *server;
	struct pmm_server_control obey;
	struct cli_listen listen;
	struct cli_private_net private_net;
};

static void serve_on_signal(void *ctx, const struct signalfd_siginfo *info)
{
	struct serve *serve = ctx;

	(void)info;
	pmm_loop_quit(&serve->loop);
}

/*
 * The owner of a file that we have mapped has cut it short, and there is no way
 * to go on from here: as after a kill, but with a word.
 */
static void serve_on_bus_error(int number, siginfo_t *info, void *context)
{
	static const char line[] = "hvl: the file of --shmem or --state was "
				   "truncated while it was in use\n";
	struct pollfd out = { .fd = STDERR_FILENO, .events = POLLOUT };

	(void)number;
	(void)context;
	/* A fault of our own: it comes again, and kills. */
	if (info->si_code != BUS_ADRERR)
		return;
	if (poll(&out, 1, 0) == 1)
		(void)!write(STDERR_FILENO, line, sizeof(line) - 1);
	_exit(CLI_EXIT_FAILURE);
}

static void serve_guard(void)
{
	struct sigaction act = { .sa_sigaction = serve_on_bus_error,
				 .sa_flags = (int)(SA_SIGINFO | SA_RESETHAND) };

	(void)sigemptyset(&act.sa_mask);
	(void)sigaction(SIGBUS, &act, NULL);
}

static int serve_listen(struct serve *serve, struct pmm_error *err)
{
	const struct pmm_control_config cfg = {
		.answer = pmm_server_control_answer,
		.ctx = &serve->obey,
	};

	serve->obey = (struct pmm_server_control){ .server = serve->server,
						   .version = HVL_VERSION };
	return cli_listen_open(&serve->listen, serve->opts.common.control,
			       "serve", &cfg, &serve->loop, &serve->log, err);
}

static int serve_start(struct serve *serve, struct pmm_error *err)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, 0 };
	struct pmm_server_config *cfg = &serve->opts.server;
	int rc =
		pmm_loop_signals(&serve->loop, signals, serve_on_signal, serve);

	if (rc < 0)
		return pmm_fail(err, rc, "signals: %s", strerror(-rc));
	rc = cli_private_enter(&serve->private_net, &serve->opts.common, err);
	if (rc < 0)
		return rc;
	cfg->log = &serve->log;
	rc = pmm_server_create(&serve->server, cfg, &serve->loop, err);
	if (rc == 0)
		rc = cli_private_address(&serve->private_net,
					 pmm_server_service(serve->server),
					 err);
	if (rc == 0)
		rc = serve_listen(serve, err);
	if (rc < 0)
		return rc;
	cli_private_introduce(&serve->private_net);
	cli_devices_introduce(pmm_server_service(serve->server));
	return pmm_server_start(serve->server, err);
}

/* Return: exit status. */
static int serve_play(struct serve *serve)
{
	struct pmm_error err = { "" };
	int rc = pmm_loop_init(&serve->loop);

	if (rc < 0) {
		cli_say("event loop: %s", strerror(-rc));
		return CLI_EXIT_FAILURE;
	}
	cli_listen_init(&serve->listen);
	rc = serve_start(serve, &err);
	if (rc == 0) {
		/* Who does not read our messages stops no device. */
		cli_message_patience(0);
		rc = pmm_loop_run(&serve->loop);
		cli_message_patience(CLI_FINAL_MS);
		(void)pmm_fail(&err, rc, "event loop: %s", strerror(-rc));
		cli_devices_sum_up(pmm_server_service(serve->server));
	}
	cli_listen_close(&serve->listen);
	pmm_server_destroy(serve->server);
	pmm_loop_fini(&serve->loop);
	if (rc == 0)
		return 0;
	cli_say("%s", err.text);
	return CLI_EXIT_FAILURE;
}

static int serve_main(int argc, char **argv)
{
	static struct serve serve;
	struct pmm_error err = { "" };
	int rc;

	cli_serve_init(&serve.opts);
	rc = cli_options_parse(&cli_serve_command, argc, argv, &serve.opts,
			       &err);
	if (rc == CLI_HELP) {
		cli_options_help(&cli_serve_command, stdout);
		return 0;
	}
	if (rc == 0)
		rc = cli_serve_finish(&serve.opts, &err);
	if (rc < 0) {
		cli_say("%s", err.text);
		return CLI_EXIT_USAGE;
	}
	cli_log_init(&serve.log, serve.opts.common.verbose);
	/* How the driver gets on is what a person watches this for. */
	if (serve.log.level < HVL_LOG_INFO)
		serve.log.level = HVL_LOG_INFO;
	serve_guard();
	return serve_play(&serve);
}

const struct cli_command cli_serve_command = {
	.name = "serve",
	.summary = "serve devices to a remote that something else loads",
	.about = "Serve devices to a remote that something else loads and "
		 "starts, before or after\nthis, as often as it likes: until "
		 "a signal comes. Devices appear in the order of\ntheir "
		 "options; without any: --rng --net tap.",
	.options = cli_serve_options,
	.main = serve_main,
};
