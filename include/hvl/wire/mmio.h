/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/wire/mmio.h - the virtio-mmio register block in shared memory
 *
 * Offsets from the start of a block of HVL_MMIO_BLOCK_SIZE bytes. Version 2
 * is virtio 1.3 §4.2.2 plus the words of the fence, which lie where the
 * standard leaves gaps; version 1 is the legacy interface, §4.2.4, with the
 * handshake values of the existing hypervisorless stack. All words are 32 bits
 * wide. docs/theory/mmio.md says who writes which word and when.
 */
#ifndef HVL_WIRE_MMIO_H
#define HVL_WIRE_MMIO_H

#include <stdint.h>

#define HVL_MMIO_BLOCK_SIZE 0x200u
#define HVL_MMIO_MAGIC 0x74726976u /* "virt" */
#define HVL_MMIO_VERSION_LEGACY 1u
#define HVL_MMIO_VERSION_MODERN 2u
#define HVL_MMIO_VENDOR 0x6c7668u	   /* "hvl" */
#define HVL_MMIO_VENDOR_LEGACY 0x4d564b4cu /* what the existing PMM shows */

/* Both versions */
#define HVL_MMIO_REG_MAGIC 0x000u
#define HVL_MMIO_REG_VERSION 0x004u
#define HVL_MMIO_REG_DEVICE_ID 0x008u
#define HVL_MMIO_REG_VENDOR_ID 0x00cu
#define HVL_MMIO_REG_DEVICE_FEATURES 0x010u
#define HVL_MMIO_REG_DEVICE_FEATURES_SEL 0x014u
#define HVL_MMIO_REG_DRIVER_FEATURES 0x020u
#define HVL_MMIO_REG_DRIVER_FEATURES_SEL 0x024u
#define HVL_MMIO_REG_QUEUE_SEL 0x030u
#define HVL_MMIO_REG_QUEUE_NUM_MAX 0x034u
#define HVL_MMIO_REG_QUEUE_NUM 0x038u
#define HVL_MMIO_REG_QUEUE_NOTIFY 0x050u
#define HVL_MMIO_REG_INTERRUPT_STATUS 0x060u
#define HVL_MMIO_REG_INTERRUPT_ACK 0x064u
#define HVL_MMIO_REG_STATUS 0x070u
#define HVL_MMIO_REG_SHM_SEL 0x0acu
#define HVL_MMIO_REG_SHM_LEN_LOW 0x0b0u
#define HVL_MMIO_REG_SHM_LEN_HIGH 0x0b4u
#define HVL_MMIO_REG_SHM_BASE_LOW 0x0b8u
#define HVL_MMIO_REG_SHM_BASE_HIGH 0x0bcu
#define HVL_MMIO_REG_CONFIG 0x100u
#define HVL_MMIO_CONFIG_SIZE 0x100u

/* Version 2; in plain memory also version 1, for drivers that look there */
#define HVL_MMIO_REG_CONFIG_GENERATION 0x0fcu

/* Version 1 only */
#define HVL_MMIO_REG_GUEST_PAGE_SIZE 0x028u
#define HVL_MMIO_REG_QUEUE_ALIGN 0x03cu
#define HVL_MMIO_REG_QUEUE_PFN 0x040u
/*
 * Device, in plain memory: moves whenever the device rings for its interrupt.
 * 0: a device side that does not count.
 */
#define HVL_MMIO_REG_INTERRUPT_COUNT 0x0f8u

/* Version 2 only */
#define HVL_MMIO_REG_QUEUE_READY 0x044u
#define HVL_MMIO_REG_QUEUE_DESC_LOW 0x080u
#define HVL_MMIO_REG_QUEUE_DESC_HIGH 0x084u
#define HVL_MMIO_REG_QUEUE_DRIVER_LOW 0x090u
#define HVL_MMIO_REG_QUEUE_DRIVER_HIGH 0x094u
#define HVL_MMIO_REG_QUEUE_DEVICE_LOW 0x0a0u
#define HVL_MMIO_REG_QUEUE_DEVICE_HIGH 0x0a4u
#define HVL_MMIO_REG_QUEUE_RESET 0x0c0u

/* Version 2 in plain memory: the fence */
#define HVL_MMIO_REG_DEVICE_STATUS 0x0e0u /* device: the status that holds */
#define HVL_MMIO_REG_QUEUE_STATE 0x0e4u	  /* device: 15:0 queue, 16 ready */
#define HVL_MMIO_REG_FENCE_MAGIC 0x0e8u	  /* device: HVL_MMIO_FENCE_MAGIC */
#define HVL_MMIO_REG_FENCE_WHAT 0x0ecu	  /* driver: HVL_MMIO_FENCE_* */
#define HVL_MMIO_REG_FENCE_REQUEST 0x0f0u /* driver: n */
#define HVL_MMIO_REG_FENCE_ACK 0x0f4u	  /* device: the n it has obeyed */

#define HVL_MMIO_FENCE_MAGIC 0x666c7668u

/* FenceWhat: what the device shall obey; 0 refreshes only */
#define HVL_MMIO_FENCE_STATUS 0x01u
#define HVL_MMIO_FENCE_FEATURES 0x02u
#define HVL_MMIO_FENCE_QUEUE 0x04u
#define HVL_MMIO_FENCE_QUEUE_RESET 0x08u
#define HVL_MMIO_FENCE_CONFIG 0x10u

#define HVL_MMIO_QUEUE_STATE_READY 0x10000u

/* InterruptStatus, virtio 1.3 §4.2.2 */
#define HVL_MMIO_INT_VRING 1u
#define HVL_MMIO_INT_CONFIG 2u

/* Version 1 in plain memory: overloaded register values */
#define HVL_MMIO_V1_ACK 0xaabbaabbu    /* in QueuePFN: queue taken */
#define HVL_MMIO_V1_MARKER 0x00ff00ffu /* QueueSel, QueueNum: untouched */
#define HVL_MMIO_V1_PAGE_SIZE 4096u

#endif /* HVL_WIRE_MMIO_H */
