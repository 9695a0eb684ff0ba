/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * private_net.c - --private: a network that only this command is in
 */
#include "private_net.h"

#include <string.h>
#include <unistd.h>

#include "message.h"
#include "netns.h"
#include "run.h"

/* A tap that only we can see needs no permission. */
int cli_private_enter(struct cli_private_net *net, struct cli_common *common,
		      struct pmm_error *err)
{
	int rc;

	net->on = common->private_net;
	if (!net->on)
		return 0;
	rc = pmm_netns_enter(&net->user_ns, err);
	for (unsigned int i = 0; rc == 0 && i < common->ndevices; i++) {
		struct pmm_device_config *dev = &common->devices[i];

		if (dev->id != VIRTIO_ID_NET)
			continue;
		if (!dev->ifname)
			dev->ifname = CLI_DEMO_TAP;
		break;
	}
	return rc;
}

int cli_private_address(const struct cli_private_net *net,
			const struct pmm_service *svc, struct pmm_error *err)
{
	for (unsigned int i = 0; net->on && i < svc->ndevices; i++) {
		const char *ifname = pmm_service_ifname(svc, i);
		int rc;

		if (!ifname)
			continue;
		rc = pmm_if_set_ip(ifname, CLI_DEMO_IP, CLI_DEMO_PREFIX);
		if (rc < 0)
			return pmm_fail(err, rc, "%s: address: %s", ifname,
					strerror(-rc));
		break;
	}
	return 0;
}

void cli_private_introduce(const struct cli_private_net *net)
{
	if (net->on)
		cli_say("for a shell in its network: nsenter -t %d%s -n%s",
			(int)getpid(), net->user_ns ? " -U" : "",
			net->user_ns ? " --preserve-credentials" : "");
}
