/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bench.h - what the benchmark programs have in common
 *
 * Each program measures one thing and prints one line of JSON. Exit status: 0;
 * 1 when something failed; 2 for bad arguments; 77 for what is not supported
 * (yet, or by this machine). All but a result is said on stderr.
 */
#ifndef HVL_BENCH_H
#define HVL_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvl/driver/pool.h>
#include <hvl/metal/compiler.h>
#include <hvl/metal/io.h>

#define BENCH_LINE 128u /* apart enough for caches that fetch line pairs */
#define BENCH_NOT_SUPPORTED 77

/* ---- options.c -------------------------------------------------------- */

enum bench_opt_kind {
	BENCH_OPT_FLAG,	  /* bool */
	BENCH_OPT_NUM,	  /* unsigned int, from min to max */
	BENCH_OPT_REAL,	  /* double: seconds */
	BENCH_OPT_CHOICE, /* unsigned int: index into choices */
	BENCH_OPT_STRING, /* const char * */
};

struct bench_opt {
	const char *name; /* "--size"; its value follows, or "=" and it */
	const char *help;
	enum bench_opt_kind kind;
	void *value;
	unsigned int min, max;
	const char *const *choices; /* ends with NULL */
};

/** bench_options() - parse; prints and exits on --help and bad arguments */
void bench_options(int argc, char **argv, const char *purpose,
		   const struct bench_opt *opts, size_t count);

/* Split and packed, as --ring has them. */
extern const char *const bench_rings[];
#define BENCH_SPLIT 0u
#define BENCH_PACKED 1u

/**
 * bench_features() - feature mask of a ring and a list of names
 * @ring: BENCH_SPLIT or BENCH_PACKED
 * @list: names as in the standard, lower case, with commas; "": none
 *
 * Ends the program when a name is not known.
 */
uint64_t bench_features(unsigned int ring, const char *list);

/** bench_check_num() - end the program unless a ring can have that size */
void bench_check_num(unsigned int num);

/** bench_cores() - "0,1": the driver's and the device's core; ends if bad */
void bench_cores(const char *text, int cores[2]);

/* ---- bench.c ---------------------------------------------------------- */

/** bench_die() - one line on stderr, then exit */
void bench_die(int status, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));

/** bench_check() - end the program when a library call failed */
void bench_check(int rc, const char *what);

/** bench_now_ns() - monotonic */
uint64_t bench_now_ns(void);

/** bench_pin() - this process runs on one core from here on */
void bench_pin(int core);

/** bench_map() - zeroed memory shared with children, all pages there; ends if
 * there is not so much */
void *bench_map(size_t size, bool hugepages);

/** bench_cycles_open() - a counter of this process's cycles; -1: none here */
int bench_cycles_open(void);

/** bench_cycles_read() - cycles so far; 0 when there is no counter */
uint64_t bench_cycles_read(int fd);

/** bench_median() - of an array, which is sorted by that */
double bench_median(double *values, size_t count);

/* One line of JSON: begin, fields, end. */
void bench_json_begin(const char *name);
void bench_json_string(const char *key, const char *value);
void bench_json_int(const char *key, uint64_t value);
/* null where it is no number: nothing was measured. */
void bench_json_real(const char *key, double value);
void bench_json_null(const char *key);
void bench_json_end(void);

/* The driver's pool over shared memory, with storage for its books. */
struct bench_pool {
	struct hvl_drv_pool pool;
	uint32_t *map;
};

/** bench_pool_init() - hand out all of @io in granules of a cache line */
void bench_pool_init(struct bench_pool *p, const struct hvl_io *io);

static inline void bench_relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

#endif /* HVL_BENCH_H */
