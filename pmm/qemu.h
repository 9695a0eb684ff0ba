/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/qemu.h - QEMU's machines as boards: command lines and first words
 *
 * The machine gets everything that it shares with us as descriptors that it
 * inherits, so that nothing of it has a name in the file system.
 */
#ifndef PMM_QEMU_H
#define PMM_QEMU_H

#include <stdint.h>

#include "board.h"
#include "error.h"

/* How the processor finds the firmware's first instruction */
enum pmm_qemu_entry {
	PMM_QEMU_ENTRY_FIXED,	/* it always starts at the RAM's */
	PMM_QEMU_ENTRY_SET,	/* QEMU sets the program counter */
	PMM_QEMU_ENTRY_VECTORS, /* stack and entry are two words at 0 */
	PMM_QEMU_ENTRY_STUB,	/* another core starts it, by PSCI */
};

struct pmm_qemu_machine {
	const char *program; /* "qemu-system-aarch64" */
	const char *package; /* Debian's that has it */
	const char *machine; /* of -machine, with its options */
	const char *cpus;    /* of -smp */
	const char *cpu;     /* of -cpu; NULL: the machine's own */
	enum pmm_qemu_entry entry;
	uint64_t boot_da; /* where the boot file goes */
	int core;	  /* the firmware's, in QEMU's count */
	/* Which of the machine's serial ports is what; bell -1: none. */
	int console, bell;
	/* ivshmem: where BAR2 may lie. Size 0: a slice of RAM is shared. */
	struct pmm_board_range window;
};

/* What a machine shares with us; -1 where it has none */
struct pmm_qemu_fds {
	int ram, qmp, console;
	int bell;    /* serial port of the doorbell */
	int ivshmem; /* client's end */
	int boot;    /* file made by pmm_qemu_boot_file() */
};

#define PMM_QEMU_ARGS_MAX 48
#define PMM_QEMU_FDS_MAX 6

struct pmm_qemu_command {
	char *argv[PMM_QEMU_ARGS_MAX + 1];
	unsigned int argc;
	int fds[PMM_QEMU_FDS_MAX];
	unsigned int nfds;
	char text[2048]; /* the arguments' storage */
	unsigned int used;
};

/**
 * pmm_qemu_boot_file() - make what the machine runs before the firmware
 * @board: one of QEMU's
 * @entry: the firmware's
 * @fd:    filled in: a memory file, or -1: this machine needs none
 * Return: 0 or negative errno.
 */
int pmm_qemu_boot_file(const struct pmm_board *board, uint64_t entry, int *fd);

/**
 * pmm_qemu_command() - the command line for a machine that waits to be started
 * @cmd:   filled in
 * @board: one of QEMU's
 * @entry: the firmware's
 * @fds:   descriptors, under the numbers that QEMU will have them
 * Return: 0, or -ENOSPC: our own fault.
 */
int pmm_qemu_command(struct pmm_qemu_command *cmd,
		     const struct pmm_board *board, uint64_t entry,
		     const struct pmm_qemu_fds *fds);

/** pmm_qemu_check() - can the machine have its shared memory there? */
int pmm_qemu_check(const struct pmm_board *board, uint64_t da, uint64_t size,
		   struct pmm_error *err);

#endif /* PMM_QEMU_H */
