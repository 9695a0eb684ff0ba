/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/remote.h - one remote and all that belongs to it
 *
 * A board, a firmware, the shared memory, the devices with their backings, the
 * doorbells and the UART, served by an event loop.
 *
 *	create --> start --> (stopped | crashed) --> start ... --> destroy
 *
 * Between start and its end the remote restarts by itself when its firmware
 * asks for it, and with PMM_CRASH_RESTART when it crashed, within the limit. Each start equals
 * the first: memory, devices, doorbells and UART are as new.
 *
 * Ownership  What the config points at is borrowed until destroy.
 * Threads    The event loop's.
 * Errors     Negative errno, with one line for a person.
 */
#ifndef PMM_REMOTE_H
#define PMM_REMOTE_H

#include <stdbool.h>
#include <stdint.h>

#include <hvl/device/dev.h>
#include <hvl/metal/log.h>
#include <hvl/remoteproc/rproc.h>

#include "board.h"
#include "device.h"
#include "driver.h"
#include "error.h"
#include "layout.h"
#include "loop.h"
#include "restarts.h"
#include "service.h"
#include "uart.h"

enum pmm_on_crash {
	PMM_CRASH_STOP,
	PMM_CRASH_RESTART,
};

struct pmm_remote;

enum pmm_remote_event {
	PMM_REMOTE_STARTED, /* running, for the first time or again */
	PMM_REMOTE_STOPPED, /* it ended in good order */
	PMM_REMOTE_CRASHED, /* and is not started again */
};

/* What it is now, whoever made it so. */
enum pmm_remote_state {
	PMM_REMOTE_IS_STOPPED, /* also before its first start */
	PMM_REMOTE_IS_RUNNING,
	PMM_REMOTE_IS_RESTARTING, /* soon, as its firmware asked */
	PMM_REMOTE_IS_CRASHED,	  /* and perhaps restarts soon */
};

struct pmm_remote_status {
	enum pmm_remote_state state;
	uint64_t uptime_us;   /* 0 unless running */
	bool restarts_soon;   /* by itself */
	uint64_t restart_us;  /* until then */
	uint32_t starts;      /* all of them */
	uint32_t crashes;     /* all of them */
	uint32_t coredumps;   /* written */
	const char *last_end; /* of the life before; "": there was none */
};

struct pmm_remote_config {
	const struct pmm_board *board;
	const char *firmware; /* path */
	uint64_t shm_da, shm_size;
	struct pmm_driver_sysfs_options sysfs; /* of the board "sysfs" */
	bool no_dtb;
	bool v1; /* mmio version 1 */
	struct pmm_features_choice features;
	uint32_t poll_us; /* as struct pmm_service_config has it */
	enum pmm_on_crash on_crash;
	struct pmm_restarts_limit restarts; /* for PMM_CRASH_RESTART */
	const char *coredump; /* file for each crash; NULL: none */
	unsigned int ndevices;
	const struct pmm_device_config *devices;
	const struct hvl_log *log;
	struct pmm_uart_sink uart;
	void (*event)(void *ctx, enum pmm_remote_event ev);
	void *event_ctx;
};

/**
 * pmm_remote_check() - can this configuration be?
 * @cfg: everything but the firmware is looked at; nothing is opened
 * @err: filled in on failure
 * Return: 0 or negative errno.
 */
int pmm_remote_check(const struct pmm_remote_config *cfg,
		     struct pmm_error *err);

/**
 * pmm_remote_create() - check, open and load everything, start nothing
 * @out:  filled in on success
 * @cfg:  copied; devices too
 * @loop: borrowed until destroy
 * @err:  filled in on failure
 * Return: 0 or negative errno; everything is closed again then.
 */
int pmm_remote_create(struct pmm_remote **out,
		      const struct pmm_remote_config *cfg,
		      struct pmm_loop *loop, struct pmm_error *err);

/** pmm_remote_destroy() - stop it, close everything; NULL is allowed */
void pmm_remote_destroy(struct pmm_remote *remote);

/** pmm_remote_start() - start the firmware. Return: 0 or negative errno. */
int pmm_remote_start(struct pmm_remote *remote, struct pmm_error *err);

/**
 * pmm_remote_stop() - hold the core in reset; its last output is passed on
 *
 * No event follows, nor a restart that was due. One that does not run stays
 * stopped. Return: 0 or negative errno.
 */
int pmm_remote_stop(struct pmm_remote *remote, struct pmm_error *err);

/** pmm_remote_state_name() - "stopped", "running", "restarting", "crashed" */
const char *pmm_remote_state_name(enum pmm_remote_state state);

/** pmm_remote_status() - how it is; the text is good until the next event */
void pmm_remote_status(const struct pmm_remote *remote,
		       struct pmm_remote_status *status);

/** pmm_remote_config() - what it was made with */
const struct pmm_remote_config *
pmm_remote_config(const struct pmm_remote *remote);

/** pmm_remote_uart() - for pmm_uart_send() */
struct pmm_uart *pmm_remote_uart(struct pmm_remote *remote);

/** pmm_remote_rproc() - for what the firmware is and says; read only */
struct hvl_rproc *pmm_remote_rproc(struct pmm_remote *remote);

/** pmm_remote_service() - for what its devices are and do; read only */
const struct pmm_service *pmm_remote_service(const struct pmm_remote *remote);

/** pmm_remote_end() - how it ended, one line; "" when it did not */
const char *pmm_remote_end(const struct pmm_remote *remote);

#endif /* PMM_REMOTE_H */
