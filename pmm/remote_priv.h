/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/remote_priv.h - a remote as its own files know it
 */
#ifndef PMM_REMOTE_PRIV_H
#define PMM_REMOTE_PRIV_H

#include <stddef.h>

#include "device.h"
#include "driver.h"
#include "ratelog.h"
#include "remote.h"
#include "restarts.h"
#include "watchdog.h"

struct pmm_remote {
	struct pmm_remote_config cfg;
	struct pmm_loop *loop;
	struct pmm_ratelog ratelog;

	void *image; /* the firmware */
	size_t image_size;
	struct pmm_layout layout;
	struct pmm_layout_want want[PMM_DEVICES_MAX];
	struct pmm_uart uart;
	struct pmm_driver *driver;
	struct hvl_rsc_boot boot;
	struct hvl_rproc rproc;

	unsigned int ndevices; /* that were opened, or tried */
	struct pmm_device *devices;
	struct hvl_seg segs[HVL_DEV_SEGS_MAX];

	struct pmm_watch doorbell_watch;
	struct pmm_timer recheck, restart;
	struct pmm_task service;
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

/** pmm_remote_wake_() - look at the devices at the end of this turn; @ctx is
 * the remote */
void pmm_remote_wake_(void *ctx);

#endif /* PMM_REMOTE_PRIV_H */
