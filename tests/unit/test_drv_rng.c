/* SPDX-License-Identifier: BSD-3-Clause */
/* The entropy driver, over each kind of transport. */
#include "drv_mock_dev.h"

#include <string.h>

#include <hvl/driver/rng.h>
#include <hvl/metal/compiler.h>
#include <hvl/metal/errno.h>
#include <hvl/wire/vring_packed.h>

static struct fixture {
	struct hvl_drv_pool pool;
	struct mock_dev mock;
	struct hvl_drv_dev dev;
	struct hvl_drv_rng rng;
	uint8_t buf[256];
} fix;

static uint32_t serve_most; /* bytes of a request that the mock fills */

static void serve_fill(struct mock_dev *d)
{
	struct mock_ring *r = &d->ring[0];

	while (mock_ahead(r) != 0) {
		uint16_t head = mock_pop(r);
		struct mock_desc desc = mock_desc(r, head);
		uint32_t len = desc.len < serve_most ? desc.len : serve_most;

		assert_int_equal(desc.flags, VRING_DESC_F_WRITE);
		memset(mock_data(r, &desc), 'r', len);
		mock_push(r, head, len);
	}
}

static struct fixture *fix_init(enum mock_kind kind)
{
	struct fixture *f = &fix;

	mock_dev_init(&f->mock, kind, VIRTIO_ID_RNG, &f->pool, 0);
	f->mock.serve = serve_fill;
	serve_most = UINT32_MAX;
	assert_int_equal(
		hvl_drv_mmio_probe(&f->dev, &f->mock.regs, &f->mock.plat), 0);
	memset(&f->rng, 0, sizeof(f->rng));
	memset(f->buf, '-', sizeof(f->buf));
	return f;
}

static struct fixture *fix_start(enum mock_kind kind)
{
	struct fixture *f = fix_init(kind);

	assert_int_equal(hvl_drv_rng_start(&f->rng, &f->dev, &f->pool), 0);
	return f;
}

/* Ends as it began: nothing of the pool in use. */
static void fix_stop(struct fixture *f, int expect)
{
	assert_int_equal(hvl_drv_rng_stop(&f->rng), expect);
	assert_int_equal(hvl_drv_rng_stop(&f->rng), expect);
	if (expect == 0)
		assert_int_equal(f->pool.nfree, f->pool.count);
}

static void drv_rng_read_fills_private_and_shared_memory(void **state)
{
	struct fixture *f;
	uint64_t off;
	uint8_t *shared;
	int kind, i;

	(void)state;
	for (kind = 0; kind < MOCK_KINDS; kind++) {
		f = fix_start(kind);
		assert_int_equal(hvl_drv_pool_alloc(&f->pool, 64, 0, &off), 0);
		shared = hvl_io_va(&f->pool.io, off);
		memset(shared, '-', 64);
		for (i = 0; i < 20; i++) {
			memset(f->buf, '-', sizeof(f->buf));
			assert_int_equal(hvl_drv_rng_read(&f->rng, f->buf, 9),
					 9);
			assert_memory_equal(f->buf, "rrrrrrrrr-", 10);
		}
		assert_int_equal(hvl_drv_rng_read(&f->rng, shared, 3), 3);
		assert_memory_equal(shared, "rrr-", 4);
		hvl_drv_pool_free(&f->pool, off, 64);
		assert_true(f->mock.now < 5000);
		fix_stop(f, 0);
	}
}

static void drv_rng_read_polls_without_wait(void **state)
{
	struct fixture *f = fix_init(MOCK_V2);

	(void)state;
	f->mock.plat.wait = NULL;
	f->mock.polled = true;
	assert_int_equal(hvl_drv_rng_start(&f->rng, &f->dev, &f->pool), 0);
	assert_int_equal(hvl_drv_rng_read(&f->rng, f->buf, 8), 8);
	assert_int_equal(mock_avail_flags(&f->mock.ring[0]),
			 VRING_AVAIL_F_NO_INTERRUPT);
	fix_stop(f, 0);
}

/* A look at the clock takes the mock 1 us. */
static void drv_rng_read_spins_only_where_it_may(void **state)
{
	struct fixture *f = fix_start(MOCK_V2);
	uint64_t start = f->mock.now;

	(void)state;
	assert_int_equal(hvl_drv_rng_read(&f->rng, f->buf, 8), 8);
	assert_true(f->mock.now - start >= 5);
	f->mock.plat.no_spin = true;
	start = f->mock.now;
	assert_int_equal(hvl_drv_rng_read(&f->rng, f->buf, 8), 8);
	assert_true(f->mock.now - start < 5);
	fix_stop(f, 0);
}

static void drv_rng_read_gives_what_there_is(void **state)
{
	struct fixture *f = fix_start(MOCK_V2);

	(void)state;
	serve_most = 5;
	assert_int_equal(hvl_drv_rng_read(&f->rng, f->buf, 64), 5);
	assert_memory_equal(f->buf, "rrrrr-", 6);
	assert_int_equal(hvl_drv_rng_read(&f->rng, f->buf, 0), -EINVAL);
	assert_int_equal(hvl_drv_rng_read(&f->rng, f->buf, UINT32_MAX),
			 -ENOMEM);
	assert_int_equal(hvl_drv_rng_read(&f->rng, f->buf, 1), 1);
	fix_stop(f, 0);
}

static void drv_rng_read_repeats_a_lost_doorbell(void **state)
{
	struct fixture *f = fix_start(MOCK_V2);
	uint64_t start = f->mock.now;

	(void)state;
	f->mock.lose = 1;
	assert_int_equal(hvl_drv_rng_read(&f->rng, f->buf, 8), 8);
	assert_in_range(f->mock.now - start, 10000, 10100);
	fix_stop(f, 0);
}

static void drv_rng_read_times_out_until_restarted(void **state)
{
	struct fixture *f = fix_start(MOCK_V2);
	uint32_t nfree;

	(void)state;
	f->mock.dead = true;
	assert_int_equal(hvl_drv_rng_read(&f->rng, f->buf, 8), -ETIMEDOUT);
	assert_in_range(f->mock.now, HVL_DRV_TIMEOUT_US,
			HVL_DRV_TIMEOUT_US + 5000);
	assert_int_equal(hvl_drv_rng_read(&f->rng, f->buf, 8), -ETIMEDOUT);
	assert_int_equal(hvl_drv_rng_submit(&f->rng, f->buf, 8, f), -ETIMEDOUT);
	nfree = f->pool.nfree;
	fix_stop(f, -ETIMEDOUT);
	/* The device may still write there. */
	assert_int_equal(f->pool.nfree, nfree);
	assert_int_equal(hvl_drv_rng_start(&f->rng, &f->dev, &f->pool),
			 -ETIMEDOUT);
	assert_int_equal(f->pool.nfree, nfree);
	assert_int_equal(hvl_drv_rng_read(&f->rng, f->buf, 8), -EIO);
	assert_memory_equal(f->buf, "--------", 8);
	f->mock.dead = false;
	assert_int_equal(hvl_drv_rng_start(&f->rng, &f->dev, &f->pool), 0);
	assert_int_equal(hvl_drv_rng_read(&f->rng, f->buf, 8), 8);
	fix_stop(f, 0);
}

static void serve_break(struct mock_dev *d)
{
	mock_dev_needs_reset(d);
}

static void drv_rng_read_notices_a_broken_device(void **state)
{
	struct fixture *f;
	int kind;

	(void)state;
	for (kind = 0; kind < MOCK_KINDS; kind++) {
		f = fix_start(kind);
		f->mock.serve = serve_break;
		assert_int_equal(hvl_drv_rng_read(&f->rng, f->buf, 8), -EIO);
		assert_true(f->mock.now < 50000);
		f->mock.serve = serve_fill;
		/* Start on a live one stops it first. */
		assert_int_equal(hvl_drv_rng_start(&f->rng, &f->dev, &f->pool),
				 0);
		assert_int_equal(hvl_drv_rng_read(&f->rng, f->buf, 8), 8);
		fix_stop(f, 0);
	}
}

static void drv_rng_read_rejects_wrong_used_entries(void **state)
{
	static const uint32_t lens[] = { 0, 9, UINT32_MAX };
	struct fixture *f;
	uint32_t i, len;
	void *cookie;

	(void)state;
	for (i = 0; i < HVL_ARRAY_SIZE(lens); i++) {
		f = fix_start(MOCK_V2);
		f->mock.serve = NULL;
		assert_int_equal(hvl_drv_rng_submit(&f->rng, f->buf, 8, f), 0);
		mock_push(&f->mock.ring[0], mock_pop(&f->mock.ring[0]),
			  lens[i]);
		assert_int_equal(hvl_drv_rng_poll(&f->rng, &cookie, &len),
				 -EPROTO);
		assert_int_equal(hvl_drv_rng_read(&f->rng, f->buf, 8), -EPROTO);
		assert_int_equal(f->buf[8], '-');
		fix_stop(f, 0);
	}
}

/* The first descriptor of a packed ring: used at one look, not so at the next. */
static void ring_flickers(struct mock_dev *d, const volatile void *p)
{
	static const uint16_t flags[] = {
		VRING_PACKED_DESC_F_AVAIL | VRING_PACKED_DESC_F_USED,
		VRING_PACKED_DESC_F_AVAIL,
	};
	static unsigned int looks;
	uint64_t at = fix.rng.vq.ring_off + fix.rng.vq.at.desc;

	if (p == hvl_io_va(d->shm, at + 14))
		hvl_io_write16(d->shm, at + 14, flags[looks++ % 2]);
}

static void drv_rng_read_looks_at_an_answer_once(void **state)
{
	struct fixture *f = fix_init(MOCK_V2);
	int n;

	(void)state;
	f->mock.offered |= HVL_BIT64(VIRTIO_F_RING_PACKED);
	f->mock.serve = NULL;
	assert_int_equal(hvl_drv_rng_start(&f->rng, &f->dev, &f->pool), 0);
	f->mock.ring_load = ring_flickers;
	n = hvl_drv_rng_read(&f->rng, f->buf, 8);
	/* No bytes were written, and that is no answer. */
	assert_int_equal(n, -EPROTO);
	f->mock.ring_load = NULL;
	fix_stop(f, 0);
}

static void drv_rng_submit_and_poll_carry_cookies(void **state)
{
	struct fixture *f = fix_start(MOCK_V2);
	uint32_t i, len;
	void *cookie;

	(void)state;
	f->mock.serve = NULL;
	for (i = 0; i < HVL_DRV_RNG_NUM; i++)
		assert_int_equal(hvl_drv_rng_submit(&f->rng, f->buf + 8 * i, 8,
						    f->buf + 8 * i),
				 0);
	assert_int_equal(hvl_drv_rng_submit(&f->rng, f->buf, 8, f), -ENOSPC);
	assert_int_equal(hvl_drv_rng_read(&f->rng, f->buf, 8), -EBUSY);
	assert_int_equal(hvl_drv_rng_poll(&f->rng, &cookie, &len), 0);
	serve_most = 4;
	serve_fill(&f->mock);
	for (i = 0; i < HVL_DRV_RNG_NUM; i++) {
		assert_int_equal(hvl_drv_rng_poll(&f->rng, &cookie, &len), 1);
		assert_ptr_equal(cookie, f->buf + 8 * i);
		assert_int_equal(len, 4);
		assert_memory_equal(f->buf + 8 * i, "rrrr----", 8);
	}
	assert_int_equal(hvl_drv_rng_poll(&f->rng, &cookie, &len), 0);
	fix_stop(f, 0);
}

static void drv_rng_start_takes_a_smaller_ring(void **state)
{
	struct fixture *f = fix_init(MOCK_V2);

	(void)state;
	f->mock.num_max = 2;
	assert_int_equal(hvl_drv_rng_start(&f->rng, &f->dev, &f->pool), 0);
	assert_int_equal(f->rng.vq.cfg.num, 2);
	assert_int_equal(hvl_drv_rng_read(&f->rng, f->buf, 8), 8);
	fix_stop(f, 0);
}

static void drv_rng_start_gives_all_back_on_errors(void **state)
{
	struct fixture *f = fix_init(MOCK_V2);
	uint32_t i;

	(void)state;
	f->dev.id = VIRTIO_ID_NET;
	assert_int_equal(hvl_drv_rng_start(&f->rng, &f->dev, &f->pool),
			 -ENODEV);
	for (i = 0; i < 5; i++) {
		f = fix_init(MOCK_V2);
		f->mock.refuse_features = i == 0;
		f->mock.refuse_queue = i == 1;
		f->mock.break_at_ready = i == 2;
		f->mock.dead_after = i == 3 ? 10 : 0;
		f->mock.num_max = i == 4 ? 0 : 256;
		assert_true(hvl_drv_rng_start(&f->rng, &f->dev, &f->pool) < 0);
		/* Unless it may still be written to by one that died. */
		if (i == 3)
			fix_stop(f, -ETIMEDOUT);
		else
			fix_stop(f, 0);
		f->mock.refuse_features = f->mock.refuse_queue = false;
		f->mock.break_at_ready = f->mock.dead = false;
		f->mock.dead_after = 0;
		f->mock.num_max = 256;
		assert_int_equal(hvl_drv_rng_start(&f->rng, &f->dev, &f->pool),
				 0);
		fix_stop(f, 0);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(drv_rng_read_fills_private_and_shared_memory),
		cmocka_unit_test(drv_rng_read_polls_without_wait),
		cmocka_unit_test(drv_rng_read_spins_only_where_it_may),
		cmocka_unit_test(drv_rng_read_gives_what_there_is),
		cmocka_unit_test(drv_rng_read_repeats_a_lost_doorbell),
		cmocka_unit_test(drv_rng_read_times_out_until_restarted),
		cmocka_unit_test(drv_rng_read_notices_a_broken_device),
		cmocka_unit_test(drv_rng_read_rejects_wrong_used_entries),
		cmocka_unit_test(drv_rng_read_looks_at_an_answer_once),
		cmocka_unit_test(drv_rng_submit_and_poll_carry_cookies),
		cmocka_unit_test(drv_rng_start_takes_a_smaller_ring),
		cmocka_unit_test(drv_rng_start_gives_all_back_on_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
