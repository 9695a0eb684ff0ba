/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cli/run_options.h - what `hvl run` and `hvl demo` are told
 */
#ifndef CLI_RUN_OPTIONS_H
#define CLI_RUN_OPTIONS_H

#include <limits.h>
#include <stdbool.h>

#include "common_options.h"
#include "options.h"
#include "remote.h"

struct cli_run {
	struct cli_common common; /* first */
	struct pmm_remote_config remote;
	bool has_addr, has_size;
	char firmware[PATH_MAX]; /* the default one */
	char shm_path[PATH_MAX]; /* --shmem-dev without its offset */
};

extern const struct cli_option cli_run_options[];  /* ctx: struct cli_run */
extern const struct cli_option cli_demo_options[]; /* likewise */

/** cli_run_init() - as if no option were given */
void cli_run_init(struct cli_run *run);

/**
 * cli_run_finish() - fill in what was not given, check it all
 * @run: after cli_options_parse()
 * @err: filled in on failure
 * Return: 0 or negative errno. Nothing was opened or changed.
 */
int cli_run_finish(struct cli_run *run, struct pmm_error *err);

#endif /* CLI_RUN_OPTIONS_H */
