/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The stand-in for Linux's remoteproc: what a driver of it will be tested
 * against must itself be what the kernel is.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "sysfs_standin.h"

/* What the platform was asked, one letter a call: Load, Start, sTop, ... */
static char calls[32];
static int load_result, start_result, stop_result, attach_result;
static struct standin_config cfg;
static struct standin s;

static int note(char c, int result)
{
	size_t len = strlen(calls);

	assert_true(len + 1 < sizeof(calls));
	calls[len] = c;
	calls[len + 1] = '\0';
	return result;
}

static int hook_load(void *ctx, const char *firmware)
{
	(void)ctx;
	assert_string_equal(firmware, s.firmware);
	return note('L', load_result);
}

static int hook_start(void *ctx)
{
	(void)ctx;
	return note('S', start_result);
}

static int hook_stop(void *ctx)
{
	(void)ctx;
	return note('T', stop_result);
}

static int hook_attach(void *ctx)
{
	(void)ctx;
	return note('A', attach_result);
}

static int hook_detach(void *ctx)
{
	(void)ctx;
	return note('D', 0);
}

static int setup(void **state)
{
	(void)state;
	cfg = (struct standin_config){
		.name = "ff9a0000.rf5ss:r5f_0",
		.firmware = "rproc-fw",
		.hooks = { .load = hook_load,
			   .start = hook_start,
			   .stop = hook_stop,
			   .attach = hook_attach,
			   .detach = hook_detach },
		.start_counts = true,
		.stop_tells = true,
		.cdev_detaches = true,
	};
	load_result = start_result = stop_result = attach_result = 0;
	calls[0] = '\0';
	standin_init(&s, &cfg);
	return 0;
}

static long put(const char *name, const char *text)
{
	return standin_write(&s, name, text, strlen(text));
}

static void put_ok(const char *name, const char *text)
{
	assert_int_equal(put(name, text), strlen(text));
}

static void assert_reads(const char *name, const char *text)
{
	char buf[64];
	long len = standin_read(&s, name, buf, sizeof(buf) - 1);

	assert_true(len >= 0);
	buf[len] = '\0';
	assert_string_equal(buf, text);
}

static void crash(void)
{
	standin_crash(&s);
	standin_work(&s);
}

static void standin_starts_and_stops(void **state)
{
	(void)state;
	assert_reads("name", "ff9a0000.rf5ss:r5f_0\n");
	assert_reads("firmware", "rproc-fw\n");
	assert_reads("state", "offline\n");
	put_ok("firmware", "hvl.elf\nrest");
	assert_reads("firmware", "hvl.elf\n");
	put_ok("state", "start");
	assert_reads("state", "running\n");
	put_ok("state", "stop\n");
	assert_reads("state", "offline\n");
	assert_string_equal(calls, "LST");
}

static void standin_refuses_names_and_words(void **state)
{
	static const char *const words[] = { "",       "Start",	    "star",
					     "starts", "start\n\n", "running",
					     " stop" };
	char buf[8];

	(void)state;
	assert_int_equal(put("nothing", "x"), -ENOENT);
	assert_int_equal(standin_read(&s, "nothing", buf, 8), -ENOENT);
	assert_int_equal(standin_read(&s, "debug/trace0", buf, 8), -ENOENT);
	assert_int_equal(standin_read(&s, "debug/crash", buf, 8), -EACCES);
	assert_int_equal(put("name", "x"), -EACCES);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		assert_int_equal(put("state", words[i]), -EINVAL);
		assert_int_equal(put("recovery", words[i]), -EINVAL);
		assert_int_equal(put("coredump", words[i]), -EINVAL);
	}
	assert_int_equal(standin_read(&s, "state", buf, 3), 3);
	assert_memory_equal(buf, "off", 3);
	assert_string_equal(calls, "");
}

static void standin_keeps_firmware_while_up(void **state)
{
	(void)state;
	assert_int_equal(put("firmware", ""), -EINVAL);
	assert_int_equal(put("firmware", "\nx"), -EINVAL);
	put_ok("state", "start");
	assert_int_equal(put("firmware", "other"), -EBUSY);
	put_ok("recovery", "disabled");
	crash();
	assert_int_equal(put("firmware", "other"), -EBUSY);
	assert_reads("firmware", "rproc-fw\n");
}

static void standin_start_passes_errors_on(void **state)
{
	(void)state;
	load_result = -ENOENT;
	assert_int_equal(put("state", "start"), -ENOENT);
	load_result = -EINVAL;
	assert_int_equal(put("state", "start"), -EINVAL);
	load_result = 0;
	start_result = -ENOMEM;
	assert_int_equal(put("state", "start"), -ENOMEM);
	assert_reads("state", "offline\n");
	assert_int_equal(s.power, 0);
	start_result = 0;
	put_ok("state", "start");
	assert_reads("state", "running\n");
}

static void standin_newer_counts_second_start(void **state)
{
	(void)state;
	put_ok("state", "start");
	put_ok("state", "start");
	assert_string_equal(calls, "LS");
	put_ok("state", "stop");
	assert_reads("state", "running\n");
	assert_string_equal(calls, "LS");
	put_ok("state", "stop");
	assert_reads("state", "offline\n");
	assert_string_equal(calls, "LST");
}

static void standin_older_refuses_second_start(void **state)
{
	(void)state;
	s.cfg.start_counts = false;
	put_ok("state", "start");
	assert_int_equal(put("state", "start"), -EBUSY);
	put_ok("state", "stop");
	assert_reads("state", "offline\n");
}

static void standin_stop_needs_state_and_hook(void **state)
{
	(void)state;
	assert_int_equal(put("state", "stop"), -EINVAL);
	put_ok("state", "start");
	s.cfg.hooks.stop = NULL;
	assert_int_equal(put("state", "stop"), -EINVAL);
	assert_reads("state", "running\n");
	/* Older ones say that it worked: only the state tells. */
	s.cfg.stop_tells = false;
	put_ok("state", "stop");
	assert_reads("state", "running\n");
	s.cfg.hooks.stop = hook_stop;
	stop_result = -EIO;
	put_ok("state", "stop");
	assert_reads("state", "running\n");
	s.cfg.stop_tells = true;
	assert_int_equal(put("state", "stop"), -EIO);
	stop_result = 0;
	put_ok("state", "stop");
	assert_reads("state", "offline\n");
	s.cfg.stop_tells = false;
	assert_int_equal(put("state", "stop"), -EINVAL);
}

static void standin_attaches_and_detaches(void **state)
{
	(void)state;
	cfg.detached = true;
	standin_init(&s, &cfg);
	assert_reads("state", "detached\n");
	assert_int_equal(put("state", "stop"), -EINVAL);
	assert_int_equal(put("state", "detach"), -EINVAL);
	assert_int_equal(put("firmware", "x"), -EBUSY);
	put_ok("state", "start");
	assert_reads("state", "attached\n");
	assert_reads("firmware", "unknown\n");
	put_ok("state", "detach\n");
	assert_reads("state", "detached\n");
	assert_string_equal(calls, "AD");
	attach_result = -EIO;
	assert_int_equal(put("state", "start"), -EIO);
	assert_reads("state", "detached\n");
	attach_result = 0;
	put_ok("state", "start");
	s.cfg.hooks.detach = NULL;
	assert_int_equal(put("state", "detach"), -EINVAL);
	put_ok("state", "stop");
	assert_reads("state", "offline\n");
	/* From here on it boots a file. */
	put_ok("state", "start");
	assert_reads("state", "running\n");
	assert_int_equal(put("state", "detach"), -EINVAL);
	assert_string_equal(calls, "ADAATLS");
}

static void standin_recovers_from_crash(void **state)
{
	(void)state;
	put_ok("state", "start");
	standin_crash(&s);
	/* Not before the kernel gets round to it */
	assert_reads("state", "running\n");
	standin_work(&s);
	assert_reads("state", "running\n");
	assert_int_equal(s.crashes, 1);
	assert_string_equal(calls, "LSTLS");
	standin_work(&s);
	assert_int_equal(s.crashes, 1);
	put_ok("state", "stop");
	assert_reads("state", "offline\n");
}

static void standin_stays_crashed_without_recovery(void **state)
{
	(void)state;
	put_ok("recovery", "disabled\n");
	assert_reads("recovery", "disabled\n");
	put_ok("state", "start");
	crash();
	assert_reads("state", "crashed\n");
	assert_int_equal(put("state", "stop"), -EINVAL);
	/* Powered already: says yes, does nothing, and is counted. */
	put_ok("state", "start");
	assert_reads("state", "crashed\n");
	assert_int_equal(put("coredump", "enabled"), -EBUSY);
	crash();
	assert_int_equal(s.crashes, 1);
	put_ok("recovery", "recover");
	assert_reads("state", "running\n");
	assert_reads("recovery", "disabled\n");
	put_ok("state", "stop");
	assert_reads("state", "running\n");
	put_ok("state", "stop");
	assert_reads("state", "offline\n");
}

static void standin_enabling_recovery_recovers(void **state)
{
	(void)state;
	put_ok("recovery", "disabled");
	put_ok("state", "start");
	crash();
	put_ok("recovery", "enabled");
	assert_reads("state", "running\n");
	crash();
	assert_reads("state", "running\n");
	assert_string_equal(calls, "LSTLSTLS");
}

static void standin_recovery_can_get_stuck(void **state)
{
	(void)state;
	put_ok("state", "start");
	load_result = -ENOENT;
	crash();
	assert_reads("state", "offline\n");
	assert_int_equal(s.power, 1);
	load_result = 0;
	put_ok("state", "start");
	assert_reads("state", "offline\n");
	assert_int_equal(put("state", "stop"), -EINVAL);
	assert_string_equal(calls, "LSTL");
	/* Old ones too: it is not running. */
	s.cfg.start_counts = false;
	put_ok("state", "start");
	assert_reads("state", "offline\n");
}

static void standin_recovery_needs_stop(void **state)
{
	(void)state;
	put_ok("state", "start");
	stop_result = -EIO;
	crash();
	assert_reads("state", "crashed\n");
	stop_result = 0;
	put_ok("recovery", "recover");
	assert_reads("state", "running\n");
}

static void standin_recovers_by_attaching(void **state)
{
	(void)state;
	cfg.detached = cfg.attach_on_recovery = true;
	standin_init(&s, &cfg);
	put_ok("state", "start");
	crash();
	assert_reads("state", "attached\n");
	assert_string_equal(calls, "ADA");
}

static void standin_ignores_crash_when_offline(void **state)
{
	(void)state;
	crash();
	assert_reads("state", "offline\n");
	put_ok("state", "start");
	standin_crash(&s);
	put_ok("state", "stop");
	standin_work(&s);
	assert_reads("state", "offline\n");
	assert_int_equal(s.crashes, 0);
}

static void standin_dumps_when_asked(void **state)
{
	(void)state;
	assert_reads("coredump", "disabled\n");
	put_ok("state", "start");
	crash();
	assert_int_equal(s.dumps, 0);
	put_ok("coredump", "inline\n");
	assert_reads("coredump", "inline\n");
	crash();
	assert_int_equal(s.dumps, 1);
	put_ok("coredump", "enabled");
	crash();
	assert_int_equal(s.dumps, 2);
	put_ok("coredump", "disabled");
	crash();
	assert_int_equal(s.dumps, 2);
}

static void standin_owned_elsewhere_is_read_only(void **state)
{
	(void)state;
	cfg.read_only = true;
	standin_init(&s, &cfg);
	assert_int_equal(put("state", "start"), -EACCES);
	assert_int_equal(put("firmware", "x"), -EACCES);
	assert_int_equal(put("recovery", "enabled"), -EACCES);
	assert_int_equal(put("coredump", "enabled"), -EACCES);
	assert_reads("state", "offline\n");
}

static void standin_removed_does_not_start(void **state)
{
	(void)state;
	put_ok("state", "start");
	standin_remove(&s);
	assert_reads("state", "deleted\n");
	assert_int_equal(put("state", "start"), -ENODEV);
	assert_int_equal(put("state", "stop"), -EINVAL);
	assert_int_equal(standin_cdev_open(&s), -ENXIO);
}

static long cdev(const char *text)
{
	return standin_cdev_write(&s, text, strlen(text));
}

static void standin_cdev_matches_beginnings(void **state)
{
	(void)state;
	assert_int_equal(cdev("start"), -EBADF);
	assert_int_equal(standin_cdev_open(&s), 0);
	assert_int_equal(cdev("start\n"), -EINVAL);
	assert_int_equal(cdev(""), -EINVAL);
	assert_int_equal(cdev("startstarts"), -EINVAL);
	assert_int_equal(cdev("stop"), -EINVAL);
	assert_int_equal(cdev("s"), 1);
	assert_reads("state", "running\n");
	/* It is the beginning of "start" again. */
	assert_int_equal(cdev("s"), -EBUSY);
	assert_int_equal(cdev("start"), -EBUSY);
	assert_int_equal(cdev("detach"), -EINVAL);
	assert_int_equal(cdev("sto"), 3);
	assert_reads("state", "offline\n");
	load_result = -ENOENT;
	assert_int_equal(cdev("start"), -ENOENT);
}

static void standin_cdev_detaches_if_new(void **state)
{
	(void)state;
	cfg.detached = true;
	cfg.cdev_detaches = false;
	standin_init(&s, &cfg);
	assert_int_equal(standin_cdev_open(&s), 0);
	assert_int_equal(cdev("start"), 5);
	assert_int_equal(cdev("start"), -EBUSY);
	assert_int_equal(cdev("detach"), -EINVAL);
	s.cfg.cdev_detaches = true;
	assert_int_equal(cdev("det"), 3);
	assert_reads("state", "detached\n");
}

static void standin_cdev_stops_on_release(void **state)
{
	(void)state;
	assert_int_equal(standin_cdev_open(&s), 0);
	assert_int_equal(standin_cdev_stop_on_release(&s), 0);
	assert_int_equal(cdev("start"), 5);
	standin_cdev_close(&s);
	assert_reads("state", "running\n");
	assert_int_equal(standin_cdev_open(&s), 0);
	standin_cdev_set_stop_on_release(&s, 1);
	assert_int_equal(standin_cdev_stop_on_release(&s), 1);
	/* A start that somebody else has made keeps it up. */
	put_ok("state", "start");
	standin_cdev_close(&s);
	assert_reads("state", "running\n");
	assert_int_equal(standin_cdev_open(&s), 0);
	standin_cdev_close(&s);
	assert_reads("state", "offline\n");
	assert_string_equal(calls, "LST");
	/* What another started is not ours to stop. */
	cfg.detached = true;
	standin_init(&s, &cfg);
	standin_cdev_set_stop_on_release(&s, 1);
	assert_int_equal(standin_cdev_open(&s), 0);
	assert_int_equal(cdev("start"), 5);
	standin_cdev_close(&s);
	assert_reads("state", "attached\n");
}

static void standin_debug_files(void **state)
{
	char buf[32];

	(void)state;
	s.cfg.trace = "boot\nup";
	assert_int_equal(standin_read(&s, "debug/trace0", buf, sizeof(buf)), 7);
	assert_memory_equal(buf, "boot\nup", 7);
	assert_reads("debug/name", "ff9a0000.rf5ss:r5f_0\n");
	put_ok("debug/recovery", "dis");
	assert_reads("debug/recovery", "disabled\n");
	put_ok("debug/coredump", "en");
	assert_reads("coredump", "enabled\n");
	assert_int_equal(put("debug/coredump", "enabledx"), -EINVAL);
	put_ok("state", "start");
	assert_int_equal(put("debug/crash", "now"), -EINVAL);
	assert_int_equal(put("debug/crash", "-1"), -EINVAL);
	assert_int_equal(put("debug/crash", "1x"), -EINVAL);
	standin_work(&s);
	assert_reads("state", "running\n");
	put_ok("debug/crash", "2\n");
	standin_work(&s);
	assert_reads("state", "crashed\n");
	assert_int_equal(put("debug/coredump", "enabled"), -EBUSY);
	put_ok("debug/recovery", "recover");
	assert_reads("state", "running\n");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
		TEST(standin_starts_and_stops),
		TEST(standin_refuses_names_and_words),
		TEST(standin_keeps_firmware_while_up),
		TEST(standin_start_passes_errors_on),
		TEST(standin_newer_counts_second_start),
		TEST(standin_older_refuses_second_start),
		TEST(standin_stop_needs_state_and_hook),
		TEST(standin_attaches_and_detaches),
		TEST(standin_recovers_from_crash),
		TEST(standin_stays_crashed_without_recovery),
		TEST(standin_enabling_recovery_recovers),
		TEST(standin_recovery_can_get_stuck),
		TEST(standin_recovery_needs_stop),
		TEST(standin_recovers_by_attaching),
		TEST(standin_ignores_crash_when_offline),
		TEST(standin_dumps_when_asked),
		TEST(standin_owned_elsewhere_is_read_only),
		TEST(standin_removed_does_not_start),
		TEST(standin_cdev_matches_beginnings),
		TEST(standin_cdev_detaches_if_new),
		TEST(standin_cdev_stops_on_release),
		TEST(standin_debug_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
