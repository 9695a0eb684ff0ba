/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/kernel_rproc.h - Linux's remoteproc, as its files show it
 *
 * One instance: the attributes in /sys/class/remoteproc/<instance>/, the traces
 * in debugfs and, where the kernel has it, the character device
 * /dev/<instance>. Behind a table, so
 * that a test can put something else there.
 *
 * Threads    Any, one at a time per object.
 * Errors     Negative errno, as the kernel gave it.
 */
#ifndef PMM_KERNEL_RPROC_H
#define PMM_KERNEL_RPROC_H

#include <stddef.h>

struct pmm_kernel_ops {
	/*
	 * Read an attribute: "state", "recovery", ... or, of debugfs,
	 * "trace0", ... Return: bytes, without a newline at the end; @buf is
	 * NUL-terminated.
	 */
	int (*read)(void *ctx, const char *attr, char *buf, size_t size);
	/* Write one. Return: 0 or negative errno. */
	int (*write)(void *ctx, const char *attr, const char *text);
	/*
	 * Open the character device and have the core stopped when it is
	 * closed, by whatever end of ours. Return: 0; -ENOENT when the kernel
	 * has none; negative errno.
	 */
	int (*cdev_open)(void *ctx);
	/* Write a command to it. Return: 0 or negative errno. */
	int (*cdev_write)(void *ctx, const char *text);
	/* Nothing is done when it is not open. */
	void (*cdev_close)(void *ctx);
	/* Put a firmware where the kernel finds it, under this name. */
	int (*put_firmware)(void *ctx, const char *name, const void *image,
			    size_t size);
	void (*remove_firmware)(void *ctx, const char *name);
};

/* The real one */
struct pmm_kernel {
	char instance[64];
	int cdev; /* or -1 */
};

extern const struct pmm_kernel_ops pmm_kernel_ops; /* ctx: pmm_kernel */

/**
 * pmm_kernel_init() - the real one; nothing is opened
 * @instance: "remoteproc0"
 * Return: 0; -EINVAL when it cannot be a name, -ENOENT when there is none.
 */
int pmm_kernel_init(struct pmm_kernel *kernel, const char *instance);

#endif /* PMM_KERNEL_RPROC_H */
