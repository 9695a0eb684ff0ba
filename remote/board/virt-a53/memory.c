/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * memory.c - the one thing that tables.S cannot know: where the shared memory is
 */
#include <stddef.h>

#include "board_priv.h"

#define MEMORY_BLOCK UINT64_C(0x200000)
/* What PCI may use and tables.S leaves free. */
#define MEMORY_WINDOW_START UINT64_C(0x10200000)
#define MEMORY_WINDOW_END UINT64_C(0x3eff0000)

/*
 * Normal memory, cacheable, inner-shareable, never executed: as tables.S calls
 * DATA. It is RAM of the machine that QEMU runs on, and coherent with us.
 */
#define MEMORY_DATA UINT64_C(0x60000000000705)

extern uint64_t tables_low[]; /* tables.S: 512 blocks from address 0 on */

const char *memory_map_shared(uint64_t da, uint64_t size)
{
	uint64_t end;

	if (da < MEMORY_WINDOW_START || da > MEMORY_WINDOW_END ||
	    size > MEMORY_WINDOW_END - da)
		return "shared memory outside PCI's window";
	end = da + size;
	for (da -= da % MEMORY_BLOCK; da < end; da += MEMORY_BLOCK)
		tables_low[da / MEMORY_BLOCK] = da | MEMORY_DATA;
	/* There was nothing before that a TLB could hold. */
	__asm__ volatile("dsb ishst\n\tisb" ::: "memory");
	return NULL;
}
