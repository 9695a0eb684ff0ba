/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The resource table: what is granted, written into the loader's copy
 */
#include <hvl/remoteproc/rsc_table.h>

#include <string.h>

#include <hvl/metal/compiler.h>
#include <hvl/metal/errno.h>

#include "bytes_priv.h"
#include "rsc_priv.h"

#define FIELD(type, member) offsetof(struct type, member)

typedef unsigned long long ull;

static bool rsc_name_is(const struct hvl_rsc_area *area, const char *name)
{
	size_t i;

	for (i = 0; area->name[i] && area->name[i] == name[i]; i++)
		;
	return area->name[i] == name[i];
}

/* Whether the table's words can say it, ANY apart. */
static bool rsc_fits(uint64_t da, uint64_t len)
{
	return da < HVL_RSC_ADDR_ANY && len <= UINT32_MAX &&
	       len <= (UINT64_C(1) << 32) - da;
}

static int rsc_bind_one(struct hvl_rsc_area *area,
			const struct hvl_rsc_memory *m,
			struct hvl_rproc_error *err)
{
	const struct hvl_io there = { .da = m->da, .size = m->len };
	uint64_t off;

	if (!rsc_fits(m->da, m->len))
		return hvl_rproc_fail(
			err, -EINVAL,
			"resource table: memory \"%s\" at 0x%llx: not within 32 bits",
			m->name, (ull)m->da);
	if (area->len > m->len)
		return hvl_rproc_fail(
			err, -EINVAL,
			"resource table: carveout \"%s\" wants 0x%llx bytes, the board has 0x%llx",
			area->name, (ull)area->len, (ull)m->len);
	if (area->da != HVL_RSC_ADDR_ANY &&
	    !hvl_io_da_to_off(&there, area->da, area->len, &off))
		return hvl_rproc_fail(
			err, -EINVAL,
			"resource table: carveout \"%s\" at 0x%llx is not in its 0x%llx bytes at 0x%llx",
			area->name, (ull)area->da, (ull)m->len, (ull)m->da);
	/* A fixed one is granted as asked. */
	if (area->da == HVL_RSC_ADDR_ANY) {
		area->da = m->da;
		area->len = m->len;
	}
	return 0;
}

static int rsc_bind_memory(struct hvl_rsc_info *info,
			   const struct hvl_rsc_memory *m,
			   struct hvl_rproc_error *err)
{
	bool bound = false;

	for (unsigned int i = 0; i < info->ncarveouts; i++) {
		struct hvl_rsc_area *area = &info->carveouts[i];
		int rc;

		if (hvl_rsc_is_shm_(area) || !rsc_name_is(area, m->name))
			continue;
		if (bound)
			return hvl_rproc_fail(
				err, -EINVAL,
				"resource table: two carveouts \"%s\" for the same memory",
				m->name);
		rc = rsc_bind_one(area, m, err);
		if (rc < 0)
			return rc;
		bound = true;
	}
	return 0;
}

int hvl_rsc_bind(struct hvl_rsc_info *info, const struct hvl_rsc_memory *memory,
		 unsigned int count, struct hvl_rproc_error *err)
{
	for (unsigned int i = 0; i < count; i++) {
		int rc = rsc_bind_memory(info, &memory[i], err);

		if (rc < 0)
			return rc;
	}
	for (unsigned int i = 0; i < info->ncarveouts; i++) {
		const struct hvl_rsc_area *area = &info->carveouts[i];

		if (area->da == HVL_RSC_ADDR_ANY && !hvl_rsc_is_shm_(area))
			return hvl_rproc_fail(
				err, -EINVAL,
				"resource table: carveout \"%s\" needs a fixed address: the board keeps no memory of that name",
				area->name);
	}
	return 0;
}

static int rsc_check_shm(const struct hvl_rsc_area *want,
			 const struct hvl_rsc_boot *boot,
			 struct hvl_rproc_error *err)
{
	if (!rsc_fits(boot->shm_da, boot->shm_size))
		return hvl_rproc_fail(
			err, -EINVAL,
			"resource table: 0x%llx bytes of shared memory at 0x%llx: not within 32 bits",
			(ull)boot->shm_size, (ull)boot->shm_da);
	if (want->da != HVL_RSC_ADDR_ANY && want->da != boot->shm_da)
		return hvl_rproc_fail(
			err, -EINVAL,
			"resource table: wants its shared memory at 0x%llx, it is at 0x%llx",
			(ull)want->da, (ull)boot->shm_da);
	if (want->len > boot->shm_size)
		return hvl_rproc_fail(
			err, -EINVAL,
			"resource table: wants 0x%llx bytes of shared memory, it has 0x%llx",
			(ull)want->len, (ull)boot->shm_size);
	return 0;
}

static int rsc_resolve_carveout(const struct hvl_rsc_area *area, uint8_t *entry,
				const struct hvl_rsc_boot *boot,
				struct hvl_rproc_error *err)
{
	uint32_t da = (uint32_t)area->da, len = (uint32_t)area->len;

	if (hvl_rsc_is_shm_(area)) {
		int rc = rsc_check_shm(area, boot, err);

		if (rc < 0)
			return rc;
		da = (uint32_t)boot->shm_da;
		len = (uint32_t)boot->shm_size;
	}
	/* Nothing translates between the remote and its memory. */
	hvl_put32_(entry + FIELD(hvl_rsc_carveout, da), da);
	hvl_put32_(entry + FIELD(hvl_rsc_carveout, pa), da);
	hvl_put32_(entry + FIELD(hvl_rsc_carveout, len), len);
	return 0;
}

static void rsc_put64(uint8_t *p, uint64_t v)
{
	hvl_put32_(p, (uint32_t)v);
	hvl_put32_(p + 4, (uint32_t)(v >> 32));
}

static void rsc_resolve_hvl(uint8_t *entry, const struct hvl_rsc_boot *boot)
{
	size_t shm_da = FIELD(hvl_rsc_hvl, shm_da);
	uint8_t *param = entry + FIELD(hvl_rsc_hvl, doorbell_param);

	/* From here on nothing is the firmware's to say before it runs. */
	memset(entry + shm_da, 0, sizeof(struct hvl_rsc_hvl) - shm_da);
	rsc_put64(entry + shm_da, boot->shm_da);
	rsc_put64(entry + FIELD(hvl_rsc_hvl, shm_size), boot->shm_size);
	rsc_put64(entry + FIELD(hvl_rsc_hvl, regs_da), boot->regs_da);
	hvl_put32_(entry + FIELD(hvl_rsc_hvl, regs_count), boot->regs_count);
	hvl_put32_(entry + FIELD(hvl_rsc_hvl, doorbell), boot->doorbell);
	for (size_t i = 0; i < HVL_ARRAY_SIZE(boot->doorbell_param); i++)
		hvl_put32_(param + 4 * i, boot->doorbell_param[i]);
}

int hvl_rsc_resolve(const struct hvl_rsc_info *info, void *table,
		    const struct hvl_rsc_boot *boot,
		    struct hvl_rproc_error *err)
{
	uint8_t *t = table;

	for (unsigned int i = 0; i < info->ncarveouts; i++) {
		int rc = rsc_resolve_carveout(&info->carveouts[i],
					      t + info->carveout_pos[i], boot,
					      err);

		if (rc < 0)
			return rc;
	}
	if (info->has_hvl)
		rsc_resolve_hvl(t + info->hvl_pos, boot);
	return 0;
}
