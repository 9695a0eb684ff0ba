/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * remote_status.c - one remote: what became of it, for others to see
 */
#include "remote_priv.h"

#include <stdio.h>
#include <string.h>

#include <hvl/metal/time.h>

#include "coredump.h"

const char *pmm_remote_state_name(enum pmm_remote_state state)
{
	static const char *const names[] = {
		[PMM_REMOTE_IS_STOPPED] = "stopped",
		[PMM_REMOTE_IS_RUNNING] = "running",
		[PMM_REMOTE_IS_RESTARTING] = "restarting",
		[PMM_REMOTE_IS_CRASHED] = "crashed",
	};

	return names[state];
}

void pmm_remote_set_state_(struct pmm_remote *r, enum pmm_remote_state state,
			   const char *how)
{
	r->state = state;
	if (how)
		(void)snprintf(r->last_end, sizeof(r->last_end), "%s", how);
}

bool pmm_remote_crashed_(struct pmm_remote *r)
{
	const struct pmm_restarts_limit *limit = &r->cfg.restarts;
	struct pmm_error err;
	size_t len;

	r->crashes++;
	if (r->cfg.coredump) {
		if (pmm_coredump_write(r->cfg.coredump, &r->rproc,
				       &r->driver->shm.io, &err) < 0) {
			hvl_log(r->cfg.log, HVL_LOG_WARNING, "%s", err.text);
		} else {
			r->coredumps++;
			hvl_log(r->cfg.log, HVL_LOG_INFO,
				"core dump \"%s\" written", r->cfg.coredump);
		}
	}
	if (r->cfg.on_crash != PMM_CRASH_RESTART)
		return false;
	if (pmm_restarts_allow(&r->restarts, hvl_time_us()))
		return true;
	len = strlen(r->end);
	(void)snprintf(r->end + len, sizeof(r->end) - len,
		       "; not restarted: the limit is %u within %u s",
		       limit->most, limit->seconds);
	return false;
}

void pmm_remote_status(const struct pmm_remote *r,
		       struct pmm_remote_status *status)
{
	uint64_t now = hvl_time_us();

	*status = (struct pmm_remote_status){
		.state = r->state,
		.starts = r->rproc.starts,
		.crashes = r->crashes,
		.coredumps = r->coredumps,
		.last_end = r->last_end,
	};
	if (r->state == PMM_REMOTE_IS_RUNNING)
		status->uptime_us = now - r->started_us;
	status->restarts_soon = r->restart.active;
	if (r->restart.active && r->restart.at_us > now)
		status->restart_us = r->restart.at_us - now;
}

const struct pmm_remote_config *pmm_remote_config(const struct pmm_remote *r)
{
	return &r->cfg;
}
