/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * serve_options.c - what `hvl serve` is told
 */
#include "serve_options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "keys.h"
#include "local_socket.h"
#include "values.h"

#define SHMEM_SYNTAX "file=PATH|dev=NODE[,offset=BYTES],addr=ADDR,size=SIZE"
#define UIO_SYNTAX "uio:NODE[,map=N][,ring=OFFSET:VALUE][,ack=OFFSET:VALUE]"
/* As the existing PMM looks: often enough, and little of a processor. */
#define SERVE_POLL_US 1000u
#define SERVE_UIO_MAPS 5u /* the kernel's MAX_UIO_MAPS */

static int shmem_take_source(struct cli_serve *serve, enum pmm_shm_kind kind,
			     const char *path, struct pmm_error *err)
{
	struct pmm_shm_source *src = &serve->server.shm;

	if (src->path)
		return pmm_fail(
			err, -EINVAL,
			"--shmem: one of file= and dev= only; write " SHMEM_SYNTAX);
	src->path = path;
	src->kind = kind;
	return 0;
}

static int shmem_take_file(void *ctx, const char *value, struct pmm_error *err)
{
	return shmem_take_source(ctx, PMM_SHM_FILE, value, err);
}

static int shmem_take_dev(void *ctx, const char *value, struct pmm_error *err)
{
	return shmem_take_source(ctx, PMM_SHM_NODE, value, err);
}

static int shmem_take_offset(void *ctx, const char *value,
			     struct pmm_error *err)
{
	struct cli_serve *serve = ctx;

	if (cli_size(value, &serve->server.shm.offset))
		return 0;
	return pmm_fail(err, -EINVAL,
			"--shmem offset \"%s\": not a number of bytes; write "
			"for example 0x1000 or 16M",
			value);
}

static int shmem_take_addr(void *ctx, const char *value, struct pmm_error *err)
{
	struct cli_serve *serve = ctx;

	if (cli_number(value, &serve->server.shm_da))
		return 0;
	return pmm_fail(err, -EINVAL,
			"--shmem addr \"%s\": not an address of 64 bits; write "
			"for example 0x37000000",
			value);
}

static int shmem_take_size(void *ctx, const char *value, struct pmm_error *err)
{
	struct cli_serve *serve = ctx;

	if (cli_size(value, &serve->server.shm_size))
		return 0;
	return pmm_fail(err, -EINVAL,
			"--shmem size \"%s\": not a size of 64 bits; write for "
			"example 16M, 512K or 0x1000000",
			value);
}

static const struct cli_key shmem_keys[] = {
	{ "addr", shmem_take_addr }, /* bit 0 */
	{ "size", shmem_take_size }, /* bit 1 */
	{ "file", shmem_take_file },	 { "dev", shmem_take_dev },
	{ "offset", shmem_take_offset }, { 0 },
};

/* The list's text is kept: paths are borrowed from it. */
static int serve_keep(char *to, size_t size, const char *option,
		      const char *value, struct pmm_error *err)
{
	if (strlen(value) >= size)
		return pmm_fail(err, -EINVAL,
				"%s: too long; at most %zu "
				"characters",
				option, size - 1);
	(void)snprintf(to, size, "%s", value);
	return 0;
}

static int take_shmem(void *ctx, const char *value, struct pmm_error *err)
{
	static const struct cli_keys keys = { "--shmem", SHMEM_SYNTAX,
					      shmem_keys };
	struct cli_serve *serve = ctx;
	unsigned int seen;
	int rc = serve_keep(serve->shm_text, sizeof(serve->shm_text), "--shmem",
			    value, err);

	if (rc < 0)
		return rc;
	serve->has_shmem = true;
	serve->server.shm = (struct pmm_shm_source){ 0 };
	rc = cli_keys_parse(&keys, serve->shm_text, serve, &seen, err);
	if (rc < 0)
		return rc;
	if (!serve->server.shm.path || (seen & 3) != 3)
		return pmm_fail(
			err, -EINVAL,
			"--shmem \"%s\": %s missing; write " SHMEM_SYNTAX,
			value,
			!serve->server.shm.path ? "file= or dev= is" :
			!(seen & 1)		? "addr= is" :
						  "size= is");
	return 0;
}

/* OFFSET:VALUE */
static int uio_take_write(struct pmm_uio_write *write, const char *key,
			  const char *value, struct pmm_error *err)
{
	const char *colon = strchr(value, ':');
	uint64_t number;
	char offset[24];

	if (colon && (size_t)(colon - value) < sizeof(offset)) {
		(void)snprintf(offset, sizeof(offset), "%.*s",
			       (int)(colon - value), value);
		if (cli_number(offset, &write->offset) &&
		    write->offset % 4 == 0 && cli_number(colon + 1, &number) &&
		    number <= UINT32_MAX) {
			write->value = (uint32_t)number;
			write->set = true;
			return 0;
		}
	}
	return pmm_fail(err, -EINVAL,
			"--doorbell %s \"%s\": write OFFSET:VALUE, a multiple "
			"of 4 and 32 bits, for example 0x10:1",
			key, value);
}

static int uio_take_ring(void *ctx, const char *value, struct pmm_error *err)
{
	struct pmm_uio_options *uio = ctx;

	return uio_take_write(&uio->ring, "ring", value, err);
}

static int uio_take_ack(void *ctx, const char *value, struct pmm_error *err)
{
	struct pmm_uio_options *uio = ctx;

	return uio_take_write(&uio->ack, "ack", value, err);
}

static int uio_take_map(void *ctx, const char *value, struct pmm_error *err)
{
	struct pmm_uio_options *uio = ctx;
	uint64_t map;

	if (!cli_number(value, &map) || map >= SERVE_UIO_MAPS)
		return pmm_fail(err, -EINVAL,
				"--doorbell map \"%s\": not a number from 0 to "
				"%u",
				value, SERVE_UIO_MAPS - 1);
	uio->map = (unsigned int)map;
	return 0;
}

static const struct cli_key uio_keys[] = {
	{ "map", uio_take_map },
	{ "ring", uio_take_ring },
	{ "ack", uio_take_ack },
	{ 0 },
};

static int bell_take_uio(struct cli_serve *serve, char *rest,
			 struct pmm_error *err)
{
	static const struct cli_keys keys = { "--doorbell", UIO_SYNTAX,
					      uio_keys };
	struct pmm_uio_options *uio = &serve->server.uio;

	*uio = (struct pmm_uio_options){ .path = strsep(&rest, ",") };
	serve->server.bell = PMM_SERVER_UIO;
	if (!*uio->path)
		return pmm_fail(
			err, -EINVAL,
			"--doorbell uio: no device named; write " UIO_SYNTAX);
	return cli_keys_parse(&keys, rest, uio, NULL, err);
}

static int bell_take_socket(struct cli_serve *serve, enum pmm_server_bell bell,
			    const char *path, struct pmm_error *err)
{
	if (!*path)
		return pmm_fail(err, -EINVAL,
				"--doorbell: no socket named; write for "
				"example unix-%s:/tmp/doorbell.sock",
				bell == PMM_SERVER_UNIX_LISTEN ? "listen" :
								 "connect");
	if (strlen(path) >= PMM_LOCAL_PATH_MAX)
		return pmm_fail(err, -EINVAL,
				"--doorbell \"%s\": too long; at most %zu "
				"characters",
				path, PMM_LOCAL_PATH_MAX - 1);
	serve->server.bell = bell;
	serve->server.socket = path;
	return 0;
}

static int bell_take_listen(struct cli_serve *serve, char *rest,
			    struct pmm_error *err)
{
	return bell_take_socket(serve, PMM_SERVER_UNIX_LISTEN, rest, err);
}

static int bell_take_connect(struct cli_serve *serve, char *rest,
			     struct pmm_error *err)
{
	return bell_take_socket(serve, PMM_SERVER_UNIX_CONNECT, rest, err);
}

static int bell_take_poll(struct cli_serve *serve, char *rest,
			  struct pmm_error *err)
{
	uint64_t us = SERVE_POLL_US;

	if (rest &&
	    (!cli_number(rest, &us) || us < PMM_DOORBELL_PERIOD_MIN_US ||
	     us > PMM_DOORBELL_PERIOD_MAX_US))
		return pmm_fail(err, -EINVAL,
				"--doorbell poll \"%s\": not a number of "
				"microseconds from %u to %u",
				rest, PMM_DOORBELL_PERIOD_MIN_US,
				PMM_DOORBELL_PERIOD_MAX_US);
	serve->server.bell = PMM_SERVER_POLL;
	serve->server.period_us = (uint32_t)us;
	return 0;
}

static const struct {
	const char *name;
	bool bare; /* may stand without more */
	int (*take)(struct cli_serve *serve, char *rest, struct pmm_error *err);
} bells[] = {
	{ "unix-listen", false, bell_take_listen },
	{ "unix-connect", false, bell_take_connect },
	{ "uio", false, bell_take_uio },
	{ "poll", true, bell_take_poll },
};

static int take_doorbell(void *ctx, const char *value, struct pmm_error *err)
{
	struct cli_serve *serve = ctx;
	char *rest = serve->bell_text, *kind;
	int rc = serve_keep(serve->bell_text, sizeof(serve->bell_text),
			    "--doorbell", value, err);

	if (rc < 0)
		return rc;
	serve->has_doorbell = true;
	kind = strsep(&rest, ":");
	for (size_t i = 0; i < HVL_ARRAY_SIZE(bells); i++) {
		if (strcmp(kind, bells[i].name) == 0 && (rest || bells[i].bare))
			return bells[i].take(serve, rest, err);
	}
	return pmm_fail(err, -EINVAL,
			"--doorbell \"%s\": unknown; there are unix-listen:"
			"SOCKET, unix-connect:SOCKET, uio:NODE and poll[:USEC]",
			value);
}

static int take_state(void *ctx, const char *value, struct pmm_error *err)
{
	struct cli_serve *serve = ctx;

	if (!*value)
		return pmm_fail(err, -EINVAL,
				"--state: no file named; write for example "
				"--state /run/hvl-serve.state");
	serve->server.state = value;
	return 0;
}

static int take_quirks(void *ctx, const char *value, struct pmm_error *err)
{
	struct cli_serve *serve = ctx;
	char text[64], *next = text, *item;
	bool none = false, bad = strlen(value) >= sizeof(text);

	serve->has_quirks = true;
	serve->pace = false;
	(void)snprintf(text, sizeof(text), "%s", value);
	while ((item = strsep(&next, ","))) {
		if (strcmp(item, "pace") == 0)
			serve->pace = true;
		else if (strcmp(item, "none") == 0)
			none = true;
		else
			bad = true;
	}
	if (bad || (none && serve->pace))
		return pmm_fail(err, -EINVAL,
				"--quirks \"%s\": write pace, or none", value);
	return 0;
}

const struct cli_option cli_serve_options[] = {
	{ "shmem", 0, "MEMORY",
	  "file=PATH|dev=NODE[,offset=BYTES],addr=ADDR,\n"
	  "size=SIZE: SIZE bytes of a file or a device\n"
	  "node, from BYTES (default 0) on, which the\n"
	  "remote sees at ADDR",
	  take_shmem },
	{ "doorbell", 0, "DOORBELL",
	  "unix-listen:SOCKET, unix-connect:SOCKET: a byte\n"
	  "on a stream socket, either way;\n"
	  "uio:NODE[,map=N][,ring=OFFSET:VALUE]\n"
	  "[,ack=OFFSET:VALUE]: a UIO device's interrupt,\n"
	  "and registers in its memory map N (default 0);\n"
	  "poll[:USEC]: none, look every USEC (1000)",
	  take_doorbell },
	CLI_OPTION_NO_DTB,
	CLI_OPTION_TRANSPORT,
	CLI_OPTION_RING,
	CLI_OPTION_FEATURES,
	CLI_OPTION_NO_FEATURES,
	CLI_OPTION_RNG,
	CLI_OPTION_NET,
	CLI_OPTION_POLL_US,
	{ "state", 0, "FILE",
	  "what to carry on from under a live remote,\n"
	  "after an end of any kind; made if missing",
	  take_state },
	{ "quirks", 0, "LIST",
	  "pace: one frame at a time to the remote, as\n"
	  "existing firmware needs it; none; default:\n"
	  "pace with mmio-v1, none with mmio",
	  take_quirks },
	CLI_OPTION_CONTROL,
	CLI_OPTION_PRIVATE,
	CLI_OPTION_VERBOSE,
	{ 0 },
};

void cli_serve_init(struct cli_serve *serve)
{
	memset(serve, 0, sizeof(*serve));
	cli_common_init(&serve->common);
}

int cli_serve_finish(struct cli_serve *serve, struct pmm_error *err)
{
	struct pmm_server_config *server = &serve->server;
	struct cli_common *common = &serve->common;

	if (!serve->has_shmem)
		return pmm_fail(
			err, -EINVAL,
			"where is the shared memory? write --shmem " SHMEM_SYNTAX);
	if (!serve->has_doorbell)
		return pmm_fail(err, -EINVAL,
				"which doorbell? write --doorbell unix-listen:"
				"SOCKET, unix-connect:SOCKET, uio:NODE or "
				"poll");
	cli_common_finish(common);
	if (!serve->has_quirks)
		serve->pace = common->v1;
	for (unsigned int i = 0; i < common->ndevices; i++) {
		common->devices[i].pace = serve->pace;
		common->devices[i].fit_mtu = common->devices[i].mtu == 0;
	}
	server->devices = common->devices;
	server->ndevices = common->ndevices;
	server->no_dtb = common->no_dtb;
	server->v1 = common->v1;
	server->features = common->features;
	server->poll_us = common->poll_us;
	return pmm_server_check(server, err);
}
