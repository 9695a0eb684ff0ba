/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory in order behind two write-back caches that do not see each other.
 *
 * A line comes into a cache when it is accessed, or for no reason; it leaves
 * it when it is dropped, when room is needed, or for no reason. A dirty line
 * is written back whole, over whatever the other side has written to it.
 */
#include "sim_priv.h"

#include <string.h>

#define LINE_MIN 16u
#define LINES (SIM_SIZE / LINE_MIN)
#define CAPACITY 256u /* lines in a cache */
#define RECENT 16u

struct cache_side {
	unsigned char data[SIM_SIZE]; /* of resident lines */
	uint32_t resident[CAPACITY];
	uint32_t count;
	uint32_t where[LINES]; /* place in resident, plus 1; 0: absent */
	bool dirty[LINES];
	uint32_t recent[RECENT]; /* lines used lately, that are prefetched */
	uint32_t recent_at;
};

static struct {
	unsigned char mem[SIM_SIZE];
	struct cache_side side[SIM_SIDES];
	uint32_t line;
	bool strong;	   /* the driver's side has none */
	uint32_t evict;	   /* one line leaves once in so many steps */
	uint32_t prefetch; /* one comes once in so many steps */
} caches;

static void caches_start(const struct sim_config *cfg)
{
	static const uint32_t odds[] = { 3, 20, 200, 5000 };

	memset(&caches, 0, sizeof(caches));
	memset(caches.mem + SIM_UNCACHED, 0xa5, SIM_SIZE - SIM_UNCACHED);
	caches.line = cfg->line;
	caches.strong = cfg->strong;
	caches.evict = odds[sim_dice_(4)];
	caches.prefetch = odds[sim_dice_(4)];
}

/* A line leaves; a dirty one is written back whole. */
static void cache_evict(struct cache_side *s, uint32_t line, bool write_back)
{
	uint32_t at = s->where[line] - 1;

	if (write_back && s->dirty[line])
		memcpy(caches.mem + (size_t)line * caches.line,
		       s->data + (size_t)line * caches.line, caches.line);
	s->dirty[line] = false;
	s->where[line] = 0;
	s->count--;
	if (at != s->count) {
		s->resident[at] = s->resident[s->count];
		s->where[s->resident[at]] = at + 1;
	}
}

static void cache_fetch(struct cache_side *s, uint32_t line)
{
	if (s->where[line] != 0)
		return;
	if (s->count == CAPACITY)
		cache_evict(s, s->resident[sim_dice_(s->count)], true);
	memcpy(s->data + (size_t)line * caches.line,
	       caches.mem + (size_t)line * caches.line, caches.line);
	s->resident[s->count++] = line;
	s->where[line] = s->count;
}

/* Where an access finds its bytes. */
static unsigned char *cache_at(const struct sim_access *a, bool write)
{
	struct cache_side *s = &caches.side[a->side];
	uint32_t line = a->off / caches.line;

	if (a->off < SIM_UNCACHED || (caches.strong && a->side == SIM_DRIVER))
		return caches.mem + a->off;
	cache_fetch(s, line);
	if (write)
		s->dirty[line] = true;
	s->recent[s->recent_at++ % RECENT] = line;
	return s->data + a->off;
}

static uint64_t caches_load(const struct sim_access *a)
{
	uint64_t v = 0;

	memcpy(&v, cache_at(a, false), a->size);
	return v;
}

static void caches_store(const struct sim_access *a, uint64_t v)
{
	if (!sim_trapped_(a->side, a->off, (uint32_t)v))
		memcpy(cache_at(a, true), &v, a->size);
}

static void caches_poke32(uint32_t off, uint32_t v)
{
	memcpy(caches.mem + off, &v, 4);
}

static bool caches_cas32(const struct sim_access *a, uint32_t expected,
			 uint32_t v)
{
	if (caches_load(a) != expected)
		return false;
	caches_store(a, v);
	return true;
}

static void caches_barrier(enum sim_side side, enum sim_barrier what)
{
	(void)side;
	(void)what;
}

static void caches_clean(enum sim_side side, uint32_t off, uint32_t len)
{
	struct cache_side *s = &caches.side[side];
	uint32_t line = off / caches.line, end = off + len;

	for (; line * caches.line < end; line++) {
		if (s->where[line] != 0 && s->dirty[line]) {
			memcpy(caches.mem + (size_t)line * caches.line,
			       s->data + (size_t)line * caches.line,
			       caches.line);
			s->dirty[line] = false;
		}
		sim_yield_();
	}
}

static void caches_invalidate(enum sim_side side, uint32_t off, uint32_t len)
{
	struct cache_side *s = &caches.side[side];
	uint32_t line = off / caches.line, end = off + len;

	for (; line * caches.line < end; line++) {
		if (s->where[line] != 0)
			cache_evict(s, line, false);
		sim_yield_();
	}
}

static void caches_background(void)
{
	uint32_t i;

	for (i = 0; i < SIM_SIDES; i++) {
		struct cache_side *s = &caches.side[i];

		if (s->count != 0 && sim_once_in_(caches.evict))
			cache_evict(s, s->resident[sim_dice_(s->count)], true);
		/* The lines that it is about to use again, or used before. */
		if (s->recent_at >= RECENT && sim_once_in_(caches.prefetch))
			cache_fetch(s, s->recent[sim_dice_(RECENT)]);
	}
}

/* Time alone writes nothing back. */
static bool caches_settle(void)
{
	return false;
}

/*
 * Of the driver all is lost. Of a program that dies what it wrote is in the
 * memory before the next one begins, or is lost; other lines may stay.
 */
static void caches_crash(enum sim_side side)
{
	struct cache_side *s = &caches.side[side];
	uint32_t i = s->count;

	while (i-- != 0) {
		uint32_t line = s->resident[i];

		if (side == SIM_DRIVER)
			cache_evict(s, line, false);
		else if (s->dirty[line] || sim_once_in_(2))
			cache_evict(s, line, sim_once_in_(2));
	}
}

static uint64_t caches_moment(void)
{
	return 0;
}

static void caches_doorbell(enum sim_side side, uint64_t moment)
{
	(void)side;
	(void)moment;
}

const struct sim_memory sim_caches_ = {
	.start = caches_start,
	.load = caches_load,
	.store = caches_store,
	.cas32 = caches_cas32,
	.barrier = caches_barrier,
	.clean = caches_clean,
	.invalidate = caches_invalidate,
	.poke32 = caches_poke32,
	.background = caches_background,
	.settle = caches_settle,
	.crash = caches_crash,
	.moment = caches_moment,
	.doorbell = caches_doorbell,
};
