/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ELF firmware: every header is checked before anything is taken from it
 */
#include <hvl/remoteproc/elf.h>

#include <string.h>

#include <hvl/metal/compiler.h>
#include <hvl/metal/errno.h>
#include <hvl/metal/log.h>
#include <hvl/wire/rsc_table.h>

#include "bytes_priv.h"

#define IDENT_SIZE 16u
#define IDENT_CLASS 4u
#define IDENT_DATA 5u
#define IDENT_VERSION 6u

#define CLASS_32 1u
#define CLASS_64 2u
#define DATA_LITTLE 1u
#define DATA_BIG 2u
#define VERSION 1u

#define TYPE_RELOCATABLE 1u
#define TYPE_EXECUTABLE 2u
#define TYPE_DYNAMIC 3u
#define TYPE_CORE 4u

#define PH_LOAD 1u
#define PH_DYNAMIC 2u
#define PH_INTERP 3u

#define SH_STRTAB 3u
#define SH_NOBITS 8u

/* Offsets that both classes have in common */
#define EH_TYPE 16u
#define EH_MACHINE 18u
#define EH_VERSION 20u

#define DYNAMIC_TEXT "is dynamically linked: link with -static -no-pie"

typedef unsigned long long ull;

/* Where each class has what we read: offsets into its headers, and sizes. */
struct elf_layout {
	uint8_t eh_size, eh_entry, eh_phoff, eh_shoff;
	uint8_t eh_phentsize, eh_phnum, eh_shentsize, eh_shnum, eh_shstrndx;
	uint8_t ph_size, ph_offset, ph_paddr, ph_filesz, ph_memsz, ph_flags;
	uint8_t sh_size, sh_addr, sh_offset, sh_bytes;
};

static const struct elf_layout layout32 = {
	.eh_size = 52,
	.eh_entry = 24,
	.eh_phoff = 28,
	.eh_shoff = 32,
	.eh_phentsize = 42,
	.eh_phnum = 44,
	.eh_shentsize = 46,
	.eh_shnum = 48,
	.eh_shstrndx = 50,
	.ph_size = 32,
	.ph_offset = 4,
	.ph_paddr = 12,
	.ph_filesz = 16,
	.ph_memsz = 20,
	.ph_flags = 24,
	.sh_size = 40,
	.sh_addr = 12,
	.sh_offset = 16,
	.sh_bytes = 20,
};

static const struct elf_layout layout64 = {
	.eh_size = 64,
	.eh_entry = 24,
	.eh_phoff = 32,
	.eh_shoff = 40,
	.eh_phentsize = 54,
	.eh_phnum = 56,
	.eh_shentsize = 58,
	.eh_shnum = 60,
	.eh_shstrndx = 62,
	.ph_size = 56,
	.ph_offset = 8,
	.ph_paddr = 24,
	.ph_filesz = 32,
	.ph_memsz = 40,
	.ph_flags = 4,
	.sh_size = 64,
	.sh_addr = 16,
	.sh_offset = 24,
	.sh_bytes = 32,
};

static const struct elf_layout *elf_layout(const struct hvl_elf *elf)
{
	return elf->is64 ? &layout64 : &layout32;
}

/* A field that is as wide as the class. */
static uint64_t elf_word(const struct hvl_elf *elf, const uint8_t *p)
{
	return elf->is64 ? hvl_get64_(p) : hvl_get32_(p);
}

/* Whether [offset, offset + len) lies in the file; says so if not. */
static int elf_in_file(const struct hvl_elf *elf, uint64_t offset, uint64_t len,
		       const char *what, struct hvl_rproc_error *err)
{
	uint64_t end = offset + len;

	if (offset <= elf->size && len <= elf->size - offset)
		return 0;
	if (end < offset)
		end = UINT64_MAX;
	return hvl_rproc_fail(err, -ENOEXEC,
			      "is cut off: %s ends at byte %llu of %llu", what,
			      (ull)end, (ull)elf->size);
}

static const char *elf_bits(bool is64)
{
	return is64 ? "64-bit" : "32-bit";
}

static int elf_check_ident(const uint8_t *image, size_t size,
			   struct hvl_rproc_error *err)
{
	static const uint8_t magic[4] = { 0x7f, 'E', 'L', 'F' };

	if (size == 0)
		return hvl_rproc_fail(err, -ENOEXEC,
				      "is empty, not an ELF file");
	if (size < sizeof(magic) || memcmp(image, magic, sizeof(magic)) != 0)
		return hvl_rproc_fail(err, -ENOEXEC, "is not an ELF file");
	if (size < EH_VERSION + 4)
		return hvl_rproc_fail(err, -ENOEXEC,
				      "is cut off: it has %llu bytes",
				      (ull)size);
	if (image[IDENT_DATA] == DATA_BIG)
		return hvl_rproc_fail(err, -ENOEXEC,
				      "is big-endian, this board is not");
	if (image[IDENT_DATA] != DATA_LITTLE)
		return hvl_rproc_fail(err, -ENOEXEC,
				      "has unknown ELF data encoding %u",
				      image[IDENT_DATA]);
	if (image[IDENT_CLASS] != CLASS_32 && image[IDENT_CLASS] != CLASS_64)
		return hvl_rproc_fail(err, -ENOEXEC, "has unknown ELF class %u",
				      image[IDENT_CLASS]);
	if (image[IDENT_VERSION] != VERSION ||
	    hvl_get32_(image + EH_VERSION) != VERSION)
		return hvl_rproc_fail(err, -ENOEXEC,
				      "has an unknown ELF version");
	return 0;
}

static void elf_machine_text(uint16_t machine, char *buf, size_t size)
{
	const char *name = hvl_elf_machine_name(machine);

	if (name)
		hvl_format(buf, size, "%s", name);
	else
		hvl_format(buf, size, "machine %u", machine);
}

static int elf_check_target(const struct hvl_elf *elf, uint16_t machine,
			    bool is64, struct hvl_rproc_error *err)
{
	char is[24], need[24];

	if (machine == HVL_ELF_MACHINE_ANY)
		return 0;
	elf_machine_text(elf->machine, is, sizeof(is));
	elf_machine_text(machine, need, sizeof(need));
	if (elf->machine != machine)
		return hvl_rproc_fail(err, -ENOEXEC,
				      "is for %s, this board needs %s", is,
				      need);
	if (elf->is64 != is64)
		return hvl_rproc_fail(err, -ENOEXEC,
				      "is %s, this board needs %s",
				      elf_bits(elf->is64), elf_bits(is64));
	return 0;
}

static int elf_check_type(uint16_t type, struct hvl_rproc_error *err)
{
	switch (type) {
	case TYPE_EXECUTABLE:
		return 0;
	case TYPE_RELOCATABLE:
		return hvl_rproc_fail(err, -ENOEXEC,
				      "is an object file that is not linked");
	case TYPE_DYNAMIC:
		return hvl_rproc_fail(err, -ENOEXEC, DYNAMIC_TEXT);
	case TYPE_CORE:
		return hvl_rproc_fail(err, -ENOEXEC, "is a core dump");
	default:
		return hvl_rproc_fail(err, -ENOEXEC,
				      "is not an executable (ELF type %u)",
				      type);
	}
}

static int elf_check_segment(const struct hvl_elf *elf,
			     const struct hvl_elf_segment *seg, unsigned int n,
			     struct hvl_rproc_error *err)
{
	uint64_t last = elf->is64 ? UINT64_MAX : UINT32_MAX;
	char name[24];
	int rc;

	if (seg->filesz > seg->memsz)
		return hvl_rproc_fail(
			err, -ENOEXEC,
			"segment %u has %llu bytes in the file, %llu in memory",
			n, (ull)seg->filesz, (ull)seg->memsz);
	if (seg->memsz == 0)
		return 0;
	hvl_format(name, sizeof(name), "segment %u", n);
	/* The offset of a segment without bytes in the file means nothing. */
	if (seg->filesz > 0) {
		rc = elf_in_file(elf, seg->offset, seg->filesz, name, err);
		if (rc < 0)
			return rc;
	}
	if (seg->memsz - 1 > last - seg->da)
		return hvl_rproc_fail(
			err, -ENOEXEC,
			"%s goes beyond the last address: 0x%llx bytes at 0x%llx",
			name, (ull)seg->memsz, (ull)seg->da);
	return 0;
}

static int elf_check_overlap(const struct hvl_elf *elf,
			     const struct hvl_elf_segment *seg,
			     struct hvl_rproc_error *err)
{
	for (unsigned int i = 0; i < elf->nsegments; i++) {
		const struct hvl_elf_segment *other = &elf->segments[i];
		uint64_t at = seg->da > other->da ? seg->da : other->da;

		if (at - seg->da < seg->memsz && at - other->da < other->memsz)
			return hvl_rproc_fail(
				err, -ENOEXEC,
				"segments %u and %u overlap at 0x%llx", i + 1,
				elf->nsegments + 1, (ull)at);
	}
	return 0;
}

static int elf_add_segment(struct hvl_elf *elf, const uint8_t *ph,
			   struct hvl_rproc_error *err)
{
	const struct elf_layout *l = elf_layout(elf);
	struct hvl_elf_segment seg = {
		.da = elf_word(elf, ph + l->ph_paddr),
		.offset = elf_word(elf, ph + l->ph_offset),
		.filesz = elf_word(elf, ph + l->ph_filesz),
		.memsz = elf_word(elf, ph + l->ph_memsz),
		.flags = hvl_get32_(ph + l->ph_flags) &
			 (HVL_ELF_R | HVL_ELF_W | HVL_ELF_X),
	};
	int rc = elf_check_segment(elf, &seg, elf->nsegments + 1, err);

	if (rc < 0 || seg.memsz == 0)
		return rc;
	if (elf->nsegments == HVL_ELF_SEGMENTS_MAX)
		return hvl_rproc_fail(err, -ENOEXEC,
				      "has more than %u segments",
				      HVL_ELF_SEGMENTS_MAX);
	rc = elf_check_overlap(elf, &seg, err);
	if (rc < 0)
		return rc;
	elf->segments[elf->nsegments++] = seg;
	elf->load_bytes += seg.memsz;
	return 0;
}

static int elf_read_segments(struct hvl_elf *elf, struct hvl_rproc_error *err)
{
	const struct elf_layout *l = elf_layout(elf);
	uint64_t offset = elf_word(elf, elf->image + l->eh_phoff);
	unsigned int count = hvl_get16_(elf->image + l->eh_phnum);
	unsigned int each = hvl_get16_(elf->image + l->eh_phentsize);
	int rc;

	if (count > 0 && each != l->ph_size)
		return hvl_rproc_fail(err, -ENOEXEC,
				      "has program headers of %u bytes, not %u",
				      each, l->ph_size);
	rc = elf_in_file(elf, offset, (uint64_t)count * l->ph_size,
			 "the program header table", err);
	for (unsigned int i = 0; i < count && rc == 0; i++) {
		const uint8_t *ph =
			elf->image + (size_t)offset + (size_t)i * l->ph_size;
		uint32_t type = hvl_get32_(ph);

		if (type == PH_DYNAMIC || type == PH_INTERP)
			return hvl_rproc_fail(err, -ENOEXEC, DYNAMIC_TEXT);
		if (type == PH_LOAD)
			rc = elf_add_segment(elf, ph, err);
	}
	if (rc < 0)
		return rc;
	if (elf->nsegments == 0)
		return hvl_rproc_fail(err, -ENOEXEC, "has nothing to load");
	return 0;
}

/* The segment that [da, da + len) lies in, or NULL. */
static const struct hvl_elf_segment *elf_find_segment(const struct hvl_elf *elf,
						      uint64_t da, uint64_t len)
{
	for (unsigned int i = 0; i < elf->nsegments; i++) {
		const struct hvl_elf_segment *seg = &elf->segments[i];

		if (da >= seg->da && da - seg->da <= seg->memsz &&
		    len <= seg->memsz - (da - seg->da))
			return seg;
	}
	return NULL;
}

static int elf_check_entry(const struct hvl_elf *elf,
			   struct hvl_rproc_error *err)
{
	const struct hvl_elf_segment *seg =
		elf_find_segment(elf, elf->entry, 1);

	if (!seg || !(seg->flags & HVL_ELF_X))
		return hvl_rproc_fail(
			err, -ENOEXEC,
			"has its entry 0x%llx outside every executable segment",
			(ull)elf->entry);
	return 0;
}

/* The section headers, and the section with their names. */
struct elf_sections {
	const uint8_t *headers;
	unsigned int count;
	const uint8_t *names;
	uint64_t names_size;
};

static int elf_read_names(const struct hvl_elf *elf, struct elf_sections *s,
			  unsigned int index, struct hvl_rproc_error *err)
{
	const struct elf_layout *l = elf_layout(elf);
	const uint8_t *sh;
	uint64_t offset;
	int rc;

	if (index >= s->count)
		return hvl_rproc_fail(
			err, -ENOEXEC,
			"has a broken section table: names in section %u of %u",
			index, s->count);
	sh = s->headers + (size_t)index * l->sh_size;
	if (hvl_get32_(sh + 4) != SH_STRTAB)
		return hvl_rproc_fail(
			err, -ENOEXEC,
			"has a broken section table: section %u has no names",
			index);
	offset = elf_word(elf, sh + l->sh_offset);
	s->names_size = elf_word(elf, sh + l->sh_bytes);
	rc = elf_in_file(elf, offset, s->names_size,
			 "the table of section names", err);
	if (rc == 0)
		s->names = elf->image + (size_t)offset;
	return rc;
}

/* Leaves the count 0 where there are no sections, or none with a name. */
static int elf_read_sections(const struct hvl_elf *elf, struct elf_sections *s,
			     struct hvl_rproc_error *err)
{
	const struct elf_layout *l = elf_layout(elf);
	uint64_t offset = elf_word(elf, elf->image + l->eh_shoff);
	unsigned int each = hvl_get16_(elf->image + l->eh_shentsize);
	unsigned int names = hvl_get16_(elf->image + l->eh_shstrndx);
	int rc;

	memset(s, 0, sizeof(*s));
	s->count = hvl_get16_(elf->image + l->eh_shnum);
	if (offset == 0 || s->count == 0 || names == 0) {
		s->count = 0;
		return 0;
	}
	if (each != l->sh_size)
		return hvl_rproc_fail(
			err, -ENOEXEC,
			"has a broken section table: headers of %u bytes, not %u",
			each, l->sh_size);
	rc = elf_in_file(elf, offset, (uint64_t)s->count * l->sh_size,
			 "the section header table", err);
	if (rc < 0)
		return rc;
	s->headers = elf->image + (size_t)offset;
	return elf_read_names(elf, s, names, err);
}

static bool elf_name_is(const struct elf_sections *s, uint32_t at,
			const char *name, size_t size)
{
	return at <= s->names_size && size <= s->names_size - at &&
	       memcmp(s->names + at, name, size) == 0;
}

static int elf_set_table(struct hvl_elf *elf, const uint8_t *sh,
			 struct hvl_rproc_error *err)
{
	const struct elf_layout *l = elf_layout(elf);
	uint64_t da = elf_word(elf, sh + l->sh_addr);
	uint64_t offset = elf_word(elf, sh + l->sh_offset);
	uint64_t size = elf_word(elf, sh + l->sh_bytes);
	int rc;

	if (size == 0)
		return 0;
	if (hvl_get32_(sh + 4) == SH_NOBITS)
		return hvl_rproc_fail(err, -ENOEXEC,
				      "has a %s without contents",
				      HVL_RSC_TABLE_SECTION);
	rc = elf_in_file(elf, offset, size, HVL_RSC_TABLE_SECTION, err);
	if (rc < 0)
		return rc;
	if (!elf_find_segment(elf, da, size))
		return hvl_rproc_fail(
			err, -ENOEXEC,
			"has its %s at 0x%llx outside the loaded segments",
			HVL_RSC_TABLE_SECTION, (ull)da);
	elf->table_offset = offset;
	elf->table_da = da;
	elf->table_size = size;
	return 0;
}

static int elf_find_table(struct hvl_elf *elf, struct hvl_rproc_error *err)
{
	const struct elf_layout *l = elf_layout(elf);
	struct elf_sections s;
	int rc = elf_read_sections(elf, &s, err);

	if (rc < 0)
		return rc;
	for (unsigned int i = 1; i < s.count; i++) {
		const uint8_t *sh = s.headers + (size_t)i * l->sh_size;

		if (elf_name_is(&s, hvl_get32_(sh), HVL_RSC_TABLE_SECTION,
				sizeof(HVL_RSC_TABLE_SECTION)))
			return elf_set_table(elf, sh, err);
	}
	return 0;
}

const char *hvl_elf_machine_name(uint16_t machine)
{
	switch (machine) {
	case HVL_ELF_MACHINE_ARM:
		return "arm";
	case HVL_ELF_MACHINE_X86_64:
		return "x86-64";
	case HVL_ELF_MACHINE_AARCH64:
		return "aarch64";
	case HVL_ELF_MACHINE_RISCV:
		return "riscv";
	default:
		return NULL;
	}
}

static int elf_parse(struct hvl_elf *elf, uint16_t machine, bool is64,
		     struct hvl_rproc_error *err)
{
	const uint8_t *image = elf->image;
	int rc = elf_check_ident(image, elf->size, err);

	if (rc < 0)
		return rc;
	elf->is64 = image[IDENT_CLASS] == CLASS_64;
	elf->machine = hvl_get16_(image + EH_MACHINE);
	rc = elf_check_target(elf, machine, is64, err);
	if (rc == 0)
		rc = elf_in_file(elf, 0, elf_layout(elf)->eh_size,
				 "the ELF header", err);
	if (rc == 0)
		rc = elf_check_type(hvl_get16_(image + EH_TYPE), err);
	if (rc < 0)
		return rc;
	elf->entry = elf_word(elf, image + elf_layout(elf)->eh_entry);
	rc = elf_read_segments(elf, err);
	if (rc == 0)
		rc = elf_check_entry(elf, err);
	if (rc == 0)
		rc = elf_find_table(elf, err);
	return rc;
}

int hvl_elf_open(struct hvl_elf *elf, const void *image, size_t size,
		 uint16_t machine, bool is64, struct hvl_rproc_error *err)
{
	memset(elf, 0, sizeof(*elf));
	elf->image = image;
	elf->size = size;
	return elf_parse(elf, machine, is64, err);
}
