/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * command.h - from a typed line to a command with arguments
 *
 * Threads  Any; no state.
 */
#ifndef APP_COMMAND_H
#define APP_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COMMAND_ARGS_MAX 12

struct command {
	const char *name;  /* one or two words: "net ping" */
	const char *usage; /* what follows it: "[-c N] ADDR" */
	const char *help;  /* one line */
	/* Arguments after the name. Return: false when they are not right. */
	bool (*run)(int argc, char **argv);
};

/**
 * command_split() - cut a line into words, in place
 * Return: how many, or -1 when there are more than @max.
 */
int command_split(char *line, char **argv, int max);

/**
 * command_find() - the command that words begin with
 * @table: commands
 * @n:     of them
 * @argc:  words, at least one
 * @argv:  the words
 * @used:  how many of them are its name
 * Return: NULL when there is none.
 */
const struct command *command_find(const struct command *table, size_t n,
				   int argc, char **argv, int *used);

/** command_knows() - whether a command's name begins with @word */
bool command_knows(const struct command *command, const char *word);

/** command_number() - a whole decimal number from @min to @max */
bool command_number(const char *text, uint32_t min, uint32_t max,
		    uint32_t *value);

/** command_address() - an IPv4 address "a.b.c.d", first byte highest */
bool command_address(const char *text, uint32_t *addr);

#endif /* APP_COMMAND_H */
