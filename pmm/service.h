/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/service.h - the devices of one remote, and looking after them
 *
 * Whoever knows the remote brings the shared memory and the doorbell:
 *
 *	plan --> open --> attach --> (start --> stop) ... --> close
 *
 * From start to stop the devices are looked at whenever the doorbell rings,
 * a backing has news, or a while has passed, as doorbells may get lost.
 *
 * Ownership  What the config points at is borrowed until close.
 * Threads    The event loop's.
 * Errors     Negative errno, with one line for a person.
 */
#ifndef PMM_SERVICE_H
#define PMM_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include <hvl/device/dev.h>
#include <hvl/metal/io.h>
#include <hvl/metal/log.h>

#include "device.h"
#include "doorbell.h"
#include "error.h"
#include "feature_set.h"
#include "layout.h"
#include "loop.h"
#include "polling.h"
#include "ratelog.h"
#include "spin.h"

/* A doorbell that got lost stalls nothing for longer. */
#define PMM_SERVICE_RECHECK_US 10000u

struct pmm_service_config {
	uint64_t shm_da, shm_size;
	const char *da_option, *size_option; /* as struct pmm_layout_config */
	bool no_dtb;
	bool v1;	   /* mmio version 1 */
	bool no_suppress;  /* as struct hvl_dev_config has it */
	const char *board; /* for messages; NULL: none that is known */
	enum pmm_shm_view shm_view;
	struct pmm_features_choice features;
	uint32_t poll_us; /* to look on for after something came; or 0 */
	unsigned int ndevices;
	const struct pmm_device_config *devices;
	const struct hvl_log *log; /* or NULL */
	/* At every re-check, after the devices were called for. May be NULL. */
	void (*recheck)(void *ctx);
	void *ctx;
};

struct pmm_service {
	struct pmm_service_config cfg;
	struct pmm_loop *loop;
	struct pmm_ratelog ratelog; /* for what the remote can provoke */

	struct pmm_layout layout;
	struct pmm_layout_want want[PMM_DEVICES_MAX];
	unsigned int ndevices; /* that were opened */
	struct pmm_device *devices;
	struct hvl_seg segs[HVL_DEV_SEGS_MAX];

	struct pmm_doorbell *doorbell;
	uint32_t peers; /* of it that were told of */
	bool peer;
	struct pmm_watch doorbell_watch;
	struct pmm_timer recheck;
	struct pmm_task task;
	struct pmm_spin spin;
	struct pmm_polling polling;
	bool rung; /* since the devices were looked at last */
	bool running;
};

/**
 * pmm_service_check() - would these devices fit into the shared memory?
 * @cfg: devices and memory are looked at; nothing is opened
 * @err: filled in on failure
 * Return: 0 or negative errno.
 */
int pmm_service_check(const struct pmm_service_config *cfg,
		      struct pmm_error *err);

/**
 * pmm_service_open() - open the backings, divide the shared memory
 * @svc:  caller's storage; to be closed even if this fails
 * @cfg:  copied
 * @loop: borrowed until close
 * @err:  filled in on failure
 * Return: 0 or negative errno.
 */
int pmm_service_open(struct pmm_service *svc,
		     const struct pmm_service_config *cfg,
		     struct pmm_loop *loop, struct pmm_error *err);

/**
 * pmm_service_attach() - make the devices; nothing is written yet
 * @svc:      open
 * @shm:      borrowed until close
 * @doorbell: likewise
 * @journal:  one for each device, borrowed likewise; NULL: none is kept
 * @err:      filled in on failure
 * Return: 0 or negative errno.
 */
int pmm_service_attach(struct pmm_service *svc, const struct hvl_io *shm,
		       struct pmm_doorbell *doorbell,
		       const struct hvl_dev_journal *const *journal,
		       struct pmm_error *err);

/** pmm_service_start() - look after the devices. Return: 0, negative errno. */
int pmm_service_start(struct pmm_service *svc);

/** pmm_service_wake() - look at the devices at the end of this turn; @ctx is
 * the service. Nothing is done while it is stopped. */
void pmm_service_wake(void *ctx);

/** pmm_service_stop() - nothing of it is in the event loop but backings */
void pmm_service_stop(struct pmm_service *svc);

/** pmm_service_close() - stop, close the backings; a zeroed one is allowed */
void pmm_service_close(struct pmm_service *svc);

/** pmm_service_device() - by index; NULL after the last; read only */
const struct pmm_device *pmm_service_device(const struct pmm_service *svc,
					    unsigned int index);

/** pmm_service_ifname() - of a net device's tap; NULL for others */
const char *pmm_service_ifname(const struct pmm_service *svc,
			       unsigned int index);

#endif /* PMM_SERVICE_H */
