/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/device/mmio.h - transports: register blocks in plain shared memory
 *
 * Version 1 speaks the protocol of the existing hypervisorless stack, version
 * 2 the virtio 1.3 layout with a fence. docs/theory/mmio.md describes both,
 * with who writes which word.
 */
#ifndef HVL_DEVICE_MMIO_H
#define HVL_DEVICE_MMIO_H

#include <hvl/device/dev.h>

extern const struct hvl_dev_transport hvl_dev_mmio_v1;
extern const struct hvl_dev_transport hvl_dev_mmio_v2;

#endif /* HVL_DEVICE_MMIO_H */
