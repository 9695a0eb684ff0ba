/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cli/firmware.h - where the firmware that comes with hvl lies
 */
#ifndef CLI_FIRMWARE_H
#define CLI_FIRMWARE_H

#include <limits.h>

#include "error.h"

/**
 * cli_firmware_find() - the demo's firmware for a board
 * @board: its name
 * @path:  filled in on success
 * @err:   filled in on failure
 * Return: 0, or -ENOENT: neither beside this program in its build folder nor
 * where it was installed.
 */
int cli_firmware_find(const char *board, char path[PATH_MAX],
		      struct pmm_error *err);

#endif /* CLI_FIRMWARE_H */
