/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The resource table: a firmware's wishes, checked as a whole before any is
 * granted
 */
#include <hvl/remoteproc/rsc_table.h>

#include <string.h>

#include <hvl/metal/compiler.h>
#include <hvl/metal/errno.h>

#include "bytes_priv.h"
#include "rsc_priv.h"

/* A table can name some thousand unknown types: warn of the first few. */
#define WARNINGS_MAX 8u

#define FIELD(type, member) offsetof(struct type, member)

/* The head of a VDEV entry, which nothing here serves, and its vrings. */
#define VDEV_SIZE 28u
#define VDEV_CONFIG_LEN 20u
#define VDEV_VRINGS 25u
#define VDEV_VRING_SIZE 20u

#define VENDOR_HEAD 8u

typedef unsigned long long ull;

/* One parse under way */
struct rsc_parser {
	struct hvl_rsc_info *info;
	const uint8_t *table;
	uint64_t size;
	unsigned int index; /* of the entry looked at */
	uint32_t pos;	    /* its place in the table */
	const struct hvl_log *log;
	struct hvl_rproc_error *err;
};

static const uint8_t *rsc_entry(const struct rsc_parser *p)
{
	return p->table + p->pos;
}

static int rsc_bad(const struct rsc_parser *p, const char *why)
{
	return hvl_rproc_fail(p->err, -EINVAL, "resource table: entry %u %s",
			      p->index, why);
}

/* Whether an entry of @size bytes lies in the table. */
static int rsc_check_size(const struct rsc_parser *p, uint64_t size)
{
	if (size <= p->size - p->pos)
		return 0;
	return rsc_bad(p, "goes beyond the table's end");
}

static int rsc_skip(const struct rsc_parser *p, const char *what)
{
	if (p->info->skipped++ < WARNINGS_MAX)
		hvl_log(p->log, HVL_LOG_WARNING,
			"resource table: entry %u of type %u skipped: %s",
			p->index, hvl_get32_(rsc_entry(p)), what);
	return 0;
}

/* Names end up on terminals: only what is printable. */
static void rsc_copy_name(char *name, const uint8_t *from)
{
	size_t i;

	for (i = 0; i < HVL_RSC_NAME_SIZE && from[i]; i++) {
		bool printable = from[i] >= ' ' && from[i] <= '~';

		name[i] = printable ? (char)from[i] : '?';
	}
	name[i] = '\0';
}

static int rsc_set_area(const struct rsc_parser *p, struct hvl_rsc_area *area,
			size_t len_at, size_t reserved_at, size_t name_at)
{
	const uint8_t *entry = rsc_entry(p);

	rsc_copy_name(area->name, entry + name_at);
	area->da = hvl_get32_(entry + FIELD(hvl_rsc_carveout, da));
	area->len = hvl_get32_(entry + len_at);
	if (hvl_get32_(entry + reserved_at) != 0)
		return rsc_bad(p, "has reserved words that are not 0");
	if (area->da != HVL_RSC_ADDR_ANY &&
	    area->da + area->len > UINT64_C(1) << 32)
		return rsc_bad(p, "goes beyond the last address");
	return 0;
}

static int rsc_parse_carveout(const struct rsc_parser *p)
{
	struct hvl_rsc_info *info = p->info;
	int rc = rsc_check_size(p, sizeof(struct hvl_rsc_carveout));

	if (rc < 0)
		return rc;
	if (info->ncarveouts == HVL_RSC_CARVEOUTS_MAX)
		return rsc_bad(p, "is one carveout too many");
	rc = rsc_set_area(p, &info->carveouts[info->ncarveouts],
			  FIELD(hvl_rsc_carveout, len),
			  FIELD(hvl_rsc_carveout, reserved),
			  FIELD(hvl_rsc_carveout, name));
	if (rc == 0)
		info->carveout_pos[info->ncarveouts++] = p->pos;
	return rc;
}

static int rsc_parse_trace(const struct rsc_parser *p)
{
	struct hvl_rsc_info *info = p->info;
	struct hvl_rsc_area area;
	int rc = rsc_check_size(p, sizeof(struct hvl_rsc_trace));

	if (rc < 0)
		return rc;
	rc = rsc_set_area(p, &area, FIELD(hvl_rsc_trace, len),
			  FIELD(hvl_rsc_trace, reserved),
			  FIELD(hvl_rsc_trace, name));
	if (rc < 0)
		return rc;
	if (area.da == HVL_RSC_ADDR_ANY || area.len == 0)
		return rsc_skip(p, "a trace buffer needs address and length");
	if (info->ntraces == HVL_RSC_TRACES_MAX)
		return rsc_bad(p, "is one trace buffer too many");
	info->traces[info->ntraces++] = area;
	return 0;
}

static int rsc_parse_devmem(const struct rsc_parser *p)
{
	int rc = rsc_check_size(p, sizeof(struct hvl_rsc_carveout));

	return rc < 0 ? rc : rsc_skip(p, "device memory is not mapped");
}

static int rsc_parse_vdev(const struct rsc_parser *p)
{
	const uint8_t *entry = rsc_entry(p);
	int rc = rsc_check_size(p, VDEV_SIZE);

	if (rc < 0)
		return rc;
	rc = rsc_check_size(
		p, VDEV_SIZE + (uint64_t)entry[VDEV_VRINGS] * VDEV_VRING_SIZE +
			   hvl_get32_(entry + VDEV_CONFIG_LEN));
	return rc < 0 ? rc : rsc_skip(p, "the remote is no virtio device here");
}

static int rsc_parse_hvl(const struct rsc_parser *p)
{
	const uint8_t *entry = rsc_entry(p);
	uint32_t len = hvl_get32_(entry + FIELD(hvl_rsc_hvl, len));

	if (hvl_get32_(entry + FIELD(hvl_rsc_hvl, version)) !=
	    HVL_RSC_HVL_VERSION)
		return rsc_bad(p, "is an hvl entry of an unknown version");
	if (len < HVL_RSC_HVL_LEN)
		return rsc_bad(p, "is an hvl entry that is too short");
	if (p->info->has_hvl)
		return rsc_bad(p, "is a second hvl entry");
	p->info->has_hvl = true;
	p->info->hvl_pos = p->pos;
	return 0;
}

static int rsc_parse_vendor(const struct rsc_parser *p)
{
	const uint8_t *entry = rsc_entry(p);
	uint32_t len;
	int rc = rsc_check_size(p, VENDOR_HEAD);

	if (rc < 0)
		return rc;
	len = hvl_get32_(entry + FIELD(hvl_rsc_hvl, len));
	rc = rsc_check_size(p, VENDOR_HEAD + (uint64_t)len);
	if (rc < 0)
		return rc;
	/* The vendor range has no registry: the magic tells whose it is. */
	if (hvl_get32_(entry) == HVL_RSC_VENDOR_HVL && len >= 8 &&
	    hvl_get32_(entry + FIELD(hvl_rsc_hvl, magic)) == HVL_RSC_HVL_MAGIC)
		return rsc_parse_hvl(p);
	return rsc_skip(p, "another vendor's");
}

static int rsc_parse_entry(const struct rsc_parser *p)
{
	uint32_t type = hvl_get32_(rsc_entry(p));

	switch (type) {
	case HVL_RSC_CARVEOUT:
		return rsc_parse_carveout(p);
	case HVL_RSC_DEVMEM:
		return rsc_parse_devmem(p);
	case HVL_RSC_TRACE:
		return rsc_parse_trace(p);
	case HVL_RSC_VDEV:
		return rsc_parse_vdev(p);
	default:
		if (type >= HVL_RSC_VENDOR_FIRST && type <= HVL_RSC_VENDOR_LAST)
			return rsc_parse_vendor(p);
		return rsc_skip(p, "unknown");
	}
}

static int rsc_check_header(const struct rsc_parser *p)
{
	const uint8_t *t = p->table;
	uint32_t num;

	if (p->size < sizeof(struct hvl_rsc_table))
		return hvl_rproc_fail(
			p->err, -EINVAL,
			"resource table: %llu bytes are too short for one",
			(ull)p->size);
	if (hvl_get32_(t) != HVL_RSC_TABLE_VERSION)
		return hvl_rproc_fail(p->err, -EINVAL,
				      "resource table: version %u, not %u",
				      hvl_get32_(t), HVL_RSC_TABLE_VERSION);
	if (hvl_get32_(t + 8) != 0 || hvl_get32_(t + 12) != 0)
		return hvl_rproc_fail(
			p->err, -EINVAL,
			"resource table: reserved words that are not 0");
	num = hvl_get32_(t + FIELD(hvl_rsc_table, num));
	if (num > (p->size - sizeof(struct hvl_rsc_table)) / 4)
		return hvl_rproc_fail(
			p->err, -EINVAL,
			"resource table: %u entries do not fit in %llu bytes",
			num, (ull)p->size);
	return 0;
}

/* Find entry p->index: its offset is in the table, behind the header. */
static int rsc_find_entry(struct rsc_parser *p, uint32_t num)
{
	uint64_t first = sizeof(struct hvl_rsc_table) + (uint64_t)num * 4;

	p->pos = hvl_get32_(p->table + sizeof(struct hvl_rsc_table) +
			    (size_t)p->index * 4);
	if (p->pos < first)
		return rsc_bad(p, "lies in the table's header");
	if (p->pos % 4 != 0)
		return rsc_bad(p, "is not aligned to 4 bytes");
	if (p->pos > p->size || p->size - p->pos < 4)
		return rsc_bad(p, "lies outside the table");
	return 0;
}

int hvl_rsc_parse(struct hvl_rsc_info *info, const void *table, size_t size,
		  const struct hvl_log *log, struct hvl_rproc_error *err)
{
	struct rsc_parser p = {
		.info = info,
		.table = table,
		.size = size,
		.log = log,
		.err = err,
	};
	uint32_t num;
	int rc;

	memset(info, 0, sizeof(*info));
	rc = rsc_check_header(&p);
	if (rc < 0)
		return rc;
	num = hvl_get32_(p.table + FIELD(hvl_rsc_table, num));
	for (p.index = 0; p.index < num && rc == 0; p.index++) {
		rc = rsc_find_entry(&p, num);
		if (rc == 0)
			rc = rsc_parse_entry(&p);
	}
	if (rc == 0 && info->skipped > WARNINGS_MAX)
		hvl_log(log, HVL_LOG_WARNING,
			"resource table: %u more entries skipped",
			info->skipped - WARNINGS_MAX);
	return rc;
}

static int rsc_check_shm(const struct hvl_rsc_area *want,
			 const struct hvl_rsc_boot *boot,
			 struct hvl_rproc_error *err)
{
	/* The table's words, ANY apart, have 32 bits. */
	if (boot->shm_da >= HVL_RSC_ADDR_ANY || boot->shm_size > UINT32_MAX)
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
	int rc;

	if (!hvl_rsc_is_shm_(area))
		return 0;
	rc = rsc_check_shm(area, boot, err);
	if (rc < 0)
		return rc;
	hvl_put32_(entry + FIELD(hvl_rsc_carveout, da), (uint32_t)boot->shm_da);
	hvl_put32_(entry + FIELD(hvl_rsc_carveout, pa), (uint32_t)boot->shm_da);
	hvl_put32_(entry + FIELD(hvl_rsc_carveout, len),
		   (uint32_t)boot->shm_size);
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
