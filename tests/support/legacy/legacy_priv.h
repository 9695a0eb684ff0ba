/* SPDX-License-Identifier: BSD-3-Clause */
/* legacy_priv.h - between the files of the old drivers */
#ifndef LEGACY_PRIV_H
#define LEGACY_PRIV_H

#include "legacy.h"

#define LEGACY_ACK 0xaabbaabbu
#define LEGACY_QUEUE_RX 0u
#define LEGACY_QUEUE_TX 1u

static inline uint32_t legacy_read(const struct legacy_dev *dev, uint32_t off)
{
	return *(volatile uint32_t *)(volatile void *)(dev->regs + off);
}

static inline void legacy_write(const struct legacy_dev *dev, uint32_t off,
				uint32_t v)
{
	*(volatile uint32_t *)(volatile void *)(dev->regs + off) = v;
}

/* setup.c */
void legacy_ring_(struct legacy *d);
void legacy_kick_(struct legacy *d, struct legacy_dev *dev, uint16_t queue);
void legacy_say_(struct legacy *d, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* traffic.c */
void legacy_net_fill_(struct legacy *d, struct legacy_dev *dev);
void legacy_net_callbacks_(struct legacy *d, struct legacy_dev *dev);
void legacy_rng_callbacks_(struct legacy *d, struct legacy_dev *dev);
uint64_t legacy_traffic_step_(struct legacy *d);

#endif /* LEGACY_PRIV_H */
