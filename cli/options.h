/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cli/options.h - command lines from tables
 *
 * One table makes the parser and the help. Each mistake is one line that names
 * the value, what is wrong with it and what would be right, which argp and
 * getopt do not offer.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdio.h>

#include "error.h"

#define CLI_HELP 1 /* asked for, instead of an error */

/* An entry without a name ends the table. */
struct cli_option {
	const char *name; /* "shmem-size" */
	char letter;	  /* 'v', or 0 */
	const char *arg;  /* "SIZE"; "[=SOURCE]": may be left out; or NULL */
	const char *help; /* lines end with '\n' where they should */
	/* @value: NULL where there is none. Return: 0, or -EINVAL and @err. */
	int (*take)(void *ctx, const char *value, struct pmm_error *err);
};

struct cli_command {
	const char *name;    /* "run" */
	const char *summary; /* one line */
	const char *about;   /* a paragraph for its help */
	const struct cli_option *options;
	int (*main)(int argc, char **argv); /* Return: exit status */
};

/**
 * cli_options_parse() - go through a command line
 * @cmd:  what may stand there
 * @argc: of argv
 * @argv: from the command's name on
 * @ctx:  for the options' take()
 * @err:  filled in on failure
 * Return: 0, CLI_HELP, or negative errno.
 */
int cli_options_parse(const struct cli_command *cmd, int argc, char **argv,
		      void *ctx, struct pmm_error *err);

/** cli_options_help() - print a command's help */
void cli_options_help(const struct cli_command *cmd, FILE *to);

#endif /* CLI_OPTIONS_H */
