/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A firmware file, loaded, started and restarted through hvl_rproc in a
 * bounded memory. The board is what the file says it is for, so that not all
 * input ends there.
 */
#include "fuzz.h"

#include <string.h>

#include <hvl/metal/compiler.h>
#include <hvl/metal/errno.h>
#include <hvl/remoteproc/rproc.h>

#define LOW_DA UINT64_C(0x1000)
#define LOW_SIZE 0x4000u
#define HIGH_SIZE 0x1000u /* up to the last address */
#define SHM_DA 0x8000u
#define SHM_SIZE 0x1000u
#define FRESH 0xee

/* Two pieces, so that a range can begin in one and end outside. */
struct memory {
	uint8_t low[LOW_SIZE];
	uint8_t high[HIGH_SIZE];
};

static struct memory ram, want, fresh;
static bool is64;
static bool runs;
static struct hvl_rproc rproc;

static uint64_t high_da(void)
{
	return (is64 ? UINT64_MAX : UINT32_MAX) - HIGH_SIZE + 1;
}

static bool fuzz_find(struct memory *m, uint64_t da, uint64_t len,
		      struct hvl_io *io)
{
	const struct hvl_io pieces[] = {
		{ m->low, LOW_DA, LOW_SIZE },
		{ m->high, high_da(), HIGH_SIZE },
	};
	uint64_t off;

	for (unsigned int i = 0; i < HVL_ARRAY_SIZE(pieces); i++) {
		*io = pieces[i];
		if (hvl_io_da_to_off(io, da, len, &off))
			return true;
	}
	return false;
}

static bool fuzz_memory(struct hvl_rproc *r, uint64_t da, uint64_t len,
			struct hvl_io *io)
{
	(void)r;
	return fuzz_find(&ram, da, len, io);
}

static int fuzz_start(struct hvl_rproc *r, uint64_t entry,
		      struct hvl_rproc_error *err)
{
	struct hvl_io io;

	(void)r;
	(void)err;
	FUZZ_CHECK(!runs);
	FUZZ_CHECK(fuzz_find(&ram, entry, 1, &io));
	runs = true;
	return 0;
}

static int fuzz_stop(struct hvl_rproc *r, struct hvl_rproc_error *err)
{
	(void)r;
	(void)err;
	runs = false;
	return 0;
}

static const struct hvl_rproc_ops fuzz_ops = {
	.memory = fuzz_memory,
	.start = fuzz_start,
	.stop = fuzz_stop,
};

static const struct hvl_rsc_boot boot = {
	.shm_da = SHM_DA,
	.shm_size = SHM_SIZE,
	.regs_da = SHM_DA,
	.regs_count = 1,
};

static void fuzz_log(void *ctx, enum hvl_log_level level, const char *line)
{
	(void)ctx;
	(void)level;
	fuzz_check_text(line);
}

static const struct hvl_log counter = { HVL_LOG_DEBUG, fuzz_log, NULL };

static uint8_t *want_at(uint64_t da, uint64_t len)
{
	struct hvl_io io;
	uint64_t off;

	FUZZ_CHECK(fuzz_find(&want, da, len, &io));
	FUZZ_CHECK(hvl_io_da_to_off(&io, da, len, &off));
	return io.va + off;
}

/* What memory holds after a start, from the file and what was read of it */
static void fuzz_expect(const uint8_t *data)
{
	const struct hvl_elf *elf = &rproc.elf;

	for (unsigned int i = 0; i < elf->nsegments; i++) {
		const struct hvl_elf_segment *s = &elf->segments[i];
		uint8_t *at = want_at(s->da, s->memsz);

		memset(at, 0, (size_t)s->memsz);
		if (s->filesz > 0)
			memcpy(at, data + s->offset, (size_t)s->filesz);
	}
	if (elf->table_size > 0)
		memcpy(want_at(elf->table_da, elf->table_size), rproc.table,
		       (size_t)elf->table_size);
}

/* The firmware writes what it likes: garbage from the file's own bytes. */
static void fuzz_run_wild(const uint8_t *data, size_t size)
{
	uint8_t *p = (uint8_t *)&ram;
	uint32_t x = 1;

	for (size_t i = 0; i < sizeof(ram); i++) {
		x = x * 1664525 + 1013904223;
		p[i] = (uint8_t)(data[i % size] ^ (x >> 24 & x >> 16));
	}
}

static void fuzz_look(void)
{
	struct hvl_rsc_report report;
	char text[64];

	FUZZ_CHECK(hvl_rproc_report(&rproc, &report) == rproc.rsc.has_hvl);
	for (unsigned int i = 0; i <= rproc.rsc.ntraces; i++) {
		int len = hvl_rproc_trace(&rproc, i, text, sizeof(text));

		FUZZ_CHECK(len < (int)sizeof(text));
		FUZZ_CHECK(len < 0 || text[len] == '\0');
		FUZZ_CHECK(i < rproc.rsc.ntraces || len == -ENOENT);
	}
}

static void fuzz_life(const uint8_t *data, size_t size)
{
	struct hvl_rproc_error err = { "" };

	want = fresh;
	fuzz_expect(data);
	FUZZ_CHECK(hvl_rproc_start(&rproc, &err) == 0);
	FUZZ_CHECK(memcmp(&ram, &want, sizeof(ram)) == 0);
	fuzz_run_wild(data, size);
	fuzz_look();
	hvl_rproc_crashed(&rproc);
	want = ram;
	fuzz_expect(data);
	FUZZ_CHECK(hvl_rproc_start(&rproc, &err) == 0);
	FUZZ_CHECK(memcmp(&ram, &want, sizeof(ram)) == 0);
	FUZZ_CHECK(hvl_rproc_stop(&rproc, &err) == 0);
}

static uint16_t fuzz_machine(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };

	for (unsigned int i = 0; i < 18; i++)
		fuzz_u8(&in);
	return fuzz_u16(&in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hvl_rproc_error err = { "" };
	const struct hvl_rsc_memory kept = { "kept", LOW_DA, 0x100 };
	const struct hvl_rproc_config cfg = {
		.name = "fuzz",
		.ops = &fuzz_ops,
		.machine = fuzz_machine(data, size),
		.is64 = size > 4 && data[4] == 2,
		.memory = &kept,
		.nmemory = 1,
		.log = &counter,
	};

	is64 = cfg.is64;
	runs = false;
	memset(&fresh, FRESH, sizeof(fresh));
	ram = fresh;
	hvl_rproc_init(&rproc, &cfg);
	if (hvl_rproc_load(&rproc, data, size, &boot, &err) == 0) {
		fuzz_life(data, size);
		return 0;
	}
	fuzz_check_text(err.text);
	FUZZ_CHECK(hvl_rproc_start(&rproc, &err) == -EINVAL);
	FUZZ_CHECK(memcmp(&ram, &fresh, sizeof(ram)) == 0);
	return 0;
}
