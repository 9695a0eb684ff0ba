/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The driver side of a ring, split or packed: the input is a program of what
 * the driver asks for and what a device does to the memory, which need not be
 * what a device does. A device that keeps to the rules is at hand as well, so
 * that the driver gets far before something is wrong.
 */
#include "program.h"
#include "race.h"

#include <string.h>

#include <hvl/device/vq.h>
#include <hvl/driver/vq.h>
#include <hvl/metal/compiler.h>
#include <hvl/metal/errno.h>
#include <hvl/wire/virtio.h>
#include <hvl/wire/vring_packed.h>

#define SHM_DA UINT64_C(0x37000000)
#define SHM_SIZE 0x8000u
#define OWN_SIZE 0x1000u /* the caller's own piece of the pool */
#define GRANULE 64u
#define NUM_MAX 64u
#define OUT_MAX 128u
#define SEG_MAX 600u
#define MANY_MAX 20u

/* First byte of the head: features, and the size in its upper half */
#define HEAD_INDIRECT 1u
#define HEAD_EVENT_IDX 2u
#define HEAD_PACKED 4u
#define HEAD_IN_ORDER 8u
/* Second byte */
#define HEAD_RACE 1u
#define HEAD_LEGACY 2u
#define HEAD_ODD_NUM 4u
#define HEAD_OWN_LINES 8u

enum op {
	OP_ADD, /* readable and writable segments, their length, where */
	OP_KICK,
	OP_GET,
	OP_IRQ,	  /* on, off, pending */
	OP_SERVE, /* the good device: how many chains, how much is written */
	OP_BYTES, /* the other one: where in the memory, which */
	OP_RING,  /* where in the ring, which */
	OP_USED,  /* the next used entry: id, length, flags, how many */
	OP_RESET, /* and a new ring: with what features */
	OP_BREAK,
	OP_ADD_MANY, /* how many, which are private, their length, where */
	OP_GET_MANY, /* how many */
	OP_COUNT
};

static const char *const ops[OP_COUNT] = {
	[OP_ADD] = "qqlf", [OP_KICK] = "",	   [OP_GET] = "b",
	[OP_IRQ] = "b",	   [OP_SERVE] = "ql",	   [OP_BYTES] = "o*",
	[OP_RING] = "o*",  [OP_USED] = "qlfq",	   [OP_RESET] = "bb",
	[OP_BREAK] = "",   [OP_ADD_MANY] = "bhlf", [OP_GET_MANY] = "b",
};

const struct fuzz_grammar fuzz_grammar = { "bb", ops, OP_COUNT };

/* What was added and did not come back. Private buffers are exactly so long. */
struct out {
	bool out;
	uint32_t room;
	uint8_t *buf;
};

/* All that the driver knows. */
struct private
{
	struct hvl_drv_pool pool;
	uint32_t map[HVL_DRV_POOL_MAP_WORDS(SHM_SIZE, GRANULE)];
	struct hvl_drv_vq vq;
	struct hvl_drv_vq_slot slots[NUM_MAX];
	struct hvl_drv_vq_slot tables[NUM_MAX * HVL_DRV_VQ_SEGS_MAX];
};

static struct target {
	struct hvl_io shm;
	struct private drv;
	uint64_t own; /* piece of the pool */
	struct out outs[OUT_MAX];
	unsigned int nout;
	bool broken;
	struct hvl_dev_vq dev;
	struct hvl_dev_vq_config dev_cfg;
	uint16_t used_next; /* the bad device's position */
	bool used_wrap;
} t;

/* To do it again in another way. */
static struct private was_drv;
static uint8_t was_shm[SHM_SIZE];

static void out_forget(struct out *o)
{
	FUZZ_CHECK(o >= t.outs && o < t.outs + OUT_MAX && o->out);
	free(o->buf);
	*o = (struct out){ .out = false };
	t.nout--;
}

static struct out *out_free(void)
{
	for (unsigned int i = 0; i < OUT_MAX; i++)
		if (!t.outs[i].out)
			return &t.outs[i];
	return NULL;
}

static void drv_add(const uint32_t *arg)
{
	uint16_t nread = (uint16_t)(arg[0] % 6),
		 nwrite = (uint16_t)(arg[1] % 6);
	uint16_t i, n = 0;
	struct hvl_drv_seg segs[12];
	struct out *o = out_free();
	uint32_t len = arg[2] % SEG_MAX;
	int rc;

	if (!o)
		return;
	*o = (struct out){ .room = len * nwrite };
	/* Private ones bounce, others are offered where they are. */
	if (arg[3] & 1)
		o->buf = calloc(1, (size_t)len * (nread + nwrite) + 1);
	for (i = 0; i < nread + nwrite; i++, n++)
		segs[n] = (struct hvl_drv_seg){
			o->buf ?
				o->buf + i * len :
				hvl_io_va(&t.shm,
					  t.own + (arg[3] * 8 + i * len) %
							  (OWN_SIZE - SEG_MAX)),
			len
		};
	rc = hvl_drv_vq_add(&t.drv.vq, segs, nread, nwrite, o);
	FUZZ_CHECK(!t.broken || rc == -EPROTO);
	o->out = true;
	t.nout++;
	if (rc != 0)
		out_forget(o);
}

/* Buffers of about @len bytes. Return: how many. */
static uint16_t many_bufs(struct hvl_drv_buf *bufs, const uint32_t *arg,
			  bool write)
{
	uint16_t i, n = (uint16_t)(arg[0] % (MANY_MAX + 1));
	uint64_t at;

	for (i = 0; i < n; i++) {
		uint32_t len = (arg[2] + i * (arg[3] >> 4)) % SEG_MAX;
		struct out *o = out_free();

		if (!o)
			break;
		*o = (struct out){ true, write ? len : 0, NULL };
		t.nout++;
		if (arg[1] >> i % 16 & 1)
			o->buf = calloc(1, len);
		at = t.own + (arg[3] + i) * 64 % (OWN_SIZE - SEG_MAX);
		bufs[i].cookie = o;
		bufs[i].va = o->buf ? o->buf : hvl_io_va(&t.shm, at);
		bufs[i].len = len;
	}
	return i;
}

/* One by one the same of them are offered, in the same descriptors. */
static void check_added(const struct hvl_drv_buf *bufs, uint16_t n, bool write,
			int rc)
{
	static uint8_t shm[SHM_SIZE];
	uint16_t nfree = t.drv.vq.nfree;
	int i, err = 0;

	memcpy(shm, t.shm.va, SHM_SIZE);
	memcpy(t.shm.va, was_shm, SHM_SIZE);
	t.drv = was_drv;
	for (i = 0; i < n && err == 0; i++) {
		struct hvl_drv_seg seg = { bufs[i].va, bufs[i].len };

		err = hvl_drv_vq_add(&t.drv.vq, &seg, !write, write,
				     bufs[i].cookie);
	}
	if (err != 0)
		i--;
	FUZZ_CHECK(rc == (i != 0 ? i : err));
	FUZZ_CHECK(t.drv.vq.nfree == nfree);
	FUZZ_CHECK(memcmp(shm, t.shm.va, SHM_SIZE) == 0);
}

static void drv_add_many(const uint32_t *arg)
{
	struct hvl_drv_buf bufs[MANY_MAX];
	bool write = (arg[3] & 1) != 0;
	uint16_t n = many_bufs(bufs, arg, write);
	int rc;

	memcpy(was_shm, t.shm.va, SHM_SIZE);
	was_drv = t.drv;
	rc = hvl_drv_vq_add_many(&t.drv.vq, bufs, n, write);
	FUZZ_CHECK(rc <= n);
	FUZZ_CHECK(!t.broken || n == 0 || rc == -EPROTO);
	check_added(bufs, n, write, rc);
	for (int i = rc > 0 ? rc : 0; i < n; i++)
		out_forget(bufs[i].cookie);
}

/* Take back what changes meanwhile, and forget it. */
static void drv_race_get(void)
{
	unsigned int tries = race_tries();
	static struct private was;

	if (tries == 0)
		return;
	was = t.drv;
	race_on();
	for (; tries > 0; tries--) {
		void *cookie;
		uint32_t len;

		if (hvl_drv_vq_get(&t.drv.vq, &cookie, &len) == 1) {
			const struct out *o = cookie;

			FUZZ_CHECK(o >= t.outs && o < t.outs + OUT_MAX &&
				   o->out && len <= o->room);
		}
		t.drv = was;
	}
	race_off();
}

/* Return: whether something came back. */
static bool drv_get(void)
{
	void *cookie = NULL;
	uint32_t len = 0;
	int rc;

	drv_race_get();
	rc = hvl_drv_vq_get(&t.drv.vq, &cookie, &len);
	FUZZ_CHECK(rc == 1 || rc == 0 || rc == -EPROTO);
	FUZZ_CHECK(!t.broken || rc == -EPROTO);
	t.broken = rc == -EPROTO;
	if (rc != 1)
		return false;
	FUZZ_CHECK(len <= ((struct out *)cookie)->room);
	out_forget(cookie);
	return true;
}

/* What came back is out, within its room, and there once. */
static void check_used(const struct hvl_drv_used *used, int n)
{
	for (int i = 0; i < n; i++) {
		const struct out *o = used[i].cookie;

		FUZZ_CHECK(o >= t.outs && o < t.outs + OUT_MAX && o->out &&
			   used[i].len <= o->room);
		for (int j = 0; j < i; j++)
			FUZZ_CHECK(used[j].cookie != o);
	}
}

static void many_race_get(uint16_t n)
{
	struct hvl_drv_used used[MANY_MAX];
	unsigned int tries = race_tries();

	race_on();
	for (; tries > 0; tries--) {
		check_used(used, hvl_drv_vq_get_many(&t.drv.vq, used, n));
		t.drv = was_drv;
	}
	race_off();
}

/* One by one the same come back, then what is said of the next. */
static void check_got(const struct hvl_drv_used *used, int rc)
{
	static struct private now;
	uint32_t len;
	void *cookie;

	now = t.drv;
	t.drv = was_drv;
	for (int i = 0; i < rc; i++) {
		FUZZ_CHECK(hvl_drv_vq_get(&t.drv.vq, &cookie, &len) == 1);
		FUZZ_CHECK(cookie == used[i].cookie && len == used[i].len);
	}
	if (rc <= 0)
		FUZZ_CHECK(hvl_drv_vq_get(&t.drv.vq, &cookie, &len) == rc);
	FUZZ_CHECK(t.drv.vq.nfree == now.vq.nfree);
	t.drv = now;
}

static void drv_get_many(uint16_t n)
{
	struct hvl_drv_used used[MANY_MAX];
	int rc;

	was_drv = t.drv;
	many_race_get(n);
	rc = hvl_drv_vq_get_many(&t.drv.vq, used, n);
	FUZZ_CHECK(rc <= n && (rc >= 0 || rc == -EPROTO));
	FUZZ_CHECK(!t.broken || n == 0 || rc == -EPROTO);
	check_used(used, rc);
	if (n != 0)
		check_got(used, rc);
	t.broken = t.drv.vq.broken;
	for (int i = 0; i < rc; i++)
		out_forget(used[i].cookie);
}

static void drv_irq(uint32_t how)
{
	race_on();
	if (how % 3 == 0)
		hvl_drv_vq_irq_off(&t.drv.vq);
	else if (how % 3 == 1)
		(void)hvl_drv_vq_irq_on(&t.drv.vq);
	else
		(void)hvl_drv_vq_pending(&t.drv.vq);
	race_off();
	t.broken = t.drv.vq.broken;
	(void)hvl_drv_vq_notify_data(&t.drv.vq);
}

static void dev_serve(uint32_t chains, uint32_t len)
{
	struct hvl_seg segs[NUM_MAX];
	struct hvl_chain c = { .nseg_max = NUM_MAX, .seg = segs };

	for (; chains > 0 && hvl_dev_vq_pop(&t.dev, &c) == 1; chains--) {
		hvl_chain_copy_to(&c, 0, "device", len < 6 ? len : 6);
		hvl_dev_vq_push(&t.dev, &c, len);
	}
	(void)hvl_dev_vq_flush(&t.dev);
}

static void dev_bytes(uint64_t from, uint64_t size, const struct fuzz_op *op)
{
	for (unsigned int i = 0; i < op->nbytes; i++)
		hvl_io_write8(&t.shm, from + (op->arg[0] + i) % size,
			      op->bytes[i]);
}

/* An entry that looks like one, at the place where the driver looks. */
static void dev_used(const uint32_t *arg)
{
	const struct hvl_io *ring = &t.drv.vq.ring;
	uint16_t num = t.drv.vq.cfg.num;
	uint32_t at = t.drv.vq.at.used + 4 + 8u * (t.used_next & (num - 1u));

	if (!t.drv.vq.packed) {
		hvl_io_write32(ring, at, arg[0]);
		hvl_io_write32(ring, at + 4, arg[1]);
		t.used_next = (uint16_t)(t.used_next + arg[3] % 4);
		hvl_io_store_release16(ring, t.drv.vq.at.used + 2, t.used_next);
		return;
	}
	at = 16u * t.used_next;
	hvl_io_write32(ring, at + 8, arg[1]);
	hvl_io_write16(ring, at + 12, (uint16_t)arg[0]);
	hvl_io_write16(ring, at + 14,
		       (uint16_t)(arg[2] ^ hvl_vring_packed_used(t.used_wrap)));
	t.used_next = (uint16_t)(t.used_next + arg[3] % 4);
	if (t.used_next >= num) {
		t.used_next = 0;
		t.used_wrap = !t.used_wrap;
	}
}

/* All that was added comes back once, whatever the device said of it. */
static void vq_down(void)
{
	struct out *o;

	if (t.drv.vq.started) {
		while ((o = hvl_drv_vq_detach(&t.drv.vq)) != NULL)
			out_forget(o);
		hvl_drv_vq_fini(&t.drv.vq);
	}
	hvl_dev_vq_stop(&t.dev);
	FUZZ_CHECK(t.nout == 0);
	FUZZ_CHECK(t.drv.pool.nfree + OWN_SIZE / GRANULE == t.drv.pool.count);
}

static uint64_t vq_features(uint32_t bits, uint32_t more)
{
	uint64_t features = 0;

	if (!(more & HEAD_LEGACY))
		features |= HVL_BIT64(VIRTIO_F_VERSION_1);
	if (bits & HEAD_INDIRECT)
		features |= HVL_BIT64(VIRTIO_RING_F_INDIRECT_DESC);
	if (bits & HEAD_EVENT_IDX)
		features |= HVL_BIT64(VIRTIO_RING_F_EVENT_IDX);
	if (bits & HEAD_PACKED)
		features |= HVL_BIT64(VIRTIO_F_RING_PACKED);
	if (bits & HEAD_IN_ORDER)
		features |= HVL_BIT64(VIRTIO_F_IN_ORDER);
	return features;
}

static void vq_race(uint32_t seed)
{
	uint8_t *ring = t.drv.vq.ring.va;

	race_begin(seed);
	race_place(ring, (size_t)t.drv.vq.ring.size);
	race_place(ring + t.drv.vq.at.used, 12);
	race_place(ring + t.drv.vq.at.desc, 16);
}

static void vq_up(uint32_t bits, uint32_t more)
{
	uint32_t num = UINT32_C(1) << (bits >> 4) % 7;
	struct hvl_drv_vq_config cfg = {
		.num = (uint16_t)num,
		.align = more & HEAD_LEGACY ? 4096 : 0,
		.features = vq_features(bits, more),
		.pool = &t.drv.pool,
		.slots = t.drv.slots,
		.indirect = t.drv.tables,
		.nindirect = HVL_DRV_VQ_SEGS_MAX,
		.own_lines = (more & HEAD_OWN_LINES) != 0,
	};

	if ((more & HEAD_ODD_NUM) && (bits & HEAD_PACKED) && num > 1)
		cfg.num--;
	FUZZ_CHECK(hvl_drv_vq_init(&t.drv.vq, &cfg) == 0);
	t.dev_cfg = (struct hvl_dev_vq_config){
		.shm = &t.shm,
		.name = "fuzz0",
		.num = cfg.num,
		.num_max = NUM_MAX,
		.desc = hvl_drv_vq_desc_da(&t.drv.vq),
		.avail = hvl_drv_vq_avail_da(&t.drv.vq),
		.used = hvl_drv_vq_used_da(&t.drv.vq),
		.features = cfg.features,
	};
	FUZZ_CHECK(hvl_dev_vq_start(&t.dev, &t.dev_cfg) == 0);
	t.broken = false;
	t.used_next = 0;
	t.used_wrap = true;
	race_end();
	if (more & HEAD_RACE)
		vq_race(bits);
}

static void vq_step(const struct fuzz_op *op)
{
	switch (op->kind) {
	case OP_ADD:
		drv_add(op->arg);
		break;
	case OP_KICK:
		(void)hvl_drv_vq_kick(&t.drv.vq);
		break;
	case OP_GET:
		for (unsigned int i = op->arg[0] % 8; i < 8 && drv_get(); i++)
			;
		break;
	case OP_IRQ:
		drv_irq(op->arg[0]);
		break;
	case OP_SERVE:
		dev_serve(op->arg[0], op->arg[1]);
		break;
	case OP_BYTES:
		dev_bytes(0, SHM_SIZE, op);
		break;
	case OP_RING:
		dev_bytes(t.drv.vq.ring_off, t.drv.vq.ring.size, op);
		break;
	case OP_USED:
		dev_used(op->arg);
		break;
	case OP_RESET:
		vq_down();
		vq_up(op->arg[0], op->arg[1]);
		break;
	case OP_ADD_MANY:
		drv_add_many(op->arg);
		break;
	case OP_GET_MANY:
		drv_get_many((uint16_t)(op->arg[0] % (MANY_MAX + 1)));
		break;
	case OP_BREAK:
		hvl_drv_vq_break(&t.drv.vq);
		break;
	}
}

/* After a reset a good device and its driver understand each other. */
static void vq_check_recovery(uint32_t bits, uint32_t more)
{
	vq_down();
	vq_up(bits, more & ~HEAD_RACE);
	drv_add((const uint32_t[]){ 0, 1, 32, 1 });
	FUZZ_CHECK(t.nout == 1);
	(void)hvl_drv_vq_kick(&t.drv.vq);
	dev_serve(1, 4);
	FUZZ_CHECK(drv_get() && t.nout == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct fuzz_op head = fuzz_head(&in), op;

	memset(&t, 0, sizeof(t));
	t.shm = (struct hvl_io){ aligned_alloc(4096, SHM_SIZE), SHM_DA,
				 SHM_SIZE };
	FUZZ_CHECK(t.shm.va);
	memset(t.shm.va, 0, SHM_SIZE);
	FUZZ_CHECK(hvl_drv_pool_init(&t.drv.pool, &t.shm, GRANULE, t.drv.map,
				     HVL_ARRAY_SIZE(t.drv.map)) == 0);
	FUZZ_CHECK(hvl_drv_pool_alloc(&t.drv.pool, OWN_SIZE, 0, &t.own) == 0);
	vq_up(head.arg[0], head.arg[1]);
	while (fuzz_next(&in, &op))
		vq_step(&op);
	while (drv_get())
		;
	race_end();
	vq_check_recovery(head.arg[0], head.arg[1]);
	vq_down();
	free(t.shm.va);
	return 0;
}
