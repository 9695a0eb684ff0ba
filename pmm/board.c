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
#include "qemu.h"

#define MIB UINT64_C(0x100000)

/*
 * A second processor that never comes lets the emulator emit barriers, which
 * it leaves out where there can only be one.
 */
#define QEMU_ONE_WITH_BARRIERS "1,maxcpus=2"

static const struct pmm_qemu_machine qemu_virt_a53 = {
	.program = "qemu-system-aarch64",
	.package = "qemu-system-arm",
	.machine = "virt,highmem=off,gic-version=2",
	.cpus = QEMU_ONE_WITH_BARRIERS,
	.cpu = "cortex-a53",
	.entry = PMM_QEMU_ENTRY_SET,
	.bell = -1,
	/* The PCI window; the device's other areas lie at its start. */
	.window = { 0x10200000, 0x2edf0000 },
};

static const struct pmm_qemu_machine qemu_virt_rv64 = {
	.program = "qemu-system-riscv64",
	.package = "qemu-system-misc",
	.machine = "virt",
	.cpus = QEMU_ONE_WITH_BARRIERS,
	.entry = PMM_QEMU_ENTRY_FIXED,
	.bell = -1,
	.window = { 0x40100000, 0x3ff00000 },
};

static const struct pmm_qemu_machine qemu_mps2_m3 = {
	.program = "qemu-system-arm",
	.package = "qemu-system-arm",
	.machine = "mps2-an385",
	.cpus = "1",
	.entry = PMM_QEMU_ENTRY_VECTORS,
	.console = 0,
	.bell = 1,
};

static const struct pmm_qemu_machine qemu_zcu102_r5 = {
	.program = "qemu-system-aarch64",
	.package = "qemu-system-arm",
	.machine = "xlnx-zcu102",
	.cpus = "6",
	.entry = PMM_QEMU_ENTRY_STUB,
	.boot_da = 0xfffc0000,
	.core = 4,
	.console = 1,
	.bell = 0,
};

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
		.shm_view = PMM_SHM_COHERENT,
		.doorbell = HVL_DOORBELL_NATIVE,
	},
	{
		.name = "virt-a53",
		.summary = "a Cortex-A53 in QEMU",
		.machine = HVL_ELF_MACHINE_AARCH64,
		.is64 = true,
		.driver = &pmm_driver_qemu,
		.qemu = &qemu_virt_a53,
		.ram_da = 0x40000000,
		.ram_size = 64 * MIB,
		/* QEMU puts a devicetree at the start. */
		.load = { { 0x40200000, 62 * MIB } },
		.shm_da = 0x20000000,
		.shm_size = 16 * MIB,
		.shm_view = PMM_SHM_COHERENT,
		.doorbell = HVL_DOORBELL_IVSHMEM,
		.slow = true,
	},
	{
		.name = "mps2-m3",
		.summary = "a Cortex-M3 in QEMU",
		.machine = HVL_ELF_MACHINE_ARM,
		.driver = &pmm_driver_qemu,
		.qemu = &qemu_mps2_m3,
		.ram_da = 0x21000000,
		.ram_size = 16 * MIB,
		.load = { { 0x21000000, 12 * MIB } },
		.shm_da = 0x21c00000,
		.shm_size = 4 * MIB,
		.shm_view = PMM_SHM_COHERENT,
		.doorbell = HVL_DOORBELL_UART,
		.doorbell_param = { 0x40005000 },
		.no_suppress = true,
		.slow = true,
	},
	{
		.name = "zcu102-r5",
		.summary = "a Cortex-R5F in QEMU",
		.machine = HVL_ELF_MACHINE_ARM,
		.driver = &pmm_driver_qemu,
		.qemu = &qemu_zcu102_r5,
		.ram_da = 0,
		.ram_size = 1024 * MIB,
		/* Vectors, where the real board has memory of the core's own */
		.load = { { 0, 0x10000 }, { 0x38000000, 16 * MIB } },
		.shm_da = 0x37000000,
		.shm_size = 16 * MIB,
		.shm_view = PMM_SHM_COHERENT,
		.doorbell = HVL_DOORBELL_UART,
		.doorbell_param = { 0xff000000, 1 },
		.no_suppress = true,
		.slow = true,
	},
	{
		.name = "virt-rv64",
		.summary = "a RISC-V RV64 in QEMU",
		.machine = HVL_ELF_MACHINE_RISCV,
		.is64 = true,
		.driver = &pmm_driver_qemu,
		.qemu = &qemu_virt_rv64,
		.ram_da = 0x80000000,
		.ram_size = 32 * MIB,
		/* QEMU puts a devicetree near the end. */
		.load = { { 0x80000000, 16 * MIB } },
		.shm_da = 0x50000000,
		.shm_size = 16 * MIB,
		.shm_view = PMM_SHM_COHERENT,
		.doorbell = HVL_DOORBELL_IVSHMEM,
		.slow = true,
	},
	{
		/* Whatever it is, the kernel knows more of it than we do. */
		.name = "sysfs",
		.summary = "a real core under Linux's remoteproc",
		.machine = HVL_ELF_MACHINE_ANY,
		.driver = &pmm_driver_sysfs,
		.shm_view = PMM_SHM_UNCACHED,
		.doorbell = HVL_DOORBELL_POLL,
		.no_suppress = true,
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
