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
	unsigned int step; /* buffers that are worth going to a ring for */
	uint64_t expect;   /* number of the next frame to come */
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
	d->step = b->batch < b->num / 4 ? b->batch : b->num / 4 | 1;
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
	struct hvl_drv_used used[NET_BATCH_MAX];
	int n;

	if (most > d->b->batch)
		most = d->b->batch;
	n = hvl_drv_vq_get_many(&d->vq[queue], used, (uint16_t)most);
	bench_check(n, "driver");
	for (int i = 0; i < n; i++) {
		if (queue == NET_RX &&
		    used[i].len != d->b->size + HVL_NET_HDR_SIZE)
			bench_die(1, "a frame of %u bytes",
				  (unsigned int)used[i].len);
		bufs[i] = used[i].cookie;
	}
	d->out[queue] -= (unsigned int)n;
	return (unsigned int)n;
}

/* Offer @n buffers, no more than there is room for. */
static void drv_add(struct net_drv *d, unsigned int queue, void *const *bufs,
		    unsigned int n)
{
	struct hvl_drv_buf many[NET_BATCH_MAX];
	struct hvl_drv_vq *vq = &d->vq[queue];
	bool tx = queue == NET_TX;

	if (n == 0)
		return;
	for (unsigned int i = 0; i < n; i++)
		many[i] = (struct hvl_drv_buf){
			.cookie = bufs[i],
			.va = bufs[i],
			.len = tx ? d->b->size + HVL_NET_HDR_SIZE :
				    d->b->stride,
		};
	if (hvl_drv_vq_add_many(vq, many, (uint16_t)n, !tx) != (int)n)
		bench_die(1, "driver: the ring takes fewer than %u", n);
	d->out[queue] += n;
	d->count->notified += hvl_drv_vq_kick(vq);
}

/*
 * Keep the receive queue full, in steps: the device is not shown a buffer as
 * soon as there is one, or it would come back as soon, and so on.
 */
static void drv_post(struct net_drv *d)
{
	unsigned int n;

	for (;;) {
		n = drv_room(d, NET_RX);
		if (n > d->nfree)
			n = d->nfree;
		if (n < d->step)
			return;
		if (n > d->b->batch)
			n = d->b->batch;
		d->nfree -= n;
		drv_add(d, NET_RX, d->free + d->nfree, n);
	}
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
	unsigned int n = d->b->batch < d->nfree ? d->b->batch : d->nfree;
	void *const *bufs = d->free + d->nfree - n;

	for (unsigned int i = 0; i < n; i++)
		HVL_PORT_PREFETCH_WRITE(bufs[i]);
	for (unsigned int i = 0; i < n; i++)
		net_fill(d->b, bufs[i], d->sent++);
	d->nfree -= n;
	drv_add(d, NET_TX, bufs, n);
}

static void drv_source(struct net_drv *d)
{
	while (!net_stopped(d->b)) {
		if (d->nfree >= d->step) {
			drv_generate(d);
			continue;
		}
		d->count->polls++;
		d->count->polls_idle += drv_reclaim(d) == 0;
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
		if (drv_room(d, NET_TX) < d->step)
			(void)drv_reclaim(d);
		n = drv_receive(d, bufs, drv_room(d, NET_TX));
		for (unsigned int i = 0; i < n; i++)
			drv_clear_header(bufs[i]);
		drv_add(d, NET_TX, bufs, n);
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
