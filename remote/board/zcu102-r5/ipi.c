/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ipi.c - doorbell by inter-processor interrupts
 *
 * Each agent has a block of registers and a bit. Who sets bits in its trigger
 * register interrupts those agents, and each finds the sender's bit in its own
 * status register.
 */
#include "zynqmp.h"

#include <hvl/metal/compiler.h>

#include "bare.h"

#define IPI_TRIG 0x00u
#define IPI_ISR 0x10u /* write 1 to clear */
#define IPI_IER 0x18u

static const struct ipi_block {
	uint32_t base;
	uint32_t irq;
} ipi_blocks[] = {
	{ 0xff310000u, 65 }, /* RPU 0 */
	{ 0xff320000u, 66 }, /* RPU 1 */
	{ 0xff340000u, 61 }, /* the four that are spare */
	{ 0xff350000u, 62 }, { 0xff360000u, 63 }, { 0xff370000u, 64 },
};

static uint32_t ipi_base, ipi_mask;

/* Cleared before anything is looked at: what comes later rings again. */
static void ipi_irq(void)
{
	zynqmp_write(ipi_base + IPI_ISR, zynqmp_read(ipi_base + IPI_ISR));
	bare_rang();
}

const char *ipi_open(uint32_t base, uint32_t mask)
{
	const struct ipi_block *block = NULL;

	for (size_t i = 0; i < HVL_ARRAY_SIZE(ipi_blocks); i++)
		if (ipi_blocks[i].base == base)
			block = &ipi_blocks[i];
	if (!block)
		return "resource table: an IPI block that this board lacks";
	ipi_base = base;
	ipi_mask = mask;
	gic_enable(block->irq, ipi_irq);
	zynqmp_write(base + IPI_IER, mask);
	return NULL;
}

void ipi_ring(void)
{
	zynqmp_write(ipi_base + IPI_TRIG, ipi_mask);
}
