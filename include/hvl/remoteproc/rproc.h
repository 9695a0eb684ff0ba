/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/remoteproc/rproc.h - life cycle of one remote processor
 *
 *	         load            start            stop
 *	offline ------> offline -------> running ------> stopped
 *	                   ^                | crash          | start
 *	                   |                v                v
 *	                 (load)          crashed --start--> running
 *
 * Each start loads the segments anew, .bss included, and writes the resolved
 * resource table into the remote's memory, so a restart equals the first
 * start. The core calls no system: what a board does differently stands in an
 * ops table, and a bare-metal main processor can use it as well.
 *
 * Ownership  The caller owns object, image and scratch; they are borrowed
 *            until hvl_rproc_unload().
 * Threads    One at a time per object.
 * Memory     Never allocates.
 */
#ifndef HVL_REMOTEPROC_RPROC_H
#define HVL_REMOTEPROC_RPROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvl/metal/io.h>
#include <hvl/metal/log.h>
#include <hvl/remoteproc/elf.h>
#include <hvl/remoteproc/error.h>
#include <hvl/remoteproc/rsc_table.h>

enum hvl_rproc_state {
	HVL_RPROC_OFFLINE, /* nothing loaded, or loaded and never started */
	HVL_RPROC_RUNNING,
	HVL_RPROC_CRASHED, /* it died, or said so */
	HVL_RPROC_STOPPED, /* it was running and was stopped, or ended */
};

struct hvl_rproc;

struct hvl_rproc_ops {
	/*
	 * Find the remote's memory: fill in a region that covers all of
	 * [da, da + len). Return: true if there is one.
	 */
	bool (*memory)(struct hvl_rproc *rproc, uint64_t da, uint64_t len,
		       struct hvl_io *io);
	/*
	 * Before loading: the core is held in reset, its memory is there.
	 * May be NULL. Return: 0 or negative errno, with a reason.
	 */
	int (*prepare)(struct hvl_rproc *rproc, struct hvl_rproc_error *err);
	/*
	 * Load the firmware, elf.image with table in place of its own, where
	 * somebody else does it, as Linux's remoteproc; memory then need not
	 * know where segments go. NULL: the core writes them. As prepare.
	 */
	int (*load)(struct hvl_rproc *rproc, struct hvl_rproc_error *err);
	/* Release the core from reset at @entry. As prepare. */
	int (*start)(struct hvl_rproc *rproc, uint64_t entry,
		     struct hvl_rproc_error *err);
	/* Hold the core in reset; it does not touch memory any more. */
	int (*stop)(struct hvl_rproc *rproc, struct hvl_rproc_error *err);
	/*
	 * Read a trace buffer that memory does not find: where somebody else
	 * loads, it may show them. As hvl_rproc_trace(); may be NULL.
	 */
	int (*trace)(struct hvl_rproc *rproc, unsigned int index, char *buf,
		     size_t size);
};

struct hvl_rproc_config {
	const char *name; /* for messages */
	const struct hvl_rproc_ops *ops;
	void *priv;	  /* the driver's */
	uint16_t machine; /* of the board: HVL_ELF_MACHINE_*, or _ANY */
	bool is64;
	/* What the board keeps for carveouts by name; may be none. */
	const struct hvl_rsc_memory *memory;
	unsigned int nmemory;
	const struct hvl_log *log; /* or NULL */
};

struct hvl_rproc {
	struct hvl_rproc_config cfg;
	enum hvl_rproc_state state;
	bool loaded;
	struct hvl_elf elf;
	struct hvl_rsc_info rsc;
	struct hvl_rsc_boot boot;
	uint8_t table[HVL_RSC_TABLE_SIZE_MAX]; /* resolved copy */
	uint32_t starts;		       /* how often it was started */
};

/** hvl_rproc_state_name() - "offline", "running", "crashed", "stopped" */
const char *hvl_rproc_state_name(enum hvl_rproc_state state);

/** hvl_rproc_init() - an offline remote; @cfg is copied, its pointers borrowed */
void hvl_rproc_init(struct hvl_rproc *rproc,
		    const struct hvl_rproc_config *cfg);

/**
 * hvl_rproc_load() - take a firmware: check it, touch nothing
 * @rproc: not running
 * @image: the whole ELF file; borrowed until the next load or unload
 * @size:  bytes
 * @boot:  for the table's `hvl` entry; copied
 * @err:   filled in on failure
 *
 * Checks the ELF, that every segment lies in the board's memory and not in
 * the shared memory, and the resource table: carveouts other than `hvl` must
 * be at fixed addresses in either, or have a name that the board keeps memory
 * for. The log gets a line for each vdev and each device memory, which are
 * left as they are. The state is then offline.
 *
 * Return: 0; -ENOEXEC, -EINVAL with a reason, nothing is loaded then; -EBUSY
 * while running, nothing has changed then.
 */
int hvl_rproc_load(struct hvl_rproc *rproc, const void *image, size_t size,
		   const struct hvl_rsc_boot *boot,
		   struct hvl_rproc_error *err);

/** hvl_rproc_unload() - forget the firmware; not while running */
void hvl_rproc_unload(struct hvl_rproc *rproc);

/**
 * hvl_rproc_start() - write segments and table, release the core
 * A crashed core is stopped first: it may still be running.
 *
 * Return: 0; -EINVAL when nothing is loaded; -EBUSY when running; what the
 * ops said. A failure leaves it in the state it was in, or stopped.
 */
int hvl_rproc_start(struct hvl_rproc *rproc, struct hvl_rproc_error *err);

/**
 * hvl_rproc_stop() - hold the core in reset
 * Return: 0, also when it was not running (a crashed one becomes stopped);
 * what the ops said.
 */
int hvl_rproc_stop(struct hvl_rproc *rproc, struct hvl_rproc_error *err);

/** hvl_rproc_crashed() - whoever notices tells: running becomes crashed */
void hvl_rproc_crashed(struct hvl_rproc *rproc);

/**
 * hvl_rproc_report() - what the firmware says in its `hvl` entry now
 * Return: true and @report; false without such an entry, or before the first
 * start.
 */
bool hvl_rproc_report(struct hvl_rproc *rproc, struct hvl_rsc_report *report);

/**
 * hvl_rproc_trace() - copy a trace buffer's text
 * @rproc: loaded
 * @index: of the trace entry
 * @buf:   gets at most @size - 1 bytes and a NUL
 * @size:  not 0
 * Return: bytes copied, up to the first NUL; -ENOENT when there is no such
 * trace; -EFAULT when it does not lie in the remote's memory; what the ops
 * said.
 */
int hvl_rproc_trace(struct hvl_rproc *rproc, unsigned int index, char *buf,
		    size_t size);

#endif /* HVL_REMOTEPROC_RPROC_H */
