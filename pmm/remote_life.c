/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * remote_life.c - one remote: start, service, end and restart
 */
#include "remote_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <hvl/metal/time.h>

/* Rechecks until a remote that said it ends, and does not, is taken at its
 * word. */
#define REMOTE_ENDING_MAX 10u
/* Rechecks without a heartbeat, which comes every 100 ms. */
#define REMOTE_STILL_MAX (5000000u / PMM_SERVICE_RECHECK_US)
/* A firmware that ends at once must not keep a processor busy. */
#define REMOTE_BACKOFF_FIRST_US 100000u
#define REMOTE_BACKOFF_MOST_US 5000000u
#define REMOTE_RAN_WELL_US 10000000u
#define REMOTE_RAN_US 500000u

/* Its last words first: they may say why. */
static void remote_last_output(struct pmm_remote *r)
{
	while (r->uart.loop && !pmm_uart_pump(&r->uart))
		;
}

static void remote_unwatch(struct pmm_remote *r)
{
	pmm_service_stop(&r->service);
	if (r->driver)
		r->driver->ops->unwatch(r->driver);
}

int pmm_remote_halt_(struct pmm_remote *r, struct hvl_rproc_error *err)
{
	int rc;

	remote_unwatch(r);
	if (!r->driver)
		return 0;
	rc = hvl_rproc_stop(&r->rproc, err);
	remote_last_output(r);
	return rc;
}

int pmm_remote_stop(struct pmm_remote *r, struct pmm_error *err)
{
	struct hvl_rproc_error why = { "" };
	int rc;

	pmm_loop_timer_cancel(r->loop, &r->restart);
	rc = pmm_remote_halt_(r, &why);
	if (rc < 0)
		return pmm_fail(err, rc, "stop: %s", why.text);
	pmm_remote_set_state_(r, PMM_REMOTE_IS_STOPPED,
			      r->state == PMM_REMOTE_IS_RUNNING ?
				      "stopped on request" :
				      NULL);
	return 0;
}

/* All that the last life left behind. Pages that were never used stay so. */
static void remote_clear(struct pmm_remote *r)
{
	struct pmm_driver_shm *shm = &r->driver->shm;

	pmm_doorbell_drain(&r->driver->doorbell);
	if (r->fresh)
		return;
	pmm_uart_drop_input(&r->uart);
	if (shm->fd < 0 ||
	    fallocate(shm->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		      (off_t)shm->offset, (off_t)shm->io.size) < 0)
		hvl_io_fill(&shm->io, 0, 0, (size_t)shm->io.size);
}

static int remote_write_fdt(struct pmm_remote *r)
{
	if (r->service.layout.fdt_size == 0)
		return 0;
	/* Before the start the shared memory is ours alone. */
	return pmm_layout_fdt(&r->service.layout, &r->boot,
			      hvl_io_va(&r->driver->shm.io, 0));
}

static int remote_watch(struct pmm_remote *r)
{
	int rc = pmm_service_start(&r->service);

	return rc < 0 ? rc : r->driver->ops->watch(r->driver);
}

int pmm_remote_start(struct pmm_remote *r, struct pmm_error *err)
{
	struct hvl_rproc_error why = { "" };
	int rc;

	pmm_loop_timer_cancel(r->loop, &r->restart);
	/* A crashed core may still run, or be run once more to be stopped. */
	if (r->rproc.state == HVL_RPROC_CRASHED &&
	    (rc = hvl_rproc_stop(&r->rproc, &why)) < 0)
		return pmm_fail(err, rc, "stop: %s", why.text);
	remote_clear(r);
	rc = remote_write_fdt(r);
	if (rc < 0)
		return pmm_fail(err, rc, "shared memory: %s", strerror(-rc));
	for (unsigned int i = 0; i < r->service.ndevices; i++)
		hvl_dev_publish(&r->service.devices[i].dev);
	r->end[0] = '\0';
	r->ending = 0;
	pmm_watchdog_init(&r->watchdog);
	rc = hvl_rproc_start(&r->rproc, &why);
	if (rc < 0)
		return pmm_fail(err, rc, "start: %s", why.text);
	r->fresh = false;
	r->started_us = hvl_time_us();
	rc = remote_watch(r);
	if (rc < 0) {
		(void)pmm_remote_halt_(r, NULL);
		return pmm_fail(err, rc, "start: %s", strerror(-rc));
	}
	pmm_remote_set_state_(r, PMM_REMOTE_IS_RUNNING, NULL);
	if (r->cfg.event)
		r->cfg.event(r->cfg.event_ctx, PMM_REMOTE_STARTED);
	return 0;
}

static void remote_on_restart(void *ctx)
{
	struct pmm_remote *r = ctx;
	struct pmm_error err;

	if (pmm_remote_start(r, &err) == 0)
		return;
	(void)snprintf(r->end, sizeof(r->end), "%.150s", err.text);
	hvl_rproc_crashed(&r->rproc);
	pmm_remote_set_state_(r, PMM_REMOTE_IS_CRASHED, r->end);
	if (r->cfg.event)
		r->cfg.event(r->cfg.event_ctx, PMM_REMOTE_CRASHED);
}

/*
 * The more often it ends soon after its start, the longer the pause. For one
 * that crashed, soon is any time at which it could do so for ever; for one that
 * asks for a restart, as a person may have done, before it ran for as long as
 * the last pause was.
 */
static uint64_t remote_pause_us(struct pmm_remote *r, bool crashed)
{
	uint64_t ran = hvl_time_us() - r->started_us;
	uint64_t last = r->pause_us;

	if (!crashed && ran >= REMOTE_RAN_US)
		return 0;
	if (last == 0 || ran >= (crashed ? REMOTE_RAN_WELL_US : last))
		r->pause_us = REMOTE_BACKOFF_FIRST_US;
	else if (last < REMOTE_BACKOFF_MOST_US / 2)
		r->pause_us = last * 2;
	else
		r->pause_us = REMOTE_BACKOFF_MOST_US;
	return r->pause_us;
}

static void remote_restart(struct pmm_remote *r, bool crashed)
{
	uint64_t pause = remote_pause_us(r, crashed);

	hvl_log(&r->service.ratelog.log,
		crashed ? HVL_LOG_WARNING : HVL_LOG_INFO,
		crashed ? "remote %s; restarts" :
			  "remote restarts, as its firmware asked%s",
		crashed ? r->end : "");
	pmm_loop_timer(r->loop, &r->restart, pause, 0, remote_on_restart, r);
}

static void remote_describe(struct pmm_remote *r, const char *how,
			    const struct hvl_rsc_report *report)
{
	if (report->state == HVL_REMOTE_CRASHED)
		(void)snprintf(r->end, sizeof(r->end), "crashed: %s, cause %u",
			       how, (unsigned int)report->cause);
	else
		(void)snprintf(r->end, sizeof(r->end), "crashed: %s", how);
}

/* It ended by itself, or said that it ends: find out how it was meant. */
void pmm_remote_ended_(void *ctx, const struct pmm_driver_end *end)
{
	struct pmm_remote *r = ctx;
	enum pmm_remote_event ev = PMM_REMOTE_CRASHED;
	struct hvl_rsc_report report = { 0 };

	(void)hvl_rproc_report(&r->rproc, &report);
	remote_last_output(r);
	if (!end->fatal && report.state == HVL_REMOTE_WANTS_RESTART) {
		(void)pmm_remote_halt_(r, NULL);
		pmm_remote_set_state_(r, PMM_REMOTE_IS_RESTARTING,
				      "its firmware asked for a restart");
		remote_restart(r, false);
		return;
	}
	if (!end->fatal && end->code == 0 &&
	    report.state == HVL_REMOTE_STOPPED) {
		(void)pmm_remote_halt_(r, NULL);
		(void)snprintf(r->end, sizeof(r->end), "stopped");
		pmm_remote_set_state_(r, PMM_REMOTE_IS_STOPPED, r->end);
		ev = PMM_REMOTE_STOPPED;
	} else {
		bool again;

		remote_describe(r, end->text, &report);
		remote_unwatch(r);
		hvl_rproc_crashed(&r->rproc);
		again = pmm_remote_crashed_(r);
		pmm_remote_set_state_(r, PMM_REMOTE_IS_CRASHED, r->end);
		if (again) {
			remote_restart(r, true);
			return;
		}
	}
	if (r->cfg.event)
		r->cfg.event(r->cfg.event_ctx, ev);
}

/* A remote without a process of its own, or one that hangs while it ends. */
void pmm_remote_recheck_(void *ctx)
{
	static const struct pmm_driver_end said = {
		.text = "as its firmware said",
	};
	static const struct pmm_driver_end still = {
		.fatal = true,
		.text = "watchdog: no heartbeat for 5 s",
	};
	struct pmm_remote *r = ctx;
	struct hvl_rsc_report report;

	if (!hvl_rproc_report(&r->rproc, &report))
		return;
	if (report.state < HVL_REMOTE_STOPPED ||
	    report.state > HVL_REMOTE_CRASHED)
		r->ending = 0;
	else if (++r->ending > REMOTE_ENDING_MAX)
		pmm_remote_ended_(r, &said);
	if (pmm_watchdog_look(&r->watchdog, &report, REMOTE_STILL_MAX))
		pmm_remote_ended_(r, &still);
}
