/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * common_options.c - what all commands that serve devices are told
 */
#include "common_options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "control_socket.h"
#include "keys.h"
#include "polling.h"
#include "tap.h"
#include "values.h"

int cli_take_no_dtb(void *ctx, const char *value, struct pmm_error *err)
{
	struct cli_common *common = ctx;

	(void)value;
	(void)err;
	common->no_dtb = true;
	return 0;
}

int cli_take_transport(void *ctx, const char *value, struct pmm_error *err)
{
	struct cli_common *common = ctx;

	common->v1 = strcmp(value, "mmio-v1") == 0;
	if (common->v1 || strcmp(value, "mmio") == 0)
		return 0;
	return pmm_fail(err, -EINVAL,
			"--transport \"%s\": unknown; there are mmio and "
			"mmio-v1",
			value);
}

int cli_take_ring(void *ctx, const char *value, struct pmm_error *err)
{
	struct cli_common *common = ctx;

	if (strcmp(value, "packed") == 0)
		common->features.ring = PMM_RING_PACKED;
	else if (strcmp(value, "split") == 0)
		common->features.ring = PMM_RING_SPLIT;
	else
		return pmm_fail(err, -EINVAL,
				"--ring \"%s\": unknown; there are split and "
				"packed",
				value);
	return 0;
}

int cli_take_features(void *ctx, const char *value, struct pmm_error *err)
{
	struct cli_common *common = ctx;

	return pmm_features_parse(&common->features.on, "--features", value,
				  err);
}

int cli_take_no_features(void *ctx, const char *value, struct pmm_error *err)
{
	struct cli_common *common = ctx;

	return pmm_features_parse(&common->features.off, "--no-features", value,
				  err);
}

int cli_take_poll_us(void *ctx, const char *value, struct pmm_error *err)
{
	struct cli_common *common = ctx;
	uint64_t us;

	if (!cli_number(value, &us) || us > PMM_POLLING_US_MAX)
		return pmm_fail(err, -EINVAL,
				"--poll-us \"%s\": not a number of "
				"microseconds from 0 to %u",
				value, PMM_POLLING_US_MAX);
	common->poll_us = (uint32_t)us;
	return 0;
}

/* Room for one more device, with its name; NULL and @err otherwise. */
static struct pmm_device_config *
common_add_device(struct cli_common *common, uint32_t id, struct pmm_error *err)
{
	bool net = id == VIRTIO_ID_NET;
	struct pmm_device_config *dev;

	if (common->ndevices == PMM_DEVICES_MAX) {
		(void)pmm_fail(err, -E2BIG,
			       "too many --net and --rng; a remote can have %u "
			       "devices",
			       PMM_DEVICES_MAX);
		return NULL;
	}
	dev = &common->devices[common->ndevices++];
	*dev = (struct pmm_device_config){ .id = id };
	(void)snprintf(dev->name, sizeof(dev->name), "%s%u",
		       net ? "net" : "rng",
		       net ? common->nets++ : common->rngs++);
	return dev;
}

int cli_take_rng(void *ctx, const char *value, struct pmm_error *err)
{
	struct pmm_device_config *dev;

	if (value && !*value)
		return pmm_fail(err, -EINVAL,
				"--rng=: no source named; write --rng for the "
				"kernel's entropy, or for example "
				"--rng=/dev/hwrng");
	dev = common_add_device(ctx, VIRTIO_ID_RNG, err);
	if (!dev)
		return -E2BIG;
	dev->source = value;
	return 0;
}

/* The device that a --net is about. */
struct net_list {
	struct cli_common *common;
	struct pmm_device_config *dev;
};

static int net_take_ifname(void *ctx, const char *value, struct pmm_error *err)
{
	struct net_list *list = ctx;
	struct pmm_device_config *dev = list->dev;
	struct cli_common *common = list->common;
	char *ifname = common->ifnames[dev - common->devices];

	if (strlen(value) >= IFNAMSIZ)
		return pmm_fail(err, -EINVAL,
				"--net ifname \"%s\": too long; at most %d "
				"characters",
				value, IFNAMSIZ - 1);
	if (!cli_ifname_ok(value))
		return pmm_fail(err, -EINVAL,
				"--net ifname \"%s\": not a name for an "
				"interface; for example tap0",
				value);
	for (const struct pmm_device_config *d = common->devices; d < dev;
	     d++) {
		if (d->ifname && strcmp(d->ifname, value) == 0)
			return pmm_fail(err, -EINVAL,
					"--net ifname \"%s\": given twice; "
					"each device needs a tap of its own",
					value);
	}
	(void)snprintf(ifname, IFNAMSIZ, "%s", value);
	dev->ifname = ifname;
	return 0;
}

static int net_take_mac(void *ctx, const char *value, struct pmm_error *err)
{
	struct net_list *list = ctx;
	struct pmm_device_config *dev = list->dev;
	static const uint8_t none[6];
	const struct cli_common *common = list->common;

	if (!cli_mac(value, dev->mac))
		return pmm_fail(err, -EINVAL,
				"--net mac \"%s\": not an Ethernet address; "
				"write for example 02:00:00:00:00:01",
				value);
	if (dev->mac[0] & 1)
		return pmm_fail(err, -EINVAL,
				"--net mac \"%s\": a group's address; the "
				"first byte must be even",
				value);
	if (memcmp(dev->mac, none, 6) == 0)
		return pmm_fail(err, -EINVAL,
				"--net mac \"%s\": all zero; leave mac out, or "
				"write for example 02:00:00:00:00:01",
				value);
	for (const struct pmm_device_config *d = common->devices; d < dev;
	     d++) {
		if (d->id == VIRTIO_ID_NET && !memcmp(d->mac, dev->mac, 6))
			return pmm_fail(err, -EINVAL,
					"--net mac \"%s\": given twice; each "
					"device needs one of its own",
					value);
	}
	return 0;
}

static int net_take_mtu(void *ctx, const char *value, struct pmm_error *err)
{
	struct net_list *list = ctx;
	struct pmm_device_config *dev = list->dev;
	uint64_t mtu;

	if (!cli_number(value, &mtu) || mtu < PMM_TAP_MTU_MIN ||
	    mtu > PMM_TAP_MTU_MAX)
		return pmm_fail(err, -EINVAL,
				"--net mtu \"%s\": not a number from %u to %u",
				value, PMM_TAP_MTU_MIN, PMM_TAP_MTU_MAX);
	dev->mtu = (uint16_t)mtu;
	return 0;
}

static const struct cli_key net_keys[] = {
	{ "ifname", net_take_ifname },
	{ "mac", net_take_mac },
	{ "mtu", net_take_mtu },
	{ 0 },
};

int cli_take_net(void *ctx, const char *value, struct pmm_error *err)
{
	static const struct cli_keys keys = { "--net", CLI_NET_SYNTAX,
					      net_keys };
	struct net_list list = { .common = ctx };
	char text[256], *next = text, *item;

	if (strlen(value) >= sizeof(text))
		return pmm_fail(err, -EINVAL,
				"--net: too long; write " CLI_NET_SYNTAX);
	(void)snprintf(text, sizeof(text), "%s", value);
	item = strsep(&next, ",");
	if (strcmp(item, "tap") != 0)
		return pmm_fail(
			err, -EINVAL,
			"--net \"%s\": unknown backing \"%s\"; write " CLI_NET_SYNTAX,
			value, item);
	list.dev = common_add_device(ctx, VIRTIO_ID_NET, err);
	if (!list.dev)
		return -E2BIG;
	return cli_keys_parse(&keys, next, &list, NULL, err);
}

int cli_take_control(void *ctx, const char *value, struct pmm_error *err)
{
	struct cli_common *common = ctx;

	if (*value == '\0')
		return pmm_fail(err, -EINVAL,
				"--control \"\": not a socket; write for "
				"example --control /tmp/hvl.sock, or none");
	if (strlen(value) >= PMM_CONTROL_PATH_MAX)
		return pmm_fail(err, -EINVAL,
				"--control \"%s\": too long; at most %zu "
				"characters",
				value, PMM_CONTROL_PATH_MAX - 1);
	common->control = value;
	return 0;
}

int cli_take_private(void *ctx, const char *value, struct pmm_error *err)
{
	struct cli_common *common = ctx;

	(void)value;
	(void)err;
	common->private_net = true;
	return 0;
}

int cli_take_verbose(void *ctx, const char *value, struct pmm_error *err)
{
	struct cli_common *common = ctx;

	(void)value;
	(void)err;
	common->verbose = true;
	return 0;
}

void cli_common_init(struct cli_common *common)
{
	common->poll_us = PMM_POLLING_US;
}

void cli_common_finish(struct cli_common *common)
{
	if (common->ndevices)
		return;
	(void)common_add_device(common, VIRTIO_ID_RNG, NULL);
	(void)common_add_device(common, VIRTIO_ID_NET, NULL);
}
