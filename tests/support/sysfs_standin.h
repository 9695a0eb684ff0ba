/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sysfs_standin.h - behaves like one remote of Linux's remoteproc
 *
 * For tests of what drives a remote through the kernel's files: the same words,
 * error codes and traps, without a kernel. What a real platform does stands in
 * hooks of the test's; what differs between kernels, in the configuration.
 *
 * Names   name, firmware, state, recovery, coredump: as in
 *         /sys/class/remoteproc/remoteprocN/. debug/name, debug/recovery,
 *         debug/coredump, debug/crash, debug/trace0: as in debugfs. The
 *         character device has functions of its own.
 * Errors  Negative errno, as the system call would set it.
 * Time    Nothing happens by itself: a reported crash waits, as the kernel's
 *         work item does, until standin_work().
 */
#ifndef TESTS_SYSFS_STANDIN_H
#define TESTS_SYSFS_STANDIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum standin_state {
	STANDIN_OFFLINE,
	STANDIN_SUSPENDED,
	STANDIN_RUNNING, /* started by Linux */
	STANDIN_CRASHED,
	STANDIN_DELETED,
	STANDIN_ATTACHED, /* started by another, Linux has attached to it */
	STANDIN_DETACHED, /* started by another */
};

enum standin_coredump {
	STANDIN_DUMP_DISABLED,
	STANDIN_DUMP_ENABLED,
	STANDIN_DUMP_INLINE,
};

/* What the platform's driver does: 0 or negative errno each. */
struct standin_hooks {
	/* Find, check and load the file: -ENOENT, -EINVAL, -ENOMEM, ... */
	int (*load)(void *ctx, const char *firmware);
	int (*start)(void *ctx);
	int (*stop)(void *ctx);	  /* NULL: the platform cannot */
	int (*attach)(void *ctx); /* NULL: nothing to do */
	int (*detach)(void *ctx); /* NULL: the platform cannot */
	void *ctx;
};

struct standin_config {
	const char *name;     /* of the platform */
	const char *firmware; /* at first */
	struct standin_hooks hooks;
	bool detached;		 /* at first: it runs already */
	bool attach_on_recovery; /* it restarts by itself */
	bool read_only;		 /* another driver of the kernel's owns it */
	/* Newer kernels count a second start, older ones answer EBUSY. */
	bool start_counts;
	/* Newer kernels say that a stop failed, older ones do not. */
	bool stop_tells;
	bool cdev_detaches; /* newer kernels know that word there */
	const char *trace;  /* text of debug/trace0, or NULL: no such file */
};

struct standin {
	struct standin_config cfg;
	enum standin_state state;
	unsigned int power; /* starts that no stop has matched */
	char firmware[256];
	bool recovery;
	enum standin_coredump coredump;
	bool crash_reported; /* and standin_work() has not seen it */
	unsigned int crashes;
	unsigned int dumps;	 /* written so far */
	int32_t stop_on_release; /* the character device's */
	bool cdev_open;
};

/** standin_init() - offline or detached; @cfg is copied */
void standin_init(struct standin *s, const struct standin_config *cfg);

/**
 * standin_read() - open, read from the start, close
 * Return: bytes, at most @size; -ENOENT, -EACCES.
 */
long standin_read(struct standin *s, const char *name, char *buf, size_t size);

/**
 * standin_write() - open, write once, close
 * Return: @len; -ENOENT, -EACCES, or what the kernel's file answers.
 */
long standin_write(struct standin *s, const char *name, const char *buf,
		   size_t len);

/** standin_crash() - the platform's driver reports a crash */
void standin_crash(struct standin *s);

/** standin_work() - the kernel gets round to a reported crash */
void standin_work(struct standin *s);

/** standin_remove() - the platform's driver is unbound */
void standin_remove(struct standin *s);

/* /dev/remoteprocN: Return: 0 or @len; negative errno. */
int standin_cdev_open(struct standin *s);
long standin_cdev_write(struct standin *s, const char *buf, size_t len);
void standin_cdev_set_stop_on_release(struct standin *s, int32_t on);
int32_t standin_cdev_stop_on_release(const struct standin *s);
void standin_cdev_close(struct standin *s);

#endif /* TESTS_SYSFS_STANDIN_H */
