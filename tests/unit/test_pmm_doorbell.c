/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_pmm_doorbell.c - each kind of doorbell, heard in an event loop
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "doorbell.h"
#include "loop.h"

static struct pmm_loop loop;
static struct pmm_watch watch;
static struct pmm_doorbell db;
static int heard;

static void on_bell(void *ctx, uint32_t events)
{
	(void)ctx;
	(void)events;
	pmm_doorbell_heard(&db);
	heard++;
}

static void watch_bell(void)
{
	assert_int_equal(pmm_loop_watch(&loop, &watch, db.watch_fd,
					db.watch_events, on_bell, NULL),
			 0);
}

static int setup(void **state)
{
	(void)state;
	heard = 0;
	return pmm_loop_init(&loop);
}

static int teardown(void **state)
{
	(void)state;
	if (watch.active)
		pmm_loop_unwatch(&loop, &watch);
	pmm_doorbell_close(&db);
	pmm_loop_fini(&loop);
	return 0;
}

static void hear(int times)
{
	heard = 0;
	for (int i = 0; i < 5; i++)
		assert_int_equal(pmm_loop_turn(&loop, 0), 0);
	assert_int_equal(heard, times);
}

static void remote_rings(int bytes)
{
	char many[1024] = { 0 };

	assert_int_equal(send(db.to_remote, many, (size_t)bytes, 0), bytes);
}

static int remote_hears(void)
{
	char bytes[1024];
	ssize_t n = recv(db.to_remote, bytes, sizeof(bytes), MSG_DONTWAIT);

	return n < 0 ? 0 : (int)n;
}

static void doorbell_eventfd_rings_both_ways(void **state)
{
	uint64_t n = 1;

	(void)state;
	assert_int_equal(pmm_doorbell_eventfd(&db), 0);
	watch_bell();
	hear(0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(write(db.to_main, &n, sizeof(n)), sizeof(n));
		hear(1);
	}
	pmm_doorbell_ring(&db);
	pmm_doorbell_ring(&db);
	assert_int_equal(db.rings, 2);
	assert_int_equal(read(db.to_remote, &n, sizeof(n)), sizeof(n));
	assert_int_equal(n, 2);
	pmm_doorbell_ring(&db);
	pmm_doorbell_drain(&db);
	assert_int_equal(read(db.to_remote, &n, sizeof(n)), -1);
	assert_int_equal(read(db.to_main, &n, sizeof(n)), -1);
}

static void doorbell_uart_rings_both_ways(void **state)
{
	(void)state;
	assert_int_equal(pmm_doorbell_uart(&db, true), 0);
	watch_bell();
	hear(0);
	for (int i = 0; i < 3; i++) {
		remote_rings(1);
		hear(1);
	}
	/* any number at once, in a few turns */
	remote_rings(600);
	hear(3);
	pmm_doorbell_ring(&db);
	pmm_doorbell_ring(&db);
	assert_int_equal(remote_hears(), 2);
}

static void doorbell_uart_does_not_wait_for_the_remote(void **state)
{
	(void)state;
	assert_int_equal(pmm_doorbell_uart(&db, true), 0);
	for (int i = 0; i < 1000000; i++)
		pmm_doorbell_ring(&db);
	remote_rings(700);
	pmm_doorbell_drain(&db);
	assert_int_equal(remote_hears(), 0);
	watch_bell();
	hear(0);
}

static void doorbell_uart_of_one_way_is_silent_to_the_remote(void **state)
{
	(void)state;
	assert_int_equal(pmm_doorbell_uart(&db, false), 0);
	watch_bell();
	remote_rings(1);
	hear(1);
	pmm_doorbell_ring(&db);
	assert_int_equal(remote_hears(), 0);
}

static void doorbell_poll_has_nothing_to_watch(void **state)
{
	(void)state;
	pmm_doorbell_poll(&db);
	assert_int_equal(db.watch_fd, -1);
	pmm_doorbell_ring(&db);
	pmm_doorbell_drain(&db);
	pmm_doorbell_heard(&db);
	assert_int_equal(db.rings, 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(doorbell_eventfd_rings_both_ways),
		T(doorbell_uart_rings_both_ways),
		T(doorbell_uart_does_not_wait_for_the_remote),
		T(doorbell_uart_of_one_way_is_silent_to_the_remote),
		T(doorbell_poll_has_nothing_to_watch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
