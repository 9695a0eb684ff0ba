/* SPDX-License-Identifier: BSD-3-Clause */
/* Monotonic time on Linux. */
#include <hvl/metal/time.h>

#include <errno.h>
#include <time.h>

uint64_t hvl_time_us(void)
{
	struct timespec now;

	/* Cannot fail: the clock exists and the pointer is good. */
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * HVL_US_PER_S +
	       (uint64_t)now.tv_nsec / 1000;
}

void hvl_sleep_us(uint64_t us)
{
	struct timespec left = {
		.tv_sec = (time_t)(us / HVL_US_PER_S),
		.tv_nsec = (long)(us % HVL_US_PER_S) * 1000,
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR)
		;
}
