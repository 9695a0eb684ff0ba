/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The driver's side of bench_net: header and frame lie in one buffer of the
 * shared memory, as the network driver has them with VERSION_1.
 */
#include <stdlib.h>

#include <hvl/driver/vq.h>

#include "bench_net.h"

struct net_drv {
	struct net_bench *b;
	struct bench_pool pool;
	struct hvl_drv_vq vq[NET_QUEUES];
	struct net_count *count;
	unsigned int out[NET_QUEUES]; /* buffers that the device has */
	void **free; /* buffers of nobody: last in, first out */
	unsigned int nfree;
	uint64_t expect; /* number of the next frame to come */
	uint64_t sent;
};

static void drv_queue(struct net_drv *d, unsigned int queue)
{
	struct net_bench *b = d->b;
	struct hvl_drv_vq *vq = &d->vq[queue];
	struct hvl_drv_vq_config cfg = {
		.num = (uint16_t)b->num,
		.align = BENCH_LINE,
		.features = b->features,
		.pool = &d->pool.pool,
		.slots = calloc(b->num, sizeof(*cfg.slots)),
		.own_lines = true,
	};

	if (!cfg.slots)
		bench_die(1, "out of memory");
	bench_check(hvl_drv_vq_init(vq, &cfg), "driver's queue");
	hvl_drv_vq_irq_off(vq);
	bench_word_set(&b->shared->ring[queue][0], hvl_drv_vq_desc_da(vq));
	bench_word_set(&b->shared->ring[queue][1], hvl_drv_vq_avail_da(vq));
	bench_word_set(&b->shared->ring[queue][2], hvl_drv_vq_used_da(vq));
}

static void drv_init(struct net_drv *d, struct net_bench *b)
{
	unsigned int nbufs = b->mode == NET_IO ? 2 * b->num : b->num;
	uint64_t off;

	*d = (struct net_drv){ .b = b };
	d->count = &b->shared->count[BENCH_DRIVER];
	bench_pool_init(&d->pool, &b->shm);
	drv_queue(d, NET_RX);
	drv_queue(d, NET_TX);
	d->free = calloc(nbufs, sizeof(*d->free));
	if (!d->free)
		bench_die(1, "out of memory");
	while (d->nfree < nbufs) {
		bench_check(
			hvl_drv_pool_alloc(&d->pool.pool, b->stride, 0, &off),
			"buffers");
		d->free[d->nfree++] = hvl_io_va(&b->shm, off);
	}
}

static unsigned int drv_room(const struct net_drv *d, unsigned int queue)
{
	return d->b->num - d->out[queue];
}

/* Take up to @most, and a batch, back. Return: how many, in @bufs. */
static unsigned int drv_take(struct net_drv *d, unsigned int queue, void **bufs,
			     unsigned int most)
{
	unsigned int n = 0;
	uint32_t len;
	int rc = 1;

	if (most > d->b->batch)
		most = d->b->batch;
	while (n < most) {
		rc = hvl_drv_vq_get(&d->vq[queue], &bufs[n], &len);
		if (rc <= 0)
			break;
		if (queue == NET_RX && len != d->b->size + HVL_NET_HDR_SIZE)
			bench_die(1, "a frame of %u bytes", (unsigned int)len);
		n++;
	}
	bench_check(rc, "driver");
	d->out[queue] -= n;
	return n;
}

static void drv_kick(struct net_drv *d, unsigned int queue)
{
	d->count->notified += hvl_drv_vq_kick(&d->vq[queue]);
}

static void drv_add(struct net_drv *d, unsigned int queue, void *buf)
{
	bool tx = queue == NET_TX;
	struct hvl_drv_seg seg = {
		.va = buf,
		.len = tx ? d->b->size + HVL_NET_HDR_SIZE : d->b->stride,
	};

	bench_check(hvl_drv_vq_add(&d->vq[queue], &seg, tx, !tx, buf),
		    "driver");
	d->out[queue]++;
}

/* Keep the receive queue full. */
static void drv_post(struct net_drv *d)
{
	unsigned int n;

	for (n = 0; d->nfree != 0 && drv_room(d, NET_RX) != 0; n++)
		drv_add(d, NET_RX, d->free[--d->nfree]);
	if (n != 0)
		drv_kick(d, NET_RX);
}

static void drv_release(struct net_drv *d, void *const *bufs, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		d->free[d->nfree++] = bufs[i];
}

/* What was sent and is used: its buffers are free again. */
static unsigned int drv_reclaim(struct net_drv *d)
{
	void *bufs[NET_BATCH_MAX];
	unsigned int n = drv_take(d, NET_TX, bufs, d->b->batch);

	drv_release(d, bufs, n);
	return n;
}

/* Frames that came, checked; no more than @most. */
static unsigned int drv_receive(struct net_drv *d, void **bufs,
				unsigned int most)
{
	unsigned int n = drv_take(d, NET_RX, bufs, most);

	d->count->polls++;
	d->count->polls_idle += n == 0;
	for (unsigned int i = 0; d->b->check && i < n; i++)
		net_verify(d->b, bufs[i], d->expect + i);
	d->expect += n;
	return n;
}

static void drv_generate(struct net_drv *d)
{
	unsigned int n;

	for (n = 0; n < d->b->batch && d->nfree != 0; n++) {
		void *buf = d->free[--d->nfree];

		net_fill(d->b, buf, d->sent++);
		drv_add(d, NET_TX, buf);
	}
	if (n != 0)
		drv_kick(d, NET_TX);
}

static void drv_source(struct net_drv *d)
{
	while (!net_stopped(d->b)) {
		d->count->polls++;
		d->count->polls_idle += drv_reclaim(d) == 0;
		drv_generate(d);
	}
	bench_word_set(&d->b->shared->sent, d->sent + 1);
	while (!net_done(d->b))
		(void)drv_reclaim(d);
}

static void drv_sink(struct net_drv *d)
{
	struct bench_word *sent = &d->b->shared->sent;
	void *bufs[NET_BATCH_MAX];
	struct net_clock clock;
	unsigned int n;

	net_clock_start(&clock, d->b, BENCH_DRIVER);
	while (clock.phase < 2 || bench_word_get(sent) != d->expect + 1) {
		n = drv_receive(d, bufs, d->b->batch);
		d->count->total += n;
		drv_release(d, bufs, n);
		drv_post(d);
		net_clock_look(&clock);
	}
	bench_word_set(&d->b->shared->done, 1);
}

/* §5.1.6.2: num_buffers of a frame to send is 0; it was 1 on receipt. */
static void drv_clear_header(unsigned char *buf)
{
	for (unsigned int i = 0; i < HVL_NET_HDR_SIZE; i++)
		buf[i] = 0;
}

static void drv_forward(struct net_drv *d)
{
	void *bufs[NET_BATCH_MAX];
	unsigned int n;

	while (!net_done(d->b)) {
		n = drv_receive(d, bufs, drv_room(d, NET_TX));
		for (unsigned int i = 0; i < n; i++) {
			drv_clear_header(bufs[i]);
			drv_add(d, NET_TX, bufs[i]);
		}
		if (n != 0)
			drv_kick(d, NET_TX);
		(void)drv_reclaim(d);
		drv_post(d);
	}
}

void net_driver(struct net_bench *b)
{
	static struct net_drv d;

	drv_init(&d, b);
	if (b->mode != NET_DRV2DEV)
		drv_post(&d);
	bench_pair_meet(b->pair, BENCH_DRIVER);
	if (b->mode == NET_DRV2DEV)
		drv_source(&d);
	else if (b->mode == NET_DEV2DRV)
		drv_sink(&d);
	else
		drv_forward(&d);
}
