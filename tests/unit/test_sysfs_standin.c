/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_sysfs_standin.c - that the stand-in keeps the kernel's rules
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "elf_builder.h"
#include "rsc_builder.h"
#include "sysfs_standin.h"

#define FW "a.elf"
#define TRACE 2u

static struct standin s;
static struct standin_knobs knobs;
static struct elf_spec spec;
static struct elf_file elf;
static struct rsc_spec table;

static int put(const char *name, const void *image, size_t size)
{
	return standin_ops.put_firmware(&s, name, image, size);
}

static int set(const char *attr, const char *text)
{
	return standin_ops.write(&s, attr, text);
}

static void assert_reads(const char *attr, const char *text)
{
	char buf[256];
	int n = standin_ops.read(&s, attr, buf, sizeof(buf));

	assert_int_equal(n, strlen(text));
	assert_string_equal(buf, text);
}

static void assert_power(unsigned int power)
{
	assert_int_equal(standin_counts(&s).power, power);
}

static void elf_make(void)
{
	rsc_new(&table, 1);
	rsc_add_area(&table, TRACE, 0x2000, 64, "trace");
	elf_spec_init(&spec, true, EM_AARCH64);
	spec.table = table.words;
	spec.table_size = table.used * 4;
	elf_build(&spec, &elf);
}

static void set_knobs(void)
{
	standin_set_knobs(&s, &knobs);
}

/* A good firmware in the folder, its name set, the core offline */
static int setup(void **state)
{
	(void)state;
	memset(&knobs, 0, sizeof(knobs));
	standin_init(&s, &knobs);
	elf_make();
	assert_int_equal(put(FW, elf.bytes, elf.size), 0);
	assert_int_equal(set("firmware", FW), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	standin_fini(&s);
	return 0;
}

/* Attributes */

static void read_names_each_state(void **state)
{
	static const char *const names[] = { "offline",	 "suspended",
					     "running",	 "crashed",
					     "deleted",	 "attached",
					     "detached", "invalid" };

	(void)state;
	for (unsigned int i = 0; i <= STANDIN_INVALID; i++) {
		standin_be(&s, (enum standin_state)i);
		assert_reads("state", names[i]);
	}
}

static void read_cuts_and_refuses(void **state)
{
	char buf[4];

	(void)state;
	assert_int_equal(standin_ops.read(&s, "state", buf, sizeof(buf)), 3);
	assert_string_equal(buf, "off");
	assert_int_equal(standin_ops.read(&s, "state", buf, 0), -EINVAL);
	assert_int_equal(standin_ops.read(&s, "power", buf, 4), -ENOENT);
	knobs.io_errno = ENODEV;
	set_knobs();
	assert_int_equal(standin_ops.read(&s, "state", buf, 4), -ENODEV);
	assert_int_equal(set("state", "start"), -ENODEV);
}

static void write_refuses_read_only_files(void **state)
{
	(void)state;
	assert_reads("name", "standin");
	assert_int_equal(set("name", "x"), -EACCES);
	assert_int_equal(set("power", "1"), -ENOENT);
	knobs.read_only = true;
	set_knobs();
	assert_int_equal(set("firmware", "x"), -EACCES);
	assert_int_equal(set("state", "start"), -EACCES);
	assert_int_equal(set("recovery", "disabled"), -EACCES);
	assert_int_equal(set("coredump", "enabled"), -EACCES);
	assert_reads("state", "offline");
}

static void firmware_ends_at_newline(void **state)
{
	(void)state;
	assert_int_equal(set("firmware", "b.elf\nrest"), 0);
	assert_reads("firmware", "b.elf");
	assert_int_equal(set("firmware", "\n"), -EINVAL);
	assert_int_equal(set("firmware", ""), -EINVAL);
	assert_reads("firmware", "b.elf");
}

static void firmware_is_busy_unless_offline(void **state)
{
	(void)state;
	for (unsigned int i = 1; i <= STANDIN_INVALID; i++) {
		standin_be(&s, (enum standin_state)i);
		assert_int_equal(set("firmware", "b.elf"), -EBUSY);
	}
	standin_be(&s, STANDIN_DETACHED);
	knobs.firmware_when_detached = true;
	set_knobs();
	assert_int_equal(set("firmware", "b.elf"), 0);
	standin_be(&s, STANDIN_ATTACHED);
	assert_int_equal(set("firmware", "c.elf"), -EBUSY);
	assert_reads("firmware", "unknown");
	standin_be(&s, STANDIN_OFFLINE);
	assert_reads("firmware", "b.elf");
}

static void recovery_takes_its_words(void **state)
{
	(void)state;
	assert_reads("recovery", "enabled");
	assert_int_equal(set("recovery", "disabled\n"), 0);
	assert_reads("recovery", "disabled");
	assert_int_equal(set("recovery", "recover"), 0);
	assert_reads("recovery", "disabled");
	assert_int_equal(set("recovery", "enabled"), 0);
	assert_reads("recovery", "enabled");
	assert_int_equal(set("recovery", "enable"), -EINVAL);
	assert_int_equal(standin_counts(&s).recoveries, 0);
}

static void coredump_takes_its_words(void **state)
{
	(void)state;
	assert_reads("coredump", "disabled");
	assert_int_equal(set("coredump", "enabled"), 0);
	assert_reads("coredump", "enabled");
	assert_int_equal(set("coredump", "inline\n"), 0);
	assert_reads("coredump", "inline");
	assert_int_equal(set("coredump", "in"), -EINVAL);
	standin_be(&s, STANDIN_CRASHED);
	assert_int_equal(set("coredump", "disabled"), -EBUSY);
	assert_reads("coredump", "inline");
}

/* Start and stop */

static void state_takes_exact_words(void **state)
{
	(void)state;
	assert_int_equal(set("state", "star"), -EINVAL);
	assert_int_equal(set("state", "starts"), -EINVAL);
	assert_int_equal(set("state", "start\n\n"), -EINVAL);
	assert_int_equal(set("state", " start"), -EINVAL);
	assert_int_equal(set("state", ""), -EINVAL);
	assert_int_equal(standin_counts(&s).starts, 0);
	assert_int_equal(set("state", "start\n"), 0);
	assert_reads("state", "running");
	assert_int_equal(set("state", "stop\n"), 0);
	assert_reads("state", "offline");
	assert_power(0);
}

static void start_loads_the_file(void **state)
{
	const struct standin_loaded *l = standin_loaded(&s);

	(void)state;
	assert_null(l->image);
	assert_int_equal(set("state", "start"), 0);
	assert_int_equal(l->size, elf.size);
	assert_memory_equal(l->image, elf.bytes, elf.size);
	assert_int_equal(l->table_size, table.used * 4);
	assert_memory_equal(l->table, table.words, l->table_size);
	assert_int_equal(set("state", "stop"), 0);
	assert_non_null(l->image);
}

static void start_takes_narrow_files(void **state)
{
	(void)state;
	spec.is64 = false;
	elf_build(&spec, &elf);
	assert_int_equal(put(FW, elf.bytes, elf.size), 0);
	assert_int_equal(set("state", "start"), 0);
	assert_memory_equal(standin_loaded(&s)->table, table.words,
			    table.used * 4);
}

static void start_without_file_is_enoent(void **state)
{
	(void)state;
	assert_int_equal(set("firmware", "none.elf"), 0);
	assert_int_equal(set("state", "start"), -ENOENT);
	assert_reads("state", "offline");
	assert_power(0);
	standin_ops.remove_firmware(&s, FW);
	assert_false(standin_has(&s, FW));
	assert_int_equal(set("firmware", FW), 0);
	assert_int_equal(set("state", "start"), -ENOENT);
}

static void assert_refused(void)
{
	assert_int_equal(put(FW, elf.bytes, elf.size), 0);
	assert_int_equal(set("state", "start"), -EINVAL);
	assert_reads("state", "offline");
	assert_power(0);
	assert_null(standin_loaded(&s)->image);
	elf_make();
}

static void start_refuses_bad_elf(void **state)
{
	(void)state;
	elf.bytes[0] = 0;
	assert_refused();
	elf.size = 20;
	assert_refused();
	elf.size = 0;
	assert_refused();
	elf.bytes[EI_CLASS] = ELFCLASSNONE;
	assert_refused();
	elf.bytes[EI_DATA] = ELFDATA2MSB;
	assert_refused();
	elf_set(&elf, ELF_E_PHNUM, 0);
	assert_refused();
	elf_set(&elf, ELF_E_PHOFF, UINT64_MAX - 8);
	assert_refused();
	spec.segments[1].memsz = spec.segments[1].filesz - 1;
	elf_build(&spec, &elf);
	assert_refused();
	spec.segments[1].offset = ELF_FILE_MAX;
	spec.table = NULL;
	elf_build(&spec, &elf);
	assert_refused();
}

static void start_refuses_bad_tables(void **state)
{
	static const struct {
		unsigned int word;
		uint32_t value;
	} wrong[] = {
		{ 0, 2 },	   { 1, 0x40000000 }, { 2, 1 }, { 3, 1 },
		{ 4, 0x7fffffff }, { 4, UINT32_MAX }, { 5, 0 }, { 5, 3 }
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		table.words[wrong[i].word] = wrong[i].value;
		elf_build(&spec, &elf);
		assert_refused();
	}
	elf_set_section(&elf, ELF_SECTION_TABLE, ELF_SH_SIZE,
			table.used * 4 - 1);
	assert_refused();
	elf_set_section(&elf, ELF_SECTION_TABLE, ELF_SH_SIZE, 15);
	assert_refused();
	elf_set_section(&elf, ELF_SECTION_TABLE, ELF_SH_OFFSET, UINT64_MAX);
	assert_refused();
	elf_set_section(&elf, ELF_SECTION_TABLE, ELF_SH_NAME, UINT32_MAX);
	assert_refused();
	elf_set(&elf, ELF_E_SHSTRNDX, 9);
	assert_refused();
}

static void start_passes_over_vendor_entries(void **state)
{
	(void)state;
	table.words[5] = 0x168;
	elf_build(&spec, &elf);
	assert_int_equal(put(FW, elf.bytes, elf.size), 0);
	assert_int_equal(set("state", "start"), 0);
}

static void start_without_table_is_einval(void **state)
{
	(void)state;
	spec.table_name = ".other";
	elf_build(&spec, &elf);
	assert_int_equal(put(FW, elf.bytes, elf.size), 0);
	assert_int_equal(set("state", "start"), -EINVAL);
	knobs.table_optional = true;
	set_knobs();
	assert_int_equal(set("state", "start"), 0);
	assert_null(standin_loaded(&s)->table);
}

static void start_fails_as_often_as_told(void **state)
{
	(void)state;
	knobs.start_fails = 2;
	knobs.start_errno = ENOMEM;
	set_knobs();
	assert_int_equal(set("state", "start"), -ENOMEM);
	assert_int_equal(set("state", "start"), -ENOMEM);
	assert_reads("state", "offline");
	assert_power(0);
	assert_int_equal(set("state", "start"), 0);
	assert_int_equal(standin_counts(&s).starts, 1);
}

static void start_of_deleted_is_enodev(void **state)
{
	(void)state;
	standin_be(&s, STANDIN_DELETED);
	assert_int_equal(set("state", "start"), -ENODEV);
	assert_int_equal(set("state", "stop"), -EINVAL);
	assert_power(0);
}

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

static void start_disabled(void)
{
	assert_int_equal(set("recovery", "disabled"), 0);
	assert_int_equal(set("state", "start"), 0);
}

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

/* The firmware folder */

static void put_fails_as_often_as_told(void **state)
{
	static const int errors[] = { ENOSPC, EACCES, EROFS };

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		knobs.put_fails = 1;
		knobs.put_errno = errors[i];
		set_knobs();
		assert_int_equal(put("b.elf", "x", 1), -errors[i]);
		assert_false(standin_has(&s, "b.elf"));
	}
	assert_int_equal(put("b.elf", "x", 1), 0);
	assert_true(standin_has(&s, "b.elf"));
	assert_int_equal(put("", "x", 1), -EINVAL);
}

static void put_fills_the_folder(void **state)
{
	char name[] = "0.elf";

	(void)state;
	for (unsigned int i = 1; i < STANDIN_FILES; i++) {
		name[0] = (char)('0' + i);
		assert_int_equal(put(name, "x", 1), 0);
	}
	assert_int_equal(put("last.elf", "x", 1), -ENOSPC);
	assert_int_equal(put(FW, "y", 1), 0);
	standin_ops.remove_firmware(&s, FW);
	standin_ops.remove_firmware(&s, FW);
	assert_int_equal(put("last.elf", "x", 1), 0);
}

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

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(read_names_each_state),
		CASE(read_cuts_and_refuses),
		CASE(write_refuses_read_only_files),
		CASE(firmware_ends_at_newline),
		CASE(firmware_is_busy_unless_offline),
		CASE(recovery_takes_its_words),
		CASE(coredump_takes_its_words),
		CASE(state_takes_exact_words),
		CASE(start_loads_the_file),
		CASE(start_takes_narrow_files),
		CASE(start_without_file_is_enoent),
		CASE(start_refuses_bad_elf),
		CASE(start_refuses_bad_tables),
		CASE(start_passes_over_vendor_entries),
		CASE(start_without_table_is_einval),
		CASE(start_fails_as_often_as_told),
		CASE(start_of_deleted_is_enodev),
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
		CASE(put_fails_as_often_as_told),
		CASE(put_fills_the_folder),
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
