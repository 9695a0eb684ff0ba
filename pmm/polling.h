/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/polling.h - whether to look once more before going to sleep
 *
 * To be woken up takes longer than many answers do. So after something came we
 * look again and again for a while, longer with each thing that comes. A poll
 * that brings nothing is a waste, and so is one in which others got the
 * processor, who wanted it: after each such one the next chances are let pass,
 * ever more of them up to PMM_POLLING_SKIP_MAX, until one is worth it. Without
 * traffic nothing is polled, and where polling does not help it costs next to
 * nothing.
 *
 *	idle --progress--> polling --most_us without progress--> idle
 *
 * Ownership  The caller's storage, zeroed before first use.
 * Threads    One.
 */
#ifndef PMM_POLLING_H
#define PMM_POLLING_H

#include <stdbool.h>
#include <stdint.h>

#define PMM_POLLING_US 50u	  /* default: more than a wake-up takes */
#define PMM_POLLING_US_MAX 10000u /* a person may ask for */
#define PMM_POLLING_SKIP_MAX 63u
/* From look to look, if nothing came and if something did: no more than. */
#define PMM_POLLING_LOOK_US 20u
#define PMM_POLLING_WORK_US 1000u

struct pmm_polling {
	uint32_t most_us; /* without progress; 0: never poll */
	bool on;
	bool hit;	   /* in this poll */
	unsigned int skip; /* chances that are let pass from here on */
	unsigned int wait; /* and that were, after the last poll */
	uint64_t start_us; /* of this poll */
	uint64_t news_us;  /* the last progress in it */
	uint64_t seen_us;  /* the last look in it */
	uint64_t polls, hits, polled_us; /* statistics; a hit is a poll */
};

/**
 * pmm_polling_more() - after a look: look once more without waiting?
 * @poll:     storage
 * @now:      hvl_time_us()
 * @progress: whether the look brought anything
 */
bool pmm_polling_more(struct pmm_polling *poll, uint64_t now, bool progress);

#endif /* PMM_POLLING_H */
