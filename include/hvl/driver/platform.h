/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/driver/platform.h - what the driver library needs of the remote
 *
 * The library has no globals and calls no system: it gets time, doorbell and
 * idle from this table, which is const and may be shared by all devices.
 */
#ifndef HVL_DRIVER_PLATFORM_H
#define HVL_DRIVER_PLATFORM_H

#include <stdbool.h>
#include <stdint.h>

#define HVL_DRV_TIMEOUT_US 1000000u

struct hvl_drv_platform {
	void *ctx; /* handed to each function */

	/* Monotonic microseconds; any context. */
	uint64_t (*now_us)(void *ctx);

	/* Ring the doorbell to the device side; any context. */
	void (*ring)(void *ctx);

	/*
	 * Sleep until a doorbell rings or the time has come, whichever is
	 * first; may return early for no reason. NULL: the library spins, which
	 * is the polling mode. Never called from an interrupt handler.
	 */
	void (*wait)(void *ctx, uint64_t until_us);

	/*
	 * How long the device may take to answer before it counts as dead,
	 * microseconds; 0 means HVL_DRV_TIMEOUT_US.
	 */
	uint32_t timeout_us;

	/*
	 * Cache line in bytes, a power of two, where the caches are not
	 * coherent with the device side: what has one writer then starts and
	 * ends on a line. 0 or 1 on coherent machines.
	 */
	uint32_t cache_line;

	/*
	 * The device side may have to share this processor: sleep at once.
	 * Otherwise the library looks for an answer for 5 us before it does.
	 */
	bool no_spin;
};

#endif /* HVL_DRIVER_PLATFORM_H */
