/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_pmm_layout.c - dividing the shared memory, and its devicetree blob
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libfdt.h>

#include <hvl/wire/mmio.h>
#include <hvl/wire/virtio.h>

#include "layout.h"

#define DA UINT64_C(0x37000000)
#define MIB (UINT64_C(1) << 20)

static struct pmm_layout_want wants[PMM_DEVICES_MAX + 1];
static char names[PMM_DEVICES_MAX + 1][16];

/* Nets at even places, rngs at odd ones. */
static struct pmm_layout_config config(unsigned int count, uint64_t size)
{
	for (unsigned int i = 0; i <= PMM_DEVICES_MAX; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "%s%u",
			       i % 2 ? "rng" : "net", i / 2);
		wants[i].name = names[i];
		wants[i].id = i % 2 ? VIRTIO_ID_RNG : VIRTIO_ID_NET;
		wants[i].mtu = 1500;
	}
	return (struct pmm_layout_config){ .da = DA,
					   .size = size,
					   .coherent = true,
					   .count = count,
					   .want = wants };
}

static void check_apart(const struct pmm_layout *l)
{
	uint64_t end = l->fdt_size;

	assert_int_equal(l->regs_off % PMM_PAGE, 0);
	assert_true(l->regs_off >= end);
	for (unsigned int i = 0; i < l->cfg.count; i++) {
		assert_int_equal(l->device[i].regs_off,
				 l->regs_off + i * HVL_MMIO_BLOCK_SIZE);
		end = l->device[i].regs_off + HVL_MMIO_BLOCK_SIZE;
	}
	for (unsigned int i = 0; i < l->cfg.count; i++) {
		const struct pmm_layout_device *dev = &l->device[i];

		assert_int_equal(dev->region_off % PMM_PAGE, 0);
		assert_int_equal(dev->region_size % PMM_PAGE, 0);
		assert_true(dev->region_size >= 64 * 1024);
		assert_true(dev->region_off >= end);
		end = dev->region_off + dev->region_size;
	}
	assert_true(end <= l->cfg.size);
}

static void layout_plan_never_overlaps(void **state)
{
	struct pmm_layout l;

	(void)state;
	for (unsigned int n = 0; n <= PMM_DEVICES_MAX; n++) {
		struct pmm_layout_config cfg = config(n, 16 * MIB);

		assert_int_equal(pmm_layout_plan(&l, &cfg, NULL), 0);
		check_apart(&l);
	}
}

static void layout_plan_gives_net_the_rest(void **state)
{
	struct pmm_layout_config cfg = config(3, 16 * MIB);
	struct pmm_layout l;

	(void)state;
	assert_int_equal(pmm_layout_plan(&l, &cfg, NULL), 0);
	assert_int_equal(l.device[1].region_size, 64 * 1024);
	assert_int_equal(l.device[0].region_size, l.device[2].region_size);
	assert_true(l.device[0].region_size > 7 * MIB);
}

static void layout_plan_without_dtb_shares_all(void **state)
{
	struct pmm_layout_config cfg = config(8, MIB);
	struct pmm_layout l;

	(void)state;
	cfg.no_dtb = true;
	assert_int_equal(pmm_layout_plan(&l, &cfg, NULL), 0);
	assert_int_equal(l.fdt_size, 0);
	for (unsigned int i = 0; i < 8; i++) {
		assert_int_equal(l.device[i].regs_off, 0x200 * i);
		assert_int_equal(l.device[i].region_off, PMM_PAGE);
		assert_int_equal(l.device[i].region_size, MIB - PMM_PAGE);
	}
}

/* The size that the message names must do, and a page less must not. */
static void layout_plan_names_the_least_size(void **state)
{
	struct pmm_error err;
	struct pmm_layout l;

	(void)state;
	for (unsigned int n = 1; n <= 2 * PMM_DEVICES_MAX_NO_DTB; n++) {
		struct pmm_layout_config cfg = config((n + 1) / 2, PMM_PAGE);
		unsigned long kib;
		const char *at;

		cfg.no_dtb = n % 2;
		assert_int_equal(pmm_layout_plan(&l, &cfg, &err), -ENOSPC);
		at = strstr(err.text, "at least ");
		assert_non_null(at);
		kib = strtoul(at + 9, NULL, 10);
		if (strchr(at + 9, 'M'))
			kib *= 1024;
		cfg.size = kib * 1024;
		assert_int_equal(pmm_layout_plan(&l, &cfg, &err), 0);
		if (!cfg.no_dtb)
			check_apart(&l);
		cfg.size -= PMM_PAGE;
		assert_int_equal(pmm_layout_plan(&l, &cfg, &err), -ENOSPC);
	}
}

static void layout_plan_refuses(void **state)
{
	static const struct {
		uint64_t da, size;
		unsigned int count;
		bool no_dtb, v1;
		const char *text;
	} cases[] = {
		{ DA + 1, MIB, 1, false, false,
		  "--shmem-addr 0x37000001: not at a page's start; 0x37000000 "
		  "would be" },
		{ DA, 0, 1, false, false,
		  "--shmem-size 0: there must be some; leave it out for the board's" },
		{ DA, MIB + 1, 1, false, false,
		  "--shmem-size 1048577: not whole pages of 4K; 1028K would "
		  "be" },
		{ UINT64_C(0xfffffffffff00000), 2 * MIB, 1, false, false,
		  "--shmem-size 0x200000: reaches beyond 64 bits from "
		  "--shmem-addr 0xfffffffffff00000" },
		{ UINT64_C(0xaabbaabb000) - MIB + PMM_PAGE, MIB, 1, false, true,
		  "--shmem-addr 0xaabba9bc000: --transport mmio-v1 reaches "
		  "addresses below 0xaabbaabb000 only; use --transport "
		  "mmio" },
		{ DA, MIB, 9, true, false,
		  "9 devices: --no-dtb has register blocks for 8; leave "
		  "devices or --no-dtb out" },
		{ DA, 16 * MIB, 33, false, false,
		  "33 devices: a remote can have 32" },
		{ DA, 65536, 2, false, false,
		  "--shmem-size 64K: too small for these devices; at least "
		  "152K" },
	};

	(void)state;
	for (size_t i = 0; i < HVL_ARRAY_SIZE(cases); i++) {
		struct pmm_layout_config cfg =
			config(cases[i].count, cases[i].size);
		struct pmm_error err = { "" };
		struct pmm_layout l;

		cfg.da = cases[i].da;
		cfg.no_dtb = cases[i].no_dtb;
		cfg.v1 = cases[i].v1;
		assert_true(pmm_layout_plan(&l, &cfg, &err) < 0);
		assert_string_equal(err.text, cases[i].text);
	}
}

static void layout_plan_takes_the_last_v1_page(void **state)
{
	struct pmm_layout_config cfg = config(1, MIB);
	struct pmm_layout l;

	(void)state;
	cfg.v1 = true;
	cfg.da = UINT64_C(0xaabbaabb000) - MIB;
	assert_int_equal(pmm_layout_plan(&l, &cfg, NULL), 0);
	cfg.da += PMM_PAGE;
	assert_int_equal(pmm_layout_plan(&l, &cfg, NULL), -EINVAL);
	cfg.v1 = false;
	assert_int_equal(pmm_layout_plan(&l, &cfg, NULL), 0);
	/* The very end of the address space. */
	cfg.da = UINT64_MAX - MIB + 1;
	assert_int_equal(pmm_layout_plan(&l, &cfg, NULL), 0);
}

static uint64_t cells(const fdt32_t *reg, int at)
{
	return (uint64_t)fdt32_to_cpu(reg[at]) << 32 |
	       fdt32_to_cpu(reg[at + 1]);
}

static void check_node(const void *fdt, const struct pmm_layout *l,
		       unsigned int i, int node)
{
	char name[32];
	int len;
	const fdt32_t *reg = fdt_getprop(fdt, node, "reg", &len);
	uint64_t regs = l->cfg.da + l->device[i].regs_off;

	assert_int_equal(len, 32);
	assert_int_equal(cells(reg, 0), regs);
	assert_int_equal(cells(reg, 2), 0x200);
	assert_int_equal(cells(reg, 4), l->cfg.da + l->device[i].region_off);
	assert_int_equal(cells(reg, 6), l->device[i].region_size);
	(void)snprintf(name, sizeof(name), "virtio@%llx",
		       (unsigned long long)regs);
	assert_string_equal(fdt_get_name(fdt, node, NULL), name);
	assert_non_null(fdt_getprop(fdt, node, "dma-coherent", &len));
	assert_string_equal(fdt_getprop(fdt, node, "label", NULL),
			    l->cfg.want[i].name);
}

static void layout_fdt_says_what_was_planned(void **state)
{
	struct hvl_rsc_boot boot = { .doorbell = HVL_DOORBELL_IVSHMEM,
				     .doorbell_param = { 7, 8 } };
	struct pmm_layout l;

	(void)state;
	for (unsigned int n = 0; n <= PMM_DEVICES_MAX; n++) {
		struct pmm_layout_config cfg = config(n, 64 * MIB);
		unsigned int seen = 0;
		char *fdt;
		int node = -1;

		/* The longest unit addresses. */
		cfg.da = UINT64_C(0xffffffff00000000);
		assert_int_equal(pmm_layout_plan(&l, &cfg, NULL), 0);
		fdt = malloc(l.fdt_size);
		assert_non_null(fdt);
		assert_int_equal(pmm_layout_fdt(&l, &boot, fdt), 0);
		assert_int_equal(fdt_check_full(fdt, l.fdt_size), 0);
		assert_int_equal(fdt_totalsize(fdt), l.fdt_size);
		assert_int_equal(fdt_address_cells(fdt, 0), 2);
		assert_int_equal(fdt_size_cells(fdt, 0), 2);
		while ((node = fdt_node_offset_by_compatible(
				fdt, node, "virtio,mmio")) >= 0)
			check_node(fdt, &l, seen++, node);
		assert_int_equal(seen, n);
		node = fdt_path_offset(fdt, "/doorbell");
		assert_true(node >= 0);
		assert_int_equal(
			cells(fdt_getprop(fdt, node, "hvl,param", NULL), 0),
			UINT64_C(0x700000008));
		free(fdt);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout_plan_never_overlaps),
		cmocka_unit_test(layout_plan_gives_net_the_rest),
		cmocka_unit_test(layout_plan_without_dtb_shares_all),
		cmocka_unit_test(layout_plan_names_the_least_size),
		cmocka_unit_test(layout_plan_refuses),
		cmocka_unit_test(layout_plan_takes_the_last_v1_page),
		cmocka_unit_test(layout_fdt_says_what_was_planned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
