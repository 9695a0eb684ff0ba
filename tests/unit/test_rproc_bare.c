/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The core of remoteproc without an operating system: a main processor with
 * nothing but memory and the four functions every toolchain has loads, starts,
 * stops and restarts a remote. No cmocka, no libc: it links or it does not.
 */
#include <stddef.h>
#include <stdint.h>

#include <hvl/metal/errno.h>
#include <hvl/remoteproc/rproc.h>

#include "bare.h"

#define RAM_DA 0x20000000u
#define RAM_SIZE 0x1000u
#define TEXT_DA RAM_DA
#define TEXT_SIZE 64u
#define DATA_DA (RAM_DA + 0x400u)
#define BSS_SIZE 256u
#define TRACE_DA (RAM_DA + 0x800u)
#define SHM_DA 0x30000000u
#define SHM_SIZE 0x10000u

/* ELF32, field by field: there is no <elf.h> here. */
struct elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version, entry, phoff, shoff, flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf_phdr {
	uint32_t type, offset, vaddr, paddr, filesz, memsz, flags, align;
};

struct elf_shdr {
	uint32_t name, type, flags, addr, offset, size, link, info, align, each;
};

struct firmware_data {
	struct hvl_rsc_table head;
	hvl_le32 offset[3];
	struct hvl_rsc_carveout shm;
	struct hvl_rsc_trace trace;
	struct hvl_rsc_hvl hvl;
};

struct firmware {
	struct elf_header header;
	struct elf_phdr phdr[2];
	struct elf_shdr shdr[3];
	char names[32];
	uint8_t text[TEXT_SIZE];
	struct firmware_data data;
};

#define AT(member) ((uint32_t)offsetof(struct firmware, member))
#define ENTRY(member)                                  \
	{                                              \
		offsetof(struct firmware_data, member) \
	}

static const struct firmware firmware = {
	.header = {
		.ident = { 0x7f, 'E', 'L', 'F', 1, 1, 1 },
		.type = 2,
		.machine = HVL_ELF_MACHINE_ARM,
		.version = 1,
		.entry = TEXT_DA + 8,
		.phoff = AT(phdr),
		.shoff = AT(shdr),
		.ehsize = sizeof(struct elf_header),
		.phentsize = sizeof(struct elf_phdr),
		.phnum = 2,
		.shentsize = sizeof(struct elf_shdr),
		.shnum = 3,
		.shstrndx = 1,
	},
	.phdr = {
		{ 1, AT(text), TEXT_DA, TEXT_DA, TEXT_SIZE, TEXT_SIZE, 5, 4 },
		{ 1, AT(data), DATA_DA, DATA_DA, sizeof(struct firmware_data),
		  sizeof(struct firmware_data) + BSS_SIZE, 6, 4 },
	},
	.shdr = {
		[1] = { .name = 1, .type = 3, .offset = AT(names), .size = 32 },
		[2] = { .name = 11, .type = 1, .addr = DATA_DA,
			.offset = AT(data),
			.size = sizeof(struct firmware_data) },
	},
	.names = "\0.shstrtab\0.resource_table",
	.text = { 0xde, 0xad, 0xbe, 0xef, [63] = 0x5a },
	.data = {
		.head = { .ver = { 1 }, .num = { 3 } },
		.offset = { ENTRY(shm), ENTRY(trace), ENTRY(hvl) },
		.shm = { .da = { HVL_RSC_ADDR_ANY }, .name = "hvl" },
		.trace = { .type = { HVL_RSC_TRACE }, .da = { TRACE_DA },
			   .len = { 64 }, .name = "trace" },
		.hvl = { .type = { HVL_RSC_VENDOR_HVL },
			 .len = { HVL_RSC_HVL_LEN },
			 .magic = { HVL_RSC_HVL_MAGIC },
			 .version = { HVL_RSC_HVL_VERSION } },
	},
};

static const struct hvl_rsc_boot boot = {
	.shm_da = SHM_DA,
	.shm_size = SHM_SIZE,
	.regs_da = SHM_DA + 0x1000,
	.regs_count = 2,
	.doorbell = HVL_DOORBELL_IPI,
};

/* The board: a core that is a counter, and its memory. */
static struct board {
	_Alignas(8) uint8_t ram[RAM_SIZE];
	unsigned int prepares, starts, stops;
	uint64_t entry;
	bool runs;
} board;

static struct hvl_rproc rproc;
static struct hvl_rproc_error why;
static unsigned int failures;

static void say(const char *text)
{
	size_t len = 0;

	while (text[len])
		len++;
	bare_write(text, len);
}

#define STRING_(x) #x
#define STRING(x) STRING_(x)
#define CHECK(ok)                                                              \
	do {                                                                   \
		if (!(ok)) {                                                   \
			say("line " STRING(__LINE__) ": not true: " #ok "\n"); \
			failures++;                                            \
		}                                                              \
	} while (0)

static bool board_memory(struct hvl_rproc *r, uint64_t da, uint64_t len,
			 struct hvl_io *io)
{
	uint64_t off;

	(void)r;
	*io = (struct hvl_io){ board.ram, RAM_DA, RAM_SIZE };
	return hvl_io_da_to_off(io, da, len, &off);
}

static int board_prepare(struct hvl_rproc *r, struct hvl_rproc_error *err)
{
	(void)r;
	(void)err;
	board.prepares++;
	return 0;
}

static int board_start(struct hvl_rproc *r, uint64_t entry,
		       struct hvl_rproc_error *err)
{
	if (board.runs)
		return hvl_rproc_fail(err, -EBUSY, "%s runs", r->cfg.name);
	board.runs = true;
	board.entry = entry;
	board.starts++;
	return 0;
}

static int board_stop(struct hvl_rproc *r, struct hvl_rproc_error *err)
{
	(void)r;
	(void)err;
	board.runs = false;
	board.stops++;
	return 0;
}

static uint8_t *board_at(uint32_t da)
{
	return board.ram + (da - RAM_DA);
}

static bool board_word_is(uint32_t da, uint32_t value)
{
	const uint8_t *p = board_at(da);

	return p[0] == (uint8_t)value && p[1] == (uint8_t)(value >> 8) &&
	       p[2] == (uint8_t)(value >> 16) && p[3] == (uint8_t)(value >> 24);
}

static void check_loaded(void)
{
	const uint32_t table = DATA_DA;
	const uint32_t shm = table + offsetof(struct firmware_data, shm);
	const uint32_t hvl = table + offsetof(struct firmware_data, hvl);
	unsigned int dirty = 0;

	CHECK(board.entry == TEXT_DA + 8);
	for (uint32_t i = 0; i < TEXT_SIZE; i++)
		dirty += *board_at(TEXT_DA + i) != firmware.text[i];
	CHECK(dirty == 0);
	for (uint32_t i = 0; i < BSS_SIZE; i++)
		dirty += *board_at(DATA_DA + sizeof(firmware.data) + i) != 0;
	CHECK(dirty == 0);
	CHECK(*board_at(DATA_DA + sizeof(firmware.data) + BSS_SIZE) == 0xa5);
	CHECK(board_word_is(table, HVL_RSC_TABLE_VERSION));
	CHECK(board_word_is(shm + 4, SHM_DA));
	CHECK(board_word_is(shm + 12, SHM_SIZE));
	CHECK(board_word_is(hvl + 16, SHM_DA));
	CHECK(board_word_is(hvl + 40, 2));
	CHECK(board_word_is(hvl + 44, HVL_DOORBELL_IPI));
	CHECK(board_word_is(hvl + 80, 0));
}

/* What the firmware would do, and one that then runs wild */
static void firmware_runs(void)
{
	uint8_t *hvl = board_at(DATA_DA + offsetof(struct firmware_data, hvl));
	static const char text[] = "up";

	hvl[80] = 7;
	hvl[84] = HVL_REMOTE_RUNNING;
	for (size_t i = 0; i < sizeof(text); i++)
		*board_at(TRACE_DA + (uint32_t)i) = (uint8_t)text[i];
}

static void firmware_runs_wild(void)
{
	for (uint32_t i = 0; i < RAM_SIZE; i++)
		board.ram[i] = 0xa5;
}

static void check_refused(void)
{
	static uint8_t bad[sizeof(firmware)];

	for (size_t i = 0; i < sizeof(bad); i++)
		bad[i] = ((const uint8_t *)&firmware)[i];
	bad[offsetof(struct firmware, header.machine)] = 0;
	CHECK(hvl_rproc_load(&rproc, bad, sizeof(bad), &boot, &why) ==
	      -ENOEXEC);
	CHECK(why.text[0] != '\0');
	CHECK(hvl_rproc_start(&rproc, &why) == -EINVAL);
	CHECK(hvl_rproc_load(&rproc, &firmware, sizeof(firmware) - 1, &boot,
			     &why) == -ENOEXEC);
	CHECK(board.starts == 0 && board.prepares == 0);
}

static void check_life(void)
{
	struct hvl_rsc_report report;
	char text[16];

	CHECK(hvl_rproc_load(&rproc, &firmware, sizeof(firmware), &boot,
			     &why) == 0);
	CHECK(hvl_rproc_start(&rproc, &why) == 0);
	CHECK(rproc.state == HVL_RPROC_RUNNING && board.runs);
	check_loaded();
	firmware_runs();
	CHECK(hvl_rproc_report(&rproc, &report));
	CHECK(report.heartbeat == 7 && report.state == HVL_REMOTE_RUNNING);
	CHECK(hvl_rproc_trace(&rproc, 0, text, sizeof(text)) == 2);
	CHECK(text[0] == 'u' && text[1] == 'p' && text[2] == '\0');
	CHECK(hvl_rproc_stop(&rproc, &why) == 0);
	CHECK(rproc.state == HVL_RPROC_STOPPED && !board.runs);
}

static void check_restarts(void)
{
	for (unsigned int i = 0; i < 3; i++) {
		firmware_runs_wild();
		CHECK(hvl_rproc_start(&rproc, &why) == 0);
		check_loaded();
		hvl_rproc_crashed(&rproc);
		CHECK(rproc.state == HVL_RPROC_CRASHED && board.runs);
	}
	/* A crashed core is held before it is written. */
	CHECK(board.starts == 4 && board.prepares == 4 && board.stops == 3);
	CHECK(hvl_rproc_stop(&rproc, &why) == 0);
	CHECK(!board.runs);
}

int bare_main(void)
{
	static const struct hvl_rproc_ops ops = {
		.memory = board_memory,
		.prepare = board_prepare,
		.start = board_start,
		.stop = board_stop,
	};
	static const struct hvl_rproc_config cfg = {
		.name = "core1",
		.ops = &ops,
		.machine = HVL_ELF_MACHINE_ARM,
	};

	firmware_runs_wild();
	hvl_rproc_init(&rproc, &cfg);
	check_refused();
	check_life();
	check_restarts();
	if (why.text[0] && failures) {
		say(why.text);
		say("\n");
	}
	return failures ? 1 : 0;
}
