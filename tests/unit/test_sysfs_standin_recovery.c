/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_sysfs_standin_recovery.c - that the stand-in keeps the kernel's rules:
 * the count of users, attached cores, crashes and recovery
 */
#include "standin_core.h"

/* Start, stop, and how often */

static void two_starts_need_two_stops(void **state)
{
	(void)state;
	assert_int_equal(set("state", "start"), 0);
	assert_int_equal(set("state", "start"), 0);
	assert_power(2);
	assert_int_equal(standin_counts(&s).starts, 1);
	assert_int_equal(set("state", "stop"), 0);
	assert_reads("state", "running");
	assert_power(1);
	assert_int_equal(standin_counts(&s).stops, 0);
	assert_int_equal(set("state", "stop"), 0);
	assert_reads("state", "offline");
	assert_int_equal(standin_counts(&s).stops, 1);
	assert_int_equal(set("state", "stop"), -EINVAL);
	assert_power(0);
}

static void old_start_when_running_is_ebusy(void **state)
{
	(void)state;
	knobs.old_kernel = true;
	set_knobs();
	assert_int_equal(set("state", "start"), 0);
	assert_int_equal(set("state", "start"), -EBUSY);
	assert_power(1);
	standin_be(&s, STANDIN_ATTACHED);
	assert_int_equal(set("state", "start"), -EBUSY);
	assert_int_equal(set("state", "stop"), 0);
	assert_reads("state", "offline");
}

static void stop_is_einval_unless_it_runs(void **state)
{
	(void)state;
	for (unsigned int i = 0; i <= STANDIN_INVALID; i++) {
		if (i == STANDIN_RUNNING || i == STANDIN_ATTACHED)
			continue;
		standin_be(&s, (enum standin_state)i);
		assert_int_equal(set("state", "stop"), -EINVAL);
		assert_int_equal(standin_state(&s), i);
	}
}

static void failed_stop_leaves_it_running(void **state)
{
	(void)state;
	knobs.stop_fails = 1;
	knobs.stop_errno = ETIMEDOUT;
	set_knobs();
	assert_int_equal(set("state", "start"), 0);
	assert_int_equal(set("state", "stop"), -ETIMEDOUT);
	assert_reads("state", "running");
	assert_power(1);
	assert_int_equal(set("state", "stop"), 0);
	assert_reads("state", "offline");
}

static void old_failed_stop_reports_success(void **state)
{
	(void)state;
	knobs.old_kernel = true;
	knobs.no_stop_hook = true;
	set_knobs();
	assert_int_equal(set("state", "start"), 0);
	assert_int_equal(set("state", "stop"), 0);
	assert_reads("state", "running");
	knobs.no_stop_hook = false;
	set_knobs();
	assert_int_equal(set("state", "stop"), 0);
	assert_reads("state", "offline");
	assert_int_equal(set("state", "stop"), -EINVAL);
}

static void stop_without_hook_is_einval(void **state)
{
	(void)state;
	knobs.no_stop_hook = true;
	set_knobs();
	assert_int_equal(set("state", "start"), 0);
	assert_int_equal(set("state", "stop"), -EINVAL);
	assert_reads("state", "running");
	assert_power(1);
}

/* Attached cores */

static void start_of_detached_attaches(void **state)
{
	(void)state;
	standin_ops.remove_firmware(&s, FW);
	standin_be(&s, STANDIN_DETACHED);
	assert_int_equal(set("state", "detach"), -EINVAL);
	assert_int_equal(set("state", "start"), 0);
	assert_reads("state", "attached");
	assert_null(standin_loaded(&s)->image);
	assert_int_equal(set("state", "detach\n"), 0);
	assert_reads("state", "detached");
	assert_power(0);
	assert_int_equal(standin_counts(&s).attaches, 1);
	assert_int_equal(standin_counts(&s).detaches, 1);
	assert_int_equal(standin_counts(&s).starts, 0);
}

static void attached_stops_to_offline(void **state)
{
	(void)state;
	standin_be(&s, STANDIN_DETACHED);
	assert_int_equal(set("state", "start"), 0);
	assert_int_equal(set("state", "stop"), 0);
	assert_reads("state", "offline");
	assert_int_equal(set("state", "start"), 0);
	assert_int_equal(set("state", "detach"), -EINVAL);
	assert_reads("state", "running");
}

static void attach_and_detach_need_hooks(void **state)
{
	(void)state;
	knobs.no_attach_hook = true;
	knobs.no_detach_hook = true;
	set_knobs();
	standin_be(&s, STANDIN_DETACHED);
	assert_int_equal(set("state", "start"), -EINVAL);
	assert_reads("state", "detached");
	assert_power(0);
	standin_be(&s, STANDIN_ATTACHED);
	assert_int_equal(set("state", "detach"), -EINVAL);
	assert_reads("state", "attached");
	assert_power(1);
}

/* Crashes */

static void crash_is_recovered_when_enabled(void **state)
{
	(void)state;
	assert_int_equal(set("state", "start"), 0);
	standin_crash(&s);
	assert_reads("state", "running");
	assert_power(1);
	assert_int_equal(standin_counts(&s).crashes, 1);
	assert_int_equal(standin_counts(&s).recoveries, 1);
	assert_int_equal(standin_counts(&s).starts, 2);
	assert_int_equal(standin_counts(&s).stops, 1);
}

static void crash_stays_when_disabled(void **state)
{
	(void)state;
	start_disabled();
	standin_crash(&s);
	standin_crash(&s);
	assert_reads("state", "crashed");
	assert_int_equal(standin_counts(&s).crashes, 1);
	assert_int_equal(set("state", "stop"), -EINVAL);
	assert_int_equal(set("recovery", "recover"), 0);
	assert_reads("state", "running");
	assert_reads("recovery", "disabled");
	standin_crash(&s);
	assert_int_equal(set("recovery", "enabled"), 0);
	assert_reads("state", "running");
	assert_int_equal(standin_counts(&s).recoveries, 2);
	assert_int_equal(set("state", "stop"), 0);
	assert_reads("state", "offline");
}

static void crash_of_offline_is_ignored(void **state)
{
	(void)state;
	standin_crash(&s);
	assert_reads("state", "offline");
	assert_int_equal(standin_counts(&s).crashes, 0);
}

static void start_of_crashed_only_counts(void **state)
{
	(void)state;
	start_disabled();
	standin_crash(&s);
	assert_int_equal(set("state", "start"), 0);
	assert_reads("state", "crashed");
	assert_power(2);
}

static void recovery_may_come_later(void **state)
{
	(void)state;
	knobs.recovery_later = true;
	set_knobs();
	assert_int_equal(set("state", "start"), 0);
	standin_crash(&s);
	assert_reads("state", "crashed");
	standin_work(&s);
	assert_reads("state", "running");
	standin_work(&s);
	assert_int_equal(standin_counts(&s).recoveries, 1);
}

static void recovery_reads_the_file_again(void **state)
{
	const struct standin_loaded *l = standin_loaded(&s);
	struct rsc_spec first = table;

	(void)state;
	start_disabled();
	standin_crash(&s);
	table.words[7] = 32; /* the trace buffer's size */
	elf_build(&spec, &elf);
	assert_int_equal(put(FW, elf.bytes, elf.size), 0);
	assert_memory_not_equal(l->image, elf.bytes, elf.size);
	assert_int_equal(set("recovery", "recover"), 0);
	assert_memory_equal(l->image, elf.bytes, elf.size);
	assert_memory_equal(l->table, first.words, l->table_size);
}

static void assert_stuck(void)
{
	unsigned int starts = standin_counts(&s).starts;

	assert_reads("state", "offline");
	assert_power(1);
	assert_int_equal(standin_counts(&s).failed_recoveries, 1);
	assert_int_equal(put(FW, elf.bytes, elf.size), 0);
	assert_int_equal(set("state", "start"), 0);
	assert_reads("state", "offline");
	assert_int_equal(set("state", "stop"), -EINVAL);
	assert_int_equal(set("recovery", "recover"), 0);
	assert_reads("state", "offline");
	assert_int_equal(standin_counts(&s).starts, starts);
}

static void recovery_without_file_gets_stuck(void **state)
{
	(void)state;
	assert_int_equal(set("state", "start"), 0);
	standin_ops.remove_firmware(&s, FW);
	standin_crash(&s);
	assert_stuck();
}

static void recovery_with_failed_start_gets_stuck(void **state)
{
	(void)state;
	start_disabled();
	standin_crash(&s);
	knobs.start_fails = 1;
	knobs.start_errno = EIO;
	set_knobs();
	assert_int_equal(set("recovery", "recover"), 0);
	assert_stuck();
}

static void recovery_with_failed_stop_stays_crashed(void **state)
{
	(void)state;
	start_disabled();
	standin_crash(&s);
	knobs.stop_fails = 1;
	knobs.stop_errno = EIO;
	set_knobs();
	assert_int_equal(set("recovery", "recover"), 0);
	assert_reads("state", "crashed");
	assert_int_equal(standin_counts(&s).failed_recoveries, 1);
	assert_int_equal(set("recovery", "recover"), 0);
	assert_reads("state", "running");
	assert_power(1);
}

static void recovery_by_attach_loads_nothing(void **state)
{
	(void)state;
	knobs.attach_on_recovery = true;
	set_knobs();
	standin_ops.remove_firmware(&s, FW);
	standin_be(&s, STANDIN_DETACHED);
	assert_int_equal(set("state", "start"), 0);
	standin_crash(&s);
	assert_reads("state", "attached");
	assert_power(1);
	assert_int_equal(standin_counts(&s).recoveries, 1);
	assert_int_equal(standin_counts(&s).detaches, 1);
	assert_int_equal(standin_counts(&s).starts, 0);
}

static void recovery_dumps_when_told(void **state)
{
	(void)state;
	assert_int_equal(set("state", "start"), 0);
	standin_crash(&s);
	assert_int_equal(standin_counts(&s).dumps, 0);
	assert_int_equal(set("coredump", "inline"), 0);
	standin_crash(&s);
	assert_int_equal(standin_counts(&s).dumps, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(two_starts_need_two_stops),
		CASE(old_start_when_running_is_ebusy),
		CASE(stop_is_einval_unless_it_runs),
		CASE(failed_stop_leaves_it_running),
		CASE(old_failed_stop_reports_success),
		CASE(stop_without_hook_is_einval),
		CASE(start_of_detached_attaches),
		CASE(attached_stops_to_offline),
		CASE(attach_and_detach_need_hooks),
		CASE(crash_is_recovered_when_enabled),
		CASE(crash_stays_when_disabled),
		CASE(crash_of_offline_is_ignored),
		CASE(start_of_crashed_only_counts),
		CASE(recovery_may_come_later),
		CASE(recovery_reads_the_file_again),
		CASE(recovery_without_file_gets_stuck),
		CASE(recovery_with_failed_start_gets_stuck),
		CASE(recovery_with_failed_stop_stays_crashed),
		CASE(recovery_by_attach_loads_nothing),
		CASE(recovery_dumps_when_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
