/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * check.h - parts of virtio_check
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdint.h>

#include <hvl/driver/dev.h>
#include <hvl/driver/pool.h>
#include <hvl/metal/compiler.h>

/** check_say() - a line on the UART */
void check_say(const char *fmt, ...) HVL_PRINTF(1, 2);

/** check_wait() - sleep until a device interrupts, or the time */
void check_wait(uint64_t until_us);

/** check_interrupts() - how many sleeps a device has ended */
unsigned int check_interrupts(void);

/** check_rng() - NULL, or what went wrong with an entropy device */
const char *check_rng(struct hvl_drv_dev *dev, struct hvl_drv_pool *pool);

/** check_net() - NULL, or what went wrong with a network device */
const char *check_net(struct hvl_drv_dev *dev, struct hvl_drv_pool *pool);

#endif /* CHECK_H */
