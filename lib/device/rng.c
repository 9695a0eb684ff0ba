/* SPDX-License-Identifier: BSD-3-Clause */
/* Virtio-rng: entropy goes straight into the driver's buffers. */
#include <hvl/device/rng.h>

#include <hvl/metal/errno.h>
#include <hvl/wire/rng.h>

#include "dev_priv.h"

/* Bytes for one chain, and for one service: nobody starves others. */
#define RNG_CHAIN_MAX 65536u
#define RNG_SERVICE_MAX (4 * RNG_CHAIN_MAX)

void hvl_dev_rng_init(struct hvl_dev_rng *rng,
		      const struct hvl_dev_rng_backing *backing)
{
	*rng = (struct hvl_dev_rng){ .backing = *backing };
}

static uint64_t rng_features(const struct hvl_dev *dev)
{
	(void)dev;
	return 0;
}

/* Fill one segment. Return: bytes, fewer than @len when entropy ran out. */
static uint32_t rng_fill_seg(struct hvl_dev_rng *rng, unsigned char *va,
			     uint32_t len)
{
	uint32_t done = 0;
	int n;

	while (done < len) {
		n = rng->backing.read(rng->backing.ctx, va + done, len - done);
		if (n > 0 && (uint32_t)n <= len - done) {
			done += (uint32_t)n;
			continue;
		}
		if (n != 0 && n != -EAGAIN)
			rng->failures++;
		break;
	}
	return done;
}

/* Some drivers take the whole buffer whatever we say: so fill it all. */
static uint32_t rng_fill(struct hvl_dev_rng *rng, const struct hvl_chain *chain)
{
	uint32_t done = 0, len, n;
	uint16_t i;

	for (i = 0; i < chain->nwrite && done < RNG_CHAIN_MAX; i++) {
		len = chain->seg[i].len;
		if (len > RNG_CHAIN_MAX - done)
			len = RNG_CHAIN_MAX - done;
		n = rng_fill_seg(rng, chain->seg[i].va, len);
		done += n;
		if (n < len)
			break;
	}
	return done;
}

static int rng_process(struct hvl_dev *dev, uint16_t queue, unsigned int budget)
{
	struct hvl_dev_rng *rng = dev->cfg.priv;
	struct hvl_chain chain;
	unsigned int moved;
	uint32_t len, bytes = 0;
	int rc;

	for (moved = 0; moved < budget; moved++) {
		if (bytes >= RNG_SERVICE_MAX)
			return (int)budget;
		rc = hvl_dev_pop_(dev, queue, &chain);
		if (rc < 0)
			return rc;
		if (rc == 0)
			break;
		if (chain.nread != 0 || chain.nwrite == 0)
			return hvl_dev_bad_chain_(dev, queue, &chain,
						  "not all of it is writable");
		len = rng_fill(rng, &chain);
		if (len == 0) {
			hvl_dev_vq_unpop(&dev->vq[queue]);
			break;
		}
		rng->bytes += len;
		bytes += len;
		hvl_dev_vq_push(&dev->vq[queue], &chain, len);
	}
	return (int)moved;
}

const struct hvl_dev_model hvl_dev_rng_model = {
	.type = "rng",
	.id = VIRTIO_ID_RNG,
	.nqueues = 1,
	.queue_max = 128,
	.features = rng_features,
	.process = rng_process,
};
