/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * clock.h - microseconds of 64 bits from a counter that is shorter
 *
 * No division while it runs. The counter must be looked at more often than it
 * wraps; the application's main loop does so many times a second.
 *
 * Threads  One at a time: mask interrupts around a look.
 */
#ifndef REMOTE_CLOCK_H
#define REMOTE_CLOCK_H

#include <stdint.h>

struct remote_clock {
	uint64_t us;
	uint32_t fraction; /* of a microsecond, in 1/2^32 */
	uint32_t step;	   /* microseconds a tick, in 1/2^32 */
	uint32_t mask;	   /* of the counter's width */
	uint32_t last;
};

/**
 * remote_clock_init() - start at 0
 * @hz:    more than 1 MHz
 * @mask:  all ones of the counter's width
 * @count: the counter now
 */
void remote_clock_init(struct remote_clock *clock, uint32_t hz, uint32_t mask,
		       uint32_t count);

/**
 * remote_clock_us() - the time, for the counter's present value
 * @count: counts up; of a counter that counts down, its complement
 */
uint64_t remote_clock_us(struct remote_clock *clock, uint32_t count);

#endif /* REMOTE_CLOCK_H */
