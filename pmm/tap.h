/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/tap.h - backing of a net device: a Linux tap interface
 *
 * Frames go straight between the tap and the driver's buffers. Whether the tap
 * has frames is remembered from the event, so that a pass over the devices
 * costs no system call where nothing came; and as the event is an edge, frames
 * that wait for the driver's buffers cost nothing either.
 *
 * Ownership  The caller's storage; the event loop's watch is inside.
 * Threads    The event loop's.
 */
#ifndef PMM_TAP_H
#define PMM_TAP_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include <hvl/device/net.h>

#include "error.h"
#include "loop.h"

#define PMM_TAP_MTU_MIN HVL_NET_MTU_MIN
#define PMM_TAP_MTU_MAX 65521u /* a frame of 65535 bytes */

struct pmm_tap_config {
	const char *name;   /* of the device, for messages: "net0"; borrowed */
	const char *ifname; /* NULL or "": the next free hvlN */
	uint16_t mtu;	    /* 0: the tap's own */
};

struct pmm_tap {
	const char *name;
	char ifname[IFNAMSIZ];
	int fd;
	uint16_t mtu;	  /* as the user wants it, or as it was found */
	uint16_t mtu_now; /* the interface's; smaller while limited */
	uint32_t dropped; /* of the interface, before we had it */
	bool created;	  /* by us: it goes when we close it */
	bool readable;	  /* frames may be waiting */
	bool burst;	  /* more than one came the last time */
	bool held;	  /* the first one went to the driver alone */
	bool tell;	  /* and nobody was told yet */
	unsigned int run; /* frames since there were none */
	bool gone;	  /* the interface was deleted under us */
	struct pmm_watch watch;
	struct iovec iov[HVL_DEV_SEGS_MAX + 1];
};

/** pmm_tap_check() - can taps be had? Return: 0, or -errno and the cure. */
int pmm_tap_check(struct pmm_error *err);

/**
 * pmm_tap_open() - open an existing tap or create one
 * @tap: caller's storage
 * @cfg: what to open
 * @err: filled in on failure
 * Return: 0 or negative errno. The interface is up, if we may do that.
 */
int pmm_tap_open(struct pmm_tap *tap, const struct pmm_tap_config *cfg,
		 struct pmm_error *err);

/**
 * pmm_mac_default() - a locally administered address for a device
 * @ifname: of its tap
 * @mac:    filled in: the same each time on this machine for this tap
 */
void pmm_mac_default(const char *ifname, uint8_t mac[6]);

/**
 * pmm_tap_backing() - the net model's view of it
 *
 * send and recv answer -ENODEV once the interface was deleted.
 */
struct hvl_dev_net_backing pmm_tap_backing(struct pmm_tap *tap);

/** pmm_tap_ready() - an event came: frames may wait, or may be sent again */
static inline void pmm_tap_ready(struct pmm_tap *tap)
{
	tap->readable = true;
}

/**
 * pmm_tap_held() - did recv stop after one frame that came alone?
 *
 * Return: true once: ring for that frame, then look for more.
 */
bool pmm_tap_held(struct pmm_tap *tap);

/**
 * pmm_tap_limit_mtu() - let the interface send no more than the driver takes
 * @tap: open
 * @mtu: of the driver's buffers; the user's is not exceeded
 * Return: 1 when that changed the interface, 0 when not, negative errno.
 *
 * Close undoes it, where the interface stays.
 */
int pmm_tap_limit_mtu(struct pmm_tap *tap, uint32_t mtu);

/**
 * pmm_tap_dropped() - frames for the driver that the kernel did not queue
 *
 * The queue is the interface's own, of txqueuelen frames. Return: those since
 * open; 0 if nobody can tell.
 */
uint64_t pmm_tap_dropped(const struct pmm_tap *tap);

/** pmm_tap_close() - not watched any more; nothing is done on a closed one */
void pmm_tap_close(struct pmm_tap *tap);

#endif /* PMM_TAP_H */
