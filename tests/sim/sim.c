/* SPDX-License-Identifier: BSD-3-Clause */
/* The simulated machine: turns, time, doorbells, and the port. */
#include "sim_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define STACK (256u << 10)
#define BELLS 8u
#define NEVER UINT64_MAX
#define STEPS_PER_US 8u

struct machine_side {
	ucontext_t ctx;
	unsigned char *view;
	void (*run)(void);
	bool asleep;
	uint64_t until_us;
	bool rung;
	uint64_t moment; /* of the latest doorbell that arrived */
	uint32_t die_in; /* accesses; 0: never */
};

/* A doorbell on its way. */
struct machine_bell {
	enum sim_side to;
	uint64_t due_us;
	uint64_t moment;
};

static struct {
	struct sim_config cfg;
	const struct sim_memory *mem;
	ucontext_t main;
	struct machine_side side[SIM_SIDES];
	enum sim_side now; /* whose turn it is */
	bool running;
	const struct sim_site *site; /* that the next operation belongs to */
	uint64_t dice, random;
	uint64_t steps, us;
	struct machine_bell bell[BELLS];
	uint32_t bells;
	uint32_t turn; /* the other side's turn comes once in so many steps */
	uint32_t late; /* a doorbell takes up to so many us */
	uint32_t lost; /* one is lost once in so many, or 0 */
	bool failed;
	bool crashed;
	char why[240];
} m;

static unsigned char stacks[SIM_SIDES][STACK] __attribute__((aligned(64)));

static uint64_t series(uint64_t *state)
{
	/* splitmix64 */
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint32_t sim_dice_(uint32_t n)
{
	return (uint32_t)((series(&m.dice) >> 32) * n >> 32);
}

uint32_t sim_random(uint32_t n)
{
	return (uint32_t)((series(&m.random) >> 32) * n >> 32);
}

uint64_t sim_steps(void)
{
	return m.steps;
}

unsigned char *sim_view(enum sim_side side)
{
	return m.side[side].view;
}

void sim_fail(const char *fmt, ...)
{
	enum sim_side me = m.now;
	va_list ap;
	int n;

	m.failed = true;
	n = snprintf(m.why, sizeof(m.why),
		     "%s: ", me == SIM_DRIVER ? "driver" : "device");
	va_start(ap, fmt);
	(void)vsnprintf(m.why + n, sizeof(m.why) - (size_t)n, fmt, ap);
	va_end(ap);
	m.running = false;
	(void)swapcontext(&m.side[me].ctx, &m.main);
	abort(); /* nobody comes back to a side that failed */
}

/* ---- turns and time --------------------------------------------------- */

static void switch_to(enum sim_side to)
{
	enum sim_side me = m.now;

	if (to == me)
		return;
	m.now = to;
	(void)swapcontext(&m.side[me].ctx, &m.side[to].ctx);
}

static void bells_arrive(void)
{
	uint32_t i = 0;

	while (i < m.bells) {
		struct machine_bell *b = &m.bell[i];
		struct machine_side *s = &m.side[b->to];

		if (b->due_us > m.us) {
			i++;
			continue;
		}
		s->rung = true;
		s->asleep = false;
		if (b->moment > s->moment)
			s->moment = b->moment;
		*b = m.bell[--m.bells];
	}
}

static void timers_fire(void)
{
	uint32_t i;

	for (i = 0; i < SIM_SIDES; i++) {
		if (m.side[i].until_us <= m.us)
			m.side[i].asleep = false;
	}
}

static void pass_time(void)
{
	m.us++;
	bells_arrive();
	timers_fire();
}

/* Nobody is awake: time passes up to the next thing that happens. */
static void skip_time(void)
{
	uint64_t bell = NEVER, timer = NEVER;
	uint32_t i;

	for (i = 0; i < m.bells; i++)
		bell = m.bell[i].due_us < bell ? m.bell[i].due_us : bell;
	for (i = 0; i < SIM_SIDES; i++)
		timer = m.side[i].until_us < timer ? m.side[i].until_us : timer;
	/* A doorbell may overtake what is on its way; a timer is slow. */
	m.mem->background();
	if (bell == NEVER || timer < bell)
		(void)m.mem->settle();
	if (bell == NEVER && timer == NEVER)
		sim_fail("both sides sleep, and nothing will wake them");
	m.us = bell < timer ? bell : timer;
	bells_arrive();
	timers_fire();
}

/* sim_run() starts it anew. */
void sim_die(void)
{
	m.mem->crash(m.now);
	m.crashed = true;
	(void)swapcontext(&m.side[m.now].ctx, &m.main);
	abort(); /* nobody comes back to a side that died */
}

void sim_die_in(uint32_t n)
{
	m.side[m.now].die_in = n;
}

static bool must_die(void)
{
	struct machine_side *s = &m.side[m.now];

	if (s->die_in != 0 && --s->die_in == 0)
		return true;
	return m.now == SIM_DRIVER && m.cfg.crash != 0 &&
	       sim_once_in_(m.cfg.crash);
}

void sim_yield_(void)
{
	enum sim_side other = m.now == SIM_DRIVER ? SIM_DEVICE : SIM_DRIVER;

	if (!m.running)
		return;
	if (++m.steps > m.cfg.max_steps)
		sim_fail("no end after %llu accesses",
			 (unsigned long long)m.steps);
	if (m.steps % STEPS_PER_US == 0)
		pass_time();
	m.mem->background();
	if (must_die())
		sim_die();
	if (!m.side[other].asleep && sim_once_in_(m.turn))
		switch_to(other);
}

/* Looking at the clock takes time, so that a side that spins gets on. */
uint64_t sim_now_us(void)
{
	pass_time();
	sim_yield_();
	return m.us;
}

void sim_wait(uint64_t until_us)
{
	enum sim_side me = m.now;
	enum sim_side other = me == SIM_DRIVER ? SIM_DEVICE : SIM_DRIVER;
	struct machine_side *s = &m.side[me];

	if (!s->rung && (m.cfg.strict || !sim_once_in_(50))) {
		s->until_us = m.cfg.strict ? NEVER : until_us;
		s->asleep = s->until_us > m.us;
		while (s->asleep) {
			if (!m.side[other].asleep)
				switch_to(other);
			else
				skip_time();
		}
		s->until_us = NEVER;
	}
	if (s->rung) {
		s->rung = false;
		m.mem->doorbell(me, s->moment);
	}
}

/* A new one, or none where another one is on its way that stands for it. */
static void bell_send(enum sim_side to)
{
	uint32_t i, n = 0;

	for (i = 0; i < m.bells; i++) {
		if (m.bell[i].to != to)
			continue;
		if (++n == BELLS / SIM_SIDES || sim_once_in_(2)) {
			m.bell[i].moment = m.mem->moment();
			return;
		}
	}
	m.bell[m.bells++] = (struct machine_bell){
		.to = to,
		.due_us = m.us + sim_dice_(m.late),
		.moment = m.mem->moment(),
	};
}

void sim_ring(enum sim_side to)
{
	sim_yield_();
	sim_trap_ring(to);
}

void sim_trap_ring(enum sim_side to)
{
	if (m.lost != 0 && sim_once_in_(m.lost))
		return;
	bell_send(to);
	if (sim_once_in_(8))
		bell_send(to);
}

bool sim_trapped_(enum sim_side side, uint32_t off, uint32_t v)
{
	if (!m.cfg.trap || side != SIM_DRIVER || off >= SIM_UNCACHED)
		return false;
	m.cfg.trap(off, v);
	return true;
}

void sim_poke32(uint32_t off, uint32_t v)
{
	m.mem->poke32(off, v);
}

void sim_trap_taken(void)
{
	m.mem->doorbell(SIM_DEVICE, m.mem->moment());
}

/* ---- the port --------------------------------------------------------- */

void sim_at(const struct sim_site *site)
{
	m.site = site;
}

void sim_expect_site(void)
{
	if (!m.site)
		sim_fail("an accessor that sim_sites.h does not number");
}

bool sim_site_same(const struct sim_site *a, const struct sim_site *b)
{
	return a == b ||
	       (a->line == b->line && strcmp(a->accessor, b->accessor) == 0 &&
		strcmp(a->file, b->file) == 0);
}

/* Whether the operation that begins has its effect. */
static bool take_site(void)
{
	const struct sim_site *site = m.site;

	m.site = NULL;
	return !site || !m.cfg.skip || !sim_site_same(site, m.cfg.skip);
}

static bool in_view(enum sim_side side, const volatile void *p, size_t len)
{
	uintptr_t off = (uintptr_t)p - (uintptr_t)m.side[side].view;

	return off <= SIM_SIZE && len <= SIM_SIZE - off;
}

static uint32_t off_in(enum sim_side side, const volatile void *p, size_t len)
{
	if (!in_view(side, p, len))
		sim_fail("%p is not in this side's view", (const void *)p);
	return (uint32_t)((uintptr_t)p - (uintptr_t)m.side[side].view);
}

/* The journal of a device is written with the same accessors. */
static bool is_private(const volatile void *p, size_t len)
{
	return !in_view(SIM_DRIVER, p, len) && !in_view(SIM_DEVICE, p, len);
}

static struct sim_access access_to(const volatile void *p, unsigned int size,
				   bool ordered)
{
	struct sim_access a = { m.now, off_in(m.now, p, size), size, ordered };

	if ((a.off & (size - 1)) != 0)
		sim_fail("unaligned access at 0x%x", (unsigned int)a.off);
	return a;
}

uint64_t sim_load(const volatile void *p, unsigned int size, enum sim_how how)
{
	bool effect = how == SIM_PLAIN || take_site();
	struct sim_access a;
	uint64_t v = 0;

	if (is_private(p, size)) {
		memcpy(&v, (const void *)(uintptr_t)p, size);
		return v;
	}
	a = access_to(p, size, effect && how == SIM_ORDERED);
	sim_yield_();
	return m.mem->load(&a);
}

void sim_store(volatile void *p, unsigned int size, uint64_t v,
	       enum sim_how how)
{
	bool effect = how == SIM_PLAIN || take_site();
	struct sim_access a;

	if (is_private(p, size)) {
		memcpy((void *)(uintptr_t)p, &v, size);
		return;
	}
	a = access_to(p, size, effect && how == SIM_ORDERED);
	sim_yield_();
	m.mem->store(&a, v);
}

bool sim_cas32(volatile void *p, uint32_t expected, uint32_t v)
{
	struct sim_access a = access_to(p, 4, take_site());

	sim_yield_();
	return m.mem->cas32(&a, expected, v);
}

void sim_barrier(enum sim_barrier what)
{
	if (!take_site())
		return;
	sim_yield_();
	m.mem->barrier(m.now, what);
}

void sim_clean(const volatile void *va, size_t len)
{
	uint32_t off = off_in(m.now, va, len);

	if (take_site())
		m.mem->clean(m.now, off, (uint32_t)len);
}

void sim_invalidate(const volatile void *va, size_t len)
{
	uint32_t off = off_in(m.now, va, len);

	if (take_site())
		m.mem->invalidate(m.now, off, (uint32_t)len);
}

/* ---- a run ------------------------------------------------------------ */

static void side_entry(int side)
{
	m.side[side].run();
	if (side != SIM_DRIVER)
		sim_fail("the device's function returned");
	m.running = false;
	(void)swapcontext(&m.side[side].ctx, &m.main);
}

static void side_start(enum sim_side side, void (*run)(void))
{
	static const char names[SIM_SIDES][8] = { "driver", "device" };
	struct machine_side *s = &m.side[side];
	unsigned char *view = s->view;

	if (!view) {
		view = mmap(NULL, SIM_SIZE, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (view == MAP_FAILED) {
			perror(names[side]);
			exit(1);
		}
	}
	*s = (struct machine_side){ .view = view, .run = run };
	s->until_us = NEVER;
	(void)getcontext(&s->ctx);
	s->ctx.uc_stack.ss_sp = stacks[side];
	s->ctx.uc_stack.ss_size = STACK;
	makecontext(&s->ctx, (void (*)(void))side_entry, 1, (int)side);
}

/* How the machine behaves follows from the seed too. */
static void choose_temper(void)
{
	static const uint32_t turns[] = { 2, 5, 20, 100 };
	static const uint32_t lates[] = { 1, 10, 100, 3000 };
	static const uint32_t losses[] = { 0, 2, 10, 100 };

	m.turn = turns[sim_dice_(4)];
	m.late = lates[sim_dice_(4)];
	m.lost = losses[sim_dice_(4)];
	if (m.cfg.strict)
		m.lost = 0;
}

const char *sim_run(const struct sim_config *cfg, void (*driver)(void),
		    void (*device)(void))
{
	m.cfg = *cfg;
	m.mem = cfg->kind == SIM_WEAK ? &sim_weak_ : &sim_caches_;
	m.dice = cfg->seed;
	m.random = cfg->seed ^ UINT64_C(0x5851f42d4c957f2d);
	m.steps = 0;
	m.us = 0;
	m.bells = 0;
	m.site = NULL;
	m.failed = false;
	m.mem->start(cfg);
	choose_temper();
	side_start(SIM_DRIVER, driver);
	side_start(SIM_DEVICE, device);
	m.now = SIM_DRIVER;
	m.running = true;
	do {
		m.crashed = false;
		(void)swapcontext(&m.main, &m.side[m.now].ctx);
		if (m.crashed)
			side_start(m.now, m.side[m.now].run);
	} while (m.crashed);
	return m.failed ? m.why : NULL;
}
