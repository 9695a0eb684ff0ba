/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A driver over a trapping device that writes each access to its registers
 * down, for the tests of what the specification asks of a driver.
 */
#ifndef CONF_DRV_H
#define CONF_DRV_H

#include "drv_mock_dev.h"

#include <hvl/driver/net.h>
#include <hvl/driver/rng.h>
#include <hvl/wire/virtio.h>

#define LOG 4096u /* also: no such access */
#define NUM 16u
#define LOADED false
#define STORED true
#define ALL_RING                                                              \
	(HVL_BIT64(VIRTIO_RING_F_INDIRECT_DESC) |                             \
	 HVL_BIT64(VIRTIO_RING_F_EVENT_IDX) | HVL_BIT64(VIRTIO_F_VERSION_1) | \
	 HVL_BIT64(VIRTIO_F_ACCESS_PLATFORM) |                                \
	 HVL_BIT64(VIRTIO_F_RING_PACKED) | HVL_BIT64(VIRTIO_F_IN_ORDER) |     \
	 HVL_BIT64(VIRTIO_F_ORDER_PLATFORM) |                                 \
	 HVL_BIT64(VIRTIO_F_NOTIFICATION_DATA) |                              \
	 HVL_BIT64(VIRTIO_F_RING_RESET))
#define NET                                                          \
	(HVL_BIT64(VIRTIO_NET_F_MAC) | HVL_BIT64(VIRTIO_NET_F_MTU) | \
	 HVL_BIT64(VIRTIO_NET_F_STATUS))

struct access {
	uint32_t reg;
	uint32_t size;
	bool store;
	uint64_t v; /* stored */
};

struct conf_drv {
	struct hvl_drv_pool pool;
	struct mock_dev mock;
	struct hvl_drv_dev dev;
	struct hvl_drv_net net;
	struct hvl_drv_rng rng;
	struct hvl_drv_vq_slot slots[2][NUM];
	struct hvl_drv_net_buf bufs[2][NUM];
	struct access log[LOG];
	uint32_t n; /* entries of it */
	bool on;    /* accesses are written down */
};

extern struct conf_drv conf;

/* Part of the shared memory, and how often it was stored to. */
extern struct conf_watch {
	const unsigned char *at;
	size_t size;
	uint32_t stores;
} conf_watch;

/* A device that works, config space and shared memory filled with something. */
void conf_init_kind(enum mock_kind kind, uint32_t id, uint64_t features);
void conf_init(uint32_t id, uint64_t features); /* traps, version 2 */

/* hvl_drv_mmio_probe(); accesses are written down from here on. */
int conf_probe(void);

/* hvl_drv_net_start(), with an address of its own and rings of NUM. */
int conf_net_start(void);

#endif /* CONF_DRV_H */
