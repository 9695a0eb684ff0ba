/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whether the simulated machine misses each ordering and cache operation of
 * the library: they lose their effect one at a time, and a run must fail.
 *
 *   sim_mutants replay <list>   every site is listed, and its seed still kills
 *                               it; one that moved is looked for nearby
 *   sim_mutants search <list>   write the list anew to standard output; what
 *                               has an argument in the old one keeps it
 *
 * SIM_SEEDS says how many seeds a search tries in each configuration, SIM_SITE
 * names a part of the only sites, SIM_CONFIG of the only configurations.
 *
 * A line of the list is a site, a configuration and a seed; or a site, "-" and
 * why no seed can kill it.
 */
#include "traffic.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SITES_MAX 512u
#define NAME 120u
#define LIVES 4u
#define REQUESTS 30u
#define SEARCH_SEEDS 60u /* in each configuration */
#define SEARCH_POLLING 5u

struct line {
	char site[NAME];
	char config[40];
	uint64_t seed;
	char reason[80]; /* where config is "-" */
	bool found;	 /* the library has this site */
};

static struct line lines[SITES_MAX];
static size_t line_count;

static bool list_line(char *text, struct line *l)
{
	char *site = strtok(text, " \t\n");
	char *config = strtok(NULL, " \t\n");
	char *rest = strtok(NULL, "\n");

	if (!site || !config || !rest)
		return false;
	*l = (struct line){ .seed = strtoull(rest, NULL, 10) };
	(void)snprintf(l->site, sizeof(l->site), "%s", site);
	(void)snprintf(l->config, sizeof(l->config), "%s", config);
	(void)snprintf(l->reason, sizeof(l->reason), "%s", rest);
	return true;
}

static int list_read(const char *path)
{
	FILE *f = fopen(path, "r");
	char text[256];
	int ret = 0;

	if (!f) {
		perror(path);
		return 1;
	}
	while (fgets(text, sizeof(text), f)) {
		if (text[0] == '#' || text[0] == '\n')
			continue;
		if (line_count == SITES_MAX ||
		    !list_line(text, &lines[line_count])) {
			fprintf(stderr, "%s: bad line: %s\n", path, text);
			ret = 1;
			break;
		}
		line_count++;
	}
	(void)fclose(f);
	return ret;
}

static struct line *list_find(const char *site)
{
	size_t i;

	for (i = 0; i < line_count; i++) {
		if (strcmp(lines[i].site, site) == 0)
			return &lines[i];
	}
	return NULL;
}

static bool kills(const struct sim_site *site, const struct traffic_config *cfg,
		  uint64_t seed)
{
	return traffic_run(cfg, seed, LIVES, REQUESTS, site) &&
	       !traffic_run(cfg, seed, LIVES, REQUESTS, NULL);
}

static bool line_kills(const struct sim_site *site, const struct line *l)
{
	const struct traffic_config *cfg = traffic_find(l->config);

	return cfg && kills(site, cfg, l->seed);
}

static bool in_name(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

/* Whether the environment asks for nothing else. */
static bool is_asked(const char *variable, const char *name)
{
	const char *part = getenv(variable);

	return !part || in_name(name, part);
}

/* Whether a run of the configuration comes to the site, and would notice. */
static bool worth_trying(const struct sim_site *site,
			 const struct traffic_config *cfg, uint64_t seed)
{
	bool cache = strcmp(site->accessor, "clean") == 0 ||
		     strcmp(site->accessor, "invalidate") == 0;

	if (cache != (cfg->kind == SIM_CACHES) ||
	    !is_asked("SIM_CONFIG", cfg->name))
		return false;
	if (cfg->packed ? in_name(site->file, "vq_split.h") :
			  in_name(site->file, "vq_packed.h"))
		return false;
	if (in_name(site->file, "mmio_v1") && cfg->version != 1)
		return false;
	if (in_name(site->file, "mmio_v2") && cfg->version != 2)
		return false;
	/* Long runs, that hardly differ. */
	return cfg->mode != TRAFFIC_POLLING || seed <= SEARCH_POLLING;
}

/* Try the configurations in turn, seed by seed. */
static const struct traffic_config *search(const struct sim_site *site,
					   uint64_t *seed)
{
	const char *more = getenv("SIM_SEEDS");
	uint64_t seeds = more ? strtoull(more, NULL, 10) : SEARCH_SEEDS;
	size_t i;

	for (*seed = 1; *seed <= seeds; ++*seed) {
		for (i = 0; i < traffic_config_count; i++) {
			if (worth_trying(site, &traffic_configs[i], *seed) &&
			    kills(site, &traffic_configs[i], *seed))
				return &traffic_configs[i];
		}
	}
	return NULL;
}

/* Return: false when nothing kills the site. */
static bool search_site(const struct sim_site *site, const char *name)
{
	const struct line *old = list_find(name);
	const struct traffic_config *cfg;
	uint64_t seed;

	if (old && line_kills(site, old))
		cfg = traffic_find(old->config), seed = old->seed;
	else
		cfg = search(site, &seed);
	if (cfg)
		printf("%s %s %" PRIu64 "\n", name, cfg->name, seed);
	else if (old && strcmp(old->config, "-") == 0)
		printf("%s - %s\n", name, old->reason);
	else
		fprintf(stderr, "%s: no seed kills it\n", name);
	(void)fflush(stdout);
	return cfg || old;
}

/* Return: false when the list is wrong about the site. */
static bool replay_site(const struct sim_site *site, const char *name)
{
	struct line *l = list_find(name);
	const struct traffic_config *cfg;
	uint64_t seed;

	if (!l) {
		fprintf(stderr, "%s: not in the list\n", name);
		return false;
	}
	l->found = true;
	if (strcmp(l->config, "-") == 0)
		return true;
	if (line_kills(site, l))
		return true;
	/* The code around it has changed, and with it what a seed means. */
	cfg = search(site, &seed);
	if (!cfg) {
		fprintf(stderr, "%s: no seed kills it any more\n", name);
		return false;
	}
	printf("%s: now killed by %s %" PRIu64 "\n", name, cfg->name, seed);
	return true;
}

static bool list_all_found(void)
{
	bool ok = true;
	size_t i;

	for (i = 0; i < line_count; i++) {
		if (!lines[i].found) {
			fprintf(stderr, "%s: in the list, not in the library\n",
				lines[i].site);
			ok = false;
		}
	}
	return ok;
}

int main(int argc, char **argv)
{
	static const struct sim_site *sites[SITES_MAX];
	bool replay = argc == 3 && strcmp(argv[1], "replay") == 0, ok = true;
	size_t n = sim_site_list(sites, SITES_MAX), i;
	char name[NAME];

	if (!replay && !(argc == 3 && strcmp(argv[1], "search") == 0)) {
		fprintf(stderr, "usage: sim_mutants replay|search <list>\n");
		return 2;
	}
	if (n == 0 || n > SITES_MAX || list_read(argv[2]) != 0)
		return 1;
	if (!replay)
		puts("# SPDX-License-Identifier: BSD-3-Clause\n"
		     "# Made by `sim_mutants search` of the list before.");
	for (i = 0; i < n; i++) {
		sim_site_name(sites[i], name, sizeof(name));
		if (!is_asked("SIM_SITE", name))
			continue;
		ok &= replay ? replay_site(sites[i], name) :
			       search_site(sites[i], name);
	}
	if (replay && !getenv("SIM_SITE")) {
		ok &= list_all_found();
		if (!ok)
			fprintf(stderr,
				"a new list: sim_mutants search %s >NEW\n",
				argv[2]);
	}
	return ok ? 0 : 1;
}
