/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sim_port.h - the port whose machine is simulated: see sim.h
 *
 * Device memory as far as copies go, so that every byte passes here. What is
 * not accessed through here faults: the views have no memory behind them.
 */
#ifndef SIM_PORT_H
#define SIM_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim.h"

#define HVL_PORT_SHM_IS_NORMAL 0

/* The library's operations have a site; tests' own need none. */
#ifdef SIM_LIBRARY
#define SIM_OP_(call) (sim_expect_site(), call)
#else
#define SIM_OP_(call) (call)
#endif

#define SIM_LOAD_(p, how) \
	((__typeof__(*(p)))sim_load((p), (unsigned int)sizeof(*(p)), how))

#define HVL_PORT_LOAD(p) SIM_LOAD_(p, SIM_PLAIN)
#define HVL_PORT_LOAD_ACQUIRE(p) SIM_OP_(SIM_LOAD_(p, SIM_ORDERED))
#define HVL_PORT_STORE(p, v) \
	sim_store((p), (unsigned int)sizeof(*(p)), (v), SIM_PLAIN)
#define HVL_PORT_STORE_RELEASE(p, v) \
	SIM_OP_(sim_store((p), (unsigned int)sizeof(*(p)), (v), SIM_ORDERED))
#define HVL_PORT_CAS32(p, old, new) SIM_OP_(sim_cas32(p, old, new))
#define HVL_PORT_MB() SIM_OP_(sim_barrier(SIM_MB))
#define HVL_PORT_RMB() SIM_OP_(sim_barrier(SIM_RMB))
#define HVL_PORT_WMB() SIM_OP_(sim_barrier(SIM_WMB))
#define HVL_PORT_CACHE_CLEAN(va, len) SIM_OP_(sim_clean(va, len))
#define HVL_PORT_CACHE_INVALIDATE(va, len) SIM_OP_(sim_invalidate(va, len))

#endif /* SIM_PORT_H */
