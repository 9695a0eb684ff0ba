/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sys.c - the system calls that the sandbox allows, and no other
 */
#include "sys.h"

#include <linux/errno.h>
#include <linux/time.h>
#include <linux/time_types.h>
#include <asm/unistd.h>

#include "arch.h"

#define US_PER_S 1000000u
#define NS_PER_US 1000u

/* What the kernel calls a set of signals in rt_sigaction and ppoll. */
#define SIGSET_BYTES 8

static struct __kernel_timespec sys_timespec(uint64_t us)
{
	return (struct __kernel_timespec){
		.tv_sec = (long long)(us / US_PER_S),
		.tv_nsec = (long long)(us % US_PER_S * NS_PER_US),
	};
}

long sys_read(int fd, void *buf, size_t len)
{
	return arch_syscall(__NR_read, fd, (long)buf, (long)len, 0, 0);
}

long sys_write(int fd, const void *buf, size_t len)
{
	return arch_syscall(__NR_write, fd, (long)buf, (long)len, 0, 0);
}

long sys_poll(struct pollfd *fds, unsigned int n, uint64_t us)
{
	struct __kernel_timespec ts = sys_timespec(us);

	return arch_syscall(__NR_ppoll, (long)fds, (long)n, (long)&ts, 0,
			    SIGSET_BYTES);
}

uint64_t sys_clock_us(void)
{
	struct __kernel_timespec ts = { 0, 0 };

	arch_syscall(__NR_clock_gettime, CLOCK_MONOTONIC, (long)&ts, 0, 0, 0);
	return (uint64_t)ts.tv_sec * US_PER_S +
	       (uint64_t)ts.tv_nsec / NS_PER_US;
}

void sys_sleep_us(uint64_t us)
{
	struct __kernel_timespec ts = sys_timespec(us), rest;

	while (arch_syscall(__NR_clock_nanosleep, CLOCK_MONOTONIC, 0, (long)&ts,
			    (long)&rest, 0) == -EINTR)
		ts = rest;
}

static void sys_sigaction(int sig, const struct sigaction *action)
{
	arch_syscall(__NR_rt_sigaction, sig, (long)action, 0, SIGSET_BYTES, 0);
}

void sys_signal(int sig, void (*handler)(int, struct siginfo *, void *))
{
	struct sigaction action = {
		.sa_handler = (__sighandler_t)(void (*)(void))handler,
		.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND |
			    SA_RESTORER,
		.sa_restorer = arch_sigreturn,
	};

	sys_sigaction(sig, &action);
}

void sys_signal_ignore(int sig)
{
	struct sigaction action = {
		.sa_handler = SIG_IGN,
		.sa_flags = SA_RESTORER,
		.sa_restorer = arch_sigreturn,
	};

	sys_sigaction(sig, &action);
}

void sys_signal_stack(void *stack, size_t size)
{
	stack_t ss = { .ss_sp = stack, .ss_size = size };

	arch_syscall(__NR_sigaltstack, (long)&ss, 0, 0, 0, 0);
}

void sys_exit(int code)
{
	for (;;)
		arch_syscall(__NR_exit_group, code, 0, 0, 0, 0);
}
