/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * board.c - QEMU's 64-bit Arm machine: UART, timer, doorbell, end
 */
#include <stdint.h>

#include <hvl/metal/time.h>

#include "bare.h"
#include "board_priv.h"
#include "cpu.h"
#include "ivshmem_bell.h"
#include "mmio.h"

#define UART UINT64_C(0x09000000) /* PL011 */
#define UART_DR 0x00u
#define UART_FR 0x18u
#define UART_FR_RX_EMPTY 0x10u
#define UART_FR_TX_FULL 0x20u
#define UART_LCR 0x2cu
#define UART_LCR_8N1_FIFO 0x70u
#define UART_CR 0x30u
#define UART_CR_ON 0x301u /* enabled, sends, receives */
#define UART_IMSC 0x38u
#define UART_IMSC_RX 0x50u /* bytes came; bytes wait */

#define TIMER_ENABLE 1u
#define TIMER_MAX_US HVL_US_PER_S

#define PSCI_SYSTEM_RESET 0x84000009u

static struct ivshmem_host board_pci = {
	.ecam = 0x3f000000,
	.regs = 0x10000000,
};
static uint32_t board_doorbell_id;
static uint64_t board_hz;

struct board_info bare_info = { .name = "virt-a53" };

void bare_start(void)
{
	board_hz = CPU_READ(cntfrq_el0);
	mmio_write32(UART + UART_LCR, UART_LCR_8N1_FIFO);
	mmio_write32(UART + UART_CR, UART_CR_ON);
}

const char *bare_open(void)
{
	const struct hvl_io *shm = &bare_info.shm;
	const char *wrong;

	gic_start();
	mmio_write32(UART + UART_IMSC, UART_IMSC_RX);
	wrong = ivshmem_bell_place(&board_pci);
	if (!wrong)
		wrong = memory_map_shared(shm->da, shm->size);
	if (wrong || bare_info.polling)
		return wrong;
	/* Messages go to the GIC. */
	board_doorbell_id = gic_doorbell();
	board_pci.msi_addr = gic_message_address();
	board_pci.msi_value = board_doorbell_id;
	return ivshmem_bell_open(&board_pci);
}

/* Its interrupt lasts as long as there are bytes: off while they must wait. */
void bare_uart_take(void)
{
	bool room;

	while ((room = bare_room()) &&
	       !(mmio_read32(UART + UART_FR) & UART_FR_RX_EMPTY))
		bare_received((char)mmio_read32(UART + UART_DR));
	mmio_write32(UART + UART_IMSC, room ? UART_IMSC_RX : 0);
}

void board_irq(uint32_t id)
{
	if (id == board_doorbell_id)
		bare_rang();
	else if (id == GIC_UART)
		bare_uart_take();
}

void board_uart_write(const char *buf, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		while (mmio_read32(UART + UART_FR) & UART_FR_TX_FULL)
			;
		mmio_write32(UART + UART_DR, (unsigned char)buf[i]);
	}
}

uint64_t hvl_time_us(void)
{
	uint64_t ticks;

	/* Not read before what comes before it has happened. */
	cpu_isb();
	ticks = CPU_READ(cntvct_el0);
	return ticks / board_hz * HVL_US_PER_S +
	       ticks % board_hz * HVL_US_PER_S / board_hz;
}

/* The timer is only to end the sleep: it is off again before it interrupts. */
void bare_sleep(uint64_t us)
{
	if (us > TIMER_MAX_US)
		us = TIMER_MAX_US;
	CPU_WRITE(cntv_cval_el0,
		  CPU_READ(cntvct_el0) + us * board_hz / HVL_US_PER_S);
	CPU_WRITE(cntv_ctl_el0, TIMER_ENABLE);
	cpu_isb();
	cpu_wfi();
	CPU_WRITE(cntv_ctl_el0, 0);
	cpu_isb();
}

/* A reset that the firmware asks for: the emulator reports it at once. */
void bare_end(void)
{
	register uint64_t x0 __asm__("x0") = PSCI_SYSTEM_RESET;

	cpu_mask();
	__asm__ volatile("dsb sy\n\thvc #0" : "+r"(x0) : : "memory");
	for (;;)
		cpu_wfi();
}
