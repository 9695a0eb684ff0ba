/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * net.c - lwIP's network interface over the virtio-net driver
 *
 * Received frames stay where the device wrote them: a pbuf borrows the
 * driver's buffer and gives it back when lwIP frees it. When lwIP holds on to
 * too many (a peer that does not read, segments out of order), further ones
 * are copied, so that the device never runs out of buffers. Sent frames are
 * copied once, into the driver's buffer.
 *
 * The driver's buffers lie in memory that the main side can write. What lwIP
 * writes pointers into, fragments that wait for others, is copied first.
 */
#include "app.h"

#include <string.h>

#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/mem.h>
#include <lwip/netif.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/timeouts.h>
#include <netif/ethernet.h>

#include <hvl/driver/net.h>
#include <hvl/metal/errno.h>
#include <hvl/metal/log.h>
#include <hvl/metal/time.h>
#include <hvl/wire/mmio.h>

/* So many buffers may be held before frames are copied. */
#define NET_HELD_MAX (APP_NET_RING / 4u * 3u)

/* A frame of the usual size; larger ones are copied. */
#define NET_SPARE_SIZE 1536u

/* Frames after which the device may as well begin. */
#define NET_KICK_EVERY 32u

/* How soon to look again when the ring for sending is full. */
#define NET_TX_RETRY_US 200u

/* lwIP's lengths have 16 bits, and cover the Ethernet header as well. */
#define NET_FRAME_MAX UINT16_MAX
#define NET_MTU_MAX (NET_FRAME_MAX - SIZEOF_ETH_HDR)

#define NET_MAC_FMT "%02x:%02x:%02x:%02x:%02x:%02x"
#define NET_MAC(m) (m)[0], (m)[1], (m)[2], (m)[3], (m)[4], (m)[5]

/* A received frame in lwIP's hands. */
struct net_frame {
	struct pbuf_custom pbuf;     /* first: lwIP's pointer is ours */
	struct hvl_drv_net_buf *buf; /* where it is; NULL: in spare, or free */
	uint32_t gen;		     /* of that buffer */
	uint16_t len;
	struct net_frame *next;
	uint8_t spare[NET_SPARE_SIZE]; /* for the time after a reset */
};

static struct net {
	struct app_device *dev; /* NULL: there is none */
	struct hvl_drv_net drv;
	struct netif netif;
	bool added;    /* to lwIP */
	bool link_due; /* to be looked at: it may have changed unseen */
	struct net_frame *free;
	unsigned int held;	 /* frames in lwIP's hands */
	unsigned int since_kick; /* frames and buffers */
	bool tx_full;		 /* somebody could not send */
	unsigned int rx_copied, rx_dropped, tx_refused;
} net;

static struct net_frame net_frames[NET_HELD_MAX];
static struct hvl_drv_vq_slot net_rx_slots[APP_NET_RING];
static struct hvl_drv_vq_slot net_tx_slots[APP_NET_RING];
static struct hvl_drv_vq_slot net_rx_indirect[HVL_DRV_NET_SEGS * APP_NET_RING];
static struct hvl_drv_vq_slot net_tx_indirect[HVL_DRV_NET_SEGS * APP_NET_RING];
static struct hvl_drv_net_buf net_rx_bufs[APP_NET_RING];
static struct hvl_drv_net_buf net_tx_bufs[APP_NET_RING];

/* A device without an address of its own gets this one. */
static const struct hvl_drv_net_config net_config = {
	.rx_num = APP_NET_RING,
	.tx_num = APP_NET_RING,
	.rx_slots = net_rx_slots,
	.tx_slots = net_tx_slots,
	.rx_bufs = net_rx_bufs,
	.tx_bufs = net_tx_bufs,
	.rx_indirect = net_rx_indirect,
	.tx_indirect = net_tx_indirect,
	.mac = { 0x02, 0x68, 0x76, 0x6c, 0x00, 0x02 },
};

static bool net_live(void)
{
	return net.dev && net.dev->up;
}

static void net_failed(int error)
{
	app_device_failed(net.dev, error);
}

/* Receiving */

static void net_frame_free(struct pbuf *p)
{
	struct net_frame *frame = (struct net_frame *)(void *)p;

	if (frame->buf)
		hvl_drv_net_rx_done(&net.drv, frame->buf, frame->gen);
	frame->buf = NULL;
	frame->next = net.free;
	net.free = frame;
	net.held--;
	net.since_kick++;
}

static void net_frames_init(void)
{
	for (unsigned int i = 0; i < NET_HELD_MAX; i++) {
		net_frames[i].pbuf.custom_free_function = net_frame_free;
		net_frames[i].next = net.free;
		net.free = &net_frames[i];
	}
}

/* A pbuf around the driver's buffer, which goes back when it is freed. */
static struct pbuf *net_lend(struct hvl_drv_net_buf *buf)
{
	struct net_frame *frame = net.free;
	uint16_t len = (uint16_t)buf->len;

	net.free = frame->next;
	frame->buf = buf;
	frame->gen = buf->gen;
	frame->len = len;
	net.held++;
	return pbuf_alloced_custom(PBUF_RAW, len, PBUF_REF, &frame->pbuf,
				   buf->data, len);
}

static struct pbuf *net_copy(struct hvl_drv_net_buf *buf)
{
	struct pbuf *p = NULL;

	if (buf->len <= NET_FRAME_MAX)
		p = pbuf_alloc(PBUF_RAW, (uint16_t)buf->len, PBUF_POOL);
	if (p) {
		pbuf_take(p, buf->data, (uint16_t)buf->len);
		net.rx_copied++;
	} else {
		net.rx_dropped++;
	}
	hvl_drv_net_rx_done(&net.drv, buf, buf->gen);
	net.since_kick++;
	return p;
}

/* An IPv4 fragment (RFC 791 §3.1): more fragments, or an offset. */
static bool net_is_fragment(const struct hvl_drv_net_buf *buf)
{
	const uint8_t *at = buf->data;

	return buf->len >= 34 && at[12] == 0x08 && at[13] == 0x00 &&
	       ((at[20] & 0x3f) | at[21]) != 0;
}

static void net_input(struct hvl_drv_net_buf *buf)
{
	struct pbuf *p;

	/* With fewer buffers than wanted, fewer may be held. */
	if (!net.free || net.held >= net.drv.nbufs_rx / 4u * 3u ||
	    buf->len > NET_SPARE_SIZE || net_is_fragment(buf))
		p = net_copy(buf);
	else
		p = net_lend(buf);
	if (p && net.netif.input(p, &net.netif) != ERR_OK)
		pbuf_free(p);
}

/*
 * Segments out of order are found through pointers into their headers, which
 * cannot be moved with them: the peer sends those segments again.
 */
static void net_drop_out_of_order(void)
{
	for (struct tcp_pcb *pcb = tcp_active_pcbs; pcb; pcb = pcb->next)
		tcp_free_ooseq(pcb);
}

/*
 * The device is about to be reset, and its buffers will be written anew: move
 * what lwIP still holds.
 */
static void net_release(struct app_device *dev)
{
	(void)dev;
	net_drop_out_of_order();
	for (unsigned int i = 0; i < NET_HELD_MAX; i++) {
		struct net_frame *frame = &net_frames[i];
		struct pbuf *p = &frame->pbuf.pbuf;
		ptrdiff_t off;

		if (!frame->buf)
			continue;
		off = (uint8_t *)p->payload - frame->buf->data;
		memcpy(frame->spare, frame->buf->data, frame->len);
		p->payload = frame->spare + off;
		frame->buf = NULL;
	}
}

bool app_net_poll(void)
{
	struct hvl_drv_net_buf *buf;
	unsigned int n = 0;
	int rc = 0;

	while (net_live() && n < APP_NET_BUDGET &&
	       (rc = hvl_drv_net_rx(&net.drv, &buf)) == 1) {
		net_input(buf);
		n++;
	}
	if (rc < 0)
		net_failed(rc);
	PBUF_CHECK_FREE_OOSEQ();
	if (net.tx_full) {
		net.tx_full = false;
		tcp_txnow();
	}
	sys_check_timeouts();
	if (net.added)
		netif_poll(&net.netif);
	return n > 0;
}

/* Sending */

static err_t net_output(struct netif *netif, struct pbuf *p)
{
	struct hvl_drv_net_buf *buf;
	int rc;

	(void)netif;
	if (!net_live())
		return ERR_IF;
	rc = hvl_drv_net_tx_get(&net.drv, &buf);
	if (rc == 0) {
		net.tx_full = true;
		net.tx_refused++;
		return ERR_MEM;
	}
	if (rc == 1 && p->tot_len > buf->len) {
		hvl_drv_net_tx_put(&net.drv, buf, 0);
		return ERR_BUF;
	}
	if (rc == 1) {
		pbuf_copy_partial(p, buf->data, p->tot_len, 0);
		rc = hvl_drv_net_tx_put(&net.drv, buf, p->tot_len);
	}
	if (rc < 0) {
		net_failed(rc);
		return ERR_IF;
	}
	if (++net.since_kick >= NET_KICK_EVERY)
		app_net_flush();
	return ERR_OK;
}

void app_net_flush(void)
{
	if (net.since_kick == 0 || !net_live())
		return;
	net.since_kick = 0;
	hvl_drv_net_kick(&net.drv);
}

/* Waiting */

bool app_net_wait(void)
{
	/* What we sent to ourselves waits for the next round. */
	if (net.added && net.netif.loop_first)
		return false;
	return !net_live() || !hvl_drv_net_irq_on(&net.drv);
}

void app_net_wake(void)
{
	if (net_live())
		hvl_drv_net_irq_off(&net.drv);
}

uint64_t app_net_deadline(void)
{
	uint32_t ms = sys_timeouts_sleeptime();

	if (net.tx_full)
		return app_now_us() + NET_TX_RETRY_US;
	/* None at all is said by the largest number; an hour will do. */
	if (ms > 3600000u)
		ms = 3600000u;
	return app_now_us() + (uint64_t)ms * 1000;
}

/* The device */

static void net_take_address(void)
{
	uint16_t mtu = net.drv.mtu;

	memcpy(net.netif.hwaddr, net.drv.mac, ETH_HWADDR_LEN);
	net.netif.hwaddr_len = ETH_HWADDR_LEN;
	net.netif.mtu = mtu < NET_MTU_MAX ? mtu : NET_MTU_MAX;
}

static void net_take_link(void)
{
	bool up = hvl_drv_net_link(&net.drv);

	if (!net.added || up == (netif_is_link_up(&net.netif) != 0))
		return;
	if (up)
		netif_set_link_up(&net.netif);
	else
		netif_set_link_down(&net.netif);
	app_say("%s: link %s", net.dev->name, up ? "up" : "down");
}

static int net_start(struct app_device *dev)
{
	int rc;

	if (!net.dev) {
		net.dev = dev;
		net_frames_init();
	}
	rc = hvl_drv_net_start(&net.drv, &dev->dev, dev->pool, &net_config);
	if (rc < 0)
		return rc;
	hvl_drv_net_irq_off(&net.drv);
	net.since_kick = 1;
	net_take_address();
	net.link_due = true;
	return 0;
}

static int net_check(struct app_device *dev)
{
	(void)dev;
	if (net.link_due) {
		net.link_due = false;
		net_take_link();
	}
	return hvl_drv_net_check(&net.drv);
}

static void net_describe(const struct app_device *dev, char *buf, size_t size)
{
	hvl_format(buf, size, ", " NET_MAC_FMT ", mtu %u%s",
		   NET_MAC(net.drv.mac), net.drv.mtu,
		   app_device_packed(dev) ? ", packed ring" : "");
}

static void net_event(struct app_device *dev, uint32_t events)
{
	(void)dev;
	if (events & HVL_MMIO_INT_CONFIG)
		net.link_due = true;
}

const struct app_driver app_net_driver = {
	.id = VIRTIO_ID_NET,
	.type = "net",
	.start = net_start,
	.release = net_release,
	.check = net_check,
	.describe = net_describe,
	.event = net_event,
};

/* The interface */

static err_t net_netif_init(struct netif *netif)
{
	netif->name[0] = 'n';
	netif->name[1] = 'e';
	netif->output = etharp_output;
	netif->linkoutput = net_output;
	netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP |
		       NETIF_FLAG_ETHERNET;
	net_take_address();
	return ERR_OK;
}

void app_net_up(void)
{
	static const uint8_t ip[] = { APP_IP }, mask[] = { APP_NETMASK },
			     gw[] = { APP_GATEWAY };
	ip4_addr_t addr, netmask, gateway;

	if (!net.dev) {
		app_say("no net device: there is no network");
		return;
	}
	IP4_ADDR(&addr, ip[0], ip[1], ip[2], ip[3]);
	IP4_ADDR(&netmask, mask[0], mask[1], mask[2], mask[3]);
	IP4_ADDR(&gateway, gw[0], gw[1], gw[2], gw[3]);
	if (!netif_add(&net.netif, &addr, &netmask, &gateway, NULL,
		       net_netif_init, ethernet_input)) {
		app_say("%s: lwIP does not take it", net.dev->name);
		return;
	}
	net.added = true;
	netif_set_default(&net.netif);
	netif_set_up(&net.netif);
	/* Announces the address (RFC 5227 §2.3) where the link is up. */
	if (net_live() && hvl_drv_net_link(&net.drv))
		netif_set_link_up(&net.netif);
	app_say("%s: %u.%u.%u.%u/%u %s", net.dev->name, ip[0], ip[1], ip[2],
		ip[3], APP_PREFIX,
		netif_is_link_up(&net.netif) ? "up" : "up, link down");
}

int app_net_reset(uint16_t queue)
{
	int rc;

	if (!net_live())
		return -ENODEV;
	rc = hvl_drv_net_queue_reset(&net.drv, queue);
	if (rc < 0 && rc != -ENOTSUP)
		net_failed(rc);
	return rc;
}

bool app_net_break(void)
{
	if (!net_live())
		return false;
	hvl_drv_vq_break(&net.drv.tx);
	hvl_drv_dev_kick(&net.dev->dev, HVL_NET_QUEUE_TX, &net.drv.tx);
	return true;
}

static void net_print_addr(const char *before, const ip4_addr_t *addr)
{
	app_print("%s%u.%u.%u.%u", before, ip4_addr1(addr), ip4_addr2(addr),
		  ip4_addr3(addr), ip4_addr4(addr));
}

void app_net_print_iface(void)
{
	if (!net.added) {
		app_print("no network interface\n");
		return;
	}
	app_print("%s: device %s, link %s, " NET_MAC_FMT ", mtu %u\n",
		  net.dev->name, net_live() ? "up" : "down",
		  netif_is_link_up(&net.netif) ? "up" : "down",
		  NET_MAC(net.netif.hwaddr), net.netif.mtu);
	net_print_addr("  address ", netif_ip4_addr(&net.netif));
	app_print("/%u", APP_PREFIX);
	net_print_addr(", gateway ", netif_ip4_gw(&net.netif));
	app_print("\n");
}

void app_net_print_stats(void)
{
	const struct hvl_drv_net_stats *s = &net.drv.stats;

	if (!net.dev) {
		app_print("no network interface\n");
		return;
	}
	app_print("%s: received %u frames, %u bad, %u copied, %u dropped\n",
		  net.dev->name, (unsigned int)s->rx_frames,
		  (unsigned int)s->rx_errors, net.rx_copied, net.rx_dropped);
	app_print("%s: sent %u frames, %u refused with the ring full\n",
		  net.dev->name, (unsigned int)s->tx_frames, net.tx_refused);
	app_print("%s: %u notifications, %u buffers held, %u resets\n",
		  net.dev->name, (unsigned int)s->kicks, net.held,
		  net.dev->resets);
}
