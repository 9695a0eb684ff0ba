/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * control.c - hvl status, stop, start, restart, trace: to a running hvl
 */
#include "run.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hvl/wire/virtio.h>

#include "client.h"
#include "follow.h"
#include "message.h"

#define TRACE_PAUSE_US 200000u

struct control_opts {
	const char *socket; /* NULL: the one there is */
	bool json;
	bool follow;
};

static int take_socket(void *ctx, const char *value, struct pmm_error *err)
{
	struct control_opts *opts = ctx;

	(void)err;
	opts->socket = value;
	return 0;
}

static int take_json(void *ctx, const char *value, struct pmm_error *err)
{
	struct control_opts *opts = ctx;

	(void)value;
	(void)err;
	opts->json = true;
	return 0;
}

static int take_follow(void *ctx, const char *value, struct pmm_error *err)
{
	struct control_opts *opts = ctx;

	(void)value;
	(void)err;
	opts->follow = true;
	return 0;
}

#define OPTION_SOCKET                                                   \
	{                                                               \
		"control", 0, "SOCKET",                                 \
			"of the hvl that is meant; default: the only\n" \
			"one in $XDG_RUNTIME_DIR/hvl",                  \
			take_socket                                     \
	}

static const struct cli_option plain_options[] = { OPTION_SOCKET, { 0 } };

static const struct cli_option status_options[] = {
	OPTION_SOCKET,
	{ "json", 0, NULL, "everything, as JSON", take_json },
	{ 0 },
};

static const struct cli_option trace_options[] = {
	OPTION_SOCKET,
	{ "follow", 'f', NULL, "go on with what is added, until hvl run ends",
	  take_follow },
	{ 0 },
};

static const char *get_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static long long get_number(const json_t *object, const char *key)
{
	return (long long)json_integer_value(json_object_get(object, key));
}

static double get_real(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

static bool get_flag(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

/* A remote's text must not steer our terminal. */
static void print_clean(const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		bool plain = c >= ' ' && c != 0x7f;
		/* The control characters beyond ASCII, U+0080 to U+009f */
		bool wide = c == 0xc2 && (text[1] & 0xe0) == 0x80;

		(void)putchar((plain && !wide) || c == '\n' || c == '\t' ? c :
									   '?');
		if (wide)
			text++;
	}
}

static void print_row(const char *name, const char *text)
{
	(void)printf("%-10s ", name);
	print_clean(text);
	(void)putchar('\n');
}

static bool status_is(const json_t *status, const char *state)
{
	return strcmp(get_text(status, "state"), state) == 0;
}

static void status_print_state(const json_t *status)
{
	const char *state = get_text(status, "state");
	long long restarts = get_number(status, "restarts");
	long long crashes = get_number(status, "crashes");
	char when[60] = "";
	char text[200];

	if (status_is(status, "running"))
		(void)snprintf(when, sizeof(when), " for %.1f s",
			       get_real(status, "uptime"));
	else if (json_is_number(json_object_get(status, "restart_in")))
		(void)snprintf(when, sizeof(when), ", restarts in %.1f s",
			       get_real(status, "restart_in"));
	(void)snprintf(text, sizeof(text), "%s%s; %lld restart%s, %lld crash%s",
		       state, when, restarts, restarts == 1 ? "" : "s", crashes,
		       crashes == 1 ? "" : "es");
	print_row("remote", text);
}

static void status_print_end(const json_t *status)
{
	if (*get_text(status, "last_end"))
		print_row("last end", get_text(status, "last_end"));
}

static const char *device_state(const json_t *device)
{
	long long status = get_number(device, "status");

	if (get_flag(device, "broken"))
		return "broken";
	if (get_flag(device, "ready"))
		return "ready";
	if (status & VIRTIO_CONFIG_S_FAILED)
		return "failed";
	return status ? "being set up" : "unused";
}

/* "packed ring; mac, mtu, version_1" */
static void status_print_features(const json_t *device)
{
	char text[300];
	json_t *name;
	size_t at, i;
	int n = snprintf(text, sizeof(text), "%s ring",
			 get_text(device, "ring"));

	at = n > 0 ? (size_t)n : 0;
	json_array_foreach(json_object_get(device, "feature_names"), i, name)
	{
		if (at >= sizeof(text))
			break;
		n = snprintf(text + at, sizeof(text) - at, "%s%s",
			     i ? ", " : "; ", json_string_value(name));
		at += n > 0 ? (size_t)n : 0;
	}
	print_row("", text);
}

static void status_print_device(const json_t *device)
{
	const json_t *net = json_object_get(device, "net");
	const json_t *rng = json_object_get(device, "rng");
	char text[400];
	int n = snprintf(text, sizeof(text), "%s; ", device_state(device));
	size_t at = n > 0 ? (size_t)n : 0;

	if (net)
		n = snprintf(text + at, sizeof(text) - at,
			     "tap \"%s\"%s; %lld frames in, %lld out, %lld "
			     "dropped",
			     get_text(net, "ifname"),
			     get_flag(net, "link_up") ? "" : ", link down",
			     get_number(net, "rx_frames"),
			     get_number(net, "tx_frames"),
			     get_number(net, "rx_dropped") +
				     get_number(net, "rx_overflows") +
				     get_number(net, "rx_stale") +
				     get_number(net, "tx_dropped"));
	else
		n = snprintf(text + at, sizeof(text) - at,
			     "%lld bytes of entropy", get_number(rng, "bytes"));
	at += n > 0 ? (size_t)n : 0;
	if (at < sizeof(text))
		(void)snprintf(text + at, sizeof(text) - at,
			       "; %lld resets, %lld violations",
			       get_number(device, "resets"),
			       get_number(device, "violations"));
	print_row(get_text(device, "name"), text);
	if (*get_text(device, "ring"))
		status_print_features(device);
}

/* Of hvl serve, which knows the remote by its drivers only. */
static void status_print_serving(const json_t *status)
{
	const json_t *doorbell = json_object_get(status, "doorbell");

	print_row("remote", "served; something else loads it");
	print_row("file",
		  get_text(json_object_get(status, "shared_memory"), "path"));
	print_row("doorbell",
		  get_text(doorbell,
			   *get_text(doorbell, "path") ? "path" : "kind"));
	if (*get_text(status, "state_file"))
		print_row("state", get_text(status, "state_file"));
}

static void status_print_running(const json_t *status)
{
	status_print_state(status);
	status_print_end(status);
	print_row("board", get_text(status, "board"));
	print_row("firmware", get_text(status, "firmware"));
}

static void status_print(const struct cli_client *client, const json_t *status)
{
	const json_t *shm = json_object_get(status, "shared_memory");
	json_t *device;
	char text[200];
	size_t i;

	if (status_is(status, "serving"))
		status_print_serving(status);
	else
		status_print_running(status);
	(void)snprintf(text, sizeof(text), "%lld bytes at %s, %s",
		       get_number(shm, "size"), get_text(shm, "address"),
		       get_text(status, "transport"));
	print_row("memory", text);
	(void)snprintf(text, sizeof(text), "process %lld, control socket %s",
		       get_number(status, "pid"), client->path);
	print_row("hvl", text);
	json_array_foreach(json_object_get(status, "devices"), i, device)
		status_print_device(device);
}

static int do_status(struct cli_client *client, const struct control_opts *opts,
		     struct pmm_error *err)
{
	json_t *status;
	int rc = cli_client_ask(client, "status", &status, err);

	if (rc < 0)
		return rc;
	if (!opts->json) {
		status_print(client, status);
	} else {
		(void)json_dumpf(status, stdout,
				 JSON_INDENT(2) | JSON_REAL_PRECISION(9));
		(void)putchar('\n');
	}
	rc = status_is(status, "running") || status_is(status, "serving") ?
		     0 :
		     CLI_EXIT_NOT_RUNNING;
	json_decref(status);
	return rc;
}

/* Return: 1 when hvl run has ended, 0 otherwise, or negative errno. */
static int trace_once(struct cli_client *client, json_t **last,
		      struct pmm_error *err)
{
	const char *before = *last ? get_text(*last, "text") : "";
	const char *text;
	json_t *trace;
	int rc = cli_client_ask(client, "trace", &trace, err);

	if (rc < 0)
		return *last && rc == -EPIPE ? 1 : rc;
	text = get_text(trace, "text");
	/* Another life tells everything anew. */
	if (*last && get_number(*last, "starts") == get_number(trace, "starts"))
		text += cli_follow(before, text);
	print_clean(text);
	json_decref(*last);
	*last = trace;
	return fflush(stdout) == 0 ? 0 : 1;
}

static int do_trace(struct cli_client *client, const struct control_opts *opts,
		    struct pmm_error *err)
{
	json_t *last = NULL;
	int rc = trace_once(client, &last, err);

	while (rc == 0 && opts->follow) {
		(void)usleep(TRACE_PAUSE_US);
		rc = trace_once(client, &last, err);
	}
	json_decref(last);
	return rc < 0 ? rc : 0;
}

static int control_ask(struct cli_client *client, const char *command,
		       struct pmm_error *err)
{
	json_t *result = NULL;
	int rc = cli_client_ask(client, command, &result, err);

	if (rc == 0 && !get_flag(result, "changed"))
		cli_say("it is %s already", get_text(result, "state"));
	if (rc == 0)
		json_decref(result);
	return rc;
}

static int do_stop(struct cli_client *client, const struct control_opts *opts,
		   struct pmm_error *err)
{
	(void)opts;
	return control_ask(client, "stop", err);
}

static int do_start(struct cli_client *client, const struct control_opts *opts,
		    struct pmm_error *err)
{
	(void)opts;
	return control_ask(client, "start", err);
}

static int do_restart(struct cli_client *client,
		      const struct control_opts *opts, struct pmm_error *err)
{
	(void)opts;
	return control_ask(client, "restart", err);
}

/* @run: Return: exit status, or negative errno and the reason */
static int control_main(const struct cli_command *cmd, int argc, char **argv,
			int (*run)(struct cli_client *client,
				   const struct control_opts *opts,
				   struct pmm_error *err))
{
	struct control_opts opts = { 0 };
	struct cli_client client;
	struct pmm_error err = { "" };
	int rc = cli_options_parse(cmd, argc, argv, &opts, &err);

	if (rc == CLI_HELP) {
		cli_options_help(cmd, stdout);
		return 0;
	}
	if (rc < 0) {
		cli_say("%s", err.text);
		return CLI_EXIT_USAGE;
	}
	rc = cli_client_open(&client, opts.socket, &err);
	if (rc == 0) {
		rc = run(&client, &opts, &err);
		cli_client_close(&client);
	}
	if (rc >= 0)
		return rc;
	cli_say("%s: %s", cmd->name, err.text);
	return CLI_EXIT_FAILURE;
}

static int status_main(int argc, char **argv)
{
	return control_main(&cli_status_command, argc, argv, do_status);
}

static int stop_main(int argc, char **argv)
{
	return control_main(&cli_stop_command, argc, argv, do_stop);
}

static int start_main(int argc, char **argv)
{
	return control_main(&cli_start_command, argc, argv, do_start);
}

static int restart_main(int argc, char **argv)
{
	return control_main(&cli_restart_command, argc, argv, do_restart);
}

static int trace_main(int argc, char **argv)
{
	return control_main(&cli_trace_command, argc, argv, do_trace);
}

const struct cli_command cli_status_command = {
	.name = "status",
	.summary = "how a running remote is",
	.about = "Say how the remote of a running hvl is: its state, restarts "
		 "and crashes, and\nwhat its devices have done. Exit status: "
		 "0 it runs, 3 it does not, 1 nobody\nanswers.",
	.options = status_options,
	.main = status_main,
};

const struct cli_command cli_stop_command = {
	.name = "stop",
	.summary = "stop a running remote; its hvl run goes on",
	.about = "Hold the remote of a running hvl in reset. hvl run goes on, "
		 "with its devices,\nand hvl start starts the remote again.",
	.options = plain_options,
	.main = stop_main,
};

const struct cli_command cli_start_command = {
	.name = "start",
	.summary = "start a remote that was stopped",
	.about = "Start the remote of a running hvl again after hvl stop, or "
		 "at once where a\nrestart is due.",
	.options = plain_options,
	.main = start_main,
};

const struct cli_command cli_restart_command = {
	.name = "restart",
	.summary = "stop a remote and start it anew",
	.about = "Stop the remote of a running hvl and start it anew, as at "
		 "the first time.",
	.options = plain_options,
	.main = restart_main,
};

const struct cli_command cli_trace_command = {
	.name = "trace",
	.summary = "print a remote's trace buffer",
	.about = "Print the trace buffer of a running hvl's remote: what its "
		 "firmware wrote there\nin this life, or in the last one when "
		 "it does not run.",
	.options = trace_options,
	.main = trace_main,
};
