/* SPDX-License-Identifier: BSD-3-Clause */
/* The device's virtqueue: what it takes, what it gives back, what it refuses. */
#include "dev_vq.h"

#define NUM 8u

static struct mock_ring ring;

static void start(uint32_t num)
{
	mock_ring_init(&ring, &f.shm, RING, num, 64);
	start_queue(num, (const uint64_t[]){ ring.desc, ring.avail, ring.used },
		    0);
}

static void start_first(void)
{
	start(NUM);
}

static void dev_vq_pop_returns_nothing_when_empty(void **state)
{
	(void)state;
	assert_int_equal(pop(), 0);
	hvl_dev_vq_stop(&f.vq);
	mock_avail(&ring, 0);
	assert_int_equal(pop(), 0);
}

static void dev_vq_pop_takes_direct_chain(void **state)
{
	(void)state;
	mock_desc(&ring, 5, BUF, 100, F_NEXT, 2);
	mock_desc(&ring, 2, BUF + 200, 30, F_NEXT | F_WRITE, 7);
	mock_desc(&ring, 7, BUF + 300, 40, F_WRITE, 0xffff);
	mock_avail(&ring, 5);
	assert_int_equal(pop(), 1);
	assert_int_equal(f.chain.head, 5);
	assert_int_equal(f.chain.nread, 1);
	assert_int_equal(f.chain.nwrite, 2);
	assert_int_equal(f.chain.read_len, 100);
	assert_int_equal(f.chain.write_len, 70);
	assert_ptr_equal(f.segs[0].va, f.shm.va + BUF);
	assert_int_equal(f.segs[0].len, 100);
	assert_ptr_equal(f.segs[1].va, f.shm.va + BUF + 200);
	assert_ptr_equal(f.segs[2].va, f.shm.va + BUF + 300);
	assert_int_equal(f.segs[2].len, 40);
	assert_int_equal(pop(), 0);
	assert_int_equal(f.log.lines, 0);
}

static void dev_vq_pop_takes_chain_as_long_as_ring(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < NUM; i++)
		mock_desc(&ring, i, BUF + i, 1, i + 1 < NUM ? F_NEXT : 0,
			  i + 1);
	mock_avail(&ring, 0);
	assert_int_equal(pop(), 1);
	assert_int_equal(f.chain.nread, NUM);
}

static void dev_vq_pop_takes_buffer_at_both_ends_of_memory(void **state)
{
	(void)state;
	mock_desc(&ring, 0, 0, 1, F_NEXT, 1);
	mock_desc(&ring, 1, SHM_SIZE - 1, 1, 0, 0);
	mock_avail(&ring, 0);
	assert_int_equal(pop(), 1);
	assert_ptr_equal(f.segs[1].va, f.shm.va + SHM_SIZE - 1);
}

static void indirect(unsigned int i, uint64_t table, uint32_t count)
{
	mock_desc(&ring, i, table, 16 * count, F_INDIRECT, 0xdead);
}

static void dev_vq_pop_takes_indirect_chain(void **state)
{
	uint64_t da = MOCK_DA + BUF;

	(void)state;
	mock_desc_at(&f.shm, TABLE, da, 12, F_NEXT, 2);
	mock_desc_at(&f.shm, TABLE + 32, da + 12, 20, F_WRITE, 1);
	indirect(4, TABLE, 3);
	mock_avail(&ring, 4);
	assert_int_equal(pop(), 1);
	assert_int_equal(f.chain.head, 4);
	assert_int_equal(f.chain.read_len, 12);
	assert_int_equal(f.chain.write_len, 20);
}

static void dev_vq_pop_takes_unaligned_indirect_table(void **state)
{
	(void)state;
	mock_desc_at(&f.shm, TABLE + 3, MOCK_DA + BUF, 12, 0, 0);
	indirect(0, TABLE + 3, 1);
	mock_avail(&ring, 0);
	assert_int_equal(pop(), 1);
	assert_int_equal(f.chain.read_len, 12);
}

static void dev_vq_pop_takes_direct_then_indirect(void **state)
{
	(void)state;
	mock_desc(&ring, 0, BUF, 10, F_NEXT, 1);
	mock_desc_at(&f.shm, TABLE, MOCK_DA + BUF + 64, 20, F_WRITE, 0);
	indirect(1, TABLE, 1);
	mock_avail(&ring, 0);
	assert_int_equal(pop(), 1);
	assert_int_equal(f.chain.nread, 1);
	assert_int_equal(f.chain.nwrite, 1);
	assert_ptr_equal(f.segs[1].va, f.shm.va + BUF + 64);
}

static void dev_vq_pop_takes_indirect_longer_than_ring(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < SEGS; i++)
		mock_desc_at(&f.shm, TABLE + 16 * i, MOCK_DA + BUF + i, 1,
			     i + 1 < SEGS ? F_NEXT : 0, (uint16_t)(i + 1));
	indirect(0, TABLE, SEGS);
	mock_avail(&ring, 0);
	assert_int_equal(pop(), 1);
	assert_int_equal(f.chain.nread, SEGS);
}

static void dev_vq_pop_keeps_chain_without_room_for_it(void **state)
{
	(void)state;
	mock_desc(&ring, 0, BUF, 10, F_NEXT, 1);
	mock_desc(&ring, 1, BUF, 10, 0, 0);
	mock_avail(&ring, 0);
	f.chain.nseg_max = 1;
	assert_int_equal(pop(), -ENOBUFS);
	assert_int_equal(pop(), -ENOBUFS);
	f.chain.nseg_max = 2;
	assert_int_equal(pop(), 1);
}

static void dev_vq_unpop_gives_chain_again(void **state)
{
	(void)state;
	mock_desc(&ring, 0, BUF, 10, 0, 0);
	mock_desc(&ring, 1, BUF, 11, 0, 0);
	mock_avail(&ring, 0);
	mock_avail(&ring, 1);
	assert_int_equal(pop(), 1);
	hvl_dev_vq_unpop(&f.vq);
	assert_int_equal(pop(), 1);
	assert_int_equal(f.chain.head, 0);
	assert_int_equal(pop(), 1);
	assert_int_equal(f.chain.head, 1);
	assert_int_equal(pop(), 0);
}

static void dev_vq_push_shows_nothing_before_flush(void **state)
{
	uint32_t id, len;

	(void)state;
	mock_desc(&ring, 6, BUF, 10, F_WRITE, 0);
	mock_avail(&ring, 6);
	assert_int_equal(pop(), 1);
	hvl_dev_vq_push(&f.vq, &f.chain, 7);
	assert_false(mock_used(&ring, &id, &len));
	assert_true(hvl_dev_vq_flush(&f.vq));
	assert_true(mock_used(&ring, &id, &len));
	assert_int_equal(id, 6);
	assert_int_equal(len, 7);
	assert_false(hvl_dev_vq_flush(&f.vq));
}

static void dev_vq_push_bounds_length(void **state)
{
	uint32_t id, len;

	(void)state;
	mock_desc(&ring, 0, BUF, 10, F_WRITE, 0);
	mock_avail(&ring, 0);
	assert_int_equal(pop(), 1);
	hvl_dev_vq_push(&f.vq, &f.chain, 11);
	hvl_dev_vq_flush(&f.vq);
	assert_true(mock_used(&ring, &id, &len));
	assert_int_equal(len, 10);
}

static void dev_vq_flush_obeys_no_interrupt(void **state)
{
	uint32_t id, len;

	(void)state;
	hvl_io_write16(&f.shm, ring.avail, VRING_AVAIL_F_NO_INTERRUPT);
	mock_desc(&ring, 0, BUF, 10, F_WRITE, 0);
	mock_avail(&ring, 0);
	assert_int_equal(pop(), 1);
	hvl_dev_vq_push(&f.vq, &f.chain, 7);
	assert_false(hvl_dev_vq_flush(&f.vq));
	assert_true(mock_used(&ring, &id, &len));
}

static void dev_vq_without_suppression_notifies_always(void **state)
{
	(void)state;
	f.cfg.no_suppress = true;
	assert_int_equal(hvl_dev_vq_start(&f.vq, &f.cfg), 0);
	hvl_dev_vq_notify_off(&f.vq);
	assert_int_equal(hvl_io_read16(&f.shm, ring.used), 0);
	hvl_io_write16(&f.shm, ring.avail, VRING_AVAIL_F_NO_INTERRUPT);
	assert_false(hvl_dev_vq_flush(&f.vq));
	mock_desc(&ring, 0, BUF, 10, F_WRITE, 0);
	mock_avail(&ring, 0);
	assert_int_equal(pop(), 1);
	hvl_dev_vq_push(&f.vq, &f.chain, 7);
	assert_true(hvl_dev_vq_flush(&f.vq));
}

static void dev_vq_notify_on_tells_what_came(void **state)
{
	(void)state;
	hvl_dev_vq_notify_off(&f.vq);
	assert_int_equal(hvl_io_read16(&f.shm, ring.used),
			 VRING_USED_F_NO_NOTIFY);
	assert_false(hvl_dev_vq_notify_on(&f.vq));
	assert_int_equal(hvl_io_read16(&f.shm, ring.used), 0);
	mock_desc(&ring, 0, BUF, 10, 0, 0);
	mock_avail(&ring, 0);
	assert_true(hvl_dev_vq_notify_on(&f.vq));
	assert_int_equal(pop(), 1);
	assert_false(hvl_dev_vq_notify_on(&f.vq));
}

static void dev_vq_moves_chains_over_index_wrap(void **state)
{
	static const uint32_t nums[] = { 1, 2, 4, 256, 1024 };
	uint32_t id, len;
	size_t n;
	int i;

	(void)state;
	for (n = 0; n < HVL_ARRAY_SIZE(nums); n++) {
		start(nums[n]);
		for (i = 0; i < 66000; i++) {
			unsigned int head = (unsigned int)i * 7 % nums[n];

			mock_desc(&ring, head, BUF, 1 + head, F_WRITE, 0);
			mock_avail(&ring, head);
			assert_int_equal(pop(), 1);
			assert_int_equal(f.chain.head, head);
			hvl_dev_vq_push(&f.vq, &f.chain, 1 + head);
			assert_true(hvl_dev_vq_flush(&f.vq));
			assert_true(mock_used(&ring, &id, &len));
			assert_int_equal(id, head);
			assert_int_equal(len, 1 + head);
		}
		assert_int_equal(pop(), 0);
	}
}

static void dev_vq_chain_copies_cross_segments(void **state)
{
	unsigned char out[16], in[16];
	unsigned int i;

	(void)state;
	for (i = 0; i < 16; i++) {
		f.shm.va[BUF + i] = (unsigned char)i;
		in[i] = (unsigned char)(0x80 + i);
	}
	mock_desc(&ring, 0, BUF, 3, F_NEXT, 1);
	mock_desc(&ring, 1, BUF + 3, 5, F_NEXT, 2);
	mock_desc(&ring, 2, BUF + 32, 2, F_NEXT | F_WRITE, 3);
	mock_desc(&ring, 3, BUF + 64, 4, F_WRITE, 0);
	mock_avail(&ring, 0);
	assert_int_equal(pop(), 1);
	assert_int_equal(hvl_chain_copy_from(&f.chain, 0, out, 16), 8);
	assert_memory_equal(out, f.shm.va + BUF, 8);
	assert_int_equal(hvl_chain_copy_from(&f.chain, 3, out, 2), 2);
	assert_memory_equal(out, f.shm.va + BUF + 3, 2);
	assert_int_equal(hvl_chain_copy_from(&f.chain, 8, out, 2), 0);
	assert_int_equal(hvl_chain_copy_to(&f.chain, 1, in, 16), 5);
	assert_int_equal(f.shm.va[BUF + 33], 0x80);
	assert_int_equal(f.shm.va[BUF + 64], 0x81);
	assert_int_equal(f.shm.va[BUF + 67], 0x84);
	assert_int_equal(f.shm.va[BUF + 68], 0);
	assert_int_equal(f.shm.va[BUF + 34], 0);
}

static void dev_vq_pop_rejects_bad_head(void **state)
{
	(void)state;
	mock_avail(&ring, NUM);
	assert_bad("bad head");
}

static void dev_vq_pop_rejects_bad_next(void **state)
{
	(void)state;
	mock_desc(&ring, 0, BUF, 1, F_NEXT, NUM);
	mock_avail(&ring, 0);
	assert_bad("bad next");
}

static void dev_vq_pop_rejects_loop(void **state)
{
	(void)state;
	mock_desc(&ring, 0, BUF, 1, F_NEXT, 1);
	mock_desc(&ring, 1, BUF, 1, F_NEXT, 0);
	mock_avail(&ring, 0);
	assert_bad("endless");
}

static void dev_vq_pop_rejects_loop_in_indirect_table(void **state)
{
	(void)state;
	mock_desc_at(&f.shm, TABLE, MOCK_DA + BUF, 1, F_NEXT, 1);
	mock_desc_at(&f.shm, TABLE + 16, MOCK_DA + BUF, 1, F_NEXT, 0);
	indirect(0, TABLE, 2);
	mock_avail(&ring, 0);
	assert_bad("endless");
}

static void dev_vq_pop_rejects_address_outside(void **state)
{
	static const struct {
		uint64_t da;
		uint32_t len;
	} bad[] = {
		{ 0, 1 },
		{ MOCK_DA - 1, 1 },
		{ MOCK_DA - 1, 2 },
		{ MOCK_DA + SHM_SIZE, 1 },
		{ MOCK_DA + SHM_SIZE - 1, 2 },
		{ MOCK_DA, SHM_SIZE + 1 },
		{ MOCK_DA, UINT32_MAX },
		{ UINT64_MAX, 1 },
		{ UINT64_MAX, UINT32_MAX },
		{ UINT64_MAX - 15, 16 },
		{ 0xffffffff, 1510 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < HVL_ARRAY_SIZE(bad); i++) {
		start(NUM);
		f.log.lines = 0;
		mock_desc_at(&f.shm, ring.desc, bad[i].da, bad[i].len, 0, 0);
		mock_avail(&ring, 0);
		assert_bad("outside");
	}
}

static void dev_vq_pop_rejects_empty_buffer(void **state)
{
	(void)state;
	mock_desc(&ring, 0, BUF, 0, 0, 0);
	mock_avail(&ring, 0);
	assert_bad("empty");
}

static void dev_vq_pop_rejects_readable_after_writable(void **state)
{
	(void)state;
	mock_desc(&ring, 0, BUF, 1, F_NEXT | F_WRITE, 1);
	mock_desc(&ring, 1, BUF, 1, 0, 0);
	mock_avail(&ring, 0);
	assert_bad("after a writable");
}

static void dev_vq_pop_rejects_index_jump(void **state)
{
	(void)state;
	hvl_io_write16(&f.shm, ring.avail + 2, NUM + 1);
	assert_bad("jumped");
	start(NUM);
	f.log.lines = 0;
	hvl_io_write16(&f.shm, ring.avail + 2, 0xffff);
	assert_bad("jumped");
}

/* More is out than the ring has entries: it was offered anew meanwhile. */
static void dev_vq_pop_rejects_overrun(void **state)
{
	unsigned int i;

	(void)state;
	mock_desc(&ring, 0, BUF, 16, 0, 0);
	for (i = 0; i < NUM; i++) {
		mock_avail(&ring, 0);
		assert_int_equal(pop(), 1);
	}
	mock_avail(&ring, 0);
	assert_bad("ring overrun");
}

static void dev_vq_pop_rejects_indirect_not_negotiated(void **state)
{
	(void)state;
	f.cfg.features = 0;
	assert_int_equal(hvl_dev_vq_start(&f.vq, &f.cfg), 0);
	mock_desc_at(&f.shm, TABLE, MOCK_DA + BUF, 1, 0, 0);
	indirect(0, TABLE, 1);
	mock_avail(&ring, 0);
	assert_bad("not negotiated");
}

static void dev_vq_pop_rejects_indirect_with_next(void **state)
{
	(void)state;
	mock_desc_at(&f.shm, TABLE, MOCK_DA + BUF, 1, 0, 0);
	mock_desc(&ring, 0, TABLE, 16, F_INDIRECT | F_NEXT, 1);
	mock_avail(&ring, 0);
	assert_bad("with next");
}

static void dev_vq_pop_rejects_nested_indirect(void **state)
{
	(void)state;
	mock_desc_at(&f.shm, TABLE, MOCK_DA + TABLE, 16, F_INDIRECT, 0);
	indirect(0, TABLE, 1);
	mock_avail(&ring, 0);
	assert_bad("in an indirect");
}

static void dev_vq_pop_rejects_bad_indirect_length(void **state)
{
	static const uint32_t bad[] = { 0, 8, 17, 31, 16 * 32769 };
	size_t i;

	(void)state;
	for (i = 0; i < HVL_ARRAY_SIZE(bad); i++) {
		start(NUM);
		f.log.lines = 0;
		mock_desc(&ring, 0, TABLE, bad[i], F_INDIRECT, 0);
		mock_avail(&ring, 0);
		assert_bad("bad length");
	}
}

static void dev_vq_pop_rejects_indirect_outside(void **state)
{
	(void)state;
	mock_desc(&ring, 0, SHM_SIZE - 16, 32, F_INDIRECT, 0);
	mock_avail(&ring, 0);
	assert_bad("outside");
}

static void dev_vq_pop_rejects_bad_next_in_indirect_table(void **state)
{
	(void)state;
	/* In the ring, but not in the table. */
	mock_desc_at(&f.shm, TABLE, MOCK_DA + BUF, 1, F_NEXT, 2);
	indirect(0, TABLE, 2);
	mock_avail(&ring, 0);
	assert_bad("bad next");
}

static void dev_vq_start_rejects_bad_ring(void **state)
{
	const struct hvl_dev_vq_config good = f.cfg;
	struct hvl_dev_vq_config bad[11];
	size_t i;

	(void)state;
	for (i = 0; i < HVL_ARRAY_SIZE(bad); i++)
		bad[i] = good;
	bad[0].num = 0;
	bad[1].num = 3;
	bad[2].num_max = 4;
	bad[3].num = 0x10000;
	bad[4].desc += 8;
	bad[5].avail += 1;
	bad[6].used += 2;
	bad[7].desc = MOCK_DA + SHM_SIZE - 16 * (NUM - 1);
	bad[8].avail = MOCK_DA - 2;
	bad[9].used = UINT64_MAX - 3;
	bad[10].used = MOCK_DA + SHM_SIZE - 64;
	for (i = 0; i < HVL_ARRAY_SIZE(bad); i++) {
		f.log.lines = 0;
		assert_int_equal(hvl_dev_vq_start(&f.vq, &bad[i]), -EPROTO);
		assert_int_equal(f.log.lines, 1);
		assert_int_equal(pop(), 0);
		assert_false(hvl_dev_vq_notify_on(&f.vq));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(dev_vq_pop_returns_nothing_when_empty),
		CASE(dev_vq_pop_takes_direct_chain),
		CASE(dev_vq_pop_takes_chain_as_long_as_ring),
		CASE(dev_vq_pop_takes_buffer_at_both_ends_of_memory),
		CASE(dev_vq_pop_takes_indirect_chain),
		CASE(dev_vq_pop_takes_unaligned_indirect_table),
		CASE(dev_vq_pop_takes_direct_then_indirect),
		CASE(dev_vq_pop_takes_indirect_longer_than_ring),
		CASE(dev_vq_pop_keeps_chain_without_room_for_it),
		CASE(dev_vq_unpop_gives_chain_again),
		CASE(dev_vq_push_shows_nothing_before_flush),
		CASE(dev_vq_push_bounds_length),
		CASE(dev_vq_flush_obeys_no_interrupt),
		CASE(dev_vq_without_suppression_notifies_always),
		CASE(dev_vq_notify_on_tells_what_came),
		CASE(dev_vq_moves_chains_over_index_wrap),
		CASE(dev_vq_chain_copies_cross_segments),
		CASE(dev_vq_pop_rejects_bad_head),
		CASE(dev_vq_pop_rejects_bad_next),
		CASE(dev_vq_pop_rejects_loop),
		CASE(dev_vq_pop_rejects_loop_in_indirect_table),
		CASE(dev_vq_pop_rejects_address_outside),
		CASE(dev_vq_pop_rejects_empty_buffer),
		CASE(dev_vq_pop_rejects_readable_after_writable),
		CASE(dev_vq_pop_rejects_index_jump),
		CASE(dev_vq_pop_rejects_overrun),
		CASE(dev_vq_pop_rejects_indirect_not_negotiated),
		CASE(dev_vq_pop_rejects_indirect_with_next),
		CASE(dev_vq_pop_rejects_nested_indirect),
		CASE(dev_vq_pop_rejects_bad_indirect_length),
		CASE(dev_vq_pop_rejects_indirect_outside),
		CASE(dev_vq_pop_rejects_bad_next_in_indirect_table),
		CASE(dev_vq_start_rejects_bad_ring),
	};

	return cmocka_run_group_tests_name("dev_vq", tests, NULL, NULL);
}
