/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ivshmem_bell.h - boards whose shared memory and doorbell are one ivshmem
 *
 * Implements board_doorbell_ring(). bare_open() calls the two functions, in
 * this order; between them the board makes the shared memory accessible and
 * has its interrupt ready.
 */
#ifndef IVSHMEM_BELL_H
#define IVSHMEM_BELL_H

#include "ivshmem.h"

/**
 * ivshmem_bell_place() - place the shared memory where the loader says
 * @host: borrowed for the call; its message is not looked at
 * Return: NULL, or what is wrong, for board_panic().
 */
const char *ivshmem_bell_place(const struct ivshmem_host *host);

/**
 * ivshmem_bell_open() - take the doorbell that the loader says; not if polling
 * @host: as before, with its message, whose handler calls bare_rang()
 * Return: NULL, or what is wrong, for board_panic().
 */
const char *ivshmem_bell_open(const struct ivshmem_host *host);

#endif /* IVSHMEM_BELL_H */
