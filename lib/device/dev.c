/* SPDX-License-Identifier: BSD-3-Clause */
/* A device: what model, transport and queues have in common. */
#include <hvl/device/dev.h>

#include <hvl/metal/barrier.h>
#include <hvl/metal/errno.h>
#include <hvl/wire/mmio.h>

#include "dev_priv.h"

#define DEV_COMPLAINTS 64u /* logged in full; later ones ever more rarely */

/* Ring features that the device core implements, whatever the type. */
#define DEV_RING_FEATURES                                                     \
	(HVL_BIT64(VIRTIO_RING_F_INDIRECT_DESC) |                             \
	 HVL_BIT64(VIRTIO_RING_F_EVENT_IDX) |                                 \
	 HVL_BIT64(VIRTIO_F_ACCESS_PLATFORM) | HVL_BIT64(VIRTIO_F_IN_ORDER) | \
	 HVL_BIT64(VIRTIO_F_ORDER_PLATFORM) |                                 \
	 HVL_BIT64(VIRTIO_F_NOTIFICATION_DATA) |                              \
	 HVL_BIT64(VIRTIO_F_RING_RESET))

uint32_t hvl_dev_queue_max_(const struct hvl_dev *dev)
{
	return dev->cfg.queue_max ? dev->cfg.queue_max :
				    dev->cfg.model->queue_max;
}

void hvl_dev_event_(struct hvl_dev *dev, enum hvl_dev_event ev)
{
	if (dev->cfg.event)
		dev->cfg.event(dev->cfg.event_ctx, dev, ev);
}

const struct hvl_log *hvl_dev_log_(const struct hvl_dev *dev)
{
	uint32_t n = dev->complaints;

	return n < DEV_COMPLAINTS || (n & (n - 1)) == 0 ? dev->cfg.log : NULL;
}

void hvl_dev_forget_(struct hvl_dev *dev)
{
	uint16_t q;

	for (q = 0; q < dev->cfg.model->nqueues; q++)
		hvl_dev_vq_stop(&dev->vq[q]);
	if (dev->cfg.model->reset)
		dev->cfg.model->reset(dev);
	dev->features = 0;
	dev->status = 0;
	dev->live = false;
	dev->broken = false;
	dev->queues_shown = false;
	dev->unacked = false;
}

void hvl_dev_reset_(struct hvl_dev *dev, enum hvl_dev_event ev)
{
	bool used = (dev->status & VIRTIO_CONFIG_S_DRIVER_OK) || dev->broken;

	if (dev->status != 0)
		dev->stats.resets++;
	hvl_dev_forget_(dev);
	if (used)
		hvl_dev_event_(dev, ev);
}

void hvl_dev_queues_event_(struct hvl_dev *dev)
{
	uint16_t q;

	for (q = 0; q < dev->cfg.model->nqueues; q++) {
		if (!dev->vq[q].started)
			return;
	}
	if (!dev->queues_shown)
		hvl_dev_event_(dev, HVL_DEV_EVENT_QUEUES);
	dev->queues_shown = true;
}

void hvl_dev_go_live_(struct hvl_dev *dev)
{
	dev->status |= VIRTIO_CONFIG_S_DRIVER_OK;
	dev->live = true;
	if (dev->cfg.model->start)
		dev->cfg.model->start(dev);
	hvl_dev_event_(dev, HVL_DEV_EVENT_READY);
}

struct hvl_dev_vq_config hvl_dev_vq_config_(const struct hvl_dev *dev,
					    uint16_t queue, uint32_t num,
					    uint64_t desc, uint64_t avail,
					    uint64_t used)
{
	return (struct hvl_dev_vq_config){
		.shm = dev->cfg.shm,
		.log = hvl_dev_log_(dev),
		.name = dev->cfg.name,
		.index = queue,
		.num = num,
		.num_max = hvl_dev_queue_max_(dev),
		.desc = desc,
		.avail = avail,
		.used = used,
		.features = dev->features,
		.no_suppress = dev->cfg.no_suppress,
	};
}

bool hvl_dev_queue_start_(struct hvl_dev *dev, uint16_t queue, uint32_t num,
			  uint64_t desc, uint64_t avail, uint64_t used)
{
	struct hvl_dev_vq_config cfg =
		hvl_dev_vq_config_(dev, queue, num, desc, avail, used);

	if (hvl_dev_vq_start(&dev->vq[queue], &cfg) == 0)
		return true;
	dev->complaints++;
	return false;
}

/* Virtio 1.3 §2.1.2: only the driver's reset gets it out of this. */
static void dev_break(struct hvl_dev *dev)
{
	dev->stats.violations++;
	dev->complaints++;
	dev->broken = true;
	dev->live = false;
	dev->status |= VIRTIO_CONFIG_S_NEEDS_RESET;
	hvl_dev_record_(dev);
	dev->tr->needs_reset(dev);
	hvl_dev_event_(dev, HVL_DEV_EVENT_BROKEN);
}

int hvl_dev_bad_chain_(struct hvl_dev *dev, uint16_t queue,
		       const struct hvl_chain *chain, const char *what)
{
	hvl_log(hvl_dev_log_(dev), HVL_LOG_WARNING,
		"%s: queue %u: descriptor %u: %s", dev->cfg.name,
		(unsigned int)queue, (unsigned int)chain->head, what);
	return -EPROTO;
}

int hvl_dev_pop_(struct hvl_dev *dev, uint16_t queue, struct hvl_chain *chain)
{
	int rc;

	*chain = (struct hvl_chain){ .nseg_max = HVL_DEV_SEGS_MAX,
				     .seg = dev->cfg.segs };
	rc = hvl_dev_vq_pop(&dev->vq[queue], chain);
	if (rc != -ENOBUFS)
		return rc;
	hvl_log(hvl_dev_log_(dev), HVL_LOG_WARNING,
		"%s: queue %u: chain of more than %u segments", dev->cfg.name,
		(unsigned int)queue, HVL_DEV_SEGS_MAX);
	return -EPROTO;
}

static bool dev_config_ok(const struct hvl_dev_config *cfg,
			  const struct hvl_dev_transport *tr)
{
	const struct hvl_dev_model *model = cfg->model;

	if (!cfg->name || !model || !cfg->shm || !cfg->regs || !cfg->segs)
		return false;
	if (model->nqueues == 0 || model->nqueues > HVL_DEV_QUEUES_MAX ||
	    model->config_size > HVL_MMIO_CONFIG_SIZE)
		return false;
	if (!hvl_vring_num_ok(cfg->queue_max ? cfg->queue_max :
					       model->queue_max))
		return false;
	if (cfg->shm->size == 0 ||
	    cfg->shm->da > tr->da_max - (cfg->shm->size - 1))
		return false;
	/* So that aligned device addresses are aligned here too. */
	return (((uintptr_t)cfg->shm->va | cfg->shm->da) &
		(HVL_VRING_DESC_ALIGN - 1)) == 0 &&
	       ((uintptr_t)cfg->regs->va & 3u) == 0 &&
	       cfg->regs->size >= HVL_MMIO_BLOCK_SIZE;
}

int hvl_dev_init(struct hvl_dev *dev, const struct hvl_dev_config *cfg,
		 const struct hvl_dev_transport *tr)
{
	uint64_t ring;

	if (!dev_config_ok(cfg, tr))
		return -EINVAL;
	*dev = (struct hvl_dev){ .cfg = *cfg, .tr = tr };
	ring = (DEV_RING_FEATURES & ~tr->features_held) |
	       (cfg->features_on &
		(DEV_RING_FEATURES | HVL_BIT64(VIRTIO_F_RING_PACKED)));
	/* An event index holds notifications back. */
	if (cfg->no_suppress)
		ring &= ~HVL_BIT64(VIRTIO_RING_F_EVENT_IDX);
	dev->offered = (cfg->model->features(dev) | tr->features | ring) &
		       tr->feature_mask & ~cfg->features_off;
	return 0;
}

void hvl_dev_publish(struct hvl_dev *dev)
{
	hvl_dev_forget_(dev);
	dev->config_dirty = false;
	dev->hello = false;
	dev->tr->publish(dev);
}

/*
 * While any queue is being served the driver need not ring for the others
 * either: one doorbell stands for all, and we come back to them anyway.
 */
static void dev_notify_off(struct hvl_dev *dev)
{
	uint16_t q;

	for (q = 0; q < dev->cfg.model->nqueues; q++)
		hvl_dev_vq_notify_off(&dev->vq[q]);
}

/* Return: true if something came in meanwhile. */
static bool dev_notify_on(struct hvl_dev *dev)
{
	bool more = false;
	uint16_t q;

	for (q = 0; q < dev->cfg.model->nqueues; q++) {
		struct hvl_dev_vq *vq = &dev->vq[q];

		/*
		 * Where chains are left, the model waits for its backing, which
		 * brings us back here: the driver need not ring until then.
		 */
		if (!hvl_dev_vq_waiting(vq) && hvl_dev_vq_notify_on(vq))
			more = true;
	}
	return more;
}

/*
 * Serve each queue once, the last one first: what the driver sends may end the
 * wait of what is sent to it. Sets *@notify when the driver wants to hear of it.
 * Return: HVL_DEV_MORE or 0; -EPROTO.
 */
static int dev_serve_queues(struct hvl_dev *dev, unsigned int budget,
			    bool *notify)
{
	int ret = 0;
	uint16_t q;

	for (q = dev->cfg.model->nqueues; q-- > 0;) {
		uint32_t before = dev->vq[q].done;
		int rc;

		if (!dev->vq[q].started)
			continue;
		rc = dev->cfg.model->process(dev, q, budget);
		dev->stats.chains += dev->vq[q].done - before;
		/* What was done before a violation was still done. */
		if (hvl_dev_vq_flush(&dev->vq[q]))
			*notify = true;
		if (rc < 0)
			return rc;
		if ((unsigned int)rc >= budget)
			ret = HVL_DEV_MORE;
	}
	return ret;
}

/* Return: HVL_DEV_RING and HVL_DEV_MORE bits. */
static unsigned int dev_serve(struct hvl_dev *dev, unsigned int budget)
{
	bool notify = false;
	unsigned int ret;
	int rc;

	dev_notify_off(dev);
	rc = dev_serve_queues(dev, budget, &notify);
	if (rc < 0) {
		dev_break(dev);
		return HVL_DEV_RING;
	}
	if (rc == 0 && !dev->polled && dev_notify_on(dev))
		rc = HVL_DEV_MORE;
	ret = (unsigned int)rc;
	if (notify) {
		dev->stats.interrupts++;
		if (dev->tr->interrupt(dev, HVL_MMIO_INT_VRING))
			ret |= HVL_DEV_RING;
	}
	return ret;
}

/* A driver that is still setting up reads the new state anyway. */
static bool dev_show_config(struct hvl_dev *dev)
{
	dev->config_dirty = false;
	dev->tr->config_changed(dev);
	return dev->live && dev->tr->interrupt(dev, HVL_MMIO_INT_CONFIG);
}

/*
 * After a time in which nobody served it the driver may wait for a doorbell
 * that was lost: once, it is rung for whether there is news or not.
 */
static void dev_say_hello(struct hvl_dev *dev)
{
	dev->hello = false;
	if (dev->broken)
		dev->tr->needs_reset(dev);
	if (!dev->live)
		return;
	dev->stats.interrupts++;
	(void)dev->tr->interrupt(dev, HVL_MMIO_INT_VRING);
}

unsigned int hvl_dev_service(struct hvl_dev *dev, unsigned int budget)
{
	unsigned int ret = 0;

	dev->stats.services++;
	if (dev->tr->poll(dev))
		ret |= HVL_DEV_RING;
	if (dev->config_dirty && dev_show_config(dev))
		ret |= HVL_DEV_RING;
	if (dev->live)
		ret |= dev_serve(dev, budget);
	if (dev->hello) {
		dev_say_hello(dev);
		ret |= HVL_DEV_RING;
	}
	if (ret & HVL_DEV_RING)
		hvl_wmb_before_doorbell();
	return ret;
}

void hvl_dev_config_changed(struct hvl_dev *dev)
{
	dev->config_dirty = true;
}

bool hvl_dev_in_setup(const struct hvl_dev *dev)
{
	uint16_t q;

	if (dev->status == 0 || dev->broken ||
	    (dev->status & VIRTIO_CONFIG_S_FAILED))
		return false;
	if (!dev->live)
		return true;
	/* In version 1 a status may be left over from an earlier life. */
	for (q = 0; q < dev->cfg.model->nqueues; q++) {
		if (!dev->vq[q].started)
			return true;
	}
	return false;
}

uint64_t hvl_dev_setup_mark(const struct hvl_dev *dev)
{
	/* Fences of version 2 carry all the steps. */
	return dev->stats.queues + dev->stats.resets + dev->status +
	       dev->features + dev->mmio.fence_ack;
}
