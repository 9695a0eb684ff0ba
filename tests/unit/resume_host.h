/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests of a device that comes back share: a device whose host dies
 * and comes back, with what outlives it, and a driver of version 1 in the field.
 */
#ifndef RESUME_HOST_H
#define RESUME_HOST_H

#include "mock_mmio.h"

#include <hvl/device/net.h>
#include <hvl/device/rng.h>
#include <hvl/metal/compiler.h>
#include <hvl/metal/errno.h>

#define OK VIRTIO_CONFIG_S_DRIVER_OK
#define LOOKS 400u
#define FRAME 60u

static struct hvl_io shm;
static struct mock_dev d; /* net, or rng */
static struct mock_entropy entropy;
static struct hvl_dev_rng rng;
static struct hvl_dev_net net;
static bool traceless; /* the newer driver; else the older one */
static bool selects;   /* writes HostFeaturesSel */

/* What outlives a host. */
static struct kept {
	struct hvl_dev_saved rec[2];
	uint32_t taken[2][HVL_DEV_QUEUES_MAX];
	uint32_t newest;
} kept;
static struct hvl_dev_journal journal;

static struct {
	jmp_buf env;
	bool serving, late, dead;
	unsigned int points, cut, deaths;
} life;

/* Frames that were sent, by number. */
static uint32_t sent_last;
static unsigned int sent, sent_again;

void cut_point(void)
{
	if (life.serving && ++life.points == life.cut)
		longjmp(life.env, 1);
}

static inline int take_frame(void *ctx, const struct hvl_seg *seg,
			     unsigned int n, uint32_t len)
{
	uint32_t number;

	(void)ctx, (void)n;
	assert_int_equal(len, FRAME);
	memcpy(&number, seg[0].va, sizeof(number));
	sent_again += sent != 0 && number <= sent_last;
	sent_last = number;
	sent++;
	return 0;
}

static inline int no_frame(void *ctx, const struct hvl_seg *seg, unsigned int n,
			   uint32_t room)
{
	(void)ctx, (void)seg, (void)n, (void)room;
	return -EAGAIN;
}

static inline uint32_t *record(void *ctx, const struct hvl_dev_saved *saved)
{
	uint32_t next = kept.newest ^ 1u;
	unsigned int q;

	(void)ctx;
	kept.rec[next] = *saved;
	for (q = 0; q < HVL_DEV_QUEUES_MAX; q++)
		kept.taken[next][q] = saved->queue[q].taken;
	HVL_PORT_STORE(&kept.newest, next);
	return kept.taken[next];
}

static inline struct hvl_dev_saved saved(void)
{
	struct hvl_dev_saved s = kept.rec[kept.newest];
	unsigned int q;

	for (q = 0; q < HVL_DEV_QUEUES_MAX; q++)
		s.queue[q].taken = kept.taken[kept.newest][q];
	return s;
}

static inline void begin(unsigned int version, bool is_net)
{
	memset(&life, 0, sizeof(life));
	memset(&kept, 0, sizeof(kept));
	sent = sent_again = sent_last = 0;
	hvl_io_fill(&shm, 0, 0, MOCK_SHM_SIZE);
	mock_dev_init(&d, &shm, 0, version,
		      is_net ? &hvl_dev_net_model : &hvl_dev_rng_model,
		      is_net ? (void *)&net : (void *)&rng);
	d.dev.cfg.journal = &journal;
	hvl_dev_publish(&d.dev);
}

/* The next host, which knows nothing. */
static inline void reborn(void)
{
	struct hvl_dev_config cfg = d.dev.cfg;

	assert_int_equal(hvl_dev_init(&d.dev, &cfg,
				      d.version == 2 ? &hvl_dev_mmio_v2 :
						       &hvl_dev_mmio_v1),
			 0);
}

static inline int come_back(void)
{
	struct hvl_dev_saved s = saved();

	reborn();
	return hvl_dev_resume(&d.dev, &s);
}

static inline void come_back_without(void)
{
	reborn();
	hvl_dev_attach(&d.dev);
}

static inline int setup(void **state)
{
	const struct hvl_dev_rng_backing rng_backing = { mock_entropy_read,
							 &entropy };
	const struct hvl_dev_net_backing net_backing = { take_frame, no_frame,
							 NULL };
	const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };

	(void)state;
	mock_shm_map(&shm, MOCK_SHM_SIZE);
	journal = (struct hvl_dev_journal){ .record = record };
	entropy = (struct mock_entropy){ UINT32_MAX, UINT32_MAX, -EAGAIN, 0 };
	hvl_dev_rng_init(&rng, &rng_backing);
	hvl_dev_net_init(&net, &net_backing, mac, 1486);
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	mock_shm_unmap(&shm);
	return 0;
}

/* ---- the driver, and a host that dies --------------------------------- */

/* Let the host look once, whoever it is now. */
static inline void look(void)
{
	d.now_us += 10000;
	if (life.dead && life.late) {
		life.late = false;
		return;
	}
	if (setjmp(life.env) == 0) {
		life.serving = true;
		if (life.dead)
			assert_int_equal(come_back(), 0);
		life.dead = false;
		mock_service(&d);
	} else {
		life.dead = true;
		life.deaths++;
	}
	life.serving = false;
	if (life.dead && !life.late)
		look();
}

static inline void await(uint32_t reg, uint32_t want)
{
	unsigned int i;

	for (i = 0; i < LOOKS && mock_reg(&d, reg) != want; i++)
		look();
	assert_int_equal(mock_reg(&d, reg), want);
}

static inline void set_status(uint32_t bits)
{
	uint32_t now = mock_reg(&d, HVL_MMIO_REG_STATUS);

	mock_set(&d, HVL_MMIO_REG_STATUS, traceless ? now | bits : bits);
	look();
}

/* As a driver in the field begins, whatever was there before. */
static inline void bring_up(void)
{
	unsigned int q;

	set_status(1);
	mock_set(&d, HVL_MMIO_REG_GUEST_PAGE_SIZE, 4096);
	set_status(2);
	if (selects)
		mock_set(&d, HVL_MMIO_REG_DEVICE_FEATURES_SEL, 0);
	mock_set(&d, HVL_MMIO_REG_DRIVER_FEATURES, 0);
	look();
	for (q = 0; q < d.dev.cfg.model->nqueues; q++) {
		if (traceless)
			mock_ring_init(&d.ring[q], &shm, mock_ring_off(&d, q),
				       MOCK_NUM, 4096);
		/* The older one leaves its rings as they were. */
		d.ring[q].avail_idx = d.ring[q].used_idx = 0;
		mock_v1_queue_regs(&d, q, MOCK_NUM, mock_pfn(&d, q));
		look();
		await(HVL_MMIO_REG_QUEUE_PFN, HVL_MMIO_V1_ACK);
		if (traceless)
			mock_set(&d, HVL_MMIO_REG_QUEUE_PFN, mock_pfn(&d, q));
	}
	set_status(OK);
}

/* One request or frame; in the order of their numbers. */
static inline void exchange(uint32_t number)
{
	bool is_net = d.dev.cfg.model == &hvl_dev_net_model;
	struct mock_ring *r = &d.ring[is_net];
	uint32_t at = r->avail_idx % r->num, id, len;
	uint64_t off = mock_buf_off(&d) + 0x1000u * at;
	uint32_t hdr = d.version == 2 ? 12 : 10;
	unsigned int i;
	bool done;

	hvl_io_write_block(&shm, off + hdr, &number, sizeof(number));
	mock_desc(r, at, off, is_net ? hdr + FRAME : 9,
		  is_net ? 0 : VRING_DESC_F_WRITE, 0);
	mock_avail(r, at);
	done = mock_used(r, &id, &len);
	for (i = 0; i < LOOKS && !done; i++) {
		look();
		done = mock_used(r, &id, &len);
	}
	assert_true(done);
	assert_int_equal(id, at);
	mock_isr(&d);
	look();
}

static inline void lay_rings(void)
{
	unsigned int q;

	for (q = 0; q < d.dev.cfg.model->nqueues; q++)
		mock_ring_init(&d.ring[q], &shm, mock_ring_off(&d, q), MOCK_NUM,
			       4096);
}

static inline void begin_live(unsigned int version, bool is_net)
{
	begin(version, is_net);
	mock_bring_up(&d);
	while (mock_service(&d))
		mock_isr(&d);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

#endif /* RESUME_HOST_H */
