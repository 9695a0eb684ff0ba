/* SPDX-License-Identifier: BSD-3-Clause */
/* Both sides of the shared memory in one process: see loop.h. */
#include "loop.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <hvl/metal/time.h>
#include <hvl/wire/mmio.h>

/* cmocka wants these four before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define LOOP_DEADLINE_US (20u * 1000000u) /* without any progress */
#define LOOP_BUDGET 64u

/* ---- main side -------------------------------------------------------- */

static int loop_entropy(void *ctx, void *buf, uint32_t len)
{
	struct loop *l = ctx;
	uint8_t *p = buf;

	for (uint32_t i = 0; i < len; i++)
		p[i] = l->entropy++;
	return (int)len;
}

static int loop_send(void *ctx, const struct hvl_seg *seg, unsigned int n,
		     uint32_t len)
{
	struct loop_mirror *m = &((struct loop *)ctx)->mirror;
	unsigned int at = (m->head + m->count) % HVL_ARRAY_SIZE(m->frames);
	uint32_t done = 0;

	if (m->closed || m->count == HVL_ARRAY_SIZE(m->frames))
		return -EAGAIN;
	assert_true(len <= sizeof(m->frames[at].data));
	for (unsigned int i = 0; i < n; i++) {
		memcpy(m->frames[at].data + done, seg[i].va, seg[i].len);
		done += seg[i].len;
	}
	assert_int_equal(done, len);
	m->frames[at].len = len;
	m->again |= m->last != 0 &&
		    loop_frame_number(m->frames[at].data) <= m->last;
	m->last = loop_frame_number(m->frames[at].data);
	m->count++;
	m->news = true;
	return 0;
}

static int loop_recv(void *ctx, const struct hvl_seg *seg, unsigned int n,
		     uint32_t room)
{
	struct loop_mirror *m = &((struct loop *)ctx)->mirror;
	unsigned int at = m->head;
	uint32_t done = 0, len, part;

	if (m->count == 0)
		return -EAGAIN;
	m->head = (m->head + 1) % HVL_ARRAY_SIZE(m->frames);
	m->count--;
	m->news = true;
	len = m->frames[at].len;
	if (len > room)
		return -EMSGSIZE;
	for (unsigned int i = 0; i < n && done < len; i++) {
		part = seg[i].len < len - done ? seg[i].len : len - done;
		memcpy(seg[i].va, m->frames[at].data + done, part);
		done += part;
	}
	return (int)len;
}

static void loop_event(void *ctx, struct hvl_dev *dev, enum hvl_dev_event ev)
{
	(void)dev;
	if (ev == HVL_DEV_EVENT_BROKEN)
		((struct loop *)ctx)->broken_events++;
}

static void loop_ring_remote(struct loop *l)
{
	if (l->lose > 0) {
		l->lose--;
		return;
	}
	if (l->opt.threaded)
		(void)eventfd_write(l->remote_fd, 1);
	else
		l->to_remote = true;
}

static bool loop_pass(struct loop *l)
{
	unsigned int wants = 0;

	l->mirror.news = false;
	for (unsigned int i = 0; i < LOOP_DEVICES; i++)
		wants |= l->serve ? l->serve(l, i, LOOP_BUDGET) :
				    hvl_dev_service(&l->dev[i], LOOP_BUDGET);
	if ((wants & HVL_DEV_RING) != 0)
		loop_ring_remote(l);
	/* A backing that has news brings its device back, as a tap would. */
	return (wants & HVL_DEV_MORE) != 0 || l->mirror.news;
}

void loop_service(struct loop *l)
{
	unsigned int passes = 0;

	if (l->deaf)
		return;
	/* A driver on a thread of its own may keep us busy as long as it
	 * likes; and an assertion that fails here would end the test without
	 * a word. */
	while (loop_pass(l))
		assert_true(l->opt.threaded || passes++ < 1000);
}

static void *loop_main(void *arg)
{
	struct loop *l = arg;
	struct pollfd p = { .fd = l->main_fd, .events = POLLIN };
	eventfd_t count;

	while (!atomic_load(&l->stop)) {
		if (poll(&p, 1, LOOP_RECHECK_US / 1000) > 0)
			(void)eventfd_read(l->main_fd, &count);
		loop_service(l);
	}
	return NULL;
}

static uint64_t loop_main_now(void *ctx)
{
	struct loop *l = ctx;

	return l->opt.threaded ? hvl_time_us() : l->now_us;
}

/* Two records in turn, each with its positions: one is always whole. */
static uint32_t *loop_record(void *ctx, const struct hvl_dev_saved *saved)
{
	struct loop_kept *k = ctx;
	uint32_t next = k->newest ^ 1u;

	k->rec[next] = *saved;
	for (unsigned int q = 0; q < HVL_DEV_QUEUES_MAX; q++)
		k->taken[next][q] = saved->queue[q].taken;
	HVL_PORT_STORE(&k->newest, next);
	return k->taken[next];
}

void loop_saved(const struct loop *l, unsigned int device,
		struct hvl_dev_saved *saved)
{
	const struct loop_kept *k = &l->kept[device];

	*saved = k->rec[k->newest];
	for (unsigned int q = 0; q < HVL_DEV_QUEUES_MAX; q++)
		saved->queue[q].taken = k->taken[k->newest][q];
}

void loop_reborn(struct loop *l, unsigned int device)
{
	struct hvl_dev_config cfg = l->dev[device].cfg;
	const struct hvl_dev_transport *tr = l->dev[device].tr;

	assert_int_equal(hvl_dev_init(&l->dev[device], &cfg, tr), 0);
}

static void loop_init_device(struct loop *l, unsigned int i,
			     const struct hvl_dev_model *model, void *priv,
			     uint64_t region, uint64_t size)
{
	struct hvl_dev_config cfg = {
		.name = model->type,
		.model = model,
		.priv = priv,
		.shm = &l->shm,
		.regs = &l->regs[i],
		.region_da = LOOP_SHM_DA + region,
		.region_size = size,
		.features_off = l->opt.features_off,
		.features_on = l->opt.features_on,
		.queue_max = l->opt.queue_max,
		.event = loop_event,
		.event_ctx = l,
		.segs = l->segs,
		.now_us = loop_main_now,
		.now_ctx = l,
		.journal = &l->kept[i].journal,
	};

	l->kept[i].journal =
		(struct hvl_dev_journal){ loop_record, &l->kept[i] };
	assert_true(hvl_io_sub(&l->shm, i * HVL_MMIO_BLOCK_SIZE,
			       HVL_MMIO_BLOCK_SIZE, &l->regs[i]));
	assert_int_equal(hvl_dev_init(&l->dev[i], &cfg,
				      l->opt.version == 1 ? &hvl_dev_mmio_v1 :
							    &hvl_dev_mmio_v2),
			 0);
	hvl_dev_publish(&l->dev[i]);
}

/* Version 1 has one region for all, as the static layout does. */
static void loop_init_main(struct loop *l)
{
	static const uint8_t mac[6] = { 2, 0x68, 0x76, 0x6c, 0, 2 };
	uint64_t half = (LOOP_SHM_SIZE - LOOP_REGIONS) / 2 & ~UINT64_C(4095);
	bool shared = l->opt.version == 1;

	hvl_dev_rng_init(&l->rng_model,
			 &(struct hvl_dev_rng_backing){ loop_entropy, l });
	hvl_dev_net_init(
		&l->net_model,
		&(struct hvl_dev_net_backing){ loop_send, loop_recv, l }, mac,
		1500);
	loop_init_device(l, LOOP_RNG, &hvl_dev_rng_model, &l->rng_model,
			 LOOP_REGIONS,
			 shared ? LOOP_SHM_SIZE - LOOP_REGIONS : half);
	loop_init_device(l, LOOP_NET, &hvl_dev_net_model, &l->net_model,
			 LOOP_REGIONS + (shared ? 0 : half),
			 shared ? LOOP_SHM_SIZE - LOOP_REGIONS : half);
}

/* ---- remote side ------------------------------------------------------ */

static uint64_t loop_now(void *ctx)
{
	struct loop *l = ctx;

	if (l->opt.threaded)
		return hvl_time_us();
	/* A driver that spins waits for another processor: let it run. */
	if (++l->now_us % 64 == 0 && l->opt.polling)
		loop_service(l);
	return l->now_us;
}

static void loop_ring_main(void *ctx)
{
	struct loop *l = ctx;

	l->rings++;
	if (l->lose > 0) {
		l->lose--;
		return;
	}
	if (l->opt.threaded)
		(void)eventfd_write(l->main_fd, 1);
	else
		l->to_main = true;
}

static void loop_wait_threaded(struct loop *l, uint64_t until_us)
{
	struct pollfd p = { .fd = l->remote_fd, .events = POLLIN };
	uint64_t now = hvl_time_us();
	eventfd_t count;
	int ms = until_us > now ? (int)((until_us - now + 999) / 1000) : 0;

	if (poll(&p, 1, ms) > 0)
		(void)eventfd_read(l->remote_fd, &count);
}

/* One thread: time passes up to the next thing that happens. */
static void loop_wait_until(void *ctx, uint64_t until_us)
{
	struct loop *l = ctx;

	if (l->opt.threaded) {
		loop_wait_threaded(l, until_us);
		return;
	}
	while (!l->to_remote && l->now_us < until_us) {
		if (l->to_main && !l->deaf) {
			l->to_main = false;
			loop_service(l);
			continue;
		}
		if (l->recheck_us > until_us) {
			l->now_us = until_us;
			break;
		}
		if (l->now_us < l->recheck_us)
			l->now_us = l->recheck_us;
		l->recheck_us = l->now_us + LOOP_RECHECK_US;
		loop_service(l);
	}
	l->to_remote = false;
}

void loop_wait(struct loop *l)
{
	loop_wait_until(l, loop_now(l) + LOOP_RECHECK_US);
	for (unsigned int i = 0; i < LOOP_DEVICES; i++)
		(void)hvl_drv_dev_events(&l->drv[i]);
}

struct hvl_drv_pool *loop_pool(struct loop *l, unsigned int device)
{
	return &l->pool[l->opt.version == 1 ? 0 : device];
}

static void loop_init_remote(struct loop *l)
{
	struct hvl_io region;

	l->plat = (struct hvl_drv_platform){
		.ctx = l,
		.now_us = loop_now,
		.ring = loop_ring_main,
		.wait = l->opt.polling ? NULL : loop_wait_until,
		.timeout_us = l->opt.timeout_us,
	};
	for (unsigned int i = 0; i < LOOP_DEVICES; i++) {
		assert_int_equal(
			hvl_drv_mmio_probe(&l->drv[i], &l->regs[i], &l->plat),
			0);
		assert_int_equal(l->drv[i].version, l->opt.version);
		assert_true(hvl_io_sub(&l->shm, l->drv[i].shm_da - LOOP_SHM_DA,
				       l->drv[i].shm_size, &region));
		assert_int_equal(hvl_drv_pool_init(&l->pool[i], &region,
						   LOOP_GRANULE, l->map[i],
						   HVL_ARRAY_SIZE(l->map[i])),
				 0);
	}
}

int loop_start_rng(struct loop *l)
{
	return hvl_drv_rng_start(&l->rng, &l->drv[LOOP_RNG],
				 loop_pool(l, LOOP_RNG));
}

int loop_start_net(struct loop *l, uint16_t rx_num, uint16_t tx_num)
{
	struct hvl_drv_net_config cfg = {
		.rx_num = rx_num,
		.tx_num = tx_num,
		.rx_slots = l->rx_slots,
		.tx_slots = l->tx_slots,
		.rx_bufs = l->rx_bufs,
		.tx_bufs = l->tx_bufs,
		.rx_indirect = l->rx_indirect,
		.tx_indirect = l->tx_indirect,
	};

	return hvl_drv_net_start(&l->net, &l->drv[LOOP_NET],
				 loop_pool(l, LOOP_NET), &cfg);
}

/* ---- both ------------------------------------------------------------- */

struct loop *loop_create(const struct loop_options *opt)
{
	struct loop *l = calloc(1, sizeof(*l));

	assert_non_null(l);
	l->opt = *opt;
	l->mem = aligned_alloc(4096, LOOP_SHM_SIZE);
	assert_non_null(l->mem);
	memset(l->mem, 0xa5, LOOP_SHM_SIZE); /* nobody may count on zeroes */
	l->shm = (struct hvl_io){ l->mem, LOOP_SHM_DA, LOOP_SHM_SIZE };
	l->main_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	l->remote_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	l->recheck_us = LOOP_RECHECK_US;
	loop_init_main(l);
	loop_init_remote(l);
	if (opt->threaded)
		assert_int_equal(pthread_create(&l->thread, NULL, loop_main, l),
				 0);
	return l;
}

void loop_destroy(struct loop *l)
{
	if (l->rng.live)
		assert_int_equal(hvl_drv_rng_stop(&l->rng), 0);
	if (l->net.live)
		assert_int_equal(hvl_drv_net_stop(&l->net), 0);
	for (unsigned int i = 0; i < LOOP_DEVICES; i++)
		assert_int_equal(l->pool[i].nfree, l->pool[i].count);
	if (l->opt.threaded) {
		atomic_store(&l->stop, true);
		(void)eventfd_write(l->main_fd, 1);
		pthread_join(l->thread, NULL);
	}
	close(l->main_fd);
	close(l->remote_fd);
	free(l->mem);
	free(l);
}

void loop_frame(uint8_t *data, uint32_t len, uint32_t number)
{
	for (uint32_t i = 0; i < len; i++)
		data[i] = (uint8_t)(number >> (i % 4 * 8)) ^ (uint8_t)i;
}

uint32_t loop_frame_number(const uint8_t *data)
{
	uint32_t number = 0;

	for (uint32_t i = 0; i < 4; i++)
		number |= (uint32_t)(data[i] ^ i) << i * 8;
	return number;
}

static uint32_t loop_frame_len(uint32_t number)
{
	return 14 + number * 37 % 1501;
}

static bool loop_send_one(struct loop *l, uint32_t number)
{
	struct hvl_drv_net_buf *buf;
	uint32_t len = loop_frame_len(number);

	if (hvl_drv_net_tx_get(&l->net, &buf) != 1)
		return false;
	assert_true(buf->len >= len);
	loop_frame(buf->data, len, number);
	assert_int_equal(hvl_drv_net_tx_put(&l->net, buf, len), 0);
	return true;
}

static bool loop_receive_one(struct loop *l, uint32_t number)
{
	struct hvl_drv_net_buf *buf;
	uint8_t want[1514];
	int rc = hvl_drv_net_rx(&l->net, &buf);

	if (rc <= 0)
		return false;
	loop_frame(want, loop_frame_len(number), number);
	assert_int_equal(buf->len, loop_frame_len(number));
	assert_memory_equal(buf->data, want, buf->len);
	hvl_drv_net_rx_done(&l->net, buf, buf->gen);
	return true;
}

uint32_t loop_traffic(struct loop *l, uint32_t first, uint32_t count)
{
	uint64_t moved_us = loop_now(l);
	uint32_t sent = 0, got = 0, before;

	while (got < count && loop_now(l) - moved_us < LOOP_DEADLINE_US) {
		before = got;
		while (sent < count && loop_send_one(l, first + sent))
			sent++;
		while (got < sent && loop_receive_one(l, first + got))
			got++;
		if (got != before)
			moved_us = loop_now(l);
		hvl_drv_net_kick(&l->net);
		if (got == count)
			break;
		if (l->opt.polling)
			continue;
		if (!hvl_drv_net_irq_on(&l->net))
			loop_wait(l);
		hvl_drv_net_irq_off(&l->net);
	}
	return got;
}
