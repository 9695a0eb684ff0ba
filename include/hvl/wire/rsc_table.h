/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/wire/rsc_table.h - the resource table of a firmware
 *
 * The table that Linux's remoteproc and OpenAMP read from the ELF section
 * ".resource_table", and hvl's vendor entry in it. Everything is little-endian
 * and only 4-byte aligned, so 64-bit values are two words, low word first.
 */
#ifndef HVL_WIRE_RSC_TABLE_H
#define HVL_WIRE_RSC_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include <hvl/wire/endian.h>

#define HVL_RSC_TABLE_SECTION ".resource_table"
#define HVL_RSC_TABLE_VERSION 1u
#define HVL_RSC_ADDR_ANY 0xffffffffu
#define HVL_RSC_NAME_SIZE 32u

enum hvl_rsc_type {
	HVL_RSC_CARVEOUT = 0,
	HVL_RSC_DEVMEM = 1,
	HVL_RSC_TRACE = 2,
	HVL_RSC_VDEV = 3,
	HVL_RSC_VENDOR_FIRST = 128,
	HVL_RSC_VENDOR_HVL = 0x168,
	HVL_RSC_VENDOR_LAST = 512,
};

struct hvl_rsc_table {
	hvl_le32 ver;
	hvl_le32 num;
	hvl_le32 reserved[2];
	hvl_le32 offset[]; /* of each entry, from the start of the table */
};

/* Each entry starts with its type. */
struct hvl_rsc_carveout {
	hvl_le32 type;
	hvl_le32 da;  /* or HVL_RSC_ADDR_ANY; written back by the loader */
	hvl_le32 pa;  /* written back by the loader */
	hvl_le32 len; /* 0 in the carveout "hvl": any size; written back */
	hvl_le32 flags;
	hvl_le32 reserved;
	char name[HVL_RSC_NAME_SIZE]; /* padded, not always terminated */
};

struct hvl_rsc_trace {
	hvl_le32 type;
	hvl_le32 da;
	hvl_le32 len;
	hvl_le32 reserved;
	char name[HVL_RSC_NAME_SIZE];
};

/* A peripheral, where an IOMMU stands between it and the remote */
struct hvl_rsc_devmem {
	hvl_le32 type;
	hvl_le32 da; /* where the remote wants to see it */
	hvl_le32 pa; /* where it is */
	hvl_le32 len;
	hvl_le32 flags;
	hvl_le32 reserved;
	char name[HVL_RSC_NAME_SIZE];
};

struct hvl_rsc_vring {
	hvl_le32 da;	/* or HVL_RSC_ADDR_ANY; written back by the loader */
	hvl_le32 align; /* of the used ring */
	hvl_le32 num;	/* entries */
	hvl_le32 notifyid;
	hvl_le32 pa; /* reserved, in older tables */
};

/* A virtio device that the remote itself is; its config space follows. */
struct hvl_rsc_vdev {
	hvl_le32 type;
	hvl_le32 id; /* of the device type */
	hvl_le32 notifyid;
	hvl_le32 dfeatures; /* what the firmware offers, bits 0 to 31 */
	hvl_le32 gfeatures; /* what the main side took; it writes this */
	hvl_le32 config_len;
	uint8_t status; /* virtio status; the main side writes this */
	uint8_t num_of_vrings;
	uint8_t reserved[2];
	struct hvl_rsc_vring vring[];
};

/* The carveout of this name is the shared memory. */
#define HVL_RSC_CARVEOUT_SHM "hvl"

#define HVL_RSC_HVL_MAGIC 0x656c7668u /* "hvle" */
#define HVL_RSC_HVL_VERSION 1u

/* How this remote rings and is rung */
enum hvl_rsc_doorbell {
	HVL_DOORBELL_POLL = 0,	  /* there is none: look at the memory */
	HVL_DOORBELL_NATIVE = 1,  /* the native board's file descriptors */
	HVL_DOORBELL_IVSHMEM = 2, /* param: main side's peer id, vector */
	HVL_DOORBELL_UART = 3,	  /* param: da of the UART */
	HVL_DOORBELL_IPI = 4,	  /* param: da of the IPI block, target mask */
};

/* What the firmware says of itself */
enum hvl_rsc_state {
	HVL_REMOTE_NONE = 0, /* the firmware has not spoken yet */
	HVL_REMOTE_STARTING = 1,
	HVL_REMOTE_RUNNING = 2,
	HVL_REMOTE_STOPPED = 3,
	HVL_REMOTE_WANTS_RESTART = 4,
	HVL_REMOTE_CRASHED = 5,
};

/*
 * The vendor entry: the one channel between a firmware and its loader. The
 * loader fills in the middle part once, before it starts the remote; the words
 * from heartbeat on are the firmware's, and the main side only reads them.
 */
struct hvl_rsc_hvl {
	hvl_le32 type; /* HVL_RSC_VENDOR_HVL */
	hvl_le32 len;  /* bytes after this word */
	hvl_le32 magic;
	hvl_le32 version;
	/* the loader's */
	hvl_le32 shm_da[2];   /* shared memory */
	hvl_le32 shm_size[2]; /* bytes */
	hvl_le32 regs_da[2];  /* first register block */
	hvl_le32 regs_count;  /* blocks, HVL_MMIO_BLOCK_SIZE apart */
	hvl_le32 doorbell;    /* enum hvl_rsc_doorbell */
	hvl_le32 doorbell_param[6];
	hvl_le32 loader_reserved[2];
	/* the firmware's */
	hvl_le32 heartbeat; /* counts while the firmware is alive */
	hvl_le32 state;	    /* enum hvl_rsc_state */
	hvl_le32 cause;	    /* of a crash: the board's number for it */
	hvl_le32 firmware_reserved;
};

#define HVL_RSC_HVL_LEN (sizeof(struct hvl_rsc_hvl) - 8u)

_Static_assert(sizeof(struct hvl_rsc_table) == 16, "rsc_table");
_Static_assert(offsetof(struct hvl_rsc_table, ver) == 0, "ver");
_Static_assert(offsetof(struct hvl_rsc_table, num) == 4, "num");
_Static_assert(offsetof(struct hvl_rsc_table, reserved) == 8, "reserved");
_Static_assert(offsetof(struct hvl_rsc_table, offset) == 16, "offset");
_Static_assert(sizeof(struct hvl_rsc_carveout) == 56, "carveout");
_Static_assert(offsetof(struct hvl_rsc_carveout, da) == 4, "carveout.da");
_Static_assert(offsetof(struct hvl_rsc_carveout, pa) == 8, "carveout.pa");
_Static_assert(offsetof(struct hvl_rsc_carveout, len) == 12, "carveout.len");
_Static_assert(offsetof(struct hvl_rsc_carveout, flags) == 16, "flags");
_Static_assert(offsetof(struct hvl_rsc_carveout, reserved) == 20, "reserved");
_Static_assert(offsetof(struct hvl_rsc_carveout, name) == 24, "carveout.name");
_Static_assert(sizeof(struct hvl_rsc_trace) == 48, "trace");
_Static_assert(offsetof(struct hvl_rsc_trace, da) == 4, "trace.da");
_Static_assert(offsetof(struct hvl_rsc_trace, len) == 8, "trace.len");
_Static_assert(offsetof(struct hvl_rsc_trace, reserved) == 12, "reserved");
_Static_assert(offsetof(struct hvl_rsc_trace, name) == 16, "trace.name");
_Static_assert(sizeof(struct hvl_rsc_devmem) == 56, "devmem");
_Static_assert(offsetof(struct hvl_rsc_devmem, da) == 4, "devmem.da");
_Static_assert(offsetof(struct hvl_rsc_devmem, pa) == 8, "devmem.pa");
_Static_assert(offsetof(struct hvl_rsc_devmem, len) == 12, "devmem.len");
_Static_assert(offsetof(struct hvl_rsc_devmem, flags) == 16, "devmem.flags");
_Static_assert(offsetof(struct hvl_rsc_devmem, reserved) == 20, "reserved");
_Static_assert(offsetof(struct hvl_rsc_devmem, name) == 24, "devmem.name");
_Static_assert(sizeof(struct hvl_rsc_vring) == 20, "vring");
_Static_assert(offsetof(struct hvl_rsc_vring, da) == 0, "vring.da");
_Static_assert(offsetof(struct hvl_rsc_vring, align) == 4, "vring.align");
_Static_assert(offsetof(struct hvl_rsc_vring, num) == 8, "vring.num");
_Static_assert(offsetof(struct hvl_rsc_vring, notifyid) == 12, "notifyid");
_Static_assert(offsetof(struct hvl_rsc_vring, pa) == 16, "vring.pa");
_Static_assert(sizeof(struct hvl_rsc_vdev) == 28, "vdev");
_Static_assert(offsetof(struct hvl_rsc_vdev, id) == 4, "vdev.id");
_Static_assert(offsetof(struct hvl_rsc_vdev, notifyid) == 8, "notifyid");
_Static_assert(offsetof(struct hvl_rsc_vdev, dfeatures) == 12, "dfeatures");
_Static_assert(offsetof(struct hvl_rsc_vdev, gfeatures) == 16, "gfeatures");
_Static_assert(offsetof(struct hvl_rsc_vdev, config_len) == 20, "config_len");
_Static_assert(offsetof(struct hvl_rsc_vdev, status) == 24, "vdev.status");
_Static_assert(offsetof(struct hvl_rsc_vdev, num_of_vrings) == 25, "vrings");
_Static_assert(offsetof(struct hvl_rsc_vdev, reserved) == 26, "reserved");
_Static_assert(offsetof(struct hvl_rsc_vdev, vring) == 28, "vdev.vring");
_Static_assert(sizeof(struct hvl_rsc_hvl) == 96, "hvl");
_Static_assert(offsetof(struct hvl_rsc_hvl, magic) == 8, "hvl.magic");
_Static_assert(offsetof(struct hvl_rsc_hvl, version) == 12, "hvl.version");
_Static_assert(offsetof(struct hvl_rsc_hvl, shm_da) == 16, "hvl.shm_da");
_Static_assert(offsetof(struct hvl_rsc_hvl, shm_size) == 24, "hvl.shm_size");
_Static_assert(offsetof(struct hvl_rsc_hvl, regs_da) == 32, "hvl.regs_da");
_Static_assert(offsetof(struct hvl_rsc_hvl, regs_count) == 40, "regs_count");
_Static_assert(offsetof(struct hvl_rsc_hvl, doorbell) == 44, "hvl.doorbell");
_Static_assert(offsetof(struct hvl_rsc_hvl, doorbell_param) == 48, "param");
_Static_assert(offsetof(struct hvl_rsc_hvl, heartbeat) == 80, "heartbeat");
_Static_assert(offsetof(struct hvl_rsc_hvl, state) == 84, "hvl.state");
_Static_assert(offsetof(struct hvl_rsc_hvl, cause) == 88, "hvl.cause");

#endif /* HVL_WIRE_RSC_TABLE_H */
