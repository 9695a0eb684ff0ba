/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The list of system calls that makes a process a remote
 */
#include "plan.h"

#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#if __has_include(<sys/rseq.h>)
#include <sys/rseq.h>
#define HAVE_RSEQ 1
#else
#define HAVE_RSEQ 0
#endif

#include <hvl/metal/compiler.h>

#include "arch.h"

#define NAME "hvl-remote"
/* A multiple of every page size */
#define DATA_PART 65536u
#define SIGSET_BYTES 8u
#define SIGNALS 64
#define CAPABILITIES 64
#define RSEQ_BYTES_FIRST 32u
#ifndef AT_RSEQ_FEATURE_SIZE
#define AT_RSEQ_FEATURE_SIZE 27
#endif

#define STEP(plan, what, nr, ...) \
	pmm_native_plan_step(plan, what, nr, (const uint64_t[6]){ __VA_ARGS__ })

struct plan_arch_step {
	const char *what;
	long nr;
	uint16_t optional;
	uint64_t arg[6];
};

/* One that ends the list, for machines that have none. */
static const struct plan_arch_step plan_arch_steps[] = {
	PMM_NATIVE_ARCH_STEPS{ NULL, 0, 0, { 0 } },
};

static uint64_t plan_string(struct pmm_native_plan *plan, const char *text)
{
	return pmm_native_plan_data(plan, text, strlen(text) + 1);
}

/* Nothing of what the PMM had set up for signals or its terminal. */
static void plan_signals(struct pmm_native_plan *plan)
{
	static const unsigned char no_action[64];
	const stack_t no_stack = { .ss_flags = SS_DISABLE };
	uint64_t action =
		pmm_native_plan_data(plan, no_action, sizeof(no_action));

	STEP(plan, "leaving the session", SYS_setsid, 0);
	for (unsigned int sig = 1; sig <= SIGNALS; sig++) {
		if (sig != SIGKILL && sig != SIGSTOP)
			STEP(plan, "resetting signals", SYS_rt_sigaction, sig,
			     action, 0, SIGSET_BYTES);
	}
	STEP(plan, "resetting the signal stack", SYS_sigaltstack,
	     pmm_native_plan_data(plan, &no_stack, sizeof(no_stack)));
}

/*
 * An empty, read-only root, and nothing else mounted. Where the root cannot be
 * pivoted, as on an initial RAM disk, it is covered.
 */
static void plan_root(struct pmm_native_plan *plan)
{
	uint64_t none = plan_string(plan, "none");
	uint64_t root = plan_string(plan, "/");
	uint64_t here = plan_string(plan, ".");
	uint64_t proc = plan_string(plan, "/proc"); /* any folder will do */
	uint64_t tmpfs = plan_string(plan, "tmpfs");
	uint64_t options = plan_string(plan, "size=4k,nr_inodes=1,mode=555");
	struct pmm_native_step *pivot, *chroot_step;

	STEP(plan, "detaching the mounts", SYS_mount, none, root, 0,
	     MS_REC | MS_PRIVATE);
	STEP(plan, "mounting an empty root", SYS_mount, none, proc, tmpfs,
	     MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, options);
	STEP(plan, "entering the empty root", SYS_chdir, proc);
	pivot = STEP(plan, "pivoting the root", SYS_pivot_root, here, here);
	STEP(plan, "moving the root", SYS_mount, here, root, 0, MS_MOVE);
	chroot_step = STEP(plan, "changing the root", SYS_chroot, here);
	STEP(plan, "detaching the old root", SYS_umount2, here, MNT_DETACH);
	STEP(plan, "entering the root", SYS_chdir, root);
	pivot->optional = 1;
	pivot->skip = 2;
	chroot_step->skip = 1;
}

/*
 * libc registered an area that the kernel writes whenever it schedules us:
 * sign off, before its memory goes. The size must be the one it used: 32, or
 * what newer kernels say.
 */
static void plan_rseq(struct pmm_native_plan *plan)
{
#if HAVE_RSEQ
	uint64_t area = pmm_native_thread_pointer() + (uintptr_t)__rseq_offset;
	uint64_t size = (getauxval(AT_RSEQ_FEATURE_SIZE) + 31) & ~UINT64_C(31);
	struct pmm_native_step *step;

	if (__rseq_size == 0)
		return;
	step = STEP(plan, "unregistering rseq", SYS_rseq, area,
		    RSEQ_BYTES_FIRST, RSEQ_FLAG_UNREGISTER, RSEQ_SIG);
	if (size <= RSEQ_BYTES_FIRST)
		return;
	step->optional = 1;
	step->skip = 1;
	STEP(plan, "unregistering rseq", SYS_rseq, area, size,
	     RSEQ_FLAG_UNREGISTER, RSEQ_SIG);
#else
	(void)plan;
#endif
}

static void plan_arch(struct pmm_native_plan *plan)
{
	for (const struct plan_arch_step *s = plan_arch_steps; s->what; s++)
		pmm_native_plan_step(plan, s->what, s->nr, s->arg)->optional =
			s->optional;
}

/* Nothing open but 0 to 4 and the report. */
static void plan_fds(struct pmm_native_plan *plan,
		     const struct pmm_native_fds *fds)
{
	const int sources[PMM_NATIVE_FD_MIN] = { fds->uart, fds->uart,
						 fds->uart, fds->irq,
						 fds->ring };
	unsigned int report = (unsigned int)fds->report;

	for (unsigned int i = 0; i < HVL_ARRAY_SIZE(sources); i++)
		STEP(plan, "duplicating a descriptor", SYS_dup3,
		     (unsigned int)sources[i], i, 0);
	STEP(plan, "closing descriptors", SYS_close_range, PMM_NATIVE_FD_MIN,
	     report - 1, 0);
	STEP(plan, "closing descriptors", SYS_close_range, report + 1, UINT_MAX,
	     0);
}

static void plan_limits(struct pmm_native_plan *plan)
{
	const struct rlimit64 core = { 0, 0 };
	const struct rlimit64 files = { PMM_NATIVE_FD_MIN, PMM_NATIVE_FD_MIN };

	STEP(plan, "forbidding core dumps", SYS_prlimit64, 0, RLIMIT_CORE,
	     pmm_native_plan_data(plan, &core, sizeof(core)));
	STEP(plan, "limiting descriptors", SYS_prlimit64, 0, RLIMIT_NOFILE,
	     pmm_native_plan_data(plan, &files, sizeof(files)));
	STEP(plan, "setting the name", SYS_prctl, PR_SET_NAME,
	     plan_string(plan, NAME));
}

static void plan_privileges(struct pmm_native_plan *plan)
{
	const struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	const struct __user_cap_data_struct none[2] = { { 0, 0, 0 } };

	STEP(plan, "renouncing new privileges", SYS_prctl, PR_SET_NO_NEW_PRIVS,
	     1);
	/* Only who has one may drop it, and not every kernel has them all. */
	for (unsigned int cap = 0; cap < CAPABILITIES; cap++)
		STEP(plan, "dropping capabilities", SYS_prctl, PR_CAPBSET_DROP,
		     cap)
			->optional = 1;
	STEP(plan, "dropping capabilities", SYS_capset,
	     pmm_native_plan_data(plan, &head, sizeof(head)),
	     pmm_native_plan_data(plan, none, sizeof(none)));
	STEP(plan, "hiding the memory", SYS_prctl, PR_SET_DUMPABLE, 0);
}

/*
 * Die with the PMM. If it died before we asked for that, nobody holds the read
 * end, and the byte fails. The PMM takes it for "ready".
 */
static void plan_lifeline(struct pmm_native_plan *plan,
			  const struct pmm_native_fds *fds)
{
	STEP(plan, "tying the remote to the PMM", SYS_prctl, PR_SET_PDEATHSIG,
	     SIGKILL);
	STEP(plan, "reporting", SYS_write, (unsigned int)fds->report,
	     plan_string(plan, "r"), 1);
}

static int plan_write(struct pmm_native_plan *plan,
		      const struct pmm_native_plan_config *cfg,
		      struct hvl_rproc_error *err)
{
	const struct pmm_native_fds *fds = &cfg->fds;
	const uint64_t no_signals = 0;
	int rc;

	STEP(plan, "closing the report", SYS_close,
	     (unsigned int)fds->report_read);
	if (cfg->isolation != PMM_NATIVE_NO_NS)
		plan_root(plan);
	plan->isolation_end = plan->nsteps;
	plan_signals(plan);
	plan_rseq(plan);
	plan_arch(plan);
	rc = pmm_native_maps(plan, cfg, err);
	if (rc < 0)
		return rc;
	plan_fds(plan, fds);
	plan_limits(plan);
	plan_privileges(plan);
	plan_lifeline(plan, fds);
	STEP(plan, "unblocking signals", SYS_rt_sigprocmask, SIG_SETMASK,
	     pmm_native_plan_data(plan, &no_signals, sizeof(no_signals)), 0,
	     SIGSET_BYTES);
	rc = pmm_native_filter(plan, fds->report, err);
	if (rc < 0)
		return rc;
	/* The filter allows this one: its end tells the PMM that we are off. */
	STEP(plan, "closing the report", SYS_close, (unsigned int)fds->report);
	if (plan->full)
		return hvl_rproc_fail(err, -ENOSPC, "too many steps");
	plan->head->steps[plan->nsteps].nr = PMM_NATIVE_END;
	return 0;
}

/* Pages that neither RAM nor shared memory will cover. */
static int plan_map_area(struct pmm_native_plan *plan,
			 const struct pmm_native_plan_config *cfg)
{
	const struct hvl_io *io[2] = { &cfg->ram, &cfg->shm };
	size_t size = plan->page + DATA_PART;
	uint64_t at;
	void *area = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (area == MAP_FAILED)
		return -errno;
	at = (uintptr_t)area;
	for (unsigned int i = 0; i < HVL_ARRAY_SIZE(io); i++) {
		if (at < io[i]->da + io[i]->size && io[i]->da < at + size) {
			munmap(area, size);
			return -EADDRINUSE;
		}
	}
	plan->area = area;
	plan->size = size;
	return 0;
}

/* The code, with its slots filled in, executable and not writable. */
static int plan_put_code(struct pmm_native_plan *plan,
			 const struct pmm_native_plan_config *cfg)
{
	size_t len = (size_t)(pmm_native_code_end - pmm_native_code);
	const struct pmm_native_slots slots = {
		.entry = cfg->elf->entry,
		.data = (uintptr_t)plan->head,
		.size = DATA_PART,
	};

	memcpy(plan->area, pmm_native_code, len);
	memcpy(plan->area + len - sizeof(slots), &slots, sizeof(slots));
	__builtin___clear_cache((char *)plan->area, (char *)plan->area + len);
	if (mprotect(plan->area, plan->page, PROT_READ | PROT_EXEC) < 0)
		return -errno;
	return 0;
}

int pmm_native_plan_create(struct pmm_native_plan *plan,
			   const struct pmm_native_plan_config *cfg,
			   struct hvl_rproc_error *err)
{
	int rc;

	memset(plan, 0, sizeof(*plan));
	plan->page = (size_t)sysconf(_SC_PAGESIZE);
	rc = plan_map_area(plan, cfg);
	if (rc < 0)
		return hvl_rproc_fail(err, rc, "allocating pages: %s",
				      strerror(-rc));
	plan->head = (void *)(plan->area + plan->page);
	plan->head->report_fd = (uint32_t)cfg->fds.report;
	rc = plan_put_code(plan, cfg);
	if (rc < 0)
		hvl_rproc_fail(err, rc, "protecting pages: %s", strerror(-rc));
	else
		rc = plan_write(plan, cfg, err);
	if (rc < 0)
		pmm_native_plan_destroy(plan);
	return rc;
}

void pmm_native_plan_destroy(struct pmm_native_plan *plan)
{
	if (plan->area)
		munmap(plan->area, plan->size);
	plan->area = NULL;
}

struct pmm_native_step *pmm_native_plan_step(struct pmm_native_plan *plan,
					     const char *what, long nr,
					     const uint64_t arg[6])
{
	struct pmm_native_step *step = &plan->head->steps[plan->nsteps];

	plan->what[plan->nsteps] = what;
	step->nr = (uint32_t)nr;
	memcpy(step->arg, arg, sizeof(step->arg));
	/* The last place is the end's. */
	if (plan->nsteps < PMM_NATIVE_STEPS_MAX - 1)
		plan->nsteps++;
	else
		plan->full = true;
	return step;
}

uint64_t pmm_native_plan_data(struct pmm_native_plan *plan, const void *data,
			      size_t len)
{
	size_t start = sizeof(struct pmm_native_head) +
		       PMM_NATIVE_STEPS_MAX * sizeof(struct pmm_native_step);
	unsigned char *at =
		(unsigned char *)plan->head + start + plan->data_used;

	if (len > DATA_PART - start - plan->data_used) {
		plan->full = true;
		return 0;
	}
	memcpy(at, data, len);
	plan->data_used += (len + 7) & ~(size_t)7;
	return (uintptr_t)at;
}
