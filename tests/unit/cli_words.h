/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A command line as one string, for the tests of what commands take and refuse.
 */
#ifndef CLI_WORDS_H
#define CLI_WORDS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "options.h"

#define ARGS_MAX 80
/* 108 characters */
#define LONG_PATH                                                \
	"/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* What is refused, and the message. */
struct refusal {
	const char *words, *text;
};

/*
 * Words are split at spaces; "_" stands for the test's own file. They last until
 * the next call. Return: their number, with the command's name.
 */
static inline int split_words(char *command, const char *words,
			      char *argv[ARGS_MAX])
{
	static char text[4096];
	char *next = text, *word;
	int argc = 1;

	argv[0] = command;
	(void)snprintf(text, sizeof(text), "%s", words);
	while (*text && (word = strsep(&next, " "))) {
		assert_true(argc < ARGS_MAX);
		argv[argc++] = strcmp(word, "_") ? word : "/proc/self/exe";
	}
	return argc;
}

/* Each with its message, which is one line. */
static inline void assert_refused(int (*parse)(const char *words,
					       struct pmm_error *err),
				  const struct refusal *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct pmm_error err;

		assert_true(parse(cases[i].words, &err) < 0);
		assert_string_equal(err.text, cases[i].text);
		assert_null(strchr(err.text, '\n'));
	}
}

/* Every option, in lines that fit. */
static inline void assert_helps(const struct cli_command *command)
{
	char text[8192] = "";
	FILE *f = tmpfile();

	assert_non_null(f);
	cli_options_help(command, f);
	rewind(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	(void)fclose(f);
	for (const struct cli_option *o = command->options; o->name; o++) {
		char name[40];

		(void)snprintf(name, sizeof(name), "--%s", o->name);
		assert_non_null(strstr(text, name));
	}
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		assert_true(strlen(line) <= 80);
}

#endif /* CLI_WORDS_H */
