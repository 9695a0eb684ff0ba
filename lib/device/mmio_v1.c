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
#include "mmio_v1_priv.h"

void hvl_dev_v1_publish_(struct hvl_dev *dev)
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

void hvl_dev_v1_hide_needs_reset_(struct hvl_dev *dev)
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

/*
 * The driver started over: forget it; the registers it writes stay. @left is
 * what QueuePFN may still hold of its earlier life, or 0: see v1_is_left().
 * @late: it may only seem so, and go on with queues that are not known here.
 */
static void v1_forget(struct hvl_dev *dev, enum hvl_dev_event ev, uint32_t left,
		      bool late)
{
	hvl_dev_reset_(dev, ev);
	dev->mmio = (struct hvl_dev_mmio){ .last_acked = HVL_DEV_QUEUES_MAX,
					   .late = late,
					   .left_pfn = left,
					   .acked_at_us = v1_now(dev) };
	hvl_dev_record_(dev);
	hvl_dev_set_reg_(dev, HVL_MMIO_REG_INTERRUPT_STATUS, 0);
	hvl_dev_v1_hide_needs_reset_(dev);
}

/* Take the markers away again, where the driver has not written anyway. */
static void v1_unmark(struct hvl_dev *dev, uint32_t sel, uint32_t num,
		      uint32_t pfn)
{
	v1_cas(dev, HVL_MMIO_REG_QUEUE_SEL, HVL_MMIO_V1_MARKER, sel);
	v1_cas(dev, HVL_MMIO_REG_QUEUE_NUM, HVL_MMIO_V1_MARKER, num);
	v1_cas(dev, HVL_MMIO_REG_QUEUE_PFN, 0, pfn);
}

/*
 * Whether QueuePFN may hold @pfn from the driver's earlier life, or from one
 * before. A host that came late does not know what that was.
 */
static bool v1_is_old(const struct hvl_dev *dev, uint32_t pfn)
{
	uint32_t last = v1_last_pfn(dev);

	return dev->mmio.late || pfn == (last != 0 ? last : dev->mmio.left_pfn);
}

/* Whether it may be there still, and time will tell. */
static bool v1_may_leave(const struct hvl_dev *dev)
{
	return !dev->mmio.marked && dev->cfg.now_us;
}

/*
 * QueuePFN, after the driver has shown that it starts over: what its earlier
 * life left there was written before that, and must be seen, too.
 */
static uint32_t v1_pfn_left(const struct hvl_dev *dev)
{
	hvl_rmb_before_second_look();
	return hvl_dev_reg_(dev, HVL_MMIO_REG_QUEUE_PFN);
}

/*
 * Status is 0: forget the driver, and its last QueuePFN, lest it be taken for
 * a request of the next life. The markers come last: they are the answer that
 * a waiting driver sees. Return: whether there was anything to do.
 */
static bool v1_reset(struct hvl_dev *dev)
{
	uint32_t pfn = v1_pfn_left(dev);
	uint32_t num = hvl_dev_reg_(dev, HVL_MMIO_REG_QUEUE_NUM);
	uint32_t sel = hvl_dev_reg_(dev, HVL_MMIO_REG_QUEUE_SEL);

	if (dev->mmio.status_seen == 0 && pfn == 0 &&
	    num == HVL_MMIO_V1_MARKER && sel == HVL_MMIO_V1_MARKER)
		return false;
	v1_forget(dev, HVL_DEV_EVENT_RESET,
		  v1_may_leave(dev) && v1_is_old(dev, pfn) ? pfn : 0, false);
	/* What this one misses the last one sees. */
	if (v1_status(dev) != 0)
		return true;
	hvl_dev_set_reg_(dev, HVL_MMIO_REG_INTERRUPT_ACK, 0);
	v1_cas(dev, HVL_MMIO_REG_QUEUE_PFN, pfn, 0);
	v1_cas(dev, HVL_MMIO_REG_QUEUE_NUM, num, HVL_MMIO_V1_MARKER);
	v1_cas(dev, HVL_MMIO_REG_QUEUE_SEL, sel, HVL_MMIO_V1_MARKER);

	/* It may have gone on just now, and written the same values anew. */
	hvl_mb_before_register_recheck();
	if (v1_status(dev) != 0) {
		v1_unmark(dev, sel, num, pfn);
	} else if (dev->mmio.left_pfn != 0) {
		dev->mmio.left_pfn = 0;
		hvl_dev_record_(dev);
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
	m->isr_unsure = true;
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
	/* Before the next ring, whose count and doorbell come behind it. */
	hvl_dev_set_reg_(dev, HVL_MMIO_REG_INTERRUPT_ACK, 0);
	dev->unacked = false;
	dev->acks++;
	if (m->isr & ack & HVL_MMIO_INT_CONFIG & ~m->isr_late) {
		m->isr &= ~HVL_MMIO_INT_CONFIG;
		hvl_dev_set_reg_(dev, HVL_MMIO_REG_INTERRUPT_STATUS, m->isr);
	}
	return m->isr_late != 0 && v1_ring(dev);
}

/*
 * Whether QueuePFN tells of a driver that started over and left no trace in
 * Status. With the markers still there it is only a late write-back.
 */
static bool v1_pfn_restarted(const struct hvl_dev *dev)
{
	uint32_t pfn;

	/* If we came late, whether it has our queues comes first. */
	if (!dev->mmio.setup_over || dev->mmio.late)
		return false;
	pfn = hvl_dev_reg_(dev, HVL_MMIO_REG_QUEUE_PFN);
	if (pfn == 0 || pfn == HVL_MMIO_V1_ACK)
		return false;
	if (!dev->mmio.marked)
		return pfn != v1_last_pfn(dev);
	return hvl_dev_reg_(dev, HVL_MMIO_REG_QUEUE_SEL) !=
		       HVL_MMIO_V1_MARKER &&
	       hvl_dev_reg_(dev, HVL_MMIO_REG_QUEUE_NUM) != HVL_MMIO_V1_MARKER;
}

/*
 * The older driver replaces 1 by 2 by 4: bits may go, but the value grows
 * until it starts over. Resets that fell between two looks show the same way.
 */
bool hvl_dev_v1_restarted_(const struct hvl_dev *dev, uint8_t status)
{
	uint8_t seen = dev->mmio.status_seen;

	return status < seen ||
	       (seen & ~status & VIRTIO_CONFIG_S_DRIVER_OK) != 0 ||
	       hvl_dev_v1_watch_tells_(dev) || v1_pfn_restarted(dev);
}

void hvl_dev_v1_take_status_(struct hvl_dev *dev, uint8_t status)
{
	struct hvl_dev_mmio *m = &dev->mmio;
	uint8_t seen = m->status_seen, news = (uint8_t)(status & ~seen);

	if (status == seen)
		return;
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
	hvl_dev_record_(dev);
}

/*
 * It started over by itself. QueuePFN may still hold what its earlier life
 * wrote back, or already the same page anew: see v1_is_left(). It may also hold
 * a queue that its earlier life asked for in vain; queue 0 is none to fear, as
 * every life begins with it. The older driver, which replaces Status, never
 * writes back.
 */
static void v1_restart(struct hvl_dev *dev, uint8_t status)
{
	uint32_t left = v1_pfn_left(dev);
	uint32_t sel = hvl_dev_reg_(dev, HVL_MMIO_REG_QUEUE_SEL);
	bool late = (dev->mmio.late || dev->broken) &&
		    (status & VIRTIO_CONFIG_S_DRIVER_OK);

	if (!v1_may_leave(dev) || !(status & VIRTIO_CONFIG_S_ACKNOWLEDGE) ||
	    left == HVL_MMIO_V1_ACK ||
	    (!v1_is_old(dev, left) &&
	     (sel == 0 || sel >= dev->cfg.model->nqueues)))
		left = 0;
	v1_forget(dev, HVL_DEV_EVENT_RESTARTED, left, late);
	/* Seen by its interrupt handler, it would end the next wait too soon. */
	v1_cas(dev, HVL_MMIO_REG_QUEUE_PFN, HVL_MMIO_V1_ACK, 0);
}

static void v1_go_live(struct hvl_dev *dev)
{
	uint8_t status = dev->mmio.status_seen;

	if (dev->live || !(status & VIRTIO_CONFIG_S_DRIVER_OK) ||
	    (status & VIRTIO_CONFIG_S_FAILED) ||
	    !hvl_dev_v1_queues_ready_(dev, false))
		return;
	hvl_dev_go_live_(dev);
}

/* Return: whether they are there, and QueuePFN, which held @pfn, is 0. */
static bool v1_put_markers(struct hvl_dev *dev, uint32_t pfn)
{
	uint32_t num = hvl_dev_reg_(dev, HVL_MMIO_REG_QUEUE_NUM);
	uint32_t sel = hvl_dev_reg_(dev, HVL_MMIO_REG_QUEUE_SEL);
	bool done;

	/* One that waits for its reset would take the marker for the answer. */
	if ((sel != dev->mmio.last_acked && sel != HVL_MMIO_V1_MARKER) ||
	    !hvl_dev_v1_same_life_(dev))
		return false;
	v1_cas(dev, HVL_MMIO_REG_QUEUE_SEL, sel, HVL_MMIO_V1_MARKER);
	v1_cas(dev, HVL_MMIO_REG_QUEUE_NUM, num, HVL_MMIO_V1_MARKER);
	done = v1_cas(dev, HVL_MMIO_REG_QUEUE_PFN, pfn, 0);
	/* It may have started over just now, and written the same values. */
	hvl_mb_before_register_recheck();
	if (hvl_dev_v1_same_life_(dev))
		return done;
	v1_unmark(dev, sel, num, pfn);
	return false;
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
	if (!m->setup_over) {
		if (!hvl_dev_v1_queues_ready_(dev, true))
			return;
		m->setup_over = true;
		hvl_dev_record_(dev);
	}
	m->marked = v1_put_markers(dev, pfn);
	/* Not before: markers that were said to be there would be missed. */
	hvl_dev_record_(dev);
}

/*
 * After we came into the middle of its set-up. Return: whether it finished it
 * with queues that are not known here.
 */
static bool v1_finished_without_us(struct hvl_dev *dev)
{
	struct hvl_dev_mmio *m = &dev->mmio;

	if (!m->late || !m->setup_over)
		return false;
	m->late = false;
	return !hvl_dev_v1_queues_ready_(dev, true);
}

/* A doorbell may be lost: ring again for what has no answer yet. */
static bool v1_ring_again(struct hvl_dev *dev)
{
	struct hvl_dev_mmio *m = &dev->mmio;
	bool ring = false;

	/*
	 * Once more also if it was acknowledged: should it be lost, that was
	 * for an earlier one.
	 */
	if ((dev->unacked || m->isr_unsure) && v1_due(dev, m->isr_at_us)) {
		ring = v1_ring(dev);
		m->isr_unsure = false;
	}
	if (!m->setup_over && m->last_acked < HVL_DEV_QUEUES_MAX &&
	    hvl_dev_reg_(dev, HVL_MMIO_REG_QUEUE_PFN) == HVL_MMIO_V1_ACK &&
	    v1_due(dev, m->acked_at_us)) {
		m->acked_at_us = v1_now(dev);
		ring = true;
	}
	return ring;
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

static bool v1_poll(struct hvl_dev *dev)
{
	bool ring = v1_take_ack(dev);
	uint8_t status = v1_status(dev);

	if (status == 0)
		return v1_reset(dev);
	if (hvl_dev_v1_restarted_(dev, status)) {
		v1_restart(dev, status);
		ring = false;
		/*
		 * It may have shown in what came after Status: read before
		 * the barrier of v1_pfn_left().
		 */
		status = v1_status(dev);
		if (status == 0)
			return v1_reset(dev);
	}
	if (dev->broken) {
		/* The driver may have written over it. */
		v1_show_needs_reset(dev);
		return v1_ring_again(dev) || ring;
	}
	hvl_dev_v1_take_status_(dev, status);
	if (v1_finished_without_us(dev)) {
		hvl_dev_v1_disown_(dev, status);
		v1_needs_reset(dev);
		return true;
	}
	if (!dev->mmio.setup_over && hvl_dev_v1_setup_queue_(dev))
		ring = true;
	v1_go_live(dev);
	v1_mark(dev);
	return v1_ring_again(dev) || ring;
}

static void v1_config_changed(struct hvl_dev *dev)
{
	uint32_t generation = hvl_dev_reg_(dev, HVL_MMIO_REG_CONFIG_GENERATION);

	hvl_dev_mmio_write_config_(dev);
	/* For drivers that know the word, as with InterruptCount. */
	hvl_io_store_release32(dev->cfg.regs, HVL_MMIO_REG_CONFIG_GENERATION,
			       generation + 1);
}

const struct hvl_dev_transport hvl_dev_mmio_v1 = {
	.features = HVL_BIT64(VIRTIO_F_ANY_LAYOUT),
	.feature_mask = UINT32_MAX,
	/* The drivers it is for use the flags. */
	.features_held = HVL_BIT64(VIRTIO_RING_F_EVENT_IDX),
	/* A QueuePFN above would read as the acknowledgement, or not fit. */
	.da_max = (uint64_t)HVL_MMIO_V1_ACK * HVL_MMIO_V1_PAGE_SIZE - 1,
	.publish = hvl_dev_v1_publish_,
	.attach = hvl_dev_v1_attach_,
	.save = hvl_dev_v1_save_,
	.restore = hvl_dev_v1_restore_,
	.driver_gone = hvl_dev_v1_driver_gone_,
	.resume = hvl_dev_v1_resume_,
	.poll = v1_poll,
	.interrupt = v1_interrupt,
	.needs_reset = v1_needs_reset,
	.config_changed = v1_config_changed,
};
