/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device's side of bench_net: every frame is copied out of, or into, the
 * shared memory, as a back-end must that hands it on.
 */
#include <hvl/device/vq.h>

#include "bench_net.h"

#define DEV_BUF_SIZE 1600u

struct net_dev {
	struct net_bench *b;
	struct hvl_dev_vq vq[NET_QUEUES];
	struct net_count *count;
	unsigned int buf; /* next one */
	uint64_t expect;  /* number of the next frame to come */
	uint64_t sent;
	struct hvl_chain chains[NET_BATCH_MAX];
	struct hvl_seg segs[NET_BATCH_MAX][2];
	_Alignas(64) unsigned char bufs[NET_BUFS_MAX][DEV_BUF_SIZE];
};

_Static_assert(DEV_BUF_SIZE >= NET_SIZE_MAX + HVL_NET_HDR_SIZE, "buffers");

static void dev_queue(struct net_dev *d, unsigned int queue)
{
	struct net_bench *b = d->b;
	struct hvl_dev_vq_config cfg = {
		.shm = &b->shm,
		.name = "net",
		.index = (uint16_t)queue,
		.num = b->num,
		.num_max = b->num,
		.desc = bench_word_get(&b->shared->ring[queue][0]),
		.avail = bench_word_get(&b->shared->ring[queue][1]),
		.used = bench_word_get(&b->shared->ring[queue][2]),
		.features = b->features,
	};

	bench_check(hvl_dev_vq_start(&d->vq[queue], &cfg), "device's queue");
	hvl_dev_vq_notify_off(&d->vq[queue]);
}

static unsigned char *dev_next_buf(struct net_dev *d)
{
	return d->bufs[d->buf++ & (d->b->bufs - 1)];
}

/* Up to @n chains of one queue, in d->chains. */
static unsigned int dev_pop(struct net_dev *d, unsigned int queue,
			    unsigned int n)
{
	int rc = hvl_dev_vq_pop_many(&d->vq[queue], d->chains, (uint16_t)n);

	bench_check(rc, "device");
	return (unsigned int)rc;
}

/* Give back the first @n of d->chains, of which @lens were written. */
static void dev_push(struct net_dev *d, unsigned int queue,
		     const uint32_t *lens, unsigned int n)
{
	struct hvl_dev_vq *vq = &d->vq[queue];

	if (n == 0)
		return;
	hvl_dev_vq_push_many(vq, d->chains, lens, (uint16_t)n);
	d->count->notified += hvl_dev_vq_flush(vq);
}

/* Copy out, give back, drop. */
static unsigned int dev_receive(struct net_dev *d)
{
	uint32_t len = d->b->size + HVL_NET_HDR_SIZE;
	unsigned int n = dev_pop(d, NET_TX, d->b->batch), i;

	for (i = 0; i < n; i++) {
		const struct hvl_chain *chain = &d->chains[i];
		unsigned char *buf = dev_next_buf(d);

		if (chain->read_len != len ||
		    hvl_chain_copy_from(chain, 0, buf, len) != len)
			bench_die(1, "a chain of %llu bytes",
				  (unsigned long long)chain->read_len);
		if (d->b->check)
			net_verify(d->b, buf, d->expect);
		d->expect++;
	}
	dev_push(d, NET_TX, NULL, n);
	d->count->polls++;
	d->count->polls_idle += n == 0;
	return n;
}

/* Copy a frame in. Return: its bytes. */
static uint32_t dev_send(const struct net_dev *d, const struct hvl_chain *chain,
			 const unsigned char *buf)
{
	uint32_t len = d->b->size + HVL_NET_HDR_SIZE;

	if (hvl_chain_copy_to(chain, 0, buf, len) != len)
		bench_die(1, "a buffer of %llu bytes",
			  (unsigned long long)chain->write_len);
	return len;
}

/*
 * In mode io frames go round: the next buffer has one that came back. Only when
 * each is looked into is it a new one.
 */
static bool dev_makes(const struct net_dev *d)
{
	return d->b->mode != NET_IO || d->b->check || d->sent < d->b->bufs;
}

/* Copy up to @room frames in. Return: how many found a buffer. */
static unsigned int dev_generate(struct net_dev *d, unsigned int room)
{
	unsigned char *bufs[NET_BATCH_MAX];
	uint32_t lens[NET_BATCH_MAX];
	unsigned int n, i;

	if (room > d->b->batch)
		room = d->b->batch;
	if (room > d->b->bufs)
		room = d->b->bufs;
	n = dev_pop(d, NET_RX, room);
	for (i = 0; i < n; i++) {
		bufs[i] = dev_next_buf(d);
		if (dev_makes(d))
			net_fill(d->b, bufs[i], d->sent);
		d->sent++;
		bufs[i][offsetof(struct hvl_net_hdr, num_buffers)] = 1;
	}
	for (i = 0; i < n; i++)
		lens[i] = dev_send(d, &d->chains[i], bufs[i]);
	dev_push(d, NET_RX, lens, n);
	return n;
}

static void dev_source(struct net_dev *d)
{
	while (!net_stopped(d->b)) {
		d->count->polls++;
		d->count->polls_idle += dev_generate(d, d->b->batch) == 0;
	}
	bench_word_set(&d->b->shared->sent, d->sent + 1);
	while (!net_done(d->b))
		bench_relax();
}

/* Mode io generates too, up to --inflight frames that are under way. */
static void dev_sink(struct net_dev *d)
{
	struct bench_word *sent = &d->b->shared->sent;
	bool io = d->b->mode == NET_IO;
	unsigned int limit = d->b->inflight ? d->b->inflight : UINT32_MAX;
	struct net_clock clock;
	unsigned int room;

	net_clock_start(&clock, d->b, BENCH_DEVICE);
	while (clock.phase < 2 ||
	       (io ? d->sent + 1 : bench_word_get(sent)) != d->expect + 1) {
		room = limit - (unsigned int)(d->sent - d->expect);
		if (io && clock.phase < 2 && room != 0)
			(void)dev_generate(d, room);
		d->count->total += dev_receive(d);
		net_clock_look(&clock);
	}
	bench_word_set(&d->b->shared->done, 1);
}

void net_device(struct net_bench *b)
{
	static struct net_dev d;

	d.b = b;
	d.count = &b->shared->count[BENCH_DEVICE];
	for (unsigned int i = 0; i < NET_BATCH_MAX; i++)
		d.chains[i] =
			(struct hvl_chain){ .nseg_max = 2, .seg = d.segs[i] };
	bench_pair_meet(b->pair, BENCH_DEVICE);
	dev_queue(&d, NET_RX);
	dev_queue(&d, NET_TX);
	if (b->mode == NET_DEV2DRV)
		dev_source(&d);
	else
		dev_sink(&d);
}
