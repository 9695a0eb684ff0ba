/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/metal/barrier.h - memory barriers, named by what they are for
 *
 * Indices and the words of the fence are published by hvl_io_store_release*()
 * and read by hvl_io_load_acquire*(); these barriers are for the orders that
 * release and acquire do not give. The other side may be another processor
 * with no inner-shareable domain in common, so each reaches the whole system.
 * Any context may call them.
 */
#ifndef HVL_METAL_BARRIER_H
#define HVL_METAL_BARRIER_H

#include <hvl/metal/port.h>

/*
 * Store-load: our index is visible before we read whether the other side
 * wants to be notified of it (virtio 1.3 §2.7.13.4.1, §2.7.8).
 */
static inline void hvl_mb_before_event_check(void)
{
	HVL_PORT_MB();
}

/*
 * Store-load: our wish to be notified is visible before we look once more for
 * what came in meanwhile (virtio 1.3 §2.7.14).
 */
static inline void hvl_mb_before_recheck(void)
{
	HVL_PORT_MB();
}

/*
 * Everything in memory is visible before the doorbell rings, and what is read
 * after it is read after all that was read before: a full barrier.
 */
static inline void hvl_wmb_before_doorbell(void)
{
	HVL_PORT_MB();
}

/* Load-load: what a doorbell announced is read after the doorbell. */
static inline void hvl_rmb_after_doorbell(void)
{
	HVL_PORT_RMB();
}

/* Load-load: a second look at a register comes after the first look at all. */
static inline void hvl_rmb_before_second_look(void)
{
	HVL_PORT_RMB();
}

/*
 * Store-store: a buffer is visible before the one word that says it is used
 * (virtio 1.3 §2.8.22).
 */
static inline void hvl_wmb_before_used_descriptor(void)
{
	HVL_PORT_WMB();
}

/*
 * Store-store: the sequence lock of the config space shows that it changes
 * before any byte does (virtio 1.3 §4.2.2.1, ConfigGeneration).
 */
static inline void hvl_wmb_after_sequence_odd(void)
{
	HVL_PORT_WMB();
}

/*
 * Store-load: a register that both sides write (QueuePFN, QueueSel of
 * version 1) is written before it, or one beside it, is looked at again.
 */
static inline void hvl_mb_before_register_recheck(void)
{
	HVL_PORT_MB();
}

#endif /* HVL_METAL_BARRIER_H */
