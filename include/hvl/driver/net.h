/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/driver/net.h - virtio-net driver: Ethernet frames (virtio 1.3 §5.1)
 *
 * All frame buffers lie in the shared memory. A received frame is handed out
 * where the device wrote it, and stays the caller's until it gives the buffer
 * back; a frame to send is built by the caller in a buffer that the driver
 * lends. So the driver itself copies nothing.
 *
 * An IP header begins at a multiple of four bytes, so that stacks need no
 * unaligned access, which uncached memory may not allow.
 *
 * Ownership  Device, pool and storage are the caller's, borrowed from start
 *            to stop. Buffers: see each function.
 * Threads    One at a time; not from interrupt handlers.
 * Errors     As hvl/driver/dev.h. After -EIO, -EPROTO or -ETIMEDOUT:
 *            hvl_drv_net_stop(), then hvl_drv_net_start() again.
 */
#ifndef HVL_DRIVER_NET_H
#define HVL_DRIVER_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvl/driver/dev.h>
#include <hvl/wire/net.h>

/* One frame buffer. The first three fields are for the caller to read. */
struct hvl_drv_net_buf {
	uint8_t *data; /* the frame, from its destination address on */
	uint32_t len; /* received: bytes of the frame; to send: room there is */
	uint32_t gen; /* life of the device in which it was lent */
	size_t off;   /* driver's: piece of the pool */
	struct hvl_drv_net_buf *next; /* driver's: list of free ones */
	bool lent;		      /* driver's */
};

/* Segments of a frame at most: its header, where the device wants it apart. */
#define HVL_DRV_NET_SEGS 2u

/* A frame that waits for so many of the platform's time-outs is stuck. */
#define HVL_DRV_NET_STUCK 3u

/* Storage for a device with rings of rx and tx entries, the caller's. */
struct hvl_drv_net_config {
	uint16_t rx_num; /* ring sizes: powers of two, at least 1; made */
	uint16_t tx_num; /* smaller when device or pool have less */
	struct hvl_drv_vq_slot *rx_slots; /* rx_num of them */
	struct hvl_drv_vq_slot *tx_slots; /* tx_num of them */
	struct hvl_drv_net_buf *rx_bufs;  /* rx_num of them */
	struct hvl_drv_net_buf *tx_bufs;  /* tx_num of them */
	/*
	 * HVL_DRV_NET_SEGS for each entry of the ring, or NULL. Where the header
	 * has a descriptor of its own, as many frames as entries fit into a
	 * ring with them, and half as many without (INDIRECT_DESC).
	 */
	struct hvl_drv_vq_slot *rx_indirect;
	struct hvl_drv_vq_slot *tx_indirect;
	uint8_t mac[6]; /* used when the device offers none */
};

struct hvl_drv_net_stats {
	uint32_t rx_frames;
	uint32_t rx_errors; /* lengths that no frame can have */
	uint32_t tx_frames;
	uint32_t tx_busy; /* no free buffer when asked for one */
	uint32_t kicks;
};

struct hvl_drv_net {
	bool live;
	bool split;    /* the header has a descriptor of its own */
	bool tx_waits; /* from one hvl_drv_net_check() to the next */
	uint8_t mac[6];
	uint16_t hdr_size; /* 10 or 12 */
	uint16_t mtu;	   /* bytes of payload after the Ethernet header */
	uint16_t nbufs_rx; /* buffers in use */
	uint16_t nbufs_tx;
	int error;	   /* of the config space, for hvl_drv_net_check() */
	uint32_t gen;	   /* counts starts; never 0 while live */
	uint32_t buf_size; /* bytes of a buffer, header included */
	struct hvl_drv_dev *dev;
	struct hvl_drv_pool *pool;
	struct hvl_drv_net_buf *tx_free;
	struct hvl_drv_net_config cfg;
	struct hvl_drv_vq rx;
	struct hvl_drv_vq tx;
	struct hvl_drv_net_stats stats;
	uint64_t tx_since_us; /* nothing was sent since, though it waits */
};

/**
 * hvl_drv_net_start() - reset and set up the device, post receive buffers
 * @net:  caller's storage, zeroed before its first use
 * @dev:  a probed device with id VIRTIO_ID_NET
 * @pool: for rings and buffers
 * @cfg:  copied; the storage it points to is borrowed
 *
 * On return net->mac, net->mtu and the link's state are known.
 *
 * Return: 0, -ENODEV for another device, -EINVAL for bad ring sizes, -ENOMEM
 * when the pool has no room for even one buffer each way, -ENOTSUP when the
 * device's rings are too small, or as hvl/driver/dev.h. After an error nothing
 * of the pool is in use, unless the device does not confirm that it was reset:
 * see hvl_drv_net_stop().
 */
int hvl_drv_net_start(struct hvl_drv_net *net, struct hvl_drv_dev *dev,
		      struct hvl_drv_pool *pool,
		      const struct hvl_drv_net_config *cfg);

/**
 * hvl_drv_net_stop() - reset the device, take all buffers back
 *
 * Buffers that the caller still holds become invalid: giving them back later
 * is allowed and does nothing, reading them is harmless, and their contents
 * mean nothing any more.
 *
 * Return: 0, or -ETIMEDOUT when the device does not confirm the reset. It may
 * then still write to rings and buffers: they stay taken from the pool, for
 * nobody else to get them, until a later stop or start is confirmed.
 */
int hvl_drv_net_stop(struct hvl_drv_net *net);

/**
 * hvl_drv_net_rx() - take a received frame
 * @net: started
 * @buf: filled in when 1 is returned: data and len, the caller's until
 *       hvl_drv_net_rx_done(). The device does not write it meanwhile, as far
 *       as it keeps to the protocol.
 * Return: 1, 0 for none, -EPROTO.
 */
int hvl_drv_net_rx(struct hvl_drv_net *net, struct hvl_drv_net_buf **buf);

/**
 * hvl_drv_net_rx_done() - give a received frame's buffer back to the device
 * @net: the device it came from
 * @buf: from hvl_drv_net_rx(), in any order
 * @gen: buf->gen as it was then: a buffer of an earlier life is ignored
 */
void hvl_drv_net_rx_done(struct hvl_drv_net *net, struct hvl_drv_net_buf *buf,
			 uint32_t gen);

/**
 * hvl_drv_net_tx_get() - borrow a buffer for a frame to send
 * @net: started
 * @buf: filled in when 1 is returned: write the frame to data, at most len
 * Return: 1, 0 when all are out, -EPROTO.
 */
int hvl_drv_net_tx_get(struct hvl_drv_net *net, struct hvl_drv_net_buf **buf);

/**
 * hvl_drv_net_tx_put() - send the frame in a borrowed buffer
 * @net: started
 * @buf: from hvl_drv_net_tx_get(); the driver's again
 * @len: bytes of the frame; 0: changed my mind, nothing is sent
 * Return: 0, -EINVAL for a frame that is shorter than an Ethernet header or
 * longer than the buffer, or a buffer that is not lent (any more), -EPROTO.
 * The device learns of it at the next kick.
 */
int hvl_drv_net_tx_put(struct hvl_drv_net *net, struct hvl_drv_net_buf *buf,
		       uint32_t len);

/**
 * hvl_drv_net_queue_reset() - start one queue anew while the other runs
 * @net:   up, with RING_RESET negotiated
 * @queue: HVL_NET_QUEUE_RX or HVL_NET_QUEUE_TX
 * Return: 0: what was in flight is dropped, buffers that are lent stay so;
 * -ENOTSUP: not negotiated, nothing changed; after another negative errno the
 * device needs a stop and a start.
 */
int hvl_drv_net_queue_reset(struct hvl_drv_net *net, uint16_t queue);

/** hvl_drv_net_kick() - notify the device of frames and buffers, if it wants */
void hvl_drv_net_kick(struct hvl_drv_net *net);

/** hvl_drv_net_irq_off() - polling mode: the device stays silent */
void hvl_drv_net_irq_off(struct hvl_drv_net *net);

/**
 * hvl_drv_net_irq_on() - interrupt mode, for received frames
 * Return: true if something came in meanwhile: poll once more before waiting.
 */
bool hvl_drv_net_irq_on(struct hvl_drv_net *net);

/**
 * hvl_drv_net_check() - whether the device still works; call it now and then
 * @net: started
 * Return: 0; as hvl_drv_dev_health(); -EPROTO; -ETIMEDOUT when frames wait to
 * be sent and none was for HVL_DRV_NET_STUCK time-outs of the platform. (That
 * nothing is received proves nothing.)
 */
int hvl_drv_net_check(struct hvl_drv_net *net);

/**
 * hvl_drv_net_link() - whether the link is up, from the config space (§5.1.4)
 *
 * What cannot be read counts as down, and hvl_drv_net_check() says so.
 */
bool hvl_drv_net_link(struct hvl_drv_net *net);

#endif /* HVL_DRIVER_NET_H */
