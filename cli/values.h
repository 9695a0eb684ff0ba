/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cli/values.h - numbers, sizes and addresses as people write them
 */
#ifndef CLI_VALUES_H
#define CLI_VALUES_H

#include <stdbool.h>
#include <stdint.h>

/** cli_number() - decimal, or hexadecimal with 0x. Return: false: it is not,
 * or does not fit. */
bool cli_number(const char *text, uint64_t *value);

/** cli_size() - a number, and K, M or G after it for 2^10, 2^20, 2^30 */
bool cli_size(const char *text, uint64_t *value);

/** cli_mac() - six bytes in hexadecimal with colons between them */
bool cli_mac(const char *text, uint8_t mac[6]);

/** cli_ifname_ok() - may an interface be called that? */
bool cli_ifname_ok(const char *name);

#endif /* CLI_VALUES_H */
