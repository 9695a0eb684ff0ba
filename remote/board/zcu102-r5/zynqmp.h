/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * zynqmp.h - registers, and what the files of this board share
 */
#ifndef ZYNQMP_H
#define ZYNQMP_H

#include <stdbool.h>
#include <stdint.h>

/* All devices that we use, and the RPU's interrupt controller. */
#define ZYNQMP_DEVICES 0xff000000u
#define ZYNQMP_DEVICES_SIZE 0x1000000u
#define ZYNQMP_GIC 0xf9000000u
#define ZYNQMP_GIC_SIZE 0x10000u

#define ZYNQMP_UART0 0xff000000u
#define ZYNQMP_UART1 0xff010000u
#define ZYNQMP_TTC3 0xff140000u

/* Inputs of the interrupt controller */
#define ZYNQMP_IRQ_UART1 54u
#define ZYNQMP_IRQ_TTC3_1 78u /* its second counter */

static inline uint32_t zynqmp_read(uint32_t addr)
{
	return *(const volatile uint32_t *)(uintptr_t)addr;
}

static inline void zynqmp_write(uint32_t addr, uint32_t value)
{
	*(volatile uint32_t *)(uintptr_t)addr = value;
}

/* mpu.c */

/** mpu_start() - protect memory, turn the caches on */
void mpu_start(void);

/** mpu_map_shared() - let the shared memory be accessed, not cached */
void mpu_map_shared(uint32_t da, uint32_t size);

/* gic.c */

/** gic_start() - Return: whether there is an interrupt controller. */
bool gic_start(void);

/** gic_present() - what gic_start() found */
bool gic_present(void);

/** gic_enable() - call @handler, in interrupt context, for an input */
void gic_enable(uint32_t irq, void (*handler)(void));

/* ipi.c: the block at @base, whose other end is @mask of its agents. */

/** ipi_open() - Return: NULL, or what is wrong */
const char *ipi_open(uint32_t base, uint32_t mask);
void ipi_ring(void);

/* time.c */

void time_start(void);

/** time_alarm() - an interrupt in @us microseconds, with interrupts masked */
void time_alarm(uint64_t us);

/** time_alarm_off() - not any more; none is left pending */
void time_alarm_off(void);

#endif /* ZYNQMP_H */
