/* SPDX-License-Identifier: BSD-3-Clause */
/* The smallest host there can be (RFC 826, RFC 792): see responder.h. */
#include "responder.h"

#include <stdbool.h>
#include <string.h>

#define ETH_ARP 0x0806u
#define ETH_IP 0x0800u
#define ETH_SIZE 14u
#define ARP_SIZE 28u
#define IP_SIZE 20u /* no options are served */
#define ICMP_SIZE 8u
#define IP_PROTO_ICMP 1u

static const uint8_t responder_ip[4] = { 192, 168, 200, 2 };

static uint16_t responder_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t responder_arp(const uint8_t mac[6], uint8_t *frame,
			      uint32_t len)
{
	uint8_t *arp = frame + ETH_SIZE;

	if (len < ETH_SIZE + ARP_SIZE || responder_be16(arp + 6) != 1 ||
	    memcmp(arp + 24, responder_ip, 4) != 0)
		return 0;
	arp[7] = 2;			  /* a reply */
	memcpy(arp + 18, arp + 8, 6 + 4); /* to him who asked */
	memcpy(arp + 8, mac, 6);
	memcpy(arp + 14, responder_ip, 4);
	memcpy(frame, arp + 18, 6);
	memcpy(frame + 6, mac, 6);
	return ETH_SIZE + ARP_SIZE;
}

static bool responder_is_ping(const uint8_t *ip, uint32_t len)
{
	return len >= IP_SIZE + ICMP_SIZE && ip[0] == 0x45 &&
	       responder_be16(ip + 2) <= len &&
	       responder_be16(ip + 2) >= IP_SIZE + ICMP_SIZE &&
	       (responder_be16(ip + 6) & 0x3fff) == 0 && /* whole */
	       ip[9] == IP_PROTO_ICMP &&
	       memcmp(ip + 16, responder_ip, 4) == 0 && ip[IP_SIZE] == 8;
}

static uint32_t responder_ping(const uint8_t mac[6], uint8_t *frame,
			       uint32_t len)
{
	uint8_t *ip = frame + ETH_SIZE, *icmp = ip + IP_SIZE;
	uint32_t sum;

	if (!responder_is_ping(ip, len - ETH_SIZE))
		return 0;
	memcpy(ip + 16, ip + 12, 4); /* swapped, the IP checksum stays */
	memcpy(ip + 12, responder_ip, 4);
	icmp[0] = 0;
	/* One's complement sum: what the type loses the checksum gains. */
	sum = responder_be16(icmp + 2) + 0x0800u;
	sum = (sum & 0xffff) + (sum >> 16);
	icmp[2] = (uint8_t)(sum >> 8);
	icmp[3] = (uint8_t)sum;
	memcpy(frame, frame + 6, 6);
	memcpy(frame + 6, mac, 6);
	return ETH_SIZE + responder_be16(ip + 2);
}

uint32_t responder_answer(const uint8_t mac[6], uint8_t *frame, uint32_t len)
{
	if (len < ETH_SIZE)
		return 0;
	switch (responder_be16(frame + 12)) {
	case ETH_ARP:
		return responder_arp(mac, frame, len);
	case ETH_IP:
		return responder_ping(mac, frame, len);
	default:
		return 0;
	}
}
