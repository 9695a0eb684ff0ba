/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * state_file.h - state files in a folder of their own, for their tests
 *
 * Include after cmocka.h, once in a test.
 */
#ifndef STATE_FILE_H
#define STATE_FILE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "state.h"

/* Of all state files here: less than that. */
#define FILE_MAX 8192

static char folder[] = "/tmp/hvl-test-state.XXXXXX";
static char path[64], copy_path[64];
static struct pmm_error err;

static const uint32_t two_ids[] = { 4, 1 };

static const struct pmm_state_what two_devices = {
	.shm_da = 0x70000000,
	.shm_size = 0x400000,
	.v1 = true,
	.no_dtb = true,
	.ndevices = 2,
	.ids = two_ids,
};

static inline int make_folder(void)
{
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/state", folder);
	(void)snprintf(copy_path, sizeof(copy_path), "%s/copy", folder);
	return 0;
}

static inline int remove_files(void **state)
{
	(void)state;
	(void)unlink(path);
	(void)unlink(copy_path);
	return 0;
}

/* A record every byte of which depends on a number, which is its id. */
static inline struct hvl_dev_saved record_of(uint32_t n)
{
	struct hvl_dev_saved saved;
	uint8_t *byte = (uint8_t *)&saved;

	for (size_t i = 0; i < sizeof(saved); i++)
		byte[i] = (uint8_t)(n * 31 + i);
	saved.id = n;
	for (unsigned int q = 0; q < HVL_DEV_QUEUES_MAX; q++)
		saved.queue[q].taken = n * 16;
	return saved;
}

/* It is whole. Return: its number. */
static inline uint32_t number_of(const struct hvl_dev_saved *saved)
{
	struct hvl_dev_saved want = record_of(saved->id);

	for (unsigned int q = 0; q < HVL_DEV_QUEUES_MAX; q++)
		want.queue[q].taken = saved->queue[q].taken;
	assert_memory_equal(saved, &want, sizeof(want));
	return saved->id;
}

static inline uint32_t *record(struct pmm_state *state, unsigned int device,
			       uint32_t n)
{
	const struct hvl_dev_journal *j = pmm_state_journal(state, device);
	const struct hvl_dev_saved saved = record_of(n);
	uint32_t *taken = j->record(j->ctx, &saved);

	assert_non_null(taken);
	return taken;
}

static inline struct pmm_state *open_state(const char *name)
{
	struct pmm_state *state = NULL;

	assert_int_equal(pmm_state_open(&state, name, &two_devices, &err), 0);
	return state;
}

static inline size_t read_file(const char *name, uint8_t *bytes)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, bytes, FILE_MAX);

	assert_true(n >= 0 && n < FILE_MAX);
	close(fd);
	return (size_t)n;
}

/* Cut only then: file systems wait for the disk where all is cut off first. */
static inline void write_file(const char *name, const void *bytes, size_t len)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_int_equal(write(fd, bytes, len), len);
	assert_int_equal(ftruncate(fd, (off_t)len), 0);
	close(fd);
}

#endif /* STATE_FILE_H */
