/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cli/common_options.h - what all commands that serve devices are told
 *
 * Each has a struct cli_common as the first member of what its options fill
 * in, so that the functions below may be given either.
 */
#ifndef CLI_COMMON_OPTIONS_H
#define CLI_COMMON_OPTIONS_H

#include <net/if.h>
#include <stdbool.h>

#include "device.h"
#include "layout.h"
#include "options.h"

#define CLI_NET_SYNTAX "tap[,ifname=NAME][,mac=MAC][,mtu=BYTES]"

struct cli_common {
	struct pmm_device_config devices[PMM_DEVICES_MAX];
	char ifnames[PMM_DEVICES_MAX][IFNAMSIZ];
	unsigned int ndevices, nets, rngs;
	bool no_dtb;
	bool v1; /* mmio version 1 */
	struct pmm_features_choice features;
	uint32_t poll_us;
	const char *control; /* socket; NULL: a default, "none": none */
	bool private_net;
	bool verbose;
};

int cli_take_no_dtb(void *ctx, const char *value, struct pmm_error *err);
int cli_take_transport(void *ctx, const char *value, struct pmm_error *err);
int cli_take_ring(void *ctx, const char *value, struct pmm_error *err);
int cli_take_features(void *ctx, const char *value, struct pmm_error *err);
int cli_take_no_features(void *ctx, const char *value, struct pmm_error *err);
int cli_take_poll_us(void *ctx, const char *value, struct pmm_error *err);
int cli_take_rng(void *ctx, const char *value, struct pmm_error *err);
int cli_take_net(void *ctx, const char *value, struct pmm_error *err);
int cli_take_control(void *ctx, const char *value, struct pmm_error *err);
int cli_take_private(void *ctx, const char *value, struct pmm_error *err);
int cli_take_verbose(void *ctx, const char *value, struct pmm_error *err);

/* Entries of a table of struct cli_option */
#define CLI_OPTION_NO_DTB                                                \
	{                                                                \
		"no-dtb", 0, NULL,                                       \
			"no devicetree blob: register blocks at the\n"   \
			"start of the shared memory, 8 devices at most", \
			cli_take_no_dtb                                  \
	}
#define CLI_OPTION_TRANSPORT                                       \
	{                                                          \
		"transport", 0, "TRANSPORT",                       \
			"mmio (default), or mmio-v1 as existing\n" \
			"hypervisorless firmware speaks it",       \
			cli_take_transport                         \
	}
#define CLI_OPTION_RING                                                 \
	{                                                               \
		"ring", 0, "RING",                                      \
			"split (default); packed: offered to drivers\n" \
			"that know it; others use split rings",         \
			cli_take_ring                                   \
	}
#define CLI_OPTION_FEATURES                                               \
	{                                                                 \
		"features", 0, "LIST",                                    \
			"offer these even where it is not the default:\n" \
			"names as hvl status shows them, with commas",    \
			cli_take_features                                 \
	}
#define CLI_OPTION_NO_FEATURES                                  \
	{                                                       \
		"no-features", 0, "LIST", "do not offer these", \
			cli_take_no_features                    \
	}
#define CLI_OPTION_POLL_US                                                  \
	{                                                                   \
		"poll-us", 0, "N",                                          \
			"look on for N microseconds after something came\n" \
			"(50), as long as that brings more; 0: never",      \
			cli_take_poll_us                                    \
	}
#define CLI_OPTION_RNG                                                   \
	{                                                                \
		"rng", 0, "[=SOURCE]",                                   \
			"an entropy device; SOURCE: a device or file,\n" \
			"default: the kernel's entropy",                 \
			cli_take_rng                                     \
	}
#define CLI_OPTION_NET                                                 \
	{                                                              \
		"net", 0, CLI_NET_SYNTAX,                              \
			"a network device on the tap NAME, which is\n" \
			"created where there is none; default: hvlN",  \
			cli_take_net                                   \
	}
#define CLI_OPTION_CONTROL                                              \
	{                                                               \
		"control", 0, "SOCKET",                                 \
			"where hvl status, stop and others reach it;\n" \
			"default: one in $XDG_RUNTIME_DIR/hvl; none",   \
			cli_take_control                                \
	}
#define CLI_OPTION_PRIVATE                                             \
	{                                                              \
		"private", 0, NULL,                                    \
			"in user and network namespaces of its own,\n" \
			"with 192.168.200.254/24 on the first tap:\n"  \
			"needs no root",                               \
			cli_take_private                               \
	}
#define CLI_OPTION_VERBOSE                                         \
	{                                                          \
		"verbose", 'v', NULL, "say more", cli_take_verbose \
	}

/** cli_common_init() - as if no option were given; zeroed before */
void cli_common_init(struct cli_common *common);

/** cli_common_finish() - the devices that there are where none was given */
void cli_common_finish(struct cli_common *common);

#endif /* CLI_COMMON_OPTIONS_H */
