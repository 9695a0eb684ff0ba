/* SPDX-License-Identifier: BSD-3-Clause */
/* The device's packed ring: what it takes, gives back and refuses. */
#include "dev_vq.h"

#include <hvl/wire/vring_packed.h>

#define DRIVER 0x2000u /* areas: the driver's event word, the device's */
#define DEVICE 0x3000u
#define NUM 6u /* need not be a power of two */

static uint32_t taken; /* kept for a later life */

/* The driver's place. */
static struct {
	unsigned int next;
	bool wrap;
} drv;

static void start(uint64_t features)
{
	hvl_io_fill(&f.shm, RING, 0, 0x3000);
	drv.next = 0;
	drv.wrap = true;
	start_queue(NUM, (const uint64_t[]){ RING, DRIVER, DEVICE },
		    features | HVL_BIT64(VIRTIO_F_RING_PACKED));
}

static void start_first(void)
{
	start(0);
}

static void desc_at(uint64_t at, uint64_t off, uint32_t len, uint16_t id,
		    unsigned int flags)
{
	struct hvl_vring_packed_desc d = {
		.addr = hvl_le64_make(MOCK_DA + off),
		.len = hvl_le32_make(len),
		.id = hvl_le16_make(id),
		.flags = hvl_le16_make((uint16_t)flags),
	};

	hvl_io_write_block(&f.shm, at, &d, sizeof(d));
}

/* The driver's next descriptor. */
static void offer(uint64_t off, uint32_t len, uint16_t id, unsigned int flags)
{
	desc_at(RING + 16 * drv.next, off, len, id,
		flags | hvl_vring_packed_avail(drv.wrap));
	if (++drv.next == NUM) {
		drv.next = 0;
		drv.wrap = !drv.wrap;
	}
}

static void assert_used(unsigned int i, bool wrap, unsigned int id,
			uint32_t len)
{
	uint64_t at = RING + 16 * i;
	uint16_t flags = hvl_io_read16(&f.shm, at + 14);

	assert_true(hvl_vring_packed_is_used(flags, wrap));
	assert_int_equal(hvl_io_read16(&f.shm, at + 12), id);
	assert_int_equal(hvl_io_read32(&f.shm, at + 8), len);
	assert_int_equal((flags & F_WRITE) != 0, len != 0);
}

/* Take one chain and give it back; it is visible then. */
static void serve(uint32_t len)
{
	assert_int_equal(pop(), 1);
	hvl_dev_vq_push(&f.vq, &f.chain, len);
	hvl_dev_vq_flush(&f.vq);
}

static void dev_vq_packed_takes_chain(void **state)
{
	(void)state;
	assert_int_equal(pop(), 0);
	offer(BUF, 100, 0, F_NEXT);
	offer(BUF + 200, 30, 0, F_NEXT | F_WRITE);
	offer(BUF + 300, 40, 0x1234, F_WRITE);
	assert_int_equal(pop(), 1);
	assert_int_equal(f.chain.head, 0x1234);
	assert_int_equal(f.chain.count, 3);
	assert_int_equal(f.chain.nread, 1);
	assert_int_equal(f.chain.nwrite, 2);
	assert_int_equal(f.chain.write_len, 70);
	assert_ptr_equal(f.segs[2].va, f.shm.va + BUF + 300);
	hvl_dev_vq_push(&f.vq, &f.chain, 1000);
	assert_true(hvl_dev_vq_flush(&f.vq));
	assert_used(0, true, 0x1234, 70);
	assert_int_equal(pop(), 0);
}

static void dev_vq_packed_takes_table(void **state)
{
	(void)state;
	/* §2.8.8: NEXT means nothing there, and ids neither */
	desc_at(TABLE, BUF, 10, 7, F_NEXT);
	desc_at(TABLE + 16, BUF + 64, 20, 8, F_WRITE);
	offer(TABLE, 32, 5, F_INDIRECT);
	assert_int_equal(pop(), 1);
	assert_int_equal(f.chain.head, 5);
	assert_int_equal(f.chain.count, 1);
	assert_int_equal(f.chain.read_len, 10);
	assert_int_equal(f.chain.write_len, 20);
}

static void dev_vq_packed_goes_round(void **state)
{
	unsigned int i, at = 0;
	bool wrap = true;

	(void)state;
	for (i = 0; i < 5 * NUM; i++) {
		offer(BUF, 8, (uint16_t)i, F_NEXT | F_WRITE);
		offer(BUF, 8, (uint16_t)i, F_WRITE);
		serve(9);
		assert_used(at, wrap, i, 9);
		at += 2;
		if (at >= NUM) {
			at -= NUM;
			wrap = !wrap;
		}
	}
}

static void dev_vq_packed_holds_back_first_flags(void **state)
{
	(void)state;
	offer(BUF, 8, 1, F_WRITE);
	offer(BUF, 8, 2, F_WRITE);
	assert_int_equal(pop(), 1);
	hvl_dev_vq_push(&f.vq, &f.chain, 8);
	assert_int_equal(pop(), 1);
	hvl_dev_vq_push(&f.vq, &f.chain, 0);
	assert_false(hvl_vring_packed_is_used(hvl_io_read16(&f.shm, RING + 14),
					      true));
	assert_used(1, true, 2, 0);
	hvl_dev_vq_flush(&f.vq);
	assert_used(0, true, 1, 8);
}

static void dev_vq_packed_unpop_gives_chain_again(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < NUM - 1; i++) {
		offer(BUF, 8, (uint16_t)i, 0);
		serve(0);
	}
	/* over the end and back */
	offer(BUF, 8, 9, F_NEXT);
	offer(BUF, 8, 9, 0);
	assert_int_equal(pop(), 1);
	assert_false(hvl_dev_vq_waiting(&f.vq));
	hvl_dev_vq_unpop(&f.vq);
	assert_true(hvl_dev_vq_waiting(&f.vq));
	assert_int_equal(pop(), 1);
	assert_int_equal(f.chain.head, 9);
	assert_int_equal(f.chain.count, 2);
	hvl_dev_vq_push(&f.vq, &f.chain, 0);
	hvl_dev_vq_flush(&f.vq);
	assert_used(NUM - 1, true, 9, 0);
}

static void dev_vq_packed_in_order_writes_one_for_all(void **state)
{
	unsigned int i;

	(void)state;
	start(HVL_BIT64(VIRTIO_F_IN_ORDER));
	for (i = 0; i < 3; i++) {
		offer(BUF, 8, (uint16_t)(10 + i), F_WRITE);
		assert_int_equal(pop(), 1);
		hvl_dev_vq_push(&f.vq, &f.chain, i < 2 ? 8 : 5);
	}
	assert_true(hvl_dev_vq_flush(&f.vq));
	assert_used(0, true, 12, 5);
	/* and the next entry behind them all */
	offer(BUF, 8, 20, F_WRITE);
	serve(8);
	assert_used(3, true, 20, 8);
}

/* What is not given back yet is offered anew: in order, nothing is written. */
static void dev_vq_packed_rejects_overrun(void **state)
{
	unsigned int i;

	(void)state;
	start(HVL_BIT64(VIRTIO_F_IN_ORDER));
	for (i = 0; i < NUM + 1; i++)
		offer(BUF, 8, (uint16_t)i, 0);
	/* the first is of the next round now: put it back for the moment */
	desc_at(RING, BUF, 8, 0, VRING_PACKED_DESC_F_AVAIL);
	for (i = 0; i < NUM; i++) {
		assert_int_equal(pop(), 1);
		hvl_dev_vq_push(&f.vq, &f.chain, 0);
	}
	desc_at(RING, BUF, 8, 0, VRING_PACKED_DESC_F_USED);
	assert_bad("ring overrun");
}

static void dev_vq_packed_rejects_endless_chain(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < NUM; i++)
		offer(BUF, 8, 0, F_NEXT);
	assert_bad("endless chain");
}

static void dev_vq_packed_rejects_chain_without_end(void **state)
{
	(void)state;
	offer(BUF, 8, 0, F_NEXT);
	assert_bad("chain without an end");
}

static void dev_vq_packed_rejects_table_in_chain(void **state)
{
	(void)state;
	offer(BUF, 8, 0, F_NEXT);
	offer(TABLE, 16, 0, F_INDIRECT);
	assert_bad("indirect table in a chain");
}

static void dev_vq_packed_rejects_bad_buffers(void **state)
{
	(void)state;
	offer(BUF, 0, 0, 0);
	assert_bad("empty buffer");
	f.log.lines = 0;
	start(0);
	offer(SHM_SIZE - 4, 5, 0, 0);
	assert_bad("outside shared memory");
	f.log.lines = 0;
	start(0);
	desc_at(TABLE, BUF, 10, 0, F_WRITE);
	desc_at(TABLE + 16, BUF, 10, 0, 0);
	offer(TABLE, 32, 5, F_INDIRECT);
	assert_bad("readable buffer after a writable one");
}

static void dev_vq_packed_start_rejects_bad_ring(void **state)
{
	struct hvl_dev_vq_config cfg = f.cfg;

	(void)state;
	cfg.num = 0;
	assert_int_equal(hvl_dev_vq_start(&f.vq, &cfg), -EPROTO);
	cfg.num = 32769;
	assert_int_equal(hvl_dev_vq_start(&f.vq, &cfg), -EPROTO);
	cfg.num = NUM;
	cfg.avail = MOCK_DA + DRIVER + 2;
	assert_int_equal(hvl_dev_vq_start(&f.vq, &cfg), -EPROTO);
	cfg.avail = MOCK_DA + DRIVER;
	cfg.used = MOCK_DA + SHM_SIZE;
	assert_int_equal(hvl_dev_vq_start(&f.vq, &cfg), -EPROTO);
	assert_int_equal(f.log.lines, 4);
}

static void dev_vq_packed_obeys_event_words(void **state)
{
	(void)state;
	hvl_io_write32(&f.shm, DRIVER, VRING_PACKED_EVENT_FLAG_DISABLE << 16);
	offer(BUF, 8, 0, 0);
	assert_int_equal(pop(), 1);
	hvl_dev_vq_push(&f.vq, &f.chain, 0);
	assert_false(hvl_dev_vq_flush(&f.vq));
	/* the descriptor after the next, of this round */
	start(HVL_BIT64(VIRTIO_RING_F_EVENT_IDX));
	hvl_io_write32(&f.shm, DRIVER,
		       VRING_PACKED_EVENT_FLAG_DESC << 16 |
			       VRING_PACKED_EVENT_WRAP | 1);
	offer(BUF, 8, 0, 0);
	assert_int_equal(pop(), 1);
	hvl_dev_vq_push(&f.vq, &f.chain, 0);
	assert_false(hvl_dev_vq_flush(&f.vq));
	offer(BUF, 8, 0, 0);
	assert_int_equal(pop(), 1);
	hvl_dev_vq_push(&f.vq, &f.chain, 0);
	assert_true(hvl_dev_vq_flush(&f.vq));
}

static void dev_vq_packed_says_what_it_wants(void **state)
{
	(void)state;
	hvl_dev_vq_notify_off(&f.vq);
	assert_int_equal(hvl_io_read32(&f.shm, DEVICE),
			 VRING_PACKED_EVENT_FLAG_DISABLE << 16);
	offer(BUF, 8, 0, 0);
	assert_true(hvl_dev_vq_notify_on(&f.vq));
	assert_int_equal(hvl_io_read32(&f.shm, DEVICE), 0);
	serve(0);
	assert_false(hvl_dev_vq_notify_on(&f.vq));
	/* with event indices: the place of the next one */
	start(HVL_BIT64(VIRTIO_RING_F_EVENT_IDX));
	offer(BUF, 8, 0, 0);
	serve(0);
	assert_false(hvl_dev_vq_notify_on(&f.vq));
	assert_int_equal(hvl_io_read32(&f.shm, DEVICE),
			 VRING_PACKED_EVENT_FLAG_DESC << 16 |
				 VRING_PACKED_EVENT_WRAP | 1);
}

/* A life ends with two chains out. */
static void leave_two_out(void)
{
	hvl_dev_vq_keep(&f.vq, &taken);
	offer(BUF, 8, 1, F_NEXT | F_WRITE);
	offer(BUF, 8, 1, F_WRITE);
	serve(8);
	offer(BUF, 8, 2, F_WRITE);
	offer(BUF, 8, 3, F_WRITE);
	assert_int_equal(pop(), 1);
	assert_int_equal(pop(), 1);
	hvl_dev_vq_stop(&f.vq);
}

static void dev_vq_packed_resume_takes_chains_anew(void **state)
{
	(void)state;
	leave_two_out();
	assert_int_equal(hvl_dev_vq_resume(&f.vq, &f.cfg, taken, false), 0);
	hvl_dev_vq_settle(&f.vq);
	assert_int_equal(pop(), 1);
	assert_int_equal(f.chain.head, 2);
	assert_int_equal(pop(), 1);
	assert_int_equal(f.chain.head, 3);
	assert_int_equal(pop(), 0);
}

static void dev_vq_packed_resume_gives_chains_back(void **state)
{
	(void)state;
	leave_two_out();
	assert_int_equal(hvl_dev_vq_resume(&f.vq, &f.cfg, taken, true), 0);
	hvl_dev_vq_settle(&f.vq);
	assert_used(2, true, 2, 0);
	assert_used(3, true, 3, 0);
	assert_int_equal(pop(), 0);
}

static void dev_vq_packed_resume_rejects_other_ring(void **state)
{
	(void)state;
	leave_two_out();
	/* beyond the ring */
	assert_int_equal(hvl_dev_vq_resume(&f.vq, &f.cfg, NUM, true), -EPROTO);
	assert_int_equal(
		hvl_dev_vq_resume(&f.vq, &f.cfg, taken | 0x7fff0000u, true),
		-EPROTO);
	/* the last chain that was taken has no end */
	desc_at(RING + 48, BUF, 8, 3, VRING_PACKED_DESC_F_AVAIL | F_NEXT);
	assert_int_equal(hvl_dev_vq_resume(&f.vq, &f.cfg, taken, true),
			 -EPROTO);
	assert_non_null(strstr(f.log.last, "ring is not as it was left"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(dev_vq_packed_takes_chain),
		CASE(dev_vq_packed_takes_table),
		CASE(dev_vq_packed_goes_round),
		CASE(dev_vq_packed_holds_back_first_flags),
		CASE(dev_vq_packed_unpop_gives_chain_again),
		CASE(dev_vq_packed_in_order_writes_one_for_all),
		CASE(dev_vq_packed_rejects_overrun),
		CASE(dev_vq_packed_rejects_endless_chain),
		CASE(dev_vq_packed_rejects_chain_without_end),
		CASE(dev_vq_packed_rejects_table_in_chain),
		CASE(dev_vq_packed_rejects_bad_buffers),
		CASE(dev_vq_packed_start_rejects_bad_ring),
		CASE(dev_vq_packed_obeys_event_words),
		CASE(dev_vq_packed_says_what_it_wants),
		CASE(dev_vq_packed_resume_takes_chains_anew),
		CASE(dev_vq_packed_resume_gives_chains_back),
		CASE(dev_vq_packed_resume_rejects_other_ring),
	};

	return cmocka_run_group_tests_name("dev_vq_packed", tests, NULL, NULL);
}
