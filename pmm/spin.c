/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * spin.c - how long to look again and again before going to sleep
 */
#include "spin.h"

#define SPIN_NS 1000u
#define SPIN_BUDGET_NS ((uint64_t)PMM_SPIN_BUDGET_US * SPIN_NS)

static void spin_fill(struct pmm_spin *spin, uint64_t now)
{
	uint64_t slept = now - spin->filled_us, more;

	/* Full at first; and no product that could overflow. */
	if (spin->filled_us == 0 ||
	    slept >= (uint64_t)PMM_SPIN_BUDGET_US * PMM_SPIN_SHARE)
		more = SPIN_BUDGET_NS;
	else
		more = slept * SPIN_NS / PMM_SPIN_SHARE;
	spin->filled_us = now;
	spin->budget_ns += more;
	if (spin->budget_ns > SPIN_BUDGET_NS)
		spin->budget_ns = SPIN_BUDGET_NS;
}

bool pmm_spin_begin(struct pmm_spin *spin, uint64_t now)
{
	spin_fill(spin, now);
	/* What is left for less than one spin is left to grow. */
	if (spin->budget_ns < (uint64_t)PMM_SPIN_US * SPIN_NS)
		return false;
	spin->seen_us = spin->news_us = now;
	spin->spins++;
	return true;
}

bool pmm_spin_more(struct pmm_spin *spin, uint64_t now, bool progress)
{
	uint64_t cost = now - spin->seen_us;

	/* Longer than that, and somebody else had the processor. */
	if (cost > PMM_SPIN_US)
		cost = PMM_SPIN_US;
	if (progress)
		spin->news_us = now;
	spin->spun_us += cost;
	/* Time that is spent earns nothing. */
	spin->seen_us = spin->filled_us = now;
	if (cost * SPIN_NS >= spin->budget_ns) {
		spin->budget_ns = 0;
		return false;
	}
	spin->budget_ns -= cost * SPIN_NS;
	return now - spin->news_us < PMM_SPIN_US;
}
