/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/driver/mmio.h - transport: a virtio-mmio register block
 *
 * Drives three kinds of device, told apart by what the block says: version 1
 * in plain memory (the existing hypervisorless stack), version 2 in plain
 * memory (FenceMagic present), and ordinary trapping devices of either version
 * (no region published, or no FenceMagic). docs/theory/mmio.md has the
 * protocols.
 */
#ifndef HVL_DRIVER_MMIO_H
#define HVL_DRIVER_MMIO_H

#include <hvl/driver/dev.h>

/**
 * hvl_drv_mmio_probe() - look at a register block
 * @dev:  filled in on success
 * @regs: the block, HVL_MMIO_BLOCK_SIZE bytes, mapped uncached where the
 *        machine is not coherent; copied
 * @plat: borrowed as long as the device is used
 *
 * Writes nothing: the device is untouched until hvl_drv_dev_reset().
 *
 * Return: 0, -EINVAL when @regs is too small, -ENODEV when the block is empty
 * (no magic, or device id 0), -ENOTSUP for a version that is not known.
 */
int hvl_drv_mmio_probe(struct hvl_drv_dev *dev, const struct hvl_io *regs,
		       const struct hvl_drv_platform *plat);

#endif /* HVL_DRIVER_MMIO_H */
