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
	int file = strcmp((*x)->file, (*y)->file);

	return file != 0 ? file : (*x)->counter - (*y)->counter;
}

size_t sim_site_list(const struct sim_site **sites, size_t max)
{
	size_t n = site_count(), i;

	for (i = 0; i < n && i < max; i++)
		sites[i] = __start_sim_sites[i];
	qsort(sites, i, sizeof(sites[0]), site_compare);
	return n;
}

/* Which one it is of those of the same kind in its function, from 1. */
static unsigned int site_ordinal(const struct sim_site *site)
{
	const struct sim_site *s;
	unsigned int n = 1;
	size_t i;

	for (i = 0; i < site_count(); i++) {
		s = __start_sim_sites[i];
		if (strcmp(s->file, site->file) == 0 &&
		    strcmp(s->function, site->function) == 0 &&
		    strcmp(s->accessor, site->accessor) == 0 &&
		    s->counter < site->counter)
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
