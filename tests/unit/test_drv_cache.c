/* SPDX-License-Identifier: BSD-3-Clause */
/* The virtqueue on a machine whose caches are not coherent. */
#include "drv_mock.h"

#include <string.h>

#include <hvl/metal/compiler.h>
#include <hvl/metal/errno.h>
#include <hvl/wire/virtio.h>

#define LINE 64u
#define SIZE (256u * 1024u)
#define NINDIRECT 3u /* a table is less than a line */
#define NUM_MAX 64u

/* What the driver sees through its cache, and what the device side sees. */
static _Alignas(4096) unsigned char view[SIZE];
static _Alignas(4096) unsigned char memory[SIZE];
static bool dirty[SIZE / LINE];

static struct fixture {
	uint32_t map[SIZE / LINE / 32];
	struct hvl_drv_vq_slot slots[NUM_MAX];
	struct hvl_drv_vq_slot indirect[NUM_MAX * NINDIRECT];
	struct hvl_io shm; /* the device side's */
	struct hvl_drv_pool pool;
	struct hvl_drv_vq vq;
	struct mock_ring ring;
} fix;

void cache_stored(const volatile void *p)
{
	uintptr_t at = (uintptr_t)p - (uintptr_t)view;

	if (at < SIZE)
		dirty[at / LINE] = true;
}

static void cache_lines(const volatile void *va, size_t len, bool clean)
{
	uintptr_t at = (uintptr_t)va - (uintptr_t)view, line;

	if (len == 0)
		return;
	assert_true(at < SIZE && len <= SIZE - at);
	for (line = at / LINE; line <= (at + len - 1) / LINE; line++) {
		unsigned char *c = view + line * LINE,
			      *m = memory + line * LINE;

		if (clean)
			memcpy(m, c, LINE);
		else
			memcpy(c, m, LINE);
		dirty[line] = false;
	}
}

void cache_clean(const volatile void *va, size_t len)
{
	cache_lines(va, len, true);
}

void cache_invalidate(const volatile void *va, size_t len)
{
	cache_lines(va, len, false);
}

/* The cache makes room: what is dirty is written over what is there. */
static void cache_evict(void)
{
	uint32_t line;

	for (line = 0; line < SIZE / LINE; line++) {
		if (dirty[line])
			cache_clean(view + line * LINE, LINE);
	}
}

static struct fixture *fix_start(uint16_t num, uint64_t features)
{
	struct hvl_io io = { view, MOCK_DA, SIZE };
	struct hvl_drv_vq_config cfg = {
		.num = num,
		.align = 4,
		.features = features | HVL_BIT64(VIRTIO_F_VERSION_1),
		.pool = &fix.pool,
		.slots = fix.slots,
		.indirect = fix.indirect,
		.nindirect = NINDIRECT,
		.cache_line = LINE,
	};

	memset(view, 0x5a, sizeof(view));
	memset(memory, 0xa5, sizeof(memory));
	memset(dirty, 0, sizeof(dirty));
	fix.shm = (struct hvl_io){ memory, MOCK_DA, SIZE };
	assert_int_equal(hvl_drv_pool_init(&fix.pool, &io, LINE, fix.map,
					   HVL_ARRAY_SIZE(fix.map)),
			 0);
	assert_int_equal(hvl_drv_vq_init(&fix.vq, &cfg), 0);
	mock_ring_of(&fix.ring, &fix.shm, &fix.vq);
	return &fix;
}

/* The device side answers with each byte it read, plus one. */
static void mock_answer(struct mock_ring *r)
{
	uint16_t head = mock_pop(r), i = 0;
	struct mock_desc d = mock_desc(r, head), e;
	uint64_t table = r->desc;
	uint8_t bytes[128];
	uint32_t n = 0, out = 0, k;
	bool more;

	if (d.flags & VRING_DESC_F_INDIRECT)
		table = mock_off(r->shm, d.addr, d.len);
	else
		i = head;
	do {
		e = mock_desc_at(r, table, i);
		for (k = 0; k < e.len; k++) {
			if (e.flags & VRING_DESC_F_WRITE)
				mock_data(r, &e)[k] = bytes[out++ % n];
			else
				bytes[n++] = (uint8_t)(mock_data(r, &e)[k] + 1);
		}
		more = (e.flags & VRING_DESC_F_NEXT) != 0;
		i = e.next;
	} while (more);
	mock_push(r, head, out);
}

/* Two chains that come back in the wrong order shuffle the free heads. */
static void shuffle_heads(struct fixture *f, uint32_t seed)
{
	uint8_t byte[2] = { 0 };
	struct hvl_drv_seg seg = { byte, 1 };
	uint16_t head[2];
	uint32_t i, len;
	void *cookie;

	for (i = 0; i < 2; i++)
		assert_int_equal(hvl_drv_vq_add(&f->vq, &seg, 1, 0, f), 0);
	assert_true(hvl_drv_vq_kick(&f->vq));
	for (i = 0; i < 2; i++)
		head[i] = mock_pop(&f->ring);
	for (i = 0; i < 2; i++) {
		mock_push(&f->ring, head[(i ^ seed) & 1], 0);
		assert_int_equal(hvl_drv_vq_get(&f->vq, &cookie, &len), 1);
	}
}

/* One exchange; in and out lie anywhere. */
static void exchange(struct fixture *f, uint8_t *in, uint8_t *out, uint32_t len,
		     uint8_t seed)
{
	struct hvl_drv_seg segs[2] = { { in, len }, { out, len } };
	uint32_t i, got;
	void *cookie;

	/* Also where the answer will be: old lines must not come after it. */
	for (i = 0; i < len; i++) {
		in[i] = (uint8_t)(seed + i);
		out[i] = 0;
		cache_stored(&in[i]);
		cache_stored(&out[i]);
	}
	assert_int_equal(hvl_drv_vq_add(&f->vq, segs, 1, 1, f), 0);
	assert_true(hvl_drv_vq_kick(&f->vq));
	if (seed & 0x10)
		cache_evict();
	assert_int_equal(hvl_drv_vq_get(&f->vq, &cookie, &got), 0);
	mock_answer(&f->ring);
	if (seed & 0x20)
		cache_evict();
	assert_true(hvl_drv_vq_pending(&f->vq));
	assert_int_equal(hvl_drv_vq_get(&f->vq, &cookie, &got), 1);
	assert_int_equal(got, len);
	for (i = 0; i < len; i++)
		assert_int_equal(out[i], (uint8_t)(seed + i + 1));
}

static void rounds(uint16_t num, uint64_t features)
{
	struct fixture *f = fix_start(num, features);
	static uint8_t priv[2][64];
	uint8_t *buf;
	uint64_t off;
	uint32_t i;

	assert_int_equal(hvl_drv_pool_alloc(&f->pool, 256, 0, &off), 0);
	buf = hvl_io_va(&f->pool.io, off);
	for (i = 0; i < 600; i++) {
		uint8_t seed = (uint8_t)(i * 7);

		shuffle_heads(f, i / 3);
		switch (i % 4) {
		case 0: /* bounced */
			exchange(f, priv[0], priv[1], 50, seed);
			break;
		case 1: /* in place, whole lines */
			exchange(f, buf, buf + 64, 64, seed);
			break;
		case 2: /* two writers in one line */
			exchange(f, buf + 8, buf + 40, 20, seed);
			break;
		case 3: /* an end in a line that is somebody else's */
			buf[64 + 63] = seed;
			cache_stored(&buf[64 + 63]);
			exchange(f, buf + 128, buf + 64, 60, seed);
			cache_evict();
			assert_int_equal(buf[64 + 63], seed);
			break;
		}
	}
	hvl_drv_pool_free(&f->pool, off, 256);
	hvl_drv_vq_fini(&f->vq);
	assert_int_equal(f->pool.nfree, f->pool.count);
}

static void drv_cache_exchanges_reach_the_other_side(void **state)
{
	static const uint16_t nums[] = { 2, 4, 64 };
	uint32_t i;

	(void)state;
	for (i = 0; i < HVL_ARRAY_SIZE(nums); i++) {
		rounds(nums[i], 0);
		rounds(nums[i], HVL_BIT64(VIRTIO_RING_F_INDIRECT_DESC));
	}
}

static void drv_cache_writers_never_share_a_line(void **state)
{
	static const uint16_t nums[] = { 1, 2, 4, 64 };
	uint32_t i;

	(void)state;
	for (i = 0; i < HVL_ARRAY_SIZE(nums); i++) {
		struct fixture *f = fix_start(
			nums[i], HVL_BIT64(VIRTIO_RING_F_INDIRECT_DESC));

		assert_int_equal(hvl_drv_vq_used_da(&f->vq) % LINE, 0);
		assert_int_equal(hvl_drv_vq_desc_da(&f->vq) % LINE, 0);
		assert_int_equal(f->vq.table_size % LINE, 0);
	}
}

static void drv_cache_flags_reach_the_other_side(void **state)
{
	struct fixture *f = fix_start(4, 0);
	uint8_t byte = 0;
	struct hvl_drv_seg seg = { &byte, 1 };

	(void)state;
	hvl_drv_vq_irq_off(&f->vq);
	assert_int_equal(mock_avail_flags(&f->ring),
			 VRING_AVAIL_F_NO_INTERRUPT);
	mock_set_used_flags(&f->ring, VRING_USED_F_NO_NOTIFY);
	assert_int_equal(hvl_drv_vq_add(&f->vq, &seg, 1, 0, f), 0);
	assert_false(hvl_drv_vq_kick(&f->vq));
	(void)hvl_drv_vq_irq_on(&f->vq);
	assert_int_equal(mock_avail_flags(&f->ring), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(drv_cache_exchanges_reach_the_other_side),
		cmocka_unit_test(drv_cache_writers_never_share_a_line),
		cmocka_unit_test(drv_cache_flags_reach_the_other_side),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
