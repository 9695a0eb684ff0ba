/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * time.c - the clock, and the alarm that ends a sleep
 *
 * TTC 3's first counter has 32 bits on the chip. An emulator's with 16 bits
 * would wrap unseen whenever its host is busy; there the processor's cycle
 * counter gives the time, which on the chip stands still in WFI.
 */
#include "zynqmp.h"

#include <hvl/metal/time.h>

#include "bare.h"
#include "clock.h"
#include "cpu.h"

/* LPD_LSBUS_CLK, as the board's configuration sets it. */
#define TIME_TTC_HZ 100000000u
/* QEMU's processors count nanoseconds; a divider makes it 64 of them. */
#define TIME_CYCLES_HZ (1000000000u / 64u)

#define TTC_COUNTER(n) (ZYNQMP_TTC3 + 4u * (n))
#define TTC_CLOCK 0x00u
#define TTC_CTRL 0x0cu
#define TTC_VALUE 0x18u
#define TTC_INTERVAL 0x24u
#define TTC_ISR 0x54u /* reading clears */
#define TTC_IER 0x60u
#define TTC_CTRL_DISABLE 0x01u
#define TTC_CTRL_INTERVAL 0x02u
#define TTC_CTRL_RESTART 0x10u
#define TTC_INT_INTERVAL 0x01u

#define TIME_ALARM_MAX_US 1000000u

#define PMCR_ENABLE 0x1u
#define PMCR_RESET 0x4u
#define PMCR_BY_64 0x8u

static struct remote_clock time_clock;
static bool time_by_ttc;

static uint32_t time_count(void)
{
	uint32_t cycles;

	if (time_by_ttc)
		return zynqmp_read(TTC_COUNTER(0) + TTC_VALUE);
	__asm__ volatile("mrc p15, 0, %0, c9, c13, 0" : "=r"(cycles));
	return cycles;
}

static void time_start_cycles(void)
{
	__asm__ volatile("mcr p15, 0, %0, c9, c12, 0\n\t" /* PMCR */
			 "mcr p15, 0, %1, c9, c12, 1\n\t" /* PMCNTENSET */
			 "isb"
			 :
			 : "r"(PMCR_ENABLE | PMCR_RESET | PMCR_BY_64),
			   "r"(0x80000000u));
}

static void time_alarm_irq(void)
{
	zynqmp_read(TTC_COUNTER(1) + TTC_ISR);
}

void time_start(void)
{
	zynqmp_write(TTC_COUNTER(0) + TTC_CTRL, TTC_CTRL_DISABLE);
	zynqmp_write(TTC_COUNTER(0) + TTC_INTERVAL, UINT32_MAX);
	time_by_ttc = zynqmp_read(TTC_COUNTER(0) + TTC_INTERVAL) == UINT32_MAX;
	if (time_by_ttc) {
		zynqmp_write(TTC_COUNTER(0) + TTC_CLOCK, 0);
		zynqmp_write(TTC_COUNTER(0) + TTC_CTRL, TTC_CTRL_RESTART);
	} else {
		time_start_cycles();
	}
	remote_clock_init(&time_clock,
			  time_by_ttc ? TIME_TTC_HZ : TIME_CYCLES_HZ,
			  UINT32_MAX, time_count());
	time_alarm_off();
	gic_enable(ZYNQMP_IRQ_TTC3_1, time_alarm_irq);
}

uint64_t hvl_time_us(void)
{
	uintptr_t was = cpu_mask();
	uint64_t us = remote_clock_us(&time_clock, time_count());

	cpu_restore(was);
	return us;
}

void time_alarm(uint64_t us)
{
	uint32_t ticks = TIME_ALARM_MAX_US * (TIME_TTC_HZ / 1000000u);

	if (us < TIME_ALARM_MAX_US)
		ticks = (uint32_t)us * (TIME_TTC_HZ / 1000000u);
	zynqmp_write(TTC_COUNTER(1) + TTC_CLOCK, 0);
	zynqmp_write(TTC_COUNTER(1) + TTC_INTERVAL, ticks);
	zynqmp_write(TTC_COUNTER(1) + TTC_IER, TTC_INT_INTERVAL);
	zynqmp_write(TTC_COUNTER(1) + TTC_CTRL,
		     TTC_CTRL_INTERVAL | TTC_CTRL_RESTART);
}

void time_alarm_off(void)
{
	zynqmp_write(TTC_COUNTER(1) + TTC_CTRL, TTC_CTRL_DISABLE);
	zynqmp_write(TTC_COUNTER(1) + TTC_IER, 0);
	zynqmp_read(TTC_COUNTER(1) + TTC_ISR);
}
