/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * driver_qemu.c - remotes on machines that QEMU emulates
 *
 * Each start is a new QEMU that waits, halted, until the firmware has been
 * written into its memory; each stop kills it. So nothing of one life reaches
 * the next one but what we hold ourselves: RAM and shared memory, which are
 * cleared, and the UART's and doorbell's sockets, which are drained.
 */
#include "driver.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <hvl/metal/shm.h>

#include "ivshmem.h"
#include "process.h"
#include "qemu.h"
#include "qmp.h"

#define QEMU_START_TIMEOUT_MS 30000
/* Lines of QEMU's own per life; registers after a lockup are many. */
#define QEMU_LINES_MAX 8u

struct driver_qemu {
	struct pmm_driver driver; /* first */
	char program[256];
	struct hvl_shm ram, shm; /* shm: unless it is a slice of RAM */
	struct pmm_ivshmem ivshmem;
	int ivshmem_fd; /* the server's end while a client lives, or -1 */
	struct pmm_process process;
	struct pmm_qmp qmp;
	struct pmm_watch qmp_watch, out_watch, end_watch;
	struct pmm_task end_task;
	bool ended, watched;
	struct pmm_driver_end end;
	bool fresh; /* nothing ran yet in this memory */
	unsigned int lines;
	char said[128]; /* QEMU's own last words, or a fatal one before */
};

static struct driver_qemu *qemu_of(struct pmm_driver *driver)
{
	return (struct driver_qemu *)driver;
}

/* The end is told from the event loop, and while somebody wants to know. */

static void qemu_tell_end(void *ctx)
{
	struct driver_qemu *q = ctx;

	q->driver.cfg.ended(q->driver.cfg.ctx, &q->end);
}

static void qemu_ended(struct driver_qemu *q, bool fatal, int code,
		       const char *text)
{
	if (q->ended)
		return;
	q->ended = true;
	q->end.fatal = fatal;
	q->end.code = code;
	(void)snprintf(q->end.text, sizeof(q->end.text), "%s", text);
	if (q->watched)
		pmm_loop_task(q->driver.cfg.loop, &q->end_task, qemu_tell_end,
			      q);
}

static void qemu_on_qmp_event(void *ctx, const struct pmm_qmp_event *event)
{
	struct driver_qemu *q = ctx;

	hvl_log(q->driver.cfg.log, HVL_LOG_DEBUG, "qemu: %s %s", event->name,
		event->reason);
	if (strcmp(event->name, "GUEST_PANICKED") == 0)
		qemu_ended(q, true, 0, "panicked");
	if (strcmp(event->name, "SHUTDOWN") != 0)
		return;
	if (!event->guest)
		qemu_ended(q, true, 0, "QEMU was told to quit");
	else if (strcmp(event->reason, "guest-reset") == 0)
		qemu_ended(q, false, 0, "reset itself");
	else
		qemu_ended(q,
			   event->reason[0] &&
				   !!strcmp(event->reason, "guest-shutdown"),
			   0, "switched itself off");
}

/* It warns of what the board is meant to be without. */
static enum hvl_log_level qemu_line_level(struct driver_qemu *q,
					  const char *line)
{
	if (strncmp(line, "warning:", 8) == 0 ||
	    strncmp(line, "audio:", 6) == 0 || q->lines >= QEMU_LINES_MAX)
		return HVL_LOG_DEBUG;
	q->lines++;
	return HVL_LOG_WARNING;
}

static void qemu_on_line(void *ctx, const char *line)
{
	struct driver_qemu *q = ctx;
	const char *program = q->driver.cfg.board->qemu->program;
	size_t len = strlen(program);
	enum hvl_log_level level;

	if (strncmp(line, program, len) == 0 &&
	    strncmp(line + len, ": ", 2) == 0)
		line += len + 2;
	else if (strncmp(line, "qemu: ", 6) == 0)
		line += 6;
	level = qemu_line_level(q, line);
	/* What follows a fatal error are registers. */
	if (level == HVL_LOG_WARNING && strncmp(q->said, "fatal:", 6) != 0)
		(void)snprintf(q->said, sizeof(q->said), "%s", line);
	hvl_log(q->driver.cfg.log, level, "qemu: %s", line);
}

static void qemu_unwatch(struct pmm_driver *driver)
{
	struct driver_qemu *q = qemu_of(driver);

	q->watched = false;
	pmm_loop_unwatch(driver->cfg.loop, &q->qmp_watch);
	pmm_loop_unwatch(driver->cfg.loop, &q->out_watch);
	pmm_loop_unwatch(driver->cfg.loop, &q->end_watch);
	pmm_loop_task_cancel(driver->cfg.loop, &q->end_task);
}

static void qemu_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* When this returns, the machine does not touch any memory. */
static void qemu_kill(struct driver_qemu *q)
{
	qemu_unwatch(&q->driver);
	pmm_process_kill(&q->process);
	qemu_close(&q->qmp.fd);
	qemu_close(&q->ivshmem_fd);
}

static void qemu_on_process_end(void *ctx, uint32_t events)
{
	struct driver_qemu *q = ctx;
	const char *program = q->driver.cfg.board->qemu->program;
	struct pmm_process_end end;
	char text[sizeof(q->end.text)];

	(void)events;
	pmm_loop_unwatch(q->driver.cfg.loop, &q->end_watch);
	pmm_loop_unwatch(q->driver.cfg.loop, &q->out_watch);
	/* It may have said why. */
	(void)pmm_qmp_pump(&q->qmp);
	if (!pmm_process_reap(&q->process, &end))
		return;
	if (end.signal)
		(void)snprintf(text, sizeof(text),
			       "%s killed by signal %d (%s)", program,
			       end.signal, strsignal(end.signal));
	else
		(void)snprintf(text, sizeof(text), "%s exited with code %d",
			       program, end.code);
	if (q->said[0]) {
		size_t len = strlen(text);

		(void)snprintf(text + len, sizeof(text) - len, ": %s", q->said);
	}
	qemu_ended(q, end.signal != 0, end.code, text);
}

static void qemu_on_qmp(void *ctx, uint32_t events)
{
	struct driver_qemu *q = ctx;

	(void)events;
	/* That the process has ended is heard of by itself. */
	if (pmm_qmp_pump(&q->qmp) < 0)
		pmm_loop_unwatch(q->driver.cfg.loop, &q->qmp_watch);
}

static void qemu_on_out(void *ctx, uint32_t events)
{
	struct driver_qemu *q = ctx;

	(void)events;
	if (!pmm_process_listen(&q->process))
		pmm_loop_unwatch(q->driver.cfg.loop, &q->out_watch);
}

static int qemu_watch(struct pmm_driver *driver)
{
	struct driver_qemu *q = qemu_of(driver);
	struct pmm_loop *loop = driver->cfg.loop;
	int rc = pmm_loop_watch(loop, &q->qmp_watch, q->qmp.fd, EPOLLIN,
				qemu_on_qmp, q);

	if (rc == 0)
		rc = pmm_loop_watch(loop, &q->out_watch, q->process.out,
				    EPOLLIN, qemu_on_out, q);
	if (rc == 0)
		rc = pmm_loop_watch(loop, &q->end_watch, q->process.pidfd,
				    EPOLLIN, qemu_on_process_end, q);
	q->watched = rc == 0;
	/* It may have been quick. */
	if (q->watched && q->ended)
		pmm_loop_task(loop, &q->end_task, qemu_tell_end, q);
	return rc;
}

/* A new QEMU, halted. The descriptors are closed again by the caller. */
static int qemu_spawn(struct driver_qemu *q, uint64_t entry,
		      const struct pmm_qemu_fds *fds, struct pmm_error *err)
{
	struct pmm_driver *d = &q->driver;
	struct pmm_qemu_command cmd;
	struct pmm_process_config pc = {
		.path = q->program,
		.argv = cmd.argv,
		.fds = cmd.fds,
		.mask = pmm_loop_mask_before(d->cfg.loop),
		.said = qemu_on_line,
		.ctx = q,
	};
	int rc = pmm_qemu_command(&cmd, d->cfg.board, entry, fds);

	pc.nfds = cmd.nfds;
	q->said[0] = '\0';
	q->lines = 0;
	q->ended = false;
	if (rc == 0)
		rc = pmm_process_start(&q->process, &pc);
	if (rc < 0)
		return pmm_fail(err, rc, "starting %s: %s",
				d->cfg.board->qemu->program, strerror(-rc));
	return 0;
}

static int qemu_pair(int *ours, int *theirs)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	*ours = fds[0];
	*theirs = fds[1];
	return 0;
}

/* All that the client will ask is in its socket before there is a client. */
static int qemu_open_ivshmem(struct driver_qemu *q, int *theirs)
{
	const struct pmm_ivshmem_peer peer = {
		.shm_fd = q->shm.fd,
		.to_main = q->driver.doorbell.to_main,
		.to_remote = q->driver.doorbell.to_remote,
	};
	int rc = qemu_pair(&q->ivshmem_fd, theirs);

	if (rc == 0)
		rc = pmm_ivshmem_serve(&q->ivshmem, q->ivshmem_fd, &peer);
	/* Kept open: QEMU reads no more of a socket that was closed. */
	return rc < 0 ? rc : 0;
}

static int qemu_launch(struct driver_qemu *q, uint64_t entry,
		       struct pmm_error *err)
{
	struct pmm_driver *d = &q->driver;
	struct pmm_qemu_fds fds = {
		.ram = q->ram.fd,
		.qmp = -1,
		.console = d->cfg.uart_fd,
		.bell = d->doorbell.to_remote,
		.ivshmem = -1,
		.boot = -1,
	};
	int ours = -1, rc = qemu_pair(&ours, &fds.qmp);

	if (rc == 0) {
		pmm_qmp_init(&q->qmp, ours, qemu_on_qmp_event, q);
		rc = pmm_qemu_boot_file(d->cfg.board, entry, &fds.boot);
	}
	if (rc == 0 && d->cfg.board->qemu->window.size)
		rc = qemu_open_ivshmem(q, &fds.ivshmem);
	if (rc < 0)
		(void)pmm_fail(err, rc, "descriptors for QEMU: %s",
			       strerror(-rc));
	else
		rc = qemu_spawn(q, entry, &fds, err);
	qemu_close(&fds.qmp);
	qemu_close(&fds.ivshmem);
	qemu_close(&fds.boot);
	return rc;
}

/* Its own reason, where it gave one before it ended. */
static int qemu_explain(struct driver_qemu *q, int rc,
			const struct pmm_error *why,
			struct hvl_rproc_error *err)
{
	const struct pmm_board *board = q->driver.cfg.board;

	qemu_kill(q);
	return hvl_rproc_fail(err, rc, "board %s: %s: %s", board->name,
			      board->qemu->program,
			      q->said[0] ? q->said : why->text);
}

/* Our own RAM is as after power-on; the shared memory is not ours to clear. */
static void qemu_clear_ram(struct driver_qemu *q)
{
	const struct pmm_driver_shm *shm = &q->driver.shm;
	const int how = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	uint64_t first = q->ram.io.size, next = first;

	if (q->fresh)
		return;
	if (shm->fd == q->ram.fd) {
		first = shm->offset;
		next = first + shm->io.size;
	}
	if (first > 0 && fallocate(q->ram.fd, how, 0, (off_t)first) < 0)
		hvl_io_fill(&q->ram.io, 0, 0, (size_t)first);
	if (next < q->ram.io.size &&
	    fallocate(q->ram.fd, how, (off_t)next,
		      (off_t)(q->ram.io.size - next)) < 0)
		hvl_io_fill(&q->ram.io, next, 0,
			    (size_t)(q->ram.io.size - next));
}

static int qemu_prepare(struct hvl_rproc *rproc, struct hvl_rproc_error *err)
{
	struct driver_qemu *q = rproc->cfg.priv;
	struct pmm_error why = { "" };
	int rc;

	/* One may be there, halted, if its start was given up. */
	qemu_kill(q);
	qemu_clear_ram(q);
	q->fresh = false;
	rc = qemu_launch(q, rproc->elf.entry, &why);
	/* Its answers come when the machine is made and its memory written. */
	if (rc == 0)
		rc = pmm_qmp_greet(&q->qmp, QEMU_START_TIMEOUT_MS, &why);
	if (rc == 0)
		rc = pmm_qmp_command(&q->qmp, "query-status",
				     QEMU_START_TIMEOUT_MS, &why);
	return rc < 0 ? qemu_explain(q, rc, &why, err) : 0;
}

static int qemu_start(struct hvl_rproc *rproc, uint64_t entry,
		      struct hvl_rproc_error *err)
{
	struct driver_qemu *q = rproc->cfg.priv;
	struct pmm_error why = { "" };
	int rc;

	(void)entry; /* QEMU has it from its command line */
	rc = pmm_qmp_command(&q->qmp, "cont", QEMU_START_TIMEOUT_MS, &why);
	/* It ran, and QEMU with it to its end: who watches will hear. */
	if (rc == -EPIPE)
		return 0;
	return rc < 0 ? qemu_explain(q, rc, &why, err) : 0;
}

static int qemu_stop(struct hvl_rproc *rproc, struct hvl_rproc_error *err)
{
	(void)err;
	qemu_kill(rproc->cfg.priv);
	return 0;
}

static bool qemu_memory(struct hvl_rproc *rproc, uint64_t da, uint64_t len,
			struct hvl_io *io)
{
	struct driver_qemu *q = rproc->cfg.priv;
	const struct pmm_board *board = q->driver.cfg.board;

	for (int i = 0; i < PMM_BOARD_LOADS_MAX; i++) {
		const struct pmm_board_range *range = &board->load[i];
		uint64_t off;

		if (range->size == 0 ||
		    !hvl_io_sub(&q->ram.io, range->da - board->ram_da,
				range->size, io))
			continue;
		if (hvl_io_da_to_off(io, da, len, &off))
			return true;
	}
	return false;
}

static const struct hvl_rproc_ops qemu_rproc_ops = {
	.memory = qemu_memory,
	.prepare = qemu_prepare,
	.start = qemu_start,
	.stop = qemu_stop,
};

static void qemu_destroy(struct pmm_driver *driver)
{
	struct driver_qemu *q = qemu_of(driver);

	qemu_kill(q);
	pmm_doorbell_close(&driver->doorbell);
	hvl_shm_close(&q->shm);
	hvl_shm_close(&q->ram);
	free(q);
}

static int qemu_open_memory(struct driver_qemu *q)
{
	struct pmm_driver *d = &q->driver;
	const struct pmm_board *board = d->cfg.board;
	int rc = hvl_shm_create(&q->ram, "hvl-ram", board->ram_size,
				board->ram_da);

	if (rc < 0)
		return rc;
	if (board->qemu->window.size) {
		rc = hvl_shm_create(&q->shm, "hvl-shmem", d->cfg.shm_size,
				    d->cfg.shm_da);
		d->shm.io = q->shm.io;
		d->shm.fd = q->shm.fd;
		return rc;
	}
	d->shm.fd = q->ram.fd;
	d->shm.offset = d->cfg.shm_da - board->ram_da;
	return hvl_io_sub(&q->ram.io, d->shm.offset, d->cfg.shm_size,
			  &d->shm.io) ?
		       0 :
		       -EINVAL;
}

static int qemu_open(struct driver_qemu *q, struct pmm_error *err)
{
	struct pmm_driver *d = &q->driver;
	const struct pmm_board *board = d->cfg.board;
	const struct pmm_qemu_machine *m = board->qemu;
	int rc;

	if (!pmm_program_find(m->program, q->program, sizeof(q->program)))
		return pmm_fail(err, -ENOENT,
				"board %s needs %s: apt install %s (or make "
				"demo BOARD=%s)",
				board->name, m->program, m->package,
				board->name);
	rc = qemu_open_memory(q);
	if (rc < 0)
		return pmm_fail(err, rc, "board %s: its memory: %s",
				board->name, strerror(-rc));
	/* An interrupt by ivshmem is an eventfd, on both ends. */
	rc = m->bell >= 0 ? pmm_doorbell_uart(&d->doorbell,
					      m->entry != PMM_QEMU_ENTRY_STUB) :
			    pmm_doorbell_eventfd(&d->doorbell);
	if (rc < 0)
		return pmm_fail(err, rc, "doorbells: %s", strerror(-rc));
	d->rproc_priv = q;
	return 0;
}

static int qemu_create(struct pmm_driver **out,
		       const struct pmm_driver_config *cfg,
		       struct pmm_error *err)
{
	struct driver_qemu *q = calloc(1, sizeof(*q));
	int rc;

	if (!q)
		return pmm_fail(err, -ENOMEM, "remote: no memory");
	q->driver.ops = &pmm_driver_qemu;
	q->driver.cfg = *cfg;
	q->ram.fd = q->shm.fd = q->qmp.fd = q->ivshmem_fd = -1;
	q->fresh = true;
	rc = qemu_open(q, err);
	if (rc < 0) {
		qemu_destroy(&q->driver);
		return rc;
	}
	*out = &q->driver;
	return 0;
}

const struct pmm_driver_ops pmm_driver_qemu = {
	.check = pmm_qemu_check,
	.create = qemu_create,
	.destroy = qemu_destroy,
	.watch = qemu_watch,
	.unwatch = qemu_unwatch,
	.rproc = &qemu_rproc_ops,
};
