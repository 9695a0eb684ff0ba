/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_metal_threads.c - locks, interrupts and time on Linux
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include <hvl/metal/irq.h>
#include <hvl/metal/lock.h>
#include <hvl/metal/time.h>

#define THREADS 4
#define ROUNDS 20000

struct counter {
	struct hvl_lock lock;
	unsigned long value; /* plain: only the lock protects it */
};

static void *counter_run(void *arg)
{
	struct counter *c = arg;

	for (int i = 0; i < ROUNDS; i++) {
		hvl_lock_acquire(&c->lock);
		c->value++;
		hvl_lock_release(&c->lock);
	}
	return NULL;
}

static void metal_lock_excludes_other_threads(void **state)
{
	struct counter c = { .value = 0 };
	pthread_t thread[THREADS];

	(void)state;
	hvl_lock_init(&c.lock);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(
			pthread_create(&thread[i], NULL, counter_run, &c), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(c.value, THREADS * ROUNDS);
	hvl_lock_fini(&c.lock);
}

struct line {
	struct hvl_irq irq;
	int fd;
	atomic_uint calls;
	atomic_bool in_handler;
	unsigned int sleep_us; /* in the handler */
	bool disable;	       /* from the handler */
};

static void line_handler(void *arg)
{
	struct line *l = arg;

	atomic_store(&l->in_handler, true);
	if (l->disable)
		hvl_irq_disable(&l->irq);
	if (l->sleep_us != 0)
		hvl_sleep_us(l->sleep_us);
	atomic_fetch_add(&l->calls, 1);
	atomic_store(&l->in_handler, false);
}

static void line_open(struct line *l)
{
	l->fd = eventfd(0, EFD_CLOEXEC);
	assert_true(l->fd >= 0);
	assert_int_equal(hvl_irq_register(&l->irq, l->fd, line_handler, l), 0);
}

static void line_close(struct line *l)
{
	hvl_irq_unregister(&l->irq);
	assert_true(fcntl(l->fd, F_GETFD) >= 0); /* still ours */
	close(l->fd);
}

static bool line_reaches(struct line *l, unsigned int calls)
{
	uint64_t deadline = hvl_time_us() + 30 * HVL_US_PER_S;

	while (atomic_load(&l->calls) < calls && hvl_time_us() < deadline)
		hvl_sleep_us(200);
	return atomic_load(&l->calls) >= calls;
}

static void metal_irq_calls_the_handler(void **state)
{
	struct line l = { .fd = -1 };

	(void)state;
	line_open(&l);
	hvl_irq_enable(&l.irq);
	for (unsigned int i = 1; i <= 100; i++) {
		assert_int_equal(eventfd_write(l.fd, 1), 0);
		assert_true(line_reaches(&l, i));
	}
	hvl_sleep_us(20000);
	assert_int_equal(atomic_load(&l.calls), 100);
	line_close(&l);
}

static void metal_irq_waits_until_it_is_enabled(void **state)
{
	struct line l = { .fd = -1 };

	(void)state;
	line_open(&l);
	assert_int_equal(eventfd_write(l.fd, 3), 0);
	hvl_sleep_us(20000);
	assert_int_equal(atomic_load(&l.calls), 0);
	hvl_irq_enable(&l.irq);
	assert_true(line_reaches(&l, 1));
	hvl_sleep_us(20000);
	assert_int_equal(atomic_load(&l.calls), 1); /* merged, as ever */
	line_close(&l);
}

static void metal_irq_disable_keeps_it_pending(void **state)
{
	struct line l = { .fd = -1 };

	(void)state;
	line_open(&l);
	hvl_irq_enable(&l.irq);
	hvl_irq_disable(&l.irq);
	assert_int_equal(eventfd_write(l.fd, 1), 0);
	hvl_sleep_us(20000);
	assert_int_equal(atomic_load(&l.calls), 0);
	hvl_irq_enable(&l.irq);
	assert_true(line_reaches(&l, 1));
	line_close(&l);
}

static void metal_irq_disable_waits_for_the_handler(void **state)
{
	struct line l = { .fd = -1, .sleep_us = 2000 };

	(void)state;
	line_open(&l);
	for (unsigned int i = 0; i < 20; i++) {
		hvl_irq_enable(&l.irq);
		assert_int_equal(eventfd_write(l.fd, 1), 0);
		hvl_sleep_us(i * 150);
		hvl_irq_disable(&l.irq);
		assert_false(atomic_load(&l.in_handler));
	}
	line_close(&l);
}

static void metal_irq_handler_may_disable_its_line(void **state)
{
	struct line l = { .fd = -1, .disable = true };

	(void)state;
	line_open(&l);
	hvl_irq_enable(&l.irq);
	assert_int_equal(eventfd_write(l.fd, 1), 0);
	assert_true(line_reaches(&l, 1));
	assert_int_equal(eventfd_write(l.fd, 1), 0);
	hvl_sleep_us(20000);
	assert_int_equal(atomic_load(&l.calls), 1);
	hvl_irq_enable(&l.irq);
	assert_true(line_reaches(&l, 2));
	line_close(&l);
}

/* None of many interrupts, from two threads, leaves the line stuck. */
static void *line_ring(void *arg)
{
	struct line *l = arg;

	for (int i = 0; i < 2000; i++)
		eventfd_write(l->fd, 1);
	return NULL;
}

static void metal_irq_loses_none_under_load(void **state)
{
	struct line l = { .fd = -1 };
	pthread_t thread[2];
	unsigned int before;

	(void)state;
	line_open(&l);
	hvl_irq_enable(&l.irq);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
			pthread_create(&thread[i], NULL, line_ring, &l), 0);
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	assert_true(line_reaches(&l, 1));
	hvl_sleep_us(50000);
	before = atomic_load(&l.calls);
	assert_true(before <= 4000);
	assert_int_equal(eventfd_write(l.fd, 1), 0);
	assert_true(line_reaches(&l, before + 1));
	line_close(&l);
}

static void metal_irq_refuses_what_cannot_interrupt(void **state)
{
	char path[] = "/tmp/hvl-test-irq-XXXXXX";
	struct hvl_irq irq;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	unlink(path);
	assert_int_equal(hvl_irq_register(&irq, -1, line_handler, NULL),
			 -EINVAL);
	assert_int_equal(hvl_irq_register(&irq, fd, line_handler, NULL),
			 -EINVAL);
	close(fd);
	assert_int_equal(hvl_irq_register(&irq, fd, line_handler, NULL),
			 -EINVAL);
}

static void metal_time_does_not_go_back(void **state)
{
	uint64_t last = hvl_time_us();

	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint64_t now = hvl_time_us();

		assert_true(now >= last);
		last = now;
	}
}

static void metal_sleep_takes_its_time(void **state)
{
	static const uint64_t times[] = { 0, 1, 999, 1000, 30000 };

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		uint64_t start = hvl_time_us();

		hvl_sleep_us(times[i]);
		/* Start and end are cut to whole microseconds. */
		assert_true(hvl_time_us() - start + 1 >= times[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(metal_lock_excludes_other_threads),
		cmocka_unit_test(metal_irq_calls_the_handler),
		cmocka_unit_test(metal_irq_waits_until_it_is_enabled),
		cmocka_unit_test(metal_irq_disable_keeps_it_pending),
		cmocka_unit_test(metal_irq_disable_waits_for_the_handler),
		cmocka_unit_test(metal_irq_handler_may_disable_its_line),
		cmocka_unit_test(metal_irq_loses_none_under_load),
		cmocka_unit_test(metal_irq_refuses_what_cannot_interrupt),
		cmocka_unit_test(metal_time_does_not_go_back),
		cmocka_unit_test(metal_sleep_takes_its_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
