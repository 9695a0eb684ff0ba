/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_pmm_coredump.c - core files on disk: names, modes, holes, failures
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "coredump.h"
#include "elf_builder.h"

#define RAM_DA 0x1000u
#define RAM_SIZE 0x100000u

static char folder[] = "/tmp/hvl-test-core.XXXXXX";
static char path[PATH_MAX];
static uint8_t *ram;
static struct elf_spec spec;
static struct elf_file file;
static struct hvl_rproc rproc;
static struct pmm_error err;

static bool fake_memory(struct hvl_rproc *r, uint64_t da, uint64_t len,
			struct hvl_io *io)
{
	uint64_t off;

	(void)r;
	*io = (struct hvl_io){ .va = ram, .da = RAM_DA, .size = RAM_SIZE };
	return hvl_io_da_to_off(io, da, len, &off);
}

static const struct hvl_rproc_ops fake_ops = { .memory = fake_memory };

/* One segment of nearly all of the memory, mostly zero. */
static int setup(void **state)
{
	const struct hvl_rproc_config cfg = {
		.name = "r0",
		.ops = &fake_ops,
		.machine = HVL_ELF_MACHINE_X86_64,
		.is64 = true,
	};
	const struct hvl_rsc_boot boot = { .shm_da = UINT64_C(1) << 40,
					   .shm_size = 0x1000 };
	struct hvl_rproc_error why;

	(void)state;
	elf_spec_init(&spec, true, HVL_ELF_MACHINE_X86_64);
	spec.nsegments = 1;
	spec.segments[0].memsz = RAM_SIZE - 1;
	elf_build(&spec, &file);
	hvl_rproc_init(&rproc, &cfg);
	ram = calloc(1, RAM_SIZE);
	return !ram ||
	       hvl_rproc_load(&rproc, file.bytes, file.size, &boot, &why) < 0;
}

static unsigned int count_files(bool remove)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	unsigned int n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		n++;
		if (remove)
			assert_int_equal(unlinkat(dirfd(dir), entry->d_name, 0),
					 0);
	}
	(void)closedir(dir);
	return n;
}

static int teardown(void **state)
{
	(void)state;
	(void)count_files(true);
	free(ram);
	return 0;
}

static int dump(void)
{
	return pmm_coredump_write(path, &rproc, NULL, &err);
}

/* What byte the memory had when the file was written. */
static uint8_t mark_of(const char *suffix)
{
	char name[PATH_MAX + 8];
	uint8_t byte = 0;
	int fd;

	(void)snprintf(name, sizeof(name), "%s%s", path, suffix);
	fd = open(name, O_RDONLY);
	if (fd < 0)
		return 0;
	/* The memory starts at a page of its own, 0x1000. */
	assert_int_equal(pread(fd, &byte, 1, 0x1000 + 0x2345), 1);
	close(fd);
	return byte;
}

static void coredump_file_holds_memory_and_holes(void **state)
{
	struct stat st;
	uint8_t *bytes;
	int fd;

	(void)state;
	ram[0x2345] = 7;
	ram[RAM_SIZE - 2] = 8;
	assert_int_equal(dump(), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, 0x1000 + RAM_SIZE - 1);
	assert_true(st.st_blocks * 512 < RAM_SIZE / 4);
	bytes = malloc((size_t)st.st_size);
	fd = open(path, O_RDONLY);
	assert_true(bytes && fd >= 0);
	assert_int_equal(read(fd, bytes, (size_t)st.st_size), st.st_size);
	assert_memory_equal(bytes + 0x1000, ram, RAM_SIZE - 1);
	close(fd);
	free(bytes);
	assert_int_equal(count_files(false), 1);
}

static void coredump_file_ends_with_zeros(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(dump(), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 0x1000 + RAM_SIZE - 1);
}

static void coredump_files_rotate(void **state)
{
	(void)state;
	for (uint8_t i = 1; i <= 6; i++) {
		ram[0x2345] = i;
		assert_int_equal(dump(), 0);
		assert_int_equal(count_files(false),
				 i < PMM_COREDUMP_KEPT ? i : PMM_COREDUMP_KEPT);
	}
	assert_int_equal(mark_of(""), 6);
	assert_int_equal(mark_of(".1"), 5);
	assert_int_equal(mark_of(".2"), 4);
	assert_int_equal(mark_of(".3"), 3);
}

static void coredump_failure_leaves_the_old_files(void **state)
{
	struct rlimit before, small;

	(void)state;
	ram[0x2345] = 1;
	assert_int_equal(dump(), 0);
	ram[0x2345] = 2;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 0x2000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(dump(), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_non_null(strstr(err.text, "File too large"));
	assert_int_equal(count_files(false), 1);
	assert_int_equal(mark_of(""), 1);
}

static void coredump_larger_than_allowed_is_refused(void **state)
{
	(void)state;
	rproc.elf.segments[0].memsz = PMM_COREDUMP_MAX;
	assert_int_equal(dump(), -EFBIG);
	assert_non_null(strstr(err.text, "more than 0x40000000 bytes"));
	assert_int_equal(count_files(false), 0);
}

static void coredump_refuses_other_than_files(void **state)
{
	char text[PATH_MAX + 64];

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(pmm_coredump_check(path, &err), -EINVAL);
	(void)snprintf(text, sizeof(text),
		       "--coredump \"%s\": not a regular file", path);
	assert_string_equal(err.text, text);
	assert_int_equal(dump(), -EINVAL);
	assert_int_equal(pmm_coredump_check(folder, &err), -EINVAL);
	assert_int_equal(pmm_coredump_check("", &err), -ENOENT);
	assert_int_equal(pmm_coredump_check("/no/such/core", &err), -ENOENT);
	assert_int_equal(pmm_coredump_check("/hvl-core", &err),
			 access("/", W_OK) ? -EACCES : 0);
}

static void coredump_refuses_long_names(void **state)
{
	static char name[PATH_MAX + 1];

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	assert_int_equal(pmm_coredump_check(name, &err), -ENAMETOOLONG);
	assert_null(strchr(err.text, '\n'));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(coredump_file_holds_memory_and_holes),
		TEST(coredump_file_ends_with_zeros),
		TEST(coredump_files_rotate),
		TEST(coredump_failure_leaves_the_old_files),
		TEST(coredump_larger_than_allowed_is_refused),
		TEST(coredump_refuses_other_than_files),
		TEST(coredump_refuses_long_names),
	};
	int failed;

	/* Written past the limit of a file's size: an error, no signal. */
	(void)signal(SIGXFSZ, SIG_IGN);
	if (!mkdtemp(folder))
		return 1;
	(void)snprintf(path, sizeof(path), "%s/core", folder);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)rmdir(folder);
	return failed;
}
