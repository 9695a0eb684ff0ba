/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A device-side queue in shared memory, for the tests of either ring. A test
 * says how the ring begins: start_first().
 */
#ifndef DEV_VQ_H
#define DEV_VQ_H

#include "mock_driver.h"

#include <hvl/device/vq.h>
#include <hvl/metal/errno.h>

#define SHM_SIZE 0x40000u
#define RING 0x1000u
#define BUF 0x10000u  /* buffers from here on */
#define TABLE 0x8000u /* indirect tables */
#define SEGS 16u

#define F_NEXT VRING_DESC_F_NEXT
#define F_WRITE VRING_DESC_F_WRITE
#define F_INDIRECT VRING_DESC_F_INDIRECT

struct fixture {
	struct hvl_io shm;
	struct mock_log log;
	struct hvl_dev_vq_config cfg;
	struct hvl_dev_vq vq;
	struct hvl_seg segs[SEGS];
	struct hvl_chain chain;
};

static struct fixture f;

static void start_first(void);

static inline void start_queue(uint32_t num, const uint64_t area[3],
			       uint64_t features)
{
	f.cfg = (struct hvl_dev_vq_config){
		.shm = &f.shm,
		.log = &f.log.log,
		.name = "dev0",
		.index = 3,
		.num = num,
		.num_max = 32768,
		.desc = MOCK_DA + area[0],
		.avail = MOCK_DA + area[1],
		.used = MOCK_DA + area[2],
		.features = features | HVL_BIT64(VIRTIO_RING_F_INDIRECT_DESC),
	};
	assert_int_equal(hvl_dev_vq_start(&f.vq, &f.cfg), 0);
}

static inline int setup(void **state)
{
	(void)state;
	memset(&f, 0, sizeof(f));
	mock_shm_map(&f.shm, SHM_SIZE);
	mock_log_init(&f.log);
	f.chain = (struct hvl_chain){ .nseg_max = SEGS, .seg = f.segs };
	start_first();
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	mock_shm_unmap(&f.shm);
	return 0;
}

static inline int pop(void)
{
	return hvl_dev_vq_pop(&f.vq, &f.chain);
}

/* A violation: one line that names queue and @what; nothing from then on. */
static inline void assert_bad(const char *what)
{
	assert_int_equal(pop(), -EPROTO);
	assert_int_equal(f.log.lines, 1);
	assert_non_null(strstr(f.log.last, "dev0: queue 3"));
	assert_non_null(strstr(f.log.last, what));
	assert_int_equal(pop(), -EPROTO);
	assert_int_equal(f.log.lines, 1);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

#endif /* DEV_VQ_H */
