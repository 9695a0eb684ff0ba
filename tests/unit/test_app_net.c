/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lwIP over the application's interface and its TCP echo, with the network
 * driver replaced: the test is the peer, frame by frame.
 */
#include "app.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include <lwip/init.h>
#include <lwip/pbuf.h>
#include <lwip/raw.h>
#include <lwip/sys.h>

#include <hvl/driver/net.h>
#include <hvl/metal/errno.h>
#include <hvl/metal/compiler.h>
#include <hvl/metal/errno.h>

#define BUFS 16u
#define BUF_SIZE 66000u
#define SENT_MAX 64u
#define ROOM 1514u

#define ETH 14u
#define IP 20u
#define TCP 20u
#define FIN 0x01u
#define SYN 0x02u
#define RST 0x04u
#define PSH 0x08u
#define ACK 0x10u

static const uint8_t peer_mac[6] = { 2, 0, 0, 0, 0, 0xfe };
static const uint8_t our_mac[6] = { 2, 0, 0, 0, 0, 2 };
static const uint8_t peer_ip[4] = { 192, 168, 200, 254 };
static const uint8_t our_ip[4] = { 192, 168, 200, 2 };

/* The driver and its device. */
static struct {
	struct hvl_drv_net_buf bufs[BUFS];
	uint8_t memory[BUFS][BUF_SIZE];
	unsigned int next, queued; /* received ones in order */
	unsigned int done;	   /* given back */
	unsigned int starts;
	uint32_t gen;
	int tx_room; /* frames that still fit */
	struct {
		uint32_t len;
		uint8_t data[ROOM];
	} sent[SENT_MAX];
	unsigned int nsent;
	struct hvl_drv_net_buf tx;
	uint8_t tx_data[ROOM];
	bool link;
	int reset; /* what a queue's reset returns */
	unsigned int resets;
	uint8_t own_mac[6]; /* for a device that gives none */
} fake;

static struct app_device device = { .name = "net0", .drv = &app_net_driver };
/* The milliseconds of lwIP's clock wrap while the tests run. */
static uint64_t clock_us = (UINT64_C(1) << 32) * 1000 - 20000000;

int hvl_drv_net_start(struct hvl_drv_net *net, struct hvl_drv_dev *dev,
		      struct hvl_drv_pool *pool,
		      const struct hvl_drv_net_config *cfg)
{
	(void)dev;
	(void)pool;
	memcpy(fake.own_mac, cfg->mac, sizeof(fake.own_mac));
	fake.starts++;
	fake.gen++;
	fake.next = fake.queued = 0;
	net->nbufs_rx = BUFS;
	net->mtu = 1500;
	net->live = true;
	memcpy(net->mac, our_mac, 6);
	return 0;
}

int hvl_drv_net_rx(struct hvl_drv_net *net, struct hvl_drv_net_buf **buf)
{
	(void)net;
	if (fake.next == fake.queued)
		return 0;
	*buf = &fake.bufs[fake.next++];
	return 1;
}

void hvl_drv_net_rx_done(struct hvl_drv_net *net, struct hvl_drv_net_buf *buf,
			 uint32_t gen)
{
	(void)net;
	if (gen == fake.gen && buf->lent) {
		buf->lent = false;
		fake.done++;
	}
}

int hvl_drv_net_tx_get(struct hvl_drv_net *net, struct hvl_drv_net_buf **buf)
{
	(void)net;
	if (fake.tx_room == 0)
		return 0;
	fake.tx.data = fake.tx_data;
	fake.tx.len = ROOM;
	*buf = &fake.tx;
	return 1;
}

int hvl_drv_net_tx_put(struct hvl_drv_net *net, struct hvl_drv_net_buf *buf,
		       uint32_t len)
{
	(void)net;
	if (len == 0)
		return 0;
	assert_true(fake.nsent < SENT_MAX && len <= ROOM);
	memcpy(fake.sent[fake.nsent].data, buf->data, len);
	fake.sent[fake.nsent++].len = len;
	fake.tx_room--;
	return 0;
}

void hvl_drv_net_kick(struct hvl_drv_net *net)
{
	(void)net;
}

void hvl_drv_net_irq_off(struct hvl_drv_net *net)
{
	(void)net;
}

bool hvl_drv_net_irq_on(struct hvl_drv_net *net)
{
	(void)net;
	return fake.next != fake.queued;
}

bool hvl_drv_net_link(struct hvl_drv_net *net)
{
	(void)net;
	return fake.link;
}

int hvl_drv_net_check(struct hvl_drv_net *net)
{
	(void)net;
	return 0;
}

int hvl_drv_net_queue_reset(struct hvl_drv_net *net, uint16_t queue)
{
	(void)net;
	(void)queue;
	fake.resets++;
	return fake.reset;
}

void hvl_drv_vq_break(struct hvl_drv_vq *vq)
{
	(void)vq;
}

void hvl_drv_dev_kick(struct hvl_drv_dev *dev, uint16_t queue,
		      struct hvl_drv_vq *vq)
{
	(void)dev;
	(void)queue;
	(void)vq;
}

/* The rest of the application. */

uint64_t app_now_us(void)
{
	return clock_us;
}

u32_t sys_now(void)
{
	return (u32_t)(clock_us / 1000);
}

void app_say(const char *fmt, ...)
{
	(void)fmt;
}

void app_print(const char *fmt, ...)
{
	(void)fmt;
}

void app_device_failed(struct app_device *dev, int error)
{
	dev->up = false;
	dev->failed = error;
}

uint32_t app_random(void)
{
	static uint32_t x = 1;

	return x = x * 1103515245u + 12345u;
}

void app_lwip_failed(const char *what)
{
	fail_msg("lwIP: %s", what);
	abort();
}

/* The peer. */

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static uint32_t get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return get16(p) << 16 | get16(p + 2);
}

static uint32_t add16(uint32_t sum, const uint8_t *p, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		sum += (uint32_t)p[i] << (i % 2 ? 0 : 8);
	return sum;
}

static uint32_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

/* Room for a frame of the device's next buffer; deliver() queues it. */
static uint8_t *frame_new(void)
{
	assert_true(fake.queued < BUFS);
	memset(fake.memory[fake.queued], 0, 128);
	return fake.memory[fake.queued];
}

static uint32_t spoil; /* a byte that comes out wrong; 0: none */

static void deliver(uint32_t len)
{
	struct hvl_drv_net_buf *buf = &fake.bufs[fake.queued];

	buf->data = fake.memory[fake.queued];
	if (spoil != 0)
		buf->data[spoil] ^= 1;
	buf->len = len;
	buf->gen = fake.gen;
	buf->lent = true;
	fake.queued++;
	app_net_poll();
}

static void put_ip(uint8_t *f, uint8_t protocol, uint32_t len)
{
	uint8_t *ip = f + ETH;

	memcpy(f, our_mac, 6);
	memcpy(f + 6, peer_mac, 6);
	put16(f + 12, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, IP + len);
	ip[8] = 64;
	ip[9] = protocol;
	memcpy(ip + 12, peer_ip, 4);
	memcpy(ip + 16, our_ip, 4);
	put16(ip + 10, fold(add16(0, ip, IP)));
}

static void send_tcp(uint32_t port, uint32_t seq, uint32_t ack, uint8_t flags,
		     const char *data)
{
	uint32_t len = TCP + (uint32_t)strlen(data);
	uint8_t *f = frame_new(), *tcp = f + ETH + IP;

	put16(tcp, port);
	put16(tcp + 2, APP_ECHO_PORT);
	put32(tcp + 4, seq);
	put32(tcp + 8, ack);
	tcp[12] = TCP / 4 << 4;
	tcp[13] = flags;
	put16(tcp + 14, 60000);
	memcpy(tcp + TCP, data, len - TCP);
	put16(tcp + 16, fold(add16(add16(add16(6 + len, peer_ip, 4), our_ip, 4),
				   tcp, len)));
	put_ip(f, 6, len);
	deliver(ETH + IP + len);
}

/* Ask who has our address: after that lwIP knows the peer's. */
static void send_arp(void)
{
	uint8_t *f = frame_new();
	static const uint8_t head[] = { 0, 1, 8, 0, 6, 4, 0, 1 };

	memset(f, 0xff, 6);
	memcpy(f + 6, peer_mac, 6);
	put16(f + 12, 0x0806);
	memcpy(f + 14, head, sizeof(head));
	memcpy(f + 22, peer_mac, 6);
	memcpy(f + 28, peer_ip, 4);
	memcpy(f + 38, our_ip, 4);
	deliver(60);
}

static const uint8_t *last_tcp(void)
{
	assert_true(fake.nsent > 0);
	assert_int_equal(fake.sent[fake.nsent - 1].data[ETH + 9], 6);
	return fake.sent[fake.nsent - 1].data + ETH + IP;
}

/* The bytes that came back in all frames since the last look. */
static void expect_echo(const char *text)
{
	char got[256];
	size_t n = 0;

	for (unsigned int i = 0; i < fake.nsent; i++) {
		const uint8_t *ip = fake.sent[i].data + ETH;
		uint32_t head = IP + (uint32_t)(ip[IP + 12] >> 4) * 4;
		uint32_t len = get16(ip + 2) - head;

		assert_true(n + len < sizeof(got));
		memcpy(got + n, ip + head, len);
		n += len;
	}
	got[n] = '\0';
	assert_string_equal(got, text);
	fake.nsent = 0;
}

static uint32_t connect_from(uint32_t port)
{
	uint32_t seq;

	send_tcp(port, 1000, 0, SYN, "");
	seq = get32(last_tcp() + 4) + 1;
	assert_int_equal(last_tcp()[13], SYN | ACK);
	send_tcp(port, 1001, seq, ACK, "");
	fake.nsent = 0;
	return seq;
}

/* The device was reset: its buffers begin anew. */
static void restart(void)
{
	device.up = false;
	app_net_driver.release(&device);
	memset(fake.memory, 0xee, sizeof(fake.memory));
	assert_int_equal(app_net_driver.start(&device), 0);
	device.up = true;
}

static int setup(void **state)
{
	static bool once;

	(void)state;
	fake.tx_room = 1000;
	fake.link = true;
	if (!once) {
		once = true;
		lwip_init();
		assert_int_equal(app_net_driver.start(&device), 0);
		device.up = true;
		app_net_up();
		app_services_start();
	} else {
		restart();
	}
	fake.nsent = 0;
	fake.done = 0;
	send_arp();
	assert_int_equal(fake.nsent, 1);
	fake.nsent = 0;
	return 0;
}

/* More often than there are places: each end gives its place back. */
static void app_net_echo_returns_bytes(void **state)
{
	uint32_t seq, port;

	(void)state;
	for (port = 5000; port < 5000 + 2 * APP_ECHO_CONNECTIONS; port++) {
		restart();
		fake.done = 0;
		seq = connect_from(port);
		send_tcp(port, 1001, seq, ACK | PSH, "hello");
		expect_echo("hello");
		send_tcp(port, 1006, seq + 5, ACK | FIN, "");
		assert_int_equal(last_tcp()[13] & FIN, FIN);
		send_tcp(port, 1007, seq + 6, ACK, "");
		/* Each frame is back with the device. */
		assert_int_equal(fake.done, fake.queued);
	}
}

/* Virtio 1.3 §5.1.6.2.1: no checksum is left for the device to fill in. */
static void app_net_sends_whole_checksums(void **state)
{
	uint32_t seq = connect_from(5500), i, len, sum;

	(void)state;
	send_tcp(5500, 1001, seq, ACK | PSH, "sums");
	assert_true(fake.nsent > 0);
	for (i = 0; i < fake.nsent; i++) {
		const uint8_t *ip = fake.sent[i].data + ETH;

		assert_int_equal(fold(add16(0, ip, IP)), 0);
		len = get16(ip + 2) - IP;
		sum = add16(ip[9] + len, ip + 12, 8);
		assert_int_not_equal(get16(ip + IP + 16), 0);
		assert_int_equal(fold(add16(sum, ip + IP, len)), 0);
	}
	expect_echo("sums");
	send_tcp(5500, 1005, seq + 4, RST, "");
}

/* §5.1.6.4.2: nor are those right that the device says nothing of. */
static void app_net_drops_wrong_checksums(void **state)
{
	static const uint32_t bytes[] = { ETH + 10, ETH + 17, ETH + IP + 16,
					  ETH + IP + TCP };
	uint32_t seq = connect_from(5600), i;

	(void)state;
	for (i = 0; i < HVL_ARRAY_SIZE(bytes); i++) {
		spoil = bytes[i];
		send_tcp(5600, 1001, seq, ACK | PSH, "sums");
		spoil = 0;
		assert_int_equal(fake.nsent, 0);
	}
	send_tcp(5600, 1001, seq, ACK | PSH, "sums");
	expect_echo("sums");
	send_tcp(5600, 1005, seq + 4, RST, "");
}

/* Headers of segments that wait for others must not be found again there. */
static void app_net_restart_forgets_segments_out_of_order(void **state)
{
	uint32_t seq = connect_from(8001);
	uint8_t *header = fake.memory[fake.queued] + ETH + IP;
	uint32_t early = 1003;

	(void)state;
	send_tcp(8001, 1005, seq, ACK | PSH, "efgh");
	expect_echo("");
	restart();
	/* As lwIP keeps it: in the machine's order. */
	memcpy(header + 4, &early, sizeof(early));
	fake.queued = fake.next = BUFS - 2;
	send_tcp(8001, 1001, seq, ACK | PSH, "abcd");
	expect_echo("abcd");
	send_tcp(8001, 1005, seq + 4, ACK | PSH, "efgh");
	expect_echo("efgh");
	restart();
	send_tcp(8001, 1009, seq + 8, RST, "");
}

static void app_net_over_the_limit_is_refused(void **state)
{
	uint32_t seqs[APP_ECHO_CONNECTIONS];
	uint32_t i, seq;

	(void)state;
	for (i = 0; i < APP_ECHO_CONNECTIONS; i++) {
		restart();
		seqs[i] = connect_from(6000 + i);
	}
	restart();
	send_tcp(6100, 1000, 0, SYN, "");
	seq = get32(last_tcp() + 4) + 1;
	send_tcp(6100, 1001, seq, ACK, "");
	assert_int_equal(last_tcp()[13] & RST, RST);
	/* The others go on, and their places are free afterwards. */
	fake.nsent = 0;
	send_tcp(6000, 1001, seqs[0], ACK | PSH, "on");
	expect_echo("on");
	for (i = 0; i < APP_ECHO_CONNECTIONS; i++)
		send_tcp(6000 + i, i == 0 ? 1003 : 1001, seqs[i], RST, "");
	restart();
	seq = connect_from(6200);
	send_tcp(6200, 1001, seq, RST, "");
}

/* One that went without a word is asked, and gives its place up. */
static void app_net_gone_peer_loses_its_place(void **state)
{
	uint32_t seqs[APP_ECHO_CONNECTIONS], i;
	uint32_t seq;

	(void)state;
	for (i = 0; i < APP_ECHO_CONNECTIONS; i++) {
		restart();
		seqs[i] = connect_from(7000 + i);
	}
	(void)seqs;
	for (i = 0; i < 600; i++) {
		clock_us += 250000;
		app_net_poll();
		if (fake.nsent > SENT_MAX / 2)
			fake.nsent = 0;
	}
	restart();
	fake.nsent = 0;
	send_arp();
	seq = connect_from(7100);
	send_tcp(7100, 1001, seq, RST, "");
}

/* Frames that lwIP could not send go out when the ring has room again. */
static void app_net_goes_on_when_the_ring_has_room(void **state)
{
	uint32_t seq = connect_from(8002);

	(void)state;
	fake.tx_room = 0;
	send_tcp(8002, 1001, seq, ACK | PSH, "later");
	expect_echo("");
	assert_true(app_net_deadline() - clock_us <= 1000);
	fake.tx_room = 1000;
	app_net_poll();
	expect_echo("later");
	send_tcp(8002, 1006, seq, RST, "");
}

/* Someone who keeps what he is given, as TCP may. */
static struct pbuf *kept[BUFS];
static unsigned int nkept;

static u8_t keep(void *arg, struct raw_pcb *pcb, struct pbuf *p,
		 const ip_addr_t *addr)
{
	(void)arg;
	(void)pcb;
	(void)addr;
	kept[nkept++] = p;
	return 1;
}

static void send_raw(uint8_t byte, uint8_t offset)
{
	uint8_t *f = frame_new();

	memset(f + ETH + IP, byte, 64);
	f[ETH + 7] = offset;
	put_ip(f, 99, 64);
	deliver(ETH + IP + 64);
}

static void expect_kept(unsigned int i, uint8_t byte)
{
	assert_int_equal(kept[i]->tot_len, IP + 64);
	for (uint16_t at = 0; at < 64; at++)
		assert_int_equal(pbuf_get_at(kept[i], (uint16_t)(IP + at)),
				 byte);
}

static void app_net_holds_some_buffers_and_copies_the_rest(void **state)
{
	struct raw_pcb *pcb = raw_new(99);
	unsigned int i, first = fake.queued;

	(void)state;
	assert_non_null(pcb);
	raw_recv(pcb, keep, NULL);
	fake.done = 0;
	for (i = first; i < BUFS; i++)
		send_raw((uint8_t)i, 0);
	/* Three quarters of the buffers that there are. */
	assert_int_equal(BUFS - first - fake.done, BUFS / 4 * 3);
	restart();
	restart(); /* what moved stays where it is */
	for (i = 0; i < nkept; i++)
		expect_kept(i, (uint8_t)(first + i));
	/* Buffers of an earlier life are not given back in this one. */
	fake.done = 0;
	while (nkept > 0)
		pbuf_free(kept[--nkept]);
	assert_int_equal(fake.done, 0);
	raw_remove(pcb);
}

static void app_net_copies_fragments(void **state)
{
	(void)state;
	fake.done = 0;
	send_raw(1, 8);
	assert_int_equal(fake.done, 1);
}

static void app_net_drops_what_lwip_cannot_count(void **state)
{
	uint8_t *f = frame_new();

	(void)state;
	fake.done = 0;
	put_ip(f, 99, 40);
	deliver(65536 + ETH + IP + 40);
	assert_int_equal(fake.done, 1);
	assert_int_equal(fake.nsent, 0);
}

/* Virtio 1.3 §5.1.4.2: locally administered, and of one interface. */
static void app_net_address_of_its_own_is_local(void **state)
{
	(void)state;
	assert_int_equal(fake.own_mac[0] & 3, 2);
}

static void app_net_reset_that_fails_ends_the_device(void **state)
{
	(void)state;
	fake.resets = 0;
	fake.reset = 0;
	assert_int_equal(app_net_reset(HVL_NET_QUEUE_TX), 0);
	fake.reset = -ENOTSUP;
	assert_int_equal(app_net_reset(HVL_NET_QUEUE_RX), -ENOTSUP);
	assert_true(device.up);
	fake.reset = -ETIMEDOUT;
	assert_int_equal(app_net_reset(HVL_NET_QUEUE_RX), -ETIMEDOUT);
	assert_false(device.up);
	assert_int_equal(device.failed, -ETIMEDOUT);
	assert_int_equal(fake.resets, 3);
	assert_int_equal(app_net_reset(HVL_NET_QUEUE_RX), -ENODEV);
	assert_int_equal(fake.resets, 3);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
		TEST(app_net_echo_returns_bytes),
		TEST(app_net_sends_whole_checksums),
		TEST(app_net_drops_wrong_checksums),
		TEST(app_net_restart_forgets_segments_out_of_order),
		TEST(app_net_over_the_limit_is_refused),
		TEST(app_net_gone_peer_loses_its_place),
		TEST(app_net_goes_on_when_the_ring_has_room),
		TEST(app_net_holds_some_buffers_and_copies_the_rest),
		TEST(app_net_copies_fragments),
		TEST(app_net_drops_what_lwip_cannot_count),
		TEST(app_net_address_of_its_own_is_local),
		TEST(app_net_reset_that_fails_ends_the_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
