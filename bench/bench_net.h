/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bench_net.h - what the two sides of bench_net share
 *
 * Frames flow from a source to a sink; the sink keeps the time. In mode io the
 * device is both, and the driver sends back what it receives. When the time is
 * over the source says how many frames it sent, and the sink waits for the
 * last of them: nothing may be lost.
 */
#ifndef HVL_BENCH_NET_H
#define HVL_BENCH_NET_H

#include <stdbool.h>
#include <stdint.h>

#include <hvl/metal/io.h>
#include <hvl/wire/net.h>

#include "pair.h"

#define NET_RX 0u /* queue that the device fills */
#define NET_TX 1u /* queue that the driver fills */
#define NET_QUEUES 2u
#define NET_BATCH_MAX 256u
#define NET_BUFS_MAX 1024u
#define NET_SIZE_MIN 64u
#define NET_SIZE_MAX 1518u

enum net_mode {
	NET_DRV2DEV,
	NET_DEV2DRV,
	NET_IO
};

/* What one side counts; written by it, read when it has ended. */
struct net_count {
	_Alignas(BENCH_LINE) uint64_t frames; /* while the time ran */
	double seconds;
	uint64_t cycles;
	uint64_t polls;	     /* looks at the ring that frames come from */
	uint64_t polls_idle; /* of them: nothing was there */
	uint64_t notified;   /* how often the other side wanted a doorbell */
	uint64_t total;	     /* frames, from the first to the last */
};

struct net_shared {
	struct bench_word stop; /* by the sink: time is over */
	struct bench_word done; /* by the sink: all frames have arrived */
	struct bench_word sent; /* by the source, once stopped: frames + 1 */
	struct bench_word ring[NET_QUEUES][3]; /* by the driver: addresses */
	struct net_count count[2];	       /* by side */
};

struct net_bench {
	unsigned int mode, size, ring, num, batch, inflight, stride;
	unsigned int bufs; /* private ones of the device, used in turn */
	bool check;
	double seconds;
	uint64_t features;
	const char *list; /* of --features */
	struct hvl_io shm;
	struct bench_pair *pair;
	struct net_shared *shared;
};

/* Times the sink. */
struct net_clock {
	struct net_bench *b;
	struct net_count *count;
	uint64_t next;	   /* when the present phase ends */
	uint64_t start;	   /* of the measurement */
	uint64_t at_start; /* frames by then */
	uint64_t cycles;   /* at start */
	int cycles_fd;
	unsigned int phase; /* 0: warming up, 1: measuring, 2: over */
	unsigned int calls;
};

void net_clock_start(struct net_clock *c, struct net_bench *b,
		     enum bench_side side);

/** net_clock_look() - now and then: ends the run when its time is over */
void net_clock_look(struct net_clock *c);

/** net_fill() - header and frame number @n, as the source writes it */
void net_fill(const struct net_bench *b, unsigned char *at, uint64_t n);

/** net_verify() - end the program unless it is frame number @n */
void net_verify(const struct net_bench *b, const unsigned char *at, uint64_t n);

void net_driver(struct net_bench *b);
void net_device(struct net_bench *b);

static inline bool net_stopped(struct net_bench *b)
{
	return bench_word_get(&b->shared->stop) != 0;
}

static inline bool net_done(struct net_bench *b)
{
	return bench_word_get(&b->shared->done) != 0;
}

#endif /* HVL_BENCH_NET_H */
