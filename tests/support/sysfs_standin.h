/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sysfs_standin.h - one instance of Linux's remoteproc, without a kernel
 *
 * Stands behind struct pmm_kernel_ops: attributes, character device, firmware
 * folder, reference count, crashes and recovery, with the kernel's answers to
 * whatever is asked in the wrong state. No core runs behind it; a test plays
 * the remote in the hooks. Link sysfs_standin_elf.c with it.
 *
 * Threads    Any. Reads wait for a hook that runs, which may not call back.
 * Errors     Negative errno from functions, positive ones in the knobs.
 */
#ifndef TESTS_SYSFS_STANDIN_H
#define TESTS_SYSFS_STANDIN_H

#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "kernel_rproc.h"

#define STANDIN_FILES 8u
#define STANDIN_JOURNAL 4096u

enum standin_state {
	STANDIN_OFFLINE,
	STANDIN_SUSPENDED,
	STANDIN_RUNNING,
	STANDIN_CRASHED,
	STANDIN_DELETED,
	STANDIN_ATTACHED,
	STANDIN_DETACHED,
	STANDIN_INVALID,
};

/* What the kernel loaded last; it stays after a stop. */
struct standin_loaded {
	void *image; /* the whole file */
	size_t size;
	void *table; /* made at the boot; a recovery does not look again */
	size_t table_size;
};

/* The platform driver. Return: 0 or negative errno. */
struct standin_hooks {
	void *ctx;
	int (*start)(void *ctx, const struct standin_loaded *loaded);
	int (*stop)(void *ctx);
};

/* All zero: a newer kernel without a character device, and nothing fails. */
struct standin_knobs {
	/*
	 * Older: start of a running core is EBUSY, a stop that passed the
	 * check of the state reports success whatever became of it, and the
	 * character device knows nothing of attached cores.
	 */
	bool old_kernel;
	bool firmware_when_detached; /* may be named then, too */
	bool read_only;		     /* another driver controls the core */
	bool table_optional;	     /* the platform's parse hook only logs */
	bool no_stop_hook;
	bool no_attach_hook;
	bool no_detach_hook;
	bool attach_on_recovery;
	bool recovery_later; /* a crash's recovery waits for standin_work() */
	bool cdev;
	int cdev_errno;		  /* of each open, where there is one */
	int io_errno;		  /* of each read and write of an attribute */
	unsigned int start_fails; /* so often, counted down */
	int start_errno;
	unsigned int stop_fails;
	int stop_errno;
	unsigned int put_fails;
	int put_errno; /* ENOSPC, EACCES, EROFS */
};

struct standin_counts {
	unsigned int power;  /* the reference count, now */
	unsigned int starts; /* of the core; those of recoveries, too */
	unsigned int stops;
	unsigned int attaches;
	unsigned int detaches;
	unsigned int crashes;
	unsigned int recoveries; /* that brought the core back */
	unsigned int failed_recoveries;
	unsigned int dumps; /* taken, or they would be */
};

struct standin_file {
	char *name; /* NULL: no file */
	void *image;
	size_t size;
};

struct standin {
	pthread_mutex_t lock;
	struct standin_knobs knobs;
	struct standin_hooks hooks;
	struct standin_counts counts;
	struct standin_loaded loaded;
	struct standin_file files[STANDIN_FILES];
	enum standin_state state;
	bool recovery_enabled;
	bool work; /* a crash waits for its recovery */
	bool cdev_open;
	unsigned int coredump; /* index of its words */
	char firmware[PATH_MAX];
	char journal[STANDIN_JOURNAL];
};

extern const struct pmm_kernel_ops standin_ops; /* ctx: struct standin */

/** standin_init() - an offline core, recovery enabled, no firmware */
void standin_init(struct standin *s, const struct standin_knobs *knobs);

void standin_fini(struct standin *s);

void standin_set_hooks(struct standin *s, const struct standin_hooks *hooks);

/** standin_set_knobs() - from now on; those counted down start anew */
void standin_set_knobs(struct standin *s, const struct standin_knobs *knobs);

/**
 * standin_be() - put it into a state that others brought about
 *
 * A core that runs, is attached, suspended or crashed then has one reference,
 * an offline or detached one none; the other states leave the count alone.
 */
void standin_be(struct standin *s, enum standin_state state);

/** standin_crash() - what a write to debugfs's `crash` does */
void standin_crash(struct standin *s);

/** standin_work() - do the recovery that recovery_later held back */
void standin_work(struct standin *s);

enum standin_state standin_state(struct standin *s);
struct standin_counts standin_counts(struct standin *s);

/** standin_has() - whether the firmware folder has that file */
bool standin_has(struct standin *s, const char *name);

/**
 * standin_loaded() - what was loaded last
 * Return: valid until the next start, recovery or standin_fini(); its image is
 * NULL when nothing was.
 */
const struct standin_loaded *standin_loaded(struct standin *s);

/**
 * standin_journal() - what was asked of it and succeeded, one line each
 *
 * "put a.elf", "remove a.elf", "firmware a.elf", "state start", "cdev open",
 * "cdev start", "cdev close". What was refused has the errno behind it: "state
 * stop -22". Reads are not told of. Only between calls of other threads.
 */
const char *standin_journal(struct standin *s);

#endif /* TESTS_SYSFS_STANDIN_H */
