/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * remote_control.c - the commands that a remote obeys on request
 */
#include "remote_control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hvl/metal/compiler.h>

#include "control.h"
#include "service_status.h"

typedef json_int_t jint;

/* What the firmware says of itself; null when it says nothing. */
static json_t *status_report(struct pmm_remote *remote)
{
	static const char *const names[] = {
		[HVL_REMOTE_NONE] = "none",
		[HVL_REMOTE_STARTING] = "starting",
		[HVL_REMOTE_RUNNING] = "running",
		[HVL_REMOTE_STOPPED] = "stopped",
		[HVL_REMOTE_WANTS_RESTART] = "wants restart",
		[HVL_REMOTE_CRASHED] = "crashed",
	};
	struct hvl_rsc_report report;

	if (!hvl_rproc_report(pmm_remote_rproc(remote), &report))
		return json_null();
	return json_pack("{s:s, s:I, s:I}", "state",
			 report.state < HVL_ARRAY_SIZE(names) ?
				 names[report.state] :
				 "unknown",
			 "heartbeat", (jint)report.heartbeat, "cause",
			 (jint)report.cause);
}

static json_t *status_life(const struct pmm_remote_status *st)
{
	json_t *soon = json_null();

	if (st->restarts_soon)
		soon = json_real((double)st->restart_us / 1e6);
	return json_pack("{s:s, s:f, s:o, s:I, s:I, s:I, s:I, s:o}", "state",
			 pmm_remote_state_name(st->state), "uptime",
			 (double)st->uptime_us / 1e6, "restart_in", soon,
			 "starts", (jint)st->starts, "restarts",
			 (jint)(st->starts ? st->starts - 1 : 0), "crashes",
			 (jint)st->crashes, "coredumps", (jint)st->coredumps,
			 "last_end", pmm_status_string(st->last_end));
}

static int do_status(struct pmm_remote_control *control, const json_t *request,
		     json_t **result, struct pmm_error *err)
{
	const struct pmm_remote_config *cfg =
		pmm_remote_config(control->remote);
	struct pmm_remote_status st;
	json_t *rest;

	(void)request;
	pmm_remote_status(control->remote, &st);
	*result = status_life(&st);
	rest = json_pack(
		"{s:i, s:s, s:s, s:o, s:s, s:{s:o, s:I}, s:o, s:o, s:o}", "pid",
		(int)getpid(), "version", control->version, "board",
		cfg->board->name, "firmware", pmm_status_string(cfg->firmware),
		"transport", cfg->v1 ? "mmio-v1" : "mmio", "shared_memory",
		"address", pmm_status_hex(cfg->shm_da), "size",
		(jint)cfg->shm_size, "report", status_report(control->remote),
		"polling",
		pmm_service_polling(pmm_remote_service(control->remote)),
		"devices",
		pmm_service_status(pmm_remote_service(control->remote)));
	if (*result && json_object_update(*result, rest) < 0) {
		json_decref(*result);
		*result = NULL;
	}
	json_decref(rest);
	return *result ? 0 : pmm_fail(err, -ENOMEM, "no memory");
}

static int do_version(struct pmm_remote_control *control, const json_t *request,
		      json_t **result, struct pmm_error *err)
{
	(void)request;
	*result = pmm_status_version(control->version);
	return *result ? 0 : pmm_fail(err, -ENOMEM, "no memory");
}

/* What became of it; @changed: it was not so before. */
static int control_outcome(struct pmm_remote_control *control, bool changed,
			   json_t **result, struct pmm_error *err)
{
	struct pmm_remote_status st;

	pmm_remote_status(control->remote, &st);
	if (changed)
		hvl_log(pmm_remote_config(control->remote)->log, HVL_LOG_INFO,
			"remote %s on request",
			pmm_remote_state_name(st.state));
	*result = json_pack("{s:s, s:b}", "state",
			    pmm_remote_state_name(st.state), "changed",
			    (int)changed);
	return *result ? 0 : pmm_fail(err, -ENOMEM, "no memory");
}

static enum pmm_remote_state control_state(struct pmm_remote_control *control)
{
	struct pmm_remote_status st;

	pmm_remote_status(control->remote, &st);
	return st.state;
}

static int do_stop(struct pmm_remote_control *control, const json_t *request,
		   json_t **result, struct pmm_error *err)
{
	bool change = control_state(control) != PMM_REMOTE_IS_STOPPED;
	int rc = change ? pmm_remote_stop(control->remote, err) : 0;

	(void)request;
	return rc < 0 ? rc : control_outcome(control, change, result, err);
}

static int do_start(struct pmm_remote_control *control, const json_t *request,
		    json_t **result, struct pmm_error *err)
{
	bool change = control_state(control) != PMM_REMOTE_IS_RUNNING;
	int rc = change ? pmm_remote_start(control->remote, err) : 0;

	(void)request;
	return rc < 0 ? rc : control_outcome(control, change, result, err);
}

static int do_restart(struct pmm_remote_control *control, const json_t *request,
		      json_t **result, struct pmm_error *err)
{
	int rc = pmm_remote_stop(control->remote, err);

	(void)request;
	if (rc == 0)
		rc = pmm_remote_start(control->remote, err);
	return rc < 0 ? rc : control_outcome(control, true, result, err);
}

static int trace_index(const json_t *request, unsigned int *index,
		       struct pmm_error *err)
{
	const json_t *value = json_object_get(request, "index");
	jint i = json_integer_value(value);

	if (value && (!json_is_integer(value) || i < 0 || i > UINT16_MAX))
		return pmm_fail(err, -EINVAL,
				"\"index\" is not the number of a trace "
				"buffer");
	*index = (unsigned int)i;
	return 0;
}

static int trace_read(struct pmm_remote_control *control, unsigned int index,
		      char *buf, size_t size, struct pmm_error *err)
{
	int n = hvl_rproc_trace(pmm_remote_rproc(control->remote), index, buf,
				size);

	if (n == -ENOENT)
		return pmm_fail(err, n, "the firmware has no trace buffer %u",
				index);
	if (n == -EFAULT)
		return pmm_fail(err, n,
				"trace buffer %u is not in the board's memory",
				index);
	if (n < 0)
		return pmm_fail(err, n, "trace buffer %u: the kernel says: %s",
				index, strerror(-n));
	return n;
}

static int do_trace(struct pmm_remote_control *control, const json_t *request,
		    json_t **result, struct pmm_error *err)
{
	const size_t size = PMM_REMOTE_TRACE_MAX + 1;
	struct pmm_remote_status st;
	unsigned int index = 0;
	int rc = trace_index(request, &index, err);
	char *buf;

	if (rc < 0)
		return rc;
	buf = malloc(size);
	if (!buf)
		return pmm_fail(err, -ENOMEM, "no memory");
	rc = trace_read(control, index, buf, size, err);
	if (rc >= 0) {
		pmm_remote_status(control->remote, &st);
		*result = json_pack("{s:o, s:b, s:I}", "text",
				    pmm_control_text(buf, (size_t)rc), "cut",
				    rc == (int)PMM_REMOTE_TRACE_MAX, "starts",
				    (jint)st.starts);
		rc = *result ? 0 : pmm_fail(err, -ENOMEM, "no memory");
	}
	free(buf);
	return rc;
}

static const struct {
	const char *name;
	int (*run)(struct pmm_remote_control *control, const json_t *request,
		   json_t **result, struct pmm_error *err);
} commands[] = {
	{ "restart", do_restart }, { "start", do_start },
	{ "status", do_status },   { "stop", do_stop },
	{ "trace", do_trace },	   { "version", do_version },
};

int pmm_remote_control_answer(void *ctx, const char *command,
			      const json_t *request, json_t **result,
			      struct pmm_error *err)
{
	for (size_t i = 0; i < HVL_ARRAY_SIZE(commands); i++) {
		if (strcmp(command, commands[i].name) == 0)
			return commands[i].run(ctx, request, result, err);
	}
	return pmm_fail(err, -ENOSYS,
			"there are restart, start, status, stop, trace and "
			"version");
}
