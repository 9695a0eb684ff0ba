/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cli/private_net.h - --private: a network that only this command is in
 *
 * Errors  Negative errno, with one line for a person.
 */
#ifndef CLI_PRIVATE_NET_H
#define CLI_PRIVATE_NET_H

#include "common_options.h"
#include "service.h"

struct cli_private_net {
	bool on;
	bool user_ns; /* a new one too */
};

/**
 * cli_private_enter() - if --private was given; before the devices are opened
 * @net:    filled in
 * @common: the first net device without a name for its tap gets one
 */
int cli_private_enter(struct cli_private_net *net, struct cli_common *common,
		      struct pmm_error *err);

/** cli_private_address() - give the first tap an address: nobody else does */
int cli_private_address(const struct cli_private_net *net,
			const struct pmm_service *svc, struct pmm_error *err);

/** cli_private_introduce() - say how to get there */
void cli_private_introduce(const struct cli_private_net *net);

#endif /* CLI_PRIVATE_NET_H */
