/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Life cycle of a remote processor
 */
#include <hvl/remoteproc/rproc.h>

#include <string.h>

#include <hvl/metal/errno.h>

#include "rsc_priv.h"

typedef unsigned long long ull;

const char *hvl_rproc_state_name(enum hvl_rproc_state state)
{
	switch (state) {
	case HVL_RPROC_OFFLINE:
		return "offline";
	case HVL_RPROC_RUNNING:
		return "running";
	case HVL_RPROC_CRASHED:
		return "crashed";
	case HVL_RPROC_STOPPED:
		return "stopped";
	}
	return "unknown";
}

void hvl_rproc_init(struct hvl_rproc *rproc, const struct hvl_rproc_config *cfg)
{
	memset(rproc, 0, sizeof(*rproc));
	rproc->cfg = *cfg;
	rproc->state = HVL_RPROC_OFFLINE;
}

/* A range of the remote's memory as a region of its own. */
static bool rproc_memory(struct hvl_rproc *rproc, uint64_t da, uint64_t len,
			 struct hvl_io *io)
{
	struct hvl_io all;
	uint64_t off;

	return rproc->cfg.ops->memory(rproc, da, len, &all) &&
	       hvl_io_da_to_off(&all, da, len, &off) &&
	       hvl_io_sub(&all, off, len, io);
}

static bool rproc_overlaps(uint64_t a, uint64_t alen, uint64_t b, uint64_t blen)
{
	return alen > 0 && blen > 0 && (a >= b ? a - b < blen : b - a < alen);
}

static int rproc_check_segments(struct hvl_rproc *rproc,
				const struct hvl_rsc_boot *boot,
				struct hvl_rproc_error *err)
{
	for (unsigned int i = 0; i < rproc->elf.nsegments; i++) {
		const struct hvl_elf_segment *s = &rproc->elf.segments[i];
		struct hvl_io io;

		if (rproc_overlaps(s->da, s->memsz, boot->shm_da,
				   boot->shm_size))
			return hvl_rproc_fail(
				err, -ENOEXEC,
				"segment %u, 0x%llx bytes at 0x%llx, lies in the shared memory",
				i + 1, (ull)s->memsz, (ull)s->da);
		if (!rproc->cfg.ops->load &&
		    !rproc_memory(rproc, s->da, s->memsz, &io))
			return hvl_rproc_fail(
				err, -ENOEXEC,
				"segment %u, 0x%llx bytes at 0x%llx, lies outside the board's memory",
				i + 1, (ull)s->memsz, (ull)s->da);
	}
	return 0;
}

/* What a carveout other than the shared memory names must be there already. */
static int rproc_check_carveouts(struct hvl_rproc *rproc,
				 const struct hvl_rsc_boot *boot,
				 struct hvl_rproc_error *err)
{
	const struct hvl_io shm = { .da = boot->shm_da,
				    .size = boot->shm_size };

	if (rproc->cfg.ops->load)
		return 0;
	for (unsigned int i = 0; i < rproc->rsc.ncarveouts; i++) {
		const struct hvl_rsc_area *c = &rproc->rsc.carveouts[i];
		struct hvl_io io;
		uint64_t off;

		if (hvl_rsc_is_shm_(c))
			continue;
		if (!hvl_io_da_to_off(&shm, c->da, c->len, &off) &&
		    !rproc_memory(rproc, c->da, c->len, &io))
			return hvl_rproc_fail(
				err, -EINVAL,
				"resource table: carveout \"%s\" at 0x%llx is not in the board's memory",
				c->name, (ull)c->da);
	}
	return 0;
}

/*
 * What is not served. An IOMMU's mapping that is not needed, or not there, is
 * no reason to give up: the firmware may know another board.
 */
static void rproc_tell_unserved(const struct hvl_rproc *rproc)
{
	const struct hvl_log *log = rproc->cfg.log;

	for (unsigned int i = 0; i < rproc->rsc.ndevmems; i++) {
		const struct hvl_rsc_mapping *m = &rproc->rsc.devmems[i];

		if (m->area.da == m->pa)
			hvl_log(log, HVL_LOG_INFO,
				"resource table: device memory \"%s\" at 0x%llx needs no mapping",
				m->area.name, (ull)m->pa);
		else
			hvl_log(log, HVL_LOG_WARNING,
				"resource table: device memory \"%s\" stays at 0x%llx: no IOMMU to show it at 0x%llx",
				m->area.name, (ull)m->pa, (ull)m->area.da);
	}
	for (unsigned int i = 0; i < rproc->rsc.nvdevs; i++) {
		const struct hvl_rsc_virtio *v = &rproc->rsc.vdevs[i];

		hvl_log(log, HVL_LOG_INFO,
			"resource table: vdev of device type %u with %u vrings left as it is: devices are in the hvl entry",
			v->id, v->nvrings);
	}
}

static int rproc_load_table(struct hvl_rproc *rproc,
			    struct hvl_rproc_error *err)
{
	const struct hvl_elf *elf = &rproc->elf;
	int rc;

	memset(&rproc->rsc, 0, sizeof(rproc->rsc));
	if (elf->table_size == 0)
		return 0;
	if (elf->table_size > sizeof(rproc->table))
		return hvl_rproc_fail(
			err, -EINVAL,
			"resource table: %llu bytes, at most %u are read",
			(ull)elf->table_size, HVL_RSC_TABLE_SIZE_MAX);
	/* Its words are read while the remote writes them. */
	if (elf->table_da % 4 != 0)
		return hvl_rproc_fail(
			err, -EINVAL,
			"resource table: 0x%llx is not aligned to 4 bytes",
			(ull)elf->table_da);
	memcpy(rproc->table, elf->image + (size_t)elf->table_offset,
	       (size_t)elf->table_size);
	rc = hvl_rsc_parse(&rproc->rsc, rproc->table, (size_t)elf->table_size,
			   rproc->cfg.log, err);
	if (rc == 0)
		rc = hvl_rsc_bind(&rproc->rsc, rproc->cfg.memory,
				  rproc->cfg.nmemory, err);
	if (rc == 0)
		rc = rproc_check_carveouts(rproc, &rproc->boot, err);
	if (rc == 0)
		rc = hvl_rsc_resolve(&rproc->rsc, rproc->table, &rproc->boot,
				     err);
	if (rc == 0)
		rproc_tell_unserved(rproc);
	return rc;
}

int hvl_rproc_load(struct hvl_rproc *rproc, const void *image, size_t size,
		   const struct hvl_rsc_boot *boot, struct hvl_rproc_error *err)
{
	int rc;

	if (rproc->state == HVL_RPROC_RUNNING)
		return hvl_rproc_fail(err, -EBUSY, "%s is running",
				      rproc->cfg.name);
	hvl_rproc_unload(rproc);
	rproc->boot = *boot;
	rc = hvl_elf_open(&rproc->elf, image, size, rproc->cfg.machine,
			  rproc->cfg.is64, err);
	if (rc == 0)
		rc = rproc_check_segments(rproc, boot, err);
	if (rc == 0)
		rc = rproc_load_table(rproc, err);
	rproc->loaded = rc == 0;
	return rc;
}

void hvl_rproc_unload(struct hvl_rproc *rproc)
{
	rproc->loaded = false;
	rproc->state = HVL_RPROC_OFFLINE;
}

static int rproc_write(struct hvl_rproc *rproc, uint64_t da, const void *bytes,
		       uint64_t len, uint64_t size, struct hvl_rproc_error *err)
{
	struct hvl_io io;

	if (!rproc_memory(rproc, da, size, &io))
		return hvl_rproc_fail(err, -EFAULT, "%s: no memory at 0x%llx",
				      rproc->cfg.name, (ull)da);
	hvl_io_write_block(&io, 0, bytes, (size_t)len);
	hvl_io_fill(&io, len, 0, (size_t)(size - len));
	hvl_io_clean(&io, 0, size);
	return 0;
}

static int rproc_write_firmware(struct hvl_rproc *rproc,
				struct hvl_rproc_error *err)
{
	const struct hvl_elf *elf = &rproc->elf;
	int rc = 0;

	for (unsigned int i = 0; i < elf->nsegments && rc == 0; i++) {
		const struct hvl_elf_segment *s = &elf->segments[i];
		/* Where there are no bytes the offset means nothing. */
		size_t offset = s->filesz ? (size_t)s->offset : 0;

		rc = rproc_write(rproc, s->da, elf->image + offset, s->filesz,
				 s->memsz, err);
	}
	if (rc == 0 && elf->table_size > 0)
		rc = rproc_write(rproc, elf->table_da, rproc->table,
				 elf->table_size, elf->table_size, err);
	return rc;
}

int hvl_rproc_start(struct hvl_rproc *rproc, struct hvl_rproc_error *err)
{
	const struct hvl_rproc_ops *ops = rproc->cfg.ops;
	int rc = 0;

	if (!rproc->loaded)
		return hvl_rproc_fail(err, -EINVAL, "%s has no firmware",
				      rproc->cfg.name);
	if (rproc->state == HVL_RPROC_RUNNING)
		return hvl_rproc_fail(err, -EBUSY, "%s is running",
				      rproc->cfg.name);
	/* A crashed core may still run and write what we are about to load. */
	if (rproc->state == HVL_RPROC_CRASHED)
		rc = hvl_rproc_stop(rproc, err);
	if (rc == 0 && ops->prepare)
		rc = ops->prepare(rproc, err);
	if (rc == 0)
		rc = ops->load ? ops->load(rproc, err) :
				 rproc_write_firmware(rproc, err);
	if (rc == 0)
		rc = ops->start(rproc, rproc->elf.entry, err);
	if (rc < 0)
		return rc;
	rproc->state = HVL_RPROC_RUNNING;
	rproc->starts++;
	return 0;
}

int hvl_rproc_stop(struct hvl_rproc *rproc, struct hvl_rproc_error *err)
{
	int rc;

	if (rproc->state != HVL_RPROC_RUNNING &&
	    rproc->state != HVL_RPROC_CRASHED)
		return 0;
	rc = rproc->cfg.ops->stop(rproc, err);
	if (rc == 0)
		rproc->state = HVL_RPROC_STOPPED;
	return rc;
}

void hvl_rproc_crashed(struct hvl_rproc *rproc)
{
	if (rproc->state == HVL_RPROC_RUNNING)
		rproc->state = HVL_RPROC_CRASHED;
}

bool hvl_rproc_report(struct hvl_rproc *rproc, struct hvl_rsc_report *report)
{
	const uint64_t first = offsetof(struct hvl_rsc_hvl, heartbeat);
	struct hvl_io io;

	if (!rproc->loaded || !rproc->rsc.has_hvl ||
	    rproc->state == HVL_RPROC_OFFLINE ||
	    !rproc_memory(rproc,
			  rproc->elf.table_da + rproc->rsc.hvl_pos + first,
			  sizeof(struct hvl_rsc_hvl) - first, &io))
		return false;
	hvl_io_invalidate(&io, 0, io.size);
	report->heartbeat = hvl_io_read32(&io, 0);
	report->state =
		hvl_io_read32(&io, offsetof(struct hvl_rsc_hvl, state) - first);
	report->cause =
		hvl_io_read32(&io, offsetof(struct hvl_rsc_hvl, cause) - first);
	return true;
}

int hvl_rproc_trace(struct hvl_rproc *rproc, unsigned int index, char *buf,
		    size_t size)
{
	const struct hvl_rsc_area *area;
	struct hvl_io io;
	size_t len;

	if (!rproc->loaded || index >= rproc->rsc.ntraces)
		return -ENOENT;
	area = &rproc->rsc.traces[index];
	if (!rproc_memory(rproc, area->da, area->len, &io))
		return rproc->cfg.ops->trace ?
			       rproc->cfg.ops->trace(rproc, index, buf, size) :
			       -EFAULT;
	len = size - 1 < INT32_MAX ? size - 1 : INT32_MAX;
	if (len > area->len)
		len = (size_t)area->len;
	hvl_io_invalidate(&io, 0, len);
	hvl_io_read_block(&io, 0, buf, len);
	buf[len] = '\0';
	for (len = 0; buf[len]; len++)
		;
	return (int)len;
}
