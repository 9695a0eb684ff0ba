/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * traffic_net.h - between the two files of the network: traffic_net.c, which
 * moves one frame at a time, and traffic_net_many.c, for several
 */
#ifndef TRAFFIC_NET_H
#define TRAFFIC_NET_H

#include "traffic.h"

/* ---- frames ----------------------------------------------------------- */

uint32_t traffic_frame_len(uint32_t number);
void traffic_frame_make(uint8_t *data, uint32_t number);

/**
 * Fail unless this is one of the frames from @first up to @end.
 * Return: its number.
 */
uint32_t traffic_frame_check(const uint8_t *data, uint32_t len, uint32_t first,
			     uint32_t end);

/* ---- the mirror ------------------------------------------------------- */

/** Where the next frame goes, or NULL; and it is there. */
uint8_t *traffic_mirror_room(void);
void traffic_mirror_put(uint32_t len);

/** The next one to come out, or NULL; and it did. */
const uint8_t *traffic_mirror_next(uint32_t *len);
void traffic_mirror_take(void);

/* ---- the driver ------------------------------------------------------- */

/**
 * A frame came into the driver's memory: one of @first up to @end.
 * Return: the number of the next one.
 */
uint32_t traffic_net_arrived(uint64_t off, uint32_t len, uint32_t first,
			     uint32_t end);

/* ---- several at once -------------------------------------------------- */

const struct hvl_dev_model *traffic_net_many_device(void);

/** The transmit queue is set up, or set up anew. */
void traffic_net_many_start(void);

/** Send frames from @first up to @end. Return: the first one that was not. */
uint32_t traffic_net_send_many(uint32_t first, uint32_t end);

/** Receive what is there. Return: the number of the next one. */
uint32_t traffic_net_receive_many(uint32_t first, uint32_t end);

#endif /* TRAFFIC_NET_H */
