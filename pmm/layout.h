/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/layout.h - who gets which part of the shared memory
 *
 * With a devicetree blob:
 *
 *	0	the blob, padded to whole pages
 *	...	one register block a device, HVL_MMIO_BLOCK_SIZE apart, padded
 *		to whole pages as a group, so that they can be mapped uncached
 *	...	one region a device, whole pages
 *
 * Without: the register blocks from 0 on, in one page, and all that is above
 * belongs to the drivers together.
 *
 * Pure arithmetic and libfdt; no system calls, no state but the plan.
 */
#ifndef PMM_LAYOUT_H
#define PMM_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvl/remoteproc/rsc_table.h>

#include "error.h"

#define PMM_PAGE 4096u
#define PMM_DEVICES_MAX 32u
#define PMM_DEVICES_MAX_NO_DTB 8u /* PMM_PAGE / HVL_MMIO_BLOCK_SIZE */

struct pmm_layout_want {
	const char *name; /* "net0"; borrowed */
	uint32_t id;	  /* VIRTIO_ID_* */
	uint32_t mtu;	  /* of a net device */
};

struct pmm_layout_config {
	uint64_t da;   /* where the remote sees the shared memory */
	uint64_t size; /* bytes */
	bool no_dtb;
	bool v1;       /* mmio version 1, whose rings are 32-bit page numbers */
	bool coherent; /* both sides see each other's writes through caches */
	unsigned int count;
	const struct pmm_layout_want *want; /* count of them; borrowed */
	/* The options that gave da and size, for messages; NULL: as run's */
	const char *da_option, *size_option;
};

struct pmm_layout_device {
	uint64_t regs_off; /* of the register block, in the shared memory */
	uint64_t region_off, region_size;
};

struct pmm_layout {
	struct pmm_layout_config cfg;
	uint64_t fdt_size; /* 0: no blob */
	uint64_t regs_off;
	struct pmm_layout_device device[PMM_DEVICES_MAX];
};

/**
 * pmm_layout_plan() - divide the shared memory
 * @layout: filled in
 * @cfg:    copied
 * @err:    filled in on failure
 * Return: 0; -EINVAL for an address or size that cannot be, -E2BIG for too
 * many devices, -ENOSPC when it is too small: @err names the size that would
 * do.
 */
int pmm_layout_plan(struct pmm_layout *layout,
		    const struct pmm_layout_config *cfg, struct pmm_error *err);

/**
 * pmm_layout_fdt() - make the devicetree blob
 * @layout:   a plan with a blob
 * @doorbell: its kind and parameters
 * @buf:      gets layout->fdt_size bytes
 * Return: 0, or -ENOSPC if the plan has too little room: our own fault.
 */
int pmm_layout_fdt(const struct pmm_layout *layout,
		   const struct hvl_rsc_boot *doorbell, void *buf);

#endif /* PMM_LAYOUT_H */
