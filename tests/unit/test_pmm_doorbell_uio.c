/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_pmm_doorbell_uio.c - a UIO device made of a socket pair and a memfd
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bell.h"
#include "doorbell_uio.h"

#define PAGE ((size_t)sysconf(_SC_PAGESIZE))

static char folder[] = "/tmp/hvl-test-uio.XXXXXX";
static struct pmm_error err;
static int kernel = -1; /* the other end of the device node */
static int memory = -1; /* behind the map */

/* The kernel's answer to whoever enables the interrupt; 0: it works. */
static int refusal;
static int attempts;

ssize_t __real_write(int fd, const void *buf, size_t len);
ssize_t __wrap_write(int fd, const void *buf, size_t len);

ssize_t __wrap_write(int fd, const void *buf, size_t len)
{
	if (fd == kernel || refusal == 0)
		return __real_write(fd, buf, len);
	attempts++;
	errno = refusal;
	return -1;
}

static struct pmm_uio_options ring_and_ack(void)
{
	return (struct pmm_uio_options){
		.path = "uio",
		.map = 1,
		.ring = { .set = true, .offset = 0x10, .value = 0xa5a5a5a5u },
		.ack = { .set = true, .offset = 0xffc, .value = 3 },
	};
}

/* The kernel's folder of a device with one map. */
static void describe(const char *file, const char *text)
{
	char path[100];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/maps", folder);
	(void)mkdir(path, 0700);
	(void)snprintf(path, sizeof(path), "%s/maps/map1", folder);
	(void)mkdir(path, 0700);
	(void)snprintf(path, sizeof(path), "%s/maps/map1/%s", folder, file);
	(void)unlink(path);
	if (!text)
		return;
	f = fopen(path, "w");
	assert_non_null(f);
	(void)fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static uint32_t reg(size_t offset)
{
	uint32_t value;

	assert_int_equal(
		pread(memory, &value, sizeof(value), (off_t)(PAGE + offset)),
		sizeof(value));
	return value;
}

static void forget(size_t offset)
{
	const uint32_t value = 0;

	assert_int_equal(
		pwrite(memory, &value, sizeof(value), (off_t)(PAGE + offset)),
		sizeof(value));
}

static int uio_setup(void **state)
{
	memory = memfd_create("uio", MFD_CLOEXEC);
	if (memory < 0 || ftruncate(memory, (off_t)(3 * PAGE)) < 0)
		return -1;
	refusal = attempts = 0;
	describe("size", "0x1000\n");
	describe("offset", NULL);
	return setup(state);
}

static int uio_teardown(void **state)
{
	close(memory);
	if (kernel >= 0)
		close(kernel);
	kernel = -1;
	return teardown(state);
}

static int try_make(const struct pmm_uio_options *opts)
{
	struct pmm_uio_map map;
	int fds[2];

	assert_int_equal(
		pmm_doorbell_uio_map_(&map, memory, folder, opts, &err), 0);
	assert_int_equal(
		socketpair(AF_UNIX,
			   SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
			   fds),
		0);
	kernel = fds[1];
	return pmm_doorbell_uio_make_(&db, fds[0], &map, opts, &err);
}

static void make(const struct pmm_uio_options *opts)
{
	assert_int_equal(try_make(opts), 0);
	watch_bell();
}

static void interrupt(void)
{
	static int32_t count;

	count++;
	assert_int_equal(write(kernel, &count, sizeof(count)), sizeof(count));
}

static int enabled(void)
{
	int32_t on;
	int times = 0;

	while (read(kernel, &on, sizeof(on)) == sizeof(on)) {
		assert_int_equal(on, 1);
		times++;
	}
	return times;
}

static void uio_interrupt_is_acknowledged_and_enabled(void **state)
{
	const struct pmm_uio_options opts = ring_and_ack();

	(void)state;
	make(&opts);
	assert_int_equal(enabled(), 1);
	assert_int_equal(reg(0xffc), 0);
	hear(0);
	for (int i = 0; i < 3; i++) {
		interrupt();
		hear(1);
		assert_int_equal(reg(0xffc), 3);
		assert_int_equal(enabled(), 1);
		forget(0xffc);
	}
	assert_int_equal(reg(0x10), 0);
	interrupt();
	pmm_doorbell_drain(&db);
	assert_int_equal(enabled(), 1);
	hear(0);
	/* Nothing came: nothing is acknowledged. */
	forget(0xffc);
	pmm_doorbell_heard(&db);
	assert_int_equal(reg(0xffc), 0);
	assert_int_equal(enabled(), 0);
}

static void uio_ring_writes_its_register_only(void **state)
{
	const struct pmm_uio_options opts = ring_and_ack();

	(void)state;
	make(&opts);
	pmm_doorbell_ring(&db);
	assert_int_equal(reg(0x10), 0xa5a5a5a5u);
	assert_int_equal(reg(0x0c), 0);
	assert_int_equal(reg(0x14), 0);
	assert_int_equal(reg(0xffc), 0);
	forget(0x10);
	pmm_doorbell_ring(&db);
	assert_int_equal(reg(0x10), 0xa5a5a5a5u);
}

static void uio_registers_start_where_the_kernel_says(void **state)
{
	struct pmm_uio_options opts = ring_and_ack();

	(void)state;
	describe("offset", "0x800\n");
	opts.ack.offset = 0x7fc;
	make(&opts);
	pmm_doorbell_ring(&db);
	interrupt();
	hear(1);
	assert_int_equal(reg(0x810), 0xa5a5a5a5u);
	assert_int_equal(reg(0xffc), 3);
}

static void uio_registers_may_lie_pages_apart(void **state)
{
	struct pmm_uio_options opts = ring_and_ack();

	(void)state;
	describe("size", "0x2000\n");
	opts.ack.offset = 0x1ffc;
	make(&opts);
	pmm_doorbell_ring(&db);
	interrupt();
	hear(1);
	assert_int_equal(reg(0x10), 0xa5a5a5a5u);
	assert_int_equal(reg(0x1ffc), 3);
}

static void uio_without_registers_maps_nothing(void **state)
{
	const struct pmm_uio_options opts = { .path = "uio", .map = 7 };

	(void)state;
	make(&opts);
	assert_int_equal(enabled(), 1);
	pmm_doorbell_ring(&db);
	interrupt();
	hear(1);
	assert_int_equal(enabled(), 1);
	assert_int_equal(reg(0), 0);
}

static void uio_device_that_vanishes_is_silent(void **state)
{
	const struct pmm_uio_options opts = ring_and_ack();

	(void)state;
	make(&opts);
	close(kernel);
	kernel = -1;
	hear(1);
	hear(0);
	assert_int_equal(reg(0xffc), 0);
	pmm_doorbell_ring(&db);
	assert_int_equal(reg(0x10), 0xa5a5a5a5u);
}

static void uio_driver_without_enabling_is_asked_once(void **state)
{
	const struct pmm_uio_options opts = ring_and_ack();

	(void)state;
	refusal = ENOSYS;
	make(&opts);
	for (int i = 0; i < 3; i++) {
		interrupt();
		hear(1);
		assert_int_equal(reg(0xffc), 3);
		forget(0xffc);
	}
	assert_int_equal(attempts, 1);
}

static void uio_device_without_interrupt_only_rings(void **state)
{
	struct pmm_uio_options opts = ring_and_ack();

	(void)state;
	refusal = EIO;
	assert_int_equal(try_make(&opts), 0);
	assert_int_equal(db.watch_fd, -1);
	pmm_doorbell_ring(&db);
	assert_int_equal(reg(0x10), 0xa5a5a5a5u);
	pmm_doorbell_drain(&db);
	close_bell();
	close(kernel);
	opts.ring.set = false;
	assert_int_equal(try_make(&opts), -EIO);
	assert_string_equal(err.text, "doorbell \"uio\": it has no interrupt, "
				      "and no ring register was named");
}

static void refused(const struct pmm_uio_options *opts, int rc,
		    const char *text)
{
	struct pmm_uio_map map;

	assert_int_equal(
		pmm_doorbell_uio_map_(&map, memory, folder, opts, &err), rc);
	assert_string_equal(err.text, text);
}

static void uio_register_outside_the_map_is_refused(void **state)
{
	struct pmm_uio_options opts = ring_and_ack();

	(void)state;
	opts.ring.offset = 0xffe;
	refused(&opts, -EINVAL,
		"doorbell \"uio\": ring at 0xffe: must be a multiple of 4");
	opts.ring.offset = 0x1000;
	refused(&opts, -ERANGE,
		"doorbell \"uio\": ring at 0x1000: map 1 has 0x1000 bytes");
	opts = ring_and_ack();
	opts.ack.offset = UINT64_MAX - 3;
	refused(&opts, -ERANGE,
		"doorbell \"uio\": ack at 0xfffffffffffffffc: map 1 has 0x1000 "
		"bytes");
	opts = ring_and_ack();
	describe("offset", "0x800\n");
	refused(&opts, -ERANGE,
		"doorbell \"uio\": ack at 0xffc: map 1 has 0x800 bytes");
	describe("offset", "0x1000\n");
	refused(&opts, -ERANGE,
		"doorbell \"uio\": ring at 0x10: map 1 has 0x0 bytes");
	opts.map = 2;
	refused(&opts, -ENOENT, "doorbell \"uio\": it has no map 2");
	opts.map = 1;
	describe("size", "many\n");
	refused(&opts, -EIO, "doorbell \"uio\": it has no map 1");
}

static void uio_other_files_are_refused(void **state)
{
	struct pmm_uio_options opts = { .path = "/dev/null" };
	char want[200];

	(void)state;
	assert_int_equal(pmm_doorbell_uio(&db, &opts, &err), -ENODEV);
	assert_string_equal(err.text, "doorbell \"/dev/null\": is no UIO "
				      "device; name one such as /dev/uio0");
	(void)snprintf(want, sizeof(want), "%s/maps/map1/size", folder);
	opts.path = want;
	assert_int_equal(pmm_doorbell_uio(&db, &opts, &err), -ENODEV);
	assert_non_null(strstr(err.text, "is no UIO device"));
	opts.path = "/no/such/uio";
	assert_int_equal(pmm_doorbell_uio(&db, &opts, &err), -ENOENT);
	assert_string_equal(err.text, "doorbell \"/no/such/uio\": No such "
				      "file or directory");
}

static void remove_folder(void)
{
	static const char *const parts[] = { "maps/map1/size",
					     "maps/map1/offset", "maps/map1",
					     "maps", "" };
	char path[100];

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, parts[i]);
		(void)remove(path);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, uio_setup, uio_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(uio_interrupt_is_acknowledged_and_enabled),
		T(uio_ring_writes_its_register_only),
		T(uio_registers_start_where_the_kernel_says),
		T(uio_registers_may_lie_pages_apart),
		T(uio_without_registers_maps_nothing),
		T(uio_device_that_vanishes_is_silent),
		T(uio_driver_without_enabling_is_asked_once),
		T(uio_device_without_interrupt_only_rings),
		T(uio_register_outside_the_map_is_refused),
		T(uio_other_files_are_refused),
	};
	int failed;

	if (!mkdtemp(folder))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	remove_folder();
	return failed;
}
