/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device side of a split ring: the input is the ring's layout, then a
 * program of what the driver writes and what the device model does.
 */
#include "fuzz.h"

#include <string.h>

#include <hvl/device/vq.h>
#include <hvl/metal/errno.h>
#include <hvl/wire/virtio.h>

#define SHM_DA UINT64_C(0x37000000)
#define SHM_SIZE 0x4000u
#define SEGS_MAX 64u

enum op {
	OP_BYTES, /* where, how many, which */
	OP_DESC,  /* which, address, length, flags, next */
	OP_OFFER, /* head: as a driver makes a chain available */
	OP_POP,	  /* what of it to push back */
	OP_UNPOP, /* a chain that is popped for it */
	OP_DRAIN, /* all that there is */
	OP_FLUSH,
	OP_NOTIFY_OFF,
	OP_NOTIFY_ON,
	OP_COUNT
};

struct target {
	struct hvl_io shm;
	struct hvl_dev_vq vq;
	struct hvl_dev_vq_config cfg;
	struct hvl_seg segs[SEGS_MAX];
	uint16_t nseg_max;
	bool broken;
};

static void vq_log(void *ctx, enum hvl_log_level level, const char *line)
{
	(void)ctx;
	(void)level;
	fuzz_check_text(line);
}

static uint64_t check_segs(const struct target *t, const struct hvl_seg *seg,
			   unsigned int n)
{
	uint64_t sum = 0, off;

	for (unsigned int i = 0; i < n; i++) {
		FUZZ_CHECK(seg[i].len > 0);
		FUZZ_CHECK(
			hvl_io_va_to_off(&t->shm, seg[i].va, seg[i].len, &off));
		sum += seg[i].len;
	}
	return sum;
}

static void check_chain(const struct target *t, const struct hvl_chain *c)
{
	FUZZ_CHECK(c->head < t->cfg.num);
	FUZZ_CHECK(c->nread + c->nwrite >= 1);
	FUZZ_CHECK(c->nread + c->nwrite <= t->nseg_max);
	FUZZ_CHECK(check_segs(t, c->seg, c->nread) == c->read_len);
	FUZZ_CHECK(check_segs(t, c->seg + c->nread, c->nwrite) == c->write_len);
}

/* Return: whether there was a chain. */
static bool vq_pop(struct target *t, struct hvl_chain *c)
{
	int rc;

	*c = (struct hvl_chain){ .nseg_max = t->nseg_max, .seg = t->segs };
	rc = hvl_dev_vq_pop(&t->vq, c);
	FUZZ_CHECK(rc == 1 || rc == 0 || rc == -EPROTO || rc == -ENOBUFS);
	/* What is broken stays so. */
	FUZZ_CHECK(!t->broken || rc == -EPROTO);
	t->broken = rc == -EPROTO;
	if (rc == 1)
		check_chain(t, c);
	return rc == 1;
}

static void vq_serve(struct target *t, const struct hvl_chain *c, uint32_t len)
{
	uint8_t copy[256];
	uint32_t n;

	n = hvl_chain_copy_from(c, len % 512, copy, sizeof(copy));
	FUZZ_CHECK(n <= sizeof(copy) && n <= c->read_len);
	memset(copy, 0x5a, sizeof(copy));
	n = hvl_chain_copy_to(c, len % 512, copy, sizeof(copy));
	FUZZ_CHECK(n <= sizeof(copy) && n <= c->write_len);
	if (len > c->write_len)
		len = (uint32_t)c->write_len;
	hvl_dev_vq_push(&t->vq, c, len);
}

static void vq_drain(struct target *t)
{
	struct hvl_chain c;

	/* Bounded as a device is: a buffer may lie on the avail ring. */
	for (uint32_t i = 0; i < 4 * t->cfg.num && vq_pop(t, &c); i++)
		vq_serve(t, &c, 1);
}

static void driver_bytes(struct target *t, struct fuzz_input *in)
{
	uint32_t at = fuzz_u16(in) % SHM_SIZE;
	unsigned int n = fuzz_u8(in) & 31;

	for (; n > 0 && at < SHM_SIZE; n--, at++)
		hvl_io_write8(&t->shm, at, fuzz_u8(in));
}

/* Where a field of an area lies, if it lies in the memory at all */
static bool vq_at(const struct target *t, uint64_t da, uint32_t field,
		  uint32_t len, uint64_t *off)
{
	return hvl_io_da_to_off(&t->shm, da, field + len, off) &&
	       (*off += field) % 2 == 0;
}

static void driver_desc(struct target *t, struct fuzz_input *in)
{
	uint32_t i = fuzz_u8(in);
	struct hvl_vring_desc d = {
		.addr = hvl_le64_make(SHM_DA + fuzz_u16(in)),
		.len = hvl_le32_make(fuzz_u16(in)),
		.flags = hvl_le16_make(fuzz_u8(in)),
		.next = hvl_le16_make(fuzz_u8(in)),
	};
	uint64_t off;

	if (vq_at(t, t->cfg.desc, 16 * i, 16, &off))
		hvl_io_write_block(&t->shm, off, &d, sizeof(d));
}

static void driver_offer(struct target *t, struct fuzz_input *in)
{
	uint64_t slot, idx;
	uint16_t was;

	if (!vq_at(t, t->cfg.avail, 2, 2, &idx))
		return;
	was = hvl_io_read16(&t->shm, idx);
	if (vq_at(t, t->cfg.avail, 4 + 2 * (was % t->cfg.num), 2, &slot))
		hvl_io_write16(&t->shm, slot, fuzz_u8(in));
	hvl_io_store_release16(&t->shm, idx, (uint16_t)(was + 1));
}

static void vq_step(struct target *t, struct fuzz_input *in)
{
	struct hvl_chain c;

	switch (fuzz_u8(in) % OP_COUNT) {
	case OP_BYTES:
		driver_bytes(t, in);
		break;
	case OP_DESC:
		driver_desc(t, in);
		break;
	case OP_OFFER:
		driver_offer(t, in);
		break;
	case OP_POP:
		if (vq_pop(t, &c))
			vq_serve(t, &c, fuzz_u16(in));
		break;
	case OP_UNPOP:
		if (vq_pop(t, &c))
			hvl_dev_vq_unpop(&t->vq);
		break;
	case OP_DRAIN:
		vq_drain(t);
		break;
	case OP_FLUSH:
		hvl_dev_vq_flush(&t->vq);
		break;
	case OP_NOTIFY_OFF:
		hvl_dev_vq_notify_off(&t->vq);
		break;
	case OP_NOTIFY_ON:
		hvl_dev_vq_notify_on(&t->vq);
		break;
	}
}

/* A size that may be, and areas that may lie anywhere near. */
static void vq_configure(struct target *t, struct fuzz_input *in)
{
	static const struct hvl_log log = { HVL_LOG_DEBUG, vq_log, NULL };
	uint8_t bits = fuzz_u8(in);

	t->nseg_max = (uint16_t)(1 + fuzz_u8(in) % SEGS_MAX);
	t->cfg = (struct hvl_dev_vq_config){
		.shm = &t->shm,
		.log = &log,
		.name = "fuzz0",
		.num = UINT32_C(1) << (bits >> 4 & 7),
		.num_max = 64,
		.desc = SHM_DA + fuzz_u16(in),
		.avail = SHM_DA + fuzz_u16(in),
		.used = SHM_DA + fuzz_u16(in),
		.features = HVL_BIT64(VIRTIO_F_VERSION_1),
	};
	if (bits & 1)
		t->cfg.features |= HVL_BIT64(VIRTIO_RING_F_INDIRECT_DESC);
	if (bits & 2)
		t->cfg.features |= HVL_BIT64(VIRTIO_RING_F_EVENT_IDX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct target t = { .shm = { calloc(1, SHM_SIZE), SHM_DA, SHM_SIZE } };

	FUZZ_CHECK(t.shm.va);
	vq_configure(&t, &in);
	if (hvl_dev_vq_start(&t.vq, &t.cfg) == 0) {
		while (in.size > 0)
			vq_step(&t, &in);
		vq_drain(&t);
		hvl_dev_vq_flush(&t.vq);
		hvl_dev_vq_stop(&t.vq);
	}
	free(t.shm.va);
	return 0;
}
