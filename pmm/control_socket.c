/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * control_socket.c - where a running hvl can be spoken to
 */
#include "control_socket.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SOCKET_SUFFIX ".sock"

static const struct pmm_local_words socket_words = {
	.what = "control socket",
	.taken = "a running hvl has it",
};

int pmm_control_folder(char path[PMM_CONTROL_PATH_MAX], struct pmm_error *err)
{
	const char *base = getenv("XDG_RUNTIME_DIR");
	int n;

	if (!base || base[0] != '/')
		return pmm_fail(err, -ENOENT,
				"XDG_RUNTIME_DIR is not set; name a socket "
				"with --control SOCKET");
	n = snprintf(path, PMM_CONTROL_PATH_MAX, "%s/hvl", base);
	if (n < 0 || (size_t)n >= PMM_CONTROL_PATH_MAX)
		return pmm_fail(err, -ENAMETOOLONG,
				"XDG_RUNTIME_DIR \"%s\": too long for sockets; "
				"name one with --control SOCKET",
				base);
	return 0;
}

/* What was left by those that were killed; a live one is not touched. */
static void socket_sweep(const char *folder)
{
	char path[PMM_CONTROL_PATH_MAX + NAME_MAX + 2];
	DIR *dir = opendir(folder);
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		const char *dot = strrchr(entry->d_name, '.');

		if (!dot || strcmp(dot, SOCKET_SUFFIX) != 0)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", folder,
			       entry->d_name);
		if (pmm_local_probe(path) == -ECONNREFUSED)
			(void)unlink(path);
	}
	(void)closedir(dir);
}

int pmm_control_default(const char *board, char path[PMM_CONTROL_PATH_MAX],
			struct pmm_error *err)
{
	char folder[PMM_CONTROL_PATH_MAX];
	int n, lock, rc = pmm_control_folder(folder, err);

	if (rc < 0)
		return rc;
	if (mkdir(folder, 0700) < 0 && errno != EEXIST)
		return pmm_local_fail(&socket_words, folder, -errno, err);
	n = snprintf(path, PMM_CONTROL_PATH_MAX, "%s/%s-%d" SOCKET_SUFFIX,
		     folder, board, (int)getpid());
	if (n < 0 || (size_t)n >= PMM_CONTROL_PATH_MAX)
		return pmm_local_fail(&socket_words, folder, -ENAMETOOLONG,
				      err);
	lock = pmm_local_lock(path);
	if (lock < 0)
		return pmm_local_fail(&socket_words, path, lock, err);
	socket_sweep(folder);
	close(lock);
	return 0;
}

int pmm_control_socket_open(struct pmm_local_socket *sock, const char *path,
			    struct pmm_error *err)
{
	return pmm_local_open(sock, path, &socket_words, err);
}
