/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device's end of a split ring, as far as tests of the driver side need
 * it: straight from the specification, no state but two indices, and every
 * word at hand for being wrong on purpose.
 */
#ifndef DRV_MOCK_H
#define DRV_MOCK_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <hvl/driver/vq.h>
#include <hvl/metal/io.h>
#include <hvl/wire/vring.h>

#define MOCK_DA 0x37000000u

struct mock_ring {
	const struct hvl_io *shm;
	uint64_t desc, avail, used; /* offsets in shm */
	uint16_t num;
	uint16_t last; /* avail entries taken */
	uint16_t idx;  /* used entries given */
};

struct mock_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

static inline uint64_t mock_off(const struct hvl_io *shm, uint64_t da,
				uint64_t len)
{
	uint64_t off = 0;

	assert_true(hvl_io_da_to_off(shm, da, len, &off));
	return off;
}

static inline void mock_ring_init(struct mock_ring *r, const struct hvl_io *shm,
				  uint16_t num, uint64_t desc, uint64_t avail,
				  uint64_t used)
{
	*r = (struct mock_ring){ .shm = shm, .num = num };
	r->desc = mock_off(shm, desc, hvl_vring_desc_size(num));
	r->avail = mock_off(shm, avail, hvl_vring_avail_size(num));
	r->used = mock_off(shm, used, hvl_vring_used_size(num));
}

static inline void mock_ring_of(struct mock_ring *r, const struct hvl_io *shm,
				const struct hvl_drv_vq *vq)
{
	mock_ring_init(r, shm, vq->cfg.num, hvl_drv_vq_desc_da(vq),
		       hvl_drv_vq_avail_da(vq), hvl_drv_vq_used_da(vq));
}

static inline uint16_t mock_avail_flags(const struct mock_ring *r)
{
	return hvl_io_read16(r->shm, r->avail);
}

/* Entries that the driver has made available and the mock has not taken. */
static inline uint16_t mock_ahead(const struct mock_ring *r)
{
	return (uint16_t)(hvl_io_load_acquire16(r->shm, r->avail + 2) -
			  r->last);
}

/* Take the next head; there must be one. */
static inline uint16_t mock_pop(struct mock_ring *r)
{
	assert_int_not_equal(mock_ahead(r), 0);
	return hvl_io_read16(r->shm, r->avail + 4 + 2u * (r->last++ % r->num));
}

/* A descriptor of the table at an offset. */
static inline struct mock_desc mock_desc_at(const struct mock_ring *r,
					    uint64_t table, uint16_t i)
{
	struct mock_desc d;

	table += 16u * i;
	d.addr = hvl_io_read64(r->shm, table);
	d.len = hvl_io_read32(r->shm, table + 8);
	d.flags = hvl_io_read16(r->shm, table + 12);
	d.next = hvl_io_read16(r->shm, table + 14);
	return d;
}

static inline struct mock_desc mock_desc(const struct mock_ring *r, uint16_t i)
{
	assert_in_range(i, 0, r->num - 1u);
	return mock_desc_at(r, r->desc, i);
}

/* What a descriptor points to; must lie in the shared memory. */
static inline uint8_t *mock_data(const struct mock_ring *r,
				 const struct mock_desc *d)
{
	return hvl_io_va(r->shm, mock_off(r->shm, d->addr, d->len));
}

static inline void mock_set_used_flags(struct mock_ring *r, uint16_t flags)
{
	hvl_io_write16(r->shm, r->used, flags);
}

static inline void mock_set_used_idx(struct mock_ring *r, uint16_t idx)
{
	r->idx = idx;
	hvl_io_store_release16(r->shm, r->used + 2, idx);
}

static inline void mock_push(struct mock_ring *r, uint32_t id, uint32_t len)
{
	uint64_t at = r->used + 4 + 8u * (r->idx % r->num);

	hvl_io_write32(r->shm, at, id);
	hvl_io_write32(r->shm, at + 4, len);
	mock_set_used_idx(r, (uint16_t)(r->idx + 1));
}

#endif /* DRV_MOCK_H */
