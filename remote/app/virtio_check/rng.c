/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rng.c - entropy, into our own memory and into memory the device reaches
 */
#include "check.h"

#include <stdint.h>
#include <string.h>

#include <hvl/driver/rng.h>

#define RNG_LIVES 3u
#define RNG_READS 20u
#define RNG_SIZE 512u

static struct hvl_drv_rng rng;

/* Of so many bytes all are zero only if nobody wrote them. */
static const char *rng_fill(uint8_t *buf, uint32_t size)
{
	uint32_t have = 0;
	uint8_t any = 0;

	memset(buf, 0, size);
	while (have < size) {
		int rc = hvl_drv_rng_read(&rng, buf + have, size - have);

		if (rc <= 0 || (uint32_t)rc > size - have)
			return "no entropy";
		have += (uint32_t)rc;
	}
	for (uint32_t i = size / 2; i < size; i++)
		any |= buf[i];
	return any ? NULL : "entropy that nobody wrote";
}

static const char *rng_reads(struct hvl_drv_pool *pool)
{
	static uint8_t ours[RNG_SIZE];
	const char *wrong = NULL;
	uint8_t *theirs;
	size_t off;

	if (hvl_drv_pool_alloc(pool, RNG_SIZE, 0, &off) < 0)
		return "no memory";
	theirs = hvl_io_va(&pool->io, off);
	memset(theirs, 0, RNG_SIZE);
	for (unsigned int i = 0; i < RNG_READS && !wrong; i++) {
		wrong = rng_fill(ours, RNG_SIZE);
		if (!wrong && memcmp(ours, theirs, RNG_SIZE) == 0)
			wrong = "the same entropy twice";
		if (!wrong)
			wrong = rng_fill(theirs, RNG_SIZE);
		if (!wrong && memcmp(ours, theirs, RNG_SIZE) == 0)
			wrong = "the same entropy twice";
	}
	hvl_drv_pool_free(pool, off, RNG_SIZE);
	return wrong;
}

const char *check_rng(struct hvl_drv_dev *dev, struct hvl_drv_pool *pool)
{
	unsigned int before = check_interrupts();
	const char *wrong = NULL;
	uint32_t nfree = pool->nfree;

	for (unsigned int i = 0; i < RNG_LIVES && !wrong; i++) {
		if (hvl_drv_rng_start(&rng, dev, pool) < 0)
			return "does not start";
		wrong = rng_reads(pool);
		if (hvl_drv_rng_stop(&rng) < 0)
			return "does not stop";
	}
	if (!wrong && check_interrupts() == before)
		wrong = "never interrupts";
	if (!wrong && pool->nfree != nfree)
		wrong = "keeps memory after its stop";
	return wrong;
}
