/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * features.c - what was negotiated with a device, by name
 */
#include "app.h"

#include <hvl/wire/feature_names.h>

#define FEATURE_CASE(bit, name) \
	case bit:               \
		return name;

static const char *feature_any(unsigned int bit)
{
	switch (bit) {
		HVL_FEATURE_NAMES(FEATURE_CASE)
	default:
		return NULL;
	}
}

static const char *feature_net(unsigned int bit)
{
	switch (bit) {
		HVL_FEATURE_NAMES_NET(FEATURE_CASE)
	default:
		return NULL;
	}
}

static const char *feature_name(uint32_t id, unsigned int bit)
{
	const char *name = feature_any(bit);

	return !name && id == VIRTIO_ID_NET ? feature_net(bit) : name;
}

void app_features_print(const struct app_device *dev)
{
	unsigned int count = 0;

	app_print("%-6s ", dev->name);
	for (unsigned int bit = 0; dev->up && bit < 64; bit++) {
		const char *name = feature_name(dev->dev.id, bit);

		if (!hvl_drv_dev_has(&dev->dev, bit))
			continue;
		app_print(count ? ", " : "");
		if (name)
			app_print("%s", name);
		else
			app_print("bit %u", bit);
		count++;
	}
	app_print("%s\n", !dev->up ? "down" : count ? "" : "none");
}
