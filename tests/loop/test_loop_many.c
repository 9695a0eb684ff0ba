/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The batched calls of both sides, in every format of a ring: they do what the
 * calls for one do, whatever kind of chain comes among those that are plain,
 * and see what the other side does wrong.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <hvl/device/vq.h>
#include <hvl/driver/vq.h>
#include <hvl/metal/compiler.h>
#include <hvl/wire/virtio.h>
#include <hvl/wire/vring_packed.h>

#define SHM_SIZE (1u << 20)
#define SHM_DA UINT64_C(0x1000000000)
#define GRANULE 64u
#define NUM_MAX 64u
#define SIZE 48u
#define CHAINS 70000u /* past the wrap of the indices */

#define PACKED HVL_BIT64(VIRTIO_F_RING_PACKED)
#define EVENTS HVL_BIT64(VIRTIO_RING_F_EVENT_IDX)
#define IN_ORDER HVL_BIT64(VIRTIO_F_IN_ORDER)

static const uint64_t formats[] = {
	0,	EVENTS,		 IN_ORDER,	    EVENTS | IN_ORDER,
	PACKED, PACKED | EVENTS, PACKED | IN_ORDER, PACKED | EVENTS | IN_ORDER,
};

/* What is sent: a number, in a buffer of the pool or one that is bounced. */
struct item {
	uint32_t *number;
	bool out;
};

static struct fixture {
	_Alignas(4096) unsigned char mem[SHM_SIZE];
	struct hvl_io shm;
	uint32_t map[HVL_DRV_POOL_MAP_WORDS(SHM_SIZE, GRANULE)];
	struct hvl_drv_pool pool;
	struct hvl_drv_vq drv;
	struct hvl_dev_vq dev;
	struct hvl_drv_vq_slot slots[NUM_MAX];
	struct item items[NUM_MAX];
	uint32_t outside[NUM_MAX][SIZE / 4];
	struct hvl_chain chains[NUM_MAX];
	struct hvl_seg segs[NUM_MAX][2];
	uint32_t random;
} f;

static uint32_t any(uint32_t below)
{
	f.random = f.random * 1664525u + 1013904223u;
	return (f.random >> 8) % below;
}

static void start(uint16_t num, uint64_t features, unsigned int outside)
{
	struct hvl_drv_vq_config drv = {
		.num = num,
		.align = 64,
		.features = features | HVL_BIT64(VIRTIO_F_VERSION_1),
		.pool = &f.pool,
		.slots = f.slots,
	};
	struct hvl_dev_vq_config dev = {
		.shm = &f.shm,
		.name = "many",
		.num = num,
		.num_max = NUM_MAX,
		.features = drv.features,
	};
	uint64_t off;

	f.shm = (struct hvl_io){ f.mem, SHM_DA, sizeof(f.mem) };
	assert_int_equal(hvl_drv_pool_init(&f.pool, &f.shm, GRANULE, f.map,
					   HVL_ARRAY_SIZE(f.map)),
			 0);
	assert_int_equal(hvl_drv_vq_init(&f.drv, &drv), 0);
	dev.desc = hvl_drv_vq_desc_da(&f.drv);
	dev.avail = hvl_drv_vq_avail_da(&f.drv);
	dev.used = hvl_drv_vq_used_da(&f.drv);
	assert_int_equal(hvl_dev_vq_start(&f.dev, &dev), 0);
	for (uint32_t i = 0; i < NUM_MAX; i++) {
		assert_int_equal(hvl_drv_pool_alloc(&f.pool, SIZE, 0, &off), 0);
		f.items[i] = (struct item){ .number = hvl_io_va(&f.shm, off) };
		/* Some, all or none of them lie outside of the pool. */
		if (outside != 0 && i % outside == 0)
			f.items[i].number = f.outside[i];
		f.chains[i] =
			(struct hvl_chain){ .nseg_max = 2, .seg = f.segs[i] };
	}
	f.random = num;
}

/* Offer items that are not out, up to @most, from number @from on. */
static uint32_t add(uint32_t from, uint32_t most, bool write)
{
	struct hvl_drv_buf bufs[NUM_MAX];
	uint32_t n;
	int done;

	for (n = 0; n < most && n < f.drv.cfg.num; n++) {
		struct item *item = &f.items[(from + n) % f.drv.cfg.num];

		if (item->out)
			break;
		*item->number = write ? 0 : from + n;
		bufs[n] = (struct hvl_drv_buf){ item, item->number, SIZE };
	}
	if (n == 0)
		return 0;
	done = hvl_drv_vq_add_many(&f.drv, bufs, (uint16_t)n, write);
	assert_int_equal(done, n);
	for (uint32_t i = 0; i < n; i++)
		f.items[(from + i) % f.drv.cfg.num].out = true;
	return n;
}

/* Serve up to @most chains, in the order in which they come. */
static uint32_t serve(uint32_t *number, uint32_t most, bool write)
{
	uint32_t lens[NUM_MAX], got;
	int n = hvl_dev_vq_pop_many(&f.dev, f.chains, (uint16_t)most);

	assert_true(n >= 0 && (uint32_t)n <= most);
	for (int i = 0; i < n; i++, (*number)++) {
		assert_int_equal(f.chains[i].nread, !write);
		assert_int_equal(f.chains[i].nwrite, write);
		/* Now and then all of it, which ends no batch. */
		lens[i] = *number % 3 == 0 ? SIZE : 4 + *number % 7;
		if (write) {
			assert_int_equal(
				hvl_chain_copy_to(&f.chains[i], 0, number, 4),
				4);
			continue;
		}
		assert_int_equal(hvl_chain_copy_from(&f.chains[i], 0, &got, 4),
				 4);
		assert_int_equal(got, *number);
	}
	hvl_dev_vq_push_many(&f.dev, f.chains, write ? lens : NULL,
			     (uint16_t)n);
	return (uint32_t)n;
}

static uint32_t get(uint32_t *number, uint32_t most, bool write)
{
	struct hvl_drv_used used[NUM_MAX];
	int n = hvl_drv_vq_get_many(&f.drv, used, (uint16_t)most);

	assert_true(n >= 0 && (uint32_t)n <= most);
	for (int i = 0; i < n; i++, (*number)++) {
		struct item *item = used[i].cookie;
		uint32_t len = *number % 3 == 0 ? SIZE : 4 + *number % 7;

		assert_ptr_equal(item, &f.items[*number % f.drv.cfg.num]);
		assert_true(item->out);
		assert_int_equal(used[i].len, write ? len : 0);
		if (write)
			assert_int_equal(*item->number, *number);
		item->out = false;
	}
	return (uint32_t)n;
}

static void run(uint16_t num, uint64_t features, unsigned int outside,
		bool write)
{
	uint32_t added = 0, served = 0, got = 0, most;

	start(num, features, outside);
	while (got < CHAINS) {
		added += add(added, any(num) + 1, write);
		if (any(4) != 0)
			(void)hvl_drv_vq_kick(&f.drv);
		most = any(num) + 1;
		while (serve(&served, most, write) == most && any(2) != 0)
			;
		if (any(4) != 0)
			(void)hvl_dev_vq_flush(&f.dev);
		while (get(&got, any(num) + 1, write) != 0 && any(8) != 0)
			;
	}
	assert_true(got <= served && served <= added);
	hvl_drv_vq_fini(&f.drv);
}

static void loop_many_every_format_passes_the_wrap(void **state)
{
	static const uint16_t nums[] = { 1, 4, 7, 64 };

	(void)state;
	for (unsigned int i = 0; i < HVL_ARRAY_SIZE(formats); i++) {
		for (unsigned int n = 0; n < HVL_ARRAY_SIZE(nums); n++) {
			bool packed = (formats[i] & PACKED) != 0;

			if (!packed && !hvl_vring_num_ok(nums[n]))
				continue;
			run(nums[n], formats[i], 0, false);
			run(nums[n], formats[i], 0, true);
			run(nums[n], formats[i], 1, true);
			run(nums[n], formats[i], 3, n & 1);
		}
	}
}

/* Chains that the device has, and the segment of each. */
static struct held {
	struct hvl_chain chain[NUM_MAX];
	struct hvl_seg seg[NUM_MAX];
	unsigned int count;
} held;

static void hold(void)
{
	int n = hvl_dev_vq_pop_many(&f.dev, f.chains, NUM_MAX);

	assert_true(n >= 0);
	for (int i = 0; i < n; i++, held.count++) {
		held.chain[held.count] = f.chains[i];
		held.seg[held.count] = f.chains[i].seg[0];
	}
}

/* Give one of them back, whichever. */
static void give_any(void)
{
	unsigned int i = any(held.count);

	held.chain[i].seg = &held.seg[i];
	hvl_dev_vq_push(&f.dev, &held.chain[i], 0);
	held.count--;
	held.chain[i] = held.chain[held.count];
	held.seg[i] = held.seg[held.count];
}

/* Each that comes back was out; then all that are not out are offered. */
static unsigned int take_and_refill(uint16_t num)
{
	struct hvl_drv_used used[NUM_MAX];
	int n = hvl_drv_vq_get_many(&f.drv, used, (uint16_t)(any(num) + 1));

	assert_true(n >= 0);
	for (int i = 0; i < n; i++) {
		struct item *item = used[i].cookie;

		assert_true(item->out);
		item->out = false;
	}
	for (uint32_t i = 0; i < num; i++)
		(void)add(i, 1, false);
	(void)hvl_drv_vq_kick(&f.drv);
	return (unsigned int)n;
}

/* The ring is always full, so that the last entry offered may come first. */
static void loop_many_full_ring_comes_back_in_any_order(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < HVL_ARRAY_SIZE(formats); i++) {
		unsigned int done = 0;

		if (formats[i] & IN_ORDER)
			continue;
		start(8, formats[i], 0);
		held.count = 0;
		(void)take_and_refill(8);
		while (done < 10000) {
			hold();
			assert_true(held.count > 0);
			for (uint32_t n = any(held.count) + 1; n > 0; n--)
				give_any();
			(void)hvl_dev_vq_flush(&f.dev);
			done += take_and_refill(8);
		}
		hvl_drv_vq_fini(&f.drv);
	}
}

/* A chain of two among those of one: all come, in order. */
static void loop_many_takes_longer_chains_between(void **state)
{
	struct hvl_drv_used used[4];
	struct hvl_drv_seg two[2];
	uint32_t served, got;

	(void)state;
	for (unsigned int i = 0; i < HVL_ARRAY_SIZE(formats); i++) {
		start(8, formats[i], 0);
		two[0] = (struct hvl_drv_seg){ f.items[6].number, SIZE };
		two[1] = (struct hvl_drv_seg){ f.items[7].number, SIZE };
		for (unsigned int turn = 0; turn < 20; turn++) {
			assert_int_equal(add(0, 2, false), 2);
			assert_int_equal(hvl_drv_vq_add(&f.drv, two, 1, 1, &f),
					 0);
			assert_int_equal(add(2, 1, false), 1);
			(void)hvl_drv_vq_kick(&f.drv);
			served = got = 0;
			assert_int_equal(serve(&served, 8, false), 2);
			assert_int_equal(
				hvl_dev_vq_pop_many(&f.dev, f.chains, 8), 1);
			assert_int_equal(f.chains[0].nread, 1);
			assert_int_equal(f.chains[0].nwrite, 1);
			hvl_dev_vq_push(&f.dev, &f.chains[0], 5);
			assert_int_equal(serve(&served, 8, false), 1);
			(void)hvl_dev_vq_flush(&f.dev);
			assert_int_equal(get(&got, 8, false), 2);
			assert_int_equal(hvl_drv_vq_get_many(&f.drv, used, 4),
					 1);
			assert_ptr_equal(used[0].cookie, &f);
			assert_int_equal(used[0].len, 5);
			assert_int_equal(get(&got, 8, false), 1);
		}
		hvl_drv_vq_fini(&f.drv);
	}
}

static void loop_many_offers_what_there_is_room_for(void **state)
{
	struct hvl_drv_buf bufs[6];

	(void)state;
	for (unsigned int i = 0; i < HVL_ARRAY_SIZE(formats); i++) {
		start(4, formats[i], 0);
		for (unsigned int k = 0; k < 6; k++)
			bufs[k] = (struct hvl_drv_buf){ &f.items[k],
							f.items[k].number,
							SIZE };
		bufs[1].len = 0;
		assert_int_equal(hvl_drv_vq_add_many(&f.drv, bufs, 0, true), 0);
		assert_int_equal(hvl_drv_vq_add_many(&f.drv, bufs, 6, true), 1);
		assert_int_equal(hvl_drv_vq_add_many(&f.drv, bufs + 1, 5, true),
				 -EINVAL);
		bufs[1].len = SIZE;
		assert_int_equal(hvl_drv_vq_add_many(&f.drv, bufs + 1, 5, true),
				 3);
		assert_int_equal(hvl_drv_vq_add_many(&f.drv, bufs + 4, 2, true),
				 -ENOSPC);
		hvl_drv_vq_fini(&f.drv);
	}
}

/* A packed ring that keeps its position has one chain out at a time. */
static void loop_many_journal_has_one_out(void **state)
{
	uint32_t taken, number = 0;

	(void)state;
	start(8, PACKED, 0);
	hvl_dev_vq_keep(&f.dev, &taken);
	assert_int_equal(add(0, 3, false), 3);
	(void)hvl_drv_vq_kick(&f.drv);
	for (uint32_t i = 1; i <= 3; i++) {
		assert_int_equal(serve(&number, 8, false), 1);
		assert_int_equal(taken & 0x7fffu, i);
		assert_int_equal(taken >> 16 & 0x7fffu, i);
	}
	hvl_drv_vq_fini(&f.drv);
	/* A split one notes what was taken, all at once. */
	start(8, 0, 0);
	hvl_dev_vq_keep(&f.dev, &taken);
	assert_int_equal(add(0, 3, false), 3);
	(void)hvl_drv_vq_kick(&f.drv);
	assert_int_equal(hvl_dev_vq_pop_many(&f.dev, f.chains, 8), 3);
	assert_int_equal(taken, 3);
	hvl_dev_vq_unpop(&f.dev);
	assert_int_equal(taken, 2);
	assert_int_equal(hvl_dev_vq_pop_many(&f.dev, f.chains, 8), 1);
	hvl_drv_vq_fini(&f.drv);
}

/* Where descriptor @i of a ring that has not wrapped is, as the device sees. */
static uint64_t desc(uint32_t i)
{
	return f.dev.desc + 16u * i;
}

/* An entry of the avail ring that leads to what looks like a descriptor. */
static void head_behind_the_table(uint32_t entry)
{
	uint64_t off = 0;

	assert_true(hvl_io_va_to_off(&f.shm, f.items[7].number, SIZE, &off));
	hvl_io_write64(&f.shm, off, SHM_DA);
	hvl_io_write64(&f.shm, off + 8, 1);
	hvl_io_write16(&f.shm, f.dev.avail + 4 + 2 * entry,
		       (uint16_t)((off - f.dev.desc) / 16));
}

/* What is sound before a bad descriptor is served; then the queue stops. */
static void loop_many_device_stops_at_bad_descriptors(void **state)
{
	uint32_t number;

	(void)state;
	for (unsigned int i = 0; i < HVL_ARRAY_SIZE(formats) * 3; i++) {
		start(8, formats[i / 3], 0);
		assert_int_equal(add(0, 4, false), 4);
		(void)hvl_drv_vq_kick(&f.drv);
		if (i % 3 == 0)
			hvl_io_write32(&f.shm, desc(2) + 8, 0);
		else if (i % 3 == 1)
			hvl_io_write64(&f.shm, desc(2), SHM_DA + SHM_SIZE - 1);
		else if (!f.dev.packed)
			head_behind_the_table(2);
		else
			hvl_io_write64(&f.shm, desc(2), 0);
		number = 0;
		assert_int_equal(serve(&number, 8, false), 2);
		assert_int_equal(hvl_dev_vq_pop_many(&f.dev, f.chains, 8),
				 -EPROTO);
		assert_int_equal(hvl_dev_vq_pop_many(&f.dev, f.chains, 8),
				 -EPROTO);
		hvl_drv_vq_fini(&f.drv);
	}
}

/* What is out already is offered anew: the device would use it twice. */
static void offer_anew(uint32_t n)
{
	if (!f.dev.packed)
		hvl_io_write16(&f.shm, f.dev.avail + 2, (uint16_t)(8 + n));
	for (uint32_t i = 0; f.dev.packed && i < n; i++)
		hvl_io_write16(&f.shm, desc(i) + 14,
			       hvl_vring_packed_avail(false));
}

static void loop_many_device_stops_at_overrun(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < HVL_ARRAY_SIZE(formats); i++) {
		start(8, formats[i], 0);
		assert_int_equal(add(0, 8, false), 8);
		(void)hvl_drv_vq_kick(&f.drv);
		assert_int_equal(hvl_dev_vq_pop_many(&f.dev, f.chains, 6), 6);
		offer_anew(3);
		assert_int_equal(hvl_dev_vq_pop_many(&f.dev, f.chains, 8), 2);
		assert_int_equal(hvl_dev_vq_pop_many(&f.dev, f.chains, 8),
				 -EPROTO);
		hvl_drv_vq_fini(&f.drv);
	}
}

static void loop_many_chain_that_does_not_fit_stays(void **state)
{
	uint32_t number = 0;

	(void)state;
	start(8, 0, 0);
	assert_int_equal(add(0, 3, false), 3);
	(void)hvl_drv_vq_kick(&f.drv);
	f.chains[1].nseg_max = 0;
	assert_int_equal(serve(&number, 3, false), 1);
	f.chains[0].nseg_max = 0;
	assert_int_equal(hvl_dev_vq_pop_many(&f.dev, f.chains, 3), -ENOBUFS);
	f.chains[0].nseg_max = f.chains[1].nseg_max = 1;
	assert_int_equal(serve(&number, 3, false), 2);
	hvl_drv_vq_fini(&f.drv);
}

/* Where the device said that it used chain @i, in a ring that did not wrap. */
static void lie(uint32_t i, uint32_t id, uint32_t len)
{
	if (f.dev.packed) {
		hvl_io_write16(&f.shm, desc(i) + 12, (uint16_t)id);
		hvl_io_write32(&f.shm, desc(i) + 8, len);
		return;
	}
	hvl_io_write32(&f.shm, f.dev.used + 4 + 8 * i, id);
	hvl_io_write32(&f.shm, f.dev.used + 8 + 8 * i, len);
}

/* Twice the same, one that is not there, more than there was room for. */
static void loop_many_driver_stops_at_bad_answers(void **state)
{
	static const uint32_t lies[][2] = {
		{ 0, 4 },      { 5, 4 },	{ 9, 4 },
		{ 0xffff, 4 }, { 2, SIZE + 1 }, { 2, UINT32_MAX },
	};
	struct hvl_drv_used used[8];
	uint32_t number, k;

	(void)state;
	for (unsigned int i = 0; i < HVL_ARRAY_SIZE(formats); i++) {
		for (k = 0; k < HVL_ARRAY_SIZE(lies); k++) {
			start(8, formats[i], 0);
			assert_int_equal(add(0, 4, true), 4);
			(void)hvl_drv_vq_kick(&f.drv);
			number = 1; /* so that no answer is a whole one */
			assert_int_equal(serve(&number, 2, true), 2);
			number = 1;
			assert_int_equal(serve(&number, 2, true), 2);
			(void)hvl_dev_vq_flush(&f.dev);
			lie(2, lies[k][0], lies[k][1]);
			assert_int_equal(hvl_drv_vq_get_many(&f.drv, used, 8),
					 2);
			assert_int_equal(hvl_drv_vq_get_many(&f.drv, used, 8),
					 -EPROTO);
			assert_int_equal(hvl_drv_vq_get_many(&f.drv, used, 8),
					 -EPROTO);
			assert_int_equal(
				hvl_drv_vq_add_many(&f.drv, NULL, 0, true), 0);
			hvl_drv_vq_fini(&f.drv);
		}
	}
}

/* One entry stands for four chains, and the index for three. */
static void loop_many_driver_counts_batches(void **state)
{
	struct hvl_drv_used used[8];
	uint32_t number = 0;

	(void)state;
	start(8, IN_ORDER, 0);
	assert_int_equal(add(0, 4, false), 4);
	(void)hvl_drv_vq_kick(&f.drv);
	assert_int_equal(serve(&number, 8, false), 4);
	(void)hvl_dev_vq_flush(&f.dev);
	hvl_io_write16(&f.shm, f.dev.used + 2, 3);
	assert_int_equal(hvl_drv_vq_get_many(&f.drv, used, 8), 3);
	assert_int_equal(hvl_drv_vq_get_many(&f.drv, used, 8), -EPROTO);
	hvl_drv_vq_fini(&f.drv);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(loop_many_every_format_passes_the_wrap),
		cmocka_unit_test(loop_many_full_ring_comes_back_in_any_order),
		cmocka_unit_test(loop_many_takes_longer_chains_between),
		cmocka_unit_test(loop_many_offers_what_there_is_room_for),
		cmocka_unit_test(loop_many_journal_has_one_out),
		cmocka_unit_test(loop_many_device_stops_at_bad_descriptors),
		cmocka_unit_test(loop_many_device_stops_at_overrun),
		cmocka_unit_test(loop_many_chain_that_does_not_fit_stays),
		cmocka_unit_test(loop_many_driver_stops_at_bad_answers),
		cmocka_unit_test(loop_many_driver_counts_batches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
