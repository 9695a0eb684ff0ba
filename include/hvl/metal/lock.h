/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/metal/lock.h - mutual exclusion within one side
 *
 * Keeps out the other threads and the interrupt handlers of this processor:
 * a mutex where there are threads (handlers run in one), masked interrupts on
 * bare metal. Never for the other side: it has no lock in common with us.
 * Not recursive. Hold it briefly; wait for nothing while holding it.
 */
#ifndef HVL_METAL_LOCK_H
#define HVL_METAL_LOCK_H

#include <stdint.h>

struct hvl_lock {
	uintptr_t port[8]; /* the port's */
};

/** hvl_lock_init() - make a lock, open */
void hvl_lock_init(struct hvl_lock *lock);

/** hvl_lock_fini() - done with it; it is open */
void hvl_lock_fini(struct hvl_lock *lock);

/** hvl_lock_acquire() - take it; from threads and interrupt handlers */
void hvl_lock_acquire(struct hvl_lock *lock);

/** hvl_lock_release() - give it back, from where it was taken */
void hvl_lock_release(struct hvl_lock *lock);

#endif /* HVL_METAL_LOCK_H */
