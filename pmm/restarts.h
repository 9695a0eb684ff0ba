/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/restarts.h - how often a remote that crashes is started again
 *
 * At most so many times within any period of so many seconds.
 */
#ifndef PMM_RESTARTS_H
#define PMM_RESTARTS_H

#include <stdbool.h>
#include <stdint.h>

#define PMM_RESTARTS_MAX 100u
#define PMM_RESTARTS_SECONDS_MAX 86400u

struct pmm_restarts_limit {
	uint32_t most;	  /* up to PMM_RESTARTS_MAX; 0: any number */
	uint32_t seconds; /* 1 to PMM_RESTARTS_SECONDS_MAX */
};

struct pmm_restarts {
	struct pmm_restarts_limit limit;
	uint64_t at_us[PMM_RESTARTS_MAX]; /* the last limit.most, a ring */
	uint32_t count;			  /* of all */
};

/** pmm_restarts_init() - none so far */
void pmm_restarts_init(struct pmm_restarts *restarts,
		       const struct pmm_restarts_limit *limit);

/**
 * pmm_restarts_allow() - may it be started again?
 * @restarts: the record
 * @now_us:   time, never less than before
 * Return: true, and it is on record; false when that would be one too many.
 */
bool pmm_restarts_allow(struct pmm_restarts *restarts, uint64_t now_us);

#endif /* PMM_RESTARTS_H */
