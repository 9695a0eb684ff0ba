/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * layout.c - who gets which part of the shared memory
 */
#include "layout.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <libfdt.h>

#include <hvl/wire/mmio.h>
#include <hvl/wire/net.h>
#include <hvl/wire/virtio.h>

/* What the blob needs at most: its frame, and a node with its strings. */
#define LAYOUT_FDT_FRAME 640u
#define LAYOUT_FDT_NODE 176u

/*
 * The least a driver can work with. rng: a ring of 256 entries, in the layout
 * of version 1 three pages, and some buffers. net: two such rings, and 16
 * buffers of the largest frame in each direction.
 */
#define LAYOUT_RNG_SIZE (64u * 1024u)
#define LAYOUT_NET_RINGS (32u * 1024u)
#define LAYOUT_NET_BUFFERS 32u

/*
 * Version 1 names a ring by its 32-bit page number, and one page number means
 * "taken" (HVL_MMIO_V1_ACK): memory from there on is out of its reach.
 */
#define LAYOUT_V1_END ((uint64_t)HVL_MMIO_V1_ACK * HVL_MMIO_V1_PAGE_SIZE)

static uint64_t layout_page_up(uint64_t n)
{
	return (n + PMM_PAGE - 1) / PMM_PAGE * PMM_PAGE;
}

static uint64_t layout_least(const struct pmm_layout_want *want)
{
	uint64_t frame;

	if (want->id != VIRTIO_ID_NET)
		return LAYOUT_RNG_SIZE;
	frame = (want->mtu + HVL_NET_ETH_HEADER + HVL_NET_HDR_SIZE + 63u) /
		64u * 64u;
	return layout_page_up(LAYOUT_NET_RINGS + LAYOUT_NET_BUFFERS * frame);
}

static void layout_size_text(char *buf, size_t size, uint64_t n)
{
	if (n % (1024 * 1024) == 0)
		(void)snprintf(buf, size, "%" PRIu64 "M", n >> 20);
	else
		(void)snprintf(buf, size, "%" PRIu64 "K", n >> 10);
}

static const char *layout_da_option(const struct pmm_layout_config *cfg)
{
	return cfg->da_option ? cfg->da_option : "--shmem-addr";
}

static const char *layout_size_option(const struct pmm_layout_config *cfg)
{
	return cfg->size_option ? cfg->size_option : "--shmem-size";
}

static int layout_check_size(const struct pmm_layout_config *cfg,
			     struct pmm_error *err)
{
	const char *option = layout_size_option(cfg);

	if (cfg->size == 0)
		return pmm_fail(
			err, -EINVAL, "%s 0: there must be some%s", option,
			cfg->size_option ? "" :
					   "; leave it out for the board's");
	if (cfg->da + (cfg->size - 1) < cfg->da)
		return pmm_fail(err, -EINVAL,
				"%s 0x%" PRIx64 ": reaches beyond 64 bits from "
				"%s 0x%" PRIx64,
				option, cfg->size, layout_da_option(cfg),
				cfg->da);
	if (cfg->size % PMM_PAGE)
		return pmm_fail(
			err, -EINVAL,
			"%s %" PRIu64 ": not whole pages of 4K; %" PRIu64
			"K would be",
			option, cfg->size, cfg->size / 1024 / 4 * 4 + 4);
	return 0;
}

static int layout_check_range(const struct pmm_layout_config *cfg,
			      struct pmm_error *err)
{
	const char *option = layout_da_option(cfg);
	int rc;

	if (cfg->da % PMM_PAGE)
		return pmm_fail(err, -EINVAL,
				"%s 0x%" PRIx64 ": not at a page's start; "
				"0x%" PRIx64 " would be",
				option, cfg->da, cfg->da / PMM_PAGE * PMM_PAGE);
	rc = layout_check_size(cfg, err);
	if (rc == 0 && cfg->v1 && cfg->da + (cfg->size - 1) >= LAYOUT_V1_END)
		rc = pmm_fail(err, -EINVAL,
			      "%s 0x%" PRIx64 ": --transport mmio-v1 reaches "
			      "addresses below 0x%" PRIx64
			      " only; use --transport mmio",
			      option, cfg->da, LAYOUT_V1_END);
	return rc;
}

static int layout_check_count(const struct pmm_layout_config *cfg,
			      struct pmm_error *err)
{
	if (cfg->no_dtb && cfg->count > PMM_DEVICES_MAX_NO_DTB)
		return pmm_fail(err, -E2BIG,
				"%u devices: --no-dtb has register blocks for "
				"%u; leave devices or --no-dtb out",
				cfg->count, PMM_DEVICES_MAX_NO_DTB);
	if (cfg->count > PMM_DEVICES_MAX)
		return pmm_fail(err, -E2BIG, "%u devices: a remote can have %u",
				cfg->count, PMM_DEVICES_MAX);
	return 0;
}

/* Regions one after another; what is left over is shared by the nets. */
static void layout_regions(struct pmm_layout *l, uint64_t off, uint64_t spare)
{
	unsigned int nets = 0;
	uint64_t extra = 0;

	for (unsigned int i = 0; i < l->cfg.count; i++)
		nets += l->cfg.want[i].id == VIRTIO_ID_NET;
	if (nets)
		extra = spare / nets / PMM_PAGE * PMM_PAGE;
	for (unsigned int i = 0; i < l->cfg.count; i++) {
		struct pmm_layout_device *dev = &l->device[i];

		dev->region_off = off;
		dev->region_size = layout_least(&l->cfg.want[i]);
		if (l->cfg.want[i].id == VIRTIO_ID_NET)
			dev->region_size += extra;
		off += dev->region_size;
	}
}

int pmm_layout_plan(struct pmm_layout *layout,
		    const struct pmm_layout_config *cfg, struct pmm_error *err)
{
	uint64_t first, least = 0;
	char text[24];
	int rc = layout_check_range(cfg, err);

	if (rc == 0)
		rc = layout_check_count(cfg, err);
	if (rc < 0)
		return rc;

	*layout = (struct pmm_layout){ .cfg = *cfg };
	if (!cfg->no_dtb)
		layout->fdt_size = layout_page_up(LAYOUT_FDT_FRAME +
						  LAYOUT_FDT_NODE * cfg->count);
	layout->regs_off = layout->fdt_size;
	first = layout->regs_off +
		layout_page_up((uint64_t)HVL_MMIO_BLOCK_SIZE * cfg->count);
	if (cfg->no_dtb)
		first = PMM_PAGE;
	for (unsigned int i = 0; i < cfg->count; i++)
		least += layout_least(&cfg->want[i]);
	if (cfg->size < first + least) {
		layout_size_text(text, sizeof(text), first + least);
		return pmm_fail(err, -ENOSPC,
				"%s %" PRIu64 "K: too small for these "
				"devices; at least %s",
				layout_size_option(cfg), cfg->size >> 10, text);
	}

	layout_regions(layout, first, cfg->size - first - least);
	for (unsigned int i = 0; i < cfg->count; i++) {
		struct pmm_layout_device *dev = &layout->device[i];

		dev->regs_off =
			layout->regs_off + (uint64_t)HVL_MMIO_BLOCK_SIZE * i;
		if (cfg->no_dtb) {
			dev->region_off = first;
			dev->region_size = cfg->size - first;
		}
	}
	return 0;
}

/* The first error sticks, so that each step need not be looked at. */
struct layout_fdt {
	void *buf;
	int rc;
};

static void layout_fdt_did(struct layout_fdt *fdt, int rc)
{
	if (fdt->rc == 0 && rc < 0)
		fdt->rc = rc;
}

static void layout_fdt_string(struct layout_fdt *fdt, const char *name,
			      const char *text)
{
	layout_fdt_did(
		fdt, fdt_property(fdt->buf, name, text, (int)strlen(text) + 1));
}

static void layout_fdt_cells(struct layout_fdt *fdt, const char *name,
			     const uint32_t *cells, size_t n)
{
	fdt32_t be[8];

	for (size_t i = 0; i < n; i++)
		be[i] = cpu_to_fdt32(cells[i]);
	layout_fdt_did(fdt, fdt_property(fdt->buf, name, be,
					 (int)(n * sizeof(be[0]))));
}

static void layout_fdt_device(struct layout_fdt *fdt,
			      const struct pmm_layout *l, unsigned int i)
{
	const struct pmm_layout_device *dev = &l->device[i];
	uint64_t regs = l->cfg.da + dev->regs_off;
	uint64_t region = l->cfg.da + dev->region_off;
	uint32_t reg[8] = {
		(uint32_t)(regs >> 32),
		(uint32_t)regs,
		0,
		HVL_MMIO_BLOCK_SIZE,
		(uint32_t)(region >> 32),
		(uint32_t)region,
		(uint32_t)(dev->region_size >> 32),
		(uint32_t)dev->region_size,
	};
	char name[32];

	(void)snprintf(name, sizeof(name), "virtio@%" PRIx64, regs);
	layout_fdt_did(fdt, fdt_begin_node(fdt->buf, name));
	layout_fdt_string(fdt, "compatible", "virtio,mmio");
	layout_fdt_cells(fdt, "reg", reg, 8);
	if (l->cfg.coherent)
		layout_fdt_did(fdt,
			       fdt_property(fdt->buf, "dma-coherent", NULL, 0));
	layout_fdt_string(fdt, "label", l->cfg.want[i].name);
	layout_fdt_did(fdt, fdt_end_node(fdt->buf));
}

static void layout_fdt_doorbell(struct layout_fdt *fdt,
				const struct hvl_rsc_boot *doorbell)
{
	layout_fdt_did(fdt, fdt_begin_node(fdt->buf, "doorbell"));
	layout_fdt_string(fdt, "compatible", "hvl,doorbell");
	layout_fdt_cells(fdt, "hvl,kind", &doorbell->doorbell, 1);
	layout_fdt_cells(fdt, "hvl,param", doorbell->doorbell_param, 6);
	layout_fdt_did(fdt, fdt_end_node(fdt->buf));
}

int pmm_layout_fdt(const struct pmm_layout *layout,
		   const struct hvl_rsc_boot *doorbell, void *buf)
{
	struct layout_fdt fdt = { .buf = buf };
	const uint32_t two = 2;
	int size = (int)layout->fdt_size;

	layout_fdt_did(&fdt, fdt_create(buf, size));
	layout_fdt_did(&fdt, fdt_finish_reservemap(buf));
	layout_fdt_did(&fdt, fdt_begin_node(buf, ""));
	layout_fdt_string(&fdt, "compatible", "hvl");
	layout_fdt_cells(&fdt, "#address-cells", &two, 1);
	layout_fdt_cells(&fdt, "#size-cells", &two, 1);
	for (unsigned int i = 0; i < layout->cfg.count; i++)
		layout_fdt_device(&fdt, layout, i);
	layout_fdt_doorbell(&fdt, doorbell);
	layout_fdt_did(&fdt, fdt_end_node(buf));
	layout_fdt_did(&fdt, fdt_finish(buf));
	/* Grown to its area, so that a remote may add to it in place. */
	if (fdt.rc == 0)
		layout_fdt_did(&fdt, fdt_open_into(buf, buf, size));
	return fdt.rc < 0 ? -ENOSPC : 0;
}
