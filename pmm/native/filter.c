/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The system calls that a native remote may make: its UART, its doorbells, the
 * clock, and its own faults. Any other kills it.
 */
#include "plan.h"

#include <errno.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <hvl/metal/compiler.h>

#define FILTER_MAX 512u

/* libseccomp knows each by name and leaves out what a machine has not. */
static const int filter_allowed[] = {
	SCMP_SYS(read),		 SCMP_SYS(write),
	SCMP_SYS(poll),		 SCMP_SYS(ppoll),
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep),	 SCMP_SYS(restart_syscall),
	SCMP_SYS(rt_sigaction),	 SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),	 SCMP_SYS(sigaltstack),
	SCMP_SYS(exit),		 SCMP_SYS(exit_group),
};

static int filter_add_rules(scmp_filter_ctx ctx, int close_fd)
{
	int rc = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
				  SCMP_ACT_KILL_PROCESS);

	for (size_t i = 0; i < HVL_ARRAY_SIZE(filter_allowed) && rc == 0; i++)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, filter_allowed[i],
				      0);
	if (rc == 0)
		rc = seccomp_rule_add(
			ctx, SCMP_ACT_ALLOW, SCMP_SYS(close), 1,
			SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)close_fd));
	return rc;
}

/* libseccomp writes a filter to files only. Return: its instructions. */
static int filter_export(scmp_filter_ctx ctx, struct sock_filter *code)
{
	ssize_t n;
	int rc, fd = memfd_create("hvl-filter", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	rc = seccomp_export_bpf(ctx, fd);
	if (rc < 0)
		goto out;
	n = pread(fd, code, FILTER_MAX * sizeof(*code), 0);
	if (n < 0)
		rc = -errno;
	else if (n == FILTER_MAX * sizeof(*code))
		rc = -ENOSPC;
	else
		rc = (int)((size_t)n / sizeof(*code));
out:
	close(fd);
	return rc;
}

int pmm_native_filter(struct pmm_native_plan *plan, int close_fd,
		      struct hvl_rproc_error *err)
{
	struct sock_filter code[FILTER_MAX];
	struct sock_fprog prog;
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int rc = ctx ? filter_add_rules(ctx, close_fd) : -ENOSYS;

	if (rc == 0)
		rc = filter_export(ctx, code);
	if (ctx)
		seccomp_release(ctx);
	if (rc < 0)
		return hvl_rproc_fail(err, rc, "making the seccomp filter: %s",
				      strerror(-rc));
	prog.len = (unsigned short)rc;
	prog.filter = (void *)(uintptr_t)pmm_native_plan_data(
		plan, code, (size_t)rc * sizeof(*code));
	pmm_native_plan_step(
		plan, "loading the seccomp filter", SYS_seccomp,
		(const uint64_t[6]){
			1 /* SECCOMP_SET_MODE_FILTER */, 0,
			pmm_native_plan_data(plan, &prog, sizeof(prog)) });
	return 0;
}
