/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A device behind either register block: the input is a program of what its
 * driver writes, and of deaths of its host. Whatever that was, a reset must
 * heal the device.
 */
#include "mock_mmio.h"

#include "program.h"
#include "race.h"

#include <hvl/device/net.h>
#include <hvl/device/rng.h>
#include <hvl/metal/compiler.h>
#include <hvl/metal/errno.h>
#include <hvl/wire/vring_packed.h>

/* Registers, then rings and buffers of slot 0 */
#define SHM_SIZE 0x40000u

#define HEAD_V2 1u
#define HEAD_NET 2u
#define HEAD_RACE 4u
#define HEAD_PACED 8u
#define HEAD_JOURNAL 16u

enum op {
	OP_REG,	     /* which word, value */
	OP_BYTES,    /* of rings and buffers: where, which */
	OP_SERVICE,  /* budget */
	OP_LATER,    /* milliseconds */
	OP_FENCE,    /* what */
	OP_BRING_UP, /* as a good driver does it, with these features */
	OP_DESC,     /* queue, which, offset, length, flags, next */
	OP_OFFER,    /* queue, head */
	OP_CONFIG,   /* the main side changes it */
	OP_PACKED,   /* queue, offset, length, flags, id of the next one */
	OP_AGAIN,    /* version 2: reset a queue, set it up */
	OP_RESUME,   /* the host dies: where its notes are wrong, and how */
	OP_ATTACH,   /* the same, without notes */
	OP_COUNT
};

static const char *const ops[OP_COUNT] = {
	[OP_REG] = "bw",       [OP_BYTES] = "o*", [OP_SERVICE] = "b",
	[OP_LATER] = "b",      [OP_FENCE] = "f",  [OP_BRING_UP] = "b",
	[OP_DESC] = "qqolfq",  [OP_OFFER] = "qq", [OP_CONFIG] = "",
	[OP_PACKED] = "qolfq", [OP_AGAIN] = "q",  [OP_RESUME] = "hw",
	[OP_ATTACH] = "",
};

const struct fuzz_grammar fuzz_grammar = { "b", ops, OP_COUNT };

static struct mock_dev dev;
static struct mock_entropy entropy;
static struct hvl_dev_rng rng;
static struct hvl_dev_net net;
static uint32_t frames;

/* Where a driver of packed rings is. */
static struct {
	unsigned int next;
	bool wrap;
} place[MOCK_QUEUES];

/* What the host notes down for its next life. */
static struct hvl_dev_saved notes;
static uint32_t taken[HVL_DEV_QUEUES_MAX];

static uint32_t *host_record(void *ctx, const struct hvl_dev_saved *saved)
{
	(void)ctx;
	notes = *saved;
	for (unsigned int q = 0; q < HVL_DEV_QUEUES_MAX; q++)
		taken[q] = saved->queue[q].taken;
	return taken;
}

static uint64_t check_lent(const struct hvl_seg *seg, unsigned int n)
{
	uint64_t off, sum = 0;

	FUZZ_CHECK(n >= 1 && n <= HVL_DEV_SEGS_MAX);
	for (unsigned int i = 0; i < n; i++) {
		FUZZ_CHECK(hvl_io_va_to_off(&dev.shm, seg[i].va, seg[i].len,
					    &off));
		sum += seg[i].len;
	}
	return sum;
}

static int net_send(void *ctx, const struct hvl_seg *seg, unsigned int n,
		    uint32_t len)
{
	(void)ctx;
	FUZZ_CHECK(check_lent(seg, n) == len);
	frames++;
	return frames % 7 == 0 ? -EAGAIN : frames % 11 == 0 ? -EIO : 0;
}

static int net_recv(void *ctx, const struct hvl_seg *seg, unsigned int n,
		    uint32_t room)
{
	uint32_t len = 60 + ++frames * 37 % 1500, left = len;

	(void)ctx;
	/* So it asks for what is too old to be gone. */
	if (n == 0)
		return room == 0 && frames % 5 != 0 ? -EMSGSIZE : -EAGAIN;
	FUZZ_CHECK(room > 0 && check_lent(seg, n) >= room);
	if (frames % 3 == 0)
		return -EAGAIN;
	for (unsigned int i = 0; i < n && left > 0; i++) {
		uint32_t k = seg[i].len < left ? seg[i].len : left;

		memset(seg[i].va, 0xa5, k);
		left -= k;
	}
	return left > 0 || len > room ? -EMSGSIZE : (int)len;
}

static void dev_service(unsigned int budget)
{
	uint64_t chains = dev.dev.stats.chains;
	unsigned int ret;

	race_on();
	ret = hvl_dev_service(&dev.dev, budget);
	race_off();
	FUZZ_CHECK((ret & ~(HVL_DEV_RING | HVL_DEV_MORE)) == 0);
	FUZZ_CHECK(dev.dev.stats.chains - chains <=
		   (uint64_t)budget * dev.dev.cfg.model->nqueues);
	FUZZ_CHECK(!(dev.dev.live && dev.dev.broken));
	FUZZ_CHECK((dev.dev.features & ~dev.dev.offered) == 0);
}

static void driver_bytes(const struct fuzz_op *op)
{
	uint32_t at = HVL_MMIO_BLOCK_SIZE + op->arg[0] * 4;

	for (unsigned int i = 0; i < op->nbytes && at + i < SHM_SIZE; i++)
		hvl_io_write8(&dev.shm, at + i, op->bytes[i]);
}

static struct mock_ring *driver_ring(uint32_t queue)
{
	return &dev.ring[queue % MOCK_QUEUES];
}

static void driver_desc(const uint32_t *arg)
{
	struct mock_ring *r = driver_ring(arg[0]);

	if (r->num > 0)
		mock_desc(r, arg[1] % MOCK_NUM, mock_buf_off(&dev) + arg[2],
			  arg[3], arg[4], arg[5]);
}

static void driver_offer(const uint32_t *arg)
{
	struct mock_ring *r = driver_ring(arg[0]);

	if (r->num > 0)
		mock_avail(r, arg[1]);
}

static void driver_packed(const uint32_t *arg)
{
	unsigned int q = arg[0] % MOCK_QUEUES, flags = arg[3];
	struct mock_ring *r = &dev.ring[q];

	if (r->num == 0)
		return;
	flags ^= hvl_vring_packed_avail(place[q].wrap);
	mock_desc_at(r->shm, r->desc + 16u * place[q].next,
		     r->shm->da + mock_buf_off(&dev) + arg[1], arg[2],
		     (uint16_t)arg[4], (uint16_t)flags);
	if (++place[q].next == r->num) {
		place[q].next = 0;
		place[q].wrap = !place[q].wrap;
	}
}

/*
 * A driver that wrote into the device's words may ask for the fence that was
 * obeyed last: it would time out and ask for the next. Do that at once.
 */
static void driver_next_fence(void)
{
	if (dev.version == 1)
		return;
	mock_set(&dev, HVL_MMIO_REG_FENCE_WHAT, 0);
	mock_set(&dev, HVL_MMIO_REG_FENCE_REQUEST, dev.dev.mmio.fence_ack + 1);
	dev_service(1);
}

static void driver_begin_rings(void)
{
	for (unsigned int q = 0; q < MOCK_QUEUES; q++) {
		place[q].next = 0;
		place[q].wrap = true;
	}
}

static void driver_bring_up(uint32_t bits)
{
	static const uint8_t feature[] = {
		VIRTIO_RING_F_INDIRECT_DESC, VIRTIO_RING_F_EVENT_IDX,
		VIRTIO_F_RING_PACKED,	     VIRTIO_F_IN_ORDER,
		VIRTIO_F_RING_RESET,	     VIRTIO_F_NOTIFICATION_DATA,
	};

	dev.features = dev.version == 2 ? HVL_BIT64(VIRTIO_F_VERSION_1) : 0;
	for (unsigned int i = 0; i < HVL_ARRAY_SIZE(feature); i++)
		if (bits >> i & 1)
			dev.features |= HVL_BIT64(feature[i]);
	dev.features &= dev.dev.offered;
	driver_next_fence();
	driver_begin_rings();
	mock_bring_up(&dev);
}

/* Obeyed or not: nothing of it is asserted. */
static void driver_again(uint32_t queue)
{
	uint32_t fence = mock_reg(&dev, HVL_MMIO_REG_FENCE_ACK) + 1;
	struct mock_ring *r = driver_ring(queue);

	if (dev.version == 1 || r->num == 0)
		return;
	mock_set(&dev, HVL_MMIO_REG_QUEUE_SEL, queue % MOCK_QUEUES);
	mock_set(&dev, HVL_MMIO_REG_QUEUE_RESET, 1);
	mock_set(&dev, HVL_MMIO_REG_QUEUE_READY, 1);
	mock_set(&dev, HVL_MMIO_REG_FENCE_WHAT,
		 HVL_MMIO_FENCE_QUEUE_RESET | HVL_MMIO_FENCE_QUEUE);
	mock_set(&dev, HVL_MMIO_REG_FENCE_REQUEST, fence);
	dev_service(8);
	place[queue % MOCK_QUEUES].next = 0;
	place[queue % MOCK_QUEUES].wrap = true;
}

/* What died forgot all but its notes; nothing is lent any more. */
static void host_restart(void)
{
	struct hvl_dev_config cfg = dev.dev.cfg;
	const struct hvl_dev_transport *tr = dev.dev.tr;

	FUZZ_CHECK(hvl_dev_init(&dev.dev, &cfg, tr) == 0);
}

static void host_attach(void)
{
	host_restart();
	race_on();
	hvl_dev_attach(&dev.dev);
	race_off();
}

static void host_resume(uint32_t where, uint32_t differs)
{
	struct hvl_dev_saved saved = notes;
	int rc;

	if (!dev.dev.cfg.journal)
		return;
	for (unsigned int q = 0; q < HVL_DEV_QUEUES_MAX; q++)
		saved.queue[q].taken = taken[q];
	((uint8_t *)&saved)[where % sizeof(saved)] ^= (uint8_t)differs;
	host_restart();
	race_on();
	rc = hvl_dev_resume(&dev.dev, &saved);
	race_off();
	FUZZ_CHECK(rc == 0 || rc == -EPROTO);
	if (rc != 0)
		host_attach();
}

static void dev_step(const struct fuzz_op *op)
{
	uint32_t fence;

	switch (op->kind) {
	case OP_REG:
		mock_set(&dev, op->arg[0] % (HVL_MMIO_BLOCK_SIZE / 4) * 4,
			 op->arg[1]);
		break;
	case OP_BYTES:
		driver_bytes(op);
		break;
	case OP_SERVICE:
		dev_service(1 + op->arg[0] % 64);
		break;
	case OP_LATER:
		dev.now_us += 1000u * op->arg[0];
		break;
	case OP_FENCE:
		fence = mock_reg(&dev, HVL_MMIO_REG_FENCE_ACK) + 1;
		mock_set(&dev, HVL_MMIO_REG_FENCE_WHAT, op->arg[0]);
		mock_set(&dev, HVL_MMIO_REG_FENCE_REQUEST, fence);
		dev_service(8);
		break;
	case OP_BRING_UP:
		driver_bring_up(op->arg[0]);
		break;
	case OP_DESC:
		driver_desc(op->arg);
		break;
	case OP_OFFER:
		driver_offer(op->arg);
		break;
	case OP_CONFIG:
		hvl_dev_config_changed(&dev.dev);
		break;
	case OP_PACKED:
		driver_packed(op->arg);
		break;
	case OP_AGAIN:
		driver_again(op->arg[0]);
		break;
	case OP_RESUME:
		host_resume(op->arg[0], op->arg[1]);
		break;
	case OP_ATTACH:
		host_attach();
		break;
	}
}

static void dev_make(const struct hvl_io *shm, uint32_t kind)
{
	static const struct hvl_dev_journal journal = { host_record, NULL };
	const struct hvl_dev_net_backing backing = { net_send, net_recv, NULL };
	const struct hvl_dev_rng_backing source = { mock_entropy_read,
						    &entropy };
	const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
	unsigned int version = kind & HEAD_V2 ? 2 : 1;
	struct hvl_dev_config cfg;

	entropy = (struct mock_entropy){ .left = UINT32_MAX,
					 .step = 100,
					 .error = -EAGAIN };
	frames = 0;
	hvl_dev_net_init(&net, &backing, mac, 1500);
	hvl_dev_net_set_pace(&net, (kind & HEAD_PACED) != 0);
	hvl_dev_rng_init(&rng, &source);
	if (kind & HEAD_NET)
		mock_dev_init(&dev, shm, 0, version, &hvl_dev_net_model, &net);
	else
		mock_dev_init(&dev, shm, 0, version, &hvl_dev_rng_model, &rng);
	cfg = dev.dev.cfg;
	cfg.features_on = HVL_BIT64(VIRTIO_F_RING_PACKED);
	if (kind & HEAD_JOURNAL)
		cfg.journal = &journal;
	FUZZ_CHECK(hvl_dev_init(&dev.dev, &cfg, dev.dev.tr) == 0);
	memset(&notes, 0, sizeof(notes));
	memset(taken, 0, sizeof(taken));
	hvl_dev_publish(&dev.dev);
}

static void dev_race(uint32_t seed)
{
	race_begin(seed);
	race_place(dev.regs.va, 0x100);
	race_place(dev.shm.va + mock_ring_off(&dev, 0), 0x1200);
	race_place(dev.shm.va + mock_ring_off(&dev, 1), 0x1200);
	race_place(dev.shm.va + mock_ring_off(&dev, 0), 0xa0);
	race_place(dev.shm.va + mock_ring_off(&dev, 1), 0xa0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	static struct hvl_io shm;
	struct fuzz_op head = fuzz_head(&in), op;

	if (!shm.va)
		mock_shm_map(&shm, SHM_SIZE);
	memset(shm.va, 0, SHM_SIZE);
	driver_begin_rings();
	dev_make(&shm, head.arg[0]);
	if (head.arg[0] & HEAD_RACE)
		dev_race((uint32_t)size);
	while (fuzz_next(&in, &op))
		dev_step(&op);
	for (unsigned int i = 0; i < 8; i++) {
		dev.now_us += 60000;
		dev_service(64);
	}
	race_end();
	driver_bring_up(0xff);
	FUZZ_CHECK(!mock_needs_reset(&dev));
	return 0;
}
