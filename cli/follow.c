/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * follow.c - what is new in a trace buffer's text
 *
 * The longest end of the old text that is a start of the new one is what both
 * have in common. It is found in one pass (Knuth, Morris and Pratt), as the
 * text may be made to be slow.
 */
#include "follow.h"

#include <stdlib.h>
#include <string.h>

/* Length of the match after one more byte. @borders: of @now's starts */
static size_t follow_step(const char *now, size_t len, const size_t *borders,
			  size_t match, char byte)
{
	if (match == len)
		match = match ? borders[match - 1] : 0;
	while (match > 0 && now[match] != byte)
		match = borders[match - 1];
	return len > 0 && now[match] == byte ? match + 1 : 0;
}

size_t cli_follow(const char *before, const char *now)
{
	size_t len = strlen(now), match = 0;
	size_t *borders = calloc(len + 1, sizeof(*borders));

	if (!borders)
		return 0;
	for (size_t i = 1; i < len; i++)
		borders[i] =
			follow_step(now, len, borders, borders[i - 1], now[i]);
	for (; *before; before++)
		match = follow_step(now, len, borders, match, *before);
	free(borders);
	return match;
}
