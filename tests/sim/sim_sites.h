/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sim_sites.h - numbers every ordering and cache operation of the library
 *
 * Included before each source of the library that the simulated machine runs.
 * A call of an accessor that orders or maintains anything leaves a record in a
 * linker section, so that the list is complete without running the code, and
 * says who is calling before the operation reaches the machine. One that has no
 * record here fails the run that comes to it.
 */
#ifndef SIM_SITES_H
#define SIM_SITES_H

#define SIM_LIBRARY
#include <hvl/metal/barrier.h>
#include <hvl/metal/io.h>

#include "sim.h"

#define SIM_AT(accessor)                                                       \
	__extension__({                                                        \
		static const struct sim_site sim_here_ = { __FILE__, __func__, \
							   #accessor,          \
							   __COUNTER__ };      \
		static const struct sim_site *const sim_ref_                   \
			__attribute__((section("sim_sites"), used)) =          \
				&sim_here_;                                    \
		sim_at(&sim_here_);                                            \
	})

#define hvl_io_clean(...) (SIM_AT(clean), hvl_io_clean(__VA_ARGS__))
#define hvl_io_invalidate(...) \
	(SIM_AT(invalidate), hvl_io_invalidate(__VA_ARGS__))
#define hvl_io_load_acquire16(...) \
	(SIM_AT(load_acquire16), hvl_io_load_acquire16(__VA_ARGS__))
#define hvl_io_load_acquire32(...) \
	(SIM_AT(load_acquire32), hvl_io_load_acquire32(__VA_ARGS__))
#define hvl_io_store_release16(...) \
	(SIM_AT(store_release16), hvl_io_store_release16(__VA_ARGS__))
#define hvl_io_store_release32(...) \
	(SIM_AT(store_release32), hvl_io_store_release32(__VA_ARGS__))
#define hvl_io_cas32(...) (SIM_AT(cas32), hvl_io_cas32(__VA_ARGS__))

#define hvl_mb_before_event_check() \
	(SIM_AT(mb_before_event_check), hvl_mb_before_event_check())
#define hvl_mb_before_recheck() \
	(SIM_AT(mb_before_recheck), hvl_mb_before_recheck())
#define hvl_wmb_before_doorbell() \
	(SIM_AT(wmb_before_doorbell), hvl_wmb_before_doorbell())
#define hvl_rmb_after_doorbell() \
	(SIM_AT(rmb_after_doorbell), hvl_rmb_after_doorbell())
#define hvl_rmb_before_second_look() \
	(SIM_AT(rmb_before_second_look), hvl_rmb_before_second_look())
#define hvl_wmb_before_used_descriptor() \
	(SIM_AT(wmb_before_used_descriptor), hvl_wmb_before_used_descriptor())
#define hvl_wmb_after_sequence_odd() \
	(SIM_AT(wmb_after_sequence_odd), hvl_wmb_after_sequence_odd())
#define hvl_mb_before_register_recheck() \
	(SIM_AT(mb_before_register_recheck), hvl_mb_before_register_recheck())

#endif /* SIM_SITES_H */
