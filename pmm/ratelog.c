/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ratelog.c - a log that a remote cannot flood
 */
#include "ratelog.h"

#include <hvl/metal/time.h>

static void ratelog_refill(struct pmm_ratelog *rl)
{
	const uint64_t token_us = HVL_US_PER_S / PMM_RATELOG_PER_S;
	uint64_t n = (hvl_time_us() - rl->at_us) / token_us;

	rl->at_us += n * token_us;
	if (n > PMM_RATELOG_BURST - rl->tokens)
		n = PMM_RATELOG_BURST - rl->tokens;
	rl->tokens += (uint32_t)n;
}

static void ratelog_write(void *ctx, enum hvl_log_level level, const char *line)
{
	struct pmm_ratelog *rl = ctx;

	ratelog_refill(rl);
	if (rl->tokens == 0) {
		rl->dropped++;
		return;
	}
	rl->tokens--;
	if (rl->dropped)
		hvl_log(rl->to, HVL_LOG_WARNING, "%u messages left out",
			(unsigned int)rl->dropped);
	rl->dropped = 0;
	hvl_log(rl->to, level, "%s", line);
}

void pmm_ratelog_init(struct pmm_ratelog *rl, const struct hvl_log *to)
{
	*rl = (struct pmm_ratelog){
		.log = { .level = to ? to->level : HVL_LOG_ERROR,
			 .write = ratelog_write,
			 .ctx = rl },
		.to = to,
		.at_us = hvl_time_us(),
		.tokens = PMM_RATELOG_BURST,
	};
}
