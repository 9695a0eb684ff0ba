/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a descriptor costs where nobody else touches the memory: both sides of
 * a ring in one process, one after the other.
 */
#include <stdlib.h>

#include <hvl/device/vq.h>
#include <hvl/driver/vq.h>

#include "bench.h"

#define RING_DA UINT64_C(0x37000000)
#define RING_BUF 64u
#define RING_BATCH_MAX 256u
#define RING_CHAIN_MAX HVL_DRV_VQ_SEGS_MAX

enum ring_step {
	RING_ADD,
	RING_POP,
	RING_PUSH,
	RING_GET,
	RING_STEPS
};

struct ring_bench {
	unsigned int ring, num, batch, chain;
	bool many; /* batched calls */
	double seconds;
	uint64_t features;
	const char *list; /* of --features */
	struct hvl_io shm;
	struct bench_pool pool;
	struct hvl_drv_vq drv;
	struct hvl_dev_vq dev;
	struct hvl_drv_seg segs[RING_CHAIN_MAX];
	struct hvl_chain chains[RING_BATCH_MAX];
	struct hvl_seg chain_segs[RING_BATCH_MAX][RING_CHAIN_MAX];
	uint64_t ns[RING_STEPS];
	uint64_t descriptors;
	uint64_t cycles;
};

static const char *const step_names[RING_STEPS] = {
	"add_ns",
	"pop_ns",
	"push_ns",
	"get_ns",
};

static void ring_init(struct ring_bench *r)
{
	struct hvl_drv_vq_config drv = {
		.num = (uint16_t)r->num,
		.align = BENCH_LINE,
		.features = r->features,
		.slots = calloc(r->num, sizeof(*drv.slots)),
		.indirect = calloc(r->num, RING_CHAIN_MAX * sizeof(*drv.slots)),
		.nindirect = RING_CHAIN_MAX,
		.own_lines = true,
	};
	struct hvl_dev_vq_config dev = { .shm = &r->shm,
					 .name = "ring",
					 .num = r->num,
					 .num_max = r->num,
					 .features = r->features };
	uint64_t off;

	bench_pool_init(&r->pool, &r->shm);
	drv.pool = &r->pool.pool;
	if (!drv.slots || !drv.indirect)
		bench_die(1, "out of memory");
	bench_check(hvl_drv_vq_init(&r->drv, &drv), "driver's queue");
	for (unsigned int i = 0; i < r->chain; i++) {
		bench_check(
			hvl_drv_pool_alloc(&r->pool.pool, RING_BUF, 0, &off),
			"buffers");
		r->segs[i].va = hvl_io_va(&r->shm, off);
		r->segs[i].len = RING_BUF;
	}
	dev.desc = hvl_drv_vq_desc_da(&r->drv);
	dev.avail = hvl_drv_vq_avail_da(&r->drv);
	dev.used = hvl_drv_vq_used_da(&r->drv);
	bench_check(hvl_dev_vq_start(&r->dev, &dev), "device's queue");
	hvl_drv_vq_irq_off(&r->drv);
	hvl_dev_vq_notify_off(&r->dev);
	for (unsigned int i = 0; i < RING_BATCH_MAX; i++)
		r->chains[i] = (struct hvl_chain){
			.nseg_max = RING_CHAIN_MAX,
			.seg = r->chain_segs[i],
		};
}

/* Chains of one segment, all at once. */
static void ring_add_many(struct ring_bench *r)
{
	struct hvl_drv_buf bufs[RING_BATCH_MAX];

	for (unsigned int i = 0; i < r->batch; i++)
		bufs[i] = (struct hvl_drv_buf){ r, r->segs[0].va,
						r->segs[0].len };
	if (hvl_drv_vq_add_many(&r->drv, bufs, (uint16_t)r->batch, false) !=
	    (int)r->batch)
		bench_die(1, "add: no room");
	(void)hvl_drv_vq_kick(&r->drv);
}

static void ring_pop_many(struct ring_bench *r)
{
	if (hvl_dev_vq_pop_many(&r->dev, r->chains, (uint16_t)r->batch) !=
	    (int)r->batch)
		bench_die(1, "pop: nothing is there");
}

static void ring_push_many(struct ring_bench *r)
{
	hvl_dev_vq_push_many(&r->dev, r->chains, NULL, (uint16_t)r->batch);
	(void)hvl_dev_vq_flush(&r->dev);
}

static void ring_get_many(struct ring_bench *r)
{
	struct hvl_drv_used used[RING_BATCH_MAX];

	if (hvl_drv_vq_get_many(&r->drv, used, (uint16_t)r->batch) !=
	    (int)r->batch)
		bench_die(1, "get: nothing is there");
}

static void ring_add(struct ring_bench *r)
{
	for (unsigned int i = 0; i < r->batch; i++)
		bench_check(hvl_drv_vq_add(&r->drv, r->segs, (uint16_t)r->chain,
					   0, r),
			    "add");
	(void)hvl_drv_vq_kick(&r->drv);
}

static void ring_pop(struct ring_bench *r)
{
	for (unsigned int i = 0; i < r->batch; i++)
		if (hvl_dev_vq_pop(&r->dev, &r->chains[i]) != 1)
			bench_die(1, "pop: nothing is there");
}

static void ring_push(struct ring_bench *r)
{
	for (unsigned int i = 0; i < r->batch; i++)
		hvl_dev_vq_push(&r->dev, &r->chains[i], 0);
	(void)hvl_dev_vq_flush(&r->dev);
}

static void ring_get(struct ring_bench *r)
{
	void *cookie;
	uint32_t len;

	for (unsigned int i = 0; i < r->batch; i++)
		if (hvl_drv_vq_get(&r->drv, &cookie, &len) != 1)
			bench_die(1, "get: nothing is there");
}

/* What reading the clock adds to each step. */
static uint64_t ring_clock_ns(void)
{
	uint64_t start = bench_now_ns(), end = start;

	for (unsigned int i = 0; i < 10000; i++)
		end = bench_now_ns();
	return (end - start) / 10000;
}

static void ring_run(struct ring_bench *r, uint64_t ns)
{
	static void (*const one[RING_STEPS])(struct ring_bench * r) = {
		ring_add,
		ring_pop,
		ring_push,
		ring_get,
	};
	static void (*const many[RING_STEPS])(struct ring_bench * r) = {
		ring_add_many,
		ring_pop_many,
		ring_push_many,
		ring_get_many,
	};
	void (*const *steps)(struct ring_bench * r) = r->many ? many : one;
	uint64_t overhead = ring_clock_ns(), at = bench_now_ns();
	uint64_t end = at + ns, now, cycles;
	int fd = bench_cycles_open();

	for (unsigned int s = 0; s < RING_STEPS; s++)
		r->ns[s] = 0;
	r->descriptors = 0;
	cycles = bench_cycles_read(fd);
	while (at < end) {
		for (unsigned int s = 0; s < RING_STEPS; s++) {
			steps[s](r);
			now = bench_now_ns();
			r->ns[s] += now - at > overhead ? now - at - overhead :
							  0;
			at = now;
		}
		r->descriptors += (uint64_t)r->batch * r->chain;
	}
	r->cycles = bench_cycles_read(fd) - cycles;
}

static void ring_report(const struct ring_bench *r)
{
	double count = (double)r->descriptors;
	uint64_t sum = 0;

	bench_json_begin("ring");
	bench_json_string("ring", bench_rings[r->ring]);
	bench_json_int("ring_size", r->num);
	bench_json_int("batch", r->batch);
	bench_json_int("chain", r->chain);
	bench_json_string("calls", r->many ? "many" : "one");
	bench_json_string("features", r->list);
	for (unsigned int s = 0; s < RING_STEPS; s++) {
		bench_json_real(step_names[s], (double)r->ns[s] / count);
		sum += r->ns[s];
	}
	bench_json_real("descriptor_ns", (double)sum / count);
	if (r->cycles != 0)
		bench_json_real("descriptor_cycles", (double)r->cycles / count);
	else
		bench_json_null("descriptor_cycles");
	bench_json_end();
}

int main(int argc, char **argv)
{
	static struct ring_bench r = {
		.num = 256,
		.batch = 32,
		.chain = 1,
		.seconds = 1,
		.list = "",
	};
	unsigned int core = 0;
	bool hugepages = false;
	const struct bench_opt opts[] = {
		{ "--ring", "split|packed (split)", BENCH_OPT_CHOICE, &r.ring,
		  0, 0, bench_rings },
		{ "--seconds", "N   that are measured (1)", BENCH_OPT_REAL,
		  &r.seconds, 0, 0, NULL },
		{ "--ring-size", "N (256)", BENCH_OPT_NUM, &r.num, 1, 32768,
		  NULL },
		{ "--batch", "N     chains in one go (32)", BENCH_OPT_NUM,
		  &r.batch, 1, RING_BATCH_MAX, NULL },
		{ "--chain", "N     descriptors of a chain (1)", BENCH_OPT_NUM,
		  &r.chain, 1, RING_CHAIN_MAX, NULL },
		{ "--many", "a call for a batch, not for a chain",
		  BENCH_OPT_FLAG, &r.many, 0, 0, NULL },
		{ "--features", "LIST ring features, as in a,b",
		  BENCH_OPT_STRING, &r.list, 0, 0, NULL },
		{ "--core", "N      where it runs (0)", BENCH_OPT_NUM, &core, 0,
		  1023, NULL },
		{ "--hugepages", "pages of 2 MB", BENCH_OPT_FLAG, &hugepages, 0,
		  0, NULL },
	};

	bench_options(argc, argv, "Nanoseconds per descriptor, one process.",
		      opts, HVL_ARRAY_SIZE(opts));
	bench_check_num(r.num);
	r.features = bench_features(r.ring, r.list);
	if (r.batch * r.chain > r.num)
		bench_die(2, "--batch %u: chains of %u do not fit into %u",
			  r.batch, r.chain, r.num);
	if (r.many && r.chain != 1)
		bench_die(2, "--many: only chains of one descriptor");
	bench_pin((int)core);
	r.shm.da = RING_DA;
	r.shm.size = (1u << 20) + (uint64_t)r.num * 256;
	r.shm.va = bench_map((size_t)r.shm.size, hugepages);
	ring_init(&r);
	ring_run(&r, 100000000);
	ring_run(&r, (uint64_t)(r.seconds * 1e9));
	ring_report(&r);
	return 0;
}
