/* SPDX-License-Identifier: BSD-3-Clause */
/* What both versions of the register block share. */
#include <hvl/metal/barrier.h>
#include <hvl/wire/mmio.h>

#include "dev_priv.h"

void hvl_dev_mmio_write_config_(struct hvl_dev *dev)
{
	const struct hvl_dev_model *model = dev->cfg.model;
	unsigned char config[HVL_MMIO_CONFIG_SIZE];

	if (model->config_size == 0)
		return;
	model->config_read(dev, 0, config, model->config_size);
	hvl_io_write_block(dev->cfg.regs, HVL_MMIO_REG_CONFIG, config,
			   model->config_size);
}

void hvl_dev_mmio_set_shm_(struct hvl_dev *dev, uint64_t base, uint64_t size)
{
	hvl_dev_set_reg_(dev, HVL_MMIO_REG_SHM_LEN_LOW, (uint32_t)size);
	hvl_dev_set_reg_(dev, HVL_MMIO_REG_SHM_LEN_HIGH,
			 (uint32_t)(size >> 32));
	hvl_dev_set_reg_(dev, HVL_MMIO_REG_SHM_BASE_LOW, (uint32_t)base);
	hvl_dev_set_reg_(dev, HVL_MMIO_REG_SHM_BASE_HIGH,
			 (uint32_t)(base >> 32));
}

/* Words that only a host before us has written, and no order is needed for. */
bool hvl_dev_mmio_shown_(const struct hvl_dev *dev, uint32_t version)
{
	return hvl_dev_reg_(dev, HVL_MMIO_REG_MAGIC) == HVL_MMIO_MAGIC &&
	       hvl_dev_reg_(dev, HVL_MMIO_REG_VERSION) == version &&
	       hvl_dev_reg_(dev, HVL_MMIO_REG_DEVICE_ID) == dev->cfg.model->id;
}

void hvl_dev_mmio_write_own_(struct hvl_dev *dev)
{
	hvl_dev_set_reg_(dev, HVL_MMIO_REG_DEVICE_FEATURES,
			 (uint32_t)dev->offered);
	hvl_dev_set_reg_(dev, HVL_MMIO_REG_QUEUE_NUM_MAX,
			 hvl_dev_queue_max_(dev));
	hvl_dev_mmio_set_shm_(dev, dev->cfg.region_da, dev->cfg.region_size);
	hvl_dev_mmio_write_config_(dev);
}

void hvl_dev_mmio_clear_(struct hvl_dev *dev, uint32_t version, uint32_t vendor)
{
	dev->mmio = (struct hvl_dev_mmio){ .last_acked = HVL_DEV_QUEUES_MAX };
	hvl_dev_record_(dev);
	hvl_io_fill(dev->cfg.regs, 0, 0, HVL_MMIO_BLOCK_SIZE);
	hvl_dev_set_reg_(dev, HVL_MMIO_REG_VERSION, version);
	hvl_dev_set_reg_(dev, HVL_MMIO_REG_DEVICE_ID, dev->cfg.model->id);
	hvl_dev_set_reg_(dev, HVL_MMIO_REG_VENDOR_ID, vendor);
	hvl_dev_mmio_write_own_(dev);
}

void hvl_dev_mmio_show_(struct hvl_dev *dev)
{
	hvl_io_store_release32(dev->cfg.regs, HVL_MMIO_REG_MAGIC,
			       HVL_MMIO_MAGIC);
}
