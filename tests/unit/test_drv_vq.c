/* SPDX-License-Identifier: BSD-3-Clause */
/* The driver side of a split ring, against a mock of the device side. */
#include "drv_mock.h"

#include <stdlib.h>
#include <string.h>

#include <hvl/metal/compiler.h>
#include <hvl/metal/errno.h>
#include <hvl/wire/virtio.h>

#define NUM_MAX 1024u
#define NINDIRECT 4u
#define MODERN HVL_BIT64(VIRTIO_F_VERSION_1)
#define INDIRECT (MODERN | HVL_BIT64(VIRTIO_RING_F_INDIRECT_DESC))

struct fixture {
	_Alignas(65536) unsigned char memory[512 * 1024];
	uint32_t map[512 * 1024 / 64 / 32];
	struct hvl_drv_vq_slot slots[NUM_MAX];
	struct hvl_drv_vq_slot indirect[NUM_MAX * NINDIRECT];
	struct hvl_io shm;
	struct hvl_drv_pool pool;
	struct hvl_drv_vq_config cfg;
	struct hvl_drv_vq vq;
	struct mock_ring ring;
	unsigned char priv[256]; /* outside the shared memory */
};

static struct fixture fix;

/* The pool is the second half of the shared memory, as beside other things. */
static void fix_pool(struct fixture *f)
{
	struct hvl_io half;

	memset(f->memory, 0x5a, sizeof(f->memory));
	f->shm = (struct hvl_io){ f->memory, MOCK_DA, sizeof(f->memory) };
	assert_true(hvl_io_sub(&f->shm, sizeof(f->memory) / 2,
			       sizeof(f->memory) / 2, &half));
	assert_int_equal(hvl_drv_pool_init(&f->pool, &half, 64, f->map,
					   HVL_ARRAY_SIZE(f->map)),
			 0);
}

static struct fixture *fix_start(uint16_t num, uint64_t features)
{
	struct fixture *f = &fix;

	fix_pool(f);
	memset(f->slots, 0xa5, sizeof(f->slots));
	memset(f->indirect, 0xa5, sizeof(f->indirect));
	f->cfg = (struct hvl_drv_vq_config){
		.num = num,
		.align = 4,
		.features = features,
		.pool = &f->pool,
		.slots = f->slots,
		.indirect = f->indirect,
		.nindirect = NINDIRECT,
	};
	assert_int_equal(hvl_drv_vq_init(&f->vq, &f->cfg), 0);
	mock_ring_of(&f->ring, &f->shm, &f->vq);
	return f;
}

/* A buffer in the pool. */
static void *fix_buf(struct fixture *f, uint32_t size)
{
	uint64_t off;

	assert_int_equal(hvl_drv_pool_alloc(&f->pool, size, 0, &off), 0);
	return hvl_io_va(&f->pool.io, off);
}

/* Offer a chain and show it to the device. */
static int fix_offer(struct hvl_drv_vq *vq, const struct hvl_drv_seg *segs,
		     uint16_t nread, uint16_t nwrite, void *cookie)
{
	int err = hvl_drv_vq_add(vq, segs, nread, nwrite, cookie);

	(void)hvl_drv_vq_kick(vq);
	return err;
}

/* Offer one writable buffer. */
static int fix_add(struct fixture *f, void *va, uint32_t len, void *cookie)
{
	struct hvl_drv_seg seg = { va, len };

	return fix_offer(&f->vq, &seg, 0, 1, cookie);
}

static void fix_stop(struct fixture *f)
{
	hvl_drv_vq_fini(&f->vq);
	hvl_drv_vq_fini(&f->vq);
	assert_int_equal(f->pool.nfree, f->pool.count);
}

static void drv_vq_init_rejects_bad_config(void **state)
{
	struct fixture *f = fix_start(8, INDIRECT);
	struct hvl_drv_vq_config good = f->cfg, cfg;
	static const uint16_t nums[] = { 0, 3, 12, 32769 };
	uint32_t i;

	(void)state;
	fix_stop(f);
	for (i = 0; i < HVL_ARRAY_SIZE(nums); i++) {
		cfg = good;
		cfg.num = nums[i];
		assert_int_equal(hvl_drv_vq_init(&f->vq, &cfg), -EINVAL);
	}
	cfg = good;
	cfg.align = 24;
	assert_int_equal(hvl_drv_vq_init(&f->vq, &cfg), -EINVAL);
	cfg = good;
	cfg.nindirect = 1;
	assert_int_equal(hvl_drv_vq_init(&f->vq, &cfg), -EINVAL);
	cfg.nindirect = HVL_DRV_VQ_SEGS_MAX + 1;
	assert_int_equal(hvl_drv_vq_init(&f->vq, &cfg), -EINVAL);
	cfg = good;
	cfg.cache_line = 128; /* larger than the pool's granule */
	assert_int_equal(hvl_drv_vq_init(&f->vq, &cfg), -EINVAL);
	assert_int_equal(f->pool.nfree, f->pool.count);
}

static void drv_vq_init_gives_all_back_without_memory(void **state)
{
	struct fixture *f = fix_start(8, INDIRECT);
	uint32_t free_before;
	uint64_t off;

	(void)state;
	fix_stop(f);
	/* Room for the ring, not for the tables. */
	assert_int_equal(
		hvl_drv_pool_alloc(&f->pool, (f->pool.count - 6) * 64, 0, &off),
		0);
	free_before = f->pool.nfree;
	assert_int_equal(hvl_drv_vq_init(&f->vq, &f->cfg), -ENOMEM);
	assert_int_equal(f->pool.nfree, free_before);
}

static void drv_vq_init_lays_out_legacy_ring(void **state)
{
	struct fixture *f = fix_start(8, 0);

	(void)state;
	fix_stop(f);
	f->cfg.align = HVL_VRING_LEGACY_ALIGN;
	assert_int_equal(hvl_drv_vq_init(&f->vq, &f->cfg), 0);
	assert_int_equal(hvl_drv_vq_desc_da(&f->vq) % 4096, 0);
	assert_int_equal(hvl_drv_vq_avail_da(&f->vq),
			 hvl_drv_vq_desc_da(&f->vq) + 128);
	assert_int_equal(hvl_drv_vq_used_da(&f->vq),
			 hvl_drv_vq_desc_da(&f->vq) + 4096);
	mock_ring_of(&f->ring, &f->shm, &f->vq);
	assert_int_equal(mock_ahead(&f->ring), 0);
	assert_int_equal(hvl_io_read16(&f->shm, f->ring.used + 2), 0);
	fix_stop(f);
}

static void drv_vq_add_offers_shared_memory_in_place(void **state)
{
	struct fixture *f = fix_start(4, MODERN);
	uint8_t *buf = fix_buf(f, 128);
	struct hvl_drv_seg segs[3] = { { buf, 10 },
				       { buf + 10, 20 },
				       { buf + 30, 98 } };
	uint32_t nfree = f->pool.nfree, len;
	struct mock_desc d;
	void *cookie;
	uint16_t head;

	(void)state;
	assert_int_equal(fix_offer(&f->vq, segs, 1, 2, buf), 0);
	assert_int_equal(f->pool.nfree, nfree);
	assert_int_equal(mock_ahead(&f->ring), 1);
	head = mock_pop(&f->ring);
	d = mock_desc(&f->ring, head);
	assert_ptr_equal(mock_data(&f->ring, &d), buf);
	assert_int_equal(d.len, 10);
	assert_int_equal(d.flags, VRING_DESC_F_NEXT);
	d = mock_desc(&f->ring, d.next);
	assert_ptr_equal(mock_data(&f->ring, &d), buf + 10);
	assert_int_equal(d.len, 20);
	assert_int_equal(d.flags, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE);
	d = mock_desc(&f->ring, d.next);
	assert_ptr_equal(mock_data(&f->ring, &d), buf + 30);
	assert_int_equal(d.flags, VRING_DESC_F_WRITE);

	assert_int_equal(hvl_drv_vq_get(&f->vq, &cookie, &len), 0);
	mock_push(&f->ring, head, 118);
	assert_int_equal(hvl_drv_vq_get(&f->vq, &cookie, &len), 1);
	assert_ptr_equal(cookie, buf);
	assert_int_equal(len, 118);
	assert_int_equal(hvl_drv_vq_get(&f->vq, &cookie, &len), 0);
	assert_int_equal(f->vq.nfree, 4);
}

static void drv_vq_add_bounces_private_memory(void **state)
{
	struct fixture *f = fix_start(4, MODERN);
	struct hvl_drv_seg segs[3] = { { f->priv, 5 },
				       { f->priv + 10, 4 },
				       { f->priv + 20, 8 } };
	uint32_t nfree = f->pool.nfree, len;
	struct mock_desc d, e;
	void *cookie;
	uint16_t head;

	(void)state;
	memcpy(f->priv, "hello", 5);
	memset(f->priv + 10, '-', 30);
	assert_int_equal(fix_offer(&f->vq, segs, 1, 2, f), 0);
	assert_int_equal(f->pool.nfree, nfree - 3);
	head = mock_pop(&f->ring);
	d = mock_desc(&f->ring, head);
	assert_memory_equal(mock_data(&f->ring, &d), "hello", 5);
	d = mock_desc(&f->ring, d.next);
	e = mock_desc(&f->ring, d.next);
	memcpy(mock_data(&f->ring, &d), "abcd", 4);
	memcpy(mock_data(&f->ring, &e), "efghijkl", 8);
	mock_push(&f->ring, head, 7);
	assert_memory_equal(f->priv + 10, "----", 4);

	assert_int_equal(hvl_drv_vq_get(&f->vq, &cookie, &len), 1);
	assert_int_equal(len, 7);
	assert_memory_equal(f->priv + 10, "abcd------efg-----", 18);
	assert_int_equal(f->pool.nfree, nfree);
	fix_stop(f);
}

static void drv_vq_add_bounces_what_shares_a_cache_line(void **state)
{
	struct fixture *f = fix_start(4, MODERN);
	uint8_t *buf;
	uint32_t nfree;

	(void)state;
	fix_stop(f);
	f->cfg.cache_line = 64;
	assert_int_equal(hvl_drv_vq_init(&f->vq, &f->cfg), 0);
	assert_int_equal(hvl_drv_vq_used_da(&f->vq) % 64, 0);
	buf = fix_buf(f, 256);
	nfree = f->pool.nfree;
	assert_int_equal(fix_add(f, buf, 128, f), 0);
	assert_int_equal(f->pool.nfree, nfree);
	assert_int_equal(fix_add(f, buf + 128, 65, f), 0);
	assert_int_equal(f->pool.nfree, nfree - 2);
	assert_int_equal(fix_add(f, buf + 160, 64, f), 0);
	assert_int_equal(f->pool.nfree, nfree - 3);
	hvl_drv_vq_fini(&f->vq);

	f->cfg.own_lines = true;
	assert_int_equal(hvl_drv_vq_init(&f->vq, &f->cfg), 0);
	assert_int_equal(fix_add(f, buf + 3, 65, f), 0);
	assert_int_equal(f->pool.nfree, nfree);
}

static void drv_vq_add_uses_an_indirect_table(void **state)
{
	struct fixture *f = fix_start(4, INDIRECT);
	uint8_t *buf = fix_buf(f, 64);
	struct hvl_drv_seg segs[5] = { { buf, 1 },
				       { buf + 1, 2 },
				       { f->priv, 3 },
				       { buf + 8, 4 },
				       { buf + 16, 4 } };
	struct mock_desc d, e;
	uint64_t table;
	uint32_t len, i;
	uint16_t head;
	void *cookie;

	(void)state;
	for (i = 0; i < 5; i++) {
		assert_int_equal(fix_offer(&f->vq, segs, 2, 2, f), 0);
		assert_int_equal(fix_offer(&f->vq, segs, 1, 1, buf), 0);
		assert_int_equal(f->vq.nfree, 2);
		assert_int_equal(fix_offer(&f->vq, segs, 1, 1, buf), 0);
		assert_int_equal(fix_offer(&f->vq, segs, 1, 1, buf), 0);
		assert_int_equal(fix_offer(&f->vq, segs, 1, 1, buf), -ENOSPC);
		head = mock_pop(&f->ring);
		d = mock_desc(&f->ring, head);
		assert_int_equal(d.flags, VRING_DESC_F_INDIRECT);
		assert_int_equal(d.len, 64);
		table = mock_off(&f->shm, d.addr, d.len);
		e = mock_desc_at(&f->ring, table, 0);
		assert_int_equal(e.flags, VRING_DESC_F_NEXT);
		assert_int_equal(e.next, 1);
		e = mock_desc_at(&f->ring, table, 2);
		assert_int_equal(e.flags,
				 VRING_DESC_F_NEXT | VRING_DESC_F_WRITE);
		memcpy(mock_data(&f->ring, &e), "xyz", 3);
		e = mock_desc_at(&f->ring, table, 3);
		assert_int_equal(e.flags, VRING_DESC_F_WRITE);
		memset(f->priv, 0, 3);
		mock_push(&f->ring, head, 7);
		mock_push(&f->ring, mock_pop(&f->ring), 2);
		assert_int_equal(hvl_drv_vq_get(&f->vq, &cookie, &len), 1);
		assert_ptr_equal(cookie, f);
		assert_memory_equal(f->priv, "xyz", 3);
		mock_push(&f->ring, mock_pop(&f->ring), 2);
		mock_push(&f->ring, mock_pop(&f->ring), 2);
		while (hvl_drv_vq_get(&f->vq, &cookie, &len) == 1)
			assert_ptr_equal(cookie, buf);
	}
	assert_int_equal(f->vq.nfree, 4);
}

static void drv_vq_add_rejects_chains_longer_than_the_ring(void **state)
{
	struct fixture *f = fix_start(2, INDIRECT);
	struct hvl_drv_seg segs[3] = { { f->priv, 1 },
				       { f->priv + 8, 1 },
				       { f->priv + 16, 1 } };

	(void)state;
	assert_int_equal(fix_offer(&f->vq, segs, 1, 2, f), -EINVAL);
	assert_int_equal(fix_offer(&f->vq, segs, 1, 1, f), 0);
	assert_int_equal(f->vq.nfree, 1);
	fix_stop(f);
}

static void drv_vq_add_goes_direct_when_not_negotiated(void **state)
{
	struct fixture *f = fix_start(4, MODERN);
	struct hvl_drv_seg segs[2] = { { f->priv, 1 }, { f->priv + 8, 1 } };

	(void)state;
	assert_int_equal(fix_offer(&f->vq, segs, 1, 1, f), 0);
	assert_int_equal(f->vq.nfree, 2);
	fix_stop(f);
}

static void drv_vq_add_rejects_bad_chains(void **state)
{
	struct fixture *f = fix_start(16, INDIRECT);
	struct hvl_drv_seg segs[HVL_DRV_VQ_SEGS_MAX + 1];
	uint32_t i;

	(void)state;
	for (i = 0; i < HVL_ARRAY_SIZE(segs); i++)
		segs[i] = (struct hvl_drv_seg){ f->priv + i, 1 };
	assert_int_equal(fix_offer(&f->vq, segs, 0, 0, f), -EINVAL);
	assert_int_equal(fix_offer(&f->vq, segs, 1, 0, NULL), -EINVAL);
	assert_int_equal(fix_offer(&f->vq, segs, 1, HVL_DRV_VQ_SEGS_MAX, f),
			 -EINVAL);
	segs[1].len = 0;
	assert_int_equal(fix_offer(&f->vq, segs, 1, 1, f), -EINVAL);
	segs[1] = (struct hvl_drv_seg){ NULL, 1 };
	assert_int_equal(fix_offer(&f->vq, segs, 1, 1, f), -EINVAL);
	segs[0].len = segs[1].len = 0x80000000u;
	segs[1].va = f->priv;
	assert_int_equal(fix_offer(&f->vq, segs, 1, 1, f), -EINVAL);
	assert_int_equal(mock_ahead(&f->ring), 0);
	assert_int_equal(f->vq.nfree, 16);
}

static void drv_vq_add_without_memory_changes_nothing(void **state)
{
	struct fixture *f = fix_start(8, MODERN);
	struct hvl_drv_seg segs[3] = { { f->priv, 1 },
				       { f->priv + 1, 1 },
				       { f->priv + 2, 1 } };
	uint64_t off;

	(void)state;
	while (f->pool.nfree > 2)
		assert_int_equal(hvl_drv_pool_alloc(&f->pool, 1, 0, &off), 0);
	assert_int_equal(fix_offer(&f->vq, segs, 1, 2, f), -ENOMEM);
	assert_int_equal(f->pool.nfree, 2);
	assert_int_equal(f->vq.nfree, 8);
	assert_int_equal(mock_ahead(&f->ring), 0);
	assert_int_equal(fix_offer(&f->vq, segs, 1, 1, f), 0);
}

/* Random sizes and order, past the wrap of the 16-bit indices. */
static void traffic(uint16_t num, uint64_t features)
{
	struct fixture *f = fix_start(num, features);
	static uint8_t tag[NUM_MAX + 1]; /* cookies */
	static bool out[NUM_MAX + 1];
	static uint16_t held[NUM_MAX];
	uint32_t seed = num, nheld = 0, done = 0, k, i, len;
	struct hvl_drv_seg segs[3];
	void *cookie;

	memset(out, 0, sizeof(out));
	while (done < 70000) {
		seed = seed * 1664525u + 1013904223u;
		for (i = 0; i < 3; i++)
			segs[i] = (struct hvl_drv_seg){ f->priv + i, 1 };
		for (k = 0; k < num && out[k]; k++)
			;
		if (!fix_offer(&f->vq, segs, 1, (uint16_t)((seed >> 20) % 3),
			       &tag[k])) {
			assert_true(k < num);
			out[k] = true;
		}
		while (mock_ahead(&f->ring))
			held[nheld++] = mock_pop(&f->ring);
		while (nheld != 0 && (seed >> 30 || nheld == num)) {
			i = (seed >> 8) % nheld;
			mock_push(&f->ring, held[i], 0);
			held[i] = held[--nheld];
			seed -= 0x40000000u;
		}
		if ((seed & 7) != 0 && nheld < num / 2u)
			continue;
		while (hvl_drv_vq_get(&f->vq, &cookie, &len) == 1) {
			k = (uint32_t)((uint8_t *)cookie - tag);
			assert_true(out[k]);
			out[k] = false;
			done++;
		}
	}
	assert_false(f->vq.broken);
	fix_stop(f);
}

static void drv_vq_traffic_survives_index_wrap(void **state)
{
	static const uint16_t nums[] = { 1, 2, 4, 256 };
	uint32_t i;

	(void)state;
	for (i = 0; i < HVL_ARRAY_SIZE(nums); i++) {
		traffic(nums[i], MODERN);
		traffic(nums[i], INDIRECT);
	}
}

static void drv_vq_full_ring_of_each_size(void **state)
{
	static const uint16_t nums[] = { 1, 2, 256, 1024 };
	struct fixture *f;
	uint32_t i, k, len;
	void *cookie;

	(void)state;
	for (i = 0; i < HVL_ARRAY_SIZE(nums); i++) {
		f = fix_start(nums[i], MODERN);
		for (k = 0; k < nums[i]; k++)
			assert_int_equal(fix_add(f, f->priv, 4, f), 0);
		assert_int_equal(fix_add(f, f->priv, 4, f), -ENOSPC);
		for (k = 0; k < nums[i]; k++)
			mock_push(&f->ring, mock_pop(&f->ring), 4);
		for (k = 0; k < nums[i]; k++)
			assert_int_equal(hvl_drv_vq_get(&f->vq, &cookie, &len),
					 1);
		assert_int_equal(hvl_drv_vq_get(&f->vq, &cookie, &len), 0);
		fix_stop(f);
	}
}

static void drv_vq_kick_obeys_no_notify(void **state)
{
	struct fixture *f = fix_start(4, MODERN);
	struct hvl_drv_seg seg = { f->priv, 1 };

	(void)state;
	assert_false(hvl_drv_vq_kick(&f->vq));
	assert_int_equal(hvl_drv_vq_add(&f->vq, &seg, 0, 1, f), 0);
	assert_true(hvl_drv_vq_kick(&f->vq));
	assert_false(hvl_drv_vq_kick(&f->vq));
	mock_set_used_flags(&f->ring, VRING_USED_F_NO_NOTIFY);
	assert_int_equal(hvl_drv_vq_add(&f->vq, &seg, 0, 1, f), 0);
	assert_false(hvl_drv_vq_kick(&f->vq));
	mock_set_used_flags(&f->ring, 0);
	assert_int_equal(hvl_drv_vq_add(&f->vq, &seg, 0, 1, f), 0);
	assert_true(hvl_drv_vq_kick(&f->vq));
}

/* The device sees nothing of a batch before it is whole. */
static void drv_vq_kick_shows_all_at_once(void **state)
{
	struct fixture *f = fix_start(4, MODERN);
	struct hvl_drv_seg seg = { f->priv, 1 };
	uint32_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		assert_int_equal(hvl_drv_vq_add(&f->vq, &seg, 0, 1, f), 0);
		assert_int_equal(mock_ahead(&f->ring), 0);
	}
	assert_true(hvl_drv_vq_kick(&f->vq));
	assert_int_equal(mock_ahead(&f->ring), 3);
}

static void drv_vq_irq_on_reports_what_came_in(void **state)
{
	struct fixture *f = fix_start(4, MODERN);
	uint32_t len;
	void *cookie;

	(void)state;
	assert_int_equal(mock_avail_flags(&f->ring), 0);
	hvl_drv_vq_irq_off(&f->vq);
	assert_int_equal(mock_avail_flags(&f->ring),
			 VRING_AVAIL_F_NO_INTERRUPT);
	assert_int_equal(fix_add(f, f->priv, 1, f), 0);
	assert_false(hvl_drv_vq_pending(&f->vq));
	mock_push(&f->ring, mock_pop(&f->ring), 1);
	assert_true(hvl_drv_vq_pending(&f->vq));
	assert_true(hvl_drv_vq_irq_on(&f->vq));
	assert_int_equal(mock_avail_flags(&f->ring), 0);
	assert_int_equal(hvl_drv_vq_get(&f->vq, &cookie, &len), 1);
	assert_false(hvl_drv_vq_irq_on(&f->vq));
}

static void drv_vq_detach_returns_what_is_out(void **state)
{
	struct fixture *f = fix_start(8, INDIRECT);
	struct hvl_drv_seg segs[3] = { { f->priv, 1 },
				       { f->priv + 8, 1 },
				       { f->priv + 16, 1 } };
	static int cookies[4];
	uint32_t i, sum = 0;
	void *cookie;

	(void)state;
	for (i = 0; i < 4; i++)
		assert_int_equal(fix_offer(&f->vq, segs, 1, (uint16_t)(i % 3),
					   &cookies[i]),
				 0);
	memset(f->priv, 'p', 32);
	while ((cookie = hvl_drv_vq_detach(&f->vq)) != NULL)
		sum |= 1u << ((int *)cookie - cookies);
	assert_int_equal(sum, 15);
	assert_int_equal(f->priv[8], 'p');
	assert_null(hvl_drv_vq_detach(&f->vq));
	assert_int_equal(fix_offer(&f->vq, segs, 1, 1, f), 0);
	fix_stop(f);
}

/* Each of these offers one chain of two, then lets the device be wrong. */
static struct fixture *hostile_start(uint64_t features, uint16_t *head)
{
	struct fixture *f = fix_start(8, features);
	struct hvl_drv_seg segs[2] = { { f->priv, 16 }, { f->priv + 16, 16 } };

	assert_int_equal(fix_offer(&f->vq, segs, 1, 1, f), 0);
	*head = mock_pop(&f->ring);
	return f;
}

static void hostile_expect_broken(struct fixture *f)
{
	struct hvl_drv_seg seg = { f->priv, 1 };
	uint32_t len;
	void *cookie;

	assert_int_equal(hvl_drv_vq_get(&f->vq, &cookie, &len), -EPROTO);
	assert_int_equal(hvl_drv_vq_get(&f->vq, &cookie, &len), -EPROTO);
	assert_int_equal(fix_offer(&f->vq, &seg, 1, 0, f), -EPROTO);
	assert_false(hvl_drv_vq_pending(&f->vq));
	assert_false(hvl_drv_vq_kick(&f->vq));
	fix_stop(f);
}

static void drv_vq_get_rejects_ids_outside(void **state)
{
	static const uint32_t ids[] = { 8, 65536, UINT32_MAX, 0x80000000u };
	uint16_t head;
	uint32_t i;

	(void)state;
	for (i = 0; i < HVL_ARRAY_SIZE(ids); i++) {
		struct fixture *f = hostile_start(MODERN, &head);

		mock_push(&f->ring, ids[i] + (ids[i] == 65536 ? head : 0), 0);
		hostile_expect_broken(f);
	}
}

static void drv_vq_get_rejects_ids_that_are_not_out(void **state)
{
	struct fixture *f;
	uint16_t head;

	(void)state;
	f = hostile_start(MODERN, &head);
	mock_push(&f->ring, 7, 0);
	hostile_expect_broken(f);
	/* The second descriptor of a chain is no head. */
	f = hostile_start(MODERN, &head);
	mock_push(&f->ring, mock_desc(&f->ring, head).next, 0);
	hostile_expect_broken(f);
}

static void drv_vq_get_rejects_an_id_given_twice(void **state)
{
	uint16_t head;
	struct fixture *f = hostile_start(MODERN, &head);
	uint32_t len;
	void *cookie;

	(void)state;
	assert_int_equal(fix_add(f, f->priv, 1, f), 0);
	mock_push(&f->ring, head, 0);
	mock_push(&f->ring, head, 0);
	assert_int_equal(hvl_drv_vq_get(&f->vq, &cookie, &len), 1);
	hostile_expect_broken(f);
}

static void drv_vq_get_rejects_too_long_a_length(void **state)
{
	static const uint32_t lens[] = { 17, 32, UINT32_MAX };
	uint16_t head;
	uint32_t i;

	(void)state;
	for (i = 0; i < HVL_ARRAY_SIZE(lens); i++) {
		struct fixture *f = hostile_start(INDIRECT, &head);

		memset(f->priv, 'p', sizeof(f->priv));
		mock_push(&f->ring, head, lens[i]);
		hostile_expect_broken(f);
		assert_int_equal(f->priv[16], 'p');
	}
}

static void drv_vq_get_cuts_a_legacy_length(void **state)
{
	uint16_t head;
	struct fixture *f = hostile_start(0, &head);
	uint32_t len;
	void *cookie;

	(void)state;
	memset(f->priv, 'p', sizeof(f->priv));
	mock_push(&f->ring, head, UINT32_MAX);
	assert_int_equal(hvl_drv_vq_get(&f->vq, &cookie, &len), 1);
	assert_int_equal(len, 16);
	assert_int_equal(f->priv[32], 'p');
	fix_stop(f);
}

static void drv_vq_get_rejects_an_index_jump(void **state)
{
	static const uint16_t jumps[] = { 2, 8, 9, 0x8000, 0xffff };
	uint16_t head;
	uint32_t i;

	(void)state;
	for (i = 0; i < HVL_ARRAY_SIZE(jumps); i++) {
		struct fixture *f = hostile_start(MODERN, &head);

		mock_push(&f->ring, head, 0);
		mock_set_used_idx(&f->ring, jumps[i]);
		hostile_expect_broken(f);
	}
}

/* IN_ORDER: two are said to be used, but the index counts one. */
static void drv_vq_get_rejects_a_batch_beyond_the_index(void **state)
{
	struct fixture *f = fix_start(8, MODERN | HVL_BIT64(VIRTIO_F_IN_ORDER));
	void *cookie, *last = &f->priv[16];
	uint32_t len;

	(void)state;
	assert_int_equal(fix_add(f, f->priv, 16, f->priv), 0);
	assert_int_equal(fix_add(f, last, 16, last), 0);
	(void)mock_pop(&f->ring);
	mock_push(&f->ring, mock_pop(&f->ring), 16);
	assert_int_equal(hvl_drv_vq_get(&f->vq, &cookie, &len), 1);
	assert_ptr_equal(cookie, f->priv);
	assert_int_equal(hvl_drv_vq_get(&f->vq, &cookie, &len), -EPROTO);
	assert_ptr_equal(hvl_drv_vq_detach(&f->vq), last);
	assert_null(hvl_drv_vq_detach(&f->vq));
	fix_stop(f);
}

/* The device may write anything into the driver's areas: no harm here. */
static void drv_vq_get_ignores_overwritten_descriptors(void **state)
{
	uint16_t head;
	struct fixture *f = hostile_start(INDIRECT, &head);
	uint32_t len;
	void *cookie;

	(void)state;
	memset(hvl_io_va(&f->shm, f->ring.desc), 0xff, 8 * 16);
	memset(hvl_io_va(&f->shm, f->ring.avail), 0xff,
	       hvl_vring_avail_size(8));
	memset(hvl_io_va(&f->pool.io, f->vq.table_off), 0xff,
	       8 * f->vq.table_size);
	mock_push(&f->ring, head, 16);
	assert_int_equal(hvl_drv_vq_get(&f->vq, &cookie, &len), 1);
	assert_ptr_equal(cookie, f);
	fix_stop(f);
}

static void drv_vq_break_offers_a_head_outside(void **state)
{
	struct fixture *f = fix_start(4, MODERN);

	(void)state;
	hvl_drv_vq_break(&f->vq);
	assert_true(hvl_drv_vq_kick(&f->vq));
	assert_int_equal(mock_pop(&f->ring), 4);
	fix_stop(f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(drv_vq_init_rejects_bad_config),
		cmocka_unit_test(drv_vq_init_gives_all_back_without_memory),
		cmocka_unit_test(drv_vq_init_lays_out_legacy_ring),
		cmocka_unit_test(drv_vq_add_offers_shared_memory_in_place),
		cmocka_unit_test(drv_vq_add_bounces_private_memory),
		cmocka_unit_test(drv_vq_add_bounces_what_shares_a_cache_line),
		cmocka_unit_test(drv_vq_add_uses_an_indirect_table),
		cmocka_unit_test(
			drv_vq_add_rejects_chains_longer_than_the_ring),
		cmocka_unit_test(drv_vq_add_goes_direct_when_not_negotiated),
		cmocka_unit_test(drv_vq_add_rejects_bad_chains),
		cmocka_unit_test(drv_vq_add_without_memory_changes_nothing),
		cmocka_unit_test(drv_vq_traffic_survives_index_wrap),
		cmocka_unit_test(drv_vq_full_ring_of_each_size),
		cmocka_unit_test(drv_vq_kick_obeys_no_notify),
		cmocka_unit_test(drv_vq_kick_shows_all_at_once),
		cmocka_unit_test(drv_vq_irq_on_reports_what_came_in),
		cmocka_unit_test(drv_vq_detach_returns_what_is_out),
		cmocka_unit_test(drv_vq_get_rejects_ids_outside),
		cmocka_unit_test(drv_vq_get_rejects_ids_that_are_not_out),
		cmocka_unit_test(drv_vq_get_rejects_an_id_given_twice),
		cmocka_unit_test(drv_vq_get_rejects_too_long_a_length),
		cmocka_unit_test(drv_vq_get_cuts_a_legacy_length),
		cmocka_unit_test(drv_vq_get_rejects_an_index_jump),
		cmocka_unit_test(drv_vq_get_rejects_a_batch_beyond_the_index),
		cmocka_unit_test(drv_vq_get_ignores_overwritten_descriptors),
		cmocka_unit_test(drv_vq_break_offers_a_head_outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
