/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mps2_port.h - memory primitives of this board: coherent, with a heavier barrier
 *
 * An emulator that has one processor to emulate may leave out its barriers, as
 * nobody in the machine could tell; but the main side looks from outside, and a
 * load of ours then overtakes the store before it. It cannot overtake an access
 * to a device, which leaves the emulated processor. The chip needs none of this
 * and loses some ten cycles.
 */
#ifndef MPS2_PORT_H
#define MPS2_PORT_H

#include <hvl/metal/port/coherent.h>

#define MPS2_PORT_DEVICE 0x40005004u /* the state of UART 1: no side effects */

#undef HVL_PORT_MB
#define HVL_PORT_MB()                                               \
	do {                                                        \
		__asm__ volatile("dmb sy" ::: "memory");            \
		(void)*(const volatile uint32_t *)MPS2_PORT_DEVICE; \
		__asm__ volatile("dmb sy" ::: "memory");            \
	} while (0)

#endif /* MPS2_PORT_H */
