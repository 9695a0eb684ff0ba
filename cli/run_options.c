/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * run_options.c - what `hvl run` and `hvl demo` are told
 */
#include "run_options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "control_socket.h"
#include "firmware.h"
#include "tap.h"
#include "values.h"

#define NET_SYNTAX "tap[,ifname=NAME][,mac=MAC][,mtu=BYTES]"

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

static int take_no_dtb(void *ctx, const char *value, struct pmm_error *err)
{
	struct cli_run *run = ctx;

	(void)value;
	(void)err;
	run->remote.no_dtb = true;
	return 0;
}

static int take_transport(void *ctx, const char *value, struct pmm_error *err)
{
	struct cli_run *run = ctx;

	run->remote.v1 = strcmp(value, "mmio-v1") == 0;
	if (run->remote.v1 || strcmp(value, "mmio") == 0)
		return 0;
	return pmm_fail(err, -EINVAL,
			"--transport \"%s\": unknown; there are mmio and "
			"mmio-v1",
			value);
}

/* Room for one more device, with its name; NULL and @err otherwise. */
static struct pmm_device_config *
run_add_device(struct cli_run *run, uint32_t id, struct pmm_error *err)
{
	bool net = id == VIRTIO_ID_NET;
	struct pmm_device_config *dev;

	if (run->remote.ndevices == PMM_DEVICES_MAX) {
		(void)pmm_fail(err, -E2BIG,
			       "too many --net and --rng; a remote can have %u "
			       "devices",
			       PMM_DEVICES_MAX);
		return NULL;
	}
	dev = &run->devices[run->remote.ndevices++];
	*dev = (struct pmm_device_config){ .id = id };
	(void)snprintf(dev->name, sizeof(dev->name), "%s%u",
		       net ? "net" : "rng", net ? run->nets++ : run->rngs++);
	return dev;
}

static int take_rng(void *ctx, const char *value, struct pmm_error *err)
{
	struct pmm_device_config *dev;

	if (value && !*value)
		return pmm_fail(err, -EINVAL,
				"--rng=: no source named; write --rng for the "
				"kernel's entropy, or for example "
				"--rng=/dev/hwrng");
	dev = run_add_device(ctx, VIRTIO_ID_RNG, err);
	if (!dev)
		return -E2BIG;
	dev->source = value;
	return 0;
}

static int net_take_ifname(struct cli_run *run, struct pmm_device_config *dev,
			   const char *value, struct pmm_error *err)
{
	char *ifname = run->ifnames[dev - run->devices];

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
	for (const struct pmm_device_config *d = run->devices; d < dev; d++) {
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

static int net_take_mac(struct cli_run *run, struct pmm_device_config *dev,
			const char *value, struct pmm_error *err)
{
	static const uint8_t none[6];

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
	for (const struct pmm_device_config *d = run->devices; d < dev; d++) {
		if (d->id == VIRTIO_ID_NET && !memcmp(d->mac, dev->mac, 6))
			return pmm_fail(err, -EINVAL,
					"--net mac \"%s\": given twice; each "
					"device needs one of its own",
					value);
	}
	return 0;
}

static int net_take_mtu(struct cli_run *run, struct pmm_device_config *dev,
			const char *value, struct pmm_error *err)
{
	uint64_t mtu;

	(void)run;
	if (!cli_number(value, &mtu) || mtu < PMM_TAP_MTU_MIN ||
	    mtu > PMM_TAP_MTU_MAX)
		return pmm_fail(err, -EINVAL,
				"--net mtu \"%s\": not a number from %u to %u",
				value, PMM_TAP_MTU_MIN, PMM_TAP_MTU_MAX);
	dev->mtu = (uint16_t)mtu;
	return 0;
}

static const struct {
	const char *key;
	int (*take)(struct cli_run *run, struct pmm_device_config *dev,
		    const char *value, struct pmm_error *err);
} net_keys[] = {
	{ "ifname", net_take_ifname },
	{ "mac", net_take_mac },
	{ "mtu", net_take_mtu },
};

static int net_take_key(struct cli_run *run, struct pmm_device_config *dev,
			char *item, unsigned int *seen, struct pmm_error *err)
{
	char *value = strchr(item, '=');
	size_t k = 0;

	if (value)
		*value++ = '\0';
	while (k < HVL_ARRAY_SIZE(net_keys) &&
	       strcmp(item, net_keys[k].key) != 0)
		k++;
	if (k == HVL_ARRAY_SIZE(net_keys))
		return pmm_fail(err, -EINVAL,
				"--net: unknown key \"%s\"; write " NET_SYNTAX,
				item);
	if (!value || !*value)
		return pmm_fail(err, -EINVAL,
				"--net: %s has no value; write " NET_SYNTAX,
				item);
	if (*seen & 1u << k)
		return pmm_fail(err, -EINVAL, "--net: %s is given twice", item);
	*seen |= 1u << k;
	return net_keys[k].take(run, dev, value, err);
}

static int take_net(void *ctx, const char *value, struct pmm_error *err)
{
	struct cli_run *run = ctx;
	struct pmm_device_config *dev;
	unsigned int seen = 0;
	char text[256], *next = text, *item;
	int rc = 0;

	if (strlen(value) >= sizeof(text))
		return pmm_fail(err, -EINVAL,
				"--net: too long; write " NET_SYNTAX);
	(void)snprintf(text, sizeof(text), "%s", value);
	item = strsep(&next, ",");
	if (strcmp(item, "tap") != 0)
		return pmm_fail(
			err, -EINVAL,
			"--net \"%s\": unknown backing \"%s\"; write " NET_SYNTAX,
			value, item);
	dev = run_add_device(run, VIRTIO_ID_NET, err);
	if (!dev)
		return -E2BIG;
	while (rc == 0 && (item = strsep(&next, ",")))
		rc = net_take_key(run, dev, item, &seen, err);
	return rc;
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

static int take_control(void *ctx, const char *value, struct pmm_error *err)
{
	struct cli_run *run = ctx;

	if (*value == '\0')
		return pmm_fail(err, -EINVAL,
				"--control \"\": not a socket; write for "
				"example --control /tmp/hvl.sock, or none");
	if (strlen(value) >= PMM_CONTROL_PATH_MAX)
		return pmm_fail(err, -EINVAL,
				"--control \"%s\": too long; at most %zu "
				"characters",
				value, PMM_CONTROL_PATH_MAX - 1);
	run->control = value;
	return 0;
}

static int take_private(void *ctx, const char *value, struct pmm_error *err)
{
	struct cli_run *run = ctx;

	(void)value;
	(void)err;
	run->private_net = true;
	return 0;
}

static int take_verbose(void *ctx, const char *value, struct pmm_error *err)
{
	struct cli_run *run = ctx;

	(void)value;
	(void)err;
	run->verbose = true;
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
#define OPTION_NO_DTB                                                    \
	{                                                                \
		"no-dtb", 0, NULL,                                       \
			"no devicetree blob: register blocks at the\n"   \
			"start of the shared memory, 8 devices at most", \
			take_no_dtb                                      \
	}
#define OPTION_TRANSPORT                                           \
	{                                                          \
		"transport", 0, "TRANSPORT",                       \
			"mmio (default), or mmio-v1 as existing\n" \
			"hypervisorless firmware speaks it",       \
			take_transport                             \
	}
#define OPTION_VERBOSE                                         \
	{                                                      \
		"verbose", 'v', NULL, "say more", take_verbose \
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
	OPTION_NO_DTB,
	OPTION_TRANSPORT,
	{ "rng", 0, "[=SOURCE]",
	  "an entropy device; SOURCE: a device or file,\n"
	  "default: the kernel's entropy",
	  take_rng },
	{ "net", 0, NET_SYNTAX,
	  "a network device on the tap NAME, which is\n"
	  "created where there is none; default: hvlN",
	  take_net },
	{ "on-crash", 0, "ACTION",
	  "stop (default), restart, or restart:N/SECONDS:\n"
	  "at most N restarts within so many seconds",
	  take_on_crash },
	{ "coredump", 0, "FILE",
	  "an ELF core file of each crash; the three\n"
	  "before it are FILE.1 to FILE.3",
	  take_coredump },
	{ "control", 0, "SOCKET",
	  "where hvl status, stop and others reach it;\n"
	  "default: one in $XDG_RUNTIME_DIR/hvl; none",
	  take_control },
	{ "private", 0, NULL,
	  "in user and network namespaces of its own,\n"
	  "with 192.168.200.254/24 on the first tap:\n"
	  "needs no root",
	  take_private },
	OPTION_VERBOSE,
	{ 0 },
};

const struct cli_option cli_demo_options[] = {
	OPTION_BOARD,	  OPTION_FIRMWARE, OPTION_NO_DTB,
	OPTION_TRANSPORT, OPTION_VERBOSE,  { 0 },
};

void cli_run_init(struct cli_run *run)
{
	memset(run, 0, sizeof(*run));
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

	remote->devices = run->devices;
	if (remote->ndevices == 0) {
		(void)run_add_device(run, VIRTIO_ID_RNG, err);
		(void)run_add_device(run, VIRTIO_ID_NET, err);
	}
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
