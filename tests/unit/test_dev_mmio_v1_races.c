/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Drivers of version 1 that start over while the device is looking, before
 * each word that it stores, and that then go on as fast as it lets them; also
 * just after the host has died and come back. tests/model/queue.pml has the
 * same for every order.
 */
#include "mock_mmio.h"

#include <setjmp.h>

#include <hvl/device/net.h>
#include <hvl/metal/compiler.h>
#include <hvl/metal/errno.h>

#define LOOKS 30u
#define SOON 60u /* stores of a host that came back */
#define NOBODY UINT32_MAX

static struct hvl_io shm;
static struct mock_dev d;
static struct hvl_dev_net net;
static struct hvl_dev_saved kept;
static struct hvl_dev_journal journal;

enum kind {
	OLDER,
	NEWER,
	NEWER_RESETS,
	OWN
};

static struct {
	enum kind kind;
	enum {
		BEGIN,
		RESET,
		ASK,
		WAIT,
		UP
	} at;
	unsigned int queue; /* the next */
	unsigned int lives;
} drv;

static struct {
	jmp_buf env;
	bool serving, dead;
	bool restarted; /* the driver */
	unsigned int points;
	unsigned int death; /* before which it dies; 0: none any more */
	/* Before which the driver starts over, counted from the death. */
	unsigned int restart;
} host;

static uint32_t reg(uint32_t at)
{
	return mock_reg(&d, at);
}

static bool drv_begin(void)
{
	uint32_t status = drv.kind == OLDER ? 0 : reg(HVL_MMIO_REG_STATUS);

	drv.lives++;
	drv.at = RESET;
	if (drv.kind == OWN) {
		mock_set(&d, HVL_MMIO_REG_QUEUE_SEL, NOBODY);
		mock_set(&d, HVL_MMIO_REG_QUEUE_PFN, 0);
		mock_set(&d, HVL_MMIO_REG_STATUS, 0);
		return false;
	}
	mock_set(&d, HVL_MMIO_REG_STATUS, status | 1);
	if (drv.kind == NEWER_RESETS)
		mock_set(&d, HVL_MMIO_REG_STATUS, 0);
	return drv.kind != NEWER_RESETS;
}

static bool drv_features(void)
{
	uint32_t status = drv.kind == OLDER ? 0 : reg(HVL_MMIO_REG_STATUS) | 1;

	if (drv.kind == OWN) {
		if (reg(HVL_MMIO_REG_QUEUE_SEL) != HVL_MMIO_V1_MARKER)
			return false;
		/* Its memory is its own again. */
		assert_true(host.dead || !d.dev.live);
	}
	mock_set(&d, HVL_MMIO_REG_STATUS, status | 2);
	mock_set(&d, HVL_MMIO_REG_DEVICE_FEATURES_SEL, 0);
	drv.queue = 0;
	drv.at = ASK;
	return true;
}

static bool drv_ask(void)
{
	unsigned int q = drv.queue;
	uint64_t off = mock_ring_off(&d, q);

	/* The older one leaves its ring as it was. */
	if (drv.kind != OLDER || !d.ring[q].shm)
		mock_ring_init(&d.ring[q], &shm, off, MOCK_NUM, 4096);
	d.ring[q].avail_idx = d.ring[q].used_idx = 0;
	mock_v1_queue_regs(&d, q, MOCK_NUM, mock_pfn(&d, q));
	drv.at = WAIT;
	return true;
}

static bool drv_wait(void)
{
	uint32_t status = drv.kind == OLDER ? 0 : reg(HVL_MMIO_REG_STATUS);
	unsigned int q = drv.queue;

	if (reg(HVL_MMIO_REG_QUEUE_PFN) != HVL_MMIO_V1_ACK)
		return false;
	assert_true(d.dev.vq[q].started);
	assert_int_equal(d.dev.vq[q].desc, mock_ring_off(&d, q));
	if (drv.kind != OLDER)
		mock_set(&d, HVL_MMIO_REG_QUEUE_PFN, mock_pfn(&d, q));
	drv.at = ASK;
	if (++drv.queue == 2) {
		mock_set(&d, HVL_MMIO_REG_STATUS,
			 status | VIRTIO_CONFIG_S_DRIVER_OK);
		drv.at = UP;
	}
	return true;
}

/* As far as it gets. */
static void drv_go(void)
{
	static bool (*const steps[])(void) = { drv_begin, drv_features, drv_ask,
					       drv_wait };
	bool serving = host.serving;

	host.serving = false;
	while (drv.at != UP && steps[drv.at]())
		;
	host.serving = serving;
}

static void count_point(void)
{
	host.points++;
	if (host.points == host.death) {
		host.death = 0;
		host.restart += host.points;
		longjmp(host.env, 1);
	}
}

static void let_driver_go(void)
{
	if (host.restart == 0 || host.points < host.restart || host.death != 0)
		return;
	if (!host.restarted)
		drv.at = BEGIN;
	host.restarted = true;
	drv_go();
}

void cut_point(void)
{
	if (!host.serving)
		return;
	count_point();
	let_driver_go();
}

/*
 * Between the last look and the acknowledgement there are a few instructions,
 * in which no driver starts over and asks again: docs/theory/models.md.
 */
void cut_swap(unsigned int v)
{
	if (!host.serving)
		return;
	count_point();
	if (v != HVL_MMIO_V1_ACK)
		let_driver_go();
}

static uint32_t *record(void *ctx, const struct hvl_dev_saved *saved)
{
	(void)ctx;
	cut_point();
	kept = *saved;
	return NULL;
}

static void come_back(void)
{
	struct hvl_dev_config cfg = d.dev.cfg;
	struct hvl_dev_saved saved = kept;
	uint64_t idx;
	unsigned int q;

	/* This journal keeps no positions. */
	for (q = 0; q < 2; q++) {
		idx = mock_ring_off(&d, q) + d.ring[q].avail - d.ring[q].desc +
		      2;
		saved.queue[q].taken = hvl_io_read16(&shm, idx);
	}
	assert_int_equal(hvl_dev_init(&d.dev, &cfg, &hvl_dev_mmio_v1), 0);
	assert_int_equal(hvl_dev_resume(&d.dev, &saved), 0);
}

static void look(void)
{
	if (setjmp(host.env) != 0) {
		host.dead = true;
		host.serving = false;
	}
	host.serving = true;
	if (host.dead)
		come_back();
	host.dead = false;
	mock_service(&d);
	host.serving = false;
}

/* Whoever waits has time pass until somebody moves. */
static void settle(void)
{
	unsigned int i;

	for (i = 0; i < LOOKS; i++) {
		drv_go();
		look();
		d.now_us += 20000;
	}
}

static int send_frame(void *ctx, const struct hvl_seg *seg, unsigned int n,
		      uint32_t len)
{
	(void)ctx, (void)seg, (void)n, (void)len;
	return 0;
}

static int no_frame(void *ctx, const struct hvl_seg *seg, unsigned int n,
		    uint32_t room)
{
	(void)ctx, (void)seg, (void)n, (void)room;
	return -EAGAIN;
}

/* Return: the stores of all of it. */
static unsigned int run(enum kind kind, unsigned int death,
			unsigned int restart)
{
	const struct hvl_dev_net_backing backing = { send_frame, no_frame,
						     NULL };
	const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
	unsigned int points;

	memset(&host, 0, sizeof(host));
	memset(&drv, 0, sizeof(drv));
	memset(&kept, 0, sizeof(kept));
	memset(d.ring, 0, sizeof(d.ring));
	hvl_io_fill(&shm, 0, 0, MOCK_SHM_SIZE);
	hvl_dev_net_init(&net, &backing, mac, 1486);
	mock_dev_init(&d, &shm, 0, 1, &hvl_dev_net_model, &net);
	d.dev.cfg.journal = &journal;
	hvl_dev_publish(&d.dev);
	drv.kind = kind;
	host.death = death;
	host.restart = restart;
	settle();
	points = host.points;
	settle();
	assert_int_equal(drv.at, UP);
	assert_true(d.dev.live);
	assert_true(d.dev.vq[0].started && d.dev.vq[1].started);
	mock_desc(&d.ring[1], 0, mock_buf_off(&d), 10 + 60, 0, 0);
	mock_avail(&d.ring[1], 0);
	look();
	assert_int_equal(net.stats.tx_frames, 1);
	return points;
}

static void restart_before_each_store(enum kind kind)
{
	unsigned int all = run(kind, 0, 0), i;

	for (i = 1; i <= all; i++) {
		run(kind, 0, i);
		assert_int_equal(drv.lives, 2);
	}
}

static void mmio_v1_older_starts_over_at_each_store(void **state)
{
	(void)state;
	restart_before_each_store(OLDER);
}

static void mmio_v1_newer_starts_over_at_each_store(void **state)
{
	(void)state;
	restart_before_each_store(NEWER);
}

static void mmio_v1_newer_resets_at_each_store(void **state)
{
	(void)state;
	restart_before_each_store(NEWER_RESETS);
}

static void mmio_v1_own_resets_at_each_store(void **state)
{
	(void)state;
	restart_before_each_store(OWN);
}

static void mmio_v1_starts_over_under_the_next_host(void **state)
{
	enum kind kind;
	unsigned int all, i, k;

	(void)state;
	for (kind = OLDER; kind <= OWN; kind++) {
		all = run(kind, 0, 0);
		for (i = 1; i <= all; i++) {
			for (k = 1; k <= SOON; k++)
				run(kind, i, k);
		}
	}
}

static int setup(void **state)
{
	(void)state;
	mock_shm_map(&shm, MOCK_SHM_SIZE);
	journal = (struct hvl_dev_journal){ .record = record };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	mock_shm_unmap(&shm);
	return 0;
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(mmio_v1_older_starts_over_at_each_store),
		T(mmio_v1_newer_starts_over_at_each_store),
		T(mmio_v1_newer_resets_at_each_store),
		T(mmio_v1_own_resets_at_each_store),
		T(mmio_v1_starts_over_under_the_next_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
