/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The firmware as a file: what the loader, and the board's README, promise.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include <hvl/remoteproc/elf.h>
#include <hvl/remoteproc/rsc_table.h>

#define RAM_DA 0x38100000u
#define RAM_SIZE 0xf00000u
#define STACK_SIZE 0x40000u
#define PAGE 0x10000u

static uint8_t image[8 << 20];
static struct hvl_elf elf;
static struct hvl_rsc_info info;

static int read_firmware(void **state)
{
	struct hvl_rproc_error err = { "" };
	FILE *file = fopen(FIRMWARE, "rb");
	size_t size;

	(void)state;
	assert_non_null(file);
	size = fread(image, 1, sizeof(image), file);
	fclose(file);
	if (hvl_elf_open(&elf, image, size, FIRMWARE_MACHINE, true, &err) < 0 ||
	    hvl_rsc_parse(&info, image + elf.table_offset,
			  (size_t)elf.table_size, NULL, &err) < 0)
		fail_msg("%s", err.text);
	return 0;
}

static const struct hvl_elf_segment *segment_at(uint64_t da)
{
	for (unsigned int i = 0; i < elf.nsegments; i++)
		if (da - elf.segments[i].da < elf.segments[i].memsz)
			return &elf.segments[i];
	fail_msg("no segment at %llx", (unsigned long long)da);
	return NULL;
}

static void firmware_segments_lie_in_ram(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < elf.nsegments; i++) {
		const struct hvl_elf_segment *s = &elf.segments[i];

		assert_true(s->da >= RAM_DA);
		assert_true(s->da + s->memsz <= RAM_DA + RAM_SIZE);
		assert_int_equal(s->da % PAGE, 0);
		assert_int_not_equal(s->memsz, 0);
	}
}

static void firmware_never_writes_what_it_executes(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < elf.nsegments; i++)
		assert_int_not_equal(elf.segments[i].flags &
					     (HVL_ELF_W | HVL_ELF_X),
				     HVL_ELF_W | HVL_ELF_X);
	assert_int_equal(segment_at(elf.entry)->flags, HVL_ELF_R | HVL_ELF_X);
}

static void firmware_stack_is_first_above_the_guard(void **state)
{
	const struct hvl_elf_segment *s = segment_at(RAM_DA);

	(void)state;
	assert_int_equal(s->da, RAM_DA);
	assert_int_equal(s->memsz, STACK_SIZE);
	assert_int_equal(s->filesz, 0);
	assert_int_equal(s->flags, HVL_ELF_R | HVL_ELF_W);
}

static void firmware_table_is_writable(void **state)
{
	(void)state;
	assert_int_equal(segment_at(elf.table_da)->flags,
			 HVL_ELF_R | HVL_ELF_W);
}

static void firmware_table_has_what_the_loader_needs(void **state)
{
	(void)state;
	assert_true(info.has_hvl);
	assert_int_equal(info.skipped, 0);
	assert_int_equal(info.ncarveouts, 1);
	assert_string_equal(info.carveouts[0].name, HVL_RSC_CARVEOUT_SHM);
	assert_int_equal(info.carveouts[0].da, HVL_RSC_ADDR_ANY);
	assert_int_equal(info.carveouts[0].len, 0);
	assert_int_equal(info.ntraces, 1);
	assert_int_equal(info.traces[0].len, 8192);
	assert_int_equal(segment_at(info.traces[0].da)->flags,
			 HVL_ELF_R | HVL_ELF_W);
}

static void firmware_entry_agrees_with_the_wire_format(void **state)
{
	struct hvl_rsc_hvl hvl;

	(void)state;
	memcpy(&hvl, image + elf.table_offset + info.hvl_pos, sizeof(hvl));
	assert_int_equal(hvl_le32_get(hvl.type), HVL_RSC_VENDOR_HVL);
	assert_int_equal(hvl_le32_get(hvl.len), HVL_RSC_HVL_LEN);
	assert_int_equal(hvl_le32_get(hvl.magic), HVL_RSC_HVL_MAGIC);
	assert_int_equal(hvl_le32_get(hvl.version), HVL_RSC_HVL_VERSION);
	assert_int_equal(hvl_le32_get(hvl.shm_size[0]), 0);
	assert_int_equal(hvl_le32_get(hvl.state), HVL_REMOTE_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(firmware_segments_lie_in_ram),
		cmocka_unit_test(firmware_never_writes_what_it_executes),
		cmocka_unit_test(firmware_stack_is_first_above_the_guard),
		cmocka_unit_test(firmware_table_is_writable),
		cmocka_unit_test(firmware_table_has_what_the_loader_needs),
		cmocka_unit_test(firmware_entry_agrees_with_the_wire_format),
	};

	return cmocka_run_group_tests(tests, read_firmware, NULL);
}
