/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Attacks on a device through the memory that its driver can write.
 *
 * Every attack meets two devices on one shared memory between guard pages: the
 * victim, and a witness that must notice nothing. After it, whatever it did, a
 * reset must heal the victim.
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#include "mock_mmio.h"

#include <hvl/device/rng.h>
#include <hvl/metal/errno.h>

enum hostile_outcome {
	HOSTILE_BROKEN,	  /* DEVICE_NEEDS_RESET, and one log line */
	HOSTILE_REFUSED,  /* the queue is not set up; nothing is broken */
	HOSTILE_HARMLESS, /* the device goes on as if nothing were */
	HOSTILE_ANY,	  /* only what holds for all */
};

struct hostile {
	struct hvl_io shm;
	struct mock_dev victim, witness;
	struct mock_entropy entropy;
	struct hvl_dev_rng rng[2];
};

/* One attack on one version of the transport. */
struct hostile_job {
	unsigned int version;
	void (*attack)(struct hostile *h);
	enum hostile_outcome outcome;
};

extern struct hostile hostile;

static inline uint64_t hostile_ring(unsigned int field)
{
	struct mock_ring *r = &hostile.victim.ring[0];

	return field == 0 ? r->desc : field == 1 ? r->avail : r->used;
}

/** hostile_random() - a fixed sequence, so that a failure comes again */
uint32_t hostile_random(void);

/** hostile_plausible() - a word that comes further than a random one would */
uint32_t hostile_plausible(void);

/** hostile_round_trip() - a request is answered, as between good neighbours */
void hostile_round_trip(struct mock_dev *d);

/** hostile_check() - the witness works, and a reset heals the victim */
void hostile_check(void);

int hostile_setup(void **state);
int hostile_teardown(void **state);

/** hostile_run() - the test function of every job */
void hostile_run(void **state);

#define HOSTILE_JOB(ver, fn, out)                                            \
	{                                                                    \
#fn "_v" #ver, hostile_run, hostile_setup, hostile_teardown, \
			&(struct hostile_job)                                \
		{                                                            \
			ver, fn, HOSTILE_##out                               \
		}                                                            \
	}
#define HOSTILE_BOTH(fn, out) HOSTILE_JOB(1, fn, out), HOSTILE_JOB(2, fn, out)

#endif /* HOSTILE_H */
