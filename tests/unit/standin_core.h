/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A stand-in for the kernel's side of remoteproc with a good firmware in its
 * folder, its name set and the core offline, for the tests of the stand-in.
 */
#ifndef STANDIN_CORE_H
#define STANDIN_CORE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "elf_builder.h"
#include "rsc_builder.h"
#include "sysfs_standin.h"

#define FW "a.elf"
#define TRACE 2u

static struct standin s;
static struct standin_knobs knobs;
static struct elf_spec spec;
static struct elf_file elf;
static struct rsc_spec table;

static inline int put(const char *name, const void *image, size_t size)
{
	return standin_ops.put_firmware(&s, name, image, size);
}

static inline int set(const char *attr, const char *text)
{
	return standin_ops.write(&s, attr, text);
}

static inline void assert_reads(const char *attr, const char *text)
{
	char buf[256];
	int n = standin_ops.read(&s, attr, buf, sizeof(buf));

	assert_int_equal(n, strlen(text));
	assert_string_equal(buf, text);
}

static inline void assert_power(unsigned int power)
{
	assert_int_equal(standin_counts(&s).power, power);
}

static inline void elf_make(void)
{
	rsc_new(&table, 1);
	rsc_add_area(&table, TRACE, 0x2000, 64, "trace");
	elf_spec_init(&spec, true, EM_AARCH64);
	spec.table = table.words;
	spec.table_size = table.used * 4;
	elf_build(&spec, &elf);
}

static inline void set_knobs(void)
{
	standin_set_knobs(&s, &knobs);
}

static inline int setup(void **state)
{
	(void)state;
	memset(&knobs, 0, sizeof(knobs));
	standin_init(&s, &knobs);
	elf_make();
	assert_int_equal(put(FW, elf.bytes, elf.size), 0);
	assert_int_equal(set("firmware", FW), 0);
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	standin_fini(&s);
	return 0;
}

static inline void start_disabled(void)
{
	assert_int_equal(set("recovery", "disabled"), 0);
	assert_int_equal(set("state", "start"), 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif /* STANDIN_CORE_H */
