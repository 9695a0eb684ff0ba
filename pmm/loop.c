/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * loop.c - the event loop: file descriptors, timers, tasks, signals
 *
 * Timers are kept in order of their deadlines and end the wait: setting one
 * costs no system call, and they need no descriptors. The few there are make
 * a list as good as a heap.
 */
#include "loop.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <unistd.h>

#include <hvl/metal/time.h>

int pmm_loop_init(struct pmm_loop *loop)
{
	*loop = (struct pmm_loop){ .epfd = epoll_create1(EPOLL_CLOEXEC) };
	if (loop->epfd < 0)
		return -errno;
	loop->tasks_end = &loop->tasks;
	(void)sigemptyset(&loop->mask);
	if (sigprocmask(SIG_SETMASK, NULL, &loop->mask_before) < 0) {
		int rc = -errno;

		close(loop->epfd);
		loop->epfd = -1;
		return rc;
	}
	return 0;
}

void pmm_loop_fini(struct pmm_loop *loop)
{
	if (loop->signals.active) {
		int fd = loop->signals.fd;

		pmm_loop_unwatch(loop, &loop->signals);
		close(fd);
		(void)sigprocmask(SIG_SETMASK, &loop->mask_before, NULL);
	}
	if (loop->epfd >= 0)
		close(loop->epfd);
	loop->epfd = -1;
}

int pmm_loop_watch(struct pmm_loop *loop, struct pmm_watch *watch, int fd,
		   uint32_t events, void (*handler)(void *ctx, uint32_t events),
		   void *ctx)
{
	struct epoll_event ev = { .events = events, .data.ptr = watch };

	if (watch->active)
		return -EALREADY;
	if (epoll_ctl(loop->epfd, EPOLL_CTL_ADD, fd, &ev) < 0)
		return -errno;
	*watch = (struct pmm_watch){ .fd = fd,
				     .active = true,
				     .handler = handler,
				     .ctx = ctx };
	return 0;
}

int pmm_loop_rewatch(struct pmm_loop *loop, struct pmm_watch *watch,
		     uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = watch };

	if (!watch->active)
		return -ENOENT;
	if (epoll_ctl(loop->epfd, EPOLL_CTL_MOD, watch->fd, &ev) < 0)
		return -errno;
	return 0;
}

void pmm_loop_unwatch(struct pmm_loop *loop, struct pmm_watch *watch)
{
	if (!watch->active)
		return;
	watch->active = false;
	(void)epoll_ctl(loop->epfd, EPOLL_CTL_DEL, watch->fd, NULL);
	/* What this turn still has for it is for nobody. */
	for (int i = 0; i < loop->nbatch; i++) {
		if (loop->batch[i].data.ptr == watch)
			loop->batch[i].data.ptr = NULL;
	}
}

static void loop_timer_insert(struct pmm_loop *loop, struct pmm_timer *timer)
{
	struct pmm_timer **at = &loop->timers;

	while (*at && (*at)->at_us <= timer->at_us)
		at = &(*at)->next;
	timer->next = *at;
	*at = timer;
	timer->active = true;
}

void pmm_loop_timer(struct pmm_loop *loop, struct pmm_timer *timer,
		    uint64_t delay_us, uint64_t period_us,
		    void (*handler)(void *ctx), void *ctx)
{
	pmm_loop_timer_cancel(loop, timer);
	timer->at_us = hvl_time_us() + delay_us;
	timer->period_us = period_us;
	timer->handler = handler;
	timer->ctx = ctx;
	loop_timer_insert(loop, timer);
}

void pmm_loop_timer_cancel(struct pmm_loop *loop, struct pmm_timer *timer)
{
	struct pmm_timer **at = &loop->timers;

	if (!timer->active)
		return;
	while (*at != timer)
		at = &(*at)->next;
	*at = timer->next;
	timer->active = false;
}

void pmm_loop_task(struct pmm_loop *loop, struct pmm_task *task,
		   void (*handler)(void *ctx), void *ctx)
{
	if (task->queued)
		return;
	*task = (struct pmm_task){ .queued = true,
				   .handler = handler,
				   .ctx = ctx };
	*loop->tasks_end = task;
	loop->tasks_end = &task->next;
}

void pmm_loop_task_cancel(struct pmm_loop *loop, struct pmm_task *task)
{
	struct pmm_task **at = &loop->tasks;

	if (!task->queued)
		return;
	while (*at != task)
		at = &(*at)->next;
	*at = task->next;
	if (loop->tasks_end == &task->next)
		loop->tasks_end = at;
	task->queued = false;
}

static void loop_on_signal(void *ctx, uint32_t events)
{
	struct pmm_loop *loop = ctx;
	struct signalfd_siginfo info;

	(void)events;
	while (loop->signals.active &&
	       read(loop->signals.fd, &info, sizeof(info)) ==
		       (ssize_t)sizeof(info))
		loop->signal(loop->signal_ctx, &info);
}

int pmm_loop_signals(struct pmm_loop *loop, const int *signals,
		     void (*handler)(void *ctx,
				     const struct signalfd_siginfo *info),
		     void *ctx)
{
	sigset_t set;
	int fd, rc;

	(void)sigemptyset(&set);
	for (; *signals; signals++)
		(void)sigaddset(&set, *signals);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	rc = pmm_loop_watch(loop, &loop->signals, fd, EPOLLIN, loop_on_signal,
			    loop);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	loop->signal = handler;
	loop->signal_ctx = ctx;
	loop->mask = set;
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	return 0;
}

/* How long the wait may take, in milliseconds. */
static int loop_timeout(const struct pmm_loop *loop, int most)
{
	uint64_t now, ms;

	if (loop->tasks)
		return 0;
	if (!loop->timers)
		return most;
	now = hvl_time_us();
	if (loop->timers->at_us <= now)
		return 0;
	ms = (loop->timers->at_us - now + 999) / 1000;
	if (most >= 0 && ms > (uint64_t)most)
		return most;
	return ms < INT_MAX ? (int)ms : INT_MAX;
}

static void loop_run_timers(struct pmm_loop *loop)
{
	uint64_t now;

	if (!loop->timers)
		return;
	now = hvl_time_us();
	while (loop->timers && loop->timers->at_us <= now) {
		struct pmm_timer *timer = loop->timers;

		loop->timers = timer->next;
		timer->active = false;
		if (timer->period_us) {
			timer->at_us += timer->period_us;
			if (timer->at_us <= now)
				timer->at_us = now + timer->period_us;
			loop_timer_insert(loop, timer);
		}
		timer->handler(timer->ctx);
	}
}

/* Only those that are queued now: what they queue is for the next turn. */
static void loop_run_tasks(struct pmm_loop *loop)
{
	struct pmm_task last = { 0 };

	if (!loop->tasks)
		return;
	pmm_loop_task(loop, &last, NULL, NULL);
	while (loop->tasks != &last) {
		struct pmm_task *task = loop->tasks;

		pmm_loop_task_cancel(loop, task);
		task->handler(task->ctx);
	}
	pmm_loop_task_cancel(loop, &last);
}

int pmm_loop_turn(struct pmm_loop *loop, int timeout_ms)
{
	int n = epoll_wait(loop->epfd, loop->batch, PMM_LOOP_BATCH,
			   loop_timeout(loop, timeout_ms));

	if (n < 0 && errno != EINTR)
		return -errno;
	loop->wakeups++;
	loop->nbatch = n < 0 ? 0 : n;
	for (int i = 0; i < loop->nbatch; i++) {
		struct pmm_watch *watch = loop->batch[i].data.ptr;

		if (watch)
			watch->handler(watch->ctx, loop->batch[i].events);
	}
	loop->nbatch = 0;
	loop_run_timers(loop);
	loop_run_tasks(loop);
	return 0;
}

int pmm_loop_run(struct pmm_loop *loop)
{
	int rc = 0;

	while (!loop->quit && rc == 0)
		rc = pmm_loop_turn(loop, -1);
	loop->quit = 0;
	return rc;
}

void pmm_loop_quit(struct pmm_loop *loop)
{
	loop->quit = 1;
}
