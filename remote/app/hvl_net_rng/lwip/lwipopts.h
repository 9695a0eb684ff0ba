/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lwipopts.h - lwIP as this application uses it
 *
 * No system below, raw API, IPv4. All memory comes from pools of fixed size,
 * so that no allocation searches and none fragments.
 */
#ifndef APP_LWIPOPTS_H
#define APP_LWIPOPTS_H

#include "config.h"

#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0
#define LWIP_STATS 0

#define LWIP_IPV4 1
#define LWIP_IPV6 0
#define LWIP_ARP 1
/* Answers wait for an address; by default only the latest would. */
#define ARP_QUEUEING 1
#define ARP_QUEUE_LEN 8
#define MEMP_NUM_ARP_QUEUE 16
#define LWIP_ICMP 1
#define LWIP_RAW 1
#define LWIP_UDP 1
#define LWIP_TCP 1
#define LWIP_DHCP 0
#define LWIP_DNS 0
#define LWIP_IGMP 0
#define LWIP_AUTOIP 0

/* One's own address can be pinged. */
#define LWIP_NETIF_LOOPBACK 1
#define LWIP_HAVE_LOOPIF 0
#define LWIP_NETIF_LINK_CALLBACK 0

/* Received frames stay where the device wrote them. */
#define LWIP_SUPPORT_CUSTOM_PBUF 1

/* lwippools.h */
#define MEM_ALIGNMENT 8
#define MEM_LIBC_MALLOC 0
#define MEMP_MEM_MALLOC 0
#define MEM_USE_POOLS 1
#define MEM_USE_POOLS_TRY_BIGGER_POOL 1
#define MEMP_USE_CUSTOM_POOLS 1

#define TCP_MSS 1460
#define TCP_WND (APP_TCP_SEGMENTS * TCP_MSS)
#define TCP_SND_BUF (APP_TCP_SEGMENTS * TCP_MSS)
#define TCP_SND_QUEUELEN (4 * APP_TCP_SEGMENTS)
#define TCP_SNDLOWAT (2 * TCP_MSS + 1)
#define TCP_QUEUE_OOSEQ 1
#define TCP_OOSEQ_MAX_PBUFS (APP_TCP_SEGMENTS / 4)
#define PBUF_POOL_FREE_OOSEQ 1
#define TCP_LISTEN_BACKLOG 1
#define LWIP_TCP_TIMESTAMPS 0
#if APP_TCP_SEGMENTS > 44
#define LWIP_WND_SCALE 1
#define TCP_RCV_SCALE 3
#endif

#define MEMP_NUM_TCP_PCB APP_TCP_CONNECTIONS
#define MEMP_NUM_TCP_PCB_LISTEN 4
#define MEMP_NUM_TCP_SEG (2 * TCP_SND_QUEUELEN)
#define MEMP_NUM_UDP_PCB 4
#define MEMP_NUM_RAW_PCB 4
#define MEMP_NUM_PBUF (2 * TCP_SND_QUEUELEN)
#define MEMP_NUM_REASSDATA 4
#define MEMP_NUM_FRAG_PBUF 16
#define IP_REASS_MAX_PBUFS 16

/* For frames that are copied: as many as a window, by lwIP's own check. */
#define PBUF_POOL_SIZE (APP_TCP_SEGMENTS + 16)
#define PBUF_POOL_BUFSIZE 1536

#define ETHARP_SUPPORT_VLAN 0
#define ETH_PAD_SIZE 0

/* Milliseconds: a peer that is gone holds no connection for ever. */
#define LWIP_TCP_KEEPALIVE 1
#define TCP_KEEPIDLE_DEFAULT 60000UL
#define TCP_KEEPINTVL_DEFAULT 10000UL
#define TCP_KEEPCNT_DEFAULT 6U
#define SO_REUSE 0

#endif /* APP_LWIPOPTS_H */
