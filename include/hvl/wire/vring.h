/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/wire/vring.h - the split ring as it lies in memory
 *
 * Formats of virtio 1.3 §2.7 and pure size arithmetic; state is kept by the
 * driver and the device side, each for itself.
 */
#ifndef HVL_WIRE_VRING_H
#define HVL_WIRE_VRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvl/wire/endian.h>

#define HVL_VRING_NUM_MAX 32768u /* virtio 1.3 §2.7: largest queue size */

#define HVL_VRING_DESC_ALIGN 16u
#define HVL_VRING_AVAIL_ALIGN 2u
#define HVL_VRING_USED_ALIGN 4u
#define HVL_VRING_LEGACY_ALIGN 4096u

/* Descriptor flags, virtio 1.3 §2.7.5 */
#define VRING_DESC_F_NEXT 1
#define VRING_DESC_F_WRITE 2
#define VRING_DESC_F_INDIRECT 4

#define VRING_AVAIL_F_NO_INTERRUPT 1
#define VRING_USED_F_NO_NOTIFY 1

struct hvl_vring_desc {
	hvl_le64 addr;
	hvl_le32 len;
	hvl_le16 flags;
	hvl_le16 next;
};

struct hvl_vring_avail {
	hvl_le16 flags;
	hvl_le16 idx;
	hvl_le16 ring[]; /* num entries, then used_event */
};

struct hvl_vring_used_elem {
	hvl_le32 id;
	hvl_le32 len;
};

struct hvl_vring_used {
	hvl_le16 flags;
	hvl_le16 idx;
	struct hvl_vring_used_elem ring[]; /* num entries, then avail_event */
};

_Static_assert(sizeof(struct hvl_vring_desc) == 16, "desc");
_Static_assert(offsetof(struct hvl_vring_desc, addr) == 0, "desc.addr");
_Static_assert(offsetof(struct hvl_vring_desc, len) == 8, "desc.len");
_Static_assert(offsetof(struct hvl_vring_desc, flags) == 12, "desc.flags");
_Static_assert(offsetof(struct hvl_vring_desc, next) == 14, "desc.next");
_Static_assert(sizeof(struct hvl_vring_avail) == 4, "avail");
_Static_assert(offsetof(struct hvl_vring_avail, flags) == 0, "avail.flags");
_Static_assert(offsetof(struct hvl_vring_avail, idx) == 2, "avail.idx");
_Static_assert(offsetof(struct hvl_vring_avail, ring) == 4, "avail.ring");
_Static_assert(sizeof(struct hvl_vring_used_elem) == 8, "used_elem");
_Static_assert(offsetof(struct hvl_vring_used_elem, id) == 0, "used_elem.id");
_Static_assert(offsetof(struct hvl_vring_used_elem, len) == 4, "used_elem.len");
_Static_assert(sizeof(struct hvl_vring_used) == 4, "used");
_Static_assert(offsetof(struct hvl_vring_used, flags) == 0, "used.flags");
_Static_assert(offsetof(struct hvl_vring_used, idx) == 2, "used.idx");
_Static_assert(offsetof(struct hvl_vring_used, ring) == 4, "used.ring");

/**
 * hvl_vring_num_ok() - whether a split ring may have that size
 * @num: entries
 * Return: true for a power of two from 1 to 32768 (virtio 1.3 §2.7).
 */
static inline bool hvl_vring_num_ok(uint32_t num)
{
	return num != 0 && num <= HVL_VRING_NUM_MAX && (num & (num - 1)) == 0;
}

/* Bytes of the three areas of a ring of num entries, event index words in. */
static inline uint32_t hvl_vring_desc_size(uint32_t num)
{
	return 16u * num;
}

static inline uint32_t hvl_vring_avail_size(uint32_t num)
{
	return 6u + 2u * num;
}

static inline uint32_t hvl_vring_used_size(uint32_t num)
{
	return 6u + 8u * num;
}

/* Where a ring's areas lie, as offsets from its start. */
struct hvl_vring_layout {
	uint32_t desc;
	uint32_t avail;
	uint32_t used;
	uint32_t size; /* of the whole */
};

/**
 * hvl_vring_layout() - lay a ring out in one piece (virtio 1.3 §2.7.2)
 * @num:   entries, as hvl_vring_num_ok() has it
 * @align: of the used ring: a power of two from 4 to 65536. The legacy
 *         interface has 4096; a cache line keeps writers apart elsewhere.
 */
static inline struct hvl_vring_layout hvl_vring_layout(uint32_t num,
						       uint32_t align)
{
	struct hvl_vring_layout l;

	l.desc = 0;
	l.avail = hvl_vring_desc_size(num);
	l.used = (l.avail + hvl_vring_avail_size(num) + align - 1) &
		 ~(align - 1);
	l.size = l.used + hvl_vring_used_size(num);
	return l;
}

#endif /* HVL_WIRE_VRING_H */
