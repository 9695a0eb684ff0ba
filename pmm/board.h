/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/board.h - what the PMM knows of each board
 *
 * The constants that a firmware for the board is linked with, and where the
 * shared memory lies unless the user says otherwise.
 */
#ifndef PMM_BOARD_H
#define PMM_BOARD_H

#include <stdbool.h>
#include <stdint.h>

#include <hvl/wire/rsc_table.h>

#include "shm_source.h"

struct pmm_driver_ops;
struct pmm_qemu_machine;

/* Memory that a firmware may be linked into */
struct pmm_board_range {
	uint64_t da, size;
};

#define PMM_BOARD_LOADS_MAX 2

struct pmm_board {
	const char *name;
	const char *summary; /* for help and lists: one line */
	uint16_t machine;    /* HVL_ELF_MACHINE_* */
	bool is64;
	const struct pmm_driver_ops *driver;
	const struct pmm_qemu_machine *qemu; /* or NULL */
	uint64_t ram_da;		     /* memory of its own */
	uint64_t ram_size;
	struct pmm_board_range load[PMM_BOARD_LOADS_MAX]; /* size 0: none */
	uint64_t shm_da;   /* default of --shmem-addr */
	uint64_t shm_size; /* default of --shmem-size */
	enum pmm_shm_view shm_view;
	enum hvl_rsc_doorbell doorbell;
	uint32_t doorbell_param[6];
	/* The remote's barriers may do nothing: hvl_dev_config.no_suppress */
	bool no_suppress;
	bool slow; /* for time limits: emulated */
};

/** pmm_board_find() - by name. Return: NULL when there is none. */
const struct pmm_board *pmm_board_find(const char *name);

/** pmm_board_at() - the boards one by one. Return: NULL after the last. */
const struct pmm_board *pmm_board_at(unsigned int index);

#endif /* PMM_BOARD_H */
