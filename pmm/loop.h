/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/loop.h - the event loop: file descriptors, timers, tasks, signals
 *
 * One turn waits for events, runs the handlers of all that happened, then the
 * timers that are due, then the tasks. So work that several events ask for (a
 * doorbell and a tap at once) is a task and is done once.
 *
 * Ownership  Watches, timers and tasks are the caller's storage, zeroed before
 *            first use and borrowed while they are active. Any handler may
 *            add, change and remove any of them, its own included.
 * Threads    One.
 * Memory     Never allocates.
 * Errors     Negative errno.
 */
#ifndef PMM_LOOP_H
#define PMM_LOOP_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

#define PMM_LOOP_BATCH 16

struct pmm_watch {
	int fd; /* while active */
	bool active;
	void (*handler)(void *ctx, uint32_t events);
	void *ctx;
};

struct pmm_timer {
	uint64_t at_us; /* hvl_time_us() at which it is due */
	uint64_t period_us;
	bool active;
	void (*handler)(void *ctx);
	void *ctx;
	struct pmm_timer *next;
};

struct pmm_task {
	bool queued;
	void (*handler)(void *ctx);
	void *ctx;
	struct pmm_task *next;
};

struct pmm_loop {
	int epfd;
	int quit; /* 1: asked to */
	struct epoll_event batch[PMM_LOOP_BATCH];
	int nbatch;
	struct pmm_timer *timers; /* earliest first */
	struct pmm_task *tasks, **tasks_end;
	struct pmm_watch signals;
	sigset_t mask; /* that we block */
	sigset_t mask_before;
	void (*signal)(void *ctx, const struct signalfd_siginfo *info);
	void *signal_ctx;
	uint64_t wakeups; /* turns, for statistics and tests */
};

/** pmm_loop_init() - an empty loop. Return: 0 or negative errno. */
int pmm_loop_init(struct pmm_loop *loop);

/** pmm_loop_fini() - close it and unblock the signals it took */
void pmm_loop_fini(struct pmm_loop *loop);

/**
 * pmm_loop_watch() - call a handler when a descriptor has news
 * @loop:    the loop
 * @watch:   not active
 * @fd:      borrowed; remove the watch before it is closed
 * @events:  EPOLL* bits, EPOLLET included where wanted
 * @handler: gets the bits that are set
 * @ctx:     for the handler
 * Return: 0; -EPERM for what is always ready (regular files).
 */
int pmm_loop_watch(struct pmm_loop *loop, struct pmm_watch *watch, int fd,
		   uint32_t events, void (*handler)(void *ctx, uint32_t events),
		   void *ctx);

/** pmm_loop_rewatch() - wait for other events on an active watch */
int pmm_loop_rewatch(struct pmm_loop *loop, struct pmm_watch *watch,
		     uint32_t events);

/** pmm_loop_unwatch() - its handler is not called any more */
void pmm_loop_unwatch(struct pmm_loop *loop, struct pmm_watch *watch);

/**
 * pmm_loop_timer() - call a handler later, or set an active timer anew
 * @loop:      the loop
 * @timer:     the timer
 * @delay_us:  from now; rounded up to the next millisecond by the wait
 * @period_us: then again and again; 0: once. Ticks that were missed are not
 *             made up for.
 * @handler:   may set the timer anew
 * @ctx:       for the handler
 *
 * Costs no system call.
 */
void pmm_loop_timer(struct pmm_loop *loop, struct pmm_timer *timer,
		    uint64_t delay_us, uint64_t period_us,
		    void (*handler)(void *ctx), void *ctx);

/** pmm_loop_timer_cancel() - nothing is done if it is not active */
void pmm_loop_timer_cancel(struct pmm_loop *loop, struct pmm_timer *timer);

/**
 * pmm_loop_task() - call a handler once at the end of this turn
 *
 * One that is queued already stays queued once. Queued by a task, it runs in
 * the next turn, which then does not wait.
 */
void pmm_loop_task(struct pmm_loop *loop, struct pmm_task *task,
		   void (*handler)(void *ctx), void *ctx);

/** pmm_loop_task_cancel() - nothing is done if it is not queued */
void pmm_loop_task_cancel(struct pmm_loop *loop, struct pmm_task *task);

/**
 * pmm_loop_signals() - block signals and take them as events
 * @loop:    the loop, which has none yet
 * @signals: ends with 0
 * @handler: gets them one by one
 * @ctx:     for the handler
 *
 * Children inherit the mask: pmm_loop_mask_before() is what to give them.
 */
int pmm_loop_signals(struct pmm_loop *loop, const int *signals,
		     void (*handler)(void *ctx,
				     const struct signalfd_siginfo *info),
		     void *ctx);

/** pmm_loop_mask_before() - the signal mask that was there before us */
static inline const sigset_t *pmm_loop_mask_before(const struct pmm_loop *loop)
{
	return &loop->mask_before;
}

/** pmm_loop_run() - turn until pmm_loop_quit(). Return: 0 or negative errno. */
int pmm_loop_run(struct pmm_loop *loop);

/**
 * pmm_loop_turn() - one turn
 * @loop:       the loop
 * @timeout_ms: wait no longer than this; negative: as long as it takes
 * Return: 0 or negative errno.
 */
int pmm_loop_turn(struct pmm_loop *loop, int timeout_ms);

/** pmm_loop_quit() - let pmm_loop_run() return after this turn */
void pmm_loop_quit(struct pmm_loop *loop);

#endif /* PMM_LOOP_H */
