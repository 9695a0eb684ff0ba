/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * gic.c - GICv2, and its frame that turns messages into interrupts (GICv2m)
 */
#include <stdint.h>

#include "board_priv.h"
#include "mmio.h"

#define GICD UINT64_C(0x08000000)
#define GICD_CTLR 0x000u
#define GICD_ISENABLER 0x100u  /* a bit each */
#define GICD_IPRIORITYR 0x400u /* a byte each */
#define GICD_ITARGETSR 0x800u  /* a byte each */
#define GICD_ICFGR 0xc00u      /* two bits each */
#define GICD_ICFGR_EDGE 2u

#define GICC UINT64_C(0x08010000)
#define GICC_CTLR 0x00u
#define GICC_PMR 0x04u
#define GICC_IAR 0x0cu
#define GICC_EOIR 0x10u
#define GICC_ID 0x3ffu
#define GICC_SPECIAL 1020u /* nothing is pending, from here on */

#define GICM UINT64_C(0x08020000)
#define GICM_TYPER 0x008u
#define GICM_SETSPI 0x040u

#define GIC_PRIORITY 0x80u
#define GIC_CPU0 0x01u

void gic_enable(uint32_t id)
{
	mmio_write8(GICD + GICD_IPRIORITYR + id, GIC_PRIORITY);
	mmio_write8(GICD + GICD_ITARGETSR + id, GIC_CPU0);
	mmio_write32(GICD + GICD_ISENABLER + id / 32 * 4, 1u << id % 32);
}

void gic_start(void)
{
	gic_enable(GIC_TIMER);
	gic_enable(GIC_UART);
	mmio_write32(GICC + GICC_PMR, 0xff);
	mmio_write32(GICC + GICC_CTLR, 1);
	mmio_write32(GICD + GICD_CTLR, 1);
}

/* The frame pulses its lines: only an edge-triggered input keeps that. */
static void gic_set_edge(uint32_t id)
{
	uintptr_t at = GICD + GICD_ICFGR + id / 16 * 4;

	mmio_write32(at, mmio_read32(at) | GICD_ICFGR_EDGE << id % 16 * 2);
}

uint32_t gic_doorbell(void)
{
	uint32_t id = mmio_read32(GICM + GICM_TYPER) >> 16 & 0x3ff;

	gic_set_edge(id);
	gic_enable(id);
	return id;
}

uint32_t gic_message_address(void)
{
	return (uint32_t)(GICM + GICM_SETSPI);
}

void gic_irq(void)
{
	for (;;) {
		uint32_t iar = mmio_read32(GICC + GICC_IAR);

		if ((iar & GICC_ID) >= GICC_SPECIAL)
			return;
		board_irq(iar & GICC_ID);
		mmio_write32(GICC + GICC_EOIR, iar);
	}
}
