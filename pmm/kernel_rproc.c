/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * kernel_rproc.c - the real files of Linux's remoteproc
 */
#include "kernel_rproc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define KERNEL_CLASS "/sys/class/remoteproc"
#define KERNEL_DEBUG "/sys/kernel/debug/remoteproc"
#define KERNEL_FIRMWARE_PARAM "/sys/module/firmware_class/parameters/path"
#define KERNEL_FIRMWARE_DIR "/lib/firmware"
/* As <linux/remoteproc_cdev.h> has it, which older systems lack. */
#define KERNEL_SHUTDOWN_ON_RELEASE _IOW(0xb7, 1, int32_t)

static int kernel_read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;
	int rc;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	rc = n < 0 ? -errno : (int)n;
	close(fd);
	if (rc > 0 && buf[rc - 1] == '\n')
		rc--;
	buf[rc > 0 ? rc : 0] = '\0';
	return rc;
}

static int kernel_write_all(int fd, const void *data, size_t size)
{
	const char *at = data;

	while (size > 0) {
		ssize_t n = write(fd, at, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

static void kernel_path(const struct pmm_kernel *kernel, const char *attr,
			char *path, size_t size)
{
	bool debug = strncmp(attr, "trace", 5) == 0;

	(void)snprintf(path, size, "%s/%s/%s",
		       debug ? KERNEL_DEBUG : KERNEL_CLASS, kernel->instance,
		       attr);
}

static int kernel_read(void *ctx, const char *attr, char *buf, size_t size)
{
	char path[160];

	kernel_path(ctx, attr, path, sizeof(path));
	return kernel_read_file(path, buf, size);
}

static int kernel_write(void *ctx, const char *attr, const char *text)
{
	char path[160];
	ssize_t n;
	int fd, rc;

	kernel_path(ctx, attr, path, sizeof(path));
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* One write is one command: no second try with the rest of it. */
	n = write(fd, text, strlen(text));
	rc = n < 0 ? -errno : 0;
	close(fd);
	return rc;
}

static void kernel_cdev_close(void *ctx)
{
	struct pmm_kernel *kernel = ctx;

	if (kernel->cdev >= 0)
		close(kernel->cdev);
	kernel->cdev = -1;
}

static int kernel_cdev_open(void *ctx)
{
	struct pmm_kernel *kernel = ctx;
	int32_t on = 1;
	char path[80];
	int rc;

	(void)snprintf(path, sizeof(path), "/dev/%s", kernel->instance);
	kernel->cdev = open(path, O_RDWR | O_CLOEXEC);
	if (kernel->cdev < 0)
		return -errno;
	if (ioctl(kernel->cdev, KERNEL_SHUTDOWN_ON_RELEASE, &on) == 0)
		return 0;
	rc = -errno;
	kernel_cdev_close(ctx);
	return rc;
}

static int kernel_cdev_write(void *ctx, const char *text)
{
	const struct pmm_kernel *kernel = ctx;

	return write(kernel->cdev, text, strlen(text)) < 0 ? -errno : 0;
}

/* Where the kernel looks first: a folder set by hand, or the usual one. */
static void kernel_firmware_path(const char *name, char *path, size_t size)
{
	char folder[256];

	if (kernel_read_file(KERNEL_FIRMWARE_PARAM, folder, sizeof(folder)) <=
	    0)
		(void)snprintf(folder, sizeof(folder), KERNEL_FIRMWARE_DIR);
	(void)snprintf(path, size, "%s/%s", folder, name);
}

/* In one step: the kernel may read it again at any time, to recover. */
static int kernel_put_firmware(void *ctx, const char *name, const void *image,
			       size_t size)
{
	char path[384], part[400];
	int fd, rc;

	(void)ctx;
	kernel_firmware_path(name, path, sizeof(path));
	(void)snprintf(part, sizeof(part), "%s.XXXXXX", path);
	fd = mkostemp(part, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	rc = kernel_write_all(fd, image, size);
	if (rc == 0 && fchmod(fd, 0644) < 0)
		rc = -errno;
	close(fd);
	if (rc == 0 && rename(part, path) < 0)
		rc = -errno;
	if (rc < 0)
		(void)unlink(part);
	return rc;
}

static void kernel_remove_firmware(void *ctx, const char *name)
{
	char path[384];

	(void)ctx;
	kernel_firmware_path(name, path, sizeof(path));
	(void)unlink(path);
}

const struct pmm_kernel_ops pmm_kernel_ops = {
	.read = kernel_read,
	.write = kernel_write,
	.cdev_open = kernel_cdev_open,
	.cdev_write = kernel_cdev_write,
	.cdev_close = kernel_cdev_close,
	.put_firmware = kernel_put_firmware,
	.remove_firmware = kernel_remove_firmware,
};

int pmm_kernel_init(struct pmm_kernel *kernel, const char *instance)
{
	char state[32];

	kernel->cdev = -1;
	if (*instance == '\0' || strchr(instance, '/') || *instance == '.' ||
	    strlen(instance) >= sizeof(kernel->instance))
		return -EINVAL;
	(void)snprintf(kernel->instance, sizeof(kernel->instance), "%s",
		       instance);
	return kernel_read(kernel, "state", state, sizeof(state)) < 0 ?
		       -ENOENT :
		       0;
}
