/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/ratelog.h - a log that a remote cannot flood
 *
 * What a remote can provoke at will passes through one of these: a burst goes
 * through, after that a steady trickle, and what was left out is counted.
 */
#ifndef PMM_RATELOG_H
#define PMM_RATELOG_H

#include <stdint.h>

#include <hvl/metal/log.h>

#define PMM_RATELOG_BURST 20u
#define PMM_RATELOG_PER_S 5u

struct pmm_ratelog {
	struct hvl_log log; /* what to hand out */
	const struct hvl_log *to;
	uint64_t at_us; /* when tokens were last added */
	uint32_t tokens;
	uint32_t dropped; /* since the last line that went through */
};

/** pmm_ratelog_init() - limit what goes to @to, which is borrowed; or NULL */
void pmm_ratelog_init(struct pmm_ratelog *rl, const struct hvl_log *to);

#endif /* PMM_RATELOG_H */
