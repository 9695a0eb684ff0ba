/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * server.c - devices for a remote that somebody else loads and starts
 *
 * The remote may be alive before the first byte is written: of the memory only
 * the register blocks and the devicetree blob are ours, and both are written
 * only where they do not show yet what they should.
 */
#include "server.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <hvl/metal/barrier.h>
#include <hvl/wire/mmio.h>

#include "state.h"

/* Looks between two at the name of the memory's file: a second. */
#define SERVER_PLACE_LOOKS (1000000u / PMM_SERVICE_RECHECK_US)

struct pmm_server {
	struct pmm_server_config cfg;
	struct pmm_loop *loop;
	struct hvl_shm shm;
	struct pmm_state *state;
	const struct hvl_dev_journal *journal[PMM_DEVICES_MAX];
	struct pmm_doorbell doorbell;
	struct pmm_service service;
	bool emptied[PMM_DEVICES_MAX]; /* its registers, at the last look */
	enum pmm_shm_place place;
	unsigned int looks; /* since place was looked up */
};

static struct pmm_service_config
server_service_config(const struct pmm_server_config *cfg)
{
	return (struct pmm_service_config){
		.shm_da = cfg->shm_da,
		.shm_size = cfg->shm_size,
		.da_option = "--shmem addr",
		.size_option = "--shmem size",
		.no_dtb = cfg->no_dtb,
		.v1 = cfg->v1,
		/* A file is in everybody's caches alike. */
		.shm_view = cfg->shm.kind == PMM_SHM_FILE ? PMM_SHM_COHERENT :
							    PMM_SHM_UNCACHED,
		.features = cfg->features,
		.poll_us = cfg->poll_us,
		.ndevices = cfg->ndevices,
		.devices = cfg->devices,
		.log = cfg->log,
	};
}

int pmm_server_check(const struct pmm_server_config *cfg, struct pmm_error *err)
{
	const struct pmm_service_config sc = server_service_config(cfg);
	unsigned long long offset = cfg->shm.offset, size = cfg->shm_size;
	int rc;

	if (offset % PMM_PAGE)
		return pmm_fail(err, -EINVAL,
				"--shmem offset 0x%llx: not at a page's start; "
				"0x%llx would be",
				offset, offset / PMM_PAGE * PMM_PAGE);
	rc = pmm_service_check(&sc, err);
	/* Where the kernel's offsets end. */
	if (rc == 0 && (offset > INT64_MAX || size > INT64_MAX - offset))
		rc = pmm_fail(err, -EINVAL,
			      "--shmem size 0x%llx: from offset 0x%llx on no "
			      "file has so much",
			      size, offset);
	return rc;
}

static int server_open_state(struct pmm_server *s, struct pmm_error *err)
{
	uint32_t ids[PMM_DEVICES_MAX];
	const struct pmm_state_what what = {
		.shm_da = s->cfg.shm_da,
		.shm_size = s->cfg.shm_size,
		.v1 = s->cfg.v1,
		.no_dtb = s->cfg.no_dtb,
		.ndevices = s->cfg.ndevices,
		.ids = ids,
	};
	int rc;

	if (!s->cfg.state)
		return 0;
	for (unsigned int i = 0; i < s->cfg.ndevices; i++)
		ids[i] = s->cfg.devices[i].id;
	rc = pmm_state_open(&s->state, s->cfg.state, &what, err);
	for (unsigned int i = 0; rc == 0 && i < s->cfg.ndevices; i++)
		s->journal[i] = pmm_state_journal(s->state, i);
	return rc;
}

static int server_open_doorbell(struct pmm_server *s, struct pmm_error *err)
{
	const struct pmm_server_config *cfg = &s->cfg;
	int rc;

	if (cfg->bell == PMM_SERVER_UIO)
		return pmm_doorbell_uio(&s->doorbell, &cfg->uio, err);
	if (cfg->bell != PMM_SERVER_POLL)
		return pmm_doorbell_unix(&s->doorbell, cfg->socket,
					 cfg->bell == PMM_SERVER_UNIX_LISTEN,
					 err);
	rc = pmm_doorbell_timer(&s->doorbell, cfg->period_us);
	return rc < 0 ? pmm_fail(err, rc, "doorbell: %s", strerror(-rc)) : 0;
}

/* A remote that waits for the blob sees its magic last. */
static void server_write_blob(const struct hvl_io *shm, const uint8_t *blob,
			      uint64_t size)
{
	const size_t magic = sizeof(uint32_t);
	uint32_t first;

	memcpy(&first, blob, magic);
	hvl_io_write32(shm, 0, 0);
	hvl_wmb_after_sequence_odd();
	hvl_io_write_block(shm, magic, blob + magic, (size_t)size - magic);
	hvl_io_store_release32(shm, 0, le32toh(first));
}

/* A remote that is alive may be reading it: left alone if it is right. */
static int server_show_blob(struct pmm_server *s)
{
	/* Of the doorbell the remote must know without us. */
	const struct hvl_rsc_boot doorbell = { .doorbell = HVL_DOORBELL_POLL };
	uint64_t size = s->service.layout.fdt_size;
	uint8_t *blob, *now;
	int rc;

	if (size == 0)
		return 0;
	blob = calloc(2, (size_t)size);
	if (!blob)
		return -ENOMEM;
	now = blob + size;
	rc = pmm_layout_fdt(&s->service.layout, &doorbell, blob);
	if (rc == 0) {
		hvl_io_read_block(&s->shm.io, 0, now, (size_t)size);
		if (memcmp(blob, now, (size_t)size) != 0)
			server_write_blob(&s->shm.io, blob, size);
	}
	free(blob);
	return rc;
}

static bool server_is_emptied(const struct pmm_device *device)
{
	return hvl_io_read32(&device->regs, HVL_MMIO_REG_MAGIC) == 0 &&
	       hvl_io_read32(&device->regs, HVL_MMIO_REG_VERSION) == 0 &&
	       hvl_io_read32(&device->regs, HVL_MMIO_REG_DEVICE_ID) == 0;
}

/* A remote that comes from now on would not meet us. */
static void server_look_for_file(struct pmm_server *s)
{
	enum pmm_shm_place was = s->place;

	if (++s->looks < SERVER_PLACE_LOOKS)
		return;
	s->looks = 0;
	s->place = pmm_shm_place(&s->shm, &s->cfg.shm);
	if (s->place == was || s->place == PMM_SHM_THERE)
		return;
	hvl_log(s->cfg.log, HVL_LOG_WARNING,
		"shared memory: \"%s\" %s; what was there is served on: end hvl "
		"serve and start it on the new file",
		s->cfg.shm.path,
		s->place == PMM_SHM_REMOVED ? "was removed" :
					      "is another file now");
}

/*
 * Who loads a remote may clear its memory first, and our registers with it.
 * Twice seen so, that is over, and what we write will stay.
 */
static void server_on_recheck(void *ctx)
{
	struct pmm_server *s = ctx;
	bool blob = false;

	server_look_for_file(s);
	for (unsigned int i = 0; i < s->service.ndevices; i++) {
		struct pmm_device *device = &s->service.devices[i];
		bool was = s->emptied[i];

		s->emptied[i] = server_is_emptied(device);
		if (!was || !s->emptied[i])
			continue;
		s->emptied[i] = false;
		hvl_log(&s->service.ratelog.log, HVL_LOG_INFO,
			"%s: its registers were cleared; they are shown anew",
			device->cfg.name);
		if (!blob)
			(void)server_show_blob(s);
		blob = true;
		hvl_dev_attach(&device->dev);
	}
}

static int server_open(struct pmm_server *s, struct pmm_error *err)
{
	struct pmm_service_config sc = server_service_config(&s->cfg);
	int rc;

	sc.recheck = server_on_recheck;
	sc.ctx = s;
	rc = pmm_shm_open(&s->shm, &s->cfg.shm, s->cfg.shm_size, s->cfg.shm_da,
			  err);

	if (rc == 0)
		rc = server_open_state(s, err);
	if (rc == 0)
		rc = pmm_service_open(&s->service, &sc, s->loop, err);
	if (rc == 0)
		rc = server_open_doorbell(s, err);
	if (rc == 0)
		rc = pmm_service_attach(&s->service, &s->shm.io, &s->doorbell,
					s->state ? s->journal : NULL, err);
	return rc;
}

int pmm_server_create(struct pmm_server **out,
		      const struct pmm_server_config *cfg,
		      struct pmm_loop *loop, struct pmm_error *err)
{
	struct pmm_server *s;
	int rc = pmm_server_check(cfg, err);

	if (rc < 0)
		return rc;
	s = calloc(1, sizeof(*s));
	if (!s)
		return pmm_fail(err, -ENOMEM, "server: no memory");
	s->cfg = *cfg;
	s->loop = loop;
	s->shm.fd = -1;
	rc = server_open(s, err);
	if (rc < 0) {
		pmm_server_destroy(s);
		return rc;
	}
	*out = s;
	return 0;
}

/* The options are others than in the life before. Return: -EPROTO. */
static int server_offers_less(const struct pmm_server *s,
			      const struct pmm_device *device, uint64_t missing,
			      struct pmm_error *err)
{
	char names[PMM_FEATURE_NAMES_MAX];

	pmm_feature_names(device->cfg.id, missing, names, sizeof(names));
	return pmm_fail(err, -EPROTO,
			"--state \"%s\": the driver of %s uses %s; offer that "
			"as before, or remove the file to start anew",
			s->cfg.state, device->cfg.name, names);
}

/*
 * Return: 1 when the device can carry on, 0 when nothing is known of it,
 * -EPROTO when what is known cannot be. Nothing is written.
 */
static int server_check_resume(struct pmm_server *s, unsigned int i,
			       struct pmm_error *err)
{
	struct pmm_device *device = &s->service.devices[i];
	struct hvl_dev_saved saved;
	int rc;

	if (!s->state || !pmm_state_get(s->state, i, &saved))
		return 0;
	if (saved.features & ~device->dev.offered)
		return server_offers_less(
			s, device, saved.features & ~device->dev.offered, err);
	rc = hvl_dev_resume_check(&device->dev, &saved);
	if (rc < 0)
		return pmm_fail(err, rc,
				"--state \"%s\": what it holds of %s does not "
				"go with this memory; remove the file to start "
				"anew",
				s->cfg.state, device->cfg.name);
	return 1;
}

static void server_show(struct pmm_device *device, bool known)
{
	if (!known) {
		hvl_dev_attach(&device->dev);
		return;
	}
	hvl_dev_resume_checked(&device->dev);
	if (device->dev.live)
		pmm_device_say_ready(device, "carries on");
}

/* Blocks of devices that another PMM had here: nobody would answer. */
static void server_hide_rest(struct pmm_server *s)
{
	if (!s->cfg.no_dtb)
		return;
	for (unsigned int i = s->service.ndevices; i < PMM_DEVICES_MAX_NO_DTB;
	     i++) {
		uint64_t at = s->service.layout.regs_off +
			      (uint64_t)HVL_MMIO_BLOCK_SIZE * i +
			      HVL_MMIO_REG_MAGIC;

		if (hvl_io_read32(&s->shm.io, at) == HVL_MMIO_MAGIC)
			hvl_io_write32(&s->shm.io, at, 0);
	}
}

int pmm_server_start(struct pmm_server *s, struct pmm_error *err)
{
	bool known[PMM_DEVICES_MAX] = { false };
	bool live = false;
	int rc;

	/* First all that can be refused: then nothing was touched. */
	for (unsigned int i = 0; i < s->service.ndevices; i++) {
		rc = server_check_resume(s, i, err);
		if (rc < 0)
			return rc;
		known[i] = rc > 0;
	}
	rc = server_show_blob(s);
	if (rc < 0)
		return pmm_fail(err, rc, "devicetree blob: %s", strerror(-rc));
	for (unsigned int i = 0; i < s->service.ndevices; i++) {
		server_show(&s->service.devices[i], known[i]);
		live = live || s->service.devices[i].dev.live;
	}
	server_hide_rest(s);
	rc = pmm_service_start(&s->service);
	if (rc < 0)
		return pmm_fail(err, rc, "doorbell: %s", strerror(-rc));
	if (!live)
		hvl_log(s->cfg.log, HVL_LOG_INFO, "waiting for a driver");
	return 0;
}

void pmm_server_destroy(struct pmm_server *s)
{
	if (!s)
		return;
	pmm_service_close(&s->service);
	pmm_doorbell_close(&s->doorbell);
	pmm_state_close(s->state);
	hvl_shm_close(&s->shm);
	free(s);
}

const struct pmm_server_config *pmm_server_config(const struct pmm_server *s)
{
	return &s->cfg;
}

const struct pmm_service *pmm_server_service(const struct pmm_server *s)
{
	return &s->service;
}
