/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * control_socket.c - where a running hvl can be spoken to
 */
#include "control_socket.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hvl/metal/time.h>

#define SOCKET_SUFFIX ".sock"
#define SOCKET_BACKLOG 8
/* Others hold a folder's lock for as long as a bind() takes. */
#define SOCKET_LOCK_US (2 * HVL_US_PER_S)
#define SOCKET_LOCK_STEP_US 5000u

static int socket_fail(const char *path, int rc, struct pmm_error *err)
{
	return pmm_fail(err, rc, "control socket \"%s\": %s", path,
			strerror(-rc));
}

static int socket_address(const char *path, struct sockaddr_un *addr)
{
	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (*path == '\0')
		return -ENOENT;
	if (strlen(path) >= sizeof(addr->sun_path))
		return -ENAMETOOLONG;
	(void)snprintf(addr->sun_path, sizeof(addr->sun_path), "%s", path);
	return 0;
}

int pmm_control_probe(const char *path)
{
	struct sockaddr_un addr;
	int rc = socket_address(path, &addr);
	int fd;

	if (rc < 0)
		return rc;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* EAGAIN: somebody serves it, and many are waiting. */
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 &&
	    errno != EAGAIN)
		rc = -errno;
	close(fd);
	return rc;
}

/*
 * Between looking whether a name is in use and taking it nobody else may do
 * the same. The lock is the folder's own, so that nothing is left behind.
 * Return: descriptor, closing it unlocks; or negative errno.
 */
static int socket_lock(const char *path)
{
	uint64_t since = hvl_time_us();
	char folder[PMM_CONTROL_PATH_MAX];
	char *slash;
	int fd;

	(void)snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = '\0';
	fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK ||
		    hvl_time_us() - since > SOCKET_LOCK_US) {
			int rc = -errno;

			close(fd);
			return rc;
		}
		(void)usleep(SOCKET_LOCK_STEP_US);
	}
	return fd;
}

/* Locked: make room for a socket of this name. */
static int socket_replace(const char *path, struct pmm_error *err)
{
	struct stat st;
	int rc;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : socket_fail(path, -errno, err);
	if (!S_ISSOCK(st.st_mode))
		return pmm_fail(err, -EADDRINUSE,
				"control socket \"%s\": something else has "
				"this name",
				path);
	rc = pmm_control_probe(path);
	if (rc == 0)
		return pmm_fail(err, -EADDRINUSE,
				"control socket \"%s\": a running hvl has it",
				path);
	if (rc == -ECONNREFUSED)
		rc = unlink(path) < 0 && errno != ENOENT ? -errno : 0;
	return rc < 0 ? socket_fail(path, rc, err) : 0;
}

static int socket_bind(struct pmm_control_socket *sock, const char *path)
{
	struct sockaddr_un addr;
	struct stat st;
	int rc = socket_address(path, &addr);

	if (rc < 0)
		return rc;
	sock->fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* Before it has a name, so that nobody else ever can connect. */
	if (sock->fd < 0 || fchmod(sock->fd, 0600) < 0 ||
	    bind(sock->fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -errno;
	(void)snprintf(sock->path, sizeof(sock->path), "%s", path);
	if (lstat(path, &st) == 0) {
		sock->dev = st.st_dev;
		sock->ino = st.st_ino;
	}
	return listen(sock->fd, SOCKET_BACKLOG) < 0 ? -errno : 0;
}

int pmm_control_socket_open(struct pmm_control_socket *sock, const char *path,
			    struct pmm_error *err)
{
	struct sockaddr_un addr;
	int lock, rc = socket_address(path, &addr);

	*sock = (struct pmm_control_socket){ .fd = -1 };
	if (rc == -ENAMETOOLONG)
		return pmm_fail(err, rc,
				"control socket \"%s\": too long; at most %zu "
				"characters",
				path, PMM_CONTROL_PATH_MAX - 1);
	lock = rc < 0 ? rc : socket_lock(path);
	if (lock < 0)
		return socket_fail(path, lock, err);
	rc = socket_replace(path, err);
	if (rc == 0) {
		rc = socket_bind(sock, path);
		if (rc < 0)
			(void)socket_fail(path, rc, err);
	}
	if (rc < 0)
		pmm_control_socket_close(sock);
	close(lock);
	return rc;
}

void pmm_control_socket_close(struct pmm_control_socket *sock)
{
	struct stat st;

	if (sock->fd < 0)
		return;
	close(sock->fd);
	sock->fd = -1;
	/* Somebody may have removed the name and taken it. */
	if (sock->ino && lstat(sock->path, &st) == 0 &&
	    st.st_dev == sock->dev && st.st_ino == sock->ino)
		(void)unlink(sock->path);
}

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
		if (pmm_control_probe(path) == -ECONNREFUSED)
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
		return socket_fail(folder, -errno, err);
	n = snprintf(path, PMM_CONTROL_PATH_MAX, "%s/%s-%d" SOCKET_SUFFIX,
		     folder, board, (int)getpid());
	if (n < 0 || (size_t)n >= PMM_CONTROL_PATH_MAX)
		return socket_fail(folder, -ENAMETOOLONG, err);
	lock = socket_lock(path);
	if (lock < 0)
		return socket_fail(path, lock, err);
	socket_sweep(folder);
	close(lock);
	return 0;
}
