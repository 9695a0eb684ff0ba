/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/remote_control.h - the commands that a remote obeys on request
 *
 * docs/control.md has them. For a struct pmm_control.
 */
#ifndef PMM_REMOTE_CONTROL_H
#define PMM_REMOTE_CONTROL_H

#include <jansson.h>

#include "error.h"
#include "remote.h"

#define PMM_REMOTE_TRACE_MAX 65536u /* bytes of a trace in a reply */

struct pmm_remote_control {
	struct pmm_remote *remote;
	const char *version; /* of hvl */
};

/** pmm_remote_control_answer() - as struct pmm_control_config has it; @ctx: a
 * struct pmm_remote_control */
int pmm_remote_control_answer(void *ctx, const char *command,
			      const json_t *request, json_t **result,
			      struct pmm_error *err);

#endif /* PMM_REMOTE_CONTROL_H */
