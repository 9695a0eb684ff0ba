/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What virtio 1.3 §2.7 and §2.8 ask of a driver, statement by statement: see
 * docs/conformance.md. The ring is looked at as it lies in the memory.
 */
#include "drv_mock.h"

#include <string.h>

#include <hvl/metal/compiler.h>
#include <hvl/metal/errno.h>
#include <hvl/wire/virtio.h>
#include <hvl/wire/vring_packed.h>

#define NUM 8u
#define NINDIRECT 4u
#define MODERN HVL_BIT64(VIRTIO_F_VERSION_1)
#define EVENTS (MODERN | HVL_BIT64(VIRTIO_RING_F_EVENT_IDX))
#define IN_ORDER (MODERN | HVL_BIT64(VIRTIO_F_IN_ORDER))
#define INDIRECT HVL_BIT64(VIRTIO_RING_F_INDIRECT_DESC)
#define PACKED (MODERN | HVL_BIT64(VIRTIO_F_RING_PACKED))

#define F_NEXT VRING_DESC_F_NEXT
#define F_WRITE VRING_DESC_F_WRITE
#define F_INDIRECT VRING_DESC_F_INDIRECT
#define F_AVAIL VRING_PACKED_DESC_F_AVAIL
#define F_USED VRING_PACKED_DESC_F_USED

static struct fixture {
	_Alignas(65536) unsigned char memory[256 * 1024];
	uint32_t map[256 * 1024 / 64 / 32];
	struct hvl_drv_vq_slot slots[NUM];
	struct hvl_drv_vq_slot indirect[NUM * NINDIRECT];
	struct hvl_io shm;
	struct hvl_drv_pool pool;
	struct hvl_drv_vq vq;
	struct mock_ring ring;	 /* split */
	uint64_t desc, drv, dev; /* packed: the areas */
	uint8_t *buf;
} fix;

static void start(uint16_t num, uint64_t features)
{
	struct hvl_drv_vq_config cfg = {
		.num = num,
		.features = features,
		.pool = &fix.pool,
		.slots = fix.slots,
		.indirect = fix.indirect,
		.nindirect = NINDIRECT,
	};
	uint64_t off;

	memset(fix.memory, 0x5a, sizeof(fix.memory));
	fix.shm = (struct hvl_io){ fix.memory, MOCK_DA, sizeof(fix.memory) };
	assert_int_equal(hvl_drv_pool_init(&fix.pool, &fix.shm, 64, fix.map,
					   HVL_ARRAY_SIZE(fix.map)),
			 0);
	assert_int_equal(hvl_drv_pool_alloc(&fix.pool, 4096, 0, &off), 0);
	fix.buf = hvl_io_va(&fix.shm, off);
	assert_int_equal(hvl_drv_vq_init(&fix.vq, &cfg), 0);
	fix.desc = hvl_drv_vq_desc_da(&fix.vq) - MOCK_DA;
	fix.drv = hvl_drv_vq_avail_da(&fix.vq) - MOCK_DA;
	fix.dev = hvl_drv_vq_used_da(&fix.vq) - MOCK_DA;
	if (!(features & HVL_BIT64(VIRTIO_F_RING_PACKED)))
		mock_ring_of(&fix.ring, &fix.shm, &fix.vq);
}

static int add(uint16_t nread, uint16_t nwrite)
{
	struct hvl_drv_seg segs[NUM + 1];
	uint32_t i;

	for (i = 0; i < HVL_ARRAY_SIZE(segs); i++)
		segs[i] = (struct hvl_drv_seg){ fix.buf + 16 * i, 16 };
	return hvl_drv_vq_add(&fix.vq, segs, nread, nwrite, &fix);
}

static bool offer(uint16_t nread, uint16_t nwrite)
{
	assert_int_equal(add(nread, nwrite), 0);
	return hvl_drv_vq_kick(&fix.vq);
}

static int get(void)
{
	void *cookie;
	uint32_t len;

	return hvl_drv_vq_get(&fix.vq, &cookie, &len);
}

static uint16_t word(uint64_t off)
{
	return hvl_io_read16(&fix.shm, off);
}

/* Behind the avail ring, and behind the used ring. */
static uint64_t used_event(void)
{
	return fix.drv + 4 + 2u * fix.vq.cfg.num;
}

static uint64_t avail_event(void)
{
	return fix.dev + 4 + 8u * fix.vq.cfg.num;
}

static void conf_drv_split_parts_are_aligned(void **state)
{
	uint16_t num;

	(void)state;
	for (num = 1; num <= NUM; num *= 2) {
		start(num, MODERN);
		assert_int_equal((MOCK_DA + fix.desc) % 16, 0);
		assert_int_equal((MOCK_DA + fix.drv) % 2, 0);
		assert_int_equal((MOCK_DA + fix.dev) % 4, 0);
	}
}

/* §2.7.10.1: the memory held something else before. */
static void conf_drv_split_used_flags_start_at_zero(void **state)
{
	(void)state;
	start(NUM, MODERN);
	assert_int_equal(word(fix.dev), 0);
	assert_int_equal(word(fix.dev + 2), 0);
	assert_int_equal(word(fix.drv), 0);
	assert_int_equal(word(fix.drv + 2), 0);
}

static void conf_drv_split_flags_are_0_or_1(void **state)
{
	(void)state;
	start(NUM, MODERN);
	assert_int_equal(word(fix.drv), 0);
	hvl_drv_vq_irq_off(&fix.vq);
	assert_int_equal(word(fix.drv), 1);
	(void)hvl_drv_vq_irq_on(&fix.vq);
	assert_int_equal(word(fix.drv), 0);
}

static void conf_drv_split_event_idx_leaves_flags_zero(void **state)
{
	uint16_t i;

	(void)state;
	start(NUM, EVENTS);
	for (i = 0; i < 3; i++) {
		hvl_drv_vq_irq_off(&fix.vq);
		assert_int_equal(word(fix.drv), 0);
		/* Not one of the next entries. */
		assert_true((uint16_t)(word(used_event()) - i) >= NUM);
		(void)hvl_drv_vq_irq_on(&fix.vq);
		assert_int_equal(word(fix.drv), 0);
		assert_int_equal(word(used_event()), i);
		(void)offer(0, 1);
		mock_push(&fix.ring, mock_pop(&fix.ring), 1);
		assert_int_equal(get(), 1);
	}
	/* Before it waits, it says from where on it wants to hear. */
	assert_int_equal(get(), 0);
	assert_int_equal(word(used_event()), 3);
}

/* Without EVENT_IDX the flags count, and what stands behind does not. */
static void conf_drv_split_kick_obeys_flags_only(void **state)
{
	uint16_t i;

	(void)state;
	start(NUM, MODERN);
	for (i = 0; i < 6; i++) {
		mock_set_used_flags(&fix.ring, i & 1);
		/* Wanted and unwanted by turns, were it looked at. */
		hvl_io_write16(&fix.shm, avail_event(), i < 3 ? i : 0x7000);
		assert_int_equal(offer(1, 0), !(i & 1));
	}
}

static void conf_drv_split_kick_obeys_avail_event(void **state)
{
	(void)state;
	start(NUM, EVENTS);
	/* The flag means nothing here. */
	mock_set_used_flags(&fix.ring, VRING_USED_F_NO_NOTIFY);
	hvl_io_write16(&fix.shm, avail_event(), 0);
	assert_true(offer(1, 0));
	assert_false(offer(1, 0));
	hvl_io_write16(&fix.shm, avail_event(), 3);
	assert_false(offer(1, 0));
	/* One of several that are shown at once. */
	assert_int_equal(add(1, 0), 0);
	assert_int_equal(add(1, 0), 0);
	assert_true(offer(1, 0));
	mock_set_used_flags(&fix.ring, 0);
	assert_false(offer(1, 0));
}

/* §2.7.5.2: a device may find the chains without looking at the avail ring. */
static void conf_drv_split_in_order_goes_round_the_table(void **state)
{
	uint16_t next = 0, round, i, n, head, at;
	struct mock_desc d;

	(void)state;
	start(NUM, IN_ORDER);
	for (round = 0; round < 20; round++) {
		for (n = 1; n <= 3; n++)
			(void)offer(1, (uint16_t)(n - 1));
		for (n = 1; n <= 3; n++) {
			head = at = mock_pop(&fix.ring);
			for (i = 0; i < n; i++) {
				assert_int_equal(at, next);
				d = mock_desc(&fix.ring, at);
				next = (uint16_t)((next + 1) % NUM);
				if (i + 1 < n)
					assert_int_equal(d.next, next);
				assert_int_equal((d.flags & F_NEXT) != 0,
						 i + 1 < n);
				at = d.next;
			}
			mock_push(&fix.ring, head, 0);
		}
		for (n = 0; n < 3; n++)
			assert_int_equal(get(), 1);
	}
}

static void conf_drv_split_in_order_tables_are_sequential(void **state)
{
	struct mock_desc d, e;
	uint64_t table;
	uint16_t i;

	(void)state;
	start(NUM, IN_ORDER | INDIRECT);
	(void)offer(1, 3);
	d = mock_desc(&fix.ring, mock_pop(&fix.ring));
	assert_int_equal(d.flags, F_INDIRECT);
	assert_int_equal(d.len, 64);
	table = mock_off(&fix.shm, d.addr, d.len);
	for (i = 0; i < 4; i++) {
		e = mock_desc_at(&fix.ring, table, i);
		assert_false(e.flags & F_INDIRECT);
		assert_int_equal((e.flags & F_NEXT) != 0, i < 3);
		if (i < 3)
			assert_int_equal(e.next, i + 1);
	}
}

/* §2.7.6.1: by as many as were offered, and never otherwise. */
static void conf_drv_split_index_only_counts_up(void **state)
{
	uint16_t idx = 0, i;
	uint32_t round;

	(void)state;
	start(NUM, MODERN);
	/* Past the wrap of the index. */
	for (round = 0; round < 48000; round++) {
		for (i = 0; i < round % 4; i++) {
			assert_int_equal(add(0, 1), 0);
			assert_int_equal(word(fix.drv + 2), idx);
		}
		(void)hvl_drv_vq_kick(&fix.vq);
		idx = (uint16_t)(idx + round % 4);
		assert_int_equal(word(fix.drv + 2), idx);
		while (mock_ahead(&fix.ring))
			mock_push(&fix.ring, mock_pop(&fix.ring), 0);
		while (get() == 1)
			;
		hvl_drv_vq_irq_off(&fix.vq);
		(void)hvl_drv_vq_irq_on(&fix.vq);
		assert_int_equal(add(NUM, 1), -EINVAL);
		(void)hvl_drv_vq_kick(&fix.vq);
		assert_int_equal(word(fix.drv + 2), idx);
	}
}

/* §3.3.1: nothing that the device may be looking at is written again. */
static void conf_drv_split_exposed_entries_are_left_alone(void **state)
{
	unsigned char descs[16 * NUM], ring[2 * NUM];
	uint16_t i;

	(void)state;
	start(NUM, MODERN);
	for (i = 0; i < NUM / 2; i++) {
		(void)offer(1, 1);
		/* All of what was there before, at each one that comes. */
		if (i != 0) {
			assert_memory_equal(descs, fix.memory + fix.desc,
					    32u * i);
			assert_memory_equal(ring, fix.memory + fix.drv + 4,
					    2u * i);
		}
		memcpy(descs, fix.memory + fix.desc, sizeof(descs));
		memcpy(ring, fix.memory + fix.drv + 4, sizeof(ring));
	}
	assert_int_equal(add(0, 1), -ENOSPC);
	assert_false(hvl_drv_vq_kick(&fix.vq));
	assert_int_equal(get(), 0);
	hvl_drv_vq_irq_off(&fix.vq);
	(void)hvl_drv_vq_irq_on(&fix.vq);
	assert_memory_equal(descs, fix.memory + fix.desc, sizeof(descs));
	/* One is used: its entries are taken anew, and no other. */
	mock_push(&fix.ring, mock_pop(&fix.ring), 0);
	assert_int_equal(get(), 1);
	(void)offer(2, 0);
	assert_memory_not_equal(descs, fix.memory + fix.desc, 32);
	assert_memory_equal(descs + 32, fix.memory + fix.desc + 32,
			    sizeof(descs) - 32);
	assert_memory_equal(ring, fix.memory + fix.drv + 4, sizeof(ring));
}

/* §2.7.9: one entry gives all up to its chain back. */
static void conf_drv_in_order_entry_stands_for_those_before(void **state)
{
	uint16_t last = 0, i;
	uint32_t len;
	void *cookie;

	(void)state;
	start(NUM, IN_ORDER);
	for (i = 0; i < 3; i++)
		(void)offer(0, 1);
	for (i = 0; i < 3; i++)
		last = mock_pop(&fix.ring);
	hvl_io_write32(&fix.shm, fix.dev + 4 + 0, last);
	hvl_io_write32(&fix.shm, fix.dev + 4 + 4, 5);
	mock_set_used_idx(&fix.ring, 3);
	for (i = 0; i < 3; i++) {
		assert_int_equal(hvl_drv_vq_get(&fix.vq, &cookie, &len), 1);
		assert_int_equal(len, i < 2 ? 16 : 5);
	}
	assert_int_equal(get(), 0);
}

static void conf_drv_spurious_notifications_are_harmless(void **state)
{
	static const uint64_t kinds[] = { MODERN, EVENTS, IN_ORDER, PACKED };
	uint32_t i, k;

	(void)state;
	for (i = 0; i < HVL_ARRAY_SIZE(kinds); i++) {
		start(NUM, kinds[i]);
		for (k = 0; k < 3; k++) {
			assert_false(hvl_drv_vq_pending(&fix.vq));
			assert_int_equal(get(), 0);
			(void)offer(0, 1);
			assert_int_equal(get(), 0);
		}
		assert_false(fix.vq.broken);
	}
}

/* --- packed --- */

static uint64_t entry(uint16_t i)
{
	return fix.desc + 16u * i;
}

static uint16_t flags_of(uint16_t i)
{
	return word(entry(i) + 14);
}

/* The device uses the descriptor at @i. */
static void packed_use(uint16_t i, uint16_t id, uint32_t len, bool wrap)
{
	hvl_io_write32(&fix.shm, entry(i) + 8, len);
	hvl_io_write16(&fix.shm, entry(i) + 12, id);
	hvl_io_store_release16(&fix.shm, entry(i) + 14,
			       (uint16_t)((wrap ? F_AVAIL | F_USED : 0) |
					  (len ? F_WRITE : 0)));
}

static void device_event(uint16_t off_wrap, uint16_t flags)
{
	hvl_io_write32(&fix.shm, fix.dev, off_wrap | (uint32_t)flags << 16);
}

static void conf_drv_packed_parts_are_aligned(void **state)
{
	uint16_t num;

	(void)state;
	for (num = 1; num <= NUM; num++) {
		start(num, PACKED);
		assert_int_equal((MOCK_DA + fix.desc) % 16, 0);
		assert_int_equal((MOCK_DA + fix.drv) % 4, 0);
		assert_int_equal((MOCK_DA + fix.dev) % 4, 0);
		/* §2.8.13: zeroed, or the device would take what is there. */
		assert_int_equal(flags_of((uint16_t)(num - 1)), 0);
	}
}

static void conf_drv_packed_first_descriptor_comes_last(void **state)
{
	(void)state;
	start(NUM, PACKED);
	assert_int_equal(add(1, 2), 0);
	/* The chain is all there but for the flags that show it. */
	assert_int_equal(flags_of(0), 0);
	assert_int_equal(flags_of(1), F_AVAIL | F_NEXT | F_WRITE);
	assert_int_equal(flags_of(2), F_AVAIL | F_WRITE);
	(void)hvl_drv_vq_kick(&fix.vq);
	assert_int_equal(flags_of(0), F_AVAIL | F_NEXT);
}

static void conf_drv_packed_wrap_counter_flips_at_the_end(void **state)
{
	uint16_t i, id;

	(void)state;
	start(3, PACKED);
	for (i = 0; i < 30; i++) {
		bool wrap = i / 3 % 2 == 0;

		(void)offer(0, 1);
		assert_int_equal(flags_of(i % 3),
				 (wrap ? F_AVAIL : F_USED) | F_WRITE);
		id = word(entry(i % 3) + 12);
		assert_int_equal(get(), 0);
		packed_use(i % 3, id, 1, wrap);
		assert_int_equal(get(), 1);
	}
}

static void conf_drv_packed_full_ring_is_left_alone(void **state)
{
	unsigned char before[16 * NUM];
	uint16_t i, k;

	(void)state;
	start(NUM, PACKED);
	for (i = 0; i < NUM; i++) {
		(void)offer(0, 1);
		/* What is available is not touched by what comes after. */
		if (i != 0)
			assert_memory_equal(before, fix.memory + fix.desc,
					    16u * i);
		memcpy(before, fix.memory + fix.desc, sizeof(before));
		for (k = 0; k <= i; k++)
			assert_int_equal(flags_of(k), F_AVAIL | F_WRITE);
	}
	assert_int_equal(add(0, 1), -ENOSPC);
	assert_false(hvl_drv_vq_kick(&fix.vq));
	assert_int_equal(get(), 0);
	(void)hvl_drv_vq_irq_on(&fix.vq);
	assert_memory_equal(before, fix.memory + fix.desc, sizeof(before));
	/* One is used: that one place is taken, and no other. */
	packed_use(0, word(entry(0) + 12), 1, true);
	assert_int_equal(get(), 1);
	(void)offer(0, 1);
	assert_int_equal(flags_of(0), F_USED | F_WRITE);
	assert_memory_equal(before + 16, fix.memory + entry(1), 16 * (NUM - 1));
}

static void conf_drv_packed_list_needs_room_for_all_of_it(void **state)
{
	(void)state;
	start(4, PACKED);
	(void)offer(1, 2);
	assert_int_equal(add(1, 1), -ENOSPC);
	assert_int_equal(flags_of(3), 0);
	assert_false(hvl_drv_vq_kick(&fix.vq));
	(void)offer(1, 0);
	assert_int_equal(flags_of(3), F_AVAIL);
}

static void conf_drv_packed_list_is_no_longer_than_the_ring(void **state)
{
	(void)state;
	start(3, PACKED | INDIRECT);
	assert_int_equal(add(2, 2), -EINVAL);
	assert_int_equal(add(1, 2), 0);
	start(3, PACKED);
	assert_int_equal(add(2, 2), -EINVAL);
	assert_int_equal(add(1, 2), 0);
}

static void conf_drv_packed_tables_have_write_flags_only(void **state)
{
	uint64_t table;
	uint16_t i;

	(void)state;
	start(NUM, PACKED | INDIRECT);
	(void)offer(2, 2);
	/* Neither NEXT nor anything in the next entry of the ring. */
	assert_int_equal(flags_of(0), F_AVAIL | F_INDIRECT);
	assert_int_equal(flags_of(1), 0);
	assert_int_equal(hvl_io_read32(&fix.shm, entry(0) + 8), 64);
	table = mock_off(&fix.shm, hvl_io_read64(&fix.shm, entry(0)), 64);
	for (i = 0; i < 4; i++)
		assert_int_equal(word(table + 16u * i + 14),
				 i < 2 ? 0 : F_WRITE);
}

static void conf_drv_packed_goes_direct_when_not_negotiated(void **state)
{
	(void)state;
	start(NUM, PACKED);
	(void)offer(1, 1);
	assert_int_equal(flags_of(0), F_AVAIL | F_NEXT);
	assert_int_equal(flags_of(1), F_AVAIL | F_WRITE);
}

static void conf_drv_packed_kick_obeys_device_events(void **state)
{
	(void)state;
	start(NUM, PACKED);
	assert_true(offer(1, 0));
	device_event(0, VRING_PACKED_EVENT_FLAG_DISABLE);
	assert_false(offer(1, 0));
	device_event(0, VRING_PACKED_EVENT_FLAG_ENABLE);
	assert_true(offer(1, 0));

	start(NUM, PACKED | EVENTS);
	device_event(2 | VRING_PACKED_EVENT_WRAP, VRING_PACKED_EVENT_FLAG_DESC);
	assert_false(offer(1, 0));
	assert_int_equal(add(1, 0), 0);
	assert_true(offer(1, 0));
	assert_false(offer(1, 0));
	/* The same place, in the next round. */
	device_event(2, VRING_PACKED_EVENT_FLAG_DESC);
	assert_false(offer(1, 0));
}

static void conf_drv_packed_says_what_it_wants(void **state)
{
	(void)state;
	start(NUM, PACKED);
	assert_int_equal(word(fix.drv + 2), VRING_PACKED_EVENT_FLAG_ENABLE);
	hvl_drv_vq_irq_off(&fix.vq);
	assert_int_equal(word(fix.drv + 2), VRING_PACKED_EVENT_FLAG_DISABLE);
	(void)hvl_drv_vq_irq_on(&fix.vq);
	assert_int_equal(word(fix.drv + 2), VRING_PACKED_EVENT_FLAG_ENABLE);

	start(NUM, PACKED | EVENTS);
	hvl_drv_vq_irq_off(&fix.vq);
	assert_int_equal(word(fix.drv + 2), VRING_PACKED_EVENT_FLAG_DISABLE);
	(void)hvl_drv_vq_irq_on(&fix.vq);
	assert_int_equal(word(fix.drv + 2), VRING_PACKED_EVENT_FLAG_DESC);
	assert_int_equal(word(fix.drv), 0 | VRING_PACKED_EVENT_WRAP);
}

/* §2.9, §2.8.16: the position behind what is shown. */
static void conf_drv_notify_data_is_the_next_position(void **state)
{
	uint16_t i;

	(void)state;
	start(3, PACKED);
	assert_int_equal(hvl_drv_vq_notify_data(&fix.vq), 0x80000000u);
	for (i = 0; i < 7; i++) {
		bool wrap = i / 3 % 2 == 0;
		bool after = (i + 1) / 3 % 2 == 0;

		(void)offer(0, 1);
		assert_int_equal(hvl_drv_vq_notify_data(&fix.vq),
				 ((i + 1u) % 3) << 16 |
					 (after ? 0x80000000u : 0));
		packed_use(i % 3, word(entry(i % 3) + 12), 1, wrap);
		assert_int_equal(get(), 1);
	}
	start(NUM, MODERN);
	(void)offer(1, 1);
	assert_int_equal(hvl_drv_vq_notify_data(&fix.vq), 1u << 16);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(conf_drv_split_parts_are_aligned),
		cmocka_unit_test(conf_drv_split_used_flags_start_at_zero),
		cmocka_unit_test(conf_drv_split_flags_are_0_or_1),
		cmocka_unit_test(conf_drv_split_event_idx_leaves_flags_zero),
		cmocka_unit_test(conf_drv_split_kick_obeys_flags_only),
		cmocka_unit_test(conf_drv_split_kick_obeys_avail_event),
		cmocka_unit_test(conf_drv_split_in_order_goes_round_the_table),
		cmocka_unit_test(conf_drv_split_in_order_tables_are_sequential),
		cmocka_unit_test(conf_drv_split_index_only_counts_up),
		cmocka_unit_test(conf_drv_split_exposed_entries_are_left_alone),
		cmocka_unit_test(
			conf_drv_in_order_entry_stands_for_those_before),
		cmocka_unit_test(conf_drv_spurious_notifications_are_harmless),
		cmocka_unit_test(conf_drv_packed_parts_are_aligned),
		cmocka_unit_test(conf_drv_packed_first_descriptor_comes_last),
		cmocka_unit_test(conf_drv_packed_wrap_counter_flips_at_the_end),
		cmocka_unit_test(conf_drv_packed_full_ring_is_left_alone),
		cmocka_unit_test(conf_drv_packed_list_needs_room_for_all_of_it),
		cmocka_unit_test(
			conf_drv_packed_list_is_no_longer_than_the_ring),
		cmocka_unit_test(conf_drv_packed_tables_have_write_flags_only),
		cmocka_unit_test(
			conf_drv_packed_goes_direct_when_not_negotiated),
		cmocka_unit_test(conf_drv_packed_kick_obeys_device_events),
		cmocka_unit_test(conf_drv_packed_says_what_it_wants),
		cmocka_unit_test(conf_drv_notify_data_is_the_next_position),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
