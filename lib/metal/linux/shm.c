/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared memory on Linux: memfd, part of a file, or a device node. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <hvl/metal/shm.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct hvl_shm shm_empty = { .fd = -1 };

static uint64_t shm_page_size(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

/* A range that exists: not empty, does not wrap, fits into off_t and size_t. */
static bool shm_range_ok(uint64_t start, uint64_t size)
{
	return size != 0 && size <= SIZE_MAX / 2 && start + (size - 1) >= start;
}

static int shm_map(struct hvl_shm *shm, uint64_t offset, uint64_t size,
		   uint64_t da)
{
	void *va = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED,
			shm->fd, (off_t)offset);

	if (va == MAP_FAILED)
		return -errno;
	shm->io = (struct hvl_io){ .va = va, .da = da, .size = size };
	return 0;
}

static int shm_fail(struct hvl_shm *shm, int rc)
{
	if (shm->fd >= 0)
		close(shm->fd);
	*shm = shm_empty;
	return rc;
}

int hvl_shm_create(struct hvl_shm *shm, const char *name, uint64_t size,
		   uint64_t da)
{
	uint64_t page = shm_page_size();
	int rc;

	*shm = shm_empty;
	if (!shm_range_ok(da, size) || !shm_range_ok(da, size + page - 1))
		return -EINVAL;
	size = (size + page - 1) & ~(page - 1);
	shm->fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (shm->fd < 0)
		return shm_fail(shm, -errno);
	if (ftruncate(shm->fd, (off_t)size) < 0 ||
	    fcntl(shm->fd, F_ADD_SEALS,
		  F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return shm_fail(shm, -errno);
	rc = shm_map(shm, 0, size, da);
	return rc < 0 ? shm_fail(shm, rc) : 0;
}

static int shm_check_file(int fd, uint64_t offset, uint64_t size)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISCHR(st.st_mode))
		return 0; /* its driver knows what it has */
	if (!S_ISREG(st.st_mode))
		return -ENOTSUP;
	if (offset > (uint64_t)st.st_size ||
	    size > (uint64_t)st.st_size - offset)
		return -ERANGE;
	return 0;
}

int hvl_shm_open(struct hvl_shm *shm, const char *path, uint64_t offset,
		 uint64_t size, uint64_t da)
{
	int rc;

	*shm = shm_empty;
	if (!shm_range_ok(da, size) || !shm_range_ok(offset, size) ||
	    offset > INT64_MAX || offset % shm_page_size() != 0)
		return -EINVAL;
	/* O_SYNC: device nodes then map uncached where they can. */
	shm->fd = open(path, O_RDWR | O_CLOEXEC | O_SYNC | O_NONBLOCK);
	if (shm->fd < 0)
		return shm_fail(shm, -errno);
	rc = shm_check_file(shm->fd, offset, size);
	if (rc == 0)
		rc = shm_map(shm, offset, size, da);
	return rc < 0 ? shm_fail(shm, rc) : 0;
}

void hvl_shm_close(struct hvl_shm *shm)
{
	if (shm->io.size != 0)
		munmap(shm->io.va, (size_t)shm->io.size);
	if (shm->fd >= 0 && shm->io.size != 0)
		close(shm->fd);
	*shm = shm_empty;
}
