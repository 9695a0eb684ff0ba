/* SPDX-License-Identifier: BSD-3-Clause */
/* Options of the benchmark programs: tables, long names, one value each. */
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hvl/wire/virtio.h>
#include <hvl/wire/vring.h>

/* Seconds. In less nothing may happen at all. */
#define OPT_LEAST 0.001
#define OPT_MOST 1e6

const char *const bench_rings[] = { "split", "packed", NULL };

/* What changes the work of a ring; --ring packed is one of its own. */
static const struct {
	const char *name;
	unsigned int bit;
} features[] = {
	{ "indirect_desc", VIRTIO_RING_F_INDIRECT_DESC },
	{ "event_idx", VIRTIO_RING_F_EVENT_IDX },
	{ "in_order", VIRTIO_F_IN_ORDER },
};

static void opt_help(const char *program, const char *purpose,
		     const struct bench_opt *opts, size_t count)
{
	printf("Usage: %s [OPTION...]\n%s\n\n", program, purpose);
	for (size_t i = 0; i < count; i++)
		printf("  %-12s %s\n", opts[i].name, opts[i].help);
	exit(0);
}

static void opt_number(const struct bench_opt *o, const char *text)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 0);
	if (errno != 0 || end == text || *end != '\0' || n < o->min ||
	    n > o->max)
		bench_die(2, "%s %s: a number from %u to %u", o->name, text,
			  o->min, o->max);
	*(unsigned int *)o->value = (unsigned int)n;
}

static void opt_real(const struct bench_opt *o, const char *text)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || *end != '\0' || !(v >= OPT_LEAST && v <= OPT_MOST))
		bench_die(2, "%s %s: a number from %g to %.0f", o->name, text,
			  OPT_LEAST, OPT_MOST);
	*(double *)o->value = v;
}

static void opt_choice(const struct bench_opt *o, const char *text)
{
	char all[128] = "";

	for (unsigned int i = 0; o->choices[i]; i++) {
		if (strcmp(o->choices[i], text) == 0) {
			*(unsigned int *)o->value = i;
			return;
		}
		(void)snprintf(all + strlen(all), sizeof(all) - strlen(all),
			       "%s%s", i ? ", " : "", o->choices[i]);
	}
	bench_die(2, "%s %s: unknown; there are %s", o->name, text, all);
}

static void opt_set(const struct bench_opt *o, const char *text)
{
	switch (o->kind) {
	case BENCH_OPT_FLAG:
		*(bool *)o->value = true;
		break;
	case BENCH_OPT_NUM:
		opt_number(o, text);
		break;
	case BENCH_OPT_REAL:
		opt_real(o, text);
		break;
	case BENCH_OPT_CHOICE:
		opt_choice(o, text);
		break;
	case BENCH_OPT_STRING:
		*(const char **)o->value = text;
		break;
	}
}

/* "--size" or "--size=64". @value: what follows the sign, or NULL. */
static const struct bench_opt *opt_find(const struct bench_opt *opts,
					size_t count, const char *arg,
					const char **value)
{
	size_t len = strcspn(arg, "=");

	*value = arg[len] ? arg + len + 1 : NULL;
	for (size_t i = 0; i < count; i++)
		if (strlen(opts[i].name) == len &&
		    memcmp(opts[i].name, arg, len) == 0)
			return &opts[i];
	bench_die(2, "%.*s: no such option; --help lists them", (int)len, arg);
}

void bench_options(int argc, char **argv, const char *purpose,
		   const struct bench_opt *opts, size_t count)
{
	for (int i = 1; i < argc; i++) {
		const struct bench_opt *o;
		const char *value;

		if (strcmp(argv[i], "--help") == 0)
			opt_help(argv[0], purpose, opts, count);
		o = opt_find(opts, count, argv[i], &value);
		if (value && o->kind == BENCH_OPT_FLAG)
			bench_die(2, "%s: takes no value", o->name);
		if (!value && o->kind != BENCH_OPT_FLAG) {
			if (++i == argc)
				bench_die(2, "%s: its value is missing",
					  o->name);
			value = argv[i];
		}
		opt_set(o, value);
	}
}

static _Noreturn void feature_unknown(const char *name)
{
	char all[128] = "";

	for (size_t i = 0; i < HVL_ARRAY_SIZE(features); i++)
		(void)snprintf(all + strlen(all), sizeof(all) - strlen(all),
			       "%s%s", i ? ", " : "", features[i].name);
	bench_die(2, "--features \"%s\": unknown; there are %s", name, all);
}

static uint64_t feature_named(const char *name)
{
	for (size_t i = 0; i < HVL_ARRAY_SIZE(features); i++)
		if (strcmp(features[i].name, name) == 0)
			return HVL_BIT64(features[i].bit);
	feature_unknown(name);
}

uint64_t bench_features(unsigned int ring, const char *list)
{
	uint64_t mask = HVL_BIT64(VIRTIO_F_VERSION_1);
	char copy[256], *next = copy, *name;

	if (ring == BENCH_PACKED)
		mask |= HVL_BIT64(VIRTIO_F_RING_PACKED);
	if (*list == '\0')
		return mask;
	if (strlen(list) >= sizeof(copy))
		bench_die(2, "--features: the list is too long");
	strcpy(copy, list);
	while ((name = strsep(&next, ",")))
		mask |= feature_named(name);
	return mask;
}

void bench_check_num(unsigned int num)
{
	if (!hvl_vring_num_ok(num))
		bench_die(2, "--ring-size %u: a power of two up to %u", num,
			  HVL_VRING_NUM_MAX);
}

void bench_cores(const char *text, int cores[2])
{
	char end;

	if (sscanf(text, "%d,%d%c", &cores[0], &cores[1], &end) != 2 ||
	    cores[0] < 0 || cores[1] < 0)
		bench_die(2, "--cores %s: two numbers, as in 0,1", text);
}
