/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/wire/rng.h - virtio-rng (entropy device), virtio 1.3 §5.4
 *
 * It has no feature bits and no config space, and one queue.
 */
#ifndef HVL_WIRE_RNG_H
#define HVL_WIRE_RNG_H

#define HVL_RNG_QUEUE_REQUEST 0u

#endif /* HVL_WIRE_RNG_H */
