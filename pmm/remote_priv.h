/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/remote_priv.h - a remote as its own files know it
 */
#ifndef PMM_REMOTE_PRIV_H
#define PMM_REMOTE_PRIV_H

#include <stddef.h>

#include "driver.h"
#include "remote.h"
#include "restarts.h"
#include "service.h"
#include "watchdog.h"

struct pmm_remote {
	struct pmm_remote_config cfg;
	struct pmm_loop *loop;

	void *image; /* the firmware */
	size_t image_size;
	struct pmm_uart uart;
	struct pmm_driver *driver;
	struct hvl_rsc_boot boot;
	struct hvl_rproc rproc;

	struct pmm_service service;
	struct pmm_timer restart;
	uint64_t started_us;
	uint64_t pause_us; /* before the last restart that had one */
	struct pmm_watchdog watchdog;
	unsigned int ending; /* rechecks since the firmware said it ends */
	bool fresh;	     /* nothing ran yet in this memory */
	char end[320];

	enum pmm_remote_state state;
	struct pmm_restarts restarts;
	uint32_t crashes, coredumps;
	char last_end[320]; /* how a life ended, kept through the next one */
};

/** pmm_remote_halt_() - not running, nothing of it in the event loop */
int pmm_remote_halt_(struct pmm_remote *r, struct hvl_rproc_error *err);

/** pmm_remote_ended_() - it ended by itself; @ctx is the remote */
void pmm_remote_ended_(void *ctx, const struct pmm_driver_end *end);

/** pmm_remote_set_state_() - @how: the life that this ends ended; or NULL */
void pmm_remote_set_state_(struct pmm_remote *r, enum pmm_remote_state state,
			   const char *how);

/**
 * pmm_remote_crashed_() - count, dump, and see what the user wants
 *
 * Return: true: it is to be restarted. If only the limit forbids it, the
 * remote's end says so.
 */
bool pmm_remote_crashed_(struct pmm_remote *r);

/** pmm_remote_recheck_() - has it ended? @ctx is the remote */
void pmm_remote_recheck_(void *ctx);

#endif /* PMM_REMOTE_PRIV_H */
