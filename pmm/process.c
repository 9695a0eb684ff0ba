/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * process.c - a program that runs for us and ends with us
 */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SBIN ":/usr/local/sbin:/usr/sbin:/sbin"

bool pmm_program_find(const char *name, char *path, size_t size)
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

static _Noreturn void process_child(const struct pmm_process_config *cfg,
				    pid_t parent, int out)
{
	const struct rlimit none = { 0, 0 };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(126);
	(void)setsid();
	/* An emulator's core would be as large as its machine. */
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)setenv("LC_ALL", "C", 1);
	if (dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(126);
	for (unsigned int i = 0; i < cfg->nfds; i++) {
		if (fcntl(cfg->fds[i], F_SETFD, 0) < 0)
			_exit(126);
	}
	(void)signal(SIGPIPE, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, cfg->mask, NULL);
	execv(cfg->path, cfg->argv);
	(void)dprintf(2, "%s\n", strerror(errno));
	_exit(127);
}

int pmm_process_start(struct pmm_process *process,
		      const struct pmm_process_config *cfg)
{
	pid_t parent = getpid();
	int out[2], rc = 0;

	memset(process, 0, sizeof(*process));
	process->said = cfg->said;
	process->ctx = cfg->ctx;
	if (pipe2(out, O_CLOEXEC) < 0)
		return -errno;
	(void)fcntl(out[0], F_SETFL, O_NONBLOCK);
	process->out = out[0];
	process->pid = fork();
	if (process->pid == 0)
		process_child(cfg, parent, out[1]);
	if (process->pid < 0)
		rc = -errno;
	close(out[1]);
	if (rc == 0) {
		/* Not collected yet, so the number is still its own. */
		process->pidfd = (int)syscall(SYS_pidfd_open, process->pid, 0);
		if (process->pidfd >= 0)
			return 0;
		rc = -errno;
		(void)kill(process->pid, SIGKILL);
		while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	process->pid = 0;
	close(out[0]);
	return rc;
}

static void process_end_line(struct pmm_process *process)
{
	process->line[process->len] = '\0';
	if (process->len > 0)
		process->said(process->ctx, process->line);
	process->len = 0;
}

static void process_take(struct pmm_process *process, const char *text,
			 size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n')
			process_end_line(process);
		else if (process->len < sizeof(process->line) - 1)
			process->line[process->len++] = text[i];
	}
}

bool pmm_process_listen(struct pmm_process *process)
{
	char text[1024];
	ssize_t n;

	while ((n = read(process->out, text, sizeof(text))) > 0)
		process_take(process, text, (size_t)n);
	return n < 0;
}

static void process_close(struct pmm_process *process)
{
	(void)pmm_process_listen(process);
	process_end_line(process);
	close(process->out);
	close(process->pidfd);
	process->pid = 0;
}

bool pmm_process_reap(struct pmm_process *process, struct pmm_process_end *end)
{
	int status;

	if (process->pid <= 0 ||
	    waitpid(process->pid, &status, WNOHANG) != process->pid)
		return false;
	*end = (struct pmm_process_end){
		.code = WIFEXITED(status) ? WEXITSTATUS(status) : 0,
		.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
	};
	process_close(process);
	return true;
}

void pmm_process_kill(struct pmm_process *process)
{
	if (process->pid <= 0)
		return;
	(void)kill(process->pid, SIGKILL);
	while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
		;
	process_close(process);
}
