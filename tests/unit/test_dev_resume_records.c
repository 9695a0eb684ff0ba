/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Devices that come back under a live driver: records that do not fit, and no
 * record at all.
 */
#include "resume_host.h"

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

/* Its first queue is set up. */
static void begin_in_mid_setup(void)
{
	begin(1, true);
	traceless = true;
	lay_rings();
	set_status(1);
	set_status(2);
	ask(0);
}

/* In the middle of its set-up: nobody gets half a device. */
static void attach_v1_serves_no_half_device(void **state)
{
	(void)state;
	begin_in_mid_setup();
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
	begin_in_mid_setup();
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

/*
 * Status from an earlier life does not tell that a driver sets up: the rest of
 * its set-up looks like a restart.
 */
static void attach_v1_serves_no_half_device_without_a_trace(void **state)
{
	unsigned int asks;

	(void)state;
	for (asks = 0; asks < 2; asks++) {
		begin(1, true);
		traceless = true;
		lay_rings();
		bring_up();
		look();
		mock_set(&d, HVL_MMIO_REG_DEVICE_FEATURES_SEL, 0);
		ask(0);
		assert_int_equal(mock_reg(&d, HVL_MMIO_REG_QUEUE_PFN),
				 HVL_MMIO_V1_ACK);
		if (asks)
			mock_set(&d, HVL_MMIO_REG_QUEUE_PFN, mock_pfn(&d, 0));
		come_back_without();
		if (!asks)
			look();
		ask(1);
		assert_int_equal(mock_reg(&d, HVL_MMIO_REG_QUEUE_PFN),
				 mock_pfn(&d, 1));
		assert_false(d.dev.live);
		bring_up();
		exchange(1);
	}
}

/* What the driver wrote back, and the next queue: refused for that queue. */
static void attach_v1_serves_a_page_refused_elsewhere(void **state)
{
	(void)state;
	begin_in_mid_setup();
	come_back_without();
	mock_v1_queue_regs(&d, 1, MOCK_NUM, mock_pfn(&d, 0));
	look();
	assert_int_equal(d.log.lines, 1);
	ask(0);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_QUEUE_PFN), HVL_MMIO_V1_ACK);
}

/* Of a driver's earlier life, as far as a host can tell that was not there. */
static void attach_v1_serves_no_page_left_by_a_reset(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		begin(1, true);
		lay_rings();
		mock_set(&d, HVL_MMIO_REG_STATUS, i);
		mock_v1_queue_regs(&d, 1, MOCK_NUM, mock_pfn(&d, 0));
		come_back_without();
		/* It goes on before the registers are cleared. */
		assert_int_equal(d.dev.mmio.left_pfn, i ? 0 : mock_pfn(&d, 0));
		assert_int_equal(d.dev.mmio.late, i);
	}
}

/*
 * The host dies at store @cut of what @act does, if there are so many; the next
 * one goes by the record, if there is one that can be.
 */
static void die_in(void (*act)(void), unsigned int cut)
{
	life.points = 0;
	life.cut = cut;
	life.serving = true;
	if (setjmp(life.env) == 0)
		act();
	else
		life.deaths++;
	life.serving = false;
	life.cut = 0;
	if (life.deaths != 0 && come_back() != 0)
		hvl_dev_attach(&d.dev);
}

static void attach_and_serve(void)
{
	come_back_without();
	mock_service(&d);
}

static void serve(void)
{
	mock_service(&d);
}

static void attach_v1_dies_at_every_store(void **state)
{
	unsigned int cut = 0;

	(void)state;
	traceless = true;
	do {
		begin(1, true);
		lay_rings();
		bring_up();
		exchange(1);
		memset(&kept, 0, sizeof(kept));
		die_in(attach_and_serve, ++cut);
		look();
		assert_true(mock_needs_reset(&d));
		bring_up();
		exchange(2);
		assert_false(mock_needs_reset(&d));
	} while (life.deaths != 0);
	assert_true(cut > 10);
}

/* The driver gets to DRIVER_OK with queues of an earlier host's. */
static void attach_v1_dies_in_mid_setup(void **state)
{
	unsigned int cut = 0;

	(void)state;
	traceless = true;
	do {
		begin(1, true);
		lay_rings();
		set_status(1);
		set_status(2);
		ask(0);
		ask(1);
		mock_set(&d, HVL_MMIO_REG_QUEUE_PFN, mock_pfn(&d, 1));
		come_back_without();
		mock_set(&d, HVL_MMIO_REG_STATUS, MOCK_STATUS_INIT | OK);
		die_in(serve, ++cut);
		look();
		look();
		assert_true(mock_needs_reset(&d));
		assert_false(d.dev.live);
		bring_up();
		exchange(1);
	} while (life.deaths != 0);
	assert_true(cut > 5);
}

/* What an earlier host asked for: drivers in the field or their Status. */
static void attach_v1_hides_what_a_restart_healed(void **state)
{
	unsigned int known;

	(void)state;
	for (known = 0; known < 2; known++) {
		begin(1, true);
		traceless = true;
		lay_rings();
		if (known)
			bring_up();
		set_status(MOCK_STATUS_INIT | VIRTIO_CONFIG_S_NEEDS_RESET);
		if (known)
			assert_int_equal(come_back(), 0);
		else
			come_back_without();
		assert_false(mock_needs_reset(&d));
		bring_up();
		exchange(1);
		assert_false(mock_needs_reset(&d));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
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
		CASE(attach_v1_serves_no_half_device_without_a_trace),
		CASE(attach_v1_serves_a_page_refused_elsewhere),
		CASE(attach_v1_serves_no_page_left_by_a_reset),
		CASE(attach_v1_dies_at_every_store),
		CASE(attach_v1_dies_in_mid_setup),
		CASE(attach_v1_hides_what_a_restart_healed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
