/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Resource tables for tests. Written from the numbers of the format, not with
 * the structures that the parser uses. Little-endian hosts, as the format.
 */
#include "rsc_builder.h"

#include <assert.h>
#include <string.h>

#include <hvl/wire/rsc_table.h>

#define NAME_WORDS 8

void rsc_new(struct rsc_spec *spec, unsigned int num)
{
	memset(spec, 0, sizeof(*spec));
	spec->words[0] = 1;
	spec->words[1] = num;
	spec->used = 4 + num;
}

size_t rsc_add(struct rsc_spec *spec, const uint32_t *entry, size_t count)
{
	size_t at = spec->used;

	assert(spec->entries < spec->words[1] && at + count <= RSC_WORDS);
	spec->words[4 + spec->entries++] = (uint32_t)(at * 4);
	memcpy(spec->words + at, entry, count * 4);
	spec->used += count;
	return at;
}

static size_t rsc_add_named(struct rsc_spec *spec, const uint32_t *head,
			    size_t count, const char *name)
{
	uint32_t entry[6 + NAME_WORDS] = { 0 };

	assert(count <= 6 && strlen(name) <= NAME_WORDS * 4);
	memcpy(entry, head, count * 4);
	memcpy(entry + count, name, strlen(name));
	return rsc_add(spec, entry, count + NAME_WORDS);
}

size_t rsc_add_area(struct rsc_spec *spec, uint32_t type, uint32_t da,
		    uint32_t len, const char *name)
{
	const uint32_t trace[4] = { type, da, len, 0 };
	const uint32_t carveout[6] = { type, da, 0, len, 0, 0 };

	if (type == HVL_RSC_TRACE)
		return rsc_add_named(spec, trace, 4, name);
	return rsc_add_named(spec, carveout, 6, name);
}

size_t rsc_add_devmem(struct rsc_spec *spec, uint32_t da, uint32_t pa,
		      uint32_t len, const char *name)
{
	const uint32_t head[6] = { HVL_RSC_DEVMEM, da, pa, len, 3, 0 };

	return rsc_add_named(spec, head, 6, name);
}

size_t rsc_add_vdev(struct rsc_spec *spec)
{
	const uint32_t entry[19] = {
		HVL_RSC_VDEV,	  7,	      0x51, 0x80000001, 0, 8, 2u << 8,
		HVL_RSC_ADDR_ANY, 4096,	      256,  0x52,	0, /* vring 0 */
		0x38100000,	  16,	      64,   0x53,	0, /* vring 1 */
		0x01020304,	  0x05060708,
	};

	return rsc_add(spec, entry, 19);
}

size_t rsc_add_hvl(struct rsc_spec *spec)
{
	uint32_t entry[24];

	memset(entry, 0xa5, sizeof(entry));
	entry[0] = HVL_RSC_VENDOR_HVL;
	entry[1] = HVL_RSC_HVL_LEN;
	entry[2] = HVL_RSC_HVL_MAGIC;
	entry[3] = HVL_RSC_HVL_VERSION;
	return rsc_add(spec, entry, 24);
}
