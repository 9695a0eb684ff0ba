/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Both libraries on the simulated machine:
 *
 *   test_sim_traffic weak|caches
 *       every configuration of one kind, with many seeds
 *   test_sim_traffic <configuration> [<seed> [<count>]]
 *       one of them
 *
 * SIM_SCALE multiplies the number of runs. A run that fails prints the seed
 * that repeats it.
 */
#include "traffic.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIVES 4u
#define REQUESTS 60u
#define STEPS UINT64_C(2000000) /* in each configuration */

static uint64_t number(const char *text, uint64_t other)
{
	return text && *text ? strtoull(text, NULL, 0) : other;
}

/* Seeds from @seed on until enough was done. Return: 0, 1 on failure. */
static int run(const struct traffic_config *cfg, uint64_t seed, uint64_t count)
{
	uint64_t steps = STEPS * number(getenv("SIM_SCALE"), 1), total = 0;
	uint64_t n = 0;
	const char *why;

	while (count != 0 ? n < count : total < steps) {
		why = traffic_run(cfg, seed + n, LIVES, REQUESTS, NULL);
		if (why) {
			fprintf(stderr,
				"%s, seed %" PRIu64 ": %s\n"
				"repeat: test_sim_traffic %s %" PRIu64 " 1\n",
				cfg->name, seed + n, why, cfg->name, seed + n);
			return 1;
		}
		total += sim_steps();
		n++;
	}
	printf("%s: seeds %" PRIu64 " to %" PRIu64 ", %" PRIu64 " accesses\n",
	       cfg->name, seed, seed + n - 1, total);
	return 0;
}

static int run_kind(enum sim_kind kind)
{
	int ret = 0;
	size_t i;

	for (i = 0; i < traffic_config_count; i++) {
		if (traffic_configs[i].kind == kind)
			ret |= run(&traffic_configs[i], 1, 0);
	}
	return ret;
}

int main(int argc, char **argv)
{
	const struct traffic_config *cfg = argc > 1 ? traffic_find(argv[1]) :
						      NULL;
	size_t i;

	if (argc == 2 && strcmp(argv[1], "weak") == 0)
		return run_kind(SIM_WEAK);
	if (argc == 2 && strcmp(argv[1], "caches") == 0)
		return run_kind(SIM_CACHES);
	if (cfg)
		return run(cfg, number(argc > 2 ? argv[2] : NULL, 1),
			   number(argc > 3 ? argv[3] : NULL, 0));
	fprintf(stderr, "usage: test_sim_traffic weak|caches\n"
			"       test_sim_traffic "
			"<configuration> [<seed> [<count>]]\n");
	for (i = 0; i < traffic_config_count; i++)
		fprintf(stderr, "  %s\n", traffic_configs[i].name);
	return 2;
}
