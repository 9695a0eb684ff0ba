/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pingstat.h - what came of a series of pings
 */
#ifndef APP_PINGSTAT_H
#define APP_PINGSTAT_H

#include <stddef.h>
#include <stdint.h>

struct pingstat {
	unsigned int sent;
	unsigned int received;
	unsigned int min_us, max_us;
	uint64_t sum_us;
};

/** pingstat_sent() - one more packet is out */
void pingstat_sent(struct pingstat *stat);

/** pingstat_received() - it came back after @us microseconds */
void pingstat_received(struct pingstat *stat, unsigned int us);

/**
 * pingstat_format() - "3 sent, 3 received, 0 % lost, min/avg/max 5/6/7 us"
 *
 * Without an answer there are no times. Return: as hvl_format().
 */
int pingstat_format(const struct pingstat *stat, char *buf, size_t size);

#endif /* APP_PINGSTAT_H */
