/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/wire/feature_names.h - feature bits by their names
 *
 * The specification's names in lower case, without their prefixes. Each list
 * calls X(bit, name) for its features, in the order of the bits.
 */
#ifndef HVL_WIRE_FEATURE_NAMES_H
#define HVL_WIRE_FEATURE_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include <hvl/wire/net.h>
#include <hvl/wire/virtio.h>

/* Of rings and transports, virtio 1.3 §6 and §6.3 */
#define HVL_FEATURE_NAMES(X)                               \
	X(VIRTIO_F_NOTIFY_ON_EMPTY, "notify_on_empty")     \
	X(VIRTIO_F_ANY_LAYOUT, "any_layout")               \
	X(VIRTIO_RING_F_INDIRECT_DESC, "indirect_desc")    \
	X(VIRTIO_RING_F_EVENT_IDX, "event_idx")            \
	X(VIRTIO_F_VERSION_1, "version_1")                 \
	X(VIRTIO_F_ACCESS_PLATFORM, "access_platform")     \
	X(VIRTIO_F_RING_PACKED, "ring_packed")             \
	X(VIRTIO_F_IN_ORDER, "in_order")                   \
	X(VIRTIO_F_ORDER_PLATFORM, "order_platform")       \
	X(VIRTIO_F_NOTIFICATION_DATA, "notification_data") \
	X(VIRTIO_F_RING_RESET, "ring_reset")

/* Of network devices, virtio 1.3 §5.1.3 */
#define HVL_FEATURE_NAMES_NET(X)               \
	X(VIRTIO_NET_F_MTU, "mtu")             \
	X(VIRTIO_NET_F_MAC, "mac")             \
	X(VIRTIO_NET_F_MRG_RXBUF, "mrg_rxbuf") \
	X(VIRTIO_NET_F_STATUS, "status")

#define HVL_FEATURE_CASE_(bit, name) \
	case bit:                    \
		return name;

/** Name of a ring's or transport's feature; NULL: there is none. */
static inline const char *hvl_feature_name_any(unsigned int bit)
{
	switch (bit) {
		HVL_FEATURE_NAMES(HVL_FEATURE_CASE_)
	default:
		return NULL;
	}
}

/** Name of a network device's own feature; NULL: there is none. */
static inline const char *hvl_feature_name_net(unsigned int bit)
{
	switch (bit) {
		HVL_FEATURE_NAMES_NET(HVL_FEATURE_CASE_)
	default:
		return NULL;
	}
}

/** Name of a feature of a device of type @id; NULL: there is none. */
static inline const char *hvl_feature_name(uint32_t id, unsigned int bit)
{
	const char *name = hvl_feature_name_any(bit);

	return !name && id == VIRTIO_ID_NET ? hvl_feature_name_net(bit) : name;
}

#endif /* HVL_WIRE_FEATURE_NAMES_H */
