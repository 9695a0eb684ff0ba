/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Values that change between two readings: a second thread writes while the
 * device looks. A device that could be kept busy by that would not come back
 * from its service, and the test would run into its deadline.
 */
#include "hostile.h"

#include <pthread.h>
#include <stdatomic.h>

#define V (&h->victim)
#define RING (&h->victim.ring[0])
#define SERVICES 20000u /* and so many rounds of the other thread: */
#define ROUNDS 20000u

/* One word that flips, at @width bytes, among values of its own. */
struct flip {
	uint64_t off;
	unsigned int width;
	unsigned int n;
	uint64_t value[6];
};

struct flipper {
	const struct flip *flips;
	unsigned int n;
	atomic_uint rounds;
	atomic_bool stop;
	pthread_t thread;
};

static void *flip_main(void *arg)
{
	struct flipper *f = arg;
	unsigned int i = 0;
	uint64_t r = 1;

	while (!atomic_load_explicit(&f->stop, memory_order_relaxed)) {
		const struct flip *x = &f->flips[i % f->n];
		uint64_t v;

		if (++i % f->n == 0)
			atomic_fetch_add(&f->rounds, 1);

		r = r * UINT64_C(6364136223846793005) + 1;
		v = x->value[(r >> 40) % x->n];
		if (x->width == 2)
			hvl_io_write16(&hostile.shm, x->off, (uint16_t)v);
		else if (x->width == 4)
			hvl_io_write32(&hostile.shm, x->off, (uint32_t)v);
		else
			hvl_io_write64(&hostile.shm, x->off, v);
	}
	return NULL;
}

static void flip_start(struct flipper *f, const struct flip *flips,
		       unsigned int n)
{
	*f = (struct flipper){ .flips = flips, .n = n };
	assert_int_equal(pthread_create(&f->thread, NULL, flip_main, f), 0);
}

static void flip_stop(struct flipper *f)
{
	atomic_store(&f->stop, true);
	pthread_join(f->thread, NULL);
}

static bool flip_busy(struct flipper *f, unsigned int services)
{
	return services < SERVICES || atomic_load(&f->rounds) < ROUNDS;
}

/* Bring it up over a ring that flips: it may break as soon as it is live. */
static void start_over(struct hostile *h)
{
	mock_begin(V);
	mock_queue(V, 0, MOCK_NUM);
	mock_status(V, V->version == 2 ? 0x0f : 0x07);
}

/* Serve both devices while the words flip; a broken victim starts over. */
static void race(struct hostile *h, const struct flip *flips, unsigned int n)
{
	struct flipper f;
	unsigned int i;

	flip_start(&f, flips, n);
	for (i = 0; flip_busy(&f, i); i++) {
		mock_offer(V, 0, 8);
		mock_service(V);
		if (V->dev.broken)
			start_over(h);
		if (i % 1000 == 0)
			hostile_round_trip(&h->witness);
	}
	flip_stop(&f);
}

static void descriptor_address_flips(struct hostile *h)
{
	const struct flip flips[] = {
		{ RING->desc,
		  8,
		  3,
		  { MOCK_DA + mock_buf_off(V), UINT64_MAX - 3,
		    MOCK_DA + MOCK_SHM_SIZE - 4 } },
		{ RING->desc + 8, 4, 3, { 4, 8, UINT32_MAX } },
	};

	race(h, flips, 2);
}

static void descriptor_chain_flips(struct hostile *h)
{
	const struct flip flips[] = {
		{ RING->desc + 12, 2, 4, { 2, 3, 1, 6 } },
		{ RING->desc + 14, 2, 4, { 0, 1, 7, 0xffff } },
		{ RING->desc + 16 + 12, 2, 3, { 2, 3, 0 } },
		{ RING->desc + 16 + 14, 2, 3, { 0, 2, 8 } },
	};

	race(h, flips, 4);
}

static void avail_index_flips(struct hostile *h)
{
	const struct flip flips[] = {
		{ RING->avail + 2, 2, 6, { 0, 1, 2, 8, 9, 0xffff } },
	};

	race(h, flips, 1);
}

static void avail_ring_flips(struct hostile *h)
{
	const struct flip flips[] = {
		{ RING->avail + 4, 2, 4, { 0, 1, 8, 0xffff } },
		{ RING->avail + 6, 2, 4, { 0, 1, 7, 0x8000 } },
		{ RING->avail, 2, 2, { 0, VRING_AVAIL_F_NO_INTERRUPT } },
	};

	race(h, flips, 3);
}

static void indirect_table_flips(struct hostile *h)
{
	uint64_t table = mock_buf_off(V) + 0xc000u;
	const struct flip flips[] = {
		{ RING->desc, 8, 2, { MOCK_DA + table, MOCK_DA + table + 8 } },
		{ RING->desc + 8, 4, 4, { 16, 32, 4096, 24 } },
		{ RING->desc + 12, 2, 2, { VRING_DESC_F_INDIRECT, 2 } },
		{ table, 8, 2, { MOCK_DA, UINT64_MAX } },
		{ table + 8, 4, 2, { 8, UINT32_MAX } },
		{ table + 12, 4, 4, { 2, 0x10003, 3, 4 } },
	};

	race(h, flips, 6);
}

static void used_ring_flips(struct hostile *h)
{
	const struct flip flips[] = {
		{ RING->used, 4, 4, { 0, UINT32_MAX, 0x50001, 1 } },
		{ RING->used + 4, 8, 2, { 0, UINT64_MAX } },
	};

	race(h, flips, 2);
}

/* Everything that the device reads for a fence, and the fence itself. */
static void fence_moves_while_it_is_copied(struct hostile *h)
{
	uint64_t ring = MOCK_DA + mock_ring_off(V, 0);
	const struct flip flips[] = {
		{ HVL_MMIO_REG_FENCE_REQUEST, 4, 5, { 1, 2, 3, 4, 5 } },
		{ HVL_MMIO_REG_FENCE_WHAT, 4, 4, { 1, 2, 4, 31 } },
		{ HVL_MMIO_REG_STATUS, 4, 6, { 0, 1, 3, 11, 15, 128 } },
		{ HVL_MMIO_REG_DRIVER_FEATURES_SEL, 4, 2, { 1, 0 } },
		{ HVL_MMIO_REG_DRIVER_FEATURES, 4, 2, { 1, 0 } },
		{ HVL_MMIO_REG_QUEUE_SEL, 4, 3, { 0, 1, UINT32_MAX } },
		{ HVL_MMIO_REG_QUEUE_NUM, 4, 4, { 8, 4, 5, 0x10000 } },
		{ HVL_MMIO_REG_QUEUE_DESC_LOW, 8, 2, { ring, UINT64_MAX } },
		{ HVL_MMIO_REG_QUEUE_DRIVER_LOW, 8, 2, { ring + 4096, 1 } },
		{ HVL_MMIO_REG_QUEUE_DEVICE_LOW, 8, 2, { ring + 8192, 3 } },
		{ HVL_MMIO_REG_QUEUE_READY, 4, 2, { 1, 0 } },
	};
	struct flipper f;
	unsigned int i;

	flip_start(&f, flips, HVL_ARRAY_SIZE(flips));
	/* Until it has come through often enough; CTest has the deadline. */
	for (i = 0; flip_busy(&f, i) || V->dev.stats.resets < 10; i++) {
		mock_service(V);
		if (i % 1000 == 0)
			hostile_round_trip(&h->witness);
	}
	flip_stop(&f);
}

static void registers_of_version_1_flip(struct hostile *h)
{
	uint32_t pfn = mock_pfn(V, 0);
	const struct flip flips[] = {
		{ HVL_MMIO_REG_STATUS, 4, 6, { 0, 1, 3, 7, 4, 0x47 } },
		{ HVL_MMIO_REG_QUEUE_SEL,
		  4,
		  4,
		  { 0, 1, HVL_MMIO_V1_MARKER, UINT32_MAX } },
		{ HVL_MMIO_REG_QUEUE_NUM,
		  4,
		  4,
		  { 8, 4, HVL_MMIO_V1_MARKER, 5 } },
		{ HVL_MMIO_REG_QUEUE_ALIGN, 4, 2, { 4096, 0 } },
		{ HVL_MMIO_REG_GUEST_PAGE_SIZE, 4, 2, { 4096, 1 } },
		{ HVL_MMIO_REG_QUEUE_PFN,
		  4,
		  4,
		  { pfn, pfn + 4, HVL_MMIO_V1_ACK, UINT32_MAX } },
		{ HVL_MMIO_REG_INTERRUPT_ACK, 4, 3, { 1, 3, 0 } },
	};
	struct flipper f;
	unsigned int i;

	flip_start(&f, flips, HVL_ARRAY_SIZE(flips));
	for (i = 0; flip_busy(&f, i) || V->dev.stats.resets < 10; i++) {
		V->now_us += 1000;
		mock_service(V);
		if (i % 1000 == 0)
			hostile_round_trip(&h->witness);
	}
	flip_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HOSTILE_BOTH(descriptor_address_flips, ANY),
		HOSTILE_BOTH(descriptor_chain_flips, ANY),
		HOSTILE_BOTH(avail_index_flips, ANY),
		HOSTILE_BOTH(avail_ring_flips, ANY),
		HOSTILE_BOTH(indirect_table_flips, ANY),
		HOSTILE_BOTH(used_ring_flips, ANY),
		HOSTILE_JOB(2, fence_moves_while_it_is_copied, ANY),
		HOSTILE_JOB(1, registers_of_version_1_flip, ANY),
	};

	return cmocka_run_group_tests_name("hostile_races", tests, NULL, NULL);
}
