/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ping.c - ICMP echo requests, timed (RFC 792)
 *
 * One packet is out at a time. The next goes out an interval after the last
 * one, and not before that was answered or given up.
 */
#include "app.h"

#include <string.h>

#include <lwip/icmp.h>
#include <lwip/inet_chksum.h>
#include <lwip/ip4.h>
#include <lwip/raw.h>

#include <hvl/metal/time.h>

#include "pingstat.h"

#define PING_ID 0x6876u
#define PING_HEADER 8u /* of an echo request or reply */
#define PING_TIMEOUT_US 1000000u

static struct ping {
	struct raw_pcb *pcb; /* NULL: not running */
	ip_addr_t addr;
	uint32_t count;
	uint32_t size;
	uint64_t interval_us;
	uint16_t seq;
	bool waiting;	  /* for the answer to seq */
	uint64_t sent_us; /* that one */
	uint64_t next_us; /* when the next may go */
	struct pingstat stat;
} ping;

#define PING_ADDR_FMT "%u.%u.%u.%u"
#define PING_ADDR(a)                                    \
	ip4_addr1(ip_2_ip4(a)), ip4_addr2(ip_2_ip4(a)), \
		ip4_addr3(ip_2_ip4(a)), ip4_addr4(ip_2_ip4(a))

static uint8_t ping_byte(uint32_t i)
{
	return (uint8_t)(ping.seq + i);
}

/* Whether a packet, from its IP header on, is the answer that we wait for. */
static bool ping_is_answer(struct pbuf *p, uint16_t *icmp_len)
{
	struct icmp_echo_hdr echo;
	struct ip_hdr ip;
	uint16_t hlen;

	if (pbuf_copy_partial(p, &ip, sizeof(ip), 0) != sizeof(ip))
		return false;
	hlen = IPH_HL_BYTES(&ip);
	if (pbuf_copy_partial(p, &echo, sizeof(echo), hlen) != sizeof(echo))
		return false;
	*icmp_len = (uint16_t)(p->tot_len - hlen);
	return ICMPH_TYPE(&echo) == ICMP_ER && ping.waiting &&
	       echo.id == PP_HTONS(PING_ID) &&
	       echo.seqno == lwip_htons(ping.seq);
}

static bool ping_data_ok(struct pbuf *p, uint16_t icmp_len)
{
	uint16_t at = (uint16_t)(p->tot_len - icmp_len + PING_HEADER);

	if (icmp_len != PING_HEADER + ping.size)
		return false;
	for (uint32_t i = 0; i < ping.size; i++)
		if (pbuf_get_at(p, (uint16_t)(at + i)) != ping_byte(i))
			return false;
	return true;
}

static u8_t ping_recv(void *arg, struct raw_pcb *pcb, struct pbuf *p,
		      const ip_addr_t *addr)
{
	uint64_t now = hvl_time_us();
	uint16_t icmp_len;
	unsigned int us;

	(void)arg;
	(void)pcb;
	if (!ip_addr_cmp(addr, &ping.addr) || !ping_is_answer(p, &icmp_len))
		return 0;
	ping.waiting = false;
	us = (unsigned int)(now - ping.sent_us);
	if (!ping_data_ok(p, icmp_len)) {
		app_print("seq %u: the answer's data differ\n", ping.seq);
	} else {
		pingstat_received(&ping.stat, us);
		app_print("%u bytes from " PING_ADDR_FMT ": seq %u, %u us\n",
			  icmp_len, PING_ADDR(addr), ping.seq, us);
	}
	pbuf_free(p);
	return 1;
}

static struct pbuf *ping_build(void)
{
	uint16_t len = (uint16_t)(PING_HEADER + ping.size);
	struct pbuf *p = pbuf_alloc(PBUF_IP, len, PBUF_RAM);
	struct icmp_echo_hdr *echo;
	uint8_t *data;

	if (!p)
		return NULL;
	echo = p->payload;
	ICMPH_TYPE_SET(echo, ICMP_ECHO);
	ICMPH_CODE_SET(echo, 0);
	echo->chksum = 0;
	echo->id = PP_HTONS(PING_ID);
	echo->seqno = lwip_htons(ping.seq);
	data = (uint8_t *)p->payload + PING_HEADER;
	for (uint32_t i = 0; i < ping.size; i++)
		data[i] = ping_byte(i);
	echo->chksum = inet_chksum(echo, len);
	return p;
}

static void ping_send(void)
{
	struct pbuf *p;
	err_t err = ERR_MEM;

	ping.seq++;
	p = ping_build();
	ping.sent_us = hvl_time_us();
	ping.next_us = ping.sent_us + ping.interval_us;
	pingstat_sent(&ping.stat);
	if (p) {
		err = raw_sendto(ping.pcb, p, &ping.addr);
		pbuf_free(p);
	}
	if (err == ERR_OK)
		ping.waiting = true;
	else
		app_print("seq %u: not sent: %s\n", ping.seq,
			  err == ERR_RTE ? "no route" : "no memory or link");
	/* Even a flood leaves time for a ring to drain. */
	if (err != ERR_OK && ping.interval_us < APP_RECHECK_US)
		ping.next_us = ping.sent_us + APP_RECHECK_US;
}

bool app_ping_start(uint32_t addr, uint32_t count, uint32_t size,
		    uint64_t interval_us)
{
	memset(&ping, 0, sizeof(ping));
	ip_addr_set_ip4_u32_val(ping.addr, lwip_htonl(addr));
	ping.count = count;
	ping.size = size;
	ping.interval_us = interval_us;
	ping.pcb = raw_new(IP_PROTO_ICMP);
	if (!ping.pcb) {
		app_print("net ping: out of memory\n");
		return false;
	}
	raw_recv(ping.pcb, ping_recv, NULL);
	raw_bind(ping.pcb, IP_ADDR_ANY);
	return true;
}

void app_ping_stop(void)
{
	char line[120];

	raw_remove(ping.pcb);
	ping.pcb = NULL;
	/* Interrupted while one was out: it is not lost, nobody waited. */
	if (ping.waiting)
		ping.stat.sent--;
	pingstat_format(&ping.stat, line, sizeof(line));
	app_print("%s\n", line);
}

bool app_ping_poll(void)
{
	uint64_t now = app_now_us();

	if (ping.waiting && now >= ping.sent_us + PING_TIMEOUT_US) {
		ping.waiting = false;
		app_print("no answer from " PING_ADDR_FMT ": seq %u\n",
			  PING_ADDR(&ping.addr), ping.seq);
	}
	if (ping.waiting)
		return true;
	if (ping.stat.sent == ping.count) {
		app_ping_stop();
		return false;
	}
	if (now >= ping.next_us)
		ping_send();
	return true;
}

uint64_t app_ping_deadline(void)
{
	return ping.waiting ? ping.sent_us + PING_TIMEOUT_US : ping.next_us;
}
