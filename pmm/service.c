/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * service.c - the devices of one remote, and looking after them
 */
#include "service.h"

#include <errno.h>
#include <stdlib.h>

#include <hvl/metal/barrier.h>
#include <hvl/metal/time.h>

/* Chains per queue and visit: a frame's way through all devices stays short. */
#define SERVICE_BUDGET 64u
/* Rounds over all devices before other events have their turn. */
#define SERVICE_ROUNDS 4

/* @devices: NULL as long as they are not open; then their MTUs count. */
static int service_plan(const struct pmm_service_config *cfg,
			const struct pmm_device *devices,
			struct pmm_layout_want *want, struct pmm_layout *layout,
			struct pmm_error *err)
{
	const struct pmm_layout_config lc = {
		.da = cfg->shm_da,
		.size = cfg->shm_size,
		.no_dtb = cfg->no_dtb,
		.v1 = cfg->v1,
		.coherent = cfg->shm_view == PMM_SHM_COHERENT,
		.count = cfg->ndevices,
		.want = want,
		.da_option = cfg->da_option,
		.size_option = cfg->size_option,
	};

	for (unsigned int i = 0; i < cfg->ndevices && i < PMM_DEVICES_MAX;
	     i++) {
		uint16_t mtu = devices ? pmm_device_mtu(&devices[i]) :
					 cfg->devices[i].mtu;

		want[i] = (struct pmm_layout_want){
			.name = cfg->devices[i].name,
			.id = cfg->devices[i].id,
			.mtu = mtu ? mtu : HVL_NET_MTU_DEFAULT,
		};
	}
	return pmm_layout_plan(layout, &lc, err);
}

int pmm_service_check(const struct pmm_service_config *cfg,
		      struct pmm_error *err)
{
	const struct pmm_features_place place = {
		.board = cfg->board,
		.v1 = cfg->v1,
		.no_suppress = cfg->no_suppress,
		.view = cfg->shm_view,
	};
	struct pmm_layout_want want[PMM_DEVICES_MAX];
	struct pmm_layout layout;
	int rc = pmm_features_check(&cfg->features, &place, err);

	return rc < 0 ? rc : service_plan(cfg, NULL, want, &layout, err);
}

static int service_open_devices(struct pmm_service *svc, struct pmm_error *err)
{
	svc->devices = calloc(svc->cfg.ndevices + 1, sizeof(*svc->devices));
	if (!svc->devices)
		return pmm_fail(err, -ENOMEM, "devices: no memory");
	for (unsigned int i = 0; i < svc->cfg.ndevices; i++) {
		int rc = pmm_device_open(&svc->devices[i], &svc->cfg.devices[i],
					 &svc->ratelog.log, err);

		if (rc < 0)
			return rc;
		svc->ndevices++;
	}
	return 0;
}

int pmm_service_open(struct pmm_service *svc,
		     const struct pmm_service_config *cfg,
		     struct pmm_loop *loop, struct pmm_error *err)
{
	int rc;

	*svc = (struct pmm_service){ .cfg = *cfg,
				     .loop = loop,
				     .polling.most_us = cfg->poll_us };
	pmm_ratelog_init(&svc->ratelog, cfg->log);
	rc = service_open_devices(svc, err);
	if (rc == 0)
		rc = service_plan(cfg, svc->devices, svc->want, &svc->layout,
				  err);
	return rc;
}

int pmm_service_attach(struct pmm_service *svc, const struct hvl_io *shm,
		       struct pmm_doorbell *doorbell,
		       const struct hvl_dev_journal *const *journal,
		       struct pmm_error *err)
{
	svc->doorbell = doorbell;
	for (unsigned int i = 0; i < svc->ndevices; i++) {
		const struct pmm_device_place place = {
			.shm = shm,
			.at = &svc->layout.device[i],
			.v1 = svc->cfg.v1,
			.no_suppress = svc->cfg.no_suppress,
			.features = &svc->cfg.features,
			.segs = svc->segs,
			.journal = journal ? journal[i] : NULL,
			.log = &svc->ratelog.log,
			.wake = pmm_service_wake,
			.wake_ctx = svc,
		};
		int rc = pmm_device_init(&svc->devices[i], svc->loop, &place,
					 err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Look at every device once. Return: HVL_DEV_RING and HVL_DEV_MORE bits. */
static unsigned int service_pass(struct pmm_service *svc)
{
	unsigned int flags = 0;

	for (unsigned int i = 0; i < svc->ndevices; i++)
		flags |= pmm_device_service(&svc->devices[i], SERVICE_BUDGET);
	if (flags & HVL_DEV_RING)
		pmm_doorbell_ring(svc->doorbell);
	return flags;
}

static bool service_in_setup(const struct pmm_service *svc)
{
	for (unsigned int i = 0; i < svc->ndevices; i++) {
		if (hvl_dev_in_setup(&svc->devices[i].dev))
			return true;
	}
	return false;
}

static uint64_t service_setup_mark(const struct pmm_service *svc)
{
	uint64_t mark = 0;

	for (unsigned int i = 0; i < svc->ndevices; i++)
		mark += hvl_dev_setup_mark(&svc->devices[i].dev);
	return mark;
}

static void service_count_spun(struct pmm_service *svc, bool before)
{
	for (unsigned int i = 0; i < svc->ndevices; i++) {
		struct pmm_device *device = &svc->devices[i];
		uint64_t queues = device->dev.stats.queues;

		/* In unsigned arithmetic the two differences add up. */
		device->queues_spun += before ? -queues : queues;
	}
}

/*
 * Deployed drivers of version 1 look for a queue's acknowledgement a few tens
 * of microseconds after they rang, and wait for seconds if it is not there: a
 * wake-up may take longer. So while one sets up, do not sleep between its
 * steps. Return: as service_pass().
 */
static unsigned int service_spin(struct pmm_service *svc)
{
	uint64_t mark = service_setup_mark(svc), last;
	unsigned int flags = 0;

	if (!pmm_spin_begin(&svc->spin, hvl_time_us()))
		return 0;
	service_count_spun(svc, true);
	do {
		last = mark;
		hvl_rmb_after_doorbell();
		flags = service_pass(svc);
		mark = service_setup_mark(svc);
	} while (pmm_spin_more(&svc->spin, hvl_time_us(), mark != last));
	service_count_spun(svc, false);
	return flags;
}

/* Chains given back, and steps of set-ups: it grows with all that is done. */
static uint64_t service_progress(const struct pmm_service *svc)
{
	uint64_t sum = service_setup_mark(svc);

	for (unsigned int i = 0; i < svc->ndevices; i++)
		sum += svc->devices[i].dev.stats.chains;
	return sum;
}

static void service_set_polled(struct pmm_service *svc, bool on)
{
	for (unsigned int i = 0; i < svc->ndevices; i++)
		hvl_dev_set_polled(&svc->devices[i].dev, on);
}

/*
 * After a look that left nothing to do: if we poll, the next one follows
 * without a wait, and between the two the loop looks after everything else. If
 * we stop, drivers may ring again, and what they did unannounced is looked for
 * once more. Return: as service_pass().
 */
static unsigned int service_poll(struct pmm_service *svc, bool progress)
{
	bool was_on = svc->polling.on;

	if (pmm_polling_more(&svc->polling, hvl_time_us(), progress)) {
		if (!was_on)
			service_set_polled(svc, true);
		return HVL_DEV_MORE;
	}
	if (!was_on)
		return 0;
	service_set_polled(svc, false);
	return service_pass(svc);
}

static void service_look(void *ctx)
{
	struct pmm_service *svc = ctx;
	uint64_t mark = service_setup_mark(svc);
	unsigned int flags = HVL_DEV_MORE;
	uint64_t before = service_progress(svc);
	bool rung = svc->rung;

	svc->rung = false;
	/* A driver that sets up does not wait for our messages. */
	pmm_ratelog_hold(&svc->ratelog);
	hvl_rmb_after_doorbell();
	for (int i = 0; i < SERVICE_ROUNDS && (flags & HVL_DEV_MORE); i++)
		flags = service_pass(svc);
	if (rung && (mark != service_setup_mark(svc) || service_in_setup(svc)))
		flags |= service_spin(svc);
	flags |= service_poll(svc, before != service_progress(svc));
	pmm_ratelog_release(&svc->ratelog);
	if (flags & HVL_DEV_MORE)
		pmm_service_wake(svc);
}

void pmm_service_wake(void *ctx)
{
	struct pmm_service *svc = ctx;

	if (svc->running)
		pmm_loop_task(svc->loop, &svc->task, service_look, svc);
}

/*
 * A peer that has just come may have missed rings. But if a driver of version 1
 * is not through with its queues, it may as well have started over, and take a
 * ring with its earlier life's acknowledgement for an answer: one that waits is
 * rung for again anyway.
 */
static void service_greet(struct pmm_service *svc)
{
	if (!svc->cfg.v1 || !service_in_setup(svc))
		pmm_doorbell_ring(svc->doorbell);
}

/* For a person: who comes and goes on a socket. */
static void service_say_peer(struct pmm_service *svc)
{
	const struct pmm_doorbell *db = svc->doorbell;
	bool came = db->peers != svc->peers;

	if (came && db->peer)
		service_greet(svc);
	if (came)
		hvl_log(&svc->ratelog.log, HVL_LOG_INFO,
			"doorbell: peer connected");
	if ((came || svc->peer) && !db->peer)
		hvl_log(&svc->ratelog.log, HVL_LOG_INFO, "doorbell: peer gone");
	svc->peers = db->peers;
	svc->peer = db->peer;
}

static void service_on_doorbell(void *ctx, uint32_t events)
{
	struct pmm_service *svc = ctx;

	(void)events;
	pmm_doorbell_heard(svc->doorbell);
	svc->rung = true;
	service_say_peer(svc);
	pmm_service_wake(svc);
}

static void service_on_recheck(void *ctx)
{
	struct pmm_service *svc = ctx;

	pmm_service_wake(svc);
	if (svc->cfg.recheck)
		svc->cfg.recheck(svc->cfg.ctx);
}

int pmm_service_start(struct pmm_service *svc)
{
	const struct pmm_doorbell *db = svc->doorbell;
	int rc = 0;

	if (db->watch_fd >= 0)
		rc = pmm_loop_watch(svc->loop, &svc->doorbell_watch,
				    db->watch_fd, db->watch_events,
				    service_on_doorbell, svc);
	if (rc < 0)
		return rc;
	pmm_loop_timer(svc->loop, &svc->recheck, PMM_SERVICE_RECHECK_US,
		       PMM_SERVICE_RECHECK_US, service_on_recheck, svc);
	svc->running = true;
	pmm_service_wake(svc);
	return 0;
}

void pmm_service_stop(struct pmm_service *svc)
{
	svc->running = false;
	if (!svc->loop)
		return;
	svc->polling.on = false;
	service_set_polled(svc, false);
	pmm_loop_unwatch(svc->loop, &svc->doorbell_watch);
	pmm_loop_timer_cancel(svc->loop, &svc->recheck);
	pmm_loop_task_cancel(svc->loop, &svc->task);
}

void pmm_service_close(struct pmm_service *svc)
{
	pmm_service_stop(svc);
	for (unsigned int i = 0; i < svc->ndevices; i++)
		pmm_device_close(&svc->devices[i], svc->loop);
	svc->ndevices = 0;
	free(svc->devices);
	svc->devices = NULL;
}

const struct pmm_device *pmm_service_device(const struct pmm_service *svc,
					    unsigned int index)
{
	return index < svc->ndevices ? &svc->devices[index] : NULL;
}

const char *pmm_service_ifname(const struct pmm_service *svc,
			       unsigned int index)
{
	const struct pmm_device *device = pmm_service_device(svc, index);

	if (!device || device->cfg.id != VIRTIO_ID_NET)
		return NULL;
	return device->u.net.tap.ifname;
}
