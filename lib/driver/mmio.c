/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio-mmio: what kind of block it is, and what all kinds have in common.
 */
#include <hvl/driver/mmio.h>

#include <string.h>

#include <hvl/metal/barrier.h>
#include <hvl/metal/errno.h>

#include "dev_priv.h"
#include "mmio_priv.h"

static uint64_t mmio_read_pair(const struct hvl_drv_dev *dev, uint32_t low)
{
	return hvl_drv_mmio_read_(dev, low) |
	       (uint64_t)hvl_drv_mmio_read_(dev, low + 4) << 32;
}

/* §4.2.2: a length of all ones says that there is no such region. */
static void mmio_read_region(struct hvl_drv_dev *dev)
{
	uint64_t da = mmio_read_pair(dev, HVL_MMIO_REG_SHM_BASE_LOW);
	uint64_t size = mmio_read_pair(dev, HVL_MMIO_REG_SHM_LEN_LOW);

	if (da == 0 || size == 0 || da == UINT64_MAX || size == UINT64_MAX)
		return;
	dev->shm_da = da;
	dev->shm_size = size;
}

int hvl_drv_mmio_probe(struct hvl_drv_dev *dev, const struct hvl_io *regs,
		       const struct hvl_drv_platform *plat)
{
	struct hvl_drv_dev d;

	if (!hvl_io_range_ok(regs, 0, HVL_MMIO_BLOCK_SIZE))
		return -EINVAL;
	memset(&d, 0, sizeof(d));
	d.regs = *regs;
	d.plat = plat;
	/* Written last by the device side: acquire. */
	if (hvl_io_load_acquire32(regs, HVL_MMIO_REG_MAGIC) != HVL_MMIO_MAGIC)
		return -ENODEV;
	d.version = hvl_drv_mmio_read_(&d, HVL_MMIO_REG_VERSION);
	if (d.version != HVL_MMIO_VERSION_LEGACY &&
	    d.version != HVL_MMIO_VERSION_MODERN)
		return -ENOTSUP;
	/* §4.2.3.1.1: a placeholder has nothing else to look at. */
	d.id = hvl_drv_mmio_read_(&d, HVL_MMIO_REG_DEVICE_ID);
	if (d.id == 0)
		return -ENODEV;
	mmio_read_region(&d);

	if (d.version == HVL_MMIO_VERSION_LEGACY) {
		d.ops = &hvl_drv_mmio_v1_;
		d.vring_align = HVL_VRING_LEGACY_ALIGN;
		d.trapping = d.shm_size == 0;
	} else {
		d.ops = &hvl_drv_mmio_v2_;
		d.vring_align = HVL_VRING_DESC_ALIGN;
		d.trapping = hvl_drv_mmio_read_(&d, HVL_MMIO_REG_FENCE_MAGIC) !=
			     HVL_MMIO_FENCE_MAGIC;
	}
	*dev = d;
	return 0;
}

void hvl_drv_mmio_ring_(const struct hvl_drv_dev *dev)
{
	hvl_wmb_before_doorbell();
	if (!dev->trapping)
		dev->plat->ring(dev->plat->ctx);
}

int hvl_drv_mmio_await_(const struct hvl_drv_dev *dev, uint32_t reg,
			uint32_t want, uint32_t timeout_us)
{
	struct hvl_drv_wait w;
	int ret;

	hvl_drv_wait_begin_(&w, dev->plat, timeout_us);
	while (hvl_io_load_acquire32(&dev->regs, reg) != want) {
		ret = hvl_drv_wait_(&w);
		if (ret < 0)
			return ret;
		if (ret > 0)
			hvl_drv_mmio_ring_(dev);
	}
	return 0;
}

uint32_t hvl_drv_mmio_select_(const struct hvl_drv_dev *dev, uint32_t sel,
			      uint32_t v, uint32_t reg)
{
	hvl_drv_mmio_write_(dev, sel, v);
	hvl_mb_before_register_recheck();
	return hvl_drv_mmio_read_(dev, reg);
}

void hvl_drv_mmio_notify_(struct hvl_drv_dev *dev, uint32_t value)
{
	/*
	 * A trapping device looks at the ring at this very write: it comes
	 * after the ring for the full barrier of hvl_drv_vq_kick().
	 */
	hvl_drv_mmio_write_(dev, HVL_MMIO_REG_QUEUE_NOTIFY, value);
	hvl_drv_mmio_ring_(dev);
}

static uint32_t mmio_generation(const struct hvl_drv_dev *dev)
{
	if (dev->version == HVL_MMIO_VERSION_LEGACY)
		return 0;
	return hvl_io_load_acquire32(&dev->regs,
				     HVL_MMIO_REG_CONFIG_GENERATION);
}

/*
 * §4.2.2.2: a field of 16 bits is read at once, one of 32 or 64 by words of 32
 * bits. The legacy interface has no such rule.
 */
static uint32_t mmio_config_width(const struct hvl_drv_dev *dev, uint32_t off,
				  uint32_t len)
{
	if (dev->version == HVL_MMIO_VERSION_LEGACY)
		return 1;
	if (len == 2 && off % 2 == 0)
		return 2;
	return (len == 4 || len == 8) && off % 4 == 0 ? 4 : 1;
}

/* One access; the bytes in @word stay in the order of the config space. */
static void mmio_load_config(const struct hvl_drv_dev *dev, uint32_t off,
			     uint32_t width, uint8_t *word)
{
	uint32_t at = HVL_MMIO_REG_CONFIG + off, v, i;

	if (width == 4)
		v = hvl_io_read32(&dev->regs, at);
	else if (width == 2)
		v = hvl_io_read16(&dev->regs, at);
	else
		v = hvl_io_read8(&dev->regs, at);
	for (i = 0; i < width; i++, v >>= 8)
		word[i] = (uint8_t)v;
}

/* Copy a config field; whether it differs from what was there before. */
static bool mmio_copy_config(const struct hvl_drv_dev *dev, uint32_t off,
			     uint8_t *buf, uint32_t len)
{
	uint32_t width = mmio_config_width(dev, off, len), i;
	bool changed = false;
	uint8_t word[4];

	for (i = 0; i < len; i += width) {
		mmio_load_config(dev, off + i, width, word);
		changed |= memcmp(buf + i, word, width) != 0;
		memcpy(buf + i, word, width);
	}
	return changed;
}

/*
 * §2.5.1: between two equal generations, which must be even where the
 * generation is the sequence lock of version 2 in plain memory. The legacy
 * interface has none: there a second look must give the same (§2.5.4).
 */
int hvl_drv_mmio_config_read_(struct hvl_drv_dev *dev, uint32_t off, void *buf,
			      uint32_t len)
{
	bool legacy = dev->version == HVL_MMIO_VERSION_LEGACY;
	struct hvl_drv_wait w;

	if (off > HVL_MMIO_CONFIG_SIZE || len > HVL_MMIO_CONFIG_SIZE - off)
		return -EINVAL;
	memset(buf, 0, len);
	if (legacy)
		(void)mmio_copy_config(dev, off, buf, len);
	hvl_drv_wait_begin_(&w, dev->plat, 0);
	/* It is over in no time, and a doorbell that wakes us is not ours. */
	w.spin_until = w.deadline;
	for (;;) {
		uint32_t generation = mmio_generation(dev);
		bool changed = mmio_copy_config(dev, off, buf, len);

		hvl_rmb_before_second_look();
		if (generation == mmio_generation(dev) &&
		    (dev->trapping || !(generation & 1)) &&
		    !(legacy && changed))
			return 0;
		if (hvl_drv_wait_(&w) < 0)
			return -ETIMEDOUT;
	}
}

uint32_t hvl_drv_mmio_reasons_(const struct hvl_drv_dev *dev)
{
	return hvl_drv_mmio_read_(dev, HVL_MMIO_REG_INTERRUPT_STATUS) &
	       (HVL_MMIO_INT_VRING | HVL_MMIO_INT_CONFIG);
}

uint32_t hvl_drv_mmio_events_(struct hvl_drv_dev *dev)
{
	uint32_t bits = hvl_drv_mmio_reasons_(dev);

	if (bits != 0) {
		hvl_drv_mmio_write_(dev, HVL_MMIO_REG_INTERRUPT_ACK, bits);
		/* Its full barrier: the rings are looked at after this. */
		hvl_drv_mmio_ring_(dev);
	}
	return bits;
}
