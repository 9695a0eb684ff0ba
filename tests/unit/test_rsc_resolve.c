/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The resource table: what is granted and written into it, what is refused
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include <hvl/remoteproc/rsc_table.h>

#include "rsc_builder.h"

static struct rsc_spec table;
static uint32_t *const words = table.words;

static struct hvl_rsc_info info;
static struct hvl_rproc_error err;

static int parse(void)
{
	err.text[0] = '\0';
	return hvl_rsc_parse(&info, words, table.used * 4, NULL, &err);
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
	uint32_t was[RSC_WORDS];
	size_t shm, other, hvl;

	(void)state;
	rsc_new(&table, 6);
	shm = rsc_add_area(&table, HVL_RSC_CARVEOUT, HVL_RSC_ADDR_ANY, 0,
			   "hvl");
	other = rsc_add_area(&table, HVL_RSC_CARVEOUT, 0x1000, 16, "hvl2");
	hvl = rsc_add_hvl(&table);
	/* Left as they are */
	rsc_add_vdev(&table);
	rsc_add_devmem(&table, 0xf000, 0x80000000, 0x1000, "uart");
	rsc_add_area(&table, HVL_RSC_TRACE, 0x1000, 16, "t");
	memcpy(was, words, sizeof(was));
	assert_int_equal(parse(), 0);
	assert_int_equal(hvl_rsc_resolve(&info, words, &boot, &err), 0);
	was[shm + 1] = was[shm + 2] = 0x37000000;
	was[shm + 3] = 0x1000000;
	was[other + 2] = 0x1000;
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
}

static int resolve_shm(uint32_t da, uint32_t len, const struct hvl_rsc_boot *b)
{
	rsc_new(&table, 1);
	rsc_add_area(&table, HVL_RSC_CARVEOUT, da, len, "hvl");
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
	high.shm_size = 0x100000000 - high.shm_da;
	assert_int_equal(resolve_shm(HVL_RSC_ADDR_ANY, 0, &high), 0);
	high.shm_size++;
	assert_int_equal(resolve_shm(HVL_RSC_ADDR_ANY, 0, &high), -EINVAL);
}

static const struct hvl_rsc_memory memory[] = {
	{ "other", 0x1000, 0x100 },
	{ "vdev0buffer", 0x38400000, 0x100000 },
};

static int bind(uint32_t da, uint32_t len, const char *name)
{
	rsc_new(&table, 1);
	rsc_add_area(&table, HVL_RSC_CARVEOUT, da, len, name);
	assert_int_equal(parse(), 0);
	return hvl_rsc_bind(&info, memory, 2, &err);
}

static void rsc_bind_gives_memory_by_name(void **state)
{
	size_t at;

	(void)state;
	assert_int_equal(bind(HVL_RSC_ADDR_ANY, 0x100000, "vdev0buffer"), 0);
	at = 5;
	assert_int_equal(hvl_rsc_resolve(&info, words, &boot, &err), 0);
	assert_int_equal(words[at + 1], 0x38400000);
	assert_int_equal(words[at + 2], 0x38400000);
	assert_int_equal(words[at + 3], 0x100000);
	/* What asks for less hears how much there is. */
	assert_int_equal(bind(HVL_RSC_ADDR_ANY, 0, "vdev0buffer"), 0);
	assert_int_equal(info.carveouts[0].len, 0x100000);
}

static void rsc_bind_grants_fixed_as_asked(void **state)
{
	(void)state;
	assert_int_equal(bind(0x384ff000, 0x1000, "vdev0buffer"), 0);
	assert_int_equal(info.carveouts[0].da, 0x384ff000);
	assert_int_equal(info.carveouts[0].len, 0x1000);
	/* Nobody keeps memory of that name: the caller checks the place. */
	assert_int_equal(bind(0x1000, 0x1000, "vdev0buffe"), 0);
	assert_int_equal(info.carveouts[0].len, 0x1000);
	assert_int_equal(bind(0x1000, 0x1000, "vdev0buffers"), 0);
}

static void rsc_bind_leaves_shm_alone(void **state)
{
	static const struct hvl_rsc_memory shm = { "hvl", 0x1000, 0x100 };

	(void)state;
	assert_int_equal(bind(HVL_RSC_ADDR_ANY, 0x10000, "hvl"), 0);
	assert_int_equal(hvl_rsc_bind(&info, &shm, 1, &err), 0);
	assert_int_equal(info.carveouts[0].da, HVL_RSC_ADDR_ANY);
}

static void rsc_bind_refuses_what_is_not_there(void **state)
{
	static const struct hvl_rsc_memory high[] = {
		{ "x", 0x100000000, 1 },
		{ "x", 0, 0x100000000 },
		{ "x", 0xfffff000, 0x1001 },
	};
	static const struct hvl_rsc_memory last = { "x", 0xfffff000, 0x1000 };

	(void)state;
	assert_int_equal(bind(HVL_RSC_ADDR_ANY, 0x100001, "vdev0buffer"),
			 -EINVAL);
	assert_string_equal(err.text,
			    "resource table: carveout \"vdev0buffer\" wants "
			    "0x100001 bytes, the board has 0x100000");
	assert_int_equal(bind(0x383fffff, 0x1000, "vdev0buffer"), -EINVAL);
	assert_string_equal(err.text,
			    "resource table: carveout \"vdev0buffer\" at "
			    "0x383fffff is not in its 0x100000 bytes at "
			    "0x38400000");
	assert_int_equal(bind(0x384ff001, 0x1000, "vdev0buffer"), -EINVAL);
	assert_int_equal(bind(HVL_RSC_ADDR_ANY, 0x10, "stranger"), -EINVAL);
	assert_string_equal(err.text,
			    "resource table: carveout \"stranger\" needs a "
			    "fixed address: the board keeps no memory of that "
			    "name");
	rsc_new(&table, 1);
	rsc_add_area(&table, HVL_RSC_CARVEOUT, HVL_RSC_ADDR_ANY, 0, "x");
	assert_int_equal(parse(), 0);
	for (int i = 2; i >= 0; i--)
		assert_int_equal(hvl_rsc_bind(&info, &high[i], 1, &err),
				 -EINVAL);
	assert_string_equal(err.text, "resource table: memory \"x\" at "
				      "0x100000000: not within 32 bits");
	assert_int_equal(hvl_rsc_bind(&info, &last, 1, &err), 0);
}

static void rsc_bind_refuses_to_give_twice(void **state)
{
	(void)state;
	rsc_new(&table, 3);
	rsc_add_area(&table, HVL_RSC_CARVEOUT, HVL_RSC_ADDR_ANY, 8, "other");
	rsc_add_area(&table, HVL_RSC_CARVEOUT, HVL_RSC_ADDR_ANY, 0,
		     "vdev0buffer");
	rsc_add_area(&table, HVL_RSC_CARVEOUT, 0x1000, 8, "other");
	assert_int_equal(parse(), 0);
	assert_int_equal(hvl_rsc_bind(&info, memory, 2, &err), -EINVAL);
	assert_string_equal(err.text, "resource table: two carveouts \"other\" "
				      "for the same memory");
}

static void rsc_read_checks_the_copy(void **state)
{
	struct hvl_io io = { .va = (unsigned char *)words };
	uint32_t copy[64] = { 0 };

	(void)state;
	rsc_new(&table, 1);
	rsc_add_hvl(&table);
	io.size = table.used * 4;
	assert_int_equal(
		hvl_rsc_read(&info, copy, sizeof(copy), &io, NULL, &err), 0);
	assert_true(info.has_hvl);
	assert_memory_equal(copy, words, table.used * 4);
	assert_int_equal(copy[table.used], 0);
	words[0] = 2;
	assert_int_equal(
		hvl_rsc_read(&info, copy, sizeof(copy), &io, NULL, &err),
		-EINVAL);
	assert_string_equal(err.text, "resource table: version 2, not 1");
}

static void rsc_read_refuses_what_does_not_fit(void **state)
{
	const struct hvl_io io = { .va = (unsigned char *)words, .size = 257 };
	uint32_t copy[64] = { 0 };

	(void)state;
	rsc_new(&table, 0);
	assert_int_equal(
		hvl_rsc_read(&info, copy, sizeof(copy), &io, NULL, &err),
		-EINVAL);
	assert_string_equal(err.text, "resource table: 257 bytes, at most 256 "
				      "are read");
	assert_int_equal(copy[0], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rsc_bind_gives_memory_by_name),
		cmocka_unit_test(rsc_bind_grants_fixed_as_asked),
		cmocka_unit_test(rsc_bind_leaves_shm_alone),
		cmocka_unit_test(rsc_bind_refuses_what_is_not_there),
		cmocka_unit_test(rsc_bind_refuses_to_give_twice),
		cmocka_unit_test(rsc_resolve_fills_in),
		cmocka_unit_test(rsc_resolve_grants_what_fits),
		cmocka_unit_test(rsc_resolve_refuses_what_is_not_there),
		cmocka_unit_test(rsc_read_checks_the_copy),
		cmocka_unit_test(rsc_read_refuses_what_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
