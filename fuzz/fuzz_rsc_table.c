/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A resource table: read, bound to a board's memory, filled in, read again
 */
#include "fuzz.h"

#include <stdbool.h>
#include <string.h>

#include <hvl/metal/errno.h>
#include <hvl/remoteproc/rsc_table.h>

#define SHM_DA 0x37000000u
#define SHM_SIZE 0x1000000u

static const struct hvl_rsc_boot boot = {
	.shm_da = SHM_DA,
	.shm_size = SHM_SIZE,
	.regs_da = 0x137001000,
	.regs_count = 2,
	.doorbell = HVL_DOORBELL_IPI,
	.doorbell_param = { 11, 22, 33, 44, 55, 66 },
};

static const struct hvl_rsc_memory memory[] = {
	{ "kept", 0x38000000, 0x10000 },
	{ "vdev0buffer", 0x38400000, 0x100000 },
};

static unsigned int lines;

static void fuzz_log(void *ctx, enum hvl_log_level level, const char *line)
{
	(void)ctx;
	(void)level;
	fuzz_check_text(line);
	/* However many entries: no flood */
	FUZZ_CHECK(++lines < 16);
}

static const struct hvl_log counter = { HVL_LOG_DEBUG, fuzz_log, NULL };

static void check_area(const struct hvl_rsc_area *a)
{
	FUZZ_CHECK(strlen(a->name) <= HVL_RSC_NAME_SIZE);
	FUZZ_CHECK(a->len <= UINT32_MAX);
	FUZZ_CHECK(a->da == HVL_RSC_ADDR_ANY ||
		   a->da + a->len <= UINT64_C(1) << 32);
}

static void check_vdev(const struct hvl_rsc_virtio *v, size_t size)
{
	FUZZ_CHECK(v->nvrings <= HVL_RSC_VRINGS_MAX);
	FUZZ_CHECK(v->config_pos <= size &&
		   v->config_len <= size - v->config_pos);
	for (unsigned int i = 0; i < v->nvrings; i++) {
		const struct hvl_rsc_ring *r = &v->vrings[i];

		FUZZ_CHECK(r->num > 0 && r->align >= 4);
		FUZZ_CHECK(r->size >= 26 * (uint64_t)r->num + 12);
		FUZZ_CHECK(r->da == HVL_RSC_ADDR_ANY ||
			   r->da + r->size <= UINT64_C(1) << 32);
	}
}

static void check_info(const struct hvl_rsc_info *info, size_t size)
{
	FUZZ_CHECK(info->ncarveouts <= HVL_RSC_CARVEOUTS_MAX);
	FUZZ_CHECK(info->ntraces <= HVL_RSC_TRACES_MAX);
	FUZZ_CHECK(info->ndevmems <= HVL_RSC_DEVMEMS_MAX);
	FUZZ_CHECK(info->nvdevs <= HVL_RSC_VDEVS_MAX);
	for (unsigned int i = 0; i < info->ncarveouts; i++) {
		check_area(&info->carveouts[i]);
		FUZZ_CHECK(info->carveout_pos[i] + 56 <= size);
	}
	for (unsigned int i = 0; i < info->ntraces; i++) {
		check_area(&info->traces[i]);
		FUZZ_CHECK(info->traces[i].len > 0);
	}
	for (unsigned int i = 0; i < info->ndevmems; i++)
		check_area(&info->devmems[i].area);
	for (unsigned int i = 0; i < info->nvdevs; i++)
		check_vdev(&info->vdevs[i], size);
	FUZZ_CHECK(!info->has_hvl || info->hvl_pos + 96 <= size);
}

/* Whether a byte of the table is the loader's to write */
static bool is_loaders(const struct hvl_rsc_info *info, size_t at)
{
	for (unsigned int i = 0; i < info->ncarveouts; i++) {
		size_t pos = info->carveout_pos[i];

		if (at >= pos + 4 && at < pos + 16)
			return true;
	}
	return info->has_hvl && at >= info->hvl_pos + 16 &&
	       at < info->hvl_pos + 96;
}

/* What was filled in reads as a table again, and says what was granted. */
static void check_resolved(const struct hvl_rsc_info *info,
			   const uint8_t *table, const uint8_t *was,
			   size_t size)
{
	struct hvl_rproc_error err = { "" };
	struct hvl_rsc_info again;

	for (size_t i = 0; i < size; i++)
		FUZZ_CHECK(table[i] == was[i] || is_loaders(info, i));
	lines = 0;
	FUZZ_CHECK(hvl_rsc_parse(&again, table, size, &counter, &err) == 0);
	check_info(&again, size);
	FUZZ_CHECK(again.ncarveouts == info->ncarveouts);
	FUZZ_CHECK(again.ntraces == info->ntraces);
	FUZZ_CHECK(again.nvdevs == info->nvdevs);
	FUZZ_CHECK(again.has_hvl == info->has_hvl);
	for (unsigned int i = 0; i < again.ncarveouts; i++) {
		const struct hvl_rsc_area *a = &again.carveouts[i];

		FUZZ_CHECK(a->da != HVL_RSC_ADDR_ANY);
		if (strcmp(a->name, "hvl") == 0)
			FUZZ_CHECK(a->da == SHM_DA && a->len == SHM_SIZE);
		else
			FUZZ_CHECK(a->da == info->carveouts[i].da &&
				   a->len == info->carveouts[i].len);
	}
}

static int grant(struct hvl_rsc_info *info, uint8_t *table,
		 struct hvl_rproc_error *err)
{
	int rc = hvl_rsc_bind(info, memory, 2, err);

	return rc < 0 ? rc : hvl_rsc_resolve(info, table, &boot, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* At an odd address, and to the last byte of its memory */
	uint8_t *copy = malloc(size + 1);
	struct hvl_rproc_error err = { "" };
	struct hvl_rsc_info info;
	int rc;

	FUZZ_CHECK(copy);
	memcpy(copy + 1, data, size);
	lines = 0;
	rc = hvl_rsc_parse(&info, copy + 1, size, &counter, &err);
	if (rc == 0) {
		check_info(&info, size);
		rc = grant(&info, copy + 1, &err);
		if (rc == 0)
			check_resolved(&info, copy + 1, data, size);
	}
	FUZZ_CHECK(rc == 0 || rc == -EINVAL);
	if (rc < 0)
		fuzz_check_text(err.text);
	free(copy);
	return 0;
}
