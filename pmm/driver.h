/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/driver.h - what runs a remote: a process, an emulator, a real core
 *
 * A board names its driver. The driver brings what connects both sides, shared
 * memory and doorbell, as the board has them; loads and starts the firmware
 * through remoteproc; and tells when the remote ends by itself.
 *
 *	create --> (rproc: prepare, start --> watch ... unwatch --> stop) ...
 *	       --> destroy
 *
 * Threads    The event loop's.
 * Errors     Negative errno, with a reason for a person.
 */
#ifndef PMM_DRIVER_H
#define PMM_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include <hvl/metal/log.h>
#include <hvl/remoteproc/rproc.h>

#include "board.h"
#include "doorbell.h"
#include "error.h"
#include "loop.h"

/* How a remote ended by itself */
struct pmm_driver_end {
	/* Not as a firmware ends: it crashed, whatever it said before. */
	bool fatal;
	int code;	/* 0: in good order, if the firmware says so too */
	char text[160]; /* "exited with code 3", "killed by signal 11 (...)" */
};

/* A real core: which one, and where its shared memory is mapped from */
struct pmm_driver_sysfs_options {
	const char *instance; /* "remoteproc0" */
	const char *shm_path; /* device node */
	uint64_t shm_offset;  /* in it, bytes */
	bool coredump;	      /* by the kernel */
};

struct pmm_driver_config {
	const struct pmm_board *board;
	struct pmm_loop *loop;
	uint64_t shm_da, shm_size;
	const struct pmm_driver_sysfs_options *sysfs; /* the sysfs driver's */
	int uart_fd; /* the remote's end of the UART's socket pair */
	const struct hvl_log *log; /* or NULL */
	/* Between watch and unwatch, at most once, from the event loop. */
	void (*ended)(void *ctx, const struct pmm_driver_end *end);
	void *ctx;
};

/* The shared memory. A file that others use too may lie behind it. */
struct pmm_driver_shm {
	struct hvl_io io;
	int fd; /* or -1: no holes can be punched */
	uint64_t offset;
};

struct pmm_driver_ops;

/* What all have in common, filled in by create; a driver's own follows it. */
struct pmm_driver {
	const struct pmm_driver_ops *ops;
	struct pmm_driver_config cfg;
	struct pmm_driver_shm shm;
	struct pmm_doorbell doorbell;
	void *rproc_priv; /* for struct hvl_rproc_config */
};

struct pmm_driver_ops {
	/*
	 * Can the shared memory be there? Nothing is opened. May be NULL.
	 */
	int (*check)(const struct pmm_board *board, uint64_t shm_da,
		     uint64_t shm_size, struct pmm_error *err);
	/*
	 * Open everything, start nothing. The config is copied; what it points
	 * at and its descriptor are borrowed until destroy.
	 */
	int (*create)(struct pmm_driver **out,
		      const struct pmm_driver_config *cfg,
		      struct pmm_error *err);
	/* Stop what runs, free everything. */
	void (*destroy)(struct pmm_driver *driver);
	/* It runs: call ended() when it ends by itself. 0 or negative errno. */
	int (*watch)(struct pmm_driver *driver);
	/* Nothing is done when it is not watched. */
	void (*unwatch)(struct pmm_driver *driver);
	const struct hvl_rproc_ops *rproc;
};

extern const struct pmm_driver_ops pmm_driver_native, pmm_driver_qemu,
	pmm_driver_sysfs;

#endif /* PMM_DRIVER_H */
