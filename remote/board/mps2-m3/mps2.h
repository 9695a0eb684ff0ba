/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mps2.h - registers, and what the files of this board share
 */
#ifndef MPS2_H
#define MPS2_H

#include <stdint.h>

#define MPS2_CLOCK_HZ 25000000u

/* The memory that is RAM and shared memory. */
#define MPS2_PSRAM 0x21000000u
#define MPS2_PSRAM_SIZE 0x1000000u

/* CMSDK timers: they count down. */
#define MPS2_TIMER0 0x40000000u
#define MPS2_TIMER1 0x40001000u
#define TIMER_CTRL 0x0u
#define TIMER_VALUE 0x4u
#define TIMER_RELOAD 0x8u
#define TIMER_INTCLEAR 0xcu
#define TIMER_CTRL_ENABLE 0x1u
#define TIMER_CTRL_IRQ 0x8u

/* CMSDK UARTs */
#define MPS2_UART0 0x40004000u
#define MPS2_UART1 0x40005000u
#define UART_DATA 0x0u
#define UART_STATE 0x4u
#define UART_CTRL 0x8u
#define UART_INTCLEAR 0xcu
#define UART_BAUDDIV 0x10u
#define UART_STATE_TX_FULL 0x1u
#define UART_STATE_RX_FULL 0x2u
#define UART_CTRL_TX 0x1u
#define UART_CTRL_RX 0x2u
#define UART_CTRL_RX_IRQ 0x8u
#define UART_INT_RX 0x2u

/* Inputs of the interrupt controller */
#define MPS2_IRQ_UART0_RX 0u
#define MPS2_IRQ_UART1_RX 2u
#define MPS2_IRQ_TIMER1 9u

/* Armv7-M: NVIC, system control block, MPU */
#define NVIC_ISER 0xe000e100u
#define NVIC_ICPR 0xe000e280u
#define SCB_ICSR 0xe000ed04u
#define SCB_AIRCR 0xe000ed0cu
#define SCB_CCR 0xe000ed14u
#define SCB_SHCSR 0xe000ed24u
#define SCB_CFSR 0xe000ed28u
#define SCB_HFSR 0xe000ed2cu
#define SCB_MMFAR 0xe000ed34u
#define SCB_BFAR 0xe000ed38u
#define MPU_CTRL 0xe000ed94u
#define MPU_RBAR 0xe000ed9cu
#define MPU_RASR 0xe000eda0u

static inline uint32_t mps2_read(uint32_t addr)
{
	return *(const volatile uint32_t *)(uintptr_t)addr;
}

static inline void mps2_write(uint32_t addr, uint32_t value)
{
	*(volatile uint32_t *)(uintptr_t)addr = value;
}

/* time.c */
void mps2_time_start(void);

/* fault.c: protect memory, tell faults apart. */
void mps2_fault_start(void);

#endif /* MPS2_H */
