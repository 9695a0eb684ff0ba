/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * restarts.c - how often a remote that crashes is started again
 */
#include "restarts.h"

#include <hvl/metal/time.h>

void pmm_restarts_init(struct pmm_restarts *restarts,
		       const struct pmm_restarts_limit *limit)
{
	*restarts = (struct pmm_restarts){ .limit = *limit };
}

bool pmm_restarts_allow(struct pmm_restarts *restarts, uint64_t now_us)
{
	const struct pmm_restarts_limit *limit = &restarts->limit;
	uint64_t *slot;

	if (limit->most == 0)
		return true;
	/* Where this one goes is the one that many before it. */
	slot = &restarts->at_us[restarts->count % limit->most];
	if (restarts->count >= limit->most &&
	    now_us - *slot < limit->seconds * HVL_US_PER_S)
		return false;
	*slot = now_us;
	restarts->count++;
	return true;
}
