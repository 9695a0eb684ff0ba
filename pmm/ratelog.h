/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/ratelog.h - a log that a remote cannot flood
 *
 * What a remote can provoke at will passes through one of these: a burst goes
 * through, after that a steady trickle, and what was left out is counted.
 *
 * Writing a line takes longer than some drivers wait for an answer: while it
 * is held, lines are kept.
 */
#ifndef PMM_RATELOG_H
#define PMM_RATELOG_H

#include <stdbool.h>
#include <stdint.h>

#include <hvl/metal/log.h>

#define PMM_RATELOG_BURST 20u
#define PMM_RATELOG_PER_S 5u
#define PMM_RATELOG_HELD 16u /* lines; more are written at once */

struct pmm_ratelog_line {
	enum hvl_log_level level;
	char text[HVL_LOG_LINE];
};

struct pmm_ratelog {
	struct hvl_log log; /* what to hand out */
	const struct hvl_log *to;
	uint64_t at_us; /* when tokens were last added */
	uint32_t tokens;
	uint32_t dropped; /* since the last line that went through */
	bool hold;
	unsigned int nheld;
	struct pmm_ratelog_line held[PMM_RATELOG_HELD];
};

/** pmm_ratelog_init() - limit what goes to @to, which is borrowed; or NULL */
void pmm_ratelog_init(struct pmm_ratelog *rl, const struct hvl_log *to);

/** pmm_ratelog_hold() - keep lines until pmm_ratelog_release() */
void pmm_ratelog_hold(struct pmm_ratelog *rl);

/** pmm_ratelog_release() - write what was kept, in its order */
void pmm_ratelog_release(struct pmm_ratelog *rl);

#endif /* PMM_RATELOG_H */
