/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Life cycle of a remote, over a core that only pretends
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include <hvl/remoteproc/rproc.h>

#include "elf_builder.h"
#include "rsc_builder.h"

#define RAM_DA 0x1000u
#define RAM_SIZE 0x3000u
#define SHM_DA 0x8000u
#define TABLE_DA 0x2000u

struct table {
	struct hvl_rsc_table head;
	hvl_le32 offset[3];
	struct hvl_rsc_carveout shm;
	struct hvl_rsc_trace trace;
	struct hvl_rsc_hvl hvl;
};

/* What the core did, one letter a call: Prepare, Start, sTop */
static char calls[32];
static int start_result, stop_result, prepare_result;
static uint64_t started_at;
static uint8_t ram_at_start[RAM_SIZE];
static _Alignas(8) uint8_t ram[RAM_SIZE];

static struct elf_spec spec;
static struct elf_file file;
static struct table table;
static struct hvl_rproc rproc;
static struct hvl_rproc_error err;

static void note(char c)
{
	size_t len = strlen(calls);

	assert_true(len + 1 < sizeof(calls));
	calls[len] = c;
	calls[len + 1] = '\0';
}

static bool fake_memory(struct hvl_rproc *r, uint64_t da, uint64_t len,
			struct hvl_io *io)
{
	uint64_t off;

	assert_ptr_equal(r->cfg.priv, ram);
	*io = (struct hvl_io){ .va = ram, .da = RAM_DA, .size = RAM_SIZE };
	return hvl_io_da_to_off(io, da, len, &off);
}

static int fake_prepare(struct hvl_rproc *r, struct hvl_rproc_error *e)
{
	(void)r;
	note('P');
	return prepare_result ? hvl_rproc_fail(e, prepare_result, "no clock") :
				0;
}

static int fake_start(struct hvl_rproc *r, uint64_t entry,
		      struct hvl_rproc_error *e)
{
	(void)r;
	note('S');
	started_at = entry;
	memcpy(ram_at_start, ram, sizeof(ram));
	return start_result ? hvl_rproc_fail(e, start_result, "no power") : 0;
}

static int fake_stop(struct hvl_rproc *r, struct hvl_rproc_error *e)
{
	(void)r;
	note('T');
	return stop_result ? hvl_rproc_fail(e, stop_result, "stuck") : 0;
}

static const struct hvl_rproc_ops fake_ops = {
	.memory = fake_memory,
	.prepare = fake_prepare,
	.start = fake_start,
	.stop = fake_stop,
};

static const struct hvl_rsc_boot boot = {
	.shm_da = SHM_DA,
	.shm_size = 0x1000,
	.regs_da = SHM_DA + 0x100,
	.regs_count = 1,
};

static void table_init(void)
{
	table = (struct table){
		.head = { .ver = hvl_le32_make(1), .num = hvl_le32_make(3) },
		.offset = { hvl_le32_make(offsetof(struct table, shm)),
			    hvl_le32_make(offsetof(struct table, trace)),
			    hvl_le32_make(offsetof(struct table, hvl)) },
		.shm = { .type = hvl_le32_make(HVL_RSC_CARVEOUT),
			 .da = hvl_le32_make(HVL_RSC_ADDR_ANY),
			 .name = "hvl" },
		.trace = { .type = hvl_le32_make(HVL_RSC_TRACE),
			   .da = hvl_le32_make(0x3000),
			   .len = hvl_le32_make(32),
			   .name = "trace" },
		.hvl = { .type = hvl_le32_make(HVL_RSC_VENDOR_HVL),
			 .len = hvl_le32_make(HVL_RSC_HVL_LEN),
			 .magic = hvl_le32_make(HVL_RSC_HVL_MAGIC),
			 .version = hvl_le32_make(HVL_RSC_HVL_VERSION) },
	};
}

static int setup(void **state)
{
	const struct hvl_rproc_config cfg = {
		.name = "r0",
		.ops = &fake_ops,
		.priv = ram,
		.machine = HVL_ELF_MACHINE_ARM,
	};

	(void)state;
	calls[0] = '\0';
	err.text[0] = '\0';
	start_result = stop_result = prepare_result = 0;
	memset(ram, 0xee, sizeof(ram));
	elf_spec_init(&spec, false, HVL_ELF_MACHINE_ARM);
	table_init();
	spec.table = &table;
	spec.table_size = sizeof(table);
	hvl_rproc_init(&rproc, &cfg);
	return 0;
}

static int load(void)
{
	elf_build(&spec, &file);
	return hvl_rproc_load(&rproc, file.bytes, file.size, &boot, &err);
}

static void load_and_start(void)
{
	assert_int_equal(load(), 0);
	assert_int_equal(hvl_rproc_start(&rproc, &err), 0);
}

static void refused_again(int rc, const char *why)
{
	memset(ram, 0xee, sizeof(ram));
	assert_int_equal(load(), rc);
	assert_string_equal(err.text, why);
	assert_int_equal(rproc.state, HVL_RPROC_OFFLINE);
	assert_int_equal(hvl_rproc_start(&rproc, &err), -EINVAL);
	assert_string_equal(err.text, "r0 has no firmware");
	assert_int_equal(ram[0], 0xee);
}

static void refused(int rc, const char *why)
{
	refused_again(rc, why);
	assert_string_equal(calls, "");
}

static void rproc_load_touches_nothing(void **state)
{
	(void)state;
	assert_int_equal(load(), 0);
	for (size_t i = 0; i < sizeof(ram); i++)
		assert_int_equal(ram[i], 0xee);
	assert_string_equal(calls, "");
	assert_int_equal(rproc.state, HVL_RPROC_OFFLINE);
}

/* What memory must hold when the core is released, byte for byte */
static void assert_loaded(void)
{
	uint8_t want[RAM_SIZE];
	struct table t = table;

	memset(want, 0xee, sizeof(want));
	for (unsigned int i = 0; i < 2; i++) {
		const struct elf_spec_segment *s = &spec.segments[i];

		memset(want + s->da - RAM_DA, 0, s->memsz);
		for (uint64_t k = 0; k < s->filesz; k++)
			want[s->da - RAM_DA + k] = elf_pattern(i, k);
	}
	t.shm.da = t.shm.pa = hvl_le32_make(SHM_DA);
	t.shm.len = hvl_le32_make(0x1000);
	t.hvl.shm_da[0] = hvl_le32_make(SHM_DA);
	t.hvl.shm_size[0] = hvl_le32_make(0x1000);
	t.hvl.regs_da[0] = hvl_le32_make(SHM_DA + 0x100);
	t.hvl.regs_count = hvl_le32_make(1);
	memcpy(want + TABLE_DA - RAM_DA, &t, sizeof(t));
	assert_memory_equal(ram_at_start, want, sizeof(want));
}

static void rproc_start_writes_segments_exactly(void **state)
{
	(void)state;
	load_and_start();
	assert_string_equal(calls, "PS");
	assert_int_equal(started_at, 0x1010);
	assert_int_equal(rproc.state, HVL_RPROC_RUNNING);
	assert_loaded();
}

static void rproc_start_works_without_table(void **state)
{
	struct hvl_rsc_report report;
	char text[8];

	(void)state;
	spec.table = NULL;
	load_and_start();
	assert_false(hvl_rproc_report(&rproc, &report));
	assert_int_equal(hvl_rproc_trace(&rproc, 0, text, sizeof(text)),
			 -ENOENT);
}

static void rproc_start_writes_bss_without_bytes(void **state)
{
	(void)state;
	spec.table = NULL;
	spec.segments[1].filesz = 0;
	spec.segments[1].offset = 0x7fffffff;
	load_and_start();
	assert_int_equal(ram[0x1000], 0);
	assert_int_equal(ram[0x1344], 0);
	assert_int_equal(ram[0x1345], 0xee);
}

static void rproc_restart_equals_first_start(void **state)
{
	(void)state;
	load_and_start();
	for (int i = 0; i < 3; i++) {
		memset(ram, 0xee, sizeof(ram));
		assert_int_equal(hvl_rproc_stop(&rproc, &err), 0);
		assert_int_equal(rproc.state, HVL_RPROC_STOPPED);
		assert_int_equal(hvl_rproc_start(&rproc, &err), 0);
		assert_loaded();
	}
	assert_string_equal(calls, "PSTPSTPSTPS");
	assert_int_equal(rproc.starts, 4);
}

static void rproc_crashed_starts_again(void **state)
{
	(void)state;
	assert_int_equal(load(), 0);
	hvl_rproc_crashed(&rproc);
	assert_int_equal(rproc.state, HVL_RPROC_OFFLINE);
	assert_int_equal(hvl_rproc_start(&rproc, &err), 0);
	hvl_rproc_crashed(&rproc);
	assert_int_equal(rproc.state, HVL_RPROC_CRASHED);
	memset(ram, 0xee, sizeof(ram));
	assert_int_equal(hvl_rproc_start(&rproc, &err), 0);
	assert_int_equal(rproc.state, HVL_RPROC_RUNNING);
	assert_loaded();
	/* Held in reset before its memory is written. */
	assert_string_equal(calls, "PSTPS");
}

static void rproc_crashed_can_be_stopped(void **state)
{
	(void)state;
	load_and_start();
	hvl_rproc_crashed(&rproc);
	assert_int_equal(hvl_rproc_stop(&rproc, &err), 0);
	assert_int_equal(rproc.state, HVL_RPROC_STOPPED);
	hvl_rproc_crashed(&rproc);
	assert_int_equal(rproc.state, HVL_RPROC_STOPPED);
	assert_int_equal(hvl_rproc_stop(&rproc, &err), 0);
	assert_string_equal(calls, "PST");
}

static void rproc_refuses_what_its_state_forbids(void **state)
{
	(void)state;
	assert_int_equal(hvl_rproc_start(&rproc, &err), -EINVAL);
	assert_int_equal(hvl_rproc_stop(&rproc, &err), 0);
	assert_string_equal(calls, "");
	load_and_start();
	assert_int_equal(hvl_rproc_start(&rproc, &err), -EBUSY);
	assert_string_equal(err.text, "r0 is running");
	assert_int_equal(load(), -EBUSY);
	assert_int_equal(rproc.state, HVL_RPROC_RUNNING);
	assert_string_equal(calls, "PS");
}

static void rproc_failures_keep_the_state(void **state)
{
	(void)state;
	assert_int_equal(load(), 0);
	prepare_result = -EIO;
	assert_int_equal(hvl_rproc_start(&rproc, &err), -EIO);
	assert_string_equal(err.text, "no clock");
	assert_int_equal(ram[0], 0xee);
	prepare_result = 0;
	start_result = -ENODEV;
	assert_int_equal(hvl_rproc_start(&rproc, &err), -ENODEV);
	assert_string_equal(err.text, "no power");
	assert_int_equal(rproc.state, HVL_RPROC_OFFLINE);
	assert_int_equal(rproc.starts, 0);
	start_result = 0;
	assert_int_equal(hvl_rproc_start(&rproc, &err), 0);
	stop_result = -EIO;
	assert_int_equal(hvl_rproc_stop(&rproc, &err), -EIO);
	assert_string_equal(err.text, "stuck");
	assert_int_equal(rproc.state, HVL_RPROC_RUNNING);
}

static void rproc_load_takes_another_firmware(void **state)
{
	(void)state;
	load_and_start();
	assert_int_equal(hvl_rproc_stop(&rproc, &err), 0);
	spec.entry = 0x1020;
	assert_int_equal(load(), 0);
	assert_int_equal(rproc.state, HVL_RPROC_OFFLINE);
	assert_int_equal(hvl_rproc_start(&rproc, &err), 0);
	assert_int_equal(started_at, 0x1020);
}

static void rproc_load_refuses_bad_places(void **state)
{
	(void)state;
	spec.segments[1].da = 0x4000 - 0x344;
	spec.table = NULL;
	refused(-ENOEXEC, "segment 2, 0x345 bytes at 0x3cbc, lies outside the "
			  "board's memory");
	spec.segments[1].da = 0x8fff;
	refused(-ENOEXEC, "segment 2, 0x345 bytes at 0x8fff, lies in the "
			  "shared memory");
	spec.segments[1].da = 0x8000 - 0x344;
	refused(-ENOEXEC, "segment 2, 0x345 bytes at 0x7cbc, lies in the "
			  "shared memory");
}

static void rproc_load_refuses_bad_files(void **state)
{
	(void)state;
	spec.machine = HVL_ELF_MACHINE_RISCV;
	refused(-ENOEXEC, "is for riscv, this board needs arm");
}

static void rproc_load_refuses_bad_tables(void **state)
{
	(void)state;
	table.head.ver = hvl_le32_make(3);
	refused(-EINVAL, "resource table: version 3, not 1");
	table_init();
	table.shm.da = hvl_le32_make(0x100);
	refused(-EINVAL, "resource table: wants its shared memory at 0x100, "
			 "it is at 0x8000");
	table_init();
	memcpy(table.shm.name, "vdev0", 6);
	refused(-EINVAL, "resource table: carveout \"vdev0\" needs a fixed "
			 "address: the board keeps no memory of that name");
	table.shm.da = hvl_le32_make(0x100);
	refused(-EINVAL, "resource table: carveout \"vdev0\" at 0x100 is not "
			 "in the board's memory");
	table.shm.da = hvl_le32_make(RAM_DA + 1);
	table.shm.len = hvl_le32_make(RAM_SIZE);
	refused(-EINVAL, "resource table: carveout \"vdev0\" at 0x1001 is not "
			 "in the board's memory");
	table_init();
	spec.segments[1].da += 2;
	refused(-EINVAL, "resource table: 0x2002 is not aligned to 4 bytes");
}

static void rproc_load_takes_fixed_carveouts(void **state)
{
	struct hvl_rsc_carveout c;

	(void)state;
	memcpy(table.shm.name, "vdev0", 6);
	table.shm.len = hvl_le32_make(0x1000);
	table.shm.da = hvl_le32_make(SHM_DA);
	assert_int_equal(load(), 0);
	table.shm.da = hvl_le32_make(RAM_DA + RAM_SIZE - 0x1000);
	load_and_start();
	memcpy(&c, ram + TABLE_DA - RAM_DA + offsetof(struct table, shm),
	       sizeof(c));
	assert_int_equal(hvl_le32_get(c.da), RAM_DA + RAM_SIZE - 0x1000);
	assert_int_equal(hvl_le32_get(c.pa), RAM_DA + RAM_SIZE - 0x1000);
	assert_int_equal(hvl_le32_get(c.len), 0x1000);
}

static void rproc_load_gives_memory_by_name(void **state)
{
	struct hvl_rsc_memory memory = { "vdev0", RAM_DA + 0x2800, 0x800 };
	struct hvl_rsc_carveout c;

	(void)state;
	rproc.cfg.memory = &memory;
	rproc.cfg.nmemory = 1;
	memcpy(table.shm.name, "vdev0", 6);
	load_and_start();
	memcpy(&c, ram + TABLE_DA - RAM_DA + offsetof(struct table, shm),
	       sizeof(c));
	assert_int_equal(hvl_le32_get(c.da), RAM_DA + 0x2800);
	assert_int_equal(hvl_le32_get(c.len), 0x800);
	hvl_rproc_stop(&rproc, &err);
	/* The board has promised what it has not. */
	memory.len++;
	refused_again(-EINVAL, "resource table: carveout \"vdev0\" at 0x3800 "
			       "is not in the board's memory");
}

static char logged[4][HVL_LOG_LINE];
static enum hvl_log_level levels[4];
static unsigned int nlogged;

static void keep_line(void *ctx, enum hvl_log_level level, const char *line)
{
	(void)ctx;
	assert_true(nlogged < 4);
	levels[nlogged] = level;
	strcpy(logged[nlogged++], line);
}

static void rproc_load_tells_what_is_not_served(void **state)
{
	static const struct hvl_log log = { HVL_LOG_INFO, keep_line, NULL };
	static struct rsc_spec rsc;
	uint32_t was[RSC_WORDS];

	(void)state;
	rsc_new(&rsc, 3);
	rsc_add_devmem(&rsc, 0xf000, 0x8000f000, 0x1000, "uart");
	rsc_add_devmem(&rsc, 0xf000, 0xf000, 0x1000, "timer");
	rsc_add_vdev(&rsc);
	memcpy(was, rsc.words, sizeof(was));
	spec.table = rsc.words;
	spec.table_size = rsc.used * 4;
	rproc.cfg.log = &log;
	nlogged = 0;
	load_and_start();
	assert_int_equal(nlogged, 3);
	assert_string_equal(logged[0],
			    "resource table: device memory \"uart\" stays at "
			    "0x8000f000: no IOMMU to show it at 0xf000");
	assert_int_equal(levels[0], HVL_LOG_WARNING);
	assert_string_equal(logged[1], "resource table: device memory "
				       "\"timer\" at 0xf000 needs no mapping");
	assert_int_equal(levels[1], HVL_LOG_INFO);
	assert_string_equal(logged[2],
			    "resource table: vdev of device type 7 with 2 "
			    "vrings left as it is: devices are in the hvl "
			    "entry");
	assert_int_equal(levels[2], HVL_LOG_INFO);
	assert_memory_equal(ram + TABLE_DA - RAM_DA, was, rsc.used * 4);
}

static void rproc_load_refuses_large_table(void **state)
{
	static uint8_t large[HVL_RSC_TABLE_SIZE_MAX + 4];

	(void)state;
	spec.segments[1].filesz = spec.segments[1].memsz = 0x1800;
	spec.table = large;
	spec.table_size = sizeof(large);
	refused(-EINVAL, "resource table: 4100 bytes, at most 4096 are read");
}

static void rproc_report_reads_the_remotes_words(void **state)
{
	const size_t at = TABLE_DA - RAM_DA + offsetof(struct table, hvl);
	struct hvl_rsc_report report;
	struct hvl_rsc_hvl hvl;

	(void)state;
	assert_int_equal(load(), 0);
	assert_false(hvl_rproc_report(&rproc, &report));
	assert_int_equal(hvl_rproc_start(&rproc, &err), 0);
	assert_true(hvl_rproc_report(&rproc, &report));
	assert_int_equal(report.state, HVL_REMOTE_NONE);
	memcpy(&hvl, ram + at, sizeof(hvl));
	hvl.heartbeat = hvl_le32_make(5);
	hvl.state = hvl_le32_make(HVL_REMOTE_CRASHED);
	hvl.cause = hvl_le32_make(0xdead);
	memcpy(ram + at, &hvl, sizeof(hvl));
	assert_true(hvl_rproc_report(&rproc, &report));
	assert_int_equal(report.heartbeat, 5);
	assert_int_equal(report.state, HVL_REMOTE_CRASHED);
	assert_int_equal(report.cause, 0xdead);
	hvl_rproc_crashed(&rproc);
	assert_true(hvl_rproc_report(&rproc, &report));
}

static void rproc_trace_copies_text(void **state)
{
	char *trace = (char *)ram + 0x3000 - RAM_DA;
	char text[64];

	(void)state;
	load_and_start();
	memcpy(trace, "hello\nworld", 12);
	assert_int_equal(hvl_rproc_trace(&rproc, 0, text, sizeof(text)), 11);
	assert_string_equal(text, "hello\nworld");
	assert_int_equal(hvl_rproc_trace(&rproc, 0, text, 6), 5);
	assert_string_equal(text, "hello");
	assert_int_equal(hvl_rproc_trace(&rproc, 0, text, 1), 0);
	/* Not terminated: all of the buffer, no byte more */
	memset(trace, 'x', 33);
	assert_int_equal(hvl_rproc_trace(&rproc, 0, text, sizeof(text)), 32);
	assert_int_equal(hvl_rproc_trace(&rproc, 1, text, sizeof(text)),
			 -ENOENT);
}

static void rproc_trace_outside_memory_is_an_error(void **state)
{
	char text[8];

	(void)state;
	table.trace.da = hvl_le32_make(0x4000 - 31);
	load_and_start();
	assert_int_equal(hvl_rproc_trace(&rproc, 0, text, sizeof(text)),
			 -EFAULT);
}

static void rproc_state_names_are_words(void **state)
{
	(void)state;
	assert_string_equal(hvl_rproc_state_name(HVL_RPROC_OFFLINE), "offline");
	assert_string_equal(hvl_rproc_state_name(HVL_RPROC_RUNNING), "running");
	assert_string_equal(hvl_rproc_state_name(HVL_RPROC_CRASHED), "crashed");
	assert_string_equal(hvl_rproc_state_name(HVL_RPROC_STOPPED), "stopped");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
		TEST(rproc_load_touches_nothing),
		TEST(rproc_start_writes_segments_exactly),
		TEST(rproc_start_works_without_table),
		TEST(rproc_start_writes_bss_without_bytes),
		TEST(rproc_restart_equals_first_start),
		TEST(rproc_crashed_starts_again),
		TEST(rproc_crashed_can_be_stopped),
		TEST(rproc_refuses_what_its_state_forbids),
		TEST(rproc_failures_keep_the_state),
		TEST(rproc_load_takes_another_firmware),
		TEST(rproc_load_refuses_bad_places),
		TEST(rproc_load_refuses_bad_files),
		TEST(rproc_load_refuses_bad_tables),
		TEST(rproc_load_takes_fixed_carveouts),
		TEST(rproc_load_gives_memory_by_name),
		TEST(rproc_load_tells_what_is_not_served),
		TEST(rproc_load_refuses_large_table),
		TEST(rproc_report_reads_the_remotes_words),
		TEST(rproc_trace_copies_text),
		TEST(rproc_trace_outside_memory_is_an_error),
		TEST(rproc_state_names_are_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
