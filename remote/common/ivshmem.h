/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ivshmem.h - QEMU's shared memory device, on a board that nobody set up PCI on
 *
 * Finds the device on bus 0, places its BARs, and aims its interrupt at what
 * the board chose: a message is a write of one word, to any address.
 */
#ifndef IVSHMEM_H
#define IVSHMEM_H

#include <stdint.h>

/* The board's. */
struct ivshmem_host {
	uintptr_t ecam;	    /* configuration space, 1 MiB for bus 0 */
	uint32_t regs;	    /* free addresses for BAR0 and BAR1, 64 KiB */
	uint32_t msi_addr;  /* where a message goes to interrupt us */
	uint32_t msi_value; /* and what it is */
};

struct ivshmem {
	uintptr_t regs;
};

/**
 * ivshmem_open() - place the shared memory; no interrupt yet
 * @dev:  filled in
 * @host: borrowed for the call
 * @da:   where the shared memory is to be, a multiple of the BAR's size
 * @size: of it; the BAR may be larger
 * Return: NULL, or what is wrong, for board_panic().
 */
const char *ivshmem_open(struct ivshmem *dev, const struct ivshmem_host *host,
			 uint64_t da, uint64_t size);

/**
 * ivshmem_interrupts() - let interrupts come, and find out who we are
 * @dev:  after ivshmem_open()
 * @host: as before
 * @peer: whom we shall ring, to see that it is not ourselves
 * Return: NULL, or what is wrong. What rang before this was lost: take the
 * doorbell for rung once.
 */
const char *ivshmem_interrupts(const struct ivshmem *dev,
			       const struct ivshmem_host *host, uint32_t peer);

/** ivshmem_ring() - notify @peer on its interrupt @vector; any context */
void ivshmem_ring(const struct ivshmem *dev, uint32_t peer, uint32_t vector);

#endif /* IVSHMEM_H */
