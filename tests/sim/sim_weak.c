/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Weakly ordered, coherent memory.
 *
 * Time is the number of stores that have reached the memory. The last values
 * of each cell of eight bytes are kept with their times: a load is performed
 * at some time between its side's horizon and now. Barriers and acquire loads
 * move the horizon to where earlier accesses were performed, and no further:
 * they order, they do not refresh.
 */
#include "sim_priv.h"

#include <string.h>

#define CELLS (SIM_SIZE / 8u)
#define VERSIONS 8u
#define BUFFER 24u

struct weak_version {
	uint64_t time;
	uint64_t value;
};

struct weak_cell {
	struct weak_version v[VERSIONS]; /* a ring, newest at [at] */
	uint32_t at, count;
};

/* A store on its way. */
struct weak_store {
	uint64_t value; /* in place within the cell */
	uint64_t mask;
	uint32_t off, size;
	uint32_t epoch; /* store barriers before it */
	bool release;
};

struct weak_side {
	struct weak_store buf[BUFFER]; /* in program order */
	uint32_t count;
	uint32_t epoch;
	uint64_t horizon;	  /* no load is performed before */
	uint64_t last_load;	  /* latest time of any load */
	uint64_t last_own;	  /* when its latest store reached the memory */
	uint64_t floor[SIM_SIZE]; /* per byte: what was seen or written */
};

static struct {
	struct weak_cell cell[CELLS];
	struct weak_side side[SIM_SIDES];
	uint64_t now;
	bool strong;	/* of the driver's side nothing waits */
	uint32_t lazy;	/* a store leaves by itself once in so many steps */
	uint32_t stale; /* a load is fresh once in so many */
} weak;

static uint64_t max64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t weak_mask(uint32_t off, unsigned int size)
{
	uint64_t bytes = size == 8 ? UINT64_MAX : (UINT64_C(1) << 8 * size) - 1;

	return bytes << 8 * (off & 7u);
}

static void weak_start(const struct sim_config *cfg)
{
	static const uint32_t lazy[] = { 2, 8, 40, 200 };
	uint32_t i;

	memset(&weak, 0, sizeof(weak));
	weak.strong = cfg->strong;
	weak.lazy = lazy[sim_dice_(4)];
	weak.stale = 1 + sim_dice_(4);
	for (i = 0; i < CELLS; i++) {
		weak.cell[i].count = 1;
		/* Nobody may count on zeroes, but in the registers. */
		if (i >= SIM_UNCACHED / 8)
			weak.cell[i].v[0].value = UINT64_C(0xa5a5a5a5a5a5a5a5);
	}
}

static struct weak_version *weak_newest(uint32_t off)
{
	struct weak_cell *c = &weak.cell[off / 8];

	return &c->v[c->at];
}

static bool weak_is_strong(enum sim_side side)
{
	return weak.strong && side == SIM_DRIVER;
}

/* A store reaches the memory. */
static void weak_perform(struct weak_side *s, const struct weak_store *st)
{
	struct weak_cell *c = &weak.cell[st->off / 8];
	uint64_t old = c->v[c->at].value;
	uint32_t i;

	if (sim_trapped_((enum sim_side)(s - weak.side), st->off,
			 (uint32_t)(st->value >> 8 * (st->off & 7u)))) {
		s->last_own = weak.now;
		return;
	}
	weak.now++;
	c->at = (c->at + 1) % VERSIONS;
	if (c->count < VERSIONS)
		c->count++;
	c->v[c->at].time = weak.now;
	c->v[c->at].value = (old & ~st->mask) | st->value;
	for (i = 0; i < st->size; i++)
		s->floor[st->off + i] = weak.now;
	s->last_own = weak.now;
}

/* Whether nothing before it in the buffer holds a store back. */
static bool weak_may_leave(const struct weak_side *s, uint32_t i)
{
	const struct weak_store *st = &s->buf[i];
	uint32_t k;

	if (st->release || st->epoch != s->buf[0].epoch)
		return i == 0;
	for (k = 0; k < i; k++) {
		if (s->buf[k].off / 8 == st->off / 8 &&
		    (s->buf[k].mask & st->mask) != 0)
			return false;
	}
	return true;
}

static void weak_leave(struct weak_side *s, uint32_t i)
{
	weak_perform(s, &s->buf[i]);
	s->count--;
	memmove(&s->buf[i], &s->buf[i + 1], (s->count - i) * sizeof(s->buf[0]));
}

/* Let one store go, any one that may. */
static void weak_leave_any(struct weak_side *s)
{
	uint32_t i = sim_dice_(s->count);

	/* The first one always may. */
	while (!weak_may_leave(s, i))
		i--;
	weak_leave(s, i);
}

static void weak_drain(struct weak_side *s)
{
	while (s->count != 0) {
		weak_leave_any(s);
		sim_yield_();
	}
}

static void weak_poke32(uint32_t off, uint32_t v)
{
	struct weak_store st = {
		.value = (uint64_t)v << 8 * (off & 7u),
		.mask = weak_mask(off, 4),
		.off = off,
		.size = 4,
	};

	weak_perform(&weak.side[SIM_DEVICE], &st);
}

static void weak_background(void)
{
	uint32_t i;

	for (i = 0; i < SIM_SIDES; i++) {
		if (weak.side[i].count != 0 && sim_once_in_(weak.lazy))
			weak_leave_any(&weak.side[i]);
	}
}

static bool weak_settle(void)
{
	bool any = false;
	uint32_t i;

	for (i = 0; i < SIM_SIDES; i++) {
		while (weak.side[i].count != 0) {
			weak_leave_any(&weak.side[i]);
			any = true;
		}
	}
	return any;
}

/*
 * The value to read: mostly any that the place has held since @since. The one
 * that held at that moment is the oldest of them.
 */
static const struct weak_version *weak_choose(const struct weak_cell *c,
					      uint64_t since)
{
	uint32_t n = 1;

	if (sim_once_in_(weak.stale))
		return &c->v[c->at];
	while (n < c->count &&
	       c->v[(c->at + VERSIONS - n + 1) % VERSIONS].time > since)
		n++;
	return &c->v[(c->at + VERSIONS - sim_dice_(n)) % VERSIONS];
}

static uint64_t weak_load(const struct sim_access *a)
{
	struct weak_side *s = &weak.side[a->side];
	const struct weak_version *v;
	uint64_t since = s->horizon, mask = weak_mask(a->off, a->size);
	uint64_t value, own = 0;
	uint32_t i;

	for (i = 0; i < a->size; i++)
		since = max64(since, s->floor[a->off + i]);
	v = weak_is_strong(a->side) ?
		    weak_newest(a->off) :
		    weak_choose(&weak.cell[a->off / 8], since);
	value = v->value;
	for (i = 0; i < a->size; i++)
		s->floor[a->off + i] = max64(since, v->time);
	for (i = 0; i < s->count; i++) {
		if (s->buf[i].off / 8 != a->off / 8)
			continue;
		value = (value & ~s->buf[i].mask) | s->buf[i].value;
		own |= s->buf[i].mask;
	}
	/* What comes from our own buffer says nothing about the memory. */
	if (mask & ~own) {
		s->last_load = max64(s->last_load, max64(since, v->time));
		if (a->ordered)
			s->horizon = max64(s->horizon, max64(since, v->time));
	}
	return (value & mask) >> 8 * (a->off & 7u);
}

static void weak_store(const struct sim_access *a, uint64_t v)
{
	struct weak_side *s = &weak.side[a->side];

	if (s->count == BUFFER)
		weak_leave_any(s);
	s->buf[s->count++] = (struct weak_store){
		.value = v << 8 * (a->off & 7u),
		.mask = weak_mask(a->off, a->size),
		.off = a->off,
		.size = a->size,
		.epoch = s->epoch,
		.release = a->ordered,
	};
	if (weak_is_strong(a->side))
		weak_leave_any(s);
}

/* Ordered after all that is earlier, but nothing later after it. */
static bool weak_cas32(const struct sim_access *a, uint32_t expected,
		       uint32_t v)
{
	struct weak_side *s = &weak.side[a->side];
	struct weak_store st = {
		.value = (uint64_t)v << 8 * (a->off & 7u),
		.mask = weak_mask(a->off, a->size),
		.off = a->off,
		.size = a->size,
	};
	uint32_t i, found;

	if (a->ordered)
		weak_drain(s);
	for (i = 0; i < s->count; i++) {
		if (s->buf[i].off == a->off) {
			weak_drain(s);
			break;
		}
	}
	s->last_load = max64(s->last_load, weak_newest(a->off)->time);
	found = (uint32_t)((weak_newest(a->off)->value & st.mask) >>
			   8 * (a->off & 7u));
	if (found != expected)
		return false;
	weak_perform(s, &st);
	return true;
}

static void weak_barrier(enum sim_side side, enum sim_barrier what)
{
	struct weak_side *s = &weak.side[side];

	switch (what) {
	case SIM_MB:
		weak_drain(s);
		s->horizon = max64(s->horizon, s->last_own);
		s->horizon = max64(s->horizon, s->last_load);
		break;
	case SIM_RMB:
		s->horizon = max64(s->horizon, s->last_load);
		break;
	case SIM_WMB:
		s->epoch++;
		break;
	}
}

/* Coherent: nothing to write back, nothing to drop. */
static void weak_maintain(enum sim_side side, uint32_t off, uint32_t len)
{
	(void)side;
	(void)off;
	(void)len;
}

/*
 * What it has stored is on its way, and arrives. From the end of one program to
 * the start of the next there are full barriers in plenty.
 */
static void weak_crash(enum sim_side side)
{
	struct weak_side *s = &weak.side[side];

	while (s->count != 0)
		weak_leave_any(s);
	if (side == SIM_DEVICE)
		weak_barrier(side, SIM_MB);
}

static uint64_t weak_moment(void)
{
	return weak.now;
}

static void weak_doorbell(enum sim_side side, uint64_t moment)
{
	weak.side[side].horizon = max64(weak.side[side].horizon, moment);
}

const struct sim_memory sim_weak_ = {
	.start = weak_start,
	.load = weak_load,
	.store = weak_store,
	.cas32 = weak_cas32,
	.barrier = weak_barrier,
	.clean = weak_maintain,
	.invalidate = weak_maintain,
	.poke32 = weak_poke32,
	.background = weak_background,
	.settle = weak_settle,
	.crash = weak_crash,
	.moment = weak_moment,
	.doorbell = weak_doorbell,
};
