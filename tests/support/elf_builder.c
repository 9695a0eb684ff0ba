/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ELF files for tests. The system's <elf.h> has the layouts, so that these and
 * the loader's own offsets are not the same mistake.
 */
#include "elf_builder.h"

#include <assert.h>
#include <elf.h>
#include <string.h>

static const char elf_names[] = "\0.shstrtab\0.resource_table\0.other";

void elf_spec_init(struct elf_spec *spec, bool is64, uint16_t machine)
{
	memset(spec, 0, sizeof(*spec));
	spec->is64 = is64;
	spec->machine = machine;
	spec->type = ET_EXEC;
	spec->entry = 0x1010;
	spec->nsegments = 2;
	spec->segments[0] = (struct elf_spec_segment){ .da = 0x1000,
						       .filesz = 0x100,
						       .memsz = 0x100,
						       .flags = PF_R | PF_X };
	spec->segments[1] = (struct elf_spec_segment){ .da = 0x2000,
						       .filesz = 0x200,
						       .memsz = 0x345,
						       .flags = PF_R | PF_W };
	spec->table_segment = 1;
	spec->table_name = ".resource_table";
}

uint8_t elf_pattern(unsigned int segment, uint64_t i)
{
	return (uint8_t)(0x40 + segment * 17 + i * 7);
}

static void put_header(const struct elf_spec *spec, struct elf_file *f)
{
	Elf64_Ehdr e = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
			     ELFDATA2LSB, EV_CURRENT },
		.e_type = spec->type,
		.e_machine = spec->machine,
		.e_version = EV_CURRENT,
		.e_entry = spec->entry,
		.e_phoff = f->phdrs,
		.e_shoff = f->shdrs,
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = (uint16_t)spec->nsegments,
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = ELF_SECTIONS,
		.e_shstrndx = ELF_SECTION_NAMES,
	};
	Elf32_Ehdr e32 = {
		.e_type = e.e_type,
		.e_machine = e.e_machine,
		.e_version = e.e_version,
		.e_entry = (uint32_t)e.e_entry,
		.e_phoff = (uint32_t)e.e_phoff,
		.e_shoff = (uint32_t)e.e_shoff,
		.e_ehsize = sizeof(Elf32_Ehdr),
		.e_phentsize = sizeof(Elf32_Phdr),
		.e_phnum = e.e_phnum,
		.e_shentsize = sizeof(Elf32_Shdr),
		.e_shnum = e.e_shnum,
		.e_shstrndx = e.e_shstrndx,
	};

	memcpy(e32.e_ident, e.e_ident, sizeof(e.e_ident));
	e32.e_ident[EI_CLASS] = ELFCLASS32;
	if (spec->is64)
		memcpy(f->bytes, &e, sizeof(e));
	else
		memcpy(f->bytes, &e32, sizeof(e32));
}

static void put_phdr(const struct elf_spec *spec, struct elf_file *f,
		     unsigned int i)
{
	const struct elf_spec_segment *s = &spec->segments[i];
	Elf64_Phdr p = {
		.p_type = s->type ? s->type : PT_LOAD,
		.p_flags = s->flags,
		.p_offset = s->offset ? s->offset : f->data[i],
		.p_vaddr = s->da + 0x100000, /* nobody may look at it */
		.p_paddr = s->da,
		.p_filesz = s->filesz,
		.p_memsz = s->memsz,
		.p_align = 16,
	};
	Elf32_Phdr p32 = {
		.p_type = p.p_type,
		.p_flags = p.p_flags,
		.p_offset = (uint32_t)p.p_offset,
		.p_vaddr = (uint32_t)p.p_vaddr,
		.p_paddr = (uint32_t)p.p_paddr,
		.p_filesz = (uint32_t)p.p_filesz,
		.p_memsz = (uint32_t)p.p_memsz,
		.p_align = 16,
	};

	if (spec->is64)
		memcpy(f->bytes + f->phdrs + i * sizeof(p), &p, sizeof(p));
	else
		memcpy(f->bytes + f->phdrs + i * sizeof(p32), &p32,
		       sizeof(p32));
}

static void put_section(struct elf_file *f, unsigned int i, const char *name,
			uint32_t type, uint64_t addr, uint64_t offset,
			uint64_t size)
{
	uint32_t at = 0;

	while (strcmp(elf_names + at, name) != 0) {
		at++;
		assert(at < sizeof(elf_names));
	}
	elf_set_section(f, i, ELF_SH_NAME, at);
	elf_set_section(f, i, ELF_SH_TYPE, type);
	elf_set_section(f, i, ELF_SH_ADDR, addr);
	elf_set_section(f, i, ELF_SH_OFFSET, offset);
	elf_set_section(f, i, ELF_SH_SIZE, size);
}

static size_t align8(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

static void put_segment_bytes(const struct elf_spec *spec, struct elf_file *f,
			      unsigned int i)
{
	uint64_t len = spec->segments[i].filesz;

	f->data[i] = f->size;
	/* Sizes that are wrong on purpose have no bytes. */
	if (len > 0x2000 || spec->segments[i].offset)
		len = 0;
	for (uint64_t k = 0; k < len; k++)
		f->bytes[f->size + k] = elf_pattern(i, k);
	/* Odd, so that nothing may rely on alignment in the file */
	f->size += (size_t)len + 1;
	assert(f->size < sizeof(f->bytes));
}

void elf_build(const struct elf_spec *spec, struct elf_file *f)
{
	size_t ph = spec->is64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	size_t sh = spec->is64 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
	unsigned int t = spec->table_segment;

	memset(f, 0, sizeof(*f));
	f->is64 = spec->is64;
	f->phdrs = spec->is64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
	f->shdrs = f->phdrs + align8(spec->nsegments * ph);
	f->names = f->shdrs + ELF_SECTIONS * sh;
	memcpy(f->bytes + f->names, elf_names, sizeof(elf_names));
	f->size = f->names + sizeof(elf_names);
	for (unsigned int i = 0; i < spec->nsegments; i++)
		put_segment_bytes(spec, f, i);
	put_header(spec, f);
	for (unsigned int i = 0; i < spec->nsegments; i++)
		put_phdr(spec, f, i);
	put_section(f, ELF_SECTION_NAMES, ".shstrtab", SHT_STRTAB, 0, f->names,
		    sizeof(elf_names));
	if (!spec->table)
		return;
	memcpy(f->bytes + f->data[t], spec->table, spec->table_size);
	put_section(f, ELF_SECTION_TABLE, spec->table_name, SHT_PROGBITS,
		    spec->segments[t].da, f->data[t], spec->table_size);
}

/* Little-endian hosts, as the format. */
static void put(struct elf_file *f, size_t at, uint64_t value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		f->bytes[at + i] = (uint8_t)(value >> (8 * i));
}

#define FIELD(f, type, member)                                     \
	((f)->is64 ? offsetof(Elf64_##type, member) :              \
		     offsetof(Elf32_##type, member)),              \
		((f)->is64 ? sizeof(((Elf64_##type *)0)->member) : \
			     sizeof(((Elf32_##type *)0)->member))

struct field {
	size_t at;
	size_t len;
};

void elf_set(struct elf_file *f, enum elf_field field, uint64_t value)
{
	const struct field fields[] = {
		[ELF_E_PHOFF] = { FIELD(f, Ehdr, e_phoff) },
		[ELF_E_SHOFF] = { FIELD(f, Ehdr, e_shoff) },
		[ELF_E_PHENTSIZE] = { FIELD(f, Ehdr, e_phentsize) },
		[ELF_E_PHNUM] = { FIELD(f, Ehdr, e_phnum) },
		[ELF_E_SHENTSIZE] = { FIELD(f, Ehdr, e_shentsize) },
		[ELF_E_SHNUM] = { FIELD(f, Ehdr, e_shnum) },
		[ELF_E_SHSTRNDX] = { FIELD(f, Ehdr, e_shstrndx) },
	};

	put(f, fields[field].at, value, fields[field].len);
}

void elf_set_section(struct elf_file *f, unsigned int section,
		     enum elf_section_field field, uint64_t value)
{
	const struct field fields[] = {
		[ELF_SH_NAME] = { FIELD(f, Shdr, sh_name) },
		[ELF_SH_TYPE] = { FIELD(f, Shdr, sh_type) },
		[ELF_SH_ADDR] = { FIELD(f, Shdr, sh_addr) },
		[ELF_SH_OFFSET] = { FIELD(f, Shdr, sh_offset) },
		[ELF_SH_SIZE] = { FIELD(f, Shdr, sh_size) },
	};
	size_t each = f->is64 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);

	put(f, f->shdrs + section * each + fields[field].at, value,
	    fields[field].len);
}
