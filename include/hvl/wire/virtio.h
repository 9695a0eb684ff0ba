/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/wire/virtio.h - device ids, status bits and common feature bits
 *
 * VIRTIO_*_F_* are bit numbers as in the specification; HVL_BIT64() makes a
 * mask of one. Values: virtio 1.3 §2.1, §5, §6.
 */
#ifndef HVL_WIRE_VIRTIO_H
#define HVL_WIRE_VIRTIO_H

#include <stdint.h>

#define HVL_BIT64(n) (UINT64_C(1) << (n))

/* Device ids, virtio 1.3 §5 */
#define VIRTIO_ID_NET 1
#define VIRTIO_ID_RNG 4

/* Device status, virtio 1.3 §2.1 */
#define VIRTIO_CONFIG_S_ACKNOWLEDGE 1
#define VIRTIO_CONFIG_S_DRIVER 2
#define VIRTIO_CONFIG_S_DRIVER_OK 4
#define VIRTIO_CONFIG_S_FEATURES_OK 8
#define VIRTIO_CONFIG_S_NEEDS_RESET 0x40
#define VIRTIO_CONFIG_S_FAILED 0x80

/* Features that are not a device type's, virtio 1.3 §6 and §6.3 */
#define VIRTIO_F_NOTIFY_ON_EMPTY 24
#define VIRTIO_F_ANY_LAYOUT 27
#define VIRTIO_RING_F_INDIRECT_DESC 28
#define VIRTIO_RING_F_EVENT_IDX 29
#define VIRTIO_F_VERSION_1 32
#define VIRTIO_F_ACCESS_PLATFORM 33
#define VIRTIO_F_RING_PACKED 34
#define VIRTIO_F_IN_ORDER 35
#define VIRTIO_F_ORDER_PLATFORM 36
#define VIRTIO_F_SR_IOV 37
#define VIRTIO_F_NOTIFICATION_DATA 38
#define VIRTIO_F_NOTIF_CONFIG_DATA 39
#define VIRTIO_F_RING_RESET 40

#endif /* HVL_WIRE_VIRTIO_H */
