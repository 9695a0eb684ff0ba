/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device's side: a host that serves one device. It may die at any access;
 * the next one carries on with what the journal holds, or without it.
 */
#include "traffic.h"

#include <stdio.h>
#include <string.h>

#include <hvl/metal/compiler.h>
#include <hvl/wire/mmio.h>

#include "dev_priv.h"

#define COME_BACK_US 3000u

static uint64_t host_now(void *ctx)
{
	(void)ctx;
	return sim_now_us();
}

/* What a life that is over has left behind is gone with it. */
static void host_event(void *ctx, struct hvl_dev *dev, enum hvl_dev_event ev)
{
	(void)ctx;
	(void)dev;
	if (ev == HVL_DEV_EVENT_RESET || ev == HVL_DEV_EVENT_RESTARTED)
		traffic.mirror.count = 0;
}

static void host_log(void *ctx, enum hvl_log_level level, const char *line)
{
	(void)ctx;
	(void)level;
	(void)snprintf(traffic.line, sizeof(traffic.line), "%s", line);
}

/* ---- the journal ------------------------------------------------------ */

/* Where it matters most. */
static void host_die_around_record(void)
{
	uint32_t fate = sim_random(16);

	if (fate == 0)
		sim_die();
	if (fate == 1)
		sim_die_in(1 + sim_random(30));
}

static uint32_t *host_record(void *ctx, const struct hvl_dev_saved *saved)
{
	struct traffic_journal *j = ctx;
	uint32_t next = j->newest ^ 1u, q;

	if (traffic.cfg->mode == TRAFFIC_DEVCRASH)
		host_die_around_record();
	j->saved[next] = *saved;
	for (q = 0; q < HVL_DEV_QUEUES_MAX; q++)
		j->taken[next][q] = saved->queue[q].taken;
	j->newest = next;
	return j->taken[next];
}

static struct hvl_dev_saved host_saved(void)
{
	const struct traffic_journal *j = &traffic.journal;
	struct hvl_dev_saved saved = j->saved[j->newest];
	uint32_t q;

	for (q = 0; q < HVL_DEV_QUEUES_MAX; q++)
		saved.queue[q].taken = j->taken[j->newest][q];
	return saved;
}

/* ---- a host ----------------------------------------------------------- */

/* Each of the ring's features is there or not. */
static uint64_t host_features_off(void)
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

/* Of the existing stack: a reset is answered once, when Status falls to 0. */
static bool host_poll_once(struct hvl_dev *dev)
{
	if (dev->mmio.status_seen == 0 &&
	    hvl_dev_reg_(dev, HVL_MMIO_REG_STATUS) == 0)
		return false;
	return hvl_dev_mmio_v1.poll(dev);
}

static const struct hvl_dev_transport *host_transport(void)
{
	static struct hvl_dev_transport once;

	if (traffic.once) {
		once = hvl_dev_mmio_v1;
		once.poll = host_poll_once;
		return &once;
	}
	if (traffic.cfg->trapping)
		return traffic.cfg->version == 1 ? &traffic_trap_v1 :
						   &traffic_trap_v2;
	return traffic.cfg->version == 1 ? &hvl_dev_mmio_v1 : &hvl_dev_mmio_v2;
}

static bool host_is_journaled(void)
{
	if (traffic.cfg->mode == TRAFFIC_DEVCRASH)
		return true;
	/* For what it changes in the device's doing; nobody resumes. */
	return !traffic.cfg->trapping && sim_random(2) == 0;
}

static void host_init(void)
{
	static const struct hvl_log log = { HVL_LOG_WARNING, host_log, NULL };
	static const struct hvl_dev_journal journal = { host_record,
							&traffic.journal };
	struct traffic *t = &traffic;
	bool rng = t->cfg->device == VIRTIO_ID_RNG;
	uint64_t packed = HVL_BIT64(VIRTIO_F_RING_PACKED);
	struct hvl_dev_config cfg = {
		.name = "sim",
		.model = rng ? traffic_rng_device() : traffic_net_device(),
		.priv = rng ? (void *)&t->rng_model : (void *)&t->net_model,
		.shm = &t->dev_shm,
		.regs = &t->dev_regs,
		.region_da = SIM_DA + SIM_UNCACHED,
		.region_size = SIM_SIZE - SIM_UNCACHED,
		.features_on = t->cfg->packed ? packed : 0,
		.features_off = t->features_off,
		.log = &log,
		.event = host_event,
		.journal = host_is_journaled() ? &journal : NULL,
		.segs = t->segs,
		.now_us = t->cfg->mode == TRAFFIC_STRICT ? NULL : host_now,
	};

	if (hvl_dev_init(&t->dev, &cfg, host_transport()) != 0)
		sim_fail("no device");
}

/* At once, or after some time. */
static void host_doom(void)
{
	sim_die_in(1 + sim_random(sim_random(2) == 0 ? 400 : 8000));
}

/* What was kept is lost, and what the backing has is nobody's. */
static void host_attach(void)
{
	struct traffic *t = &traffic;

	t->attached++;
	t->mirror.count = 0;
	memset(&t->journal, 0, sizeof(t->journal));
	hvl_dev_attach(&t->dev);
}

/* The driver has been alone, for a moment or for long. */
static void host_come_back(void)
{
	struct hvl_dev_saved saved = host_saved();
	struct traffic *t = &traffic;

	if (sim_random(2) == 0)
		sim_wait(sim_now_us() + sim_random(COME_BACK_US));
	/* Not even a number of the device's: the last one recorded nothing. */
	if (saved.id == 0 || (t->forgetful && sim_random(4) == 0)) {
		host_attach();
		return;
	}
	if (hvl_dev_resume(&t->dev, &saved) == 0)
		return;
	/* Nothing was shown yet: there is nothing to carry on. */
	if (t->published)
		sim_fail("%s", t->line);
	host_attach();
}

static void host_begin(void)
{
	struct traffic *t = &traffic;

	if (t->cfg->mode == TRAFFIC_DEVCRASH)
		host_doom();
	if (t->hosts++ == 0) {
		t->features_off = host_features_off();
		host_init();
		/* The driver may be looking already. */
		hvl_dev_publish(&t->dev);
	} else {
		traffic_rng_reborn();
		traffic_net_reborn();
		host_init();
		host_come_back();
	}
	t->published = true;
}

void traffic_host(void)
{
	struct traffic *t = &traffic;
	unsigned int wants;

	traffic_view(SIM_DEVICE, &t->dev_shm, &t->dev_regs);
	host_begin();
	for (;;) {
		t->news = false;
		t->serving = true;
		wants = hvl_dev_service(&t->dev, 1 + sim_random(16));
		t->serving = false;
		if (wants & HVL_DEV_RING)
			sim_ring(SIM_DRIVER);
		if (t->cfg->device == VIRTIO_ID_NET)
			traffic_net_play();
		if ((wants & HVL_DEV_MORE) || t->news)
			continue;
		/* Drivers of other devices ring, too. */
		if (t->looks != 0) {
			t->looks--;
			continue;
		}
		sim_wait(sim_now_us() + TRAFFIC_RECHECK_US);
		if (t->cfg->older)
			t->looks = sim_random(60);
	}
}
