/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/watchdog.h - a firmware that runs and does not live any more
 *
 * Counts looks and not time: while we ourselves get no time, nobody looks.
 */
#ifndef PMM_WATCHDOG_H
#define PMM_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

#include <hvl/remoteproc/rsc_table.h>

struct pmm_watchdog {
	uint32_t heartbeat; /* at the last look */
	unsigned int still; /* looks since it moved */
};

/** pmm_watchdog_init() - the firmware starts */
void pmm_watchdog_init(struct pmm_watchdog *dog);

/**
 * pmm_watchdog_look() - what the firmware says of itself now
 * @dog:    the watchdog
 * @report: as the resource table has it
 * @limit:  looks without a heartbeat that are too many
 * Return: true: it says that it runs, and its heartbeat has stopped.
 */
bool pmm_watchdog_look(struct pmm_watchdog *dog,
		       const struct hvl_rsc_report *report, unsigned int limit);

#endif /* PMM_WATCHDOG_H */
