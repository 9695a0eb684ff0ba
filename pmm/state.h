/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/state.h - what the devices know, in a file that outlives us
 *
 * The file is mapped. Each device has two records in it, written in turn: the
 * newer one that is whole counts, so that the death of the process at any
 * instant leaves one. The positions in the queues are words beside the record,
 * one store each, so that the data path makes no system call.
 *
 * The file is locked while it is open: two PMMs never serve the same memory
 * from it. It says what it belongs to, and is refused for anything else.
 *
 * Ownership  Freed by close, which keeps the file.
 * Threads    The event loop's.
 */
#ifndef PMM_STATE_H
#define PMM_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include <hvl/device/dev.h>

#include "error.h"

/* What a state belongs to. */
struct pmm_state_what {
	uint64_t shm_da, shm_size;
	bool v1, no_dtb;
	unsigned int ndevices;
	const uint32_t *ids; /* VIRTIO_ID_*, in order; borrowed by open only */
};

struct pmm_state;

/**
 * pmm_state_open() - open and map a state file, or create one
 * @out:  filled in on success
 * @path: of a file, or of none: it appears there, complete, or not at all
 * @what: what it must belong to
 * @err:  filled in on failure: what does not fit, and what to do
 * Return: 0 or negative errno; -EBUSY: another process has it.
 */
int pmm_state_open(struct pmm_state **out, const char *path,
		   const struct pmm_state_what *what, struct pmm_error *err);

/**
 * pmm_state_get() - what an earlier process recorded of a device
 * @state:  open
 * @device: index
 * @saved:  filled in, with the positions as they last were
 * Return: false: nothing was recorded.
 */
bool pmm_state_get(const struct pmm_state *state, unsigned int device,
		   struct hvl_dev_saved *saved);

/**
 * pmm_state_journal() - where a device records from now on
 * @state:  open, and longer so than the device is used
 * @device: index
 */
const struct hvl_dev_journal *pmm_state_journal(struct pmm_state *state,
						unsigned int device);

/** pmm_state_close() - unmap and unlock; NULL is allowed */
void pmm_state_close(struct pmm_state *state);

#endif /* PMM_STATE_H */
