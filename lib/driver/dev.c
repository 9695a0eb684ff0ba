/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The front of every transport: the life cycle of virtio 1.3 §3.1.1 and what
 * is the same for all device types.
 */
#include <hvl/driver/dev.h>

#include <string.h>

#include <hvl/metal/errno.h>

#include "dev_priv.h"
#include "mmio_priv.h"

/* Shorter than putting a core to sleep and waking it up again. */
#define DEV_SPIN_US 5u
/* A lost doorbell stalls nothing for longer. */
#define DEV_NUDGE_US 10000u

void hvl_drv_wait_begin_(struct hvl_drv_wait *w,
			 const struct hvl_drv_platform *plat,
			 uint32_t timeout_us)
{
	uint64_t now = plat->now_us(plat->ctx);

	if (timeout_us == 0)
		timeout_us = plat->timeout_us != 0 ? plat->timeout_us :
						     HVL_DRV_TIMEOUT_US;
	w->plat = plat;
	w->spin_until = plat->no_spin ? now : now + DEV_SPIN_US;
	w->nudge_at = now + DEV_NUDGE_US;
	w->deadline = now + timeout_us;
}

int hvl_drv_wait_(struct hvl_drv_wait *w)
{
	const struct hvl_drv_platform *plat = w->plat;
	uint64_t now = plat->now_us(plat->ctx);

	if (now >= w->deadline)
		return -ETIMEDOUT;
	if (now >= w->nudge_at) {
		w->nudge_at = now + DEV_NUDGE_US;
		return 1;
	}
	if (plat->wait && now >= w->spin_until)
		plat->wait(plat->ctx, w->nudge_at < w->deadline ? w->nudge_at :
								  w->deadline);
	return 0;
}

/* A time-out leaves us not knowing what the device has seen. */
static int dev_check(struct hvl_drv_dev *dev, int err)
{
	if (err == -ETIMEDOUT)
		dev->dead = true;
	return err;
}

static int dev_set_status(struct hvl_drv_dev *dev, uint8_t bits)
{
	dev->status |= bits;
	return dev_check(dev, dev->ops->set_status(dev, dev->status));
}

int hvl_drv_dev_reset(struct hvl_drv_dev *dev)
{
	int err;

	dev->dead = false;
	dev->status = 0;
	dev->features = 0;
	err = dev_check(dev, dev->ops->reset(dev));
	if (!err)
		dev->owns_memory = false;
	dev->resetting = err == -ETIMEDOUT;
	return err;
}

bool hvl_drv_dev_reset_late(struct hvl_drv_dev *dev)
{
	if (!dev->resetting)
		return true;
	/* Before the look, for whoever asks only once in a while. */
	if (!dev->trapping)
		dev->plat->ring(dev->plat->ctx);
	return dev->ops->reset_done(dev);
}

/* §3.1.1 steps 5 and 6: the device may still refuse the choice. */
static int dev_features_ok(struct hvl_drv_dev *dev)
{
	uint8_t status;
	int err = dev_set_status(dev, VIRTIO_CONFIG_S_FEATURES_OK);

	if (err)
		return err;
	err = dev->ops->get_status(dev, &status);
	if (!err && !(status & VIRTIO_CONFIG_S_FEATURES_OK))
		err = -ENOTSUP;
	return err;
}

static int dev_negotiate(struct hvl_drv_dev *dev, uint64_t wanted,
			 uint64_t required)
{
	uint64_t offered;
	int err = dev_check(dev, dev->ops->get_features(dev, &offered));

	if (err)
		return err;
	if (dev->version != 1) {
		/* §6.1: offered by every device that is not legacy. */
		wanted |= HVL_BIT64(VIRTIO_F_VERSION_1);
		required |= HVL_BIT64(VIRTIO_F_VERSION_1);
	}
	dev->features = offered & wanted;
	if (required & ~offered)
		return -ENOTSUP;
	err = dev_check(dev, dev->ops->set_features(dev, dev->features));
	if (err || dev->version == 1)
		return err;
	return dev_features_ok(dev);
}

int hvl_drv_dev_begin(struct hvl_drv_dev *dev, uint64_t wanted,
		      uint64_t required)
{
	int err = dev_set_status(dev, VIRTIO_CONFIG_S_ACKNOWLEDGE);

	if (!err)
		err = dev_set_status(dev, VIRTIO_CONFIG_S_DRIVER);
	if (!err)
		err = dev_negotiate(dev, wanted, required);
	if (err == -ENOTSUP)
		hvl_drv_dev_fail(dev);
	return err;
}

int hvl_drv_dev_queue_max(struct hvl_drv_dev *dev, uint16_t queue,
			  uint32_t *max)
{
	int err = dev_check(dev, dev->ops->queue_max(dev, queue, max));

	if (!err && *max == 0)
		err = -ENOENT;
	return err;
}

int hvl_drv_dev_queue_setup(struct hvl_drv_dev *dev, uint16_t queue,
			    const struct hvl_drv_vq *vq)
{
	return dev_check(dev, dev->ops->queue_setup(dev, queue, vq));
}

int hvl_drv_dev_queue_reset(struct hvl_drv_dev *dev, uint16_t queue)
{
	if (!hvl_drv_dev_has(dev, VIRTIO_F_RING_RESET))
		return -ENOTSUP;
	/*
	 * The one transport that has it, and directly: a pointer in its table
	 * would have every program carry what few use.
	 */
	return dev_check(dev, hvl_drv_mmio_v2_queue_reset_(dev, queue));
}

int hvl_drv_dev_ready(struct hvl_drv_dev *dev)
{
	int err;

	/* Whether it hears of it in time or not. */
	dev->owns_memory = true;
	err = dev_set_status(dev, VIRTIO_CONFIG_S_DRIVER_OK);
	return err ? err : hvl_drv_dev_health(dev);
}

void hvl_drv_dev_fail(struct hvl_drv_dev *dev)
{
	if (!dev->dead)
		(void)dev_set_status(dev, VIRTIO_CONFIG_S_FAILED);
}

int hvl_drv_dev_health(struct hvl_drv_dev *dev)
{
	uint8_t status;
	int err;

	if (dev->dead)
		return -EIO;
	err = dev->ops->get_status(dev, &status);
	if (err)
		return err;
	if (status & VIRTIO_CONFIG_S_NEEDS_RESET ||
	    (status & dev->status) != dev->status)
		return -EIO;
	return 0;
}

void hvl_drv_dev_notify_(struct hvl_drv_dev *dev, uint16_t queue,
			 const struct hvl_drv_vq *vq)
{
	uint32_t value = queue;

	if (hvl_drv_dev_has(dev, VIRTIO_F_NOTIFICATION_DATA))
		value |= hvl_drv_vq_notify_data(vq);
	dev->ops->notify(dev, value);
}

void hvl_drv_dev_kick(struct hvl_drv_dev *dev, uint16_t queue,
		      struct hvl_drv_vq *vq)
{
	if (hvl_drv_vq_kick(vq))
		hvl_drv_dev_notify_(dev, queue, vq);
}

uint32_t hvl_drv_dev_events(struct hvl_drv_dev *dev)
{
	return dev->ops->events(dev);
}

int hvl_drv_dev_config_read(struct hvl_drv_dev *dev, uint32_t off, void *buf,
			    uint32_t len)
{
	return dev->ops->config_read(dev, off, buf, len);
}

/* What our rings can do, whatever the device type. */
static uint64_t dev_ring_features(const struct hvl_drv_dev *dev)
{
	uint64_t features = HVL_BIT64(VIRTIO_RING_F_INDIRECT_DESC) |
			    HVL_BIT64(VIRTIO_RING_F_EVENT_IDX) |
			    HVL_BIT64(VIRTIO_F_ACCESS_PLATFORM) |
			    HVL_BIT64(VIRTIO_F_IN_ORDER) |
			    HVL_BIT64(VIRTIO_F_ORDER_PLATFORM) |
			    HVL_BIT64(VIRTIO_F_NOTIFICATION_DATA) |
			    HVL_BIT64(VIRTIO_F_RING_RESET);

	/* Both sides write its descriptors: not through caches that differ. */
	if (HVL_DRV_VQ_PACKED && dev->plat->cache_line <= 1)
		features |= HVL_BIT64(VIRTIO_F_RING_PACKED);
	return features;
}

int hvl_drv_dev_open_(struct hvl_drv_dev *dev, uint32_t id, uint64_t wanted)
{
	int err;

	if (dev->id != id)
		return -ENODEV;
	err = hvl_drv_dev_reset(dev);
	wanted |= dev_ring_features(dev);
	return err ? err : hvl_drv_dev_begin(dev, wanted, 0);
}

bool hvl_drv_dev_close_(struct hvl_drv_dev *dev)
{
	hvl_drv_dev_fail(dev);
	return !dev->dead && hvl_drv_dev_reset(dev) == 0;
}

int hvl_drv_dev_queue_num_(struct hvl_drv_dev *dev, uint16_t queue,
			   uint16_t *num)
{
	uint32_t max;
	int err = hvl_drv_dev_queue_max(dev, queue, &max);

	if (err)
		return err;
	while (*num > max)
		*num = (uint16_t)(*num / 2);
	return 0;
}

void hvl_drv_dev_vq_config_(const struct hvl_drv_dev *dev,
			    struct hvl_drv_vq_config *cfg)
{
	memset(cfg, 0, sizeof(*cfg));
	cfg->align = dev->vring_align;
	cfg->features = dev->features;
	cfg->cache_line = dev->plat->cache_line;
}
