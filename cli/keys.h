/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cli/keys.h - values that are lists: "ifname=tap0,mtu=1500"
 */
#ifndef CLI_KEYS_H
#define CLI_KEYS_H

#include "error.h"

/* An entry without a name ends the table, which has 31 at most. */
struct cli_key {
	const char *name; /* "mtu" */
	/* Return: 0, or -EINVAL and @err. */
	int (*take)(void *ctx, const char *value, struct pmm_error *err);
};

struct cli_keys {
	const char *option; /* "--net" */
	const char *syntax; /* of its whole value */
	const struct cli_key *table;
};

/**
 * cli_keys_parse() - go through a list, each key at most once
 * @keys: what may stand there
 * @list: cut up; values are borrowed from it; NULL: there is none
 * @ctx:  for take()
 * @seen: gets a bit for each key, by its place in the table; may be NULL
 * @err:  filled in on failure
 * Return: 0 or negative errno.
 */
int cli_keys_parse(const struct cli_keys *keys, char *list, void *ctx,
		   unsigned int *seen, struct pmm_error *err);

#endif /* CLI_KEYS_H */
