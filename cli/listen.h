/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cli/listen.h - --control: where a command can be spoken to while it runs
 */
#ifndef CLI_LISTEN_H
#define CLI_LISTEN_H

#include <hvl/metal/log.h>

#include "control.h"
#include "control_socket.h"
#include "error.h"
#include "loop.h"

struct cli_listen {
	struct pmm_control *control;
	struct pmm_local_socket socket;
};

/** cli_listen_init() - nothing is open */
void cli_listen_init(struct cli_listen *listen);

/**
 * cli_listen_open() - open the socket, answer who comes
 * @listen: as from init
 * @path:   of the socket; NULL: a default; "none": none
 * @name:   for the default's name: "native"
 * @cfg:    who answers
 * @loop:   borrowed until close
 * @log:    told where it is
 * @err:    filled in on failure
 * Return: 0 or negative errno. What was asked for by name must be; the default
 * may fail.
 */
int cli_listen_open(struct cli_listen *listen, const char *path,
		    const char *name, const struct pmm_control_config *cfg,
		    struct pmm_loop *loop, const struct hvl_log *log,
		    struct pmm_error *err);

/** cli_listen_close() - nothing is done where nothing is open */
void cli_listen_close(struct cli_listen *listen);

#endif /* CLI_LISTEN_H */
