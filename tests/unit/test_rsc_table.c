/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The resource table: what is read from it, what is filled in, what is refused
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

#define ENTRIES_MAX 40u

/* A table under construction, of words */
static uint32_t words[1024];
static size_t used; /* words */
static unsigned int entries;

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

/* An empty table with room for @num entries. */
static void table_new(unsigned int num)
{
	memset(words, 0, sizeof(words));
	words[0] = HVL_RSC_TABLE_VERSION;
	words[1] = num;
	used = 4 + num;
	entries = 0;
	warnings = 0;
	warning[0] = '\0';
}

/* Return: the entry's place, in words. */
static size_t table_add(const uint32_t *entry, size_t count)
{
	size_t at = used;

	words[4 + entries++] = (uint32_t)(at * 4);
	memcpy(words + at, entry, count * 4);
	used += count;
	return at;
}

static size_t table_area(uint32_t type, uint32_t da, uint32_t len,
			 const char *name)
{
	const struct hvl_rsc_carveout c = {
		.type = hvl_le32_make(type),
		.da = hvl_le32_make(da),
		.len = hvl_le32_make(len),
	};
	uint32_t entry[14] = { 0 };
	size_t name_at = type == HVL_RSC_TRACE ? 4 : 6;

	memcpy(entry, &c, sizeof(c));
	if (type == HVL_RSC_TRACE) {
		entry[2] = len;
		entry[3] = 0;
	}
	memcpy(entry + name_at, name, strlen(name));
	return table_add(entry, name_at + 8);
}

static size_t table_hvl(void)
{
	uint32_t entry[24];

	/* What a firmware may have left there does not survive. */
	memset(entry, 0xa5, sizeof(entry));
	entry[0] = HVL_RSC_VENDOR_HVL;
	entry[1] = HVL_RSC_HVL_LEN;
	entry[2] = HVL_RSC_HVL_MAGIC;
	entry[3] = HVL_RSC_HVL_VERSION;
	return table_add(entry, 24);
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
	return parse_size(used * 4);
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
	carveout = table_area(HVL_RSC_CARVEOUT, HVL_RSC_ADDR_ANY, 0, "hvl");
	table_area(HVL_RSC_TRACE, 0x38200000, 0x1000, "trace:hvl");
	hvl = table_hvl();
	table_area(HVL_RSC_CARVEOUT, 0x1000, 0x2000,
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
	table_area(HVL_RSC_CARVEOUT, 0, 0, "a\033[2Jb\x80");
	assert_int_equal(parse(), 0);
	assert_string_equal(info.carveouts[0].name, "a?[2Jb?");
}

static void rsc_parse_skips_unknown_with_warning(void **state)
{
	const uint32_t types[] = { 4, 127, 513, UINT32_MAX };

	(void)state;
	table_new(5);
	for (int i = 0; i < 4; i++)
		table_add(&types[i], 1);
	table_hvl();
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
		table_add(&unknown, 1);
	assert_int_equal(parse(), 0);
	assert_int_equal(info.skipped, ENTRIES_MAX);
	assert_int_equal(warnings, 9);
	assert_string_equal(warning, "resource table: 32 more entries skipped");
}

static void rsc_parse_skips_what_is_not_served(void **state)
{
	uint32_t vdev[7 + 10 + 2] = { HVL_RSC_VDEV, 7, 0, 0, 0, 8, 2u << 8 };
	const uint32_t vendor[4] = { 200, 8, HVL_RSC_HVL_MAGIC, 1 };
	const uint32_t stranger[4] = { HVL_RSC_VENDOR_HVL, 8, 0x12345678, 1 };
	const uint32_t empty[2] = { HVL_RSC_VENDOR_HVL, 0 };

	(void)state;
	table_new(6);
	table_add(vdev, 19);
	table_area(HVL_RSC_DEVMEM, 0xf000, 0x1000, "uart");
	table_add(vendor, 4);
	table_add(stranger, 4);
	table_area(HVL_RSC_TRACE, HVL_RSC_ADDR_ANY, 0x100, "t");
	table_add(empty, 2);
	/* What stands behind is none of its words. */
	words[used] = HVL_RSC_HVL_MAGIC;
	words[used + 1] = 2;
	assert_int_equal(parse_size((used + 2) * 4), 0);
	assert_int_equal(info.skipped, 6);
	assert_int_equal(warnings, 6);
	assert_false(info.has_hvl);
	assert_int_equal(info.ntraces, 0);
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
	table_area(HVL_RSC_CARVEOUT, 0, 0, "x");
	words[4] = 16;
	assert_refused("resource table: entry 0 lies in the table's header");
	words[4] = 21;
	assert_refused("resource table: entry 0 is not aligned to 4 bytes");
	words[4] = (uint32_t)(used * 4);
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
	assert_int_equal(parse_size(used * 4 - 1), -EINVAL);
	assert_string_equal(
		err.text,
		"resource table: entry 0 goes beyond the table's end");
}

static void rsc_parse_refuses_bodies_cut_off(void **state)
{
	uint32_t vdev[7 + 10 + 2] = { HVL_RSC_VDEV, 7, 0, 0, 0, 8, 2u << 8 };

	(void)state;
	table_new(1);
	table_area(HVL_RSC_CARVEOUT, 0, 0, "x");
	assert_needs_all();
	table_new(1);
	table_area(HVL_RSC_DEVMEM, 0, 0, "x");
	assert_needs_all();
	table_new(1);
	table_area(HVL_RSC_TRACE, 0x1000, 16, "x");
	assert_needs_all();
	table_new(1);
	table_add(vdev, 19);
	assert_needs_all();
	table_new(1);
	table_hvl();
	assert_needs_all();
	table_new(1);
	table_add(vdev, 7);
	assert_int_equal(parse_size(used * 4 - 1), -EINVAL);
	words[5 + 5] = UINT32_MAX; /* config_len */
	assert_refused("resource table: entry 0 goes beyond the table's end");
	table_new(1);
	words[table_hvl() + 1] = UINT32_MAX;
	assert_refused("resource table: entry 0 goes beyond the table's end");
}

static void rsc_parse_refuses_bad_areas(void **state)
{
	size_t at;

	(void)state;
	table_new(1);
	at = table_area(HVL_RSC_CARVEOUT, 0xfffff000, 0x1000, "x");
	assert_int_equal(parse(), 0);
	words[at + 3] = 0x1001;
	assert_refused("resource table: entry 0 goes beyond the last address");
	words[at + 3] = 0x1000;
	words[at + 5] = 1;
	assert_refused("resource table: entry 0 has reserved words that are "
		       "not 0");
	table_new(1);
	at = table_area(HVL_RSC_TRACE, 0xfffff000, 0x1001, "x");
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
		table_area(HVL_RSC_CARVEOUT, 0, 0, "x");
	assert_refused("resource table: entry 16 is one carveout too many");
	words[1] = HVL_RSC_CARVEOUTS_MAX;
	assert_int_equal(parse(), 0);
	table_new(HVL_RSC_TRACES_MAX + 1);
	for (unsigned int i = 0; i <= HVL_RSC_TRACES_MAX; i++)
		table_area(HVL_RSC_TRACE, 0x1000, 16, "x");
	assert_refused("resource table: entry 4 is one trace buffer too many");
	words[1] = HVL_RSC_TRACES_MAX;
	assert_int_equal(parse(), 0);
}

static void rsc_parse_refuses_bad_hvl(void **state)
{
	size_t at;

	(void)state;
	table_new(2);
	table_hvl();
	at = table_hvl();
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
	table_new(3);
	table_area(HVL_RSC_CARVEOUT, HVL_RSC_ADDR_ANY, 0, "hvl");
	table_area(HVL_RSC_TRACE, 0x1000, 16, "t");
	table_hvl();
	for (size_t i = 0; i < used * 4; i++) {
		uint8_t was = bytes[i];

		for (size_t k = 0; k < sizeof(values); k++) {
			bytes[i] = values[k];
			if (parse() < 0)
				assert_true(err.text[0] != '\0');
		}
		bytes[i] = was;
	}
}

static const struct hvl_rsc_boot boot = {
	.shm_da = 0x37000000,
	.shm_size = 0x1000000,
	.regs_da = 0x137001000,
	.regs_count = 2,
	.doorbell = HVL_DOORBELL_IPI,
	.doorbell_param = { 11, 22, 33, 44, 55, 66 },
};

static void rsc_resolve_fills_in(void **state)
{
	uint32_t was[1024];
	size_t shm, other, hvl;

	(void)state;
	table_new(3);
	shm = table_area(HVL_RSC_CARVEOUT, HVL_RSC_ADDR_ANY, 0, "hvl");
	other = table_area(HVL_RSC_CARVEOUT, 0x1000, 16, "hvl2");
	hvl = table_hvl();
	memcpy(was, words, sizeof(was));
	assert_int_equal(parse(), 0);
	assert_int_equal(hvl_rsc_resolve(&info, words, &boot, &err), 0);
	was[shm + 1] = was[shm + 2] = 0x37000000;
	was[shm + 3] = 0x1000000;
	was[hvl + 4] = 0x37000000;
	was[hvl + 5] = 0;
	was[hvl + 6] = 0x1000000;
	was[hvl + 7] = 0;
	was[hvl + 8] = 0x37001000;
	was[hvl + 9] = 1;
	was[hvl + 10] = 2;
	was[hvl + 11] = HVL_DOORBELL_IPI;
	for (uint32_t i = 0; i < 6; i++)
		was[hvl + 12 + i] = 11 * (i + 1);
	for (size_t i = 18; i < 24; i++)
		was[hvl + i] = 0;
	assert_memory_equal(words, was, sizeof(was));
	assert_int_equal(words[other + 1], 0x1000);
}

static int resolve_shm(uint32_t da, uint32_t len, const struct hvl_rsc_boot *b)
{
	table_new(1);
	table_area(HVL_RSC_CARVEOUT, da, len, "hvl");
	assert_int_equal(parse(), 0);
	return hvl_rsc_resolve(&info, words, b, &err);
}

static void rsc_resolve_grants_what_fits(void **state)
{
	(void)state;
	assert_int_equal(resolve_shm(0x37000000, 0x1000000, &boot), 0);
	assert_int_equal(resolve_shm(0x37000000, 0x1000, &boot), 0);
	assert_int_equal(words[5 + 3], 0x1000000);
}

static void rsc_resolve_refuses_what_is_not_there(void **state)
{
	struct hvl_rsc_boot high = boot;

	(void)state;
	assert_int_equal(resolve_shm(0x36000000, 0, &boot), -EINVAL);
	assert_string_equal(err.text, "resource table: wants its shared memory "
				      "at 0x36000000, it is at 0x37000000");
	assert_int_equal(resolve_shm(HVL_RSC_ADDR_ANY, 0x1000001, &boot),
			 -EINVAL);
	assert_string_equal(err.text,
			    "resource table: wants 0x1000001 bytes of shared "
			    "memory, it has 0x1000000");
	high.shm_da = 0x100000000;
	assert_int_equal(resolve_shm(HVL_RSC_ADDR_ANY, 0, &high), -EINVAL);
	assert_string_equal(err.text,
			    "resource table: 0x1000000 bytes of shared memory "
			    "at 0x100000000: not within 32 bits");
	high = boot;
	high.shm_size = 0x100000000;
	assert_int_equal(resolve_shm(HVL_RSC_ADDR_ANY, 0, &high), -EINVAL);
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
		cmocka_unit_test(rsc_parse_refuses_bad_header),
		cmocka_unit_test(rsc_parse_refuses_bad_offsets),
		cmocka_unit_test(rsc_parse_refuses_bodies_cut_off),
		cmocka_unit_test(rsc_parse_refuses_bad_areas),
		cmocka_unit_test(rsc_parse_refuses_too_many),
		cmocka_unit_test(rsc_parse_refuses_bad_hvl),
		cmocka_unit_test(rsc_parse_survives_any_changed_byte),
		cmocka_unit_test(rsc_resolve_fills_in),
		cmocka_unit_test(rsc_resolve_grants_what_fits),
		cmocka_unit_test(rsc_resolve_refuses_what_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
