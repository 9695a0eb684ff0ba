/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/metal/irq.h - interrupts
 *
 * A line is whatever the port takes interrupts from: on Linux a file
 * descriptor that becomes readable (eventfd, UIO node), served by a thread of
 * its own; on bare metal the number of an interrupt controller's input.
 */
#ifndef HVL_METAL_IRQ_H
#define HVL_METAL_IRQ_H

#include <stdint.h>

/*
 * Runs in interrupt context (Linux: the line's thread). It may take a
 * struct hvl_lock and ring doorbells; it does not wait. Interrupts that come
 * while it runs make it run once more.
 */
typedef void (*hvl_irq_handler)(void *arg);

struct hvl_irq {
	uintptr_t port[8]; /* the port's */
};

/**
 * hvl_irq_register() - call a handler for each interrupt of a line
 * @irq:     caller's storage, in use until hvl_irq_unregister()
 * @line:    file descriptor or input; Linux: stays the caller's to close
 * @handler: called with @arg, first after hvl_irq_enable()
 * @arg:     handed to @handler
 * Return: 0, -EINVAL for a line that cannot interrupt, -EBUSY for one that is
 * taken (Linux cannot tell: two on one descriptor would share its interrupts),
 * -EAGAIN when the port has no resources left. Threads only.
 */
int hvl_irq_register(struct hvl_irq *irq, int line, hvl_irq_handler handler,
		     void *arg);

/**
 * hvl_irq_unregister() - stop; the handler does not run any more after it
 *
 * From a thread, not from the line's own handler.
 */
void hvl_irq_unregister(struct hvl_irq *irq);

/** hvl_irq_enable() - let the line interrupt; one that is pending does now */
void hvl_irq_enable(struct hvl_irq *irq);

/**
 * hvl_irq_disable() - keep the line from interrupting
 *
 * After it the handler is not running, unless it is itself the caller.
 */
void hvl_irq_disable(struct hvl_irq *irq);

#endif /* HVL_METAL_IRQ_H */
