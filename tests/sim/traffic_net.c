/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ethernet: the backing is a mirror. Frames are numbered; each reaches it once
 * and in order, and comes back once and in order. A host that dies may lose
 * some, in both directions, but none is doubled.
 */
#include "traffic_net.h"

#include <errno.h>
#include <string.h>

#include <hvl/wire/mmio.h>

#define IN_FLIGHT 12u
#define GAP 64u		/* frames that a host's death may cost */
#define LOST_US 200000u /* for what has not come by then */

static uint32_t mix(uint32_t v)
{
	v = (v ^ (v >> 15)) * 2246822519u;
	return v ^ (v >> 13);
}

uint32_t traffic_frame_len(uint32_t number)
{
	uint32_t h = mix(number);

	return 14 + (h % 64 == 0 ? h / 64 % 1400 : h / 64 % 100);
}

void traffic_frame_make(uint8_t *data, uint32_t number)
{
	uint32_t len = traffic_frame_len(number), i;

	for (i = 0; i < len; i++)
		data[i] = (uint8_t)(mix(number + i / 4) >> i % 4 * 8);
}

/* The number that its first word is made from, or @end. */
static uint32_t frame_number(const uint8_t *data, uint32_t first, uint32_t end)
{
	uint32_t word = (uint32_t)data[3] << 24 | (uint32_t)data[2] << 16 |
			(uint32_t)data[1] << 8 | data[0];

	while (first != end && mix(first) != word)
		first++;
	return first;
}

uint32_t traffic_frame_check(const uint8_t *data, uint32_t len, uint32_t first,
			     uint32_t end)
{
	uint32_t number = frame_number(data, first, end);
	uint8_t want[TRAFFIC_FRAME_MAX];

	if (number == end)
		sim_fail("net: frame %u or one behind it is wrong",
			 (unsigned int)first);
	traffic_frame_make(want, number);
	if (len != traffic_frame_len(number))
		sim_fail("net: frame %u has %u bytes, not %u",
			 (unsigned int)number, (unsigned int)len,
			 (unsigned int)traffic_frame_len(number));
	if (memcmp(data, want, len) != 0)
		sim_fail("net: frame %u is wrong", (unsigned int)number);
	return number;
}

/* ---- device side ------------------------------------------------------ */

uint8_t *traffic_mirror_room(void)
{
	struct traffic *t = &traffic;

	if (t->mirror.count == TRAFFIC_MIRROR)
		return NULL;
	return t->mirror
		.data[(t->mirror.head + t->mirror.count) % TRAFFIC_MIRROR];
}

void traffic_mirror_put(uint32_t len)
{
	struct traffic *t = &traffic;
	uint32_t at = (t->mirror.head + t->mirror.count) % TRAFFIC_MIRROR;
	uint32_t end = t->frame_next + (t->hosts > 1 ? GAP : 1);

	t->mirror.len[at] = len;
	t->frame_next = 1 + traffic_frame_check(t->mirror.data[at], len,
						t->frame_next, end);
	t->mirror.count++;
	t->news = true;
}

const uint8_t *traffic_mirror_next(uint32_t *len)
{
	struct traffic *t = &traffic;

	*len = t->mirror.len[t->mirror.head];
	return t->mirror.count != 0 ? t->mirror.data[t->mirror.head] : NULL;
}

void traffic_mirror_take(void)
{
	struct traffic *t = &traffic;

	t->mirror.head = (t->mirror.head + 1) % TRAFFIC_MIRROR;
	t->mirror.count--;
	t->news = true;
}

static int net_backing_send(void *ctx, const struct hvl_seg *seg,
			    unsigned int n, uint32_t len)
{
	uint8_t *data = traffic_mirror_room();
	uint32_t done = 0, i;

	(void)ctx;
	if (!data)
		return -EAGAIN;
	if (len > TRAFFIC_FRAME_MAX)
		sim_fail("net: sent %u bytes", (unsigned int)len);
	for (i = 0; i < n; done += seg[i++].len) {
		struct hvl_io io = { .va = seg[i].va, .size = seg[i].len };

		hvl_io_read_block(&io, 0, data + done, seg[i].len);
	}
	traffic_mirror_put(len);
	return 0;
}

static int net_backing_recv(void *ctx, const struct hvl_seg *seg,
			    unsigned int n, uint32_t room)
{
	uint32_t done = 0, part, len, i;
	const uint8_t *data = traffic_mirror_next(&len);

	(void)ctx;
	if (!data)
		return -EAGAIN;
	if (len > room)
		sim_fail("net: room for %u bytes only", (unsigned int)room);
	for (i = 0; i < n && done < len; i++, done += part) {
		struct hvl_io io = { .va = seg[i].va, .size = seg[i].len };

		part = seg[i].len < len - done ? seg[i].len : len - done;
		hvl_io_write_block(&io, 0, data + done, part);
	}
	traffic_mirror_take();
	return (int)len;
}

/* All fields of the config space belong together. */
static void net_config(void)
{
	struct hvl_dev_net *net = &traffic.net_model;

	memset(net->mac, traffic.config, sizeof(net->mac));
	net->mtu = (uint16_t)(1400 + traffic.config % 64);
}

const struct hvl_dev_model *traffic_net_device(void)
{
	struct hvl_dev_net_backing backing = { net_backing_send,
					       net_backing_recv, &traffic };
	static const uint8_t mac[6];

	hvl_dev_net_init(&traffic.net_model, &backing, mac, 1400);
	net_config();
	return traffic.many ? traffic_net_many_device() : &hvl_dev_net_model;
}

/* A host that comes back shows its config anew, as if it had changed. */
void traffic_net_reborn(void)
{
	traffic.config++;
}

void traffic_net_play(void)
{
	struct traffic *t = &traffic;

	if (t->cfg->trapping || !t->dev.live || sim_random(t->change) != 0)
		return;
	t->news = true;
	t->config++;
	net_config();
	hvl_dev_config_changed(&t->dev);
}

/* ---- driver side ------------------------------------------------------ */

static bool net_send(uint32_t number)
{
	uint32_t len = traffic_frame_len(number);
	struct hvl_drv_net_buf *buf;
	struct traffic *t = &traffic;
	uint8_t data[TRAFFIC_FRAME_MAX];
	uint64_t off;
	int ret = hvl_drv_net_tx_get(&t->net, &buf);

	if (ret < 0)
		traffic_error("net: tx_get", ret);
	if (ret == 0)
		return false;
	traffic_frame_make(data, number);
	(void)hvl_io_va_to_off(&t->drv_shm, buf->data, buf->len, &off);
	hvl_io_write_block(&t->drv_shm, off, data, len);
	ret = hvl_drv_net_tx_put(&t->net, buf, len);
	if (ret)
		traffic_error("net: tx_put", ret);
	return true;
}

static uint32_t net_send_all(uint32_t first, uint32_t end)
{
	if (traffic.many)
		return traffic_net_send_many(first, end);
	while (first != end && net_send(first))
		first++;
	return first;
}

uint32_t traffic_net_arrived(uint64_t off, uint32_t len, uint32_t first,
			     uint32_t end)
{
	uint8_t data[TRAFFIC_FRAME_MAX];

	if (len < 4 || len > sizeof(data))
		sim_fail("net: received %u bytes", (unsigned int)len);
	if (traffic.hosts == 1 && first != end)
		end = first + 1;
	hvl_io_read_block(&traffic.drv_shm, off, data, len);
	return 1 + traffic_frame_check(data, len, first, end);
}

/* Return: the number of the next one; @first when there is none. */
static uint32_t net_receive(uint32_t first, uint32_t end)
{
	struct hvl_drv_net_buf *buf;
	struct traffic *t = &traffic;
	uint64_t off;
	int ret = hvl_drv_net_rx(&t->net, &buf);

	if (ret < 0)
		traffic_error("net: rx", ret);
	if (ret == 0)
		return first;
	(void)hvl_io_va_to_off(&t->drv_shm, buf->data, buf->len, &off);
	first = traffic_net_arrived(off, buf->len, first, end);
	hvl_drv_net_rx_done(&t->net, buf, buf->gen);
	return first;
}

static uint32_t net_receive_all(uint32_t first, uint32_t end)
{
	uint32_t next = first;

	if (traffic.many)
		return traffic_net_receive_many(first, end);
	do {
		first = next;
		next = first != end ? net_receive(first, end) : first;
	} while (next != first);
	return first;
}

/* A copy of the config space is of one moment. */
static void net_check_config(void)
{
	uint8_t got[sizeof(struct hvl_net_config)];
	struct hvl_net_config c;
	uint32_t i;
	int err = hvl_drv_dev_config_read(&traffic.drv, 0, got, sizeof(got));

	if (err)
		traffic_error("net: config", err);
	memcpy(&c, got, sizeof(c));
	for (i = 1; i < sizeof(c.mac); i++) {
		if (c.mac[i] != c.mac[0])
			sim_fail("net: config of two moments");
	}
	if (hvl_le16_get(c.mtu) != 1400 + c.mac[0] % 64)
		sim_fail("net: config of two moments");
}

/*
 * Version 1 has nothing that tells of a change in the middle. But what its
 * generation tells of is there: both count changes.
 */
static void net_check_generation(void)
{
	uint8_t generation = (uint8_t)traffic.drv.generation, got;
	int err = hvl_drv_dev_config_read(&traffic.drv, 0, &got, 1);

	if (err)
		traffic_error("net: config", err);
	if ((uint8_t)(got - generation) > 127)
		sim_fail("net: config is older than its generation");
}

/* Nothing to do: wait, with interrupts on. */
static void net_idle(void)
{
	struct traffic *t = &traffic;
	uint32_t bits;
	int err;

	if (t->cfg->mode == TRAFFIC_POLLING) {
		(void)traffic_wait();
		return;
	}
	if (hvl_drv_net_irq_on(&t->net))
		return;
	bits = traffic_wait();
	if (sim_random(4) != 0)
		hvl_drv_net_irq_off(&t->net);
	if ((bits & HVL_MMIO_INT_CONFIG) && t->cfg->version == 1)
		net_check_generation();
	else if (bits & HVL_MMIO_INT_CONFIG)
		net_check_config();
	if (sim_random(30) != 0)
		return;
	/* That one would collect what was sent. */
	err = t->many ? hvl_drv_dev_health(&t->drv) :
			hvl_drv_net_check(&t->net);
	if (err)
		traffic_error("net: the device is not well", err);
}

/* A driver cannot tell what is lost from what is slow but by time. */
static bool net_lost(uint64_t since, uint32_t hosts)
{
	return traffic.hosts != hosts && sim_now_us() - since > LOST_US;
}

static void net_traffic(uint32_t first, uint32_t count)
{
	struct traffic *t = &traffic;
	uint32_t sent = first, got = first, end = first + count, before;
	uint64_t since = sim_now_us();
	uint32_t hosts = t->hosts;

	while (got != end) {
		uint32_t most = 1 + sim_random(IN_FLIGHT);

		if (t->cfg->version == 2 && sim_random(t->change) == 0)
			net_check_config();
		before = got;
		if (got == sent)
			hosts = t->hosts;
		most = got + (most < end - got ? most : end - got);
		if ((int32_t)(most - sent) > 0)
			sent = net_send_all(sent, most);
		hvl_drv_net_kick(&t->net);
		got = net_receive_all(got, sent);
		if (got != before) {
			since = sim_now_us();
			continue;
		}
		hvl_drv_net_kick(&t->net);
		if (net_lost(since, hosts)) {
			got = sent;
			continue;
		}
		traffic_check_stall(since, "net");
		net_idle();
	}
}

static void net_start(void)
{
	struct traffic *t = &traffic;
	struct hvl_drv_net_config cfg = {
		.rx_num = (uint16_t)(4u << sim_random(4)),
		.tx_num = (uint16_t)(4u << sim_random(4)),
		.rx_slots = t->rx_slots,
		.tx_slots = t->tx_slots,
		.rx_bufs = t->rx_bufs,
		.tx_bufs = t->tx_bufs,
	};
	int err = hvl_drv_net_start(&t->net, &t->drv, &t->pool, &cfg);

	if (err)
		traffic_error("net: start", err);
	if (hvl_drv_dev_has(&t->drv, VIRTIO_F_RING_PACKED) != t->cfg->packed)
		sim_fail("net: not the ring that was asked for");
	if (t->cfg->mode == TRAFFIC_POLLING)
		hvl_drv_net_irq_off(&t->net);
}

/* With nothing on its way, so that nothing is lost. */
static void net_reset_queue(void)
{
	uint16_t queue = (uint16_t)sim_random(2);
	int err;

	if (!hvl_drv_dev_has(&traffic.drv, VIRTIO_F_RING_RESET))
		return;
	err = hvl_drv_net_queue_reset(&traffic.net, queue);
	if (err)
		traffic_error("net: reset of a queue", err);
	if (traffic.many && queue == HVL_NET_QUEUE_TX)
		traffic_net_many_start();
}

static void net_send_some(uint32_t first)
{
	(void)net_send_all(first, first + sim_random(4));
	hvl_drv_net_kick(&traffic.net);
}

void traffic_net_life(void)
{
	struct traffic *t = &traffic;
	uint32_t first, n = traffic_requests();
	int err;

	net_start();
	if (t->many)
		traffic_net_many_start();
	first = t->frame_next;
	net_traffic(first, n / 2);
	net_reset_queue();
	net_traffic(first + n / 2, n - n / 2);
	/* Some lives end with a broken device, some with frames on their way */
	if (sim_random(3) == 0)
		traffic_break(&t->net.tx, HVL_NET_QUEUE_TX);
	else
		net_send_some(first + n);
	err = hvl_drv_net_stop(&t->net);
	if (err)
		traffic_error("net: stop", err);
}
