/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Old drivers: how they find devices, set them up and are interrupted.
 *
 * A device is set up in stages. Nothing comes between the accesses of one
 * stage; between two of them an interrupt may.
 */
#include "legacy_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define REG_MAGIC 0x000u
#define REG_VERSION 0x004u
#define REG_DEVICE_ID 0x008u
#define REG_HOST_FEATURES 0x010u
#define REG_HOST_FEATURES_SEL 0x014u
#define REG_GUEST_FEATURES 0x020u
#define REG_GUEST_FEATURES_SEL 0x024u
#define REG_GUEST_PAGE_SIZE 0x028u
#define REG_QUEUE_SEL 0x030u
#define REG_QUEUE_NUM_MAX 0x034u
#define REG_QUEUE_NUM 0x038u
#define REG_QUEUE_ALIGN 0x03cu
#define REG_QUEUE_PFN 0x040u
#define REG_QUEUE_NOTIFY 0x050u
#define REG_INTERRUPT_STATUS 0x060u
#define REG_INTERRUPT_ACK 0x064u
#define REG_STATUS 0x070u
#define REG_SHM_LEN 0x0b0u
#define REG_SHM_BASE 0x0b8u
#define REG_CONFIG 0x100u

#define BLOCK_SIZE 0x200u
#define MAGIC 0x74726976u
#define STATUS_ACKNOWLEDGE 1u
#define STATUS_DRIVER 2u
#define STATUS_DRIVER_OK 4u
#define FEATURE_MAC (1u << 5)
#define PAGE 4096u

/* Where rings and buffers lie; the last ones anywhere in the memory. */
#define RINGS_AT 0x1000u
#define BUFFERS_AT 0x21000u
#define BUFFERS_SIZE 0x20000u

/* What became of a stage. */
enum stage_end {
	STAGE_DONE,  /* on to the next */
	STAGE_AGAIN, /* it is not over: see deadline_us */
	STAGE_QUEUE, /* the queue is set up */
	STAGE_DEAD,  /* the device is given up */
};

typedef enum stage_end stage_fn(struct legacy *d, struct legacy_dev *dev);

void legacy_say_(struct legacy *d, const char *fmt, ...)
{
	char line[160];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	d->cfg.say(d->cfg.ctx, line);
}

void legacy_ring_(struct legacy *d)
{
	__sync_synchronize();
	if (d->first_ring_us == 0)
		d->first_ring_us = d->cfg.now_us(d->cfg.ctx);
	d->stats.notifications++;
	d->cfg.ring(d->cfg.ctx);
}

void legacy_kick_(struct legacy *d, struct legacy_dev *dev, uint16_t queue)
{
	if (!legacy_ring_wants_kick(&dev->ring[queue]))
		return;
	legacy_write(dev, REG_QUEUE_NOTIFY, queue);
	legacy_ring_(d);
}

/* ---- both variants ---------------------------------------------------- */

static void setup_status(struct legacy *d, struct legacy_dev *dev,
			 uint32_t status)
{
	if (d->cfg.variant == LEGACY_BRANCH)
		status |= legacy_read(dev, REG_STATUS) & 0xffu;
	legacy_write(dev, REG_STATUS, status);
	legacy_ring_(d);
}

static enum stage_end stage_acknowledge(struct legacy *d,
					struct legacy_dev *dev)
{
	setup_status(d, dev, STATUS_ACKNOWLEDGE);
	return STAGE_DONE;
}

static enum stage_end stage_page_size(struct legacy *d, struct legacy_dev *dev)
{
	(void)d;
	legacy_write(dev, REG_GUEST_PAGE_SIZE, PAGE);
	return STAGE_DONE;
}

static enum stage_end stage_driver(struct legacy *d, struct legacy_dev *dev)
{
	setup_status(d, dev, STATUS_DRIVER);
	return STAGE_DONE;
}

static enum stage_end stage_driver_ok(struct legacy *d, struct legacy_dev *dev)
{
	setup_status(d, dev, STATUS_DRIVER_OK);
	return STAGE_DONE;
}

static uint32_t setup_wanted(const struct legacy_dev *dev)
{
	return dev->id == LEGACY_ID_NET ? FEATURE_MAC : 0;
}

static void setup_ring(struct legacy *d, struct legacy_dev *dev)
{
	uint32_t off = dev->rings + d->at_queue * LEGACY_RING_SIZE;

	legacy_ring_create(&dev->ring[d->at_queue], d->cfg.mem + off, dev->num,
			   d->cfg.variant == LEGACY_BRANCH);
}

static uint32_t setup_pfn(const struct legacy *d, const struct legacy_dev *dev)
{
	return (uint32_t)((d->cfg.da + dev->rings +
			   d->at_queue * LEGACY_RING_SIZE) /
			  PAGE);
}

static enum stage_end stage_size(struct legacy *d, struct legacy_dev *dev)
{
	(void)d;
	legacy_write(dev, REG_QUEUE_NUM, dev->num);
	legacy_write(dev, REG_QUEUE_ALIGN, LEGACY_RING_ALIGN);
	return STAGE_DONE;
}

static bool setup_acknowledged(struct legacy *d, struct legacy_dev *dev)
{
	__sync_synchronize();
	(void)d;
	return legacy_read(dev, REG_QUEUE_PFN) == LEGACY_ACK;
}

static void setup_first_read(struct legacy *d, bool hit)
{
	d->stats.first_reads++;
	d->stats.first_hits += hit;
	d->deadline_us = d->cfg.now_us(d->cfg.ctx) + d->cfg.timeout_us;
	d->waits = 0;
}

static void setup_read_mac(struct legacy *d, struct legacy_dev *dev)
{
	for (uint32_t i = 0; dev->id == LEGACY_ID_NET && i < 6; i++)
		d->mac[i] = dev->regs[REG_CONFIG + i];
}

/* ---- the branch's driver ---------------------------------------------- */

/* Only some applications do this, and only after the first doorbell. */
static enum stage_end stage_reset(struct legacy *d, struct legacy_dev *dev)
{
	if (!d->cfg.reset)
		return STAGE_DONE;
	legacy_write(dev, REG_STATUS, 0);
	legacy_ring_(d);
	return STAGE_DONE;
}

static enum stage_end stage_acknowledge_again(struct legacy *d,
					      struct legacy_dev *dev)
{
	if (d->cfg.reset)
		setup_status(d, dev, STATUS_ACKNOWLEDGE);
	return STAGE_DONE;
}

static enum stage_end branch_features(struct legacy *d, struct legacy_dev *dev)
{
	(void)d;
	legacy_write(dev, REG_HOST_FEATURES_SEL, 0);
	dev->features = legacy_read(dev, REG_HOST_FEATURES) & setup_wanted(dev);
	return STAGE_DONE;
}

static enum stage_end branch_take_features(struct legacy *d,
					   struct legacy_dev *dev)
{
	legacy_write(dev, REG_HOST_FEATURES_SEL, 0);
	legacy_write(dev, REG_GUEST_FEATURES,
		     legacy_read(dev, REG_HOST_FEATURES) & dev->features);
	legacy_ring_(d);
	return STAGE_DONE;
}

static enum stage_end branch_select(struct legacy *d, struct legacy_dev *dev)
{
	legacy_write(dev, REG_QUEUE_SEL, d->at_queue);
	(void)legacy_read(dev, REG_QUEUE_NUM_MAX);
	setup_ring(d, dev);
	return STAGE_DONE;
}

static enum stage_end branch_select_again(struct legacy *d,
					  struct legacy_dev *dev)
{
	legacy_write(dev, REG_QUEUE_SEL, d->at_queue);
	if (legacy_read(dev, REG_QUEUE_NUM_MAX) < dev->num)
		return STAGE_DEAD;
	return STAGE_DONE;
}

/* It looks right after its doorbell, long before an interrupt can come. */
static enum stage_end branch_pfn(struct legacy *d, struct legacy_dev *dev)
{
	bool hit;

	legacy_write(dev, REG_QUEUE_PFN, setup_pfn(d, dev));
	legacy_ring_(d);
	hit = setup_acknowledged(d, dev);
	setup_first_read(d, hit);
	if (!hit)
		return STAGE_DONE;
	legacy_write(dev, REG_QUEUE_PFN, setup_pfn(d, dev));
	return STAGE_QUEUE;
}

/* Released by the interrupt handler, whatever for; then the last look. */
static enum stage_end branch_wait(struct legacy *d, struct legacy_dev *dev)
{
	if (!d->event && d->cfg.now_us(d->cfg.ctx) < d->deadline_us)
		return STAGE_AGAIN;
	d->event = false;
	if (!setup_acknowledged(d, dev))
		return STAGE_DEAD;
	legacy_write(dev, REG_QUEUE_PFN, setup_pfn(d, dev));
	return STAGE_QUEUE;
}

static enum stage_end branch_start(struct legacy *d, struct legacy_dev *dev)
{
	setup_read_mac(d, dev);
	dev->up = true;
	if (dev->id == LEGACY_ID_NET) {
		legacy_net_fill_(d, dev);
		legacy_kick_(d, dev, LEGACY_QUEUE_RX);
	}
	return STAGE_DONE;
}

/* ---- the deployed driver ---------------------------------------------- */

static enum stage_end deployed_features(struct legacy *d,
					struct legacy_dev *dev)
{
	uint32_t offered = legacy_read(dev, REG_HOST_FEATURES);

	if (setup_wanted(dev) & ~offered) {
		d->died = "the device offers no MAC address";
		return STAGE_DEAD;
	}
	dev->features = setup_wanted(dev);
	legacy_write(dev, REG_GUEST_FEATURES, dev->features);
	legacy_ring_(d);
	return STAGE_DONE;
}

static enum stage_end deployed_select(struct legacy *d, struct legacy_dev *dev)
{
	legacy_write(dev, REG_QUEUE_SEL, d->at_queue);
	legacy_write(dev, REG_GUEST_FEATURES_SEL, d->at_queue); /* stray */
	if (legacy_read(dev, REG_QUEUE_NUM_MAX) < dev->num) {
		d->died = "the queue is smaller than wanted";
		return STAGE_DEAD;
	}
	setup_ring(d, dev);
	return STAGE_DONE;
}

static enum stage_end deployed_pfn(struct legacy *d, struct legacy_dev *dev)
{
	uint32_t us = d->cfg.first_read_us;
	bool hit;

	legacy_write(dev, REG_QUEUE_PFN, setup_pfn(d, dev));
	legacy_ring_(d);
	if (us == 0) {
		d->dice = d->dice * 1664525u + 1013904223u;
		us = 10 + (d->dice >> 16) % 41;
	}
	d->cfg.delay(d->cfg.ctx, us);
	hit = setup_acknowledged(d, dev);
	setup_first_read(d, hit);
	return hit ? STAGE_QUEUE : STAGE_DONE;
}

/*
 * One whole time-out that nothing ends early, and one more look. A test that cuts
 * the time-out has it wait for as many as make up the driver's own.
 */
static enum stage_end deployed_wait(struct legacy *d, struct legacy_dev *dev)
{
	if (d->cfg.now_us(d->cfg.ctx) < d->deadline_us)
		return STAGE_AGAIN;
	if (setup_acknowledged(d, dev))
		return STAGE_QUEUE;
	if (++d->waits >= d->cfg.waits)
		return STAGE_DEAD;
	d->deadline_us += d->cfg.timeout_us;
	return STAGE_AGAIN;
}

static enum stage_end deployed_start(struct legacy *d, struct legacy_dev *dev)
{
	dev->up = true;
	if (dev->id == LEGACY_ID_NET)
		legacy_net_fill_(d, dev);
	for (uint32_t q = 0; q < dev->nqueues; q++) {
		legacy_write(dev, REG_QUEUE_NOTIFY, q);
		legacy_ring_(d);
	}
	setup_read_mac(d, dev);
	return STAGE_DONE;
}

/* ---- the sequence ----------------------------------------------------- */

struct setup_sequence {
	unsigned int queue; /* the stage at which each queue begins */
	unsigned int wait;  /* its last one */
	stage_fn *stages[16];
};

static const struct setup_sequence sequences[] = {
	[LEGACY_BRANCH] = {
		.queue = 7,
		.wait = 11,
		.stages = { stage_acknowledge, stage_reset,
			    stage_acknowledge_again, stage_page_size,
			    stage_driver, branch_features,
			    branch_take_features,
			    branch_select, branch_select_again, stage_size,
			    branch_pfn, branch_wait,
			    stage_driver_ok, branch_start },
	},
	[LEGACY_DEPLOYED] = {
		.queue = 4,
		.wait = 7,
		.stages = { stage_acknowledge, stage_page_size, stage_driver,
			    deployed_features,
			    deployed_select, stage_size, deployed_pfn,
			    deployed_wait,
			    stage_driver_ok, deployed_start },
	},
};

static void setup_next_device(struct legacy *d)
{
	d->at_dev++;
	d->at_stage = 0;
	d->at_queue = 0;
	if (!legacy_ready(d))
		return;
	d->stats.setup_us = d->cfg.now_us(d->cfg.ctx) - d->first_ring_us;
	legacy_say_(d, "ready after %llu us, first reads %u of %u",
		    (unsigned long long)d->stats.setup_us, d->stats.first_hits,
		    d->stats.first_reads);
}

static void setup_queue_done(struct legacy *d, const struct legacy_dev *dev)
{
	const struct setup_sequence *s = &sequences[d->cfg.variant];

	d->at_queue++;
	d->at_stage = d->at_queue < dev->nqueues ? s->queue : s->wait + 1;
}

static uint64_t setup_step(struct legacy *d)
{
	const struct setup_sequence *s = &sequences[d->cfg.variant];
	struct legacy_dev *dev = &d->dev[d->at_dev];

	d->steps++;
	switch (s->stages[d->at_stage](d, dev)) {
	case STAGE_AGAIN:
		d->steps--;
		return d->deadline_us;
	case STAGE_QUEUE:
		setup_queue_done(d, dev);
		return 0;
	case STAGE_DEAD:
		dev->dead = true;
		legacy_say_(d, "%s: dead: queue %u", dev->name, d->at_queue);
		setup_next_device(d);
		return 0;
	case STAGE_DONE:
		break;
	}
	if (!s->stages[++d->at_stage]) {
		legacy_say_(d, "%s: up", dev->name);
		setup_next_device(d);
	}
	return 0;
}

/* ---- the whole -------------------------------------------------------- */

static void legacy_add(struct legacy *d, volatile uint8_t *regs, uint32_t id)
{
	bool branch = d->cfg.variant == LEGACY_BRANCH;
	struct legacy_dev *dev = &d->dev[d->ndev];

	*dev = (struct legacy_dev){
		.regs = regs,
		.id = id,
		.nqueues = id == LEGACY_ID_NET ? 2 : 1,
		.rings = RINGS_AT + d->ndev * LEGACY_QUEUES * LEGACY_RING_SIZE,
		.buffers = BUFFERS_AT + d->ndev * BUFFERS_SIZE,
	};
	if (branch) {
		dev->num = id == LEGACY_ID_NET ? 32 : 8;
		dev->buffers =
			(uint32_t)d->cfg.size - (d->ndev + 1) * BUFFERS_SIZE;
	} else {
		dev->num = id == LEGACY_ID_NET ? 4 : 2;
	}
	(void)snprintf(dev->name, sizeof(dev->name), "%s%u",
		       id == LEGACY_ID_NET ? "net" : "rng", d->ndev);
	d->ndev++;
}

static void legacy_find(struct legacy *d)
{
	for (unsigned int i = 0; i < LEGACY_DEVICES; i++) {
		struct legacy_dev look = { .regs = d->cfg.mem +
						   i * BLOCK_SIZE };
		uint32_t id;

		if (legacy_read(&look, REG_MAGIC) != MAGIC ||
		    legacy_read(&look, REG_VERSION) != 1)
			continue;
		id = legacy_read(&look, REG_DEVICE_ID);
		if ((id != LEGACY_ID_NET && id != LEGACY_ID_RNG) ||
		    (d->cfg.ids && !(d->cfg.ids >> id & 1)))
			continue;
		if (legacy_read(&look, REG_SHM_BASE) == 0 ||
		    legacy_read(&look, REG_SHM_LEN) == 0)
			continue; /* ordinary trapping registers, to it */
		legacy_add(d, look.regs, id);
	}
	d->found = true;
	legacy_say_(d, "found %u devices", d->ndev);
}

void legacy_init(struct legacy *d, const struct legacy_config *cfg)
{
	*d = (struct legacy){ .cfg = *cfg, .dice = 1 };
}

void legacy_boot(struct legacy *d)
{
	struct legacy fresh = { .cfg = d->cfg,
				.dice = d->dice,
				.fault = d->fault,
				.stats = d->stats };

	*d = fresh;
	d->stats.boots++;
}

bool legacy_ready(const struct legacy *d)
{
	return d->found && d->at_dev == d->ndev;
}

struct legacy_dev *legacy_up(struct legacy *d, uint32_t id)
{
	for (unsigned int i = 0; i < d->ndev; i++)
		if (d->dev[i].id == id && d->dev[i].up)
			return &d->dev[i];
	return NULL;
}

uint64_t legacy_step(struct legacy *d)
{
	if (d->died)
		return LEGACY_NEVER;
	if (!d->found) {
		legacy_find(d);
		return 0;
	}
	return legacy_ready(d) ? legacy_traffic_step_(d) : setup_step(d);
}

static void interrupt_one(struct legacy *d, struct legacy_dev *dev)
{
	uint32_t isr = legacy_read(dev, REG_INTERRUPT_STATUS);

	if (d->cfg.variant == LEGACY_BRANCH &&
	    legacy_read(dev, REG_QUEUE_PFN) == LEGACY_ACK)
		d->event = true;
	__sync_synchronize();
	if ((isr & 1) && dev->up) {
		if (dev->id == LEGACY_ID_NET)
			legacy_net_callbacks_(d, dev);
		else
			legacy_rng_callbacks_(d, dev);
	}
	legacy_write(dev, REG_INTERRUPT_ACK, isr);
	if (isr != 0)
		legacy_ring_(d);
}

void legacy_interrupt(struct legacy *d)
{
	if (d->masked) {
		d->pending = true;
		return;
	}
	d->stats.interrupts++;
	/* Of devices whose turn has not come it does not know yet. */
	for (unsigned int i = 0; i < d->ndev && i <= d->at_dev && !d->died; i++)
		if (!d->dev[i].dead)
			interrupt_one(d, &d->dev[i]);
}
