/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_sysfs_standin_cdev.c - that the stand-in keeps the kernel's rules: the
 * character device; and what it offers to the tests that use it
 */
#include "standin_core.h"

/* The character device */

static void cdev_is_missing_or_refused(void **state)
{
	(void)state;
	assert_int_equal(standin_ops.cdev_open(&s), -ENOENT);
	assert_int_equal(standin_ops.cdev_write(&s, "start"), -EBADF);
	standin_ops.cdev_close(&s);
	knobs.cdev = true;
	knobs.cdev_errno = EACCES;
	set_knobs();
	assert_int_equal(standin_ops.cdev_open(&s), -EACCES);
	assert_reads("state", "offline");
}

static void cdev(void)
{
	knobs.cdev = true;
	set_knobs();
	assert_int_equal(standin_ops.cdev_open(&s), 0);
}

static int cdev_write(const char *text)
{
	return standin_ops.cdev_write(&s, text);
}

static void cdev_matches_what_was_written(void **state)
{
	(void)state;
	cdev();
	assert_int_equal(cdev_write("start\n"), -EINVAL);
	assert_int_equal(cdev_write("starting"), -EINVAL);
	assert_int_equal(cdev_write(""), -EINVAL);
	assert_int_equal(cdev_write("startstarts"), -EINVAL);
	assert_reads("state", "offline");
	assert_int_equal(cdev_write("st"), 0);
	assert_reads("state", "running");
	assert_int_equal(cdev_write("sto"), 0);
	assert_reads("state", "offline");
	assert_int_equal(standin_ops.cdev_open(&s), -EBUSY);
}

static void cdev_start_when_running_is_ebusy(void **state)
{
	(void)state;
	cdev();
	assert_int_equal(cdev_write("stop"), -EINVAL);
	assert_int_equal(cdev_write("start"), 0);
	assert_int_equal(cdev_write("start"), -EBUSY);
	assert_power(1);
	assert_int_equal(cdev_write("stop"), 0);
	assert_int_equal(cdev_write("stop"), -EINVAL);
}

static void cdev_detach_needs_a_newer_kernel(void **state)
{
	(void)state;
	cdev();
	standin_be(&s, STANDIN_ATTACHED);
	knobs.old_kernel = true;
	set_knobs();
	assert_int_equal(cdev_write("detach"), -EINVAL);
	assert_int_equal(cdev_write("stop"), -EINVAL);
	knobs.old_kernel = false;
	set_knobs();
	assert_int_equal(cdev_write("detach"), 0);
	assert_reads("state", "detached");
}

static void cdev_close_stops_a_running_core(void **state)
{
	(void)state;
	cdev();
	assert_int_equal(cdev_write("start"), 0);
	standin_ops.cdev_close(&s);
	assert_reads("state", "offline");
	assert_power(0);
	assert_int_equal(set("state", "start"), 0);
	standin_ops.cdev_close(&s);
	assert_reads("state", "running");
}

static void cdev_close_gives_one_reference(void **state)
{
	(void)state;
	cdev();
	assert_int_equal(cdev_write("start"), 0);
	assert_int_equal(set("state", "start"), 0);
	standin_ops.cdev_close(&s);
	assert_reads("state", "running");
	assert_power(1);
}

static void cdev_close_leaves_a_crashed_core(void **state)
{
	(void)state;
	cdev();
	start_disabled();
	standin_crash(&s);
	standin_ops.cdev_close(&s);
	assert_reads("state", "crashed");
	assert_power(1);
}

/* For tests that use it */

static int hook_result;

static int hook_start(void *ctx, const struct standin_loaded *loaded)
{
	*(size_t *)ctx = loaded->table_size;
	return hook_result;
}

static int hook_stop(void *ctx)
{
	*(size_t *)ctx = 1;
	return hook_result;
}

static void hooks_are_the_platform(void **state)
{
	size_t seen = 0;
	const struct standin_hooks hooks = { .ctx = &seen,
					     .start = hook_start,
					     .stop = hook_stop };

	(void)state;
	standin_set_hooks(&s, &hooks);
	hook_result = -EIO;
	assert_int_equal(set("state", "start"), -EIO);
	hook_result = 0;
	assert_int_equal(set("state", "start"), 0);
	assert_int_equal(seen, table.used * 4);
	hook_result = -EIO;
	assert_int_equal(set("state", "stop"), -EIO);
	assert_int_equal(seen, 1);
	assert_reads("state", "running");
	hook_result = 0;
	assert_int_equal(set("state", "stop"), 0);
}

static void journal_tells_the_order(void **state)
{
	(void)state;
	cdev();
	assert_int_equal(cdev_write("start"), 0);
	assert_int_equal(set("firmware", "b.elf\n"), -EBUSY);
	standin_ops.cdev_close(&s);
	standin_ops.remove_firmware(&s, FW);
	assert_string_equal(standin_journal(&s),
			    "put a.elf\nfirmware a.elf\ncdev open\ncdev start\n"
			    "firmware b.elf -16\ncdev close\nremove a.elf\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(cdev_is_missing_or_refused),
		CASE(cdev_matches_what_was_written),
		CASE(cdev_start_when_running_is_ebusy),
		CASE(cdev_detach_needs_a_newer_kernel),
		CASE(cdev_close_stops_a_running_core),
		CASE(cdev_close_gives_one_reference),
		CASE(cdev_close_leaves_a_crashed_core),
		CASE(hooks_are_the_platform),
		CASE(journal_tells_the_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
