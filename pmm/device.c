/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * device.c - a device of a remote: model, backing and registers together
 */
#include "device.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <hvl/device/mmio.h>
#include <hvl/metal/time.h>
#include <hvl/wire/mmio.h>

/* Each change of an MTU is news to the whole system: not at a driver's pace. */
#define DEVICE_FIT_US HVL_US_PER_S

static bool device_is_net(const struct pmm_device *device)
{
	return device->cfg.id == VIRTIO_ID_NET;
}

static int device_open_net(struct pmm_device *device, struct pmm_error *err)
{
	const uint8_t none[6] = { 0 };
	struct pmm_tap *tap = &device->u.net.tap;
	const struct pmm_tap_config cfg = { .name = device->cfg.name,
					    .ifname = device->cfg.ifname,
					    .mtu = device->cfg.mtu };
	struct hvl_dev_net_backing backing;
	int rc = pmm_tap_open(tap, &cfg, err);

	if (rc < 0)
		return rc;
	if (memcmp(device->cfg.mac, none, sizeof(none)) == 0)
		pmm_mac_default(tap->ifname, device->cfg.mac);
	backing = pmm_tap_backing(tap);
	hvl_dev_net_init(&device->u.net.model, &backing, device->cfg.mac,
			 tap->mtu);
	hvl_dev_net_set_pace(&device->u.net.model, device->cfg.pace);
	return 0;
}

static int device_open_rng(struct pmm_device *device, struct pmm_error *err)
{
	struct pmm_entropy *entropy = &device->u.rng.entropy;
	struct hvl_dev_rng_backing backing;
	int rc = pmm_entropy_open(entropy, device->cfg.name, device->cfg.source,
				  device->log, err);

	if (rc < 0)
		return rc;
	backing = pmm_entropy_backing(entropy);
	hvl_dev_rng_init(&device->u.rng.model, &backing);
	return 0;
}

int pmm_device_open(struct pmm_device *device,
		    const struct pmm_device_config *cfg,
		    const struct hvl_log *log, struct pmm_error *err)
{
	int rc;

	device->cfg = *cfg;
	device->log = log;
	rc = device_is_net(device) ? device_open_net(device, err) :
				     device_open_rng(device, err);
	device->open = rc == 0;
	return rc;
}

void pmm_device_close(struct pmm_device *device, struct pmm_loop *loop)
{
	if (!device->open)
		return;
	device->open = false;
	if (device_is_net(device)) {
		pmm_loop_unwatch(loop, &device->u.net.tap.watch);
		pmm_loop_timer_cancel(loop, &device->u.net.pace);
		pmm_tap_close(&device->u.net.tap);
	} else {
		pmm_entropy_close(&device->u.rng.entropy);
	}
}

uint16_t pmm_device_mtu(const struct pmm_device *device)
{
	return device_is_net(device) ? device->u.net.tap.mtu : 0;
}

static void device_say_queues(struct pmm_device *device)
{
	const struct hvl_dev *dev = &device->dev;
	char text[80];
	size_t at = 0;

	for (unsigned int i = 0; i < dev->cfg.model->nqueues; i++) {
		int n = snprintf(text + at, sizeof(text) - at, "%s%u",
				 i ? ", " : "", (unsigned int)dev->vq[i].num);

		if (n < 0 || (size_t)n >= sizeof(text) - at)
			break;
		at += (size_t)n;
	}
	hvl_log(device->log, HVL_LOG_INFO, "%s: queues set up: %s",
		device->cfg.name, text);
}

void pmm_device_say_ready(const struct pmm_device *device, const char *what)
{
	char names[PMM_FEATURE_NAMES_MAX];

	pmm_feature_names(device->cfg.id, device->dev.features, names,
			  sizeof(names));
	hvl_log(device->log, HVL_LOG_INFO, "%s: %s, features 0x%llx (%s)",
		device->cfg.name, what,
		(unsigned long long)device->dev.features, names);
}

/* For a person: what the driver made of the device. */
static void device_on_event(void *ctx, struct hvl_dev *dev,
			    enum hvl_dev_event ev)
{
	static const char *const said[] = {
		[HVL_DEV_EVENT_FOUND] = "found by its driver",
		[HVL_DEV_EVENT_RESET] = "reset by its driver",
		[HVL_DEV_EVENT_RESTARTED] = "restarted: its driver starts over",
		[HVL_DEV_EVENT_BROKEN] = "stopped until its driver resets it",
		[HVL_DEV_EVENT_FAILED] = "given up by its driver",
	};
	struct pmm_device *device = ctx;
	bool bad = ev == HVL_DEV_EVENT_BROKEN || ev == HVL_DEV_EVENT_FAILED;

	(void)dev;
	if (ev == HVL_DEV_EVENT_QUEUES)
		device_say_queues(device);
	else if (ev == HVL_DEV_EVENT_READY)
		pmm_device_say_ready(device, "DRIVER_OK");
	else
		hvl_log(device->log, bad ? HVL_LOG_WARNING : HVL_LOG_INFO,
			"%s: %s", device->cfg.name, said[ev]);
}

static void device_on_tap(void *ctx, uint32_t events)
{
	struct pmm_device *device = ctx;

	(void)events;
	pmm_tap_ready(&device->u.net.tap);
	device->wake(device->wake_ctx);
}

static uint64_t device_now_us(void *ctx)
{
	(void)ctx;
	return hvl_time_us();
}

int pmm_device_init(struct pmm_device *device, struct pmm_loop *loop,
		    const struct pmm_device_place *place, struct pmm_error *err)
{
	static const struct pmm_features_choice none;
	const struct pmm_features_choice *features =
		place->features ? place->features : &none;
	const struct hvl_dev_config cfg = {
		.name = device->cfg.name,
		.model = device_is_net(device) ? &hvl_dev_net_model :
						 &hvl_dev_rng_model,
		.priv = device_is_net(device) ? (void *)&device->u.net.model :
						(void *)&device->u.rng.model,
		.shm = place->shm,
		.regs = &device->regs,
		.region_da = place->shm->da + place->at->region_off,
		.region_size = place->at->region_size,
		.features_on = pmm_features_on(features, device->cfg.id),
		.features_off = pmm_features_off(features, device->cfg.id),
		.no_suppress = place->no_suppress,
		.log = place->log,
		.now_us = device_now_us,
		.event = device_on_event,
		.event_ctx = device,
		.segs = place->segs,
		.journal = place->journal,
	};
	int rc = -EINVAL;

	device->loop = loop;
	device->wake = place->wake;
	device->wake_ctx = place->wake_ctx;
	if (hvl_io_sub(place->shm, place->at->regs_off, HVL_MMIO_BLOCK_SIZE,
		       &device->regs))
		rc = hvl_dev_init(&device->dev, &cfg,
				  place->v1 ? &hvl_dev_mmio_v1 :
					      &hvl_dev_mmio_v2);
	/* By edges: frames that wait for buffers must not keep us awake. */
	if (rc == 0 && device_is_net(device))
		rc = pmm_loop_watch(
			loop, &device->u.net.tap.watch, device->u.net.tap.fd,
			EPOLLIN | EPOLLOUT | EPOLLET, device_on_tap, device);
	if (rc < 0)
		return pmm_fail(err, rc, "%s: %s", device->cfg.name,
				strerror(-rc));
	return 0;
}

/* Somebody deleted the interface: for the driver, the cable is out. */
static void device_unplug(struct pmm_device *device)
{
	if (!device->u.net.tap.gone || device->u.net.link_down)
		return;
	device->u.net.link_down = true;
	hvl_log(device->log, HVL_LOG_WARNING,
		"%s: tap \"%s\" was deleted; link down", device->cfg.name,
		device->u.net.tap.ifname);
	hvl_dev_net_set_link(&device->dev, false);
}

/* Frames that are too large are dropped: better, they are not sent. */
static void device_fit_mtu(struct pmm_device *device)
{
	struct pmm_tap *tap = &device->u.net.tap;
	uint32_t room = device->u.net.model.rx_room, mtu;
	uint64_t now;
	int rc;

	if (!device->cfg.fit_mtu || room == 0 || room == device->u.net.fitted)
		return;
	now = hvl_time_us();
	if (device->u.net.fitted &&
	    now - device->u.net.fitted_us < DEVICE_FIT_US)
		return;
	device->u.net.fitted = room;
	device->u.net.fitted_us = now;
	mtu = room > HVL_NET_ETH_HEADER ? room - HVL_NET_ETH_HEADER : 0;
	rc = pmm_tap_limit_mtu(tap, mtu);
	if (rc > 0)
		hvl_log(device->log, HVL_LOG_INFO,
			"%s: tap \"%s\": MTU %u, as the driver's receive "
			"buffers take frames of %u bytes",
			device->cfg.name, tap->ifname, tap->mtu_now, room);
	if (rc >= 0 || tap->gone || device->u.net.unfit)
		return;
	device->u.net.unfit = true;
	hvl_log(device->log, HVL_LOG_WARNING,
		"%s: larger frames than the driver's %u bytes are dropped, and "
		"the MTU of tap \"%s\" is not ours to set: %s; type: ip link "
		"set %s mtu %u",
		device->cfg.name, room, tap->ifname, strerror(-rc), tap->ifname,
		mtu);
}

static void device_on_pace(void *ctx)
{
	struct pmm_device *device = ctx;

	device->wake(device->wake_ctx);
}

/* A frame waits that may go without an answer from some time on. */
static void device_set_pace_timer(struct pmm_device *device)
{
	struct pmm_timer *timer = &device->u.net.pace;
	uint64_t at = hvl_dev_net_next_us(&device->dev), now;

	if (at == UINT64_MAX || !device->u.net.tap.readable) {
		pmm_loop_timer_cancel(device->loop, timer);
		return;
	}
	if (timer->active)
		return;
	now = hvl_time_us();
	pmm_loop_timer(device->loop, timer, at > now ? at - now : 0, 0,
		       device_on_pace, device);
}

unsigned int pmm_device_service(struct pmm_device *device, unsigned int budget)
{
	unsigned int flags = hvl_dev_service(&device->dev, budget);

	if (device_is_net(device)) {
		device_unplug(device);
		device_fit_mtu(device);
		device_set_pace_timer(device);
		if (pmm_tap_held(&device->u.net.tap))
			flags |= HVL_DEV_MORE;
	}
	return flags;
}
