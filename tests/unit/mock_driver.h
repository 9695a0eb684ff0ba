/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A driver's end for tests of the device side: shared memory of its own and
 * rings that are written by hand, so that they can be wrong on purpose.
 *
 * The memory lies between pages without access: what leaves it faults.
 */
#ifndef MOCK_DRIVER_H
#define MOCK_DRIVER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include <hvl/metal/io.h>
#include <hvl/metal/log.h>
#include <hvl/wire/virtio.h>
#include <hvl/wire/vring.h>

#define MOCK_DA UINT64_C(0x37000000)

struct mock_log {
	struct hvl_log log;
	unsigned int lines;
	char last[HVL_LOG_LINE];
};

static inline void mock_log_write(void *ctx, enum hvl_log_level level,
				  const char *line)
{
	struct mock_log *l = ctx;

	(void)level;
	l->lines++;
	strncpy(l->last, line, sizeof(l->last) - 1);
}

static inline void mock_log_init(struct mock_log *l)
{
	*l = (struct mock_log){ .log = { .level = HVL_LOG_DEBUG,
					 .write = mock_log_write,
					 .ctx = l } };
}

static inline void mock_shm_map(struct hvl_io *shm, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *p = mmap(NULL, size + 2 * page, PROT_NONE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(p != MAP_FAILED);
	assert_int_equal(size % page, 0);
	assert_int_equal(mprotect(p + page, size, PROT_READ | PROT_WRITE), 0);
	*shm = (struct hvl_io){ .va = p + page, .da = MOCK_DA, .size = size };
}

static inline void mock_shm_unmap(const struct hvl_io *shm)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	munmap(shm->va - page, (size_t)shm->size + 2 * page);
}

/* A ring as the driver sees it; offsets are into the shared memory. */
struct mock_ring {
	const struct hvl_io *shm;
	uint32_t num;
	uint64_t desc, avail, used;
	uint16_t avail_idx; /* published */
	uint16_t used_idx;  /* seen */
};

/* Lay it out in one piece at @off, zeroed. */
static inline void mock_ring_init(struct mock_ring *r, const struct hvl_io *shm,
				  uint64_t off, uint32_t num, uint32_t align)
{
	struct hvl_vring_layout l = hvl_vring_layout(num, align);

	*r = (struct mock_ring){ .shm = shm,
				 .num = num,
				 .desc = off + l.desc,
				 .avail = off + l.avail,
				 .used = off + l.used };
	hvl_io_fill(shm, off, 0, l.size);
}

static inline void mock_desc_at(const struct hvl_io *shm, uint64_t at,
				uint64_t addr, uint32_t len, uint16_t flags,
				uint16_t next)
{
	struct hvl_vring_desc d = { .addr = hvl_le64_make(addr),
				    .len = hvl_le32_make(len),
				    .flags = hvl_le16_make(flags),
				    .next = hvl_le16_make(next) };

	hvl_io_write_block(shm, at, &d, sizeof(d));
}

/* Descriptor @i; @off is into the shared memory. */
static inline void mock_desc(struct mock_ring *r, unsigned int i, uint64_t off,
			     uint32_t len, unsigned int flags,
			     unsigned int next)
{
	mock_desc_at(r->shm, r->desc + 16u * i, r->shm->da + off, len,
		     (uint16_t)flags, (uint16_t)next);
}

static inline void mock_avail(struct mock_ring *r, unsigned int head)
{
	hvl_io_write16(r->shm, r->avail + 4 + 2u * (r->avail_idx % r->num),
		       (uint16_t)head);
	hvl_io_store_release16(r->shm, r->avail + 2, ++r->avail_idx);
}

/* Take a used entry. Return: whether there was one. */
static inline bool mock_used(struct mock_ring *r, uint32_t *id, uint32_t *len)
{
	uint64_t at = r->used + 4 + 8u * (r->used_idx % r->num);

	if (hvl_io_load_acquire16(r->shm, r->used + 2) == r->used_idx)
		return false;
	*id = hvl_io_read32(r->shm, at);
	*len = hvl_io_read32(r->shm, at + 4);
	r->used_idx++;
	return true;
}

#endif /* MOCK_DRIVER_H */
