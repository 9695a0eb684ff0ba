/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * control.c - requests and replies as JSON lines on a stream socket
 */
#include "control.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <hvl/metal/time.h>

/* Out of descriptors, say: the next try is then. */
#define CONTROL_ACCEPT_PAUSE_US (HVL_US_PER_S / 2)

/* Reals are seconds: 9 digits are enough, and look it. */
#define CONTROL_DUMP (JSON_COMPACT | JSON_REAL_PRECISION(9))

struct control_client {
	struct pmm_control *control;
	int fd; /* -1: nobody is here */
	struct pmm_watch watch;
	struct pmm_task task;
	bool eof;     /* it sends no more */
	bool closing; /* once its reply is sent */
	char in[PMM_CONTROL_LINE_MAX];
	size_t in_len;
	char *out; /* the reply, or NULL */
	size_t out_len, out_pos;
};

struct pmm_control {
	struct pmm_control_config cfg;
	struct pmm_loop *loop;
	int listen_fd;
	struct pmm_watch watch;
	struct pmm_timer again; /* to accept */
	struct control_client client[PMM_CONTROL_CLIENTS];
};

static void client_drop(struct control_client *c)
{
	pmm_loop_unwatch(c->control->loop, &c->watch);
	pmm_loop_task_cancel(c->control->loop, &c->task);
	close(c->fd);
	c->fd = -1;
	free(c->out);
	c->out = NULL;
}

/* Return: true: nothing is left to be sent. */
static bool client_flush(struct control_client *c)
{
	while (c->out && c->out_pos < c->out_len) {
		ssize_t n = send(c->fd, c->out + c->out_pos,
				 c->out_len - c->out_pos,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			if (errno != EAGAIN)
				client_drop(c);
			return false;
		}
		c->out_pos += (size_t)n;
	}
	free(c->out);
	c->out = NULL;
	return true;
}

/* Takes over @reply; NULL: there was no memory for it. */
static char *control_line(json_t *reply, size_t *len)
{
	char *text = reply ? json_dumps(reply, CONTROL_DUMP) : NULL;
	char *line = NULL;

	json_decref(reply);
	if (text) {
		*len = strlen(text) + 1;
		line = realloc(text, *len);
		if (!line)
			free(text);
		else
			line[*len - 1] = '\n';
	}
	return line;
}

static void client_reply(struct control_client *c, json_t *reply)
{
	c->out_pos = c->out_len = 0;
	c->out = control_line(reply, &c->out_len);
	if (!c->out)
		c->closing = true;
}

/* @id: as in the request, or NULL */
static json_t *control_error(json_t *id, const char *error, const char *message)
{
	/* The id is left out where there is none. */
	return json_pack("{s:b, s:s, s:o, s:O*}", "ok", 0, "error", error,
			 "message", pmm_control_text(message, strlen(message)),
			 "id", id);
}

static json_t *control_obey(struct pmm_control *control, const json_t *request)
{
	json_t *id = json_object_get(request, "id");
	const char *command =
		json_string_value(json_object_get(request, "command"));
	struct pmm_error err = { "it did not work" };
	json_t *result = NULL;
	int rc;

	if (id && !json_is_string(id) && !json_is_integer(id))
		return control_error(NULL, "malformed",
				     "\"id\" is neither string nor integer");
	if (!command)
		return control_error(id, "malformed",
				     "\"command\" is not a string");
	rc = control->cfg.answer(control->cfg.ctx, command, request, &result,
				 &err);
	if (rc == 0)
		return json_pack("{s:b, s:o, s:O*}", "ok", 1, "result", result,
				 "id", id);
	return control_error(id,
			     rc == -ENOSYS ? "unknown" :
			     rc == -EINVAL ? "invalid" :
					     "failed",
			     err.text);
}

static json_t *control_answer(struct pmm_control *control, const char *line,
			      size_t len)
{
	json_t *request = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	json_t *reply;

	if (json_is_object(request))
		reply = control_obey(control, request);
	else
		reply = control_error(NULL, "malformed",
				      "not a JSON object on one line");
	json_decref(request);
	return reply;
}

static bool control_is_blank(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r')
			return false;
	}
	return true;
}

/* Bytes of the first request that is complete, its end included; 0: none. */
static size_t client_line(const struct control_client *c)
{
	const char *end = memchr(c->in, '\n', c->in_len);

	if (end)
		return (size_t)(end - c->in) + 1;
	return c->eof ? c->in_len : 0;
}

/* Take one request from what was read, if there is one. */
static void client_take(struct control_client *c)
{
	size_t len = client_line(c);

	if (len == 0) {
		if (c->in_len < sizeof(c->in))
			return;
		client_reply(c, control_error(NULL, "malformed",
					      "the line is too long"));
		c->closing = true;
		return;
	}
	if (!control_is_blank(c->in, c->in[len - 1] == '\n' ? len - 1 : len))
		client_reply(c, control_answer(c->control, c->in, len));
	c->in_len -= len;
	memmove(c->in, c->in + len, c->in_len);
}

static void client_work(void *ctx)
{
	struct control_client *c = ctx;
	uint32_t events = EPOLLIN;

	if (!c->out && !c->closing)
		client_take(c);
	if (!client_flush(c)) {
		events = EPOLLOUT;
	} else if (c->closing || (c->eof && c->in_len == 0)) {
		client_drop(c);
	} else if (client_line(c) > 0 || c->in_len == sizeof(c->in)) {
		events = 0;
		pmm_loop_task(c->control->loop, &c->task, client_work, c);
	}
	if (c->fd >= 0 &&
	    pmm_loop_rewatch(c->control->loop, &c->watch, events) < 0)
		client_drop(c);
}

/* Only called with room, no reply on its way and no request left to take. */
static void client_read(struct control_client *c)
{
	ssize_t n = recv(c->fd, c->in + c->in_len, sizeof(c->in) - c->in_len,
			 MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		client_drop(c);
		return;
	}
	c->eof = n == 0;
	c->in_len += (size_t)n;
	client_work(c);
}

static void client_on_event(void *ctx, uint32_t events)
{
	struct control_client *c = ctx;

	(void)events;
	if (c->task.queued)
		return;
	if (c->out)
		client_work(c);
	else
		client_read(c);
}

/* What fits into its socket's buffer, which is new. */
static void control_turn_away(int fd)
{
	size_t len = 0;
	char *line = control_line(
		control_error(NULL, "busy", "too many clients"), &len);

	if (line)
		(void)send(fd, line, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	free(line);
	close(fd);
}

int pmm_control_attach(struct pmm_control *control, int fd)
{
	struct control_client *c = control->client;
	int rc;

	while (c < control->client + PMM_CONTROL_CLIENTS && c->fd >= 0)
		c++;
	if (c == control->client + PMM_CONTROL_CLIENTS) {
		control_turn_away(fd);
		return -EBUSY;
	}
	c->fd = fd;
	c->eof = c->closing = false;
	c->in_len = 0;
	rc = pmm_loop_watch(control->loop, &c->watch, fd, EPOLLIN,
			    client_on_event, c);
	if (rc < 0)
		client_drop(c);
	return rc;
}

static void control_on_listen(void *ctx, uint32_t events);

static void control_accept_again(void *ctx)
{
	struct pmm_control *control = ctx;

	if (pmm_loop_watch(control->loop, &control->watch, control->listen_fd,
			   EPOLLIN, control_on_listen, control) < 0)
		pmm_loop_timer(control->loop, &control->again,
			       CONTROL_ACCEPT_PAUSE_US, 0, control_accept_again,
			       control);
}

static void control_on_listen(void *ctx, uint32_t events)
{
	struct pmm_control *control = ctx;
	int fd = accept4(control->listen_fd, NULL, NULL,
			 SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)events;
	if (fd >= 0) {
		(void)pmm_control_attach(control, fd);
		return;
	}
	if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
		return;
	/* The client stays in the backlog, and would wake us for ever. */
	pmm_loop_unwatch(control->loop, &control->watch);
	pmm_loop_timer(control->loop, &control->again, CONTROL_ACCEPT_PAUSE_US,
		       0, control_accept_again, control);
}

int pmm_control_create(struct pmm_control **out,
		       const struct pmm_control_config *cfg,
		       struct pmm_loop *loop)
{
	struct pmm_control *control = calloc(1, sizeof(*control));

	if (!control)
		return -ENOMEM;
	control->cfg = *cfg;
	control->loop = loop;
	control->listen_fd = -1;
	for (unsigned int i = 0; i < PMM_CONTROL_CLIENTS; i++) {
		control->client[i].control = control;
		control->client[i].fd = -1;
	}
	*out = control;
	return 0;
}

int pmm_control_listen(struct pmm_control *control, int fd)
{
	control->listen_fd = fd;
	return pmm_loop_watch(control->loop, &control->watch, fd, EPOLLIN,
			      control_on_listen, control);
}

void pmm_control_destroy(struct pmm_control *control)
{
	if (!control)
		return;
	pmm_loop_unwatch(control->loop, &control->watch);
	pmm_loop_timer_cancel(control->loop, &control->again);
	for (unsigned int i = 0; i < PMM_CONTROL_CLIENTS; i++) {
		if (control->client[i].fd >= 0)
			client_drop(&control->client[i]);
	}
	free(control);
}

json_t *pmm_control_text(const char *text, size_t len)
{
	json_t *string = json_stringn(text, len);
	char *plain;

	if (string)
		return string;
	plain = malloc(len + 1);
	if (!plain)
		return NULL;
	for (size_t i = 0; i < len; i++)
		plain[i] = (signed char)text[i] < 0 ? '?' : text[i];
	string = json_stringn(plain, len);
	free(plain);
	return string;
}
