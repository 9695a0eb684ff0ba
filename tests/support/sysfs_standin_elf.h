/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sysfs_standin_elf.h - what Linux's ELF hooks make of a firmware file
 *
 * Written from the kernel's rules and the system's <elf.h>, not from our own
 * loader: a file that only one of the two takes is found.
 */
#ifndef TESTS_SYSFS_STANDIN_ELF_H
#define TESTS_SYSFS_STANDIN_ELF_H

#include <stddef.h>

/** standin_elf_check() - headers and segments; Return: 0 or -EINVAL */
int standin_elf_check(const void *image, size_t size);

/**
 * standin_elf_table() - find the resource table of a checked file
 * @at:  its place in the file
 * @len: of its section
 * Return: 0; -EINVAL when there is none that Linux takes.
 */
int standin_elf_table(const void *image, size_t size, size_t *at, size_t *len);

/** standin_table_check() - its entries; Return: 0 or -EINVAL */
int standin_table_check(const void *table, size_t len);

#endif /* TESTS_SYSFS_STANDIN_ELF_H */
