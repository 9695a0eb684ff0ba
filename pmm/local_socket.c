/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * local_socket.c - a name in the file system that a socket listens on
 */
#include "local_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hvl/metal/time.h>

#define SOCKET_BACKLOG 8
/* Others hold a folder's lock for as long as a bind() takes. */
#define SOCKET_LOCK_US (2 * HVL_US_PER_S)
#define SOCKET_LOCK_STEP_US 5000u

int pmm_local_fail(const struct pmm_local_words *words, const char *path,
		   int rc, struct pmm_error *err)
{
	if (rc == -ENAMETOOLONG)
		return pmm_fail(err, rc,
				"%s \"%s\": too long; at most %zu characters",
				words->what, path, PMM_LOCAL_PATH_MAX - 1);
	return pmm_fail(err, rc, "%s \"%s\": %s", words->what, path,
			strerror(-rc));
}

int pmm_local_address(struct sockaddr_un *addr, const char *path)
{
	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (*path == '\0')
		return -ENOENT;
	if (strlen(path) >= sizeof(addr->sun_path))
		return -ENAMETOOLONG;
	(void)snprintf(addr->sun_path, sizeof(addr->sun_path), "%s", path);
	return 0;
}

int pmm_local_probe(const char *path)
{
	struct sockaddr_un addr;
	int rc = pmm_local_address(&addr, path);
	int fd;

	if (rc < 0)
		return rc;
	/*
	 * Of another type than what may listen there, so that no connection
	 * comes of it: its owner must not take us for a new client.
	 */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 &&
	    errno != EPROTOTYPE)
		rc = -errno;
	close(fd);
	return rc;
}

/* Looking whether a name is in use and taking it must be one step. */
int pmm_local_lock(const char *path)
{
	uint64_t since = hvl_time_us();
	char folder[PMM_LOCAL_PATH_MAX];
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
static int socket_replace(const char *path, const struct pmm_local_words *words,
			  struct pmm_error *err)
{
	struct stat st;
	int rc;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ?
			       0 :
			       pmm_local_fail(words, path, -errno, err);
	if (!S_ISSOCK(st.st_mode))
		return pmm_fail(err, -EADDRINUSE,
				"%s \"%s\": something else has this name",
				words->what, path);
	rc = pmm_local_probe(path);
	if (rc == 0)
		return pmm_fail(err, -EADDRINUSE, "%s \"%s\": %s", words->what,
				path, words->taken);
	if (rc == -ECONNREFUSED)
		rc = unlink(path) < 0 && errno != ENOENT ? -errno : 0;
	return rc < 0 ? pmm_local_fail(words, path, rc, err) : 0;
}

static int socket_bind(struct pmm_local_socket *sock, const char *path)
{
	struct sockaddr_un addr;
	struct stat st;
	int rc = pmm_local_address(&addr, path);

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

int pmm_local_open(struct pmm_local_socket *sock, const char *path,
		   const struct pmm_local_words *words, struct pmm_error *err)
{
	struct sockaddr_un addr;
	int lock, rc = pmm_local_address(&addr, path);

	*sock = (struct pmm_local_socket){ .fd = -1 };
	lock = rc < 0 ? rc : pmm_local_lock(path);
	if (lock < 0)
		return pmm_local_fail(words, path, lock, err);
	rc = socket_replace(path, words, err);
	if (rc == 0) {
		rc = socket_bind(sock, path);
		if (rc < 0)
			(void)pmm_local_fail(words, path, rc, err);
	}
	if (rc < 0)
		pmm_local_close(sock);
	close(lock);
	return rc;
}

void pmm_local_close(struct pmm_local_socket *sock)
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
