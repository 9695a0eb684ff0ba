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

#include <hvl/metal/io.h>
#include <hvl/metal/log.h>
#include <hvl/remoteproc/error.h>
#include <hvl/wire/rsc_table.h>

#define HVL_RSC_TRACES_MAX 4u
#define HVL_RSC_CARVEOUTS_MAX 16u
#define HVL_RSC_DEVMEMS_MAX 16u
#define HVL_RSC_VDEVS_MAX 4u
#define HVL_RSC_VRINGS_MAX 2u /* a vdev's, as Linux has it */
#define HVL_RSC_TABLE_SIZE_MAX 4096u

struct hvl_rsc_area {
	char name[HVL_RSC_NAME_SIZE + 1];
	uint64_t da;
	uint64_t len;
};

/* A peripheral that the firmware wants to see at area.da */
struct hvl_rsc_mapping {
	struct hvl_rsc_area area;
	uint64_t pa;	/* where it is */
	uint32_t flags; /* the IOMMU's */
};

struct hvl_rsc_ring {
	uint64_t da;	/* or HVL_RSC_ADDR_ANY */
	uint64_t size;	/* bytes that it takes */
	uint32_t num;	/* entries: hvl_vring_num_ok() */
	uint32_t align; /* a power of two, 4 or more */
	uint32_t notifyid;
};

/* A virtio device that the remote itself is */
struct hvl_rsc_virtio {
	uint32_t pos; /* of struct hvl_rsc_vdev */
	uint32_t id;
	uint32_t notifyid;
	uint32_t features; /* offered */
	uint32_t config_pos;
	uint32_t config_len;
	unsigned int nvrings;
	struct hvl_rsc_ring vrings[HVL_RSC_VRINGS_MAX];
};

/* What a table says, by kind; positions are offsets into the table. */
struct hvl_rsc_info {
	unsigned int ncarveouts;
	struct hvl_rsc_area carveouts[HVL_RSC_CARVEOUTS_MAX];
	uint32_t carveout_pos[HVL_RSC_CARVEOUTS_MAX];
	unsigned int ntraces;
	struct hvl_rsc_area traces[HVL_RSC_TRACES_MAX];
	unsigned int ndevmems;
	struct hvl_rsc_mapping devmems[HVL_RSC_DEVMEMS_MAX];
	unsigned int nvdevs;
	struct hvl_rsc_virtio vdevs[HVL_RSC_VDEVS_MAX];
	bool has_hvl;
	uint32_t hvl_pos;     /* of struct hvl_rsc_hvl */
	unsigned int skipped; /* entries of unknown types */
};

/* Memory that a board keeps for the carveout of this name */
struct hvl_rsc_memory {
	const char *name;
	uint64_t da, len;
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
 * @table: private copy of the table, little-endian, any alignment
 * @size:  bytes
 * @log:   gets a warning for each entry that is skipped: unknown types, other
 *         vendors', trace buffers without address or length
 * @err:   filled in on failure
 * Return: 0; -EINVAL: too short or above HVL_RSC_TABLE_SIZE_MAX, another
 * version, reserved words set, offsets or bodies outside the table, entries
 * that overlap, more than there is room for, areas that go beyond 32 bits, two
 * carveouts or two entries `hvl`, an `hvl` entry of another version, vrings
 * that are too many or whose size or alignment cannot be.
 */
int hvl_rsc_parse(struct hvl_rsc_info *info, const void *table, size_t size,
		  const struct hvl_log *log, struct hvl_rproc_error *err);

/**
 * hvl_rsc_read() - copy a running remote's table, then check the copy
 * @info: filled in on success
 * @copy: gets the table; what @info says is true of it alone
 * @size: bytes of @copy
 * @io:   where the remote has its table, and as long as that is
 * @log:  as for hvl_rsc_parse()
 * @err:  filled in on failure
 *
 * To attach to a remote that somebody else started. It may write its table
 * meanwhile: nothing of that is seen after the copy.
 *
 * Return: as hvl_rsc_parse(); -EINVAL also when @io does not fit into @copy.
 */
int hvl_rsc_read(struct hvl_rsc_info *info, void *copy, size_t size,
		 const struct hvl_io *io, const struct hvl_log *log,
		 struct hvl_rproc_error *err);

/**
 * hvl_rsc_bind() - give carveouts the memory that a board keeps for them
 * @info:   changed: da and len of carveouts that have no address
 * @memory: the board's; its names differ
 * @count:  of it
 * @err:    filled in on failure
 *
 * A carveout with an address must lie inside the memory of its name, and may
 * be anywhere if there is none. The carveout `hvl` is hvl_rsc_resolve()'s.
 *
 * Return: 0; -EINVAL when a carveout asks for another address or for more than
 * there is, when two have the same memory, or when one without address has
 * none.
 */
int hvl_rsc_bind(struct hvl_rsc_info *info, const struct hvl_rsc_memory *memory,
		 unsigned int count, struct hvl_rproc_error *err);

/**
 * hvl_rsc_resolve() - fill in what is the loader's to say
 * @info:  of this table, bound
 * @table: the copy, changed: da, pa and len of the carveouts, the middle part
 *         of the vendor entry; its firmware part is zeroed
 * @boot:  what to fill in
 * @err:   filled in on failure
 * Return: 0; -EINVAL when the carveout `hvl` asks for an address, or for more
 * memory, than @boot has, or lies above what 32 bits can say.
 */
int hvl_rsc_resolve(const struct hvl_rsc_info *info, void *table,
		    const struct hvl_rsc_boot *boot,
		    struct hvl_rproc_error *err);

#endif /* HVL_REMOTEPROC_RSC_TABLE_H */
