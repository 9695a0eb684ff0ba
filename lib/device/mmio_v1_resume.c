/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Version 1 under a driver that was there before us: with what was recorded,
 * or without it. docs/theory/mmio.md has each point at which a host may die.
 */
#include "mmio_v1_priv.h"

/*
 * A driver is live, and nobody here knows its queues: it is told, where it
 * looks, and if it starts over the registers will show it.
 */
void hvl_dev_v1_disown_(struct hvl_dev *dev, uint8_t status)
{
	uint32_t pfn = hvl_dev_reg_(dev, HVL_MMIO_REG_QUEUE_PFN);

	hvl_log(hvl_dev_log_(dev), HVL_LOG_WARNING,
		"%s: the driver has queues that are not known here: it must "
		"start over",
		dev->cfg.name);
	dev->complaints++;
	hvl_dev_set_reg_(dev, HVL_MMIO_REG_QUEUE_SEL, HVL_MMIO_V1_MARKER);
	hvl_dev_set_reg_(dev, HVL_MMIO_REG_QUEUE_NUM, HVL_MMIO_V1_MARKER);
	if (pfn != HVL_MMIO_V1_ACK)
		v1_cas(dev, HVL_MMIO_REG_QUEUE_PFN, pfn, 0);
	hvl_dev_v1_watch_(dev);
	dev->broken = true;
	dev->live = false;
	dev->status = (uint8_t)(status | V1_NEEDS_RESET);
	dev->mmio = (struct hvl_dev_mmio){
		.last_acked = HVL_DEV_QUEUES_MAX,
		.status_seen = status,
		.setup_over = true,
		.marked = true,
		.watched = true,
	};
	hvl_dev_record_(dev);
}

/*
 * With DRIVER_OK from before, a driver that asks for a queue has started over.
 * Its last queue is none of a restart, but may just have been written back.
 */
static bool v1_asks_anew(const struct hvl_dev *dev)
{
	struct v1_request r;

	return hvl_dev_v1_read_request_(dev, &r) &&
	       r.sel < dev->cfg.model->nqueues - 1u;
}

/* A page that an earlier life of the driver may have left: v1_is_left() */
static uint32_t v1_found_pfn(const struct hvl_dev *dev)
{
	uint32_t pfn = hvl_dev_reg_(dev, HVL_MMIO_REG_QUEUE_PFN);

	return dev->cfg.now_us && pfn != HVL_MMIO_V1_ACK ? pfn : 0;
}

void hvl_dev_v1_attach_(struct hvl_dev *dev)
{
	uint8_t status;

	if (!hvl_dev_mmio_shown_(dev, HVL_MMIO_VERSION_LEGACY)) {
		hvl_dev_v1_publish_(dev);
		return;
	}
	dev->mmio = (struct hvl_dev_mmio){ .last_acked = HVL_DEV_QUEUES_MAX,
					   .acked_at_us = v1_now(dev) };
	hvl_dev_mmio_write_own_(dev);
	status = v1_status(dev);
	if ((status & VIRTIO_CONFIG_S_DRIVER_OK) && !v1_asks_anew(dev)) {
		hvl_dev_v1_disown_(dev, status);
		return;
	}
	dev->mmio.late = status != 0;
	if (status == 0)
		dev->mmio.left_pfn = v1_found_pfn(dev);
	else if (!(status & VIRTIO_CONFIG_S_DRIVER_OK))
		/* Seen here, so that DRIVER_OK is not taken for one of old. */
		hvl_dev_v1_take_status_(dev, status);
	/* As an earlier host may have asked for a reset. */
	hvl_dev_v1_hide_needs_reset_(dev);
	/* Not before: whoever comes next must find that we came late. */
	hvl_dev_record_(dev);
}

void hvl_dev_v1_save_(const struct hvl_dev *dev, struct hvl_dev_saved *saved)
{
	const struct hvl_dev_mmio *m = &dev->mmio;
	uint16_t i;

	saved->status_seen = m->status_seen;
	saved->last_acked = m->last_acked;
	saved->ack_pending = m->ack_pending;
	saved->setup_over = m->setup_over;
	saved->marked = m->marked;
	saved->watched = m->watched;
	saved->late = m->late;
	saved->left_pfn = m->left_pfn;
	for (i = 0; i < dev->cfg.model->nqueues; i++) {
		saved->queue[i].align = m->queue[i].align;
		saved->queue[i].page = m->queue[i].page;
		saved->queue[i].pfn = m->queue[i].pfn;
	}
}

/* The last steps of v1_mark() that were done and not recorded. */
static bool v1_is_marked(const struct hvl_dev *dev)
{
	return hvl_dev_reg_(dev, HVL_MMIO_REG_QUEUE_PFN) == 0 &&
	       hvl_dev_reg_(dev, HVL_MMIO_REG_QUEUE_NUM) ==
		       HVL_MMIO_V1_MARKER &&
	       hvl_dev_reg_(dev, HVL_MMIO_REG_QUEUE_SEL) == HVL_MMIO_V1_MARKER;
}

const char *hvl_dev_v1_restore_(struct hvl_dev *dev,
				const struct hvl_dev_saved *saved)
{
	struct hvl_dev_mmio *m = &dev->mmio;
	uint16_t i;

	if (!hvl_dev_mmio_shown_(dev, HVL_MMIO_VERSION_LEGACY))
		return "the registers are not this device's";
	if (saved->status_seen > UINT8_MAX ||
	    saved->last_acked > HVL_DEV_QUEUES_MAX || saved->ack_pending > 1 ||
	    saved->setup_over > 1 || saved->marked > 1 || saved->watched > 1 ||
	    saved->late > 1)
		return "what was saved of the registers cannot be";
	*m = (struct hvl_dev_mmio){
		.status_seen = (uint8_t)(saved->status_seen & ~V1_NEEDS_RESET),
		.last_acked = (uint8_t)saved->last_acked,
		.ack_pending = saved->ack_pending,
		.setup_over = saved->setup_over,
		.marked = saved->marked,
		.watched = saved->watched,
		.late = saved->late,
		.left_pfn = saved->left_pfn,
		.acked_at_us = v1_now(dev),
	};
	for (i = 0; i < dev->cfg.model->nqueues; i++)
		m->queue[i] = (struct hvl_dev_mmio_queue){
			.num = saved->queue[i].num,
			.align = saved->queue[i].align,
			.page = saved->queue[i].page,
			.pfn = saved->queue[i].pfn,
		};
	if (m->setup_over && v1_is_marked(dev))
		m->marked = true;
	return NULL;
}

bool hvl_dev_v1_driver_gone_(const struct hvl_dev *dev)
{
	uint8_t status = v1_status(dev);

	return status == 0 || hvl_dev_v1_restarted_(dev, status);
}

/*
 * Whether the last acknowledgement may not have been given. It cannot be told
 * from one that the driver has answered just now, which a second one does not
 * harm; a driver that went on has it: to another queue or status, or to the
 * ring, which was cleared and must be left alone until then.
 */
static bool v1_still_waits(const struct hvl_dev *dev)
{
	const struct hvl_dev_mmio *m = &dev->mmio;
	const struct hvl_dev_vq *vq;
	uint32_t sel = hvl_dev_reg_(dev, HVL_MMIO_REG_QUEUE_SEL);

	if (!m->ack_pending || v1_last_pfn(dev) == 0)
		return false;
	vq = &dev->vq[m->last_acked];
	return vq->started &&
	       hvl_dev_v1_queue_index_(dev, sel) == m->last_acked &&
	       hvl_io_read16(&vq->shm, vq->avail + 2) == 0 &&
	       hvl_dev_v1_same_life_(dev);
}

/* The driver's words stay, and what it wrote to Status. */
void hvl_dev_v1_resume_(struct hvl_dev *dev)
{
	struct hvl_dev_mmio *m = &dev->mmio;

	hvl_dev_mmio_write_own_(dev);
	/* It may differ from what an earlier host showed. */
	dev->tr->config_changed(dev);
	/* Set bits have been shown, and stay (docs/theory/interrupts.md). */
	m->isr = hvl_dev_reg_(dev, HVL_MMIO_REG_INTERRUPT_STATUS) &
		 (HVL_MMIO_INT_VRING | HVL_MMIO_INT_CONFIG);
	if (v1_still_waits(dev))
		v1_cas(dev, HVL_MMIO_REG_QUEUE_PFN, v1_last_pfn(dev),
		       HVL_MMIO_V1_ACK);
	m->ack_pending = false;
	/* As v1_forget() and v1_restart() would have done. */
	if (!dev->broken)
		hvl_dev_v1_hide_needs_reset_(dev);
	if (m->status_seen == 0)
		v1_cas(dev, HVL_MMIO_REG_QUEUE_PFN, HVL_MMIO_V1_ACK, 0);
}
