/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * subprocess.c - a program that runs beside the event loop
 */
#include "subprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SBIN ":/usr/local/sbin:/usr/sbin:/sbin"

bool cli_program_find(const char *name, char *path, size_t size)
{
	const char *dirs = getenv("PATH");
	char all[4096], *next = all, *dir;

	(void)snprintf(all, sizeof(all), "%s" SBIN, dirs ? dirs : "");
	while ((dir = strsep(&next, ":"))) {
		(void)snprintf(path, size, "%s/%s", dir, name);
		if (*dir == '/' && access(path, X_OK) == 0)
			return true;
	}
	return false;
}

static void subprocess_child(struct cli_subprocess *sub, int out, pid_t parent,
			     const char *path, char *const argv[])
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(126);
	(void)sigprocmask(SIG_SETMASK, pmm_loop_mask_before(sub->loop), NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)setenv("LC_ALL", "C", 1);
	if (dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(126);
	execv(path, argv);
	_exit(127);
}

static void subprocess_read(struct cli_subprocess *sub)
{
	ssize_t n;

	do {
		char rest[512];
		size_t room = sizeof(sub->text) - 1 - sub->len;
		bool keep = room > 0;

		n = keep ? read(sub->out, sub->text + sub->len, room) :
			   read(sub->out, rest, sizeof(rest));
		if (n > 0 && keep)
			sub->len += (size_t)n;
	} while (n > 0);
	sub->text[sub->len] = '\0';
	if (n == 0)
		pmm_loop_unwatch(sub->loop, &sub->out_watch);
}

static void subprocess_on_out(void *ctx, uint32_t events)
{
	(void)events;
	subprocess_read(ctx);
}

static void subprocess_close(struct cli_subprocess *sub)
{
	pmm_loop_unwatch(sub->loop, &sub->out_watch);
	pmm_loop_unwatch(sub->loop, &sub->end_watch);
	close(sub->out);
	close(sub->pidfd);
	sub->pid = 0;
}

static void subprocess_reap(struct cli_subprocess *sub)
{
	int status = 0;

	while (waitpid(sub->pid, &status, 0) < 0 && errno == EINTR)
		;
	sub->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
					    WEXITSTATUS(status);
}

static void subprocess_on_end(void *ctx, uint32_t events)
{
	struct cli_subprocess *sub = ctx;

	(void)events;
	subprocess_reap(sub);
	subprocess_read(sub);
	subprocess_close(sub);
	sub->done(sub->ctx);
}

static int subprocess_watch(struct cli_subprocess *sub)
{
	int rc;

	sub->pidfd = (int)syscall(SYS_pidfd_open, sub->pid, 0);
	if (sub->pidfd < 0)
		return -errno;
	rc = pmm_loop_watch(sub->loop, &sub->end_watch, sub->pidfd, EPOLLIN,
			    subprocess_on_end, sub);
	if (rc < 0)
		return rc;
	return pmm_loop_watch(sub->loop, &sub->out_watch, sub->out, EPOLLIN,
			      subprocess_on_out, sub);
}

int cli_subprocess_start(struct cli_subprocess *sub, struct pmm_loop *loop,
			 const char *path, char *const argv[],
			 void (*done)(void *ctx), void *ctx,
			 struct pmm_error *err)
{
	pid_t parent = getpid();
	int fds[2], rc;

	sub->loop = loop;
	sub->done = done;
	sub->ctx = ctx;
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return pmm_fail(err, -errno, "%s: %s", path, strerror(errno));
	sub->pid = fork();
	if (sub->pid == 0)
		subprocess_child(sub, fds[1], parent, path, argv);
	rc = -errno;
	close(fds[1]);
	sub->out = fds[0];
	sub->pidfd = -1;
	if (sub->pid > 0)
		rc = subprocess_watch(sub);
	if (sub->pid > 0 && rc == 0)
		return 0;
	cli_subprocess_kill(sub);
	return pmm_fail(err, rc, "%s: %s", path, strerror(-rc));
}

void cli_subprocess_kill(struct cli_subprocess *sub)
{
	if (sub->pid <= 0)
		return;
	(void)kill(sub->pid, SIGKILL);
	subprocess_reap(sub);
	subprocess_close(sub);
}
