/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * board.c - the board zcu102-r5: UART, doorbell, idle, ends
 *
 * UART 1 is the console. The doorbell is an inter-processor interrupt, or,
 * where an emulator has none, a byte on UART 0 towards the main side and none
 * towards us. Without an interrupt controller everything is polled.
 */
#include "zynqmp.h"

#include <hvl/metal/barrier.h>
#include <hvl/metal/time.h>

#include "bare.h"
#include "cpu.h"
#include "remote.h"

#define UART_CR 0x00u
#define UART_MR 0x04u
#define UART_IER 0x08u
#define UART_IDR 0x0cu
#define UART_ISR 0x14u /* write 1 to clear */
#define UART_RXWM 0x20u
#define UART_SR 0x2cu
#define UART_FIFO 0x30u
#define UART_CR_RESET 0x03u
#define UART_CR_RX 0x04u
#define UART_CR_TX 0x10u
#define UART_MR_8N1 0x20u
#define UART_INT_RX 0x01u /* the FIFO holds what RXWM says */
#define UART_SR_RX_EMPTY 0x02u
#define UART_SR_TX_FULL 0x10u

/* Looks at the clock that a wait makes without a pause fill the bus. */
#define BOARD_PAUSE 100u

struct board_info bare_info = { .name = "zcu102-r5" };

static enum hvl_rsc_doorbell board_doorbell = HVL_DOORBELL_POLL;

/* Speed and clock are as the boot loader has set them. */
static void board_uart_start(uint32_t uart)
{
	zynqmp_write(uart + UART_IDR, UINT32_MAX);
	zynqmp_write(uart + UART_CR, UART_CR_RESET);
	zynqmp_write(uart + UART_MR, UART_MR_8N1);
	zynqmp_write(uart + UART_RXWM, 1);
	zynqmp_write(uart + UART_CR, UART_CR_RX | UART_CR_TX);
}

void bare_uart_take(void)
{
	while (bare_room() &&
	       !(zynqmp_read(ZYNQMP_UART1 + UART_SR) & UART_SR_RX_EMPTY))
		bare_received((char)zynqmp_read(ZYNQMP_UART1 + UART_FIFO));
}

/* Acknowledged first: a byte that comes while we read interrupts anew. */
static void board_uart_irq(void)
{
	zynqmp_write(ZYNQMP_UART1 + UART_ISR, UART_INT_RX);
	bare_uart_take();
}

void cpu_poll(void)
{
	if (!gic_present())
		bare_uart_take();
}

void bare_start(void)
{
	mpu_start();
	gic_start();
	time_start();
	board_uart_start(ZYNQMP_UART1);
	gic_enable(ZYNQMP_IRQ_UART1, board_uart_irq);
	zynqmp_write(ZYNQMP_UART1 + UART_IER, UART_INT_RX);
	__asm__ volatile("cpsie ai" : : : "memory");
}

static const char *board_open_uart(void)
{
	if (remote_doorbell_param(0) != ZYNQMP_UART0)
		return "resource table: a doorbell that this board lacks";
	board_uart_start(ZYNQMP_UART0);
	/* param[1]: nothing rings us. We would not take it if it did. */
	bare_info.polling = true;
	return NULL;
}

static const char *board_open_ipi(void)
{
	if (!gic_present())
		bare_info.polling = true;
	return ipi_open(remote_doorbell_param(0), remote_doorbell_param(1));
}

const char *bare_open(void)
{
	const char *wrong = NULL;

	mpu_map_shared((uint32_t)bare_info.shm.da,
		       (uint32_t)bare_info.shm.size);
	switch (remote_doorbell()) {
	case HVL_DOORBELL_POLL:
		return NULL;
	case HVL_DOORBELL_UART:
		wrong = board_open_uart();
		break;
	case HVL_DOORBELL_IPI:
		wrong = board_open_ipi();
		break;
	default:
		return "resource table: a doorbell that this board lacks";
	}
	board_doorbell = (enum hvl_rsc_doorbell)remote_doorbell();
	return wrong;
}

/* While a byte waits to be sent, whoever gets it will see what we just did. */
void board_doorbell_ring(void)
{
	hvl_wmb_before_doorbell();
	if (board_doorbell == HVL_DOORBELL_IPI)
		ipi_ring();
	else if (board_doorbell == HVL_DOORBELL_UART &&
		 !(zynqmp_read(ZYNQMP_UART0 + UART_SR) & UART_SR_TX_FULL))
		zynqmp_write(ZYNQMP_UART0 + UART_FIFO, 1);
}

void board_uart_write(const char *buf, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		while (zynqmp_read(ZYNQMP_UART1 + UART_SR) & UART_SR_TX_FULL)
			;
		zynqmp_write(ZYNQMP_UART1 + UART_FIFO, (unsigned char)buf[i]);
	}
}

/* Where nothing interrupts, WFI would have no end. */
static void board_wait(uint64_t us)
{
	uint64_t until = hvl_time_us() + us;

	while (hvl_time_us() < until)
		for (uint32_t i = 0; i < BOARD_PAUSE; i++)
			__asm__ volatile("nop");
}

void bare_sleep(uint64_t us)
{
	if (!gic_present()) {
		board_wait(us);
		return;
	}
	time_alarm(us);
	__asm__ volatile("dsb\n\twfi" : : : "memory");
	time_alarm_off();
}

/* Nothing of ours resets us alone: the main side sees the state and does. */
void bare_end(void)
{
	__asm__ volatile("cpsid aif" : : : "memory");
	for (;;)
		__asm__ volatile("dsb\n\twfi" : : : "memory");
}
