/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cli/message.h - what hvl itself says, on stderr
 */
#ifndef CLI_MESSAGE_H
#define CLI_MESSAGE_H

#include <stdbool.h>

#include <hvl/metal/compiler.h>
#include <hvl/metal/log.h>

/* How long output may take when everything else has ended. */
#define CLI_FINAL_MS 1000

/** cli_say() - one line: "hvl: ..."; control characters are shown as "?" */
void cli_say(const char *fmt, ...) HVL_PRINTF(1, 2);

/**
 * cli_message_patience() - how long a message waits for stderr to take it
 * @ms: milliseconds; -1: for ever, as at the start; 0: not at all, for as long
 *      as devices are served
 *
 * What is not taken in time is left out; the next message tells how many were.
 */
void cli_message_patience(int ms);

/** cli_log_init() - the log to hand to the libraries: cli_say() with a level */
void cli_log_init(struct hvl_log *log, bool verbose);

/** cli_message_column() - the terminal's line has text of the remote's, or has
 * not: the next message then starts on a new one */
void cli_message_column(bool used);

/** cli_message_newline() - end a line that the remote left unfinished */
void cli_message_newline(void);

#endif /* CLI_MESSAGE_H */
