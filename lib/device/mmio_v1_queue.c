/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Version 1: a queue is set up when QueuePFN asks for it. The hard part is to
 * know a request from what a driver writes back, or has left there.
 */
#include <hvl/metal/barrier.h>

#include "mmio_v1_priv.h"

/*
 * Drivers write HostFeaturesSel before they ask for queues and not after; only
 * bank 0 exists, so nobody reads it. Changed, it shows a driver that starts
 * over at any point of its set-up, also where Status does not.
 */
void hvl_dev_v1_watch_(struct hvl_dev *dev)
{
	hvl_dev_set_reg_(dev, HVL_MMIO_REG_DEVICE_FEATURES_SEL,
			 HVL_MMIO_V1_MARKER);
	dev->mmio.watched = true;
}

bool hvl_dev_v1_watch_tells_(const struct hvl_dev *dev)
{
	return dev->mmio.watched &&
	       hvl_dev_reg_(dev, HVL_MMIO_REG_DEVICE_FEATURES_SEL) !=
		       HVL_MMIO_V1_MARKER;
}

bool hvl_dev_v1_same_life_(const struct hvl_dev *dev)
{
	return v1_status(dev) == dev->mmio.status_seen &&
	       !hvl_dev_v1_watch_tells_(dev);
}

/* Read a request that stands still. Return: whether there is one. */
bool hvl_dev_v1_read_request_(const struct hvl_dev *dev, struct v1_request *r)
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
uint16_t hvl_dev_v1_queue_index_(const struct hvl_dev *dev, uint32_t sel)
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
	return hvl_dev_v1_queue_index_(dev, r->sel) != m->last_acked ||
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

/* Return: whether the driver's request still stood and is acknowledged. */
static bool v1_acknowledge(struct hvl_dev *dev, uint16_t i,
			   const struct v1_request *r)
{
	struct hvl_dev_mmio *m = &dev->mmio;
	uint8_t before = m->last_acked;
	bool acked;

	m->queue[i] = r->q;
	m->last_acked = (uint8_t)i;
	m->ack_repeated = false;
	m->acked_at_us = v1_now(dev);
	m->ack_pending = true;
	hvl_dev_record_(dev);
	/*
	 * Not after the acknowledgement: the driver may select its next queue
	 * as soon as it sees it. Nor while the ring is being cleared: nothing
	 * tells a driver that starts over between this look and the answer.
	 */
	hvl_mb_before_register_recheck();
	acked = hvl_dev_reg_(dev, HVL_MMIO_REG_QUEUE_SEL) == r->sel &&
		hvl_dev_reg_(dev, HVL_MMIO_REG_QUEUE_NUM) == r->q.num &&
		hvl_dev_v1_same_life_(dev) &&
		v1_cas(dev, HVL_MMIO_REG_QUEUE_PFN, r->q.pfn, HVL_MMIO_V1_ACK);
	m->ack_pending = false;
	if (!acked) {
		m->last_acked = before;
		hvl_dev_vq_stop(&dev->vq[i]);
	} else {
		dev->stats.queues++;
	}
	hvl_dev_record_(dev);
	return acked;
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
	return hvl_dev_v1_same_life_(dev) &&
	       v1_cas(dev, HVL_MMIO_REG_QUEUE_PFN, r->q.pfn, HVL_MMIO_V1_ACK);
}

/* Whatever the queue was, its ring may hold something else by now. */
static void v1_drop_queue(struct hvl_dev *dev, uint16_t i)
{
	if (!dev->vq[i].started)
		return;
	hvl_dev_vq_stop(&dev->vq[i]);
	if (dev->mmio.last_acked == i)
		dev->mmio.last_acked = HVL_DEV_QUEUES_MAX;
	hvl_dev_record_(dev);
}

static bool v1_was_refused(const struct hvl_dev *dev, uint16_t i,
			   const struct v1_request *r)
{
	return dev->mmio.refused_queue == i &&
	       v1_same(&r->q, &dev->mmio.refused);
}

/*
 * Nobody here knows the queues that a driver set up before we came. One that
 * goes on with the next must not get half a device.
 */
static bool v1_half_known(struct hvl_dev *dev, uint16_t i)
{
	if (!dev->mmio.late || i == 0 || dev->vq[i - 1].started)
		return false;
	hvl_log(hvl_dev_log_(dev), HVL_LOG_WARNING,
		"%s: queue %u before queue %u: the driver must start over",
		dev->cfg.name, (unsigned int)i, i - 1u);
	dev->complaints++;
	return true;
}

/*
 * Before the first queue of a life. A driver that starts over after this shows;
 * one that did so just now has written over the marker, or has not yet: then
 * the request must be its own. Return: whether it is still there.
 */
static bool v1_watch_first(struct hvl_dev *dev, const struct v1_request *r)
{
	struct v1_request again;

	if (dev->mmio.watched)
		return true;
	hvl_dev_v1_watch_(dev);
	hvl_mb_before_register_recheck();
	return hvl_dev_v1_read_request_(dev, &again) && again.sel == r->sel &&
	       v1_same(&again.q, &r->q) &&
	       v1_status(dev) == dev->mmio.status_seen;
}

/* Set a queue up if the driver asks for one. Return: whether to ring. */
bool hvl_dev_v1_setup_queue_(struct hvl_dev *dev)
{
	struct hvl_dev_mmio *m = &dev->mmio;
	struct v1_request r;
	uint16_t i;

	if (!hvl_dev_v1_read_request_(dev, &r))
		return false;
	/*
	 * It started over just now, and the request is of its next life: the
	 * second look at that has a barrier before it, and so has this.
	 */
	if (v1_status(dev) != m->status_seen)
		return false;
	if (v1_is_write_back(dev, &r))
		return v1_repeat_ack(dev, &r);
	if (v1_is_left(dev, &r))
		return false;
	i = hvl_dev_v1_queue_index_(dev, r.sel);
	if (i == dev->cfg.model->nqueues || r.q.num == 0 ||
	    r.q.num == HVL_MMIO_V1_MARKER || v1_was_refused(dev, i, &r) ||
	    !v1_watch_first(dev, &r))
		return false;
	v1_drop_queue(dev, i);
	if (v1_half_known(dev, i) || !v1_start_queue(dev, i, &r.q)) {
		m->refused = r.q;
		m->refused_queue = i;
		return false;
	}
	v1_zero_ring(&dev->vq[i]);
	if (!v1_acknowledge(dev, i, &r))
		return false;
	m->refused = (struct hvl_dev_mmio_queue){ .num = 0 };
	hvl_dev_queues_event_(dev);
	/* Rung for an acknowledgement that was seen, it would miss the next. */
	return hvl_dev_reg_(dev, HVL_MMIO_REG_QUEUE_PFN) == HVL_MMIO_V1_ACK;
}

bool hvl_dev_v1_queues_ready_(const struct hvl_dev *dev, bool all)
{
	uint16_t i, n = 0;

	for (i = 0; i < dev->cfg.model->nqueues; i++)
		n = (uint16_t)(n + dev->vq[i].started);
	return all ? n == dev->cfg.model->nqueues : n != 0;
}
