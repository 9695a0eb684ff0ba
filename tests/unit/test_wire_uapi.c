/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_wire_uapi.c - our wire headers say what Linux's uapi headers say
 */
#include "wire_uapi.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <hvl/wire/mmio.h>
#include <hvl/wire/net.h>
#include <hvl/wire/vring.h>
#include <hvl/wire/virtio.h>

#define SAME(name) { #name, (long long)(name) },
#define PAIR(ours, theirs) { #ours, (long long)(ours) },

static const struct wire_value ours[] = { WIRE_UAPI_LIST(SAME, PAIR) };

static void wire_uapi_values_match(void **state)
{
	size_t count = sizeof(ours) / sizeof(ours[0]);
	unsigned int missing = 0, differ = 0;

	(void)state;
	assert_int_equal(count, wire_uapi_linux_count);
	for (size_t i = 0; i < count; i++) {
		const struct wire_value *theirs = &wire_uapi_linux[i];

		if (theirs->value == WIRE_UAPI_MISSING) {
			missing++;
		} else if (ours[i].value != theirs->value) {
			print_error("%s is %lld, %s is %lld\n", ours[i].name,
				    ours[i].value, theirs->name, theirs->value);
			differ++;
		}
	}
	print_message("%zu compared, %u not in the installed headers\n",
		      count - missing, missing);
	assert_int_equal(differ, 0);
}

static void wire_uapi_vring_layout_matches(void **state)
{
	static const uint32_t aligns[] = { 4, 64, 4096, 65536 };

	(void)state;
	for (uint32_t num = 1; num <= HVL_VRING_NUM_MAX; num *= 2) {
		for (size_t i = 0; i < sizeof(aligns) / sizeof(aligns[0]);
		     i++) {
			struct hvl_vring_layout l =
				hvl_vring_layout(num, aligns[i]);
			uint32_t avail, used, size;

			wire_uapi_linux_layout(num, aligns[i], &avail, &used,
					       &size);
			assert_int_equal(l.desc, 0);
			assert_int_equal(l.avail, avail);
			assert_int_equal(l.used, used);
			assert_int_equal(l.size, size);
		}
	}
}

static void wire_vring_num_ok_takes_powers_of_two(void **state)
{
	unsigned int good = 0;

	(void)state;
	for (uint32_t num = 0; num < 70000; num++)
		good += hvl_vring_num_ok(num);
	assert_int_equal(good, 16);
	for (uint32_t num = 1; num <= 32768; num *= 2)
		assert_true(hvl_vring_num_ok(num));
	assert_false(hvl_vring_num_ok(0x80000000u));
	assert_false(hvl_vring_num_ok(UINT32_MAX));
}

static void wire_le_lies_low_byte_first(void **state)
{
	hvl_le16 v16 = hvl_le16_make(0x0102);
	hvl_le32 v32 = hvl_le32_make(0x01020304);
	hvl_le64 v64 = hvl_le64_make(UINT64_C(0x0102030405060708));

	(void)state;
	assert_memory_equal(&v16, "\x02\x01", 2);
	assert_memory_equal(&v32, "\x04\x03\x02\x01", 4);
	assert_memory_equal(&v64, "\x08\x07\x06\x05\x04\x03\x02\x01", 8);
	assert_int_equal(hvl_le16_get(v16), 0x0102);
	assert_int_equal(hvl_le32_get(v32), 0x01020304);
	assert_true(hvl_le64_get(v64) == UINT64_C(0x0102030405060708));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wire_uapi_values_match),
		cmocka_unit_test(wire_uapi_vring_layout_matches),
		cmocka_unit_test(wire_vring_num_ok_takes_powers_of_two),
		cmocka_unit_test(wire_le_lies_low_byte_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
