/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Version 1 of virtio-mmio in plain memory: the protocol of the existing
 * hypervisorless stack, with legacy rings.
 *
 * Everything is found out by looking: a doorbell says neither which device nor
 * what happened, and several merge into one. QueuePFN is the only register
 * that is waited for; it is written last, so that it vouches for the others.
 *
 * Two generations of drivers are served. The newer one ors Status, writes
 * QueuePFN back after it was acknowledged, and may restart with no trace in
 * Status; the older one replaces Status by 1, 2, 4 and leaves QueuePFN at the
 * acknowledgement. docs/theory/mmio.md describes both.
 */
#include <hvl/device/mmio.h>

#include <hvl/metal/barrier.h>
#include <hvl/wire/mmio.h>

#include "dev_priv.h"

#define V1_TRIES 4u
#define V1_REPEAT_US UINT64_C(100000) /* a doorbell that went unheard */
#define V1_NEEDS_RESET ((uint32_t)VIRTIO_CONFIG_S_NEEDS_RESET)

/* A queue that the driver asks for, and the registers it is made of. */
struct v1_request {
	uint32_t sel;
	struct hvl_dev_mmio_queue q;
};

static uint64_t v1_now(const struct hvl_dev *dev)
{
	return dev->cfg.now_us ? dev->cfg.now_us(dev->cfg.now_ctx) : 0;
}

static bool v1_due(const struct hvl_dev *dev, uint64_t since_us)
{
	return dev->cfg.now_us && v1_now(dev) - since_us >= V1_REPEAT_US;
}

static bool v1_cas(const struct hvl_dev *dev, uint32_t reg, uint32_t expected,
		   uint32_t v)
{
	return hvl_io_cas32(dev->cfg.regs, reg, expected, v);
}

/* What the driver means by Status: 8 bits, and the one of ours is not its. */
static uint8_t v1_status(const struct hvl_dev *dev)
{
	return (uint8_t)(hvl_dev_reg_(dev, HVL_MMIO_REG_STATUS) & 0xffu &
			 ~V1_NEEDS_RESET);
}

static void v1_publish(struct hvl_dev *dev)
{
	hvl_dev_mmio_clear_(dev, HVL_MMIO_VERSION_LEGACY,
			    HVL_MMIO_VENDOR_LEGACY);
	hvl_dev_set_reg_(dev, HVL_MMIO_REG_GUEST_PAGE_SIZE,
			 HVL_MMIO_V1_PAGE_SIZE);
	hvl_dev_set_reg_(dev, HVL_MMIO_REG_QUEUE_ALIGN, HVL_VRING_LEGACY_ALIGN);
	hvl_dev_set_reg_(dev, HVL_MMIO_REG_QUEUE_SEL, HVL_MMIO_V1_MARKER);
	hvl_dev_set_reg_(dev, HVL_MMIO_REG_QUEUE_NUM, HVL_MMIO_V1_MARKER);
	hvl_dev_mmio_show_(dev);
}

/* The device's one write to Status: never over a reset that just came. */
static void v1_show_needs_reset(struct hvl_dev *dev)
{
	unsigned int tries;
	uint32_t v;

	for (tries = 0; tries < V1_TRIES; tries++) {
		v = hvl_dev_reg_(dev, HVL_MMIO_REG_STATUS);
		if ((v & 0xffu) == 0 || (v & V1_NEEDS_RESET) ||
		    v1_cas(dev, HVL_MMIO_REG_STATUS, v, v | V1_NEEDS_RESET))
			return;
	}
}

static void v1_hide_needs_reset(struct hvl_dev *dev)
{
	unsigned int tries;
	uint32_t v;

	for (tries = 0; tries < V1_TRIES; tries++) {
		v = hvl_dev_reg_(dev, HVL_MMIO_REG_STATUS);
		if (!(v & V1_NEEDS_RESET) ||
		    v1_cas(dev, HVL_MMIO_REG_STATUS, v, v & ~V1_NEEDS_RESET))
			return;
	}
}

/* The driver started over: forget it; the registers it writes stay. */
static void v1_forget(struct hvl_dev *dev, enum hvl_dev_event ev)
{
	hvl_dev_reset_(dev, ev);
	dev->mmio = (struct hvl_dev_mmio){ .last_acked = HVL_DEV_QUEUES_MAX };
	hvl_dev_set_reg_(dev, HVL_MMIO_REG_INTERRUPT_STATUS, 0);
	v1_hide_needs_reset(dev);
}

/*
 * Status is 0: forget the driver, and its last QueuePFN, lest it be taken for
 * a request of the next life. The markers come last: they are the answer that
 * a waiting driver sees. Return: whether there was anything to do.
 */
static bool v1_reset(struct hvl_dev *dev)
{
	uint32_t pfn = hvl_dev_reg_(dev, HVL_MMIO_REG_QUEUE_PFN);
	uint32_t num = hvl_dev_reg_(dev, HVL_MMIO_REG_QUEUE_NUM);
	uint32_t sel = hvl_dev_reg_(dev, HVL_MMIO_REG_QUEUE_SEL);

	if (dev->mmio.status_seen == 0 && pfn == 0 &&
	    num == HVL_MMIO_V1_MARKER && sel == HVL_MMIO_V1_MARKER)
		return false;
	v1_forget(dev, HVL_DEV_EVENT_RESET);
	hvl_rmb_before_second_look();
	if (v1_status(dev) != 0)
		return true;
	hvl_dev_set_reg_(dev, HVL_MMIO_REG_INTERRUPT_ACK, 0);
	v1_cas(dev, HVL_MMIO_REG_QUEUE_PFN, pfn, 0);
	v1_cas(dev, HVL_MMIO_REG_QUEUE_NUM, num, HVL_MMIO_V1_MARKER);
	v1_cas(dev, HVL_MMIO_REG_QUEUE_SEL, sel, HVL_MMIO_V1_MARKER);

	/* It may have gone on just now, and written the same values anew. */
	hvl_mb_before_register_recheck();
	if (v1_status(dev) != 0) {
		v1_cas(dev, HVL_MMIO_REG_QUEUE_SEL, HVL_MMIO_V1_MARKER, sel);
		v1_cas(dev, HVL_MMIO_REG_QUEUE_NUM, HVL_MMIO_V1_MARKER, num);
		v1_cas(dev, HVL_MMIO_REG_QUEUE_PFN, 0, pfn);
	}
	return true;
}

/* Ring for all the news there was. Return: true, as whoever asks must. */
static bool v1_ring(struct hvl_dev *dev)
{
	uint32_t count = hvl_dev_reg_(dev, HVL_MMIO_REG_INTERRUPT_COUNT) + 1;
	struct hvl_dev_mmio *m = &dev->mmio;

	/* Read back, since only the driver's belief depends on it. */
	hvl_io_store_release32(dev->cfg.regs, HVL_MMIO_REG_INTERRUPT_COUNT,
			       count != 0 ? count : 1);
	dev->unacked = true;
	m->isr_late = 0;
	m->isr_at_us = v1_now(dev);
	return true;
}

/*
 * Take an acknowledgement. Nobody knows which interrupt it belongs to: it may
 * stem from a look at the rings before our latest news, or come twice. So it
 * takes the bit of the rings from nobody (docs/theory/interrupts.md), and only
 * says that the driver may be rung for again. The bit for the config goes, as
 * drivers report it each time they see it, unless there was more news of it.
 */
static bool v1_take_ack(struct hvl_dev *dev)
{
	struct hvl_dev_mmio *m = &dev->mmio;
	uint32_t ack = hvl_dev_reg_(dev, HVL_MMIO_REG_INTERRUPT_ACK);

	if (ack == 0)
		return false;
	/* Before InterruptStatus, whose next value it may answer. */
	hvl_dev_set_reg_(dev, HVL_MMIO_REG_INTERRUPT_ACK, 0);
	hvl_mb_before_register_recheck();
	dev->unacked = false;
	dev->acks++;
	if (m->isr & ack & HVL_MMIO_INT_CONFIG & ~m->isr_late) {
		m->isr &= ~HVL_MMIO_INT_CONFIG;
		hvl_dev_set_reg_(dev, HVL_MMIO_REG_INTERRUPT_STATUS, m->isr);
	}
	return m->isr_late != 0 && v1_ring(dev);
}

static uint32_t v1_last_pfn(const struct hvl_dev *dev)
{
	const struct hvl_dev_mmio *m = &dev->mmio;

	return m->last_acked < HVL_DEV_QUEUES_MAX ?
		       m->queue[m->last_acked].pfn :
		       0;
}

/*
 * Whether QueuePFN tells of a driver that started over and left no trace in
 * Status. With the markers still there it is only a late write-back.
 */
static bool v1_pfn_restarted(const struct hvl_dev *dev)
{
	uint32_t pfn;

	if (!dev->mmio.setup_over)
		return false;
	pfn = hvl_io_load_acquire32(dev->cfg.regs, HVL_MMIO_REG_QUEUE_PFN);
	if (pfn == 0 || pfn == HVL_MMIO_V1_ACK)
		return false;
	if (!dev->mmio.marked)
		return pfn != v1_last_pfn(dev);
	return hvl_dev_reg_(dev, HVL_MMIO_REG_QUEUE_SEL) !=
		       HVL_MMIO_V1_MARKER &&
	       hvl_dev_reg_(dev, HVL_MMIO_REG_QUEUE_NUM) != HVL_MMIO_V1_MARKER;
}

/*
 * Drivers write HostFeaturesSel before they ask for queues and not after; only
 * bank 0 exists, so nobody reads it. Changed, it shows a driver that starts
 * over at any point of its set-up, also where Status does not.
 */
static void v1_watch(struct hvl_dev *dev)
{
	hvl_dev_set_reg_(dev, HVL_MMIO_REG_DEVICE_FEATURES_SEL,
			 HVL_MMIO_V1_MARKER);
	dev->mmio.watched = true;
}

static bool v1_features_restarted(const struct hvl_dev *dev)
{
	return dev->mmio.watched &&
	       hvl_dev_reg_(dev, HVL_MMIO_REG_DEVICE_FEATURES_SEL) !=
		       HVL_MMIO_V1_MARKER;
}

/*
 * The older driver replaces 1 by 2 by 4: bits may go, but the value grows
 * until it starts over. Resets that fell between two looks show the same way.
 */
static bool v1_restarted(const struct hvl_dev *dev, uint8_t status)
{
	uint8_t seen = dev->mmio.status_seen;

	return status < seen ||
	       (seen & ~status & VIRTIO_CONFIG_S_DRIVER_OK) != 0 ||
	       v1_features_restarted(dev) || v1_pfn_restarted(dev);
}

static void v1_take_status(struct hvl_dev *dev, uint8_t status)
{
	struct hvl_dev_mmio *m = &dev->mmio;
	uint8_t seen = m->status_seen, news = (uint8_t)(status & ~seen);

	m->status_seen = status;
	dev->status = status;
	if (seen == 0)
		hvl_dev_event_(dev, HVL_DEV_EVENT_FOUND);
	/* At the first look it is left from the driver's previous life. */
	if ((news & VIRTIO_CONFIG_S_DRIVER_OK) && seen != 0)
		m->setup_over = true;
	if (news & VIRTIO_CONFIG_S_FAILED) {
		dev->live = false;
		hvl_dev_event_(dev, HVL_DEV_EVENT_FAILED);
	}
}

/* Read a request that stands still. Return: whether there is one. */
static bool v1_read_request(const struct hvl_dev *dev, struct v1_request *r)
{
	unsigned int tries;

	for (tries = 0; tries < V1_TRIES; tries++) {
		r->q.pfn = hvl_io_load_acquire32(dev->cfg.regs,
						 HVL_MMIO_REG_QUEUE_PFN);
		if (r->q.pfn == 0 || r->q.pfn == HVL_MMIO_V1_ACK)
			return false;
		r->sel = hvl_dev_reg_(dev, HVL_MMIO_REG_QUEUE_SEL);
		r->q.num = hvl_dev_reg_(dev, HVL_MMIO_REG_QUEUE_NUM);
		r->q.align = hvl_dev_reg_(dev, HVL_MMIO_REG_QUEUE_ALIGN);
		r->q.page = hvl_dev_reg_(dev, HVL_MMIO_REG_GUEST_PAGE_SIZE);
		hvl_rmb_before_second_look();
		if (hvl_dev_reg_(dev, HVL_MMIO_REG_QUEUE_PFN) == r->q.pfn &&
		    hvl_dev_reg_(dev, HVL_MMIO_REG_QUEUE_SEL) == r->sel)
			return true;
	}
	return false;
}

/* A selector that is none means the next queue that is not set up. */
static uint16_t v1_queue_index(const struct hvl_dev *dev, uint32_t sel)
{
	uint16_t i;

	if (sel < dev->cfg.model->nqueues)
		return (uint16_t)sel;
	for (i = 0; i < dev->cfg.model->nqueues; i++) {
		if (!dev->vq[i].started)
			break;
	}
	return i;
}

static bool v1_same(const struct hvl_dev_mmio_queue *a,
		    const struct hvl_dev_mmio_queue *b)
{
	return a->pfn == b->pfn && a->num == b->num && a->align == b->align &&
	       a->page == b->page;
}

/*
 * Whether this is no request but what the driver writes back after it has seen
 * the acknowledgement; QueueSel may name the next queue already.
 */
static bool v1_is_write_back(const struct hvl_dev *dev,
			     const struct v1_request *r)
{
	const struct hvl_dev_mmio *m = &dev->mmio;

	if (r->q.pfn != v1_last_pfn(dev))
		return false;
	return v1_queue_index(dev, r->sel) != m->last_acked ||
	       v1_same(&r->q, &m->queue[m->last_acked]);
}

static bool v1_pow2(uint32_t v, uint32_t min, uint32_t max)
{
	return v >= min && v <= max && (v & (v - 1)) == 0;
}

static bool v1_start_queue(struct hvl_dev *dev, uint16_t i,
			   const struct hvl_dev_mmio_queue *q)
{
	uint64_t da = (uint64_t)q->pfn * q->page;
	struct hvl_vring_layout l;

	if (!hvl_vring_num_ok(q->num) || !v1_pow2(q->align, 4, 65536) ||
	    !v1_pow2(q->page, 4, 65536)) {
		hvl_log(hvl_dev_log_(dev), HVL_LOG_WARNING,
			"%s: queue %u: bad size %u, alignment %u or page %u",
			dev->cfg.name, (unsigned int)i, (unsigned int)q->num,
			(unsigned int)q->align, (unsigned int)q->page);
		dev->complaints++;
		return false;
	}
	l = hvl_vring_layout(q->num, q->align);
	dev->features = hvl_dev_reg_(dev, HVL_MMIO_REG_DRIVER_FEATURES) &
			dev->offered;
	return hvl_dev_queue_start_(dev, i, q->num, da + l.desc, da + l.avail,
				    da + l.used);
}

/*
 * The older driver does not clear its rings when it starts over, and nothing
 * was added yet: without this the indices of its previous life would count.
 */
static void v1_zero_ring(const struct hvl_dev_vq *vq)
{
	uint32_t avail = hvl_vring_avail_size(vq->num);
	uint32_t used = hvl_vring_used_size(vq->num);

	hvl_io_fill(&vq->shm, vq->avail, 0, avail);
	hvl_io_clean(&vq->shm, vq->avail, avail);
	hvl_io_fill(&vq->shm, vq->used, 0, used);
	hvl_io_clean(&vq->shm, vq->used, used);
}

/*
 * It started over by itself. QueuePFN may still hold what its earlier life
 * wrote back, or already the same page anew: see v1_is_left(). The older
 * driver, which replaces Status, never writes it back.
 */
static void v1_restart(struct hvl_dev *dev, uint8_t status)
{
	uint32_t left = v1_last_pfn(dev);

	if (dev->mmio.marked || !dev->cfg.now_us ||
	    !(status & VIRTIO_CONFIG_S_ACKNOWLEDGE) ||
	    hvl_dev_reg_(dev, HVL_MMIO_REG_QUEUE_PFN) != left)
		left = 0;
	v1_forget(dev, HVL_DEV_EVENT_RESTARTED);
	dev->mmio.left_pfn = left;
	dev->mmio.acked_at_us = v1_now(dev);
	/* Seen by its interrupt handler, it would end the next wait too soon. */
	v1_cas(dev, HVL_MMIO_REG_QUEUE_PFN, HVL_MMIO_V1_ACK, 0);
}

/* Return: whether the driver's request still stood and is acknowledged. */
static bool v1_acknowledge(struct hvl_dev *dev, uint16_t i,
			   const struct v1_request *r)
{
	struct hvl_dev_mmio *m = &dev->mmio;

	/*
	 * Not after the acknowledgement: the driver may select its next queue
	 * as soon as it sees it.
	 */
	hvl_mb_before_register_recheck();
	if (hvl_dev_reg_(dev, HVL_MMIO_REG_QUEUE_SEL) != r->sel ||
	    hvl_dev_reg_(dev, HVL_MMIO_REG_QUEUE_NUM) != r->q.num ||
	    !v1_cas(dev, HVL_MMIO_REG_QUEUE_PFN, r->q.pfn, HVL_MMIO_V1_ACK))
		return false;
	m->queue[i] = r->q;
	m->last_acked = (uint8_t)i;
	m->ack_repeated = false;
	m->acked_at_us = v1_now(dev);
	dev->stats.queues++;
	hvl_mb_before_register_recheck();
	return true;
}

/*
 * Whether this may be what the driver's earlier life left there, since it
 * started over before the register was cleared. One that asks for it anew
 * shows by waiting.
 */
static bool v1_is_left(struct hvl_dev *dev, const struct v1_request *r)
{
	struct hvl_dev_mmio *m = &dev->mmio;

	if (r->q.pfn != m->left_pfn || v1_due(dev, m->acked_at_us))
		m->left_pfn = 0;
	return m->left_pfn != 0;
}

/*
 * A driver that started over while it set this queue up asks for it again in
 * the very same words. It shows by waiting; the answer is given once more.
 */
static bool v1_repeat_ack(struct hvl_dev *dev, const struct v1_request *r)
{
	struct hvl_dev_mmio *m = &dev->mmio;

	if (m->ack_repeated || r->sel != m->last_acked ||
	    !v1_due(dev, m->acked_at_us))
		return false;
	m->ack_repeated = true;
	m->acked_at_us = v1_now(dev);
	return v1_cas(dev, HVL_MMIO_REG_QUEUE_PFN, r->q.pfn, HVL_MMIO_V1_ACK);
}

/* Set a queue up if the driver asks for one. Return: whether to ring. */
static bool v1_setup_queue(struct hvl_dev *dev)
{
	struct hvl_dev_mmio *m = &dev->mmio;
	struct v1_request r;
	uint16_t i;

	if (!v1_read_request(dev, &r))
		return false;
	if (v1_is_write_back(dev, &r))
		return v1_repeat_ack(dev, &r);
	if (v1_is_left(dev, &r))
		return false;
	i = v1_queue_index(dev, r.sel);
	if (i == dev->cfg.model->nqueues || r.q.num == 0 ||
	    r.q.num == HVL_MMIO_V1_MARKER || v1_same(&r.q, &m->refused))
		return false;
	hvl_dev_vq_stop(&dev->vq[i]);
	if (m->last_acked == i)
		m->last_acked = HVL_DEV_QUEUES_MAX;
	if (!v1_start_queue(dev, i, &r.q)) {
		m->refused = r.q;
		return false;
	}
	v1_zero_ring(&dev->vq[i]);
	v1_watch(dev);
	if (!v1_acknowledge(dev, i, &r)) {
		hvl_dev_vq_stop(&dev->vq[i]);
		return false;
	}
	hvl_dev_queues_event_(dev);
	/* Rung for an acknowledgement that was seen, it would miss the next. */
	return hvl_dev_reg_(dev, HVL_MMIO_REG_QUEUE_PFN) == HVL_MMIO_V1_ACK;
}

static bool v1_queues_ready(const struct hvl_dev *dev, bool all)
{
	uint16_t i, n = 0;

	for (i = 0; i < dev->cfg.model->nqueues; i++)
		n = (uint16_t)(n + dev->vq[i].started);
	return all ? n == dev->cfg.model->nqueues : n != 0;
}

static void v1_go_live(struct hvl_dev *dev)
{
	uint8_t status = dev->mmio.status_seen;

	if (dev->live || !(status & VIRTIO_CONFIG_S_DRIVER_OK) ||
	    (status & VIRTIO_CONFIG_S_FAILED) || !v1_queues_ready(dev, false))
		return;
	hvl_dev_go_live_(dev);
}

/*
 * Once the driver is past its queues and has written QueuePFN back, prepare
 * the registers so that a driver which starts over changes them visibly.
 */
static void v1_mark(struct hvl_dev *dev)
{
	struct hvl_dev_mmio *m = &dev->mmio;
	uint32_t pfn = v1_last_pfn(dev);

	if (!dev->live || m->marked || pfn == 0 ||
	    hvl_dev_reg_(dev, HVL_MMIO_REG_QUEUE_PFN) != pfn)
		return;
	if (!m->setup_over && v1_queues_ready(dev, true))
		m->setup_over = true;
	if (!m->setup_over)
		return;
	hvl_dev_set_reg_(dev, HVL_MMIO_REG_QUEUE_SEL, HVL_MMIO_V1_MARKER);
	hvl_dev_set_reg_(dev, HVL_MMIO_REG_QUEUE_NUM, HVL_MMIO_V1_MARKER);
	m->marked = v1_cas(dev, HVL_MMIO_REG_QUEUE_PFN, pfn, 0);
}

/* A doorbell may be lost: ring again for what has no answer yet. */
static bool v1_ring_again(struct hvl_dev *dev)
{
	struct hvl_dev_mmio *m = &dev->mmio;
	bool ring = false;

	if (dev->unacked && v1_due(dev, m->isr_at_us))
		ring = v1_ring(dev);
	if (!m->setup_over && m->last_acked < HVL_DEV_QUEUES_MAX &&
	    hvl_dev_reg_(dev, HVL_MMIO_REG_QUEUE_PFN) == HVL_MMIO_V1_ACK &&
	    v1_due(dev, m->acked_at_us)) {
		m->acked_at_us = v1_now(dev);
		ring = true;
	}
	return ring;
}

static bool v1_poll(struct hvl_dev *dev)
{
	bool ring = v1_take_ack(dev);
	uint8_t status = v1_status(dev);

	if (status == 0)
		return v1_reset(dev);
	if (v1_restarted(dev, status)) {
		v1_restart(dev, status);
		ring = false;
	}
	if (dev->broken) {
		/* The driver may have written over it. */
		v1_show_needs_reset(dev);
		return v1_ring_again(dev) || ring;
	}
	v1_take_status(dev, status);
	if (!dev->mmio.setup_over && v1_setup_queue(dev))
		ring = true;
	v1_go_live(dev);
	v1_mark(dev);
	return v1_ring_again(dev) || ring;
}

/* The bits are there before the ring; one ring at a time is on its way. */
static bool v1_interrupt(struct hvl_dev *dev, uint32_t bits)
{
	struct hvl_dev_mmio *m = &dev->mmio;

	if (bits & ~m->isr) {
		m->isr |= bits;
		hvl_dev_set_reg_(dev, HVL_MMIO_REG_INTERRUPT_STATUS, m->isr);
	}
	if (!dev->unacked)
		return v1_ring(dev);
	m->isr_late |= bits;
	return false;
}

static void v1_needs_reset(struct hvl_dev *dev)
{
	v1_show_needs_reset(dev);
	v1_interrupt(dev, HVL_MMIO_INT_CONFIG);
}

static void v1_config_changed(struct hvl_dev *dev)
{
	hvl_dev_mmio_write_config_(dev);
}

const struct hvl_dev_transport hvl_dev_mmio_v1 = {
	.features = HVL_BIT64(VIRTIO_F_ANY_LAYOUT),
	.feature_mask = UINT32_MAX,
	/* A QueuePFN above would read as the acknowledgement, or not fit. */
	.da_max = (uint64_t)HVL_MMIO_V1_ACK * HVL_MMIO_V1_PAGE_SIZE - 1,
	.publish = v1_publish,
	.poll = v1_poll,
	.interrupt = v1_interrupt,
	.needs_reset = v1_needs_reset,
	.config_changed = v1_config_changed,
};
