/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Version 2 of virtio-mmio in plain memory.
 *
 * Nothing traps: registers are obeyed when FenceRequest moves, from a private
 * copy of the block, and only those that FenceWhat names. After publishing,
 * no word of the driver's is written here. What a fence led to is recorded
 * before its acknowledgement: a host that dies in between obeys it again, or
 * finds that it only has to answer.
 */
#include <hvl/device/mmio.h>

#include <hvl/metal/barrier.h>
#include <hvl/wire/mmio.h>

#include "dev_priv.h"

#define V2_WORDS (HVL_MMIO_REG_CONFIG / 4u)

/* The block, copied once for a fence. */
struct v2_block {
	uint32_t word[V2_WORDS];
	uint32_t fence;
};

static uint32_t v2_word(const struct v2_block *b, uint32_t reg)
{
	return b->word[reg / 4];
}

static uint64_t v2_pair(const struct v2_block *b, uint32_t low)
{
	return v2_word(b, low) | (uint64_t)v2_word(b, low + 4) << 32;
}

static void v2_publish(struct hvl_dev *dev)
{
	hvl_dev_mmio_clear_(dev, HVL_MMIO_VERSION_MODERN, HVL_MMIO_VENDOR);
	hvl_dev_set_reg_(dev, HVL_MMIO_REG_FENCE_MAGIC, HVL_MMIO_FENCE_MAGIC);
	hvl_dev_mmio_show_(dev);
}

/*
 * FenceRequest is written after the words, so that no second look at it could
 * tell that they stood still: until the acknowledgement the driver changes
 * them only to reset, and does that with a fence of its own.
 */
static void v2_copy(const struct hvl_dev *dev, struct v2_block *b)
{
	const struct hvl_io *regs = dev->cfg.regs;
	uint32_t i;

	b->fence = hvl_io_load_acquire32(regs, HVL_MMIO_REG_FENCE_REQUEST);
	for (i = 0; i < V2_WORDS; i++)
		b->word[i] = hvl_io_read32(regs, 4u * i);
}

static void v2_obey_features(struct hvl_dev *dev, const struct v2_block *b)
{
	uint64_t bits = v2_word(b, HVL_MMIO_REG_DRIVER_FEATURES);
	struct hvl_dev_mmio *m = &dev->mmio;

	/* After FEATURES_OK nobody looks at it any more. */
	switch (v2_word(b, HVL_MMIO_REG_DRIVER_FEATURES_SEL)) {
	case 0:
		m->wanted = (m->wanted & ~(uint64_t)UINT32_MAX) | bits;
		break;
	case 1:
		m->wanted = (m->wanted & UINT32_MAX) | bits << 32;
		break;
	default: /* no such bank is offered, so none can be wanted */
		break;
	}
}

/* Virtio 1.3 §2.6.1: it shows in QueueState that the queue is not ready. */
static void v2_obey_queue_reset(struct hvl_dev *dev, const struct v2_block *b)
{
	uint32_t queue = v2_word(b, HVL_MMIO_REG_QUEUE_SEL);

	if (queue < dev->cfg.model->nqueues &&
	    v2_word(b, HVL_MMIO_REG_QUEUE_RESET) == 1 &&
	    hvl_dev_has(dev, VIRTIO_F_RING_RESET))
		hvl_dev_vq_stop(&dev->vq[queue]);
}

/* Between FEATURES_OK and DRIVER_OK; QueueState shows how it went. */
static void v2_obey_queue(struct hvl_dev *dev, const struct v2_block *b)
{
	uint32_t queue = v2_word(b, HVL_MMIO_REG_QUEUE_SEL);
	uint32_t ready = v2_word(b, HVL_MMIO_REG_QUEUE_READY);

	if (queue >= dev->cfg.model->nqueues)
		return;
	if (ready == 0) {
		hvl_dev_vq_stop(&dev->vq[queue]);
		return;
	}
	/* Once the device is live, only queues that were reset. */
	if (ready != 1 || dev->vq[queue].started ||
	    (dev->live && !hvl_dev_has(dev, VIRTIO_F_RING_RESET)) ||
	    !(dev->status & VIRTIO_CONFIG_S_FEATURES_OK))
		return;
	if (!hvl_dev_queue_start_(dev, (uint16_t)queue,
				  v2_word(b, HVL_MMIO_REG_QUEUE_NUM),
				  v2_pair(b, HVL_MMIO_REG_QUEUE_DESC_LOW),
				  v2_pair(b, HVL_MMIO_REG_QUEUE_DRIVER_LOW),
				  v2_pair(b, HVL_MMIO_REG_QUEUE_DEVICE_LOW)))
		return;
	dev->stats.queues++;
	hvl_dev_queues_event_(dev);
}

static bool v2_features_ok(const struct hvl_dev *dev)
{
	uint64_t wanted = dev->mmio.wanted;

	return (wanted & ~dev->offered) == 0 &&
	       (wanted & HVL_BIT64(VIRTIO_F_VERSION_1)) != 0;
}

/* Each bit needs those before it (virtio 1.3 §3.1.1); none is taken back. */
static void v2_obey_status(struct hvl_dev *dev, uint32_t status)
{
	uint8_t news = (uint8_t)(status & ~(uint32_t)dev->status);

	if (news & VIRTIO_CONFIG_S_ACKNOWLEDGE) {
		dev->status |= VIRTIO_CONFIG_S_ACKNOWLEDGE;
		hvl_dev_event_(dev, HVL_DEV_EVENT_FOUND);
	}
	if ((news & VIRTIO_CONFIG_S_DRIVER) &&
	    (dev->status & VIRTIO_CONFIG_S_ACKNOWLEDGE))
		dev->status |= VIRTIO_CONFIG_S_DRIVER;
	if ((news & VIRTIO_CONFIG_S_FEATURES_OK) &&
	    (dev->status & VIRTIO_CONFIG_S_DRIVER) && v2_features_ok(dev)) {
		dev->features = dev->mmio.wanted;
		dev->status |= VIRTIO_CONFIG_S_FEATURES_OK;
	}
	if (news & VIRTIO_CONFIG_S_FAILED) {
		dev->status |= VIRTIO_CONFIG_S_FAILED;
		dev->live = false;
		hvl_dev_event_(dev, HVL_DEV_EVENT_FAILED);
	}
	if ((news & VIRTIO_CONFIG_S_DRIVER_OK) &&
	    (dev->status & VIRTIO_CONFIG_S_FEATURES_OK) &&
	    !(dev->status & VIRTIO_CONFIG_S_FAILED))
		hvl_dev_go_live_(dev);
}

static void v2_obey(struct hvl_dev *dev, const struct v2_block *b)
{
	uint32_t what = v2_word(b, HVL_MMIO_REG_FENCE_WHAT);
	uint32_t status = v2_word(b, HVL_MMIO_REG_STATUS);

	if ((what & HVL_MMIO_FENCE_STATUS) && status == 0) {
		hvl_dev_reset_(dev, HVL_DEV_EVENT_RESET);
		dev->mmio.wanted = 0;
		dev->mmio.isr = 0;
		hvl_dev_set_reg_(dev, HVL_MMIO_REG_INTERRUPT_STATUS, 0);
		return;
	}
	if (dev->broken)
		return;
	if (what & HVL_MMIO_FENCE_FEATURES)
		v2_obey_features(dev, b);
	if (what & HVL_MMIO_FENCE_QUEUE_RESET)
		v2_obey_queue_reset(dev, b);
	if (what & HVL_MMIO_FENCE_QUEUE)
		v2_obey_queue(dev, b);
	/* CONFIG: no device type here lets the driver write it. */
	if (what & HVL_MMIO_FENCE_STATUS)
		v2_obey_status(dev, status);
}

/* What the selectors of the copy ask to see. */
static void v2_refresh(struct hvl_dev *dev, const struct v2_block *b)
{
	uint32_t bank = v2_word(b, HVL_MMIO_REG_DEVICE_FEATURES_SEL);
	uint32_t queue = v2_word(b, HVL_MMIO_REG_QUEUE_SEL);
	uint32_t state = queue & 0xffffu, max = 0;

	if (queue < dev->cfg.model->nqueues) {
		max = hvl_dev_queue_max_(dev);
		if (dev->vq[queue].started)
			state |= HVL_MMIO_QUEUE_STATE_READY;
	}
	hvl_dev_set_reg_(dev, HVL_MMIO_REG_DEVICE_FEATURES,
			 bank < 2 ? (uint32_t)(dev->offered >> 32 * bank) : 0);
	hvl_dev_set_reg_(dev, HVL_MMIO_REG_QUEUE_NUM_MAX, max);
	hvl_dev_set_reg_(dev, HVL_MMIO_REG_QUEUE_STATE, state);
	/* Virtio 1.3 §4.2.2: all ones where there is no such region. */
	if (v2_word(b, HVL_MMIO_REG_SHM_SEL) == 0)
		hvl_dev_mmio_set_shm_(dev, dev->cfg.region_da,
				      dev->cfg.region_size);
	else
		hvl_dev_mmio_set_shm_(dev, UINT64_MAX, UINT64_MAX);
	hvl_dev_set_reg_(dev, HVL_MMIO_REG_DEVICE_STATUS, dev->status);
}

static bool v2_poll(struct hvl_dev *dev)
{
	struct v2_block b;

	if (hvl_dev_reg_(dev, HVL_MMIO_REG_FENCE_REQUEST) ==
	    dev->mmio.fence_ack)
		return false;
	v2_copy(dev, &b);
	v2_obey(dev, &b);
	dev->mmio.fence_ack = b.fence;
	hvl_dev_record_(dev);
	v2_refresh(dev, &b);
	hvl_io_store_release32(dev->cfg.regs, HVL_MMIO_REG_FENCE_ACK, b.fence);
	return true;
}

/* The register informs only: nothing waits for its acknowledgement. */
static bool v2_interrupt(struct hvl_dev *dev, uint32_t bits)
{
	struct hvl_dev_mmio *m = &dev->mmio;

	if ((m->isr | bits) != m->isr) {
		m->isr |= bits;
		hvl_dev_set_reg_(dev, HVL_MMIO_REG_INTERRUPT_STATUS, m->isr);
	}
	return true;
}

static void v2_needs_reset(struct hvl_dev *dev)
{
	struct hvl_dev_mmio *m = &dev->mmio;

	hvl_dev_set_reg_(dev, HVL_MMIO_REG_DEVICE_STATUS, dev->status);
	v2_interrupt(dev, HVL_MMIO_INT_CONFIG);
	m->generation += 2;
	hvl_io_store_release32(dev->cfg.regs, HVL_MMIO_REG_CONFIG_GENERATION,
			       m->generation);
}

static void v2_config_changed(struct hvl_dev *dev)
{
	struct hvl_dev_mmio *m = &dev->mmio;

	hvl_dev_set_reg_(dev, HVL_MMIO_REG_CONFIG_GENERATION, ++m->generation);
	hvl_wmb_after_sequence_odd();
	hvl_dev_mmio_write_config_(dev);
	hvl_io_store_release32(dev->cfg.regs, HVL_MMIO_REG_CONFIG_GENERATION,
			       ++m->generation);
}

/*
 * Under a driver that may be alive: the device's words for what the selectors
 * ask, the answer to the last fence, and the config space, which may differ
 * from what an earlier host showed, or be half written.
 */
static void v2_show(struct hvl_dev *dev)
{
	struct hvl_dev_mmio *m = &dev->mmio;
	struct v2_block b;
	uint32_t shown;

	/* Selectors that move belong to a fence that is still to come. */
	v2_copy(dev, &b);
	v2_refresh(dev, &b);
	hvl_io_store_release32(dev->cfg.regs, HVL_MMIO_REG_FENCE_ACK,
			       m->fence_ack);
	/* It moved on since the record, and must not go back. */
	shown = hvl_dev_reg_(dev, HVL_MMIO_REG_CONFIG_GENERATION);
	if ((int32_t)(shown - m->generation) > 0)
		m->generation = shown;
	if (m->generation & 1)
		m->generation--;
	v2_config_changed(dev);
}

static bool v2_shown(const struct hvl_dev *dev)
{
	return hvl_dev_mmio_shown_(dev, HVL_MMIO_VERSION_MODERN) &&
	       hvl_dev_reg_(dev, HVL_MMIO_REG_FENCE_MAGIC) ==
		       HVL_MMIO_FENCE_MAGIC;
}

static void v2_attach(struct hvl_dev *dev)
{
	if (!v2_shown(dev)) {
		v2_publish(dev);
		return;
	}
	dev->mmio = (struct hvl_dev_mmio){
		.fence_ack = hvl_dev_reg_(dev, HVL_MMIO_REG_FENCE_ACK),
		.generation = hvl_dev_reg_(dev, HVL_MMIO_REG_CONFIG_GENERATION),
		.last_acked = HVL_DEV_QUEUES_MAX,
	};
	/* It has been told things that are not known here. */
	if (hvl_dev_reg_(dev, HVL_MMIO_REG_STATUS) != 0) {
		dev->broken = true;
		dev->status = VIRTIO_CONFIG_S_NEEDS_RESET;
	}
	hvl_dev_record_(dev);
	v2_show(dev);
}

static void v2_save(const struct hvl_dev *dev, struct hvl_dev_saved *saved)
{
	saved->wanted = dev->mmio.wanted;
	saved->fence_ack = dev->mmio.fence_ack;
	saved->generation = dev->mmio.generation;
}

static const char *v2_restore(struct hvl_dev *dev,
			      const struct hvl_dev_saved *saved)
{
	if (!v2_shown(dev))
		return "the registers are not this device's";
	dev->mmio = (struct hvl_dev_mmio){
		.fence_ack = saved->fence_ack,
		.generation = saved->generation,
		.wanted = saved->wanted,
		.last_acked = HVL_DEV_QUEUES_MAX,
	};
	return NULL;
}

/*
 * A reset that is asked for: our last words are obeyed, or still wait. One that
 * is missed came a moment later.
 */
static bool v2_driver_gone(const struct hvl_dev *dev)
{
	return hvl_dev_reg_(dev, HVL_MMIO_REG_FENCE_REQUEST) !=
		       dev->mmio.fence_ack &&
	       (hvl_dev_reg_(dev, HVL_MMIO_REG_FENCE_WHAT) &
		HVL_MMIO_FENCE_STATUS) &&
	       hvl_dev_reg_(dev, HVL_MMIO_REG_STATUS) == 0;
}

const struct hvl_dev_transport hvl_dev_mmio_v2 = {
	.features = HVL_BIT64(VIRTIO_F_VERSION_1),
	.feature_mask = UINT64_MAX,
	.da_max = UINT64_MAX,
	.publish = v2_publish,
	.attach = v2_attach,
	.save = v2_save,
	.restore = v2_restore,
	.driver_gone = v2_driver_gone,
	.resume = v2_show,
	.poll = v2_poll,
	.interrupt = v2_interrupt,
	.needs_reset = v2_needs_reset,
	.config_changed = v2_config_changed,
};
