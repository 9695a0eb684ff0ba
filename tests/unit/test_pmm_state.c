/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_pmm_state.c - state files: what is kept, whose they are, what is refused
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "state_file.h"

static int files_in_folder(void)
{
	DIR *dir = opendir(folder);
	int n = 0;

	while (readdir(dir))
		n++;
	(void)closedir(dir);
	return n - 2;
}

static void state_file_is_made_for_its_owner(void **state)
{
	struct pmm_state *s = open_state(path);
	struct hvl_dev_saved saved;
	struct stat st;

	(void)state;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(st.st_blocks > 0);
	assert_int_equal(files_in_folder(), 1);
	assert_false(pmm_state_get(s, 0, &saved));
	assert_false(pmm_state_get(s, 1, &saved));
	pmm_state_close(s);
	pmm_state_close(NULL);
	s = open_state(path);
	assert_false(pmm_state_get(s, 0, &saved));
	pmm_state_close(s);
}

static void state_keeps_the_last_record_of_each_device(void **state)
{
	struct hvl_dev_saved saved;
	struct pmm_state *s;

	(void)state;
	for (uint32_t n = 1; n < 8; n++) {
		s = open_state(path);
		for (uint32_t i = 0; i < n; i++)
			(void)record(s, 0, n * 100 + i);
		assert_true(pmm_state_get(s, 0, &saved));
		assert_int_equal(number_of(&saved), n * 100 + n - 1);
		pmm_state_close(s);
		s = open_state(path);
		assert_true(pmm_state_get(s, 0, &saved));
		assert_int_equal(number_of(&saved), n * 100 + n - 1);
		assert_false(pmm_state_get(s, 1, &saved));
		pmm_state_close(s);
	}
	s = open_state(path);
	(void)record(s, 1, 5);
	pmm_state_close(s);
	s = open_state(path);
	assert_true(pmm_state_get(s, 0, &saved));
	assert_int_equal(number_of(&saved), 706);
	assert_true(pmm_state_get(s, 1, &saved));
	assert_int_equal(number_of(&saved), 5);
	pmm_state_close(s);
}

static void state_positions_are_those_of_the_words(void **state)
{
	struct pmm_state *s = open_state(path);
	struct hvl_dev_saved saved;
	uint32_t *taken;

	(void)state;
	(void)record(s, 1, 1);
	taken = record(s, 1, 2);
	for (unsigned int q = 0; q < HVL_DEV_QUEUES_MAX; q++) {
		assert_int_equal(taken[q], 32);
		taken[q] = 1000 + q;
	}
	pmm_state_close(s);
	s = open_state(path);
	assert_true(pmm_state_get(s, 1, &saved));
	assert_int_equal(number_of(&saved), 2);
	for (unsigned int q = 0; q < HVL_DEV_QUEUES_MAX; q++)
		assert_int_equal(saved.queue[q].taken, 1000 + q);
	/* A new record brings its own. */
	(void)record(s, 1, 3);
	assert_true(pmm_state_get(s, 1, &saved));
	assert_int_equal(saved.queue[0].taken, 48);
	pmm_state_close(s);
}

static void refused_as(const struct pmm_state_what *what, int rc,
		       const char *why)
{
	struct pmm_state *s = NULL;
	char want[400];

	assert_int_equal(pmm_state_open(&s, path, what, &err), rc);
	assert_null(s);
	(void)snprintf(want, sizeof(want), "state \"%s\": %s", path, why);
	assert_string_equal(err.text, want);
}

static void refused(int rc, const char *why)
{
	refused_as(&two_devices, rc, why);
}

static void state_in_use_is_refused(void **state)
{
	struct pmm_state *s = open_state(path);

	(void)state;
	refused(-EBUSY, "another process uses it");
	pmm_state_close(s);
	pmm_state_close(open_state(path));
}

static void state_of_something_else_is_refused(void **state)
{
	static const uint32_t turned[] = { 1, 4 };
	struct pmm_state_what what = two_devices;

	(void)state;
	pmm_state_close(open_state(path));
	what.shm_da += 0x1000;
	refused_as(&what, -EINVAL,
		   "it belongs to shared memory at 0x70000000 size 0x400000, "
		   "not 0x70001000 size 0x400000; remove it to start anew");
	what = two_devices;
	what.shm_size /= 2;
	refused_as(&what, -EINVAL,
		   "it belongs to shared memory at 0x70000000 size 0x400000, "
		   "not 0x70000000 size 0x200000; remove it to start anew");
	what = two_devices;
	what.v1 = false;
	refused_as(&what, -EINVAL,
		   "it belongs to transport mmio-v1, not mmio; remove it to "
		   "start anew");
	what = two_devices;
	what.no_dtb = false;
	refused_as(&what, -EINVAL,
		   "it belongs to shared memory without a devicetree, not "
		   "with; remove it to start anew");
	what = two_devices;
	what.ndevices = 1;
	refused_as(&what, -EINVAL,
		   "it belongs to devices with the virtio ids 4 1, not 4; "
		   "remove it to start anew");
	what.ndevices = 2;
	what.ids = turned;
	refused_as(&what, -EINVAL,
		   "it belongs to devices with the virtio ids 4 1, not 1 4; "
		   "remove it to start anew");
	what.ndevices = 33;
	refused_as(&what, -EINVAL, "33 devices; at most 32");
	pmm_state_close(open_state(path));
}

static void state_that_is_none_is_refused(void **state)
{
	static const char why[] =
		"it is no state file; name another, or none that exists";
	static const char text[] = "Something else that somebody needs\n";
	uint8_t bytes[FILE_MAX];

	(void)state;
	write_file(path, "", 0);
	refused(-EINVAL, why);
	write_file(path, text, sizeof(text));
	refused(-EINVAL, why);
	assert_int_equal(read_file(path, bytes), sizeof(text));
	assert_memory_equal(bytes, text, sizeof(text));
}

static void state_that_is_damaged_is_refused(void **state)
{
	uint8_t good[FILE_MAX], bytes[FILE_MAX];
	size_t len;

	(void)state;
	pmm_state_close(open_state(path));
	len = read_file(path, good);
	for (size_t at = 8; at < 24; at += 4) {
		memcpy(bytes, good, len);
		bytes[at]++;
		write_file(path, bytes, len);
		refused(-EINVAL, "it was written by another version of hvl; "
				 "remove it to start anew");
	}
	memcpy(bytes, good, len);
	bytes[24]++;
	write_file(path, bytes, len);
	refused(-EINVAL, "its header is damaged; remove it to start anew");
	write_file(path, good, 100);
	refused(-EINVAL, "it is truncated; remove it to start anew");
	write_file(path, good, 8);
	refused(-EINVAL, "it is truncated; remove it to start anew");
	write_file(path, good, 7);
	refused(-EINVAL,
		"it is no state file; name another, or none that exists");
	write_file(path, good, len - 1);
	refused(-EINVAL, "it is truncated, 1343 bytes for 1344; remove it to "
			 "start anew");
	good[len] = 0;
	write_file(path, good, len + 1);
	refused(-EINVAL, "it is too long, 1345 bytes for 1344; remove it to "
			 "start anew");
	write_file(path, good, len);
	pmm_state_close(open_state(path));
}

static void state_that_is_no_file_of_ours_is_refused(void **state)
{
	struct pmm_state *s;

	(void)state;
	assert_int_equal(symlink(copy_path, path), 0);
	refused(-ELOOP, "is a symbolic link; name the file");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	refused(-EINVAL, "is no regular file");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	refused(-EISDIR, "Is a directory");
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(
		pmm_state_open(&s, "/no/such/state", &two_devices, &err),
		-ENOENT);
	assert_string_equal(err.text, "state \"/no/such/state\": No such file "
				      "or directory");
	pmm_state_close(open_state(path));
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 1, 1), 0);
		refused(-EPERM, "it belongs to another user; remove it to "
				"start anew");
	} else {
		assert_int_equal(chmod(path, 0400), 0);
		refused(-EACCES, "Permission denied");
	}
}

/* What the disk says when it shall hold a file; its length so far. */
static int disk_refusal;
static off_t disk_len;

int __wrap_posix_fallocate(int fd, off_t offset, off_t len);
int __real_posix_fallocate(int fd, off_t offset, off_t len);

int __wrap_posix_fallocate(int fd, off_t offset, off_t len)
{
	assert_int_equal(offset, 0);
	disk_len = len;
	return disk_refusal ? disk_refusal :
			      __real_posix_fallocate(fd, offset, len);
}

/* Else it would be a SIGBUS later. */
static void state_on_a_full_disk_is_refused(void **state)
{
	struct stat st;

	(void)state;
	disk_refusal = ENOSPC;
	refused(-ENOSPC, "No space left on device");
	assert_int_equal(files_in_folder(), 0);
	disk_refusal = 0;
	pmm_state_close(open_state(path));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(disk_len, st.st_size);
	/* A copy may have holes. */
	disk_refusal = ENOSPC;
	disk_len = 0;
	refused(-ENOSPC, "No space left on device");
	assert_int_equal(disk_len, st.st_size);
	disk_refusal = 0;
	pmm_state_close(open_state(path));
}

/* Exit status of who came too late. */
#define LATE 3

static void race(int go, int end)
{
	struct pmm_state *s;
	char c;
	int rc;

	(void)!read(go, &c, 1);
	rc = pmm_state_open(&s, path, &two_devices, &err);
	if (rc < 0)
		_exit(rc == -EBUSY ? LATE : 1);
	(void)!read(end, &c, 1);
	_exit(0);
}

static void state_has_one_user_whoever_makes_it(void **state)
{
	enum {
		RACERS = 4
	};

	(void)state;
	for (int round = 0; round < 25; round++) {
		pid_t pid[RACERS];
		int go[2], end[2], late = 0, status;

		assert_int_equal(pipe(go) | pipe(end), 0);
		for (int i = 0; i < RACERS; i++) {
			pid[i] = fork();
			if (pid[i] == 0) {
				close(go[1]);
				close(end[1]);
				race(go[0], end[0]);
			}
		}
		close(go[1]);
		for (int i = 1; i < RACERS; i++) {
			assert_true(waitpid(-1, &status, 0) > 0);
			late += WIFEXITED(status) &&
				WEXITSTATUS(status) == LATE;
		}
		assert_int_equal(late, RACERS - 1);
		close(end[1]);
		assert_true(waitpid(-1, &status, 0) > 0);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
		close(go[0]);
		close(end[0]);
		assert_int_equal(files_in_folder(), 1);
		assert_int_equal(unlink(path), 0);
	}
}

#define T(name) cmocka_unit_test_teardown(name, remove_files)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(state_file_is_made_for_its_owner),
		T(state_keeps_the_last_record_of_each_device),
		T(state_positions_are_those_of_the_words),
		T(state_in_use_is_refused),
		T(state_of_something_else_is_refused),
		T(state_that_is_none_is_refused),
		T(state_that_is_damaged_is_refused),
		T(state_that_is_no_file_of_ours_is_refused),
		T(state_on_a_full_disk_is_refused),
		T(state_has_one_user_whoever_makes_it),
	};
	int failed;

	if (make_folder() < 0)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)rmdir(folder);
	return failed;
}
