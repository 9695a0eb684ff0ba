/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A driver at random: good and bad steps in any order on an rng and a net
 * device, first alone and step by step the same each time, then while another
 * thread scribbles over their registers, rings and buffers. The backings look
 * at every piece of memory that they are lent.
 */
#include "hostile.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include <hvl/device/net.h>

#define STEPS 60000u
#define RACE_NS INT64_C(400000000)
#define NET_SLOT 2u

static struct mock_dev netdev;
static struct hvl_dev_net net;
static uint64_t frames;

/* Everything that a backing is lent lies in the shared memory. */
static uint64_t check_lent(const struct hvl_seg *seg, unsigned int n)
{
	uint64_t off, sum = 0;
	unsigned int i;

	assert_in_range(n, 1, HVL_DEV_SEGS_MAX);
	for (i = 0; i < n; i++) {
		assert_true(hvl_io_va_to_off(&hostile.shm, seg[i].va,
					     seg[i].len, &off));
		sum += seg[i].len;
	}
	return sum;
}

static int fuzz_send(void *ctx, const struct hvl_seg *seg, unsigned int n,
		     uint32_t len)
{
	unsigned char sum = 0;
	unsigned int i;
	uint32_t k;

	(void)ctx;
	assert_int_equal(check_lent(seg, n), len);
	for (i = 0; i < n; i++)
		for (k = 0; k < seg[i].len; k += 61)
			sum ^= ((volatile unsigned char *)seg[i].va)[k];
	frames++;
	return frames % 7 == 0 ? -EAGAIN : frames % 11 == 0 ? -EIO : sum & 0;
}

static int fuzz_recv(void *ctx, const struct hvl_seg *seg, unsigned int n,
		     uint32_t room)
{
	uint32_t len = 60 + hostile_random() % 1500, left = len;
	unsigned int i;

	(void)ctx;
	assert_true(check_lent(seg, n) >= room);
	assert_int_not_equal(room, 0);
	if (len % 5 == 0)
		return -EAGAIN;
	for (i = 0; i < n && left != 0; i++) {
		uint32_t k = seg[i].len < left ? seg[i].len : left;

		memset(seg[i].va, 0xa5, k);
		left -= k;
	}
	return left != 0 || len > room ? -EMSGSIZE : (int)len;
}

static void fuzz_net_init(const struct hostile_job *job)
{
	const struct hvl_dev_net_backing backing = { fuzz_send, fuzz_recv,
						     NULL };
	const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };

	frames = 0;
	hvl_dev_net_init(&net, &backing, mac, 1500);
	mock_dev_init(&netdev, &hostile.shm, NET_SLOT, job->version,
		      &hvl_dev_net_model, &net);
	netdev.features |= HVL_BIT64(VIRTIO_RING_F_INDIRECT_DESC);
}

/* What must hold whatever the driver did. */
static void fuzz_service(struct mock_dev *d)
{
	uint64_t chains = d->dev.stats.chains;
	unsigned int budget = 1 + hostile_random() % 64;
	unsigned int ret = hvl_dev_service(&d->dev, budget);

	assert_int_equal(ret & ~(HVL_DEV_RING | HVL_DEV_MORE), 0);
	assert_true(d->dev.stats.chains - chains <=
		    (uint64_t)budget * d->dev.cfg.model->nqueues);
	assert_false(d->dev.live && d->dev.broken);
	assert_int_equal(d->dev.features & ~d->dev.offered, 0);
	d->now_us += hostile_random() % 30000;
}

/* From reset to DRIVER_OK in any state; a scribbler may spoil each step. */
static void fuzz_bring_up(struct mock_dev *d)
{
	static const uint8_t status[] = { 0, 1, 3, 11, 15 };
	uint32_t fence = mock_reg(d, HVL_MMIO_REG_FENCE_ACK);
	unsigned int i, q;

	for (i = 0; i < 5; i++) {
		if (i == 3 && d->version == 1)
			continue;
		for (q = 0; i == 4 && q < d->dev.cfg.model->nqueues; q++) {
			struct mock_ring *r = &d->ring[q];

			mock_ring_init(r, &d->shm, mock_ring_off(d, q),
				       MOCK_NUM, 4096);
			mock_set(d, HVL_MMIO_REG_QUEUE_DESC_LOW,
				 (uint32_t)(MOCK_DA + r->desc));
			mock_set(d, HVL_MMIO_REG_QUEUE_DRIVER_LOW,
				 (uint32_t)(MOCK_DA + r->avail));
			mock_set(d, HVL_MMIO_REG_QUEUE_DEVICE_LOW,
				 (uint32_t)(MOCK_DA + r->used));
			mock_set(d, HVL_MMIO_REG_QUEUE_DESC_HIGH, 0);
			mock_set(d, HVL_MMIO_REG_QUEUE_DRIVER_HIGH, 0);
			mock_set(d, HVL_MMIO_REG_QUEUE_DEVICE_HIGH, 0);
			mock_set(d, HVL_MMIO_REG_FENCE_WHAT,
				 HVL_MMIO_FENCE_QUEUE);
			mock_set(d, HVL_MMIO_REG_FENCE_REQUEST, ++fence);
			if (d->version == 2)
				mock_set(d, HVL_MMIO_REG_QUEUE_READY, 1);
			mock_v1_queue_regs(d, q, MOCK_NUM, mock_pfn(d, q));
			fuzz_service(d);
			mock_set(d, HVL_MMIO_REG_QUEUE_PFN, mock_pfn(d, q));
		}
		mock_set(d, HVL_MMIO_REG_GUEST_PAGE_SIZE, 4096);
		mock_set(d, HVL_MMIO_REG_DRIVER_FEATURES_SEL, 1);
		mock_set(d, HVL_MMIO_REG_DRIVER_FEATURES, 1);
		mock_set(d, HVL_MMIO_REG_STATUS,
			 status[i] & (d->version == 1 ? 7u : 15u));
		mock_set(d, HVL_MMIO_REG_FENCE_WHAT,
			 HVL_MMIO_FENCE_STATUS | HVL_MMIO_FENCE_FEATURES);
		mock_set(d, HVL_MMIO_REG_FENCE_REQUEST, ++fence);
		fuzz_service(d);
	}
}

static void fuzz_register(struct mock_dev *d)
{
	uint32_t reg = (hostile_random() & 0x7f) * 4;

	mock_set(d, reg, hostile_plausible());
	mock_set(d, HVL_MMIO_REG_FENCE_REQUEST, hostile_random());
}

/* A chain that may be good, and the index that announces it. */
static void fuzz_chain(struct mock_dev *d)
{
	unsigned int q = hostile_random() % d->dev.cfg.model->nqueues;
	struct mock_ring *r = &d->ring[q];
	uint32_t i = hostile_random() % MOCK_NUM, k = hostile_random();
	uint32_t len = 1 + (hostile_random() & 0xfff);
	uint16_t flags = q == 0 ? VRING_DESC_F_WRITE : 0;

	if (r->num == 0)
		return;
	if ((k & 31) == 0)
		len = hostile_plausible();
	if ((k & 0x300) == 0)
		flags |= VRING_DESC_F_NEXT;
	if ((k & 0xfc00) == 0)
		flags = (uint16_t)(hostile_random() & 7);
	mock_desc(r, i, mock_buf_off(d) + (hostile_random() & 0x7fff), len,
		  flags, hostile_random() % MOCK_NUM);
	if ((k & 0x3f0000) == 0)
		hvl_io_write16(&d->shm, r->avail + 2,
			       (uint16_t)hostile_random());
	else
		r->avail_idx = d->dev.vq[q].avail_seen;
	mock_avail(r, i);
}

static void fuzz_step(struct mock_dev *d)
{
	uint32_t r = hostile_random() & 255;

	if (d->dev.broken || r == 0)
		fuzz_bring_up(d);
	else if (r < 4)
		fuzz_register(d);
	else
		fuzz_chain(d);
	fuzz_service(d);
}

/* The other thread: whole words anywhere in what belongs to both victims. */
struct scribbler {
	atomic_bool stop;
	pthread_t thread;
	unsigned int version;
};

static void scribble(const struct mock_dev *d, uint64_t r)
{
	uint32_t v = r & 1 ? (uint32_t)(r >> 20) : (uint32_t)(r >> 20) & 15;
	uint64_t off = mock_ring_off(d, 0) + (r >> 8) % 0x4000 * 4;

	if ((r >> 60) == 0)
		mock_set(d, (uint32_t)(r >> 8) % 128 * 4, v);
	else if ((r >> 60) < 8) /* descriptors and avail ring */
		hvl_io_write16(&d->shm,
			       mock_ring_off(d, r >> 59 & 1) +
				       off % 0x98 / 2 * 2,
			       (uint16_t)v);
	else
		hvl_io_write32(&d->shm, off, v);
}

static void *scribble_main(void *arg)
{
	struct scribbler *s = arg;
	uint64_t r = 20260522;

	while (!atomic_load_explicit(&s->stop, memory_order_relaxed)) {
		r = r * UINT64_C(6364136223846793005) + 1442695040888963407u;
		scribble(r >> 57 & 1 ? &hostile.victim : &netdev, r >> 1);
	}
	return NULL;
}

static int64_t fuzz_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

static void fuzz_race(struct hostile *h)
{
	struct scribbler s = { .stop = false };
	int64_t end = fuzz_now() + RACE_NS;

	assert_int_equal(pthread_create(&s.thread, NULL, scribble_main, &s), 0);
	while (fuzz_now() < end) {
		fuzz_step(&h->victim);
		fuzz_step(&netdev);
		hostile_round_trip(&h->witness);
	}
	atomic_store(&s.stop, true);
	pthread_join(s.thread, NULL);
}

static void driver_at_random(struct hostile *h)
{
	const struct hostile_job job = { .version = h->victim.version };
	unsigned int i;

	fuzz_net_init(&job);
	for (i = 0; i < STEPS; i++) {
		fuzz_step(&h->victim);
		fuzz_step(&netdev);
		if (i % 100 == 0)
			hostile_round_trip(&h->witness);
	}
	/* It came far enough to be worth it. */
	assert_true(h->victim.dev.stats.violations > 100);
	assert_true(h->victim.dev.stats.chains > 1000);
	assert_true(netdev.dev.stats.violations > 100);
	assert_true(net.stats.rx_frames > 1000);
	assert_true(net.stats.tx_frames > 1000);

	fuzz_race(h);
	mock_bring_up(&netdev);
	assert_true(netdev.dev.live);
	/* However much was wrong, the log has little of it. */
	assert_true(h->victim.log.lines < 100);
	assert_true(netdev.log.lines < 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HOSTILE_BOTH(driver_at_random, ANY),
	};

	return cmocka_run_group_tests_name("hostile_fuzz", tests, NULL, NULL);
}
