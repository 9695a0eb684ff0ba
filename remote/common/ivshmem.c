/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ivshmem.c - QEMU's shared memory device, on a board that nobody set up PCI on
 *
 * BAR0 are the registers, BAR1 the interrupt table, BAR2 (64 bits) the shared
 * memory. After reset nothing is placed, memory accesses are off, and so is
 * bus mastering, without which interrupts get lost silently: they are writes
 * that the device makes.
 */
#include "ivshmem.h"

#include <hvl/metal/barrier.h>

#include "mmio.h"

#define PCI_ID 0x00u
#define PCI_COMMAND 0x04u
#define PCI_STATUS 0x06u
#define PCI_BAR(n) (0x10u + 4u * (n))
#define PCI_CAPABILITY 0x34u

#define PCI_SLOTS 32u
#define PCI_COMMAND_MEMORY 0x2u
#define PCI_COMMAND_MASTER 0x4u
#define PCI_STATUS_CAPABILITIES 0x10u
#define PCI_BAR_FLAGS UINT64_C(0xf)
#define PCI_BAR_IS_64 0x4u

#define PCI_CAP_MSIX 0x11u
#define PCI_CAPS_MAX 48u /* no more fit */
#define MSIX_CONTROL 2u
#define MSIX_CONTROL_ENABLE 0x8000u
#define MSIX_CONTROL_MASK 0x4000u
#define MSIX_TABLE 4u
#define MSIX_TABLE_BAR 0x7u

#define IVSHMEM_ID 0x11101af4u
#define IVSHMEM_POSITION 0x08u
#define IVSHMEM_DOORBELL 0x0cu
#define IVSHMEM_BAR1_AT 0x1000u /* behind BAR0, 4 KiB */

static uintptr_t pci_slot(const struct ivshmem_host *host, unsigned int slot)
{
	return host->ecam + ((uintptr_t)slot << 15);
}

static uintptr_t pci_find(const struct ivshmem_host *host)
{
	for (unsigned int slot = 0; slot < PCI_SLOTS; slot++) {
		uintptr_t cfg = pci_slot(host, slot);

		if (mmio_read32(cfg + PCI_ID) == IVSHMEM_ID)
			return cfg;
	}
	return 0;
}

/* Size of a BAR of 32 or 64 bits; 0 for one that is not there. */
static uint64_t pci_bar_size(uintptr_t cfg, unsigned int n)
{
	uint64_t mask;

	mmio_write32(cfg + PCI_BAR(n), UINT32_MAX);
	mask = mmio_read32(cfg + PCI_BAR(n));
	if (mask == 0)
		return 0;
	if (mask & PCI_BAR_IS_64) {
		mmio_write32(cfg + PCI_BAR(n + 1), UINT32_MAX);
		mask |= (uint64_t)mmio_read32(cfg + PCI_BAR(n + 1)) << 32;
	} else {
		mask |= UINT64_C(0xffffffff) << 32;
	}
	return ~(mask & ~PCI_BAR_FLAGS) + 1;
}

/* Offset of a capability, or 0. */
static unsigned int pci_capability(uintptr_t cfg, unsigned int id)
{
	unsigned int at;

	if (!(mmio_read16(cfg + PCI_STATUS) & PCI_STATUS_CAPABILITIES))
		return 0;
	at = mmio_read8(cfg + PCI_CAPABILITY) & ~3u;
	for (unsigned int i = 0; at != 0 && i < PCI_CAPS_MAX; i++) {
		if (mmio_read8(cfg + at) == id)
			return at;
		at = mmio_read8(cfg + at + 1) & ~3u;
	}
	return 0;
}

const char *ivshmem_open(struct ivshmem *dev, const struct ivshmem_host *host,
			 uint64_t da, uint64_t size)
{
	uintptr_t cfg = pci_find(host);
	uint64_t bar;

	if (cfg == 0)
		return "no ivshmem device on PCI bus 0";
	mmio_write16(cfg + PCI_COMMAND, 0);
	bar = pci_bar_size(cfg, 2);
	if (bar < size)
		return "ivshmem: its memory is smaller than what the resource "
		       "table says";
	if (da % bar != 0)
		return "ivshmem: the shared memory's address is no multiple of "
		       "its size";
	mmio_write32(cfg + PCI_BAR(0), host->regs);
	mmio_write32(cfg + PCI_BAR(1), host->regs + IVSHMEM_BAR1_AT);
	mmio_write32(cfg + PCI_BAR(2), (uint32_t)da);
	mmio_write32(cfg + PCI_BAR(3), (uint32_t)(da >> 32));
	mmio_write16(cfg + PCI_COMMAND,
		     PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	dev->regs = host->regs;
	return NULL;
}

/* Entry 0 of the table; enabled last, or it might fire half filled in. */
static const char *ivshmem_vector(uintptr_t cfg,
				  const struct ivshmem_host *host)
{
	unsigned int cap = pci_capability(cfg, PCI_CAP_MSIX);
	uint32_t where;
	uintptr_t entry;

	if (cap == 0)
		return "ivshmem: no interrupts (it is ivshmem-plain)";
	where = mmio_read32(cfg + cap + MSIX_TABLE);
	if ((where & MSIX_TABLE_BAR) != 1)
		return "ivshmem: its interrupt table is not in BAR1";
	entry = host->regs + IVSHMEM_BAR1_AT + (where & ~MSIX_TABLE_BAR);
	mmio_write16(cfg + cap + MSIX_CONTROL,
		     MSIX_CONTROL_ENABLE | MSIX_CONTROL_MASK);
	mmio_write32(entry, host->msi_addr);
	mmio_write32(entry + 4, 0);
	mmio_write32(entry + 8, host->msi_value);
	mmio_write32(entry + 12, 0);
	mmio_write16(cfg + cap + MSIX_CONTROL, MSIX_CONTROL_ENABLE);
	return NULL;
}

const char *ivshmem_interrupts(const struct ivshmem *dev,
			       const struct ivshmem_host *host, uint32_t peer)
{
	if (peer > UINT16_MAX ||
	    peer == mmio_read32(dev->regs + IVSHMEM_POSITION))
		return "ivshmem: the main side's id is our own";
	return ivshmem_vector(pci_find(host), host);
}

void ivshmem_ring(const struct ivshmem *dev, uint32_t peer, uint32_t vector)
{
	hvl_wmb_before_doorbell();
	/* In 32 bits: others would not match what QEMU listens for. */
	mmio_write32(dev->regs + IVSHMEM_DOORBELL, peer << 16 | vector);
}
