/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * board_priv.h - what the files of this board share
 */
#ifndef VIRT_A53_BOARD_PRIV_H
#define VIRT_A53_BOARD_PRIV_H

#include <stdint.h>

/**
 * memory_map_shared() - make the shared memory accessible
 * Return: NULL, or why it cannot be there.
 */
const char *memory_map_shared(uint64_t da, uint64_t size);

/* Inputs of the interrupt controller. */
#define GIC_TIMER 27u /* the virtual one */
#define GIC_UART 33u

/** gic_enable() - take the interrupt @id */
void gic_enable(uint32_t id);

/** gic_start() - take interrupts of the UART, and wake up at the timer's */
void gic_start(void);

/** gic_doorbell() - take the interrupt that messages raise. Return: which. */
uint32_t gic_doorbell(void);

/** gic_message_address() - where a message goes to */
uint32_t gic_message_address(void);

/** gic_irq() - vectors.S: all that is pending; calls board_irq() for each */
void gic_irq(void);

/** board_irq() - serve one interrupt */
void board_irq(uint32_t id);

#endif /* VIRT_A53_BOARD_PRIV_H */
