/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sim.h - a machine of two processors that share memory, and little else
 *
 * Each side runs as a coroutine and sees the shared memory through a view of
 * its own; at every access the other side may get its turn. Two kinds exist:
 *
 * weak     The memory is coherent. Plain stores wait in a buffer and leave it
 *          in any order, except to one place; loads return any value that the
 *          place has held since this side's last acquire load or barrier, but
 *          never an older one than it has seen or written.
 * caches   In order, but each side has a write-back cache that the other does
 *          not look into. Lines are fetched and evicted at random moments.
 *
 * Doorbells are late, merge, come twice or, unless strict, not at all. All
 * that is random comes from one seed.
 *
 * When the driver's side dies its processor is reset; of the device's side it
 * is a program that dies, while its processor goes on.
 */
#ifndef SIM_H
#define SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_SIZE 0x40000u
#define SIM_DA UINT64_C(0x37000000)
#define SIM_UNCACHED 0x1000u /* at the start: register blocks */

enum sim_side {
	SIM_DRIVER,
	SIM_DEVICE,
	SIM_SIDES
};
enum sim_kind {
	SIM_WEAK,
	SIM_CACHES
};
enum sim_how {
	SIM_PLAIN,
	SIM_ORDERED
};
enum sim_barrier {
	SIM_MB,
	SIM_RMB,
	SIM_WMB
};

/* An ordering or cache operation in the library's source. */
struct sim_site {
	const char *file;
	const char *function;
	const char *accessor;
	int line;
};

struct sim_config {
	enum sim_kind kind;
	uint32_t line; /* bytes of a cache line; caches only */
	/*
	 * No doorbell is lost and no timer fires: a wake-up that is lost for
	 * another reason stops the machine, which is a failure.
	 */
	bool strict;
	/*
	 * The driver's side has the memory strongly ordered and uncached, as
	 * one that knows no barriers needs it.
	 */
	bool strong;
	/*
	 * The driver's side dies now and then, and its function starts anew:
	 * once in so many accesses of its. 0: never.
	 */
	uint32_t crash;
	/*
	 * Called at the moment at which a store of the driver's to a word of
	 * the register blocks arrives: what it changes is what it pokes.
	 * NULL: they are memory.
	 */
	void (*trap)(uint32_t off, uint32_t v);
	uint64_t seed;
	uint64_t max_steps; /* accesses, after which it counts as endless */
	const struct sim_site *skip; /* operation without effect, or NULL */
};

/**
 * sim_run() - run both sides until the driver's function returns
 * Return: NULL, or what went wrong, valid until the next run.
 */
const char *sim_run(const struct sim_config *cfg, void (*driver)(void),
		    void (*device)(void));

/** sim_steps() - accesses of both sides in the last run */
uint64_t sim_steps(void);

/* ---- for code that runs on a side ------------------------------------- */

/** sim_view() - where a side has the shared memory */
unsigned char *sim_view(enum sim_side side);

/** sim_fail() - end the run: this went wrong. Does not return. */
void sim_fail(const char *fmt, ...)
	__attribute__((format(printf, 1, 2), noreturn));

/** sim_random() - 0 to @n - 1; not the machine's own series */
uint32_t sim_random(uint32_t n);

/** sim_now_us() - simulated time; the other side may get its turn */
uint64_t sim_now_us(void);

/** sim_ring() - ring the other side's doorbell */
void sim_ring(enum sim_side to);

/** sim_wait() - sleep until a doorbell, until the time, or for no reason */
void sim_wait(uint64_t until_us);

/** sim_die() - this side dies, and its function starts anew */
void sim_die(void) __attribute__((noreturn));

/** sim_die_in() - it does before its @n-th access from now on; 0: never */
void sim_die_in(uint32_t n);

/* ---- for a trap, which runs on the driver's side ---------------------- */

/** sim_poke32() - a word of a register block changes, for all to see */
void sim_poke32(uint32_t off, uint32_t v);

/** sim_trap_ring() - sim_ring(), and nobody else gets a turn */
void sim_trap_ring(enum sim_side to);

/** sim_trap_taken() - the device's side sees all that arrived before */
void sim_trap_taken(void);

/* ---- the port --------------------------------------------------------- */

uint64_t sim_load(const volatile void *p, unsigned int size, enum sim_how how);
void sim_store(volatile void *p, unsigned int size, uint64_t v,
	       enum sim_how how);
bool sim_cas32(volatile void *p, uint32_t expected, uint32_t v);
void sim_barrier(enum sim_barrier what);
void sim_clean(const volatile void *va, size_t len);
void sim_invalidate(const volatile void *va, size_t len);

/* ---- sites ------------------------------------------------------------ */

/** sim_at() - the library comes to a site; the next operation is its */
void sim_at(const struct sim_site *site);

/** sim_expect_site() - fail unless the operation that follows has one */
void sim_expect_site(void);

/** sim_site_same() - whether both are one place; headers are compiled often */
bool sim_site_same(const struct sim_site *a, const struct sim_site *b);

/**
 * sim_site_list() - all sites of the library, ordered by file and place
 * Return: how many; at most @max are filled in.
 */
size_t sim_site_list(const struct sim_site **sites, size_t max);

/**
 * sim_site_name() - "driver/vq.c:vq_publish:clean:2", the second one there
 *
 * Independent of line numbers.
 */
void sim_site_name(const struct sim_site *site, char *name, size_t size);

#endif /* SIM_H */
