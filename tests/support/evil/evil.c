/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * evil.c - a firmware that was taken over
 *
 * It does what the letter behind EVIL_MARK says, for ever; the test writes the
 * letter into its copy of the file. On the native board's start-up code and
 * system calls.
 */
#include <stdbool.h>

#include <hvl/wire/mmio.h>
#include <hvl/wire/rsc_table.h>
#include <hvl/wire/virtio.h>
#include <hvl/wire/vring.h>

#include "../tiny_table.h"
#include "native.h"
#include "sys.h"

#define EVIL_NUM 64u		  /* entries of its rings */
#define EVIL_RING 0x2000u	  /* bytes that a ring gets */
#define EVIL_BUF_SIZE 0x10000u	  /* of the one buffer of all descriptors */
#define EVIL_WAIT_US UINT64_C(50) /* between two looks at a fence */

static volatile const char evil_mode[] = "evil-mode=?";

/* What the loader said, before the table was spoilt. */
static volatile uint32_t *shm, *regs;
static uint32_t shm_words, regs_count;

static uint64_t seed = 20260522;

static uint32_t evil_random(void)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)(seed >> 33);
}

static void evil_ring(void)
{
	const uint64_t one = 1;

	sys_write(SYS_FD_MAIN, &one, sizeof(one));
}

/* Never waits: nobody may be reading. */
static void evil_say(const char *text, size_t len)
{
	struct pollfd out = { .fd = SYS_FD_UART_OUT, .events = POLLOUT };

	if (sys_poll(&out, 1, 0) == 1)
		sys_write(SYS_FD_UART_OUT, text, len);
}

static void evil_doorbells(void)
{
	for (unsigned int i = 0; i < 1000; i++)
		evil_ring();
}

/* Everything, words that may mean something included. */
static void evil_scribble(void)
{
	static const uint32_t words[] = { 0, 1, 7, 15, 0x00ff00ff, 0xaabbaabb };

	for (unsigned int i = 0; i < shm_words; i++) {
		uint32_t r = evil_random();

		shm[i] = r & 1 ? r : words[r / 2 % 6];
		if (r % 4096 == 0)
			evil_ring();
	}
}

static void evil_registers(void)
{
	for (unsigned int i = 0; i < 1000; i++) {
		uint32_t r = evil_random();

		regs[r % (regs_count * HVL_MMIO_BLOCK_SIZE / 4)] =
			r & 64 ? evil_random() : r >> 8 & 15;
	}
	evil_ring();
}

/* Its own table and entry: words of all kinds, but none that says "ended". */
static void evil_entry(void)
{
	volatile uint32_t *w =
		(volatile uint32_t *)(volatile void *)&tiny_table;

	for (unsigned int i = 0; i < sizeof(tiny_table) / 4; i++)
		w[i] = evil_random() | 0x100;
}

static void evil_talk(void)
{
	static const char text[] =
		"\033[2J\033]0;evil\007\033[6n\x9b\xff\r\b\0\n";
	static char page[2048];

	for (unsigned int i = 0; i < sizeof(page); i++)
		page[i] = text[i % sizeof(text)];
	evil_say(page, sizeof(page));
}

/* What follows is well-behaved up to DRIVER_OK. */

static volatile uint32_t *evil_reg(unsigned int dev, uint32_t reg)
{
	return regs + (dev * HVL_MMIO_BLOCK_SIZE + reg) / 4;
}

static void evil_fence(unsigned int dev, uint32_t what)
{
	uint32_t n = *evil_reg(dev, HVL_MMIO_REG_FENCE_ACK) + 1;

	*evil_reg(dev, HVL_MMIO_REG_FENCE_WHAT) = what;
	__atomic_store_n(evil_reg(dev, HVL_MMIO_REG_FENCE_REQUEST), n,
			 __ATOMIC_RELEASE);
	evil_ring();
	while (__atomic_load_n(evil_reg(dev, HVL_MMIO_REG_FENCE_ACK),
			       __ATOMIC_ACQUIRE) != n)
		sys_sleep_us(EVIL_WAIT_US);
}

static void evil_status(unsigned int dev, uint32_t status)
{
	*evil_reg(dev, HVL_MMIO_REG_STATUS) = status;
	evil_fence(dev, HVL_MMIO_FENCE_STATUS);
}

/* Rings of a device lie at its region's start, the buffer behind them. */
static uint64_t evil_region(unsigned int dev)
{
	return *evil_reg(dev, HVL_MMIO_REG_SHM_BASE_LOW);
}

static volatile uint16_t *evil_avail(unsigned int dev, uint32_t queue)
{
	uint64_t ring = evil_region(dev) + queue * EVIL_RING;

	return (volatile uint16_t *)(ring + EVIL_NUM * 16);
}

static void evil_descs(unsigned int dev, uint32_t queue, uint32_t len)
{
	uint64_t ring = evil_region(dev) + queue * EVIL_RING;
	volatile struct hvl_vring_desc *desc = (void *)ring;
	bool write = queue == 0; /* of rng and of net's receiver */

	for (unsigned int i = 0; i < EVIL_NUM; i++) {
		desc[i].addr = hvl_le64_make(evil_region(dev) + 2 * EVIL_RING);
		desc[i].len = hvl_le32_make(len);
		desc[i].flags = hvl_le16_make(write ? VRING_DESC_F_WRITE : 0);
		evil_avail(dev, queue)[2 + i] = (uint16_t)i;
	}
}

static void evil_queue(unsigned int dev, uint32_t queue, uint32_t len)
{
	uint32_t ring = (uint32_t)(evil_region(dev) + queue * EVIL_RING);

	evil_descs(dev, queue, len);
	*evil_avail(dev, queue) = VRING_AVAIL_F_NO_INTERRUPT;
	evil_avail(dev, queue)[1] = 0;
	*evil_reg(dev, HVL_MMIO_REG_QUEUE_SEL) = queue;
	*evil_reg(dev, HVL_MMIO_REG_QUEUE_NUM) = EVIL_NUM;
	*evil_reg(dev, HVL_MMIO_REG_QUEUE_DESC_LOW) = ring;
	*evil_reg(dev, HVL_MMIO_REG_QUEUE_DRIVER_LOW) = ring + EVIL_NUM * 16;
	*evil_reg(dev, HVL_MMIO_REG_QUEUE_DEVICE_LOW) = ring + 0x1000;
	*evil_reg(dev, HVL_MMIO_REG_QUEUE_READY) = 1;
	evil_fence(dev, HVL_MMIO_FENCE_QUEUE);
}

static unsigned int evil_queues(unsigned int dev)
{
	return *evil_reg(dev, HVL_MMIO_REG_DEVICE_ID) == VIRTIO_ID_NET ? 2 : 1;
}

static void evil_bring_up(unsigned int dev, uint32_t len)
{
	evil_status(dev, 0);
	evil_status(dev, 1);
	evil_status(dev, 3);
	*evil_reg(dev, HVL_MMIO_REG_DRIVER_FEATURES_SEL) = 1;
	*evil_reg(dev, HVL_MMIO_REG_DRIVER_FEATURES) = 1; /* VERSION_1 */
	evil_fence(dev, HVL_MMIO_FENCE_FEATURES);
	evil_status(dev, 11);
	for (uint32_t q = 0; q < evil_queues(dev); q++)
		evil_queue(dev, q, len);
	evil_status(dev, 15);
}

/* Every queue of every device is full whenever the device looks. */
_Noreturn static void evil_hog(void)
{
	for (unsigned int dev = 0; dev < regs_count; dev++)
		evil_bring_up(dev, EVIL_BUF_SIZE - 4096);
	evil_say("busy\n", 5);
	for (;;) {
		for (unsigned int i = 0; i < 2 * regs_count; i++) {
			unsigned int dev = i / 2;
			volatile uint16_t *used;

			if (i % 2 >= evil_queues(dev))
				continue;
			used = (void *)(evil_region(dev) + i % 2 * EVIL_RING +
					0x1000);
			evil_avail(dev, i % 2)[1] =
				(uint16_t)(used[1] + EVIL_NUM);
		}
		evil_ring();
	}
}

/* Break a device, reset it, break it: as many messages as there can be. */
_Noreturn static void evil_break(void)
{
	for (;;) {
		for (unsigned int dev = 0; dev < regs_count; dev++) {
			evil_bring_up(dev, 0);
			evil_avail(dev, 0)[1] = 1;
			evil_ring();
		}
		evil_talk();
	}
}

_Noreturn static void evil_end(bool restart)
{
	if (restart)
		tiny_table.hvl.state = hvl_le32_make(HVL_REMOTE_WANTS_RESTART);
	sys_exit(restart ? 0 : 3);
}

static void evil_start(void)
{
	const volatile struct hvl_rsc_hvl *h = &tiny_table.hvl;

	shm = (volatile uint32_t *)(uintptr_t)hvl_le32_get(h->shm_da[0]);
	shm_words = hvl_le32_get(h->shm_size[0]) / 4;
	regs = (volatile uint32_t *)(uintptr_t)hvl_le32_get(h->regs_da[0]);
	regs_count = hvl_le32_get(h->regs_count);
	evil_say("evil\n", 5);
}

void board_main(void)
{
	evil_start();
	for (;;) {
		switch (evil_mode[sizeof(evil_mode) - 2]) {
		case 'd':
			evil_doorbells();
			break;
		case 'm':
			evil_scribble();
			break;
		case 'r':
			evil_registers();
			break;
		case 'e':
			evil_entry();
			break;
		case 't':
			evil_talk();
			break;
		case 'h':
			evil_hog();
		case 'b':
			evil_break();
		case 'w':
			evil_end(true);
		case 'x':
			evil_end(false);
		default: /* all that goes on by itself */
			evil_doorbells();
			evil_registers();
			evil_entry();
			evil_talk();
			evil_scribble();
			break;
		}
	}
}
