/* SPDX-License-Identifier: BSD-3-Clause */
/* The rng model: whole buffers, honest lengths, and a backing that runs dry. */
#include "mock_mmio.h"

#include <hvl/device/rng.h>
#include <hvl/metal/errno.h>

static struct hvl_io shm;
static struct mock_dev d;
static struct mock_entropy entropy;
static struct hvl_dev_rng rng;
static uint32_t id, len;

static int setup(void **state)
{
	const struct hvl_dev_rng_backing backing = { mock_entropy_read,
						     &entropy };

	(void)state;
	mock_shm_map(&shm, MOCK_SHM_SIZE);
	entropy = (struct mock_entropy){ UINT32_MAX, UINT32_MAX, -EAGAIN, 0 };
	hvl_dev_rng_init(&rng, &backing);
	mock_dev_init(&d, &shm, 0, 2, &hvl_dev_rng_model, &rng);
	mock_bring_up(&d);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	mock_shm_unmap(&shm);
	return 0;
}

/* Bytes of entropy from @off on; the fake's are never 0. */
static uint32_t filled(uint64_t off)
{
	uint32_t n = 0;

	while (shm.va[off + n] != 0)
		n++;
	return n;
}

static void rng_fills_whole_buffer(void **state)
{
	static const uint32_t sizes[] = { 1, 9, 4095, 4096 };
	size_t i;

	(void)state;
	entropy.step = 7;
	for (i = 0; i < HVL_ARRAY_SIZE(sizes); i++) {
		hvl_io_fill(&shm, mock_buf_off(&d), 0, 0x8000);
		mock_desc(&d.ring[0], 0, mock_buf_off(&d), sizes[i],
			  VRING_DESC_F_WRITE, 0);
		mock_avail(&d.ring[0], 0);
		mock_service(&d);
		assert_true(mock_used(&d.ring[0], &id, &len));
		assert_int_equal(len, sizes[i]);
		assert_int_equal(filled(mock_buf_off(&d)), sizes[i]);
	}
	assert_int_equal(rng.bytes, 1 + 9 + 4095 + 4096);
}

static void rng_fills_every_segment(void **state)
{
	uint64_t buf = mock_buf_off(&d);

	(void)state;
	mock_desc(&d.ring[0], 0, buf, 3, VRING_DESC_F_WRITE | VRING_DESC_F_NEXT,
		  1);
	mock_desc(&d.ring[0], 1, buf + 16, 5, VRING_DESC_F_WRITE, 0);
	mock_avail(&d.ring[0], 0);
	mock_service(&d);
	assert_true(mock_used(&d.ring[0], &id, &len));
	assert_int_equal(len, 8);
	assert_int_equal(filled(buf), 3);
	assert_int_equal(filled(buf + 16), 5);
}

static void rng_bounds_one_chain(void **state)
{
	(void)state;
	mock_desc(&d.ring[0], 0, 0x80000, 0x60000, VRING_DESC_F_WRITE, 0);
	mock_avail(&d.ring[0], 0);
	mock_service(&d);
	assert_true(mock_used(&d.ring[0], &id, &len));
	assert_int_equal(len, 65536);
	assert_int_equal(filled(0x80000), 65536);
}

static void rng_waits_for_entropy(void **state)
{
	(void)state;
	entropy.left = 0;
	mock_offer(&d, 0, 8);
	mock_service(&d);
	assert_false(mock_used(&d.ring[0], &id, &len));
	entropy.left = 100;
	assert_true(mock_service(&d));
	assert_true(mock_used(&d.ring[0], &id, &len));
	assert_int_equal(len, 8);
	assert_int_equal(rng.failures, 0);
}

static void rng_gives_what_there_is(void **state)
{
	(void)state;
	entropy.left = 5;
	mock_offer(&d, 0, 8);
	mock_service(&d);
	assert_true(mock_used(&d.ring[0], &id, &len));
	assert_int_equal(len, 5);
}

static void rng_counts_failures_of_backing(void **state)
{
	(void)state;
	entropy.left = 0;
	entropy.error = -EIO;
	mock_offer(&d, 0, 8);
	mock_service(&d);
	assert_false(mock_used(&d.ring[0], &id, &len));
	assert_int_equal(rng.failures, 1);
	assert_true(d.dev.live);
	entropy.left = 8;
	mock_service(&d);
	assert_true(mock_used(&d.ring[0], &id, &len));
}

static void rng_leaves_no_hole(void **state)
{
	uint64_t buf = mock_buf_off(&d);

	(void)state;
	entropy.left = 3;
	entropy.error = -EIO;
	mock_desc(&d.ring[0], 0, buf, 5, VRING_DESC_F_WRITE | VRING_DESC_F_NEXT,
		  1);
	mock_desc(&d.ring[0], 1, buf + 16, 5, VRING_DESC_F_WRITE, 0);
	mock_avail(&d.ring[0], 0);
	mock_service(&d);
	assert_true(mock_used(&d.ring[0], &id, &len));
	assert_int_equal(len, 3);
	/* The second segment was not even tried. */
	assert_int_equal(rng.failures, 1);
}

static void rng_rejects_readable_segment(void **state)
{
	(void)state;
	mock_desc(&d.ring[0], 0, mock_buf_off(&d), 8, 0, 0);
	mock_avail(&d.ring[0], 0);
	mock_service(&d);
	assert_true(mock_needs_reset(&d));
	assert_int_equal(d.log.lines, 1);
	assert_non_null(strstr(d.log.last, "dev0: queue 0: descriptor 0"));
}

static void rng_rejects_readable_segment_before_good_one(void **state)
{
	uint64_t buf = mock_buf_off(&d);

	(void)state;
	mock_desc(&d.ring[0], 0, buf, 8, VRING_DESC_F_NEXT, 1);
	mock_desc(&d.ring[0], 1, buf + 16, 8, VRING_DESC_F_WRITE, 0);
	mock_avail(&d.ring[0], 0);
	mock_service(&d);
	assert_true(mock_needs_reset(&d));
	assert_int_equal(filled(buf + 16), 0);
}

/* Eight chains of the most that one gets, for a budget of 64. */
static void rng_bounds_one_service(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < MOCK_NUM; i++) {
		mock_desc(&d.ring[0], i, 0x80000, 0x10000, VRING_DESC_F_WRITE,
			  0);
		mock_avail(&d.ring[0], i);
	}
	mock_service(&d);
	assert_true(d.more);
	assert_int_equal(rng.bytes, 4 * 65536);
	assert_int_equal(d.dev.stats.chains, 4);
	mock_service(&d);
	assert_int_equal(rng.bytes, 8 * 65536);
	assert_int_equal(d.dev.stats.chains, 8);
	mock_service(&d);
	assert_false(d.more);
}

static int boasting_read(void *ctx, void *buf, uint32_t room)
{
	(void)ctx;
	memset(buf, 1, room);
	return (int)room + 1;
}

/* A backing that says it wrote more than there was room for. */
static void rng_believes_no_impossible_length(void **state)
{
	(void)state;
	rng.backing.read = boasting_read;
	mock_offer(&d, 0, 8);
	mock_service(&d);
	assert_false(mock_used(&d.ring[0], &id, &len));
	assert_int_equal(rng.failures, 1);
	assert_int_equal(rng.bytes, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(rng_fills_whole_buffer),
		T(rng_fills_every_segment),
		T(rng_bounds_one_chain),
		T(rng_waits_for_entropy),
		T(rng_gives_what_there_is),
		T(rng_counts_failures_of_backing),
		T(rng_leaves_no_hole),
		T(rng_rejects_readable_segment),
		T(rng_rejects_readable_segment_before_good_one),
		T(rng_bounds_one_service),
		T(rng_believes_no_impossible_length),
	};

	return cmocka_run_group_tests_name("dev_rng", tests, NULL, NULL);
}
