/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_pmm_entropy.c - the rng device's backing
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "entropy.h"

static char dir[] = "/tmp/hvl-entropy-XXXXXX";
static char path[sizeof(dir) + 8];
static char logged[HVL_LOG_LINE];
static int nlogged;

static void log_write(void *ctx, enum hvl_log_level level, const char *line)
{
	(void)ctx;
	(void)level;
	nlogged++;
	(void)snprintf(logged, sizeof(logged), "%s", line);
}

static const struct hvl_log test_log = { HVL_LOG_INFO, log_write, NULL };

static int setup(void **state)
{
	(void)state;
	memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
	nlogged = 0;
	if (!mkdtemp(dir))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/source", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(dir);
}

static void write_file(const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void entropy_kernel_fills_and_differs(void **state)
{
	unsigned char a[64] = { 0 }, b[64] = { 0 };
	struct hvl_dev_rng_backing backing;
	struct pmm_entropy e;

	(void)state;
	assert_int_equal(pmm_entropy_open(&e, "rng0", NULL, NULL, NULL), 0);
	backing = pmm_entropy_backing(&e);
	assert_int_equal(backing.read(backing.ctx, a, sizeof(a)), sizeof(a));
	assert_int_equal(backing.read(backing.ctx, b, sizeof(b)), sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
	pmm_entropy_close(&e);
}

static void entropy_file_reads_on_and_ends(void **state)
{
	struct hvl_dev_rng_backing backing;
	struct pmm_entropy e;
	char buf[8];

	(void)state;
	write_file("abcde");
	assert_int_equal(pmm_entropy_open(&e, "rng0", path, &test_log, NULL),
			 0);
	backing = pmm_entropy_backing(&e);
	assert_int_equal(backing.read(backing.ctx, buf, 3), 3);
	assert_memory_equal(buf, "abc", 3);
	assert_int_equal(backing.read(backing.ctx, buf, 8), 2);
	assert_memory_equal(buf, "de", 2);
	/* The same bytes are no entropy the second time. */
	assert_int_equal(backing.read(backing.ctx, buf, 8), -EIO);
	assert_int_equal(backing.read(backing.ctx, buf, 8), -EIO);
	assert_int_equal(nlogged, 1);
	assert_non_null(strstr(logged, "it is at its end"));
	assert_non_null(strstr(logged, "rng0"));
	pmm_entropy_close(&e);
}

static void entropy_pipe_never_waits(void **state)
{
	struct hvl_dev_rng_backing backing;
	struct pmm_entropy e;
	char buf[4];
	int writer;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(pmm_entropy_open(&e, "rng0", path, &test_log, NULL),
			 0);
	writer = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(writer >= 0);
	backing = pmm_entropy_backing(&e);
	assert_int_equal(backing.read(backing.ctx, buf, 4), -EAGAIN);
	assert_int_equal(write(writer, "xy", 2), 2);
	assert_int_equal(backing.read(backing.ctx, buf, 4), 2);
	close(writer);
	/* Another writer may come. */
	assert_int_equal(backing.read(backing.ctx, buf, 4), -EAGAIN);
	assert_int_equal(nlogged, 0);
	pmm_entropy_close(&e);
}

static void entropy_open_refuses(void **state)
{
	struct pmm_entropy e;
	struct pmm_error err;

	(void)state;
	assert_int_equal(
		pmm_entropy_open(&e, "rng0", "/nonexistent", NULL, &err),
		-ENOENT);
	assert_string_equal(err.text, "rng0: entropy source \"/nonexistent\": "
				      "No such file or directory");
	assert_int_equal(pmm_entropy_open(&e, "rng1", dir, NULL, &err),
			 -EINVAL);
	assert_non_null(strstr(err.text, "not a device node, pipe or file"));
	assert_int_equal(e.fd, -1);
}

#define ENTROPY_TEST(name) \
	cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ENTROPY_TEST(entropy_kernel_fills_and_differs),
		ENTROPY_TEST(entropy_file_reads_on_and_ends),
		ENTROPY_TEST(entropy_pipe_never_waits),
		ENTROPY_TEST(entropy_open_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
