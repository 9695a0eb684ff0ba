/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * firmware.c - where the firmware that comes with hvl lies
 *
 * Relative to the program's own file, so that a build folder and an
 * installation can be moved. Firmware of another instruction set has a build
 * folder of its own, named as the board, beside the program's.
 */
#include "firmware.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hvl/metal/compiler.h>

#define FIRMWARE_NAME "hvl_net_rng.elf"

int cli_firmware_find(const char *board, char path[PATH_MAX],
		      struct pmm_error *err)
{
	static const struct {
		const char *dir;
		bool by_board; /* <dir>/<board>/firmware */
	} places[] = {
		{ "../firmware", false },	    /* build/<preset>/cli/hvl */
		{ "../..", true },		    /* build/<board>/firmware */
		{ "../share/hvl/firmware", false }, /* bin/hvl */
	};
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	bool native = strcmp(board, "native") == 0;
	char *slash;

	self[len > 0 ? len : 0] = '\0';
	slash = strrchr(self, '/');
	if (slash)
		*slash = '\0';
	for (size_t i = 0; i < HVL_ARRAY_SIZE(places); i++) {
		char near[2 * PATH_MAX];

		(void)snprintf(near, sizeof(near),
			       "%s/%s/%s%s%s/" FIRMWARE_NAME, self,
			       places[i].dir, places[i].by_board ? board : "",
			       places[i].by_board ? "/firmware/" : "", board);
		if (access(near, R_OK) == 0 && realpath(near, path))
			return 0;
	}
	return pmm_fail(err, -ENOENT,
			"no firmware for board %s beside %s/hvl; build it with "
			"make%s%s, or name one: --firmware FILE",
			board, self, native ? "" : " ", native ? "" : board);
}
