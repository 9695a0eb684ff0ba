/* SPDX-License-Identifier: BSD-3-Clause */
#include "drv_mock_dev.h"

#include <string.h>

#include <hvl/metal/compiler.h>
#include <hvl/wire/mmio.h>

#define BLOCK 64u /* of the pool */

/* There is one under test at a time. */
static struct mock_dev *mock;
static _Alignas(65536) unsigned char mock_memory[MOCK_SHM_SIZE];
static uint32_t mock_map[MOCK_SHM_SIZE / BLOCK / 32];
static const struct hvl_io mock_shm = { mock_memory, MOCK_DA,
					sizeof(mock_memory) };

uint32_t mock_reg(const struct mock_dev *d, uint32_t reg)
{
	return hvl_io_load_acquire32(&d->regs, reg);
}

void mock_reg_set(struct mock_dev *d, uint32_t reg, uint32_t v)
{
	bool nested = d->in_store;

	d->in_store = true;
	hvl_io_store_release32(&d->regs, reg, v);
	d->in_store = nested;
}

static bool mock_is_v2(const struct mock_dev *d)
{
	return d->kind == MOCK_V2 || d->kind == MOCK_TRAP2;
}

static bool mock_traps(const struct mock_dev *d)
{
	return d->kind == MOCK_TRAP1 || d->kind == MOCK_TRAP2;
}

static void mock_reset(struct mock_dev *d)
{
	d->resets++;
	d->accepted = 0;
	d->acked = false;
	memset(d->ready, 0, sizeof(d->ready));
	if (d->kind == MOCK_V1) {
		mock_reg_set(d, HVL_MMIO_REG_QUEUE_PFN, 0);
		mock_reg_set(d, HVL_MMIO_REG_INTERRUPT_STATUS, 0);
		if (!d->silent_reset) {
			mock_reg_set(d, HVL_MMIO_REG_QUEUE_NUM,
				     HVL_MMIO_V1_MARKER);
			mock_reg_set(d, HVL_MMIO_REG_QUEUE_SEL,
				     HVL_MMIO_V1_MARKER);
		}
	}
}

static void mock_show_status(struct mock_dev *d)
{
	uint32_t reg = d->kind == MOCK_V2 ? HVL_MMIO_REG_DEVICE_STATUS :
					    HVL_MMIO_REG_STATUS;

	if (d->stuck_status && d->status == 0)
		mock_reg_set(d, reg, 0xf);
	else if (d->kind != MOCK_V1)
		mock_reg_set(d, reg, d->status);
}

static void mock_take_status(struct mock_dev *d)
{
	uint8_t status = (uint8_t)mock_reg(d, HVL_MMIO_REG_STATUS);

	if (status == d->status)
		return;
	if (status == 0 || (d->status & ~status & 0x3f) != 0)
		mock_reset(d);
	if (d->refuse_features)
		status &= (uint8_t)~VIRTIO_CONFIG_S_FEATURES_OK;
	d->status = status;
	if (d->break_at_ready && status & VIRTIO_CONFIG_S_DRIVER_OK)
		d->status |= VIRTIO_CONFIG_S_NEEDS_RESET;
	mock_show_status(d);
}

static uint64_t mock_pair(struct mock_dev *d, uint32_t low)
{
	return mock_reg(d, low) | (uint64_t)mock_reg(d, low + 4) << 32;
}

static void mock_take_queue_v2(struct mock_dev *d)
{
	uint32_t q = mock_reg(d, HVL_MMIO_REG_QUEUE_SEL);

	assert_in_range(q, 0, MOCK_QUEUES - 1);
	d->ready[q] = !d->refuse_queue;
	if (!d->ready[q])
		return;
	mock_ring_init(&d->ring[q], d->shm,
		       (uint16_t)mock_reg(d, HVL_MMIO_REG_QUEUE_NUM),
		       mock_pair(d, HVL_MMIO_REG_QUEUE_DESC_LOW),
		       mock_pair(d, HVL_MMIO_REG_QUEUE_DRIVER_LOW),
		       mock_pair(d, HVL_MMIO_REG_QUEUE_DEVICE_LOW));
}

static void mock_take_queue_v1(struct mock_dev *d, uint32_t pfn)
{
	uint32_t q = mock_reg(d, HVL_MMIO_REG_QUEUE_SEL);
	uint32_t num = mock_reg(d, HVL_MMIO_REG_QUEUE_NUM);
	struct hvl_vring_layout at;

	assert_in_range(q, 0, MOCK_QUEUES - 1);
	assert_int_equal(mock_reg(d, HVL_MMIO_REG_GUEST_PAGE_SIZE), 4096);
	assert_int_equal(mock_reg(d, HVL_MMIO_REG_QUEUE_ALIGN), 4096);
	at = hvl_vring_layout(num, 4096);
	mock_ring_init(&d->ring[q], d->shm, (uint16_t)num, pfn * 4096ull,
		       pfn * 4096ull + at.avail, pfn * 4096ull + at.used);
	d->ready[q] = true;
}

static void mock_show_selected(struct mock_dev *d)
{
	uint32_t q = mock_reg(d, HVL_MMIO_REG_QUEUE_SEL);
	uint32_t bank = mock_reg(d, HVL_MMIO_REG_DEVICE_FEATURES_SEL);
	bool ready = q < MOCK_QUEUES && d->ready[q];

	mock_reg_set(d, HVL_MMIO_REG_QUEUE_NUM_MAX,
		     q < MOCK_QUEUES ? d->num_max : 0);
	mock_reg_set(d, HVL_MMIO_REG_DEVICE_FEATURES,
		     bank < 2 ? (uint32_t)(d->offered >> 32 * bank) : 0);
	if (d->kind == MOCK_V2)
		mock_reg_set(d, HVL_MMIO_REG_QUEUE_STATE,
			     (q & 0xffff) |
				     (ready ? HVL_MMIO_QUEUE_STATE_READY : 0));
	else if (d->kind == MOCK_TRAP2)
		mock_reg_set(d, HVL_MMIO_REG_QUEUE_READY, ready);
}

static void mock_take_features(struct mock_dev *d)
{
	uint32_t bank = mock_reg(d, HVL_MMIO_REG_DRIVER_FEATURES_SEL);
	uint64_t v = mock_reg(d, HVL_MMIO_REG_DRIVER_FEATURES);

	assert_in_range(bank, 0, 1);
	d->accepted &= ~(0xffffffffull << 32 * bank);
	d->accepted |= v << 32 * bank;
}

static void mock_look_v2(struct mock_dev *d)
{
	uint32_t n = mock_reg(d, HVL_MMIO_REG_FENCE_REQUEST);
	uint32_t what = mock_reg(d, HVL_MMIO_REG_FENCE_WHAT);

	if (n == d->fence)
		return;
	d->fence = n;
	if (what & HVL_MMIO_FENCE_STATUS &&
	    mock_reg(d, HVL_MMIO_REG_STATUS) == 0) {
		what = 0;
		d->status = 0xff;
		mock_take_status(d);
	}
	if (what & HVL_MMIO_FENCE_FEATURES)
		mock_take_features(d);
	if (what & HVL_MMIO_FENCE_QUEUE)
		mock_take_queue_v2(d);
	if (what & HVL_MMIO_FENCE_STATUS)
		mock_take_status(d);
	mock_show_selected(d);
	mock_reg_set(d, HVL_MMIO_REG_FENCE_ACK, n);
}

static void mock_look_v1(struct mock_dev *d)
{
	uint32_t ack = mock_reg(d, HVL_MMIO_REG_INTERRUPT_ACK);
	uint32_t pfn;

	mock_take_status(d);
	/* A reset shows even where there was nothing to forget. */
	if (d->status == 0 &&
	    mock_reg(d, HVL_MMIO_REG_QUEUE_SEL) != HVL_MMIO_V1_MARKER)
		mock_reset(d);
	if (ack != 0) {
		mock_reg_set(d, HVL_MMIO_REG_INTERRUPT_STATUS,
			     mock_reg(d, HVL_MMIO_REG_INTERRUPT_STATUS) & ~ack);
		mock_reg_set(d, HVL_MMIO_REG_INTERRUPT_ACK, 0);
	}
	d->accepted = mock_reg(d, HVL_MMIO_REG_DRIVER_FEATURES);
	pfn = mock_reg(d, HVL_MMIO_REG_QUEUE_PFN);
	if (d->status == 0 || pfn == 0 || pfn == HVL_MMIO_V1_ACK ||
	    d->status & VIRTIO_CONFIG_S_DRIVER_OK || d->refuse_queue)
		return;
	mock_take_queue_v1(d, pfn);
	mock_reg_set(d, HVL_MMIO_REG_QUEUE_PFN, HVL_MMIO_V1_ACK);
}

void mock_dev_look(struct mock_dev *d)
{
	if (d->dead)
		return;
	d->looks++;
	if (d->dead_after != 0 && d->looks >= d->dead_after) {
		d->dead = true;
		return;
	}
	if (d->kind == MOCK_V2)
		mock_look_v2(d);
	else if (d->kind == MOCK_V1)
		mock_look_v1(d);
	if (d->status & VIRTIO_CONFIG_S_DRIVER_OK &&
	    !(d->status & VIRTIO_CONFIG_S_NEEDS_RESET) && d->serve)
		d->serve(d);
}

static void mock_trap(struct mock_dev *d, uint32_t reg)
{
	switch (reg) {
	case HVL_MMIO_REG_STATUS:
		mock_take_status(d);
		break;
	case HVL_MMIO_REG_DRIVER_FEATURES:
		mock_take_features(d);
		break;
	case HVL_MMIO_REG_QUEUE_READY:
		if (mock_reg(d, reg) == 1)
			mock_take_queue_v2(d);
		break;
	case HVL_MMIO_REG_QUEUE_PFN:
		if (d->kind == MOCK_TRAP1 && mock_reg(d, reg) != 0)
			mock_take_queue_v1(d, mock_reg(d, reg));
		break;
	case HVL_MMIO_REG_INTERRUPT_ACK:
		mock_reg_set(d, HVL_MMIO_REG_INTERRUPT_STATUS,
			     mock_reg(d, HVL_MMIO_REG_INTERRUPT_STATUS) &
				     ~mock_reg(d, reg));
		break;
	case HVL_MMIO_REG_QUEUE_NOTIFY:
		d->notifies++;
		mock_dev_look(d);
		break;
	}
	mock_show_selected(d);
}

/* Called by the port of this test for each word that anybody stores. */
void mock_stored(const volatile void *p);
void mock_stored(const volatile void *p)
{
	struct mock_dev *d = mock;
	uintptr_t at = (uintptr_t)p;

	if (!d || d->in_store || !mock_traps(d) || at < (uintptr_t)d->block ||
	    at - (uintptr_t)d->block >= sizeof(d->block))
		return;
	d->in_store = true;
	mock_trap(d, (uint32_t)(at - (uintptr_t)d->block));
	d->in_store = false;
}

/* The same before each load. */
void mock_loading(const volatile void *p);
void mock_loading(const volatile void *p)
{
	struct mock_dev *d = mock;
	uintptr_t at;

	if (!d)
		return;
	at = (uintptr_t)p - (uintptr_t)d->block;
	if (d->config_load && at >= 0x100 && at < sizeof(d->block))
		d->config_load(d, (uint32_t)(at - 0x100));
	if (d->ring_load && at >= sizeof(d->block))
		d->ring_load(d, p);
}

static uint64_t mock_now(void *ctx)
{
	struct mock_dev *d = ctx;

	if (d->polled)
		mock_dev_look(d);
	return d->now++;
}

static void mock_ring_bell(void *ctx)
{
	struct mock_dev *d = ctx;

	d->rings++;
	if (d->lose != 0)
		d->lose--;
	else
		d->rung = true;
}

/* Time passes only as long as the device has nothing to do. */
static void mock_wait(void *ctx, uint64_t until)
{
	struct mock_dev *d = ctx;

	if (d->rung && !d->dead) {
		d->rung = false;
		mock_dev_look(d);
		return;
	}
	assert_true(until > d->now);
	d->now = until;
}

static void mock_publish(struct mock_dev *d)
{
	bool plain = !mock_traps(d);

	mock_reg_set(d, HVL_MMIO_REG_VERSION, mock_is_v2(d) ? 2 : 1);
	mock_reg_set(d, HVL_MMIO_REG_VENDOR_ID, HVL_MMIO_VENDOR);
	if (plain) {
		mock_reg_set(d, HVL_MMIO_REG_SHM_BASE_LOW,
			     (uint32_t)d->shm->da);
		mock_reg_set(d, HVL_MMIO_REG_SHM_LEN_LOW,
			     (uint32_t)d->shm->size);
	} else {
		mock_reg_set(d, HVL_MMIO_REG_SHM_BASE_LOW, UINT32_MAX);
		mock_reg_set(d, HVL_MMIO_REG_SHM_BASE_HIGH, UINT32_MAX);
		mock_reg_set(d, HVL_MMIO_REG_SHM_LEN_LOW, UINT32_MAX);
		mock_reg_set(d, HVL_MMIO_REG_SHM_LEN_HIGH, UINT32_MAX);
	}
	if (d->kind == MOCK_V2) {
		mock_reg_set(d, HVL_MMIO_REG_FENCE_MAGIC, HVL_MMIO_FENCE_MAGIC);
		/* An earlier life: one fence more was asked than answered. */
		mock_reg_set(d, HVL_MMIO_REG_FENCE_REQUEST, 0xfffffffe);
		mock_reg_set(d, HVL_MMIO_REG_FENCE_ACK, 0xffffffff);
		d->fence = 0xfffffffe;
	}
	if (d->kind == MOCK_V1) {
		mock_reg_set(d, HVL_MMIO_REG_QUEUE_SEL, HVL_MMIO_V1_MARKER);
		mock_reg_set(d, HVL_MMIO_REG_QUEUE_NUM, HVL_MMIO_V1_MARKER);
	}
	mock_show_selected(d);
	if (d->kind == MOCK_V1)
		mock_reg_set(d, HVL_MMIO_REG_QUEUE_NUM_MAX, d->num_max);
	mock_reg_set(d, HVL_MMIO_REG_MAGIC, HVL_MMIO_MAGIC);
}

void mock_dev_init(struct mock_dev *d, enum mock_kind kind, uint32_t id,
		   struct hvl_drv_pool *pool, uint64_t features)
{
	assert_int_equal(hvl_drv_pool_init(pool, &mock_shm, BLOCK, mock_map,
					   HVL_ARRAY_SIZE(mock_map)),
			 0);
	memset(d, 0, sizeof(*d));
	d->kind = kind;
	d->shm = &mock_shm;
	d->regs = (struct hvl_io){ d->block, 0x1000, sizeof(d->block) };
	d->num_max = 256;
	d->plat = (struct hvl_drv_platform){
		.ctx = d,
		.now_us = mock_now,
		.ring = mock_ring_bell,
		.wait = mock_wait,
	};
	d->offered = features;
	if (mock_is_v2(d))
		d->offered |= HVL_BIT64(VIRTIO_F_VERSION_1);
	mock = d;
	mock_reg_set(d, HVL_MMIO_REG_DEVICE_ID, id);
	mock_publish(d);
}

void mock_dev_forget(struct mock_dev *d)
{
	d->status = 0;
	memset(d->ready, 0, sizeof(d->ready));
	mock_reg_set(d, HVL_MMIO_REG_STATUS, 0);
	mock_reg_set(d, HVL_MMIO_REG_DEVICE_STATUS, 0);
}

void mock_dev_needs_reset(struct mock_dev *d)
{
	uint32_t reg = d->kind == MOCK_V2 ? HVL_MMIO_REG_DEVICE_STATUS :
					    HVL_MMIO_REG_STATUS;

	d->status |= VIRTIO_CONFIG_S_NEEDS_RESET;
	mock_reg_set(d, reg, d->status);
}
