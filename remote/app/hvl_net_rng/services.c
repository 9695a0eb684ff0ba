/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * services.c - TCP echo (RFC 862) and lwIP's iperf 2 server
 *
 * The echo opens the peer's window only by what it has sent back. So a window
 * of bytes is all that it ever has to keep, and it keeps bytes, not pbufs: a
 * peer that does not read takes no buffers from reception.
 */
#include "app.h"

#include <lwip/apps/lwiperf.h>
#include <lwip/tcp.h>

/* At once: what tcp_write() can count. Smaller pieces let the peer begin. */
#define ECHO_CHUNK_MAX 16384u

/* Received and not yet sent back: a ring of a window's size. */
static struct echo {
	bool used;
	bool ended; /* the peer sends no more */
	uint32_t head, count;
	uint8_t ring[TCP_WND];
} echoes[APP_ECHO_CONNECTIONS];

static struct echo *echo_alloc(void)
{
	for (unsigned int i = 0; i < APP_ECHO_CONNECTIONS; i++) {
		struct echo *echo = &echoes[i];

		if (echo->used)
			continue;
		echo->used = true;
		echo->ended = false;
		echo->head = echo->count = 0;
		return echo;
	}
	return NULL;
}

/* Bytes from @at on that lie in one piece. */
static uint32_t echo_piece(uint32_t at, uint32_t len)
{
	return len < TCP_WND - at ? len : TCP_WND - at;
}

/* Return: false for more than a window, which lwIP does not let through. */
static bool echo_push(struct echo *echo, struct pbuf *p)
{
	uint32_t at = (echo->head + echo->count) % TCP_WND;
	uint16_t len = p->tot_len, piece = (uint16_t)echo_piece(at, len);

	if (len > TCP_WND - echo->count)
		return false;
	pbuf_copy_partial(p, echo->ring + at, piece, 0);
	pbuf_copy_partial(p, echo->ring, (uint16_t)(len - piece), piece);
	echo->count += len;
	return true;
}

static void echo_send(struct echo *echo, struct tcp_pcb *pcb)
{
	while (echo->count > 0) {
		uint32_t len = echo_piece(echo->head, echo->count);

		if (len > tcp_sndbuf(pcb))
			len = tcp_sndbuf(pcb);
		if (len > ECHO_CHUNK_MAX)
			len = ECHO_CHUNK_MAX;
		if (len == 0 ||
		    tcp_write(pcb, echo->ring + echo->head, (uint16_t)len,
			      TCP_WRITE_FLAG_COPY) != ERR_OK)
			break;
		tcp_recved(pcb, (uint16_t)len);
		echo->head = (echo->head + len) % TCP_WND;
		echo->count -= len;
	}
	tcp_output(pcb);
}

static void echo_detach(struct echo *echo, struct tcp_pcb *pcb)
{
	tcp_arg(pcb, NULL);
	tcp_recv(pcb, NULL);
	tcp_sent(pcb, NULL);
	tcp_poll(pcb, NULL, 0);
	tcp_err(pcb, NULL);
	echo->used = false;
}

static err_t echo_abort(struct echo *echo, struct tcp_pcb *pcb)
{
	echo_detach(echo, pcb);
	tcp_abort(pcb);
	return ERR_ABRT;
}

static err_t echo_go_on(void *arg, struct tcp_pcb *pcb)
{
	struct echo *echo = arg;

	echo_send(echo, pcb);
	if (echo->count > 0 || !echo->ended)
		return ERR_OK;
	echo_detach(echo, pcb);
	if (tcp_close(pcb) == ERR_OK)
		return ERR_OK;
	tcp_abort(pcb);
	return ERR_ABRT;
}

static err_t echo_sent(void *arg, struct tcp_pcb *pcb, u16_t len)
{
	(void)len;
	return echo_go_on(arg, pcb);
}

static err_t echo_recv(void *arg, struct tcp_pcb *pcb, struct pbuf *p,
		       err_t err)
{
	struct echo *echo = arg;
	bool fits = true;

	(void)err;
	if (p) {
		fits = echo_push(echo, p);
		pbuf_free(p);
	} else {
		echo->ended = true;
	}
	return fits ? echo_go_on(arg, pcb) : echo_abort(echo, pcb);
}

/* The pcb is gone already. */
static void echo_err(void *arg, err_t err)
{
	struct echo *echo = arg;

	(void)err;
	echo->used = false;
}

static err_t echo_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct echo *echo;

	(void)arg;
	if (err != ERR_OK || !pcb)
		return ERR_VAL;
	echo = echo_alloc();
	if (!echo)
		return ERR_MEM;
	tcp_arg(pcb, echo);
	tcp_recv(pcb, echo_recv);
	tcp_sent(pcb, echo_sent);
	tcp_err(pcb, echo_err);
	/* Memory that ran out comes back without a word: look each second. */
	tcp_poll(pcb, echo_go_on, 2);
	tcp_nagle_disable(pcb);
	/* One that went without a word would keep its place among the few. */
	ip_set_option(pcb, SOF_KEEPALIVE);
	return ERR_OK;
}

static void echo_start(void)
{
	struct tcp_pcb *pcb = tcp_new(), *listening;

	if (!pcb || tcp_bind(pcb, IP_ADDR_ANY, APP_ECHO_PORT) != ERR_OK) {
		app_say("echo: cannot take port %u", APP_ECHO_PORT);
		return;
	}
	listening = tcp_listen(pcb);
	if (!listening) {
		app_say("echo: cannot listen");
		tcp_close(pcb);
		return;
	}
	tcp_accept(listening, echo_accept);
}

/* lwIP counts bytes in 32 bits, too few for a long test: they are not shown. */
static void iperf_report(void *arg, enum lwiperf_report_type type,
			 const ip_addr_t *local_addr, u16_t local_port,
			 const ip_addr_t *remote_addr, u16_t remote_port,
			 u32_t bytes, u32_t ms, u32_t kbits)
{
	const ip4_addr_t *peer = ip_2_ip4(remote_addr);

	(void)arg;
	(void)local_addr;
	(void)local_port;
	(void)bytes;
	(void)kbits;
	app_say("iperf: %u.%u.%u.%u:%u: %s after %u ms", ip4_addr1(peer),
		ip4_addr2(peer), ip4_addr3(peer), ip4_addr4(peer), remote_port,
		type == LWIPERF_TCP_DONE_SERVER ? "done" : "ended early",
		(unsigned int)ms);
}

void app_services_start(void)
{
	echo_start();
	if (!lwiperf_start_tcp_server_default(iperf_report, NULL))
		app_say("iperf: cannot take port %u", LWIPERF_TCP_PORT_DEFAULT);
}
