/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * remote.c - what every board has in common: the resource table
 *
 * The table lies in memory that the main side reads while we run. Its middle
 * part was written once, before we started; what we say in it goes out word by
 * word.
 */
#include "remote.h"
#include "table.h"
#include "trace.h"

#include <hvl/metal/io.h>
#include <hvl/wire/mmio.h>

/* From the linker script. */
extern char board_ram_start[], board_ram_end[];

static struct remote_trace remote_text;
static uint32_t remote_beats;

#define ENTRY_AT(field) offsetof(struct hvl_rsc_hvl, field)

static struct hvl_io remote_io(void *va, size_t size)
{
	return (struct hvl_io){ .va = va, .da = (uintptr_t)va, .size = size };
}

static struct hvl_io remote_entry(void)
{
	return remote_io(&remote_table_hvl, sizeof(remote_table_hvl));
}

static void remote_say(uint64_t off, uint32_t value)
{
	struct hvl_io io = remote_entry();

	hvl_io_write32(&io, off, value);
	hvl_io_clean(&io, off, sizeof(value));
}

static uint32_t remote_word(uint64_t off)
{
	struct hvl_io io = remote_entry();

	return hvl_io_read32(&io, off);
}

static uint64_t remote_two_words(uint64_t off)
{
	return remote_word(off) | (uint64_t)remote_word(off + 4) << 32;
}

/* Whether we can point at all of a range, and it does not wrap. */
static bool remote_addressable(uint64_t da, uint64_t size)
{
	return size <= UINTPTR_MAX && da <= UINTPTR_MAX - size;
}

static bool remote_hits_ram(uint64_t da, uint64_t size)
{
	return da < (uintptr_t)board_ram_end &&
	       da + size > (uintptr_t)board_ram_start;
}

static const char *remote_take_memory(struct board_info *info)
{
	uint64_t da = remote_two_words(ENTRY_AT(shm_da));
	uint64_t size = remote_two_words(ENTRY_AT(shm_size));

	if (size == 0)
		return "resource table: the loader did not fill in the entry "
		       "`hvl`";
	if (da == 0 || !remote_addressable(da, size))
		return "resource table: shared memory that does not exist";
	if (remote_hits_ram(da, size))
		return "resource table: shared memory within our own";
	info->shm = remote_io((void *)(uintptr_t)da, (size_t)size);
	return NULL;
}

static const char *remote_take_regs(struct board_info *info)
{
	uint64_t da = remote_two_words(ENTRY_AT(regs_da));
	uint32_t count = remote_word(ENTRY_AT(regs_count)), doorbell;
	uint64_t off;

	if (count > 0 &&
	    (!hvl_io_da_to_off(&info->shm, da,
			       (uint64_t)count * HVL_MMIO_BLOCK_SIZE, &off) ||
	     da % sizeof(uint64_t) != 0))
		return "resource table: register blocks outside the shared "
		       "memory";
	doorbell = remote_doorbell();
	info->regs_da = da;
	info->regs_count = count;
	info->polling = doorbell == HVL_DOORBELL_POLL;
	return NULL;
}

const char *remote_init(struct board_info *info)
{
	const char *wrong;

	remote_trace_init(&remote_text, remote_table_trace,
			  REMOTE_TABLE_TRACE_SIZE);
	remote_state(HVL_REMOTE_STARTING);
	if (remote_word(ENTRY_AT(magic)) != HVL_RSC_HVL_MAGIC ||
	    remote_word(ENTRY_AT(version)) != HVL_RSC_HVL_VERSION)
		return "resource table: the entry `hvl` is of another version";
	wrong = remote_take_memory(info);
	if (!wrong)
		wrong = remote_take_regs(info);
	return wrong;
}

uint32_t remote_doorbell(void)
{
	return remote_word(ENTRY_AT(doorbell));
}

uint32_t remote_doorbell_param(unsigned int i)
{
	return remote_word(ENTRY_AT(doorbell_param) + i * sizeof(hvl_le32));
}

void remote_state(enum hvl_rsc_state state)
{
	remote_say(ENTRY_AT(state), (uint32_t)state);
}

void remote_crashed(uint32_t cause)
{
	remote_say(ENTRY_AT(cause), cause);
	remote_state(HVL_REMOTE_CRASHED);
}

void remote_beat(void)
{
	remote_say(ENTRY_AT(heartbeat), ++remote_beats);
}

void remote_trace_write(const char *text, size_t len)
{
	struct hvl_io io =
		remote_io(remote_table_trace, REMOTE_TABLE_TRACE_SIZE);

	/* A fault before remote_init() has no trace. */
	if (!remote_text.buf)
		return;
	remote_trace_append(&remote_text, text, len);
	hvl_io_clean(&io, 0, io.size);
}

/* Weak: where address 0 can be written, the board has another way. */
__attribute__((weak)) void board_fault(void)
{
	volatile uint32_t *nothing = NULL;

	/* The compiler must not know, or it leaves the store out. */
	__asm__("" : "+r"(nothing));
	for (;;)
		*nothing = 0;
}
