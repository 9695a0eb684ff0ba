/* SPDX-License-Identifier: BSD-3-Clause */
/* Time, memory, counters and output of the benchmark programs. */
#include "bench.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <math.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BENCH_GRANULE 64u

void bench_die(int status, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(status);
}

void bench_check(int rc, const char *what)
{
	if (rc < 0)
		bench_die(1, "%s: %s", what, strerror(-rc));
}

uint64_t bench_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void bench_pin(int core)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)core, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		bench_die(BENCH_NOT_SUPPORTED, "core %d: %s", core,
			  errno == EINVAL ? "there is none that we may use" :
					    strerror(errno));
}

void *bench_map(size_t size, bool hugepages)
{
	const size_t huge = (size_t)2 << 20;
	int flags = MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE;
	void *va;

	if (hugepages) {
		flags |= MAP_HUGETLB | 21 << MAP_HUGE_SHIFT;
		size = (size + huge - 1) & ~(huge - 1);
	}
	va = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (va == MAP_FAILED && hugepages)
		bench_die(BENCH_NOT_SUPPORTED,
			  "--hugepages: %s; it takes %zu free ones of 2 MB, "
			  "see /proc/sys/vm/nr_hugepages",
			  strerror(errno), size / huge);
	if (va == MAP_FAILED)
		bench_die(1, "%zu bytes of shared memory: %s", size,
			  strerror(errno));
	return va;
}

int bench_cycles_open(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_HW_CPU_CYCLES,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};

	return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1,
			    PERF_FLAG_FD_CLOEXEC);
}

uint64_t bench_cycles_read(int fd)
{
	uint64_t value;

	if (fd < 0 || read(fd, &value, sizeof(value)) != sizeof(value))
		return 0;
	return value;
}

static int bench_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double bench_median(double *values, size_t count)
{
	if (count == 0)
		return 0;
	qsort(values, count, sizeof(*values), bench_compare);
	return values[count / 2];
}

void bench_json_begin(const char *name)
{
	printf("{\"bench\": \"%s\"", name);
}

void bench_json_string(const char *key, const char *value)
{
	printf(", \"%s\": \"%s\"", key, value);
}

void bench_json_int(const char *key, uint64_t value)
{
	printf(", \"%s\": %llu", key, (unsigned long long)value);
}

void bench_json_null(const char *key)
{
	printf(", \"%s\": null", key);
}

void bench_json_real(const char *key, double value)
{
	if (isfinite(value))
		printf(", \"%s\": %.6g", key, value);
	else
		bench_json_null(key);
}

void bench_json_end(void)
{
	printf("}\n");
	fflush(stdout);
}

void bench_pool_init(struct bench_pool *p, const struct hvl_io *io)
{
	size_t words = (size_t)HVL_DRV_POOL_MAP_WORDS(io->size, BENCH_GRANULE);

	p->map = calloc(words, sizeof(*p->map));
	if (!p->map)
		bench_die(1, "out of memory");
	bench_check(
		hvl_drv_pool_init(&p->pool, io, BENCH_GRANULE, p->map, words),
		"pool");
}
