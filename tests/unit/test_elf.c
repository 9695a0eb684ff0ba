/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading ELF firmware: what is taken, and each refusal with its reason
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hvl/metal/compiler.h>
#include <hvl/remoteproc/elf.h>
#include <hvl/wire/rsc_table.h>

#include "elf_builder.h"

/* Every case runs for a board of each class. */
struct board {
	uint16_t machine;
	bool is64;
};

static const struct board boards[] = {
	{ HVL_ELF_MACHINE_X86_64, true },
	{ HVL_ELF_MACHINE_ARM, false },
};

static struct elf_spec spec;
static struct elf_file file;
static struct hvl_elf elf;
static struct hvl_rproc_error err;

#define FOR_EACH_BOARD(b) \
	for (const struct board *b = boards; b < boards + 2; b++)

static void init(const struct board *b)
{
	elf_spec_init(&spec, b->is64, b->machine);
}

/* From memory of exactly its size: reading beyond it does not go unseen. */
static int open_size(const struct board *b, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	int rc;

	assert_non_null(copy);
	memcpy(copy, file.bytes, size);
	err.text[0] = '\0';
	rc = hvl_elf_open(&elf, copy, size, b->machine, b->is64, &err);
	free(copy);
	return rc;
}

static int open_file(const struct board *b)
{
	return open_size(b, file.size);
}

static void assert_refused(const struct board *b, const char *why)
{
	assert_int_equal(open_file(b), -ENOEXEC);
	assert_string_equal(err.text, why);
}

static void build_plain(const struct board *b)
{
	init(b);
	elf_build(&spec, &file);
}

static void build_opens(const struct board *b)
{
	elf_build(&spec, &file);
	assert_int_equal(open_file(b), 0);
}

static void build_refused(const struct board *b, const char *why)
{
	elf_build(&spec, &file);
	assert_refused(b, why);
}

static void elf_open_takes_segments(void **state)
{
	(void)state;
	FOR_EACH_BOARD(b)
	{
		build_plain(b);
		assert_int_equal(open_file(b), 0);
		assert_int_equal(elf.machine, b->machine);
		assert_int_equal(elf.is64, b->is64);
		assert_int_equal(elf.entry, 0x1010);
		assert_int_equal(elf.nsegments, 2);
		assert_int_equal(elf.load_bytes, 0x445);
		assert_int_equal(elf.table_size, 0);
		for (unsigned int i = 0; i < 2; i++) {
			const struct hvl_elf_segment *s = &elf.segments[i];

			assert_int_equal(s->da, spec.segments[i].da);
			assert_int_equal(s->offset, file.data[i]);
			assert_int_equal(s->filesz, spec.segments[i].filesz);
			assert_int_equal(s->memsz, spec.segments[i].memsz);
			assert_int_equal(s->flags, spec.segments[i].flags);
		}
	}
}

static void elf_open_finds_table(void **state)
{
	static const uint8_t table[20] = { 1 };

	(void)state;
	FOR_EACH_BOARD(b)
	{
		init(b);
		spec.table = table;
		spec.table_size = sizeof(table);
		build_opens(b);
		assert_int_equal(elf.table_offset, file.data[1]);
		assert_int_equal(elf.table_da, 0x2000);
		assert_int_equal(elf.table_size, sizeof(table));
		spec.table_name = ".other";
		build_opens(b);
		assert_int_equal(elf.table_size, 0);
	}
}

static void elf_open_takes_files_without_sections(void **state)
{
	(void)state;
	FOR_EACH_BOARD(b)
	{
		build_plain(b);
		elf_set(&file, ELF_E_SHOFF, 0);
		elf_set(&file, ELF_E_SHNUM, 0);
		elf_set(&file, ELF_E_SHSTRNDX, 0);
		assert_int_equal(open_file(b), 0);
	}
}

static void elf_open_skips_empty_and_other_segments(void **state)
{
	(void)state;
	FOR_EACH_BOARD(b)
	{
		init(b);
		spec.nsegments = 4;
		spec.segments[2].offset = 0x7fffffff; /* empty: no matter */
		spec.segments[3].type = PT_NOTE;
		spec.segments[3].filesz = 0x7fffffff;
		build_opens(b);
		assert_int_equal(elf.nsegments, 2);
	}
}

static void elf_open_takes_bss_with_any_offset(void **state)
{
	(void)state;
	FOR_EACH_BOARD(b)
	{
		init(b);
		spec.segments[1].filesz = 0;
		spec.segments[1].offset = 0x7fffffff;
		build_opens(b);
	}
}

static void elf_open_refuses_every_shorter_file(void **state)
{
	static const uint8_t table[20] = { 1 };

	(void)state;
	FOR_EACH_BOARD(b)
	{
		init(b);
		spec.table = table;
		spec.table_size = sizeof(table);
		elf_build(&spec, &file);
		/* The last byte is padding. */
		assert_int_equal(open_size(b, file.size - 1), 0);
		for (size_t size = 0; size < file.size - 1; size++) {
			assert_int_equal(open_size(b, size), -ENOEXEC);
			assert_true(err.text[0] != '\0');
		}
	}
}

static void elf_open_survives_any_changed_byte(void **state)
{
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };

	(void)state;
	FOR_EACH_BOARD(b)
	{
		build_plain(b);
		for (size_t i = 0; i < file.data[0]; i++) {
			uint8_t was = file.bytes[i];

			for (size_t k = 0; k < sizeof(values); k++) {
				file.bytes[i] = values[k];
				if (open_file(b) < 0)
					assert_true(err.text[0] != '\0');
			}
			file.bytes[i] = was;
		}
	}
}

static void elf_open_refuses_what_is_no_elf(void **state)
{
	const struct board *b = &boards[0];

	(void)state;
	memset(&file, 0, sizeof(file));
	assert_refused(b, "is empty, not an ELF file");
	strcpy((char *)file.bytes, "#!/bin/sh\n");
	file.size = 10;
	assert_refused(b, "is not an ELF file");
	file.size = 2;
	assert_refused(b, "is not an ELF file");
	memcpy(file.bytes, ELFMAG, SELFMAG);
	file.size = 20;
	assert_refused(b, "is cut off: it has 20 bytes");
}

static void elf_open_refuses_bad_ident(void **state)
{
	static const struct {
		unsigned int at;
		uint8_t value;
		const char *why;
	} cases[] = {
		{ EI_CLASS, 3, "has unknown ELF class 3" },
		{ EI_DATA, ELFDATA2MSB, "is big-endian, this board is not" },
		{ EI_DATA, 7, "has unknown ELF data encoding 7" },
		{ EI_VERSION, 2, "has an unknown ELF version" },
		{ 20, 2, "has an unknown ELF version" },
	};

	(void)state;
	FOR_EACH_BOARD(b)
	{
		for (size_t i = 0; i < HVL_ARRAY_SIZE(cases); i++) {
			build_plain(b);
			file.bytes[cases[i].at] = cases[i].value;
			assert_refused(b, cases[i].why);
		}
	}
}

static void elf_open_refuses_other_machines(void **state)
{
	(void)state;
	elf_spec_init(&spec, false, HVL_ELF_MACHINE_ARM);
	build_refused(&boards[0], "is for arm, this board needs x86-64");
	elf_spec_init(&spec, true, HVL_ELF_MACHINE_RISCV);
	build_refused(&boards[1], "is for riscv, this board needs arm");
	elf_spec_init(&spec, true, 4711);
	build_refused(&boards[0], "is for machine 4711, this board needs "
				  "x86-64");
	elf_spec_init(&spec, false, HVL_ELF_MACHINE_X86_64);
	build_refused(&boards[0], "is 32-bit, this board needs 64-bit");
	elf_spec_init(&spec, true, HVL_ELF_MACHINE_ARM);
	build_refused(&boards[1], "is 64-bit, this board needs 32-bit");
}

static void elf_open_refuses_other_types(void **state)
{
	static const struct {
		uint16_t type;
		const char *why;
	} cases[] = {
		{ ET_NONE, "is not an executable (ELF type 0)" },
		{ ET_REL, "is an object file that is not linked" },
		{ ET_DYN, "is dynamically linked: link with -static -no-pie" },
		{ ET_CORE, "is a core dump" },
		{ 0xff00, "is not an executable (ELF type 65280)" },
	};

	(void)state;
	FOR_EACH_BOARD(b)
	{
		for (size_t i = 0; i < HVL_ARRAY_SIZE(cases); i++) {
			init(b);
			spec.type = cases[i].type;
			build_refused(b, cases[i].why);
		}
	}
}

static void elf_open_refuses_dynamic_linking(void **state)
{
	static const uint32_t types[] = { PT_INTERP, PT_DYNAMIC };

	(void)state;
	FOR_EACH_BOARD(b)
	{
		for (size_t i = 0; i < HVL_ARRAY_SIZE(types); i++) {
			init(b);
			spec.nsegments = 3;
			spec.segments[2].type = types[i];
			build_refused(b, "is dynamically linked: link with "
					 "-static -no-pie");
		}
	}
}

static void elf_open_refuses_bad_program_headers(void **state)
{
	char why[100];

	(void)state;
	FOR_EACH_BOARD(b)
	{
		build_plain(b);
		elf_set(&file, ELF_E_PHENTSIZE, 33);
		snprintf(why, sizeof(why),
			 "has program headers of 33 bytes, not %u",
			 b->is64 ? 56 : 32);
		assert_refused(b, why);

		elf_build(&spec, &file);
		elf_set(&file, ELF_E_PHOFF, 0x7fffff00);
		snprintf(why, sizeof(why),
			 "is cut off: the program header table ends at byte "
			 "%u of %zu",
			 0x7fffff00 + 2 * (b->is64 ? 56 : 32), file.size);
		assert_refused(b, why);

		elf_build(&spec, &file);
		elf_set(&file, ELF_E_PHNUM, 0);
		assert_refused(b, "has nothing to load");

		spec.segments[0].type = PT_NOTE;
		spec.segments[1].type = PT_NOTE;
		build_refused(b, "has nothing to load");
	}
}

static void elf_open_refuses_offsets_that_wrap(void **state)
{
	char why[100];

	(void)state;
	init(&boards[0]);
	elf_build(&spec, &file);
	elf_set(&file, ELF_E_PHOFF, UINT64_MAX - 8);
	snprintf(why, sizeof(why),
		 "is cut off: the program header table ends at byte "
		 "18446744073709551615 of %zu",
		 file.size);
	assert_refused(&boards[0], why);
	spec.segments[1].offset = UINT64_MAX - 0x100;
	elf_build(&spec, &file);
	snprintf(why, sizeof(why),
		 "is cut off: segment 2 ends at byte 18446744073709551615 "
		 "of %zu",
		 file.size);
	assert_refused(&boards[0], why);
}

static void elf_open_refuses_segments_cut_off(void **state)
{
	char why[100];

	(void)state;
	FOR_EACH_BOARD(b)
	{
		init(b);
		spec.segments[1].filesz = spec.segments[1].memsz = 0x10000;
		elf_build(&spec, &file);
		snprintf(why, sizeof(why),
			 "is cut off: segment 2 ends at byte %zu of %zu",
			 file.data[1] + 0x10000, file.size);
		assert_refused(b, why);
	}
}

static void elf_open_refuses_bad_segments(void **state)
{
	(void)state;
	FOR_EACH_BOARD(b)
	{
		init(b);
		spec.segments[1].memsz = 0x1ff;
		build_refused(b, "segment 2 has 512 bytes in the file, 511 in "
				 "memory");
		init(b);
		spec.segments[1].da = b->is64 ? UINT64_MAX - 0x300 :
						UINT32_MAX - 0x300;
		build_refused(b, b->is64 ? "segment 2 goes beyond the last "
					   "address: 0x345 bytes at "
					   "0xfffffffffffffcff" :
					   "segment 2 goes beyond the last "
					   "address: 0x345 bytes at "
					   "0xfffffcff");
		/* Up to the very last byte is fine. */
		spec.segments[1].da =
			(b->is64 ? UINT64_MAX : UINT32_MAX) - 0x344;
		build_opens(b);
	}
}

static void elf_open_refuses_overlap(void **state)
{
	(void)state;
	FOR_EACH_BOARD(b)
	{
		init(b);
		spec.segments[1].da = 0x10ff;
		build_refused(b, "segments 1 and 2 overlap at 0x10ff");
		spec.segments[1].da = 0x1000 - 0x344;
		build_refused(b, "segments 1 and 2 overlap at 0x1000");
		spec.segments[1].da = 0x1000;
		build_refused(b, "segments 1 and 2 overlap at 0x1000");
		/* Neighbours do not. */
		spec.segments[1].da = 0x1100;
		build_opens(b);
		spec.segments[1].da = 0x1000 - 0x345;
		build_opens(b);
	}
}

static void elf_open_limits_segments(void **state)
{
	(void)state;
	FOR_EACH_BOARD(b)
	{
		init(b);
		for (unsigned int i = 2; i < 17; i++)
			spec.segments[i] =
				(struct elf_spec_segment){ .da = 0x1000 *
								 (i + 1),
							   .memsz = 16 };
		spec.nsegments = 16;
		build_opens(b);
		spec.nsegments = 17;
		build_refused(b, "has more than 16 segments");
	}
}

static void elf_open_refuses_entry_outside_text(void **state)
{
	(void)state;
	FOR_EACH_BOARD(b)
	{
		init(b);
		spec.entry = 0x10ff;
		build_opens(b);
		spec.entry = 0x1100;
		build_refused(b, "has its entry 0x1100 outside every "
				 "executable segment");
		spec.entry = 0x2000;
		build_refused(b, "has its entry 0x2000 outside every "
				 "executable segment");
		spec.entry = 0;
		build_refused(b, "has its entry 0x0 outside every executable "
				 "segment");
	}
}

static void elf_open_refuses_bad_sections(void **state)
{
	char why[120];

	(void)state;
	FOR_EACH_BOARD(b)
	{
		build_plain(b);
		elf_set(&file, ELF_E_SHENTSIZE, 8);
		snprintf(why, sizeof(why),
			 "has a broken section table: headers of 8 bytes, not "
			 "%u",
			 b->is64 ? 64 : 40);
		assert_refused(b, why);

		elf_build(&spec, &file);
		elf_set(&file, ELF_E_SHNUM, 60000);
		snprintf(why, sizeof(why),
			 "is cut off: the section header table ends at byte "
			 "%zu of %zu",
			 file.shdrs + 60000u * (b->is64 ? 64 : 40), file.size);
		assert_refused(b, why);

		elf_build(&spec, &file);
		elf_set(&file, ELF_E_SHSTRNDX, 50);
		assert_refused(b, "has a broken section table: names in "
				  "section 50 of 3");
		elf_set(&file, ELF_E_SHSTRNDX, ELF_SECTIONS);
		assert_refused(b, "has a broken section table: names in "
				  "section 3 of 3");

		elf_build(&spec, &file);
		elf_set(&file, ELF_E_SHSTRNDX, ELF_SECTION_TABLE);
		assert_refused(b, "has a broken section table: section 2 has "
				  "no names");

		elf_build(&spec, &file);
		elf_set_section(&file, ELF_SECTION_NAMES, ELF_SH_SIZE, 99999);
		snprintf(
			why, sizeof(why),
			"is cut off: the table of section names ends at byte %zu of "
			"%zu",
			file.names + 99999u, file.size);
		assert_refused(b, why);
	}
}

static void elf_open_takes_section_names_outside(void **state)
{
	(void)state;
	FOR_EACH_BOARD(b)
	{
		build_plain(b);
		elf_set_section(&file, ELF_SECTION_TABLE, ELF_SH_NAME,
				UINT32_MAX);
		assert_int_equal(open_file(b), 0);
		assert_int_equal(elf.table_size, 0);
	}
}

static void build_with_table(const struct board *b)
{
	static const uint8_t table[20] = { 1 };

	init(b);
	spec.table = table;
	spec.table_size = sizeof(table);
	elf_build(&spec, &file);
}

/* The bytes are in the file, but their end is no name's any more. */
static void elf_open_takes_no_name_that_is_cut(void **state)
{
	(void)state;
	FOR_EACH_BOARD(b)
	{
		size_t end, size;

		build_with_table(b);
		assert_int_equal(open_file(b), 0);
		assert_int_equal(elf.table_size, 20);
		for (end = file.names;
		     memcmp(file.bytes + end, HVL_RSC_TABLE_SECTION,
			    sizeof(HVL_RSC_TABLE_SECTION));)
			end++;
		end += sizeof(HVL_RSC_TABLE_SECTION);
		for (size = end - file.names - 1; size > 0; size--) {
			elf_set_section(&file, ELF_SECTION_NAMES, ELF_SH_SIZE,
					size);
			assert_int_equal(open_file(b), 0);
			assert_int_equal(elf.table_size, 0);
		}
	}
}

static void elf_open_refuses_bad_table(void **state)
{
	char why[120];

	(void)state;
	FOR_EACH_BOARD(b)
	{
		build_with_table(b);
		elf_set_section(&file, ELF_SECTION_TABLE, ELF_SH_TYPE,
				SHT_NOBITS);
		assert_refused(b, "has a .resource_table without contents");

		build_with_table(b);
		elf_set_section(&file, ELF_SECTION_TABLE, ELF_SH_OFFSET,
				file.size - 19);
		snprintf(why, sizeof(why),
			 "is cut off: .resource_table ends at byte %zu of %zu",
			 file.size + 1, file.size);
		assert_refused(b, why);

		build_with_table(b);
		elf_set_section(&file, ELF_SECTION_TABLE, ELF_SH_ADDR,
				0x2345 - 19);
		assert_refused(b, "has its .resource_table at 0x2332 outside "
				  "the loaded segments");
		elf_set_section(&file, ELF_SECTION_TABLE, ELF_SH_ADDR,
				0x2345 - 20);
		assert_int_equal(open_file(b), 0);
	}
}

static void elf_open_works_without_error_object(void **state)
{
	(void)state;
	assert_int_equal(hvl_elf_open(&elf, "x", 1, 0, true, NULL), -ENOEXEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elf_open_takes_segments),
		cmocka_unit_test(elf_open_finds_table),
		cmocka_unit_test(elf_open_takes_files_without_sections),
		cmocka_unit_test(elf_open_skips_empty_and_other_segments),
		cmocka_unit_test(elf_open_takes_bss_with_any_offset),
		cmocka_unit_test(elf_open_refuses_every_shorter_file),
		cmocka_unit_test(elf_open_survives_any_changed_byte),
		cmocka_unit_test(elf_open_refuses_what_is_no_elf),
		cmocka_unit_test(elf_open_refuses_bad_ident),
		cmocka_unit_test(elf_open_refuses_other_machines),
		cmocka_unit_test(elf_open_refuses_other_types),
		cmocka_unit_test(elf_open_refuses_dynamic_linking),
		cmocka_unit_test(elf_open_refuses_bad_program_headers),
		cmocka_unit_test(elf_open_refuses_offsets_that_wrap),
		cmocka_unit_test(elf_open_refuses_segments_cut_off),
		cmocka_unit_test(elf_open_refuses_bad_segments),
		cmocka_unit_test(elf_open_refuses_overlap),
		cmocka_unit_test(elf_open_limits_segments),
		cmocka_unit_test(elf_open_refuses_entry_outside_text),
		cmocka_unit_test(elf_open_refuses_bad_sections),
		cmocka_unit_test(elf_open_takes_section_names_outside),
		cmocka_unit_test(elf_open_takes_no_name_that_is_cut),
		cmocka_unit_test(elf_open_refuses_bad_table),
		cmocka_unit_test(elf_open_works_without_error_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
