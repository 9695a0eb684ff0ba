/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * features.c - what was negotiated with a device, by name
 */
#include "app.h"

#include <hvl/wire/feature_names.h>

void app_features_print(const struct app_device *dev)
{
	unsigned int count = 0;

	app_print("%-6s ", dev->name);
	for (unsigned int bit = 0; dev->up && bit < 64; bit++) {
		const char *name = hvl_feature_name(dev->dev.id, bit);

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
