/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A device whose registers act by themselves, at the moment at which the
 * driver's store arrives: an ordinary virtio-mmio device of either version.
 *
 * What it is asked for is noted at that moment, with the selectors as they are
 * then; the device's side does it when it comes to it.
 */
#include "traffic.h"

#include <string.h>

#include <hvl/wire/mmio.h>

#include "dev_priv.h"

#define QUEUES 2u
#define BUSY 0x100u /* in Status: not reset yet */
#define JUNK 7u	    /* in selectors after a reset */

/* The registers of one queue. */
struct trap_queue {
	uint32_t num, align, pfn, ready;
	uint32_t addr[6]; /* low and high of desc, driver, device */
};

static struct {
	uint64_t wanted;
	uint32_t features_sel, queue_sel, status, isr;
	bool reset; /* asked for, not done */
	struct trap_queue queue[QUEUES];
} trap;

static struct hvl_dev *trap_dev(void)
{
	return &traffic.dev;
}

static uint16_t trap_queues(void)
{
	return trap_dev()->cfg.model->nqueues;
}

static void trap_features(uint32_t v)
{
	if (trap.features_sel == 0)
		trap.wanted = (trap.wanted & ~(uint64_t)UINT32_MAX) | v;
	else if (trap.features_sel == 1)
		trap.wanted = (trap.wanted & UINT32_MAX) | (uint64_t)v << 32;
}

static void trap_select(uint32_t sel)
{
	bool there = sel < trap_queues();

	trap.queue_sel = sel;
	sim_poke32(HVL_MMIO_REG_QUEUE_NUM_MAX,
		   there ? hvl_dev_queue_max_(trap_dev()) : 0);
	sim_poke32(HVL_MMIO_REG_QUEUE_READY, there ? trap.queue[sel].ready : 0);
}

static void trap_queue(uint32_t reg, uint32_t v)
{
	static const uint32_t addr[] = {
		HVL_MMIO_REG_QUEUE_DESC_LOW,   HVL_MMIO_REG_QUEUE_DESC_HIGH,
		HVL_MMIO_REG_QUEUE_DRIVER_LOW, HVL_MMIO_REG_QUEUE_DRIVER_HIGH,
		HVL_MMIO_REG_QUEUE_DEVICE_LOW, HVL_MMIO_REG_QUEUE_DEVICE_HIGH,
	};
	struct trap_queue *q = &trap.queue[trap.queue_sel % QUEUES];
	uint32_t i;

	/* A queue that is ready stays as it is. */
	if (trap.queue_sel >= trap_queues() || q->ready)
		return;
	if (reg == HVL_MMIO_REG_QUEUE_NUM)
		q->num = v;
	if (reg == HVL_MMIO_REG_QUEUE_ALIGN)
		q->align = v;
	if (reg == HVL_MMIO_REG_QUEUE_PFN) {
		q->pfn = v;
		q->ready = v != 0;
	}
	if (reg == HVL_MMIO_REG_QUEUE_READY) {
		q->ready = v;
		sim_poke32(reg, v);
	}
	for (i = 0; i < HVL_ARRAY_SIZE(addr); i++) {
		if (reg == addr[i])
			q->addr[i] = v;
	}
}

static void trap_status(uint32_t v)
{
	if (v == 0) {
		trap.reset = true;
		sim_poke32(HVL_MMIO_REG_STATUS, BUSY);
	} else {
		if (trap.wanted & ~trap_dev()->offered)
			v &= ~(uint32_t)VIRTIO_CONFIG_S_FEATURES_OK;
		trap.status |= v;
		sim_poke32(HVL_MMIO_REG_STATUS, trap.status);
	}
	sim_trap_ring(SIM_DEVICE);
}

void traffic_trap(uint32_t reg, uint32_t v)
{
	switch (reg) {
	case HVL_MMIO_REG_DEVICE_FEATURES_SEL:
		sim_poke32(HVL_MMIO_REG_DEVICE_FEATURES,
			   v < 2 ? (uint32_t)(trap_dev()->offered >> 32 * v) :
				   0);
		break;
	case HVL_MMIO_REG_DRIVER_FEATURES_SEL:
		trap.features_sel = v;
		break;
	case HVL_MMIO_REG_DRIVER_FEATURES:
		trap_features(v);
		break;
	case HVL_MMIO_REG_QUEUE_SEL:
		trap_select(v);
		break;
	case HVL_MMIO_REG_QUEUE_NOTIFY:
		sim_trap_ring(SIM_DEVICE);
		break;
	case HVL_MMIO_REG_INTERRUPT_ACK:
		trap.isr &= ~v;
		sim_poke32(HVL_MMIO_REG_INTERRUPT_STATUS, trap.isr);
		break;
	case HVL_MMIO_REG_STATUS:
		trap_status(v);
		break;
	default:
		trap_queue(reg, v);
		break;
	}
}

/* ---- the device's side ------------------------------------------------ */

/* Nothing useful is selected, and that is what shows. */
static void trap_forget(void)
{
	memset(&trap, 0, sizeof(trap));
	trap.features_sel = JUNK;
	trap_select(JUNK);
	sim_poke32(HVL_MMIO_REG_DEVICE_FEATURES, 0);
	sim_poke32(HVL_MMIO_REG_INTERRUPT_STATUS, 0);
}

static void trap_publish(struct hvl_dev *dev)
{
	memset(&trap, 0, sizeof(trap));
	hvl_dev_mmio_clear_(dev, traffic.cfg->version, HVL_MMIO_VENDOR);
	/* No region, and no fence: that is how it is known. */
	hvl_dev_mmio_set_shm_(dev, 0, 0);
	hvl_dev_set_reg_(dev, HVL_MMIO_REG_DEVICE_FEATURES, 0);
	hvl_dev_set_reg_(dev, HVL_MMIO_REG_QUEUE_NUM_MAX, 0);
	trap.features_sel = JUNK;
	trap.queue_sel = JUNK;
	hvl_dev_mmio_show_(dev);
}

static bool trap_start(struct hvl_dev *dev, uint16_t i)
{
	const struct trap_queue *q = &trap.queue[i];
	uint64_t da = (uint64_t)q->pfn * HVL_MMIO_V1_PAGE_SIZE;
	struct hvl_vring_layout l;

	if (traffic.cfg->version == 2)
		return hvl_dev_queue_start_(
			dev, i, q->num, q->addr[0] | (uint64_t)q->addr[1] << 32,
			q->addr[2] | (uint64_t)q->addr[3] << 32,
			q->addr[4] | (uint64_t)q->addr[5] << 32);
	if (!hvl_vring_num_ok(q->num) || q->align != HVL_VRING_LEGACY_ALIGN)
		return false;
	l = hvl_vring_layout(q->num, q->align);
	return hvl_dev_queue_start_(dev, i, q->num, da + l.desc, da + l.avail,
				    da + l.used);
}

static void trap_go_live(struct hvl_dev *dev)
{
	uint16_t i;

	sim_trap_taken();
	dev->features = trap.wanted;
	dev->status = (uint8_t)trap.status;
	for (i = 0; i < trap_queues(); i++) {
		if (trap.queue[i].ready && !trap_start(dev, i))
			sim_fail("trap: queue %u cannot be", (unsigned int)i);
	}
	hvl_dev_go_live_(dev);
}

static bool trap_poll(struct hvl_dev *dev)
{
	if (trap.reset) {
		hvl_dev_reset_(dev, HVL_DEV_EVENT_RESET);
		trap_forget();
		sim_poke32(HVL_MMIO_REG_STATUS, 0);
		/* Whoever sleeps until Status says so has no other news. */
		return true;
	}
	if ((trap.status & VIRTIO_CONFIG_S_DRIVER_OK) && !dev->live &&
	    !dev->broken)
		trap_go_live(dev);
	return false;
}

static bool trap_interrupt(struct hvl_dev *dev, uint32_t bits)
{
	(void)dev;
	trap.isr |= bits;
	sim_poke32(HVL_MMIO_REG_INTERRUPT_STATUS, trap.isr);
	return true;
}

static void trap_needs_reset(struct hvl_dev *dev)
{
	trap.status |= VIRTIO_CONFIG_S_NEEDS_RESET;
	sim_poke32(HVL_MMIO_REG_STATUS, trap.status);
	(void)trap_interrupt(dev, HVL_MMIO_INT_CONFIG);
}

const struct hvl_dev_transport traffic_trap_v1 = {
	.features = HVL_BIT64(VIRTIO_F_ANY_LAYOUT),
	.feature_mask = UINT32_MAX,
	.da_max = (uint64_t)UINT32_MAX * HVL_MMIO_V1_PAGE_SIZE,
	.publish = trap_publish,
	.poll = trap_poll,
	.interrupt = trap_interrupt,
	.needs_reset = trap_needs_reset,
};

const struct hvl_dev_transport traffic_trap_v2 = {
	.features = HVL_BIT64(VIRTIO_F_VERSION_1),
	.feature_mask = ~HVL_BIT64(VIRTIO_F_RING_RESET),
	.da_max = UINT64_MAX,
	.publish = trap_publish,
	.poll = trap_poll,
	.interrupt = trap_interrupt,
	.needs_reset = trap_needs_reset,
};
