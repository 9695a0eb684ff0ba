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
	{ "weak-v2-rng-strict", SIM_WEAK, 64, 2, VIRTIO_ID_RNG,
	  TRAFFIC_STRICT },
	{ "weak-v2-net-strict", SIM_WEAK, 64, 2, VIRTIO_ID_NET,
	  TRAFFIC_STRICT },
	{ "weak-v1-rng-strict", SIM_WEAK, 64, 1, VIRTIO_ID_RNG,
	  TRAFFIC_STRICT },
	{ "weak-v1-net-strict", SIM_WEAK, 64, 1, VIRTIO_ID_NET,
	  TRAFFIC_STRICT },
	{ "caches-v2-rng-strict", SIM_CACHES, 16, 2, VIRTIO_ID_RNG,
	  TRAFFIC_STRICT },
	{ "caches-v2-net-strict", SIM_CACHES, 64, 2, VIRTIO_ID_NET,
	  TRAFFIC_STRICT },
	{ "caches-v1-rng-strict", SIM_CACHES, 16, 1, VIRTIO_ID_RNG,
	  TRAFFIC_STRICT },
	{ "caches-v1-net-strict", SIM_CACHES, 64, 1, VIRTIO_ID_NET,
	  TRAFFIC_STRICT },
	{ "weak-v2-rng", SIM_WEAK, 64, 2, VIRTIO_ID_RNG, TRAFFIC_TIMERS },
	{ "weak-v2-net", SIM_WEAK, 64, 2, VIRTIO_ID_NET, TRAFFIC_TIMERS },
	{ "weak-v1-rng", SIM_WEAK, 64, 1, VIRTIO_ID_RNG, TRAFFIC_TIMERS },
	{ "weak-v1-net", SIM_WEAK, 64, 1, VIRTIO_ID_NET, TRAFFIC_TIMERS },
	{ "caches-v2-rng", SIM_CACHES, 64, 2, VIRTIO_ID_RNG, TRAFFIC_TIMERS },
	{ "caches-v2-net", SIM_CACHES, 16, 2, VIRTIO_ID_NET, TRAFFIC_TIMERS },
	{ "caches-v1-rng", SIM_CACHES, 64, 1, VIRTIO_ID_RNG, TRAFFIC_TIMERS },
	{ "caches-v1-net", SIM_CACHES, 16, 1, VIRTIO_ID_NET, TRAFFIC_TIMERS },
	{ "weak-v2-rng-polling", SIM_WEAK, 64, 2, VIRTIO_ID_RNG,
	  TRAFFIC_POLLING },
	{ "weak-v2-net-polling", SIM_WEAK, 64, 2, VIRTIO_ID_NET,
	  TRAFFIC_POLLING },
	{ "caches-v1-net-polling", SIM_CACHES, 64, 1, VIRTIO_ID_NET,
	  TRAFFIC_POLLING },
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

/* ---- device side ------------------------------------------------------ */

static uint64_t device_now(void *ctx)
{
	(void)ctx;
	return sim_now_us();
}

static void device_init(void)
{
	struct traffic *t = &traffic;
	bool rng = t->cfg->device == VIRTIO_ID_RNG;
	struct hvl_dev_config cfg = {
		.name = "sim",
		.model = rng ? &hvl_dev_rng_model : &hvl_dev_net_model,
		.priv = rng ? (void *)&t->rng_model : (void *)&t->net_model,
		.shm = &t->dev_shm,
		.regs = &t->dev_regs,
		.region_da = SIM_DA + SIM_UNCACHED,
		.region_size = SIM_SIZE - SIM_UNCACHED,
		.segs = t->segs,
		.now_us = t->cfg->mode == TRAFFIC_STRICT ? NULL : device_now,
	};

	if (rng)
		traffic_rng_device();
	else
		traffic_net_device();
	if (hvl_dev_init(&t->dev, &cfg,
			 t->cfg->version == 1 ? &hvl_dev_mmio_v1 :
						&hvl_dev_mmio_v2) != 0)
		sim_fail("no device");
}

static void device_main(void)
{
	struct traffic *t = &traffic;
	unsigned int wants;

	device_init();
	/* The driver may be looking already. */
	hvl_dev_publish(&t->dev);
	for (;;) {
		t->news = false;
		wants = hvl_dev_service(&t->dev, 1 + sim_random(16));
		if (wants & HVL_DEV_RING)
			sim_ring(SIM_DRIVER);
		if (t->cfg->device == VIRTIO_ID_NET)
			traffic_net_play();
		if (!(wants & HVL_DEV_MORE) && !t->news)
			sim_wait(sim_now_us() + TRAFFIC_RECHECK_US);
	}
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

void traffic_check_stall(uint64_t since_us, const char *what)
{
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
		if (news && t->cfg->device == VIRTIO_ID_RNG)
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
		sim_fail("probe: %d", err);
	if (t->drv.version != t->cfg->version || t->drv.id != t->cfg->device ||
	    t->drv.trapping)
		sim_fail("probe: another device");
	if (t->drv.shm_da != SIM_DA + SIM_UNCACHED ||
	    !hvl_io_sub(&t->drv_shm, SIM_UNCACHED, t->drv.shm_size, &region))
		sim_fail("probe: bad region");
	if (hvl_drv_pool_init(&t->pool, &region, t->cfg->line, t->map,
			      HVL_ARRAY_SIZE(t->map)) != 0)
		sim_fail("no pool");
}

static void driver_main(void)
{
	struct traffic *t = &traffic;
	uint32_t i;

	t->plat = (struct hvl_drv_platform){
		.now_us = driver_now,
		.ring = driver_ring,
		.wait = t->cfg->mode == TRAFFIC_POLLING ? NULL : driver_wait,
		.cache_line = t->cfg->kind == SIM_CACHES ? t->cfg->line : 0,
	};
	driver_probe();
	for (i = 0; i < t->lives; i++) {
		if (t->cfg->device == VIRTIO_ID_RNG)
			traffic_rng_life();
		else
			traffic_net_life();
		if (t->pool.nfree != t->pool.count)
			sim_fail("the pool leaks");
	}
}

static void make_view(enum sim_side side, struct hvl_io *shm,
		      struct hvl_io *regs)
{
	*shm = (struct hvl_io){ sim_view(side), SIM_DA, SIM_SIZE };
	(void)hvl_io_sub(shm, 0, HVL_MMIO_BLOCK_SIZE, regs);
}

static void driver_entry(void)
{
	make_view(SIM_DRIVER, &traffic.drv_shm, &traffic.drv_regs);
	driver_main();
}

static void device_entry(void)
{
	make_view(SIM_DEVICE, &traffic.dev_shm, &traffic.dev_regs);
	device_main();
}

const char *traffic_run(const struct traffic_config *cfg, uint64_t seed,
			uint32_t lives, uint32_t requests,
			const struct sim_site *skip)
{
	struct sim_config sim = {
		.kind = cfg->kind,
		.line = cfg->line,
		.strict = cfg->mode == TRAFFIC_STRICT,
		.seed = seed,
		.max_steps =
			(uint64_t)STEPS_PER_REQUEST * lives * (requests + 20),
		.skip = skip,
	};

	memset(&traffic, 0, sizeof(traffic));
	traffic.cfg = cfg;
	traffic.lives = lives;
	traffic.requests = requests;
	return sim_run(&sim, driver_entry, device_entry);
}
