/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/remoteproc/rsc_table.h - reading and resolving a resource table
 *
 * Works on the loader's own copy of the table: it is checked as a whole, what
 * the loader owns is filled in, and the copy is then written to the remote's
 * memory, before the remote starts.
 *
 * Memory   Never allocates.
 * Threads  Any, one at a time per object.
 * Errors   -EINVAL with a reason for a table that is malformed.
 */
#ifndef HVL_REMOTEPROC_RSC_TABLE_H
#define HVL_REMOTEPROC_RSC_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvl/metal/log.h>
#include <hvl/remoteproc/error.h>
#include <hvl/wire/rsc_table.h>

#define HVL_RSC_TRACES_MAX 4u
#define HVL_RSC_CARVEOUTS_MAX 16u
#define HVL_RSC_TABLE_SIZE_MAX 4096u

struct hvl_rsc_area {
	char name[HVL_RSC_NAME_SIZE + 1];
	uint64_t da;
	uint64_t len;
};

/* What a table says, by kind; positions are offsets into the table. */
struct hvl_rsc_info {
	unsigned int ncarveouts;
	struct hvl_rsc_area carveouts[HVL_RSC_CARVEOUTS_MAX];
	uint32_t carveout_pos[HVL_RSC_CARVEOUTS_MAX];
	unsigned int ntraces;
	struct hvl_rsc_area traces[HVL_RSC_TRACES_MAX];
	bool has_hvl;
	uint32_t hvl_pos;     /* of struct hvl_rsc_hvl */
	unsigned int skipped; /* entries of unknown types */
};

/* What the loader tells the firmware in the vendor entry. */
struct hvl_rsc_boot {
	uint64_t shm_da, shm_size; /* bytes */
	uint64_t regs_da;
	uint32_t regs_count;
	uint32_t doorbell; /* enum hvl_rsc_doorbell */
	uint32_t doorbell_param[6];
};

/* What the firmware says in it. */
struct hvl_rsc_report {
	uint32_t heartbeat;
	uint32_t state; /* enum hvl_rsc_state, or what it wrote */
	uint32_t cause;
};

/**
 * hvl_rsc_parse() - check a table and say what is in it
 * @info:  filled in on success
 * @table: copy of the table, little-endian, any alignment
 * @size:  bytes
 * @log:   gets a warning for each entry of an unknown type, which is skipped
 * @err:   filled in on failure
 * Return: 0; -EINVAL: too short, another version, reserved words set, offsets
 * or bodies outside the table, more entries than there is room for, areas that
 * wrap, two `hvl` entries, or an `hvl` entry of another version.
 */
int hvl_rsc_parse(struct hvl_rsc_info *info, const void *table, size_t size,
		  const struct hvl_log *log, struct hvl_rproc_error *err);

/**
 * hvl_rsc_resolve() - fill in what is the loader's to say
 * @info:  of this table
 * @table: the copy, changed: da, pa and len of the carveout `hvl`, the middle
 *         part of the vendor entry; its firmware part is zeroed
 * @boot:  what to fill in
 * @err:   filled in on failure
 * Return: 0; -EINVAL when the carveout `hvl` asks for an address, or for more
 * memory, than @boot has, or lies above what 32 bits can say.
 */
int hvl_rsc_resolve(const struct hvl_rsc_info *info, void *table,
		    const struct hvl_rsc_boot *boot,
		    struct hvl_rproc_error *err);

#endif /* HVL_REMOTEPROC_RSC_TABLE_H */
