/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The resource table: what is read from it, what is refused
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <hvl/remoteproc/rsc_table.h>

#include "rsc_builder.h"

#define ENTRIES_MAX 40u

static struct rsc_spec table;
static uint32_t *const words = table.words;

static struct hvl_rsc_info info;
static struct hvl_rproc_error err;
static unsigned int warnings;
static char warning[200];

static void count_warning(void *ctx, enum hvl_log_level level, const char *line)
{
	(void)ctx;
	assert_int_equal(level, HVL_LOG_WARNING);
	warnings++;
	strncpy(warning, line, sizeof(warning) - 1);
}

static const struct hvl_log counter = { HVL_LOG_DEBUG, count_warning, NULL };

static void table_new(unsigned int num)
{
	rsc_new(&table, num);
	warnings = 0;
	warning[0] = '\0';
}

/* From memory of exactly its size, and at an odd address. */
static int parse_size(size_t size)
{
	uint8_t *copy = malloc(size + 1);
	int rc;

	assert_non_null(copy);
	memcpy(copy + 1, words, size);
	err.text[0] = '\0';
	rc = hvl_rsc_parse(&info, copy + 1, size, &counter, &err);
	free(copy);
	return rc;
}

static int parse(void)
{
	return parse_size(table.used * 4);
}

static void assert_refused(const char *why)
{
	assert_int_equal(parse(), -EINVAL);
	assert_string_equal(err.text, why);
}

static void rsc_parse_reads_entries(void **state)
{
	size_t carveout, hvl;

	(void)state;
	table_new(4);
	carveout = rsc_add_area(&table, HVL_RSC_CARVEOUT, HVL_RSC_ADDR_ANY, 0,
				"hvl");
	rsc_add_area(&table, HVL_RSC_TRACE, 0x38200000, 0x1000, "trace:hvl");
	hvl = rsc_add_hvl(&table);
	rsc_add_area(&table, HVL_RSC_CARVEOUT, 0x1000, 0x2000,
		     "a name of thirty-two characters!");
	assert_int_equal(parse(), 0);
	assert_int_equal(info.ncarveouts, 2);
	assert_string_equal(info.carveouts[0].name, "hvl");
	assert_int_equal(info.carveouts[0].da, HVL_RSC_ADDR_ANY);
	assert_int_equal(info.carveout_pos[0], carveout * 4);
	assert_string_equal(info.carveouts[1].name,
			    "a name of thirty-two characters!");
	assert_int_equal(info.carveouts[1].da, 0x1000);
	assert_int_equal(info.carveouts[1].len, 0x2000);
	assert_int_equal(info.ntraces, 1);
	assert_string_equal(info.traces[0].name, "trace:hvl");
	assert_int_equal(info.traces[0].da, 0x38200000);
	assert_int_equal(info.traces[0].len, 0x1000);
	assert_true(info.has_hvl);
	assert_int_equal(info.hvl_pos, hvl * 4);
	assert_int_equal(info.skipped, 0);
	assert_int_equal(warnings, 0);
}

static void rsc_parse_takes_empty_table(void **state)
{
	(void)state;
	table_new(0);
	assert_int_equal(parse(), 0);
	assert_false(info.has_hvl);
}

static void rsc_parse_makes_names_printable(void **state)
{
	(void)state;
	table_new(1);
	rsc_add_area(&table, HVL_RSC_CARVEOUT, 0, 0, "a\033[2Jb\x80");
	assert_int_equal(parse(), 0);
	assert_string_equal(info.carveouts[0].name, "a?[2Jb?");
}

static void rsc_parse_skips_unknown_with_warning(void **state)
{
	const uint32_t types[] = { 4, 127, 513, UINT32_MAX };

	(void)state;
	table_new(5);
	for (int i = 0; i < 4; i++)
		rsc_add(&table, &types[i], 1);
	rsc_add_hvl(&table);
	assert_int_equal(parse(), 0);
	assert_int_equal(info.skipped, 4);
	assert_int_equal(warnings, 4);
	assert_string_equal(
		warning,
		"resource table: entry 3 of type 4294967295 skipped: unknown");
	assert_true(info.has_hvl);
}

static void rsc_parse_limits_warnings(void **state)
{
	const uint32_t unknown = 99;

	(void)state;
	table_new(ENTRIES_MAX);
	for (unsigned int i = 0; i < ENTRIES_MAX; i++)
		rsc_add(&table, &unknown, 1);
	assert_int_equal(parse(), 0);
	assert_int_equal(info.skipped, ENTRIES_MAX);
	assert_int_equal(warnings, 9);
	assert_string_equal(warning, "resource table: 32 more entries skipped");
}

static void rsc_parse_skips_what_is_not_served(void **state)
{
	const uint32_t vendor[4] = { 200, 8, HVL_RSC_HVL_MAGIC, 1 };
	const uint32_t stranger[4] = { HVL_RSC_VENDOR_HVL, 8, 0x12345678, 1 };
	const uint32_t empty[2] = { HVL_RSC_VENDOR_HVL, 0 };

	(void)state;
	table_new(5);
	rsc_add(&table, vendor, 4);
	rsc_add(&table, stranger, 4);
	rsc_add_area(&table, HVL_RSC_TRACE, HVL_RSC_ADDR_ANY, 0x100, "t");
	rsc_add_area(&table, HVL_RSC_TRACE, 0x1000, 0, "t");
	rsc_add(&table, empty, 2);
	/* What stands behind is none of its words. */
	words[table.used] = HVL_RSC_HVL_MAGIC;
	words[table.used + 1] = 2;
	assert_int_equal(parse_size((table.used + 2) * 4), 0);
	assert_int_equal(info.skipped, 5);
	assert_int_equal(warnings, 5);
	assert_false(info.has_hvl);
	assert_int_equal(info.ntraces, 0);
}

static void rsc_parse_reads_vdev(void **state)
{
	const struct hvl_rsc_virtio *v = &info.vdevs[0];
	size_t at;

	(void)state;
	table_new(1);
	at = rsc_add_vdev(&table);
	assert_int_equal(parse(), 0);
	assert_int_equal(info.skipped, 0);
	assert_int_equal(info.nvdevs, 1);
	assert_int_equal(v->pos, at * 4);
	assert_int_equal(v->id, 7);
	assert_int_equal(v->notifyid, 0x51);
	assert_int_equal(v->features, 0x80000001);
	assert_int_equal(v->config_pos, (at + 17) * 4);
	assert_int_equal(v->config_len, 8);
	assert_int_equal(v->nvrings, 2);
	assert_int_equal(v->vrings[0].da, HVL_RSC_ADDR_ANY);
	assert_int_equal(v->vrings[0].align, 4096);
	assert_int_equal(v->vrings[0].num, 256);
	assert_int_equal(v->vrings[0].notifyid, 0x52);
	/* 256 * 16 + 6 + 512, to a page; 6 + 256 * 8 */
	assert_int_equal(v->vrings[0].size, 8192 + 2054);
	assert_int_equal(v->vrings[1].da, 0x38100000);
	assert_int_equal(v->vrings[1].align, 16);
	assert_int_equal(v->vrings[1].num, 64);
	assert_int_equal(v->vrings[1].notifyid, 0x53);
	assert_int_equal(v->vrings[1].size, 1168 + 518);
}

static void rsc_parse_takes_vdev_without_vrings(void **state)
{
	const uint32_t vdev[7] = { HVL_RSC_VDEV, 4 };

	(void)state;
	table_new(1);
	rsc_add(&table, vdev, 7);
	assert_int_equal(parse(), 0);
	assert_int_equal(info.vdevs[0].nvrings, 0);
	assert_int_equal(info.vdevs[0].config_len, 0);
}

static void refused_vdev(size_t word, uint32_t value, const char *why)
{
	table_new(1);
	words[rsc_add_vdev(&table) + word] = value;
	assert_refused(why);
}

static void rsc_parse_refuses_bad_vdev(void **state)
{
	static const char size[] = "resource table: entry 0 has a vring whose "
				   "size is no power of two to 32768";
	static const char align[] = "resource table: entry 0 has a vring whose "
				    "alignment is no power of two from 4";
	static const char beyond[] = "resource table: entry 0 goes beyond the "
				     "last address";
	size_t at;

	(void)state;
	refused_vdev(6, 2u << 8 | 1u << 16,
		     "resource table: entry 0 has reserved bytes that are not "
		     "0");
	refused_vdev(6, 2u << 8 | 1u << 24,
		     "resource table: entry 0 has reserved bytes that are not "
		     "0");
	refused_vdev(9, 0, size);
	refused_vdev(9, 255, size);
	refused_vdev(9, 65536, size);
	refused_vdev(14, 0, size);
	refused_vdev(8, 0, align);
	refused_vdev(8, 2, align);
	refused_vdev(8, 4095, align);
	refused_vdev(13, UINT32_MAX, align);
	/* One byte less, and the ring of 1686 bytes would fit. */
	refused_vdev(12, UINT32_MAX - 1684, beyond);
	table_new(1);
	at = rsc_add_vdev(&table);
	words[at + 12] = UINT32_MAX - 1685;
	assert_int_equal(parse(), 0);
	words[at + 12] = words[at + 13] = 0x80000000;
	assert_refused(beyond);
}

static void rsc_parse_refuses_three_vrings(void **state)
{
	uint32_t vdev[7 + 15] = { HVL_RSC_VDEV, 7, 0, 0, 0, 0, 3u << 8 };

	(void)state;
	table_new(1);
	rsc_add(&table, vdev, 22);
	assert_refused("resource table: entry 0 is a vdev with more than 2 "
		       "vrings");
}

static void rsc_parse_reads_devmem(void **state)
{
	(void)state;
	table_new(1);
	rsc_add_devmem(&table, 0xf000, 0x80000000, 0x1000, "uart");
	assert_int_equal(parse(), 0);
	assert_int_equal(info.skipped, 0);
	assert_int_equal(info.ndevmems, 1);
	assert_string_equal(info.devmems[0].area.name, "uart");
	assert_int_equal(info.devmems[0].area.da, 0xf000);
	assert_int_equal(info.devmems[0].area.len, 0x1000);
	assert_int_equal(info.devmems[0].pa, 0x80000000);
	assert_int_equal(info.devmems[0].flags, 3);
}

static void rsc_parse_refuses_bad_devmem(void **state)
{
	size_t at;

	(void)state;
	table_new(1);
	at = rsc_add_devmem(&table, 0, 0xfffff000, 0x1000, "x");
	assert_int_equal(parse(), 0);
	words[at + 3] = 0x1001;
	assert_refused("resource table: entry 0 goes beyond the last address");
	words[at + 2] = 0;
	words[at + 1] = 0xfffff000;
	assert_refused("resource table: entry 0 goes beyond the last address");
	words[at + 1] = HVL_RSC_ADDR_ANY;
	assert_refused("resource table: entry 0 is device memory without an "
		       "address");
	words[at + 1] = 0;
	words[at + 5] = 1;
	assert_refused("resource table: entry 0 has reserved words that are "
		       "not 0");
}

static void rsc_parse_refuses_entries_that_overlap(void **state)
{
	const uint32_t unknown = 99;
	size_t at;

	(void)state;
	table_new(2);
	at = rsc_add_hvl(&table);
	rsc_add_area(&table, HVL_RSC_CARVEOUT, 0, 0, "x");
	assert_int_equal(parse(), 0);
	/* An entry within the words of another */
	words[5] = (uint32_t)(at + 10) * 4;
	memcpy(words + at + 10, words + at + 24, 56);
	assert_refused("resource table: entry 1 overlaps another entry");
	words[5] = words[4];
	assert_refused("resource table: entry 1 overlaps another entry");
	table_new(2);
	words[5] = (uint32_t)rsc_add(&table, &unknown, 1) * 4;
	assert_refused("resource table: entry 1 overlaps another entry");
}

static void rsc_parse_refuses_second_shm(void **state)
{
	(void)state;
	table_new(2);
	rsc_add_area(&table, HVL_RSC_CARVEOUT, HVL_RSC_ADDR_ANY, 0, "hvl");
	rsc_add_area(&table, HVL_RSC_CARVEOUT, HVL_RSC_ADDR_ANY, 0, "hvl");
	assert_refused("resource table: entry 1 is a second carveout \"hvl\"");
}

static void rsc_parse_refuses_bad_header(void **state)
{
	(void)state;
	table_new(0);
	for (size_t size = 0; size < 16; size++)
		assert_int_equal(parse_size(size), -EINVAL);
	assert_string_equal(err.text, "resource table: 15 bytes are too short "
				      "for one");
	words[0] = 2;
	assert_refused("resource table: version 2, not 1");
	words[0] = 1;
	words[2] = 1;
	assert_refused("resource table: reserved words that are not 0");
	words[2] = 0;
	words[3] = 1;
	assert_refused("resource table: reserved words that are not 0");
	words[3] = 0;
	assert_int_equal(parse_size(4096), 0);
	assert_int_equal(parse_size(4097), -EINVAL);
	assert_string_equal(err.text, "resource table: 4097 bytes, at most "
				      "4096 are read");
	words[1] = 1;
	assert_refused("resource table: 1 entries do not fit in 16 bytes");
	words[1] = UINT32_MAX;
	assert_refused("resource table: 4294967295 entries do not fit in 16 "
		       "bytes");
}

static void rsc_parse_refuses_bad_offsets(void **state)
{
	(void)state;
	table_new(1);
	rsc_add_area(&table, HVL_RSC_CARVEOUT, 0, 0, "x");
	words[4] = 16;
	assert_refused("resource table: entry 0 lies in the table's header");
	words[4] = 21;
	assert_refused("resource table: entry 0 is not aligned to 4 bytes");
	words[4] = 22;
	assert_refused("resource table: entry 0 is not aligned to 4 bytes");
	words[4] = (uint32_t)(table.used * 4);
	assert_refused("resource table: entry 0 lies outside the table");
	words[4] = UINT32_MAX - 3;
	assert_refused("resource table: entry 0 lies outside the table");
	/* Not even its type is there as a whole. */
	words[4] = 20;
	assert_int_equal(parse_size(23), -EINVAL);
	assert_string_equal(err.text,
			    "resource table: entry 0 lies outside the table");
}

/* One byte less than each kind needs. */
static void assert_needs_all(void)
{
	assert_int_equal(parse(), 0);
	assert_int_equal(parse_size(table.used * 4 - 1), -EINVAL);
	assert_string_equal(
		err.text,
		"resource table: entry 0 goes beyond the table's end");
}

static void rsc_parse_refuses_bodies_cut_off(void **state)
{
	(void)state;
	table_new(1);
	rsc_add_area(&table, HVL_RSC_CARVEOUT, 0, 0, "x");
	assert_needs_all();
	table_new(1);
	rsc_add_devmem(&table, 0, 0, 0, "x");
	assert_needs_all();
	table_new(1);
	rsc_add_area(&table, HVL_RSC_TRACE, 0x1000, 16, "x");
	assert_needs_all();
	table_new(1);
	rsc_add_vdev(&table);
	assert_needs_all();
	table_new(1);
	rsc_add_hvl(&table);
	assert_needs_all();
}

static void rsc_parse_refuses_lengths_that_wrap(void **state)
{
	static const char beyond[] = "resource table: entry 0 goes beyond the "
				     "table's end";

	(void)state;
	refused_vdev(5, UINT32_MAX, beyond);
	refused_vdev(5, UINT32_MAX - 67, beyond);
	refused_vdev(6, 255u << 8, beyond);
	table_new(1);
	words[rsc_add_hvl(&table) + 1] = UINT32_MAX;
	assert_refused(beyond);
}

static void rsc_parse_refuses_bad_areas(void **state)
{
	size_t at;

	(void)state;
	table_new(1);
	at = rsc_add_area(&table, HVL_RSC_CARVEOUT, 0xfffff000, 0x1000, "x");
	assert_int_equal(parse(), 0);
	words[at + 3] = 0x1001;
	assert_refused("resource table: entry 0 goes beyond the last address");
	words[at + 3] = 0x1000;
	words[at + 5] = 1;
	assert_refused("resource table: entry 0 has reserved words that are "
		       "not 0");
	table_new(1);
	at = rsc_add_area(&table, HVL_RSC_TRACE, 0xfffff000, 0x1001, "x");
	assert_refused("resource table: entry 0 goes beyond the last address");
	words[at + 2] = 0x1000;
	words[at + 3] = 1;
	assert_refused("resource table: entry 0 has reserved words that are "
		       "not 0");
}

static void rsc_parse_refuses_too_many(void **state)
{
	(void)state;
	table_new(HVL_RSC_CARVEOUTS_MAX + 1);
	for (unsigned int i = 0; i <= HVL_RSC_CARVEOUTS_MAX; i++)
		rsc_add_area(&table, HVL_RSC_CARVEOUT, 0, 0, "x");
	assert_refused("resource table: entry 16 is one carveout too many");
	words[1] = HVL_RSC_CARVEOUTS_MAX;
	assert_int_equal(parse(), 0);
	table_new(HVL_RSC_TRACES_MAX + 1);
	for (unsigned int i = 0; i <= HVL_RSC_TRACES_MAX; i++)
		rsc_add_area(&table, HVL_RSC_TRACE, 0x1000, 16, "x");
	assert_refused("resource table: entry 4 is one trace buffer too many");
	words[1] = HVL_RSC_TRACES_MAX;
	assert_int_equal(parse(), 0);
	table_new(HVL_RSC_DEVMEMS_MAX + 1);
	for (unsigned int i = 0; i <= HVL_RSC_DEVMEMS_MAX; i++)
		rsc_add_devmem(&table, 0, 0, 0, "x");
	assert_refused("resource table: entry 16 is one device memory too "
		       "many");
	words[1] = HVL_RSC_DEVMEMS_MAX;
	assert_int_equal(parse(), 0);
	table_new(HVL_RSC_VDEVS_MAX + 1);
	for (unsigned int i = 0; i <= HVL_RSC_VDEVS_MAX; i++)
		rsc_add_vdev(&table);
	assert_refused("resource table: entry 4 is one vdev too many");
	words[1] = HVL_RSC_VDEVS_MAX;
	assert_int_equal(parse(), 0);
}

static void rsc_parse_refuses_bad_hvl(void **state)
{
	size_t at;

	(void)state;
	table_new(2);
	rsc_add_hvl(&table);
	at = rsc_add_hvl(&table);
	assert_refused("resource table: entry 1 is a second hvl entry");
	words[at + 3] = 2;
	assert_refused("resource table: entry 1 is an hvl entry of an unknown "
		       "version");
	words[at + 3] = 1;
	words[at + 1] = HVL_RSC_HVL_LEN - 1;
	assert_refused("resource table: entry 1 is an hvl entry that is too "
		       "short");
	words[at + 1] = 8;
	assert_refused("resource table: entry 1 is an hvl entry that is too "
		       "short");
}

static void rsc_parse_survives_any_changed_byte(void **state)
{
	static const uint8_t values[] = { 0, 1, 3, 0x7f, 0x80, 0xff };
	uint8_t *bytes = (uint8_t *)words;

	(void)state;
	table_new(5);
	rsc_add_area(&table, HVL_RSC_CARVEOUT, HVL_RSC_ADDR_ANY, 0, "hvl");
	rsc_add_area(&table, HVL_RSC_TRACE, 0x1000, 16, "t");
	rsc_add_hvl(&table);
	rsc_add_vdev(&table);
	rsc_add_devmem(&table, 0, 0, 0, "x");
	for (size_t i = 0; i < table.used * 4; i++) {
		uint8_t was = bytes[i];

		for (size_t k = 0; k < sizeof(values); k++) {
			bytes[i] = values[k];
			if (parse() < 0)
				assert_true(err.text[0] != '\0');
		}
		bytes[i] = was;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rsc_parse_reads_entries),
		cmocka_unit_test(rsc_parse_takes_empty_table),
		cmocka_unit_test(rsc_parse_makes_names_printable),
		cmocka_unit_test(rsc_parse_skips_unknown_with_warning),
		cmocka_unit_test(rsc_parse_limits_warnings),
		cmocka_unit_test(rsc_parse_skips_what_is_not_served),
		cmocka_unit_test(rsc_parse_reads_vdev),
		cmocka_unit_test(rsc_parse_takes_vdev_without_vrings),
		cmocka_unit_test(rsc_parse_reads_devmem),
		cmocka_unit_test(rsc_parse_refuses_bad_header),
		cmocka_unit_test(rsc_parse_refuses_bad_offsets),
		cmocka_unit_test(rsc_parse_refuses_bodies_cut_off),
		cmocka_unit_test(rsc_parse_refuses_lengths_that_wrap),
		cmocka_unit_test(rsc_parse_refuses_bad_areas),
		cmocka_unit_test(rsc_parse_refuses_bad_vdev),
		cmocka_unit_test(rsc_parse_refuses_three_vrings),
		cmocka_unit_test(rsc_parse_refuses_bad_devmem),
		cmocka_unit_test(rsc_parse_refuses_entries_that_overlap),
		cmocka_unit_test(rsc_parse_refuses_second_shm),
		cmocka_unit_test(rsc_parse_refuses_too_many),
		cmocka_unit_test(rsc_parse_refuses_bad_hvl),
		cmocka_unit_test(rsc_parse_survives_any_changed_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
