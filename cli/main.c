/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * main.c - the hvl command
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <hvl/metal/compiler.h>

#include "message.h"
#include "run.h"

static const struct cli_command *const commands[] = {
	&cli_demo_command,
	&cli_run_command,
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
	main_open_standard();
	(void)signal(SIGPIPE, SIG_IGN);
	if (argc < 2) {
		cli_say("which command? see hvl --help");
		return CLI_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return main_help();
	if (strcmp(argv[1], "--version") == 0) {
		(void)printf("hvl %s\n", HVL_VERSION);
		return 0;
	}
	for (size_t i = 0; i < HVL_ARRAY_SIZE(commands); i++) {
		if (strcmp(argv[1], commands[i]->name) == 0)
			return commands[i]->main(argc - 1, argv + 1);
	}
	cli_say("\"%s\": unknown command; see hvl --help", argv[1]);
	return CLI_EXIT_USAGE;
}
