/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_pmm_feature_set.c - feature bits by their names, and which are wanted
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <hvl/wire/virtio.h>

#include "feature_set.h"

static void features_are_named_by_device(void **state)
{
	char text[PMM_FEATURE_NAMES_MAX];

	(void)state;
	pmm_feature_names(VIRTIO_ID_NET, 0x130000028, text, sizeof(text));
	assert_string_equal(text, "mtu, mac, indirect_desc, event_idx, "
				  "version_1");
	/* Another device's bit 5 is another feature. */
	pmm_feature_names(VIRTIO_ID_RNG, 0x100000020, text, sizeof(text));
	assert_string_equal(text, "bit 5, version_1");
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

#define ALL_NAMES                                                             \
	"mtu, mac, status, any_layout, indirect_desc, event_idx, version_1, " \
	"access_platform, ring_packed, in_order, order_platform, "            \
	"notification_data, ring_reset"

static struct pmm_features_choice choice;
static struct pmm_features_place place;
static struct pmm_error err;

static int setup(void **state)
{
	(void)state;
	memset(&choice, 0, sizeof(choice));
	place = (struct pmm_features_place){ .board = "native" };
	err.text[0] = '\0';
	return 0;
}

static void on(const char *list)
{
	assert_int_equal(
		pmm_features_parse(&choice.on, "--features", list, &err), 0);
}

static void off(const char *list)
{
	assert_int_equal(
		pmm_features_parse(&choice.off, "--no-features", list, &err),
		0);
}

static void refused(const char *text)
{
	assert_int_equal(pmm_features_check(&choice, &place, &err), -EINVAL);
	assert_string_equal(err.text, text);
}

static void features_have_names_for_all_that_is_offered(void **state)
{
	(void)state;
	on("mtu,mac,status,any_layout,indirect_desc,event_idx,version_1,"
	   "access_platform,ring_packed,in_order,order_platform,"
	   "notification_data,ring_reset");
	assert_int_equal(choice.on.net, 0x10028);
	assert_int_equal(choice.on.any, 0x15f38000000);
	/* Each list adds to those before. */
	off("in_order");
	off("event_idx,mac");
	assert_int_equal(pmm_features_off(&choice, VIRTIO_ID_RNG), 0x820000000);
	assert_int_equal(pmm_features_off(&choice, VIRTIO_ID_NET), 0x820000020);
}

static void features_unknown_list_those_there_are(void **state)
{
	static const struct {
		const char *list, *word;
	} cases[] = {
		{ "", "" },
		{ "mac,", "" },
		{ "mac,,mtu", "" },
		{ "MAC", "MAC" },
		{ "mac,foo", "foo" },
		{ "ring", "ring" },
		/* Known, but not to our devices. */
		{ "mrg_rxbuf", "mrg_rxbuf" },
		{ "notify_on_empty", "notify_on_empty" },
	};
	char text[400];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(pmm_features_parse(&choice.on, "--features",
						    cases[i].list, &err),
				 -EINVAL);
		(void)snprintf(
			text, sizeof(text),
			"--features \"%s\": unknown; there are: " ALL_NAMES,
			cases[i].word);
		assert_string_equal(err.text, text);
	}
}

static void features_asked_for_twice_are_refused(void **state)
{
	(void)state;
	on("mac");
	off("mac,in_order");
	refused("--features and --no-features \"mac\": one of the two only");
	choice.on.net = 0;
	on("in_order");
	refused("--features and --no-features \"in_order\": one of the two "
		"only");
	(void)setup(NULL);
	choice.ring = PMM_RING_SPLIT;
	on("ring_packed");
	refused("--ring split and --features ring_packed: one of the two only");
	(void)setup(NULL);
	choice.ring = PMM_RING_PACKED;
	off("ring_packed");
	refused("--ring packed and --no-features ring_packed: one of the two "
		"only");
}

static void features_have_to_go_with_the_transport(void **state)
{
	(void)state;
	place.v1 = true;
	choice.ring = PMM_RING_PACKED;
	refused("--ring packed: mmio-v1 has split rings only; write "
		"--transport mmio");
	choice.ring = PMM_RING_DEFAULT;
	on("event_idx,in_order,ring_reset");
	refused("--features \"in_order\": mmio-v1 has no room for its bit; "
		"write --transport mmio");
	(void)setup(NULL);
	on("any_layout");
	refused("--features \"any_layout\": is for mmio-v1; with mmio "
		"version_1 has it included");
	(void)setup(NULL);
	off("version_1");
	refused("--no-features \"version_1\": mmio cannot do without; write "
		"--transport mmio-v1");
	/* What is not there anyway may be ruled out. */
	place.v1 = true;
	off("ring_packed,any_layout");
	on("event_idx");
	assert_int_equal(pmm_features_check(&choice, &place, &err), 0);
}

static void features_have_to_go_with_the_board(void **state)
{
	(void)state;
	place.board = "mps2-m3";
	place.no_suppress = true;
	on("event_idx");
	refused("--features \"event_idx\": not on the board mps2-m3, whose "
		"barriers may do nothing: notifications are never held back "
		"there");
	(void)setup(NULL);
	place.view = PMM_SHM_CACHED;
	choice.ring = PMM_RING_PACKED;
	refused("--ring packed: the shared memory of the board native is "
		"neither coherent nor uncached; use split rings there");
	choice.ring = PMM_RING_DEFAULT;
	on("ring_packed");
	refused("--features ring_packed: the shared memory of the board native "
		"is neither coherent nor uncached; use split rings there");
	place.view = PMM_SHM_UNCACHED;
	assert_int_equal(pmm_features_check(&choice, &place, &err), 0);
	assert_int_equal(pmm_features_on(&choice, VIRTIO_ID_RNG),
			 HVL_BIT64(VIRTIO_F_RING_PACKED));
	choice.on.any = 0;
	place.view = PMM_SHM_CACHED;
	assert_int_equal(pmm_features_check(&choice, &place, &err), 0);
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(features_are_named_by_device),
		cmocka_unit_test(features_are_cut_to_fit),
		T(features_have_names_for_all_that_is_offered),
		T(features_unknown_list_those_there_are),
		T(features_asked_for_twice_are_refused),
		T(features_have_to_go_with_the_transport),
		T(features_have_to_go_with_the_board),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
