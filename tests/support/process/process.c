/* SPDX-License-Identifier: BSD-3-Clause */
/* A remote that is a process: see process.h. */
#define _GNU_SOURCE /* accept4, ppoll */
#include "process.h"

#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define PROCESS_MAGIC 0x74726976u
#define PROCESS_RETRY_US 1000u /* to connect, to look for registers */

uint64_t process_now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

uint64_t process_number(const char *text)
{
	char *end;
	uint64_t v = strtoull(text, &end, 0);

	if (end == text || *end != '\0')
		errx(2, "\"%s\" is not a number", text);
	return v;
}

static void process_address(const struct process *p, struct sockaddr_un *sa)
{
	*sa = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(p->path) >= sizeof(sa->sun_path))
		errx(2, "\"%s\" is too long for a socket", p->path);
	strcpy(sa->sun_path, p->path);
}

static void process_listen(struct process *p)
{
	struct sockaddr_un sa;

	process_address(p, &sa);
	(void)unlink(p->path);
	p->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (p->listen_fd < 0 ||
	    bind(p->listen_fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ||
	    listen(p->listen_fd, 1) < 0)
		err(1, "%s", p->path);
}

static void process_connect(struct process *p)
{
	struct sockaddr_un sa;

	process_address(p, &sa);
	p->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (p->fd < 0)
		err(1, "socket");
	if (connect(p->fd, (struct sockaddr *)&sa, sizeof(sa)) < 0) {
		close(p->fd);
		p->fd = -1;
	}
}

/* A peer if there is none, or a newer one. Return: whether one came. */
static bool process_peer(struct process *p)
{
	int fd;

	if (!p->listen) {
		if (p->fd >= 0)
			return false;
		process_connect(p);
		return p->fd >= 0;
	}
	fd = accept4(p->listen_fd, NULL, NULL, SOCK_NONBLOCK);
	if (fd < 0)
		return false;
	if (p->fd >= 0)
		close(p->fd);
	p->fd = fd;
	return true;
}

static bool process_take(struct process *p)
{
	char buf[4096];
	ssize_t n;

	if (p->fd < 0)
		return false;
	n = recv(p->fd, buf, sizeof(buf), MSG_DONTWAIT);
	if (n == 0) {
		close(p->fd);
		p->fd = -1;
	}
	return n > 0;
}

void process_ring(struct process *p)
{
	if (p->fd >= 0)
		(void)!send(p->fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

bool process_wait(struct process *p, int fd, uint64_t timeout_us)
{
	struct pollfd fds[3] = { { .fd = fd, .events = POLLIN },
				 { .events = POLLIN },
				 { .fd = p->listen_fd, .events = POLLIN } };
	struct timespec ts;
	bool came;

	if (process_take(p))
		return true;
	if (timeout_us == 0)
		return false;
	came = process_peer(p);
	if (came)
		return true;
	if (p->fd < 0 && !p->listen && timeout_us > PROCESS_RETRY_US)
		timeout_us = PROCESS_RETRY_US;
	fds[1].fd = p->fd;
	ts.tv_sec = (time_t)(timeout_us / 1000000u);
	ts.tv_nsec = (long)(timeout_us % 1000000u * 1000u);
	if (ppoll(fds, 3, &ts, NULL) <= 0)
		return false;
	came = process_peer(p);
	return process_take(p) || came;
}

static void process_map(struct process *p, const char *path, uint64_t offset)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	void *va;

	if (fd < 0)
		err(1, "%s", path);
	va = mmap(NULL, (size_t)p->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		  (off_t)offset);
	if (va == MAP_FAILED)
		err(1, "%s", path);
	close(fd);
	p->mem = va;
}

static bool process_published(const struct process *p, uint64_t devices)
{
	for (uint64_t i = 0; i < devices; i++) {
		volatile uint32_t *magic =
			(volatile uint32_t *)(void *)(p->mem +
						      i * PROCESS_BLOCK);

		if (*magic != PROCESS_MAGIC)
			return false;
	}
	return true;
}

void process_open(struct process *p, char *const *argv)
{
	uint64_t devices;

	*p = (struct process){ .listen_fd = -1, .fd = -1 };
	p->da = process_number(argv[2]);
	p->size = process_number(argv[3]);
	process_map(p, argv[0], process_number(argv[1]));
	p->path = strchr(argv[4], ':');
	if (!p->path)
		errx(2, "\"%s\" is neither connect:SOCKET nor listen:SOCKET",
		     argv[4]);
	p->path++;
	p->listen = strncmp(argv[4], "listen:", 7) == 0;
	if (p->listen)
		process_listen(p);
	devices = process_number(argv[5]);
	while (!process_published(p, devices))
		(void)process_wait(p, -1, PROCESS_RETRY_US);
	/* As on a board: the line is there before the processor runs. */
	while (!p->listen && p->fd < 0)
		(void)process_wait(p, -1, PROCESS_RETRY_US);
}
