/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * run_options.c - what `hvl run` and `hvl demo` are told
 */
#include "run_options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "firmware.h"
#include "values.h"

static int take_board(void *ctx, const char *value, struct pmm_error *err)
{
	struct cli_run *run = ctx;
	const struct pmm_board *board;
	char names[120] = "";
	size_t at = 0;

	run->remote.board = pmm_board_find(value);
	if (run->remote.board)
		return 0;
	for (unsigned int i = 0; (board = pmm_board_at(i)); i++) {
		int n = snprintf(names + at, sizeof(names) - at, "%s%s",
				 i ? ", " : "", board->name);

		if (n < 0 || (size_t)n >= sizeof(names) - at)
			break;
		at += (size_t)n;
	}
	return pmm_fail(err, -EINVAL, "--board \"%s\": unknown; there are: %s",
			value, names);
}

static int take_firmware(void *ctx, const char *value, struct pmm_error *err)
{
	struct cli_run *run = ctx;

	if (!*value)
		return pmm_fail(err, -EINVAL,
				"--firmware: no file named; leave it out for "
				"hvl_net_rng, or write --firmware FILE");
	run->remote.firmware = value;
	return 0;
}

static int take_shmem_addr(void *ctx, const char *value, struct pmm_error *err)
{
	struct cli_run *run = ctx;

	run->has_addr = true;
	if (cli_number(value, &run->remote.shm_da))
		return 0;
	return pmm_fail(err, -EINVAL,
			"--shmem-addr \"%s\": not an address of 64 bits; write "
			"for example 0x37000000",
			value);
}

static int take_shmem_size(void *ctx, const char *value, struct pmm_error *err)
{
	struct cli_run *run = ctx;

	run->has_size = true;
	if (cli_size(value, &run->remote.shm_size))
		return 0;
	return pmm_fail(err, -EINVAL,
			"--shmem-size \"%s\": not a size of 64 bits; write for "
			"example 16M, 512K or 0x1000000",
			value);
}

/* N/SECONDS */
static bool crash_take_limit(const char *text, struct pmm_restarts_limit *limit)
{
	const char *slash = strchr(text, '/');
	uint64_t most, seconds;
	char number[24];

	if (!slash || (size_t)(slash - text) >= sizeof(number))
		return false;
	(void)snprintf(number, sizeof(number), "%.*s", (int)(slash - text),
		       text);
	if (!cli_number(number, &most) || most == 0 ||
	    most > PMM_RESTARTS_MAX || !cli_number(slash + 1, &seconds) ||
	    seconds == 0 || seconds > PMM_RESTARTS_SECONDS_MAX)
		return false;
	limit->most = (uint32_t)most;
	limit->seconds = (uint32_t)seconds;
	return true;
}

static int take_on_crash(void *ctx, const char *value, struct pmm_error *err)
{
	static const char limited[] = "restart:";
	struct cli_run *run = ctx;
	struct pmm_restarts_limit limit = { 0 };

	if (strncmp(value, limited, sizeof(limited) - 1) == 0) {
		if (!crash_take_limit(value + sizeof(limited) - 1, &limit))
			return pmm_fail(err, -EINVAL,
					"--on-crash \"%s\": write restart:N/"
					"SECONDS with N from 1 to %u and "
					"SECONDS from 1 to %u, for example "
					"restart:3/60",
					value, PMM_RESTARTS_MAX,
					PMM_RESTARTS_SECONDS_MAX);
	} else if (strcmp(value, "restart") != 0 &&
		   strcmp(value, "stop") != 0) {
		return pmm_fail(err, -EINVAL,
				"--on-crash \"%s\": unknown; there are stop, "
				"restart and restart:N/SECONDS",
				value);
	}
	run->remote.on_crash = strcmp(value, "stop") == 0 ? PMM_CRASH_STOP :
							    PMM_CRASH_RESTART;
	run->remote.restarts = limit;
	return 0;
}

static int take_coredump(void *ctx, const char *value, struct pmm_error *err)
{
	struct cli_run *run = ctx;

	(void)err;
	run->remote.coredump = value;
	return 0;
}

static int take_remoteproc(void *ctx, const char *value, struct pmm_error *err)
{
	struct cli_run *run = ctx;

	(void)err;
	run->remote.sysfs.instance = value;
	return 0;
}

static int take_shmem_dev(void *ctx, const char *value, struct pmm_error *err)
{
	static const char key[] = ",offset=";
	struct cli_run *run = ctx;
	const char *comma = strchr(value, ',');
	size_t len = comma ? (size_t)(comma - value) : strlen(value);

	if (len == 0 || len >= sizeof(run->shm_path) ||
	    (comma && (strncmp(comma, key, sizeof(key) - 1) != 0 ||
		       !cli_size(comma + sizeof(key) - 1,
				 &run->remote.sysfs.shm_offset))))
		return pmm_fail(
			err, -EINVAL,
			"--shmem-dev \"%s\": write NODE[,offset=BYTES], "
			"for example /dev/mem,offset=0x37000000",
			value);
	(void)snprintf(run->shm_path, sizeof(run->shm_path), "%.*s", (int)len,
		       value);
	run->remote.sysfs.shm_path = run->shm_path;
	return 0;
}

#define OPTION_BOARD                                                 \
	{                                                            \
		"board", 0, "BOARD",                                 \
			"what the remote is: native (default), a\n"  \
			"sandboxed process of this machine, or an\n" \
			"emulated machine: virt-a53, virt-rv64,\n"   \
			"mps2-m3, zcu102-r5; or sysfs, a real core", \
			take_board                                   \
	}
#define OPTION_FIRMWARE                                               \
	{                                                             \
		"firmware", 0, "FILE",                                \
			"ELF file to load; default: hvl_net_rng of\n" \
			"this build or installation",                 \
			take_firmware                                 \
	}
const struct cli_option cli_run_options[] = {
	OPTION_BOARD,
	OPTION_FIRMWARE,
	{ "shmem-addr", 0, "ADDR",
	  "where the remote sees the shared memory;\n"
	  "default: as the board has it,\n"
	  "0x37000000 on native",
	  take_shmem_addr },
	{ "shmem-size", 0, "SIZE",
	  "and its size; default: as the board has it,\n"
	  "16M on native",
	  take_shmem_size },
	{ "remoteproc", 0, "NAME",
	  "sysfs: which of /sys/class/remoteproc;\n"
	  "default: remoteproc0",
	  take_remoteproc },
	{ "shmem-dev", 0, "NODE[,offset=BYTES]",
	  "sysfs: what the shared memory is mapped from", take_shmem_dev },
	CLI_OPTION_NO_DTB,
	CLI_OPTION_TRANSPORT,
	CLI_OPTION_RING,
	CLI_OPTION_FEATURES,
	CLI_OPTION_NO_FEATURES,
	CLI_OPTION_RNG,
	CLI_OPTION_NET,
	CLI_OPTION_POLL_US,
	{ "on-crash", 0, "ACTION",
	  "stop (default), restart, or restart:N/SECONDS:\n"
	  "at most N restarts within so many seconds",
	  take_on_crash },
	{ "coredump", 0, "FILE",
	  "an ELF core file of each crash; the three\n"
	  "before it are FILE.1 to FILE.3",
	  take_coredump },
	CLI_OPTION_CONTROL,
	CLI_OPTION_PRIVATE,
	CLI_OPTION_VERBOSE,
	{ 0 },
};

const struct cli_option cli_demo_options[] = {
	OPTION_BOARD,		OPTION_FIRMWARE,    CLI_OPTION_NO_DTB,
	CLI_OPTION_TRANSPORT,	CLI_OPTION_RING,    CLI_OPTION_FEATURES,
	CLI_OPTION_NO_FEATURES, CLI_OPTION_VERBOSE, { 0 },
};

void cli_run_init(struct cli_run *run)
{
	memset(run, 0, sizeof(*run));
	cli_common_init(&run->common);
	run->remote.board = pmm_board_at(0);
}

/* What only a real core has, and what it cannot do without. */
static int run_check_sysfs(struct cli_run *run, struct pmm_error *err)
{
	struct pmm_remote_config *remote = &run->remote;
	struct pmm_driver_sysfs_options *o = &remote->sysfs;

	if (remote->board->driver != &pmm_driver_sysfs) {
		if (!o->instance && !o->shm_path)
			return 0;
		return pmm_fail(err, -EINVAL,
				"--remoteproc and --shmem-dev are for --board "
				"sysfs, not for %s",
				remote->board->name);
	}
	if (!o->shm_path || !run->has_addr || !run->has_size ||
	    !remote->firmware)
		return pmm_fail(err, -EINVAL,
				"--board sysfs needs --firmware, --shmem-dev, "
				"--shmem-addr and --shmem-size: where the "
				"shared memory is, only the board's maker "
				"knows");
	if (!o->instance)
		o->instance = "remoteproc0";
	if (remote->coredump && strcmp(remote->coredump, "kernel") != 0)
		return pmm_fail(err, -EINVAL,
				"--coredump \"%s\": of a real core only the "
				"kernel can make one; write --coredump=kernel, "
				"and find it in /sys/class/devcoredump",
				remote->coredump);
	o->coredump = remote->coredump != NULL;
	remote->coredump = NULL;
	return 0;
}

int cli_run_finish(struct cli_run *run, struct pmm_error *err)
{
	struct pmm_remote_config *remote = &run->remote;
	int rc;

	cli_common_finish(&run->common);
	remote->devices = run->common.devices;
	remote->ndevices = run->common.ndevices;
	remote->no_dtb = run->common.no_dtb;
	remote->v1 = run->common.v1;
	remote->features = run->common.features;
	remote->poll_us = run->common.poll_us;
	if (!run->has_addr)
		remote->shm_da = remote->board->shm_da;
	if (!run->has_size)
		remote->shm_size = remote->board->shm_size;
	rc = run_check_sysfs(run, err);
	if (rc == 0)
		rc = pmm_remote_check(remote, err);
	if (rc == 0 && !remote->firmware) {
		rc = cli_firmware_find(remote->board->name, run->firmware, err);
		remote->firmware = run->firmware;
	}
	return rc;
}
