/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/device.h - a device of a remote: model, backing and registers together
 *
 * Ownership  What a config points at is borrowed until close.
 * Threads    The event loop's.
 */
#ifndef PMM_DEVICE_H
#define PMM_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include <hvl/device/dev.h>
#include <hvl/device/net.h>
#include <hvl/device/rng.h>

#include "entropy.h"
#include "error.h"
#include "feature_set.h"
#include "layout.h"
#include "loop.h"
#include "tap.h"

struct pmm_device_config {
	char name[12];	    /* "net0" */
	uint32_t id;	    /* VIRTIO_ID_NET or VIRTIO_ID_RNG */
	const char *source; /* rng: NULL: the kernel's */
	const char *ifname; /* net: NULL: the next free hvlN */
	uint8_t mac[6];	    /* net: zero: one of its own */
	uint16_t mtu;	    /* net: 0: the tap's */
	/*
	 * net: for drivers that do not negotiate an MTU: the tap's follows the
	 * size of their receive buffers.
	 */
	bool fit_mtu;
	bool pace; /* net: hvl_dev_net_set_pace() */
};

struct pmm_device {
	struct pmm_device_config cfg;
	bool open;
	struct hvl_io regs;
	struct hvl_dev dev;
	union {
		struct {
			struct hvl_dev_net model;
			struct pmm_tap tap;
			bool link_down; /* the tap is gone, the driver knows */
			struct pmm_timer pace; /* a frame's wait ends */
			uint32_t fitted;       /* rx_room that the MTU is for */
			uint64_t fitted_us;
			bool unfit; /* and that the MTU is not ours was said */
		} net;
		struct {
			struct hvl_dev_rng model;
			struct pmm_entropy entropy;
		} rng;
	} u;
	uint64_t queues_spun; /* of dev.stats.queues: without a wake-up */
	struct pmm_loop *loop;
	/* Somebody should look at the devices. */
	void (*wake)(void *ctx);
	void *wake_ctx;
	const struct hvl_log *log;
};

/* What a device gets from its remote. */
struct pmm_device_place {
	const struct hvl_io *shm;
	const struct pmm_layout_device *at;
	bool v1;
	bool no_suppress;
	const struct pmm_features_choice *features; /* or NULL */
	struct hvl_seg *segs;
	const struct hvl_dev_journal *journal; /* or NULL */
	const struct hvl_log *log;
	void (*wake)(void *ctx);
	void *wake_ctx;
};

/**
 * pmm_device_open() - open the backing
 * @device: caller's storage, zeroed
 * @cfg:    copied
 * @log:    or NULL
 * @err:    filled in on failure
 * Return: 0 or negative errno.
 */
int pmm_device_open(struct pmm_device *device,
		    const struct pmm_device_config *cfg,
		    const struct hvl_log *log, struct pmm_error *err);

/** pmm_device_init() - make the virtio device, and watch the backing */
int pmm_device_init(struct pmm_device *device, struct pmm_loop *loop,
		    const struct pmm_device_place *place,
		    struct pmm_error *err);

/** pmm_device_mtu() - of an open net device; 0 of others */
uint16_t pmm_device_mtu(const struct pmm_device *device);

/** pmm_device_say_ready() - one line: "net0: <what>, features 0x20 (mac)" */
void pmm_device_say_ready(const struct pmm_device *device, const char *what);

/** pmm_device_service() - hvl_dev_service(), and what the backing needs */
unsigned int pmm_device_service(struct pmm_device *device, unsigned int budget);

/** pmm_device_close() - nothing is done on one that is not open */
void pmm_device_close(struct pmm_device *device, struct pmm_loop *loop);

#endif /* PMM_DEVICE_H */
