/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/remote_sysfs.h - remoteproc driver of real cores under Linux's remoteproc
 *
 * The kernel loads, starts and stops; this drives it through its files. As the
 * kernel knows nothing of hvl's vendor entry, what it is given is a copy of
 * the firmware with the resolved resource table in it. The kernel's own
 * recovery is switched off: between a crash and the next start the PMM must
 * have the time to bring its devices into their initial state.
 *
 * Threads    The event loop's. Starting and stopping wait for the kernel.
 * Errors     Negative errno, with a reason for a person.
 */
#ifndef PMM_REMOTE_SYSFS_H
#define PMM_REMOTE_SYSFS_H

#include <stdbool.h>

#include <hvl/metal/log.h>
#include <hvl/remoteproc/rproc.h>

#include "driver.h"
#include "kernel_rproc.h"

struct pmm_sysfs_config {
	const struct pmm_kernel_ops *kernel;
	void *ctx;		   /* the kernel's */
	const char *instance;	   /* "remoteproc0", for messages; borrowed */
	bool coredump;		   /* have the kernel dump a crashed core */
	const struct hvl_log *log; /* or NULL */
};

struct pmm_sysfs {
	struct pmm_sysfs_config cfg;
	char firmware[96]; /* name of our copy; empty: none was put */
	bool cdev;	   /* the character device is open */
};

/* The config's priv is the struct pmm_sysfs. */
extern const struct hvl_rproc_ops pmm_sysfs_ops;

/** pmm_sysfs_init() - @cfg is copied, what it points at borrowed until fini */
void pmm_sysfs_init(struct pmm_sysfs *sysfs,
		    const struct pmm_sysfs_config *cfg);

/**
 * pmm_sysfs_idle() - is the core offline, so that its memory is ours to clear?
 * Return: 0; -EBUSY with what to do about it; what the kernel says.
 */
int pmm_sysfs_idle(struct pmm_sysfs *sysfs, struct hvl_rproc_error *err);

/** pmm_sysfs_fini() - of a stopped core: remove our copy of the firmware */
void pmm_sysfs_fini(struct pmm_sysfs *sysfs);

/**
 * pmm_sysfs_poll() - has a running core ended?
 *
 * The kernel notifies nobody, so this is asked now and then.
 *
 * Return: true and how.
 */
bool pmm_sysfs_poll(struct pmm_sysfs *sysfs, struct pmm_driver_end *end);

#endif /* PMM_REMOTE_SYSFS_H */
