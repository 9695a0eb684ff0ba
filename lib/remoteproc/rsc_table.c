/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The resource table: a firmware's wishes, checked as a whole before any is
 * granted
 */
#include <hvl/remoteproc/rsc_table.h>

#include <string.h>

#include <hvl/metal/compiler.h>
#include <hvl/metal/errno.h>
#include <hvl/wire/vring.h>

#include "bytes_priv.h"
#include "rsc_priv.h"

/* A table can name some thousand unknown types: warn of the first few. */
#define WARNINGS_MAX 8u

#define FIELD(type, member) offsetof(struct type, member)

#define VENDOR_HEAD 8u

#define ADDRESSES (UINT64_C(1) << 32) /* a word can say */

typedef unsigned long long ull;

/* One parse under way */
struct rsc_parser {
	struct hvl_rsc_info *info;
	const uint8_t *table;
	uint64_t size;
	unsigned int index; /* of the entry looked at */
	uint32_t pos;	    /* its place in the table */
	/* A bit a word: the entries so far lie there. */
	uint32_t taken[HVL_RSC_TABLE_SIZE_MAX / 4 / 32];
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

/*
 * Also take the room: what is written into one entry must not change another
 * that has been checked.
 */
static int rsc_take(struct rsc_parser *p, uint64_t size)
{
	int rc = rsc_check_size(p, size);

	if (rc < 0)
		return rc;
	for (uint64_t at = p->pos; at < p->pos + size; at += 4) {
		uint32_t *taken = &p->taken[(size_t)at / 128];
		uint32_t bit = UINT32_C(1) << (at / 4 % 32);

		if (*taken & bit)
			return rsc_bad(p, "overlaps another entry");
		*taken |= bit;
	}
	return 0;
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

static int rsc_check_range(const struct rsc_parser *p, uint64_t at,
			   uint64_t len)
{
	if (at + len > ADDRESSES)
		return rsc_bad(p, "goes beyond the last address");
	return 0;
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
	if (area->da == HVL_RSC_ADDR_ANY)
		return 0;
	return rsc_check_range(p, area->da, area->len);
}

static bool rsc_has_shm(const struct hvl_rsc_info *info)
{
	for (unsigned int i = 0; i < info->ncarveouts; i++)
		if (hvl_rsc_is_shm_(&info->carveouts[i]))
			return true;
	return false;
}

static int rsc_parse_carveout(struct rsc_parser *p)
{
	struct hvl_rsc_info *info = p->info;
	struct hvl_rsc_area area;
	int rc = rsc_take(p, sizeof(struct hvl_rsc_carveout));

	if (rc == 0)
		rc = rsc_set_area(p, &area, FIELD(hvl_rsc_carveout, len),
				  FIELD(hvl_rsc_carveout, reserved),
				  FIELD(hvl_rsc_carveout, name));
	if (rc < 0)
		return rc;
	if (hvl_rsc_is_shm_(&area) && rsc_has_shm(info))
		return rsc_bad(p, "is a second carveout \"hvl\"");
	if (info->ncarveouts == HVL_RSC_CARVEOUTS_MAX)
		return rsc_bad(p, "is one carveout too many");
	info->carveouts[info->ncarveouts] = area;
	info->carveout_pos[info->ncarveouts++] = p->pos;
	return 0;
}

static int rsc_parse_devmem(struct rsc_parser *p)
{
	struct hvl_rsc_info *info = p->info;
	struct hvl_rsc_mapping map;
	int rc = rsc_take(p, sizeof(struct hvl_rsc_devmem));

	if (rc == 0)
		rc = rsc_set_area(p, &map.area, FIELD(hvl_rsc_devmem, len),
				  FIELD(hvl_rsc_devmem, reserved),
				  FIELD(hvl_rsc_devmem, name));
	if (rc < 0)
		return rc;
	map.pa = hvl_get32_(rsc_entry(p) + FIELD(hvl_rsc_devmem, pa));
	map.flags = hvl_get32_(rsc_entry(p) + FIELD(hvl_rsc_devmem, flags));
	if (map.area.da == HVL_RSC_ADDR_ANY)
		return rsc_bad(p, "is device memory without an address");
	rc = rsc_check_range(p, map.pa, map.area.len);
	if (rc < 0)
		return rc;
	if (info->ndevmems == HVL_RSC_DEVMEMS_MAX)
		return rsc_bad(p, "is one device memory too many");
	info->devmems[info->ndevmems++] = map;
	return 0;
}

static int rsc_parse_trace(struct rsc_parser *p)
{
	struct hvl_rsc_info *info = p->info;
	struct hvl_rsc_area area;
	int rc = rsc_take(p, sizeof(struct hvl_rsc_trace));

	if (rc == 0)
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

/* What a ring in one piece takes (virtio 1.3 §2.7.2), whatever its alignment */
static uint64_t rsc_ring_size(uint32_t num, uint32_t align)
{
	uint64_t used =
		(uint64_t)hvl_vring_desc_size(num) + hvl_vring_avail_size(num);

	used = (used + align - 1) & ~(uint64_t)(align - 1);
	return used + hvl_vring_used_size(num);
}

static int rsc_parse_vring(const struct rsc_parser *p,
			   struct hvl_rsc_ring *ring, const uint8_t *at)
{
	ring->da = hvl_get32_(at + FIELD(hvl_rsc_vring, da));
	ring->align = hvl_get32_(at + FIELD(hvl_rsc_vring, align));
	ring->num = hvl_get32_(at + FIELD(hvl_rsc_vring, num));
	ring->notifyid = hvl_get32_(at + FIELD(hvl_rsc_vring, notifyid));
	if (!hvl_vring_num_ok(ring->num))
		return rsc_bad(
			p,
			"has a vring whose size is no power of two to 32768");
	if (ring->align < HVL_VRING_USED_ALIGN ||
	    (ring->align & (ring->align - 1)) != 0)
		return rsc_bad(
			p,
			"has a vring whose alignment is no power of two from 4");
	ring->size = rsc_ring_size(ring->num, ring->align);
	if (ring->da == HVL_RSC_ADDR_ANY)
		return 0;
	return rsc_check_range(p, ring->da, ring->size);
}

static int rsc_parse_vrings(const struct rsc_parser *p,
			    struct hvl_rsc_virtio *vdev)
{
	const uint8_t *at = rsc_entry(p) + FIELD(hvl_rsc_vdev, vring);
	int rc = 0;

	for (unsigned int i = 0; i < vdev->nvrings && rc == 0; i++)
		rc = rsc_parse_vring(p, &vdev->vrings[i],
				     at + i * sizeof(struct hvl_rsc_vring));
	return rc;
}

static int rsc_take_vdev(struct rsc_parser *p, struct hvl_rsc_virtio *vdev)
{
	const uint8_t *entry = rsc_entry(p);
	uint32_t head = sizeof(struct hvl_rsc_vdev);
	int rc = rsc_check_size(p, head);

	if (rc < 0)
		return rc;
	vdev->nvrings = entry[FIELD(hvl_rsc_vdev, num_of_vrings)];
	vdev->config_len = hvl_get32_(entry + FIELD(hvl_rsc_vdev, config_len));
	head += vdev->nvrings * (uint32_t)sizeof(struct hvl_rsc_vring);
	vdev->config_pos = p->pos + head;
	return rsc_take(p, (uint64_t)head + vdev->config_len);
}

static int rsc_parse_vdev(struct rsc_parser *p)
{
	const uint8_t *entry = rsc_entry(p);
	struct hvl_rsc_info *info = p->info;
	struct hvl_rsc_virtio vdev = { .pos = p->pos };
	int rc = rsc_take_vdev(p, &vdev);

	if (rc < 0)
		return rc;
	if (entry[FIELD(hvl_rsc_vdev, reserved)] != 0 ||
	    entry[FIELD(hvl_rsc_vdev, reserved) + 1] != 0)
		return rsc_bad(p, "has reserved bytes that are not 0");
	if (vdev.nvrings > HVL_RSC_VRINGS_MAX)
		return rsc_bad(p, "is a vdev with more than 2 vrings");
	vdev.id = hvl_get32_(entry + FIELD(hvl_rsc_vdev, id));
	vdev.notifyid = hvl_get32_(entry + FIELD(hvl_rsc_vdev, notifyid));
	vdev.features = hvl_get32_(entry + FIELD(hvl_rsc_vdev, dfeatures));
	rc = rsc_parse_vrings(p, &vdev);
	if (rc < 0)
		return rc;
	if (info->nvdevs == HVL_RSC_VDEVS_MAX)
		return rsc_bad(p, "is one vdev too many");
	info->vdevs[info->nvdevs++] = vdev;
	return 0;
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

static int rsc_parse_vendor(struct rsc_parser *p)
{
	const uint8_t *entry = rsc_entry(p);
	uint32_t len;
	int rc = rsc_check_size(p, VENDOR_HEAD);

	if (rc < 0)
		return rc;
	len = hvl_get32_(entry + FIELD(hvl_rsc_hvl, len));
	rc = rsc_take(p, VENDOR_HEAD + (uint64_t)len);
	if (rc < 0)
		return rc;
	/* The vendor range has no registry: the magic tells whose it is. */
	if (hvl_get32_(entry) == HVL_RSC_VENDOR_HVL && len >= 8 &&
	    hvl_get32_(entry + FIELD(hvl_rsc_hvl, magic)) == HVL_RSC_HVL_MAGIC)
		return rsc_parse_hvl(p);
	return rsc_skip(p, "another vendor's");
}

static int rsc_parse_unknown(struct rsc_parser *p)
{
	/* How long it is nobody knows. */
	int rc = rsc_take(p, sizeof(hvl_le32));

	return rc < 0 ? rc : rsc_skip(p, "unknown");
}

static int rsc_parse_entry(struct rsc_parser *p)
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
		return rsc_parse_unknown(p);
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
	if (p->size > HVL_RSC_TABLE_SIZE_MAX)
		return hvl_rproc_fail(
			p->err, -EINVAL,
			"resource table: %llu bytes, at most %u are read",
			(ull)p->size, HVL_RSC_TABLE_SIZE_MAX);
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

int hvl_rsc_read(struct hvl_rsc_info *info, void *copy, size_t size,
		 const struct hvl_io *io, const struct hvl_log *log,
		 struct hvl_rproc_error *err)
{
	if (io->size > size)
		return hvl_rproc_fail(
			err, -EINVAL,
			"resource table: %llu bytes, at most %llu are read",
			(ull)io->size, (ull)size);
	hvl_io_invalidate(io, 0, io->size);
	hvl_io_read_block(io, 0, copy, (size_t)io->size);
	return hvl_rsc_parse(info, copy, (size_t)io->size, log, err);
}
