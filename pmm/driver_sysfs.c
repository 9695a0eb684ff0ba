/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * driver_sysfs.c - real cores under Linux's remoteproc as one of the drivers
 *
 * Shared memory comes from a device node. There is no doorbell that all boards
 * have: both sides look now and then. The UART is the board's own, not ours.
 */
#include "driver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_rproc.h"
#include "remote_sysfs.h"
#include "shm_source.h"

#define SYSFS_POLL_US 100000u

struct driver_sysfs {
	struct pmm_driver driver; /* first */
	struct hvl_shm shm;
	struct pmm_kernel kernel;
	struct pmm_sysfs sysfs;
	struct pmm_timer poll;
};

static struct driver_sysfs *sysfs_of(struct pmm_driver *driver)
{
	return (struct driver_sysfs *)driver;
}

static void sysfs_destroy(struct pmm_driver *driver)
{
	struct driver_sysfs *d = sysfs_of(driver);

	pmm_loop_timer_cancel(driver->cfg.loop, &d->poll);
	if (d->sysfs.cfg.kernel)
		pmm_sysfs_fini(&d->sysfs);
	pmm_doorbell_close(&driver->doorbell);
	hvl_shm_close(&d->shm);
	free(d);
}

static int sysfs_open_shm(struct driver_sysfs *d, struct pmm_error *err)
{
	const struct pmm_driver_config *cfg = &d->driver.cfg;
	const struct pmm_shm_source src = { .path = cfg->sysfs->shm_path,
					    .offset = cfg->sysfs->shm_offset };
	int rc = pmm_shm_open(&d->shm, &src, cfg->shm_size, cfg->shm_da, err);

	if (rc < 0)
		return rc;
	d->driver.shm.io = d->shm.io;
	d->driver.shm.fd = -1;
	return 0;
}

static int sysfs_open_kernel(struct driver_sysfs *d, struct pmm_error *err)
{
	const struct pmm_driver_sysfs_options *o = d->driver.cfg.sysfs;
	const struct pmm_sysfs_config sc = {
		.kernel = &pmm_kernel_ops,
		.ctx = &d->kernel,
		.instance = o->instance,
		.coredump = o->coredump,
		.log = d->driver.cfg.log,
	};
	struct hvl_rproc_error why = { "" };
	int rc = pmm_kernel_init(&d->kernel, o->instance);

	if (rc < 0)
		return pmm_fail(err, rc,
				"no remote processor \"%s\"; those there are: "
				"ls /sys/class/remoteproc",
				o->instance);
	pmm_sysfs_init(&d->sysfs, &sc);
	rc = pmm_sysfs_idle(&d->sysfs, &why);
	return rc < 0 ? pmm_fail(err, rc, "%s", why.text) : 0;
}

static int sysfs_create(struct pmm_driver **out,
			const struct pmm_driver_config *cfg,
			struct pmm_error *err)
{
	struct driver_sysfs *d = calloc(1, sizeof(*d));
	int rc;

	if (!d)
		return pmm_fail(err, -ENOMEM, "remote: no memory");
	d->driver.ops = &pmm_driver_sysfs;
	d->driver.cfg = *cfg;
	d->driver.rproc_priv = &d->sysfs;
	d->shm.fd = -1;
	pmm_doorbell_poll(&d->driver.doorbell);
	rc = sysfs_open_kernel(d, err);
	if (rc == 0)
		rc = sysfs_open_shm(d, err);
	if (rc < 0) {
		sysfs_destroy(&d->driver);
		return rc;
	}
	/* Whatever ran there before, and is offline now, left it as it was. */
	hvl_io_fill(&d->shm.io, 0, 0, (size_t)d->shm.io.size);
	*out = &d->driver;
	return 0;
}

static void sysfs_on_poll(void *ctx)
{
	struct driver_sysfs *d = ctx;
	struct pmm_driver_end end;

	if (!pmm_sysfs_poll(&d->sysfs, &end))
		return;
	pmm_loop_timer_cancel(d->driver.cfg.loop, &d->poll);
	d->driver.cfg.ended(d->driver.cfg.ctx, &end);
}

static int sysfs_watch(struct pmm_driver *driver)
{
	struct driver_sysfs *d = sysfs_of(driver);

	pmm_loop_timer(driver->cfg.loop, &d->poll, SYSFS_POLL_US, SYSFS_POLL_US,
		       sysfs_on_poll, d);
	return 0;
}

static void sysfs_unwatch(struct pmm_driver *driver)
{
	pmm_loop_timer_cancel(driver->cfg.loop, &sysfs_of(driver)->poll);
}

const struct pmm_driver_ops pmm_driver_sysfs = {
	.create = sysfs_create,
	.destroy = sysfs_destroy,
	.watch = sysfs_watch,
	.unwatch = sysfs_unwatch,
	.rproc = &pmm_sysfs_ops,
};
