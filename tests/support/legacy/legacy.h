/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * legacy.h - drivers of the existing hypervisorless stack, for tests
 *
 * Two of them, written from a description of how they behave and sharing no
 * code with the libraries: `branch` is the driver side of today's sources,
 * `deployed` the older one that firmware in the field contains. Their faults
 * are the point: Status that is or-ed or replaced, registers that are written
 * by mistake, a queue that is given up for good when its one look came too
 * early, rings that keep the indices of an earlier life, and a transmit ring
 * that nobody checks for room. Above them: a host that answers ARP and ping,
 * and a reader of entropy.
 *
 * A driver is a sequence of steps without waits in it: whoever runs it decides
 * what happens between two of them, which is also where interrupts come.
 */
#ifndef LEGACY_H
#define LEGACY_H

#include <stdbool.h>
#include <stdint.h>

#include "ring.h"

#define LEGACY_DEVICES 8u
#define LEGACY_QUEUES 2u
#define LEGACY_MEM_MIN 0x200000u
#define LEGACY_ID_NET 1u
#define LEGACY_ID_RNG 4u

/* No step is due: only an interrupt brings one. */
#define LEGACY_NEVER UINT64_MAX

enum legacy_variant {
	LEGACY_BRANCH,
	LEGACY_DEPLOYED
};

struct legacy_config {
	enum legacy_variant variant;
	uint8_t *mem; /* the shared memory, register blocks at its start */
	uint64_t da;
	uint64_t size;	     /* at least LEGACY_MEM_MIN */
	uint32_t ids;	     /* devices to drive: bit n for id n; 0: all */
	bool reset;	     /* branch: Status = 0 after the first doorbell */
	uint32_t timeout_us; /* of the wait for a queue */
	uint32_t waits;	     /* the deployed driver's, each so long; 0: one */
	uint32_t first_read_us; /* deployed: after the doorbell; 0: 10 to 50 */
	uint32_t rng_period_us; /* between requests; 0: none */
	void *ctx;		/* handed to the functions */
	void (*ring)(void *ctx);
	uint64_t (*now_us)(void *ctx);
	void (*delay)(void *ctx, uint32_t us); /* spin */
	void (*say)(void *ctx, const char *line);
};

struct legacy_stats {
	uint32_t boots, interrupts, notifications;
	uint32_t first_reads,
		first_hits; /* of QueuePFN: already acknowledged */
	uint32_t rx, tx, rng;
	uint64_t setup_us; /* first doorbell to the last DRIVER_OK */
};

struct legacy_dev {
	char name[8];
	volatile uint8_t *regs;
	uint32_t id;
	uint16_t nqueues;
	uint16_t num;	   /* ring size */
	uint32_t rings;	   /* offset of its rings in the memory */
	uint32_t buffers;  /* and of its buffers */
	uint32_t features; /* wanted and offered */
	bool dead;	   /* for good */
	bool up;
	struct legacy_ring ring[LEGACY_QUEUES];
};

struct legacy {
	struct legacy_config cfg;
	struct legacy_dev dev[LEGACY_DEVICES];
	unsigned int ndev;
	/* where it stands */
	bool found;	     /* looked for devices */
	unsigned int steps;  /* since the boot */
	unsigned int at_dev; /* being set up; ndev: all are */
	unsigned int at_stage, at_queue;
	uint64_t deadline_us; /* of the stage; 0: none yet */
	uint32_t waits;	      /* time-outs over, of the stage */
	uint64_t first_ring_us;
	bool event;	      /* branch: the interrupt saw an acknowledgement */
	bool masked, pending; /* interrupts */
	uint32_t dice;
	/* traffic */
	uint8_t mac[6];
	uint32_t rng_len; /* of the request that is out; 0: none */
	uint64_t rng_due_us;
	/* outcome */
	const char *died;  /* an assertion of the driver's failed */
	const char *fault; /* the device did what it must not */
	struct legacy_stats stats;
};

/** legacy_init() - a driver that was never started; @cfg is copied */
void legacy_init(struct legacy *d, const struct legacy_config *cfg);

/** legacy_boot() - start, or start over with the memory as it is */
void legacy_boot(struct legacy *d);

/**
 * legacy_step() - do what is due
 * Return: when to call again; 0: at once. Interrupts are allowed meanwhile.
 */
uint64_t legacy_step(struct legacy *d);

/** legacy_interrupt() - the doorbell rang */
void legacy_interrupt(struct legacy *d);

/** legacy_ready() - every device was set up, or is dead */
bool legacy_ready(const struct legacy *d);

/** legacy_up() - the device of that id that works, or NULL */
struct legacy_dev *legacy_up(struct legacy *d, uint32_t id);

#endif /* LEGACY_H */
