/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio-net driver (virtio 1.3 §5.1): one pair of queues, no offloads.
 *
 * A buffer is one piece of the pool: header and frame, one behind the other.
 * All buffers are made at start and go round between the device, a list of
 * free ones and the caller; each carries its own address, so nothing is
 * searched for.
 */
#include <hvl/driver/net.h>

#include <string.h>

#include <hvl/metal/errno.h>

#include "dev_priv.h"

#define NET_FEATURES                                                 \
	(HVL_BIT64(VIRTIO_NET_F_MAC) | HVL_BIT64(VIRTIO_NET_F_MTU) | \
	 HVL_BIT64(VIRTIO_NET_F_STATUS) | HVL_BIT64(VIRTIO_F_ANY_LAYOUT))

/* Where the header starts in a piece: the IP header is then aligned to 4. */
static uint32_t net_hdr_off(const struct hvl_drv_net *net)
{
	return (0u - net->hdr_size - HVL_NET_ETH_HEADER) & 3u;
}

static uint32_t net_frame_off(const struct hvl_drv_net *net)
{
	return net_hdr_off(net) + net->hdr_size;
}

/* Offer a buffer with @len bytes of frame: to receive into, or to send. */
static int net_add(struct hvl_drv_net *net, struct hvl_drv_vq *vq,
		   struct hvl_drv_net_buf *buf, uint32_t len)
{
	struct hvl_drv_seg segs[HVL_DRV_NET_SEGS];
	uint16_t n = 1;

	segs[0].va = buf->data - net->hdr_size;
	segs[0].len = net->hdr_size;
	if (net->split) {
		/* §2.7.4.3: legacy devices may want the header apart. */
		segs[1].va = buf->data;
		segs[1].len = len;
		n = 2;
	} else {
		segs[0].len += len;
	}
	if (vq == &net->rx)
		return hvl_drv_vq_add(vq, segs, 0, n, buf);
	return hvl_drv_vq_add(vq, segs, n, 0, buf);
}

static uint32_t net_rx_room(const struct hvl_drv_net *net)
{
	return net->buf_size - net_frame_off(net);
}

static int net_post(struct hvl_drv_net *net, struct hvl_drv_net_buf *buf)
{
	buf->lent = false;
	return net_add(net, &net->rx, buf, net_rx_room(net));
}

static void net_put_free(struct hvl_drv_net *net, struct hvl_drv_net_buf *buf)
{
	buf->lent = false;
	buf->next = net->tx_free;
	net->tx_free = buf;
}

static void net_lend(struct hvl_drv_net *net, struct hvl_drv_net_buf *buf,
		     uint32_t len)
{
	buf->len = len;
	buf->gen = net->gen;
	buf->lent = true;
}

static void net_free_bufs(struct hvl_drv_net *net, struct hvl_drv_net_buf *bufs,
			  uint16_t count)
{
	while (count-- > 0) {
		bufs[count].lent = false;
		hvl_drv_pool_free(net->pool, bufs[count].off, net->buf_size);
	}
}

/* Buffers with a zeroed header, as a frame without offloads has it. */
static int net_alloc_bufs(struct hvl_drv_net *net, struct hvl_drv_net_buf *bufs,
			  uint16_t count)
{
	const struct hvl_io *io = &net->pool->io;
	uint16_t i;
	int err;

	for (i = 0; i < count; i++) {
		size_t off;

		err = hvl_drv_pool_alloc(net->pool, net->buf_size, 0, &off);
		if (err) {
			net_free_bufs(net, bufs, i);
			return err;
		}
		memset(&bufs[i], 0, sizeof(bufs[i]));
		bufs[i].off = off;
		bufs[i].data = hvl_io_va(io, off + net_frame_off(net));
		hvl_io_fill(io, off, 0, net_frame_off(net));
	}
	return 0;
}

/* One direction: its ring, and a buffer for each frame that fits into it. */
static int net_alloc_side(struct hvl_drv_net *net, struct hvl_drv_vq *vq,
			  uint16_t num, uint16_t *nbufs)
{
	bool rx = vq == &net->rx;
	struct hvl_drv_vq_config cfg;
	int err;

	hvl_drv_dev_vq_config_(net->dev, &cfg);
	cfg.num = num;
	cfg.pool = net->pool;
	cfg.slots = rx ? net->cfg.rx_slots : net->cfg.tx_slots;
	/* Our buffers are whole pieces of the pool. */
	cfg.own_lines = true;
	cfg.indirect = rx ? net->cfg.rx_indirect : net->cfg.tx_indirect;
	if (net->split && cfg.indirect &&
	    hvl_drv_dev_has(net->dev, VIRTIO_RING_F_INDIRECT_DESC))
		cfg.nindirect = HVL_DRV_NET_SEGS;
	err = hvl_drv_vq_init(vq, &cfg);
	if (err)
		return err;
	*nbufs = net->split && cfg.nindirect == 0 ? num / 2 : num;
	err = net_alloc_bufs(net, rx ? net->cfg.rx_bufs : net->cfg.tx_bufs,
			     *nbufs);
	if (err) {
		*nbufs = 0;
		hvl_drv_vq_fini(vq);
	}
	return err;
}

static void net_free_all(struct hvl_drv_net *net)
{
	hvl_drv_vq_fini(&net->rx);
	hvl_drv_vq_fini(&net->tx);
	net_free_bufs(net, net->cfg.rx_bufs, net->nbufs_rx);
	net_free_bufs(net, net->cfg.tx_bufs, net->nbufs_tx);
	net->nbufs_rx = 0;
	net->nbufs_tx = 0;
	net->tx_free = NULL;
}

/* Both directions, the larger one halved as long as the pool is too small. */
static int net_alloc_all(struct hvl_drv_net *net, uint16_t rx, uint16_t tx)
{
	uint16_t least = net->split ? 2 : 1;
	int err;

	while (rx >= least && tx >= least) {
		err = net_alloc_side(net, &net->rx, rx, &net->nbufs_rx);
		if (!err)
			err = net_alloc_side(net, &net->tx, tx, &net->nbufs_tx);
		if (!err)
			return 0;
		net_free_all(net);
		if (err != -ENOMEM)
			return err;
		if (rx >= tx)
			rx /= 2;
		else
			tx /= 2;
	}
	return -ENOMEM;
}

static int net_read_config(struct hvl_drv_net *net)
{
	hvl_le16 mtu;
	int err = 0;

	memcpy(net->mac, net->cfg.mac, sizeof(net->mac));
	if (hvl_drv_dev_has(net->dev, VIRTIO_NET_F_MAC))
		err = hvl_drv_dev_config_read(
			net->dev, offsetof(struct hvl_net_config, mac),
			net->mac, sizeof(net->mac));
	net->mtu = HVL_NET_MTU_DEFAULT;
	if (err || !hvl_drv_dev_has(net->dev, VIRTIO_NET_F_MTU))
		return err;
	err = hvl_drv_dev_config_read(net->dev,
				      offsetof(struct hvl_net_config, mtu),
				      &mtu, sizeof(mtu));
	if (!err && hvl_le16_get(mtu) >= HVL_NET_MTU_MIN)
		net->mtu = hvl_le16_get(mtu);
	return err;
}

/* What the negotiated features say of header and buffers. */
static void net_choose_format(struct hvl_drv_net *net)
{
	bool modern = hvl_drv_dev_has(net->dev, VIRTIO_F_VERSION_1);
	uint32_t payload = net->mtu;

	net->hdr_size = modern ? HVL_NET_HDR_SIZE : HVL_NET_HDR_SIZE_LEGACY;
	net->split = !modern && !hvl_drv_dev_has(net->dev, VIRTIO_F_ANY_LAYOUT);
	/* §5.1.6.3.1: room for a full-sized frame in any case. */
	if (payload < HVL_NET_MTU_DEFAULT)
		payload = HVL_NET_MTU_DEFAULT;
	net->buf_size = net_frame_off(net) + HVL_NET_ETH_HEADER + payload;
}

static int net_setup_queues(struct hvl_drv_net *net)
{
	uint16_t rx = net->cfg.rx_num, tx = net->cfg.tx_num, i;
	int err = hvl_drv_dev_queue_num_(net->dev, HVL_NET_QUEUE_RX, &rx);

	if (!err)
		err = hvl_drv_dev_queue_num_(net->dev, HVL_NET_QUEUE_TX, &tx);
	if (err)
		return err;
	if (net->split && (rx < 2 || tx < 2))
		return -ENOTSUP;
	err = net_alloc_all(net, rx, tx);
	if (err)
		return err;
	err = hvl_drv_dev_queue_setup(net->dev, HVL_NET_QUEUE_RX, &net->rx);
	if (!err)
		err = hvl_drv_dev_queue_setup(net->dev, HVL_NET_QUEUE_TX,
					      &net->tx);
	/*
	 * Sent frames are collected when a buffer is wanted, not before. Now,
	 * as a version 1 device clears the ring when it takes it.
	 */
	hvl_drv_vq_irq_off(&net->tx);
	for (i = 0; i < net->nbufs_rx && !err; i++)
		err = net_post(net, &net->cfg.rx_bufs[i]);
	for (i = net->nbufs_tx; i-- > 0;)
		net_put_free(net, &net->cfg.tx_bufs[i]);
	return err;
}

static int net_bring_up(struct hvl_drv_net *net)
{
	int err = net_read_config(net);

	if (err)
		return err;
	net_choose_format(net);
	err = net_setup_queues(net);
	return err ? err : hvl_drv_dev_ready(net->dev);
}

int hvl_drv_net_start(struct hvl_drv_net *net, struct hvl_drv_dev *dev,
		      struct hvl_drv_pool *pool,
		      const struct hvl_drv_net_config *cfg)
{
	int err;

	if (!hvl_vring_num_ok(cfg->rx_num) || !hvl_vring_num_ok(cfg->tx_num))
		return -EINVAL;
	err = hvl_drv_net_stop(net);
	if (!err)
		err = hvl_drv_dev_open_(dev, VIRTIO_ID_NET, NET_FEATURES);
	if (err)
		return err;
	net->dev = dev;
	net->pool = pool;
	net->cfg = *cfg;
	err = net_bring_up(net);
	if (err) {
		if (hvl_drv_dev_close_(dev))
			net_free_all(net);
		return err;
	}
	net->gen++;
	if (net->gen == 0)
		net->gen = 1;
	net->live = true;
	net->tx_waits = false;
	net->error = 0;
	hvl_drv_net_kick(net);
	return 0;
}

int hvl_drv_net_stop(struct hvl_drv_net *net)
{
	int err;

	net->live = false;
	/* Still there after a stop: that one was not confirmed. */
	if (!net->rx.started)
		return 0;
	err = hvl_drv_dev_reset(net->dev);
	if (!err)
		net_free_all(net);
	return err;
}

/* Our buffers in a queue that was reset: they are nobody's any more. */
static void net_regain(struct hvl_drv_net *net, uint16_t queue)
{
	uint16_t i;

	for (i = 0; queue == HVL_NET_QUEUE_RX && i < net->nbufs_rx; i++) {
		if (!net->cfg.rx_bufs[i].lent)
			(void)net_post(net, &net->cfg.rx_bufs[i]);
	}
	if (queue == HVL_NET_QUEUE_RX)
		return;
	net->tx_waits = false;
	net->tx_free = NULL;
	for (i = 0; i < net->nbufs_tx; i++) {
		if (!net->cfg.tx_bufs[i].lent)
			net_put_free(net, &net->cfg.tx_bufs[i]);
	}
}

int hvl_drv_net_queue_reset(struct hvl_drv_net *net, uint16_t queue)
{
	struct hvl_drv_vq *vq = queue == HVL_NET_QUEUE_RX ? &net->rx : &net->tx;
	struct hvl_drv_vq_config cfg = vq->cfg;
	bool irq = vq->irq;
	int err;

	if (!net->live)
		return -EIO;
	err = hvl_drv_dev_queue_reset(net->dev, queue);
	if (err)
		return err;
	hvl_drv_vq_fini(vq);
	/* The pool just got the same pieces back. */
	err = hvl_drv_vq_init(vq, &cfg);
	if (err)
		return err;
	err = hvl_drv_dev_queue_setup(net->dev, queue, vq);
	if (err)
		return err;
	if (!irq)
		hvl_drv_vq_irq_off(vq);
	net_regain(net, queue);
	hvl_drv_net_kick(net);
	return 0;
}

/* Bytes of frame that a received buffer holds, 0 when that cannot be. */
static uint32_t net_frame_len(const struct hvl_drv_net *net, uint32_t len)
{
	if (len < (uint32_t)net->hdr_size + HVL_NET_ETH_HEADER)
		return 0;
	return len - net->hdr_size;
}

int hvl_drv_net_rx(struct hvl_drv_net *net, struct hvl_drv_net_buf **buf)
{
	struct hvl_drv_net_buf *b;
	uint32_t len;
	uint16_t i;
	void *cookie;
	int ret;

	if (!net->live)
		return 0;
	/* Bad ones are given back at once; their number here is bounded. */
	for (i = 0; i < net->nbufs_rx; i++) {
		ret = hvl_drv_vq_get(&net->rx, &cookie, &len);
		if (ret <= 0)
			return ret;
		b = cookie;
		len = net_frame_len(net, len);
		if (len != 0) {
			net_lend(net, b, len);
			net->stats.rx_frames++;
			*buf = b;
			return 1;
		}
		net->stats.rx_errors++;
		ret = net_post(net, b);
		if (ret)
			return ret;
	}
	return 0;
}

void hvl_drv_net_rx_done(struct hvl_drv_net *net, struct hvl_drv_net_buf *buf,
			 uint32_t gen)
{
	if (!net->live || gen != net->gen || !buf->lent)
		return;
	/* Fails on a broken queue only, which the next receive reports. */
	(void)net_post(net, buf);
}

/* Put what the device has sent on the list of free buffers. */
static int net_reclaim(struct hvl_drv_net *net)
{
	uint32_t len;
	void *cookie;
	int ret;

	while ((ret = hvl_drv_vq_get(&net->tx, &cookie, &len)) == 1) {
		net_put_free(net, cookie);
		net->tx_waits = false;
	}
	return ret;
}

int hvl_drv_net_tx_get(struct hvl_drv_net *net, struct hvl_drv_net_buf **buf)
{
	struct hvl_drv_net_buf *b;
	int ret;

	if (!net->live)
		return 0;
	if (!net->tx_free) {
		ret = net_reclaim(net);
		if (ret < 0)
			return ret;
	}
	b = net->tx_free;
	if (!b) {
		net->stats.tx_busy++;
		return 0;
	}
	net->tx_free = b->next;
	net_lend(net, b, HVL_NET_ETH_HEADER + (uint32_t)net->mtu);
	*buf = b;
	return 1;
}

int hvl_drv_net_tx_put(struct hvl_drv_net *net, struct hvl_drv_net_buf *buf,
		       uint32_t len)
{
	int err = 0;

	if (!net->live || !buf->lent)
		return -EINVAL;
	buf->lent = false;
	if (len != 0) {
		if (len < HVL_NET_ETH_HEADER || len > buf->len)
			err = -EINVAL;
		else
			err = net_add(net, &net->tx, buf, len);
	}
	if (len == 0 || err)
		net_put_free(net, buf);
	else
		net->stats.tx_frames++;
	return err;
}

void hvl_drv_net_kick(struct hvl_drv_net *net)
{
	struct hvl_drv_dev *dev = net->dev;
	bool rx, tx;

	if (!net->live)
		return;
	rx = hvl_drv_vq_kick(&net->rx);
	tx = hvl_drv_vq_kick(&net->tx);
	/* Without traps one doorbell has the device look at all its queues. */
	if (rx && tx && !dev->trapping)
		rx = false;
	if (rx)
		hvl_drv_dev_notify_(dev, HVL_NET_QUEUE_RX, &net->rx);
	if (tx)
		hvl_drv_dev_notify_(dev, HVL_NET_QUEUE_TX, &net->tx);
	net->stats.kicks += (uint32_t)rx + (uint32_t)tx;
}

void hvl_drv_net_irq_off(struct hvl_drv_net *net)
{
	if (net->live)
		hvl_drv_vq_irq_off(&net->rx);
}

bool hvl_drv_net_irq_on(struct hvl_drv_net *net)
{
	return net->live && hvl_drv_vq_irq_on(&net->rx);
}

/* Remember when a frame was last seen to be sent, or none to wait. */
static uint64_t net_stuck_us(struct hvl_drv_net *net, uint64_t now)
{
	if (!net->tx_waits)
		net->tx_since_us = now;
	net->tx_waits = net->tx.nfree != net->tx.cfg.num;
	return now - net->tx_since_us;
}

int hvl_drv_net_check(struct hvl_drv_net *net)
{
	const struct hvl_drv_platform *plat;
	uint32_t timeout_us;
	int err;

	if (!net->live)
		return -EIO;
	plat = net->dev->plat;
	err = net->error;
	if (!err)
		err = hvl_drv_dev_health(net->dev);
	if (!err)
		err = net_reclaim(net);
	if (err)
		return err;
	timeout_us = plat->timeout_us ? plat->timeout_us : HVL_DRV_TIMEOUT_US;
	return net_stuck_us(net, plat->now_us(plat->ctx)) >
			       (uint64_t)timeout_us * HVL_DRV_NET_STUCK ?
		       -ETIMEDOUT :
		       0;
}

bool hvl_drv_net_link(struct hvl_drv_net *net)
{
	hvl_le16 status;

	if (!net->live)
		return false;
	if (!hvl_drv_dev_has(net->dev, VIRTIO_NET_F_STATUS))
		return true;
	net->error = hvl_drv_dev_config_read(
		net->dev, offsetof(struct hvl_net_config, status), &status,
		sizeof(status));
	return !net->error &&
	       (hvl_le16_get(status) & VIRTIO_NET_S_LINK_UP) != 0;
}
