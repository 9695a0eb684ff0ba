/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * listen.c - --control: where a command can be spoken to while it runs
 */
#include "listen.h"

#include <string.h>

void cli_listen_init(struct cli_listen *listen)
{
	*listen = (struct cli_listen){ .socket.fd = -1 };
}

static int listen_open_socket(struct cli_listen *listen, const char *path,
			      const char *name, const struct hvl_log *log,
			      struct pmm_error *err)
{
	char chosen[PMM_CONTROL_PATH_MAX];
	int rc;

	if (path)
		return pmm_control_socket_open(&listen->socket, path, err);
	rc = pmm_control_default(name, chosen, err);
	if (rc == 0)
		rc = pmm_control_socket_open(&listen->socket, chosen, err);
	if (rc < 0)
		hvl_log(log, HVL_LOG_INFO, "no control socket: %s", err->text);
	return 0;
}

int cli_listen_open(struct cli_listen *listen, const char *path,
		    const char *name, const struct pmm_control_config *cfg,
		    struct pmm_loop *loop, const struct hvl_log *log,
		    struct pmm_error *err)
{
	int rc;

	if (path && strcmp(path, "none") == 0)
		return 0;
	rc = listen_open_socket(listen, path, name, log, err);
	if (rc < 0 || listen->socket.fd < 0)
		return rc;
	rc = pmm_control_create(&listen->control, cfg, loop);
	if (rc == 0)
		rc = pmm_control_listen(listen->control, listen->socket.fd);
	if (rc < 0)
		return pmm_fail(err, rc, "control socket \"%s\": %s",
				listen->socket.path, strerror(-rc));
	hvl_log(log, HVL_LOG_INFO, "control socket %s", listen->socket.path);
	return 0;
}

void cli_listen_close(struct cli_listen *listen)
{
	pmm_control_destroy(listen->control);
	pmm_local_close(&listen->socket);
	cli_listen_init(listen);
}
