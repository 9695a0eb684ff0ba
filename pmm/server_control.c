/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * server_control.c - the commands that a server obeys on request
 */
#include "server_control.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <hvl/metal/compiler.h>

#include "service_status.h"

static const char *server_bell_name(enum pmm_server_bell bell)
{
	static const char *const names[] = {
		[PMM_SERVER_POLL] = "poll",
		[PMM_SERVER_UNIX_LISTEN] = "unix-listen",
		[PMM_SERVER_UNIX_CONNECT] = "unix-connect",
		[PMM_SERVER_UIO] = "uio",
	};

	return names[bell];
}

static json_t *server_optional(const char *text)
{
	return text ? pmm_status_string(text) : json_null();
}

static json_t *server_doorbell(const struct pmm_server *server)
{
	const struct pmm_server_config *cfg = pmm_server_config(server);
	const struct pmm_service *svc = pmm_server_service(server);
	const char *path = NULL;

	if (cfg->bell == PMM_SERVER_UIO)
		path = cfg->uio.path;
	else if (cfg->bell != PMM_SERVER_POLL)
		path = cfg->socket;
	return json_pack(
		"{s:s, s:o, s:b, s:I}", "kind", server_bell_name(cfg->bell),
		"path", server_optional(path), "peer", (int)svc->doorbell->peer,
		"rings", (json_int_t)svc->doorbell->rings);
}

static json_t *server_status(const struct pmm_server_control *control)
{
	const struct pmm_server_config *cfg =
		pmm_server_config(control->server);

	return json_pack(
		"{s:s, s:i, s:s, s:s, s:{s:o, s:I, s:o, s:I}, s:o, s:o, s:o, s:o}",
		"state", "serving", "pid", (int)getpid(), "version",
		control->version, "transport", cfg->v1 ? "mmio-v1" : "mmio",
		"shared_memory", "address", pmm_status_hex(cfg->shm_da), "size",
		(json_int_t)cfg->shm_size, "path",
		pmm_status_string(cfg->shm.path), "offset",
		(json_int_t)cfg->shm.offset, "doorbell",
		server_doorbell(control->server), "state_file",
		server_optional(cfg->state), "polling",
		pmm_service_polling(pmm_server_service(control->server)),
		"devices",
		pmm_service_status(pmm_server_service(control->server)));
}

int pmm_server_control_answer(void *ctx, const char *command,
			      const json_t *request, json_t **result,
			      struct pmm_error *err)
{
	static const char *const refused[] = { "restart", "start", "stop",
					       "trace" };
	const struct pmm_server_control *control = ctx;

	(void)request;
	for (size_t i = 0; i < HVL_ARRAY_SIZE(refused); i++) {
		if (strcmp(command, refused[i]) == 0)
			return pmm_fail(err, -ENOTSUP,
					"hvl serve does not load the remote; "
					"there are status and version");
	}
	if (strcmp(command, "status") == 0)
		*result = server_status(control);
	else if (strcmp(command, "version") == 0)
		*result = pmm_status_version(control->version);
	else
		return pmm_fail(err, -ENOSYS, "there are status and version");
	return *result ? 0 : pmm_fail(err, -ENOMEM, "no memory");
}
