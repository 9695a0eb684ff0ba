/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/feature_set.h - feature bits: their names, and which ones people want
 *
 * The names are the specification's, in lower case and without prefixes:
 * "ring_packed", "mac".
 *
 * Errors  Negative errno, with one line for a person.
 */
#ifndef PMM_FEATURE_SET_H
#define PMM_FEATURE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "shm_source.h"

#define PMM_FEATURE_NAMES_MAX 200u /* enough for all that have a name */

/* A set of features; bits below 24 mean what their device type says. */
struct pmm_features {
	uint64_t any; /* of rings and transports */
	uint64_t net; /* of network devices */
};

enum pmm_ring {
	PMM_RING_DEFAULT, /* split, unless ring_packed is asked for */
	PMM_RING_SPLIT,
	PMM_RING_PACKED,
};

struct pmm_features_choice {
	enum pmm_ring ring;
	struct pmm_features on, off; /* --features, --no-features */
};

/* What a choice has to go with. */
struct pmm_features_place {
	const char *board; /* NULL: not one that is known */
	bool v1;	   /* mmio version 1 */
	bool no_suppress;  /* as struct hvl_dev_config has it */
	enum pmm_shm_view view;
};

/**
 * pmm_feature_names() - "mac, status, version_1"
 * @id:       VIRTIO_ID_*
 * @features: bits without a name appear as "bit 7"
 * @text:     filled in, "none" without any
 * @size:     of it; what does not fit is cut off
 */
void pmm_feature_names(uint32_t id, uint64_t features, char *text, size_t size);

/**
 * pmm_features_parse() - add what a list of names says
 * @set:    added to
 * @option: that the list was given to: "--features"
 * @list:   "ring_packed,in_order"
 * @err:    filled in on failure
 * Return: 0 or -EINVAL.
 */
int pmm_features_parse(struct pmm_features *set, const char *option,
		       const char *list, struct pmm_error *err);

/**
 * pmm_features_check() - can devices there offer that?
 * @choice: as a person asked for it
 * @place:  where
 * @err:    filled in on failure
 * Return: 0 or -EINVAL.
 */
int pmm_features_check(const struct pmm_features_choice *choice,
		       const struct pmm_features_place *place,
		       struct pmm_error *err);

/** pmm_features_on(), pmm_features_off() - for a device of a type: what to
 * offer though it is not by default, and what not to offer */
uint64_t pmm_features_on(const struct pmm_features_choice *choice, uint32_t id);
uint64_t pmm_features_off(const struct pmm_features_choice *choice,
			  uint32_t id);

#endif /* PMM_FEATURE_SET_H */
