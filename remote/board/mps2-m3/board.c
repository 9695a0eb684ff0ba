/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * board.c - the board mps2-m3: UART, doorbell, ends
 *
 * UART 0 is the console. UART 1 is the doorbell: a byte, whatever its value,
 * rings, in both directions.
 */
#include "mps2.h"

#include <hvl/metal/barrier.h>

#include "bare.h"
#include "remote.h"

/* 115200 baud of the system clock; an emulator does not mind. */
#define BOARD_BAUDDIV (MPS2_CLOCK_HZ / 115200u)
#define AIRCR_RESET 0x05fa0004u /* key, SYSRESETREQ */

struct board_info bare_info = { .name = "mps2-m3" };

/* From start.S's vectors. */
void board_uart_irq(void);
void board_doorbell_irq(void);

static void board_uart_start(uint32_t uart, uint32_t irq)
{
	mps2_write(uart + UART_BAUDDIV, BOARD_BAUDDIV);
	mps2_write(uart + UART_CTRL,
		   UART_CTRL_TX | UART_CTRL_RX | UART_CTRL_RX_IRQ);
	mps2_write(NVIC_ISER, 1u << irq);
}

void bare_start(void)
{
	mps2_fault_start();
	mps2_time_start();
	board_uart_start(MPS2_UART0, MPS2_IRQ_UART0_RX);
	__asm__ volatile("cpsie i" : : : "memory");
}

const char *bare_open(void)
{
	const struct hvl_io *shm = &bare_info.shm;

	if (shm->da < MPS2_PSRAM ||
	    shm->da + shm->size > MPS2_PSRAM + MPS2_PSRAM_SIZE)
		return "resource table: shared memory outside the PSRAM";
	if (bare_info.polling)
		return NULL;
	if (remote_doorbell() != HVL_DOORBELL_UART ||
	    remote_doorbell_param(0) != MPS2_UART1)
		return "resource table: a doorbell that this board lacks";
	board_uart_start(MPS2_UART1, MPS2_IRQ_UART1_RX);
	return NULL;
}

void bare_uart_take(void)
{
	while (bare_room() &&
	       (mps2_read(MPS2_UART0 + UART_STATE) & UART_STATE_RX_FULL))
		bare_received((char)mps2_read(MPS2_UART0 + UART_DATA));
}

/* Acknowledged first: a byte that comes while we read interrupts anew. */
void board_uart_irq(void)
{
	mps2_write(MPS2_UART0 + UART_INTCLEAR, UART_INT_RX);
	bare_uart_take();
}

void board_doorbell_irq(void)
{
	mps2_write(MPS2_UART1 + UART_INTCLEAR, UART_INT_RX);
	while (mps2_read(MPS2_UART1 + UART_STATE) & UART_STATE_RX_FULL)
		mps2_read(MPS2_UART1 + UART_DATA);
	bare_rang();
}

/* While a byte waits to be sent, whoever gets it will see what we just did. */
void board_doorbell_ring(void)
{
	hvl_wmb_before_doorbell();
	if (!(mps2_read(MPS2_UART1 + UART_STATE) & UART_STATE_TX_FULL))
		mps2_write(MPS2_UART1 + UART_DATA, 1);
}

void board_uart_write(const char *buf, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		while (mps2_read(MPS2_UART0 + UART_STATE) & UART_STATE_TX_FULL)
			;
		mps2_write(MPS2_UART0 + UART_DATA, (unsigned char)buf[i]);
	}
}

/* The main side learns of it, and finds state and cause in the table. */
void bare_end(void)
{
	__asm__ volatile("dsb" : : : "memory");
	mps2_write(SCB_AIRCR, AIRCR_RESET);
	for (;;)
		__asm__ volatile("dsb\n\twfi" : : : "memory");
}
