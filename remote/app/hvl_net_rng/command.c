/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * command.c - from a typed line to a command with arguments
 */
#include "command.h"

#include <string.h>

int command_split(char *line, char **argv, int max)
{
	int argc = 0;

	for (;;) {
		while (*line == ' ')
			line++;
		if (*line == '\0')
			return argc;
		if (argc == max)
			return -1;
		argv[argc++] = line;
		while (*line != ' ' && *line != '\0')
			line++;
		if (*line == ' ')
			*line++ = '\0';
	}
}

/* Length of the word that a name begins with. */
static size_t command_word(const char *name)
{
	size_t len = 0;

	while (name[len] != '\0' && name[len] != ' ')
		len++;
	return len;
}

static bool command_is_word(const char *name, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(name, word, len) == 0;
}

bool command_knows(const struct command *command, const char *word)
{
	return command_is_word(command->name, command_word(command->name),
			       word);
}

/* Return: words of @argv that are the name; 0: they are not. */
static int command_match(const char *name, int argc, char **argv)
{
	int used = 0;

	for (;;) {
		size_t len = command_word(name);

		if (used == argc || !command_is_word(name, len, argv[used]))
			return 0;
		used++;
		if (name[len] == '\0')
			return used;
		name += len + 1;
	}
}

const struct command *command_find(const struct command *table, size_t n,
				   int argc, char **argv, int *used)
{
	for (size_t i = 0; i < n; i++) {
		*used = command_match(table[i].name, argc, argv);
		if (*used > 0)
			return &table[i];
	}
	return NULL;
}

/* Digits up to @end; @text is moved behind them. */
static bool command_digits(const char **text, uint32_t max, uint32_t *value)
{
	const char *p = *text;
	uint64_t v = 0;

	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		v = v * 10 + (uint64_t)(*p - '0');
		if (v > max)
			return false;
	}
	*text = p;
	*value = (uint32_t)v;
	return true;
}

bool command_number(const char *text, uint32_t min, uint32_t max,
		    uint32_t *value)
{
	return command_digits(&text, max, value) && *text == '\0' &&
	       *value >= min;
}

bool command_address(const char *text, uint32_t *addr)
{
	uint32_t byte;

	*addr = 0;
	for (int i = 0; i < 4; i++) {
		if (!command_digits(&text, 255, &byte))
			return false;
		*addr = *addr << 8 | byte;
		if (*text != (i < 3 ? '.' : '\0'))
			return false;
		text++;
	}
	return true;
}
