/* SPDX-License-Identifier: BSD-3-Clause */
/* The list of sites, and names for them that outlive changes of lines. */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bounds of the linker section that SIM_AT() fills. */
extern const struct sim_site *const __start_sim_sites[];
extern const struct sim_site *const __stop_sim_sites[];

static size_t site_count(void)
{
	return (size_t)(__stop_sim_sites - __start_sim_sites);
}

static int site_compare(const void *a, const void *b)
{
	const struct sim_site *const *x = a, *const *y = b;
	int ret = strcmp((*x)->file, (*y)->file);

	if (ret == 0)
		ret = (*x)->line - (*y)->line;
	return ret != 0 ? ret : strcmp((*x)->accessor, (*y)->accessor);
}

size_t sim_site_list(const struct sim_site **sites, size_t max)
{
	size_t all = site_count(), n = 0, i;

	if (all > max)
		return all;
	for (i = 0; i < all; i++)
		sites[i] = __start_sim_sites[i];
	qsort(sites, all, sizeof(sites[0]), site_compare);
	for (i = 0; i < all; i++) {
		if (n == 0 || !sim_site_same(sites[n - 1], sites[i]))
			sites[n++] = sites[i];
	}
	return n;
}

/* Which one it is of those of the same kind in its function, from 1. */
static unsigned int site_ordinal(const struct sim_site *site)
{
	const struct sim_site *s;
	unsigned int n = 1;
	int last = 0;
	size_t i;

	/* Of each source the records are in the order of its lines. */
	for (i = 0; i < site_count(); i++) {
		s = __start_sim_sites[i];
		if (strcmp(s->file, site->file) != 0 ||
		    strcmp(s->function, site->function) != 0 ||
		    strcmp(s->accessor, site->accessor) != 0 ||
		    s->line >= site->line || s->line <= last)
			continue;
		last = s->line;
		n++;
	}
	return n;
}

void sim_site_name(const struct sim_site *site, char *name, size_t size)
{
	const char *lib = strstr(site->file, "lib/");

	(void)snprintf(name, size, "%s:%s:%s:%u", lib ? lib + 4 : site->file,
		       site->function, site->accessor, site_ordinal(site));
}
