/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A mock device of each kind that the driver side meets, and a remote's
 * platform whose clock is moved by the test alone: it plays the device while
 * the driver waits.
 */
#ifndef DRV_MOCK_DEV_H
#define DRV_MOCK_DEV_H

#include <hvl/driver/mmio.h>
#include <hvl/driver/pool.h>
#include <hvl/wire/mmio.h>
#include <hvl/metal/io.h>

#include "drv_mock.h"

#define MOCK_SHM_SIZE (1024u * 1024u)
#define MOCK_QUEUES 2u

enum mock_kind {
	MOCK_V1,
	MOCK_V2,
	MOCK_TRAP1,
	MOCK_TRAP2,
	MOCK_KINDS,
};

struct mock_dev {
	_Alignas(64) unsigned char block[HVL_MMIO_BLOCK_SIZE];
	struct hvl_io regs;
	const struct hvl_io *shm;
	struct hvl_drv_platform plat;
	enum mock_kind kind;
	uint64_t offered;
	uint32_t num_max;

	/* ways to be wrong */
	bool dead;	      /* looks at nothing */
	bool polled;	      /* looks without being rung */
	bool silent_reset;    /* version 1: restores no markers */
	bool refuse_features; /* FEATURES_OK does not stick */
	bool refuse_queue;
	bool break_at_ready; /* NEEDS_RESET as the answer to DRIVER_OK */
	bool stuck_status;   /* Status does not become 0 */
	uint32_t lose;	     /* doorbells from the driver */
	uint32_t dead_after; /* looks, 0: never */

	/* what it has seen */
	uint64_t now;
	bool rung;
	bool in_store;
	uint32_t rings, looks, resets, notifies;
	uint8_t status;
	uint64_t accepted;
	uint32_t fence;
	bool ready[MOCK_QUEUES];
	bool acked; /* version 1: the driver has to write the PFN back */
	struct mock_ring ring[MOCK_QUEUES];

	/* called before each load of a config byte, with its offset */
	void (*config_load)(struct mock_dev *d, uint32_t off);
	/* called before each load that is not from the registers */
	void (*ring_load)(struct mock_dev *d, const volatile void *p);

	/* the model: serve the rings; called at each look while DRIVER_OK */
	void (*serve)(struct mock_dev *d);
};

/*
 * A device that works, and the pool of the shared memory it looks at, which is
 * as the last test left it.
 */
void mock_dev_init(struct mock_dev *d, enum mock_kind kind, uint32_t id,
		   struct hvl_drv_pool *pool, uint64_t features);

/* One look at registers and rings. */
void mock_dev_look(struct mock_dev *d);

uint32_t mock_reg(const struct mock_dev *d, uint32_t reg);
void mock_reg_set(struct mock_dev *d, uint32_t reg, uint32_t v);

/* Go on as if the device had been restarted with nothing remembered. */
void mock_dev_forget(struct mock_dev *d);

/* The device breaks: DEVICE_NEEDS_RESET. */
void mock_dev_needs_reset(struct mock_dev *d);

#endif /* DRV_MOCK_DEV_H */
