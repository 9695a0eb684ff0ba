/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * wire_uapi_linux.c - Linux's half of test_wire_uapi: its headers, never ours
 */
#include "wire_uapi.h"

#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>

/* Names that came later than some headers still in use */
#ifndef VIRTIO_F_IN_ORDER
#define VIRTIO_F_IN_ORDER WIRE_UAPI_MISSING
#endif
#ifndef VIRTIO_F_NOTIFICATION_DATA
#define VIRTIO_F_NOTIFICATION_DATA WIRE_UAPI_MISSING
#endif
#ifndef VIRTIO_F_NOTIF_CONFIG_DATA
#define VIRTIO_F_NOTIF_CONFIG_DATA WIRE_UAPI_MISSING
#endif
#ifndef VIRTIO_F_RING_RESET
#define VIRTIO_F_RING_RESET WIRE_UAPI_MISSING
#endif
#ifndef VIRTIO_MMIO_SHM_SEL
#define VIRTIO_MMIO_SHM_SEL WIRE_UAPI_MISSING
#define VIRTIO_MMIO_SHM_LEN_LOW WIRE_UAPI_MISSING
#define VIRTIO_MMIO_SHM_LEN_HIGH WIRE_UAPI_MISSING
#define VIRTIO_MMIO_SHM_BASE_LOW WIRE_UAPI_MISSING
#define VIRTIO_MMIO_SHM_BASE_HIGH WIRE_UAPI_MISSING
#endif

#define SAME(name) { #name, (long long)(name) },
#define PAIR(ours, theirs) { #theirs, (long long)(theirs) },

const struct wire_value wire_uapi_linux[] = { WIRE_UAPI_LIST(SAME, PAIR) };
const size_t wire_uapi_linux_count =
	sizeof(wire_uapi_linux) / sizeof(wire_uapi_linux[0]);

void wire_uapi_linux_layout(uint32_t num, uint32_t align, uint32_t *avail,
			    uint32_t *used, uint32_t *size)
{
	static char base[1]; /* only its address is used */
	struct vring vr;
	uintptr_t start = ((uintptr_t)base + align - 1) &
			  ~((uintptr_t)align - 1);

	vring_init(&vr, num, (void *)start, align);
	*avail = (uint32_t)((uintptr_t)vr.avail - start);
	*used = (uint32_t)((uintptr_t)vr.used - start);
	*size = vring_size(num, align);
}
