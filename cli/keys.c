/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * keys.c - values that are lists: "ifname=tap0,mtu=1500"
 */
#include "keys.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static int keys_take(const struct cli_keys *keys, char *item, void *ctx,
		     unsigned int *seen, struct pmm_error *err)
{
	char *value = strchr(item, '=');
	unsigned int k = 0;

	if (value)
		*value++ = '\0';
	while (keys->table[k].name && strcmp(item, keys->table[k].name) != 0)
		k++;
	if (!keys->table[k].name)
		return pmm_fail(err, -EINVAL,
				"%s: unknown key \"%s\"; write %s",
				keys->option, item, keys->syntax);
	if (!value || !*value)
		return pmm_fail(err, -EINVAL, "%s: %s has no value; write %s",
				keys->option, item, keys->syntax);
	if (*seen & 1u << k)
		return pmm_fail(err, -EINVAL, "%s: %s is given twice",
				keys->option, item);
	*seen |= 1u << k;
	return keys->table[k].take(ctx, value, err);
}

int cli_keys_parse(const struct cli_keys *keys, char *list, void *ctx,
		   unsigned int *seen, struct pmm_error *err)
{
	unsigned int own = 0;
	char *item;
	int rc = 0;

	while (rc == 0 && (item = strsep(&list, ",")))
		rc = keys_take(keys, item, ctx, &own, err);
	if (seen)
		*seen = own;
	return rc;
}
