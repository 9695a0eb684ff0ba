/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Round trip of an entropy request between two processes, with the whole of
 * both libraries: driver, register block, device, eventfds as doorbells. The
 * entropy costs nothing, so that only the way is measured. Blocking takes turns
 * with the yardstick: the same two eventfds and nothing else.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>

#include <hvl/device/mmio.h>
#include <hvl/device/rng.h>
#include <hvl/driver/mmio.h>
#include <hvl/driver/rng.h>
#include <hvl/metal/time.h>
#include <hvl/wire/mmio.h>

#include "pair.h"

#define RNG_SHM_DA UINT64_C(0x37000000)
#define RNG_SHM_SIZE (1u << 20)
#define RNG_REGION 0x1000u
#define RNG_SIZE_MAX 4096u
#define RNG_BUDGET 64u
#define RNG_RECHECK_NS 10000000
#define RNG_TURNS 4u /* of requests, and as many of the yardstick */
#define RNG_SAMPLES 1000000u

/*
 * What a doorbell says beyond "look": the yardstick begins or ends; the end.
 * Whoever waits for requests does not read what it says, unless told to.
 */
#define RNG_SWITCH (UINT64_C(1) << 32)
#define RNG_END (UINT64_C(1) << 48)

enum rng_wait {
	RNG_BLOCK,
	RNG_POLL
};

/* Round trips of one kind: shared, written by the driver. */
struct rng_times {
	uint64_t ns, trips;
	double median_us, p99_us;
	size_t count;
};

struct rng_shared {
	struct bench_word stop;
	struct bench_word told;	    /* by the driver: doorbells to be read */
	struct bench_word switched; /* by the device: switches it has obeyed */
	struct rng_times request, bare;
};

struct rng_bench {
	unsigned int size, wait;
	double seconds;
	struct bench_pair *pair;
	struct rng_shared *shared;
	struct hvl_io shm, regs;
	int to_device, to_driver; /* eventfds */
	int ear;		  /* the driver's */
	double *samples[2];	  /* microseconds: requests, yardstick */
};

static const char *const wait_names[] = { "block", "poll", NULL };

static uint64_t rng_take(int fd)
{
	eventfd_t count = 0;

	if (eventfd_read(fd, &count) < 0)
		bench_die(1, "eventfd: cannot read");
	return count;
}

static void rng_ring(int fd, uint64_t what)
{
	if (eventfd_write(fd, what) < 0)
		bench_die(1, "eventfd: cannot write");
}

/*
 * Hears of each ring, whether it was read or not, as the PMM does; and of time
 * that passes: one timer that runs on costs less than one for each sleep.
 */
static int rng_ear(int fd)
{
	const struct timespec step = { .tv_nsec = RNG_RECHECK_NS };
	const struct itimerspec steps = { .it_interval = step,
					  .it_value = step };
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET };
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	int ear = epoll_create1(EPOLL_CLOEXEC);

	if (timer < 0 || timerfd_settime(timer, 0, &steps, NULL) < 0 ||
	    ear < 0 || epoll_ctl(ear, EPOLL_CTL_ADD, fd, &ev) < 0 ||
	    epoll_ctl(ear, EPOLL_CTL_ADD, timer, &ev) < 0)
		bench_die(1, "epoll: cannot create");
	return ear;
}

/* Sleep until either happens. */
static void rng_hear(int ear)
{
	struct epoll_event ev;

	(void)epoll_wait(ear, &ev, 1, -1);
}

/* ---- device ----------------------------------------------------------- */

static int device_entropy(void *ctx, void *buf, uint32_t len)
{
	static const unsigned char block[RNG_SIZE_MAX] = { 1 };
	uint32_t n = len < sizeof(block) ? len : (uint32_t)sizeof(block);

	(void)ctx;
	memcpy(buf, block, n);
	return (int)n;
}

static void device_init(struct rng_bench *b, struct hvl_dev *dev,
			struct hvl_dev_rng *rng, struct hvl_seg *segs)
{
	struct hvl_dev_config cfg = {
		.name = "rng",
		.model = &hvl_dev_rng_model,
		.priv = rng,
		.shm = &b->shm,
		.regs = &b->regs,
		.region_da = b->shm.da + RNG_REGION,
		.region_size = b->shm.size - RNG_REGION,
		.segs = segs,
	};

	hvl_dev_rng_init(
		rng, &(struct hvl_dev_rng_backing){ .read = device_entropy });
	bench_check(hvl_dev_init(dev, &cfg, &hvl_dev_mmio_v2), "device");
	hvl_dev_publish(dev);
}

/* The yardstick: nothing but the two eventfds. Return: the last doorbell. */
static uint64_t device_bare(struct rng_bench *b)
{
	uint64_t rang;

	while ((rang = rng_take(b->to_device)) < RNG_SWITCH)
		rng_ring(b->to_driver, 1);
	return rang;
}

/* The driver said something. Return: whether that was the end. */
static bool device_told(struct rng_bench *b)
{
	struct bench_word *switched = &b->shared->switched;
	uint64_t rang = 0;

	while (rang < RNG_SWITCH)
		rang += rng_take(b->to_device);
	if (rang >= RNG_END)
		return true;
	bench_word_set(switched, bench_word_get(switched) + 1);
	rang = device_bare(b);
	bench_word_set(switched, bench_word_get(switched) + 1);
	return rang >= RNG_END;
}

/* Serve, then sleep until there is a reason to look again. */
static void device_block(struct rng_bench *b, struct hvl_dev *dev)
{
	int ear = rng_ear(b->to_device);
	uint64_t told = 0;

	for (;;) {
		unsigned int wants = hvl_dev_service(dev, RNG_BUDGET);

		if (wants & HVL_DEV_RING)
			rng_ring(b->to_driver, 1);
		if (!(wants & HVL_DEV_MORE))
			rng_hear(ear);
		if (bench_word_get(&b->shared->told) == told)
			continue;
		/* Its begin and its end. */
		told += 2;
		if (device_told(b))
			return;
	}
}

static void device_run(struct rng_bench *b)
{
	static struct hvl_seg segs[HVL_DEV_SEGS_MAX];
	struct hvl_dev_rng rng;
	struct hvl_dev dev;

	device_init(b, &dev, &rng, segs);
	bench_pair_meet(b->pair, BENCH_DEVICE);
	if (b->wait == RNG_BLOCK)
		device_block(b, &dev);
	else
		while (bench_word_get(&b->shared->stop) == 0)
			(void)hvl_dev_service(&dev, RNG_BUDGET);
}

/* ---- driver ----------------------------------------------------------- */

static uint64_t driver_now(void *ctx)
{
	(void)ctx;
	return hvl_time_us();
}

static void driver_ring(void *ctx)
{
	rng_ring(((struct rng_bench *)ctx)->to_device, 1);
}

static void driver_wait(void *ctx, uint64_t until_us)
{
	(void)until_us; /* which is as far away as the timer's step */
	rng_hear(((struct rng_bench *)ctx)->ear);
}

/* One turn: the same thing over and over for some time. */
static void driver_turn(struct rng_times *t, double *samples,
			void (*trip)(void *arg), void *arg, uint64_t ns)
{
	uint64_t start = bench_now_ns(), at = start, now;

	while (at - start < ns) {
		trip(arg);
		now = bench_now_ns();
		if (t->count < RNG_SAMPLES)
			samples[t->count++] = (double)(now - at) / 1e3;
		at = now;
		t->trips++;
	}
	t->ns += at - start;
}

static void driver_bare(void *arg)
{
	struct rng_bench *b = arg;

	rng_ring(b->to_device, 1);
	(void)rng_take(b->to_driver);
}

struct rng_request {
	struct rng_bench *b;
	struct hvl_drv_rng rng;
	void *buf;
};

static void driver_request(void *arg)
{
	struct rng_request *r = arg;
	int n = hvl_drv_rng_read(&r->rng, r->buf, r->b->size);

	bench_check(n, "request");
	if ((uint32_t)n != r->b->size)
		bench_die(1, "%d bytes of %u came", n, r->b->size);
}

/* Tell the device that the yardstick begins or ends, and wait for it. */
static void driver_switch(struct rng_bench *b)
{
	uint64_t want = bench_word_get(&b->shared->switched) + 1;

	bench_word_set(&b->shared->told, want);
	rng_ring(b->to_device, RNG_SWITCH);
	while (bench_word_get(&b->shared->switched) != want)
		hvl_sleep_us(50);
	/* What nobody has read. */
	rng_ring(b->to_driver, 1);
	(void)rng_take(b->to_driver);
}

static void driver_block(struct rng_bench *b, struct rng_request *r)
{
	uint64_t ns = (uint64_t)(b->seconds * 1e9 / RNG_TURNS);

	for (unsigned int i = 0; i < RNG_TURNS; i++) {
		driver_turn(&b->shared->request, b->samples[0], driver_request,
			    r, ns);
		driver_switch(b);
		driver_turn(&b->shared->bare, b->samples[1], driver_bare, b,
			    ns);
		driver_switch(b);
	}
	bench_word_set(&b->shared->told, UINT64_MAX);
	rng_ring(b->to_device, RNG_END);
}

static void driver_finish(struct rng_times *t, double *samples)
{
	t->median_us = bench_median(samples, t->count);
	t->p99_us = t->count ? samples[t->count * 99 / 100] : 0;
}

static void driver_start(struct rng_bench *b, struct rng_request *r,
			 struct bench_pool *pool, struct hvl_drv_dev *dev,
			 const struct hvl_drv_platform *plat)
{
	struct hvl_io region;
	uint64_t off;

	bench_check(hvl_drv_mmio_probe(dev, &b->regs, plat), "probe");
	(void)hvl_io_sub(&b->shm, RNG_REGION, b->shm.size - RNG_REGION,
			 &region);
	bench_pool_init(pool, &region);
	bench_check(hvl_drv_rng_start(&r->rng, dev, &pool->pool), "start");
	bench_check(hvl_drv_pool_alloc(&pool->pool, RNG_SIZE_MAX, 0, &off),
		    "buffer");
	r->buf = hvl_io_va(&region, off);
}

static void driver_run(struct rng_bench *b)
{
	struct hvl_drv_platform plat = {
		.ctx = b,
		.now_us = driver_now,
		.ring = driver_ring,
		.wait = b->wait == RNG_BLOCK ? driver_wait : NULL,
		.no_spin = b->pair->cores[0] == b->pair->cores[1],
	};
	static struct rng_request r;
	struct bench_pool pool;
	struct hvl_drv_dev dev;

	for (unsigned int i = 0; i < 2; i++)
		b->samples[i] = calloc(RNG_SAMPLES, sizeof(double));
	if (!b->samples[0] || !b->samples[1])
		bench_die(1, "out of memory");
	r.b = b;
	b->ear = rng_ear(b->to_driver);
	bench_pair_meet(b->pair, BENCH_DRIVER);
	driver_start(b, &r, &pool, &dev, &plat);
	if (b->wait == RNG_BLOCK) {
		driver_block(b, &r);
	} else {
		driver_turn(&b->shared->request, b->samples[0], driver_request,
			    &r, (uint64_t)(b->seconds * 1e9));
		bench_word_set(&b->shared->stop, 1);
	}
	driver_finish(&b->shared->request, b->samples[0]);
	driver_finish(&b->shared->bare, b->samples[1]);
}

/* ---- both ------------------------------------------------------------- */

static void rng_side(enum bench_side side, void *arg)
{
	if (side == BENCH_DRIVER)
		driver_run(arg);
	else
		device_run(arg);
}

static void rng_report(const struct rng_bench *b, bool hugepages)
{
	const struct rng_times *request = &b->shared->request;
	const struct rng_times *bare = &b->shared->bare;
	double mean = (double)request->ns / (double)request->trips;

	bench_json_begin("rng");
	bench_json_int("size", b->size);
	bench_json_string("wait", wait_names[b->wait]);
	bench_json_string("pages", hugepages ? "2M" : "4k");
	bench_json_int("trips", request->trips);
	bench_json_real("mean_us", mean / 1e3);
	bench_json_real("median_us", request->median_us);
	bench_json_real("p99_us", request->p99_us);
	if (bare->trips != 0) {
		double yardstick = (double)bare->ns / (double)bare->trips;

		bench_json_real("eventfd_mean_us", yardstick / 1e3);
		bench_json_real("eventfd_median_us", bare->median_us);
		bench_json_real("ratio", mean / yardstick);
	}
	bench_pair_json(b->pair);
	bench_json_end();
}

int main(int argc, char **argv)
{
	struct rng_bench b = { .size = 16, .seconds = 1 };
	const char *cores_text = "0,1";
	bool hugepages = false;
	const struct bench_opt opts[] = {
		{ "--size", "N      bytes of a request (16)", BENCH_OPT_NUM,
		  &b.size, 1, RNG_SIZE_MAX, NULL },
		{ "--wait", "block|poll (block)", BENCH_OPT_CHOICE, &b.wait, 0,
		  0, wait_names },
		{ "--seconds", "N   that are measured (1)", BENCH_OPT_REAL,
		  &b.seconds, 0, 0, NULL },
		{ "--cores", "A,B   of driver and device (0,1)",
		  BENCH_OPT_STRING, &cores_text, 0, 0, NULL },
		{ "--hugepages", "pages of 2 MB", BENCH_OPT_FLAG, &hugepages, 0,
		  0, NULL },
	};
	int cores[2];

	bench_options(argc, argv, "Round trip of an entropy request.", opts,
		      HVL_ARRAY_SIZE(opts));
	bench_cores(cores_text, cores);
	if (b.wait == RNG_POLL && cores[0] == cores[1])
		bench_die(2, "--wait poll: needs two cores, as both poll");
	b.pair = bench_pair_create(cores, 2 * (unsigned int)b.seconds + 100);
	b.shared = bench_map(sizeof(*b.shared), false);
	b.shm = (struct hvl_io){ bench_map(RNG_SHM_SIZE, hugepages), RNG_SHM_DA,
				 RNG_SHM_SIZE };
	(void)hvl_io_sub(&b.shm, 0, HVL_MMIO_BLOCK_SIZE, &b.regs);
	b.to_device = eventfd(0, EFD_CLOEXEC);
	b.to_driver = eventfd(0, EFD_CLOEXEC);
	if (b.to_device < 0 || b.to_driver < 0)
		bench_die(1, "eventfd: cannot create");
	bench_pair_run(b.pair, rng_side, &b);
	rng_report(&b, hugepages);
	return 0;
}
