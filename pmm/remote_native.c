/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The native remote: a child process in place of a processor
 */
#include "remote_native.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hvl/metal/compiler.h>

#include "native/plan.h"

#define MIN_ADDR "/proc/sys/vm/mmap_min_addr"
#define START_TIMEOUT_MS 10000
/* Older C libraries lack it. */
#define NATIVE_P_PIDFD ((idtype_t)3)

#define NAMESPACES                                                  \
	(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC | \
	 CLONE_NEWUTS | CLONE_NEWCGROUP)

struct pmm_native {
	struct pmm_native_config cfg;
	struct hvl_shm ram;
	int pidfd; /* of the child, or -1 */
	enum pmm_native_isolation isolation;
};

/* What a start that did not work was about */
struct native_failure {
	bool namespaces; /* it may work with fewer of them */
};

static int native_wait(struct pmm_native *native, siginfo_t *info, int flags)
{
	int rc;

	memset(info, 0, sizeof(*info));
	do {
		/* It sends no signal when it ends, which takes __WALL. */
		rc = waitid(NATIVE_P_PIDFD, (id_t)native->pidfd, info,
			    WEXITED | __WALL | flags);
	} while (rc < 0 && errno == EINTR);
	return rc < 0 ? -errno : 0;
}

static void native_close_pidfd(struct pmm_native *native)
{
	close(native->pidfd);
	native->pidfd = -1;
}

/* When this returns, the child does not touch any memory. */
static int native_kill(struct pmm_native *native)
{
	siginfo_t info;
	int rc;

	if (native->pidfd < 0)
		return 0;
	syscall(SYS_pidfd_send_signal, native->pidfd, SIGKILL, NULL, 0);
	rc = native_wait(native, &info, 0);
	native_close_pidfd(native);
	return rc;
}

static void native_end_text(const siginfo_t *info, struct pmm_native_end *end)
{
	memset(end, 0, sizeof(*end));
	if (info->si_code == CLD_EXITED) {
		end->code = info->si_status;
		snprintf(end->text, sizeof(end->text), "exited with code %d",
			 end->code);
		return;
	}
	end->signal = info->si_status;
	snprintf(end->text, sizeof(end->text), "killed by signal %d (%s)",
		 end->signal, strsignal(end->signal));
}

/* Descriptors as the child's list needs them: all above those it will have. */
static int native_dup(int fd, int *copy, int min)
{
	*copy = fcntl(fd, F_DUPFD_CLOEXEC, min);
	return *copy < 0 ? -errno : 0;
}

static void native_close_fds(const struct pmm_native_fds *fds)
{
	const int all[] = { fds->uart, fds->irq,    fds->ring,	     fds->ram,
			    fds->shm,  fds->report, fds->report_read };

	for (size_t i = 0; i < HVL_ARRAY_SIZE(all); i++) {
		if (all[i] >= 0)
			close(all[i]);
	}
}

static int native_open_fds(const struct pmm_native *native,
			   struct pmm_native_fds *fds)
{
	const struct pmm_native_config *cfg = &native->cfg;
	int rc, report[2];

	*fds = (struct pmm_native_fds){ -1, -1, -1, -1, -1, -1, -1 };
	if (pipe2(report, O_CLOEXEC) < 0)
		return -errno;
	fds->report_read = report[0];
	rc = native_dup(report[1], &fds->report, PMM_NATIVE_FD_MIN + 1);
	close(report[1]);
	if (rc == 0)
		rc = native_dup(cfg->uart_fd, &fds->uart, PMM_NATIVE_FD_MIN);
	if (rc == 0)
		rc = native_dup(cfg->irq_fd, &fds->irq, PMM_NATIVE_FD_MIN);
	if (rc == 0)
		rc = native_dup(cfg->ring_fd, &fds->ring, PMM_NATIVE_FD_MIN);
	if (rc == 0)
		rc = native_dup(native->ram.fd, &fds->ram, PMM_NATIVE_FD_MIN);
	if (rc == 0)
		rc = native_dup(cfg->shm->fd, &fds->shm, PMM_NATIVE_FD_MIN);
	if (rc < 0)
		native_close_fds(fds);
	return rc;
}

/* Blocked from here until the child has reset its signals. */
static long native_clone(uint64_t flags, int *pidfd, const void *code)
{
	sigset_t all, old;
	long rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pmm_native_clone(flags, pidfd, code);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return rc;
}

static int native_fork(struct pmm_native *native,
		       const struct pmm_native_plan *plan,
		       struct native_failure *failure,
		       struct hvl_rproc_error *err)
{
	uint64_t flags = CLONE_PIDFD;
	long rc;

	if (native->isolation == PMM_NATIVE_USER_NS)
		flags |= CLONE_NEWUSER;
	if (native->isolation != PMM_NATIVE_NO_NS)
		flags |= NAMESPACES;
	rc = native_clone(flags, &native->pidfd, plan->area);
	if (rc > 0)
		return 0;
	native->pidfd = -1;
	failure->namespaces = rc != -EAGAIN && rc != -ENOMEM;
	return hvl_rproc_fail(err, (int)rc, "%s: %s",
			      flags == CLONE_PIDFD ? "starting a process" :
						     "making namespaces",
			      strerror((int)-rc));
}

/*
 * Read what the child reports until it has closed the pipe.
 * Return: bytes, or negative errno.
 */
static int native_read_report(int fd, unsigned char *buf, size_t size)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t have = 0;

	for (;;) {
		int rc = poll(&p, 1, START_TIMEOUT_MS);
		ssize_t n;

		if (rc < 0 && errno == EINTR)
			continue;
		if (rc == 0)
			return -ETIMEDOUT;
		n = rc < 0 ? -1 : read(fd, buf + have, size - have);
		if (n < 0)
			return -errno;
		if (n == 0)
			return (int)have;
		have += (size_t)n;
	}
}

/* What it says besides "ready" is the step that failed, and why. */
static int native_await(const struct pmm_native_plan *plan, int fd,
			struct native_failure *failure,
			struct hvl_rproc_error *err)
{
	const size_t size = offsetof(struct pmm_native_head, steps) -
			    offsetof(struct pmm_native_head, report_step);
	unsigned char buf[32];
	uint32_t report[2];
	unsigned int step;
	int n = native_read_report(fd, buf, sizeof(buf));

	if (n == 1)
		return 0;
	if (n < 0)
		return hvl_rproc_fail(err, n, "awaiting the remote: %s",
				      strerror(-n));
	if ((size_t)n < size)
		return hvl_rproc_fail(err, -ECHILD,
				      "the process ended before its firmware");
	memcpy(report, buf + (size_t)n - size, size);
	step = report[0] / (unsigned int)sizeof(struct pmm_native_step);
	if (step >= plan->nsteps || report[1] > INT16_MAX)
		return hvl_rproc_fail(err, -EPROTO, "a garbled report");
	failure->namespaces = step < plan->isolation_end;
	return hvl_rproc_fail(err, -(int)report[1], "%s: %s", plan->what[step],
			      strerror((int)report[1]));
}

static int native_try(struct pmm_native *native, const struct hvl_elf *elf,
		      struct native_failure *failure,
		      struct hvl_rproc_error *err)
{
	struct pmm_native_plan_config cfg = {
		.isolation = native->isolation,
		.elf = elf,
		.ram = native->ram.io,
		.shm = native->cfg.shm->io,
	};
	struct pmm_native_plan plan;
	int rc = native_open_fds(native, &cfg.fds);

	failure->namespaces = false;
	if (rc < 0)
		return hvl_rproc_fail(err, rc, "duplicating descriptors: %s",
				      strerror(-rc));
	rc = pmm_native_plan_create(&plan, &cfg, err);
	if (rc < 0)
		goto close_fds;
	rc = native_fork(native, &plan, failure, err);
	close(cfg.fds.report);
	cfg.fds.report = -1;
	if (rc < 0)
		goto destroy;
	rc = native_await(&plan, cfg.fds.report_read, failure, err);
	if (rc < 0)
		native_kill(native);
destroy:
	pmm_native_plan_destroy(&plan);
close_fds:
	native_close_fds(&cfg.fds);
	return rc;
}

/* The next best after one that the system refused. */
static void native_relax(struct pmm_native *native, const char *why)
{
	if (native->isolation == PMM_NATIVE_USER_NS && geteuid() == 0) {
		native->isolation = PMM_NATIVE_ROOT_NS;
		return;
	}
	native->isolation = PMM_NATIVE_NO_NS;
	hvl_log(native->cfg.log, HVL_LOG_WARNING,
		"%s: no namespaces of its own (%s): a system call filter and an empty address space hold it, user namespaces would as well",
		native->cfg.board->name, why);
}

static bool native_memory(struct hvl_rproc *rproc, uint64_t da, uint64_t len,
			  struct hvl_io *io)
{
	const struct pmm_native *native = rproc->cfg.priv;
	uint64_t off;

	*io = native->ram.io;
	return hvl_io_da_to_off(io, da, len, &off);
}

static int native_start(struct hvl_rproc *rproc, uint64_t entry,
			struct hvl_rproc_error *err)
{
	struct pmm_native *native = rproc->cfg.priv;
	struct native_failure failure;
	struct hvl_rproc_error why = { "" };
	int rc;

	(void)entry; /* the ELF's */
	while ((rc = native_try(native, &rproc->elf, &failure, &why)) < 0 &&
	       failure.namespaces && native->isolation != PMM_NATIVE_NO_NS)
		native_relax(native, why.text);
	if (rc < 0)
		hvl_rproc_fail(err, rc, "%s does not start: %s",
			       native->cfg.board->name, why.text);
	return rc;
}

static int native_stop(struct hvl_rproc *rproc, struct hvl_rproc_error *err)
{
	struct pmm_native *native = rproc->cfg.priv;
	int rc = native_kill(native);

	if (rc < 0)
		hvl_rproc_fail(err, rc, "%s does not stop: %s",
			       native->cfg.board->name, strerror(-rc));
	return rc;
}

const struct hvl_rproc_ops pmm_native_ops = {
	.memory = native_memory,
	.start = native_start,
	.stop = native_stop,
};

/* The lowest address that the system maps for everybody. */
static uint64_t native_min_addr(void)
{
	uint64_t min = 0;
	FILE *f = fopen(MIN_ADDR, "re");

	if (f) {
		if (fscanf(f, "%" SCNu64, &min) != 1)
			min = 0;
		fclose(f);
	}
	return min;
}

/*
 * Whether a process can have memory there: asked of the kernel itself, which
 * knows its limit. That something of ours is there already is no obstacle.
 */
static bool native_mappable(uint64_t da, uint64_t size)
{
	/* Not the library's, which sanitizers replace. */
	long rc = syscall(SYS_mmap, da, size, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
				  MAP_FIXED_NOREPLACE,
			  -1, 0);

	if (rc == -1)
		return errno == EEXIST;
	syscall(SYS_munmap, rc, size);
	return (uint64_t)rc == da;
}

static int native_check_range(const char *what, uint64_t da, uint64_t size,
			      struct hvl_rproc_error *err)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t min = native_min_addr();

	if (size == 0 || da % page != 0 || size % page != 0)
		return hvl_rproc_fail(
			err, -EINVAL,
			"%s, 0x%llx bytes at 0x%llx, is not made of whole pages of 0x%llx bytes",
			what, (unsigned long long)size, (unsigned long long)da,
			(unsigned long long)page);
	if (da < min)
		return hvl_rproc_fail(
			err, -EINVAL,
			"%s at 0x%llx lies below 0x%llx, where the system maps nothing",
			what, (unsigned long long)da, (unsigned long long)min);
	if (da + size < da || !native_mappable(da, size))
		return hvl_rproc_fail(
			err, -EINVAL,
			"%s, 0x%llx bytes at 0x%llx, lies beyond a process's addresses",
			what, (unsigned long long)size, (unsigned long long)da);
	return 0;
}

static int native_check(const struct pmm_native_config *cfg,
			struct hvl_rproc_error *err)
{
	const struct pmm_board *board = cfg->board;
	const struct hvl_io *shm = &cfg->shm->io;
	int rc = native_check_range("the board's RAM", board->ram_da,
				    board->ram_size, err);

	if (rc == 0)
		rc = native_check_range("the shared memory", shm->da, shm->size,
					err);
	if (rc < 0)
		return rc;
	if (shm->da < board->ram_da + board->ram_size &&
	    board->ram_da < shm->da + shm->size)
		return hvl_rproc_fail(
			err, -EINVAL,
			"the shared memory at 0x%llx overlaps the board's RAM at 0x%llx",
			(unsigned long long)shm->da,
			(unsigned long long)board->ram_da);
	return 0;
}

int pmm_native_create(struct pmm_native **native,
		      const struct pmm_native_config *cfg,
		      struct hvl_rproc_error *err)
{
	struct pmm_native *n;
	int rc = native_check(cfg, err);

	if (rc < 0)
		return rc;
	n = calloc(1, sizeof(*n));
	if (!n)
		return hvl_rproc_fail(err, -ENOMEM, "%s", strerror(ENOMEM));
	n->cfg = *cfg;
	n->pidfd = -1;
	n->isolation = PMM_NATIVE_USER_NS;
	rc = hvl_shm_create(&n->ram, "hvl-ram", cfg->board->ram_size,
			    cfg->board->ram_da);
	if (rc < 0) {
		free(n);
		return hvl_rproc_fail(err, rc, "the board's RAM: %s",
				      strerror(-rc));
	}
	*native = n;
	return 0;
}

void pmm_native_destroy(struct pmm_native *native)
{
	if (!native)
		return;
	native_kill(native);
	hvl_shm_close(&native->ram);
	free(native);
}

int pmm_native_pidfd(const struct pmm_native *native)
{
	return native->pidfd;
}

bool pmm_native_reap(struct pmm_native *native, struct pmm_native_end *end)
{
	siginfo_t info;

	if (native->pidfd < 0 || native_wait(native, &info, WNOHANG) < 0 ||
	    info.si_pid == 0)
		return false;
	native_end_text(&info, end);
	native_close_pidfd(native);
	return true;
}
