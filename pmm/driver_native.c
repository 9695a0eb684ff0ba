/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * driver_native.c - the native remote as one of the drivers
 */
#include "driver.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hvl/metal/shm.h>

#include "remote_native.h"

struct driver_native {
	struct pmm_driver driver; /* first */
	struct hvl_shm shm;
	struct pmm_native *native;
	struct pmm_watch watch;
};

static struct driver_native *native_of(struct pmm_driver *driver)
{
	return (struct driver_native *)driver;
}

static void native_destroy(struct pmm_driver *driver)
{
	struct driver_native *n = native_of(driver);

	pmm_native_destroy(n->native);
	pmm_doorbell_close(&driver->doorbell);
	hvl_shm_close(&n->shm);
	free(n);
}

static int native_open(struct driver_native *n, struct pmm_error *err)
{
	struct pmm_driver *d = &n->driver;
	struct pmm_native_config nc = {
		.board = d->cfg.board,
		.shm = &n->shm,
		.uart_fd = d->cfg.uart_fd,
		.log = d->cfg.log,
	};
	struct hvl_rproc_error why = { "" };
	int rc = hvl_shm_create(&n->shm, "hvl-shmem", d->cfg.shm_size,
				d->cfg.shm_da);

	if (rc < 0)
		return pmm_fail(err, rc,
				"shared memory of 0x%" PRIx64 " bytes: %s",
				d->cfg.shm_size, strerror(-rc));
	d->shm.io = n->shm.io;
	d->shm.fd = n->shm.fd;
	rc = pmm_doorbell_eventfd(&d->doorbell);
	if (rc < 0)
		return pmm_fail(err, rc, "doorbells: %s", strerror(-rc));
	nc.irq_fd = d->doorbell.to_remote;
	nc.ring_fd = d->doorbell.to_main;
	rc = pmm_native_create(&n->native, &nc, &why);
	if (rc < 0)
		return pmm_fail(err, rc, "board %s: %s", d->cfg.board->name,
				why.text);
	d->rproc_priv = n->native;
	return 0;
}

static int native_create(struct pmm_driver **out,
			 const struct pmm_driver_config *cfg,
			 struct pmm_error *err)
{
	struct driver_native *n = calloc(1, sizeof(*n));
	int rc;

	if (!n)
		return pmm_fail(err, -ENOMEM, "remote: no memory");
	n->driver.ops = &pmm_driver_native;
	n->driver.cfg = *cfg;
	n->shm.fd = -1;
	rc = native_open(n, err);
	if (rc < 0) {
		native_destroy(&n->driver);
		return rc;
	}
	*out = &n->driver;
	return 0;
}

static void native_on_end(void *ctx, uint32_t events)
{
	struct driver_native *n = ctx;
	struct pmm_native_end end = { 0 };
	struct pmm_driver_end said = { 0 };

	(void)events;
	pmm_loop_unwatch(n->driver.cfg.loop, &n->watch);
	if (!pmm_native_reap(n->native, &end))
		return;
	/* One that says it stopped, and then dies of a signal, did crash. */
	said.fatal = end.signal != 0;
	said.code = end.code;
	(void)snprintf(said.text, sizeof(said.text), "%s", end.text);
	n->driver.cfg.ended(n->driver.cfg.ctx, &said);
}

static int native_watch(struct pmm_driver *driver)
{
	struct driver_native *n = native_of(driver);

	return pmm_loop_watch(driver->cfg.loop, &n->watch,
			      pmm_native_pidfd(n->native), EPOLLIN,
			      native_on_end, n);
}

static void native_unwatch(struct pmm_driver *driver)
{
	pmm_loop_unwatch(driver->cfg.loop, &native_of(driver)->watch);
}

const struct pmm_driver_ops pmm_driver_native = {
	.create = native_create,
	.destroy = native_destroy,
	.watch = native_watch,
	.unwatch = native_unwatch,
	.rproc = &pmm_native_ops,
};
