/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a line to a command: words, names, numbers, addresses; statistics of
 * pings; the checksum.
 */
#include "command.h"
#include "pingstat.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

uint16_t app_checksum(const void *data, int len);

static bool run(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return true;
}

static const struct command table[] = {
	{ "help", "", "", run },
	{ "net ping", "ADDR", "", run },
	{ "net", "", "", run },
	{ "net stats", "", "", run },
};

static const char *find(const char *text, int *used)
{
	static char line[80];
	char *argv[COMMAND_ARGS_MAX];
	const struct command *c;

	strcpy(line, text);
	c = command_find(table, sizeof(table) / sizeof(table[0]),
			 command_split(line, argv, COMMAND_ARGS_MAX), argv,
			 used);
	return c ? c->name : "none";
}

static void command_split_cuts_words(void **state)
{
	char line[] = "  net  ping -c 3  ", *argv[4];

	(void)state;
	assert_int_equal(command_split(line, argv, 4), 4);
	assert_string_equal(argv[0], "net");
	assert_string_equal(argv[1], "ping");
	assert_string_equal(argv[2], "-c");
	assert_string_equal(argv[3], "3");
}

static void command_split_takes_empty_lines(void **state)
{
	char nothing[] = "", spaces[] = "   ", *argv[1];

	(void)state;
	assert_int_equal(command_split(nothing, argv, 1), 0);
	assert_int_equal(command_split(spaces, argv, 1), 0);
}

static void command_split_refuses_too_many(void **state)
{
	char line[] = "a b c", *argv[2];

	(void)state;
	assert_int_equal(command_split(line, argv, 2), -1);
}

static void command_find_takes_whole_words(void **state)
{
	int used;

	(void)state;
	assert_string_equal(find("help", &used), "help");
	assert_int_equal(used, 1);
	assert_string_equal(find("net ping 1.2.3.4", &used), "net ping");
	assert_int_equal(used, 2);
	assert_string_equal(find("net other", &used), "net");
	assert_int_equal(used, 1);
	assert_string_equal(find("hel", &used), "none");
	assert_string_equal(find("helpme", &used), "none");
	assert_string_equal(find("ping", &used), "none");
}

static void command_knows_first_words(void **state)
{
	(void)state;
	assert_true(command_knows(&table[1], "net"));
	assert_false(command_knows(&table[1], "ne"));
	assert_false(command_knows(&table[1], "ping"));
}

static void command_number_checks_range(void **state)
{
	uint32_t v;

	(void)state;
	assert_true(command_number("0", 0, 10, &v));
	assert_int_equal(v, 0);
	assert_true(command_number("4294967295", 0, UINT32_MAX, &v));
	assert_int_equal(v, UINT32_MAX);
	assert_false(command_number("4294967296", 0, UINT32_MAX, &v));
	assert_false(command_number("99999999999999999999", 0, UINT32_MAX, &v));
	assert_false(command_number("0", 1, 10, &v));
	assert_false(command_number("11", 1, 10, &v));
	assert_false(command_number("", 0, 10, &v));
	assert_false(command_number("-1", 0, 10, &v));
	assert_false(command_number("1x", 0, 10, &v));
	assert_false(command_number("x", 0, 10, &v));
}

static void command_address_takes_four_bytes_only(void **state)
{
	static const char *const bad[] = { "",		"1",	    "1.2.3",
					   "1.2.3.",	"1.2.3.4.", "1.2.3.4.5",
					   "256.1.1.1", "1..2.3",   "1.2.3.4 ",
					   "a.b.c.d",	"1.2.3.-4", ".1.2.3" };
	uint32_t addr;

	(void)state;
	assert_true(command_address("192.168.200.254", &addr));
	assert_int_equal(addr, 0xc0a8c8fe);
	assert_true(command_address("0.0.0.0", &addr));
	assert_int_equal(addr, 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(command_address(bad[i], &addr));
}

static void pingstat_format_shows_times(void **state)
{
	struct pingstat stat = { 0 };
	char text[100];

	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		pingstat_sent(&stat);
	pingstat_received(&stat, 30);
	pingstat_received(&stat, 10);
	pingstat_received(&stat, 26);
	pingstat_format(&stat, text, sizeof(text));
	assert_string_equal(text, "4 sent, 3 received, 25 % lost, "
				  "min/avg/max 10/22/30 us");
}

static void pingstat_format_takes_no_answers(void **state)
{
	struct pingstat stat = { 0 };
	char text[100];

	(void)state;
	pingstat_format(&stat, text, sizeof(text));
	assert_string_equal(text, "0 sent, 0 received, 0 % lost");
	pingstat_sent(&stat);
	pingstat_format(&stat, text, sizeof(text));
	assert_string_equal(text, "1 sent, 0 received, 100 % lost");
}

static void pingstat_format_never_hides_a_loss(void **state)
{
	struct pingstat stat = { 0 };
	char text[100];

	(void)state;
	stat.sent = 1000000;
	stat.received = 999999;
	stat.sum_us = UINT64_C(999999) * 4000000;
	stat.min_us = stat.max_us = 4000000;
	pingstat_format(&stat, text, sizeof(text));
	assert_string_equal(text, "1000000 sent, 999999 received, 1 % lost, "
				  "min/avg/max 4000000/4000000/4000000 us");
}

static void pingstat_format_stays_in_its_buffer(void **state)
{
	struct pingstat stat = { 0 };
	char text[8] = "1234567";

	(void)state;
	pingstat_sent(&stat);
	pingstat_received(&stat, 5);
	pingstat_format(&stat, text, 5);
	assert_string_equal(text, "1 se");
	assert_string_equal(text + 5, "67");
}

/* RFC 1071 word by word, in the order of bytes of the data. */
static uint16_t checksum_want(const unsigned char *p, int len)
{
	uint32_t sum = 0;

	for (int i = 0; i < len; i++)
		sum += (uint32_t)p[i] << (i % 2 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static void app_checksum_equals_the_definition(void **state)
{
	unsigned char data[1600];

	(void)state;
	srand(1);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(rand() >> 7);
	for (int len = 0; len < 1520; len = len < 70 ? len + 1 : len + 29)
		for (int at = 0; at < 9; at++) {
			uint16_t have = app_checksum(data + at, len);
			unsigned char bytes[2];

			memcpy(bytes, &have, sizeof(have));
			assert_int_equal(bytes[0] << 8 | bytes[1],
					 checksum_want(data + at, len));
		}
	memset(data, 0xff, sizeof(data));
	assert_int_equal(app_checksum(data, 1500), 0xffff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(command_split_cuts_words),
		cmocka_unit_test(command_split_takes_empty_lines),
		cmocka_unit_test(command_split_refuses_too_many),
		cmocka_unit_test(command_find_takes_whole_words),
		cmocka_unit_test(command_knows_first_words),
		cmocka_unit_test(command_number_checks_range),
		cmocka_unit_test(command_address_takes_four_bytes_only),
		cmocka_unit_test(pingstat_format_shows_times),
		cmocka_unit_test(pingstat_format_takes_no_answers),
		cmocka_unit_test(pingstat_format_never_hides_a_loss),
		cmocka_unit_test(pingstat_format_stays_in_its_buffer),
		cmocka_unit_test(app_checksum_equals_the_definition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
