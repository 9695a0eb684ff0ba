/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Devices that come back under a live driver: drivers that the library for
 * them does not have, with a death at every word that is stored; what shows of
 * it one step at a time; and what is refused.
 *
 * tests/loop/test_loop_resume.c has the same with whole drivers.
 */
#include "mock_mmio.h"

#include <hvl/device/net.h>
#include <hvl/device/rng.h>
#include <hvl/metal/compiler.h>
#include <hvl/metal/errno.h>

#define OK VIRTIO_CONFIG_S_DRIVER_OK
#define LIVE (MOCK_STATUS_INIT | OK)
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

static int take_frame(void *ctx, const struct hvl_seg *seg, unsigned int n,
		      uint32_t len)
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

static int no_frame(void *ctx, const struct hvl_seg *seg, unsigned int n,
		    uint32_t room)
{
	(void)ctx, (void)seg, (void)n, (void)room;
	return -EAGAIN;
}

static uint32_t *record(void *ctx, const struct hvl_dev_saved *saved)
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

static struct hvl_dev_saved saved(void)
{
	struct hvl_dev_saved s = kept.rec[kept.newest];
	unsigned int q;

	for (q = 0; q < HVL_DEV_QUEUES_MAX; q++)
		s.queue[q].taken = kept.taken[kept.newest][q];
	return s;
}

static void begin(unsigned int version, bool is_net)
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
static void reborn(void)
{
	struct hvl_dev_config cfg = d.dev.cfg;

	assert_int_equal(hvl_dev_init(&d.dev, &cfg,
				      d.version == 2 ? &hvl_dev_mmio_v2 :
						       &hvl_dev_mmio_v1),
			 0);
}

static int come_back(void)
{
	struct hvl_dev_saved s = saved();

	reborn();
	return hvl_dev_resume(&d.dev, &s);
}

static void come_back_without(void)
{
	reborn();
	hvl_dev_attach(&d.dev);
}

static int setup(void **state)
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

static int teardown(void **state)
{
	(void)state;
	mock_shm_unmap(&shm);
	return 0;
}

/* ---- the driver, and a host that dies --------------------------------- */

/* Let the host look once, whoever it is now. */
static void look(void)
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

static void await(uint32_t reg, uint32_t want)
{
	unsigned int i;

	for (i = 0; i < LOOKS && mock_reg(&d, reg) != want; i++)
		look();
	assert_int_equal(mock_reg(&d, reg), want);
}

static void set_status(uint32_t bits)
{
	uint32_t now = mock_reg(&d, HVL_MMIO_REG_STATUS);

	mock_set(&d, HVL_MMIO_REG_STATUS, traceless ? now | bits : bits);
	look();
}

/* As a driver in the field begins, whatever was there before. */
static void bring_up(void)
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
static void exchange(uint32_t number)
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

static void lay_rings(void)
{
	unsigned int q;

	for (q = 0; q < d.dev.cfg.model->nqueues; q++)
		mock_ring_init(&d.ring[q], &shm, mock_ring_off(&d, q), MOCK_NUM,
			       4096);
}

/* Lives of a driver, which begin with no reset: one more than can differ. */
static void live_thrice(void)
{
	uint32_t number;

	lay_rings();
	for (number = 1; number <= 18; number++) {
		if (number % 6 == 1)
			bring_up();
		exchange(number);
		look();
	}
}

static void cut_everywhere(bool is_net, bool newer, bool late)
{
	unsigned int cut = 0;

	traceless = newer;
	do {
		begin(1, is_net);
		life.cut = ++cut;
		life.late = late;
		live_thrice();
		assert_int_equal(sent_again, 0);
		assert_true(!is_net || sent + life.deaths >= 18);
		assert_true(d.dev.live);
		assert_int_equal(d.log.lines, 0);
		assert_int_equal(d.events[HVL_DEV_EVENT_BROKEN], 0);
	} while (life.deaths != 0);
	assert_true(cut > 60);
}

static void resume_older_driver_at_every_store(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 8; i++) {
		selects = i & 4;
		cut_everywhere(i & 1, false, i & 2);
	}
}

static void resume_newer_driver_at_every_store(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 8; i++) {
		selects = i & 4;
		cut_everywhere(i & 1, true, i & 2);
	}
}

/* ---- one step at a time ----------------------------------------------- */

static void begin_live(unsigned int version, bool is_net)
{
	begin(version, is_net);
	mock_bring_up(&d);
	while (mock_service(&d))
		mock_isr(&d);
}

/* The driver may have missed a doorbell that nobody remembers. */
static void resume_rings_once(void **state)
{
	unsigned int version, rings;

	(void)state;
	for (version = 1; version <= 2; version++) {
		begin_live(version, true);
		exchange(1);
		assert_int_equal(come_back(), 0);
		assert_true(d.dev.live);
		rings = d.rings;
		mock_service(&d);
		mock_service(&d);
		assert_int_equal(d.rings, rings + 1);
		mock_isr(&d);
		exchange(2);
		assert_int_equal(sent, 2);
		assert_int_equal(d.events[HVL_DEV_EVENT_READY], 1);
		assert_int_equal(d.events[HVL_DEV_EVENT_QUEUES], 1);
	}
}

static void resume_v1_shows_the_config_anew(void **state)
{
	uint32_t was;

	(void)state;
	begin_live(1, true);
	was = mock_reg(&d, HVL_MMIO_REG_CONFIG_GENERATION);
	mock_set(&d, HVL_MMIO_REG_CONFIG, 0);
	assert_int_equal(come_back(), 0);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_CONFIG_GENERATION), was + 1);
	assert_int_equal(hvl_io_read8(&d.regs, HVL_MMIO_REG_CONFIG), 2);
}

/* Version 1: bits that were shown are for the driver to acknowledge. */
static void resume_takes_no_interrupt_back(void **state)
{
	(void)state;
	begin_live(1, true);
	mock_set(&d, HVL_MMIO_REG_INTERRUPT_STATUS, HVL_MMIO_INT_CONFIG);
	assert_int_equal(come_back(), 0);
	mock_service(&d);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_INTERRUPT_STATUS),
			 HVL_MMIO_INT_CONFIG | HVL_MMIO_INT_VRING);
}

/* What was taken and not given back may have been sent. */
static void resume_sends_nothing_twice(void **state)
{
	struct mock_ring *r = &d.ring[1];
	uint32_t id, len;
	unsigned int i;

	(void)state;
	begin_live(2, true);
	for (i = 0; i < 3; i++) {
		mock_desc(r, i, mock_buf_off(&d), 12 + FRAME, 0, 0);
		mock_avail(r, i);
	}
	kept.taken[kept.newest][1] = 2;
	assert_int_equal(come_back(), 0);
	for (i = 0; i < 2; i++) {
		assert_true(mock_used(r, &id, &len));
		assert_int_equal(id, i);
		assert_int_equal(len, 0);
	}
	assert_false(mock_used(r, &id, &len));
	assert_int_equal(sent, 0);
	mock_service(&d);
	assert_int_equal(sent, 1);
	assert_true(mock_used(r, &id, &len));
	assert_int_equal(id, 2);
}

/* Buffers to fill are taken anew; the driver shall ring again. */
static void resume_takes_other_chains_anew(void **state)
{
	struct mock_ring *r = &d.ring[0];
	uint32_t id, len;

	(void)state;
	begin_live(2, false);
	mock_offer(&d, 0, 9);
	mock_offer(&d, 0, 9);
	kept.taken[kept.newest][0] = 1;
	hvl_io_write16(&shm, r->used, VRING_USED_F_NO_NOTIFY);
	assert_int_equal(come_back(), 0);
	assert_int_equal(hvl_io_read16(&shm, r->used), 0);
	assert_int_equal(kept.taken[kept.newest][0], 0);
	mock_service(&d);
	assert_true(mock_used(r, &id, &len));
	assert_int_equal(id, 0);
	assert_int_equal(len, 9);
	assert_true(mock_used(r, &id, &len));
	assert_int_equal(id, 1);
}

static void resume_keeps_a_broken_device_broken(void **state)
{
	unsigned int version;

	(void)state;
	for (version = 1; version <= 2; version++) {
		begin_live(version, false);
		mock_avail(&d.ring[0], 77);
		mock_service(&d);
		assert_true(mock_needs_reset(&d));
		/* It died before it could say so. */
		mock_set(&d,
			 version == 1 ? HVL_MMIO_REG_STATUS :
					HVL_MMIO_REG_DEVICE_STATUS,
			 7);
		assert_int_equal(come_back(), 0);
		assert_true(d.dev.broken);
		mock_service(&d);
		assert_true(mock_needs_reset(&d));
		mock_bring_up(&d);
		exchange(1);
	}
}

/* A restart while nobody was there; the rings are something else by then. */
static void resume_sees_a_restart_meanwhile(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 6; i++) {
		begin_live(i < 2 ? 2 : 1, true);
		exchange(1);
		hvl_io_fill(&shm, d.ring[0].desc, (uint8_t)(0xa5 * (i & 1)),
			    0x10000);
		mock_set(&d, HVL_MMIO_REG_STATUS, i < 4 ? 0 : 1);
		if (i < 2) {
			mock_set(&d, HVL_MMIO_REG_FENCE_WHAT,
				 HVL_MMIO_FENCE_STATUS);
			mock_set(&d, HVL_MMIO_REG_FENCE_REQUEST, ++d.fence);
		}
		assert_int_equal(come_back(), 0);
		mock_service(&d);
		assert_false(d.dev.live);
		assert_int_equal(d.dev.features, 0);
		assert_int_equal(d.events[i < 4 ? HVL_DEV_EVENT_RESET :
						  HVL_DEV_EVENT_RESTARTED],
				 1);
		mock_bring_up(&d);
		exchange(2);
		assert_int_equal(d.log.lines, 0);
	}
}

/* A reset that was obeyed is not forgotten with the host. */
static void resume_remembers_a_reset(void **state)
{
	(void)state;
	begin(1, true);
	traceless = false;
	lay_rings();
	set_status(1);
	set_status(MOCK_STATUS_INIT);
	mock_v1_queue_regs(&d, 0, MOCK_NUM, mock_pfn(&d, 0));
	look();
	assert_true(d.dev.vq[0].started);
	set_status(0);
	mock_set(&d, HVL_MMIO_REG_STATUS, MOCK_STATUS_INIT);
	assert_int_equal(come_back(), 0);
	look();
	assert_false(d.dev.vq[0].started);
}

/* Version 2: an interrupted change of the config space is made whole. */
static void resume_moves_the_generation_on(void **state)
{
	static const uint32_t was[] = { 6, 7, UINT32_MAX, UINT32_MAX - 1 };
	static const uint32_t is[] = { 8, 8, 0, 0 };
	unsigned int i, attach;

	(void)state;
	for (i = 0; i < 8; i++) {
		attach = i / 4;
		begin_live(2, true);
		mock_set(&d, HVL_MMIO_REG_CONFIG_GENERATION, was[i % 4]);
		mock_set(&d, HVL_MMIO_REG_CONFIG, 0);
		kept.rec[kept.newest].generation = was[i % 4] - 2;
		if (attach)
			come_back_without();
		else
			assert_int_equal(come_back(), 0);
		assert_int_equal(mock_reg(&d, HVL_MMIO_REG_CONFIG_GENERATION),
				 is[i % 4]);
		assert_int_equal(hvl_io_read8(&d.regs, HVL_MMIO_REG_CONFIG), 2);
	}
}

/* ---- what does not fit ------------------------------------------------ */

static void spoil_id(struct hvl_dev_saved *s)
{
	s->id++;
}

static void spoil_status(struct hvl_dev_saved *s)
{
	s->status |= 0x100;
}

static void spoil_features(struct hvl_dev_saved *s)
{
	s->features |= HVL_BIT64(22);
}

static void spoil_queues(struct hvl_dev_saved *s)
{
	s->queue[2] = s->queue[1];
}

static void spoil_started(struct hvl_dev_saved *s)
{
	s->queue[0].started = 2;
}

static void spoil_num(struct hvl_dev_saved *s)
{
	s->queue[1].num = 3;
}

static void spoil_desc(struct hvl_dev_saved *s)
{
	s->queue[0].desc = MOCK_DA + MOCK_SHM_SIZE - 16;
}

static void spoil_avail(struct hvl_dev_saved *s)
{
	s->queue[0].avail += 1;
}

static void spoil_used(struct hvl_dev_saved *s)
{
	s->queue[1].used = UINT64_MAX - 3;
}

static void spoil_taken(struct hvl_dev_saved *s)
{
	s->queue[1].taken += 0x10000;
}

static void spoil_taken_too_far(struct hvl_dev_saved *s)
{
	s->queue[1].taken += MOCK_NUM + 1;
}

static void spoil_taken_too_little(struct hvl_dev_saved *s)
{
	s->queue[1].taken--;
}

static void spoil_taken_not_offered(struct hvl_dev_saved *s)
{
	s->queue[1].taken += 2;
}

static void spoil_avail_index(struct hvl_dev_saved *s)
{
	(void)s;
	hvl_io_write16(&shm, d.ring[0].avail + 2, 0x4000);
}

static void spoil_used_index(struct hvl_dev_saved *s)
{
	(void)s;
	hvl_io_write16(&shm, d.ring[1].used + 2, 0x4000);
}

static void spoil_head(struct hvl_dev_saved *s)
{
	mock_avail(&d.ring[1], MOCK_NUM);
	s->queue[1].taken++;
}

static void spoil_magic(struct hvl_dev_saved *s)
{
	(void)s;
	mock_set(&d, HVL_MMIO_REG_MAGIC, 0);
}

static void spoil_version(struct hvl_dev_saved *s)
{
	(void)s;
	mock_set(&d, HVL_MMIO_REG_VERSION, 3 - d.version);
}

static void spoil_device(struct hvl_dev_saved *s)
{
	(void)s;
	mock_set(&d, HVL_MMIO_REG_DEVICE_ID, VIRTIO_ID_RNG);
}

static void resume_refuses_what_does_not_fit(void **state)
{
	static void (*const spoil[])(struct hvl_dev_saved *) = {
		spoil_id,
		spoil_status,
		spoil_features,
		spoil_queues,
		spoil_started,
		spoil_num,
		spoil_desc,
		spoil_avail,
		spoil_used,
		spoil_taken,
		spoil_taken_too_far,
		spoil_taken_too_little,
		spoil_taken_not_offered,
		spoil_avail_index,
		spoil_used_index,
		spoil_head,
		spoil_magic,
		spoil_version,
		spoil_device,
	};
	static unsigned char before[MOCK_SHM_SIZE];
	struct hvl_dev_saved s;
	unsigned int i;

	(void)state;
	for (i = 0; i < 2 * HVL_ARRAY_SIZE(spoil); i++) {
		begin_live(1 + i % 2, true);
		exchange(1);
		s = saved();
		spoil[i / 2](&s);
		memcpy(before, shm.va, sizeof(before));
		reborn();
		assert_int_equal(hvl_dev_resume(&d.dev, &s), -EPROTO);
		assert_int_equal(d.log.lines, 1);
		assert_non_null(strstr(d.log.last, "dev0: "));
		assert_memory_equal(before, shm.va, sizeof(before));
		/* As it was before, for another try. */
		hvl_dev_attach(&d.dev);
		mock_bring_up(&d);
		exchange(2);
	}
}

static void resume_refuses_bad_words_of_version_1(void **state)
{
	struct hvl_dev_saved s;
	unsigned int i;

	(void)state;
	for (i = 0; i < 7; i++) {
		begin_live(1, true);
		s = saved();
		*(uint32_t *[]){ &s.status_seen, &s.last_acked,	 &s.setup_over,
				 &s.marked,	 &s.ack_pending, &s.watched,
				 &s.late }[i] = 0x100;
		reborn();
		assert_int_equal(hvl_dev_resume(&d.dev, &s), -EPROTO);
		assert_int_equal(d.log.lines, 1);
	}
}

/* ---- without a record ------------------------------------------------- */

static void attach_publishes_an_unknown_block(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		begin_live(1 + i % 2, true);
		mock_set(&d,
			 i < 2 ? HVL_MMIO_REG_MAGIC : HVL_MMIO_REG_DEVICE_ID,
			 0);
		come_back_without();
		assert_int_equal(mock_reg(&d, HVL_MMIO_REG_STATUS), 0);
		assert_int_equal(mock_reg(&d, HVL_MMIO_REG_MAGIC),
				 HVL_MMIO_MAGIC);
		assert_false(mock_needs_reset(&d));
		mock_bring_up(&d);
	}
}

static void attach_serves_a_driver_not_there_yet(void **state)
{
	unsigned int version;

	(void)state;
	for (version = 1; version <= 2; version++) {
		begin(version, true);
		come_back_without();
		assert_false(mock_needs_reset(&d));
		mock_bring_up(&d);
		exchange(1);
		assert_int_equal(d.log.lines, 0);
	}
}

/* Not a word of the driver's is written, and a fence is only answered. */
static void attach_v2_asks_for_a_reset(void **state)
{
	static const uint32_t driver[] = {
		HVL_MMIO_REG_DEVICE_FEATURES_SEL,
		HVL_MMIO_REG_DRIVER_FEATURES,
		HVL_MMIO_REG_DRIVER_FEATURES_SEL,
		HVL_MMIO_REG_QUEUE_SEL,
		HVL_MMIO_REG_QUEUE_NUM,
		HVL_MMIO_REG_QUEUE_READY,
		HVL_MMIO_REG_STATUS,
		HVL_MMIO_REG_QUEUE_DESC_LOW,
		HVL_MMIO_REG_FENCE_WHAT,
		HVL_MMIO_REG_FENCE_REQUEST,
	};
	uint32_t was[HVL_ARRAY_SIZE(driver)];
	unsigned int i;

	(void)state;
	begin_live(2, true);
	mock_set(&d, HVL_MMIO_REG_FENCE_WHAT, HVL_MMIO_FENCE_QUEUE);
	mock_set(&d, HVL_MMIO_REG_FENCE_REQUEST, ++d.fence);
	for (i = 0; i < HVL_ARRAY_SIZE(driver); i++)
		was[i] = mock_reg(&d, driver[i]);
	come_back_without();
	assert_true(mock_service(&d));
	for (i = 0; i < HVL_ARRAY_SIZE(driver); i++)
		assert_int_equal(mock_reg(&d, driver[i]), was[i]);
	assert_true(mock_needs_reset(&d));
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_FENCE_ACK), d.fence);
	assert_false(d.dev.vq[1].started);
	mock_bring_up(&d);
	exchange(1);
}

static void attach_v2_obeys_a_reset(void **state)
{
	(void)state;
	begin_live(2, true);
	mock_set(&d, HVL_MMIO_REG_STATUS, 0);
	mock_set(&d, HVL_MMIO_REG_FENCE_WHAT, HVL_MMIO_FENCE_STATUS);
	mock_set(&d, HVL_MMIO_REG_FENCE_REQUEST, ++d.fence);
	come_back_without();
	mock_service(&d);
	assert_false(mock_needs_reset(&d));
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_FENCE_ACK), d.fence);
	mock_bring_up(&d);
}

/* Both kinds that exist start over with no reset; both are served then. */
static void attach_v1_waits_for_a_restart(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		begin(1, i & 1);
		traceless = i & 2;
		lay_rings();
		bring_up();
		exchange(1);
		come_back_without();
		look();
		assert_true(mock_needs_reset(&d));
		assert_int_equal(d.log.lines, 1);
		bring_up();
		assert_false(mock_needs_reset(&d));
		assert_int_equal(d.events[HVL_DEV_EVENT_RESTARTED], 1);
		exchange(2);
		assert_int_equal(d.log.lines, 1);
	}
}

static void ask(unsigned int q)
{
	mock_v1_queue_regs(&d, q, MOCK_NUM, mock_pfn(&d, q));
	look();
}

/* In the middle of its set-up: nobody gets half a device. */
static void attach_v1_serves_no_half_device(void **state)
{
	(void)state;
	begin(1, true);
	traceless = true;
	lay_rings();
	set_status(1);
	set_status(2);
	ask(0);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_QUEUE_PFN), HVL_MMIO_V1_ACK);
	come_back_without();
	ask(1);
	look();
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_QUEUE_PFN), mock_pfn(&d, 1));
	assert_int_equal(d.log.lines, 1);
	set_status(OK);
	look();
	assert_true(mock_needs_reset(&d));
	assert_int_equal(d.log.lines, 2);
	bring_up();
	exchange(1);
	assert_int_equal(d.log.lines, 2);
}

/* One that gives up, and starts over with no trace, may ask the same again. */
static void attach_v1_serves_a_second_try(void **state)
{
	(void)state;
	begin(1, true);
	traceless = true;
	lay_rings();
	set_status(1);
	set_status(2);
	ask(0);
	come_back_without();
	ask(1);
	bring_up();
	exchange(1);
	assert_true(d.dev.live);
}

static void attach_v1_serves_a_driver_that_asks_anew(void **state)
{
	(void)state;
	begin(1, true);
	traceless = true;
	lay_rings();
	bring_up();
	mock_v1_queue_regs(&d, 0, MOCK_NUM, mock_pfn(&d, 0));
	come_back_without();
	look();
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_QUEUE_PFN), HVL_MMIO_V1_ACK);
	assert_int_equal(d.log.lines, 0);
	bring_up();
	exchange(1);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(resume_older_driver_at_every_store),
		CASE(resume_newer_driver_at_every_store),
		CASE(resume_rings_once),
		CASE(resume_v1_shows_the_config_anew),
		CASE(resume_takes_no_interrupt_back),
		CASE(resume_sends_nothing_twice),
		CASE(resume_takes_other_chains_anew),
		CASE(resume_keeps_a_broken_device_broken),
		CASE(resume_sees_a_restart_meanwhile),
		CASE(resume_remembers_a_reset),
		CASE(resume_moves_the_generation_on),
		CASE(resume_refuses_what_does_not_fit),
		CASE(resume_refuses_bad_words_of_version_1),
		CASE(attach_publishes_an_unknown_block),
		CASE(attach_serves_a_driver_not_there_yet),
		CASE(attach_v2_asks_for_a_reset),
		CASE(attach_v2_obeys_a_reset),
		CASE(attach_v1_waits_for_a_restart),
		CASE(attach_v1_serves_no_half_device),
		CASE(attach_v1_serves_a_second_try),
		CASE(attach_v1_serves_a_driver_that_asks_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
