/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Devices that outlive the program that serves them: what is recorded of them,
 * and how another program carries on, with that or without it.
 *
 * What was recorded is trusted no more than the shared memory: both may belong
 * to something else by now.
 */
#include <hvl/device/dev.h>

#include <hvl/metal/errno.h>

#include "dev_priv.h"

static void resume_save_queue(const struct hvl_dev_vq *vq,
			      struct hvl_dev_saved_queue *q)
{
	if (!vq->started)
		return;
	q->desc = vq->shm.da + vq->desc;
	q->avail = vq->shm.da + vq->avail;
	q->used = vq->shm.da + vq->used;
	q->num = vq->num;
	q->started = 1;
	q->taken = hvl_dev_vq_position(vq);
}

void hvl_dev_record_(struct hvl_dev *dev)
{
	const struct hvl_dev_journal *journal = dev->cfg.journal;
	struct hvl_dev_saved saved = {
		.id = dev->cfg.model->id,
		.status = dev->status,
		.features = dev->features,
	};
	uint32_t *taken;
	uint16_t q;

	if (!journal)
		return;
	for (q = 0; q < dev->cfg.model->nqueues; q++)
		resume_save_queue(&dev->vq[q], &saved.queue[q]);
	dev->tr->save(dev, &saved);
	taken = journal->record(journal->ctx, &saved);
	for (q = 0; q < dev->cfg.model->nqueues; q++)
		hvl_dev_vq_keep(&dev->vq[q], taken ? &taken[q] : NULL);
}

void hvl_dev_attach(struct hvl_dev *dev)
{
	hvl_dev_forget_(dev);
	dev->config_dirty = false;
	dev->hello = true;
	dev->tr->attach(dev);
}

static const char *resume_check(const struct hvl_dev *dev,
				const struct hvl_dev_saved *saved)
{
	uint16_t q;

	if (saved->id != dev->cfg.model->id)
		return "what was saved is of another device";
	if (saved->status > UINT8_MAX)
		return "what was saved has a bad status";
	if (saved->features & ~dev->offered)
		return "the driver uses features that are not offered now";
	for (q = 0; q < HVL_DEV_QUEUES_MAX; q++) {
		if (saved->queue[q].started > (q < dev->cfg.model->nqueues))
			return "what was saved has a queue too many";
	}
	return NULL;
}

/* Return: false, with a log line, if the memory does not go with it. */
static bool resume_queue(struct hvl_dev *dev, uint16_t i,
			 const struct hvl_dev_saved_queue *q)
{
	struct hvl_dev_vq_config cfg =
		hvl_dev_vq_config_(dev, i, q->num, q->desc, q->avail, q->used);

	return !q->started ||
	       hvl_dev_vq_resume(&dev->vq[i], &cfg, q->taken,
				 dev->cfg.model->once_queues >> i & 1) == 0;
}

static bool resume_queues(struct hvl_dev *dev,
			  const struct hvl_dev_saved *saved)
{
	bool all = true;
	uint16_t i;

	/* Only a reset counts, or one waits to be seen: the rings do not. */
	if (dev->broken || dev->tr->driver_gone(dev))
		return true;
	for (i = 0; i < dev->cfg.model->nqueues; i++) {
		if (!resume_queue(dev, i, &saved->queue[i]))
			return false;
		all = all && dev->vq[i].started;
		dev->live = dev->live || dev->vq[i].started;
	}
	dev->queues_shown = all;
	dev->live = dev->live &&
		    (dev->status &
		     (VIRTIO_CONFIG_S_DRIVER_OK | VIRTIO_CONFIG_S_FAILED |
		      VIRTIO_CONFIG_S_NEEDS_RESET)) ==
			    VIRTIO_CONFIG_S_DRIVER_OK;
	return true;
}

/* Everything that can fail, and writes nothing. Return: -EPROTO, logged. */
static int resume_take_over(struct hvl_dev *dev,
			    const struct hvl_dev_saved *saved)
{
	const char *why = resume_check(dev, saved);

	dev->status = (uint8_t)saved->status;
	dev->features = saved->features;
	dev->broken = (dev->status & VIRTIO_CONFIG_S_NEEDS_RESET) != 0;
	if (!why)
		why = dev->tr->restore(dev, saved);
	if (!why && resume_queues(dev, saved))
		return 0;
	if (why)
		hvl_log(hvl_dev_log_(dev), HVL_LOG_WARNING,
			"%s: cannot carry on: %s", dev->cfg.name, why);
	hvl_dev_forget_(dev);
	return -EPROTO;
}

int hvl_dev_resume_check(struct hvl_dev *dev, const struct hvl_dev_saved *saved)
{
	struct hvl_dev_saved own = *saved;

	hvl_dev_forget_(dev);
	dev->config_dirty = false;
	return resume_take_over(dev, &own);
}

void hvl_dev_resume_checked(struct hvl_dev *dev)
{
	uint16_t q;

	dev->hello = true;
	dev->tr->resume(dev);
	for (q = 0; q < dev->cfg.model->nqueues; q++)
		hvl_dev_vq_settle(&dev->vq[q]);
	hvl_dev_record_(dev);
	if (dev->live && dev->cfg.model->start)
		dev->cfg.model->start(dev);
}

int hvl_dev_resume(struct hvl_dev *dev, const struct hvl_dev_saved *saved)
{
	int rc = hvl_dev_resume_check(dev, saved);

	if (rc == 0)
		hvl_dev_resume_checked(dev);
	return rc;
}
