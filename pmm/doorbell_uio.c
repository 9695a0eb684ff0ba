/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * doorbell_uio.c - a UIO device's interrupt, and a register that rings
 *
 * The kernel counts interrupts and lends the device's registers. Its generic
 * drivers disable the interrupt each time, so that a storm of them costs one
 * visit of the event loop each; writing 1 enables it.
 *
 * Watched is an epoll in which the device is: one that vanishes would be ready
 * for ever, and is taken out of it.
 */
#include "doorbell_uio.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <hvl/metal/barrier.h>

struct bell_uio {
	int fd, epfd;
	struct pmm_uio_map map;
	struct pmm_uio_write ring, ack;
	bool enables; /* the kernel's driver wants the interrupt enabled */
};

static void uio_store(const struct bell_uio *u, const struct pmm_uio_write *reg)
{
	volatile uint32_t *at =
		(volatile uint32_t *)((char *)u->map.va + u->map.start +
				      reg->offset);

	*at = reg->value;
}

static void uio_ring(struct pmm_doorbell *db)
{
	const struct bell_uio *u = db->priv;

	hvl_wmb_before_doorbell();
	if (u->ring.set)
		uio_store(u, &u->ring);
}

/* -ENOSYS: the driver knows no enabling; -EIO: there is no interrupt. */
static int uio_enable(struct bell_uio *u)
{
	const int32_t on = 1;

	if (!u->enables || write(u->fd, &on, sizeof(on)) == sizeof(on))
		return 0;
	u->enables = errno != ENOSYS;
	return errno == ENOSYS ? 0 : -errno;
}

static void uio_heard(struct pmm_doorbell *db)
{
	struct bell_uio *u = db->priv;
	int32_t count;
	ssize_t n = read(u->fd, &count, sizeof(count));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == sizeof(count) && u->ack.set)
		uio_store(u, &u->ack);
	if (n != sizeof(count) || uio_enable(u) < 0)
		(void)epoll_ctl(u->epfd, EPOLL_CTL_DEL, u->fd, NULL);
}

static void uio_free(struct bell_uio *u)
{
	if (u->map.va)
		(void)munmap(u->map.va, u->map.len);
	if (u->epfd >= 0)
		close(u->epfd);
	close(u->fd);
	free(u);
}

static void uio_close(struct pmm_doorbell *db)
{
	uio_free(db->priv);
}

static const struct pmm_doorbell_ops uio_ops = {
	.ring = uio_ring,
	.drain = uio_heard,
	.close = uio_close,
	.heard = uio_heard,
};

static int uio_fail(const char *path, int rc, const char *what,
		    struct pmm_error *err)
{
	return pmm_fail(err, rc, "doorbell \"%s\": %s%s%s", path, what,
			*what ? ": " : "", strerror(-rc));
}

static int uio_no_device(const char *path, struct pmm_error *err)
{
	return pmm_fail(err, -ENODEV,
			"doorbell \"%s\": is no UIO device; name one such as "
			"/dev/uio0",
			path);
}

int pmm_doorbell_uio_find_(int fd, char *dir, size_t size,
			   const struct pmm_uio_options *opts,
			   struct pmm_error *err)
{
	char name[64], link[PATH_MAX];
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return uio_fail(opts->path, -errno, "", err);
	if (!S_ISCHR(st.st_mode))
		return uio_no_device(opts->path, err);
	(void)snprintf(dir, size, "/sys/dev/char/%u:%u", major(st.st_rdev),
		       minor(st.st_rdev));
	(void)snprintf(name, sizeof(name), "%.40s/subsystem", dir);
	n = readlink(name, link, sizeof(link) - 1);
	if (n < 0)
		return uio_no_device(opts->path, err);
	link[n] = '\0';
	if (n < 4 || strcmp(&link[n - 4], "/uio") != 0)
		return uio_no_device(opts->path, err);
	return 0;
}

/* A number of a map, as "0x1000\n". */
static int uio_map_number(const char *dir, unsigned int map, const char *what,
			  uint64_t *value)
{
	char path[PATH_MAX], text[32], *end;
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/maps/map%u/%s", dir, map, what);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return -EIO;
	text[n] = '\0';
	errno = 0;
	*value = strtoull(text, &end, 16);
	return errno || end == text || (*end && *end != '\n') ? -EIO : 0;
}

static int uio_fits(const struct pmm_uio_write *reg, const char *what,
		    uint64_t size, const struct pmm_uio_options *opts,
		    struct pmm_error *err)
{
	const uint64_t len = sizeof(uint32_t);

	if (!reg->set)
		return 0;
	if (reg->offset % len)
		return pmm_fail(err, -EINVAL,
				"doorbell \"%s\": %s at 0x%" PRIx64
				": must be a multiple of 4",
				opts->path, what, reg->offset);
	if (reg->offset > size || size - reg->offset < len)
		return pmm_fail(err, -ERANGE,
				"doorbell \"%s\": %s at 0x%" PRIx64
				": map %u has 0x%" PRIx64 " bytes",
				opts->path, what, reg->offset, opts->map, size);
	return 0;
}

/* Up to the last register that is used: a map may be large. */
static size_t uio_length(const struct pmm_uio_options *opts)
{
	uint64_t last = 0;

	if (opts->ring.set)
		last = opts->ring.offset;
	if (opts->ack.set && opts->ack.offset > last)
		last = opts->ack.offset;
	return (size_t)last + sizeof(uint32_t);
}

int pmm_doorbell_uio_map_(struct pmm_uio_map *map, int fd, const char *dir,
			  const struct pmm_uio_options *opts,
			  struct pmm_error *err)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t size, start = 0;
	int rc;

	*map = (struct pmm_uio_map){ 0 };
	if (!opts->ring.set && !opts->ack.set)
		return 0;
	rc = uio_map_number(dir, opts->map, "size", &size);
	if (rc < 0)
		return pmm_fail(err, rc, "doorbell \"%s\": it has no map %u",
				opts->path, opts->map);
	/* Old kernels do not say: at 0. */
	(void)uio_map_number(dir, opts->map, "offset", &start);
	size = start < page && start < size ? size - start : 0;
	rc = uio_fits(&opts->ring, "ring", size, opts, err);
	if (rc == 0)
		rc = uio_fits(&opts->ack, "ack", size, opts, err);
	if (rc < 0)
		return rc;
	map->start = (size_t)start;
	map->len = map->start + uio_length(opts);
	/* UIO's way to choose among maps; it always starts at the first byte */
	map->va = mmap(NULL, map->len, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		       (off_t)(opts->map * page));
	if (map->va != MAP_FAILED)
		return 0;
	map->va = NULL;
	return uio_fail(opts->path, -errno, "mmap", err);
}

/* An earlier process may have left the interrupt disabled. */
static int uio_start(struct bell_uio *u, const struct pmm_uio_options *opts,
		     struct pmm_error *err)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int rc = uio_enable(u);

	if (rc == -EIO && u->ring.set)
		return 0;
	if (rc == -EIO)
		return pmm_fail(err, rc,
				"doorbell \"%s\": it has no interrupt, and no "
				"ring register was named",
				opts->path);
	if (rc < 0)
		return uio_fail(opts->path, rc, "enable the interrupt", err);
	u->epfd = epoll_create1(EPOLL_CLOEXEC);
	if (u->epfd < 0 || epoll_ctl(u->epfd, EPOLL_CTL_ADD, u->fd, &ev) < 0)
		return uio_fail(opts->path, -errno, "epoll", err);
	return 0;
}

int pmm_doorbell_uio_make_(struct pmm_doorbell *db, int fd,
			   const struct pmm_uio_map *map,
			   const struct pmm_uio_options *opts,
			   struct pmm_error *err)
{
	struct bell_uio *u = calloc(1, sizeof(*u));
	int rc;

	*db = (struct pmm_doorbell){ .watch_fd = -1 };
	if (!u) {
		if (map->va)
			(void)munmap(map->va, map->len);
		close(fd);
		return uio_fail(opts->path, -ENOMEM, "", err);
	}
	*u = (struct bell_uio){ .fd = fd,
				.epfd = -1,
				.map = *map,
				.ring = opts->ring,
				.ack = opts->ack,
				.enables = true };
	rc = uio_start(u, opts, err);
	if (rc < 0) {
		uio_free(u);
		return rc;
	}
	*db = (struct pmm_doorbell){ .ops = &uio_ops,
				     .watch_fd = u->epfd,
				     .watch_events = EPOLLIN,
				     .to_remote = -1,
				     .to_main = -1,
				     .priv = u };
	return 0;
}

int pmm_doorbell_uio(struct pmm_doorbell *db,
		     const struct pmm_uio_options *opts, struct pmm_error *err)
{
	struct pmm_uio_map map;
	char dir[PATH_MAX / 2];
	int rc, fd = open(opts->path, O_RDWR | O_NONBLOCK | O_CLOEXEC);

	*db = (struct pmm_doorbell){ .watch_fd = -1 };
	if (fd < 0)
		return uio_fail(opts->path, -errno, "", err);
	rc = pmm_doorbell_uio_find_(fd, dir, sizeof(dir), opts, err);
	if (rc == 0)
		rc = pmm_doorbell_uio_map_(&map, fd, dir, opts, err);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	return pmm_doorbell_uio_make_(db, fd, &map, opts, err);
}
