/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * arch/cc.h - what lwIP asks of compiler and system
 */
#ifndef APP_ARCH_CC_H
#define APP_ARCH_CC_H

#include <limits.h>
#include <stdint.h>
#include <sys/types.h> /* ssize_t */

#define LWIP_NO_INTTYPES_H 1
#define LWIP_NO_CTYPE_H 1
#define LWIP_NO_UNISTD_H 1
#ifndef SSIZE_MAX
#define SSIZE_MAX INT_MAX
#endif
#define X8_F "02x"
#define U16_F "u"
#define S16_F "d"
#define X16_F "x"
#define U32_F "u"
#define S32_F "d"
#define X32_F "x"
#define SZT_F "zu"

/* main.c: what it says of itself goes the way of every failed assertion. */
void app_lwip_failed(const char *what);
#define LWIP_PLATFORM_ASSERT(what) app_lwip_failed(what)
#define LWIP_PLATFORM_DIAG(args)

/* rng.c */
uint32_t app_random(void);
#define LWIP_RAND() app_random()

/* checksum.c */
uint16_t app_checksum(const void *data, int len);
#define LWIP_CHKSUM app_checksum

#endif /* APP_ARCH_CC_H */
