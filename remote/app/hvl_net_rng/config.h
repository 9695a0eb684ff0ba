/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * config.h - addresses, and sizes by the memory that the board has
 *
 * BOARD_RAM_KIB comes from the board's board.cmake. Used by lwIP's options as
 * well, so it holds nothing but macros.
 */
#ifndef APP_CONFIG_H
#define APP_CONFIG_H

/* The main side of the reference demo is 192.168.200.254. */
#define APP_IP 192, 168, 200, 2
#define APP_NETMASK 255, 255, 255, 0
#define APP_PREFIX 24
#define APP_GATEWAY 192, 168, 200, 254

#define APP_ECHO_PORT 7
#define APP_ECHO_CONNECTIONS 4u /* a window of memory each */

#define APP_RECHECK_US 10000u	/* a lost doorbell stalls no longer */
#define APP_POLL_US 50u		/* without a doorbell */
#define APP_HEARTBEAT_US 50000u /* the loader expects one in 100 ms */

#define APP_DEVICES_MAX 8u
#define APP_NET_BUDGET 64u /* frames in a round */

#ifndef BOARD_RAM_KIB
#error "board.cmake does not define BOARD_RAM_KIB"
#endif

#if BOARD_RAM_KIB >= 8192
#define APP_NET_RING 256u
#define APP_TCP_SEGMENTS 180 /* in a window */
#define APP_TCP_CONNECTIONS 16
#define APP_LARGE_BUFFERS 4
#define APP_POOL_MAP_WORDS 1024u
#elif BOARD_RAM_KIB >= 1024
#define APP_NET_RING 64u
#define APP_TCP_SEGMENTS 22
#define APP_TCP_CONNECTIONS 8
#define APP_LARGE_BUFFERS 1
#define APP_POOL_MAP_WORDS 256u
#else
#define APP_NET_RING 8u
#define APP_TCP_SEGMENTS 4
#define APP_TCP_CONNECTIONS 4
#define APP_LARGE_BUFFERS 0
#define APP_POOL_MAP_WORDS 64u
#endif

#endif /* APP_CONFIG_H */
