/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * remote.h - what every board has in common: the resource table
 *
 * A board's start-up code calls remote_init() first and implements the rest of
 * board.h with these; it is left with UART, timer and doorbell. board_fault()
 * is here, a store to address 0, for boards where that faults. The linker
 * script keeps .resource_table in writable memory and defines board_ram_start
 * and board_ram_end.
 */
#ifndef REMOTE_H
#define REMOTE_H

#include <stddef.h>
#include <stdint.h>

#include <hvl/wire/rsc_table.h>

#include "board.h"

/**
 * remote_init() - check what the loader filled in; state starting
 * @info: name, cache_line are the board's; the rest is filled in
 * Return: NULL, or what is wrong, for board_panic().
 */
const char *remote_init(struct board_info *info);

/** remote_doorbell() - one of HVL_DOORBELL_*, as the loader says */
uint32_t remote_doorbell(void);

/** remote_doorbell_param() - word @i of its parameters, @i below 6 */
uint32_t remote_doorbell_param(unsigned int i);

/** remote_state() - tell the loader: one of HVL_REMOTE_*; any context */
void remote_state(enum hvl_rsc_state state);

/** remote_crashed() - state crashed; @cause is the board's number for why */
void remote_crashed(uint32_t cause);

/** remote_beat() - count the heartbeat */
void remote_beat(void);

/** remote_trace_write() - what board_trace() does */
void remote_trace_write(const char *text, size_t len);

#endif /* REMOTE_H */
