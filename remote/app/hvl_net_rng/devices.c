/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * devices.c - find the devices, keep them running
 *
 * A device that breaks, or whose other side does not answer, is reset and set
 * up again between two rounds of the main loop; what its users hold of it they
 * are told about by its driver's stop.
 */
#include "app.h"

#include <hvl/driver/mmio.h>
#include <hvl/metal/errno.h>
#include <hvl/metal/log.h>
#include <hvl/metal/time.h>
#include <hvl/wire/mmio.h>

#include "board.h"

#define DEVICES_GRANULE_MIN 64u
#define DEVICES_GRANULE_MAX 65536u
#define DEVICES_PAGE 4096u
#define DEVICES_BACKOFF_MIN_US 10000u
#define DEVICES_BACKOFF_MAX_US 2000000u
/* How often to look whether one that was silent has answered meanwhile. */
#define DEVICES_LISTEN_US 100000u
/* One that breaks sooner after a restart was not helped by it. */
#define DEVICES_STABLE_US 1000000u

static const struct app_driver *const devices_drivers[] = {
	&app_net_driver,
	&app_rng_driver,
};

static struct app_device devices[APP_DEVICES_MAX];
static unsigned int devices_count;

/* One a region: devices that are shown the same one share its pool. */
static struct devices_region {
	struct hvl_io io;
	struct hvl_drv_pool pool;
	uint32_t map[APP_POOL_MAP_WORDS];
} devices_regions[APP_DEVICES_MAX];
static unsigned int devices_nregions;

static uint64_t devices_check_us;

static uint64_t devices_plat_now(void *ctx)
{
	(void)ctx;
	return hvl_time_us();
}

static void devices_plat_ring(void *ctx)
{
	(void)ctx;
	board_doorbell_ring();
}

static void devices_plat_wait(void *ctx, uint64_t until_us)
{
	(void)ctx;
	app_sleep(until_us);
}

/* cache_line is the board's; else it would be const. */
static struct hvl_drv_platform devices_platform = {
	.now_us = devices_plat_now,
	.ring = devices_plat_ring,
	.wait = devices_plat_wait,
};

const char *app_error_text(int error)
{
	switch (error) {
	case -EIO:
		return "a device error";
	case -EPROTO:
		return "a protocol error";
	case -ETIMEDOUT:
		return "a time-out";
	case -ENOMEM:
		return "a lack of memory";
	case -ENOTSUP:
		return "a feature that is missing";
	case -EINVAL:
		return "a region that cannot be used";
	default:
		return "an error";
	}
}

/* Small enough for frames to waste little, large enough for the map. */
static uint32_t devices_granule(uint64_t size)
{
	uint32_t granule = DEVICES_GRANULE_MIN;

	while (granule < devices_platform.cache_line ||
	       (granule < DEVICES_GRANULE_MAX &&
		size / granule > APP_POOL_MAP_WORDS * 32u))
		granule *= 2;
	return granule;
}

/* Move the start of a region up to an offset, and to a multiple of @align. */
static bool devices_cut(struct hvl_io *io, uint64_t off, uint32_t align)
{
	off += (0 - (io->da + off)) & (align - 1);
	return off < io->size && hvl_io_sub(io, off, io->size - off, io);
}

static bool devices_overlap(const struct hvl_io *a, const struct hvl_io *b)
{
	return a->da < b->da ? b->da - a->da < a->size :
			       a->da - b->da < b->size;
}

/*
 * The registers may say anything: only what lies in the shared memory is used,
 * and of that nothing from the register blocks down. A transport that names no
 * region leaves us all of it.
 */
static int devices_region_io(const struct hvl_drv_dev *dev, struct hvl_io *io)
{
	const struct board_info *info = board_info();
	const struct hvl_io regs = {
		.da = info->regs_da,
		.size = info->regs_count * (uint64_t)HVL_MMIO_BLOCK_SIZE,
	};
	uint64_t off;

	*io = info->shm;
	if (dev->shm_size != 0 &&
	    (!hvl_io_da_to_off(&info->shm, dev->shm_da, dev->shm_size, &off) ||
	     !hvl_io_sub(&info->shm, off, dev->shm_size, io)))
		return -EINVAL;
	if (devices_overlap(&regs, io) &&
	    !devices_cut(io, regs.da + regs.size - io->da, DEVICES_PAGE))
		return -EINVAL;
	return devices_cut(io, 0, devices_granule(io->size)) ? 0 : -EINVAL;
}

static int devices_add_region(const struct hvl_io *io)
{
	struct devices_region *region = &devices_regions[devices_nregions];
	int rc = hvl_drv_pool_init(&region->pool, io, devices_granule(io->size),
				   region->map, APP_POOL_MAP_WORDS);

	if (rc == 0) {
		region->io = *io;
		devices_nregions++;
	}
	return rc;
}

static int devices_find_pool(struct app_device *dev)
{
	struct hvl_io io;
	int rc = devices_region_io(&dev->dev, &io);

	if (rc < 0)
		return rc;
	for (unsigned int i = 0; i < devices_nregions; i++) {
		const struct hvl_io *known = &devices_regions[i].io;

		if (known->da == io.da && known->size == io.size) {
			dev->pool = &devices_regions[i].pool;
			return 0;
		}
		/* Two pools would hand the same memory out twice. */
		if (devices_overlap(known, &io))
			return -EINVAL;
	}
	rc = devices_add_region(&io);
	if (rc == 0)
		dev->pool = &devices_regions[devices_nregions - 1].pool;
	return rc;
}

/* Of each type one is used: the first. */
static void devices_choose_driver(struct app_device *dev)
{
	const char *type = "dev";
	unsigned int same = 0;

	for (size_t i = 0; i < HVL_ARRAY_SIZE(devices_drivers); i++)
		if (devices_drivers[i]->id == dev->dev.id) {
			type = devices_drivers[i]->type;
			dev->drv = devices_drivers[i];
		}
	for (unsigned int i = 0; i < devices_count; i++)
		if (devices[i].dev.id == dev->dev.id)
			same++;
	if (same > 0)
		dev->drv = NULL;
	hvl_format(dev->name, sizeof(dev->name), "%s%u", type, same);
}

static void devices_print(const struct app_device *dev)
{
	char more[80] = "";

	if (!dev->drv) {
		app_say("%s: virtio device %u, mmio version %u, not used",
			dev->name, (unsigned int)dev->dev.id,
			(unsigned int)dev->dev.version);
		return;
	}
	dev->drv->describe(dev, more, sizeof(more));
	app_say("%s: virtio-%s, mmio version %u%s", dev->name, dev->drv->type,
		(unsigned int)dev->dev.version, more);
}

static void devices_try_later(struct app_device *dev)
{
	uint32_t backoff = dev->backoff_us;

	backoff = backoff == 0 ? DEVICES_BACKOFF_MIN_US : backoff * 2;
	if (backoff > DEVICES_BACKOFF_MAX_US)
		backoff = DEVICES_BACKOFF_MAX_US;
	dev->backoff_us = backoff;
	dev->retry_us = hvl_time_us() + backoff;
}

static void devices_start_first(struct app_device *dev)
{
	int rc = devices_find_pool(dev);

	if (rc == 0 && dev->drv) {
		rc = dev->drv->start(dev);
		if (rc < 0)
			app_device_failed(dev, rc);
	}
	if (rc < 0) {
		app_say("%s: does not start: %s", dev->name,
			app_error_text(rc));
		devices_try_later(dev);
		return;
	}
	dev->up = dev->drv != NULL;
	dev->up_us = hvl_time_us();
	devices_print(dev);
}

static void devices_probe(const struct hvl_io *regs, unsigned int index)
{
	struct app_device *dev = &devices[devices_count];
	int rc = hvl_drv_mmio_probe(&dev->dev, regs, &devices_platform);

	if (rc == -ENODEV)
		return;
	if (rc < 0) {
		app_say("register block %u: a device of a version unknown here",
			index);
		return;
	}
	devices_choose_driver(dev);
	devices_count++;
	devices_start_first(dev);
}

void app_devices_start(void)
{
	const struct board_info *info = board_info();
	uint64_t off = info->regs_da - info->shm.da;
	struct hvl_io regs;

	devices_platform.cache_line = info->cache_line;
	if (info->polling)
		devices_platform.wait = NULL;
	for (unsigned int i = 0; i < info->regs_count; i++) {
		if (devices_count == APP_DEVICES_MAX ||
		    !hvl_io_sub(&info->shm, off + i * HVL_MMIO_BLOCK_SIZE,
				HVL_MMIO_BLOCK_SIZE, &regs))
			break;
		devices_probe(&regs, i);
	}
}

unsigned int app_devices_count(void)
{
	return devices_count;
}

struct app_device *app_devices_at(unsigned int i)
{
	return &devices[i];
}

struct app_device *app_devices_find(const struct app_driver *drv)
{
	for (unsigned int i = 0; i < devices_count; i++)
		if (devices[i].drv == drv)
			return &devices[i];
	return NULL;
}

void app_device_failed(struct app_device *dev, int error)
{
	dev->up = false;
	if (dev->failed)
		return;
	dev->failed = error;
	dev->failed_us = hvl_time_us();
	dev->told = false;
	if (dev->failed_us - dev->up_us < DEVICES_STABLE_US &&
	    dev->resets > 0) {
		devices_try_later(dev);
	} else {
		dev->backoff_us = 0;
		dev->retry_us = 0;
	}
}

static void devices_restart(struct app_device *dev)
{
	int rc;

	if (dev->drv->release)
		dev->drv->release(dev);
	rc = dev->drv->start(dev);
	if (rc < 0) {
		/* One line when it starts to fail, one when it is back. */
		if (!dev->told)
			app_say("%s: stopped by %s, and a reset brings %s; "
				"trying on",
				dev->name, app_error_text(dev->failed),
				app_error_text(rc));
		dev->told = true;
		devices_try_later(dev);
		return;
	}
	dev->resets++;
	app_say("%s: reset after %s, back in %u ms", dev->name,
		app_error_text(dev->failed),
		(unsigned int)((hvl_time_us() - dev->failed_us + 999) / 1000));
	dev->failed = 0;
	dev->up = true;
	dev->up_us = hvl_time_us();
}

/* To wait for one that does not answer would stall all the others each time. */
static void devices_retry(struct app_device *dev)
{
	if (hvl_drv_dev_reset_late(&dev->dev))
		devices_restart(dev);
	else
		dev->retry_us = app_now_us() + DEVICES_LISTEN_US;
}

static void devices_look(struct app_device *dev)
{
	int rc = dev->drv->check ? dev->drv->check(dev) :
				   hvl_drv_dev_health(&dev->dev);

	if (rc < 0)
		app_device_failed(dev, rc);
}

void app_devices_check(void)
{
	bool look = app_now_us() - devices_check_us >= APP_RECHECK_US;

	if (look) {
		devices_check_us = app_now_us();
		app_devices_doorbell();
	}
	for (unsigned int i = 0; i < devices_count; i++) {
		struct app_device *dev = &devices[i];

		if (dev->up && look)
			devices_look(dev);
		if (dev->failed && dev->drv && dev->pool &&
		    app_now_us() >= dev->retry_us)
			devices_retry(dev);
	}
}

void app_devices_doorbell(void)
{
	for (unsigned int i = 0; i < devices_count; i++) {
		struct app_device *dev = &devices[i];
		uint32_t events;

		if (!dev->up)
			continue;
		events = hvl_drv_dev_events(&dev->dev);
		if (events && dev->drv->event)
			dev->drv->event(dev, events);
	}
}
