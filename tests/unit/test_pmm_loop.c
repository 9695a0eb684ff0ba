/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_pmm_loop.c - the event loop
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include <hvl/metal/time.h>

#include "loop.h"

struct probe {
	struct pmm_loop *loop;
	struct pmm_watch watch, *other;
	struct pmm_timer timer;
	struct pmm_task task;
	int fd;
	int calls;
	int order;
	uint32_t events;
};

static int order;

static int setup(void **state)
{
	static struct pmm_loop loop;

	order = 0;
	*state = &loop;
	return pmm_loop_init(&loop);
}

static int teardown(void **state)
{
	pmm_loop_fini(*state);
	return 0;
}

static void probe_init(struct probe *p, struct pmm_loop *loop)
{
	*p = (struct probe){ .loop = loop };
	p->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	assert_true(p->fd >= 0);
}

static void ring(const struct probe *p)
{
	const uint64_t one = 1;

	assert_int_equal(write(p->fd, &one, sizeof(one)), sizeof(one));
}

static void on_event(void *ctx, uint32_t events)
{
	struct probe *p = ctx;

	p->calls++;
	p->events = events;
	p->order = ++order;
}

static void on_call(void *ctx)
{
	struct probe *p = ctx;

	p->calls++;
	p->order = ++order;
}

static void loop_watch_calls_on_news_only(void **state)
{
	struct pmm_loop *loop = *state;
	struct probe p;

	probe_init(&p, loop);
	assert_int_equal(pmm_loop_watch(loop, &p.watch, p.fd, EPOLLIN | EPOLLET,
					on_event, &p),
			 0);
	assert_int_equal(pmm_loop_turn(loop, 0), 0);
	assert_int_equal(p.calls, 0);
	ring(&p);
	assert_int_equal(pmm_loop_turn(loop, 1000), 0);
	assert_int_equal(p.calls, 1);
	assert_int_equal(p.events, EPOLLIN);
	/* Never read: only another write is another edge. */
	assert_int_equal(pmm_loop_turn(loop, 0), 0);
	assert_int_equal(p.calls, 1);
	ring(&p);
	assert_int_equal(pmm_loop_turn(loop, 1000), 0);
	assert_int_equal(p.calls, 2);
	assert_int_equal(
		pmm_loop_watch(loop, &p.watch, p.fd, EPOLLIN, on_event, &p),
		-EALREADY);
	pmm_loop_unwatch(loop, &p.watch);
	pmm_loop_unwatch(loop, &p.watch);
	ring(&p);
	assert_int_equal(pmm_loop_turn(loop, 0), 0);
	assert_int_equal(p.calls, 2);
	close(p.fd);
}

static void on_event_remove_other(void *ctx, uint32_t events)
{
	struct probe *p = ctx;

	on_event(ctx, events);
	pmm_loop_unwatch(p->loop, p->other);
}

/* Both are ready in one batch; whichever is first removes the other. */
static void loop_unwatch_drops_pending_event(void **state)
{
	struct pmm_loop *loop = *state;
	struct probe a, b;

	probe_init(&a, loop);
	probe_init(&b, loop);
	a.other = &b.watch;
	b.other = &a.watch;
	assert_int_equal(pmm_loop_watch(loop, &a.watch, a.fd, EPOLLIN,
					on_event_remove_other, &a),
			 0);
	assert_int_equal(pmm_loop_watch(loop, &b.watch, b.fd, EPOLLIN,
					on_event_remove_other, &b),
			 0);
	ring(&a);
	ring(&b);
	assert_int_equal(pmm_loop_turn(loop, 1000), 0);
	assert_int_equal(a.calls + b.calls, 1);
	pmm_loop_unwatch(loop, &a.watch);
	pmm_loop_unwatch(loop, &b.watch);
	close(a.fd);
	close(b.fd);
}

static void loop_watch_refuses_regular_file(void **state)
{
	struct pmm_loop *loop = *state;
	struct pmm_watch watch = { 0 };
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(
		pmm_loop_watch(loop, &watch, fd, EPOLLIN, on_event, NULL),
		-EPERM);
	assert_false(watch.active);
	close(fd);
}

static void turn_until(struct pmm_loop *loop, const int *calls, int want)
{
	uint64_t deadline = hvl_time_us() + 30 * HVL_US_PER_S;

	while (*calls < want && hvl_time_us() < deadline)
		assert_int_equal(pmm_loop_turn(loop, 1000), 0);
	assert_int_equal(*calls, want);
}

static void loop_timers_fire_in_order(void **state)
{
	struct pmm_loop *loop = *state;
	struct probe a = { 0 }, b = { 0 }, c = { 0 };
	uint64_t start = hvl_time_us();

	pmm_loop_timer(loop, &a.timer, 6000, 0, on_call, &a);
	pmm_loop_timer(loop, &b.timer, 2000, 0, on_call, &b);
	pmm_loop_timer(loop, &c.timer, 4000, 0, on_call, &c);
	pmm_loop_timer_cancel(loop, &c.timer);
	pmm_loop_timer_cancel(loop, &c.timer);
	turn_until(loop, &a.calls, 1);
	assert_true(hvl_time_us() - start >= 6000);
	assert_int_equal(b.order, 1);
	assert_int_equal(a.order, 2);
	assert_int_equal(c.calls, 0);
	assert_false(a.timer.active);
}

static void loop_timer_set_anew_fires_once(void **state)
{
	struct pmm_loop *loop = *state;
	struct probe a = { 0 }, b = { 0 };

	pmm_loop_timer(loop, &a.timer, 1000, 0, on_call, &a);
	pmm_loop_timer(loop, &a.timer, 3000, 0, on_call, &a);
	pmm_loop_timer(loop, &b.timer, 6000, 0, on_call, &b);
	turn_until(loop, &b.calls, 1);
	assert_int_equal(a.calls, 1);
}

static void on_call_cancel_at_three(void *ctx)
{
	struct probe *p = ctx;

	if (++p->calls == 3)
		pmm_loop_timer_cancel(p->loop, &p->timer);
}

static void loop_timer_period_repeats_until_cancelled(void **state)
{
	struct pmm_loop *loop = *state;
	struct probe a = { .loop = loop }, b = { 0 };
	uint64_t start = hvl_time_us();

	pmm_loop_timer(loop, &a.timer, 1000, 1000, on_call_cancel_at_three, &a);
	turn_until(loop, &a.calls, 3);
	assert_true(hvl_time_us() - start >= 3000);
	pmm_loop_timer(loop, &b.timer, 5000, 0, on_call, &b);
	turn_until(loop, &b.calls, 1);
	assert_int_equal(a.calls, 3);
}

static void loop_wait_ends_at_timer(void **state)
{
	struct pmm_loop *loop = *state;
	struct probe a = { 0 };

	pmm_loop_timer(loop, &a.timer, 1000, 0, on_call, &a);
	/* Without an end to its wait: for ever, were it not for the timer. */
	assert_int_equal(pmm_loop_turn(loop, -1), 0);
	assert_int_equal(a.calls, 1);
}

static void on_call_again(void *ctx)
{
	struct probe *p = ctx;

	on_call(ctx);
	if (p->calls < 3)
		pmm_loop_task(p->loop, &p->task, on_call_again, p);
}

static void loop_task_runs_once_per_turn(void **state)
{
	struct pmm_loop *loop = *state;
	struct probe a = { .loop = loop }, b = { 0 }, c = { 0 };

	pmm_loop_task(loop, &a.task, on_call_again, &a);
	pmm_loop_task(loop, &a.task, on_call_again, &a);
	pmm_loop_task(loop, &b.task, on_call, &b);
	pmm_loop_task(loop, &c.task, on_call, &c);
	pmm_loop_task_cancel(loop, &c.task);
	/* Tasks end the wait. */
	assert_int_equal(pmm_loop_turn(loop, -1), 0);
	assert_int_equal(a.calls, 1);
	assert_int_equal(b.calls, 1);
	assert_int_equal(pmm_loop_turn(loop, -1), 0);
	assert_int_equal(pmm_loop_turn(loop, -1), 0);
	assert_int_equal(pmm_loop_turn(loop, 0), 0);
	assert_int_equal(a.calls, 3);
	assert_int_equal(c.calls, 0);
}

static void on_signal(void *ctx, const struct signalfd_siginfo *info)
{
	struct probe *p = ctx;

	p->calls++;
	p->events = info->ssi_signo;
	pmm_loop_quit(p->loop);
}

static void loop_signals_are_events(void **state)
{
	static const int signals[] = { SIGUSR1, SIGUSR2, 0 };
	struct pmm_loop *loop = *state;
	struct probe p = { .loop = loop };
	sigset_t now;

	assert_int_equal(pmm_loop_signals(loop, signals, on_signal, &p), 0);
	assert_false(sigismember(pmm_loop_mask_before(loop), SIGUSR2));
	assert_int_equal(kill(getpid(), SIGUSR2), 0);
	assert_int_equal(pmm_loop_run(loop), 0);
	assert_int_equal(p.calls, 1);
	assert_int_equal(p.events, SIGUSR2);
	pmm_loop_fini(loop);
	assert_int_equal(sigprocmask(SIG_SETMASK, NULL, &now), 0);
	assert_false(sigismember(&now, SIGUSR1));
	assert_int_equal(pmm_loop_init(loop), 0);
}

#define LOOP_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(loop_watch_calls_on_news_only),
		LOOP_TEST(loop_unwatch_drops_pending_event),
		LOOP_TEST(loop_watch_refuses_regular_file),
		LOOP_TEST(loop_timers_fire_in_order),
		LOOP_TEST(loop_timer_set_anew_fires_once),
		LOOP_TEST(loop_timer_period_repeats_until_cancelled),
		LOOP_TEST(loop_wait_ends_at_timer),
		LOOP_TEST(loop_task_runs_once_per_turn),
		LOOP_TEST(loop_signals_are_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
