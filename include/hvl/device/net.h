/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/device/net.h - virtio-net device model (virtio 1.3 §5.1)
 *
 * Moves Ethernet frames between the driver's buffers and a backing, which
 * reads and writes them where they lie: the model copies nothing.
 */
#ifndef HVL_DEVICE_NET_H
#define HVL_DEVICE_NET_H

#include <stdbool.h>
#include <stdint.h>

#include <hvl/device/dev.h>
#include <hvl/wire/net.h>

/* Where the frames come from and go to. Neither function waits. */
struct hvl_dev_net_backing {
	/*
	 * Send one frame, in @n pieces of @len bytes in all. Return: 0,
	 * -EAGAIN when it cannot be taken now (the model offers it again at
	 * the next service), another negative errno: the frame is lost.
	 */
	int (*send)(void *ctx, const struct hvl_seg *seg, unsigned int n,
		    uint32_t len);
	/*
	 * Receive one frame into @n pieces with room for @room bytes in all.
	 * Return: the frame's length; -EAGAIN when there is none; -EMSGSIZE
	 * when it did not fit: it is gone, and counts as dropped; another
	 * negative errno on failure. With no piece and no room, as the model
	 * asks for it when it wants a frame to be gone, none fits.
	 */
	int (*recv)(void *ctx, const struct hvl_seg *seg, unsigned int n,
		    uint32_t room);
	void *ctx;
};

struct hvl_dev_net_stats {
	uint64_t rx_frames, rx_bytes; /* to the driver */
	uint64_t tx_frames, tx_bytes; /* from the driver */
	uint64_t rx_dropped;	      /* too large for the driver's buffer */
	uint64_t tx_dropped;	      /* refused by the backing */
	uint64_t rx_stale;	      /* older than their driver: dropped */
	uint64_t rx_unanswered;	      /* no answer in time; while pacing */
};

/* The frame that was given to the driver last, while pacing. */
struct hvl_dev_net_turn {
	bool open;	   /* the next frame waits for what it brings */
	bool answered;	   /* the driver has sent a frame since */
	uint32_t acks;	   /* of the device once its interrupt was seen */
	uint32_t unheard;  /* given, with it, since the last that was seen */
	uint64_t given_us; /* when */
	uint64_t alive_us; /* when given, or when the driver last sent one */
};

struct hvl_dev_net {
	struct hvl_dev_net_backing backing;
	uint8_t mac[6];
	uint16_t mtu; /* offered as VIRTIO_NET_F_MTU */
	bool link_up;
	bool pace;
	struct hvl_dev_net_turn turn;
	/*
	 * The largest frame that fits into every buffer that the driver has
	 * offered since its last reset; 0: it offered none yet.
	 */
	uint32_t rx_room;
	struct hvl_dev_net_stats stats;
};

#define HVL_DEV_NET_PACE_US 10000u /* the longest wait for an answer */
/*
 * A driver that has so many which it did not acknowledge is held up: it gets no
 * more for longer, lest it find them all at once.
 */
#define HVL_DEV_NET_PACE_UNHEARD 3u
#define HVL_DEV_NET_PACE_STALL_US 1000000u

extern const struct hvl_dev_model hvl_dev_net_model; /* priv: hvl_dev_net */

/**
 * hvl_dev_net_init() - model state over a backing, link up
 * @net:     caller's storage
 * @backing: copied
 * @mac:     address of the driver's end
 * @mtu:     HVL_NET_MTU_MIN to HVL_NET_MTU_MAX
 */
void hvl_dev_net_init(struct hvl_dev_net *net,
		      const struct hvl_dev_net_backing *backing,
		      const uint8_t mac[6], uint16_t mtu);

/**
 * hvl_dev_net_set_pace() - give the driver one frame at a time
 * @net:  before its driver comes; the device needs a clock (cfg.now_us)
 * @pace: off after hvl_dev_net_init()
 *
 * For drivers that do not survive a burst: a frame waits in the backing until
 * the driver has sent a frame since it got the one before, and has acknowledged
 * the interrupt of that, where it acknowledges any; or for
 * HVL_DEV_NET_PACE_US. Frames that are older than their driver are dropped.
 */
void hvl_dev_net_set_pace(struct hvl_dev_net *net, bool pace);

/**
 * hvl_dev_net_next_us() - when a frame that waits may go to the driver
 *
 * The host services the device again then, if its backing has frames. Return:
 * cfg.now_us's time, or UINT64_MAX: none waits for the clock.
 */
uint64_t hvl_dev_net_next_us(const struct hvl_dev *dev);

/** hvl_dev_net_set_link() - change the link's state and tell the driver */
void hvl_dev_net_set_link(struct hvl_dev *dev, bool up);

#endif /* HVL_DEVICE_NET_H */
