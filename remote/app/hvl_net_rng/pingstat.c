/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pingstat.c - what came of a series of pings
 */
#include "pingstat.h"

#include <hvl/metal/log.h>

void pingstat_sent(struct pingstat *stat)
{
	stat->sent++;
}

void pingstat_received(struct pingstat *stat, unsigned int us)
{
	if (stat->received == 0 || us < stat->min_us)
		stat->min_us = us;
	if (us > stat->max_us)
		stat->max_us = us;
	stat->sum_us += us;
	stat->received++;
}

/* A loss is never shown as 0 %. */
static unsigned int pingstat_lost_percent(const struct pingstat *stat)
{
	unsigned int lost = stat->sent - stat->received;

	if (lost == 0)
		return 0;
	return (unsigned int)(((uint64_t)lost * 100 + stat->sent - 1) /
			      stat->sent);
}

int pingstat_format(const struct pingstat *stat, char *buf, size_t size)
{
	int n = hvl_format(buf, size, "%u sent, %u received, %u %% lost",
			   stat->sent, stat->received,
			   pingstat_lost_percent(stat));

	if (stat->received == 0 || n < 0 || (size_t)n >= size)
		return n;
	return n + hvl_format(buf + n, size - (size_t)n,
			      ", min/avg/max %u/%u/%u us", stat->min_us,
			      (unsigned int)(stat->sum_us / stat->received),
			      stat->max_us);
}
