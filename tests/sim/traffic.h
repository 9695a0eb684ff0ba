/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * traffic.h - the library's two sides on the simulated machine
 *
 * A configuration names machine, transport, ring and device type; a run brings
 * the device up and down several times, and checks all that crosses: every
 * request is answered once, in order, with what the device's backing gave.
 */
#ifndef TRAFFIC_H
#define TRAFFIC_H

#include <hvl/device/mmio.h>
#include <hvl/device/net.h>
#include <hvl/device/rng.h>
#include <hvl/driver/mmio.h>
#include <hvl/driver/net.h>
#include <hvl/driver/rng.h>

#include <hvl/metal/compiler.h>

#include "sim.h"

#define TRAFFIC_RECHECK_US 10000u
#define TRAFFIC_NET_RING 32u
#define TRAFFIC_RNG_BUFS 8u
#define TRAFFIC_FRAME_MAX 1414u
#define TRAFFIC_MIRROR 8u
#define TRAFFIC_CUTS 64u

enum traffic_mode {
	TRAFFIC_TIMERS,	  /* doorbells may be lost, timers look again */
	TRAFFIC_STRICT,	  /* none is lost, and there are no timers */
	TRAFFIC_POLLING,  /* the driver spins, and asks for no doorbells */
	TRAFFIC_CRASHES,  /* as TIMERS, and the driver dies now and then */
	TRAFFIC_DEVCRASH, /* or the device's host, which carries on */
};

struct traffic_config {
	const char *name;
	enum sim_kind kind;
	uint32_t line; /* of a cache, and granule of the pool */
	unsigned int version;
	uint32_t device; /* VIRTIO_ID_* */
	enum traffic_mode mode;
	bool packed;
	bool trapping; /* an ordinary device, see traffic_trap.c */
	bool older;    /* a driver of the existing stack: traffic_older.c */
};

/* What outlives a host; the newest record counts. */
struct traffic_journal {
	struct hvl_dev_saved saved[2];
	uint32_t taken[2][HVL_DEV_QUEUES_MAX];
	uint32_t newest;
};

/* Everything of one run but the machine. */
struct traffic {
	const struct traffic_config *cfg;
	uint32_t lives, requests; /* per life */
	uint32_t life;		  /* those that ended well */
	bool many;		  /* chains go and come several at once */
	bool crashes;		  /* the driver dies now and then */

	/* device side */
	struct hvl_io dev_shm, dev_regs;
	struct hvl_dev dev;
	struct hvl_dev_rng rng_model;
	struct hvl_dev_net net_model;
	struct hvl_dev_model many_model;
	struct hvl_seg segs[HVL_DEV_SEGS_MAX];
	struct traffic_journal journal;
	uint64_t features_off;
	uint32_t hosts;	   /* how many there were */
	uint32_t attached; /* and of these, how many without the record */
	bool published;
	bool serving;		    /* it is looking at the device */
	uint32_t looks;		    /* before it sleeps */
	bool forgetful;		    /* some have no record */
	bool once;		    /* a reset is answered once */
	char line[100];		    /* the last one of the log */
	bool news;		    /* of the backing: serve again */
	uint64_t served;	    /* bytes of entropy */
	uint64_t cut[TRAFFIC_CUTS]; /* where a host began that has died since */
	uint32_t cuts;
	uint32_t frame_next;
	struct {
		uint32_t head, count;
		uint32_t len[TRAFFIC_MIRROR];
		uint8_t data[TRAFFIC_MIRROR][TRAFFIC_FRAME_MAX];
	} mirror;
	uint32_t change; /* config and its reading: once in so many */
	uint8_t config;	 /* number of the config space's contents */

	/* driver side */
	uint32_t attached_seen; /* when it started */
	uint32_t older_kind;	/* the same in all lives */
	bool older_known;
	struct hvl_io drv_shm, drv_regs;
	struct hvl_drv_platform plat;
	struct hvl_drv_dev drv;
	struct hvl_drv_pool pool;
	uint32_t map[HVL_DRV_POOL_MAP_WORDS(SIM_SIZE, 16u)];
	struct hvl_drv_rng rng;
	struct hvl_drv_net net;
	struct hvl_drv_vq_slot rx_slots[TRAFFIC_NET_RING];
	struct hvl_drv_vq_slot tx_slots[TRAFFIC_NET_RING];
	struct hvl_drv_net_buf rx_bufs[TRAFFIC_NET_RING];
	struct hvl_drv_net_buf tx_bufs[TRAFFIC_NET_RING];
};

extern struct traffic traffic;
extern const struct traffic_config traffic_configs[];
extern const size_t traffic_config_count;

/** traffic_find() - a configuration by its name, or NULL */
const struct traffic_config *traffic_find(const char *name);

/**
 * traffic_run() - one run
 * @cfg:      configuration
 * @seed:     of all that is random
 * @lives:    how often the driver starts
 * @requests: in each life
 * @skip:     operation of the library that has no effect, or NULL
 * Return: NULL, or what went wrong.
 */
const char *traffic_run(const struct traffic_config *cfg, uint64_t seed,
			uint32_t lives, uint32_t requests,
			const struct sim_site *skip);

/* ---- between the files that make a run -------------------------------- */

/** The driver waits for a doorbell or its timer, and hears the reasons. */
uint32_t traffic_wait(void);

/**
 * Fail the run when nothing has come since @since_us for far too long. A driver
 * whose device must be reset, for want of a record, starts over.
 */
void traffic_check_stall(uint64_t since_us, const char *what);

/** Fail the run, or start over where that may have come of a lost record. */
void traffic_error(const char *what, int err) __attribute__((noreturn));

/** A driver's side that is not the library. */
void traffic_older(void);

/** A side's memory and registers. */
void traffic_view(enum sim_side side, struct hvl_io *shm, struct hvl_io *regs);

/** The device's side: a host. */
void traffic_host(void);

/** Now and then: break the ring, see that the device says so. */
void traffic_break(struct hvl_drv_vq *vq, uint16_t queue);

/** How many requests make a life; few where it may end early. */
uint32_t traffic_requests(void);

/** One life of a driver. */
void traffic_rng_life(void);
void traffic_net_life(void);

/** Models and backings. */
const struct hvl_dev_model *traffic_rng_device(void);
const struct hvl_dev_model *traffic_net_device(void);

/** Another host comes: what the models take notice of. */
void traffic_rng_reborn(void);
void traffic_net_reborn(void);

/** Transports whose registers act by themselves, and how they do. */
extern const struct hvl_dev_transport traffic_trap_v1;
extern const struct hvl_dev_transport traffic_trap_v2;
void traffic_trap(uint32_t reg, uint32_t v);

/** What happens to the device by itself, between two services. */
void traffic_net_play(void);

#endif /* TRAFFIC_H */
