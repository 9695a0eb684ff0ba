/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/device/rng.h - virtio-rng device model (virtio 1.3 §5.4)
 */
#ifndef HVL_DEVICE_RNG_H
#define HVL_DEVICE_RNG_H

#include <stdint.h>

#include <hvl/device/dev.h>

/* Where the entropy comes from. */
struct hvl_dev_rng_backing {
	/*
	 * Fill @buf with 1 to @len bytes of entropy. Return: bytes, -EAGAIN
	 * when there is none now (the request waits for the next service),
	 * another negative errno on failure: the request waits as well.
	 */
	int (*read)(void *ctx, void *buf, uint32_t len);
	void *ctx;
};

struct hvl_dev_rng {
	struct hvl_dev_rng_backing backing;
	uint64_t bytes;	   /* served */
	uint64_t failures; /* of the backing, -EAGAIN not counted */
};

extern const struct hvl_dev_model hvl_dev_rng_model; /* priv: hvl_dev_rng */

/** hvl_dev_rng_init() - model state over a backing, which is copied */
void hvl_dev_rng_init(struct hvl_dev_rng *rng,
		      const struct hvl_dev_rng_backing *backing);

#endif /* HVL_DEVICE_RNG_H */
