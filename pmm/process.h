/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/process.h - a program that runs for us and ends with us
 *
 * It has a session of its own, so that Ctrl-C on our terminal is not for it,
 * /dev/null as input, and what it says on stdout or stderr comes to us line by
 * line, in the C locale whatever ours is. Nothing of it outlives us, however we
 * end.
 *
 * Ownership  The caller's storage, zeroed before first use.
 * Threads    The one that started it: it ends with that thread.
 * Errors     Negative errno.
 */
#ifndef PMM_PROCESS_H
#define PMM_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "loop.h"

struct pmm_process_config {
	const char *path;
	char *const *argv; /* NULL-terminated */
	const int *fds;	   /* that it inherits, under the same numbers */
	unsigned int nfds;
	const sigset_t *mask; /* signals that it starts with blocked */
	/* One line that it said, without its end. */
	void (*said)(void *ctx, const char *line);
	void *ctx;
};

/* How it ended */
struct pmm_process_end {
	int code;   /* exit code, when no signal ended it */
	int signal; /* or 0 */
};

struct pmm_process {
	pid_t pid; /* 0: none */
	int pidfd; /* readable when it has ended */
	int out;   /* what it says: readable, for pmm_process_listen() */
	void (*said)(void *ctx, const char *line);
	void *ctx;
	char line[256];
	size_t len;
};

/**
 * pmm_program_find() - where a program lies: PATH, then the sbin folders
 * @name: without a folder
 * @path: filled in
 * @size: of path
 * Return: false: nowhere.
 */
bool pmm_program_find(const char *name, char *path, size_t size);

/** pmm_process_start() - the config is needed during the call only */
int pmm_process_start(struct pmm_process *process,
		      const struct pmm_process_config *cfg);

/** pmm_process_listen() - pass on what it said; false: no more will come */
bool pmm_process_listen(struct pmm_process *process);

/**
 * pmm_process_reap() - how it ended
 * Return: true, once, if it has ended; does not wait. All it said was passed
 * on, and the descriptors are closed then: they must not be watched.
 */
bool pmm_process_reap(struct pmm_process *process, struct pmm_process_end *end);

/** pmm_process_kill() - end it now, if there is one, and wait; as after reap */
void pmm_process_kill(struct pmm_process *process);

#endif /* PMM_PROCESS_H */
