/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * responder.h - the smallest host there can be: answers ARP and ping
 */
#ifndef LEGACY_RESPONDER_H
#define LEGACY_RESPONDER_H

#include <stdint.h>

/**
 * responder_answer() - what 192.168.200.2 says to a frame
 * @mac:   of this host
 * @frame: Ethernet frame; becomes the answer, where it lies
 * @len:   bytes of it
 * Return: bytes of the answer, 0 when there is none.
 */
uint32_t responder_answer(const uint8_t mac[6], uint8_t *frame, uint32_t len);

#endif /* LEGACY_RESPONDER_H */
