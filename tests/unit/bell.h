/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bell.h - a doorbell in an event loop, for the tests of each kind
 *
 * Include after cmocka.h, once in a test.
 */
#ifndef BELL_H
#define BELL_H

#include "doorbell.h"
#include "loop.h"

static struct pmm_loop loop;
static struct pmm_watch watch;
static struct pmm_doorbell db;
static int heard;

static inline void on_bell(void *ctx, uint32_t events)
{
	(void)ctx;
	(void)events;
	pmm_doorbell_heard(&db);
	heard++;
}

static inline void watch_bell(void)
{
	assert_int_equal(pmm_loop_watch(&loop, &watch, db.watch_fd,
					db.watch_events, on_bell, NULL),
			 0);
}

static inline int setup(void **state)
{
	(void)state;
	heard = 0;
	return pmm_loop_init(&loop);
}

static inline void close_bell(void)
{
	if (watch.active)
		pmm_loop_unwatch(&loop, &watch);
	pmm_doorbell_close(&db);
}

static inline int teardown(void **state)
{
	(void)state;
	close_bell();
	pmm_loop_fini(&loop);
	return 0;
}

/* What is there already is heard in so many turns. */
static inline void hear(int times)
{
	heard = 0;
	for (int i = 0; i < 5; i++)
		assert_int_equal(pmm_loop_turn(&loop, 0), 0);
	assert_int_equal(heard, times);
}

/* What comes by and by. */
static inline void hear_next(void)
{
	heard = 0;
	for (int i = 0; i < 100 && heard == 0; i++)
		assert_int_equal(pmm_loop_turn(&loop, 100), 0);
	assert_true(heard > 0);
}

#endif /* BELL_H */
