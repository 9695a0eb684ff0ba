/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sys.h - the system calls that the sandbox allows, and no other
 *
 * Each returns what the kernel does: a negative errno on failure.
 */
#ifndef NATIVE_SYS_H
#define NATIVE_SYS_H

#include <stddef.h>
#include <stdint.h>

#include <linux/poll.h>
#include <linux/signal.h>

/* The file descriptors that the remote is given. */
#define SYS_FD_UART_IN 0
#define SYS_FD_UART_OUT 1
#define SYS_FD_DOORBELL 3 /* rings us */
#define SYS_FD_MAIN 4	  /* rings the main side */

long sys_read(int fd, void *buf, size_t len);
long sys_write(int fd, const void *buf, size_t len);

/* Wait for @n descriptors, at most @us microseconds. */
long sys_poll(struct pollfd *fds, unsigned int n, uint64_t us);

uint64_t sys_clock_us(void);
void sys_sleep_us(uint64_t us);

/* @handler runs once, on the alternate stack; then the default is back. */
void sys_signal(int sig, void (*handler)(int, struct siginfo *, void *));
void sys_signal_ignore(int sig);
void sys_signal_stack(void *stack, size_t size);

_Noreturn void sys_exit(int code);

#endif /* NATIVE_SYS_H */
