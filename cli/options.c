/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * options.c - command lines from tables
 */
#include "options.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define OPTIONS_HELP_COLUMN 28

/* "--name" and "--name=value", or NULL when it is not this one. */
static const char *options_match_long(const struct cli_option *opt,
				      const char *arg)
{
	size_t len = strlen(opt->name);

	if (strncmp(arg, opt->name, len) != 0 ||
	    (arg[len] != '\0' && arg[len] != '='))
		return NULL;
	return arg + len;
}

static const struct cli_option *
options_find(const struct cli_command *cmd, const char *arg, const char **value)
{
	const struct cli_option *opt;

	*value = NULL;
	for (opt = cmd->options; opt->name; opt++) {
		const char *rest;

		if (arg[1] != '-') {
			if (opt->letter && arg[1] == opt->letter && !arg[2])
				return opt;
			continue;
		}
		rest = options_match_long(opt, arg + 2);
		if (rest) {
			*value = *rest ? rest + 1 : NULL;
			return opt;
		}
	}
	return NULL;
}

static bool options_is_help(const char *arg)
{
	return strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0;
}

/* @before: the option in front of it, whose value may be left out; or NULL */
static int options_stray(const struct cli_command *cmd, const char *arg,
			 const struct cli_option *before, struct pmm_error *err)
{
	if (before)
		return pmm_fail(err, -EINVAL,
				"\"%s\": not an option; for --%s write "
				"--%s=%s",
				arg, before->name, before->name, arg);
	return pmm_fail(err, -EINVAL,
			"\"%s\": not an option; see hvl %s --help", arg,
			cmd->name);
}

int cli_options_parse(const struct cli_command *cmd, int argc, char **argv,
		      void *ctx, struct pmm_error *err)
{
	const struct cli_option *before = NULL;

	for (int i = 1; i < argc; i++) {
		const struct cli_option *opt;
		const char *value;
		int rc;

		if (options_is_help(argv[i]))
			return CLI_HELP;
		if (argv[i][0] != '-' || argv[i][1] == '\0')
			return options_stray(cmd, argv[i], before, err);
		opt = options_find(cmd, argv[i], &value);
		if (!opt)
			return pmm_fail(err, -EINVAL,
					"%s: unknown option; see hvl %s --help",
					argv[i], cmd->name);
		if (value && !opt->arg)
			return pmm_fail(err, -EINVAL,
					"--%s: takes no value, \"%s\" was "
					"given",
					opt->name, value);
		if (!value && opt->arg && opt->arg[0] != '[') {
			if (++i == argc)
				return pmm_fail(err, -EINVAL,
						"--%s: needs a value: --%s %s",
						opt->name, opt->name, opt->arg);
			value = argv[i];
		}
		rc = opt->take(ctx, value, err);
		if (rc < 0)
			return rc;
		before = !value && opt->arg ? opt : NULL;
	}
	return 0;
}

static void options_help_one(const struct cli_option *opt, FILE *to)
{
	char head[64];
	const char *line = opt->help;
	bool joined = opt->arg && opt->arg[0] == '[';

	(void)snprintf(head, sizeof(head), "  %c%c%s--%s%s%s",
		       opt->letter ? '-' : ' ', opt->letter ? opt->letter : ' ',
		       opt->letter ? ", " : "  ", opt->name,
		       opt->arg && !joined ? " " : "",
		       opt->arg ? opt->arg : "");
	if (strlen(head) >= OPTIONS_HELP_COLUMN) {
		(void)fprintf(to, "%s\n", head);
		head[0] = '\0';
	}
	while (line) {
		const char *end = strchr(line, '\n');
		int len = end ? (int)(end - line) : (int)strlen(line);

		(void)fprintf(to, "%-*s%.*s\n", OPTIONS_HELP_COLUMN, head, len,
			      line);
		head[0] = '\0';
		line = end ? end + 1 : NULL;
	}
}

void cli_options_help(const struct cli_command *cmd, FILE *to)
{
	(void)fprintf(to, "Usage: hvl %s [OPTION]...\n\n%s\n\n", cmd->name,
		      cmd->about);
	for (const struct cli_option *opt = cmd->options; opt->name; opt++)
		options_help_one(opt, to);
	(void)fprintf(to, "%-*sthis text\n", OPTIONS_HELP_COLUMN,
		      "  -h, --help");
}
