/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_pmm_doorbell.c - each kind of doorbell, heard in an event loop
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bell.h"

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

static void doorbell_timer_rings_by_itself(void **state)
{
	(void)state;
	assert_int_equal(pmm_doorbell_timer(&db, PMM_DOORBELL_PERIOD_MAX_US),
			 0);
	watch_bell();
	hear(0);
	close_bell();
	assert_int_equal(pmm_doorbell_timer(&db, PMM_DOORBELL_PERIOD_MIN_US),
			 0);
	watch_bell();
	for (int i = 0; i < 10; i++)
		hear_next();
	pmm_doorbell_ring(&db);
	pmm_doorbell_drain(&db);
	assert_int_equal(db.rings, 1);
}

static void doorbell_timer_once_heard_is_silent_for_a_while(void **state)
{
	(void)state;
	assert_int_equal(pmm_doorbell_timer(&db, 200000), 0);
	watch_bell();
	hear_next();
	hear(0);
}

static void doorbell_timer_refuses_periods_that_cannot_be(void **state)
{
	(void)state;
	assert_int_equal(pmm_doorbell_timer(&db, 0), -EINVAL);
	assert_int_equal(pmm_doorbell_timer(&db, 9), -EINVAL);
	assert_int_equal(pmm_doorbell_timer(&db, 1000001), -EINVAL);
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
		T(doorbell_timer_rings_by_itself),
		T(doorbell_timer_once_heard_is_silent_for_a_while),
		T(doorbell_timer_refuses_periods_that_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
