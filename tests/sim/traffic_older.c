/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Network drivers of the existing stack, which know no barriers: written from
 * what docs/theory/mmio.md says of them. The memory is strongly ordered for
 * them, so that what goes wrong is the device's.
 */
#include "traffic_net.h"

#include <string.h>

#include <hvl/wire/mmio.h>
#include <hvl/wire/vring.h>

#define QUEUES 2u
#define NUM_MAX 16u
#define RINGS 0x2000u /* offsets in the memory */
#define RING_SIZE 0x4000u
#define BUFFERS 0x10000u
#define BUFFER 0x800u
#define LIVES 5u
#define HEADER HVL_NET_HDR_SIZE_LEGACY

enum older_kind {
	OLDER_REPLACES,	 /* Status by 1, 2, 4; keeps its rings' contents */
	OLDER_RESETS,	 /* Status to 0 */
	OLDER_TRACELESS, /* ors Status, and starts over just so */
	OLDER_KINDS
};

struct older_queue {
	uint32_t base, avail, used; /* offsets */
	uint16_t num, avail_idx, used_idx;
};

static struct older_queue queues[QUEUES];

static bool older_is(enum older_kind kind)
{
	return traffic.older_kind == (uint32_t)kind;
}

static uint32_t older_read(uint32_t reg)
{
	return hvl_io_read32(&traffic.drv_regs, reg);
}

static void older_write(uint32_t reg, uint32_t v)
{
	hvl_io_write32(&traffic.drv_regs, reg, v);
}

static void older_status(uint32_t bits)
{
	if (!older_is(OLDER_REPLACES))
		bits |= older_read(HVL_MMIO_REG_STATUS) & 0xffu;
	older_write(HVL_MMIO_REG_STATUS, bits);
	sim_ring(SIM_DEVICE);
}

/* Sleep, and what the interrupt handler does. */
static void older_wait(void)
{
	uint32_t isr;

	sim_wait(sim_now_us() + TRAFFIC_RECHECK_US);
	isr = older_read(HVL_MMIO_REG_INTERRUPT_STATUS);
	older_write(HVL_MMIO_REG_INTERRUPT_ACK, isr);
	if (isr != 0)
		sim_ring(SIM_DEVICE);
}

/* ---- rings ------------------------------------------------------------ */

static void older_add(struct older_queue *q, uint16_t id, uint32_t off,
		      uint32_t len, uint16_t flags)
{
	const struct hvl_io *m = &traffic.drv_shm;
	uint32_t desc = q->base + 16u * id;

	hvl_io_write64(m, desc, SIM_DA + off);
	hvl_io_write32(m, desc + 8, len);
	hvl_io_write16(m, desc + 12, flags);
	hvl_io_write16(m, q->avail + 4 + 2u * (q->avail_idx % q->num), id);
	q->avail_idx++;
	hvl_io_write16(m, q->avail + 2, q->avail_idx);
}

static void older_kick(const struct older_queue *q)
{
	if (hvl_io_read16(&traffic.drv_shm, q->used) & VRING_USED_F_NO_NOTIFY)
		return;
	older_write(HVL_MMIO_REG_QUEUE_NOTIFY, (uint32_t)(q - queues));
	sim_ring(SIM_DEVICE);
}

/* Return: whether there was one. */
static bool older_get(struct older_queue *q, uint16_t *id, uint32_t *len)
{
	const struct hvl_io *m = &traffic.drv_shm;
	uint32_t at = q->used + 4 + 8u * (q->used_idx % q->num);

	if (hvl_io_read16(m, q->used + 2) == q->used_idx)
		return false;
	if (q->used_idx == q->avail_idx)
		sim_fail("older: a buffer that was not offered");
	q->used_idx++;
	*id = (uint16_t)hvl_io_read32(m, at);
	*len = hvl_io_read32(m, at + 4);
	if (*id >= q->num)
		sim_fail("older: buffer %u", (unsigned int)*id);
	return true;
}

static uint32_t older_buffer(const struct older_queue *q, uint16_t id)
{
	return BUFFERS + ((uint32_t)(q - queues) * NUM_MAX + id) * BUFFER;
}

/* ---- set-up ----------------------------------------------------------- */

static void older_ask(uint16_t i, uint32_t align)
{
	struct older_queue *q = &queues[i];
	uint32_t pfn = (uint32_t)((SIM_DA + q->base) / HVL_MMIO_V1_PAGE_SIZE);
	uint64_t since = sim_now_us();

	older_write(HVL_MMIO_REG_QUEUE_SEL, i);
	if (older_is(OLDER_REPLACES))
		older_write(HVL_MMIO_REG_DRIVER_FEATURES_SEL, i);
	older_write(HVL_MMIO_REG_QUEUE_NUM, q->num);
	older_write(HVL_MMIO_REG_QUEUE_ALIGN, align);
	older_write(HVL_MMIO_REG_QUEUE_PFN, pfn);
	sim_ring(SIM_DEVICE);
	while (older_read(HVL_MMIO_REG_QUEUE_PFN) != HVL_MMIO_V1_ACK) {
		traffic_check_stall(since, "older: queue");
		older_wait();
	}
	if (!older_is(OLDER_REPLACES))
		older_write(HVL_MMIO_REG_QUEUE_PFN, pfn);
}

static void older_queue(uint16_t i)
{
	uint32_t align = HVL_VRING_LEGACY_ALIGN >> 2 * sim_random(4);
	uint16_t num = (uint16_t)(4u << sim_random(3));
	struct hvl_vring_layout l = hvl_vring_layout(num, align);
	uint32_t base = RINGS + i * RING_SIZE;

	queues[i] = (struct older_queue){
		.base = base,
		.avail = base + (uint32_t)l.avail,
		.used = base + (uint32_t)l.used,
		.num = num,
	};
	if (!older_is(OLDER_REPLACES))
		hvl_io_fill(&traffic.drv_shm, base, 0, RING_SIZE);
	older_ask(i, align);
}

static void older_set_up(void)
{
	uint16_t i;

	older_status(VIRTIO_CONFIG_S_ACKNOWLEDGE);
	if (older_is(OLDER_RESETS)) {
		older_write(HVL_MMIO_REG_STATUS, 0);
		sim_ring(SIM_DEVICE);
		older_status(VIRTIO_CONFIG_S_ACKNOWLEDGE);
	}
	older_write(HVL_MMIO_REG_GUEST_PAGE_SIZE, HVL_MMIO_V1_PAGE_SIZE);
	older_status(VIRTIO_CONFIG_S_DRIVER);
	if (!older_is(OLDER_REPLACES))
		older_write(HVL_MMIO_REG_DEVICE_FEATURES_SEL, 0);
	older_write(HVL_MMIO_REG_DRIVER_FEATURES, 0);
	sim_ring(SIM_DEVICE);
	for (i = 0; i < QUEUES; i++)
		older_queue(i);
	older_status(VIRTIO_CONFIG_S_DRIVER_OK);
}

/* ---- traffic ---------------------------------------------------------- */

static void older_send(uint32_t number)
{
	struct older_queue *tx = &queues[HVL_NET_QUEUE_TX];
	uint32_t len = traffic_frame_len(number), off;
	uint16_t id = tx->avail_idx % tx->num;
	uint8_t data[TRAFFIC_FRAME_MAX];

	off = older_buffer(tx, id);
	traffic_frame_make(data, number);
	hvl_io_fill(&traffic.drv_shm, off, 0, HEADER);
	hvl_io_write_block(&traffic.drv_shm, off + HEADER, data, len);
	older_add(tx, id, off, HEADER + len, 0);
	older_kick(tx);
}

static void older_offer(uint16_t id)
{
	struct older_queue *rx = &queues[HVL_NET_QUEUE_RX];

	older_add(rx, id, older_buffer(rx, id), BUFFER, VRING_DESC_F_WRITE);
}

/* Return: the number of the next frame. */
static uint32_t older_receive(uint32_t next, uint32_t end)
{
	struct older_queue *rx = &queues[HVL_NET_QUEUE_RX];
	uint32_t len;
	uint16_t id;

	while (older_get(rx, &id, &len)) {
		if (next == end)
			sim_fail("older: a frame too many");
		next = traffic_net_arrived(older_buffer(rx, id) + HEADER,
					   len - HEADER, next, end);
		older_offer(id);
	}
	return next;
}

static void older_traffic(uint32_t next, uint32_t end)
{
	struct older_queue *tx = &queues[HVL_NET_QUEUE_TX];
	uint64_t since = sim_now_us();
	uint32_t sent = next, before, len;
	uint16_t id;

	while (next != end) {
		while (older_get(tx, &id, &len))
			;
		/* Some at a time: more would go beyond its receive ring. */
		while (sent != end && sent - next < 3)
			older_send(sent++);
		before = next;
		next = older_receive(next, sent);
		if (next != before) {
			since = sim_now_us();
			continue;
		}
		traffic_check_stall(since, "older");
		older_wait();
	}
}

static void older_life(void)
{
	uint32_t n = sim_random(4);
	uint16_t i;

	/*
	 * To start takes longer than a look: the device may not be between its
	 * last one and an acknowledgement (docs/theory/models.md).
	 */
	while (traffic.serving)
		(void)sim_now_us();
	older_set_up();
	for (i = 0; i < queues[HVL_NET_QUEUE_RX].num; i++)
		older_offer(i);
	older_kick(&queues[HVL_NET_QUEUE_RX]);
	older_traffic(traffic.frame_next, traffic.frame_next + n);
}

void traffic_older(void)
{
	struct traffic *t = &traffic;
	uint64_t since = sim_now_us();

	/* Those that leave a page there need a device that has a clock. */
	if (t->cfg->mode != TRAFFIC_STRICT && !t->older_known)
		t->older_kind = sim_random(OLDER_KINDS);
	t->older_known = true;
	t->change = 20;
	while (older_read(HVL_MMIO_REG_MAGIC) != HVL_MMIO_MAGIC)
		traffic_check_stall(since, "older: magic");
	/* Setting up is all that is different. */
	for (; t->life < (t->crashes ? 1 : LIVES) * t->lives; t->life++)
		older_life();
}
