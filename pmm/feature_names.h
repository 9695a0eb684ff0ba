/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/feature_names.h - feature bits by their names
 */
#ifndef PMM_FEATURE_NAMES_H
#define PMM_FEATURE_NAMES_H

#include <stddef.h>
#include <stdint.h>

#define PMM_FEATURE_NAMES_MAX 160u /* enough for all that have a name */

/**
 * pmm_feature_names() - "MAC, STATUS, VERSION_1"
 * @id:       VIRTIO_ID_*, whose bits below 24 these are
 * @features: bits without a name appear as "bit 7"
 * @text:     filled in, "none" without any
 * @size:     of it; what does not fit is cut off
 */
void pmm_feature_names(uint32_t id, uint64_t features, char *text, size_t size);

#endif /* PMM_FEATURE_NAMES_H */
