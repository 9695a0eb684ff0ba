/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A remote whose memory the main processor reaches through a cache: what it
 * loads is written back before the core starts, what the core wrote is not
 * taken from the cache.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <hvl/remoteproc/rproc.h>

#include "elf_builder.h"
#include "rsc_builder.h"

#define RAM_DA 0x1000u
#define RAM_SIZE 0x3000u
#define TRACE_DA 0x3000u
#define TRACE_SIZE 32u

static _Alignas(8) uint8_t ram[RAM_SIZE];
static uint8_t cleaned[RAM_SIZE], dropped[RAM_SIZE];
static bool started;
static struct elf_spec spec;
static struct elf_file file;
static struct rsc_spec table;
static struct hvl_rproc rproc;

static void mark(uint8_t *map, const volatile void *va, size_t len)
{
	uintptr_t at = (uintptr_t)va - (uintptr_t)ram;

	if (at < RAM_SIZE && len <= RAM_SIZE - at)
		memset(map + at, 1, len);
}

void cache_clean(const volatile void *va, size_t len)
{
	assert_false(started);
	mark(cleaned, va, len);
}

void cache_invalidate(const volatile void *va, size_t len)
{
	mark(dropped, va, len);
}

static bool all(const uint8_t *map, uint64_t da, uint64_t len)
{
	for (uint64_t i = 0; i < len; i++)
		if (!map[da - RAM_DA + i])
			return false;
	return true;
}

static bool fake_memory(struct hvl_rproc *r, uint64_t da, uint64_t len,
			struct hvl_io *io)
{
	(void)r;
	(void)da;
	(void)len;
	*io = (struct hvl_io){ .va = ram, .da = RAM_DA, .size = RAM_SIZE };
	return true;
}

static int fake_start(struct hvl_rproc *r, uint64_t entry,
		      struct hvl_rproc_error *err)
{
	(void)r;
	(void)entry;
	(void)err;
	for (unsigned int i = 0; i < spec.nsegments; i++)
		assert_true(all(cleaned, spec.segments[i].da,
				spec.segments[i].memsz));
	started = true;
	return 0;
}

static int fake_stop(struct hvl_rproc *r, struct hvl_rproc_error *err)
{
	(void)r;
	(void)err;
	started = false;
	return 0;
}

static const struct hvl_rproc_ops fake_ops = {
	.memory = fake_memory,
	.start = fake_start,
	.stop = fake_stop,
};

static int load(void)
{
	static const struct hvl_rsc_boot boot = { .shm_da = 0x8000,
						  .shm_size = 0x1000 };
	const struct hvl_rproc_config cfg = { .name = "r0",
					      .ops = &fake_ops,
					      .machine = HVL_ELF_MACHINE_ARM };
	struct hvl_rproc_error err;

	elf_build(&spec, &file);
	hvl_rproc_init(&rproc, &cfg);
	return hvl_rproc_load(&rproc, file.bytes, file.size, &boot, &err);
}

static int setup(void **state)
{
	(void)state;
	started = false;
	memset(cleaned, 0, sizeof(cleaned));
	memset(dropped, 0, sizeof(dropped));
	elf_spec_init(&spec, false, HVL_ELF_MACHINE_ARM);
	rsc_new(&table, 2);
	rsc_add_area(&table, HVL_RSC_TRACE, TRACE_DA, TRACE_SIZE, "trace");
	rsc_add_hvl(&table);
	spec.table = table.words;
	spec.table_size = table.used * 4;
	return 0;
}

static void rproc_cache_is_clean_before_the_core_starts(void **state)
{
	struct hvl_rproc_error err;

	(void)state;
	assert_int_equal(load(), 0);
	assert_int_equal(hvl_rproc_start(&rproc, &err), 0);
	assert_true(started);
	/* Twice: what the first life left in the cache is no excuse. */
	assert_int_equal(hvl_rproc_stop(&rproc, &err), 0);
	memset(cleaned, 0, sizeof(cleaned));
	assert_int_equal(hvl_rproc_start(&rproc, &err), 0);
}

static void rproc_cache_is_dropped_before_reading(void **state)
{
	struct hvl_rsc_report report;
	struct hvl_rproc_error err;
	uint64_t words = offsetof(struct hvl_rsc_hvl, heartbeat);
	char text[64];
	uint64_t hvl;

	(void)state;
	assert_int_equal(load(), 0);
	assert_int_equal(hvl_rproc_start(&rproc, &err), 0);
	hvl = rproc.elf.table_da + rproc.rsc.hvl_pos;
	memset(dropped, 0, sizeof(dropped));
	assert_true(hvl_rproc_report(&rproc, &report));
	assert_true(all(dropped, hvl + words,
			offsetof(struct hvl_rsc_hvl, cause) + 4 - words));
	memset(ram + TRACE_DA - RAM_DA, 'x', TRACE_SIZE);
	assert_int_equal(hvl_rproc_trace(&rproc, 0, text, sizeof(text)),
			 TRACE_SIZE);
	assert_true(all(dropped, TRACE_DA, TRACE_SIZE));
}

/* A driver whose memory is not where it was asked for is not believed. */
static void rproc_memory_that_lies_elsewhere_is_refused(void **state)
{
	(void)state;
	spec.segments[1].da = RAM_DA + RAM_SIZE - 8;
	spec.segments[1].memsz = spec.segments[1].filesz = 9;
	spec.table = NULL;
	spec.table_size = 0;
	assert_true(load() < 0);
	spec.segments[1].memsz = spec.segments[1].filesz = 8;
	assert_int_equal(load(), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
		TEST(rproc_cache_is_clean_before_the_core_starts),
		TEST(rproc_cache_is_dropped_before_reading),
		TEST(rproc_memory_that_lies_elsewhere_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
