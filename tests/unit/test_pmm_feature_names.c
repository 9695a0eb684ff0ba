/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_pmm_feature_names.c - feature bits by their names
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <hvl/wire/virtio.h>

#include "feature_names.h"

static void features_are_named_by_device(void **state)
{
	char text[PMM_FEATURE_NAMES_MAX];

	(void)state;
	pmm_feature_names(VIRTIO_ID_NET, 0x130000028, text, sizeof(text));
	assert_string_equal(text, "MTU, MAC, INDIRECT_DESC, EVENT_IDX, "
				  "VERSION_1");
	/* Another device's bit 5 is another feature. */
	pmm_feature_names(VIRTIO_ID_RNG, 0x100000020, text, sizeof(text));
	assert_string_equal(text, "bit 5, VERSION_1");
	pmm_feature_names(VIRTIO_ID_RNG, 0, text, sizeof(text));
	assert_string_equal(text, "none");
}

static void features_are_cut_to_fit(void **state)
{
	char text[12];

	(void)state;
	pmm_feature_names(VIRTIO_ID_NET, UINT64_MAX, text, sizeof(text));
	assert_int_equal(strlen(text), sizeof(text) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(features_are_named_by_device),
		cmocka_unit_test(features_are_cut_to_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
