/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/spin.h - how long to look again and again before going to sleep
 *
 * After something came, more may follow within microseconds, sooner than a
 * sleeper wakes up. A spin lasts PMM_SPIN_US beyond the last progress, and is
 * paid from a budget, whatever it brings: it fills up at PMM_SPIN_SHARE of the
 * time, so that no remote can make us use more of a processor than that, and
 * holds what a few devices need to be set up.
 *
 * Ownership  The caller's storage, zeroed before first use.
 * Threads    One.
 */
#ifndef PMM_SPIN_H
#define PMM_SPIN_H

#include <stdbool.h>
#include <stdint.h>

#define PMM_SPIN_US 60u		 /* without progress */
#define PMM_SPIN_BUDGET_US 4000u /* at most */
#define PMM_SPIN_SHARE 50u	 /* 1 us of budget every so many */

struct pmm_spin {
	uint64_t filled_us; /* when the budget was counted last; 0: never */
	uint64_t budget_ns; /* that is left */
	uint64_t seen_us;   /* in this spin: the last look */
	uint64_t news_us;   /* and the last progress */
	uint64_t spins, spun_us; /* statistics */
};

/**
 * pmm_spin_begin() - may we spin?
 * @spin: storage
 * @now:  hvl_time_us()
 * Return: false: not now, the budget is used up.
 */
bool pmm_spin_begin(struct pmm_spin *spin, uint64_t now);

/**
 * pmm_spin_more() - may we look once more?
 * @spin:     begun
 * @now:      hvl_time_us()
 * @progress: whether the last look brought anything
 */
bool pmm_spin_more(struct pmm_spin *spin, uint64_t now, bool progress);

#endif /* PMM_SPIN_H */
