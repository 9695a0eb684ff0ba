/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device side of a ring, split or packed: the input is the ring's layout,
 * then a program of what the driver writes and what the device model does.
 */
#include "program.h"
#include "race.h"

#include <string.h>

#include <hvl/device/vq.h>
#include <hvl/metal/errno.h>
#include <hvl/wire/virtio.h>
#include <hvl/wire/vring_packed.h>

#define SHM_DA UINT64_C(0x37000000)
#define SHM_SIZE 0x4000u
#define SEGS_MAX 64u
#define HELD_MAX 4u
#define MANY_MAX 16u

/* First byte of the head: features, and the size in its upper half */
#define HEAD_INDIRECT 1u
#define HEAD_EVENT_IDX 2u
#define HEAD_PACKED 4u
#define HEAD_IN_ORDER 8u
/* Second byte */
#define HEAD_RACE 1u
#define HEAD_NO_SUPPRESS 2u
#define HEAD_ODD_NUM 4u
#define HEAD_KEEP 8u

enum op {
	OP_BYTES,  /* where, which */
	OP_DESC,   /* split: which, address, length, flags, next */
	OP_OFFER,  /* split: head */
	OP_PACKED, /* the next: address, length, flags, id */
	OP_POP,	   /* and push: how much of it, what is written */
	OP_UNPOP,
	OP_DRAIN, /* all that there is: as pop */
	OP_HOLD,  /* pop, push later */
	OP_PUSH,  /* one that is held: which, how much */
	OP_FLUSH,
	OP_NOTIFY,    /* on or off */
	OP_RESUME,    /* in a later life: what differs of its position, once */
	OP_MANY,      /* pop and push: how many, how much of each */
	OP_HOLD_MANY, /* hold as many as can be */
	OP_PUSH_MANY, /* the first that are held: how many, how much */
	OP_COUNT
};

static const char *const ops[OP_COUNT] = {
	[OP_BYTES] = "o*",    [OP_DESC] = "qolfq", [OP_OFFER] = "q",
	[OP_PACKED] = "olfq", [OP_POP] = "lh",	   [OP_UNPOP] = "",
	[OP_DRAIN] = "lh",    [OP_HOLD] = "",	   [OP_PUSH] = "ql",
	[OP_FLUSH] = "",      [OP_NOTIFY] = "b",   [OP_RESUME] = "wb",
	[OP_MANY] = "bl",     [OP_HOLD_MANY] = "", [OP_PUSH_MANY] = "bl",
};

const struct fuzz_grammar fuzz_grammar = { "bbbooo", ops, OP_COUNT };

struct held {
	struct hvl_chain chain;
	struct hvl_seg segs[SEGS_MAX];
};

/* Storage of their own for those that are popped at once. */
struct many {
	struct hvl_chain chain[MANY_MAX];
	struct hvl_seg segs[MANY_MAX][SEGS_MAX];
};

struct target {
	struct hvl_io shm;
	struct hvl_dev_vq vq;
	struct hvl_dev_vq_config cfg;
	struct hvl_seg segs[SEGS_MAX];
	uint16_t nseg_max;
	bool broken;
	bool keep; /* the position, for another life */
	uint32_t taken;
	uint32_t next; /* packed: the driver's position */
	bool wrap;
	struct held held[HELD_MAX];
	unsigned int nheld;
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
	FUZZ_CHECK(t->vq.packed || c->head < t->cfg.num);
	FUZZ_CHECK(c->count >= 1 && c->count <= t->cfg.num);
	FUZZ_CHECK(c->nread + c->nwrite >= 1);
	FUZZ_CHECK(c->nread + c->nwrite <= t->nseg_max);
	FUZZ_CHECK(check_segs(t, c->seg, c->nread) == c->read_len);
	FUZZ_CHECK(check_segs(t, c->seg + c->nread, c->nwrite) == c->write_len);
}

/* A packed ring's positions lie in it, whatever stands there. */
static void check_positions(const struct target *t)
{
	FUZZ_CHECK(!t->vq.packed || (t->vq.avail_idx < t->cfg.num &&
				     t->vq.used_idx < t->cfg.num));
}

/* Take the next chain while it changes, and leave it. */
static void vq_race_pop(struct target *t, struct hvl_seg *segs)
{
	const struct hvl_dev_vq was = t->vq;
	const uint32_t taken = t->taken;
	unsigned int tries = race_tries();

	race_on();
	for (; tries > 0; tries--) {
		struct hvl_chain c = { .nseg_max = t->nseg_max, .seg = segs };

		if (hvl_dev_vq_pop(&t->vq, &c) == 1)
			check_chain(t, &c);
		check_positions(t);
		t->vq = was;
		t->taken = taken;
	}
	race_off();
}

/* Return: whether there was a chain. */
static bool vq_pop(struct target *t, struct hvl_chain *c, struct hvl_seg *segs)
{
	int rc;

	vq_race_pop(t, segs);
	*c = (struct hvl_chain){ .nseg_max = t->nseg_max, .seg = segs };
	rc = hvl_dev_vq_pop(&t->vq, c);
	FUZZ_CHECK(rc == 1 || rc == 0 || rc == -EPROTO || rc == -ENOBUFS);
	/* What is broken stays so. */
	FUZZ_CHECK(!t->broken || rc == -EPROTO);
	t->broken = rc == -EPROTO;
	if (rc == 1)
		check_chain(t, c);
	return rc == 1;
}

static void vq_push(struct target *t, const struct hvl_chain *c, uint32_t len)
{
	race_on();
	hvl_dev_vq_push(&t->vq, c, len);
	race_off();
	check_positions(t);
}

static void vq_serve(struct target *t, const struct hvl_chain *c,
		     const struct fuzz_op *op)
{
	uint32_t len = op->arg[0], n;
	uint8_t copy[256];

	n = hvl_chain_copy_from(c, len % 512, copy, sizeof(copy));
	FUZZ_CHECK(n <= sizeof(copy) && n <= c->read_len);
	for (unsigned int i = 0; i < sizeof(copy); i++)
		copy[i] = (uint8_t)(op->arg[1] >> 8 * (i % 2));
	n = hvl_chain_copy_to(c, len % 512, copy, sizeof(copy));
	FUZZ_CHECK(n <= sizeof(copy) && n <= c->write_len);
	vq_push(t, c, len);
}

static void vq_drain(struct target *t, const struct fuzz_op *op)
{
	struct hvl_chain c;

	/* Bounded as a device is: a buffer may lie on the ring. */
	for (uint32_t i = 0; i < 4 * t->cfg.num && vq_pop(t, &c, t->segs); i++)
		vq_serve(t, &c, op);
}

static void vq_hold(struct target *t)
{
	struct held *h = &t->held[t->nheld];

	/* One at a time where another life shall take it anew. */
	if (t->keep && t->vq.packed)
		return;
	if (t->nheld < HELD_MAX && vq_pop(t, &h->chain, h->segs))
		t->nheld++;
}

/* In any order, but where the driver was promised one. */
static void vq_push_held(struct target *t, unsigned int i, uint32_t len)
{
	if (t->nheld == 0)
		return;
	i = t->vq.in_order ? 0 : i % t->nheld;
	vq_push(t, &t->held[i].chain, len);
	for (t->nheld--; i < t->nheld; i++) {
		t->held[i] = t->held[i + 1];
		t->held[i].chain.seg = t->held[i].segs;
	}
}

static void many_init(const struct target *t, struct many *m)
{
	for (unsigned int i = 0; i < MANY_MAX; i++)
		m->chain[i] = (struct hvl_chain){ .nseg_max = t->nseg_max,
						  .seg = m->segs[i] };
}

/* Take some while they change, and leave them. */
static void many_race_pop(struct target *t, struct many *m, uint16_t n)
{
	const struct hvl_dev_vq was = t->vq;
	const uint32_t taken = t->taken;
	unsigned int tries = race_tries();

	race_on();
	for (; tries > 0; tries--) {
		int rc;

		many_init(t, m);
		rc = hvl_dev_vq_pop_many(&t->vq, m->chain, n);
		for (int i = 0; i < rc; i++)
			check_chain(t, &m->chain[i]);
		check_positions(t);
		t->vq = was;
		t->taken = taken;
	}
	race_off();
}

static void check_same(const struct hvl_chain *a, const struct hvl_chain *b)
{
	FUZZ_CHECK(a->head == b->head && a->count == b->count);
	FUZZ_CHECK(a->nread == b->nread && a->nwrite == b->nwrite);
	for (unsigned int i = 0; i < a->nread + a->nwrite; i++)
		FUZZ_CHECK(a->seg[i].va == b->seg[i].va &&
			   a->seg[i].len == b->seg[i].len);
}

/*
 * One by one the queue, as it @was, gives the same chains and ends where it did
 * with @rc of them at once: none is left out, none comes twice.
 */
static void check_one_by_one(struct target *t, const struct many *m, int rc,
			     const struct hvl_dev_vq *was)
{
	uint32_t position = hvl_dev_vq_position(&t->vq), taken = t->taken;
	struct hvl_chain c;

	t->vq = *was;
	t->broken = was->broken;
	for (int i = 0; i < rc; i++) {
		FUZZ_CHECK(vq_pop(t, &c, t->segs));
		check_same(&c, &m->chain[i]);
	}
	if (rc < 0)
		FUZZ_CHECK(!vq_pop(t, &c, t->segs));
	FUZZ_CHECK(hvl_dev_vq_position(&t->vq) == position);
	FUZZ_CHECK(t->taken == taken);
}

/* Return: how many there were. */
static uint16_t many_pop(struct target *t, struct many *m, uint16_t n)
{
	const struct hvl_dev_vq was = t->vq;
	int rc;

	many_race_pop(t, m, n);
	many_init(t, m);
	rc = hvl_dev_vq_pop_many(&t->vq, m->chain, n);
	FUZZ_CHECK((rc >= 0 && rc <= n) || rc == -EPROTO || rc == -ENOBUFS);
	FUZZ_CHECK(!t->broken || n == 0 || rc == -EPROTO);
	t->broken = t->vq.broken;
	FUZZ_CHECK(n == 0 || t->broken == (rc == -EPROTO));
	for (int i = 0; i < rc; i++)
		check_chain(t, &m->chain[i]);
	if (n != 0)
		check_one_by_one(t, m, rc, &was);
	return rc > 0 ? (uint16_t)rc : 0;
}

static void many_push(struct target *t, const struct hvl_chain *chains,
		      uint16_t n, uint32_t len)
{
	uint32_t lens[MANY_MAX];

	for (unsigned int i = 0; i < n; i++)
		lens[i] = len + i;
	race_on();
	hvl_dev_vq_push_many(&t->vq, chains, len ? lens : NULL, n);
	race_off();
	check_positions(t);
}

static void many_hold(struct target *t)
{
	static struct many m;
	uint16_t n;

	if (t->keep && t->vq.packed)
		return;
	n = many_pop(t, &m, (uint16_t)(HELD_MAX - t->nheld));
	for (unsigned int i = 0; i < n; i++) {
		struct held *h = &t->held[t->nheld++];

		memcpy(h->segs, m.segs[i], sizeof(h->segs));
		h->chain = m.chain[i];
		h->chain.seg = h->segs;
	}
}

static void many_push_held(struct target *t, uint32_t n, uint32_t len)
{
	struct hvl_chain chains[HELD_MAX];

	if (n > t->nheld)
		n = t->nheld;
	for (unsigned int i = 0; i < n; i++)
		chains[i] = t->held[i].chain;
	many_push(t, chains, (uint16_t)n, len);
	t->nheld -= n;
	for (unsigned int i = 0; i < t->nheld; i++) {
		t->held[i] = t->held[i + n];
		t->held[i].chain.seg = t->held[i].segs;
	}
}

static void vq_flush(struct target *t)
{
	race_on();
	hvl_dev_vq_flush(&t->vq);
	race_off();
	check_positions(t);
}

static void driver_bytes(struct target *t, const struct fuzz_op *op)
{
	for (unsigned int i = 0; i < op->nbytes; i++)
		hvl_io_write8(&t->shm, (op->arg[0] + i) % SHM_SIZE,
			      op->bytes[i]);
}

/* Where a field of an area lies, if it lies in the memory at all */
static bool vq_at(const struct target *t, uint64_t da, uint32_t field,
		  uint32_t len, uint64_t *off)
{
	return hvl_io_da_to_off(&t->shm, da, field + len, off) &&
	       (*off += field) % 2 == 0;
}

static void driver_desc(struct target *t, const uint32_t *arg)
{
	struct hvl_vring_desc d = {
		.addr = hvl_le64_make(SHM_DA + arg[1]),
		.len = hvl_le32_make(arg[2]),
		.flags = hvl_le16_make((uint16_t)arg[3]),
		.next = hvl_le16_make((uint16_t)arg[4]),
	};
	uint64_t off;

	if (vq_at(t, t->cfg.desc, 16 * arg[0], 16, &off))
		hvl_io_write_block(&t->shm, off, &d, sizeof(d));
}

/* What comes behind the last one, as a driver makes it available. */
static void driver_packed(struct target *t, const uint32_t *arg)
{
	struct hvl_vring_packed_desc d = {
		.addr = hvl_le64_make(SHM_DA + arg[0]),
		.len = hvl_le32_make(arg[1]),
		.id = hvl_le16_make((uint16_t)arg[3]),
		.flags = hvl_le16_make(
			(uint16_t)(arg[2] ^ hvl_vring_packed_avail(t->wrap))),
	};
	uint64_t off;

	if (vq_at(t, t->cfg.desc, 16 * t->next, 16, &off))
		hvl_io_write_block(&t->shm, off, &d, sizeof(d));
	if (++t->next >= t->cfg.num) {
		t->next = 0;
		t->wrap = !t->wrap;
	}
}

static void driver_offer(struct target *t, uint32_t head)
{
	uint64_t slot, idx;
	uint16_t was;

	if (!vq_at(t, t->cfg.avail, 2, 2, &idx))
		return;
	was = hvl_io_read16(&t->shm, idx);
	if (vq_at(t, t->cfg.avail, 4 + 2 * (was % t->cfg.num), 2, &slot))
		hvl_io_write16(&t->shm, slot, (uint16_t)head);
	hvl_io_store_release16(&t->shm, idx, (uint16_t)(was + 1));
}

/* What was taken and is not given back is nobody's; a new life may begin. */
static void vq_resume(struct target *t, uint32_t differs, bool once)
{
	uint32_t taken = t->taken ^ differs;
	int rc;

	if (!t->keep)
		return;
	t->nheld = 0;
	hvl_dev_vq_stop(&t->vq);
	race_on();
	rc = hvl_dev_vq_resume(&t->vq, &t->cfg, taken, once);
	if (rc == 0)
		hvl_dev_vq_settle(&t->vq);
	race_off();
	FUZZ_CHECK(rc == 0 || rc == -EPROTO);
	t->broken = t->vq.broken;
	if (rc != 0) {
		FUZZ_CHECK(hvl_dev_vq_start(&t->vq, &t->cfg) == 0);
		t->next = 0;
		t->wrap = true;
	}
	hvl_dev_vq_keep(&t->vq, &t->taken);
	check_positions(t);
}

static void vq_step(struct target *t, const struct fuzz_op *op)
{
	static struct many m;
	struct hvl_chain c;
	uint16_t n;

	switch (op->kind) {
	case OP_BYTES:
		driver_bytes(t, op);
		break;
	case OP_DESC:
		driver_desc(t, op->arg);
		break;
	case OP_OFFER:
		driver_offer(t, op->arg[0]);
		break;
	case OP_PACKED:
		driver_packed(t, op->arg);
		break;
	case OP_POP:
		if (vq_pop(t, &c, t->segs))
			vq_serve(t, &c, op);
		break;
	case OP_UNPOP:
		if (vq_pop(t, &c, t->segs))
			hvl_dev_vq_unpop(&t->vq);
		(void)hvl_dev_vq_waiting(&t->vq);
		break;
	case OP_DRAIN:
		vq_drain(t, op);
		break;
	case OP_HOLD:
		vq_hold(t);
		break;
	case OP_PUSH:
		vq_push_held(t, op->arg[0], op->arg[1]);
		break;
	case OP_MANY:
		n = many_pop(t, &m, (uint16_t)(op->arg[0] % (MANY_MAX + 1)));
		many_push(t, m.chain, n, op->arg[1]);
		break;
	case OP_HOLD_MANY:
		many_hold(t);
		break;
	case OP_PUSH_MANY:
		many_push_held(t, op->arg[0], op->arg[1]);
		break;
	case OP_FLUSH:
		vq_flush(t);
		break;
	case OP_NOTIFY:
		if (op->arg[0] & 1)
			(void)hvl_dev_vq_notify_on(&t->vq);
		else
			hvl_dev_vq_notify_off(&t->vq);
		break;
	case OP_RESUME:
		vq_resume(t, op->arg[0], op->arg[1] & 1);
		break;
	}
}

/* A size that may be, and areas that may lie anywhere near. */
static void vq_configure(struct target *t, const uint32_t *head)
{
	static const struct hvl_log log = { HVL_LOG_DEBUG, vq_log, NULL };
	uint32_t bits = head[0], num = UINT32_C(1) << (bits >> 4 & 7);

	t->nseg_max = (uint16_t)(1 + head[2] % SEGS_MAX);
	t->wrap = true;
	t->cfg = (struct hvl_dev_vq_config){
		.shm = &t->shm,
		.log = &log,
		.name = "fuzz0",
		.num = num - (head[1] & HEAD_ODD_NUM ? 1 : 0),
		.num_max = 64,
		.desc = SHM_DA + head[3],
		.avail = SHM_DA + head[4],
		.used = SHM_DA + head[5],
		.features = HVL_BIT64(VIRTIO_F_VERSION_1),
		.no_suppress = (head[1] & HEAD_NO_SUPPRESS) != 0,
	};
	if (bits & HEAD_INDIRECT)
		t->cfg.features |= HVL_BIT64(VIRTIO_RING_F_INDIRECT_DESC);
	if (bits & HEAD_EVENT_IDX)
		t->cfg.features |= HVL_BIT64(VIRTIO_RING_F_EVENT_IDX);
	if (bits & HEAD_PACKED)
		t->cfg.features |= HVL_BIT64(VIRTIO_F_RING_PACKED);
	if (bits & HEAD_IN_ORDER)
		t->cfg.features |= HVL_BIT64(VIRTIO_F_IN_ORDER);
}

/* Where the device reads what it acts on. */
static void vq_race(struct target *t, uint32_t seed)
{
	race_begin(seed);
	race_place(t->shm.va + t->vq.desc, 16 * t->cfg.num);
	race_place(t->shm.va + t->vq.desc, 16);
	race_place(t->shm.va + t->vq.avail, 4);
	race_place(t->shm.va + t->vq.used, 4);
	race_place(t->shm.va + 0x1000, 0x40);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct fuzz_op last = { .arg = { 1, 0 } };
	struct target t = { .shm = { calloc(1, SHM_SIZE), SHM_DA, SHM_SIZE } };
	struct fuzz_input in = { data, size };
	struct fuzz_op head = fuzz_head(&in), op;

	FUZZ_CHECK(t.shm.va);
	vq_configure(&t, head.arg);
	if (hvl_dev_vq_start(&t.vq, &t.cfg) == 0) {
		t.keep = (head.arg[1] & HEAD_KEEP) != 0;
		if (t.keep)
			hvl_dev_vq_keep(&t.vq, &t.taken);
		if (head.arg[1] & HEAD_RACE)
			vq_race(&t, (uint32_t)size);
		while (fuzz_next(&in, &op))
			vq_step(&t, &op);
		vq_drain(&t, &last);
		vq_flush(&t);
		race_end();
		hvl_dev_vq_stop(&t.vq);
	}
	free(t.shm.va);
	return 0;
}
