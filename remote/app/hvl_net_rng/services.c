/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * services.c - TCP echo (RFC 862) and lwIP's iperf 2 server
 *
 * The echo acknowledges to the peer's window only what it has sent back, so
 * that a peer that does not read stops after one window, and holds no more of
 * our memory than that.
 */
#include "app.h"

#include <lwip/apps/lwiperf.h>
#include <lwip/tcp.h>

#define ECHO_QUEUE (2u * APP_TCP_SEGMENTS)

/* Received and not yet sent back. */
static struct echo {
	bool used;
	bool ended; /* the peer sends no more */
	unsigned int head, count;
	struct pbuf *queue[ECHO_QUEUE];
} echoes[APP_TCP_CONNECTIONS];

/* Of all connections: reception must not starve for their sake. */
static unsigned int echo_queued;

static struct echo *echo_alloc(void)
{
	for (unsigned int i = 0; i < APP_TCP_CONNECTIONS; i++)
		if (!echoes[i].used) {
			echoes[i].used = true;
			echoes[i].ended = false;
			return &echoes[i];
		}
	return NULL;
}

static void echo_drop_first(struct echo *echo)
{
	pbuf_free(echo->queue[echo->head]);
	echo->head = (echo->head + 1) % ECHO_QUEUE;
	echo->count--;
	echo_queued--;
}

static void echo_release(struct echo *echo)
{
	while (echo->count > 0)
		echo_drop_first(echo);
	echo->used = false;
}

static bool echo_push(struct echo *echo, struct pbuf *p)
{
	if (echo->count == ECHO_QUEUE || echo_queued >= ECHO_QUEUE)
		return false;
	echo->queue[(echo->head + echo->count) % ECHO_QUEUE] = p;
	echo->count++;
	echo_queued++;
	return true;
}

/* Take pbufs without bytes off the front of a chain. */
static struct pbuf *echo_skip_empty(struct pbuf *p)
{
	while (p && p->len == 0) {
		struct pbuf *next = p->next;

		if (next)
			pbuf_ref(next);
		pbuf_free(p);
		p = next;
	}
	return p;
}

/* Send back of one chain what there is room for. Return: what is left. */
static struct pbuf *echo_send_chain(struct tcp_pcb *pcb, struct pbuf *p)
{
	while ((p = echo_skip_empty(p)) != NULL) {
		uint32_t room = tcp_sndbuf(pcb);
		uint16_t len = room < p->len ? (uint16_t)room : p->len;

		if (len == 0 || tcp_write(pcb, p->payload, len,
					  TCP_WRITE_FLAG_COPY) != ERR_OK)
			break;
		tcp_recved(pcb, len);
		p = pbuf_free_header(p, len);
	}
	return p;
}

static void echo_send(struct echo *echo, struct tcp_pcb *pcb)
{
	while (echo->count > 0) {
		struct pbuf **first = &echo->queue[echo->head];

		*first = echo_send_chain(pcb, *first);
		if (*first)
			break;
		echo->head = (echo->head + 1) % ECHO_QUEUE;
		echo->count--;
		echo_queued--;
	}
	tcp_output(pcb);
}

static err_t echo_close(struct echo *echo, struct tcp_pcb *pcb)
{
	tcp_arg(pcb, NULL);
	tcp_recv(pcb, NULL);
	tcp_sent(pcb, NULL);
	tcp_poll(pcb, NULL, 0);
	tcp_err(pcb, NULL);
	echo_release(echo);
	if (tcp_close(pcb) == ERR_OK)
		return ERR_OK;
	tcp_abort(pcb);
	return ERR_ABRT;
}

static err_t echo_go_on(void *arg, struct tcp_pcb *pcb)
{
	struct echo *echo = arg;

	echo_send(echo, pcb);
	if (echo->count == 0 && echo->ended)
		return echo_close(echo, pcb);
	return ERR_OK;
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

	(void)err;
	/* lwIP keeps what is refused, and offers it again. */
	if (!p)
		echo->ended = true;
	else if (!echo_push(echo, p))
		return ERR_MEM;
	return echo_go_on(arg, pcb);
}

/* The pcb is gone already. */
static void echo_err(void *arg, err_t err)
{
	(void)err;
	echo_release(arg);
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
		type == LWIPERF_TCP_DONE_SERVER ? "done" : "ended early", ms);
}

void app_services_start(void)
{
	echo_start();
	if (!lwiperf_start_tcp_server_default(iperf_report, NULL))
		app_say("iperf: cannot take port %u", LWIPERF_TCP_PORT_DEFAULT);
}
