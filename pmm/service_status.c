/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * service_status.c - the devices of a remote, for replies on the control socket
 */
#include "service_status.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <hvl/wire/feature_names.h>

#include "control.h"

typedef json_int_t jint;

json_t *pmm_status_string(const char *text)
{
	return pmm_control_text(text, strlen(text));
}

json_t *pmm_status_hex(uint64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "0x%" PRIx64, value);
	return json_string(text);
}

json_t *pmm_status_version(const char *version)
{
	return json_pack("{s:i, s:s}", "protocol", PMM_CONTROL_VERSION,
			 "version", version);
}

static json_t *status_mac(const uint8_t mac[6])
{
	char text[18];

	(void)snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x",
		       mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	return json_string(text);
}

static json_t *status_net(const struct pmm_device *device)
{
	const struct hvl_dev_net *net = &device->u.net.model;
	const struct hvl_dev_net_stats *st = &net->stats;

	return json_pack(
		"{s:s, s:o, s:i, s:b, s:I, s:I, s:I, s:I, s:I, s:I, "
		"s:I, s:I, s:I}",
		"ifname", device->u.net.tap.ifname, "mac", status_mac(net->mac),
		"mtu", (int)net->mtu, "link_up", (int)net->link_up, "rx_frames",
		(jint)st->rx_frames, "rx_bytes", (jint)st->rx_bytes,
		"rx_dropped", (jint)st->rx_dropped, "tx_frames",
		(jint)st->tx_frames, "tx_bytes", (jint)st->tx_bytes,
		"tx_dropped", (jint)st->tx_dropped, "rx_overflows",
		(jint)pmm_tap_dropped(&device->u.net.tap), "rx_stale",
		(jint)st->rx_stale, "rx_unanswered", (jint)st->rx_unanswered);
}

static json_t *status_rng(const struct pmm_device *device)
{
	const struct hvl_dev_rng *rng = &device->u.rng.model;
	const char *source = device->cfg.source;

	return json_pack("{s:o, s:I, s:I}", "source",
			 source ? pmm_status_string(source) : json_null(),
			 "bytes", (jint)rng->bytes, "failures",
			 (jint)rng->failures);
}

static json_t *status_features(const struct pmm_device *device)
{
	json_t *names = json_array();

	for (unsigned int bit = 0; bit < 64; bit++) {
		const char *name = hvl_feature_name(device->cfg.id, bit);

		if (name && (device->dev.features >> bit & 1))
			(void)json_array_append_new(names, json_string(name));
	}
	return names;
}

/* Known when the driver has negotiated. */
static json_t *status_ring(const struct hvl_dev *dev)
{
	if (!dev->live)
		return json_null();
	return json_string(hvl_dev_has(dev, VIRTIO_F_RING_PACKED) ? "packed" :
								    "split");
}

static json_t *status_device(const struct pmm_device *device)
{
	const struct hvl_dev *dev = &device->dev;
	const struct hvl_dev_stats *st = &dev->stats;
	bool net = device->cfg.id == VIRTIO_ID_NET;

	return json_pack(
		"{s:s, s:s, s:i, s:b, s:b, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, "
		"s:o}",
		"name", dev->cfg.name, "type", dev->cfg.model->type, "status",
		(int)dev->status, "ready", (int)dev->live, "broken",
		(int)dev->broken, "features", pmm_status_hex(dev->features),
		"feature_names", status_features(device), "features_offered",
		pmm_status_hex(dev->offered), "ring", status_ring(dev),
		"chains", (jint)st->chains, "interrupts", (jint)st->interrupts,
		"resets", (jint)st->resets, "violations", (jint)st->violations,
		"queues", (jint)st->queues, "queues_spun",
		(jint)device->queues_spun, dev->cfg.model->type,
		net ? status_net(device) : status_rng(device));
}

json_t *pmm_service_status(const struct pmm_service *svc)
{
	json_t *devices = json_array();

	for (unsigned int i = 0; i < svc->ndevices; i++)
		(void)json_array_append_new(devices,
					    status_device(&svc->devices[i]));
	return devices;
}

json_t *pmm_service_polling(const struct pmm_service *svc)
{
	const struct pmm_polling *poll = &svc->polling;

	return json_pack("{s:I, s:I, s:I, s:I}", "most_us", (jint)poll->most_us,
			 "polls", (jint)poll->polls, "hits", (jint)poll->hits,
			 "us", (jint)poll->polled_us);
}
