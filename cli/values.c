/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * values.c - numbers, sizes and addresses as people write them
 */
#include "values.h"

#include <ctype.h>
#include <net/if.h>
#include <stddef.h>
#include <string.h>

static int value_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* Return: what follows the digits; NULL without any, or too large. */
static const char *value_scan(const char *text, uint64_t *value)
{
	unsigned int base = 10;
	const char *first;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	}
	first = text;
	*value = 0;
	for (; value_digit(*text) < (int)base; text++) {
		uint64_t digit = (uint64_t)value_digit(*text);

		if (*value > (UINT64_MAX - digit) / base)
			return NULL;
		*value = *value * base + digit;
	}
	return text == first ? NULL : text;
}

bool cli_number(const char *text, uint64_t *value)
{
	const char *end = value_scan(text, value);

	return end && *end == '\0';
}

bool cli_size(const char *text, uint64_t *value)
{
	static const char units[] = "KMG";
	const char *end = value_scan(text, value);
	const char *unit;
	unsigned int shift;

	if (!end || *end == '\0')
		return end != NULL;
	unit = strchr(units, toupper((unsigned char)*end));
	if (!unit || end[1] != '\0')
		return false;
	shift = 10 * (unsigned int)(unit - units + 1);
	if (*value > UINT64_MAX >> shift)
		return false;
	*value <<= shift;
	return true;
}

bool cli_mac(const char *text, uint8_t mac[6])
{
	for (int i = 0; i < 6; i++) {
		int high = value_digit(text[0]);
		int low = high < 16 ? value_digit(text[1]) : 16;

		if (low > 15 || text[2] != (i < 5 ? ':' : '\0'))
			return false;
		mac[i] = (uint8_t)(high << 4 | low);
		text += 3;
	}
	return true;
}

bool cli_ifname_ok(const char *name)
{
	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	    strlen(name) >= IFNAMSIZ)
		return false;
	for (; *name; name++) {
		unsigned char c = (unsigned char)*name;

		/* '%' would make the kernel choose a number. */
		if (!isgraph(c) || c == '/' || c == ':' || c == '%')
			return false;
	}
	return true;
}
