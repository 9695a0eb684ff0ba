/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The drivers of the existing stack as a process: see legacy.h and process.h.
 *
 * A line on standard output for each event. SIGUSR1 makes the remote start
 * over, SIGTERM ends it with its counts. It exits with status 3 when an
 * assertion of the driver's fails, 4 when the device does what it must not.
 */
#include <err.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "legacy/legacy.h"
#include "process.h"

#define EXIT_DIED 3
#define EXIT_FAULT 4
#define IDLE_US 1000000u

struct options {
	struct legacy_config cfg;
	uint32_t stop_at; /* steps; 0: never */
	uint32_t storm;	  /* doorbells a second */
	uint32_t garbage; /* writes a second */
};

static struct process process;
static struct legacy driver;
static volatile sig_atomic_t restart_due, end_due;

static void on_signal(int number)
{
	if (number == SIGUSR1)
		restart_due = 1;
	else
		end_due = 1;
}

static void main_ring(void *ctx)
{
	(void)ctx;
	process_ring(&process);
}

static uint64_t main_now(void *ctx)
{
	(void)ctx;
	return process_now_us();
}

static void main_delay(void *ctx, uint32_t us)
{
	uint64_t until = process_now_us() + us;

	(void)ctx;
	while (process_now_us() < until)
		;
}

static void main_say(void *ctx, const char *line)
{
	(void)ctx;
	puts(line);
}

static void main_counts(void)
{
	const struct legacy_stats *s = &driver.stats;

	printf("boots %u rx %u tx %u rng %u interrupts %u notifications %u "
	       "first reads %u of %u\n",
	       s->boots, s->rx, s->tx, s->rng, s->interrupts, s->notifications,
	       s->first_hits, s->first_reads);
}

static void main_check(void)
{
	if (driver.died)
		errx(EXIT_DIED, "asserted: %s", driver.died);
	if (driver.fault)
		errx(EXIT_FAULT, "fault: %s", driver.fault);
}

static void main_option(struct options *o, const char *word, const char *value)
{
	struct legacy_config *c = &o->cfg;
	uint32_t n = strcmp(word, "variant") ? (uint32_t)process_number(value) :
					       0;

	if (strcmp(word, "variant") == 0 && strcmp(value, "branch") == 0)
		c->variant = LEGACY_BRANCH;
	else if (strcmp(word, "variant") == 0 && strcmp(value, "deployed") == 0)
		c->variant = LEGACY_DEPLOYED;
	else if (strcmp(word, "ids") == 0)
		c->ids = n;
	else if (strcmp(word, "reset") == 0)
		c->reset = n != 0;
	else if (strcmp(word, "timeout-us") == 0)
		c->timeout_us = n;
	else if (strcmp(word, "waits") == 0)
		c->waits = n;
	else if (strcmp(word, "first-read-us") == 0)
		c->first_read_us = n;
	else if (strcmp(word, "rng-us") == 0)
		c->rng_period_us = n;
	else if (strcmp(word, "stop-at") == 0)
		o->stop_at = n;
	else if (strcmp(word, "storm") == 0)
		o->storm = n;
	else if (strcmp(word, "garbage") == 0)
		o->garbage = n;
	else
		errx(2, "no option \"%s=%s\"", word, value);
}

static void main_options(struct options *o, char **argv)
{
	*o = (struct options){ .cfg = { .timeout_us = 4000000,
					.ring = main_ring,
					.now_us = main_now,
					.delay = main_delay,
					.say = main_say } };
	for (; *argv; argv++) {
		char *value = strchr(*argv, '=');

		if (!value)
			errx(2, "\"%s\" has no value", *argv);
		*value++ = '\0';
		main_option(o, *argv, value);
	}
}

/* What was due since then, of so many a second. */
static uint64_t main_due(uint64_t since_us, uint32_t a_second)
{
	return (process_now_us() - since_us) * a_second / 1000000u;
}

/* A remote that writes anything anywhere in its registers. */
static void main_garbage(const struct options *o)
{
	uint64_t start = process_now_us(), done = 0;

	puts("writes garbage");
	while (!end_due) {
		for (; done < main_due(start, o->garbage); done++) {
			uint32_t off = (uint32_t)random() %
				       (PROCESS_BLOCK * PROCESS_BLOCKS);
			uint32_t v = random() % 2 ? (uint32_t)random() :
						    (uint32_t)random() % 16;

			*(volatile uint32_t *)(void *)(process.mem +
						       (off & ~3u)) = v;
			process_ring(&process);
		}
		(void)process_wait(&process, -1, 1000);
	}
}

static void main_stop(void)
{
	printf("stopped at step %u\n", driver.steps);
	while (!end_due)
		(void)process_wait(&process, -1, IDLE_US);
}

static void main_run(const struct options *o)
{
	uint64_t start = process_now_us(), rung = 0, now, until;

	while (!end_due) {
		if (restart_due) {
			restart_due = 0;
			legacy_boot(&driver);
		}
		if (o->stop_at && driver.steps >= o->stop_at) {
			main_stop();
			return;
		}
		if (process_wait(&process, -1, 0))
			legacy_interrupt(&driver);
		until = legacy_step(&driver);
		main_check();
		now = process_now_us();
		for (; o->storm && rung < main_due(start, o->storm); rung++)
			process_ring(&process);
		if (until <= now)
			continue;
		until = until - now < IDLE_US ? until - now : IDLE_US;
		if (o->storm && until > 500)
			until = 500;
		if (process_wait(&process, -1, until))
			legacy_interrupt(&driver);
		main_check();
	}
}

int main(int argc, char **argv)
{
	struct sigaction act = { .sa_handler = on_signal };
	struct options o;

	if (argc < 7)
		errx(2, "use: FILE OFFSET ADDRESS SIZE connect:SOCKET|"
			"listen:SOCKET DEVICES [NAME=VALUE]...");
	setvbuf(stdout, NULL, _IOLBF, 0);
	(void)sigaction(SIGUSR1, &act, NULL);
	(void)sigaction(SIGTERM, &act, NULL);
	main_options(&o, argv + 7);
	process_open(&process, argv + 1);
	o.cfg.mem = process.mem;
	o.cfg.da = process.da;
	o.cfg.size = process.size;
	if (o.cfg.size < LEGACY_MEM_MIN)
		errx(2, "the memory has less than %u bytes", LEGACY_MEM_MIN);
	legacy_init(&driver, &o.cfg);
	legacy_boot(&driver);
	if (o.garbage)
		main_garbage(&o);
	else
		main_run(&o);
	main_counts();
	return 0;
}
