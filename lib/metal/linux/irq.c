/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interrupts on Linux: a file descriptor per line, served by a thread.
 *
 * The thread waits until the line is readable and enabled, takes what is there
 * (which is what acknowledges an eventfd or a UIO node), and calls the
 * handler. UIO nodes are masked by the kernel at each interrupt and unmasked
 * by writing 1, which eventfds must not be given: hence the check at the start.
 */
#include <hvl/metal/irq.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

struct irq_line {
	int fd;
	int wake; /* eventfd: enabled or stop changed */
	bool uio;
	hvl_irq_handler handler;
	void *arg;
	pthread_t thread;
	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t idle;   /* running became false */
	bool enabled;
	bool running;
	bool stop;
};

static struct irq_line *irq_line(struct hvl_irq *irq)
{
	return (struct irq_line *)irq->port[0];
}

static void irq_wake(struct irq_line *l)
{
	(void)eventfd_write(l->wake, 1);
}

static void irq_unmask(const struct irq_line *l)
{
	uint32_t one = 1;

	if (l->uio && write(l->fd, &one, sizeof(one)) < 0)
		return; /* not every UIO driver has it: then it never masks */
}

/* Take the interrupt; false if it was not there after all. */
static bool irq_take(const struct irq_line *l)
{
	uint64_t count;

	return read(l->fd, &count, l->uio ? 4 : sizeof(count)) > 0;
}

static void irq_dispatch(struct irq_line *l)
{
	pthread_mutex_lock(&l->mutex);
	l->running = l->enabled && !l->stop;
	pthread_mutex_unlock(&l->mutex);
	if (!l->running)
		return;
	if (irq_take(l)) {
		l->handler(l->arg);
		irq_unmask(l);
	}
	pthread_mutex_lock(&l->mutex);
	l->running = false;
	pthread_cond_broadcast(&l->idle);
	pthread_mutex_unlock(&l->mutex);
}

static void *irq_thread(void *arg)
{
	struct irq_line *l = arg;
	bool enabled, stop;

	for (;;) {
		struct pollfd p[2] = {
			{ .fd = l->wake, .events = POLLIN },
			{ .fd = l->fd, .events = POLLIN },
		};
		eventfd_t count;

		pthread_mutex_lock(&l->mutex);
		enabled = l->enabled;
		stop = l->stop;
		pthread_mutex_unlock(&l->mutex);
		if (stop)
			return NULL;
		if (poll(p, enabled ? 2 : 1, -1) < 0)
			continue;
		if (p[0].revents != 0)
			(void)eventfd_read(l->wake, &count);
		if (enabled && (p[1].revents & POLLIN) != 0)
			irq_dispatch(l);
		else if (enabled && p[1].revents != 0)
			return NULL; /* the line is gone: no more interrupts */
	}
}

static void irq_set_enabled(struct irq_line *l, bool enabled)
{
	pthread_mutex_lock(&l->mutex);
	l->enabled = enabled;
	if (!enabled && !pthread_equal(pthread_self(), l->thread))
		while (l->running)
			pthread_cond_wait(&l->idle, &l->mutex);
	pthread_mutex_unlock(&l->mutex);
	irq_wake(l);
}

int hvl_irq_register(struct hvl_irq *irq, int line, hvl_irq_handler handler,
		     void *arg)
{
	struct pollfd probe = { .fd = line, .events = POLLIN };
	struct irq_line *l;
	struct stat st;

	if (fstat(line, &st) < 0 || S_ISREG(st.st_mode) ||
	    S_ISDIR(st.st_mode) || poll(&probe, 1, 0) < 0)
		return -EINVAL;
	l = calloc(1, sizeof(*l));
	if (l == NULL)
		return -EAGAIN;
	l->fd = line;
	l->uio = S_ISCHR(st.st_mode);
	l->handler = handler;
	l->arg = arg;
	l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->wake < 0)
		goto fail;
	pthread_mutex_init(&l->mutex, NULL);
	pthread_cond_init(&l->idle, NULL);
	if (pthread_create(&l->thread, NULL, irq_thread, l) != 0)
		goto fail_thread;
	irq->port[0] = (uintptr_t)l;
	return 0;

fail_thread:
	pthread_cond_destroy(&l->idle);
	pthread_mutex_destroy(&l->mutex);
	close(l->wake);
fail:
	free(l);
	return -EAGAIN;
}

void hvl_irq_unregister(struct hvl_irq *irq)
{
	struct irq_line *l = irq_line(irq);

	pthread_mutex_lock(&l->mutex);
	l->stop = true;
	pthread_mutex_unlock(&l->mutex);
	irq_wake(l);
	pthread_join(l->thread, NULL);
	pthread_cond_destroy(&l->idle);
	pthread_mutex_destroy(&l->mutex);
	close(l->wake);
	free(l);
	irq->port[0] = 0;
}

void hvl_irq_enable(struct hvl_irq *irq)
{
	struct irq_line *l = irq_line(irq);

	irq_unmask(l);
	irq_set_enabled(l, true);
}

void hvl_irq_disable(struct hvl_irq *irq)
{
	irq_set_enabled(irq_line(irq), false);
}
