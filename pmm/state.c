/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * state.c - what the devices know, in a file that outlives us
 *
 * A header, then two slots a device. The file is for the program that comes
 * after us on this machine, so numbers and structs are as we have them; another
 * build that has them otherwise refuses it. What must survive is the death of
 * the process between any two instructions: what it wrote to the mapping stays,
 * in its order. The machine's end ends the remote too, so nothing is synced.
 */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layout.h"

#define STATE_MAGIC UINT64_C(0x65746174736c7668) /* "hvlstate" */
#define STATE_FORMAT 1u
/* Others may make or remove the file while we open it. */
#define STATE_TRIES 5
#define STATE_ANEW "remove it to start anew"

struct state_header {
	uint64_t magic;
	/* Of the format, first of all to be compared. */
	uint32_t format, saved_version, saved_size, slot_size;
	/* Of what it belongs to. */
	uint64_t shm_da, shm_size;
	uint32_t v1, no_dtb, ndevices;
	uint32_t ids[PMM_DEVICES_MAX];
	uint32_t zero;
	uint64_t checksum; /* of all before */
};

struct state_slot {
	uint32_t taken[HVL_DEV_QUEUES_MAX]; /* the devices write them */
	struct hvl_dev_saved saved;
	uint64_t checksum; /* of the record and its sequence */
	uint64_t sequence; /* the higher one counts; 0: not written */
};

_Static_assert(sizeof(struct state_header) ==
		       offsetof(struct state_header, checksum) + 8,
	       "every byte of the header is checked");
_Static_assert(offsetof(struct state_header, checksum) ==
		       60 + 4 * PMM_DEVICES_MAX + 4 - 8,
	       "no padding in the header");
_Static_assert(sizeof(struct hvl_dev_saved) ==
		       64 + 48 * (size_t)HVL_DEV_QUEUES_MAX,
	       "no padding in a record");
_Static_assert(sizeof(struct state_header) % 8 == 0, "slots are aligned");

struct state_device {
	struct pmm_state *state;
	struct hvl_dev_journal journal;
	struct state_slot *slot; /* two of them */
	unsigned int newest;	 /* its sequence is 0 if there is none */
};

struct pmm_state {
	int fd;
	void *map;
	size_t size;
	unsigned int ndevices;
	struct state_device device[PMM_DEVICES_MAX];
};

#define STATE_SUM_START UINT64_C(0xcbf29ce484222325)

/* FNV-1a: a single wrong byte never goes unnoticed. */
static uint64_t state_sum(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *byte = data;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ byte[i]) * UINT64_C(0x100000001b3);
	return sum;
}

static uint64_t state_slot_sum(const struct hvl_dev_saved *saved,
			       uint64_t sequence)
{
	uint64_t sum = state_sum(STATE_SUM_START, saved, sizeof(*saved));

	return state_sum(sum, &sequence, sizeof(sequence));
}

/* Return: its sequence; 0: nothing whole is in it. */
static uint64_t state_slot_sequence(const struct state_slot *slot)
{
	return slot->checksum == state_slot_sum(&slot->saved, slot->sequence) ?
		       slot->sequence :
		       0;
}

static void state_header_init(struct state_header *h,
			      const struct pmm_state_what *what)
{
	memset(h, 0, sizeof(*h));
	h->magic = STATE_MAGIC;
	h->format = STATE_FORMAT;
	h->saved_version = HVL_DEV_SAVED_VERSION;
	h->saved_size = sizeof(struct hvl_dev_saved);
	h->slot_size = sizeof(struct state_slot);
	h->shm_da = what->shm_da;
	h->shm_size = what->shm_size;
	h->v1 = what->v1;
	h->no_dtb = what->no_dtb;
	h->ndevices = what->ndevices;
	for (unsigned int i = 0; i < what->ndevices; i++)
		h->ids[i] = what->ids[i];
	h->checksum = state_sum(STATE_SUM_START, h,
				offsetof(struct state_header, checksum));
}

static size_t state_size(unsigned int ndevices)
{
	return sizeof(struct state_header) +
	       2 * (size_t)ndevices * sizeof(struct state_slot);
}

static int state_fail(const char *path, int rc, const char *why,
		      struct pmm_error *err)
{
	return pmm_fail(err, rc, "state \"%s\": %s", path, why);
}

static int state_errno(const char *path, int rc, struct pmm_error *err)
{
	return state_fail(path, rc, strerror(-rc), err);
}

/* The devices' ids, as "4 1". */
static void state_ids(const struct state_header *h, char *text, size_t size)
{
	size_t at = 0;

	text[0] = '\0';
	for (unsigned int i = 0; i < h->ndevices && at < size; i++)
		at += (size_t)snprintf(&text[at], size - at, "%s%" PRIu32,
				       i ? " " : "", h->ids[i]);
}

static int state_check_devices(const char *path, const struct state_header *h,
			       const struct state_header *want,
			       struct pmm_error *err)
{
	char has[PMM_DEVICES_MAX * 11], ours[PMM_DEVICES_MAX * 11];

	if (h->ndevices == want->ndevices &&
	    memcmp(h->ids, want->ids, sizeof(h->ids)) == 0)
		return 0;
	state_ids(h, has, sizeof(has));
	state_ids(want, ours, sizeof(ours));
	return pmm_fail(err, -EINVAL,
			"state \"%s\": it belongs to devices with the virtio "
			"ids %.80s, not %.80s; " STATE_ANEW,
			path, has, ours);
}

static int state_check_what(const char *path, const struct state_header *h,
			    const struct state_header *want,
			    struct pmm_error *err)
{
	if (h->shm_da != want->shm_da || h->shm_size != want->shm_size)
		return pmm_fail(err, -EINVAL,
				"state \"%s\": it belongs to shared memory at "
				"0x%" PRIx64 " size 0x%" PRIx64
				", not 0x%" PRIx64 " size 0x%" PRIx64
				"; " STATE_ANEW,
				path, h->shm_da, h->shm_size, want->shm_da,
				want->shm_size);
	if (h->v1 != want->v1)
		return pmm_fail(err, -EINVAL,
				"state \"%s\": it belongs to transport %s, not "
				"%s; " STATE_ANEW,
				path, h->v1 ? "mmio-v1" : "mmio",
				want->v1 ? "mmio-v1" : "mmio");
	if (h->no_dtb != want->no_dtb)
		return pmm_fail(err, -EINVAL,
				"state \"%s\": it belongs to shared memory "
				"with%s a devicetree, not with%s; " STATE_ANEW,
				path, h->no_dtb ? "out" : "",
				want->no_dtb ? "out" : "");
	return state_check_devices(path, h, want, err);
}

/* @len: bytes of the header that there are. */
static int state_check_format(const char *path, const struct state_header *h,
			      size_t len, const struct state_header *want,
			      struct pmm_error *err)
{
	if (len < sizeof(h->magic) || h->magic != want->magic)
		return state_fail(path, -EINVAL,
				  "it is no state file; name another, or none "
				  "that exists",
				  err);
	if (len >= offsetof(struct state_header, shm_da) &&
	    memcmp(&h->format, &want->format,
		   offsetof(struct state_header, shm_da) -
			   offsetof(struct state_header, format)) != 0)
		return state_fail(path, -EINVAL,
				  "it was written by another version of "
				  "hvl; " STATE_ANEW,
				  err);
	if (len < sizeof(*h))
		return state_fail(path, -EINVAL, "it is truncated; " STATE_ANEW,
				  err);
	if (h->checksum != state_sum(STATE_SUM_START, h,
				     offsetof(struct state_header, checksum)) ||
	    h->ndevices > PMM_DEVICES_MAX)
		return state_fail(path, -EINVAL,
				  "its header is damaged; " STATE_ANEW, err);
	return 0;
}

static int state_check(const char *path, int fd, const struct stat *st,
		       const struct state_header *want, struct pmm_error *err)
{
	struct state_header h = { 0 };
	ssize_t n = pread(fd, &h, sizeof(h), 0);
	off_t size;
	int rc;

	if (n < 0)
		return state_errno(path, -errno, err);
	rc = state_check_format(path, &h, (size_t)n, want, err);
	if (rc == 0)
		rc = state_check_what(path, &h, want, err);
	if (rc < 0)
		return rc;
	size = (off_t)state_size(want->ndevices);
	if (st->st_size == size)
		return 0;
	return pmm_fail(err, -EINVAL,
			"state \"%s\": it %s, %jd bytes for %jd; " STATE_ANEW,
			path,
			st->st_size < size ? "is truncated" : "is too long",
			(intmax_t)st->st_size, (intmax_t)size);
}

/* No store to it may find the disk full, which would be a SIGBUS. */
static int state_allocate(int fd, unsigned int ndevices)
{
	return -posix_fallocate(fd, 0, (off_t)state_size(ndevices));
}

/* It appears under its name complete and locked; -EEXIST: somebody was first */
static int state_create(const char *path, const struct state_header *want,
			struct pmm_error *err)
{
	char temp[PATH_MAX];
	int fd, rc, n = snprintf(temp, sizeof(temp), "%s.XXXXXX", path);

	if (n < 0 || (size_t)n >= sizeof(temp))
		return state_errno(path, -ENAMETOOLONG, err);
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0)
		return state_errno(path, -errno, err);
	rc = flock(fd, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
	if (rc == 0)
		rc = state_allocate(fd, want->ndevices);
	if (rc == 0 &&
	    pwrite(fd, want, sizeof(*want), 0) != (ssize_t)sizeof(*want))
		rc = -EIO;
	/* Unlike rename() it never takes another's place. */
	if (rc == 0 && link(temp, path) < 0)
		rc = -errno;
	(void)unlink(temp);
	if (rc == 0)
		return fd;
	close(fd);
	return state_errno(path, rc, err);
}

static int state_check_file(const char *path, const struct stat *st,
			    struct pmm_error *err)
{
	if (!S_ISREG(st->st_mode))
		return state_fail(path, -EINVAL, "is no regular file", err);
	/* Its owner could cut it, and us, short at any time. */
	if (st->st_uid != geteuid())
		return state_fail(path, -EPERM,
				  "it belongs to another user; " STATE_ANEW,
				  err);
	return 0;
}

/* Return: descriptor, locked and fit; -EAGAIN: its name is another's now. */
static int state_use(const char *path, const struct state_header *want,
		     struct pmm_error *err)
{
	int rc, fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return errno == ELOOP ?
			       state_fail(path, -ELOOP,
					  "is a symbolic link; name the file",
					  err) :
			       state_errno(path, -errno, err);
	if (fstat(fd, &st) < 0)
		rc = state_errno(path, -errno, err);
	else
		rc = state_check_file(path, &st, err);
	if (rc == 0 && flock(fd, LOCK_EX | LOCK_NB) < 0)
		rc = errno == EWOULDBLOCK ?
			     state_fail(path, -EBUSY, "another process uses it",
					err) :
			     state_errno(path, -errno, err);
	/* Now that it is ours: what is there? */
	if (rc == 0 && (fstat(fd, &st) < 0 || st.st_nlink == 0))
		rc = -EAGAIN;
	if (rc == 0)
		rc = state_check(path, fd, &st, want, err);
	if (rc == 0) {
		rc = state_allocate(fd, want->ndevices);
		if (rc < 0)
			(void)state_errno(path, rc, err);
	}
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}

static int state_use_or_create(const char *path,
			       const struct state_header *want,
			       struct pmm_error *err)
{
	int fd = state_fail(path, -EAGAIN, "others make and remove it", err);

	for (int i = 0; i < STATE_TRIES; i++) {
		fd = state_use(path, want, err);
		if (fd == -ENOENT) {
			fd = state_create(path, want, err);
			if (fd == -EEXIST)
				continue;
		}
		if (fd != -EAGAIN)
			return fd;
	}
	return fd;
}

static uint32_t *state_record(void *ctx, const struct hvl_dev_saved *saved)
{
	struct state_device *d = ctx;
	const struct state_slot *old = &d->slot[d->newest];
	struct state_slot *slot = &d->slot[d->newest ^ 1];
	uint64_t sequence = old->sequence + 1;

	/*
	 * We may die between any two instructions, and what counts is the
	 * order in which this thread stores: that is the compiler's to keep.
	 */
	__atomic_store_n(&slot->sequence, 0, __ATOMIC_RELAXED);
	atomic_signal_fence(memory_order_seq_cst);
	slot->saved = *saved;
	slot->checksum = state_slot_sum(saved, sequence);
	for (unsigned int i = 0; i < HVL_DEV_QUEUES_MAX; i++)
		slot->taken[i] = saved->queue[i].taken;
	atomic_signal_fence(memory_order_seq_cst);
	__atomic_store_n(&slot->sequence, sequence, __ATOMIC_RELEASE);
	d->newest ^= 1;
	return slot->taken;
}

/* What is not whole is as if it had never been. */
static void state_device_init(struct state_device *d, struct state_slot *slot)
{
	uint64_t sequence[2];

	d->slot = slot;
	d->journal =
		(struct hvl_dev_journal){ .record = state_record, .ctx = d };
	for (int i = 0; i < 2; i++) {
		sequence[i] = state_slot_sequence(&slot[i]);
		slot[i].sequence = sequence[i];
	}
	d->newest = sequence[1] > sequence[0];
}

static int state_map(struct pmm_state *state, unsigned int ndevices)
{
	struct state_slot *slots;

	state->size = state_size(ndevices);
	state->map = mmap(NULL, state->size, PROT_READ | PROT_WRITE, MAP_SHARED,
			  state->fd, 0);
	if (state->map == MAP_FAILED)
		return -errno;
	slots = (struct state_slot *)((struct state_header *)state->map + 1);
	state->ndevices = ndevices;
	for (unsigned int i = 0; i < ndevices; i++)
		state_device_init(&state->device[i], &slots[2 * i]);
	return 0;
}

int pmm_state_open(struct pmm_state **out, const char *path,
		   const struct pmm_state_what *what, struct pmm_error *err)
{
	struct state_header want;
	struct pmm_state *state;
	int rc;

	if (what->ndevices > PMM_DEVICES_MAX)
		return pmm_fail(err, -EINVAL,
				"state \"%s\": %u devices; at most %u", path,
				what->ndevices, PMM_DEVICES_MAX);
	state_header_init(&want, what);
	state = calloc(1, sizeof(*state));
	if (!state)
		return state_errno(path, -ENOMEM, err);
	rc = state->fd = state_use_or_create(path, &want, err);
	if (rc >= 0) {
		rc = state_map(state, what->ndevices);
		if (rc == 0) {
			*out = state;
			return 0;
		}
		(void)state_errno(path, rc, err);
		close(state->fd);
	}
	free(state);
	return rc;
}

bool pmm_state_get(const struct pmm_state *state, unsigned int device,
		   struct hvl_dev_saved *saved)
{
	const struct state_device *d = &state->device[device];
	const struct state_slot *slot = &d->slot[d->newest];

	if (slot->sequence == 0)
		return false;
	*saved = slot->saved;
	for (unsigned int i = 0; i < HVL_DEV_QUEUES_MAX; i++)
		saved->queue[i].taken = slot->taken[i];
	return true;
}

const struct hvl_dev_journal *pmm_state_journal(struct pmm_state *state,
						unsigned int device)
{
	return &state->device[device].journal;
}

void pmm_state_close(struct pmm_state *state)
{
	if (!state)
		return;
	(void)munmap(state->map, state->size);
	close(state->fd);
	free(state);
}
