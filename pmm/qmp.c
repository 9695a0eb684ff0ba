/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * qmp.c - talking to QEMU: a client of its machine protocol
 */
#include "qmp.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <jansson.h>

#include <hvl/metal/time.h>

void pmm_qmp_init(struct pmm_qmp *qmp, int fd,
		  void (*event)(void *ctx, const struct pmm_qmp_event *event),
		  void *ctx)
{
	qmp->fd = fd;
	qmp->event = event;
	qmp->ctx = ctx;
	qmp->answer = PMM_QMP_NONE;
	qmp->greeted = false;
	qmp->refusal[0] = '\0';
	qmp->len = 0;
}

static const char *qmp_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static void qmp_take(struct pmm_qmp *qmp, const json_t *msg)
{
	const json_t *data = json_object_get(msg, "data");
	const json_t *error = json_object_get(msg, "error");
	const struct pmm_qmp_event event = {
		.name = qmp_text(msg, "event"),
		.reason = qmp_text(data, "reason"),
		.guest = json_is_true(json_object_get(data, "guest")),
	};

	if (event.name[0]) {
		if (qmp->event)
			qmp->event(qmp->ctx, &event);
	} else if (json_object_get(msg, "QMP")) {
		qmp->greeted = true;
	} else if (error) {
		qmp->answer = PMM_QMP_REFUSED;
		(void)snprintf(qmp->refusal, sizeof(qmp->refusal), "%s",
			       qmp_text(error, "desc"));
	} else if (json_object_get(msg, "return")) {
		qmp->answer = PMM_QMP_DONE;
	}
}

static int qmp_take_line(struct pmm_qmp *qmp, const char *line, size_t len)
{
	json_t *msg = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	bool ok = json_is_object(msg);

	if (ok)
		qmp_take(qmp, msg);
	json_decref(msg);
	return ok ? 0 : -EPROTO;
}

static int qmp_take_lines(struct pmm_qmp *qmp)
{
	char *line = qmp->buf, *end;
	size_t left = qmp->len;
	int rc = 0;

	while (rc == 0 && (end = memchr(line, '\n', left))) {
		size_t len = (size_t)(end - line);

		rc = qmp_take_line(qmp, line, len);
		line = end + 1;
		left -= len + 1;
	}
	memmove(qmp->buf, line, left);
	qmp->len = left;
	if (rc == 0 && left == sizeof(qmp->buf))
		rc = -EPROTO;
	return rc;
}

int pmm_qmp_pump(struct pmm_qmp *qmp)
{
	for (;;) {
		ssize_t n = recv(qmp->fd, qmp->buf + qmp->len,
				 sizeof(qmp->buf) - qmp->len, MSG_DONTWAIT);
		int rc;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n <= 0)
			return -EPIPE;
		qmp->len += (size_t)n;
		rc = qmp_take_lines(qmp);
		if (rc < 0)
			return rc;
	}
}

/* Until the greeting or an answer is there. */
static int qmp_await(struct pmm_qmp *qmp, bool greeting, int timeout_ms)
{
	uint64_t end_us = hvl_time_us() + (uint64_t)timeout_ms * 1000;

	for (;;) {
		struct pollfd p = { .fd = qmp->fd, .events = POLLIN };
		int rc = pmm_qmp_pump(qmp);
		uint64_t now_us = hvl_time_us();

		/* What came before the end counts. */
		if (greeting ? qmp->greeted : qmp->answer != PMM_QMP_NONE)
			return 0;
		if (rc < 0)
			return rc;
		if (now_us >= end_us)
			return -ETIMEDOUT;
		(void)poll(&p, 1, (int)((end_us - now_us) / 1000) + 1);
	}
}

static int qmp_fail(struct pmm_error *err, int rc, const char *what)
{
	switch (rc) {
	case -EPIPE:
		return pmm_fail(err, rc, "%s: QEMU is gone", what);
	case -EPROTO:
		return pmm_fail(err, rc, "%s: QEMU talks nonsense", what);
	case -ETIMEDOUT:
		return pmm_fail(err, rc, "%s: QEMU does not answer", what);
	default:
		return pmm_fail(err, rc, "%s: %s", what, strerror(-rc));
	}
}

int pmm_qmp_command(struct pmm_qmp *qmp, const char *name, int timeout_ms,
		    struct pmm_error *err)
{
	char line[80];
	int len = snprintf(line, sizeof(line), "{\"execute\":\"%s\"}\n", name);
	int rc;

	qmp->answer = PMM_QMP_NONE;
	if (len < 0 || (size_t)len >= sizeof(line))
		return qmp_fail(err, -EINVAL, name);
	/* QEMU reads what it is sent at once: so little always has room. */
	if (send(qmp->fd, line, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL) !=
	    len)
		return qmp_fail(err, -EPIPE, name);
	rc = qmp_await(qmp, false, timeout_ms);
	if (rc < 0)
		return qmp_fail(err, rc, name);
	if (qmp->answer == PMM_QMP_REFUSED)
		return pmm_fail(err, -EIO, "%s: QEMU says: %s", name,
				qmp->refusal);
	return 0;
}

int pmm_qmp_greet(struct pmm_qmp *qmp, int timeout_ms, struct pmm_error *err)
{
	int rc = qmp_await(qmp, true, timeout_ms);

	if (rc < 0)
		return qmp_fail(err, rc, "greeting");
	return pmm_qmp_command(qmp, "qmp_capabilities", timeout_ms, err);
}
