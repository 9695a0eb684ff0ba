/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * time.c - metal's time and lock for the native board
 */
#include <hvl/metal/time.h>
#include <hvl/metal/lock.h>

#include "native.h"
#include "sys.h"

static uint64_t time_last;

uint64_t native_last_us(void)
{
	return time_last;
}

uint64_t hvl_time_us(void)
{
	time_last = sys_clock_us();
	return time_last;
}

void hvl_sleep_us(uint64_t us)
{
	sys_sleep_us(us);
}

/* One thread, and no interrupts but those that end it: nobody to keep out. */
void hvl_lock_init(struct hvl_lock *lock)
{
	(void)lock;
}

void hvl_lock_fini(struct hvl_lock *lock)
{
	(void)lock;
}

void hvl_lock_acquire(struct hvl_lock *lock)
{
	(void)lock;
}

void hvl_lock_release(struct hvl_lock *lock)
{
	(void)lock;
}
