/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cli/subprocess.h - a program that runs beside the event loop
 *
 * A pmm_process whose output is collected, and whose end is told.
 */
#ifndef CLI_SUBPROCESS_H
#define CLI_SUBPROCESS_H

#include <stddef.h>

#include "error.h"
#include "loop.h"
#include "process.h"

struct cli_subprocess {
	struct pmm_loop *loop;
	struct pmm_process process;
	struct pmm_watch end_watch, out_watch;
	char text[2048]; /* what it said, the first part */
	size_t len;
	int status; /* exit status, or 128 + signal */
	void (*done)(void *ctx);
	void *ctx;
};

/**
 * cli_subprocess_start() - run a program
 * @sub:  zeroed
 * @loop: borrowed
 * @path: of the program
 * @argv: its arguments
 * @done: called after its end; text and status are valid then
 * @ctx:  for @done
 * @err:  filled in on failure
 * Return: 0 or negative errno.
 */
int cli_subprocess_start(struct cli_subprocess *sub, struct pmm_loop *loop,
			 const char *path, char *const argv[],
			 void (*done)(void *ctx), void *ctx,
			 struct pmm_error *err);

/** cli_subprocess_kill() - nothing is done if none runs */
void cli_subprocess_kill(struct cli_subprocess *sub);

#endif /* CLI_SUBPROCESS_H */
