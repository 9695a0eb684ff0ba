/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ethernet through the calls for several chains: a model of the device's, and
 * a driver that keeps the sent buffers itself.
 */
#include "traffic_net.h"

#include <string.h>

#define MANY 8u

/* ---- device side ------------------------------------------------------ */

static uint32_t many_header(void)
{
	return hvl_dev_has(&traffic.dev, VIRTIO_F_VERSION_1) ?
		       HVL_NET_HDR_SIZE :
		       HVL_NET_HDR_SIZE_LEGACY;
}

static void many_transmit(const struct hvl_chain *c)
{
	uint32_t len = (uint32_t)c->read_len - many_header();

	if (c->nread != 1 || len > TRAFFIC_FRAME_MAX)
		sim_fail("net: sent %u bytes", (unsigned int)len);
	(void)hvl_chain_copy_from(c, many_header(), traffic_mirror_room(), len);
	traffic_mirror_put(len);
}

/* Return: the bytes written. */
static uint32_t many_receive(const struct hvl_chain *c)
{
	const struct hvl_net_hdr hdr = { .num_buffers = hvl_le16_make(1) };
	const uint8_t *data;
	uint32_t len;

	data = traffic_mirror_next(&len);
	if (c->nwrite != 1 || c->write_len < len + many_header())
		sim_fail("net: room for %u bytes only",
			 (unsigned int)c->write_len);
	(void)hvl_chain_copy_to(c, 0, &hdr, many_header());
	(void)hvl_chain_copy_to(c, many_header(), data, len);
	traffic_mirror_take();
	return len + many_header();
}

/* No more of them than the mirror takes or gives. */
static uint32_t many_most(uint16_t queue, unsigned int budget)
{
	uint32_t n = 1 + sim_random(MANY), most = traffic.mirror.count;

	if (queue == HVL_NET_QUEUE_TX)
		most = TRAFFIC_MIRROR - most;
	n = n < budget ? n : budget;
	return n < most ? n : most;
}

static int many_process(struct hvl_dev *dev, uint16_t queue,
			unsigned int budget)
{
	uint32_t lens[MANY] = { 0 }, n = many_most(queue, budget);
	struct hvl_chain chains[MANY];
	struct hvl_seg segs[MANY];
	int i, rc;

	for (i = 0; i < (int)MANY; i++)
		chains[i] =
			(struct hvl_chain){ .nseg_max = 1, .seg = &segs[i] };
	rc = hvl_dev_vq_pop_many(&dev->vq[queue], chains, (uint16_t)n);
	if (rc <= 0)
		return rc;
	for (i = 0; i < rc; i++) {
		if (queue == HVL_NET_QUEUE_TX)
			many_transmit(&chains[i]);
		else
			lens[i] = many_receive(&chains[i]);
	}
	hvl_dev_vq_push_many(&dev->vq[queue], chains, lens, (uint16_t)rc);
	/* There may be more: be asked again. */
	return (int)budget;
}

const struct hvl_dev_model *traffic_net_many_device(void)
{
	traffic.many_model = hvl_dev_net_model;
	traffic.many_model.process = many_process;
	return &traffic.many_model;
}

/* ---- driver side ------------------------------------------------------ */

static struct {
	struct hvl_drv_net_buf *free[TRAFFIC_NET_RING];
	uint32_t count;
} many;

static uint64_t many_off(const struct hvl_drv_net_buf *buf)
{
	uint64_t off;

	(void)hvl_io_va_to_off(&traffic.drv_shm, buf->data, 1, &off);
	return off;
}

void traffic_net_many_start(void)
{
	struct hvl_drv_net *net = &traffic.net;

	if (net->split)
		sim_fail("net: the header in a segment of its own");
	for (many.count = 0; many.count < net->nbufs_tx; many.count++)
		many.free[many.count] = &traffic.tx_bufs[many.count];
}

static void many_collect(void)
{
	struct hvl_drv_used used[MANY];
	int i, ret;

	do {
		ret = hvl_drv_vq_get_many(&traffic.net.tx, used,
					  (uint16_t)(1 + sim_random(MANY)));
		if (ret < 0)
			traffic_error("net: get_many", ret);
		if (many.count + (uint32_t)ret > traffic.net.nbufs_tx)
			sim_fail("net: a frame came back twice");
		for (i = 0; i < ret; i++)
			many.free[many.count++] = used[i].cookie;
	} while (ret != 0);
}

static struct hvl_drv_buf many_frame(uint32_t number)
{
	uint32_t header = traffic.net.hdr_size, len = traffic_frame_len(number);
	struct hvl_drv_net_buf *buf = many.free[--many.count];
	uint8_t data[TRAFFIC_FRAME_MAX];

	traffic_frame_make(data, number);
	hvl_io_write_block(&traffic.drv_shm, many_off(buf), data, len);
	return (struct hvl_drv_buf){ buf, (unsigned char *)buf->data - header,
				     header + len };
}

static void many_add(struct hvl_drv_vq *vq, const struct hvl_drv_buf *bufs,
		     uint32_t n, bool write)
{
	int ret = hvl_drv_vq_add_many(vq, bufs, (uint16_t)n, write);

	if (ret != (int)n)
		traffic_error("net: add_many", ret);
}

uint32_t traffic_net_send_many(uint32_t first, uint32_t end)
{
	struct hvl_drv_buf bufs[MANY];
	uint32_t n;

	many_collect();
	while (first != end && many.count != 0) {
		for (n = 0; n < MANY && first != end && many.count != 0; n++)
			bufs[n] = many_frame(first++);
		many_add(&traffic.net.tx, bufs, n, false);
	}
	return first;
}

uint32_t traffic_net_receive_many(uint32_t first, uint32_t end)
{
	struct hvl_drv_net *net = &traffic.net;
	struct hvl_drv_buf bufs[MANY];
	struct hvl_drv_used used[MANY];
	int i, ret;

	do {
		ret = hvl_drv_vq_get_many(&net->rx, used,
					  (uint16_t)(1 + sim_random(MANY)));
		if (ret < 0)
			traffic_error("net: get_many", ret);
		for (i = 0; i < ret; i++) {
			struct hvl_drv_net_buf *buf = used[i].cookie;

			first = traffic_net_arrived(many_off(buf),
						    used[i].len - net->hdr_size,
						    first, end);
			bufs[i] = (struct hvl_drv_buf){
				buf,
				(unsigned char *)buf->data - net->hdr_size,
				HVL_NET_MTU_DEFAULT + HVL_NET_ETH_HEADER,
			};
		}
		if (ret != 0)
			many_add(&net->rx, bufs, (uint32_t)ret, true);
	} while (ret != 0);
	return first;
}
