/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mpu.c - memory protection and caches (Armv7-R §B5)
 *
 * Only what a region names may be accessed. Memory that the main side looks at
 * while we run is not cached: shared memory, resource table, trace buffer.
 */
#include "zynqmp.h"

/* DRACR */
#define ACR_XN 0x1000u
#define ACR_NONE 0x000u
#define ACR_RW 0x100u /* privileged */
#define ACR_RO 0x500u
#define ACR_CACHED 0x0bu   /* normal, write back, allocate on write */
#define ACR_UNCACHED 0x0cu /* normal, not cached, shared */
#define ACR_DEVICE 0x01u

#define SCTLR_M 0x1u
#define SCTLR_C 0x4u
#define SCTLR_Z 0x800u
#define SCTLR_I 0x1000u
#define SCTLR_DZ 0x80000u /* division by zero is a fault */

#define MPU_LOG2_MIN 5u

/* Where regions overlap the higher number wins. */
enum {
	MPU_SHARED, /* rounded up, it must not take what is ours */
	MPU_VECTORS,
	MPU_RAM,
	MPU_GUARD,
	MPU_TEXT,
	MPU_RODATA,
	MPU_TABLE,
	MPU_DEVICES,
	MPU_GIC,
	MPU_USED,
};

/* From link.ld: addresses and sizes. */
extern char board_vectors_start[], board_vectors_size[];
extern char board_ram_start[], board_ram_size[], board_guard_size[];
extern char board_text_start[], board_text_size[];
extern char board_rodata_start[], board_rodata_size[];
extern char board_table_start[], board_table_size[];

/* @base is a multiple of 2^log2. */
static void mpu_region(uint32_t i, uint32_t base, uint32_t log2, uint32_t acr)
{
	__asm__ volatile("mcr p15, 0, %0, c6, c2, 0\n\t" /* RGNR */
			 "isb\n\t"
			 "mcr p15, 0, %1, c6, c1, 0\n\t" /* DRBAR */
			 "mcr p15, 0, %2, c6, c1, 4\n\t" /* DRACR */
			 "mcr p15, 0, %3, c6, c1, 2\n\t" /* DRSR */
			 "dsb\n\tisb"
			 :
			 : "r"(i), "r"(base), "r"(acr),
			   "r"((log2 - 1) << 1 | 1u)
			 : "memory");
}

static void mpu_region_off(uint32_t i)
{
	__asm__ volatile("mcr p15, 0, %0, c6, c2, 0\n\t"
			 "isb\n\t"
			 "mcr p15, 0, %1, c6, c1, 2\n\t"
			 "dsb\n\tisb"
			 :
			 : "r"(i), "r"(0)
			 : "memory");
}

static void mpu_linked(uint32_t i, const char *base, const char *size,
		       uint32_t acr)
{
	mpu_region(i, (uint32_t)base,
		   31u - (uint32_t)__builtin_clz((uint32_t)size), acr);
}

/* Whoever ran before us may have left regions behind. */
static void mpu_clear(void)
{
	uint32_t mpuir;

	__asm__("mrc p15, 0, %0, c0, c0, 4" : "=r"(mpuir));
	for (uint32_t i = 0; i < (mpuir >> 8 & 0xffu); i++)
		mpu_region_off(i);
}

void mpu_start(void)
{
	uint32_t sctlr;

	mpu_clear();
	mpu_linked(MPU_VECTORS, board_vectors_start, board_vectors_size,
		   ACR_CACHED | ACR_RO);
	mpu_linked(MPU_RAM, board_ram_start, board_ram_size,
		   ACR_CACHED | ACR_RW | ACR_XN);
	mpu_linked(MPU_GUARD, board_ram_start, board_guard_size,
		   ACR_CACHED | ACR_NONE | ACR_XN);
	mpu_linked(MPU_TEXT, board_text_start, board_text_size,
		   ACR_CACHED | ACR_RO);
	mpu_linked(MPU_RODATA, board_rodata_start, board_rodata_size,
		   ACR_CACHED | ACR_RO | ACR_XN);
	mpu_linked(MPU_TABLE, board_table_start, board_table_size,
		   ACR_UNCACHED | ACR_RW | ACR_XN);
	mpu_region(MPU_DEVICES, ZYNQMP_DEVICES, 24,
		   ACR_DEVICE | ACR_RW | ACR_XN);
	mpu_region(MPU_GIC, ZYNQMP_GIC, 16, ACR_DEVICE | ACR_RW | ACR_XN);
	__asm__ volatile("mrc p15, 0, %0, c1, c0, 0" : "=r"(sctlr));
	sctlr |= SCTLR_M | SCTLR_C | SCTLR_Z | SCTLR_I | SCTLR_DZ;
	__asm__ volatile("dsb\n\tmcr p15, 0, %0, c1, c0, 0\n\tisb"
			 :
			 : "r"(sctlr)
			 : "memory");
}

/* The smallest region that holds all of it. */
void mpu_map_shared(uint32_t da, uint32_t size)
{
	uint32_t log2 = MPU_LOG2_MIN, last = da + size - 1;

	while (log2 < 32 && da >> log2 != last >> log2)
		log2++;
	mpu_region(MPU_SHARED, log2 < 32 ? da >> log2 << log2 : 0, log2,
		   ACR_UNCACHED | ACR_RW | ACR_XN);
}
