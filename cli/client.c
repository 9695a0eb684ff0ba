/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * client.c - speaking to a running hvl
 */
#include "client.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#define CLIENT_PATIENCE_S 30
#define CLIENT_REPLY_MAX (4u << 20)

static int client_is_socket(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && strcmp(dot, ".sock") == 0;
}

/* Add a name to a list that a message can hold. */
static void client_list(char *list, size_t size, const char *path)
{
	size_t len = strlen(list);
	int n = snprintf(list + len, size - len, "%s%s", len ? ", " : "", path);

	if (n < 0 || (size_t)n >= size - len)
		(void)snprintf(list + len, size - len, ", ...");
}

/* Look at each that somebody serves. Return: how many, and the first. */
static unsigned int client_scan(const char *folder,
				char first[PMM_CONTROL_PATH_MAX], char *list,
				size_t size)
{
	struct dirent **entries;
	unsigned int found = 0;
	int n = scandir(folder, &entries, client_is_socket, alphasort);

	for (int i = 0; i < n; i++) {
		char path[PMM_CONTROL_PATH_MAX + NAME_MAX + 2];

		(void)snprintf(path, sizeof(path), "%s/%s", folder,
			       entries[i]->d_name);
		free(entries[i]);
		if (pmm_local_probe(path) < 0)
			continue;
		if (found++ == 0)
			(void)snprintf(first, PMM_CONTROL_PATH_MAX, "%.*s",
				       (int)PMM_CONTROL_PATH_MAX - 1, path);
		client_list(list, size, path);
	}
	if (n >= 0)
		free(entries);
	return found;
}

int cli_client_find(char path[PMM_CONTROL_PATH_MAX], struct pmm_error *err)
{
	char folder[PMM_CONTROL_PATH_MAX], list[300] = "";
	int rc = pmm_control_folder(folder, err);
	unsigned int n;

	if (rc < 0)
		return rc;
	n = client_scan(folder, path, list, sizeof(list));
	if (n == 0)
		return pmm_fail(err, -ENOENT,
				"no hvl runs with a socket in %s; name "
				"another with --control SOCKET",
				folder);
	if (n > 1)
		return pmm_fail(err, -ENOTUNIQ,
				"%u run; choose with --control SOCKET: %s", n,
				list);
	return 0;
}

static int client_connect(struct cli_client *client, struct pmm_error *err)
{
	const struct timeval patience = { .tv_sec = CLIENT_PATIENCE_S };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct stat st;
	int rc = 0;

	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s",
		       client->path);
	client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->fd < 0 ||
	    setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
		       sizeof(patience)) < 0 ||
	    setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
		       sizeof(patience)) < 0 ||
	    connect(client->fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		rc = -errno;
	if (rc == 0)
		return 0;
	cli_client_close(client);
	/* Of anything else that has a name, the kernel says the same. */
	if (rc == -ECONNREFUSED && stat(client->path, &st) == 0 &&
	    !S_ISSOCK(st.st_mode))
		return pmm_fail(err, rc, "control socket \"%s\": is no socket",
				client->path);
	if (rc == -ECONNREFUSED)
		return pmm_fail(err, rc,
				"control socket \"%s\": its hvl runs no more",
				client->path);
	return pmm_fail(err, rc, "control socket \"%s\": %s", client->path,
			strerror(-rc));
}

int cli_client_open(struct cli_client *client, const char *path,
		    struct pmm_error *err)
{
	int rc = 0;

	client->fd = -1;
	if (!path)
		rc = cli_client_find(client->path, err);
	else if (strlen(path) >= sizeof(client->path))
		rc = pmm_fail(err, -ENAMETOOLONG,
			      "control socket \"%s\": too long; at most %zu "
			      "characters",
			      path, sizeof(client->path) - 1);
	else
		(void)snprintf(client->path, sizeof(client->path), "%s", path);
	return rc < 0 ? rc : client_connect(client, err);
}

void cli_client_close(struct cli_client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
}

static int client_fail(const struct cli_client *client, int rc,
		       struct pmm_error *err)
{
	if (rc == -EAGAIN)
		return pmm_fail(err, -ETIMEDOUT,
				"control socket \"%s\": no answer within %d s",
				client->path, CLIENT_PATIENCE_S);
	if (rc == -EPIPE || rc == -ECONNRESET)
		return pmm_fail(err, -EPIPE,
				"control socket \"%s\": its hvl has ended",
				client->path);
	return pmm_fail(err, rc, "control socket \"%s\": %s", client->path,
			strerror(-rc));
}

static int client_send(struct cli_client *client, const char *command)
{
	char line[100];
	int n = snprintf(line, sizeof(line), "{\"command\":\"%s\"}\n", command);

	/* So short a line is taken whole or not at all. */
	return send(client->fd, line, (size_t)n, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* Return: the reply, NUL-terminated, to be freed; NULL and @rc. */
static char *client_receive(struct cli_client *client, int *rc)
{
	size_t size = 4096, len = 0;
	char *buf = malloc(size);

	*rc = buf ? 0 : -ENOMEM;
	while (*rc == 0 && (len == 0 || buf[len - 1] != '\n')) {
		ssize_t n = recv(client->fd, buf + len, size - len - 1, 0);

		if (n <= 0) {
			*rc = n < 0 ? -errno : -EPIPE;
			*rc = *rc == -EINTR ? 0 : *rc;
			continue;
		}
		len += (size_t)n;
		if (len + 1 == size && size < CLIENT_REPLY_MAX) {
			char *more = realloc(buf, size *= 2);

			if (more)
				buf = more;
			else
				*rc = -ENOMEM;
		} else if (len + 1 == size) {
			*rc = -EMSGSIZE;
		}
	}
	if (*rc < 0) {
		free(buf);
		return NULL;
	}
	buf[len] = '\0';
	return buf;
}

static int client_understand(const struct cli_client *client, json_t *reply,
			     json_t **result, struct pmm_error *err)
{
	const char *message =
		json_string_value(json_object_get(reply, "message"));

	*result = json_incref(json_object_get(reply, "result"));
	if (json_is_true(json_object_get(reply, "ok")) &&
	    json_is_object(*result))
		return 0;
	json_decref(*result);
	if (message)
		return pmm_fail(err, -EREMOTEIO, "%s", message);
	return pmm_fail(err, -EPROTO,
			"control socket \"%s\": this is no answer of hvl's",
			client->path);
}

int cli_client_ask(struct cli_client *client, const char *command,
		   json_t **result, struct pmm_error *err)
{
	int rc = client_send(client, command);
	char *text = rc < 0 ? NULL : client_receive(client, &rc);
	json_t *reply;

	if (!text)
		return client_fail(client, rc, err);
	reply = json_loads(text, 0, NULL);
	free(text);
	rc = client_understand(client, reply, result, err);
	json_decref(reply);
	return rc;
}
