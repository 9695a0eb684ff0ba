/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sysfs_standin_elf.c - what Linux's ELF hooks make of a firmware file
 */
#include "sysfs_standin_elf.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define TABLE_SECTION ".resource_table"
#define TABLE_HEADER 16u
#define TABLE_CARVEOUT 0u
#define TABLE_DEVMEM 1u
#define TABLE_TRACE 2u
#define TABLE_VDEV 3u

static bool elf_inside(uint64_t at, uint64_t len, size_t size)
{
	return at <= size && len <= size - at;
}

static bool elf_is64(const void *image)
{
	return ((const uint8_t *)image)[EI_CLASS] == ELFCLASS64;
}

/* The headers of both classes, as those of the wide one */
static void elf_header(const void *image, Elf64_Ehdr *e)
{
	Elf32_Ehdr n;

	if (elf_is64(image)) {
		memcpy(e, image, sizeof(*e));
		return;
	}
	memcpy(&n, image, sizeof(n));
	*e = (Elf64_Ehdr){ .e_phoff = n.e_phoff,
			   .e_shoff = n.e_shoff,
			   .e_phnum = n.e_phnum,
			   .e_shnum = n.e_shnum,
			   .e_shstrndx = n.e_shstrndx };
}

static bool elf_segment(const void *image, size_t size, const Elf64_Ehdr *e,
			unsigned int i, Elf64_Phdr *p)
{
	size_t each = elf_is64(image) ? sizeof(*p) : sizeof(Elf32_Phdr);
	Elf32_Phdr n;

	if (!elf_inside(e->e_phoff, (uint64_t)(i + 1) * each, size))
		return false;
	image = (const uint8_t *)image + e->e_phoff + i * each;
	if (each == sizeof(*p)) {
		memcpy(p, image, sizeof(*p));
		return true;
	}
	memcpy(&n, image, sizeof(n));
	*p = (Elf64_Phdr){ .p_type = n.p_type,
			   .p_offset = n.p_offset,
			   .p_filesz = n.p_filesz,
			   .p_memsz = n.p_memsz };
	return true;
}

static bool elf_section(const void *image, size_t size, const Elf64_Ehdr *e,
			unsigned int i, Elf64_Shdr *s)
{
	size_t each = elf_is64(image) ? sizeof(*s) : sizeof(Elf32_Shdr);
	Elf32_Shdr n;

	if (i >= e->e_shnum ||
	    !elf_inside(e->e_shoff, (uint64_t)(i + 1) * each, size))
		return false;
	image = (const uint8_t *)image + e->e_shoff + i * each;
	if (each == sizeof(*s)) {
		memcpy(s, image, sizeof(*s));
		return true;
	}
	memcpy(&n, image, sizeof(n));
	*s = (Elf64_Shdr){ .sh_name = n.sh_name,
			   .sh_offset = n.sh_offset,
			   .sh_size = n.sh_size };
	return true;
}

int standin_elf_check(const void *image, size_t size)
{
	const uint8_t *ident = image;
	Elf64_Ehdr e;
	Elf64_Phdr p;

	if (size < sizeof(Elf32_Ehdr) || memcmp(ident, ELFMAG, SELFMAG) != 0 ||
	    ident[EI_DATA] != ELFDATA2LSB)
		return -EINVAL;
	if (ident[EI_CLASS] != ELFCLASS32 &&
	    (ident[EI_CLASS] != ELFCLASS64 || size < sizeof(e)))
		return -EINVAL;
	elf_header(image, &e);
	if (e.e_phnum == 0)
		return -EINVAL;
	for (unsigned int i = 0; i < e.e_phnum; i++) {
		if (!elf_segment(image, size, &e, i, &p))
			return -EINVAL;
		if (p.p_type != PT_LOAD || p.p_memsz == 0)
			continue;
		if (p.p_filesz > p.p_memsz ||
		    !elf_inside(p.p_offset, p.p_filesz, size))
			return -EINVAL;
	}
	return 0;
}

static uint32_t table_word(const void *table, size_t at)
{
	const uint8_t *b = (const uint8_t *)table + at;

	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
	       (uint32_t)b[3] << 24;
}

/* Version, reserved words and the array of offsets */
static bool table_header_right(const void *table, size_t len)
{
	return len >= TABLE_HEADER && table_word(table, 0) == 1 &&
	       table_word(table, 8) == 0 && table_word(table, 12) == 0 &&
	       table_word(table, 4) <= (len - TABLE_HEADER) / 4;
}

static bool elf_section_is(const void *image, size_t size,
			   const Elf64_Shdr *names, const Elf64_Shdr *s,
			   const char *name)
{
	size_t len = strlen(name) + 1;

	return elf_inside(names->sh_offset, names->sh_size, size) &&
	       elf_inside(s->sh_name, len, (size_t)names->sh_size) &&
	       memcmp((const char *)image + names->sh_offset + s->sh_name, name,
		      len) == 0;
}

int standin_elf_table(const void *image, size_t size, size_t *at, size_t *len)
{
	Elf64_Shdr names, s;
	Elf64_Ehdr e;

	elf_header(image, &e);
	if (!elf_section(image, size, &e, e.e_shstrndx, &names))
		return -EINVAL;
	for (unsigned int i = 0; elf_section(image, size, &e, i, &s); i++) {
		if (!elf_section_is(image, size, &names, &s, TABLE_SECTION))
			continue;
		if (!elf_inside(s.sh_offset, s.sh_size, size))
			return -EINVAL;
		*at = (size_t)s.sh_offset;
		*len = (size_t)s.sh_size;
		return table_header_right((const uint8_t *)image + *at, *len) ?
			       0 :
			       -EINVAL;
	}
	return -EINVAL;
}

/* Bytes that an entry takes, its type included; 0 of one Linux passes over */
static uint64_t table_entry_size(const void *entry, size_t room)
{
	switch (table_word(entry, 0)) {
	case TABLE_CARVEOUT:
	case TABLE_DEVMEM:
		return 56;
	case TABLE_TRACE:
		return 48;
	case TABLE_VDEV:
		if (room < 28)
			return 28;
		return 28 + 20ull * ((const uint8_t *)entry)[25] +
		       table_word(entry, 20);
	default:
		return 0;
	}
}

int standin_table_check(const void *table, size_t len)
{
	if (!table_header_right(table, len))
		return -EINVAL;
	for (uint32_t i = 0; i < table_word(table, 4); i++) {
		uint32_t at = table_word(table, TABLE_HEADER + 4u * i);

		if (!elf_inside(at, 4, len) ||
		    table_entry_size((const uint8_t *)table + at, len - at) >
			    len - at)
			return -EINVAL;
	}
	return 0;
}
