/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shm_source.c - shared memory that others made: a file, a device node
 */
#include "shm_source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "layout.h"

/* Before it is opened: opening a device node may have effects. */
static int shm_check_kind(const struct pmm_shm_source *src, uint64_t *has,
			  struct pmm_error *err)
{
	struct stat st;

	if (stat(src->path, &st) < 0)
		return pmm_fail(err, -errno, "shared memory: \"%s\": %s",
				src->path, strerror(errno));
	*has = (uint64_t)st.st_size;
	if (src->kind == PMM_SHM_FILE && !S_ISREG(st.st_mode))
		return pmm_fail(err, -EINVAL,
				"shared memory: \"%s\": not a regular file; "
				"name a device node with dev=",
				src->path);
	if (src->kind == PMM_SHM_NODE && !S_ISCHR(st.st_mode))
		return pmm_fail(err, -EINVAL,
				"shared memory: \"%s\": not a character "
				"device; name a file with file=",
				src->path);
	return 0;
}

/*
 * Two PMMs on the same bytes would destroy each other's rings, and the remote's
 * trust. Ranges are locked, since several remotes may have parts of one file; of
 * a node one page: where a UIO device's next map begins.
 */
static int shm_lock(const struct hvl_shm *shm, const struct pmm_shm_source *src,
		    uint64_t size, struct pmm_error *err)
{
	struct flock range = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = (off_t)src->offset,
		.l_len = (off_t)size,
	};
	struct stat st;

	if (fstat(shm->fd, &st) < 0 || !S_ISREG(st.st_mode))
		range.l_len = (off_t)PMM_PAGE;
	/* Where locks cannot be had, all is as without them. */
	if (fcntl(shm->fd, F_OFD_SETLK, &range) == 0 ||
	    (errno != EAGAIN && errno != EACCES))
		return 0;
	return pmm_fail(err, -EBUSY,
			"shared memory: \"%s\", 0x%" PRIx64
			" bytes from 0x%" PRIx64
			": another hvl serves some of them; end it first",
			src->path, size, src->offset);
}

/* For a person, where the system's word says too little. */
static const char *shm_reason(const struct pmm_shm_source *src, int rc)
{
	if (rc == -ENODEV && src->kind == PMM_SHM_NODE)
		return "this device has no memory to map";
	return strerror(-rc);
}

int pmm_shm_open(struct hvl_shm *shm, const struct pmm_shm_source *src,
		 uint64_t size, uint64_t da, struct pmm_error *err)
{
	uint64_t has = 0;
	int rc = shm_check_kind(src, &has, err);

	*shm = (struct hvl_shm){ .fd = -1 };
	if (rc < 0)
		return rc;
	rc = hvl_shm_open(shm, src->path, src->offset, size, da);
	if (rc == -ERANGE)
		return pmm_fail(err, rc,
				"shared memory: \"%s\" has 0x%" PRIx64
				" bytes; 0x%" PRIx64 " from 0x%" PRIx64
				" on need 0x%" PRIx64,
				src->path, has, size, src->offset,
				src->offset + size);
	if (rc < 0)
		return pmm_fail(err, rc,
				"shared memory: \"%s\", 0x%" PRIx64
				" bytes from 0x%" PRIx64 ": %s",
				src->path, size, src->offset,
				shm_reason(src, rc));
	rc = shm_lock(shm, src, size, err);
	if (rc < 0)
		hvl_shm_close(shm);
	return rc;
}

enum pmm_shm_place pmm_shm_place(const struct hvl_shm *shm,
				 const struct pmm_shm_source *src)
{
	struct stat ours, now;

	if (fstat(shm->fd, &ours) < 0 || !S_ISREG(ours.st_mode))
		return PMM_SHM_THERE;
	if (stat(src->path, &now) < 0)
		return errno == ENOENT || errno == ENOTDIR ? PMM_SHM_REMOVED :
							     PMM_SHM_THERE;
	return ours.st_dev == now.st_dev && ours.st_ino == now.st_ino ?
		       PMM_SHM_THERE :
		       PMM_SHM_REPLACED;
}
