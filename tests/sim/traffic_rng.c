/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Entropy: the backing gives a known series of bytes, and the driver sees each
 * of them once and in order, whatever buffers it asks with. A host that dies
 * takes along what it had got and not given back: the next one goes on behind
 * it, and the driver sees the series go on there.
 */
#include "traffic.h"

#include <errno.h>

#include <hvl/wire/rng.h>

#define BUF 128u

/* A request: private memory, or a piece of the pool. */
struct request {
	uint8_t priv[BUF];
	uint64_t off;
	uint32_t len;
	bool in_place;
	bool out;
};

static struct request requests[TRAFFIC_RNG_BUFS];

/*
 * Where in the series the driver may be. A few bytes may be right in several
 * places: which one it is turns out later.
 */
struct place {
	uint64_t at[TRAFFIC_CUTS];
	uint32_t n;
};

static uint8_t series_byte(uint64_t n)
{
	return (uint8_t)((uint32_t)n * 2654435761u >> 24);
}

/* ---- device side ------------------------------------------------------ */

static int rng_backing_read(void *ctx, void *buf, uint32_t len)
{
	struct traffic *t = ctx;
	struct hvl_io io = { .va = buf, .size = len };
	uint8_t bytes[BUF];
	uint32_t i;

	if (sim_random(16) == 0) {
		t->news = true; /* there will be some soon */
		return -EAGAIN;
	}
	if (len > sizeof(bytes))
		len = sizeof(bytes);
	if (sim_random(4) == 0)
		len = 1 + sim_random(len);
	for (i = 0; i < len; i++)
		bytes[i] = series_byte(t->served + i);
	hvl_io_write_block(&io, 0, bytes, len);
	t->served += len;
	return (int)len;
}

static uint32_t rng_fill(const struct hvl_chain *c)
{
	struct traffic *t = &traffic;
	uint8_t bytes[BUF];
	uint32_t len = 1 + sim_random((uint32_t)c->write_len), i;

	for (i = 0; i < len; i++)
		bytes[i] = series_byte(t->served + i);
	t->served += len;
	return hvl_chain_copy_to(c, 0, bytes, len);
}

/* The model's, but for several at once. */
static int rng_process_many(struct hvl_dev *dev, uint16_t queue,
			    unsigned int budget)
{
	struct hvl_chain chains[TRAFFIC_RNG_BUFS];
	struct hvl_seg segs[TRAFFIC_RNG_BUFS];
	uint32_t lens[TRAFFIC_RNG_BUFS];
	unsigned int n = 1 + sim_random(TRAFFIC_RNG_BUFS);
	int i, rc;

	if (n > budget)
		n = budget;
	for (i = 0; i < (int)TRAFFIC_RNG_BUFS; i++)
		chains[i] =
			(struct hvl_chain){ .nseg_max = 1, .seg = &segs[i] };
	rc = hvl_dev_vq_pop_many(&dev->vq[queue], chains, (uint16_t)n);
	if (rc <= 0)
		return rc;
	for (i = 0; i < rc; i++)
		lens[i] = rng_fill(&chains[i]);
	hvl_dev_vq_push_many(&dev->vq[queue], chains, lens, (uint16_t)rc);
	/* There may be more: be asked again. */
	return (int)budget;
}

const struct hvl_dev_model *traffic_rng_device(void)
{
	struct hvl_dev_rng_backing backing = { rng_backing_read, &traffic };

	hvl_dev_rng_init(&traffic.rng_model, &backing);
	if (!traffic.many)
		return &hvl_dev_rng_model;
	traffic.many_model = hvl_dev_rng_model;
	traffic.many_model.process = rng_process_many;
	return &traffic.many_model;
}

void traffic_rng_reborn(void)
{
	struct traffic *t = &traffic;

	t->cut[t->cuts++ % TRAFFIC_CUTS] = t->served;
}

/* ---- driver side ------------------------------------------------------ */

/* Where it is in place, whole lines where there are lines. */
static uint32_t rng_request_len(const struct request *r)
{
	uint32_t line = traffic.plat.cache_line;

	if (!r->in_place || line <= 1)
		return 1 + sim_random(BUF);
	return line * (1 + sim_random(BUF / line));
}

static void *rng_request_buf(struct request *r)
{
	uint8_t junk[BUF];
	uint32_t i;

	if (!r->in_place)
		return r->priv;
	/* Dirty lines that must not come after what the device writes. */
	for (i = 0; i < BUF; i++)
		junk[i] = (uint8_t)sim_random(256);
	hvl_io_write_block(&traffic.pool.io, r->off, junk, BUF);
	return hvl_io_va(&traffic.pool.io, r->off);
}

static bool rng_matches(const uint8_t *bytes, uint32_t len, uint64_t first)
{
	uint32_t i = 0;

	while (i < len && bytes[i] == series_byte(first + i))
		i++;
	return i == len;
}

/* A place that goes on at @first goes on behind it. */
static void place_try(struct place *p, const uint8_t *bytes, uint32_t len,
		      uint64_t first)
{
	uint32_t i;

	if (!rng_matches(bytes, len, first))
		return;
	for (i = 0; i < p->n; i++) {
		if (p->at[i] == first + len)
			return;
	}
	if (p->n < TRAFFIC_CUTS)
		p->at[p->n++] = first + len;
}

/* What comes next, in one of the places that are left. */
static void place_check(struct place *p, const uint8_t *bytes, uint32_t len)
{
	struct place was = *p;
	uint64_t least = was.at[0];
	uint32_t i;

	p->n = 0;
	for (i = 0; i < was.n; i++) {
		place_try(p, bytes, len, was.at[i]);
		least = was.at[i] < least ? was.at[i] : least;
	}
	for (i = 0; i < TRAFFIC_CUTS && i < traffic.cuts; i++) {
		if (traffic.cut[i] > least)
			place_try(p, bytes, len, traffic.cut[i]);
	}
	if (p->n == 0)
		sim_fail("rng: byte %llu is wrong, or one behind it",
			 (unsigned long long)least);
}

static void rng_check(struct request *r, struct place *p, uint32_t len)
{
	uint8_t bytes[BUF];

	if (len > r->len)
		sim_fail("rng: %u bytes for %u", (unsigned int)len,
			 (unsigned int)r->len);
	if (r->in_place)
		hvl_io_read_block(&traffic.pool.io, r->off, bytes, len);
	place_check(p, r->in_place ? bytes : r->priv, len);
}

/* Return: whether it was free. */
static bool rng_request(struct hvl_drv_buf *buf)
{
	struct request *r = &requests[sim_random(TRAFFIC_RNG_BUFS)];

	if (r->out)
		return false;
	r->in_place = sim_random(2) == 0;
	r->len = rng_request_len(r);
	*buf = (struct hvl_drv_buf){ r, rng_request_buf(r), r->len };
	r->out = true;
	return true;
}

static bool rng_submit(void)
{
	struct hvl_drv_buf buf;
	int err;

	if (!rng_request(&buf))
		return false;
	err = hvl_drv_rng_submit(&traffic.rng, buf.va, buf.len, buf.cookie);
	if (err)
		traffic_error("rng: submit", err);
	return true;
}

/* Return: how many of @n there were to ask with. */
static uint32_t rng_submit_many(uint32_t n)
{
	struct hvl_drv_vq *vq = &traffic.rng.vq;
	struct hvl_drv_buf bufs[TRAFFIC_RNG_BUFS];
	uint32_t count = 0;
	int done;

	while (n-- != 0)
		count += rng_request(&bufs[count]);
	done = hvl_drv_vq_add_many(vq, bufs, (uint16_t)count, true);
	if (done != (int)count)
		traffic_error("rng: add_many", done);
	hvl_drv_dev_kick(&traffic.drv, HVL_RNG_QUEUE_REQUEST, vq);
	return count;
}

static void rng_answer(struct request *r, uint32_t len, struct place *place)
{
	if (!r->out)
		sim_fail("rng: answered twice");
	r->out = false;
	rng_check(r, place, len);
}

/* Take one that is finished, or several. Return: how many there were. */
static uint32_t rng_take(struct place *place)
{
	struct hvl_drv_used used[TRAFFIC_RNG_BUFS];
	int i, ret;

	if (traffic.many)
		ret = hvl_drv_vq_get_many(
			&traffic.rng.vq, used,
			(uint16_t)(1 + sim_random(TRAFFIC_RNG_BUFS)));
	else
		ret = hvl_drv_rng_poll(&traffic.rng, &used->cookie, &used->len);
	if (ret < 0)
		traffic_error("rng: poll", ret);
	for (i = 0; i < ret; i++)
		rng_answer(used[i].cookie, used[i].len, place);
	return (uint32_t)ret;
}

/* One that waits, with nothing else out. */
static void rng_read(struct place *place)
{
	struct request *r = &requests[0];
	int ret;

	r->in_place = sim_random(2) == 0;
	r->len = rng_request_len(r);
	ret = hvl_drv_rng_read(&traffic.rng, rng_request_buf(r), r->len);
	if (ret <= 0)
		traffic_error("rng: read", ret);
	rng_check(r, place, (uint32_t)ret);
}

static void rng_burst(struct place *place)
{
	uint64_t since = sim_now_us();
	uint32_t n = 1 + sim_random(TRAFFIC_RNG_BUFS), out = 0, got;

	if (traffic.many)
		out = rng_submit_many(n);
	while (!traffic.many && n-- != 0)
		out += rng_submit();
	while (out != 0) {
		got = rng_take(place);
		out -= got;
		if (got != 0) {
			since = sim_now_us();
			continue;
		}
		traffic_check_stall(since, "rng");
		(void)traffic_wait();
	}
}

static void rng_buffers(bool take)
{
	uint32_t i;

	for (i = 0; i < TRAFFIC_RNG_BUFS; i++) {
		requests[i].out = false;
		if (!take)
			hvl_drv_pool_free(&traffic.pool, requests[i].off, BUF);
		else if (hvl_drv_pool_alloc(&traffic.pool, BUF, 0,
					    &requests[i].off) != 0)
			sim_fail("rng: no buffer");
	}
}

void traffic_rng_life(void)
{
	struct traffic *t = &traffic;
	uint32_t n = traffic_requests(), i;
	struct place place;
	int err;

	rng_buffers(true);
	err = hvl_drv_rng_start(&t->rng, &t->drv, &t->pool);
	if (err)
		traffic_error("rng: start", err);
	if (hvl_drv_dev_has(&t->drv, VIRTIO_F_RING_PACKED) != t->cfg->packed)
		sim_fail("rng: not the ring that was asked for");
	place = (struct place){ .at = { t->served }, .n = 1 };
	for (i = 0; i < n; i++) {
		if (sim_random(3) == 0)
			rng_read(&place);
		else
			rng_burst(&place);
	}
	/* Some lives end with requests out, some with a broken device. */
	for (i = sim_random(4); i != 0; i--)
		(void)rng_submit();
	if (sim_random(3) == 0)
		traffic_break(&t->rng.vq, 0);
	err = hvl_drv_rng_stop(&t->rng);
	if (err)
		traffic_error("rng: stop", err);
	rng_buffers(false);
}
