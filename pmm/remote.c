/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * remote.c - one remote: checking, making and freeing all that belongs to it
 */
#include "remote.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "coredump.h"
#include "remote_priv.h"

#define REMOTE_FIRMWARE_MAX (256u * 1024u * 1024u)

static int remote_check_range(const struct pmm_remote_config *cfg,
			      const struct pmm_board_range *own,
			      struct pmm_error *err)
{
	const struct pmm_board *b = cfg->board;
	uint64_t end = own->da + (own->size - 1);

	if (cfg->shm_da > end || cfg->shm_da + (cfg->shm_size - 1) < own->da)
		return 0;
	if (cfg->shm_da < own->da)
		return pmm_fail(err, -EINVAL,
				"--shmem-size 0x%" PRIx64 ": the shared memory "
				"from --shmem-addr 0x%" PRIx64
				" overlaps the %s board's own, 0x%" PRIx64
				" to 0x%" PRIx64 "; 0x%" PRIx64 " would fit",
				cfg->shm_size, cfg->shm_da, b->name, own->da,
				end, own->da - cfg->shm_da);
	return pmm_fail(err, -EINVAL,
			"--shmem-addr 0x%" PRIx64 ": the shared memory, to "
			"0x%" PRIx64 ", overlaps the %s board's own, 0x%" PRIx64
			" to 0x%" PRIx64 "; the default is 0x%" PRIx64,
			cfg->shm_da, cfg->shm_da + (cfg->shm_size - 1), b->name,
			own->da, end, b->shm_da);
}

static int remote_check_shm(const struct pmm_remote_config *cfg,
			    struct pmm_error *err)
{
	const struct pmm_board *b = cfg->board;
	int rc = 0;

	/* First where it may be at all: what is said then fits both. */
	if (b->driver->check)
		rc = b->driver->check(b, cfg->shm_da, cfg->shm_size, err);
	for (int i = 0; i < PMM_BOARD_LOADS_MAX && rc == 0; i++) {
		if (b->load[i].size)
			rc = remote_check_range(cfg, &b->load[i], err);
	}
	return rc;
}

static struct pmm_service_config
remote_service_config(const struct pmm_remote_config *cfg)
{
	return (struct pmm_service_config){
		.shm_da = cfg->shm_da,
		.shm_size = cfg->shm_size,
		.no_dtb = cfg->no_dtb,
		.v1 = cfg->v1,
		.no_suppress = cfg->board->no_suppress,
		.board = cfg->board->name,
		.shm_view = cfg->board->shm_view,
		.features = cfg->features,
		.poll_us = cfg->poll_us,
		.ndevices = cfg->ndevices,
		.devices = cfg->devices,
		.log = cfg->log,
	};
}

int pmm_remote_check(const struct pmm_remote_config *cfg, struct pmm_error *err)
{
	const struct pmm_service_config sc = remote_service_config(cfg);
	int rc = pmm_service_check(&sc, err);

	if (rc == 0)
		rc = remote_check_shm(cfg, err);
	if (rc == 0 && cfg->coredump)
		rc = pmm_coredump_check(cfg->coredump, err);
	return rc;
}

/* Read and not mapped: the file may change while we run. */
static int remote_read_image(struct pmm_remote *r, int fd, const char *path,
			     struct pmm_error *err)
{
	size_t got = 0;
	struct stat st;
	ssize_t n = 1;

	if (fstat(fd, &st) < 0)
		return pmm_fail(err, -errno, "firmware \"%s\": %s", path,
				strerror(errno));
	if (S_ISDIR(st.st_mode))
		return pmm_fail(err, -EISDIR, "firmware \"%s\": %s", path,
				strerror(EISDIR));
	if (!S_ISREG(st.st_mode))
		return pmm_fail(err, -EINVAL,
				"firmware \"%s\": not a regular file", path);
	if (st.st_size > (off_t)REMOTE_FIRMWARE_MAX)
		return pmm_fail(err, -EFBIG,
				"firmware \"%s\": larger than 256 MiB", path);
	r->image_size = (size_t)st.st_size;
	r->image = malloc(r->image_size + 1);
	if (!r->image)
		return pmm_fail(err, -ENOMEM, "firmware \"%s\": no memory",
				path);
	while (got < r->image_size && n > 0) {
		n = read(fd, (char *)r->image + got, r->image_size - got);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n < 0)
			return pmm_fail(err, -errno, "firmware \"%s\": %s",
					path, strerror(errno));
		else
			got += (size_t)n;
	}
	r->image_size = got;
	return 0;
}

static int remote_open_image(struct pmm_remote *r, struct pmm_error *err)
{
	const char *path = r->cfg.firmware;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int rc;

	if (fd < 0)
		return pmm_fail(err, -errno, "firmware \"%s\": %s", path,
				strerror(errno));
	rc = remote_read_image(r, fd, path, err);
	close(fd);
	return rc;
}

static int remote_open_service(struct pmm_remote *r, struct pmm_error *err)
{
	struct pmm_service_config sc = remote_service_config(&r->cfg);

	sc.recheck = pmm_remote_recheck_;
	sc.ctx = r;
	return pmm_service_open(&r->service, &sc, r->loop, err);
}

/* What connects both sides: memory, doorbells, UART. */
static int remote_open_wires(struct pmm_remote *r, struct pmm_error *err)
{
	struct pmm_driver_config dc = {
		.board = r->cfg.board,
		.loop = r->loop,
		.shm_da = r->cfg.shm_da,
		.shm_size = r->cfg.shm_size,
		.sysfs = &r->cfg.sysfs,
		.log = r->cfg.log,
		.ended = pmm_remote_ended_,
		.ctx = r,
	};
	int rc = pmm_uart_open(&r->uart, r->loop, &r->cfg.uart);

	if (rc < 0)
		return pmm_fail(err, rc, "UART: %s", strerror(-rc));
	dc.uart_fd = r->uart.remote_fd;
	return r->cfg.board->driver->create(&r->driver, &dc, err);
}

static int remote_load(struct pmm_remote *r, struct pmm_error *err)
{
	const struct pmm_board *board = r->cfg.board;
	const struct hvl_rproc_config rc = {
		.name = "remote",
		.ops = board->driver->rproc,
		.priv = r->driver->rproc_priv,
		.machine = board->machine,
		.is64 = board->is64,
		.log = r->cfg.log,
	};
	struct hvl_rproc_error why = { "" };
	int ret;

	hvl_rproc_init(&r->rproc, &rc);
	r->boot = (struct hvl_rsc_boot){
		.shm_da = r->cfg.shm_da,
		.shm_size = r->cfg.shm_size,
		.regs_da = r->cfg.shm_da + r->service.layout.regs_off,
		.regs_count = r->service.ndevices,
		.doorbell = board->doorbell,
	};
	memcpy(r->boot.doorbell_param, board->doorbell_param,
	       sizeof(r->boot.doorbell_param));
	ret = hvl_rproc_load(&r->rproc, r->image, r->image_size, &r->boot,
			     &why);
	if (ret < 0)
		return pmm_fail(err, ret, "firmware \"%s\": %s",
				r->cfg.firmware, why.text);
	return 0;
}

static int remote_make(struct pmm_remote *r, struct pmm_error *err)
{
	int rc = remote_open_image(r, err);

	if (rc == 0)
		rc = remote_open_service(r, err);
	if (rc == 0)
		rc = remote_open_wires(r, err);
	if (rc == 0)
		rc = pmm_service_attach(&r->service, &r->driver->shm.io,
					&r->driver->doorbell, NULL, err);
	if (rc == 0)
		rc = remote_load(r, err);
	return rc;
}

int pmm_remote_create(struct pmm_remote **out,
		      const struct pmm_remote_config *cfg,
		      struct pmm_loop *loop, struct pmm_error *err)
{
	struct pmm_remote *r;
	int rc = pmm_remote_check(cfg, err);

	if (rc < 0)
		return rc;
	r = calloc(1, sizeof(*r));
	if (!r)
		return pmm_fail(err, -ENOMEM, "remote: no memory");
	r->cfg = *cfg;
	r->loop = loop;
	r->fresh = true;
	pmm_restarts_init(&r->restarts, &cfg->restarts);
	rc = remote_make(r, err);
	if (rc < 0) {
		pmm_remote_destroy(r);
		return rc;
	}
	*out = r;
	return 0;
}

void pmm_remote_destroy(struct pmm_remote *r)
{
	if (!r)
		return;
	(void)pmm_remote_halt_(r, NULL);
	pmm_loop_timer_cancel(r->loop, &r->restart);
	pmm_service_close(&r->service);
	if (r->driver)
		r->driver->ops->destroy(r->driver);
	pmm_uart_close(&r->uart);
	free(r->image);
	free(r);
}

struct pmm_uart *pmm_remote_uart(struct pmm_remote *remote)
{
	return &remote->uart;
}

struct hvl_rproc *pmm_remote_rproc(struct pmm_remote *remote)
{
	return &remote->rproc;
}

const struct pmm_service *pmm_remote_service(const struct pmm_remote *remote)
{
	return &remote->service;
}

const char *pmm_remote_end(const struct pmm_remote *remote)
{
	return remote->end;
}
