/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Virtio-net: one receive and one transmit queue, no offloads.
 *
 * The backing reads and writes frames where they lie; only the header before
 * each is ours.
 */
#include <hvl/device/net.h>

#include <string.h>

#include <hvl/metal/errno.h>

#include "dev_priv.h"

#define NET_STALE_MAX 4096u /* frames; a backing that is full has fewer */
#define NET_FRAME_MAX (HVL_NET_MTU_MAX + HVL_NET_ETH_HEADER)
#define NET_ETH_TYPE 12u /* where a frame says what it carries */
#define NET_TAG_SIZE 4u	 /* of a VLAN (802.1Q, 802.1ad) */

/* The part of a chain behind the header. */
struct net_frame {
	struct hvl_seg *seg;
	unsigned int nseg;
	uint32_t cut; /* bytes of the first segment that the header takes */
};

void hvl_dev_net_init(struct hvl_dev_net *net,
		      const struct hvl_dev_net_backing *backing,
		      const uint8_t mac[6], uint16_t mtu)
{
	*net = (struct hvl_dev_net){ .backing = *backing,
				     .mtu = mtu,
				     .link_up = true };
	memcpy(net->mac, mac, sizeof(net->mac));
}

void hvl_dev_net_set_pace(struct hvl_dev_net *net, bool pace)
{
	net->pace = pace;
}

void hvl_dev_net_set_link(struct hvl_dev *dev, bool up)
{
	struct hvl_dev_net *net = dev->cfg.priv;

	if (net->link_up == up)
		return;
	net->link_up = up;
	hvl_dev_config_changed(dev);
}

static uint64_t net_features(const struct hvl_dev *dev)
{
	(void)dev;
	return HVL_BIT64(VIRTIO_NET_F_MAC) | HVL_BIT64(VIRTIO_NET_F_MTU) |
	       HVL_BIT64(VIRTIO_NET_F_STATUS);
}

static void net_config_read(const struct hvl_dev *dev, uint32_t off, void *buf,
			    uint32_t len)
{
	const struct hvl_dev_net *net = dev->cfg.priv;
	struct hvl_net_config config = {
		.status =
			hvl_le16_make(net->link_up ? VIRTIO_NET_S_LINK_UP : 0),
		.max_virtqueue_pairs = hvl_le16_make(1),
		.mtu = hvl_le16_make(net->mtu),
	};

	memcpy(config.mac, net->mac, sizeof(config.mac));
	memcpy(buf, (const unsigned char *)&config + off, len);
}

static bool net_paces(const struct hvl_dev *dev)
{
	const struct hvl_dev_net *net = dev->cfg.priv;

	return net->pace && dev->cfg.now_us;
}

/* The interrupt of the turn's frame was seen, or none is awaited. */
static bool net_turn_heard(const struct hvl_dev *dev)
{
	const struct hvl_dev_net *net = dev->cfg.priv;

	/* With its interrupts off, or in version 2, nothing is unacked. */
	return !dev->unacked || (int32_t)(dev->acks - net->turn.acks) >= 0;
}

static void net_turn_begin(struct hvl_dev *dev)
{
	struct hvl_dev_net *net = dev->cfg.priv;
	uint64_t now;

	if (!net_paces(dev))
		return;
	now = dev->cfg.now_us(dev->cfg.now_ctx);
	net->turn = (struct hvl_dev_net_turn){
		.open = true,
		/* An interrupt that is under way is not this frame's. */
		.acks = dev->acks + (dev->unacked ? 2 : 1),
		.unheard = net_turn_heard(dev) ? 1 : net->turn.unheard + 1,
		.given_us = now,
		.alive_us = now,
	};
}

static void net_turn_answer(struct hvl_dev *dev)
{
	struct hvl_dev_net *net = dev->cfg.priv;

	if (!net->turn.open)
		return;
	net->turn.answered = true;
	net->turn.alive_us = dev->cfg.now_us(dev->cfg.now_ctx);
}

/*
 * When the next frame may go even so. Answers are no proof that a driver which
 * was held up has caught up: it acknowledges when it has looked at all it got.
 */
static uint64_t net_turn_end_us(const struct hvl_dev *dev)
{
	const struct hvl_dev_net *net = dev->cfg.priv;
	const struct hvl_dev_net_turn *turn = &net->turn;

	if (turn->unheard >= HVL_DEV_NET_PACE_UNHEARD && !net_turn_heard(dev))
		return turn->alive_us + HVL_DEV_NET_PACE_STALL_US;
	return turn->given_us + HVL_DEV_NET_PACE_US;
}

/*
 * Whether the next frame must wait. Any frame from the driver is taken for the
 * answer: which one it means as such, only the driver knows.
 */
static bool net_turn_holds(struct hvl_dev *dev)
{
	struct hvl_dev_net *net = dev->cfg.priv;
	struct hvl_dev_net_turn *turn = &net->turn;

	if (!turn->open)
		return false;
	if (turn->answered && net_turn_heard(dev)) {
		turn->open = false;
	} else if (dev->cfg.now_us(dev->cfg.now_ctx) >= net_turn_end_us(dev)) {
		turn->open = false;
		net->stats.rx_unanswered++;
	}
	return turn->open;
}

uint64_t hvl_dev_net_next_us(const struct hvl_dev *dev)
{
	const struct hvl_dev_net *net = dev->cfg.priv;

	return net->turn.open ? net_turn_end_us(dev) : UINT64_MAX;
}

/*
 * A driver that is given one frame at a time would be busy for long with what
 * came before it was there, and nobody waits for those answers any more.
 */
static void net_start(struct hvl_dev *dev)
{
	struct hvl_dev_net *net = dev->cfg.priv;
	unsigned int n = 0;

	if (!net_paces(dev))
		return;
	while (n < NET_STALE_MAX &&
	       net->backing.recv(net->backing.ctx, NULL, 0, 0) == -EMSGSIZE)
		n++;
	net->stats.rx_stale += n;
}

static void net_reset(struct hvl_dev *dev)
{
	struct hvl_dev_net *net = dev->cfg.priv;

	net->turn = (struct hvl_dev_net_turn){ .open = false };
	net->rx_room = 0;
}

/* Virtio 1.3 §5.1.6.1 */
static uint32_t net_header_size(const struct hvl_dev *dev)
{
	return hvl_dev_has(dev, VIRTIO_F_VERSION_1) ? HVL_NET_HDR_SIZE :
						      HVL_NET_HDR_SIZE_LEGACY;
}

/* Step over the header, in segments that are longer than it altogether. */
static void net_frame_open(struct net_frame *frame, struct hvl_seg *seg,
			   unsigned int nseg, uint32_t header)
{
	while (header >= seg->len) {
		header -= seg->len;
		seg++;
		nseg--;
	}
	*frame = (struct net_frame){ .seg = seg, .nseg = nseg, .cut = header };
	seg->va = (unsigned char *)seg->va + header;
	seg->len -= header;
}

/* Make the chain whole again: its header is written, its lengths count. */
static void net_frame_close(const struct net_frame *frame)
{
	frame->seg->va = (unsigned char *)frame->seg->va - frame->cut;
	frame->seg->len += frame->cut;
}

/* What a chain has room for. The smallest decides which frames always fit. */
static uint32_t net_note_room(struct hvl_dev_net *net,
			      const struct hvl_chain *chain, uint32_t header)
{
	uint64_t room = chain->write_len - header;

	if (room > NET_FRAME_MAX)
		room = NET_FRAME_MAX;
	if (net->rx_room == 0 || room < net->rx_room)
		net->rx_room = (uint32_t)room;
	return (uint32_t)room;
}

/* Whether the Ethernet header of a frame just received has a VLAN tag. */
static bool net_is_tagged(const struct hvl_chain *chain, uint32_t header)
{
	const struct hvl_chain frame = { .nread = chain->nwrite,
					 .seg = chain->seg };
	unsigned char type[2] = { 0, 0 };

	hvl_chain_copy_from(&frame, header + NET_ETH_TYPE, type, sizeof(type));
	return (type[0] == 0x81 && type[1] == 0x00) ||
	       (type[0] == 0x88 && type[1] == 0xa8);
}

/*
 * Virtio 1.3 §5.1.4.1: once it is negotiated, nothing beyond the mtu goes to
 * the driver. A tag is part of the header, which the mtu does not count.
 */
static bool net_within_mtu(const struct hvl_dev *dev,
			   const struct hvl_chain *chain, uint32_t header,
			   uint32_t len)
{
	const struct hvl_dev_net *net = dev->cfg.priv;
	uint32_t most = HVL_NET_ETH_HEADER + (uint32_t)net->mtu;

	if (len <= most || !hvl_dev_has(dev, VIRTIO_NET_F_MTU))
		return true;
	return len <= most + NET_TAG_SIZE && net_is_tagged(chain, header);
}

/* Return: the frame's length, or as the backing's recv. */
static int net_recv(struct hvl_dev *dev, struct hvl_chain *chain,
		    uint32_t header)
{
	struct hvl_dev_net *net = dev->cfg.priv;
	uint32_t room = net_note_room(net, chain, header);
	struct net_frame frame;
	int n;

	if (net_turn_holds(dev))
		return -EAGAIN;
	net_frame_open(&frame, chain->seg, chain->nwrite, header);
	n = net->backing.recv(net->backing.ctx, frame.seg, frame.nseg, room);
	net_frame_close(&frame);
	if (n > 0 && ((uint32_t)n > room ||
		      !net_within_mtu(dev, chain, header, (uint32_t)n)))
		return -EMSGSIZE;
	return n;
}

/* Return: 1 when a frame moved, 0 when there is none or no buffer, -EPROTO. */
static int net_rx_one(struct hvl_dev *dev)
{
	const struct hvl_net_hdr hdr = { .num_buffers = hvl_le16_make(1) };
	struct hvl_dev_vq *vq = &dev->vq[HVL_NET_QUEUE_RX];
	uint32_t header = net_header_size(dev);
	struct hvl_dev_net *net = dev->cfg.priv;
	struct hvl_chain chain;
	int n = hvl_dev_pop_(dev, HVL_NET_QUEUE_RX, &chain);

	if (n <= 0)
		return n;
	if (chain.nread != 0 || chain.write_len <= header)
		return hvl_dev_bad_chain_(dev, HVL_NET_QUEUE_RX, &chain,
					  "no room for a frame");
	n = net_recv(dev, &chain, header);
	if (n <= 0) {
		hvl_dev_vq_unpop(vq);
		if (n != -EMSGSIZE)
			return 0;
		net->stats.rx_dropped++;
		return 1;
	}
	hvl_chain_copy_to(&chain, 0, &hdr, header);
	hvl_dev_vq_push(vq, &chain, header + (uint32_t)n);
	net->stats.rx_frames++;
	net->stats.rx_bytes += (uint32_t)n;
	net_turn_begin(dev);
	return 1;
}

/* Return: false when the backing cannot take the frame now. */
static bool net_send(struct hvl_dev_net *net, struct hvl_chain *chain,
		     uint32_t header)
{
	uint64_t len = chain->read_len - header;
	struct net_frame frame;
	int rc;

	if (len < HVL_NET_ETH_HEADER || len > NET_FRAME_MAX) {
		net->stats.tx_dropped++;
		return true;
	}
	net_frame_open(&frame, chain->seg, chain->nread, header);
	rc = net->backing.send(net->backing.ctx, frame.seg, frame.nseg,
			       (uint32_t)len);
	net_frame_close(&frame);
	if (rc == -EAGAIN)
		return false;
	if (rc < 0) {
		net->stats.tx_dropped++;
		return true;
	}
	net->stats.tx_frames++;
	net->stats.tx_bytes += len;
	return true;
}

/* Return: as net_rx_one(). */
static int net_tx_one(struct hvl_dev *dev)
{
	struct hvl_dev_vq *vq = &dev->vq[HVL_NET_QUEUE_TX];
	uint32_t header = net_header_size(dev);
	struct hvl_dev_net *net = dev->cfg.priv;
	struct hvl_chain chain;
	int rc = hvl_dev_pop_(dev, HVL_NET_QUEUE_TX, &chain);

	if (rc <= 0)
		return rc;
	if (chain.nwrite != 0 || chain.read_len < header)
		return hvl_dev_bad_chain_(dev, HVL_NET_QUEUE_TX, &chain,
					  "not a frame to send");
	if (!net_send(net, &chain, header)) {
		hvl_dev_vq_unpop(vq);
		return 0;
	}
	hvl_dev_vq_push(vq, &chain, 0);
	net_turn_answer(dev);
	return 1;
}

static int net_process(struct hvl_dev *dev, uint16_t queue, unsigned int budget)
{
	unsigned int moved;
	int rc;

	for (moved = 0; moved < budget; moved++) {
		rc = queue == HVL_NET_QUEUE_RX ? net_rx_one(dev) :
						 net_tx_one(dev);
		if (rc < 0)
			return rc;
		if (rc == 0)
			break;
	}
	return (int)moved;
}

const struct hvl_dev_model hvl_dev_net_model = {
	.type = "net",
	.id = VIRTIO_ID_NET,
	.nqueues = 2,
	.queue_max = 256,
	.config_size = sizeof(struct hvl_net_config),
	.once_queues = 1u << HVL_NET_QUEUE_TX,
	.features = net_features,
	.config_read = net_config_read,
	.start = net_start,
	.reset = net_reset,
	.process = net_process,
};
