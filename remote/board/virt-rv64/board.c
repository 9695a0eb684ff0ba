/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * board.c - QEMU's 64-bit RISC-V machine: UART, timer, doorbell, end
 */
#include <stdint.h>

#include <hvl/metal/time.h>

#include "bare.h"
#include "cpu.h"
#include "ivshmem_bell.h"
#include "mmio.h"

#define UART UINT64_C(0x10000000) /* NS16550 */
#define UART_DATA 0u
#define UART_IER 1u
#define UART_IER_RX 0x01u
#define UART_FCR 2u
#define UART_FCR_FIFO 0x07u /* on, empty, interrupt at one byte */
#define UART_LCR 3u
#define UART_LCR_8N1 0x03u
#define UART_LSR 5u
#define UART_LSR_RX 0x01u
#define UART_LSR_TX_EMPTY 0x20u

/* Interrupts of hart 0: by software, the time, and the PLIC. */
#define CLINT_MSIP UINT64_C(0x02000000)
#define CLINT_MTIMECMP UINT64_C(0x02004000)
#define PLIC UINT64_C(0x0c000000)
#define PLIC_PRIORITY(irq) (4u * (irq))
#define PLIC_ENABLE 0x2000u
#define PLIC_THRESHOLD 0x200000u
#define PLIC_CLAIM 0x200004u
#define PLIC_UART 10u

#define IRQ_SOFTWARE 3u
#define IRQ_TIMER 7u
#define IRQ_EXTERNAL 11u
#define IRQ_CODE 0xffu

#define TIMER_TICKS_A_US 10u
#define TIMER_MAX_US HVL_US_PER_S
#define TIMER_NEVER UINT64_MAX

#define FINISHER UINT64_C(0x00100000)
#define FINISHER_RESET 0x7777u

/*
 * A message is a write of a word: it may as well be the one that raises the
 * software interrupt. There is no controller in between, and nothing to claim.
 */
static const struct ivshmem_host board_pci = {
	.ecam = 0x30000000,
	.regs = 0x40000000,
	.msi_addr = CLINT_MSIP,
	.msi_value = 1,
};

struct board_info bare_info = { .name = "virt-rv64" };

static void board_timer(uint64_t ticks)
{
	*(volatile uint64_t *)CLINT_MTIMECMP = ticks;
}

void bare_start(void)
{
	board_timer(TIMER_NEVER);
	mmio_write32(CLINT_MSIP, 0);
	mmio_write8(UART + UART_IER, 0);
	mmio_write8(UART + UART_LCR, UART_LCR_8N1);
	mmio_write8(UART + UART_FCR, UART_FCR_FIFO);
}

static void board_open_uart(void)
{
	mmio_write32(PLIC + PLIC_PRIORITY(PLIC_UART), 1);
	mmio_write32(PLIC + PLIC_ENABLE, 1u << PLIC_UART);
	mmio_write32(PLIC + PLIC_THRESHOLD, 0);
	mmio_write8(UART + UART_IER, UART_IER_RX);
}

const char *bare_open(void)
{
	const char *wrong;

	board_open_uart();
	CPU_WRITE(mie,
		  1u << IRQ_SOFTWARE | 1u << IRQ_TIMER | 1u << IRQ_EXTERNAL);
	wrong = ivshmem_bell_place(&board_pci);
	if (wrong || bare_info.polling)
		return wrong;
	return ivshmem_bell_open(&board_pci);
}

/* Its interrupt lasts as long as there are bytes: off while they must wait. */
void bare_uart_take(void)
{
	bool room;

	while ((room = bare_room()) &&
	       (mmio_read8(UART + UART_LSR) & UART_LSR_RX))
		bare_received((char)mmio_read8(UART + UART_DATA));
	mmio_write8(UART + UART_IER, room ? UART_IER_RX : 0);
}

static void board_external_irq(void)
{
	uint32_t irq;

	while ((irq = mmio_read32(PLIC + PLIC_CLAIM)) != 0) {
		if (irq == PLIC_UART)
			bare_uart_take();
		mmio_write32(PLIC + PLIC_CLAIM, irq);
	}
}

/* trap.S */
void board_irq(uint64_t cause);

void board_irq(uint64_t cause)
{
	switch (cause & IRQ_CODE) {
	case IRQ_SOFTWARE:
		/* First: what rings from now on interrupts once more. */
		mmio_write32(CLINT_MSIP, 0);
		bare_rang();
		break;
	case IRQ_TIMER:
		board_timer(TIMER_NEVER);
		break;
	case IRQ_EXTERNAL:
		board_external_irq();
		break;
	default:
		break;
	}
}

void board_uart_write(const char *buf, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		while (!(mmio_read8(UART + UART_LSR) & UART_LSR_TX_EMPTY))
			;
		mmio_write8(UART + UART_DATA, (unsigned char)buf[i]);
	}
}

uint64_t hvl_time_us(void)
{
	return CPU_READ(time) / TIMER_TICKS_A_US;
}

/* The timer is only to end the sleep: it is off again before it interrupts. */
void bare_sleep(uint64_t us)
{
	if (us > TIMER_MAX_US)
		us = TIMER_MAX_US;
	board_timer(CPU_READ(time) + us * TIMER_TICKS_A_US);
	cpu_wfi();
	board_timer(TIMER_NEVER);
}

/* A reset that the firmware asks for: the emulator reports it at once. */
void bare_end(void)
{
	cpu_mask();
	__asm__ volatile("fence iorw, iorw" ::: "memory");
	mmio_write32(FINISHER, FINISHER_RESET);
	for (;;)
		cpu_wfi();
}
