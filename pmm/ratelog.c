/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ratelog.c - a log that a remote cannot flood
 */
#include "ratelog.h"

#include <stdio.h>

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

static void ratelog_flush(struct pmm_ratelog *rl)
{
	for (unsigned int i = 0; i < rl->nheld; i++)
		hvl_log(rl->to, rl->held[i].level, "%s", rl->held[i].text);
	rl->nheld = 0;
}

static void ratelog_pass(struct pmm_ratelog *rl, enum hvl_log_level level,
			 const char *line)
{
	if (rl->nheld == PMM_RATELOG_HELD)
		ratelog_flush(rl);
	rl->held[rl->nheld].level = level;
	(void)snprintf(rl->held[rl->nheld].text, HVL_LOG_LINE, "%s", line);
	rl->nheld++;
	if (!rl->hold)
		ratelog_flush(rl);
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
	if (rl->dropped) {
		char text[40];

		(void)snprintf(text, sizeof(text), "%u messages left out",
			       (unsigned int)rl->dropped);
		ratelog_pass(rl, HVL_LOG_WARNING, text);
	}
	rl->dropped = 0;
	ratelog_pass(rl, level, line);
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

void pmm_ratelog_hold(struct pmm_ratelog *rl)
{
	rl->hold = true;
}

void pmm_ratelog_release(struct pmm_ratelog *rl)
{
	rl->hold = false;
	ratelog_flush(rl);
}
