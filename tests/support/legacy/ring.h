/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ring.h - a legacy split ring as old drivers keep it
 *
 * As simple as what it stands for, and independent of the libraries: free
 * descriptors are linked through the shared memory, the available index is
 * counted up where it lies, and nothing is checked but what a test wants to
 * know. Little-endian hosts only, as everything that runs these tests is.
 */
#ifndef LEGACY_RING_H
#define LEGACY_RING_H

#include <stdbool.h>
#include <stdint.h>

#define LEGACY_RING_MAX 128u	 /* entries */
#define LEGACY_RING_SIZE 0x2000u /* bytes that are set aside for each */
#define LEGACY_RING_ALIGN 4096u

struct legacy_ring {
	volatile uint8_t *va;
	uint16_t num;
	uint16_t used_cons; /* next used entry to be taken */
	uint16_t free_head;
	uint16_t nfree;
	bool out[LEGACY_RING_MAX];	    /* the device has it */
	uint32_t addr_off[LEGACY_RING_MAX]; /* of the buffer, in the memory */
	uint32_t len[LEGACY_RING_MAX];
};

/**
 * legacy_ring_create() - link the free descriptors
 * @zero: first clear it all; without, indices of an earlier life stay
 */
void legacy_ring_create(struct legacy_ring *ring, volatile uint8_t *va,
			uint16_t num, bool zero);

/**
 * legacy_ring_add() - offer a buffer of one descriptor
 * @da: as the device is told
 * @off: the same, for ourselves
 * Return: false when the ring is full.
 */
bool legacy_ring_add(struct legacy_ring *ring, uint64_t da, uint32_t off,
		     uint32_t len, bool write);

/**
 * legacy_ring_get() - take a buffer back
 * Return: 1, 0 for none, -1 when the device gave back what it did not have.
 */
int legacy_ring_get(struct legacy_ring *ring, uint16_t *id, uint32_t *len);

/** legacy_ring_wants_kick() - the device has not asked for silence */
bool legacy_ring_wants_kick(const struct legacy_ring *ring);

#endif /* LEGACY_RING_H */
