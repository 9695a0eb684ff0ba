/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_pmm_state_crash.c - state files of processes that died, and damaged ones
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "state_file.h"

/* Return: the number of the record that one who comes later sees. */
static uint32_t seen_in(const uint8_t *bytes, size_t len,
			struct hvl_dev_saved *saved)
{
	struct pmm_state *s;
	uint32_t n = 0;

	write_file(copy_path, bytes, len);
	s = open_state(copy_path);
	if (pmm_state_get(s, 1, saved))
		n = number_of(saved);
	pmm_state_close(s);
	return n;
}

/* Its positions are its own, too. */
static uint32_t complete_in(const uint8_t *bytes, size_t len)
{
	struct hvl_dev_saved saved;
	uint32_t n = seen_in(bytes, len, &saved);

	for (unsigned int q = 0; n && q < HVL_DEV_QUEUES_MAX; q++)
		assert_int_equal(saved.queue[q].taken, n * 16);
	return n;
}

/* Any part of what a record writes, from its start and from its end. */
static void state_torn_anywhere_shows_a_whole_record(void **state)
{
	uint8_t before[FILE_MAX], after[FILE_MAX], torn[FILE_MAX];
	size_t len;

	(void)state;
	for (uint32_t n = 1; n < 5; n++) {
		struct pmm_state *s = open_state(path);
		bool new = false;

		len = read_file(path, before);
		(void)record(s, 1, n);
		assert_int_equal(read_file(path, after), len);
		pmm_state_close(s);
		memcpy(torn, before, len);
		for (size_t i = 0; i < len; i++) {
			uint32_t seen;

			if (torn[i] == after[i])
				continue;
			torn[i] = after[i];
			seen = complete_in(torn, len);
			assert_int_equal(seen, new || seen == n ? n : n - 1);
			new = seen == n;
		}
		assert_true(new);
		/* No store comes in this order, but a bad disk's might. */
		for (size_t i = 0; i < len; i++) {
			struct hvl_dev_saved saved;
			uint32_t seen;

			torn[i] = before[i];
			seen = seen_in(torn, len, &saved);
			assert_true(seen == n || seen == n - 1);
		}
	}
}

static int stepped(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSTOPPED(status) ? WSTOPSIG(status) : 0;
}

/* A process that stops, records, and stops. */
static pid_t recorder(struct pmm_state *s, uint32_t n)
{
	const struct hvl_dev_journal *j = pmm_state_journal(s, 1);
	const struct hvl_dev_saved saved = record_of(n);
	pid_t pid = fork();

	if (pid)
		return pid;
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
		_exit(1);
	(void)raise(SIGSTOP);
	(void)j->record(j->ctx, &saved);
	(void)raise(SIGSTOP);
	_exit(0);
}

/* Each instruction of a process that records may be its last. */
static void state_stopped_at_any_instruction_shows_a_whole_record(void **state)
{
	uint8_t last[FILE_MAX];
	struct pmm_state *s = open_state(path);
	size_t len = read_file(path, last);
	int fd = open(path, O_RDONLY | O_CLOEXEC), changes = 0;
	const uint8_t *now = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
	uint32_t seen = 2;
	pid_t pid;

	(void)state;
	assert_ptr_not_equal(now, MAP_FAILED);
	(void)record(s, 1, 1);
	(void)record(s, 1, 2);
	memcpy(last, now, len);
	pid = recorder(s, 3);
	if (stepped(pid) != SIGSTOP)
		skip();
	do {
		if (memcmp(last, now, len) != 0) {
			uint32_t next;

			memcpy(last, now, len);
			next = complete_in(last, len);
			assert_true(next == 3 || next == seen);
			seen = next;
			changes++;
		}
		assert_int_equal(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL), 0);
	} while (stepped(pid) == SIGTRAP);
	assert_int_equal(seen, 3);
	assert_true(changes > 10);
	assert_int_equal(ptrace(PTRACE_CONT, pid, NULL, NULL), 0);
	assert_int_equal(stepped(pid), 0);
	assert_int_equal(munmap((void *)(uintptr_t)now, len), 0);
	close(fd);
	pmm_state_close(s);
}

/* Words in a page that the killed process and its killer share. */
struct progress {
	volatile uint32_t records;
};

#define TAKES 8u

static void record_for_ever(struct progress *p)
{
	struct pmm_state *s;

	if (pmm_state_open(&s, path, &two_devices, &err) < 0)
		_exit(1);
	for (uint32_t n = p->records + 1;; n++) {
		uint32_t *taken = record(s, 0, n);

		for (uint32_t i = 1; i < TAKES; i++) {
			for (unsigned int q = 0; q < HVL_DEV_QUEUES_MAX; q++)
				taken[q] = n * 16 + i;
		}
		p->records = n;
	}
}

static void state_of_a_killed_process_is_whole(void **state)
{
	struct progress *p = mmap(NULL, sizeof(*p), PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_ptr_not_equal(p, MAP_FAILED);
	for (uint32_t round = 0; round < 50; round++) {
		uint32_t from = p->records, n;
		struct hvl_dev_saved saved;
		struct pmm_state *s;
		int status;
		pid_t pid = fork();

		if (pid == 0)
			record_for_ever(p);
		while (p->records - from < 10 + round &&
		       waitpid(pid, &status, WNOHANG) == 0)
			(void)sched_yield();
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		s = open_state(path);
		assert_true(pmm_state_get(s, 0, &saved));
		n = number_of(&saved);
		assert_true(n == p->records || n == p->records + 1);
		for (unsigned int q = 0; q < HVL_DEV_QUEUES_MAX; q++)
			assert_in_range(saved.queue[q].taken, n * 16,
					n * 16 + TAKES - 1);
		p->records = n;
		pmm_state_close(s);
	}
	assert_int_equal(munmap(p, sizeof(*p)), 0);
}

/* Both slots of each device, in its record or behind it. */
static void state_of_damaged_records_is_as_if_new(void **state)
{
	uint8_t good[FILE_MAX], bytes[FILE_MAX];
	struct pmm_state *s = open_state(path);
	struct hvl_dev_saved saved;
	size_t len, slot;

	(void)state;
	for (uint32_t n = 1; n < 4; n++) {
		(void)record(s, 0, n);
		(void)record(s, 1, n);
	}
	pmm_state_close(s);
	len = read_file(path, good);
	slot = (len - 192) / 4;
	for (size_t at = HVL_DEV_QUEUES_MAX * 4; at < slot; at++) {
		memcpy(bytes, good, len);
		for (size_t i = 0; i < 4; i++)
			bytes[192 + i * slot + at] ^= 0x10;
		write_file(copy_path, bytes, len);
		s = open_state(copy_path);
		assert_false(pmm_state_get(s, 0, &saved));
		assert_false(pmm_state_get(s, 1, &saved));
		(void)record(s, 1, 7);
		pmm_state_close(s);
		s = open_state(copy_path);
		assert_false(pmm_state_get(s, 0, &saved));
		assert_true(pmm_state_get(s, 1, &saved));
		assert_int_equal(number_of(&saved), 7);
		pmm_state_close(s);
	}
}

static uint32_t dice(void)
{
	static uint32_t x = 2463534242u;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x;
}

/* Return: the length that the file has then. */
static size_t damage(uint8_t *bytes, size_t len)
{
	size_t at = dice() % len, n = dice() % 32 + 1;

	if (n > len - at)
		n = len - at;
	switch (dice() % 16) {
	case 0:
		return at;
	case 1:
		return len + n;
	case 2:
		memset(&bytes[at], 0, n);
		break;
	case 3:
		memmove(&bytes[at], &bytes[dice() % (len - n + 1)], n);
		break;
	default:
		for (size_t i = 0; i < n; i++)
			bytes[at + i] ^= (uint8_t)(1u << dice() % 8);
	}
	return len;
}

static void state_of_any_bytes_is_refused_or_whole(void **state)
{
	uint8_t good[FILE_MAX] = { 0 }, bytes[FILE_MAX];
	struct pmm_state *s = open_state(path);
	size_t len;
	int opened = 0;

	(void)state;
	for (uint32_t n = 1; n < 4; n++) {
		(void)record(s, 0, n);
		(void)record(s, 1, n);
	}
	pmm_state_close(s);
	len = read_file(path, good);
	for (int i = 0; i < 5000; i++) {
		struct hvl_dev_saved saved;

		memcpy(bytes, good, sizeof(bytes));
		write_file(copy_path, bytes, damage(bytes, len));
		if (pmm_state_open(&s, copy_path, &two_devices, &err) < 0)
			continue;
		opened++;
		for (unsigned int d = 0; d < 2; d++) {
			if (pmm_state_get(s, d, &saved))
				assert_in_range(number_of(&saved), 2, 3);
			(void)record(s, d, 9);
		}
		pmm_state_close(s);
		s = open_state(copy_path);
		for (unsigned int d = 0; d < 2; d++) {
			assert_true(pmm_state_get(s, d, &saved));
			assert_int_equal(number_of(&saved), 9);
		}
		pmm_state_close(s);
	}
	assert_in_range(opened, 1000, 4900);
}

#define T(name) cmocka_unit_test_teardown(name, remove_files)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(state_torn_anywhere_shows_a_whole_record),
		T(state_stopped_at_any_instruction_shows_a_whole_record),
		T(state_of_a_killed_process_is_whole),
		T(state_of_damaged_records_is_as_if_new),
		T(state_of_any_bytes_is_refused_or_whole),
	};
	int failed;

	if (make_folder() < 0)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)rmdir(folder);
	return failed;
}
