/* SPDX-License-Identifier: BSD-3-Clause */
/* A legacy split ring as old drivers keep it: see ring.h. */
#include "ring.h"

#define RING_F_WRITE 2u
#define RING_F_NO_NOTIFY 1u
#define RING_GARBAGE 0x5a5au /* `next` of the last free descriptor */

static volatile uint16_t *ring_u16(const struct legacy_ring *ring, uint32_t off)
{
	return (volatile uint16_t *)(volatile void *)(ring->va + off);
}

static volatile uint32_t *ring_u32(const struct legacy_ring *ring, uint32_t off)
{
	return (volatile uint32_t *)(volatile void *)(ring->va + off);
}

static volatile uint64_t *ring_u64(const struct legacy_ring *ring, uint32_t off)
{
	return (volatile uint64_t *)(volatile void *)(ring->va + off);
}

static uint32_t ring_avail(const struct legacy_ring *ring)
{
	return 16u * ring->num;
}

static uint32_t ring_used(const struct legacy_ring *ring)
{
	uint32_t end = ring_avail(ring) + 6u + 2u * ring->num;

	return (end + LEGACY_RING_ALIGN - 1) & ~(LEGACY_RING_ALIGN - 1);
}

static volatile uint16_t *ring_next(const struct legacy_ring *ring, uint16_t i)
{
	return ring_u16(ring, 16u * i + 14u);
}

void legacy_ring_create(struct legacy_ring *ring, volatile uint8_t *va,
			uint16_t num, bool zero)
{
	*ring = (struct legacy_ring){ .va = va, .num = num, .nfree = num };
	for (uint32_t i = 0; zero && i < LEGACY_RING_SIZE; i++)
		va[i] = 0;
	for (uint16_t i = 0; i < num; i++)
		*ring_next(ring, i) = i + 1 < num ? (uint16_t)(i + 1) :
						    RING_GARBAGE;
}

bool legacy_ring_add(struct legacy_ring *ring, uint64_t da, uint32_t off,
		     uint32_t len, bool write)
{
	volatile uint16_t *idx = ring_u16(ring, ring_avail(ring) + 2);
	uint16_t id = ring->free_head;

	if (ring->nfree == 0)
		return false;
	ring->nfree--;
	ring->free_head = *ring_next(ring, id);
	ring->out[id] = true;
	ring->addr_off[id] = off;
	ring->len[id] = len;
	*ring_u64(ring, 16u * id) = da;
	*ring_u32(ring, 16u * id + 8) = len;
	*ring_u16(ring, 16u * id + 12) = write ? RING_F_WRITE : 0;
	*ring_u16(ring,
		  ring_avail(ring) + 4u + 2u * (*idx & (ring->num - 1u))) = id;
	__sync_synchronize();
	*idx = (uint16_t)(*idx + 1u);
	__sync_synchronize();
	return true;
}

int legacy_ring_get(struct legacy_ring *ring, uint16_t *id, uint32_t *len)
{
	uint32_t used = ring_used(ring), entry;

	if (*ring_u16(ring, used + 2) == ring->used_cons)
		return 0;
	__sync_synchronize();
	entry = used + 4u + 8u * (ring->used_cons & (ring->num - 1u));
	ring->used_cons++;
	if (*ring_u32(ring, entry) >= ring->num)
		return -1;
	*id = (uint16_t)*ring_u32(ring, entry);
	*len = *ring_u32(ring, entry + 4);
	if (!ring->out[*id])
		return -1;
	ring->out[*id] = false;
	*ring_next(ring, *id) = ring->nfree > 0 ? ring->free_head :
						  RING_GARBAGE;
	ring->free_head = *id;
	ring->nfree++;
	return 1;
}

bool legacy_ring_wants_kick(const struct legacy_ring *ring)
{
	return (*ring_u16(ring, ring_used(ring)) & RING_F_NO_NOTIFY) == 0;
}
