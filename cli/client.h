/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cli/client.h - speaking to a running hvl
 */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include <jansson.h>

#include "control_socket.h"
#include "error.h"

struct cli_client {
	int fd;
	char path[PMM_CONTROL_PATH_MAX];
};

/**
 * cli_client_find() - the socket of the one hvl that runs
 * @path: filled in on success
 * @err:  filled in on failure
 * Return: 0; -ENOENT: none runs; -ENOTUNIQ: several do, and @err names them.
 */
int cli_client_find(char path[PMM_CONTROL_PATH_MAX], struct pmm_error *err);

/**
 * cli_client_open() - connect
 * @client: filled in on success
 * @path:   of the socket; NULL: cli_client_find()
 * @err:    filled in on failure
 * Return: 0 or negative errno.
 */
int cli_client_open(struct cli_client *client, const char *path,
		    struct pmm_error *err);

void cli_client_close(struct cli_client *client);

/**
 * cli_client_ask() - one request
 * @client:  open
 * @command: of the request, which is nothing else
 * @result:  filled in on success: a new reference to an object
 * @err:     filled in on failure
 * Return: 0; -EPIPE when nobody answers any more; -EREMOTEIO when it answered
 * that it did not work; -EPROTO when that is no answer; -ETIMEDOUT.
 */
int cli_client_ask(struct cli_client *client, const char *command,
		   json_t **result, struct pmm_error *err);

#endif /* CLI_CLIENT_H */
