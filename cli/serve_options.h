/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cli/serve_options.h - what `hvl serve` is told
 */
#ifndef CLI_SERVE_OPTIONS_H
#define CLI_SERVE_OPTIONS_H

#include <limits.h>
#include <stdbool.h>

#include "common_options.h"
#include "options.h"
#include "server.h"

struct cli_serve {
	struct cli_common common; /* first */
	struct pmm_server_config server;
	char shm_text[PATH_MAX + 128];	/* --shmem, cut up */
	char bell_text[PATH_MAX + 128]; /* --doorbell, cut up */
	bool has_shmem, has_doorbell;
	bool has_quirks;
	bool pace; /* of --quirks */
};

extern const struct cli_option cli_serve_options[]; /* ctx: struct cli_serve */

/** cli_serve_init() - as if no option were given */
void cli_serve_init(struct cli_serve *serve);

/**
 * cli_serve_finish() - fill in what was not given, check it all
 * @serve: after cli_options_parse()
 * @err:   filled in on failure
 * Return: 0 or negative errno. Nothing was opened or changed.
 */
int cli_serve_finish(struct cli_serve *serve, struct pmm_error *err);

#endif /* CLI_SERVE_OPTIONS_H */
