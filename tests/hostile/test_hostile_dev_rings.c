/* SPDX-License-Identifier: BSD-3-Clause */
/* Broken rings: what a driver can do wrong once its queue is live. */
#include "hostile.h"

#define F_NEXT VRING_DESC_F_NEXT
#define F_WRITE VRING_DESC_F_WRITE
#define F_INDIRECT VRING_DESC_F_INDIRECT

/* A place for indirect tables, behind the victim's buffers. */
#define TABLE (mock_buf_off(&h->victim) + 0xc000u)
#define BUF mock_buf_off(&h->victim)
#define RING (&h->victim.ring[0])

static void raw(struct hostile *h, unsigned int i, uint64_t da, uint32_t len,
		unsigned int flags, unsigned int next)
{
	mock_desc_at(&h->shm, RING->desc + 16u * i, da, len, (uint16_t)flags,
		     (uint16_t)next);
}

static void table(struct hostile *h, unsigned int i, uint64_t da, uint32_t len,
		  unsigned int flags, unsigned int next)
{
	mock_desc_at(&h->shm, TABLE + 16u * i, da, len, (uint16_t)flags,
		     (uint16_t)next);
}

static void indirect(struct hostile *h, uint64_t da, uint32_t len)
{
	raw(h, 0, da, len, F_INDIRECT, 0);
	mock_avail(RING, 0);
}

static void one(struct hostile *h, uint64_t da, uint32_t len)
{
	raw(h, 0, da, len, F_WRITE, 0);
	mock_avail(RING, 0);
}

static void head_out_of_range(struct hostile *h)
{
	mock_avail(RING, MOCK_NUM);
}

static void head_of_all_ones(struct hostile *h)
{
	mock_avail(RING, 0xffff);
}

static void next_out_of_range(struct hostile *h)
{
	raw(h, 0, MOCK_DA + BUF, 8, F_WRITE | F_NEXT, MOCK_NUM);
	mock_avail(RING, 0);
}

static void self_loop(struct hostile *h)
{
	raw(h, 0, MOCK_DA + BUF, 8, F_WRITE | F_NEXT, 0);
	mock_avail(RING, 0);
}

static void loop_of_two(struct hostile *h)
{
	raw(h, 0, MOCK_DA + BUF, 8, F_WRITE | F_NEXT, 1);
	raw(h, 1, MOCK_DA + BUF, 8, F_WRITE | F_NEXT, 0);
	mock_avail(RING, 0);
}

static void loop_of_whole_ring(struct hostile *h)
{
	unsigned int i;

	for (i = 0; i < MOCK_NUM; i++)
		raw(h, i, MOCK_DA + BUF, 8, F_WRITE | F_NEXT,
		    (i + 1) % MOCK_NUM);
	mock_avail(RING, 3);
}

static void address_below_memory(struct hostile *h)
{
	one(h, MOCK_DA - 1, 1);
}

static void address_above_memory(struct hostile *h)
{
	one(h, MOCK_DA + MOCK_SHM_SIZE, 1);
}

static void address_of_all_ones_low(struct hostile *h)
{
	one(h, 0xffffffff, 1510);
}

static void address_null(struct hostile *h)
{
	one(h, 0, 64);
}

static void buffer_across_end(struct hostile *h)
{
	one(h, MOCK_DA + MOCK_SHM_SIZE - 8, 9);
}

static void buffer_across_start(struct hostile *h)
{
	one(h, MOCK_DA - 8, 16);
}

static void address_overflow(struct hostile *h)
{
	one(h, UINT64_MAX - 7, 16);
}

static void address_overflow_into_memory(struct hostile *h)
{
	/* Wraps around to the first byte of the memory in 32 bits. */
	one(h, MOCK_DA - 0x80000000u, UINT32_MAX);
}

static void address_plus_4g(struct hostile *h)
{
	/* Inside if only the low word were looked at. */
	one(h, MOCK_DA + BUF + (UINT64_C(1) << 32), 8);
}

static void length_of_all_ones(struct hostile *h)
{
	one(h, MOCK_DA, UINT32_MAX);
}

static void zero_length(struct hostile *h)
{
	one(h, MOCK_DA + BUF, 0);
}

static void zero_length_in_chain(struct hostile *h)
{
	raw(h, 0, MOCK_DA + BUF, 8, F_WRITE | F_NEXT, 1);
	raw(h, 1, MOCK_DA + BUF, 0, F_WRITE | F_NEXT, 2);
	raw(h, 2, MOCK_DA + BUF, 8, F_WRITE, 0);
	mock_avail(RING, 0);
}

static void readable_after_writable(struct hostile *h)
{
	raw(h, 0, MOCK_DA + BUF, 8, F_WRITE | F_NEXT, 1);
	raw(h, 1, MOCK_DA + BUF, 8, 0, 0);
	mock_avail(RING, 0);
}

static void wrong_direction(struct hostile *h)
{
	raw(h, 0, MOCK_DA + BUF, 8, 0, 0);
	mock_avail(RING, 0);
}

static void bad_buffer_behind_good_ones(struct hostile *h)
{
	raw(h, 0, MOCK_DA + BUF, 8, F_WRITE | F_NEXT, 1);
	raw(h, 1, MOCK_DA + MOCK_SHM_SIZE, 8, F_WRITE, 0);
	mock_avail(RING, 0);
}

static void bad_chain_behind_good_one(struct hostile *h)
{
	uint32_t id, len;

	mock_offer(&h->victim, 0, 8);
	mock_avail(RING, 0xffff);
	mock_service(&h->victim);
	/* What was done before it was done. */
	assert_true(mock_used(RING, &id, &len));
	assert_false(mock_used(RING, &id, &len));
}

static void indirect_not_negotiated(struct hostile *h)
{
	h->victim.features = h->witness.features;
	mock_bring_up(&h->victim);
	table(h, 0, MOCK_DA + BUF, 8, F_WRITE, 0);
	indirect(h, MOCK_DA + TABLE, 16);
}

static void indirect_zero_length(struct hostile *h)
{
	indirect(h, MOCK_DA + TABLE, 0);
}

static void indirect_odd_length(struct hostile *h)
{
	indirect(h, MOCK_DA + TABLE, 24);
}

static void indirect_too_long(struct hostile *h)
{
	indirect(h, MOCK_DA, 16u * 32769u);
}

static void indirect_outside(struct hostile *h)
{
	indirect(h, MOCK_DA + MOCK_SHM_SIZE, 16);
}

static void indirect_across_end(struct hostile *h)
{
	indirect(h, MOCK_DA + MOCK_SHM_SIZE - 16, 32);
}

static void indirect_overflow(struct hostile *h)
{
	indirect(h, UINT64_MAX - 15, 32);
}

static void indirect_with_next(struct hostile *h)
{
	table(h, 0, MOCK_DA + BUF, 8, F_WRITE, 0);
	raw(h, 0, MOCK_DA + TABLE, 16, F_INDIRECT | F_NEXT, 1);
	raw(h, 1, MOCK_DA + BUF, 8, F_WRITE, 0);
	mock_avail(RING, 0);
}

static void indirect_nested(struct hostile *h)
{
	table(h, 0, MOCK_DA + TABLE, 16, F_INDIRECT, 0);
	indirect(h, MOCK_DA + TABLE, 16);
}

static void indirect_loop(struct hostile *h)
{
	table(h, 0, MOCK_DA + BUF, 8, F_WRITE | F_NEXT, 1);
	table(h, 1, MOCK_DA + BUF, 8, F_WRITE | F_NEXT, 0);
	indirect(h, MOCK_DA + TABLE, 32);
}

static void indirect_next_out_of_range(struct hostile *h)
{
	table(h, 0, MOCK_DA + BUF, 8, F_WRITE | F_NEXT, 1);
	indirect(h, MOCK_DA + TABLE, 16);
}

static void indirect_bad_address(struct hostile *h)
{
	table(h, 0, MOCK_DA - 4, 8, F_WRITE, 0);
	indirect(h, MOCK_DA + TABLE, 16);
}

static void indirect_empty_table(struct hostile *h)
{
	hvl_io_fill(&h->shm, TABLE, 0, 256);
	indirect(h, MOCK_DA + TABLE, 256);
}

static void indirect_endless_of_largest_size(struct hostile *h)
{
	unsigned int i;

	/* 32768 entries in the upper half of the memory. */
	for (i = 0; i < 32768; i++)
		mock_desc_at(&h->shm, 0x80000u + 16u * i, MOCK_DA + BUF, 1,
			     F_WRITE | F_NEXT, (uint16_t)(i + 1) & 32767);
	indirect(h, MOCK_DA + 0x80000u, 16u * 32768u);
}

static void more_segments_than_served(struct hostile *h)
{
	unsigned int i;

	for (i = 0; i <= HVL_DEV_SEGS_MAX; i++)
		table(h, i, MOCK_DA + BUF, 1,
		      i < HVL_DEV_SEGS_MAX ? F_WRITE | F_NEXT : F_WRITE, i + 1);
	indirect(h, MOCK_DA + TABLE, 16u * (HVL_DEV_SEGS_MAX + 1));
}

static void indirect_table_over_its_own_ring(struct hostile *h)
{
	raw(h, 1, MOCK_DA + BUF, 8, F_WRITE, 0);
	indirect(h, MOCK_DA + RING->desc, 32);
}

static void index_jump(struct hostile *h)
{
	hvl_io_write16(&h->shm, RING->avail + 2,
		       (uint16_t)(RING->avail_idx + MOCK_NUM + 1));
}

static void index_jump_by_half(struct hostile *h)
{
	hvl_io_write16(&h->shm, RING->avail + 2,
		       (uint16_t)(RING->avail_idx + 0x8000));
}

static void index_backwards(struct hostile *h)
{
	hvl_io_write16(&h->shm, RING->avail + 2,
		       (uint16_t)(RING->avail_idx - 1));
}

static void same_head_again_and_again(struct hostile *h)
{
	unsigned int i;

	raw(h, 0, MOCK_DA + BUF, 8, F_WRITE, 0);
	for (i = 0; i < MOCK_NUM; i++)
		mock_avail(RING, 0);
	mock_service(&h->victim);
	RING->used_idx = RING->avail_idx;
}

static void used_ring_scribbled(struct hostile *h)
{
	uint16_t idx = hvl_io_read16(&h->shm, RING->used + 2);

	hvl_io_fill(&h->shm, RING->used, 0xff, hvl_vring_used_size(MOCK_NUM));
	mock_offer(&h->victim, 0, 8);
	mock_service(&h->victim);
	/* Never read back: the device goes on where it was. */
	assert_int_equal(hvl_io_read16(&h->shm, RING->used + 2), idx + 1);
	RING->used_idx = (uint16_t)(idx + 1);
}

static void buffer_over_its_own_ring(struct hostile *h)
{
	one(h, MOCK_DA + RING->desc, 16 * MOCK_NUM + 64);
}

static void buffer_over_used_ring(struct hostile *h)
{
	one(h, MOCK_DA + RING->used, 64);
}

static void buffer_over_registers(struct hostile *h)
{
	one(h, MOCK_DA, HVL_MMIO_BLOCK_SIZE);
}

static void unknown_flags(struct hostile *h)
{
	uint32_t id, len;

	raw(h, 0, MOCK_DA + BUF, 8, F_WRITE | 0xfff8, 0xdead);
	mock_avail(RING, 0);
	mock_service(&h->victim);
	assert_true(mock_used(RING, &id, &len));
	assert_int_equal(len, 8);
}

/* A descriptor in which most fields are good, most of the time. */
static void random_desc(struct hostile *h, unsigned int i)
{
	uint64_t da = MOCK_DA + BUF + (hostile_random() & 0xfff);
	uint32_t bad = hostile_random() & 63;

	raw(h, i, bad == 0 ? hostile_plausible() : da,
	    bad == 1 ? hostile_plausible() : 1 + (hostile_random() & 63),
	    bad == 2 ? hostile_plausible() :
		       F_WRITE | (hostile_random() & F_NEXT),
	    bad == 3 ? hostile_plausible() : hostile_random() % MOCK_NUM);
}

/* Seeded garbage in descriptors and avail ring, with resets in between. */
static void random_rings(struct hostile *h)
{
	struct mock_dev *v = &h->victim;
	unsigned int i, k;

	for (i = 0; i < 100000; i++) {
		for (k = 0; k < 3; k++)
			random_desc(h, hostile_random() % MOCK_NUM);
		k = (hostile_random() & 63) == 0 ? hostile_plausible() :
						   hostile_random() % MOCK_NUM;
		hvl_io_write16(&h->shm,
			       RING->avail + 4 +
				       2 * (v->dev.vq[0].avail_idx % MOCK_NUM),
			       (uint16_t)k);
		hvl_io_write16(&h->shm, RING->avail + 2,
			       (uint16_t)(v->dev.vq[0].avail_idx + 1));
		mock_service(v);
		/* Not live: what it wrote fell on its registers. */
		if (!v->dev.live) {
			mock_bring_up(v);
			hostile_round_trip(&h->witness);
		}
	}
	assert_true(v->dev.stats.violations > 1000);
	assert_true(v->dev.stats.chains > 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HOSTILE_BOTH(head_out_of_range, BROKEN),
		HOSTILE_BOTH(head_of_all_ones, BROKEN),
		HOSTILE_BOTH(next_out_of_range, BROKEN),
		HOSTILE_BOTH(self_loop, BROKEN),
		HOSTILE_BOTH(loop_of_two, BROKEN),
		HOSTILE_BOTH(loop_of_whole_ring, BROKEN),
		HOSTILE_BOTH(address_below_memory, BROKEN),
		HOSTILE_BOTH(address_above_memory, BROKEN),
		HOSTILE_BOTH(address_of_all_ones_low, BROKEN),
		HOSTILE_BOTH(address_null, BROKEN),
		HOSTILE_BOTH(buffer_across_end, BROKEN),
		HOSTILE_BOTH(buffer_across_start, BROKEN),
		HOSTILE_BOTH(address_overflow, BROKEN),
		HOSTILE_BOTH(address_overflow_into_memory, BROKEN),
		HOSTILE_BOTH(address_plus_4g, BROKEN),
		HOSTILE_BOTH(length_of_all_ones, BROKEN),
		HOSTILE_BOTH(zero_length, BROKEN),
		HOSTILE_BOTH(zero_length_in_chain, BROKEN),
		HOSTILE_BOTH(readable_after_writable, BROKEN),
		HOSTILE_BOTH(wrong_direction, BROKEN),
		HOSTILE_BOTH(bad_buffer_behind_good_ones, BROKEN),
		HOSTILE_BOTH(bad_chain_behind_good_one, BROKEN),
		HOSTILE_BOTH(indirect_not_negotiated, BROKEN),
		HOSTILE_BOTH(indirect_zero_length, BROKEN),
		HOSTILE_BOTH(indirect_odd_length, BROKEN),
		HOSTILE_BOTH(indirect_too_long, BROKEN),
		HOSTILE_BOTH(indirect_outside, BROKEN),
		HOSTILE_BOTH(indirect_across_end, BROKEN),
		HOSTILE_BOTH(indirect_overflow, BROKEN),
		HOSTILE_BOTH(indirect_with_next, BROKEN),
		HOSTILE_BOTH(indirect_nested, BROKEN),
		HOSTILE_BOTH(indirect_loop, BROKEN),
		HOSTILE_BOTH(indirect_next_out_of_range, BROKEN),
		HOSTILE_BOTH(indirect_bad_address, BROKEN),
		HOSTILE_BOTH(indirect_empty_table, BROKEN),
		HOSTILE_BOTH(indirect_endless_of_largest_size, BROKEN),
		HOSTILE_BOTH(more_segments_than_served, BROKEN),
		HOSTILE_BOTH(indirect_table_over_its_own_ring, BROKEN),
		HOSTILE_BOTH(index_jump, BROKEN),
		HOSTILE_BOTH(index_jump_by_half, BROKEN),
		HOSTILE_BOTH(index_backwards, BROKEN),
		HOSTILE_BOTH(same_head_again_and_again, HARMLESS),
		HOSTILE_BOTH(used_ring_scribbled, HARMLESS),
		HOSTILE_BOTH(unknown_flags, HARMLESS),
		HOSTILE_BOTH(buffer_over_its_own_ring, ANY),
		HOSTILE_BOTH(buffer_over_used_ring, ANY),
		HOSTILE_BOTH(buffer_over_registers, ANY),
		HOSTILE_BOTH(random_rings, ANY),
	};

	return cmocka_run_group_tests_name("hostile_rings", tests, NULL, NULL);
}
