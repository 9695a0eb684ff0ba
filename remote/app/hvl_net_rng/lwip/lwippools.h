/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lwippools.h - the pools behind lwIP's mem_malloc(), smallest first
 *
 * Included several times, for several meanings of its macros. Sizes: an
 * acknowledgement; a full segment with its headers; a datagram that comes in
 * fragments.
 */
LWIP_MALLOC_MEMPOOL_START
LWIP_MALLOC_MEMPOOL(2 * APP_TCP_SEGMENTS, 256)
LWIP_MALLOC_MEMPOOL(2 * APP_TCP_SEGMENTS + 8, 1664)
#if APP_LARGE_BUFFERS > 0
LWIP_MALLOC_MEMPOOL(APP_LARGE_BUFFERS, 10240)
#endif
LWIP_MALLOC_MEMPOOL_END
