/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The boards' table
 */
#include "board.h"

#include <stddef.h>
#include <string.h>

#include <hvl/metal/compiler.h>
#include <hvl/remoteproc/elf.h>

#include "arch.h"
#include "driver.h"

#define MIB UINT64_C(0x100000)

static const struct pmm_board boards[] = {
	{
		.name = "native",
		.summary = "a process on this machine, no emulator",
		.machine = PMM_NATIVE_MACHINE,
		.is64 = true,
		.driver = &pmm_driver_native,
		.ram_da = 0x38100000,
		.ram_size = 15 * MIB,
		.load = { { 0x38100000, 15 * MIB } },
		.shm_da = 0x37000000,
		.shm_size = 16 * MIB,
		.doorbell = HVL_DOORBELL_NATIVE,
	},
};

const struct pmm_board *pmm_board_find(const char *name)
{
	for (size_t i = 0; i < HVL_ARRAY_SIZE(boards); i++) {
		if (strcmp(boards[i].name, name) == 0)
			return &boards[i];
	}
	return NULL;
}

const struct pmm_board *pmm_board_at(unsigned int index)
{
	return index < HVL_ARRAY_SIZE(boards) ? &boards[index] : NULL;
}
