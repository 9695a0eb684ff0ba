/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * process.h - a remote that is a process: memory from a file, a socket as its
 * doorbell
 *
 * Every byte that comes in is an interrupt, every one that goes out a doorbell,
 * as for `hvl serve --doorbell unix-...`. The other end may come and go.
 */
#ifndef TEST_PROCESS_H
#define TEST_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#define PROCESS_BLOCK 0x200u /* of registers, at the start of the memory */
#define PROCESS_BLOCKS 8u

struct process {
	uint8_t *mem;
	uint64_t da, size;
	/* doorbell */
	const char *path;
	bool listen;
	int listen_fd, fd; /* -1: none */
};

/**
 * process_open() - what every such program is told
 * @argv: FILE OFFSET ADDRESS SIZE connect:SOCKET|listen:SOCKET DEVICES; waits
 *        until so many register blocks are there
 *
 * Ends the process with a message when it cannot.
 */
void process_open(struct process *p, char *const *argv);

/** process_ring() - never waits */
void process_ring(struct process *p);

/**
 * process_wait() - until the doorbell rings, a descriptor is readable or the
 * time is over
 * @fd:         descriptor; -1: none
 * @timeout_us: 0: only look
 * Return: whether it rang; a peer that comes counts.
 */
bool process_wait(struct process *p, int fd, uint64_t timeout_us);

/** process_now_us() - monotonic */
uint64_t process_now_us(void);

/** process_number() - decimal or 0x; ends the process for anything else */
uint64_t process_number(const char *text);

#endif /* TEST_PROCESS_H */
