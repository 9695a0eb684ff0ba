/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/wire/net.h - virtio-net: features, config space, frame header
 *
 * virtio 1.3 §5.1.
 */
#ifndef HVL_WIRE_NET_H
#define HVL_WIRE_NET_H

#include <stddef.h>
#include <stdint.h>

#include <hvl/wire/endian.h>

#define VIRTIO_NET_F_MTU 3
#define VIRTIO_NET_F_MAC 5
#define VIRTIO_NET_F_MRG_RXBUF 15
#define VIRTIO_NET_F_STATUS 16

#define VIRTIO_NET_S_LINK_UP 1

#define HVL_NET_QUEUE_RX 0u /* receiveq1, virtio 1.3 §5.1.2 */
#define HVL_NET_QUEUE_TX 1u /* transmitq1 */

#define HVL_NET_MTU_MIN 68u /* virtio 1.3 §5.1.4.1 */
#define HVL_NET_MTU_MAX 65535u
#define HVL_NET_MTU_DEFAULT 1500u
#define HVL_NET_ETH_HEADER 14u

struct hvl_net_config {
	uint8_t mac[6];
	hvl_le16 status;
	hvl_le16 max_virtqueue_pairs;
	hvl_le16 mtu;
};

/*
 * Before each frame. num_buffers is there only with VERSION_1 or MRG_RXBUF:
 * the legacy header ends before it (virtio 1.3 §5.1.6.1).
 */
struct hvl_net_hdr {
	uint8_t flags;
	uint8_t gso_type;
	hvl_le16 hdr_len;
	hvl_le16 gso_size;
	hvl_le16 csum_start;
	hvl_le16 csum_offset;
	hvl_le16 num_buffers;
};

#define HVL_NET_HDR_SIZE 12u
#define HVL_NET_HDR_SIZE_LEGACY 10u

_Static_assert(sizeof(struct hvl_net_config) == 12, "net_config");
_Static_assert(offsetof(struct hvl_net_config, mac) == 0, "mac");
_Static_assert(offsetof(struct hvl_net_config, status) == 6, "status");
_Static_assert(offsetof(struct hvl_net_config, max_virtqueue_pairs) == 8,
	       "max_virtqueue_pairs");
_Static_assert(offsetof(struct hvl_net_config, mtu) == 10, "mtu");
_Static_assert(sizeof(struct hvl_net_hdr) == HVL_NET_HDR_SIZE, "net_hdr");
_Static_assert(offsetof(struct hvl_net_hdr, flags) == 0, "flags");
_Static_assert(offsetof(struct hvl_net_hdr, gso_type) == 1, "gso_type");
_Static_assert(offsetof(struct hvl_net_hdr, hdr_len) == 2, "hdr_len");
_Static_assert(offsetof(struct hvl_net_hdr, gso_size) == 4, "gso_size");
_Static_assert(offsetof(struct hvl_net_hdr, csum_start) == 6, "csum_start");
_Static_assert(offsetof(struct hvl_net_hdr, csum_offset) == 8, "csum_offset");
_Static_assert(offsetof(struct hvl_net_hdr, num_buffers) ==
		       HVL_NET_HDR_SIZE_LEGACY,
	       "num_buffers");

#endif /* HVL_WIRE_NET_H */
