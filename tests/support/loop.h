/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * loop.h - both sides of the shared memory in one process
 *
 * A main side with an entropy and a network device, a remote side with their
 * drivers, and memory between them. The network's backing is a mirror: what
 * the driver sends comes back to it. Two ways to run it: on one thread, where
 * the driver's wait plays the main side and time is made up; or with the main
 * side on a thread of its own and real doorbells.
 */
#ifndef HVL_TESTS_LOOP_H
#define HVL_TESTS_LOOP_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <hvl/device/mmio.h>
#include <hvl/device/net.h>
#include <hvl/device/rng.h>
#include <hvl/driver/mmio.h>
#include <hvl/driver/net.h>
#include <hvl/driver/rng.h>

#define LOOP_SHM_SIZE (4u << 20)
#define LOOP_SHM_DA UINT64_C(0x37000000)
#define LOOP_REGIONS 0x1000u /* device regions start behind the registers */
#define LOOP_GRANULE 64u
#define LOOP_RING_MAX 1024u
#define LOOP_RNG 0
#define LOOP_NET 1
#define LOOP_DEVICES 2
#define LOOP_RECHECK_US 10000u

/* Frames on their way back. */
struct loop_mirror {
	unsigned int head, count;
	struct {
		uint32_t len;
		uint8_t data[1514];
	} frames[64];
	bool news;     /* a frame or room has come */
	bool closed;   /* takes nothing: the main side's tap is full */
	uint32_t last; /* number of the frame that came last */
	bool again;    /* one came that was not after the one before */
};

/* What outlives a main side: see hvl/device/dev.h, hvl_dev_journal. */
struct loop_kept {
	struct hvl_dev_journal journal;
	struct hvl_dev_saved rec[2];
	uint32_t taken[2][HVL_DEV_QUEUES_MAX];
	uint32_t newest;
};

struct loop_options {
	unsigned int version; /* of mmio, 1 or 2 */
	uint16_t queue_max;   /* 0: the models' own */
	uint64_t features_off, features_on;
	bool threaded;
	bool polling;	     /* the driver spins instead of waiting */
	uint32_t timeout_us; /* 0: the library's */
};

struct loop {
	struct loop_options opt;

	/* the memory between them */
	unsigned char *mem;
	struct hvl_io shm;

	/* main side */
	struct hvl_io regs[LOOP_DEVICES];
	struct hvl_dev dev[LOOP_DEVICES];
	struct hvl_dev_rng rng_model;
	struct hvl_dev_net net_model;
	struct hvl_seg segs[HVL_DEV_SEGS_MAX];
	struct loop_mirror mirror;
	struct loop_kept kept[LOOP_DEVICES];
	unsigned int (*serve)(struct loop *l, unsigned int device,
			      unsigned int budget); /* or NULL */
	uint8_t entropy; /* next byte: a counter, so tests can compare */
	bool deaf;	 /* the main side does not run: a dead PMM */
	unsigned int broken_events;

	/* remote side */
	struct hvl_drv_platform plat;
	struct hvl_drv_dev drv[LOOP_DEVICES];
	struct hvl_drv_pool pool[LOOP_DEVICES];
	uint32_t map[LOOP_DEVICES]
		    [HVL_DRV_POOL_MAP_WORDS(LOOP_SHM_SIZE, LOOP_GRANULE)];
	struct hvl_drv_rng rng;
	struct hvl_drv_net net;
	struct hvl_drv_vq_slot rx_slots[LOOP_RING_MAX];
	struct hvl_drv_vq_slot tx_slots[LOOP_RING_MAX];
	struct hvl_drv_vq_slot rx_indirect[HVL_DRV_NET_SEGS * LOOP_RING_MAX];
	struct hvl_drv_vq_slot tx_indirect[HVL_DRV_NET_SEGS * LOOP_RING_MAX];
	struct hvl_drv_net_buf rx_bufs[LOOP_RING_MAX];
	struct hvl_drv_net_buf tx_bufs[LOOP_RING_MAX];

	/* doorbells: flags on one thread, eventfds on two */
	bool to_main, to_remote;
	int main_fd, remote_fd;
	unsigned int lose;  /* so many doorbells of either side are lost */
	unsigned int rings; /* of the driver */
	uint64_t now_us;
	uint64_t recheck_us; /* when the main side's timer fires next */

	pthread_t thread;
	atomic_bool stop;
};

/** loop_create() - both sides up to the point where the drivers probed */
struct loop *loop_create(const struct loop_options *opt);

/** loop_destroy() - stop the thread, check that no pool leaked, free */
void loop_destroy(struct loop *l);

/** loop_pool() - the pool that a device's driver uses */
struct hvl_drv_pool *loop_pool(struct loop *l, unsigned int device);

/** loop_start_rng(), loop_start_net() - bring a driver up; its return value */
int loop_start_rng(struct loop *l);
int loop_start_net(struct loop *l, uint16_t rx_num, uint16_t tx_num);

/** loop_reborn() - a device with no memory; attach or resume must follow */
void loop_reborn(struct loop *l, unsigned int device);

/** loop_saved() - what was kept of a device */
void loop_saved(const struct loop *l, unsigned int device,
		struct hvl_dev_saved *saved);

/** loop_service() - one thread: let the main side look at everything once */
void loop_service(struct loop *l);

/** loop_wait() - let the driver wait once, for at most a re-check's time */
void loop_wait(struct loop *l);

/** loop_frame_number() - which one a frame is */
uint32_t loop_frame_number(const uint8_t *data);

/** loop_frame() - fill in a frame that says which one it is */
void loop_frame(uint8_t *data, uint32_t len, uint32_t number);

/**
 * loop_traffic() - send frames through the mirror, compare what comes back
 * @l:     network up
 * @first: number of the first frame
 * @count: how many
 *
 * Lengths vary from 14 to 1514. Keeps as many in flight as the rings take.
 * Return: frames that came back, in order and unchanged, before the deadline.
 */
uint32_t loop_traffic(struct loop *l, uint32_t first, uint32_t count);

#endif /* HVL_TESTS_LOOP_H */
