/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A main side that dies under live drivers, at every word that it stores, and
 * another one that takes its place: with what was recorded, or without it.
 *
 * The device library is built with a port that calls before each store. There
 * the service is left for good, as by kill -9; the memory and the records stay.
 * The next one comes at once, or when the driver has gone on as far as it gets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <malloc.h>
#include <cmocka.h>

#include "loop.h"

#include <hvl/metal/compiler.h>
#include <hvl/wire/mmio.h>
#include <hvl/wire/virtio.h>

#define NUM 8u
#define FRAMES 12u
#define DEATHS 200u
#define SETTLE_US (20u * 1000000u)

/* One main side after the other. */
static struct {
	jmp_buf env;
	bool serving;	     /* in the device library */
	bool late;	     /* the next one takes its time */
	bool keeps;	     /* what was recorded is used */
	bool often;	     /* and again soon */
	bool dead;	     /* nobody serves */
	unsigned int points; /* stores so far */
	unsigned int cut;    /* the one before which it dies; 0: none */
	unsigned int deaths;
	unsigned int refused;
	unsigned int heals; /* of drivers that had to start over */
} life;

void cut_point(void)
{
	if (!life.serving)
		return;
	life.points++;
	if (life.points == life.cut)
		longjmp(life.env, 1);
}

/* Both devices have one host: it dies with all it knows. */
static void come_back(struct loop *l)
{
	for (unsigned int i = 0; i < LOOP_DEVICES; i++) {
		struct hvl_dev_saved saved;

		loop_saved(l, i, &saved);
		loop_reborn(l, i);
		if (life.keeps && hvl_dev_resume(&l->dev[i], &saved) == 0)
			continue;
		life.refused += life.keeps;
		hvl_dev_attach(&l->dev[i]);
	}
}

static unsigned int serve(struct loop *l, unsigned int device,
			  unsigned int budget)
{
	unsigned int wants;

	if (life.dead && life.late) {
		life.late = false;
		return 0;
	}
	if (setjmp(life.env) == 0) {
		life.serving = true;
		if (life.dead)
			come_back(l);
		life.dead = false;
		wants = hvl_dev_service(&l->dev[device], budget);
		life.serving = false;
		return wants;
	}
	life.serving = false;
	life.dead = true;
	life.deaths++;
	if (life.often)
		life.cut = life.points + 1 + (unsigned int)rand() % 60;
	return life.late ? 0 : serve(l, device, budget);
}

/* Version 2 with packed rings. */
#define PACKED 3u

static struct loop *create(unsigned int version, bool keeps)
{
	const struct loop_options opt = {
		.version = version == PACKED ? 2 : version,
		.features_on =
			version == PACKED ? HVL_BIT64(VIRTIO_F_RING_PACKED) : 0,
		.queue_max = NUM
	};
	struct loop *l = loop_create(&opt);

	life.keeps = keeps;
	life.dead = false;
	life.points = life.deaths = life.refused = life.heals = 0;
	l->serve = serve;
	return l;
}

/* Drivers of ours start over until it works. */
static void start_all(struct loop *l)
{
	unsigned int tries = 0;

	while (!l->rng.live && loop_start_rng(l) != 0)
		assert_true(tries++ < 3);
	while (!l->net.live && loop_start_net(l, NUM, NUM) != 0)
		assert_true(tries++ < 6);
	life.heals += tries;
}

static bool heal(struct loop *l)
{
	unsigned int before = life.heals;

	if (hvl_drv_net_check(&l->net) != 0) {
		(void)hvl_drv_net_stop(&l->net);
		life.heals++;
	}
	if (hvl_drv_dev_health(&l->drv[LOOP_RNG]) != 0) {
		(void)hvl_drv_rng_stop(&l->rng);
		life.heals++;
	}
	start_all(l);
	return life.heals != before;
}

/* Return: whether one came back; each comes once, in order. */
static bool take_one(struct loop *l, uint32_t *last)
{
	struct hvl_drv_net_buf *buf;
	uint32_t number;

	if (hvl_drv_net_rx(&l->net, &buf) != 1)
		return false;
	number = loop_frame_number(buf->data);
	assert_true(number > *last);
	*last = number;
	hvl_drv_net_rx_done(&l->net, buf, buf->gen);
	return true;
}

static bool send_one(struct loop *l, uint32_t number)
{
	struct hvl_drv_net_buf *buf;

	if (hvl_drv_net_tx_get(&l->net, &buf) != 1)
		return false;
	loop_frame(buf->data, 60, number);
	assert_int_equal(hvl_drv_net_tx_put(&l->net, buf, 60), 0);
	return true;
}

/*
 * Send frames, take what comes back. Return: how many did not before the last
 * one came, which is sent again, as another one, until it does.
 */
static unsigned int traffic(struct loop *l, uint32_t *number, unsigned int n)
{
	uint64_t end = l->now_us + SETTLE_US;
	unsigned int sent = 0, got = 0;
	uint32_t last = *number, quiet = 0;

	while (last < *number || sent < n) {
		bool moved = false;

		assert_true(l->now_us < end);
		while ((sent < n || quiet > 3) && send_one(l, *number + 1)) {
			++*number;
			sent++;
			moved = true;
			quiet = 0;
		}
		hvl_drv_net_kick(&l->net);
		loop_wait(l);
		while (take_one(l, &last)) {
			got++;
			moved = true;
		}
		(void)hvl_drv_dev_events(&l->drv[LOOP_NET]);
		if (heal(l))
			quiet = 4;
		quiet = moved ? 0 : quiet + 1;
	}
	assert_false(l->mirror.again);
	return sent - got;
}

static void check_entropy(struct loop *l)
{
	uint8_t buf[16];
	unsigned int tries = 0;

	while (hvl_drv_rng_read(&l->rng, buf, sizeof(buf)) <= 0) {
		assert_true(tries++ < 3);
		heal(l);
	}
}

/* A whole life of both drivers, with a death at @cut. Return: frames lost. */
static unsigned int live_once(struct loop *l)
{
	uint32_t number = 0;
	unsigned int lost;

	start_all(l);
	check_entropy(l);
	lost = traffic(l, &number, FRAMES);
	if (l->net.live)
		assert_int_equal(hvl_drv_net_stop(&l->net), 0);
	start_all(l);
	lost += traffic(l, &number, 2);
	check_entropy(l);
	return lost;
}

static void cut_everywhere(unsigned int version, bool keeps, bool late)
{
	unsigned int cut = 0, lost;

	for (;;) {
		struct loop *l = create(version, keeps);

		life.cut = ++cut;
		life.late = late;
		lost = live_once(l);
		if (keeps) {
			assert_int_equal(life.refused, 0);
			assert_int_equal(life.heals, 0);
		}
		assert_true(life.deaths <= 1);
		if (lost > (life.deaths ? 2 * NUM : 0))
			print_error("v%u keeps %d late %d cut %u: lost %u\n",
				    version, keeps, late, cut, lost);
		assert_true(lost <= (life.deaths ? 2 * NUM : 0));
		life.cut = 0;
		l->serve = NULL;
		loop_destroy(l);
		if (life.deaths == 0)
			break;
	}
	assert_true(cut > 200);
}

#define CUTS(version, keeps, late)                                          \
	static void loop_resume_v##version##_##keeps##_##late(void **state) \
	{                                                                   \
		(void)state;                                                \
		cut_everywhere(version, CUT_##keeps, CUT_##late);           \
	}
#define CUT_with_state true
#define CUT_without_state false
#define CUT_at_once false
#define CUT_later true

CUTS(1, with_state, at_once)
CUTS(1, with_state, later)
CUTS(2, with_state, at_once)
CUTS(2, with_state, later)
CUTS(1, without_state, at_once)
CUTS(1, without_state, later)
CUTS(2, without_state, at_once)
CUTS(2, without_state, later)
CUTS(3, with_state, at_once)
CUTS(3, with_state, later)

/* Again and again in mid-traffic, also while it has only just come back. */
static void die_often(unsigned int version, bool keeps)
{
	struct loop *l = create(version, keeps);
	unsigned int lost = 0, i;
	uint32_t number = 0;

	life.cut = 0;
	srand(20261122);
	start_all(l);
	for (i = 0; i < DEATHS; i++) {
		life.cut = life.points + 1 + (unsigned int)rand() % 40;
		life.late = rand() % 2;
		life.often = keeps && i % 4 == 0;
		lost += traffic(l, &number, FRAMES);
	}
	assert_true(life.deaths > DEATHS / 2);
	if (keeps) {
		assert_int_equal(life.refused, 0);
		assert_int_equal(life.heals, 0);
		assert_int_equal(l->dev[LOOP_NET].stats.violations, 0);
	}
	assert_true(lost <= life.deaths * 2 * NUM);
	check_entropy(l);
	life.cut = 0;
	loop_destroy(l);
}

static void loop_resume_many_times(void **state)
{
	(void)state;
	for (unsigned int v = 1; v <= PACKED; v++)
		die_often(v, true);
}

static void loop_attach_many_times(void **state)
{
	(void)state;
	for (unsigned int v = 1; v <= PACKED; v++)
		die_often(v, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loop_resume_v1_with_state_at_once),
		cmocka_unit_test(loop_resume_v1_with_state_later),
		cmocka_unit_test(loop_resume_v2_with_state_at_once),
		cmocka_unit_test(loop_resume_v2_with_state_later),
		cmocka_unit_test(loop_resume_v1_without_state_at_once),
		cmocka_unit_test(loop_resume_v1_without_state_later),
		cmocka_unit_test(loop_resume_v2_without_state_at_once),
		cmocka_unit_test(loop_resume_v2_without_state_later),
		cmocka_unit_test(loop_resume_v3_with_state_at_once),
		cmocka_unit_test(loop_resume_v3_with_state_later),
		cmocka_unit_test(loop_resume_many_times),
		cmocka_unit_test(loop_attach_many_times),
	};

	/* Thousands of shared memories in turn: keep their pages. */
	(void)mallopt(M_MMAP_THRESHOLD, 64 << 20);
	(void)mallopt(M_TRIM_THRESHOLD, 64 << 20);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
