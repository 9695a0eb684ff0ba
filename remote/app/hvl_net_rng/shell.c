/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shell.c - commands from the UART
 */
#include "app.h"

#include <string.h>

#include <hvl/metal/errno.h>
#include <hvl/metal/log.h>
#include <hvl/metal/time.h>
#include <hvl/wire/net.h>

#include "board.h"
#include "command.h"
#include "edit.h"

#define SHELL_PROMPT "hvl> "

#define SHELL_PING_COUNT 3u
#define SHELL_PING_SIZE 56u
#define SHELL_PING_SIZE_MAX 1472u /* in one frame with headers */
#define SHELL_PING_MS 1000u
#define SHELL_RNG_BYTES 32u
#define SHELL_RNG_MAX 1024u

static struct edit shell_edit;
static bool shell_pinging;

static bool shell_help(int argc, char **argv);

static bool shell_device_list(int argc, char **argv)
{
	(void)argv;
	if (argc != 0)
		return false;
	for (unsigned int i = 0; i < app_devices_count(); i++) {
		const struct app_device *dev = app_devices_at(i);

		app_print("%-6s virtio device %u, mmio version %u, %s, "
			  "%u resets\n",
			  dev->name, (unsigned int)dev->dev.id,
			  (unsigned int)dev->dev.version,
			  !dev->drv ? "not used" :
			  dev->up   ? "up" :
				      "down",
			  dev->resets);
	}
	if (app_devices_count() == 0)
		app_print("no devices\n");
	return true;
}

static bool shell_device_features(int argc, char **argv)
{
	(void)argv;
	if (argc != 0)
		return false;
	for (unsigned int i = 0; i < app_devices_count(); i++)
		app_features_print(app_devices_at(i));
	if (app_devices_count() == 0)
		app_print("no devices\n");
	return true;
}

static bool shell_net_iface(int argc, char **argv)
{
	(void)argv;
	if (argc != 0)
		return false;
	app_net_print_iface();
	return true;
}

static bool shell_net_stats(int argc, char **argv)
{
	(void)argv;
	if (argc != 0)
		return false;
	app_net_print_stats();
	return true;
}

static bool shell_net_reset(int argc, char **argv)
{
	bool rx = argc == 1 && strcmp(argv[0], "rx") == 0;
	int rc;

	if (!rx && (argc != 1 || strcmp(argv[0], "tx") != 0))
		return false;
	rc = app_net_reset(
		(uint16_t)(rx ? HVL_NET_QUEUE_RX : HVL_NET_QUEUE_TX));
	if (rc == -ENODEV)
		app_print("net reset: no device is up\n");
	else if (rc == -ENOTSUP)
		app_print("net reset: ring_reset was not negotiated\n");
	else if (rc < 0)
		app_print("net reset: %s\n", app_error_text(rc));
	else
		app_print("net reset: %s starts anew\n", argv[0]);
	return true;
}

/* Options of net ping; the number follows as a word of its own. */
static const struct shell_option {
	const char *name;
	uint32_t min, max;
} shell_ping_options[] = {
	{ "-c", 1, UINT32_MAX },
	{ "-s", 0, SHELL_PING_SIZE_MAX },
	{ "-i", 0, 3600000 },
};

static bool shell_ping_option(char **argv, uint32_t *values)
{
	for (size_t i = 0; i < HVL_ARRAY_SIZE(shell_ping_options); i++) {
		const struct shell_option *o = &shell_ping_options[i];

		if (argv[0][1] == o->name[1] && argv[0][2] == '\0')
			return command_number(argv[1], o->min, o->max,
					      &values[i]);
	}
	return false;
}

static bool shell_net_ping(int argc, char **argv)
{
	uint32_t values[] = { SHELL_PING_COUNT, SHELL_PING_SIZE,
			      SHELL_PING_MS };
	uint32_t addr;

	for (; argc > 2 && argv[0][0] == '-'; argc -= 2, argv += 2)
		if (!shell_ping_option(argv, values))
			return false;
	if (argc != 1 || !command_address(argv[0], &addr))
		return false;
	shell_pinging = app_ping_start(addr, values[0], values[1],
				       (uint64_t)values[2] * 1000);
	return true;
}

static bool shell_rng(int argc, char **argv)
{
	uint8_t buf[SHELL_RNG_BYTES];
	uint32_t left = SHELL_RNG_BYTES;
	int rc;

	if (argc > 1 ||
	    (argc == 1 && !command_number(argv[0], 1, SHELL_RNG_MAX, &left)))
		return false;
	while (left > 0) {
		uint32_t n = left < sizeof(buf) ? left : sizeof(buf);

		rc = app_rng_read(buf, n);
		if (rc < 0) {
			app_print("rng: %s\n", rc == -ENODEV ?
						       "no device" :
						       app_error_text(rc));
			return true;
		}
		app_rng_print("", buf, n);
		left -= n;
	}
	return true;
}

static bool shell_reboot(int argc, char **argv)
{
	(void)argv;
	if (argc != 0)
		return false;
	app_say("reboot on request");
	board_restart();
}

static bool shell_crash(int argc, char **argv)
{
	return argc <= 1 && app_crash(argc == 1 ? argv[0] : NULL);
}

static bool shell_break_net(int argc, char **argv)
{
	(void)argv;
	if (argc != 0)
		return false;
	if (!app_net_break())
		app_print("break net: no device is up\n");
	return true;
}

static bool shell_break_rng(int argc, char **argv)
{
	(void)argv;
	if (argc != 0)
		return false;
	if (!app_rng_break())
		app_print("break rng: no device is up\n");
	return true;
}

static bool shell_uptime(int argc, char **argv)
{
	(void)argv;
	if (argc != 0)
		return false;
	app_print("%u s\n", (unsigned int)(app_uptime_us() / HVL_US_PER_S));
	return true;
}

static const struct command shell_commands[] = {
	{ "help", "", "this list", shell_help },
	{ "device list", "", "devices, and how they are", shell_device_list },
	{ "device features", "", "what was negotiated with each",
	  shell_device_features },
	{ "net iface", "", "the network interface", shell_net_iface },
	{ "net ping", "[-c N] [-s SIZE] [-i MS] ADDR",
	  "round trips, SIZE to 1472; ^C stops", shell_net_ping },
	{ "net reset", "rx|tx", "one queue anew, while the other runs",
	  shell_net_reset },
	{ "net stats", "", "counters of the network device", shell_net_stats },
	{ "rng", "[N]", "N bytes of entropy, up to 1024", shell_rng },
	{ "uptime", "", "seconds since the start", shell_uptime },
	{ "break net", "", "break its ring, to see it recover",
	  shell_break_net },
	{ "break rng", "", "the same for the entropy device", shell_break_rng },
	{ "crash", "[fault|assert|stack|hang]", "end badly, to see it noticed",
	  shell_crash },
	{ "reboot", "", "ask the main side for a fresh start", shell_reboot },
};

static bool shell_help(int argc, char **argv)
{
	char left[48];

	(void)argv;
	if (argc != 0)
		return false;
	for (size_t i = 0; i < HVL_ARRAY_SIZE(shell_commands); i++) {
		const struct command *c = &shell_commands[i];

		hvl_format(left, sizeof(left), "%s %s", c->name, c->usage);
		app_print("  %-40s %s\n", left, c->help);
	}
	return true;
}

/* No command has that name; maybe some begin with its first word. */
static void shell_unknown(const char *word)
{
	char line[160];
	int n = 0;

	for (size_t i = 0; i < HVL_ARRAY_SIZE(shell_commands); i++) {
		const struct command *c = &shell_commands[i];

		if (command_knows(c, word) && n < (int)sizeof(line))
			n += hvl_format(line + n, sizeof(line) - (size_t)n,
					"%s%s%s%s", n ? " | " : "", c->name,
					c->usage[0] ? " " : "", c->usage);
	}
	if (n > 0)
		app_print("usage: %s\n", line);
	else
		app_print("%s: no such command; try help\n", word);
}

static void shell_run(char *line)
{
	char *argv[COMMAND_ARGS_MAX];
	const struct command *command;
	int argc = command_split(line, argv, COMMAND_ARGS_MAX), used;

	if (argc == 0)
		return;
	if (argc < 0) {
		app_print("too many words\n");
		return;
	}
	command = command_find(shell_commands, HVL_ARRAY_SIZE(shell_commands),
			       argc, argv, &used);
	if (!command)
		shell_unknown(argv[0]);
	else if (!command->run(argc - used, argv + used))
		app_print("usage: %s %s\n  %s\n", command->name, command->usage,
			  command->help);
}

static void shell_prompt(void)
{
	if (!shell_pinging)
		edit_begin(&shell_edit);
}

static void shell_key(char key)
{
	switch (edit_key(&shell_edit, key)) {
	case EDIT_MORE:
		return;
	case EDIT_LINE:
		shell_run(shell_edit.line);
		break;
	case EDIT_CANCEL:
		break;
	}
	shell_prompt();
}

/* While a command runs, only ^C is looked at; what else is typed waits. */
static void shell_go_on(void)
{
	if (app_console_cancelled()) {
		app_print("^C\n");
		app_ping_stop();
		shell_pinging = false;
	} else {
		shell_pinging = app_ping_poll();
	}
	shell_prompt();
}

void app_shell_start(void)
{
	edit_init(&shell_edit, SHELL_PROMPT, board_uart_write);
	shell_prompt();
}

bool app_shell_poll(void)
{
	bool did = false;
	int key;

	app_console_fill();
	if (shell_pinging)
		shell_go_on();
	while (!shell_pinging && (key = app_console_key()) >= 0) {
		shell_key((char)key);
		did = true;
	}
	return did;
}

uint64_t app_shell_deadline(void)
{
	return shell_pinging ? app_ping_deadline() : UINT64_MAX;
}

void app_shell_hide(void)
{
	edit_hide(&shell_edit);
}

void app_shell_show(void)
{
	edit_show(&shell_edit);
}
