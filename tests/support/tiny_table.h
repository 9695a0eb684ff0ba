/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tiny_table.h - the resource table of a test's firmware: the hvl entry alone
 *
 * For one source file of the firmware: the table is in it.
 */
#ifndef TESTS_TINY_TABLE_H
#define TESTS_TINY_TABLE_H

#include <stddef.h>

#include <hvl/wire/rsc_table.h>

#define TINY_TABLE_LE32(v) \
	{                  \
		v          \
	}

static volatile struct tiny_table {
	struct hvl_rsc_table head;
	hvl_le32 offset[1];
	struct hvl_rsc_hvl hvl;
} tiny_table __attribute__((section(".resource_table"), used)) = {
	.head = { .ver = TINY_TABLE_LE32(HVL_RSC_TABLE_VERSION),
		  .num = TINY_TABLE_LE32(1) },
	.offset = { TINY_TABLE_LE32(offsetof(struct tiny_table, hvl)) },
	.hvl = { .type = TINY_TABLE_LE32(HVL_RSC_VENDOR_HVL),
		 .len = TINY_TABLE_LE32(HVL_RSC_HVL_LEN),
		 .magic = TINY_TABLE_LE32(HVL_RSC_HVL_MAGIC),
		 .version = TINY_TABLE_LE32(HVL_RSC_HVL_VERSION) },
};

#endif /* TESTS_TINY_TABLE_H */
