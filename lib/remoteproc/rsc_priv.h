/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rsc_priv.h - what table and life cycle share
 */
#ifndef HVL_REMOTEPROC_RSC_PRIV_H
#define HVL_REMOTEPROC_RSC_PRIV_H

#include <stdbool.h>
#include <string.h>

#include <hvl/remoteproc/rsc_table.h>

/* Whether a carveout stands for the shared memory. */
static inline bool hvl_rsc_is_shm_(const struct hvl_rsc_area *area)
{
	return memcmp(area->name, HVL_RSC_CARVEOUT_SHM,
		      sizeof(HVL_RSC_CARVEOUT_SHM)) == 0;
}

#endif /* HVL_REMOTEPROC_RSC_PRIV_H */
