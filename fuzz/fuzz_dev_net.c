/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The network device, its header and its frames: the input is a program of
 * chains that a driver cuts in its own way, of what the backing does, and of
 * what is written into the memory.
 */
#include "mock_mmio.h"

#include "program.h"
#include "race.h"

#include <hvl/device/net.h>
#include <hvl/metal/compiler.h>
#include <hvl/metal/errno.h>
#include <hvl/wire/vring_packed.h>

/* Registers, then rings and buffers of slot 0 */
#define SHM_SIZE 0x40000u
#define FRAME_MAX (HVL_NET_MTU_MAX + HVL_NET_ETH_HEADER)
#define TABLE 0xc000u /* among the buffers: indirect tables */

#define HEAD_V2 1u
#define HEAD_RACE 2u
#define HEAD_PACED 4u

enum op {
	OP_CHAIN, /* queue, how, where, lengths of the segments */
	OP_SERVICE,
	OP_FRAME,    /* the backing has one: length */
	OP_BACKING,  /* what it says to the next frames sent */
	OP_LATER,    /* milliseconds */
	OP_LINK,     /* up or down */
	OP_BYTES,    /* of rings and buffers: where, which */
	OP_BRING_UP, /* with these features */
	OP_COUNT
};

/* How a chain is made */
#define CHAIN_TABLE 1u	    /* an indirect one */
#define CHAIN_BACKWARDS 2u  /* for the other direction */
#define CHAIN_LAST_OTHER 4u /* only its last segment */
#define CHAIN_ALONE 8u	    /* served at once */

static const char *const ops[OP_COUNT] = {
	[OP_CHAIN] = "qfo*", [OP_SERVICE] = "b",  [OP_FRAME] = "l",
	[OP_BACKING] = "b",  [OP_LATER] = "b",	  [OP_LINK] = "b",
	[OP_BYTES] = "o*",   [OP_BRING_UP] = "b",
};

const struct fuzz_grammar fuzz_grammar = { "bb", ops, OP_COUNT };

static struct mock_dev dev;
static struct hvl_dev_net net;

static struct {
	uint32_t frame;	 /* that the backing has next: length, 0: none */
	int answer;	 /* of its send */
	uint32_t expect; /* frame that must come next, 0: not known */
	uint64_t offered;
	bool clean; /* the driver has kept to the rules so far */
	struct {
		unsigned int next;
		bool wrap;
	} place[MOCK_QUEUES];
} t;

static uint64_t check_lent(const struct hvl_seg *seg, unsigned int n)
{
	uint64_t off, sum = 0;

	FUZZ_CHECK(n >= 1 && n <= HVL_DEV_SEGS_MAX);
	for (unsigned int i = 0; i < n; i++) {
		FUZZ_CHECK(seg[i].len > 0);
		FUZZ_CHECK(hvl_io_va_to_off(&dev.shm, seg[i].va, seg[i].len,
					    &off));
		sum += seg[i].len;
	}
	return sum;
}

static int backing_send(void *ctx, const struct hvl_seg *seg, unsigned int n,
			uint32_t len)
{
	(void)ctx;
	FUZZ_CHECK(check_lent(seg, n) == len);
	FUZZ_CHECK(len >= HVL_NET_ETH_HEADER && len <= FRAME_MAX);
	FUZZ_CHECK(t.expect == 0 || t.expect == len);
	return t.answer;
}

static int backing_recv(void *ctx, const struct hvl_seg *seg, unsigned int n,
			uint32_t room)
{
	uint32_t len = t.frame, left = len;

	(void)ctx;
	FUZZ_CHECK(n == 0 ? room == 0 : check_lent(seg, n) >= room);
	FUZZ_CHECK(room <= FRAME_MAX && (t.expect == 0 || t.expect == room));
	if (len == 0)
		return -EAGAIN;
	t.frame = 0;
	if (len > room)
		return -EMSGSIZE;
	for (unsigned int i = 0; i < n && left > 0; i++) {
		uint32_t k = seg[i].len < left ? seg[i].len : left;

		memset(seg[i].va, 0xa5, k);
		left -= k;
	}
	return (int)len;
}

static void dev_service(unsigned int budget)
{
	uint64_t chains = dev.dev.stats.chains;

	race_on();
	(void)hvl_dev_service(&dev.dev, budget);
	race_off();
	FUZZ_CHECK(dev.dev.stats.chains - chains <=
		   (uint64_t)budget * MOCK_QUEUES);
	FUZZ_CHECK(!(dev.dev.live && dev.dev.broken));
	FUZZ_CHECK(net.turn.open ||
		   hvl_dev_net_next_us(&dev.dev) == UINT64_MAX);
}

/* Short ones in bytes, so that headers are cut; long ones up to a jumbo's. */
static uint32_t seg_len(uint8_t code)
{
	return code < 128 ? code : (uint32_t)(code - 127) * 300;
}

/* Write @n descriptors at @at, either format's: chained or in a table. */
static void chain_in_table(uint64_t at, const struct hvl_seg *seg,
			   const uint16_t *flags, unsigned int n, bool packed)
{
	for (unsigned int i = 0; i < n; i++) {
		uint16_t next = (uint16_t)(i + 1), f = flags[i];
		uint64_t off =
			(uint64_t)((unsigned char *)seg[i].va - dev.shm.va);

		if (!packed && i + 1 < n)
			f |= VRING_DESC_F_NEXT;
		/* The flags come last in a packed ring's entry. */
		mock_desc_at(&dev.shm, at + 16u * i, dev.shm.da + off,
			     seg[i].len, packed ? 0 : f, packed ? f : next);
	}
}

static void ring_put(unsigned int q, uint64_t off, uint32_t len, uint16_t flags,
		     bool first)
{
	struct mock_ring *r = &dev.ring[q];
	unsigned int at = t.place[q].next;

	if (dev.features >> VIRTIO_F_RING_PACKED & 1) {
		flags ^= hvl_vring_packed_avail(t.place[q].wrap);
		mock_desc_at(r->shm, r->desc + 16u * at, r->shm->da + off, len,
			     (uint16_t)at, flags);
	} else {
		mock_desc(r, at, off, len, flags, (at + 1) % r->num);
		if (first)
			mock_avail(r, at);
	}
	if (++t.place[q].next == r->num) {
		t.place[q].next = 0;
		t.place[q].wrap = !t.place[q].wrap;
	}
}

static void ring_chain(unsigned int q, const struct hvl_seg *seg,
		       const uint16_t *flags, unsigned int n, bool table)
{
	bool packed = dev.features >> VIRTIO_F_RING_PACKED & 1;
	uint64_t at = mock_buf_off(&dev) + TABLE + 0x1000u * q +
		      0x200u * t.place[q].next;

	if (dev.ring[q].num == 0)
		return;
	t.offered++;
	if (table) {
		chain_in_table(at, seg, flags, n, packed);
		ring_put(q, at, 16 * n, VRING_DESC_F_INDIRECT, true);
		return;
	}
	if (n > MOCK_NUM)
		n = MOCK_NUM;
	for (unsigned int i = 0; i < n; i++)
		ring_put(q, (uint64_t)((unsigned char *)seg[i].va - dev.shm.va),
			 seg[i].len,
			 flags[i] | (i + 1 < n ? VRING_DESC_F_NEXT : 0),
			 i == 0);
}

/* What the backing must see of a chain that is the only one, and right. */
static void expect(unsigned int q, uint32_t how, uint64_t total, unsigned int n)
{
	uint32_t header = dev.features >> VIRTIO_F_VERSION_1 & 1 ?
				  HVL_NET_HDR_SIZE :
				  HVL_NET_HDR_SIZE_LEGACY;

	t.expect = 0;
	if (!t.clean || t.offered != dev.dev.stats.chains || n > MOCK_NUM ||
	    how & (CHAIN_BACKWARDS | CHAIN_LAST_OTHER) || total <= header)
		return;
	t.expect = (uint32_t)total - header;
	if (q == HVL_NET_QUEUE_RX && t.expect > FRAME_MAX)
		t.expect = FRAME_MAX;
}

static void driver_chain(const struct fuzz_op *op)
{
	unsigned int q = op->arg[0] % MOCK_QUEUES, n = 0;
	uint64_t at = mock_buf_off(&dev) + op->arg[2], total = 0;
	struct hvl_seg seg[FUZZ_BYTES_MAX];
	uint16_t flags[FUZZ_BYTES_MAX], dir;

	dir = (q == HVL_NET_QUEUE_RX) != ((op->arg[1] & CHAIN_BACKWARDS) != 0) ?
		      VRING_DESC_F_WRITE :
		      0;
	for (; n < op->nbytes; n++) {
		seg[n].va = dev.shm.va + at;
		seg[n].len = seg_len(op->bytes[n]);
		if (seg[n].len > SHM_SIZE - at)
			seg[n].len = 0;
		/* None is empty, but in a wrong chain. */
		if (seg[n].len == 0 && !(op->arg[1] & CHAIN_BACKWARDS))
			break;
		flags[n] = dir;
		at += seg[n].len;
		total += seg[n].len;
	}
	if (n == 0)
		return;
	if (op->arg[1] & CHAIN_LAST_OTHER)
		flags[n - 1] ^= VRING_DESC_F_WRITE;
	if (op->arg[1] & CHAIN_ALONE)
		expect(q, op->arg[1], total, n);
	ring_chain(q, seg, flags, n, op->arg[1] & CHAIN_TABLE);
	if (op->arg[1] & CHAIN_ALONE)
		dev_service(8);
	t.expect = 0;
}

static void driver_bytes(const struct fuzz_op *op)
{
	uint32_t at = HVL_MMIO_BLOCK_SIZE + op->arg[0] * 4;

	t.clean = false;
	for (unsigned int i = 0; i < op->nbytes && at + i < SHM_SIZE; i++)
		hvl_io_write8(&dev.shm, at + i, op->bytes[i]);
}

static void driver_bring_up(uint32_t bits)
{
	static const uint8_t feature[] = {
		VIRTIO_RING_F_INDIRECT_DESC,
		VIRTIO_RING_F_EVENT_IDX,
		VIRTIO_F_RING_PACKED,
		VIRTIO_F_IN_ORDER,
	};

	dev.features = dev.version == 2 ? HVL_BIT64(VIRTIO_F_VERSION_1) : 0;
	for (unsigned int i = 0; i < HVL_ARRAY_SIZE(feature); i++)
		if (bits >> i & 1)
			dev.features |= HVL_BIT64(feature[i]);
	dev.features &= dev.dev.offered;
	mock_bring_up(&dev);
	for (unsigned int q = 0; q < MOCK_QUEUES; q++) {
		t.place[q].next = 0;
		t.place[q].wrap = true;
	}
	t.offered = dev.dev.stats.chains;
	t.clean = true;
}

static void dev_step(const struct fuzz_op *op)
{
	static const int answers[] = { 0, -EAGAIN, -EIO };

	switch (op->kind) {
	case OP_CHAIN:
		driver_chain(op);
		break;
	case OP_SERVICE:
		dev_service(1 + op->arg[0] % 64);
		break;
	case OP_FRAME:
		t.frame = op->arg[0];
		break;
	case OP_BACKING:
		t.answer = answers[op->arg[0] % HVL_ARRAY_SIZE(answers)];
		break;
	case OP_LATER:
		dev.now_us += 1000u * op->arg[0];
		break;
	case OP_LINK:
		hvl_dev_net_set_link(&dev.dev, op->arg[0] & 1);
		break;
	case OP_BYTES:
		driver_bytes(op);
		break;
	case OP_BRING_UP:
		driver_bring_up(op->arg[0]);
		break;
	}
}

static void dev_make(const struct hvl_io *shm, uint32_t kind)
{
	const struct hvl_dev_net_backing backing = { backing_send, backing_recv,
						     NULL };
	const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
	struct hvl_dev_config cfg;

	hvl_dev_net_init(&net, &backing, mac, 1500);
	hvl_dev_net_set_pace(&net, (kind & HEAD_PACED) != 0);
	mock_dev_init(&dev, shm, 0, kind & HEAD_V2 ? 2 : 1, &hvl_dev_net_model,
		      &net);
	cfg = dev.dev.cfg;
	cfg.features_on = HVL_BIT64(VIRTIO_F_RING_PACKED);
	FUZZ_CHECK(hvl_dev_init(&dev.dev, &cfg, dev.dev.tr) == 0);
	hvl_dev_publish(&dev.dev);
}

static void dev_race(uint32_t seed)
{
	race_begin(seed);
	for (unsigned int q = 0; q < MOCK_QUEUES; q++) {
		race_place(dev.shm.va + dev.ring[q].desc, 0xa0);
		race_place(dev.shm.va + dev.ring[q].used, 16);
	}
	race_place(dev.shm.va + mock_buf_off(&dev) + TABLE, 0x200);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	static struct hvl_io shm;
	struct fuzz_op head = fuzz_head(&in), op;

	if (!shm.va)
		mock_shm_map(&shm, SHM_SIZE);
	memset(shm.va, 0, SHM_SIZE);
	memset(&t, 0, sizeof(t));
	dev_make(&shm, head.arg[0]);
	driver_bring_up(head.arg[1]);
	if (head.arg[0] & HEAD_RACE) {
		t.clean = false;
		dev_race((uint32_t)size);
	}
	while (fuzz_next(&in, &op)) {
		dev_step(&op);
		t.clean = t.clean && !(head.arg[0] & HEAD_RACE);
	}
	race_end();
	driver_bring_up(head.arg[1]);
	FUZZ_CHECK(!mock_needs_reset(&dev));
	return 0;
}
