/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_sysfs_standin.c - that the stand-in keeps the kernel's rules: its
 * attributes, and what it makes of a firmware
 */
#include "standin_core.h"

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
		CASE(put_fails_as_often_as_told),
		CASE(put_fills_the_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
