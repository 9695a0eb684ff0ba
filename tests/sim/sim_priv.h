/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sim_priv.h - what the two kinds of memory do for the machine
 */
#ifndef SIM_PRIV_H
#define SIM_PRIV_H

#include "sim.h"

/* An aligned access, as @off in the shared memory. */
struct sim_access {
	enum sim_side side;
	uint32_t off;
	unsigned int size;
	bool ordered;
};

struct sim_memory {
	void (*start)(const struct sim_config *cfg);
	uint64_t (*load)(const struct sim_access *a);
	void (*store)(const struct sim_access *a, uint64_t v);
	bool (*cas32)(const struct sim_access *a, uint32_t expected,
		      uint32_t v);
	void (*barrier)(enum sim_side side, enum sim_barrier what);
	void (*clean)(enum sim_side side, uint32_t off, uint32_t len);
	void (*invalidate)(enum sim_side side, uint32_t off, uint32_t len);
	/* A device's own register changes. */
	void (*poke32)(uint32_t off, uint32_t v);
	/* What happens by itself, now and then. */
	void (*background)(void);
	/* Much time passes. Return: whether anything happened in it. */
	bool (*settle)(void);
	/* A side dies: see sim.h. */
	void (*crash)(enum sim_side side);
	/* Point in the order of all stores, carried by doorbells. */
	uint64_t (*moment)(void);
	/* A doorbell rung at @moment was taken: nothing older is read. */
	void (*doorbell)(enum sim_side side, uint64_t moment);
};

extern const struct sim_memory sim_weak_;
extern const struct sim_memory sim_caches_;

/** The machine's own series of random numbers: 0 to @n - 1. */
uint32_t sim_dice_(uint32_t n);

/** True once in @n times. */
static inline bool sim_once_in_(uint32_t n)
{
	return sim_dice_(n) == 0;
}

/** A store arrives. Return: whether a device took it, and no memory. */
bool sim_trapped_(enum sim_side side, uint32_t off, uint32_t v);

/** In the middle of a long operation: the other side may get its turn. */
void sim_yield_(void);

#endif /* SIM_PRIV_H */
