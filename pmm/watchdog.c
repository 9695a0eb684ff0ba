/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * watchdog.c - a firmware that runs and does not live any more
 */
#include "watchdog.h"

void pmm_watchdog_init(struct pmm_watchdog *dog)
{
	*dog = (struct pmm_watchdog){ 0 };
}

bool pmm_watchdog_look(struct pmm_watchdog *dog,
		       const struct hvl_rsc_report *report, unsigned int limit)
{
	if (report->state != HVL_REMOTE_RUNNING ||
	    report->heartbeat != dog->heartbeat) {
		dog->heartbeat = report->heartbeat;
		dog->still = 0;
		return false;
	}
	return ++dog->still >= limit;
}
