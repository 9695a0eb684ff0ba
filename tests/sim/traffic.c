/* SPDX-License-Identifier: BSD-3-Clause */
/* Configurations, and what all of them have in common: see traffic.h. */
#include "traffic.h"

#include <errno.h>
#include <string.h>

#include <hvl/metal/compiler.h>
#include <hvl/wire/mmio.h>

#define STALL_US 2000000u
#define STEPS_PER_REQUEST 60000u

struct traffic traffic;

const struct traffic_config traffic_configs[] = {
	{ "weak-v2-rng-strict", SIM_WEAK, 64, 2, VIRTIO_ID_RNG, TRAFFIC_STRICT,
	  false, false, false },
	{ "weak-v2-net-strict", SIM_WEAK, 64, 2, VIRTIO_ID_NET, TRAFFIC_STRICT,
	  false, false, false },
	{ "weak-v1-rng-strict", SIM_WEAK, 64, 1, VIRTIO_ID_RNG, TRAFFIC_STRICT,
	  false, false, false },
	{ "weak-v1-net-strict", SIM_WEAK, 64, 1, VIRTIO_ID_NET, TRAFFIC_STRICT,
	  false, false, false },
	{ "caches-v2-rng-strict", SIM_CACHES, 16, 2, VIRTIO_ID_RNG,
	  TRAFFIC_STRICT, false, false, false },
	{ "caches-v2-net-strict", SIM_CACHES, 64, 2, VIRTIO_ID_NET,
	  TRAFFIC_STRICT, false, false, false },
	{ "caches-v1-rng-strict", SIM_CACHES, 16, 1, VIRTIO_ID_RNG,
	  TRAFFIC_STRICT, false, false, false },
	{ "caches-v1-net-strict", SIM_CACHES, 64, 1, VIRTIO_ID_NET,
	  TRAFFIC_STRICT, false, false, false },
	{ "weak-v2-rng", SIM_WEAK, 64, 2, VIRTIO_ID_RNG, TRAFFIC_TIMERS, false,
	  false, false },
	{ "weak-v2-net", SIM_WEAK, 64, 2, VIRTIO_ID_NET, TRAFFIC_TIMERS, false,
	  false, false },
	{ "weak-v1-rng", SIM_WEAK, 64, 1, VIRTIO_ID_RNG, TRAFFIC_TIMERS, false,
	  false, false },
	{ "weak-v1-net", SIM_WEAK, 64, 1, VIRTIO_ID_NET, TRAFFIC_TIMERS, false,
	  false, false },
	{ "caches-v2-rng", SIM_CACHES, 64, 2, VIRTIO_ID_RNG, TRAFFIC_TIMERS,
	  false, false, false },
	{ "caches-v2-net", SIM_CACHES, 16, 2, VIRTIO_ID_NET, TRAFFIC_TIMERS,
	  false, false, false },
	{ "caches-v1-rng", SIM_CACHES, 64, 1, VIRTIO_ID_RNG, TRAFFIC_TIMERS,
	  false, false, false },
	{ "caches-v1-net", SIM_CACHES, 16, 1, VIRTIO_ID_NET, TRAFFIC_TIMERS,
	  false, false, false },
	{ "weak-v2-rng-polling", SIM_WEAK, 64, 2, VIRTIO_ID_RNG,
	  TRAFFIC_POLLING, false, false, false },
	{ "weak-v2-net-polling", SIM_WEAK, 64, 2, VIRTIO_ID_NET,
	  TRAFFIC_POLLING, false, false, false },
	{ "caches-v1-net-polling", SIM_CACHES, 64, 1, VIRTIO_ID_NET,
	  TRAFFIC_POLLING, false, false, false },
	{ "weak-v2-rng-crashes", SIM_WEAK, 64, 2, VIRTIO_ID_RNG,
	  TRAFFIC_CRASHES, false, false, false },
	{ "weak-v2-net-crashes", SIM_WEAK, 64, 2, VIRTIO_ID_NET,
	  TRAFFIC_CRASHES, false, false, false },
	{ "weak-v1-rng-crashes", SIM_WEAK, 64, 1, VIRTIO_ID_RNG,
	  TRAFFIC_CRASHES, false, false, false },
	{ "weak-v1-net-crashes", SIM_WEAK, 64, 1, VIRTIO_ID_NET,
	  TRAFFIC_CRASHES, false, false, false },
	{ "caches-v2-net-crashes", SIM_CACHES, 64, 2, VIRTIO_ID_NET,
	  TRAFFIC_CRASHES, false, false, false },
	{ "caches-v1-net-crashes", SIM_CACHES, 16, 1, VIRTIO_ID_NET,
	  TRAFFIC_CRASHES, false, false, false },
	{ "weak-packed-rng-strict", SIM_WEAK, 64, 2, VIRTIO_ID_RNG,
	  TRAFFIC_STRICT, true, false, false },
	{ "weak-packed-rng", SIM_WEAK, 64, 2, VIRTIO_ID_RNG, TRAFFIC_TIMERS,
	  true, false, false },
	{ "weak-packed-rng-polling", SIM_WEAK, 64, 2, VIRTIO_ID_RNG,
	  TRAFFIC_POLLING, true, false, false },
	{ "weak-packed-rng-crashes", SIM_WEAK, 64, 2, VIRTIO_ID_RNG,
	  TRAFFIC_CRASHES, true, false, false },
	{ "weak-packed-net-strict", SIM_WEAK, 64, 2, VIRTIO_ID_NET,
	  TRAFFIC_STRICT, true, false, false },
	{ "weak-packed-net", SIM_WEAK, 64, 2, VIRTIO_ID_NET, TRAFFIC_TIMERS,
	  true, false, false },
	{ "weak-packed-net-polling", SIM_WEAK, 64, 2, VIRTIO_ID_NET,
	  TRAFFIC_POLLING, true, false, false },
	{ "weak-packed-net-crashes", SIM_WEAK, 64, 2, VIRTIO_ID_NET,
	  TRAFFIC_CRASHES, true, false, false },
	{ "weak-v2-rng-devcrash", SIM_WEAK, 64, 2, VIRTIO_ID_RNG,
	  TRAFFIC_DEVCRASH, false, false, false },
	{ "weak-v2-net-devcrash", SIM_WEAK, 64, 2, VIRTIO_ID_NET,
	  TRAFFIC_DEVCRASH, false, false, false },
	{ "weak-v1-rng-devcrash", SIM_WEAK, 64, 1, VIRTIO_ID_RNG,
	  TRAFFIC_DEVCRASH, false, false, false },
	{ "weak-v1-net-devcrash", SIM_WEAK, 64, 1, VIRTIO_ID_NET,
	  TRAFFIC_DEVCRASH, false, false, false },
	{ "caches-v2-rng-devcrash", SIM_CACHES, 64, 2, VIRTIO_ID_RNG,
	  TRAFFIC_DEVCRASH, false, false, false },
	{ "caches-v2-net-devcrash", SIM_CACHES, 16, 2, VIRTIO_ID_NET,
	  TRAFFIC_DEVCRASH, false, false, false },
	{ "caches-v1-rng-devcrash", SIM_CACHES, 16, 1, VIRTIO_ID_RNG,
	  TRAFFIC_DEVCRASH, false, false, false },
	{ "caches-v1-net-devcrash", SIM_CACHES, 64, 1, VIRTIO_ID_NET,
	  TRAFFIC_DEVCRASH, false, false, false },
	{ "weak-packed-rng-devcrash", SIM_WEAK, 64, 2, VIRTIO_ID_RNG,
	  TRAFFIC_DEVCRASH, true, false, false },
	{ "weak-packed-net-devcrash", SIM_WEAK, 64, 2, VIRTIO_ID_NET,
	  TRAFFIC_DEVCRASH, true, false, false },
	{ "weak-trap1-rng-strict", SIM_WEAK, 64, 1, VIRTIO_ID_RNG,
	  TRAFFIC_STRICT, false, true, false },
	{ "weak-trap1-net-strict", SIM_WEAK, 64, 1, VIRTIO_ID_NET,
	  TRAFFIC_STRICT, false, true, false },
	{ "weak-trap2-rng-strict", SIM_WEAK, 64, 2, VIRTIO_ID_RNG,
	  TRAFFIC_STRICT, false, true, false },
	{ "weak-trap2-net-strict", SIM_WEAK, 64, 2, VIRTIO_ID_NET,
	  TRAFFIC_STRICT, false, true, false },
	{ "weak-trap2-packed-net", SIM_WEAK, 64, 2, VIRTIO_ID_NET,
	  TRAFFIC_TIMERS, true, true, false },
	{ "weak-v1-older-strict", SIM_WEAK, 64, 1, VIRTIO_ID_NET,
	  TRAFFIC_STRICT, false, false, true },
	{ "weak-v1-older", SIM_WEAK, 64, 1, VIRTIO_ID_NET, TRAFFIC_TIMERS,
	  false, false, true },
	{ "weak-v1-older-crashes", SIM_WEAK, 64, 1, VIRTIO_ID_NET,
	  TRAFFIC_CRASHES, false, false, true },
	{ "caches-v1-older-strict", SIM_CACHES, 64, 1, VIRTIO_ID_NET,
	  TRAFFIC_STRICT, false, false, true },
};
const size_t traffic_config_count = HVL_ARRAY_SIZE(traffic_configs);

const struct traffic_config *traffic_find(const char *name)
{
	size_t i;

	for (i = 0; i < traffic_config_count; i++) {
		if (strcmp(traffic_configs[i].name, name) == 0)
			return &traffic_configs[i];
	}
	return NULL;
}

/* ---- driver side ------------------------------------------------------ */

static uint64_t driver_now(void *ctx)
{
	(void)ctx;
	return sim_now_us();
}

static void driver_ring(void *ctx)
{
	(void)ctx;
	sim_ring(SIM_DEVICE);
}

static void driver_wait(void *ctx, uint64_t until_us)
{
	(void)ctx;
	/* So as to be there when the next host answers. */
	if (traffic.cfg->mode == TRAFFIC_DEVCRASH && sim_random(2) == 0)
		until_us = sim_now_us() + sim_random(50);
	sim_wait(until_us);
}

uint32_t traffic_wait(void)
{
	struct traffic *t = &traffic;

	if (t->cfg->mode == TRAFFIC_POLLING)
		(void)sim_now_us();
	else
		sim_wait(sim_now_us() + TRAFFIC_RECHECK_US);
	return hvl_drv_dev_events(&t->drv);
}

uint32_t traffic_requests(void)
{
	if (traffic.crashes)
		return 1 + sim_random(traffic.requests / 4);
	return traffic.requests;
}

void traffic_error(const char *what, int err)
{
	if (traffic.attached != traffic.attached_seen)
		sim_die();
	sim_fail("%s: %d", what, err);
}

void traffic_check_stall(uint64_t since_us, const char *what)
{
	struct traffic *t = &traffic;

	if (t->attached != t->attached_seen && t->drv.ops &&
	    hvl_drv_dev_health(&t->drv) != 0)
		sim_die();
	if (sim_now_us() - since_us > STALL_US)
		sim_fail("%s: stalled", what);
}

void traffic_break(struct hvl_drv_vq *vq, uint16_t queue)
{
	struct traffic *t = &traffic;
	uint64_t since = sim_now_us();
	bool news = false;

	if (t->cfg->version == 2)
		(void)hvl_drv_dev_events(&t->drv);
	hvl_drv_vq_break(vq);
	hvl_drv_dev_kick(&t->drv, queue, vq);
	while (hvl_drv_dev_health(&t->drv) == 0) {
		/* The status came before the news of it. */
		if (news && t->cfg->device == VIRTIO_ID_RNG && t->hosts == 1)
			sim_fail("config interrupt, and the device is well");
		traffic_check_stall(since, "broken ring");
		news = (traffic_wait() & HVL_MMIO_INT_CONFIG) != 0;
	}
}

static void driver_probe(void)
{
	struct traffic *t = &traffic;
	uint64_t since = sim_now_us();
	struct hvl_io region;
	int err;

	do {
		err = hvl_drv_mmio_probe(&t->drv, &t->drv_regs, &t->plat);
		traffic_check_stall(since, "probe");
	} while (err == -ENODEV && t->drv.id == 0);
	if (err)
		traffic_error("probe", err);
	if (t->drv.version != t->cfg->version || t->drv.id != t->cfg->device ||

	    t->drv.trapping != t->cfg->trapping)
		sim_fail("probe: another device");
	if (!t->cfg->trapping && (t->drv.shm_da != SIM_DA + SIM_UNCACHED ||
				  t->drv.shm_size != SIM_SIZE - SIM_UNCACHED))
		sim_fail("probe: bad region");
	(void)hvl_io_sub(&t->drv_shm, SIM_UNCACHED, SIM_SIZE - SIM_UNCACHED,
			 &region);
	if (hvl_drv_pool_init(&t->pool, &region, t->cfg->line, t->map,
			      HVL_ARRAY_SIZE(t->map)) != 0)
		sim_fail("no pool");
}

static void driver_main(void)
{
	struct traffic *t = &traffic;

	/* It may have died: whatever it knew is gone. */
	t->attached_seen = t->attached;
	memset(&t->drv, 0, sizeof(t->drv));
	memset(&t->rng, 0, sizeof(t->rng));
	memset(&t->net, 0, sizeof(t->net));
	t->change = sim_random(2) == 0 ? 3 : 20;
	t->plat = (struct hvl_drv_platform){
		.now_us = driver_now,
		.ring = driver_ring,
		.wait = t->cfg->mode == TRAFFIC_POLLING ? NULL : driver_wait,
		.cache_line = t->cfg->kind == SIM_CACHES ? t->cfg->line : 0,
	};
	driver_probe();
	for (; t->life < t->lives; t->life++) {
		if (t->cfg->device == VIRTIO_ID_RNG)
			traffic_rng_life();
		else
			traffic_net_life();
		if (t->pool.nfree != t->pool.count)
			sim_fail("the pool leaks");
	}
}

void traffic_view(enum sim_side side, struct hvl_io *shm, struct hvl_io *regs)
{
	*shm = (struct hvl_io){ sim_view(side), SIM_DA, SIM_SIZE };
	(void)hvl_io_sub(shm, 0, HVL_MMIO_BLOCK_SIZE, regs);
}

static void driver_entry(void)
{
	traffic_view(SIM_DRIVER, &traffic.drv_shm, &traffic.drv_regs);
	if (traffic.cfg->older)
		traffic_older();
	else
		driver_main();
}

const char *traffic_run(const struct traffic_config *cfg, uint64_t seed,
			uint32_t lives, uint32_t requests,
			const struct sim_site *skip)
{
	static const uint32_t crash[] = { 2000, 4000, 10000 };
	/* By the seed alone: all else that is random stays what it was. */
	bool crashes = cfg->mode == TRAFFIC_CRASHES ||
		       (cfg->mode == TRAFFIC_DEVCRASH && seed % 5 == 4);
	struct sim_config sim = {
		.kind = cfg->kind,
		.line = cfg->line,
		.strong = cfg->older,
		.strict = cfg->mode == TRAFFIC_STRICT,
		.crash = crashes ? crash[seed % 3] : 0,
		.trap = cfg->trapping ? traffic_trap : NULL,
		.seed = seed,
		.max_steps =
			(uint64_t)STEPS_PER_REQUEST * lives * (requests + 20),
		.skip = skip,
	};

	memset(&traffic, 0, sizeof(traffic));
	traffic.cfg = cfg;
	traffic.lives = lives;
	traffic.requests = requests;
	traffic.crashes = crashes;
	traffic.many = seed % 4 == 3;
	traffic.forgetful = seed % 3 == 1;
	traffic.once = cfg->version == 1 && cfg->mode == TRAFFIC_TIMERS &&
		       !cfg->trapping && !cfg->older && seed % 5 == 2;
	return sim_run(&sim, driver_entry, traffic_host);
}
