/* SPDX-License-Identifier: BSD-3-Clause */
/* As cut_port.h, but the test is told what a compare-and-swap would store. */
#ifndef RACES_PORT_H
#define RACES_PORT_H

#include "cut_port.h"

void cut_swap(unsigned int v);

#undef HVL_PORT_CAS32
#define HVL_PORT_CAS32(p, old, new) \
	(cut_swap(new), __sync_bool_compare_and_swap((p), (old), (new)))

#endif /* RACES_PORT_H */
