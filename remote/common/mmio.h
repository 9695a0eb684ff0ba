/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mmio.h - registers of a board's own devices
 *
 * Single accesses in program order with one another. Against memory they are
 * ordered by the barriers of hvl/metal/barrier.h only.
 */
#ifndef MMIO_H
#define MMIO_H

#include <stdint.h>

static inline uint8_t mmio_read8(uintptr_t addr)
{
	return *(const volatile uint8_t *)addr;
}

static inline void mmio_write8(uintptr_t addr, uint8_t value)
{
	*(volatile uint8_t *)addr = value;
}

static inline uint16_t mmio_read16(uintptr_t addr)
{
	return *(const volatile uint16_t *)addr;
}

static inline void mmio_write16(uintptr_t addr, uint16_t value)
{
	*(volatile uint16_t *)addr = value;
}

static inline uint32_t mmio_read32(uintptr_t addr)
{
	return *(const volatile uint32_t *)addr;
}

static inline void mmio_write32(uintptr_t addr, uint32_t value)
{
	*(volatile uint32_t *)addr = value;
}

#endif /* MMIO_H */
