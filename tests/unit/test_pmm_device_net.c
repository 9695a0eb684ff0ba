/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_pmm_device_net.c - a net device: pacing's clock, and the tap's MTU
 *
 * In a network namespace of its own; skipped where there can be none. What its
 * driver would cause is put into the model.
 */
#include <linux/capability.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include <hvl/metal/shm.h>
#include <hvl/metal/time.h>
#include <hvl/wire/virtio.h>

#include "device.h"
#include "netns.h"

#define SKIPPED 77
#define SHM_DA 0x37000000u
#define SHM_SIZE 0x100000u

static struct pmm_loop loop;
static struct hvl_shm shm;
static struct hvl_seg segs[HVL_DEV_SEGS_MAX];
static struct pmm_device device;
static struct hvl_dev_net *model;
static struct hvl_log hears;
static unsigned int woken, lines;
static char last_line[256];

static void wake(void *ctx)
{
	(void)ctx;
	woken++;
}

static void hear(void *ctx, enum hvl_log_level level, const char *text)
{
	(void)ctx;
	(void)level;
	(void)snprintf(last_line, sizeof(last_line), "%s", text);
	lines++;
}

static int setup(void **state)
{
	struct pmm_device_config cfg = { .name = "net0",
					 .id = VIRTIO_ID_NET,
					 .ifname = "hvltest",
					 .fit_mtu = *state == NULL,
					 .pace = true };
	const struct pmm_layout_device at = { .region_off = 0x1000,
					      .region_size = 0x10000 };
	const struct pmm_device_place place = { .shm = &shm.io,
						.at = &at,
						.v1 = true,
						.segs = segs,
						.wake = wake };

	hears = (struct hvl_log){ .write = hear, .level = HVL_LOG_INFO };
	memset(&device, 0, sizeof(device));
	model = &device.u.net.model;
	woken = lines = 0;
	if (pmm_loop_init(&loop) < 0 ||
	    hvl_shm_create(&shm, "test", SHM_SIZE, SHM_DA) < 0 ||
	    pmm_device_open(&device, &cfg, &hears, NULL) < 0 ||
	    pmm_device_init(&device, &loop, &place, NULL) < 0)
		return -1;
	hvl_dev_publish(&device.dev);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pmm_device_close(&device, &loop);
	hvl_shm_close(&shm);
	pmm_loop_fini(&loop);
	return 0;
}

static void service(void)
{
	assert_int_equal(pmm_device_service(&device, 64), 0);
}

/* The driver's smallest buffer has room for @room bytes. */
static uint32_t mtu_for(uint32_t room)
{
	uint32_t mtu = 0;

	model->rx_room = room;
	device.u.net.fitted_us -= HVL_US_PER_S;
	service();
	assert_int_equal(pmm_if_get_mtu("hvltest", &mtu), 0);
	return mtu;
}

static void pmm_device_paces_as_configured(void **state)
{
	(void)state;
	assert_true(model->pace);
}

/* Nothing else would look at a frame that waits for nobody's answer. */
static void pmm_device_wakes_up_for_a_held_frame(void **state)
{
	uint64_t deadline = hvl_time_us() + 30 * HVL_US_PER_S;

	(void)state;
	model->turn.open = true;
	model->turn.given_us = hvl_time_us();
	device.u.net.tap.readable = true;
	service();
	assert_true(device.u.net.pace.active);
	assert_true(device.u.net.pace.at_us <=
		    hvl_time_us() + HVL_DEV_NET_PACE_US);
	pmm_loop_unwatch(&loop, &device.u.net.tap.watch);
	while (woken == 0 && hvl_time_us() < deadline)
		assert_int_equal(pmm_loop_turn(&loop, 100), 0);
	assert_int_equal(woken, 1);
	assert_true(hvl_time_us() >=
		    model->turn.given_us + HVL_DEV_NET_PACE_US);
	assert_false(device.u.net.pace.active);
}

static void pmm_device_sleeps_when_no_frame_waits(void **state)
{
	(void)state;
	model->turn.open = true;
	model->turn.given_us = hvl_time_us();
	device.u.net.tap.readable = true;
	service();
	device.u.net.tap.readable = false;
	service();
	assert_false(device.u.net.pace.active);
	device.u.net.tap.readable = true;
	model->turn.open = false;
	service();
	assert_false(device.u.net.pace.active);
}

static void pmm_device_mtu_follows_the_buffers(void **state)
{
	(void)state;
	assert_int_equal(mtu_for(0), 1500);
	assert_int_equal(lines, 0);
	assert_int_equal(mtu_for(1500), 1486);
	assert_string_equal(last_line,
			    "net0: tap \"hvltest\": MTU 1486, as the driver's "
			    "receive buffers take frames of 1500 bytes");
	/* Reset: what the next driver has is not known yet. */
	assert_int_equal(mtu_for(0), 1486);
	assert_int_equal(mtu_for(65549), 1500);
	assert_int_equal(mtu_for(1), PMM_TAP_MTU_MIN);
	assert_int_equal(mtu_for(1514), 1500);
	assert_int_equal(lines, 4);
}

/* A driver that changes its mind all the time does not get at the system. */
static void pmm_device_mtu_changes_once_a_second(void **state)
{
	uint32_t mtu;

	(void)state;
	assert_int_equal(mtu_for(1500), 1486);
	device.u.net.fitted_us = hvl_time_us();
	model->rx_room = 1000;
	service();
	assert_int_equal(pmm_if_get_mtu("hvltest", &mtu), 0);
	assert_int_equal(mtu, 1486);
	assert_int_equal(mtu_for(1000), 986);
}

static void pmm_device_mtu_is_left_alone_unless_wanted(void **state)
{
	(void)state;
	assert_int_equal(mtu_for(1000), 1500);
	assert_int_equal(lines, 0);
}

static void capability(bool on)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	assert_int_equal(syscall(SYS_capget, &head, data), 0);
	data[0].effective &= ~(1u << CAP_NET_ADMIN);
	if (on)
		data[0].effective |= 1u << CAP_NET_ADMIN;
	assert_int_equal(syscall(SYS_capset, &head, data), 0);
}

static void pmm_device_mtu_that_is_not_ours_is_said_once(void **state)
{
	(void)state;
	capability(false);
	assert_int_equal(mtu_for(1500), 1500);
	assert_string_equal(last_line,
			    "net0: larger frames than the driver's 1500 bytes "
			    "are dropped, and the MTU of tap \"hvltest\" is "
			    "not ours to set: Operation not permitted; type: "
			    "ip link set hvltest mtu 1486");
	assert_int_equal(mtu_for(1400), 1500);
	assert_int_equal(lines, 1);
	capability(true);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static char unfitted[1];
	const struct CMUnitTest tests[] = {
		T(pmm_device_paces_as_configured),
		T(pmm_device_wakes_up_for_a_held_frame),
		T(pmm_device_sleeps_when_no_frame_waits),
		T(pmm_device_mtu_follows_the_buffers),
		T(pmm_device_mtu_changes_once_a_second),
		T(pmm_device_mtu_that_is_not_ours_is_said_once),
		cmocka_unit_test_prestate_setup_teardown(
			pmm_device_mtu_is_left_alone_unless_wanted, setup,
			teardown, unfitted),
	};
	struct pmm_error err = { "" };
	bool user_ns;

	if (pmm_netns_enter(&user_ns, &err) < 0 || pmm_tap_check(&err) < 0) {
		(void)printf("skipped: %s\n", err.text);
		return SKIPPED;
	}
	return cmocka_run_group_tests_name("pmm_device_net", tests, NULL, NULL);
}
