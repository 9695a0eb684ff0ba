/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * clock.c - microseconds of 64 bits from a counter that is shorter
 */
#include "clock.h"

void remote_clock_init(struct remote_clock *clock, uint32_t hz, uint32_t mask,
		       uint32_t count)
{
	clock->us = 0;
	clock->fraction = 0;
	clock->step = (uint32_t)((UINT64_C(1000000) << 32) / hz);
	clock->mask = mask;
	clock->last = count & mask;
}

uint64_t remote_clock_us(struct remote_clock *clock, uint32_t count)
{
	uint32_t ticks = (count - clock->last) & clock->mask;
	/* (2^32 - 1)^2 + 2^32 - 1 is below 2^64. */
	uint64_t sum = (uint64_t)ticks * clock->step + clock->fraction;

	clock->last = count & clock->mask;
	clock->fraction = (uint32_t)sum;
	clock->us += sum >> 32;
	return clock->us;
}
