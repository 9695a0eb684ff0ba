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
	  false, false },
	{ "weak-v2-net-strict", SIM_WEAK, 64, 2, VIRTIO_ID_NET, TRAFFIC_STRICT,
	  false, false },
	{ "weak-v1-rng-strict", SIM_WEAK, 64, 1, VIRTIO_ID_RNG, TRAFFIC_STRICT,
	  false, false },
	{ "weak-v1-net-strict", SIM_WEAK, 64, 1, VIRTIO_ID_NET, TRAFFIC_STRICT,
	  false, false },
	{ "caches-v2-rng-strict", SIM_CACHES, 16, 2, VIRTIO_ID_RNG,
	  TRAFFIC_STRICT, false, false },
	{ "caches-v2-net-strict", SIM_CACHES, 64, 2, VIRTIO_ID_NET,
	  TRAFFIC_STRICT, false, false },
	{ "caches-v1-rng-strict", SIM_CACHES, 16, 1, VIRTIO_ID_RNG,
	  TRAFFIC_STRICT, false, false },
	{ "caches-v1-net-strict", SIM_CACHES, 64, 1, VIRTIO_ID_NET,
	  TRAFFIC_STRICT, false, false },
	{ "weak-v2-rng", SIM_WEAK, 64, 2, VIRTIO_ID_RNG, TRAFFIC_TIMERS, false,
	  false },
	{ "weak-v2-net", SIM_WEAK, 64, 2, VIRTIO_ID_NET, TRAFFIC_TIMERS, false,
	  false },
	{ "weak-v1-rng", SIM_WEAK, 64, 1, VIRTIO_ID_RNG, TRAFFIC_TIMERS, false,
	  false },
	{ "weak-v1-net", SIM_WEAK, 64, 1, VIRTIO_ID_NET, TRAFFIC_TIMERS, false,
	  false },
	{ "caches-v2-rng", SIM_CACHES, 64, 2, VIRTIO_ID_RNG, TRAFFIC_TIMERS,
	  false, false },
	{ "caches-v2-net", SIM_CACHES, 16, 2, VIRTIO_ID_NET, TRAFFIC_TIMERS,
	  false, false },
	{ "caches-v1-rng", SIM_CACHES, 64, 1, VIRTIO_ID_RNG, TRAFFIC_TIMERS,
	  false, false },
	{ "caches-v1-net", SIM_CACHES, 16, 1, VIRTIO_ID_NET, TRAFFIC_TIMERS,
	  false, false },
	{ "weak-v2-rng-polling", SIM_WEAK, 64, 2, VIRTIO_ID_RNG,
	  TRAFFIC_POLLING, false, false },
	{ "weak-v2-net-polling", SIM_WEAK, 64, 2, VIRTIO_ID_NET,
	  TRAFFIC_POLLING, false, false },
	{ "caches-v1-net-polling", SIM_CACHES, 64, 1, VIRTIO_ID_NET,
	  TRAFFIC_POLLING, false, false },
	{ "weak-v2-rng-crashes", SIM_WEAK, 64, 2, VIRTIO_ID_RNG,
	  TRAFFIC_CRASHES, false, false },
	{ "weak-v2-net-crashes", SIM_WEAK, 64, 2, VIRTIO_ID_NET,
	  TRAFFIC_CRASHES, false, false },
	{ "weak-v1-rng-crashes", SIM_WEAK, 64, 1, VIRTIO_ID_RNG,
	  TRAFFIC_CRASHES, false, false },
	{ "weak-v1-net-crashes", SIM_WEAK, 64, 1, VIRTIO_ID_NET,
	  TRAFFIC_CRASHES, false, false },
	{ "caches-v2-net-crashes", SIM_CACHES, 64, 2, VIRTIO_ID_NET,
	  TRAFFIC_CRASHES, false, false },
	{ "caches-v1-net-crashes", SIM_CACHES, 16, 1, VIRTIO_ID_NET,
	  TRAFFIC_CRASHES, false, false },
	{ "weak-packed-rng-strict", SIM_WEAK, 64, 2, VIRTIO_ID_RNG,
	  TRAFFIC_STRICT, true, false },
	{ "weak-packed-rng", SIM_WEAK, 64, 2, VIRTIO_ID_RNG, TRAFFIC_TIMERS,
	  true, false },
	{ "weak-packed-rng-polling", SIM_WEAK, 64, 2, VIRTIO_ID_RNG,
	  TRAFFIC_POLLING, true, false },
	{ "weak-packed-rng-crashes", SIM_WEAK, 64, 2, VIRTIO_ID_RNG,
	  TRAFFIC_CRASHES, true, false },
	{ "weak-packed-net-strict", SIM_WEAK, 64, 2, VIRTIO_ID_NET,
	  TRAFFIC_STRICT, true, false },
	{ "weak-packed-net", SIM_WEAK, 64, 2, VIRTIO_ID_NET, TRAFFIC_TIMERS,
	  true, false },
	{ "weak-packed-net-polling", SIM_WEAK, 64, 2, VIRTIO_ID_NET,
	  TRAFFIC_POLLING, true, false },
	{ "weak-packed-net-crashes", SIM_WEAK, 64, 2, VIRTIO_ID_NET,
	  TRAFFIC_CRASHES, true, false },
	{ "weak-trap1-rng-strict", SIM_WEAK, 64, 1, VIRTIO_ID_RNG,
	  TRAFFIC_STRICT, false, true },
	{ "weak-trap1-net-strict", SIM_WEAK, 64, 1, VIRTIO_ID_NET,
	  TRAFFIC_STRICT, false, true },
	{ "weak-trap2-rng-strict", SIM_WEAK, 64, 2, VIRTIO_ID_RNG,
	  TRAFFIC_STRICT, false, true },
	{ "weak-trap2-net-strict", SIM_WEAK, 64, 2, VIRTIO_ID_NET,
	  TRAFFIC_STRICT, false, true },
	{ "weak-trap2-packed-net", SIM_WEAK, 64, 2, VIRTIO_ID_NET,
	  TRAFFIC_TIMERS, true, true },
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

/* What a life that is over has left behind is gone with it. */
static void device_event(void *ctx, struct hvl_dev *dev, enum hvl_dev_event ev)
{
	(void)ctx;
	(void)dev;
	if (ev == HVL_DEV_EVENT_RESET || ev == HVL_DEV_EVENT_RESTARTED)
		traffic.mirror.count = 0;
}

/* For what it changes in the device's doing; nobody resumes. */
static uint32_t *device_record(void *ctx, const struct hvl_dev_saved *saved)
{
	(void)ctx;
	(void)saved;
	return traffic.journal;
}

/* Each of the ring's features is there or not. */
static uint64_t device_features_off(void)
{
	static const unsigned int bits[] = {
		VIRTIO_RING_F_INDIRECT_DESC, VIRTIO_RING_F_EVENT_IDX,
		VIRTIO_F_IN_ORDER,	     VIRTIO_F_NOTIFICATION_DATA,
		VIRTIO_F_RING_RESET,
	};
	uint64_t off = 0;
	size_t i;

	for (i = 0; i < HVL_ARRAY_SIZE(bits); i++) {
		if (sim_random(2) == 0)
			off |= HVL_BIT64(bits[i]);
	}
	return off;
}

static const struct hvl_dev_transport *device_transport(void)
{
	if (traffic.cfg->trapping)
		return traffic.cfg->version == 1 ? &traffic_trap_v1 :
						   &traffic_trap_v2;
	return traffic.cfg->version == 1 ? &hvl_dev_mmio_v1 : &hvl_dev_mmio_v2;
}

static void device_init(void)
{
	static const struct hvl_dev_journal journal = { device_record, NULL };
	struct traffic *t = &traffic;
	bool rng = t->cfg->device == VIRTIO_ID_RNG;
	bool journaled = !t->cfg->trapping && sim_random(2) == 0;
	uint64_t packed = HVL_BIT64(VIRTIO_F_RING_PACKED);
	struct hvl_dev_config cfg = {
		.name = "sim",
		.model = rng ? &hvl_dev_rng_model : &hvl_dev_net_model,
		.priv = rng ? (void *)&t->rng_model : (void *)&t->net_model,
		.shm = &t->dev_shm,
		.regs = &t->dev_regs,
		.region_da = SIM_DA + SIM_UNCACHED,
		.region_size = SIM_SIZE - SIM_UNCACHED,
		.features_on = t->cfg->packed ? packed : 0,
		.features_off = device_features_off(),
		.event = device_event,
		.journal = journaled ? &journal : NULL,
		.segs = t->segs,
		.now_us = t->cfg->mode == TRAFFIC_STRICT ? NULL : device_now,
	};

	if (rng)
		cfg.model = traffic_rng_device();
	else
		traffic_net_device();
	if (hvl_dev_init(&t->dev, &cfg, device_transport()) != 0)
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

uint32_t traffic_requests(void)
{
	if (traffic.cfg->mode == TRAFFIC_CRASHES)
		return 1 + sim_random(traffic.requests / 4);
	return traffic.requests;
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
	static const uint32_t crash[] = { 2000, 4000, 10000 };
	struct sim_config sim = {
		.kind = cfg->kind,
		.line = cfg->line,
		.strict = cfg->mode == TRAFFIC_STRICT,
		.crash = cfg->mode == TRAFFIC_CRASHES ? crash[seed % 3] : 0,
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
	/* By the seed alone: all else that is random stays what it was. */
	traffic.many = seed % 4 == 3;
	return sim_run(&sim, driver_entry, device_entry);
}
