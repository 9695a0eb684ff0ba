/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes the harnesses' seeds: what is right in each way, and what is wrong in
 * one. Crashes are added as the files they are.
 *
 * Usage: hvl_fuzz_seeds FOLDER - writes FOLDER/elf, FOLDER/rsc_table, ...
 */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hvl/metal/compiler.h>
#include <hvl/remoteproc/elf.h>
#include <hvl/wire/rsc_table.h>

#include "elf_builder.h"
#include "rsc_builder.h"

static const char *folder;

static void seed_write(const char *kind, const char *name, const void *bytes,
		       size_t size)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s/%s", folder, kind, name);
	f = fopen(path, "wb");
	if (!f || fwrite(bytes, 1, size, f) != size || fclose(f) != 0) {
		perror(path);
		exit(1);
	}
}

static struct rsc_spec table;

static void table_save(const char *name)
{
	seed_write("rsc_table", name, table.words, table.used * 4);
}

static void table_all(void)
{
	rsc_new(&table, 5);
	rsc_add_area(&table, HVL_RSC_CARVEOUT, HVL_RSC_ADDR_ANY, 0, "hvl");
	rsc_add_area(&table, HVL_RSC_TRACE, 0x2400, 0x100, "trace");
	rsc_add_hvl(&table);
	rsc_add_vdev(&table);
	rsc_add_devmem(&table, 0xf000, 0x8000f000, 0x1000, "uart");
}

static void table_one(uint32_t type, uint32_t da, uint32_t len,
		      const char *entry, const char *name)
{
	rsc_new(&table, 1);
	rsc_add_area(&table, type, da, len, entry);
	table_save(name);
}

static void table_good(void)
{
	const uint32_t any = HVL_RSC_ADDR_ANY;

	rsc_new(&table, 0);
	table_save("empty");
	table_one(HVL_RSC_CARVEOUT, any, 0, "hvl", "shm_any");
	table_one(HVL_RSC_CARVEOUT, 0x37000000, 0x1000000, "hvl", "shm_fixed");
	table_one(HVL_RSC_CARVEOUT, any, 0x1000, "kept", "kept_any");
	table_one(HVL_RSC_CARVEOUT, 0x38401000, 0x1000, "vdev0buffer",
		  "kept_fixed");
	table_one(HVL_RSC_CARVEOUT, 0x1000, 16,
		  "a name of thirty-two characters!", "long_name");
	table_one(HVL_RSC_TRACE, any, 16, "t", "trace_any");
	rsc_new(&table, 1);
	rsc_add_vdev(&table);
	table_save("vdev");
	table_all();
	table_save("all");
}

static void table_bad(void)
{
	const uint32_t unknown[3] = { 99, 600, 200 };
	uint32_t vdev[22] = { HVL_RSC_VDEV, 7, 0, 0, 0, 0, 3u << 8 };

	table_all();
	table.words[0] = 2;
	table_save("version_2");
	table_all();
	table.words[1] = UINT32_MAX;
	table_save("too_many_entries");
	table_all();
	table.words[5] = UINT32_MAX - 3;
	table_save("offset_beyond");
	table_all();
	table.words[6] = table.words[5];
	table_save("overlap");
	table_all();
	table.words[table.words[7] / 4 + 5] = UINT32_MAX;
	table_save("config_wraps");
	rsc_new(&table, 1);
	rsc_add(&table, vdev, 22);
	table_save("three_vrings");
	rsc_new(&table, 3);
	for (int i = 0; i < 3; i++)
		rsc_add(&table, &unknown[i], 1);
	table_save("unknown");
	table_one(HVL_RSC_CARVEOUT, 0xfffff000, 0x1001, "x", "wraps");
}

static struct elf_spec elf;
static struct elf_file file;

static void elf_save(const char *name)
{
	seed_write("elf", name, file.bytes, file.size);
}

static void elf_start(bool is64, uint16_t machine)
{
	elf_spec_init(&elf, is64, machine);
	table_all();
	elf.segments[0].filesz = elf.segments[0].memsz = 0x20;
	elf.segments[1].filesz = table.used * 4 + 4;
	elf.table = table.words;
	elf.table_size = table.used * 4;
}

static void elf_good(void)
{
	static const struct {
		const char *name;
		bool is64;
		uint16_t machine;
	} targets[] = {
		{ "arm", false, HVL_ELF_MACHINE_ARM },
		{ "riscv32", false, HVL_ELF_MACHINE_RISCV },
		{ "riscv64", true, HVL_ELF_MACHINE_RISCV },
		{ "aarch64", true, HVL_ELF_MACHINE_AARCH64 },
		{ "x86-64", true, HVL_ELF_MACHINE_X86_64 },
	};

	for (size_t i = 0; i < HVL_ARRAY_SIZE(targets); i++) {
		elf_start(targets[i].is64, targets[i].machine);
		elf_build(&elf, &file);
		elf_save(targets[i].name);
	}
	elf_start(false, HVL_ELF_MACHINE_ARM);
	elf.table = NULL;
	elf.segments[1].filesz = 0;
	elf_build(&elf, &file);
	elf_save("no_table");
	elf_start(true, HVL_ELF_MACHINE_AARCH64);
	elf.nsegments = 3;
	elf.segments[2] = (struct elf_spec_segment){
		.da = UINT64_MAX - 0xff,
		.filesz = 8,
		.memsz = 0x100,
		.flags = PF_R,
	};
	elf_build(&elf, &file);
	elf_save("last_address");
}

static void elf_bad(void)
{
	elf_start(false, HVL_ELF_MACHINE_ARM);
	elf.segments[1].da = 0x1010;
	elf_build(&elf, &file);
	elf_save("overlap");
	elf_start(true, HVL_ELF_MACHINE_RISCV);
	elf.segments[1].memsz = UINT64_MAX;
	elf_build(&elf, &file);
	elf_save("wraps");
	elf_start(false, HVL_ELF_MACHINE_ARM);
	elf.segments[1].da = 0x4f00;
	elf_build(&elf, &file);
	elf_save("outside");
	elf_start(false, HVL_ELF_MACHINE_ARM);
	elf_build(&elf, &file);
	elf_set_section(&file, ELF_SECTION_TABLE, ELF_SH_SIZE, UINT32_MAX);
	elf_save("table_beyond");
	elf_build(&elf, &file);
	elf_set_section(&file, ELF_SECTION_TABLE, ELF_SH_NAME, UINT32_MAX);
	elf_save("name_beyond");
	elf_build(&elf, &file);
	elf_set(&file, ELF_E_SHSTRNDX, 0xffff);
	elf_save("names_beyond");
	elf_build(&elf, &file);
	file.size = file.phdrs + 40;
	elf_save("cut_off");
}

/* Programs for the harnesses of rings and devices; they have the numbers. */
static void programs(void)
{
	/* Areas at 0, 0x400, 0x800; two descriptors in a chain, then one */
	static const uint8_t chain[] = {
		0x30, 8, 31, 0,	   0,  0, 4, 0, 8, /* 8 entries */
		1,    0, 0,  0x10, 16, 0, 1, 1,	   /* read 16, next 1 */
		1,    1, 0,  0x20, 64, 0, 2, 0,	   /* write 64 */
		2,    0, 4,  20,   0,  0, 0, 9,	   /* offer, pop, flush */
		1,    2, 0,  0x30, 8,  0, 2, 0,	   /* and once more, */
		2,    2, 11, 0,	   0,  0, 0, 0,	   /* in another life */
		6,    8, 0,  0,	   0,  9,
	};
	/* The same in a packed ring of 7 */
	static const uint8_t packed[] = {
		0x34, 12, 31,	0,  0,	0, 4, 0, 8,  3, 0, 0x10, 16, 0, 1, 5,
		3,    0,  0x20, 64, 0,	2, 5, 4, 20, 0, 0, 0,	 9,  3, 0, 0x30,
		8,    0,  2,	6,  11, 0, 0, 0, 0,  0, 6, 8,	 0,  0, 0, 9,
	};
	/* A table of two at 0x1000; event indexes */
	static const uint8_t indirect[] = {
		0x23, 0,    31,	  0,	0,  0,	  4, 0,	   8, /* 4 entries */
		1,    0,    0,	  0x10, 32, 0,	  4, 0,	      /* the table */
		0,    0,    0x10, 16,	0,  0x20, 0, 0x37, 0, 0,    0,	  0,
		8,    0,    0,	  0,	1,  0,	  1, 0,	   0, 0x10, 0x10, 16,
		0,    0x28, 0,	  0x37, 0,  0,	  0, 0,	   8, 0,    0,	  0,
		2,    0,    0,	  0,	2,  0,	  6, 0,	   0, 0,    0,	  9,
	};
	static const uint8_t loop[] = {
		0x30, 0,  31, 0, 0, 0, 4, 0, 8, 1, 0, 0,
		0x10, 16, 0,  1, 0, 2, 0, 4, 0, 0, 0, 0,
	};
	/* Bring up, a buffer to write on queue 0, one to read on queue 1 */
	uint8_t good[] = {
		0, 5,	 0,    6, 0, 0, 0, 0, 0, 8, 2, 0, 7,  0, 0, 6, 1, 0,
		0, 0x40, 0x40, 0, 0, 0, 7, 1, 0, 2, 8, 3, 20, 8, 2, 8, 4, 1,
	};
	/* The same with a head that is none, and status 0 in the end */
	uint8_t bad[] = {
		0, 5, 3, 7, 0, 200, 2, 8, 0, 0x1c, 0, 0, 0, 0, 4, 1, 2, 8,
	};

	seed_write("dev_vq", "chain", chain, sizeof(chain));
	seed_write("dev_vq", "packed", packed, sizeof(packed));
	seed_write("dev_vq", "indirect", indirect, sizeof(indirect));
	seed_write("dev_vq", "loop", loop, sizeof(loop));
	for (uint8_t kind = 0; kind < 4; kind++) {
		char name[32];

		good[0] = bad[0] = kind;
		snprintf(name, sizeof(name), "%s_v%u_good",
			 kind & 2 ? "net" : "rng", kind & 1 ? 2 : 1);
		seed_write("dev_mmio", name, good, sizeof(good));
		snprintf(name, sizeof(name), "%s_v%u_bad",
			 kind & 2 ? "net" : "rng", kind & 1 ? 2 : 1);
		seed_write("dev_mmio", name, bad, sizeof(bad));
	}
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: hvl_fuzz_seeds FOLDER\n");
		return 2;
	}
	folder = argv[1];
	table_good();
	table_bad();
	elf_good();
	elf_bad();
	programs();
	return 0;
}
