/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio-rng driver (virtio 1.3 §5.4): one queue of buffers to fill.
 */
#include <hvl/driver/rng.h>

#include <hvl/metal/errno.h>
#include <hvl/wire/rng.h>

#include "dev_priv.h"

static int rng_start_queue(struct hvl_drv_rng *rng, struct hvl_drv_pool *pool)
{
	struct hvl_drv_dev *dev = rng->dev;
	struct hvl_drv_vq_config cfg;
	int err;

	hvl_drv_dev_vq_config_(dev, &cfg);
	cfg.num = HVL_DRV_RNG_NUM;
	cfg.pool = pool;
	cfg.slots = rng->slots;
	err = hvl_drv_dev_queue_num_(dev, HVL_RNG_QUEUE_REQUEST, &cfg.num);
	if (!err)
		err = hvl_drv_vq_init(&rng->vq, &cfg);
	if (err)
		return err;
	err = hvl_drv_dev_queue_setup(dev, HVL_RNG_QUEUE_REQUEST, &rng->vq);
	/*
	 * With nothing that a doorbell could wake, it need not ring. Now, as a
	 * version 1 device clears the ring when it takes it.
	 */
	if (!dev->plat->wait)
		hvl_drv_vq_irq_off(&rng->vq);
	if (!err)
		err = hvl_drv_dev_ready(dev);
	return err;
}

int hvl_drv_rng_start(struct hvl_drv_rng *rng, struct hvl_drv_dev *dev,
		      struct hvl_drv_pool *pool)
{
	int err;

	err = hvl_drv_rng_stop(rng);
	if (!err)
		err = hvl_drv_dev_open_(dev, VIRTIO_ID_RNG, 0);
	if (err)
		return err;
	rng->dev = dev;
	rng->error = 0;
	err = rng_start_queue(rng, pool);
	if (err) {
		if (hvl_drv_dev_close_(dev))
			hvl_drv_vq_fini(&rng->vq);
		return err;
	}
	rng->live = true;
	return 0;
}

int hvl_drv_rng_stop(struct hvl_drv_rng *rng)
{
	int err;

	rng->live = false;
	/* Still there after a stop: that one was not confirmed. */
	if (!rng->vq.started)
		return 0;
	err = hvl_drv_dev_reset(rng->dev);
	if (!err)
		hvl_drv_vq_fini(&rng->vq);
	return err;
}

/* A request may be lost, or come too late: what follows would be confused. */
static int rng_fail(struct hvl_drv_rng *rng, int err)
{
	rng->error = err;
	return err;
}

static int rng_check(const struct hvl_drv_rng *rng)
{
	return rng->live ? rng->error : -EIO;
}

int hvl_drv_rng_submit(struct hvl_drv_rng *rng, void *buf, uint32_t len,
		       void *cookie)
{
	struct hvl_drv_seg seg = { buf, len };
	int err = rng_check(rng);

	if (err)
		return err;
	err = hvl_drv_vq_add(&rng->vq, &seg, 0, 1, cookie);
	if (!err)
		hvl_drv_dev_kick(rng->dev, HVL_RNG_QUEUE_REQUEST, &rng->vq);
	return err == -EPROTO ? rng_fail(rng, err) : err;
}

int hvl_drv_rng_poll(struct hvl_drv_rng *rng, void **cookie, uint32_t *len)
{
	int ret = rng_check(rng);

	if (ret)
		return ret;
	ret = hvl_drv_vq_get(&rng->vq, cookie, len);
	/* §5.4.6.2: one byte at least. */
	if (ret < 0 || (ret > 0 && *len == 0))
		return rng_fail(rng, -EPROTO);
	return ret;
}

/* Return: 1, and the answer's length, or why there is none. */
static int rng_wait(struct hvl_drv_rng *rng, uint32_t *len)
{
	struct hvl_drv_dev *dev = rng->dev;
	struct hvl_drv_wait w;
	void *cookie;
	int ret;

	hvl_drv_wait_begin_(&w, dev->plat, 0);
	for (;;) {
		/*
		 * Whatever the doorbell rang for, this answer or an earlier
		 * one, late: until it is dealt with the next one may not ring.
		 */
		if (dev->plat->wait)
			(void)hvl_drv_dev_events(dev);
		/* One look: what it saw could be gone at a second one. */
		ret = hvl_drv_rng_poll(rng, &cookie, len);
		if (ret != 0)
			return ret;
		ret = hvl_drv_wait_(&w);
		if (ret > 0) {
			ret = hvl_drv_dev_health(dev);
			hvl_drv_dev_notify_(dev, HVL_RNG_QUEUE_REQUEST,
					    &rng->vq);
		}
		if (ret < 0)
			return rng_fail(rng, ret);
	}
}

int hvl_drv_rng_read(struct hvl_drv_rng *rng, void *buf, uint32_t len)
{
	int ret = rng_check(rng);

	if (ret)
		return ret;
	if (rng->vq.nfree != rng->vq.cfg.num)
		return -EBUSY;
	if (len > INT32_MAX)
		len = INT32_MAX;
	ret = hvl_drv_rng_submit(rng, buf, len, rng);
	if (!ret)
		ret = rng_wait(rng, &len);
	return ret < 0 ? ret : (int)len;
}
