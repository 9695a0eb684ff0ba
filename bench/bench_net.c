/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames between two processes, one a core: the virtqueues of both libraries
 * and the copies of a real back-end, polling, no doorbells.
 */
#include "bench_net.h"

#include <string.h>

#define NET_SHM_DA UINT64_C(0x37000000)
#define NET_WARM_UP_NS UINT64_C(100000000)
#define NET_LOOKS 64u /* net_clock_look() reads the clock each so often */
/* Ethernet, IPv4 and UDP headers, as a generator writes them anew. */
#define NET_HEADERS 42u

static const char *const mode_names[] = { "drv2dev", "dev2drv", "io", NULL };

void net_clock_start(struct net_clock *c, struct net_bench *b,
		     enum bench_side side)
{
	*c = (struct net_clock){
		.b = b,
		.count = &b->shared->count[side],
		.next = bench_now_ns() + NET_WARM_UP_NS,
		.cycles_fd = bench_cycles_open(),
	};
}

static void clock_step(struct net_clock *c, uint64_t now)
{
	if (c->phase++ == 0) {
		c->start = now;
		c->at_start = c->count->total;
		c->cycles = bench_cycles_read(c->cycles_fd);
		c->next = now + (uint64_t)(c->b->seconds * 1e9);
		return;
	}
	c->count->seconds = (double)(now - c->start) / 1e9;
	c->count->frames = c->count->total - c->at_start;
	c->count->cycles = bench_cycles_read(c->cycles_fd) - c->cycles;
	bench_word_set(&c->b->shared->stop, 1);
}

void net_clock_look(struct net_clock *c)
{
	uint64_t now;

	if (c->phase == 2 || ++c->calls % NET_LOOKS != 0)
		return;
	now = bench_now_ns();
	if (now >= c->next)
		clock_step(c, now);
}

void net_fill(const struct net_bench *b, unsigned char *at, uint64_t n)
{
	static const unsigned char headers[HVL_NET_HDR_SIZE + NET_HEADERS] = {
		[HVL_NET_HDR_SIZE] = 2,
		[HVL_NET_HDR_SIZE + 12] = 8,
	};
	uint64_t last = ~n;

	memcpy(at, headers, sizeof(headers));
	memcpy(at + sizeof(headers), &n, sizeof(n));
	if (b->check)
		memcpy(at + HVL_NET_HDR_SIZE + b->size - sizeof(last), &last,
		       sizeof(last));
}

void net_verify(const struct net_bench *b, const unsigned char *at, uint64_t n)
{
	uint64_t first, last;

	memcpy(&first, at + HVL_NET_HDR_SIZE + NET_HEADERS, sizeof(first));
	memcpy(&last, at + HVL_NET_HDR_SIZE + b->size - sizeof(last),
	       sizeof(last));
	if (first != n || last != ~n)
		bench_die(1, "frame %llu came as %llu, its end as %llu",
			  (unsigned long long)n, (unsigned long long)first,
			  (unsigned long long)~last);
}

static void net_side(enum bench_side side, void *arg)
{
	if (side == BENCH_DRIVER)
		net_driver(arg);
	else
		net_device(arg);
}

static void net_report(const struct net_bench *b, bool hugepages)
{
	enum bench_side sink = b->mode == NET_DEV2DRV ? BENCH_DRIVER :
							BENCH_DEVICE;
	const struct net_count *c = b->shared->count, *at = &c[sink];
	double rate = (double)at->frames / at->seconds;

	bench_json_begin("net");
	bench_json_string("mode", mode_names[b->mode]);
	bench_json_int("size", b->size);
	bench_json_string("ring", bench_rings[b->ring]);
	bench_json_int("ring_size", b->num);
	bench_json_int("batch", b->batch);
	bench_json_int("inflight", b->inflight);
	bench_json_int("buffers", b->bufs);
	bench_json_int("stride", b->stride);
	bench_json_string("features", b->list);
	bench_json_string("pages", hugepages ? "2M" : "4k");
	bench_json_real("seconds", at->seconds);
	bench_json_real("mpps", rate / 1e6);
	bench_json_real("gbit_s", rate * b->size * 8 / 1e9);
	if (b->inflight == 1)
		bench_json_real("rtt_ns", 1e9 / rate);
	if (at->cycles != 0)
		bench_json_real("cycles_per_frame",
				(double)at->cycles / (double)at->frames);
	else
		bench_json_null("cycles_per_frame");
	for (int side = 0; side < 2; side++)
		bench_json_real(side == BENCH_DRIVER ? "driver_idle" :
						       "device_idle",
				(double)c[side].polls_idle /
					(double)(c[side].polls | 1));
	bench_json_int("notified", c[0].notified + c[1].notified);
	bench_pair_json(b->pair);
	bench_json_end();
}

static void net_check_options(const struct net_bench *b)
{
	bench_check_num(b->num);
	if (b->inflight != 0 && b->mode != NET_IO)
		bench_die(2, "--inflight: only with --mode io");
	if (b->pair->cores[0] == b->pair->cores[1])
		bench_die(2, "--cores: two different ones, as both poll");
	if ((b->bufs & (b->bufs - 1)) != 0)
		bench_die(2, "--buffers %u: a power of two", b->bufs);
	if (b->stride < b->size + HVL_NET_HDR_SIZE)
		bench_die(2, "--stride %u: a frame and its header need %u",
			  b->stride, b->size + HVL_NET_HDR_SIZE);
}

/* Rings and, in mode io, a second set of buffers so that neither runs dry. */
static uint64_t net_shm_size(const struct net_bench *b)
{
	return (1u << 20) + (uint64_t)b->num * 64 +
	       2 * (uint64_t)b->num * (b->stride + 64);
}

int main(int argc, char **argv)
{
	struct net_bench b = {
		.size = 64,
		.num = 256,
		.batch = 32,
		/* As the network driver lays out buffers for an MTU of 1500. */
		.stride = 1536,
		.bufs = 64,
		.seconds = 1,
		.list = "",
	};
	const char *cores_text = "0,1";
	bool hugepages = false;
	const struct bench_opt opts[] = {
		{ "--mode", "drv2dev|dev2drv|io (drv2dev)", BENCH_OPT_CHOICE,
		  &b.mode, 0, 0, mode_names },
		{ "--size", "N      bytes of a frame (64)", BENCH_OPT_NUM,
		  &b.size, NET_SIZE_MIN, NET_SIZE_MAX, NULL },
		{ "--ring", "split|packed (split)", BENCH_OPT_CHOICE, &b.ring,
		  0, 0, bench_rings },
		{ "--seconds", "N   that are measured (1)", BENCH_OPT_REAL,
		  &b.seconds, 0, 0, NULL },
		{ "--ring-size", "N (256)", BENCH_OPT_NUM, &b.num, 1, 32768,
		  NULL },
		{ "--batch", "N     frames at most in one go (32)",
		  BENCH_OPT_NUM, &b.batch, 1, NET_BATCH_MAX, NULL },
		{ "--inflight", "N  frames under way, mode io; 0: no limit (0)",
		  BENCH_OPT_NUM, &b.inflight, 0, 32768, NULL },
		{ "--features", "LIST ring features, as in a,b",
		  BENCH_OPT_STRING, &b.list, 0, 0, NULL },
		{ "--stride", "N    bytes from buffer to buffer (1536)",
		  BENCH_OPT_NUM, &b.stride, 64, 65536, NULL },
		{ "--buffers", "N   private ones of the device (64)",
		  BENCH_OPT_NUM, &b.bufs, 1, NET_BUFS_MAX, NULL },
		{ "--cores", "A,B   of driver and device (0,1)",
		  BENCH_OPT_STRING, &cores_text, 0, 0, NULL },
		{ "--hugepages", "pages of 2 MB", BENCH_OPT_FLAG, &hugepages, 0,
		  0, NULL },
		{ "--check", "look into every frame", BENCH_OPT_FLAG, &b.check,
		  0, 0, NULL },
	};
	int cores[2];

	bench_options(argc, argv, "Frames per second from side to side.", opts,
		      HVL_ARRAY_SIZE(opts));
	bench_cores(cores_text, cores);
	b.features = bench_features(b.ring, b.list);
	b.pair = bench_pair_create(cores, (unsigned int)b.seconds + 100);
	net_check_options(&b);
	b.shared = bench_map(sizeof(*b.shared), false);
	b.shm.da = NET_SHM_DA & ~UINT64_C(0xfff);
	b.shm.size = net_shm_size(&b);
	b.shm.va = bench_map((size_t)b.shm.size, hugepages);
	bench_pair_run(b.pair, net_side, &b);
	net_report(&b, hugepages);
	return 0;
}
