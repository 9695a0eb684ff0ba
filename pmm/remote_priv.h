/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/remote_priv.h - a remote as its own two files know it
 */
#ifndef PMM_REMOTE_PRIV_H
#define PMM_REMOTE_PRIV_H

#include <stddef.h>

#include "device.h"
#include "driver.h"
#include "ratelog.h"
#include "remote.h"

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
	uint64_t pause_us;   /* before the last restart that had one */
	unsigned int ending; /* rechecks since the firmware said it ends */
	bool fresh;	     /* nothing ran yet in this memory */
	char end[240];
};

/** pmm_remote_halt_() - not running, nothing of it in the event loop */
int pmm_remote_halt_(struct pmm_remote *r, struct hvl_rproc_error *err);

/** pmm_remote_ended_() - it ended by itself; @ctx is the remote */
void pmm_remote_ended_(void *ctx, const struct pmm_driver_end *end);

/** pmm_remote_wake_() - look at the devices at the end of this turn; @ctx is
 * the remote */
void pmm_remote_wake_(void *ctx);

#endif /* PMM_REMOTE_PRIV_H */
