/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A device behind either register block: the input is a program of what its
 * driver writes. Whatever that was, a reset must heal the device.
 */
#include "mock_mmio.h"

#include "fuzz.h"

#include <hvl/device/net.h>
#include <hvl/device/rng.h>
#include <hvl/metal/errno.h>

/* Registers, then rings and buffers of slot 0 */
#define SHM_SIZE 0x40000u

enum op {
	OP_REG,	     /* which word, value */
	OP_BYTES,    /* of rings and buffers: where, how many, which */
	OP_SERVICE,  /* budget */
	OP_LATER,    /* milliseconds */
	OP_FENCE,    /* what */
	OP_BRING_UP, /* as a good driver does it, with these features */
	OP_DESC,     /* queue, which, offset, length, flags, next */
	OP_OFFER,    /* queue, head */
	OP_CONFIG,   /* the main side changes it */
	OP_COUNT
};

static struct mock_dev dev;
static struct mock_entropy entropy;
static struct hvl_dev_rng rng;
static struct hvl_dev_net net;
static uint32_t frames;

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
	unsigned int ret = hvl_dev_service(&dev.dev, budget);

	FUZZ_CHECK((ret & ~(HVL_DEV_RING | HVL_DEV_MORE)) == 0);
	FUZZ_CHECK(dev.dev.stats.chains - chains <=
		   (uint64_t)budget * dev.dev.cfg.model->nqueues);
	FUZZ_CHECK(!(dev.dev.live && dev.dev.broken));
	FUZZ_CHECK((dev.dev.features & ~dev.dev.offered) == 0);
}

static void driver_bytes(struct fuzz_input *in)
{
	uint32_t at = HVL_MMIO_BLOCK_SIZE + (uint32_t)fuzz_u16(in) * 4;
	unsigned int n = fuzz_u8(in) & 31;

	for (; n > 0 && at < SHM_SIZE; n--, at++)
		hvl_io_write8(&dev.shm, at, fuzz_u8(in));
}

static struct mock_ring *driver_ring(struct fuzz_input *in)
{
	return &dev.ring[fuzz_u8(in) % MOCK_QUEUES];
}

static void driver_desc(struct fuzz_input *in)
{
	struct mock_ring *r = driver_ring(in);
	unsigned int i = fuzz_u8(in) % MOCK_NUM;
	uint64_t off = mock_buf_off(&dev) + fuzz_u16(in);
	uint32_t len = fuzz_u16(in);
	unsigned int flags = fuzz_u8(in);

	if (r->num > 0)
		mock_desc(r, i, off, len, flags, fuzz_u8(in));
}

static void driver_offer(struct fuzz_input *in)
{
	struct mock_ring *r = driver_ring(in);
	unsigned int head = fuzz_u8(in);

	if (r->num > 0)
		mock_avail(r, head);
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

static void driver_bring_up(uint8_t bits)
{
	dev.features = dev.version == 2 ? HVL_BIT64(VIRTIO_F_VERSION_1) : 0;
	if (bits & 1)
		dev.features |= HVL_BIT64(VIRTIO_RING_F_INDIRECT_DESC);
	if (bits & 2)
		dev.features |= HVL_BIT64(VIRTIO_RING_F_EVENT_IDX);
	dev.features &= dev.dev.offered;
	driver_next_fence();
	mock_bring_up(&dev);
}

static void driver_reg(struct fuzz_input *in)
{
	uint32_t reg = fuzz_u8(in) % (HVL_MMIO_BLOCK_SIZE / 4) * 4;

	mock_set(&dev, reg, fuzz_u32(in));
}

static void dev_step(struct fuzz_input *in)
{
	uint32_t fence;

	switch (fuzz_u8(in) % OP_COUNT) {
	case OP_REG:
		driver_reg(in);
		break;
	case OP_BYTES:
		driver_bytes(in);
		break;
	case OP_SERVICE:
		dev_service(1 + fuzz_u8(in) % 64);
		break;
	case OP_LATER:
		dev.now_us += 1000u * fuzz_u8(in);
		break;
	case OP_FENCE:
		fence = mock_reg(&dev, HVL_MMIO_REG_FENCE_ACK) + 1;
		mock_set(&dev, HVL_MMIO_REG_FENCE_WHAT, fuzz_u8(in));
		mock_set(&dev, HVL_MMIO_REG_FENCE_REQUEST, fence);
		dev_service(8);
		break;
	case OP_BRING_UP:
		driver_bring_up(fuzz_u8(in));
		break;
	case OP_DESC:
		driver_desc(in);
		break;
	case OP_OFFER:
		driver_offer(in);
		break;
	case OP_CONFIG:
		hvl_dev_config_changed(&dev.dev);
		break;
	}
}

static void dev_make(const struct hvl_io *shm, uint8_t kind)
{
	const struct hvl_dev_net_backing backing = { net_send, net_recv, NULL };
	const struct hvl_dev_rng_backing source = { mock_entropy_read,
						    &entropy };
	const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
	unsigned int version = kind & 1 ? 2 : 1;

	entropy = (struct mock_entropy){ .left = UINT32_MAX,
					 .step = 100,
					 .error = -EAGAIN };
	frames = 0;
	hvl_dev_net_init(&net, &backing, mac, 1500);
	hvl_dev_rng_init(&rng, &source);
	if (kind & 2)
		mock_dev_init(&dev, shm, 0, version, &hvl_dev_net_model, &net);
	else
		mock_dev_init(&dev, shm, 0, version, &hvl_dev_rng_model, &rng);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	static struct hvl_io shm;

	if (!shm.va)
		mock_shm_map(&shm, SHM_SIZE);
	memset(shm.va, 0, SHM_SIZE);
	dev_make(&shm, fuzz_u8(&in));
	while (in.size > 0)
		dev_step(&in);
	for (unsigned int i = 0; i < 8; i++) {
		dev.now_us += 60000;
		dev_service(64);
	}
	driver_bring_up(3);
	FUZZ_CHECK(!mock_needs_reset(&dev));
	return 0;
}
