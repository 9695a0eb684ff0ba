/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The thread lives as long as the process, asleep between programs and
 * spinning within one, since a processor that has to be woken would be late.
 */
#include "race.h"

#include "fuzz.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

#define PLACES_MAX 16u
#define TRIES 48u
#define TRIED_MAX 256u /* of one program: it must come to an end */

static struct {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool started, awake;
	uint8_t *va[PLACES_MAX];
	size_t len[PLACES_MAX];
	unsigned int n, tried;
	uint32_t rnd;
	atomic_bool on, busy;
} race = { .lock = PTHREAD_MUTEX_INITIALIZER,
	   .cond = PTHREAD_COND_INITIALIZER };

static uint32_t race_pick(void)
{
	race.rnd = race.rnd * 1664525u + 1013904223u;
	return race.rnd >> 8;
}

/* Turn a bit over for a moment. */
static void race_turn(void)
{
	unsigned int i = race_pick() % race.n;
	uint8_t *p = race.va[i] + race_pick() % race.len[i];
	uint8_t bit = (uint8_t)(1u << race_pick() % 8);

	__atomic_fetch_xor(p, bit, __ATOMIC_RELAXED);
	for (uint32_t wait = race_pick() % 32; wait > 0; wait--)
		atomic_signal_fence(memory_order_seq_cst);
	__atomic_fetch_xor(p, bit, __ATOMIC_RELAXED);
}

static bool race_is_awake(void)
{
	bool awake;

	pthread_mutex_lock(&race.lock);
	awake = race.awake;
	pthread_mutex_unlock(&race.lock);
	return awake;
}

static void *race_main(void *arg)
{
	for (;;) {
		pthread_mutex_lock(&race.lock);
		while (!race.awake)
			pthread_cond_wait(&race.cond, &race.lock);
		pthread_mutex_unlock(&race.lock);
		for (unsigned int i = 0; i < 4096; i++) {
			atomic_store(&race.busy, true);
			if (atomic_load(&race.on))
				race_turn();
			atomic_store(&race.busy, false);
			if (!atomic_load(&race.on)) {
				sched_yield();
				if (!race_is_awake())
					break;
			}
		}
	}
	return arg;
}

void race_begin(uint32_t seed)
{
	pthread_t thread;

	if (!race.started)
		FUZZ_CHECK(pthread_create(&thread, NULL, race_main, NULL) == 0);
	race.started = true;
	race.n = 0;
	race.tried = 0;
	race.rnd = seed;
	pthread_mutex_lock(&race.lock);
	race.awake = true;
	pthread_cond_signal(&race.cond);
	pthread_mutex_unlock(&race.lock);
}

void race_place(void *va, size_t len)
{
	FUZZ_CHECK(!atomic_load(&race.on));
	if (race.n == PLACES_MAX || len == 0)
		return;
	race.va[race.n] = va;
	race.len[race.n++] = len;
}

static bool race_runs(void)
{
	return race.awake && race.n > 0;
}

unsigned int race_tries(void)
{
	if (!race_runs() || race.tried == TRIED_MAX)
		return 0;
	race.tried++;
	return TRIES;
}

void race_on(void)
{
	if (race_runs())
		atomic_store(&race.on, true);
}

void race_off(void)
{
	atomic_store(&race.on, false);
	while (atomic_load(&race.busy))
		sched_yield();
}

void race_end(void)
{
	race_off();
	pthread_mutex_lock(&race.lock);
	race.awake = false;
	pthread_mutex_unlock(&race.lock);
}
