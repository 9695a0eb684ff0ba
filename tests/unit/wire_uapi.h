/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * wire_uapi.h - what test_wire_uapi compares with Linux's uapi headers
 *
 * Both sides use the specification's names for many constants, so no file can
 * include both: one file expands these lists with our headers, another with
 * Linux's, and the test compares the two tables.
 */
#ifndef WIRE_UAPI_H
#define WIRE_UAPI_H

#include <stddef.h>
#include <stdint.h>

#define WIRE_UAPI_MISSING (-1LL) /* not in the installed headers */

struct wire_value {
	const char *name;
	long long value;
};

/* SAME(name): both call it so. PAIR(ours, theirs): expressions. */
#define WIRE_UAPI_LIST(SAME, PAIR)                                          \
	SAME(VIRTIO_ID_NET)                                                 \
	SAME(VIRTIO_ID_RNG)                                                 \
	SAME(VIRTIO_CONFIG_S_ACKNOWLEDGE)                                   \
	SAME(VIRTIO_CONFIG_S_DRIVER)                                        \
	SAME(VIRTIO_CONFIG_S_DRIVER_OK)                                     \
	SAME(VIRTIO_CONFIG_S_FEATURES_OK)                                   \
	SAME(VIRTIO_CONFIG_S_NEEDS_RESET)                                   \
	SAME(VIRTIO_CONFIG_S_FAILED)                                        \
	SAME(VIRTIO_F_NOTIFY_ON_EMPTY)                                      \
	SAME(VIRTIO_F_ANY_LAYOUT)                                           \
	SAME(VIRTIO_RING_F_INDIRECT_DESC)                                   \
	SAME(VIRTIO_RING_F_EVENT_IDX)                                       \
	SAME(VIRTIO_F_VERSION_1)                                            \
	SAME(VIRTIO_F_ACCESS_PLATFORM)                                      \
	SAME(VIRTIO_F_RING_PACKED)                                          \
	SAME(VIRTIO_F_IN_ORDER)                                             \
	SAME(VIRTIO_F_ORDER_PLATFORM)                                       \
	SAME(VIRTIO_F_SR_IOV)                                               \
	SAME(VIRTIO_F_NOTIFICATION_DATA)                                    \
	SAME(VIRTIO_F_NOTIF_CONFIG_DATA)                                    \
	SAME(VIRTIO_F_RING_RESET)                                           \
	SAME(VRING_DESC_F_NEXT)                                             \
	SAME(VRING_DESC_F_WRITE)                                            \
	SAME(VRING_DESC_F_INDIRECT)                                         \
	SAME(VRING_AVAIL_F_NO_INTERRUPT)                                    \
	SAME(VRING_USED_F_NO_NOTIFY)                                        \
	SAME(VIRTIO_NET_F_MTU)                                              \
	SAME(VIRTIO_NET_F_MAC)                                              \
	SAME(VIRTIO_NET_F_MRG_RXBUF)                                        \
	SAME(VIRTIO_NET_F_STATUS)                                           \
	SAME(VIRTIO_NET_S_LINK_UP)                                          \
	PAIR(HVL_VRING_DESC_ALIGN, VRING_DESC_ALIGN_SIZE)                   \
	PAIR(HVL_VRING_AVAIL_ALIGN, VRING_AVAIL_ALIGN_SIZE)                 \
	PAIR(HVL_VRING_USED_ALIGN, VRING_USED_ALIGN_SIZE)                   \
	PAIR(sizeof(struct hvl_vring_desc), sizeof(struct vring_desc))      \
	PAIR(offsetof(struct hvl_vring_desc, addr),                         \
	     offsetof(struct vring_desc, addr))                             \
	PAIR(offsetof(struct hvl_vring_desc, len),                          \
	     offsetof(struct vring_desc, len))                              \
	PAIR(offsetof(struct hvl_vring_desc, flags),                        \
	     offsetof(struct vring_desc, flags))                            \
	PAIR(offsetof(struct hvl_vring_desc, next),                         \
	     offsetof(struct vring_desc, next))                             \
	PAIR(sizeof(struct hvl_vring_avail), sizeof(struct vring_avail))    \
	PAIR(offsetof(struct hvl_vring_avail, flags),                       \
	     offsetof(struct vring_avail, flags))                           \
	PAIR(offsetof(struct hvl_vring_avail, idx),                         \
	     offsetof(struct vring_avail, idx))                             \
	PAIR(offsetof(struct hvl_vring_avail, ring),                        \
	     offsetof(struct vring_avail, ring))                            \
	PAIR(sizeof(struct hvl_vring_used_elem),                            \
	     sizeof(struct vring_used_elem))                                \
	PAIR(offsetof(struct hvl_vring_used_elem, id),                      \
	     offsetof(struct vring_used_elem, id))                          \
	PAIR(offsetof(struct hvl_vring_used_elem, len),                     \
	     offsetof(struct vring_used_elem, len))                         \
	PAIR(sizeof(struct hvl_vring_used), sizeof(struct vring_used))      \
	PAIR(offsetof(struct hvl_vring_used, flags),                        \
	     offsetof(struct vring_used, flags))                            \
	PAIR(offsetof(struct hvl_vring_used, idx),                          \
	     offsetof(struct vring_used, idx))                              \
	PAIR(offsetof(struct hvl_vring_used, ring),                         \
	     offsetof(struct vring_used, ring))                             \
	PAIR(offsetof(struct hvl_net_config, mac),                          \
	     offsetof(struct virtio_net_config, mac))                       \
	PAIR(offsetof(struct hvl_net_config, status),                       \
	     offsetof(struct virtio_net_config, status))                    \
	PAIR(offsetof(struct hvl_net_config, max_virtqueue_pairs),          \
	     offsetof(struct virtio_net_config, max_virtqueue_pairs))       \
	PAIR(offsetof(struct hvl_net_config, mtu),                          \
	     offsetof(struct virtio_net_config, mtu))                       \
	PAIR(HVL_NET_HDR_SIZE, sizeof(struct virtio_net_hdr_v1))            \
	PAIR(HVL_NET_HDR_SIZE_LEGACY, sizeof(struct virtio_net_hdr))        \
	PAIR(sizeof(struct hvl_net_hdr), sizeof(struct virtio_net_hdr_v1))  \
	PAIR(offsetof(struct hvl_net_hdr, flags),                           \
	     offsetof(struct virtio_net_hdr_v1, flags))                     \
	PAIR(offsetof(struct hvl_net_hdr, gso_type),                        \
	     offsetof(struct virtio_net_hdr_v1, gso_type))                  \
	PAIR(offsetof(struct hvl_net_hdr, hdr_len),                         \
	     offsetof(struct virtio_net_hdr_v1, hdr_len))                   \
	PAIR(offsetof(struct hvl_net_hdr, gso_size),                        \
	     offsetof(struct virtio_net_hdr_v1, gso_size))                  \
	PAIR(offsetof(struct hvl_net_hdr, csum_start),                      \
	     offsetof(struct virtio_net_hdr_v1, csum_start))                \
	PAIR(offsetof(struct hvl_net_hdr, csum_offset),                     \
	     offsetof(struct virtio_net_hdr_v1, csum_offset))               \
	PAIR(offsetof(struct hvl_net_hdr, num_buffers),                     \
	     offsetof(struct virtio_net_hdr_v1, num_buffers))               \
	PAIR(HVL_MMIO_REG_MAGIC, VIRTIO_MMIO_MAGIC_VALUE)                   \
	PAIR(HVL_MMIO_REG_VERSION, VIRTIO_MMIO_VERSION)                     \
	PAIR(HVL_MMIO_REG_DEVICE_ID, VIRTIO_MMIO_DEVICE_ID)                 \
	PAIR(HVL_MMIO_REG_VENDOR_ID, VIRTIO_MMIO_VENDOR_ID)                 \
	PAIR(HVL_MMIO_REG_DEVICE_FEATURES, VIRTIO_MMIO_DEVICE_FEATURES)     \
	PAIR(HVL_MMIO_REG_DEVICE_FEATURES_SEL,                              \
	     VIRTIO_MMIO_DEVICE_FEATURES_SEL)                               \
	PAIR(HVL_MMIO_REG_DRIVER_FEATURES, VIRTIO_MMIO_DRIVER_FEATURES)     \
	PAIR(HVL_MMIO_REG_DRIVER_FEATURES_SEL,                              \
	     VIRTIO_MMIO_DRIVER_FEATURES_SEL)                               \
	PAIR(HVL_MMIO_REG_GUEST_PAGE_SIZE, VIRTIO_MMIO_GUEST_PAGE_SIZE)     \
	PAIR(HVL_MMIO_REG_QUEUE_SEL, VIRTIO_MMIO_QUEUE_SEL)                 \
	PAIR(HVL_MMIO_REG_QUEUE_NUM_MAX, VIRTIO_MMIO_QUEUE_NUM_MAX)         \
	PAIR(HVL_MMIO_REG_QUEUE_NUM, VIRTIO_MMIO_QUEUE_NUM)                 \
	PAIR(HVL_MMIO_REG_QUEUE_ALIGN, VIRTIO_MMIO_QUEUE_ALIGN)             \
	PAIR(HVL_MMIO_REG_QUEUE_PFN, VIRTIO_MMIO_QUEUE_PFN)                 \
	PAIR(HVL_MMIO_REG_QUEUE_READY, VIRTIO_MMIO_QUEUE_READY)             \
	PAIR(HVL_MMIO_REG_QUEUE_NOTIFY, VIRTIO_MMIO_QUEUE_NOTIFY)           \
	PAIR(HVL_MMIO_REG_INTERRUPT_STATUS, VIRTIO_MMIO_INTERRUPT_STATUS)   \
	PAIR(HVL_MMIO_REG_INTERRUPT_ACK, VIRTIO_MMIO_INTERRUPT_ACK)         \
	PAIR(HVL_MMIO_REG_STATUS, VIRTIO_MMIO_STATUS)                       \
	PAIR(HVL_MMIO_REG_QUEUE_DESC_LOW, VIRTIO_MMIO_QUEUE_DESC_LOW)       \
	PAIR(HVL_MMIO_REG_QUEUE_DESC_HIGH, VIRTIO_MMIO_QUEUE_DESC_HIGH)     \
	PAIR(HVL_MMIO_REG_QUEUE_DRIVER_LOW, VIRTIO_MMIO_QUEUE_AVAIL_LOW)    \
	PAIR(HVL_MMIO_REG_QUEUE_DRIVER_HIGH, VIRTIO_MMIO_QUEUE_AVAIL_HIGH)  \
	PAIR(HVL_MMIO_REG_QUEUE_DEVICE_LOW, VIRTIO_MMIO_QUEUE_USED_LOW)     \
	PAIR(HVL_MMIO_REG_QUEUE_DEVICE_HIGH, VIRTIO_MMIO_QUEUE_USED_HIGH)   \
	PAIR(HVL_MMIO_REG_SHM_SEL, VIRTIO_MMIO_SHM_SEL)                     \
	PAIR(HVL_MMIO_REG_SHM_LEN_LOW, VIRTIO_MMIO_SHM_LEN_LOW)             \
	PAIR(HVL_MMIO_REG_SHM_LEN_HIGH, VIRTIO_MMIO_SHM_LEN_HIGH)           \
	PAIR(HVL_MMIO_REG_SHM_BASE_LOW, VIRTIO_MMIO_SHM_BASE_LOW)           \
	PAIR(HVL_MMIO_REG_SHM_BASE_HIGH, VIRTIO_MMIO_SHM_BASE_HIGH)         \
	PAIR(HVL_MMIO_REG_CONFIG_GENERATION, VIRTIO_MMIO_CONFIG_GENERATION) \
	PAIR(HVL_MMIO_REG_CONFIG, VIRTIO_MMIO_CONFIG)                       \
	PAIR(HVL_MMIO_INT_VRING, VIRTIO_MMIO_INT_VRING)                     \
	PAIR(HVL_MMIO_INT_CONFIG, VIRTIO_MMIO_INT_CONFIG)

/* wire_uapi_linux.c */
extern const struct wire_value wire_uapi_linux[];
extern const size_t wire_uapi_linux_count;
void wire_uapi_linux_layout(uint32_t num, uint32_t align, uint32_t *avail,
			    uint32_t *used, uint32_t *size);

#endif /* WIRE_UAPI_H */
