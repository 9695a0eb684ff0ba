/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * doorbell_timer.c - no doorbell at all: we look every so often
 */
#include "doorbell.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define US_PER_S 1000000u
#define NS_PER_US 1000u

static void timer_ring(struct pmm_doorbell *db)
{
	(void)db;
}

static void timer_heard(struct pmm_doorbell *db)
{
	uint64_t n;

	(void)!read(db->watch_fd, &n, sizeof(n));
}

static void timer_close(struct pmm_doorbell *db)
{
	close(db->watch_fd);
}

static const struct pmm_doorbell_ops timer_ops = {
	.ring = timer_ring,
	.drain = timer_heard,
	.close = timer_close,
	.heard = timer_heard,
};

int pmm_doorbell_timer(struct pmm_doorbell *db, uint32_t period_us)
{
	const struct timespec period = {
		.tv_sec = (time_t)(period_us / US_PER_S),
		.tv_nsec = (long)(period_us % US_PER_S * NS_PER_US),
	};
	const struct itimerspec spec = { .it_interval = period,
					 .it_value = period };
	int fd;

	*db = (struct pmm_doorbell){ .watch_fd = -1 };
	if (period_us < PMM_DOORBELL_PERIOD_MIN_US ||
	    period_us > PMM_DOORBELL_PERIOD_MAX_US)
		return -EINVAL;
	fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (timerfd_settime(fd, 0, &spec, NULL) < 0) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	*db = (struct pmm_doorbell){ .ops = &timer_ops,
				     .watch_fd = fd,
				     .watch_events = EPOLLIN,
				     .to_remote = -1,
				     .to_main = -1 };
	return 0;
}
