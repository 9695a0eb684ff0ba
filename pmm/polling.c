/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * polling.c - whether to look once more before going to sleep
 */
#include "polling.h"

static bool polling_begin(struct pmm_polling *poll, uint64_t now)
{
	if (poll->most_us == 0)
		return false;
	if (poll->skip > 0) {
		poll->skip--;
		return false;
	}
	poll->on = true;
	poll->hit = false;
	poll->start_us = poll->news_us = poll->seen_us = now;
	poll->polls++;
	return true;
}

static void polling_end(struct pmm_polling *poll, bool worth)
{
	poll->on = false;
	poll->polled_us += poll->seen_us - poll->start_us;
	if (worth) {
		poll->wait = 0;
		return;
	}
	poll->wait = poll->wait * 2 + 1;
	if (poll->wait > PMM_POLLING_SKIP_MAX)
		poll->wait = PMM_POLLING_SKIP_MAX;
	poll->skip = poll->wait;
}

bool pmm_polling_more(struct pmm_polling *poll, uint64_t now, bool progress)
{
	uint64_t took = now - poll->seen_us;

	if (!poll->on)
		return progress && polling_begin(poll, now);
	/* Others had the processor, for which we were in the way. */
	if (took > (progress ? PMM_POLLING_WORK_US : PMM_POLLING_LOOK_US)) {
		polling_end(poll, false);
		return false;
	}
	poll->seen_us = now;
	if (progress) {
		poll->hits += !poll->hit;
		poll->hit = true;
		poll->news_us = now;
		return true;
	}
	if (now - poll->news_us < poll->most_us)
		return true;
	polling_end(poll, poll->hit);
	return false;
}
