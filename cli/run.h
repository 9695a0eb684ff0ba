/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cli/run.h - the commands, and what they have in common
 */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "options.h"

#define CLI_DEMO_TAP "hvl0"
#define CLI_DEMO_IP "192.168.200.254"
#define CLI_DEMO_PREFIX 24u
#define CLI_DEMO_REMOTE_IP "192.168.200.2"

#define CLI_EXIT_FAILURE 1
#define CLI_EXIT_USAGE 2
#define CLI_EXIT_NOT_RUNNING 3 /* of hvl status */

extern const struct cli_command cli_run_command;
extern const struct cli_command cli_demo_command;
extern const struct cli_command cli_restart_command;
extern const struct cli_command cli_serve_command;
extern const struct cli_command cli_start_command;
extern const struct cli_command cli_status_command;
extern const struct cli_command cli_stop_command;
extern const struct cli_command cli_trace_command;

#endif /* CLI_RUN_H */
