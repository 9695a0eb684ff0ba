/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * time.c - the clock, and the alarm that ends a sleep
 *
 * Timer 0 runs through all 32 bits in 171 s and gives the time; timer 1 is
 * the alarm. SysTick is left to a scheduler.
 */
#include "mps2.h"

#include <hvl/metal/time.h>

#include "bare.h"
#include "clock.h"
#include "cpu.h"

#define TIME_TICKS_A_US (MPS2_CLOCK_HZ / 1000000u)
#define TIME_ALARM_MAX_US 1000000u

static struct remote_clock time_clock;

static uint32_t time_count(void)
{
	return ~mps2_read(MPS2_TIMER0 + TIMER_VALUE);
}

void mps2_time_start(void)
{
	mps2_write(MPS2_TIMER0 + TIMER_CTRL, 0);
	mps2_write(MPS2_TIMER0 + TIMER_RELOAD, UINT32_MAX);
	mps2_write(MPS2_TIMER0 + TIMER_VALUE, UINT32_MAX);
	mps2_write(MPS2_TIMER0 + TIMER_CTRL, TIMER_CTRL_ENABLE);
	remote_clock_init(&time_clock, MPS2_CLOCK_HZ, UINT32_MAX, time_count());
	mps2_write(NVIC_ISER, 1u << MPS2_IRQ_TIMER1);
}

uint64_t hvl_time_us(void)
{
	uintptr_t was = cpu_mask();
	uint64_t us = remote_clock_us(&time_clock, time_count());

	cpu_restore(was);
	return us;
}

/*
 * Masked, the alarm's interrupt is never taken: pending, it ends WFI, and is
 * put out again. Others stay pending, for when the mask goes.
 */
void bare_sleep(uint64_t us)
{
	uint32_t ticks = TIME_ALARM_MAX_US * TIME_TICKS_A_US;

	if (us < TIME_ALARM_MAX_US)
		ticks = (uint32_t)us * TIME_TICKS_A_US;
	mps2_write(MPS2_TIMER1 + TIMER_RELOAD, ticks);
	mps2_write(MPS2_TIMER1 + TIMER_VALUE, ticks);
	mps2_write(MPS2_TIMER1 + TIMER_CTRL,
		   TIMER_CTRL_ENABLE | TIMER_CTRL_IRQ);
	__asm__ volatile("dsb\n\twfi" : : : "memory");
	mps2_write(MPS2_TIMER1 + TIMER_CTRL, 0);
	mps2_write(MPS2_TIMER1 + TIMER_INTCLEAR, 1);
	mps2_write(NVIC_ICPR, 1u << MPS2_IRQ_TIMER1);
}
