/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A remote's memory as an ELF core file
 */
#include <hvl/remoteproc/coredump.h>

#include <string.h>

#include <hvl/metal/errno.h>

#include "bytes_priv.h"
#include "rsc_priv.h"

#define CORE_REGIONS_MAX (HVL_ELF_SEGMENTS_MAX + HVL_RSC_CARVEOUTS_MAX)
#define CORE_ET_CORE 4u
#define CORE_PT_LOAD 1u

struct core_region {
	uint64_t da, len;
	uint64_t offset; /* in the file */
	uint32_t flags;
};

struct core {
	struct hvl_rproc *rproc;
	struct hvl_coredump *dump;
	bool is64;
	unsigned int n;
	struct core_region region[CORE_REGIONS_MAX]; /* by address */
	uint64_t at;				     /* bytes written */
};

/* Kept in the order of addresses. */
static void core_add(struct core *core, uint64_t da, uint64_t len,
		     uint32_t flags)
{
	unsigned int i = core->n;

	if (len == 0)
		return;
	for (; i > 0 && core->region[i - 1].da > da; i--)
		core->region[i] = core->region[i - 1];
	core->region[i] =
		(struct core_region){ .da = da, .len = len, .flags = flags };
	core->n++;
}

static void core_collect(struct core *core)
{
	const struct hvl_elf *elf = &core->rproc->elf;
	const struct hvl_rsc_info *rsc = &core->rproc->rsc;
	const struct hvl_rsc_boot *boot = &core->rproc->boot;

	for (unsigned int i = 0; i < elf->nsegments; i++)
		core_add(core, elf->segments[i].da, elf->segments[i].memsz,
			 elf->segments[i].flags);
	for (unsigned int i = 0; i < rsc->ncarveouts; i++) {
		const struct hvl_rsc_area *c = &rsc->carveouts[i];
		bool shm = hvl_rsc_is_shm_(c);

		core_add(core, shm ? boot->shm_da : c->da,
			 shm ? boot->shm_size : c->len, HVL_ELF_R | HVL_ELF_W);
	}
}

/* What overlaps becomes one; sums of address and length were checked. */
static void core_merge(struct core *core)
{
	unsigned int kept = 0;

	for (unsigned int i = 1; i < core->n; i++) {
		struct core_region *last = &core->region[kept];
		const struct core_region *r = &core->region[i];

		if (r->da - last->da >= last->len) {
			core->region[++kept] = *r;
			continue;
		}
		if (r->da - last->da + r->len > last->len)
			last->len = r->da - last->da + r->len;
		last->flags |= r->flags;
	}
	if (core->n > 0)
		core->n = kept + 1;
}

static uint32_t core_ehdr_size(const struct core *core)
{
	return core->is64 ? 64 : 52;
}

static uint32_t core_phdr_size(const struct core *core)
{
	return core->is64 ? 56 : 32;
}

static int core_place(struct core *core, struct hvl_rproc_error *err)
{
	uint64_t max = core->dump->size_max;
	uint64_t at = core_ehdr_size(core) + core->n * core_phdr_size(core);

	if (!core->is64 && max > UINT32_MAX)
		max = UINT32_MAX;
	for (unsigned int i = 0; i < core->n; i++) {
		struct core_region *r = &core->region[i];

		at += (r->da - at) % HVL_COREDUMP_PAGE;
		if (at > max || r->len > max - at)
			return hvl_rproc_fail(
				err, -EFBIG,
				"a core file of more than 0x%llx bytes",
				(unsigned long long)max);
		r->offset = at;
		at += r->len;
	}
	return 0;
}

static uint8_t *core_put(uint8_t *p, uint64_t v, unsigned int width)
{
	for (unsigned int i = 0; i < width; i++)
		*p++ = (uint8_t)(v >> 8 * i);
	return p;
}

static int core_write(struct core *core, size_t len)
{
	int rc = core->dump->write(core->dump->ctx, core->dump->buf, len);

	core->at += len;
	return rc;
}

static int core_write_ehdr(struct core *core)
{
	const struct hvl_elf *elf = &core->rproc->elf;
	unsigned int word = core->is64 ? 8 : 4;
	uint8_t *p = core->dump->buf;

	memset(p, 0, core_ehdr_size(core));
	/* Magic, class, encoding, version; the rest is as in the firmware. */
	memcpy(p, elf->image, 7);
	p = core_put(p + 16, CORE_ET_CORE, 2);
	p = core_put(p, elf->machine, 2);
	p = core_put(p, 1, 4);
	p = core_put(p, elf->entry, word);
	p = core_put(p, core_ehdr_size(core), word); /* program headers */
	p = core_put(p, 0, word);		     /* no section headers */
	/* A debugger derives the ABI from the flags. */
	p = core_put(p, hvl_get32_(elf->image + (core->is64 ? 48 : 36)), 4);
	p = core_put(p, core_ehdr_size(core), 2);
	p = core_put(p, core_phdr_size(core), 2);
	(void)core_put(p, core->n, 2);
	return core_write(core, core_ehdr_size(core));
}

static int core_write_phdr(struct core *core, const struct core_region *r)
{
	unsigned int word = core->is64 ? 8 : 4;
	uint8_t *p = core_put(core->dump->buf, CORE_PT_LOAD, 4);

	if (core->is64)
		p = core_put(p, r->flags, 4);
	p = core_put(p, r->offset, word);
	p = core_put(p, r->da, word); /* virtual */
	p = core_put(p, r->da, word); /* physical */
	p = core_put(p, r->len, word);
	p = core_put(p, r->len, word);
	if (!core->is64)
		p = core_put(p, r->flags, 4);
	(void)core_put(p, HVL_COREDUMP_PAGE, word);
	return core_write(core, core_phdr_size(core));
}

static bool core_memory(struct core *core, uint64_t da, uint64_t len,
			struct hvl_io *io)
{
	const struct hvl_io *shm = core->dump->shm;
	struct hvl_io all;
	uint64_t off;

	if (shm && hvl_io_da_to_off(shm, da, len, &off))
		return hvl_io_sub(shm, off, len, io);
	return core->rproc->cfg.ops->memory(core->rproc, da, len, &all) &&
	       hvl_io_da_to_off(&all, da, len, &off) &&
	       hvl_io_sub(&all, off, len, io);
}

/* From @da up to the end of its page, or of the region. */
static int core_write_page(struct core *core, uint64_t da, uint64_t left,
			   uint64_t *done)
{
	uint64_t len = HVL_COREDUMP_PAGE - da % HVL_COREDUMP_PAGE;
	struct hvl_io io;

	if (len > left)
		len = left;
	if (core_memory(core, da, len, &io)) {
		hvl_io_invalidate(&io, 0, len);
		hvl_io_read_block(&io, 0, core->dump->buf, (size_t)len);
	} else {
		memset(core->dump->buf, 0xff, (size_t)len);
	}
	*done = len;
	return core_write(core, (size_t)len);
}

/* Zeros up to where the region starts in the file. */
static int core_pad(struct core *core, uint64_t offset)
{
	int rc = 0;

	memset(core->dump->buf, 0, HVL_COREDUMP_PAGE);
	while (rc == 0 && core->at < offset) {
		uint64_t n = HVL_COREDUMP_PAGE - core->at % HVL_COREDUMP_PAGE;

		if (n > offset - core->at)
			n = offset - core->at;
		rc = core_write(core, (size_t)n);
	}
	return rc;
}

static int core_write_region(struct core *core, const struct core_region *r)
{
	uint64_t done, n = 0;
	int rc = core_pad(core, r->offset);

	for (done = 0; rc == 0 && done < r->len; done += n)
		rc = core_write_page(core, r->da + done, r->len - done, &n);
	return rc;
}

int hvl_coredump_write(struct hvl_rproc *rproc, struct hvl_coredump *dump,
		       struct hvl_rproc_error *err)
{
	struct core core = { .rproc = rproc, .dump = dump };
	int rc;

	if (!rproc->loaded)
		return hvl_rproc_fail(err, -EINVAL, "%s has no firmware",
				      rproc->cfg.name);
	core.is64 = rproc->elf.is64;
	core_collect(&core);
	core_merge(&core);
	rc = core_place(&core, err);
	if (rc == 0)
		rc = core_write_ehdr(&core);
	for (unsigned int i = 0; rc == 0 && i < core.n; i++)
		rc = core_write_phdr(&core, &core.region[i]);
	for (unsigned int i = 0; rc == 0 && i < core.n; i++)
		rc = core_write_region(&core, &core.region[i]);
	return rc;
}
