/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * devices.c - what is said about devices, at the start and at the end
 */
#include "devices.h"

#include "message.h"

void cli_devices_introduce(const struct pmm_service *svc)
{
	for (unsigned int i = 0; i < svc->ndevices; i++) {
		const struct pmm_device_config *cfg = &svc->devices[i].cfg;
		const char *ifname = pmm_service_ifname(svc, i);

		if (ifname)
			cli_say("%s: tap \"%s\"", cfg->name, ifname);
		else
			cli_say("%s: entropy of %s", cfg->name,
				cfg->source ? cfg->source : "the kernel");
	}
}

static void devices_sum_up_net(const struct pmm_device *device)
{
	const struct hvl_dev_net_stats *net = &device->u.net.model.stats;
	const struct hvl_dev_stats *st = &device->dev.stats;

	cli_say("%s: %llu frames in, %llu out, %llu dropped; %llu resets, "
		"%llu violations",
		device->cfg.name, (unsigned long long)net->rx_frames,
		(unsigned long long)net->tx_frames,
		(unsigned long long)(pmm_tap_dropped(&device->u.net.tap) +
				     net->rx_dropped + net->rx_stale +
				     net->tx_dropped),
		(unsigned long long)st->resets,
		(unsigned long long)st->violations);
}

void cli_devices_sum_up(const struct pmm_service *svc)
{
	for (unsigned int i = 0; i < svc->ndevices; i++) {
		const struct pmm_device *device = &svc->devices[i];
		const struct hvl_dev_stats *st = &device->dev.stats;

		if (device->cfg.id == VIRTIO_ID_NET)
			devices_sum_up_net(device);
		else
			cli_say("%s: %llu bytes of entropy; %llu resets, %llu "
				"violations",
				device->cfg.name,
				(unsigned long long)device->u.rng.model.bytes,
				(unsigned long long)st->resets,
				(unsigned long long)st->violations);
	}
}
