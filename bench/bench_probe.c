/* SPDX-License-Identifier: BSD-3-Clause */
/* How far apart two cores are now: a cache line goes to and fro. */
#include "pair.h"

static void probe_nothing(enum bench_side side, void *arg)
{
	(void)side;
	(void)arg;
}

int main(int argc, char **argv)
{
	const char *text = "0,1";
	const struct bench_opt opts[] = {
		{ "--cores", "A,B   the two cores (0,1)", BENCH_OPT_STRING,
		  &text, 0, 0, NULL },
	};
	struct bench_pair *pair;
	int cores[2];

	bench_options(argc, argv, "Times a cache line's round trip.", opts,
		      HVL_ARRAY_SIZE(opts));
	bench_cores(text, cores);
	if (cores[0] == cores[1])
		bench_die(2, "--cores %s: two different ones", text);
	pair = bench_pair_create(cores, 30);
	bench_pair_run(pair, probe_nothing, NULL);
	bench_json_begin("probe");
	bench_pair_json(pair);
	bench_json_end();
	return 0;
}
