/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * entropy.c - backing of an rng device: the kernel, or a file
 */
#include "entropy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* At once: a slow source, or a long request, holds up the other devices. */
#define ENTROPY_PIECE 16384u

int pmm_entropy_open(struct pmm_entropy *entropy, const char *name,
		     const char *path, const struct hvl_log *log,
		     struct pmm_error *err)
{
	struct stat st;
	int rc;

	*entropy = (struct pmm_entropy){ .name = name,
					 .path = path,
					 .fd = -1,
					 .log = log };
	if (!path)
		return 0;
	entropy->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (entropy->fd < 0 || fstat(entropy->fd, &st) < 0) {
		rc = -errno;
		pmm_entropy_close(entropy);
		return pmm_fail(err, rc, "%s: entropy source \"%s\": %s", name,
				path, strerror(-rc));
	}
	if (!S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode) &&
	    !S_ISFIFO(st.st_mode)) {
		pmm_entropy_close(entropy);
		return pmm_fail(err, -EINVAL,
				"%s: entropy source \"%s\": not a device node, "
				"pipe or file; /dev/hwrng is one, or leave it "
				"out",
				name, path);
	}
	entropy->pipe = S_ISFIFO(st.st_mode);
	return 0;
}

void pmm_entropy_close(struct pmm_entropy *entropy)
{
	if (entropy->fd >= 0)
		close(entropy->fd);
	entropy->fd = -1;
}

/* Once for each new reason: the device asks again and again. */
static int entropy_failed(struct pmm_entropy *entropy, int rc, const char *why)
{
	if (entropy->failed != rc)
		hvl_log(entropy->log, HVL_LOG_ERROR,
			"%s: entropy source \"%s\": %s", entropy->name,
			entropy->path ? entropy->path : "getrandom", why);
	entropy->failed = rc;
	return rc;
}

static int entropy_read(void *ctx, void *buf, uint32_t len)
{
	struct pmm_entropy *entropy = ctx;
	ssize_t n;

	if (len > ENTROPY_PIECE)
		len = ENTROPY_PIECE;
	if (entropy->fd < 0)
		n = getrandom(buf, len, GRND_NONBLOCK);
	else
		n = read(entropy->fd, buf, len);
	if (n > 0) {
		entropy->failed = 0;
		return (int)n;
	}
	/* A pipe without a writer may get one again. */
	if (n == 0 && entropy->pipe)
		return -EAGAIN;
	if (n == 0)
		return entropy_failed(entropy, -EIO, "it is at its end");
	if (errno == EAGAIN || errno == EINTR)
		return -EAGAIN;
	n = -errno;
	return entropy_failed(entropy, (int)n, strerror((int)-n));
}

struct hvl_dev_rng_backing pmm_entropy_backing(struct pmm_entropy *entropy)
{
	return (struct hvl_dev_rng_backing){ .read = entropy_read,
					     .ctx = entropy };
}
