/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The drivers of the existing stack against the devices: set-up however the
 * two sides fall in with each other, traffic, restarts with and without a
 * trace in the registers, at any step.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <cmocka.h>

#include <hvl/device/mmio.h>
#include <hvl/device/net.h>
#include <hvl/device/rng.h>
#include <hvl/metal/compiler.h>
#include <hvl/wire/mmio.h>

#include "legacy/legacy.h"

#define MEM_DA UINT64_C(0x37000000)
#define MEM_SIZE LEGACY_MEM_MIN
#define DEVICES 2u
#define RECHECK_US 10000u
#define TIMEOUT_US 4000000u
#define DEADLINE_US (60u * 1000000u)
#define PING_SIZE 98u

/* When the main side gets to run. */
enum pace {
	AT_ONCE, /* before the driver's next access */
	LATE,	 /* when the driver has nothing to do */
	DICED,	 /* now and then, as interrupts do */
};

struct bench {
	unsigned char *mem;
	struct hvl_io shm, regs[DEVICES];
	struct hvl_dev dev[DEVICES];
	struct hvl_dev_rng rng;
	struct hvl_dev_net net;
	struct hvl_seg segs[HVL_DEV_SEGS_MAX];
	uint8_t entropy;
	unsigned int restarts; /* that the device saw */
	/* the wire */
	uint16_t requests, sent, answers; /* numbers of pings */
	unsigned int burst;		  /* pings on the way at once */
	uint32_t size;			  /* of a ping's frame */
	/* time and doorbells */
	enum pace pace;
	bool deaf; /* the main side does not run */
	bool slow; /* the remote stands still whenever it has rung */
	bool to_main, to_remote;
	uint64_t now_us, recheck_us;
	uint32_t dice;
	struct legacy d;
};

static uint32_t bench_dice(struct bench *b)
{
	b->dice = b->dice * 1664525u + 1013904223u;
	return b->dice >> 16;
}

/* ---- main side -------------------------------------------------------- */

static int bench_entropy(void *ctx, void *buf, uint32_t len)
{
	struct bench *b = ctx;
	uint8_t *p = buf;

	for (uint32_t i = 0; i < len; i++)
		p[i] = b->entropy++ | 1u;
	return (int)len;
}

static const uint8_t main_mac[6] = { 2, 0, 0, 0, 0, 1 };
static const uint8_t remote_mac[6] = { 2, 0x68, 0x76, 0x6c, 0, 2 };

/* No checksums: the responder turns the one of ICMP round, no more. */
static void bench_ping(uint8_t *frame, uint32_t len, uint16_t number)
{
	static const uint8_t ip[20] = { 0x45, 0,   0,	0,   0,	  0,   0,
					0,    64,  1,	0,   0,	  192, 168,
					200,  254, 192, 168, 200, 2 };

	memset(frame, 0xa5, len);
	memcpy(frame, remote_mac, 6);
	memcpy(frame + 6, main_mac, 6);
	frame[12] = 0x08;
	frame[13] = 0x00;
	memcpy(frame + 14, ip, sizeof(ip));
	frame[16] = (uint8_t)((len - 14) >> 8);
	frame[17] = (uint8_t)(len - 14);
	frame[34] = 8;
	frame[35] = 0;
	frame[40] = (uint8_t)(number >> 8);
	frame[41] = (uint8_t)number;
}

static int bench_recv(void *ctx, const struct hvl_seg *seg, unsigned int n,
		      uint32_t room)
{
	struct bench *b = ctx;
	uint8_t frame[1514];
	uint32_t done = 0, part;

	/* Asked to drop what is stale: nothing is. */
	if (n == 0 || b->sent == b->requests ||
	    (uint16_t)(b->sent - b->answers) >= b->burst)
		return -EAGAIN;
	bench_ping(frame, b->size, b->sent);
	b->sent++;
	if (b->size > room)
		return -EMSGSIZE;
	for (unsigned int i = 0; i < n && done < b->size; i++) {
		part = seg[i].len < b->size - done ? seg[i].len :
						     b->size - done;
		memcpy(seg[i].va, frame + done, part);
		done += part;
	}
	return (int)b->size;
}

/* Answers come in order, each once, and as the ping was. */
static int bench_send(void *ctx, const struct hvl_seg *seg, unsigned int n,
		      uint32_t len)
{
	struct bench *b = ctx;
	uint8_t frame[1514], want[1514];
	uint32_t done = 0;

	assert_true(len <= sizeof(frame));
	for (unsigned int i = 0; i < n; i++) {
		memcpy(frame + done, seg[i].va, seg[i].len);
		done += seg[i].len;
	}
	bench_ping(want, b->size, b->answers);
	assert_int_equal(len, b->size);
	assert_memory_equal(frame, main_mac, 6);
	assert_memory_equal(frame + 6, remote_mac, 6);
	assert_int_equal(frame[34], 0);
	assert_memory_equal(frame + 38, want + 38, len - 38);
	b->answers++;
	return 0;
}

static void bench_event(void *ctx, struct hvl_dev *dev, enum hvl_dev_event ev)
{
	(void)dev;
	if (ev == HVL_DEV_EVENT_RESTARTED || ev == HVL_DEV_EVENT_RESET)
		((struct bench *)ctx)->restarts++;
}

static uint64_t bench_now(void *ctx)
{
	return ((struct bench *)ctx)->now_us;
}

static void bench_service(struct bench *b)
{
	unsigned int wants, passes = 0;

	if (b->deaf)
		return;
	b->to_main = false;
	do {
		wants = 0;
		for (unsigned int i = 0; i < DEVICES; i++)
			wants |= hvl_dev_service(&b->dev[i], 64);
		if (wants & HVL_DEV_RING)
			b->to_remote = true;
		assert_true(passes++ < 1000);
	} while (wants & HVL_DEV_MORE);
}

static void bench_add(struct bench *b, unsigned int i,
		      const struct hvl_dev_model *model, void *priv)
{
	struct hvl_dev_config cfg = {
		.name = model->type,
		.model = model,
		.priv = priv,
		.shm = &b->shm,
		.regs = &b->regs[i],
		.region_da = MEM_DA + 0x1000,
		.region_size = MEM_SIZE - 0x1000,
		.event = bench_event,
		.event_ctx = b,
		.segs = b->segs,
		.now_us = bench_now,
		.now_ctx = b,
	};

	assert_true(hvl_io_sub(&b->shm, i * HVL_MMIO_BLOCK_SIZE,
			       HVL_MMIO_BLOCK_SIZE, &b->regs[i]));
	assert_int_equal(hvl_dev_init(&b->dev[i], &cfg, &hvl_dev_mmio_v1), 0);
	hvl_dev_publish(&b->dev[i]);
}

/* ---- remote side ------------------------------------------------------ */

/* For long enough that it is given frames without an answer. */
static void bench_stand_still(struct bench *b)
{
	bench_service(b);
	for (unsigned int i = 0; i < 10; i++) {
		b->now_us += HVL_DEV_NET_PACE_US;
		bench_service(b);
	}
}

static void bench_ring(void *ctx)
{
	struct bench *b = ctx;

	b->to_main = true;
	if (b->slow)
		bench_stand_still(b);
	else if (b->pace == AT_ONCE ||
		 (b->pace == DICED && bench_dice(b) % 4 == 0))
		bench_service(b);
}

static void bench_delay(void *ctx, uint32_t us)
{
	struct bench *b = ctx;

	b->now_us += us;
	if (b->pace == DICED && bench_dice(b) % 2 == 0)
		bench_service(b);
}

static void bench_say(void *ctx, const char *line)
{
	(void)ctx;
	(void)line;
}

static void bench_wait(struct bench *b, uint64_t until_us)
{
	if (b->to_main && !b->deaf) {
		bench_service(b);
		return;
	}
	if (until_us > b->recheck_us) {
		if (b->now_us < b->recheck_us)
			b->now_us = b->recheck_us;
		b->recheck_us = b->now_us + RECHECK_US;
		bench_service(b);
	} else if (b->now_us < until_us) {
		b->now_us = until_us;
	}
}

/* One step of the driver, and what falls between it and the next. */
static void bench_turn(struct bench *b)
{
	uint64_t until;

	if (b->to_remote && (b->pace != DICED || bench_dice(b) % 3 != 0)) {
		b->to_remote = false;
		legacy_interrupt(&b->d);
	}
	until = legacy_step(&b->d);
	b->now_us++;
	if (until > b->now_us)
		bench_wait(b, until);
	else if (b->pace == DICED && bench_dice(b) % 8 == 0)
		bench_service(b);
}

static void bench_setup(struct bench *b)
{
	uint64_t deadline = b->now_us + DEADLINE_US;

	while (!legacy_ready(&b->d) && b->now_us < deadline)
		bench_turn(b);
	assert_true(legacy_ready(&b->d));
	assert_non_null(legacy_up(&b->d, LEGACY_ID_NET));
	assert_non_null(legacy_up(&b->d, LEGACY_ID_RNG));
}

/* Pings that are all answered, and entropy meanwhile. */
static void bench_traffic(struct bench *b, uint16_t count)
{
	uint64_t deadline = b->now_us + DEADLINE_US;
	uint32_t rng = b->d.stats.rng;

	b->requests = (uint16_t)(b->requests + count);
	while ((b->answers != b->requests || b->d.stats.rng - rng < 3) &&
	       b->now_us < deadline && !b->d.died && !b->d.fault) {
		/* The backing has news. */
		if (b->sent != b->requests)
			b->to_main = true;
		bench_turn(b);
	}
	assert_null(b->d.died);
	assert_null(b->d.fault);
	assert_int_equal(b->answers, b->requests);
	assert_true(b->d.stats.rng - rng >= 3);
}

/* ---- both ------------------------------------------------------------- */

static struct bench *bench_create(enum legacy_variant variant, enum pace pace,
				  bool reset)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct legacy_config cfg = {
		.variant = variant,
		.da = MEM_DA,
		.size = MEM_SIZE,
		.reset = reset,
		.timeout_us = TIMEOUT_US,
		.rng_period_us = 5000,
		.ctx = b,
		.ring = bench_ring,
		.now_us = bench_now,
		.delay = bench_delay,
		.say = bench_say,
	};

	assert_non_null(b);
	b->mem = aligned_alloc(4096, MEM_SIZE);
	assert_non_null(b->mem);
	memset(b->mem, 0xa5, MEM_SIZE);
	b->shm = (struct hvl_io){ b->mem, MEM_DA, MEM_SIZE };
	b->pace = pace;
	b->burst = 1;
	b->size = PING_SIZE;
	b->dice = 7;
	b->now_us = 1;
	hvl_dev_rng_init(&b->rng,
			 &(struct hvl_dev_rng_backing){ bench_entropy, b });
	hvl_dev_net_init(
		&b->net,
		&(struct hvl_dev_net_backing){ bench_send, bench_recv, b },
		remote_mac, 1486);
	hvl_dev_net_set_pace(&b->net, true);
	bench_add(b, 0, &hvl_dev_rng_model, &b->rng);
	bench_add(b, 1, &hvl_dev_net_model, &b->net);
	cfg.mem = b->mem;
	legacy_init(&b->d, &cfg);
	legacy_boot(&b->d);
	return b;
}

static void bench_destroy(struct bench *b)
{
	free(b->mem);
	free(b);
}

/* What of the two drivers is to be tried: the last one in each pace. */
static const struct variant {
	enum legacy_variant variant;
	bool reset;
} variants[] = {
	{ LEGACY_BRANCH, false },
	{ LEGACY_BRANCH, true },
	{ LEGACY_DEPLOYED, false },
};

#define FOR_EACH_VARIANT(v)                      \
	for (const struct variant *v = variants; \
	     v < variants + HVL_ARRAY_SIZE(variants); v++)

#define FOR_EACH_WAY(v, pace)                                    \
	for (unsigned int pace = AT_ONCE; pace <= DICED; pace++) \
	FOR_EACH_VARIANT(v)

static struct bench *bench_up(const struct variant *v, unsigned int pace)
{
	struct bench *b = bench_create(v->variant, (enum pace)pace, v->reset);

	bench_setup(b);
	return b;
}

static void loop_legacy_sets_up_and_carries_traffic(void **state)
{
	(void)state;
	FOR_EACH_WAY(v, pace)
	{
		struct bench *b = bench_up(v, pace);

		b->burst = 50;
		bench_traffic(b, 1000);
		if (v->variant == LEGACY_BRANCH) {
			hvl_dev_net_set_pace(&b->net, false);
			bench_traffic(b, 1000);
		}
		for (unsigned int i = 0; i < DEVICES; i++)
			assert_int_equal(b->dev[i].stats.violations, 0);
		bench_destroy(b);
	}
}

/* Past the wrap of the ring's indices, and with sizes up to what fits. */
static void loop_legacy_carries_traffic_past_the_wrap(void **state)
{
	(void)state;
	FOR_EACH_VARIANT(v)
	{
		struct bench *b = bench_up(v, LATE);

		for (unsigned int i = 0; i < 14; i++) {
			b->size = 60 + i * 110;
			bench_traffic(b, 4800);
		}
		bench_destroy(b);
	}
}

/* It never waits where the first look already shows the acknowledgement. */
static void loop_legacy_first_look_saves_the_wait(void **state)
{
	struct bench *b = bench_create(LEGACY_DEPLOYED, AT_ONCE, false);

	(void)state;
	bench_setup(b);
	assert_int_equal(b->d.stats.first_reads, 3);
	assert_int_equal(b->d.stats.first_hits, 3);
	assert_true(b->d.stats.setup_us < TIMEOUT_US / 10);
	bench_destroy(b);
}

static void loop_legacy_first_look_too_early_costs_the_wait(void **state)
{
	struct bench *b = bench_create(LEGACY_DEPLOYED, LATE, false);

	(void)state;
	bench_setup(b);
	assert_int_equal(b->d.stats.first_hits, 0);
	assert_in_range(b->d.stats.setup_us, 3 * TIMEOUT_US, 4 * TIMEOUT_US);
	bench_traffic(b, 100);
	bench_destroy(b);
}

/* With nobody there the older driver gives its devices up; the test can. */
static void loop_legacy_gives_up_without_a_main_side(void **state)
{
	(void)state;
	FOR_EACH_VARIANT(v)
	{
		struct bench *b = bench_create(v->variant, LATE, v->reset);

		b->deaf = true;
		while (!legacy_ready(&b->d) && b->now_us < DEADLINE_US)
			bench_turn(b);
		assert_true(legacy_ready(&b->d));
		assert_null(legacy_up(&b->d, LEGACY_ID_NET));
		bench_destroy(b);
	}
}

/* Frames that the driver's buffer has no room for are dropped, never cut. */
static void loop_legacy_oversize_frames_are_dropped(void **state)
{
	struct bench *b = bench_create(LEGACY_DEPLOYED, LATE, false);

	(void)state;
	bench_setup(b);
	b->size = 1501;
	b->requests = 20;
	b->burst = 20;
	b->to_main = true;
	while (b->sent != b->requests)
		bench_turn(b);
	assert_int_equal(b->net.stats.rx_dropped, 20);
	assert_int_equal(b->answers, 0);
	b->answers = 20;
	b->burst = 1;
	b->size = 1500;
	bench_traffic(b, 20);
	bench_destroy(b);
}

/* More than four at once are its end: what pacing is for. */
static void loop_legacy_deployed_dies_of_a_burst(void **state)
{
	struct bench *b = bench_create(LEGACY_DEPLOYED, LATE, false);

	(void)state;
	hvl_dev_net_set_pace(&b->net, false);
	bench_setup(b);
	b->burst = 50;
	b->requests = 200;
	for (unsigned int i = 0; i < 100000 && !b->d.died; i++) {
		b->to_main = true;
		bench_turn(b);
	}
	assert_non_null(b->d.died);
	bench_destroy(b);
}

/* What was under way when the remote went down may be lost with it. */
static void bench_settle(struct bench *b)
{
	uint64_t deadline = b->now_us + 5 * RECHECK_US;

	while (b->answers != b->sent && b->now_us < deadline)
		bench_turn(b);
	b->answers = b->sent;
}

/*
 * A processor takes longer to start than the main side takes to look, and
 * forgets what rang meanwhile.
 */
static void bench_boot(struct bench *b)
{
	legacy_boot(&b->d);
	b->now_us += RECHECK_US;
	bench_service(b);
	b->to_remote = false;
}

/* The time passes in which it gets frames without an answer, many times. */
static void loop_legacy_deployed_survives_being_held_up(void **state)
{
	struct bench *b = bench_create(LEGACY_DEPLOYED, LATE, false);

	(void)state;
	bench_setup(b);
	b->burst = 50;
	for (unsigned int i = 0; i < 20; i++) {
		b->requests = (uint16_t)(b->requests + 50);
		for (unsigned int j = 0; j < i % 5; j++)
			bench_turn(b);
		bench_stand_still(b);
		bench_traffic(b, 0);
	}
	bench_destroy(b);
}

/* Also in the midst of the frames that it found, after each answer. */
static void loop_legacy_deployed_survives_many_hold_ups(void **state)
{
	struct bench *b = bench_create(LEGACY_DEPLOYED, LATE, false);

	(void)state;
	bench_setup(b);
	b->burst = 50;
	for (unsigned int i = 0; i < 20; i++) {
		b->requests = (uint16_t)(b->requests + 50);
		for (unsigned int j = 0; j < i % 5; j++)
			bench_turn(b);
		bench_stand_still(b);
		b->slow = true;
		for (unsigned int j = 0; j < 20 && !b->d.died; j++)
			bench_turn(b);
		b->slow = false;
		bench_traffic(b, 0);
	}
	bench_destroy(b);
}

static void bench_restart(struct bench *b)
{
	bench_boot(b);
	bench_setup(b);
	bench_settle(b);
}

static void loop_legacy_restarts_in_mid_traffic(void **state)
{
	(void)state;
	FOR_EACH_WAY(v, pace)
	{
		struct bench *b = bench_up(v, pace);

		for (unsigned int i = 0; i < 50; i++) {
			bench_traffic(b, (uint16_t)(20 + i));
			b->requests = (uint16_t)(b->requests + 5);
			for (unsigned int j = 0; j < i % 7; j++)
				bench_turn(b);
			bench_restart(b);
		}
		bench_traffic(b, 100);
		assert_true(b->restarts >= 50);
		bench_destroy(b);
	}
}

/* A main side that is busy elsewhere finds the restart as a whole. */
static void loop_legacy_restarts_unseen(void **state)
{
	(void)state;
	FOR_EACH_VARIANT(v)
	{
		struct bench *b = bench_up(v, LATE);

		for (unsigned int i = 0; i < 50; i++) {
			bench_traffic(b, 20);
			b->deaf = true;
			legacy_boot(&b->d);
			for (unsigned int j = 0; j < i % 24; j++)
				bench_turn(b);
			b->deaf = false;
			bench_setup(b);
			bench_settle(b);
		}
		bench_traffic(b, 100);
		bench_destroy(b);
	}
}

/* It starts over at every step of its set-up, of its first life and later. */
static void loop_legacy_restarts_at_every_step(void **state)
{
	(void)state;
	FOR_EACH_WAY(v, pace)
	{
		struct bench *b =
			bench_create(v->variant, (enum pace)pace, v->reset);
		bool over = false;

		for (unsigned int stop = 0; !over; stop++) {
			while (!legacy_ready(&b->d) && b->d.steps < stop)
				bench_turn(b);
			over = legacy_ready(&b->d);
			bench_restart(b);
			bench_traffic(b, 20);
			bench_boot(b);
		}
		bench_destroy(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loop_legacy_sets_up_and_carries_traffic),
		cmocka_unit_test(loop_legacy_carries_traffic_past_the_wrap),
		cmocka_unit_test(loop_legacy_first_look_saves_the_wait),
		cmocka_unit_test(
			loop_legacy_first_look_too_early_costs_the_wait),
		cmocka_unit_test(loop_legacy_gives_up_without_a_main_side),
		cmocka_unit_test(loop_legacy_oversize_frames_are_dropped),
		cmocka_unit_test(loop_legacy_deployed_dies_of_a_burst),
		cmocka_unit_test(loop_legacy_deployed_survives_being_held_up),
		cmocka_unit_test(loop_legacy_deployed_survives_many_hold_ups),
		cmocka_unit_test(loop_legacy_restarts_in_mid_traffic),
		cmocka_unit_test(loop_legacy_restarts_unseen),
		cmocka_unit_test(loop_legacy_restarts_at_every_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
