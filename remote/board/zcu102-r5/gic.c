/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * gic.c - the RPU's interrupt controller, a PL390 (GICv1)
 *
 * Emulators may not have it: addresses where nothing is read as 0 there.
 */
#include "zynqmp.h"

#include <hvl/metal/compiler.h>

#define GICD_CTLR (ZYNQMP_GIC + 0x000u)
#define GICD_IIDR (ZYNQMP_GIC + 0x008u)
#define GICD_ISENABLER (ZYNQMP_GIC + 0x100u)
#define GICD_ICENABLER (ZYNQMP_GIC + 0x180u)
#define GICD_IPRIORITYR (ZYNQMP_GIC + 0x400u)
#define GICD_ITARGETSR (ZYNQMP_GIC + 0x800u)
#define GICC_CTLR (ZYNQMP_GIC + 0x1000u)
#define GICC_PMR (ZYNQMP_GIC + 0x1004u)
#define GICC_IAR (ZYNQMP_GIC + 0x100cu)
#define GICC_EOIR (ZYNQMP_GIC + 0x1010u)

#define GIC_CPU_0 1u
#define GIC_PRIORITY 0x80u
#define GIC_PRIORITY_ALL 0xf0u
#define GICC_CTLR_ALL 7u /* both groups, as interrupts and not fast ones */
#define GIC_IRQ_MASK 0x3ffu
#define GIC_IRQ_LIMIT 1020u /* above: there is none */

#define GIC_USED 4u

static struct {
	uint32_t irq;
	void (*handler)(void);
} gic_used[GIC_USED];
static unsigned int gic_count;
static bool gic_found;

/* From start.S. */
void gic_irq(void);

bool gic_start(void)
{
	gic_found = zynqmp_read(GICD_IIDR) != 0;
	if (!gic_found)
		return false;
	zynqmp_write(GICD_CTLR, 1);
	zynqmp_write(GICC_PMR, GIC_PRIORITY_ALL);
	zynqmp_write(GICC_CTLR, GICC_CTLR_ALL);
	return true;
}

bool gic_present(void)
{
	return gic_found;
}

/* Four inputs share a word, with a byte for each. */
static void gic_set_byte(uint32_t array, uint32_t irq, uint32_t value)
{
	uint32_t addr = array + irq / 4 * 4, shift = irq % 4 * 8;
	uint32_t word = zynqmp_read(addr) & ~(0xffu << shift);

	zynqmp_write(addr, word | value << shift);
}

void gic_enable(uint32_t irq, void (*handler)(void))
{
	if (!gic_found || gic_count == GIC_USED)
		return;
	gic_used[gic_count].irq = irq;
	gic_used[gic_count].handler = handler;
	gic_count++;
	gic_set_byte(GICD_IPRIORITYR, irq, GIC_PRIORITY);
	gic_set_byte(GICD_ITARGETSR, irq, GIC_CPU_0);
	zynqmp_write(GICD_ISENABLER + irq / 32 * 4, 1u << irq % 32);
}

/* One that nobody asked for would come for ever. */
static void gic_dispatch(uint32_t irq)
{
	for (unsigned int i = 0; i < gic_count; i++)
		if (gic_used[i].irq == irq) {
			gic_used[i].handler();
			return;
		}
	zynqmp_write(GICD_ICENABLER + irq / 32 * 4, 1u << irq % 32);
}

void gic_irq(void)
{
	uint32_t iar;

	while ((iar = zynqmp_read(GICC_IAR),
		(iar & GIC_IRQ_MASK) < GIC_IRQ_LIMIT)) {
		gic_dispatch(iar & GIC_IRQ_MASK);
		zynqmp_write(GICC_EOIR, iar);
	}
}
