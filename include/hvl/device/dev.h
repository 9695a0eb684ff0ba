/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/device/dev.h - one virtio device of the main side, any transport
 *
 * A device is a model (what it is: rng, net), a transport (how its registers
 * reach the driver) and up to HVL_DEV_QUEUES_MAX queues. Whoever hosts it
 * calls hvl_dev_service() when a doorbell rang, when the re-check timer fires
 * and when a backing has news; the device does what there is to do and says
 * whether the driver must be notified and whether more work is left.
 *
 * A driver that breaks the protocol breaks its device and no other: the device
 * stops, shows DEVICE_NEEDS_RESET, counts, logs one line, and works again once
 * the driver has reset it.
 *
 * Ownership  All storage is the caller's, from init on as long as it is used.
 * Threads    One at a time per device.
 * Memory     Never allocates. No system calls but through a model's backing.
 */
#ifndef HVL_DEVICE_DEV_H
#define HVL_DEVICE_DEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvl/device/vq.h>
#include <hvl/metal/io.h>
#include <hvl/metal/log.h>
#include <hvl/wire/virtio.h>

#define HVL_DEV_QUEUES_MAX 4u
#define HVL_DEV_SEGS_MAX 256u /* segments of the longest chain served */

struct hvl_dev;
struct hvl_dev_saved;

/* What a device type implements. */
struct hvl_dev_model {
	const char *type;     /* "rng" */
	uint32_t id;	      /* VIRTIO_ID_* */
	uint16_t nqueues;     /* 1 to HVL_DEV_QUEUES_MAX */
	uint16_t queue_max;   /* default for the largest ring size */
	uint32_t config_size; /* bytes */
	uint32_t once_queues; /* bits: chains must not be served twice */

	/* Feature bits of the type, ring and transport bits not included. */
	uint64_t (*features)(const struct hvl_dev *dev);

	/* Fill in bytes of the config space; range was checked. */
	void (*config_read)(const struct hvl_dev *dev, uint32_t off, void *buf,
			    uint32_t len);

	/* DRIVER_OK came: features and queues are final. NULL: nothing to do. */
	void (*start)(struct hvl_dev *dev);

	/* The device was reset: forget everything of the driver. May be NULL. */
	void (*reset)(struct hvl_dev *dev);

	/*
	 * Serve a queue: at most about @budget chains. Return: how much of the
	 * budget is used up, all of it if there may be more to do at once; or
	 * -EPROTO when the driver broke the protocol. Flushing, notifying and
	 * breaking the device are the caller's.
	 */
	int (*process)(struct hvl_dev *dev, uint16_t queue,
		       unsigned int budget);
};

/* What a transport implements. */
struct hvl_dev_transport {
	uint64_t features;	/* bits of the transport's own */
	uint64_t feature_mask;	/* bits that it can carry at all */
	uint64_t features_held; /* not offered unless asked for */
	uint64_t da_max;	/* highest address its registers can name */
	/* Write the block anew as after power-on, magic last. */
	void (*publish)(struct hvl_dev *dev);
	/* Write the device's own words, where the block shows this device. */
	void (*attach)(struct hvl_dev *dev);
	/* Fill in what is the transport's own. */
	void (*save)(const struct hvl_dev *dev, struct hvl_dev_saved *saved);
	/*
	 * Take over what save() filled in; the device's status and features
	 * are set already. Writes nothing. Return: NULL; or why it cannot be.
	 */
	const char *(*restore)(struct hvl_dev *dev,
			       const struct hvl_dev_saved *saved);
	/* Whether the driver has started over, so that its rings are void. */
	bool (*driver_gone)(const struct hvl_dev *dev);
	/* After restore(): write the device's own words. */
	void (*resume)(struct hvl_dev *dev);
	/* Look at the registers, obey. Return: true: the doorbell must ring. */
	bool (*poll)(struct hvl_dev *dev);
	/* Show used buffers / changed config; true: the doorbell must ring. */
	bool (*interrupt)(struct hvl_dev *dev, uint32_t bits);
	/* Show DEVICE_NEEDS_RESET; the doorbell rings after it. */
	void (*needs_reset)(struct hvl_dev *dev);
	/* Copy the model's config space to where the driver reads it. */
	void (*config_changed)(struct hvl_dev *dev);
};

struct hvl_dev_stats {
	uint64_t services;   /* calls of hvl_dev_service() */
	uint64_t chains;     /* given back */
	uint64_t interrupts; /* notifications of the driver */
	uint64_t resets;     /* by the driver */
	uint64_t queues;     /* set up, and the driver told so */
	uint64_t violations; /* of the protocol, by the driver */
};

/* Events that a host may want to show to a person. */
enum hvl_dev_event {
	HVL_DEV_EVENT_FOUND,	 /* ACKNOWLEDGE: a driver has seen it */
	HVL_DEV_EVENT_QUEUES,	 /* all queues are set up, once a life */
	HVL_DEV_EVENT_READY,	 /* DRIVER_OK */
	HVL_DEV_EVENT_RESET,	 /* by the driver, after it was in use */
	HVL_DEV_EVENT_RESTARTED, /* instead: it started over without one */
	HVL_DEV_EVENT_BROKEN,	 /* a violation; needs reset */
	HVL_DEV_EVENT_FAILED,	 /* the driver gave up */
};

/*
 * What a device needs to carry on under a live driver after the program that
 * hosted it is gone: everything but what the shared memory holds anyway. Hosts
 * keep it as bytes; HVL_DEV_SAVED_VERSION changes with its meaning.
 */
#define HVL_DEV_SAVED_VERSION 1u

struct hvl_dev_saved_queue {
	uint64_t desc, avail, used;	/* device addresses of the areas */
	uint32_t num, align, page, pfn; /* the last three: version 1 */
	uint32_t started;
	/*
	 * The next chain to take. The host replaces it by the journal's word,
	 * which is newer, before it resumes.
	 */
	uint32_t taken;
};

struct hvl_dev_saved {
	uint32_t id;	 /* VIRTIO_ID_* */
	uint32_t status; /* that holds; 0: there was no driver */
	uint64_t features, wanted;
	uint32_t fence_ack, generation; /* version 2 */
	/* version 1 */
	uint32_t status_seen, last_acked, setup_over, marked;
	uint32_t ack_pending, watched, late, left_pfn;
	struct hvl_dev_saved_queue queue[HVL_DEV_QUEUES_MAX];
};

/*
 * Where a device's state is kept for a restart of the host.
 *
 * record() keeps the state so that the death of the program at any instant
 * leaves this one or the one before; it is called before the driver can see
 * what changed. It returns HVL_DEV_QUEUES_MAX words, holding queue[].taken of
 * @saved, that the device keeps up to date from then on: a queue's next chain,
 * written before what the last one asks for is done.
 */
struct hvl_dev_journal {
	uint32_t *(*record)(void *ctx, const struct hvl_dev_saved *saved);
	void *ctx;
};

struct hvl_dev_config {
	const char *name; /* for messages: "net0"; borrowed */
	const struct hvl_dev_model *model;
	void *priv;		   /* the model's state */
	const struct hvl_io *shm;  /* descriptors point into it; borrowed */
	const struct hvl_io *regs; /* the register block; borrowed */
	uint64_t region_da;	   /* shown to the driver as SHMBase */
	uint64_t region_size;	   /* and SHMLen */
	uint64_t features_off;	   /* not to be offered, for tests and users */
	/*
	 * To be offered though it is not by default: RING_PACKED, whose
	 * descriptors both sides write, so that the memory must be coherent or
	 * uncached on both; and what a transport holds back.
	 */
	uint64_t features_on;
	uint16_t queue_max;	   /* 0: the model's */
	bool no_suppress;	   /* of all queues: hvl_dev_vq_config */
	const struct hvl_log *log; /* or NULL; borrowed */
	void (*event)(void *ctx, struct hvl_dev *dev, enum hvl_dev_event ev);
	void *event_ctx;      /* event may be NULL */
	struct hvl_seg *segs; /* scratch of HVL_DEV_SEGS_MAX; may be */
	/* shared by devices of one thread */
	/*
	 * Monotonic time, for version 1 to repeat doorbells that went unheard.
	 * NULL: they are not repeated.
	 */
	uint64_t (*now_us)(void *ctx);
	void *now_ctx;
	const struct hvl_dev_journal *journal; /* or NULL; borrowed */
};

/* State of a transport's own, per queue and device; private to it. */
struct hvl_dev_mmio_queue {
	uint32_t num, align, page, pfn; /* version 1: as configured */
};

struct hvl_dev_mmio {
	uint32_t isr;	     /* InterruptStatus as we last wrote it */
	uint32_t generation; /* version 2: ConfigGeneration */
	uint32_t fence_ack;  /* version 2: last one obeyed */
	uint64_t wanted;     /* version 2: features that the driver asks for */
	/* version 1 */
	uint64_t isr_at_us;   /* when the driver was last rung for isr */
	uint32_t isr_late;    /* bits with news since that ring */
	bool isr_unsure;      /* that ring was not repeated yet */
	uint64_t acked_at_us; /* when a queue was last acknowledged */
	struct hvl_dev_mmio_queue refused; /* that request was logged, */
	uint16_t refused_queue;		   /* for that queue */
	uint8_t status_seen;
	uint8_t last_acked; /* queue; HVL_DEV_QUEUES_MAX: none */
	bool ack_repeated;  /* for that queue */
	bool ack_pending;   /* whether it is shown is not recorded yet */
	bool setup_over;    /* the driver is past its queues */
	bool marked;	    /* the registers will show a restart */
	bool watched;	    /* and HostFeaturesSel will, from here on */
	bool late;	    /* the driver may have queues from before we came */
	uint32_t left_pfn;  /* in QueuePFN, perhaps, of an earlier life */
	struct hvl_dev_mmio_queue queue[HVL_DEV_QUEUES_MAX];
};

struct hvl_dev {
	struct hvl_dev_config cfg;
	const struct hvl_dev_transport *tr;
	uint64_t offered;  /* features */
	uint64_t features; /* negotiated */
	uint8_t status;	   /* that holds */
	bool live;	   /* DRIVER_OK and not broken */
	bool broken;
	bool config_dirty;
	bool queues_shown; /* HVL_DEV_EVENT_QUEUES was sent */
	bool polled;	   /* the host comes back by itself */
	bool hello;	   /* tell the driver that somebody is here again */
	/* Of the interrupts for news, where drivers acknowledge: version 1. */
	bool unacked;	     /* since the last ring */
	uint32_t acks;	     /* acknowledgements taken */
	uint32_t complaints; /* about the driver; log lines are thinned out */
	struct hvl_dev_vq vq[HVL_DEV_QUEUES_MAX];
	struct hvl_dev_stats stats;
	struct hvl_dev_mmio mmio;
};

/* What hvl_dev_service() asks of its caller. */
#define HVL_DEV_RING 1u /* ring the driver's doorbell */
#define HVL_DEV_MORE 2u /* call again soon: there is more to do */

/**
 * hvl_dev_init() - make a device, not yet visible to the driver
 * @dev: caller's storage
 * @cfg: copied; what it points to is borrowed
 * @tr:  hvl_dev_mmio_v1 or hvl_dev_mmio_v2
 * Return: 0, -EINVAL for a configuration that cannot be.
 */
int hvl_dev_init(struct hvl_dev *dev, const struct hvl_dev_config *cfg,
		 const struct hvl_dev_transport *tr);

/**
 * hvl_dev_publish() - write the registers anew, forget every driver
 *
 * For the time before the remote starts: the whole block is rewritten, magic
 * last.
 */
void hvl_dev_publish(struct hvl_dev *dev);

/**
 * hvl_dev_attach() - as hvl_dev_publish(), where a driver may be alive
 *
 * For a host that comes late, or comes back without what it knew. Of a block
 * that shows this device already only the device's own words are written: a
 * driver that is in the middle of something learns that it must start over
 * (version 2, and drivers of version 1 that look: DEVICE_NEEDS_RESET), and one
 * that starts over by itself is served. Any other block is published.
 */
void hvl_dev_attach(struct hvl_dev *dev);

/**
 * hvl_dev_resume() - carry on under a live driver with what was saved
 * @dev:   as from hvl_dev_init()
 * @saved: what the journal holds; not trusted
 * Return: 0; -EPROTO when the memory does not hold what was saved, with one
 * log line that says what: nothing was written then.
 *
 * Chains that had been taken and not given back are taken anew, but those of
 * queues whose work must not be done twice (a frame sent): they are given back
 * as they are. The next hvl_dev_service() notifies the driver.
 */
int hvl_dev_resume(struct hvl_dev *dev, const struct hvl_dev_saved *saved);

/**
 * hvl_dev_resume_check() - the part of hvl_dev_resume() that can fail
 * @dev:   as from hvl_dev_init()
 * @saved: what the journal holds; not trusted
 * Return: as hvl_dev_resume(); after 0 hvl_dev_resume_checked() must follow
 * before anything else, or hvl_dev_init().
 *
 * Writes neither to the memory nor to the journal: of several devices none is
 * touched when one is refused.
 */
int hvl_dev_resume_check(struct hvl_dev *dev,
			 const struct hvl_dev_saved *saved);

/** hvl_dev_resume_checked() - the rest of hvl_dev_resume() */
void hvl_dev_resume_checked(struct hvl_dev *dev);

/**
 * hvl_dev_service() - obey the registers, serve the queues
 * @dev:    published device
 * @budget: chains at most per queue, for fairness between devices
 * Return: HVL_DEV_RING and HVL_DEV_MORE bits.
 *
 * Cheap when there is nothing to do. Any order of devices; any number of
 * spurious calls.
 */
unsigned int hvl_dev_service(struct hvl_dev *dev, unsigned int budget);

/**
 * hvl_dev_set_polled() - the host comes back soon, rung or not
 * @on: false: no longer; before the host waits for a doorbell again it calls
 *      hvl_dev_service() once more, as something may have come unannounced
 *
 * Meanwhile drivers are asked not to ring for their queues.
 */
static inline void hvl_dev_set_polled(struct hvl_dev *dev, bool on)
{
	dev->polled = on;
}

/**
 * hvl_dev_in_setup() - is a driver on its way, so that more will follow soon?
 *
 * From its first status to the last queue and DRIVER_OK, whichever is later.
 */
bool hvl_dev_in_setup(const struct hvl_dev *dev);

/** hvl_dev_setup_mark() - differs when the driver's set-up got on */
uint64_t hvl_dev_setup_mark(const struct hvl_dev *dev);

/**
 * hvl_dev_config_changed() - the model's config space differs: tell the driver
 *
 * Takes effect, with its interrupt, in the next hvl_dev_service().
 */
void hvl_dev_config_changed(struct hvl_dev *dev);

/** Whether a feature (VIRTIO_*_F_*) was negotiated. */
static inline bool hvl_dev_has(const struct hvl_dev *dev, unsigned int bit)
{
	return (dev->features >> bit & 1) != 0;
}

#endif /* HVL_DEVICE_DEV_H */
