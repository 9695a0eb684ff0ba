/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * feature_names.c - feature bits by their names
 */
#include "feature_names.h"

#include <stdio.h>

#include <hvl/metal/compiler.h>
#include <hvl/wire/net.h>
#include <hvl/wire/virtio.h>

struct feature_name {
	unsigned int bit;
	const char *name;
};

static const struct feature_name features_net[] = {
	{ VIRTIO_NET_F_MTU, "MTU" },
	{ VIRTIO_NET_F_MAC, "MAC" },
	{ VIRTIO_NET_F_MRG_RXBUF, "MRG_RXBUF" },
	{ VIRTIO_NET_F_STATUS, "STATUS" },
	{ 0, NULL },
};

/* Of rings and transports, virtio 1.3 §6 */
static const struct feature_name features_any[] = {
	{ VIRTIO_F_NOTIFY_ON_EMPTY, "NOTIFY_ON_EMPTY" },
	{ VIRTIO_F_ANY_LAYOUT, "ANY_LAYOUT" },
	{ VIRTIO_RING_F_INDIRECT_DESC, "INDIRECT_DESC" },
	{ VIRTIO_RING_F_EVENT_IDX, "EVENT_IDX" },
	{ VIRTIO_F_VERSION_1, "VERSION_1" },
	{ VIRTIO_F_ACCESS_PLATFORM, "ACCESS_PLATFORM" },
	{ VIRTIO_F_RING_PACKED, "RING_PACKED" },
	{ VIRTIO_F_IN_ORDER, "IN_ORDER" },
	{ VIRTIO_F_ORDER_PLATFORM, "ORDER_PLATFORM" },
	{ VIRTIO_F_NOTIFICATION_DATA, "NOTIFICATION_DATA" },
	{ VIRTIO_F_RING_RESET, "RING_RESET" },
	{ 0, NULL },
};

static const char *feature_find(const struct feature_name *names,
				unsigned int bit)
{
	for (; names->name; names++) {
		if (names->bit == bit)
			return names->name;
	}
	return NULL;
}

void pmm_feature_names(uint32_t id, uint64_t features, char *text, size_t size)
{
	size_t at = 0;

	(void)snprintf(text, size, "none");
	for (unsigned int bit = 0; bit < 64 && at < size; bit++) {
		const char *name = feature_find(features_any, bit);
		int n;

		if (!(features >> bit & 1))
			continue;
		if (!name && id == VIRTIO_ID_NET)
			name = feature_find(features_net, bit);
		if (name)
			n = snprintf(text + at, size - at, "%s%s",
				     at ? ", " : "", name);
		else
			n = snprintf(text + at, size - at, "%sbit %u",
				     at ? ", " : "", bit);
		at += n > 0 ? (size_t)n : 0;
	}
}
