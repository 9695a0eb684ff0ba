/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/metal/time.h - monotonic time
 */
#ifndef HVL_METAL_TIME_H
#define HVL_METAL_TIME_H

#include <stdint.h>

#define HVL_US_PER_S UINT64_C(1000000)

/**
 * hvl_time_us() - microseconds since some fixed point
 * Return: never less than an earlier call's. Any thread or interrupt.
 */
uint64_t hvl_time_us(void);

/**
 * hvl_sleep_us() - let at least @us microseconds pass
 *
 * Sleeps where the port can, and spins where it cannot. Threads only.
 */
void hvl_sleep_us(uint64_t us);

#endif /* HVL_METAL_TIME_H */
