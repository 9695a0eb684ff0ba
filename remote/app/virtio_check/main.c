/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * main.c - virtio_check: the driver library against devices of others
 *
 * Runs without a loader and without ivshmem on QEMU's `virt`, and drives what
 * virtio-mmio devices it finds there: they trap, as the standard has it, in
 * version 1 or 2. What passes here passes with a device side that nobody of
 * this project wrote.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <hvl/driver/mmio.h>
#include <hvl/metal/log.h>
#include <hvl/metal/time.h>
#include <hvl/wire/mmio.h>
#include <hvl/wire/virtio.h>

#include "bare.h"
#include "board_priv.h"
#include "check.h"
#include "cpu.h"

#define CHECK_TRANSPORTS UINT64_C(0x0a000000)
#define CHECK_TRANSPORTS_COUNT 32u
#define CHECK_IRQ(slot) (48u + (slot))

#define CHECK_MEMORY 0x100000u
#define CHECK_GRANULE 256u
#define CHECK_LINE 120u

/* The devices reach all of RAM: what they are to use may be anywhere. */
static unsigned char check_memory[CHECK_MEMORY] __attribute__((aligned(4096)));
static uint32_t check_map[HVL_DRV_POOL_MAP_WORDS(CHECK_MEMORY, CHECK_GRANULE)];
static struct hvl_drv_pool check_pool;
static unsigned int check_woken;

static uint64_t check_now(void *ctx)
{
	(void)ctx;
	return hvl_time_us();
}

/* QueueNotify traps: there is no other doorbell. */
static void check_ring(void *ctx)
{
	(void)ctx;
}

/*
 * Interrupts stay masked: one that is pending ends a sleep all the same, and
 * the driver acknowledges it at the device.
 */
void check_wait(uint64_t until_us)
{
	uint64_t now = hvl_time_us();

	if (now >= until_us)
		return;
	bare_sleep(until_us - now);
	if (hvl_time_us() < until_us)
		check_woken++;
}

unsigned int check_interrupts(void)
{
	return check_woken;
}

static void check_plat_wait(void *ctx, uint64_t until_us)
{
	(void)ctx;
	check_wait(until_us);
}

static const struct hvl_drv_platform check_platform = {
	.now_us = check_now,
	.ring = check_ring,
	.wait = check_plat_wait,
};

void check_say(const char *fmt, ...)
{
	char line[CHECK_LINE];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = hvl_vformat(line, sizeof(line), fmt, ap);
	va_end(ap);
	board_uart_write(line, len < (int)sizeof(line) ? (size_t)len :
							 sizeof(line) - 1);
	board_uart_write("\r\n", 2);
}

/* Return: 1 for a device that passed, 0 for none, -1 for one that did not. */
static int check_transport(unsigned int slot)
{
	uint64_t da = CHECK_TRANSPORTS + (uint64_t)slot * HVL_MMIO_BLOCK_SIZE;
	const struct hvl_io regs = {
		.va = (unsigned char *)(uintptr_t)da,
		.da = da,
		.size = HVL_MMIO_BLOCK_SIZE,
	};
	struct hvl_drv_dev dev;
	const char *type, *wrong;

	if (hvl_drv_mmio_probe(&dev, &regs, &check_platform) < 0)
		return 0;
	gic_enable(CHECK_IRQ(slot));
	type = dev.id == VIRTIO_ID_RNG ? "rng" : "net";
	if (!dev.trapping)
		wrong = "taken for a device in plain memory";
	else if (dev.id == VIRTIO_ID_RNG)
		wrong = check_rng(&dev, &check_pool);
	else if (dev.id == VIRTIO_ID_NET)
		wrong = check_net(&dev, &check_pool);
	else
		return 0;
	check_say("%s, mmio version %u: %s", type, (unsigned int)dev.version,
		  wrong ? wrong : "passed");
	return wrong ? -1 : 1;
}

/* In the place of bare.c's, which expects a loader. */
void bare_main(void)
{
	const struct hvl_io io = {
		.va = check_memory,
		.da = (uintptr_t)check_memory,
		.size = CHECK_MEMORY,
	};
	int passed = 0, failed = 0, rc;

	bare_start();
	cpu_mask();
	gic_start();
	if (hvl_drv_pool_init(&check_pool, &io, CHECK_GRANULE, check_map,
			      HVL_ARRAY_SIZE(check_map)) < 0)
		board_panic("no pool");
	for (unsigned int i = 0; i < CHECK_TRANSPORTS_COUNT; i++) {
		rc = check_transport(i);
		passed += rc > 0;
		failed += rc < 0;
	}
	check_say("virtio_check: %d passed, %d failed", passed, failed);
	bare_end();
}
