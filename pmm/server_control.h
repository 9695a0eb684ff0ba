/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/server_control.h - the commands that a server obeys on request
 *
 * docs/control.md has them. For a struct pmm_control.
 */
#ifndef PMM_SERVER_CONTROL_H
#define PMM_SERVER_CONTROL_H

#include <jansson.h>

#include "error.h"
#include "server.h"

struct pmm_server_control {
	const struct pmm_server *server;
	const char *version; /* of hvl */
};

/** pmm_server_control_answer() - as struct pmm_control_config has it; @ctx: a
 * struct pmm_server_control */
int pmm_server_control_answer(void *ctx, const char *command,
			      const json_t *request, json_t **result,
			      struct pmm_error *err);

#endif /* PMM_SERVER_CONTROL_H */
