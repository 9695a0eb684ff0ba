/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pair.h - two processes, driver and device, and how far apart their cores are
 *
 * Virtual processors move between physical cores, and every rate follows: so
 * each measurement begins and ends with a ping-pong of a cache line between
 * the two, which says whether they share a cache (near) or not (far).
 */
#ifndef HVL_BENCH_PAIR_H
#define HVL_BENCH_PAIR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bench.h"

enum bench_side {
	BENCH_DRIVER, /* the child */
	BENCH_DEVICE, /* the parent; prints the result */
};

/* A word that one side writes and the other looks at, alone on its line. */
struct bench_word {
	_Alignas(BENCH_LINE) atomic_uint_fast64_t v;
};

struct bench_pair {
	int cores[2];		    /* by side */
	struct bench_word turn[2];  /* ping-pong */
	struct bench_word step[2];  /* bench_pair_meet() */
	double before_ns, after_ns; /* written by the device side */
	unsigned int limit_s;	    /* whole run; then it fails */
	pid_t child;
};

/** bench_pair_create() - in shared memory; @limit_s: life of the whole */
struct bench_pair *bench_pair_create(const int cores[2], unsigned int limit_s);

/**
 * bench_pair_run() - fork, pin, probe, run both sides, probe, join
 * @pair: created
 * @run:  called in both processes, with the side and @arg
 *
 * Returns in the parent, when the child ended well. When either fails, the
 * program ends with a message.
 */
void bench_pair_run(struct bench_pair *pair,
		    void (*run)(enum bench_side side, void *arg), void *arg);

/** bench_pair_meet() - wait until the other side is here too */
void bench_pair_meet(struct bench_pair *pair, enum bench_side side);

/** bench_pair_json() - fields probe_before_ns, probe_after_ns, placement */
void bench_pair_json(const struct bench_pair *pair);

static inline uint64_t bench_word_get(struct bench_word *w)
{
	return atomic_load_explicit(&w->v, memory_order_acquire);
}

static inline void bench_word_set(struct bench_word *w, uint64_t v)
{
	atomic_store_explicit(&w->v, v, memory_order_release);
}

#endif /* HVL_BENCH_PAIR_H */
