/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fake_board.h - board.h on the host: a UART and a trace made of buffers
 */
#ifndef TEST_FAKE_BOARD_H
#define TEST_FAKE_BOARD_H

#include <stdbool.h>

#include "board.h"

/* Exit codes of the functions that do not return. */
#define FAKE_BOARD_RESTART 10
#define FAKE_BOARD_STOP 11
#define FAKE_BOARD_PANIC 12
#define FAKE_BOARD_FAULT 13
#define FAKE_BOARD_HANG 14 /* slept often, and no heartbeat */

struct fake_board {
	struct board_info info;
	char in[16384]; /* what the application will read */
	size_t in_len;
	char out[16384]; /* what it wrote, NUL-terminated */
	size_t out_len;
	char trace[8192];
	size_t trace_len;
	unsigned int rings;
	unsigned int idles; /* since the last heartbeat */
};

extern struct fake_board fake_board;

/** fake_board_init() - nothing typed, nothing written */
void fake_board_init(void);

/** fake_board_type() - keys for the application */
void fake_board_type(const char *keys);

/** fake_board_wrote() - whether its output holds @text; forgets nothing */
bool fake_board_wrote(const char *text);

/** fake_board_forget() - forget what it wrote */
void fake_board_forget(void);

#endif /* TEST_FAKE_BOARD_H */
