/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What virtio 1.3 §2.7 and §2.8 ask of a device, statement by statement: see
 * docs/conformance.md. The ring is written and looked at by hand.
 */
#include "mock_driver.h"

#include <hvl/device/vq.h>
#include <hvl/metal/errno.h>
#include <hvl/wire/vring_packed.h>

#define SHM_SIZE 0x40000u
#define RING 0x1000u
#define TABLE 0x8000u /* indirect tables */
#define BUF 0x10000u  /* buffers from here on */
#define NUM 8u
#define SEGS 16u

#define F_NEXT VRING_DESC_F_NEXT
#define F_WRITE VRING_DESC_F_WRITE
#define F_INDIRECT VRING_DESC_F_INDIRECT
#define F_AVAIL VRING_PACKED_DESC_F_AVAIL
#define F_USED VRING_PACKED_DESC_F_USED
#define EVENTS HVL_BIT64(VIRTIO_RING_F_EVENT_IDX)
#define IN_ORDER HVL_BIT64(VIRTIO_F_IN_ORDER)
#define PACKED HVL_BIT64(VIRTIO_F_RING_PACKED)

static struct fixture {
	struct hvl_io shm;
	struct mock_log log;
	struct mock_ring ring;
	struct hvl_dev_vq vq;
	struct hvl_seg segs[2][SEGS];
	struct hvl_chain chain[2];
} f;

static void start(uint64_t features)
{
	struct hvl_dev_vq_config cfg = {
		.shm = &f.shm,
		.log = &f.log.log,
		.name = "dev0",
		.num = NUM,
		.num_max = NUM,
		.features = features | HVL_BIT64(VIRTIO_F_VERSION_1) |
			    HVL_BIT64(VIRTIO_RING_F_INDIRECT_DESC),
	};

	/* For a packed ring the areas behind the descriptors are larger. */
	mock_ring_init(&f.ring, &f.shm, RING, NUM, 64);
	cfg.desc = MOCK_DA + f.ring.desc;
	cfg.avail = MOCK_DA + f.ring.avail;
	cfg.used = MOCK_DA + f.ring.used;
	assert_int_equal(hvl_dev_vq_start(&f.vq, &cfg), 0);
}

static int setup(void **state)
{
	unsigned int i;

	(void)state;
	memset(&f, 0, sizeof(f));
	mock_shm_map(&f.shm, SHM_SIZE);
	mock_log_init(&f.log);
	for (i = 0; i < 2; i++)
		f.chain[i] = (struct hvl_chain){ .nseg_max = SEGS,
						 .seg = f.segs[i] };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	mock_shm_unmap(&f.shm);
	return 0;
}

static int pop(unsigned int i)
{
	return hvl_dev_vq_pop(&f.vq, &f.chain[i]);
}

static uint16_t word(uint64_t off)
{
	return hvl_io_read16(&f.shm, off);
}

static uint64_t used_event(void)
{
	return f.ring.avail + 4 + 2 * NUM;
}

static uint64_t avail_event(void)
{
	return f.ring.used + 4 + 8 * NUM;
}

/* One writable buffer comes and is given back. Return: whether to notify. */
static bool split_serve(unsigned int head)
{
	mock_desc(&f.ring, head, BUF, 16, F_WRITE, 0);
	mock_avail(&f.ring, head);
	assert_int_equal(pop(0), 1);
	hvl_dev_vq_push(&f.vq, &f.chain[0], 4);
	return hvl_dev_vq_flush(&f.vq);
}

/* What stands behind the avail ring means nothing without EVENT_IDX. */
static void conf_dev_split_flush_obeys_flags_only(void **state)
{
	unsigned int i;

	(void)state;
	start(0);
	for (i = 0; i < 6; i++) {
		hvl_io_write16(&f.shm, f.ring.avail, i & 1);
		hvl_io_write16(&f.shm, used_event(),
			       i < 3 ? (uint16_t)i : 0x7000);
		assert_int_equal(split_serve(i), !(i & 1));
	}
}

static void conf_dev_split_flush_obeys_used_event(void **state)
{
	unsigned int i;

	(void)state;
	start(EVENTS);
	/* The flag means nothing here. */
	hvl_io_write16(&f.shm, f.ring.avail, VRING_AVAIL_F_NO_INTERRUPT);
	hvl_io_write16(&f.shm, used_event(), 0);
	assert_true(split_serve(0));
	assert_false(split_serve(1));
	hvl_io_write16(&f.shm, used_event(), 3);
	assert_false(split_serve(2));
	assert_true(split_serve(3));
	hvl_io_write16(&f.shm, f.ring.avail, 0);
	assert_false(split_serve(4));
	/* One of several that are shown at once. */
	hvl_io_write16(&f.shm, used_event(), 6);
	for (i = 5; i < 8; i++) {
		mock_desc(&f.ring, i, BUF, 16, F_WRITE, 0);
		mock_avail(&f.ring, i);
		assert_int_equal(pop(0), 1);
		hvl_dev_vq_push(&f.vq, &f.chain[0], 4);
	}
	assert_true(hvl_dev_vq_flush(&f.vq));
}

static void conf_dev_split_used_flags_are_0_or_1(void **state)
{
	(void)state;
	start(0);
	assert_int_equal(word(f.ring.used), 0);
	hvl_dev_vq_notify_off(&f.vq);
	assert_int_equal(word(f.ring.used), 1);
	(void)hvl_dev_vq_notify_on(&f.vq);
	assert_int_equal(word(f.ring.used), 0);
}

static void conf_dev_split_event_idx_leaves_flags_zero(void **state)
{
	unsigned int i;

	(void)state;
	start(EVENTS);
	for (i = 0; i < 3; i++) {
		hvl_dev_vq_notify_off(&f.vq);
		assert_int_equal(word(f.ring.used), 0);
		(void)split_serve(i);
		(void)hvl_dev_vq_notify_on(&f.vq);
		assert_int_equal(word(f.ring.used), 0);
		assert_int_equal(word(avail_event()), i + 1);
	}
}

/* §2.7.8.2: the entry, whole, before the index. */
static void conf_dev_split_entry_comes_before_index(void **state)
{
	uint32_t id, len;

	(void)state;
	start(0);
	mock_desc(&f.ring, 3, BUF, 16, F_WRITE, 0);
	mock_avail(&f.ring, 3);
	assert_int_equal(pop(0), 1);
	hvl_dev_vq_push(&f.vq, &f.chain[0], 7);
	assert_int_equal(hvl_io_read32(&f.shm, f.ring.used + 4), 3);
	assert_int_equal(hvl_io_read32(&f.shm, f.ring.used + 8), 7);
	assert_false(mock_used(&f.ring, &id, &len));
	(void)hvl_dev_vq_flush(&f.vq);
	assert_true(mock_used(&f.ring, &id, &len));
}

static void conf_dev_ignores_write_flag_of_a_table(void **state)
{
	(void)state;
	start(0);
	mock_desc_at(&f.shm, TABLE, MOCK_DA + BUF, 5, F_NEXT, 1);
	mock_desc_at(&f.shm, TABLE + 16, MOCK_DA + BUF + 64, 6, F_WRITE, 0);
	mock_desc(&f.ring, 0, TABLE, 32, F_INDIRECT | F_WRITE, 0);
	mock_avail(&f.ring, 0);
	assert_int_equal(pop(0), 1);
	assert_int_equal(f.chain[0].nread, 1);
	assert_int_equal(f.chain[0].nwrite, 1);
	/* Behind ordinary descriptors too, with either value of the flag. */
	mock_desc(&f.ring, 1, BUF + 128, 9, F_NEXT, 2);
	mock_desc(&f.ring, 2, TABLE, 32, F_INDIRECT, 0);
	mock_avail(&f.ring, 1);
	assert_int_equal(pop(1), 1);
	assert_int_equal(f.chain[1].nread, 2);
	assert_int_equal(f.chain[1].nwrite, 1);
}

/* §6.2: one entry for a batch, and never another order. */
static void conf_dev_in_order_gives_back_in_order(void **state)
{
	uint32_t id, len;
	unsigned int i;

	(void)state;
	start(IN_ORDER);
	for (i = 0; i < 3; i++) {
		mock_desc(&f.ring, i, BUF + 64 * i, 16, F_WRITE, 0);
		mock_avail(&f.ring, i);
	}
	for (i = 0; i < 3; i++) {
		assert_int_equal(pop(0), 1);
		assert_int_equal(f.chain[0].head, i);
		hvl_dev_vq_push(&f.vq, &f.chain[0], i == 1 ? 7 : 16);
	}
	(void)hvl_dev_vq_flush(&f.vq);
	assert_int_equal(word(f.ring.used + 2), 3);
	/* Used in part: it has an entry of its own, with its length. */
	f.ring.used_idx = 0;
	assert_true(mock_used(&f.ring, &id, &len));
	assert_int_equal(id, 1);
	assert_int_equal(len, 7);
	f.ring.used_idx = 2;
	assert_true(mock_used(&f.ring, &id, &len));
	assert_int_equal(id, 2);
	assert_int_equal(len, 16);
}

static void conf_dev_spurious_notifications_are_harmless(void **state)
{
	static const uint64_t kinds[] = { 0, EVENTS, IN_ORDER, PACKED,
					  PACKED | EVENTS };
	unsigned int i, k;

	(void)state;
	for (i = 0; i < HVL_ARRAY_SIZE(kinds); i++) {
		start(kinds[i]);
		for (k = 0; k < 3; k++) {
			assert_int_equal(pop(0), 0);
			assert_false(hvl_dev_vq_flush(&f.vq));
			assert_false(hvl_dev_vq_notify_on(&f.vq));
		}
		assert_false(f.vq.broken);
	}
	assert_int_equal(f.log.lines, 0);
}

/* --- packed --- */

static uint64_t entry(unsigned int i)
{
	return f.ring.desc + 16u * i;
}

static uint16_t flags_of(unsigned int i)
{
	return word(entry(i) + 14);
}

/* Write a descriptor, its flags last. */
static void offer(unsigned int i, uint16_t id, unsigned int flags, bool wrap)
{
	hvl_io_write64(&f.shm, entry(i), MOCK_DA + BUF + 64 * i);
	hvl_io_write32(&f.shm, entry(i) + 8, 16);
	hvl_io_write16(&f.shm, entry(i) + 12, id);
	hvl_io_store_release16(&f.shm, entry(i) + 14,
			       (uint16_t)(flags | (wrap ? F_AVAIL : F_USED)));
}

static void driver_event(uint16_t off_wrap, uint16_t flags)
{
	hvl_io_write32(&f.shm, f.ring.avail, off_wrap | (uint32_t)flags << 16);
}

static void conf_dev_packed_takes_only_what_is_available(void **state)
{
	static const unsigned int none[] = { 0, F_USED, F_USED | F_AVAIL };
	unsigned int i;

	(void)state;
	start(PACKED);
	for (i = 0; i < HVL_ARRAY_SIZE(none); i++) {
		offer(0, 1, 0, true);
		hvl_io_write16(&f.shm, entry(0) + 14, (uint16_t)none[i]);
		assert_int_equal(pop(0), 0);
	}
	offer(0, 1, F_WRITE, true);
	assert_int_equal(pop(0), 1);
	/* It is still marked: not again. */
	assert_int_equal(pop(1), 0);
}

static void conf_dev_packed_takes_chains_in_ring_order(void **state)
{
	unsigned int i;

	(void)state;
	start(PACKED);
	/* Shown back to front: nothing is taken before the first one is. */
	for (i = NUM - 1; i > 0; i--) {
		offer(i, (uint16_t)(40 + i), F_WRITE, true);
		assert_int_equal(pop(0), 0);
	}
	offer(0, 40, F_WRITE, true);
	for (i = 0; i < NUM; i++) {
		assert_int_equal(pop(0), 1);
		assert_int_equal(f.chain[0].head, 40 + i);
		assert_ptr_equal(f.segs[0][0].va, f.shm.va + BUF + 64 * i);
	}
	assert_int_equal(pop(0), 0);
}

static void conf_dev_packed_list_keeps_its_order(void **state)
{
	(void)state;
	start(PACKED);
	offer(1, 5, F_NEXT, true);
	offer(2, 5, F_WRITE, true);
	offer(0, 5, F_NEXT, true);
	assert_int_equal(pop(0), 1);
	assert_int_equal(f.chain[0].head, 5);
	assert_int_equal(f.chain[0].nread, 2);
	assert_int_equal(f.chain[0].nwrite, 1);
	assert_ptr_equal(f.segs[0][0].va, f.shm.va + BUF);
	assert_ptr_equal(f.segs[0][1].va, f.shm.va + BUF + 64);
	assert_ptr_equal(f.segs[0][2].va, f.shm.va + BUF + 128);
	/* Back as one descriptor, in place of the list's first. */
	hvl_dev_vq_push(&f.vq, &f.chain[0], 3);
	(void)hvl_dev_vq_flush(&f.vq);
	assert_int_equal(flags_of(0) & (F_AVAIL | F_USED), F_AVAIL | F_USED);
	assert_int_equal(flags_of(1), F_NEXT | F_AVAIL);
	assert_int_equal(flags_of(2), F_WRITE | F_AVAIL);
	/* The next one is used behind it. */
	offer(3, 6, F_WRITE, true);
	assert_int_equal(pop(0), 1);
	hvl_dev_vq_push(&f.vq, &f.chain[0], 3);
	(void)hvl_dev_vq_flush(&f.vq);
	assert_int_equal(flags_of(3) & (F_AVAIL | F_USED), F_AVAIL | F_USED);
}

static void conf_dev_packed_used_come_in_order_of_completion(void **state)
{
	(void)state;
	start(PACKED);
	offer(0, 20, F_WRITE, true);
	offer(1, 21, F_WRITE, true);
	assert_int_equal(pop(0), 1);
	assert_int_equal(pop(1), 1);
	hvl_dev_vq_push(&f.vq, &f.chain[1], 9);
	(void)hvl_dev_vq_flush(&f.vq);
	assert_int_equal(word(entry(0) + 12), 21);
	assert_int_equal(hvl_io_read32(&f.shm, entry(0) + 8), 9);
	assert_int_equal(flags_of(0), F_AVAIL | F_USED | F_WRITE);
	assert_int_equal(flags_of(1), F_AVAIL | F_WRITE);
	hvl_dev_vq_push(&f.vq, &f.chain[0], 8);
	(void)hvl_dev_vq_flush(&f.vq);
	assert_int_equal(word(entry(1) + 12), 20);
}

static void conf_dev_packed_leaves_used_descriptors_alone(void **state)
{
	unsigned char before[16];
	unsigned int i;

	(void)state;
	start(PACKED);
	for (i = 0; i < NUM; i++)
		offer(i, (uint16_t)i, F_WRITE, true);
	assert_int_equal(pop(0), 1);
	hvl_dev_vq_push(&f.vq, &f.chain[0], 1);
	/* Not shown before the flush. */
	assert_int_equal(flags_of(0), F_AVAIL | F_WRITE);
	(void)hvl_dev_vq_flush(&f.vq);
	assert_int_equal(flags_of(0), F_AVAIL | F_USED | F_WRITE);
	memcpy(before, f.shm.va + entry(0), sizeof(before));
	for (i = 1; i < NUM; i++) {
		assert_int_equal(pop(0), 1);
		hvl_dev_vq_push(&f.vq, &f.chain[0], 0);
		(void)hvl_dev_vq_flush(&f.vq);
		hvl_dev_vq_notify_off(&f.vq);
		(void)hvl_dev_vq_notify_on(&f.vq);
	}
	assert_int_equal(pop(0), 0);
	assert_memory_equal(before, f.shm.va + entry(0), sizeof(before));
}

static void conf_dev_packed_wrap_counter_flips_at_the_end(void **state)
{
	unsigned int i;

	(void)state;
	start(PACKED);
	for (i = 0; i < 5 * NUM; i++) {
		bool wrap = i / NUM % 2 == 0;

		assert_int_equal(pop(0), 0);
		offer(i % NUM, (uint16_t)i, F_WRITE, wrap);
		assert_int_equal(pop(0), 1);
		hvl_dev_vq_push(&f.vq, &f.chain[0], 1);
		(void)hvl_dev_vq_flush(&f.vq);
		assert_int_equal(flags_of(i % NUM),
				 F_WRITE | (wrap ? F_AVAIL | F_USED : 0));
	}
}

static void conf_dev_packed_tables_have_write_flags_only(void **state)
{
	(void)state;
	start(PACKED);
	/* Other flags and ids in a table are ignored, and WRITE of its own. */
	mock_desc_at(&f.shm, TABLE, MOCK_DA + BUF, 5, 0x7777,
		     F_NEXT | F_AVAIL | F_INDIRECT);
	mock_desc_at(&f.shm, TABLE + 16, MOCK_DA + BUF + 64, 6, 0x1234,
		     F_WRITE);
	offer(0, 3, F_INDIRECT | F_WRITE, true);
	hvl_io_write64(&f.shm, entry(0), MOCK_DA + TABLE);
	hvl_io_write32(&f.shm, entry(0) + 8, 32);
	assert_int_equal(pop(0), 1);
	assert_int_equal(f.chain[0].head, 3);
	assert_int_equal(f.chain[0].nread, 1);
	assert_int_equal(f.chain[0].nwrite, 1);
}

static bool packed_serve(unsigned int i)
{
	offer(i, (uint16_t)i, F_WRITE, true);
	assert_int_equal(pop(0), 1);
	hvl_dev_vq_push(&f.vq, &f.chain[0], 1);
	return hvl_dev_vq_flush(&f.vq);
}

static void conf_dev_packed_flush_obeys_driver_events(void **state)
{
	(void)state;
	start(PACKED);
	assert_true(packed_serve(0));
	driver_event(0, VRING_PACKED_EVENT_FLAG_DISABLE);
	assert_false(packed_serve(1));
	driver_event(0, VRING_PACKED_EVENT_FLAG_ENABLE);
	assert_true(packed_serve(2));

	start(PACKED | EVENTS);
	driver_event(1 | VRING_PACKED_EVENT_WRAP, VRING_PACKED_EVENT_FLAG_DESC);
	assert_false(packed_serve(0));
	assert_true(packed_serve(1));
	assert_false(packed_serve(2));
	/* The same place, in the next round. */
	driver_event(3, VRING_PACKED_EVENT_FLAG_DESC);
	assert_false(packed_serve(3));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(conf_dev_split_flush_obeys_flags_only),
		T(conf_dev_split_flush_obeys_used_event),
		T(conf_dev_split_used_flags_are_0_or_1),
		T(conf_dev_split_event_idx_leaves_flags_zero),
		T(conf_dev_split_entry_comes_before_index),
		T(conf_dev_ignores_write_flag_of_a_table),
		T(conf_dev_in_order_gives_back_in_order),
		T(conf_dev_spurious_notifications_are_harmless),
		T(conf_dev_packed_takes_only_what_is_available),
		T(conf_dev_packed_takes_chains_in_ring_order),
		T(conf_dev_packed_list_keeps_its_order),
		T(conf_dev_packed_used_come_in_order_of_completion),
		T(conf_dev_packed_leaves_used_descriptors_alone),
		T(conf_dev_packed_wrap_counter_flips_at_the_end),
		T(conf_dev_packed_tables_have_write_flags_only),
		T(conf_dev_packed_flush_obeys_driver_events),
	};

	return cmocka_run_group_tests_name("conf_dev_vq", tests, NULL, NULL);
}
