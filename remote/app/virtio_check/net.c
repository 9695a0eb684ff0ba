/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * net.c - ARP and pings, with the network that `-netdev user` pretends
 *
 * That network's router, 10.0.2.2, answers both.
 */
#include "check.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <hvl/driver/net.h>
#include <hvl/metal/time.h>

#define NET_RING 16u
#define NET_LIVES 3u
#define NET_PINGS 200u
#define NET_DATA_MAX 1472u /* that fits a frame */
#define NET_TIMEOUT_US (5 * HVL_US_PER_S)

/* Frames, by offset; all numbers big-endian. */
#define ETH_SRC 6u
#define ETH_TYPE 12u
#define ETH_SIZE 14u
#define ETH_ARP 0x0806u
#define ETH_IP 0x0800u
#define ARP_OP (ETH_SIZE + 6u)
#define ARP_SRC_MAC (ETH_SIZE + 8u)
#define ARP_SRC_IP (ETH_SIZE + 14u)
#define ARP_DST_IP (ETH_SIZE + 24u)
#define ARP_FRAME (ETH_SIZE + 28u)
#define ARP_REQUEST 1u
#define ARP_REPLY 2u
#define IP_SIZE 20u
#define IP_PROTOCOL (ETH_SIZE + 9u)
#define IP_SRC (ETH_SIZE + 12u)
#define IP_ICMP 1u
#define ICMP (ETH_SIZE + IP_SIZE)
#define ICMP_REQUEST 8u
#define ICMP_REPLY 0u
#define ICMP_SUM (ICMP + 2u)
#define ICMP_NUMBER (ICMP + 6u)
#define ICMP_DATA (ICMP + 8u)

static const uint8_t net_us[4] = { 10, 0, 2, 15 };
static const uint8_t net_router[4] = { 10, 0, 2, 2 };

static struct hvl_drv_net net;
static uint8_t net_router_mac[6];
static struct hvl_drv_vq_slot net_rx_slots[NET_RING], net_tx_slots[NET_RING];
static struct hvl_drv_vq_slot net_indirect[2][HVL_DRV_NET_SEGS * NET_RING];
static struct hvl_drv_net_buf net_rx_bufs[NET_RING], net_tx_bufs[NET_RING];

static const struct hvl_drv_net_config net_config = {
	.rx_num = NET_RING,
	.tx_num = NET_RING,
	.rx_slots = net_rx_slots,
	.tx_slots = net_tx_slots,
	.rx_bufs = net_rx_bufs,
	.tx_bufs = net_tx_bufs,
	.rx_indirect = net_indirect[0],
	.tx_indirect = net_indirect[1],
};

static void net_put16(uint8_t *p, unsigned int value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

static unsigned int net_get16(const uint8_t *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

static unsigned int net_sum(const uint8_t *p, uint32_t len)
{
	uint32_t sum = 0, i;

	for (i = 0; i + 1 < len; i += 2)
		sum += net_get16(p + i);
	if (i < len)
		sum += (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

static uint8_t net_byte(unsigned int number, uint32_t i)
{
	return (uint8_t)(number * 31 + i);
}

static void net_put_eth(uint8_t *p, const uint8_t *to, unsigned int type)
{
	memcpy(p, to, 6);
	memcpy(p + ETH_SRC, net.mac, 6);
	net_put16(p + ETH_TYPE, type);
}

static uint32_t net_put_arp(uint8_t *p)
{
	static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
	/* Ethernet and IPv4, with addresses of 6 and 4 bytes. */
	static const uint8_t kind[6] = { 0, 1, 8, 0, 6, 4 };

	memset(p, 0, ARP_FRAME);
	net_put_eth(p, all, ETH_ARP);
	memcpy(p + ETH_SIZE, kind, sizeof(kind));
	net_put16(p + ARP_OP, ARP_REQUEST);
	memcpy(p + ARP_SRC_MAC, net.mac, 6);
	memcpy(p + ARP_SRC_IP, net_us, 4);
	memcpy(p + ARP_DST_IP, net_router, 4);
	return ARP_FRAME;
}

static uint32_t net_put_ping(uint8_t *p, unsigned int number, uint32_t size)
{
	uint8_t *ip = p + ETH_SIZE;

	memset(p, 0, ICMP_DATA);
	net_put_eth(p, net_router_mac, ETH_IP);
	ip[0] = 0x45;
	net_put16(ip + 2, IP_SIZE + 8 + size);
	ip[8] = 64;
	p[IP_PROTOCOL] = IP_ICMP;
	memcpy(p + IP_SRC, net_us, 4);
	memcpy(p + IP_SRC + 4, net_router, 4);
	net_put16(ip + 10, net_sum(ip, IP_SIZE));
	p[ICMP] = ICMP_REQUEST;
	net_put16(p + ICMP_NUMBER, number);
	for (uint32_t i = 0; i < size; i++)
		p[ICMP_DATA + i] = net_byte(number, i);
	net_put16(p + ICMP_SUM, net_sum(p + ICMP, 8 + size));
	return ICMP_DATA + size;
}

static bool net_is_arp(const uint8_t *p, uint32_t len)
{
	return len >= ARP_FRAME && net_get16(p + ETH_TYPE) == ETH_ARP &&
	       net_get16(p + ARP_OP) == ARP_REPLY &&
	       memcmp(p + ARP_SRC_IP, net_router, 4) == 0;
}

static bool net_is_pong(const uint8_t *p, uint32_t len, unsigned int number,
			uint32_t size)
{
	if (len < ICMP_DATA + size || net_get16(p + ETH_TYPE) != ETH_IP ||
	    p[IP_PROTOCOL] != IP_ICMP || p[ICMP] != ICMP_REPLY ||
	    net_get16(p + ICMP_NUMBER) != number ||
	    net_sum(p + ICMP, 8 + size) != 0)
		return false;
	for (uint32_t i = 0; i < size; i++)
		if (p[ICMP_DATA + i] != net_byte(number, i))
			return false;
	return true;
}

/* Send: @size bytes of ping @number, or 0: ARP. */
static const char *net_send(unsigned int number, uint32_t size)
{
	struct hvl_drv_net_buf *buf;
	uint32_t len;

	if (hvl_drv_net_tx_get(&net, &buf) != 1)
		return "no buffer to send";
	len = number ? net_put_ping(buf->data, number, size) :
		       net_put_arp(buf->data);
	if (hvl_drv_net_tx_put(&net, buf, len) < 0)
		return "does not send";
	hvl_drv_net_kick(&net);
	return NULL;
}

static bool net_take(const struct hvl_drv_net_buf *buf, unsigned int number,
		     uint32_t size)
{
	if (number)
		return net_is_pong(buf->data, buf->len, number, size);
	if (!net_is_arp(buf->data, buf->len))
		return false;
	memcpy(net_router_mac, buf->data + ARP_SRC_MAC, 6);
	return true;
}

/* Sleeps as an application does: look once more, then wait. */
static void net_wait(uint64_t until_us)
{
	if (!hvl_drv_net_irq_on(&net))
		check_wait(until_us);
	hvl_drv_net_irq_off(&net);
	(void)hvl_drv_dev_events(net.dev);
}

static const char *net_receive(unsigned int number, uint32_t size)
{
	uint64_t until = hvl_time_us() + NET_TIMEOUT_US;
	struct hvl_drv_net_buf *buf;
	bool got = false;
	int rc;

	while (!got) {
		rc = hvl_drv_net_rx(&net, &buf);
		if (rc < 0 || hvl_drv_net_check(&net) < 0)
			return "broken while receiving";
		if (rc > 0) {
			got = net_take(buf, number, size);
			hvl_drv_net_rx_done(&net, buf, buf->gen);
		} else if (hvl_time_us() > until) {
			return number ? "no answer to a ping" :
					"no answer to ARP";
		} else {
			net_wait(until);
		}
	}
	return NULL;
}

static const char *net_ask(unsigned int number, uint32_t size)
{
	const char *wrong = net_send(number, size);

	return wrong ? wrong : net_receive(number, size);
}

/* More than the rings have entries, in sizes up to a full frame. */
static const char *net_traffic(void)
{
	const char *wrong = net_ask(0, 0);

	for (unsigned int n = 1; n <= NET_PINGS && !wrong; n++)
		wrong = net_ask(n, n * 53 % (NET_DATA_MAX + 1));
	if (!wrong)
		wrong = net_ask(NET_PINGS + 1, NET_DATA_MAX);
	return wrong;
}

const char *check_net(struct hvl_drv_dev *dev, struct hvl_drv_pool *pool)
{
	unsigned int before = check_interrupts();
	const char *wrong = NULL;
	uint32_t nfree = pool->nfree;

	for (unsigned int i = 0; i < NET_LIVES && !wrong; i++) {
		if (hvl_drv_net_start(&net, dev, pool, &net_config) < 0)
			return "does not start";
		if (i == 0)
			check_say("net address %02x:%02x:%02x:%02x:%02x:%02x",
				  net.mac[0], net.mac[1], net.mac[2],
				  net.mac[3], net.mac[4], net.mac[5]);
		wrong = hvl_drv_net_link(&net) ? net_traffic() : "link down";
		if (hvl_drv_net_stop(&net) < 0)
			return "does not stop";
	}
	if (!wrong && check_interrupts() == before)
		wrong = "never interrupts";
	if (!wrong && pool->nfree != nfree)
		wrong = "keeps memory after its stop";
	return wrong;
}
