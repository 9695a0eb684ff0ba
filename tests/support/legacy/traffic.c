/* SPDX-License-Identifier: BSD-3-Clause */
/* Old drivers: what they do once their devices are up. */
#include "legacy_priv.h"

#include <string.h>

#include "responder.h"

#define NET_HEADER 10u
#define NET_RX_DEPLOYED 1510u /* header included: frames up to 1500 bytes */
#define NET_RX_BRANCH (NET_HEADER + 1514u)
#define NET_FRAME_MAX 1514u
#define NET_TX_AT 0x10000u /* in the device's buffers */
#define NET_BUFFER 0x800u

#define RNG_DEPLOYED 9u
#define RNG_POLL_US 20u

static void traffic_fault(struct legacy *d, const char *what)
{
	if (!d->fault)
		legacy_say_(d, "fault: %s", what);
	d->fault = what;
}

static bool traffic_add(struct legacy *d, struct legacy_dev *dev,
			uint16_t queue, uint32_t off, uint32_t len, bool write)
{
	return legacy_ring_add(&dev->ring[queue], d->cfg.da + off, off, len,
			       write);
}

/* ---- net -------------------------------------------------------------- */

static uint32_t net_rx_size(const struct legacy *d)
{
	return d->cfg.variant == LEGACY_BRANCH ? NET_RX_BRANCH :
						 NET_RX_DEPLOYED;
}

void legacy_net_fill_(struct legacy *d, struct legacy_dev *dev)
{
	uint32_t i = 0;

	while (traffic_add(d, dev, LEGACY_QUEUE_RX,
			   dev->buffers + i * NET_BUFFER, net_rx_size(d), true))
		i++;
}

static void net_reclaim(struct legacy *d, struct legacy_dev *dev)
{
	uint16_t id;
	uint32_t len;
	int rc;

	while ((rc = legacy_ring_get(&dev->ring[LEGACY_QUEUE_TX], &id, &len)) >
	       0)
		;
	if (rc < 0)
		traffic_fault(d, "a sent frame came back twice");
}

/*
 * The branch's driver waits with what it has no room to send; the deployed one
 * does not look, which is its end.
 */
static bool net_room(struct legacy *d, struct legacy_dev *dev)
{
	struct legacy_ring *tx = &dev->ring[LEGACY_QUEUE_TX];

	if (tx->nfree == 0 && d->cfg.variant == LEGACY_BRANCH)
		net_reclaim(d, dev);
	if (tx->nfree == 0 && d->cfg.variant == LEGACY_DEPLOYED)
		d->died = "more frames to send than the ring has room for";
	return tx->nfree != 0;
}

static void net_send(struct legacy *d, struct legacy_dev *dev,
		     const uint8_t *frame, uint32_t len)
{
	uint32_t off = dev->buffers + NET_TX_AT +
		       dev->ring[LEGACY_QUEUE_TX].free_head * NET_BUFFER;

	memset(d->cfg.mem + off, 0, NET_HEADER);
	memcpy(d->cfg.mem + off + NET_HEADER, frame, len);
	(void)traffic_add(d, dev, LEGACY_QUEUE_TX, off, NET_HEADER + len,
			  false);
	d->stats.tx++;
	legacy_kick_(d, dev, LEGACY_QUEUE_TX);
}

static void net_answer(struct legacy *d, struct legacy_dev *dev, uint32_t off,
		       uint32_t len)
{
	uint8_t frame[NET_FRAME_MAX];

	if (len <= NET_HEADER || len > net_rx_size(d)) {
		traffic_fault(d, "a received frame of a size that cannot be");
		return;
	}
	d->stats.rx++;
	len -= NET_HEADER;
	memcpy(frame, d->cfg.mem + off + NET_HEADER, len);
	len = responder_answer(d->mac, frame, len);
	if (len > 0 && net_room(d, dev))
		net_send(d, dev, frame, len);
}

/* Frames are answered as they come in; the buffers go back with no kick. */
static void net_rx_callback(struct legacy *d, struct legacy_dev *dev)
{
	struct legacy_ring *rx = &dev->ring[LEGACY_QUEUE_RX];
	uint32_t len;
	uint16_t id;
	int rc = 0;

	while (!d->died) {
		if (d->cfg.variant == LEGACY_BRANCH && !net_room(d, dev))
			break;
		rc = legacy_ring_get(rx, &id, &len);
		if (rc <= 0)
			break;
		net_answer(d, dev, rx->addr_off[id], len);
		(void)traffic_add(d, dev, LEGACY_QUEUE_RX, rx->addr_off[id],
				  net_rx_size(d), true);
	}
	if (rc < 0)
		traffic_fault(d, "a receive buffer came back twice");
}

void legacy_net_callbacks_(struct legacy *d, struct legacy_dev *dev)
{
	net_rx_callback(d, dev);
	net_reclaim(d, dev);
}

/* ---- rng -------------------------------------------------------------- */

static void rng_check(struct legacy *d, const struct legacy_dev *dev,
		      uint32_t len)
{
	const uint8_t *buf = d->cfg.mem + dev->buffers;
	static const uint8_t zero[8];

	/* The deployed driver takes the whole buffer, whatever is said. */
	if (d->cfg.variant == LEGACY_DEPLOYED)
		len = d->rng_len;
	if (len == 0 || len > d->rng_len) {
		traffic_fault(d, "entropy of a length that cannot be");
		return;
	}
	/* Nobody has eight zeroes in a row by chance. */
	if (len >= sizeof(zero) &&
	    (memcmp(buf, zero, sizeof(zero)) == 0 ||
	     memcmp(buf + len - sizeof(zero), zero, sizeof(zero)) == 0))
		traffic_fault(d, "a buffer that was not filled with entropy");
}

static void rng_submit(struct legacy *d, struct legacy_dev *dev)
{
	uint32_t len = RNG_DEPLOYED;

	if (d->cfg.variant == LEGACY_BRANCH) {
		d->dice = d->dice * 1664525u + 1013904223u;
		len = 1 + (d->dice >> 8) % 65535u;
	}
	memset(d->cfg.mem + dev->buffers, 0, len);
	d->rng_len = len;
	(void)traffic_add(d, dev, 0, dev->buffers, len, true);
	legacy_kick_(d, dev, 0);
}

static bool rng_take(struct legacy *d, struct legacy_dev *dev)
{
	uint32_t len;
	uint16_t id;
	int rc = legacy_ring_get(&dev->ring[0], &id, &len);

	if (rc < 0)
		traffic_fault(d, "an entropy buffer came back twice");
	if (rc <= 0)
		return false;
	rng_check(d, dev, len);
	d->stats.rng++;
	d->rng_len = 0;
	d->rng_due_us = d->cfg.now_us(d->cfg.ctx) + d->cfg.rng_period_us;
	return true;
}

void legacy_rng_callbacks_(struct legacy *d, struct legacy_dev *dev)
{
	if (d->cfg.variant == LEGACY_BRANCH)
		(void)rng_take(d, dev);
}

/* Interrupts off, no time-out: without an answer it hangs for ever. */
static uint64_t rng_poll(struct legacy *d, struct legacy_dev *dev)
{
	if (!rng_take(d, dev))
		return d->cfg.now_us(d->cfg.ctx) + RNG_POLL_US;
	d->masked = false;
	if (d->pending) {
		d->pending = false;
		legacy_interrupt(d);
	}
	return 0;
}

uint64_t legacy_traffic_step_(struct legacy *d)
{
	struct legacy_dev *dev = legacy_up(d, LEGACY_ID_RNG);

	if (!dev || d->cfg.rng_period_us == 0)
		return LEGACY_NEVER;
	if (d->rng_len != 0)
		return d->masked ? rng_poll(d, dev) : LEGACY_NEVER;
	if (d->cfg.now_us(d->cfg.ctx) < d->rng_due_us)
		return d->rng_due_us;
	d->steps++;
	d->masked = d->cfg.variant == LEGACY_DEPLOYED;
	rng_submit(d, dev);
	return 0;
}
