/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * coredump.c - core files of a crashed remote
 */
#include "coredump.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hvl/remoteproc/coredump.h>

struct coredump_file {
	int fd;
	off_t at;
};

static int coredump_fail(const char *path, int rc, struct pmm_error *err)
{
	return pmm_fail(err, rc, "--coredump \"%s\": %s", path, strerror(-rc));
}

static bool coredump_is_zero(const char *bytes, size_t len)
{
	return len > 0 && bytes[0] == 0 &&
	       memcmp(bytes, bytes + 1, len - 1) == 0;
}

/* Zeros are left out: the file is extended over them at the end. */
static int coredump_put(void *ctx, const void *bytes, size_t len)
{
	struct coredump_file *file = ctx;
	const char *p = bytes;

	if (coredump_is_zero(p, len)) {
		file->at += (off_t)len;
		return 0;
	}
	while (len > 0) {
		ssize_t n = pwrite(file->fd, p, len, file->at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		p += n;
		len -= (size_t)n;
		file->at += n;
	}
	return 0;
}

static int coredump_fill(int fd, const char *path, struct hvl_rproc *rproc,
			 const struct hvl_io *shm, struct pmm_error *err)
{
	struct coredump_file file = { .fd = fd };
	struct hvl_coredump dump = { .shm = shm,
				     .size_max = PMM_COREDUMP_MAX,
				     .write = coredump_put,
				     .ctx = &file };
	struct hvl_rproc_error why = { "" };
	int rc = hvl_coredump_write(rproc, &dump, &why);

	if (rc < 0 && why.text[0])
		return pmm_fail(err, rc, "--coredump \"%s\": %s", path,
				why.text);
	if (rc == 0 && ftruncate(fd, file.at) < 0)
		rc = -errno;
	return rc < 0 ? coredump_fail(path, rc, err) : 0;
}

/* FILE.2 becomes FILE.3, and so on; a gap costs nothing. */
static void coredump_rotate(const char *path)
{
	char older[PATH_MAX], newer[PATH_MAX];

	for (unsigned int i = PMM_COREDUMP_KEPT - 1; i > 0; i--) {
		(void)snprintf(older, sizeof(older), "%s.%u", path, i);
		if (i > 1)
			(void)snprintf(newer, sizeof(newer), "%s.%u", path,
				       i - 1);
		else
			(void)snprintf(newer, sizeof(newer), "%s", path);
		(void)rename(newer, older);
	}
}

int pmm_coredump_check(const char *path, struct pmm_error *err)
{
	char folder[PATH_MAX];
	struct stat st;
	char *slash;

	/* Room for what is put behind it. */
	if (*path == '\0' || strlen(path) > sizeof(folder) - 16)
		return coredump_fail(path, *path ? -ENAMETOOLONG : -ENOENT,
				     err);
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return pmm_fail(err, -EINVAL,
				"--coredump \"%s\": not a regular file", path);
	(void)snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = '\0';
	if (access(slash ? folder : ".", W_OK | X_OK) < 0)
		return coredump_fail(path, -errno, err);
	return 0;
}

int pmm_coredump_write(const char *path, struct hvl_rproc *rproc,
		       const struct hvl_io *shm, struct pmm_error *err)
{
	char part[PATH_MAX];
	int rc = pmm_coredump_check(path, err);
	int fd;

	if (rc < 0)
		return rc;
	(void)snprintf(part, sizeof(part), "%s.XXXXXX", path);
	fd = mkostemp(part, O_CLOEXEC);
	if (fd < 0)
		return coredump_fail(path, -errno, err);
	rc = coredump_fill(fd, path, rproc, shm, err);
	if (close(fd) < 0 && rc == 0)
		rc = coredump_fail(path, -errno, err);
	if (rc == 0) {
		coredump_rotate(path);
		if (rename(part, path) < 0)
			rc = coredump_fail(path, -errno, err);
	}
	if (rc < 0)
		(void)unlink(part);
	return rc;
}
