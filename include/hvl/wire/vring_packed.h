/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/wire/vring_packed.h - the packed ring as it lies in memory
 *
 * Formats of virtio 1.3 §2.8. Both sides write the descriptors, so the memory
 * must be coherent or uncached for both.
 */
#ifndef HVL_WIRE_VRING_PACKED_H
#define HVL_WIRE_VRING_PACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvl/wire/endian.h>
#include <hvl/wire/vring.h>

/* Descriptor flags, §2.8.1, beside NEXT, WRITE and INDIRECT of vring.h */
#define VRING_PACKED_DESC_F_AVAIL 0x80
#define VRING_PACKED_DESC_F_USED 0x8000

/* Event suppression, §2.8.10 */
#define VRING_PACKED_EVENT_FLAG_ENABLE 0
#define VRING_PACKED_EVENT_FLAG_DISABLE 1
#define VRING_PACKED_EVENT_FLAG_DESC 2
#define VRING_PACKED_EVENT_WRAP 0x8000u /* of off_wrap */

#define HVL_VRING_PACKED_EVENT_ALIGN 4u
#define HVL_VRING_PACKED_EVENT_SIZE 4u

struct hvl_vring_packed_desc {
	hvl_le64 addr;
	hvl_le32 len;
	hvl_le16 id;
	hvl_le16 flags;
};

struct hvl_vring_packed_event {
	hvl_le16 off_wrap;
	hvl_le16 flags;
};

_Static_assert(sizeof(struct hvl_vring_packed_desc) == 16, "packed_desc");
_Static_assert(offsetof(struct hvl_vring_packed_desc, addr) == 0, "addr");
_Static_assert(offsetof(struct hvl_vring_packed_desc, len) == 8, "len");
_Static_assert(offsetof(struct hvl_vring_packed_desc, id) == 12, "id");
_Static_assert(offsetof(struct hvl_vring_packed_desc, flags) == 14, "flags");
_Static_assert(sizeof(struct hvl_vring_packed_event) ==
		       HVL_VRING_PACKED_EVENT_SIZE,
	       "packed_event");
_Static_assert(offsetof(struct hvl_vring_packed_event, flags) == 2, "flags");

/** Whether a packed ring may have that size: 1 to 32768 (§2.8.10.1). */
static inline bool hvl_vring_packed_num_ok(uint32_t num)
{
	return num != 0 && num <= HVL_VRING_NUM_MAX;
}

/** The AVAIL and USED bits of a descriptor made available (§2.8.1). */
static inline uint16_t hvl_vring_packed_avail(bool wrap)
{
	return wrap ? VRING_PACKED_DESC_F_AVAIL : VRING_PACKED_DESC_F_USED;
}

/** The AVAIL and USED bits of a descriptor that was used. */
static inline uint16_t hvl_vring_packed_used(bool wrap)
{
	return wrap ? VRING_PACKED_DESC_F_AVAIL | VRING_PACKED_DESC_F_USED : 0;
}

/** Whether flags are those of a descriptor made available in this round. */
static inline bool hvl_vring_packed_is_avail(uint16_t flags, bool wrap)
{
	return (flags &
		(VRING_PACKED_DESC_F_AVAIL | VRING_PACKED_DESC_F_USED)) ==
	       hvl_vring_packed_avail(wrap);
}

/** Whether flags are those of a descriptor used in this round. */
static inline bool hvl_vring_packed_is_used(uint16_t flags, bool wrap)
{
	return (flags &
		(VRING_PACKED_DESC_F_AVAIL | VRING_PACKED_DESC_F_USED)) ==
	       hvl_vring_packed_used(wrap);
}

/**
 * hvl_vring_need_event() - whether an event index lies among what is new
 * @event: index that the other side waits for
 * @new:   index after the last new entry
 * @old:   index of the first new entry
 * Return: true if @event is one of @old to @new - 1, modulo 65536 (§2.7.10).
 */
static inline bool hvl_vring_need_event(uint16_t event, uint16_t new,
					uint16_t old)
{
	return (uint16_t)(new - event - 1) < (uint16_t)(new - old);
}

/**
 * hvl_vring_packed_need_event() - the same for an event of the packed ring
 * @event: the other side's structure: off_wrap, flags << 16
 * @next:  position after the last new descriptor
 * @wrap:  our wrap counter there
 * @count: descriptors that are new
 * @num:   size of the ring
 */
static inline bool hvl_vring_packed_need_event(uint32_t event, uint16_t next,
					       bool wrap, uint16_t count,
					       uint16_t num)
{
	uint16_t off = event & 0x7fffu;

	if (event >> 16 != VRING_PACKED_EVENT_FLAG_DESC)
		return event >> 16 != VRING_PACKED_EVENT_FLAG_DISABLE;
	if (((event & VRING_PACKED_EVENT_WRAP) != 0) != wrap)
		off = (uint16_t)(off - num);
	return hvl_vring_need_event(off, next, (uint16_t)(next - count));
}

#endif /* HVL_WIRE_VRING_PACKED_H */
