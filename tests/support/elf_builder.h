/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * elf_builder.h - ELF files for tests, right by default, wrong on request
 *
 * A test sets up a struct elf_spec, changes what is to be wrong, and builds
 * the file. Layout: header, program headers, section headers, section names,
 * then each segment's bytes (a pattern of its own), then the resource table
 * where it belongs to no segment's bytes.
 */
#ifndef TESTS_ELF_BUILDER_H
#define TESTS_ELF_BUILDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ELF_SPEC_SEGMENTS 20
#define ELF_FILE_MAX 65536u

struct elf_spec_segment {
	uint32_t type; /* PT_LOAD if 0 */
	uint64_t da;
	uint64_t filesz;
	uint64_t memsz;
	uint32_t flags;
	uint64_t offset; /* 0: where its bytes are put */
};

struct elf_spec {
	bool is64;
	uint16_t machine;
	uint16_t type;
	uint64_t entry;
	unsigned int nsegments;
	struct elf_spec_segment segments[ELF_SPEC_SEGMENTS];
	const void *table; /* put at the start of segment table_segment */
	size_t table_size;
	unsigned int table_segment;
	const char *table_name; /* of its section */
};

/* Where things are in the file that was built, to be changed by a test */
struct elf_file {
	uint8_t bytes[ELF_FILE_MAX];
	size_t size;
	bool is64;
	size_t phdrs;
	size_t shdrs;
	size_t names;
	size_t data[ELF_SPEC_SEGMENTS];
};

/* Sections of each file: none, the names, the table. */
#define ELF_SECTIONS 3u
#define ELF_SECTION_NAMES 1u
#define ELF_SECTION_TABLE 2u

/** elf_spec_init() - two segments: text at 0x1000, data and bss at 0x2000 */
void elf_spec_init(struct elf_spec *spec, bool is64, uint16_t machine);

void elf_build(const struct elf_spec *spec, struct elf_file *file);

/** elf_pattern() - byte @i of a segment */
uint8_t elf_pattern(unsigned int segment, uint64_t i);

/* Fields of the file's headers, as wide as they are */
enum elf_field {
	ELF_E_PHOFF,
	ELF_E_SHOFF,
	ELF_E_PHENTSIZE,
	ELF_E_PHNUM,
	ELF_E_SHENTSIZE,
	ELF_E_SHNUM,
	ELF_E_SHSTRNDX,
};

void elf_set(struct elf_file *file, enum elf_field field, uint64_t value);

enum elf_section_field {
	ELF_SH_NAME,
	ELF_SH_TYPE,
	ELF_SH_ADDR,
	ELF_SH_OFFSET,
	ELF_SH_SIZE,
};

void elf_set_section(struct elf_file *file, unsigned int section,
		     enum elf_section_field field, uint64_t value);

#endif /* TESTS_ELF_BUILDER_H */
