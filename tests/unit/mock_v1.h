/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mock_v1.h - an entropy and a network device behind blocks of version 1, and
 * what their drivers do
 */
#ifndef HVL_MOCK_V1_H
#define HVL_MOCK_V1_H

#include "mock_mmio.h"

#include <hvl/device/net.h>
#include <hvl/device/rng.h>
#include <hvl/metal/errno.h>

#define OK VIRTIO_CONFIG_S_DRIVER_OK
#define LIVE (MOCK_STATUS_INIT | OK)

static struct hvl_io shm;
static struct mock_dev d; /* net: two queues */
static struct mock_dev r; /* rng: one */
static struct mock_entropy entropy;
static struct hvl_dev_rng rng;
static struct hvl_dev_net net;

static inline int no_frame(void *ctx, const struct hvl_seg *seg, unsigned int n,
			   uint32_t room)
{
	(void)ctx, (void)seg, (void)n, (void)room;
	return -EAGAIN;
}

static inline int any_frame(void *ctx, const struct hvl_seg *seg,
			    unsigned int n, uint32_t len)
{
	(void)ctx, (void)seg, (void)n, (void)len;
	return 0;
}

static inline int setup(void **state)
{
	const struct hvl_dev_rng_backing rng_backing = { mock_entropy_read,
							 &entropy };
	const struct hvl_dev_net_backing net_backing = { any_frame, no_frame,
							 NULL };
	const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };

	(void)state;
	mock_shm_map(&shm, MOCK_SHM_SIZE);
	entropy = (struct mock_entropy){ UINT32_MAX, UINT32_MAX, -EAGAIN, 0 };
	hvl_dev_rng_init(&rng, &rng_backing);
	hvl_dev_net_init(&net, &net_backing, mac, 1486);
	mock_dev_init(&d, &shm, 0, 1, &hvl_dev_net_model, &net);
	mock_dev_init(&r, &shm, 1, 1, &hvl_dev_rng_model, &rng);
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	mock_shm_unmap(&shm);
	return 0;
}

/* Ask for queue @q of @m. Return: whether it is acknowledged at once. */
static inline bool ask(struct mock_dev *m, unsigned int q, uint32_t num)
{
	mock_ring_init(&m->ring[q], &shm, mock_ring_off(m, q), num, 4096);
	mock_v1_queue_regs(m, q, num, mock_pfn(m, q));
	mock_service(m);
	return mock_reg(m, HVL_MMIO_REG_QUEUE_PFN) == HVL_MMIO_V1_ACK;
}

static inline void write_back(struct mock_dev *m, unsigned int q)
{
	mock_set(m, HVL_MMIO_REG_QUEUE_PFN, mock_pfn(m, q));
}

static inline void send_frame(void)
{
	mock_desc(&d.ring[1], 0, mock_buf_off(&d), 10 + 60, 0, 0);
	mock_avail(&d.ring[1], 0);
}

static inline bool round_trip(struct mock_dev *m)
{
	uint32_t id, len;

	mock_offer(m, 0, 9);
	mock_service(m);
	return mock_used(&m->ring[0], &id, &len) && len == 9;
}

/* Status 1, 2, 4; a stray GuestFeaturesSel; QueuePFN left alone. */
static inline void older_bring_up(void)
{
	unsigned int q;

	mock_status(&d, 1);
	mock_status(&d, 2);
	mock_set(&d, HVL_MMIO_REG_DRIVER_FEATURES, 1u << VIRTIO_NET_F_MAC);
	mock_service(&d);
	for (q = 0; q < 2; q++) {
		mock_set(&d, HVL_MMIO_REG_DRIVER_FEATURES_SEL, q);
		assert_true(ask(&d, q, 4));
	}
	mock_status(&d, 4);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif /* HVL_MOCK_V1_H */
