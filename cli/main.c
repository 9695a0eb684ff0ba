/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * main.c - the hvl command
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <hvl/metal/compiler.h>

#include "message.h"
#include "options.h"
#include "run.h"

static const struct cli_command *const commands[] = {
	&cli_demo_command,    &cli_run_command,	  &cli_serve_command,
	&cli_status_command,  &cli_stop_command,  &cli_start_command,
	&cli_restart_command, &cli_trace_command,
};

static int main_help(void)
{
	(void)printf("Usage: hvl COMMAND [OPTION]...\n\n"
		     "Virtio devices for remote cores, without a "
		     "hypervisor.\n\n");
	for (size_t i = 0; i < HVL_ARRAY_SIZE(commands); i++)
		(void)printf("  %-10s %s\n", commands[i]->name,
			     commands[i]->summary);
	(void)printf("\n  --version  version of hvl\n"
		     "  --help     this text; hvl COMMAND --help tells more\n");
	return 0;
}

static int main_version(void)
{
	(void)printf("hvl %s\n", HVL_VERSION);
	return 0;
}

static const struct cli_command *main_find(const char *name)
{
	for (size_t i = 0; i < HVL_ARRAY_SIZE(commands); i++) {
		if (strcmp(name, commands[i]->name) == 0)
			return commands[i];
	}
	return NULL;
}

static bool main_is(const char *arg, const char *name, const char *alias)
{
	return strcmp(arg, name) == 0 || strcmp(arg, alias) == 0;
}

/* What hvl answers itself; `hvl help run` is `hvl run --help`. */
static int main_answer(int argc, char **argv)
{
	bool help = main_is(argv[1], "help", "--help") ||
		    main_is(argv[1], "-h", "-h");
	const struct cli_command *cmd;

	if (!help && strcmp(argv[1], "--version") != 0) {
		cli_say("\"%s\": unknown command; see hvl --help", argv[1]);
		return CLI_EXIT_USAGE;
	}
	if (argc == 2)
		return help ? main_help() : main_version();
	cmd = help ? main_find(argv[2]) : NULL;
	if (cmd && argc == 3) {
		cli_options_help(cmd, stdout);
		return 0;
	}
	if (help && !cmd)
		cli_say("\"%s\": unknown command; see hvl --help", argv[2]);
	else
		cli_say("\"%s\": nothing follows here", argv[help ? 3 : 2]);
	return CLI_EXIT_USAGE;
}

/* A full disk, or a reader that has gone, must not pass for success. */
static int main_flush(int status)
{
	bool bad = ferror(stdout) != 0;

	if (fflush(stdout) == 0 && !bad)
		return status;
	cli_say("standard output: not everything could be written");
	return status ? status : CLI_EXIT_FAILURE;
}

/* Descriptors 0 to 2 belong to nobody else, whoever started us. */
static void main_open_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

int main(int argc, char **argv)
{
	const struct cli_command *cmd;
	int status;

	main_open_standard();
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN); /* a core dump may be too large */
	if (argc < 2) {
		cli_say("which command? see hvl --help");
		return CLI_EXIT_USAGE;
	}
	cmd = main_find(argv[1]);
	status = cmd ? cmd->main(argc - 1, argv + 1) : main_answer(argc, argv);
	return main_flush(status);
}
