/* SPDX-License-Identifier: BSD-3-Clause */
/* Two processes on two cores: see pair.h. */
#include "pair.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROBE_CHUNKS 64u
#define PROBE_TRIPS 500u
/* Round trips of 110 and of 510 ns have been seen: the limit lies between. */
#define PROBE_FAR_NS 250.0

struct bench_pair *bench_pair_create(const int cores[2], unsigned int limit_s)
{
	struct bench_pair *pair = bench_map(sizeof(*pair), false);

	memcpy(pair->cores, cores, sizeof(pair->cores));
	pair->limit_s = limit_s;
	return pair;
}

/* The child ends with us. */
static void pair_late(int signal)
{
	static const char text[] = "bench: not done in time: given up\n";

	(void)signal;
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(2);
	_exit(1);
}

/* The parent may be spinning: it must not wait for a child that is gone. */
static void pair_child_ended(int signal)
{
	static const char text[] = "bench: the driver's process failed\n";
	int saved = errno, status;

	(void)signal;
	if (waitpid(-1, &status, WNOHANG) > 0 && status != 0) {
		if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
			_exit(2);
		_exit(1);
	}
	errno = saved;
}

void bench_pair_meet(struct bench_pair *pair, enum bench_side side)
{
	uint64_t mine = bench_word_get(&pair->step[side]) + 1;

	bench_word_set(&pair->step[side], mine);
	while (bench_word_get(&pair->step[!side]) < mine) {
		/* On one core the other side gets there only if we step back,
		 * in real-time scheduling for ever. */
		if (pair->cores[0] == pair->cores[1])
			sched_yield();
		else
			bench_relax();
	}
}

static void probe_answer(struct bench_pair *pair)
{
	uint64_t n;

	for (n = 1; n <= PROBE_CHUNKS * PROBE_TRIPS; n++) {
		while (bench_word_get(&pair->turn[BENCH_DEVICE]) != n)
			;
		bench_word_set(&pair->turn[BENCH_DRIVER], n);
	}
}

/* The median of many short chunks: interruptions spoil only a few of them. */
static double probe_ask(struct bench_pair *pair)
{
	double chunk[PROBE_CHUNKS];
	uint64_t n = 0, start;

	for (unsigned int c = 0; c < PROBE_CHUNKS; c++) {
		start = bench_now_ns();
		for (unsigned int i = 0; i < PROBE_TRIPS; i++) {
			bench_word_set(&pair->turn[BENCH_DEVICE], ++n);
			while (bench_word_get(&pair->turn[BENCH_DRIVER]) != n)
				;
		}
		chunk[c] = (double)(bench_now_ns() - start) / PROBE_TRIPS;
	}
	return bench_median(chunk, PROBE_CHUNKS);
}

static void probe(struct bench_pair *pair, enum bench_side side, double *result)
{
	/* On one core there is no distance, and spinning takes for ever. */
	if (pair->cores[0] == pair->cores[1])
		return;
	bench_word_set(&pair->turn[side], 0);
	bench_pair_meet(pair, side);
	if (side == BENCH_DEVICE)
		*result = probe_ask(pair);
	else
		probe_answer(pair);
	bench_pair_meet(pair, side);
}

static void pair_side(struct bench_pair *pair, enum bench_side side,
		      void (*run)(enum bench_side side, void *arg), void *arg)
{
	bench_pin(pair->cores[side]);
	probe(pair, side, &pair->before_ns);
	run(side, arg);
	probe(pair, side, &pair->after_ns);
}

void bench_pair_run(struct bench_pair *pair,
		    void (*run)(enum bench_side side, void *arg), void *arg)
{
	struct sigaction ended = {
		.sa_handler = pair_child_ended,
		.sa_flags = SA_RESTART,
	};
	pid_t parent = getpid();
	int status;

	sigaction(SIGCHLD, &ended, NULL);
	signal(SIGALRM, pair_late);
	fflush(stdout);
	pair->child = fork();
	if (pair->child < 0)
		bench_die(1, "fork: %s", strerror(errno));
	if (pair->child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* It may have ended before that. */
		if (getppid() != parent)
			_exit(1);
		pair_side(pair, BENCH_DRIVER, run, arg);
		_exit(0);
	}
	alarm(pair->limit_s);
	pair_side(pair, BENCH_DEVICE, run, arg);
	/* The handler may have taken it already, and found nothing wrong. */
	signal(SIGCHLD, SIG_DFL);
	if (waitpid(pair->child, &status, 0) == pair->child && status != 0)
		bench_die(1, "the driver's process failed");
}

static bool probe_is_far(double ns)
{
	return ns > PROBE_FAR_NS;
}

void bench_pair_json(const struct bench_pair *pair)
{
	const char *placement = "mixed";

	if (pair->cores[0] == pair->cores[1]) {
		bench_json_string("placement", "one core");
		return;
	}
	if (probe_is_far(pair->before_ns) == probe_is_far(pair->after_ns))
		placement = probe_is_far(pair->before_ns) ? "far" : "near";
	bench_json_real("probe_before_ns", pair->before_ns);
	bench_json_real("probe_after_ns", pair->after_ns);
	bench_json_string("placement", placement);
}
