/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * subprocess.c - a program that runs beside the event loop
 */
#include "subprocess.h"

#include <stdio.h>
#include <string.h>

static void subprocess_said(void *ctx, const char *line)
{
	struct cli_subprocess *sub = ctx;
	size_t room = sizeof(sub->text) - sub->len;
	size_t n = (size_t)snprintf(sub->text + sub->len, room, "%s\n", line);

	sub->len += n < room ? n : room - 1;
}

static void subprocess_on_out(void *ctx, uint32_t events)
{
	struct cli_subprocess *sub = ctx;

	(void)events;
	if (!pmm_process_listen(&sub->process))
		pmm_loop_unwatch(sub->loop, &sub->out_watch);
}

/* Before their descriptors are closed. */
static void subprocess_unwatch(struct cli_subprocess *sub)
{
	pmm_loop_unwatch(sub->loop, &sub->out_watch);
	pmm_loop_unwatch(sub->loop, &sub->end_watch);
}

static void subprocess_on_end(void *ctx, uint32_t events)
{
	struct cli_subprocess *sub = ctx;
	struct pmm_process_end end;

	(void)events;
	subprocess_unwatch(sub);
	if (!pmm_process_reap(&sub->process, &end))
		return;
	sub->status = end.signal ? 128 + end.signal : end.code;
	sub->done(sub->ctx);
}

static int subprocess_watch(struct cli_subprocess *sub)
{
	int rc = pmm_loop_watch(sub->loop, &sub->end_watch, sub->process.pidfd,
				EPOLLIN, subprocess_on_end, sub);

	if (rc < 0)
		return rc;
	return pmm_loop_watch(sub->loop, &sub->out_watch, sub->process.out,
			      EPOLLIN, subprocess_on_out, sub);
}

int cli_subprocess_start(struct cli_subprocess *sub, struct pmm_loop *loop,
			 const char *path, char *const argv[],
			 void (*done)(void *ctx), void *ctx,
			 struct pmm_error *err)
{
	const struct pmm_process_config cfg = {
		.path = path,
		.argv = argv,
		.mask = pmm_loop_mask_before(loop),
		.said = subprocess_said,
		.ctx = sub,
	};
	int rc;

	sub->loop = loop;
	sub->done = done;
	sub->ctx = ctx;
	rc = pmm_process_start(&sub->process, &cfg);
	if (rc == 0)
		rc = subprocess_watch(sub);
	if (rc == 0)
		return 0;
	cli_subprocess_kill(sub);
	return pmm_fail(err, rc, "%s: %s", path, strerror(-rc));
}

void cli_subprocess_kill(struct cli_subprocess *sub)
{
	if (sub->process.pid <= 0)
		return;
	subprocess_unwatch(sub);
	pmm_process_kill(&sub->process);
}
