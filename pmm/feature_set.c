/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * feature_set.c - feature bits: their names, and which ones people want
 */
#include "feature_set.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <hvl/wire/feature_names.h>

#define FEATURES_V1 UINT32_MAX /* that version 1 has room for */

/* Named where a driver has them, but none of our devices offers them. */
#define FEATURES_NEVER HVL_BIT64(VIRTIO_F_NOTIFY_ON_EMPTY)
#define FEATURES_NEVER_NET HVL_BIT64(VIRTIO_NET_F_MRG_RXBUF)

void pmm_feature_names(uint32_t id, uint64_t features, char *text, size_t size)
{
	size_t at = 0;

	(void)snprintf(text, size, "none");
	for (unsigned int bit = 0; bit < 64 && at < size; bit++) {
		const char *name = hvl_feature_name(id, bit);
		const char *comma = at ? ", " : "";
		int n;

		if (!(features >> bit & 1))
			continue;
		if (name)
			n = snprintf(text + at, size - at, "%s%s", comma, name);
		else
			n = snprintf(text + at, size - at, "%sbit %u", comma,
				     bit);
		at += n > 0 ? (size_t)n : 0;
	}
}

/* All that our devices may offer. */
static uint64_t features_known(const char *(*name_of)(unsigned int bit),
			       uint64_t never)
{
	uint64_t bits = 0;

	for (unsigned int bit = 0; bit < 64; bit++) {
		if (name_of(bit))
			bits |= HVL_BIT64(bit);
	}
	return bits & ~never;
}

static uint64_t features_known_any(void)
{
	return features_known(hvl_feature_name_any, FEATURES_NEVER);
}

static uint64_t features_known_net(void)
{
	return features_known(hvl_feature_name_net, FEATURES_NEVER_NET);
}

/* The bit of those in @known that a word is the name of; 0: none is. */
static uint64_t feature_parse(uint32_t id, uint64_t known, const char *word,
			      size_t len)
{
	for (unsigned int bit = 0; bit < 64; bit++) {
		const char *name = hvl_feature_name(id, bit);

		if ((known >> bit & 1) && strlen(name) == len &&
		    memcmp(name, word, len) == 0)
			return HVL_BIT64(bit);
	}
	return 0;
}

static int features_unknown(const char *option, const char *word, size_t len,
			    struct pmm_error *err)
{
	char names[PMM_FEATURE_NAMES_MAX];

	pmm_feature_names(VIRTIO_ID_NET,
			  features_known_any() | features_known_net(), names,
			  sizeof(names));
	return pmm_fail(err, -EINVAL, "%s \"%.*s\": unknown; there are: %s",
			option, (int)(len < 40 ? len : 40), word, names);
}

int pmm_features_parse(struct pmm_features *set, const char *option,
		       const char *list, struct pmm_error *err)
{
	for (;;) {
		size_t len = strcspn(list, ",");
		uint64_t any =
			feature_parse(0, features_known_any(), list, len);
		uint64_t net = feature_parse(VIRTIO_ID_NET,
					     features_known_net(), list, len);

		if (!any && !net)
			return features_unknown(option, list, len, err);
		set->any |= any;
		set->net |= net;
		if (list[len] == '\0')
			return 0;
		list += len + 1;
	}
}

static bool features_packed(const struct pmm_features_choice *choice)
{
	return choice->ring == PMM_RING_PACKED ||
	       (choice->on.any & HVL_BIT64(VIRTIO_F_RING_PACKED));
}

/* As the user wrote it. */
static const char *features_packed_option(const struct pmm_features_choice *c)
{
	return c->ring == PMM_RING_PACKED ? "--ring packed" :
					    "--features ring_packed";
}

static const char *feature_first(uint32_t id, uint64_t bits)
{
	unsigned int bit = 0;

	while (!(bits >> bit & 1))
		bit++;
	return hvl_feature_name(id, bit);
}

/* Asked for, and ruled out. */
static int features_check_sense(const struct pmm_features_choice *choice,
				struct pmm_error *err)
{
	const uint64_t packed = HVL_BIT64(VIRTIO_F_RING_PACKED);
	const char *both = NULL;

	if (choice->on.net & choice->off.net)
		both = feature_first(VIRTIO_ID_NET,
				     choice->on.net & choice->off.net);
	else if (choice->on.any & choice->off.any)
		both = feature_first(0, choice->on.any & choice->off.any);
	if (both)
		return pmm_fail(err, -EINVAL,
				"--features and --no-features \"%s\": one of "
				"the two only",
				both);
	if (choice->ring == PMM_RING_SPLIT && (choice->on.any & packed))
		return pmm_fail(err, -EINVAL,
				"--ring split and --features ring_packed: one "
				"of the two only");
	if (choice->ring == PMM_RING_PACKED && (choice->off.any & packed))
		return pmm_fail(err, -EINVAL,
				"--ring packed and --no-features ring_packed: "
				"one of the two only");
	return 0;
}

static int features_check_transport(const struct pmm_features_choice *choice,
				    bool v1, struct pmm_error *err)
{
	uint64_t high = choice->on.any & ~(uint64_t)FEATURES_V1;

	if (v1 && choice->ring == PMM_RING_PACKED)
		return pmm_fail(err, -EINVAL,
				"--ring packed: mmio-v1 has split rings only; "
				"write --transport mmio");
	if (v1 && high)
		return pmm_fail(err, -EINVAL,
				"--features \"%s\": mmio-v1 has no room for "
				"its bit; write --transport mmio",
				feature_first(0, high));
	if (v1)
		return 0;
	if (choice->on.any & HVL_BIT64(VIRTIO_F_ANY_LAYOUT))
		return pmm_fail(err, -EINVAL,
				"--features \"any_layout\": is for mmio-v1; "
				"with mmio version_1 has it included");
	if (choice->off.any & HVL_BIT64(VIRTIO_F_VERSION_1))
		return pmm_fail(err, -EINVAL,
				"--no-features \"version_1\": mmio cannot do "
				"without; write --transport mmio-v1");
	return 0;
}

int pmm_features_check(const struct pmm_features_choice *choice,
		       const struct pmm_features_place *place,
		       struct pmm_error *err)
{
	int rc = features_check_sense(choice, err);

	if (rc == 0)
		rc = features_check_transport(choice, place->v1, err);
	if (rc < 0)
		return rc;
	if (place->no_suppress &&
	    (choice->on.any & HVL_BIT64(VIRTIO_RING_F_EVENT_IDX)))
		return pmm_fail(err, -EINVAL,
				"--features \"event_idx\": not on the board "
				"%s, whose barriers may do nothing: "
				"notifications are never held back there",
				place->board);
	if (features_packed(choice) && place->view == PMM_SHM_CACHED)
		return pmm_fail(err, -EINVAL,
				"%s: the shared memory of the board %s is "
				"neither coherent nor uncached; use split "
				"rings there",
				features_packed_option(choice), place->board);
	return 0;
}

static uint64_t features_of(const struct pmm_features *set, uint32_t id)
{
	return set->any | (id == VIRTIO_ID_NET ? set->net : 0);
}

uint64_t pmm_features_on(const struct pmm_features_choice *choice, uint32_t id)
{
	uint64_t on = features_of(&choice->on, id);

	if (features_packed(choice))
		on |= HVL_BIT64(VIRTIO_F_RING_PACKED);
	return on;
}

uint64_t pmm_features_off(const struct pmm_features_choice *choice, uint32_t id)
{
	return features_of(&choice->off, id);
}
