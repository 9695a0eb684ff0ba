/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_pmm_server.c - devices in a file that others made, for a driver that
 * comes and goes as it likes
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <libfdt.h>

#include <hvl/metal/time.h>
#include <hvl/wire/mmio.h>
#include <hvl/wire/virtio.h>

#include "server.h"
#include "server_control.h"

#define DA 0x37000000u
#define BEFORE 0x10000u
#define SIZE 0x100000u
#define AFTER 0x3000u
#define FILE_SIZE (BEFORE + SIZE + AFTER)
#define PATTERN 0xa5
#define NUM 8u
#define RING 0x4000u /* of queue 0, in the shared memory */

static char dir[] = "/tmp/hvl-server-XXXXXX";
static char mem_path[64], state_path[64], bell_path[64];
static uint8_t before[FILE_SIZE], after[FILE_SIZE];
static const struct pmm_device_config devices[] = {
	{ .name = "rng0", .id = VIRTIO_ID_RNG },
	{ .name = "rng1", .id = VIRTIO_ID_RNG },
};
static struct pmm_loop loop;
static struct pmm_server *server;
static struct pmm_error err;
static struct hvl_shm shm; /* as the remote sees it */
static char said[4096];
static uint32_t pfn_when_found; /* what the register held at that line */

static void note(void *ctx, enum hvl_log_level level, const char *line)
{
	size_t at = strlen(said);

	(void)ctx;
	(void)level;
	(void)snprintf(said + at, sizeof(said) - at, "%s\n", line);
	if (strstr(line, "found by its driver"))
		pfn_when_found = hvl_io_read32(&shm.io, HVL_MMIO_REG_QUEUE_PFN);
}

static const struct hvl_log log_notes = { .level = HVL_LOG_INFO,
					  .write = note };

static struct pmm_server_config config(void)
{
	return (struct pmm_server_config){
		.shm = { .kind = PMM_SHM_FILE,
			 .path = mem_path,
			 .offset = BEFORE },
		.shm_da = DA,
		.shm_size = SIZE,
		.bell = PMM_SERVER_POLL,
		.period_us = 1000,
		.no_dtb = true,
		.v1 = true,
		.ndevices = 1,
		.devices = devices,
		.log = &log_notes,
	};
}

static void write_file(const uint8_t *bytes)
{
	int fd = open(mem_path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, FILE_SIZE), FILE_SIZE);
	close(fd);
}

static void read_file(uint8_t *bytes)
{
	int fd = open(mem_path, O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(read(fd, bytes, FILE_SIZE), FILE_SIZE);
	close(fd);
}

static long read_state(uint8_t *bytes, size_t size)
{
	int fd = open(state_path, O_RDONLY);
	ssize_t n;

	assert_true(fd >= 0);
	n = read(fd, bytes, size);
	assert_in_range(n, 1, size - 1);
	close(fd);
	return n;
}

static int setup(void **state)
{
	(void)state;
	memset(before, PATTERN, sizeof(before));
	write_file(before);
	said[0] = err.text[0] = '\0';
	server = NULL;
	assert_int_equal(hvl_shm_open(&shm, mem_path, BEFORE, SIZE, DA), 0);
	return pmm_loop_init(&loop);
}

static int teardown(void **state)
{
	(void)state;
	pmm_server_destroy(server);
	pmm_loop_fini(&loop);
	hvl_shm_close(&shm);
	(void)unlink(state_path);
	return 0;
}

static void start(const struct pmm_server_config *cfg)
{
	assert_int_equal(pmm_server_create(&server, cfg, &loop, &err), 0);
	assert_int_equal(pmm_server_start(server, &err), 0);
}

static void stop(void)
{
	pmm_server_destroy(server);
	server = NULL;
}

static uint32_t reg(uint32_t off)
{
	return hvl_io_read32(&shm.io, off);
}

static void set_reg(uint32_t off, uint32_t value)
{
	hvl_io_store_release32(&shm.io, off, value);
}

/* Turn until the log has it. */
static void expect_said(const char *text)
{
	uint64_t end = hvl_time_us() + 30 * HVL_US_PER_S;

	while (!strstr(said, text) && hvl_time_us() < end)
		assert_int_equal(pmm_loop_turn(&loop, 20), 0);
	if (!strstr(said, text))
		fail_msg("never said \"%s\", but: %s", text, said);
}

static void expect_reg(uint32_t off, uint32_t value)
{
	uint64_t end = hvl_time_us() + 30 * HVL_US_PER_S;

	while (reg(off) != value && hvl_time_us() < end)
		assert_int_equal(pmm_loop_turn(&loop, 20), 0);
	assert_int_equal(reg(off), value);
}

/* As a driver of version 1 does it, as far as a queue with nothing in it. */
static void drive(void)
{
	hvl_io_fill(&shm.io, RING, 0, 0x3000);
	set_reg(HVL_MMIO_REG_STATUS, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	expect_said("rng0: found by its driver");
	set_reg(HVL_MMIO_REG_STATUS,
		VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER);
	set_reg(HVL_MMIO_REG_QUEUE_SEL, 0);
	set_reg(HVL_MMIO_REG_QUEUE_NUM, NUM);
	set_reg(HVL_MMIO_REG_QUEUE_ALIGN, HVL_MMIO_V1_PAGE_SIZE);
	set_reg(HVL_MMIO_REG_QUEUE_PFN, (DA + RING) / HVL_MMIO_V1_PAGE_SIZE);
	expect_reg(HVL_MMIO_REG_QUEUE_PFN, HVL_MMIO_V1_ACK);
	set_reg(HVL_MMIO_REG_STATUS, VIRTIO_CONFIG_S_ACKNOWLEDGE |
					     VIRTIO_CONFIG_S_DRIVER |
					     VIRTIO_CONFIG_S_DRIVER_OK);
	expect_said("rng0: DRIVER_OK, features 0x0 (none)");
}

static void server_writes_its_blocks_only(void **state)
{
	const struct pmm_server_config cfg = config();

	(void)state;
	start(&cfg);
	expect_said("waiting for a driver");
	for (int i = 0; i < 5; i++)
		assert_int_equal(pmm_loop_turn(&loop, 20), 0);
	stop();
	read_file(after);
	assert_int_equal(reg(HVL_MMIO_REG_MAGIC), HVL_MMIO_MAGIC);
	assert_int_equal(reg(HVL_MMIO_REG_DEVICE_ID), VIRTIO_ID_RNG);
	memset(before + BEFORE, 0, HVL_MMIO_BLOCK_SIZE);
	memset(after + BEFORE, 0, HVL_MMIO_BLOCK_SIZE);
	assert_memory_equal(before, after, FILE_SIZE);
}

static void server_refuses_a_file_too_short(void **state)
{
	struct pmm_server_config cfg = config();
	char text[200];

	(void)state;
	cfg.shm.offset = BEFORE + 0x4000;
	assert_int_equal(pmm_server_create(&server, &cfg, &loop, &err),
			 -ERANGE);
	(void)snprintf(text, sizeof(text),
		       "shared memory: \"%s\" has 0x%x bytes; 0x%x from 0x%x "
		       "on need 0x%x",
		       mem_path, FILE_SIZE, SIZE, BEFORE + 0x4000,
		       BEFORE + 0x4000 + SIZE);
	assert_string_equal(err.text, text);
	read_file(after);
	assert_memory_equal(before, after, FILE_SIZE);
	/* Up to its last byte it is long enough. */
	cfg.shm.offset = BEFORE + AFTER;
	start(&cfg);
}

static void server_refuses_the_other_kind(void **state)
{
	struct pmm_server_config cfg = config();

	(void)state;
	cfg.shm.path = "/dev/zero";
	assert_int_equal(pmm_server_create(&server, &cfg, &loop, &err),
			 -EINVAL);
	assert_string_equal(err.text,
			    "shared memory: \"/dev/zero\": not a regular file; "
			    "name a device node with dev=");
	cfg.shm.kind = PMM_SHM_NODE;
	cfg.shm.path = dir;
	assert_int_equal(pmm_server_create(&server, &cfg, &loop, &err),
			 -EINVAL);
	assert_non_null(strstr(err.text, "not a character device; name a file "
					 "with file="));
	cfg.shm.path = "/nonexistent";
	assert_int_equal(pmm_server_create(&server, &cfg, &loop, &err),
			 -ENOENT);
}

static void server_maps_a_device_node(void **state)
{
	struct pmm_server_config cfg = config();
	uint64_t end = hvl_time_us() + 30 * HVL_US_PER_S;
	int rc;

	(void)state;
	cfg.shm = (struct pmm_shm_source){ .kind = PMM_SHM_NODE,
					   .path = "/dev/zero" };
	/* Another run of this test may have it for a moment. */
	do
		rc = pmm_server_create(&server, &cfg, &loop, &err);
	while (rc == -EBUSY && hvl_time_us() < end);
	assert_int_equal(rc, 0);
	assert_int_equal(pmm_server_start(server, &err), 0);
	stop();
	cfg.shm.path = "/dev/null";
	assert_int_equal(pmm_server_create(&server, &cfg, &loop, &err),
			 -ENODEV);
	assert_non_null(strstr(err.text, ": this device has no memory to map"));
}

static void server_shares_no_byte_with_another(void **state)
{
	struct pmm_server_config cfg = config();
	struct pmm_server *other = NULL;
	char text[200];

	(void)state;
	cfg.shm_size = SIZE / 2;
	start(&cfg);
	cfg.shm.offset += SIZE / 2 - PMM_PAGE;
	read_file(before);
	assert_int_equal(pmm_server_create(&other, &cfg, &loop, &err), -EBUSY);
	(void)snprintf(text, sizeof(text),
		       "shared memory: \"%s\", 0x%x bytes from 0x%x: another "
		       "hvl serves some of them; end it first",
		       mem_path, SIZE / 2, (unsigned int)cfg.shm.offset);
	assert_string_equal(err.text, text);
	read_file(after);
	assert_memory_equal(before, after, FILE_SIZE);
	/* What comes next to it is free, and so is everything at its end. */
	cfg.shm.offset += PMM_PAGE;
	assert_int_equal(pmm_server_create(&other, &cfg, &loop, &err), 0);
	pmm_server_destroy(other);
	stop();
	cfg.shm.offset = BEFORE;
	start(&cfg);
}

static void server_tells_of_a_driver(void **state)
{
	const struct pmm_server_config cfg = config();

	(void)state;
	start(&cfg);
	drive();
	assert_non_null(strstr(said, "rng0: queues set up: 8\n"));
	assert_true(pmm_server_service(server)->devices[0].dev.live);
	set_reg(HVL_MMIO_REG_STATUS, 0);
	expect_said("rng0: reset by its driver");
}

/* Drivers look for it within 50 us; a terminal may take longer for a line. */
static void server_acknowledges_before_it_speaks(void **state)
{
	const struct pmm_server_config cfg = config();

	(void)state;
	start(&cfg);
	hvl_io_fill(&shm.io, RING, 0, 0x3000);
	set_reg(HVL_MMIO_REG_QUEUE_SEL, 0);
	set_reg(HVL_MMIO_REG_QUEUE_NUM, NUM);
	set_reg(HVL_MMIO_REG_QUEUE_PFN, (DA + RING) / HVL_MMIO_V1_PAGE_SIZE);
	set_reg(HVL_MMIO_REG_STATUS,
		VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER);
	expect_said("rng0: found by its driver");
	assert_int_equal(pfn_when_found, HVL_MMIO_V1_ACK);
}

/* Magic words of devices that an earlier PMM had, and nothing but them. */
static void server_hides_blocks_without_device(void **state)
{
	struct pmm_server_config cfg = config();

	(void)state;
	set_reg(HVL_MMIO_BLOCK_SIZE, HVL_MMIO_MAGIC);
	set_reg(7 * HVL_MMIO_BLOCK_SIZE, HVL_MMIO_MAGIC);
	set_reg(8 * HVL_MMIO_BLOCK_SIZE, HVL_MMIO_MAGIC);
	start(&cfg);
	assert_int_equal(reg(HVL_MMIO_BLOCK_SIZE), 0);
	assert_int_equal(reg(7 * HVL_MMIO_BLOCK_SIZE), 0);
	assert_int_equal(reg(8 * HVL_MMIO_BLOCK_SIZE), HVL_MMIO_MAGIC);
	assert_int_equal(reg(2 * HVL_MMIO_BLOCK_SIZE), 0xa5a5a5a5);
}

static void server_writes_a_blob_that_differs(void **state)
{
	struct pmm_server_config cfg = config();
	const struct pmm_layout *layout;
	void *blob = hvl_io_va(&shm.io, 0);

	(void)state;
	cfg.no_dtb = false;
	start(&cfg);
	layout = &pmm_server_service(server)->layout;
	assert_int_equal(fdt_check_full(blob, layout->fdt_size), 0);
	assert_int_equal(reg((uint32_t)layout->regs_off), HVL_MMIO_MAGIC);
	stop();
	((uint8_t *)blob)[80] ^= 0xff;
	read_file(before);
	start(&cfg);
	layout = &pmm_server_service(server)->layout;
	assert_int_equal(fdt_check_full(blob, layout->fdt_size), 0);
	read_file(after);
	assert_int_not_equal(before[BEFORE + 80], after[BEFORE + 80]);
}

static void server_tells_of_peers(void **state)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct pmm_server_config cfg = config();
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	cfg.bell = PMM_SERVER_UNIX_LISTEN;
	cfg.socket = bell_path;
	start(&cfg);
	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", bell_path);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)),
			 0);
	expect_said("doorbell: peer connected\n");
	assert_null(strstr(said, "doorbell: peer gone"));
	close(fd);
	expect_said("doorbell: peer gone\n");
}

/* Return: a peer that is known to be there. */
static int connect_peer(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", bell_path);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)),
			 0);
	said[0] = '\0';
	expect_said("doorbell: peer connected\n");
	return fd;
}

/*
 * A driver that starts over in the middle of its queues would take the ring,
 * with its earlier life's acknowledgement, for the answer to its next queue.
 */
static void server_greets_no_peer_in_mid_setup(void **state)
{
	struct pmm_server_config cfg = config();
	char byte;
	int fd;

	(void)state;
	cfg.bell = PMM_SERVER_UNIX_LISTEN;
	cfg.socket = bell_path;
	start(&cfg);
	fd = connect_peer();
	assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), 1);
	set_reg(HVL_MMIO_REG_STATUS, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	expect_said("rng0: found by its driver");
	close(fd);
	expect_said("doorbell: peer gone\n");
	fd = connect_peer();
	assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
	close(fd);
	/* Version 2 waits for no such answer. */
	stop();
	cfg.v1 = false;
	hvl_io_fill(&shm.io, 0, 0, SIZE);
	start(&cfg);
	set_reg(HVL_MMIO_REG_STATUS, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	set_reg(HVL_MMIO_REG_FENCE_WHAT, HVL_MMIO_FENCE_STATUS);
	set_reg(HVL_MMIO_REG_FENCE_REQUEST, 1);
	said[0] = '\0';
	expect_said("rng0: found by its driver");
	fd = connect_peer();
	assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), 1);
	close(fd);
}

static void server_answers_for_its_devices(void **state)
{
	const struct pmm_server_config cfg = config();
	struct pmm_server_control control = { .version = "1" };
	json_t *result = NULL, *device;

	(void)state;
	start(&cfg);
	drive();
	control.server = server;
	assert_int_equal(pmm_server_control_answer(&control, "status", NULL,
						   &result, &err),
			 0);
	assert_string_equal(json_string_value(json_object_get(result, "state")),
			    "serving");
	device = json_array_get(json_object_get(result, "devices"), 0);
	assert_true(json_is_true(json_object_get(device, "ready")));
	json_decref(result);
	assert_int_equal(pmm_server_control_answer(&control, "stop", NULL,
						   &result, &err),
			 -ENOTSUP);
	assert_string_equal(err.text, "hvl serve does not load the remote; "
				      "there are status and version");
	assert_int_equal(
		pmm_server_control_answer(&control, "fly", NULL, &result, &err),
		-ENOSYS);
}

static void server_carries_on_from_its_state(void **state)
{
	struct pmm_server_config cfg = config();

	(void)state;
	cfg.state = state_path;
	start(&cfg);
	drive();
	stop();
	said[0] = '\0';
	start(&cfg);
	assert_true(pmm_server_service(server)->devices[0].dev.live);
	assert_non_null(strstr(said, "rng0: carries on, features 0x0 (none)"));
	assert_null(strstr(said, "waiting for a driver"));
	assert_int_equal(reg(HVL_MMIO_REG_STATUS) & VIRTIO_CONFIG_S_NEEDS_RESET,
			 0);
}

static void server_refuses_state_of_other_memory(void **state)
{
	struct pmm_server_config cfg = config();
	char text[300];

	(void)state;
	cfg.state = state_path;
	start(&cfg);
	drive();
	stop();
	memset(before, PATTERN, sizeof(before));
	hvl_io_fill(&shm.io, 0, PATTERN, SIZE);
	assert_int_equal(pmm_server_create(&server, &cfg, &loop, &err), 0);
	assert_int_equal(pmm_server_start(server, &err), -EPROTO);
	(void)snprintf(text, sizeof(text),
		       "--state \"%s\": what it holds of rng0 does not go with "
		       "this memory; remove the file to start anew",
		       state_path);
	assert_string_equal(err.text, text);
	read_file(after);
	assert_memory_equal(before, after, FILE_SIZE);
}

/* As a loader does it that clears the memory, in whatever state the driver is. */
static void server_shows_again_what_was_cleared(void **state)
{
	struct pmm_server_config cfg = config();

	(void)state;
	for (int blob = 0; blob < 2; blob++) {
		cfg.no_dtb = blob == 0;
		start(&cfg);
		if (blob == 0)
			drive();
		hvl_io_fill(&shm.io, 0, 0, SIZE);
		expect_said("rng0: its registers were cleared; they are shown "
			    "anew");
		assert_int_equal(reg((uint32_t)pmm_server_service(server)
					     ->layout.regs_off),
				 HVL_MMIO_MAGIC);
		if (blob)
			assert_int_equal(
				fdt_check_header(hvl_io_va(&shm.io, 0)), 0);
		said[0] = '\0';
		if (blob == 0)
			drive();
		stop();
		said[0] = '\0';
	}
}

/* rng0 alone could carry on; that it may is not known before rng1 was asked. */
static void server_refused_for_one_device_touches_none(void **state)
{
	struct pmm_server_config cfg = config();
	static uint8_t was[4096], is[4096];
	long size;

	(void)state;
	cfg.state = state_path;
	cfg.ndevices = 2;
	start(&cfg);
	drive();
	stop();
	set_reg(HVL_MMIO_BLOCK_SIZE + HVL_MMIO_REG_DEVICE_ID, 0);
	/* What a resume of rng0 would write. */
	set_reg(HVL_MMIO_REG_DEVICE_FEATURES, 0);
	read_file(before);
	size = read_state(was, sizeof(was));
	assert_int_equal(pmm_server_create(&server, &cfg, &loop, &err), 0);
	assert_int_equal(pmm_server_start(server, &err), -EPROTO);
	assert_non_null(strstr(err.text, "what it holds of rng1"));
	assert_null(strstr(said, "carries on"));
	stop();
	read_file(after);
	assert_memory_equal(before, after, FILE_SIZE);
	assert_int_equal(read_state(is, sizeof(is)), size);
	assert_memory_equal(is, was, (size_t)size);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static unsigned int count_said(const char *text)
{
	const char *at = said;
	unsigned int n = 0;

	while ((at = strstr(at, text))) {
		at++;
		n++;
	}
	return n;
}

/* Whoever comes next opens another file. */
static void server_tells_of_a_file_that_is_gone(void **state)
{
	const struct pmm_server_config cfg = config();
	uint64_t end;
	char text[200];

	(void)state;
	start(&cfg);
	assert_int_equal(unlink(mem_path), 0);
	(void)snprintf(text, sizeof(text),
		       "shared memory: \"%s\" was removed; what was there is "
		       "served on: end hvl serve and start it on the new file",
		       mem_path);
	expect_said(text);
	write_file(before);
	(void)snprintf(text, sizeof(text), "\"%s\" is another file now; ",
		       mem_path);
	expect_said(text);
	/* What it has is served on, and it does not say so again. */
	drive();
	end = hvl_time_us() + 2 * HVL_US_PER_S;
	while (hvl_time_us() < end)
		assert_int_equal(pmm_loop_turn(&loop, 20), 0);
	assert_int_equal(count_said("shared memory: "), 2);
	said[0] = '\0';
	assert_int_equal(unlink(mem_path), 0);
	expect_said(" was removed; ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(server_writes_its_blocks_only),
		T(server_refuses_a_file_too_short),
		T(server_refuses_the_other_kind),
		T(server_maps_a_device_node),
		T(server_shares_no_byte_with_another),
		T(server_tells_of_a_driver),
		T(server_acknowledges_before_it_speaks),
		T(server_hides_blocks_without_device),
		T(server_writes_a_blob_that_differs),
		T(server_tells_of_peers),
		T(server_greets_no_peer_in_mid_setup),
		T(server_answers_for_its_devices),
		T(server_carries_on_from_its_state),
		T(server_refuses_state_of_other_memory),
		T(server_refused_for_one_device_touches_none),
		T(server_shows_again_what_was_cleared),
		T(server_tells_of_a_file_that_is_gone),
	};
	int rc;

	if (!mkdtemp(dir))
		return 1;
	(void)snprintf(mem_path, sizeof(mem_path), "%s/mem", dir);
	(void)snprintf(state_path, sizeof(state_path), "%s/state", dir);
	(void)snprintf(bell_path, sizeof(bell_path), "%s/bell", dir);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	(void)unlink(mem_path);
	(void)rmdir(dir);
	return rc;
}
