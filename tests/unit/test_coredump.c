/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_coredump.c - core files, read back with the system's ELF layouts
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <elf.h>
#include <errno.h>
#include <string.h>

#include <hvl/remoteproc/coredump.h>

#include "elf_builder.h"

#define RAM_DA 0x1000u
#define RAM_SIZE 0x6000u
#define SHM_DA 0x8000u
#define SHM_SIZE 0x2000u
#define OUT_MAX 0x20000u

struct table {
	struct hvl_rsc_table head;
	hvl_le32 offset[3];
	struct hvl_rsc_carveout carveout[3];
};

static _Alignas(8) uint8_t ram[RAM_SIZE];
static _Alignas(8) uint8_t shm_bytes[SHM_SIZE];
static const struct hvl_io shm = { .va = shm_bytes,
				   .da = SHM_DA,
				   .size = SHM_SIZE };
static struct elf_spec spec;
static struct elf_file file;
static struct table table;
static struct hvl_rproc rproc;
static struct hvl_rproc_error err;
static uint64_t lost_da; /* from here on the memory is out of reach */

static struct {
	uint8_t bytes[OUT_MAX];
	size_t len;
	unsigned int calls;
	unsigned int fail_at; /* call; 0: none */
} out;

static bool fake_memory(struct hvl_rproc *r, uint64_t da, uint64_t len,
			struct hvl_io *io)
{
	uint64_t off;

	(void)r;
	*io = (struct hvl_io){ .va = ram,
			       .da = RAM_DA,
			       .size = lost_da - RAM_DA };
	return hvl_io_da_to_off(io, da, len, &off);
}

static int fake_start(struct hvl_rproc *r, uint64_t entry,
		      struct hvl_rproc_error *e)
{
	(void)r;
	(void)entry;
	(void)e;
	return 0;
}

static int fake_stop(struct hvl_rproc *r, struct hvl_rproc_error *e)
{
	(void)r;
	(void)e;
	return 0;
}

static const struct hvl_rproc_ops fake_ops = { .memory = fake_memory,
					       .start = fake_start,
					       .stop = fake_stop };

static void set_carveout(unsigned int i, const char *name, uint32_t da,
			 uint32_t len)
{
	struct hvl_rsc_carveout *c = &table.carveout[i];

	*c = (struct hvl_rsc_carveout){ .type = hvl_le32_make(HVL_RSC_CARVEOUT),
					.da = hvl_le32_make(da),
					.len = hvl_le32_make(len) };
	memcpy(c->name, name, strlen(name) + 1);
}

static void spec_init(bool is64)
{
	elf_spec_init(&spec, is64,
		      is64 ? HVL_ELF_MACHINE_AARCH64 : HVL_ELF_MACHINE_ARM);
	memset(&table, 0, sizeof(table));
	table.head.ver = hvl_le32_make(1);
	table.head.num = hvl_le32_make(3);
	for (uint32_t i = 0; i < 3; i++)
		table.offset[i] = hvl_le32_make(
			(uint32_t)offsetof(struct table, carveout) +
			i * (uint32_t)sizeof(table.carveout[0]));
	set_carveout(0, "hvl", HVL_RSC_ADDR_ANY, 0);
	set_carveout(1, "around", 0x1ff0, 0x400); /* the second segment */
	set_carveout(2, "apart", 0x5001, 0x1321);
	spec.table = &table;
	spec.table_size = sizeof(table);
}

static int setup(void **state)
{
	(void)state;
	lost_da = RAM_DA + RAM_SIZE;
	memset(&out, 0, sizeof(out));
	err.text[0] = '\0';
	return 0;
}

static void load(bool is64)
{
	static const struct hvl_rsc_boot boot = { .shm_da = SHM_DA,
						  .shm_size = SHM_SIZE };
	const struct hvl_rproc_config cfg = { .name = "r0",
					      .ops = &fake_ops,
					      .machine = spec.machine,
					      .is64 = is64 };

	elf_build(&spec, &file);
	/* e_flags, which the builder leaves alone */
	file.bytes[is64 ? 48 : 36] = 0x5a;
	hvl_rproc_init(&rproc, &cfg);
	assert_int_equal(
		hvl_rproc_load(&rproc, file.bytes, file.size, &boot, &err), 0);
	assert_int_equal(hvl_rproc_start(&rproc, &err), 0);
	for (unsigned int i = 0; i < RAM_SIZE; i++)
		ram[i] = (uint8_t)(i * 13 + i / 256 + 1);
	for (unsigned int i = 0; i < SHM_SIZE; i++)
		shm_bytes[i] = (uint8_t)(i * 5 + i / 256);
}

static int take(void *ctx, const void *bytes, size_t len)
{
	assert_ptr_equal(ctx, &out);
	assert_in_range(len, 1, HVL_COREDUMP_PAGE);
	/* A writer of whole pages relies on it. */
	assert_int_equal(out.len / HVL_COREDUMP_PAGE,
			 (out.len + len - 1) / HVL_COREDUMP_PAGE);
	if (++out.calls == out.fail_at)
		return -ENOSPC;
	assert_true(len <= sizeof(out.bytes) - out.len);
	memcpy(out.bytes + out.len, bytes, len);
	out.len += len;
	return 0;
}

static int dump(uint64_t max)
{
	struct hvl_coredump d = { .shm = &shm,
				  .size_max = max,
				  .write = take,
				  .ctx = &out };

	return hvl_coredump_write(&rproc, &d, &err);
}

static const struct {
	uint64_t da, len;
	uint32_t flags;
} expected[] = {
	{ 0x1000, 0x100, PF_R | PF_X },
	{ 0x1ff0, 0x400, PF_R | PF_W },
	{ 0x5001, 0x1321, PF_R | PF_W },
	{ SHM_DA, SHM_SIZE, PF_R | PF_W },
};

static uint8_t memory_at(uint64_t da)
{
	if (da >= SHM_DA)
		return shm_bytes[da - SHM_DA];
	return da < lost_da ? ram[da - RAM_DA] : 0xff;
}

static void check_region(unsigned int i, uint64_t da, uint64_t pa,
			 uint64_t filesz, uint64_t memsz, uint64_t offset,
			 uint32_t flags)
{
	assert_int_equal(da, expected[i].da);
	assert_int_equal(pa, da);
	assert_int_equal(filesz, expected[i].len);
	assert_int_equal(memsz, filesz);
	assert_int_equal(flags, expected[i].flags);
	assert_int_equal(offset % HVL_COREDUMP_PAGE, da % HVL_COREDUMP_PAGE);
	assert_true(offset <= out.len && filesz <= out.len - offset);
	for (uint64_t k = 0; k < filesz; k++) {
		if (out.bytes[offset + k] != memory_at(da + k))
			fail_msg("region %u, byte 0x%llx", i,
				 (unsigned long long)k);
	}
}

/* The whole file, which differs in the width of its words only. */
#define DEFINE_CHECK(bits, machine)                                       \
	static void check_##bits(void)                                    \
	{                                                                 \
		Elf##bits##_Ehdr e;                                       \
		Elf##bits##_Phdr p;                                       \
                                                                          \
		memcpy(&e, out.bytes, sizeof(e));                         \
		assert_memory_equal(e.e_ident, ELFMAG, SELFMAG);          \
		assert_int_equal(e.e_ident[EI_CLASS], ELFCLASS##bits);    \
		assert_int_equal(e.e_ident[EI_DATA], ELFDATA2LSB);        \
		assert_int_equal(e.e_ident[EI_VERSION], EV_CURRENT);      \
		assert_int_equal(e.e_type, ET_CORE);                      \
		assert_int_equal(e.e_machine, machine);                   \
		assert_int_equal(e.e_version, EV_CURRENT);                \
		assert_int_equal(e.e_entry, spec.entry);                  \
		assert_int_equal(e.e_flags, 0x5a);                        \
		assert_int_equal(e.e_ehsize, sizeof(e));                  \
		assert_int_equal(e.e_phentsize, sizeof(p));               \
		assert_int_equal(e.e_phnum, HVL_ARRAY_SIZE(expected));    \
		assert_int_equal(e.e_shnum, 0);                           \
		for (unsigned int i = 0; i < e.e_phnum; i++) {            \
			memcpy(&p, out.bytes + e.e_phoff + i * sizeof(p), \
			       sizeof(p));                                \
			assert_int_equal(p.p_type, PT_LOAD);              \
			check_region(i, p.p_vaddr, p.p_paddr, p.p_filesz, \
				     p.p_memsz, p.p_offset, p.p_flags);   \
		}                                                         \
		assert_int_equal(p.p_offset + p.p_filesz, out.len);       \
	}

DEFINE_CHECK(32, EM_ARM)
DEFINE_CHECK(64, EM_AARCH64)

static void coredump_holds_segments_and_carveouts_64(void **state)
{
	(void)state;
	spec_init(true);
	load(true);
	assert_int_equal(dump(OUT_MAX), 0);
	check_64();
}

static void coredump_holds_segments_and_carveouts_32(void **state)
{
	(void)state;
	spec_init(false);
	load(false);
	hvl_rproc_crashed(&rproc);
	assert_int_equal(dump(OUT_MAX), 0);
	check_32();
}

static void coredump_fills_what_is_out_of_reach(void **state)
{
	(void)state;
	spec_init(true);
	load(true);
	lost_da = 0x6000; /* within "apart", whose first page stays */
	assert_int_equal(dump(OUT_MAX), 0);
	check_64();
}

static void coredump_merges_a_chain_of_carveouts(void **state)
{
	Elf64_Phdr p;

	(void)state;
	spec_init(true);
	set_carveout(1, "last", 0x2800, 0x1000);
	set_carveout(2, "middle", 0x2200, 0x601);
	load(true);
	assert_int_equal(dump(OUT_MAX), 0);
	memcpy(&p, out.bytes + sizeof(Elf64_Ehdr) + sizeof(p), sizeof(p));
	assert_int_equal(p.p_vaddr, 0x2000);
	assert_int_equal(p.p_filesz, 0x1800);
	assert_int_equal(out.bytes[56], 3);
}

static void coredump_merges_permissions(void **state)
{
	Elf64_Phdr p;

	(void)state;
	spec_init(true);
	set_carveout(1, "in text", 0x1080, 0x40);
	load(true);
	assert_int_equal(dump(OUT_MAX), 0);
	memcpy(&p, out.bytes + sizeof(Elf64_Ehdr), sizeof(p));
	assert_int_equal(p.p_vaddr, 0x1000);
	assert_int_equal(p.p_filesz, 0x100);
	assert_int_equal(p.p_flags, PF_R | PF_W | PF_X);
}

static void coredump_refuses_more_than_allowed(void **state)
{
	size_t size;

	(void)state;
	spec_init(true);
	load(true);
	assert_int_equal(dump(OUT_MAX), 0);
	size = out.len;
	memset(&out, 0, sizeof(out));
	assert_int_equal(dump(size - 1), -EFBIG);
	assert_non_null(strstr(err.text, "a core file of more than 0x"));
	assert_int_equal(out.calls, 0);
	assert_int_equal(dump(1), -EFBIG);
	assert_int_equal(dump(size), 0);
	assert_int_equal(out.len, size);
}

static void coredump_refuses_what_32_bits_cannot_say(void **state)
{
	(void)state;
	spec_init(false);
	table.head.num = hvl_le32_make(2);
	load(false);
	/* As if the board had that much. */
	rproc.rsc.carveouts[1].da = 0x10000;
	rproc.rsc.carveouts[1].len = 0xfffffff0;
	assert_int_equal(dump(UINT64_MAX), -EFBIG);
	assert_int_equal(out.calls, 0);
}

static void coredump_stops_when_the_writer_fails(void **state)
{
	unsigned int calls;

	(void)state;
	spec_init(true);
	load(true);
	assert_int_equal(dump(OUT_MAX), 0);
	calls = out.calls;
	for (unsigned int i = 1; i <= calls; i++) {
		memset(&out, 0, sizeof(out));
		out.fail_at = i;
		assert_int_equal(dump(OUT_MAX), -ENOSPC);
		assert_int_equal(out.calls, i);
	}
}

static void coredump_needs_a_firmware(void **state)
{
	(void)state;
	spec_init(true);
	load(true);
	hvl_rproc_unload(&rproc);
	assert_int_equal(dump(OUT_MAX), -EINVAL);
	assert_string_equal(err.text, "r0 has no firmware");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
		TEST(coredump_holds_segments_and_carveouts_64),
		TEST(coredump_holds_segments_and_carveouts_32),
		TEST(coredump_fills_what_is_out_of_reach),
		TEST(coredump_merges_a_chain_of_carveouts),
		TEST(coredump_merges_permissions),
		TEST(coredump_refuses_more_than_allowed),
		TEST(coredump_refuses_what_32_bits_cannot_say),
		TEST(coredump_stops_when_the_writer_fails),
		TEST(coredump_needs_a_firmware),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
