/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_metal_shm.c - opening shared memory on Linux, and being refused
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <hvl/metal/shm.h>

static uint64_t page;
static char path[] = "/tmp/hvl-test-shm-XXXXXX";

/* A file of four pages, each filled with its number. */
static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	page = (uint64_t)sysconf(_SC_PAGESIZE);
	if (fd < 0)
		return -1;
	for (uint64_t i = 0; i < 4 * page; i++) {
		unsigned char c = (unsigned char)(i / page);

		if (write(fd, &c, 1) != 1)
			return -1;
	}
	return close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static int open_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void assert_empty(const struct hvl_shm *shm)
{
	assert_int_equal(shm->fd, -1);
	assert_int_equal(shm->io.size, 0);
}

static void metal_shm_create_gives_zeroed_pages(void **state)
{
	struct hvl_shm shm;
	int fds = open_fds();

	(void)state;
	assert_int_equal(hvl_shm_create(&shm, "test", page + 1, 0x37000000), 0);
	assert_true(shm.fd >= 0);
	assert_true(shm.io.da == 0x37000000);
	assert_int_equal(shm.io.size, 2 * page);
	for (uint64_t i = 0; i < shm.io.size; i++)
		assert_int_equal(hvl_io_read8(&shm.io, i), 0);
	assert_int_equal(fcntl(shm.fd, F_GETFD), FD_CLOEXEC);
	hvl_shm_close(&shm);
	assert_empty(&shm);
	assert_int_equal(open_fds(), fds);
}

static void metal_shm_create_is_shared_and_keeps_its_size(void **state)
{
	struct hvl_shm shm;
	unsigned char *other;

	(void)state;
	assert_int_equal(hvl_shm_create(&shm, "test", page, 0), 0);
	other = mmap(NULL, (size_t)page, PROT_READ | PROT_WRITE, MAP_SHARED,
		     shm.fd, 0);
	assert_ptr_not_equal(other, MAP_FAILED);
	hvl_io_write32(&shm.io, 4, 0x01020304);
	assert_int_equal(other[4], 4);
	other[5] = 9;
	assert_int_equal(hvl_io_read8(&shm.io, 5), 9);
	assert_int_equal(ftruncate(shm.fd, 0), -1);
	assert_int_equal(ftruncate(shm.fd, (off_t)(2 * page)), -1);
	munmap(other, (size_t)page);
	hvl_shm_close(&shm);
}

static void metal_shm_create_refuses_bad_ranges(void **state)
{
	struct hvl_shm shm;
	int fds = open_fds();

	(void)state;
	assert_int_equal(hvl_shm_create(&shm, "test", 0, 0), -EINVAL);
	assert_empty(&shm);
	assert_int_equal(hvl_shm_create(&shm, "test", UINT64_MAX, 0), -EINVAL);
	assert_empty(&shm);
	assert_int_equal(
		hvl_shm_create(&shm, "test", 2 * page, UINT64_MAX - page + 1),
		-EINVAL);
	assert_empty(&shm);
	hvl_shm_close(&shm);
	assert_int_equal(open_fds(), fds);
}

static void metal_shm_open_maps_part_of_a_file(void **state)
{
	struct hvl_shm shm, again;

	(void)state;
	assert_int_equal(hvl_shm_open(&shm, path, 2 * page, page + 10, 64), 0);
	assert_int_equal(shm.io.size, page + 10);
	assert_true(shm.io.da == 64);
	assert_int_equal(hvl_io_read8(&shm.io, 0), 2);
	assert_int_equal(hvl_io_read8(&shm.io, page - 1), 2);
	assert_int_equal(hvl_io_read8(&shm.io, page), 3);
	hvl_io_write8(&shm.io, 0, 0x77);
	assert_int_equal(hvl_shm_open(&again, path, 2 * page, 1, 0), 0);
	assert_int_equal(hvl_io_read8(&again.io, 0), 0x77);
	hvl_shm_close(&again);
	hvl_shm_close(&shm);
}

static void metal_shm_open_refuses_what_the_file_lacks(void **state)
{
	struct hvl_shm shm;
	int fds = open_fds();

	(void)state;
	assert_int_equal(hvl_shm_open(&shm, path, 0, 4 * page + 1, 0), -ERANGE);
	assert_empty(&shm);
	assert_int_equal(hvl_shm_open(&shm, path, 4 * page, 1, 0), -ERANGE);
	assert_int_equal(hvl_shm_open(&shm, path, 64 * page, 1, 0), -ERANGE);
	assert_int_equal(hvl_shm_open(&shm, path, 0, 0, 0), -EINVAL);
	assert_int_equal(hvl_shm_open(&shm, path, 1, 1, 0), -EINVAL);
	assert_int_equal(hvl_shm_open(&shm, path, page / 2, 1, 0), -EINVAL);
	assert_int_equal(hvl_shm_open(&shm, path, 0 - page, page + 1, 0),
			 -EINVAL);
	assert_int_equal(hvl_shm_open(&shm, path, 0 - page, 1, 0), -EINVAL);
	assert_int_equal(hvl_shm_open(&shm, path, 0, UINT64_MAX, 0), -EINVAL);
	assert_int_equal(hvl_shm_open(&shm, path, 0, 2, UINT64_MAX), -EINVAL);
	assert_empty(&shm);
	assert_int_equal(open_fds(), fds);
}

static void metal_shm_open_refuses_what_is_no_memory(void **state)
{
	struct hvl_shm shm;
	int fds = open_fds();
	char fifo[sizeof(path) + 8];

	(void)state;
	assert_int_equal(hvl_shm_open(&shm, "/nonexistent/x", 0, page, 0),
			 -ENOENT);
	assert_empty(&shm);
	assert_true(hvl_shm_open(&shm, "/tmp", 0, page, 0) < 0);
	assert_int_equal(hvl_shm_open(&shm, "/dev/null", 0, page, 0), -ENODEV);
	snprintf(fifo, sizeof(fifo), "%s.fifo", path);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(hvl_shm_open(&shm, fifo, 0, page, 0), -ENOTSUP);
	unlink(fifo);
	assert_empty(&shm);
	assert_int_equal(open_fds(), fds);
}

/* The node every system has; mapped anew, it has bytes from offset 0 only. */
static void metal_shm_open_maps_a_device_node(void **state)
{
	struct hvl_shm shm;

	(void)state;
	assert_int_equal(hvl_shm_open(&shm, "/dev/zero", 0, 2 * page, 0), 0);
	assert_int_equal(shm.io.size, 2 * page);
	assert_true(hvl_io_read64(&shm.io, 2 * page - 8) == 0);
	hvl_io_write8(&shm.io, 3, 1);
	assert_int_equal(hvl_io_read8(&shm.io, 3), 1);
	hvl_shm_close(&shm);
}

static void metal_shm_close_takes_an_empty_object(void **state)
{
	struct hvl_shm shm = { .fd = -1 }, zeroed = { .fd = 0 };

	(void)state;
	hvl_shm_close(&shm);
	hvl_shm_close(&shm);
	hvl_shm_close(&zeroed);
	assert_true(fcntl(0, F_GETFD) >= 0 || errno == EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(metal_shm_create_gives_zeroed_pages),
		cmocka_unit_test(metal_shm_create_is_shared_and_keeps_its_size),
		cmocka_unit_test(metal_shm_create_refuses_bad_ranges),
		cmocka_unit_test(metal_shm_open_maps_part_of_a_file),
		cmocka_unit_test(metal_shm_open_refuses_what_the_file_lacks),
		cmocka_unit_test(metal_shm_open_refuses_what_is_no_memory),
		cmocka_unit_test(metal_shm_open_maps_a_device_node),
		cmocka_unit_test(metal_shm_close_takes_an_empty_object),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
