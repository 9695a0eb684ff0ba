/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How the application finds its devices and keeps them running: regions that
 * cannot be, devices that break again and again, or answer no more.
 */
#include "app.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hvl/metal/errno.h>
#include <hvl/metal/log.h>
#include <hvl/metal/time.h>
#include <hvl/wire/mmio.h>
#include <hvl/wire/virtio.h>

#include "fake_board.h"

#define SHM_DA UINT64_C(0x37000000)
#define SHM_SIZE (1u << 20)
#define REGS 0x10000u
#define SECOND 0x1000u /* multiples of it are page aligned */

static _Alignas(4096) unsigned char memory[SHM_SIZE];
static uint64_t clock_us;
static char said[4096];

/* What the drivers below do, and did. */
static struct {
	int start, check;
	unsigned int starts, releases;
	uint64_t takes_us; /* a start that fails */
	uint32_t events;
} net, rng;

uint64_t hvl_time_us(void)
{
	return clock_us;
}

uint64_t app_now_us(void)
{
	return clock_us;
}

void app_sleep(uint64_t until_us)
{
	clock_us = until_us;
}

void app_say(const char *fmt, ...)
{
	size_t len = strlen(said);
	va_list ap;

	va_start(ap, fmt);
	hvl_vformat(said + len, sizeof(said) - len, fmt, ap);
	va_end(ap);
	strcat(said, "\n");
}

static int net_start(struct app_device *dev)
{
	(void)dev;
	net.starts++;
	if (net.start < 0)
		clock_us += net.takes_us;
	return net.start;
}

static void net_release(struct app_device *dev)
{
	(void)dev;
	net.releases++;
}

static int net_check(struct app_device *dev)
{
	(void)dev;
	return net.check;
}

static void net_event(struct app_device *dev, uint32_t events)
{
	(void)dev;
	net.events |= events;
}

static void describe(const struct app_device *dev, char *buf, size_t size)
{
	(void)dev;
	hvl_format(buf, size, ", described");
}

const struct app_driver app_net_driver = {
	.id = VIRTIO_ID_NET,
	.type = "net",
	.start = net_start,
	.release = net_release,
	.check = net_check,
	.describe = describe,
	.event = net_event,
};

static int rng_start(struct app_device *dev)
{
	(void)dev;
	rng.starts++;
	return rng.start;
}

const struct app_driver app_rng_driver = {
	.id = VIRTIO_ID_RNG,
	.type = "rng",
	.start = rng_start,
	.describe = describe,
};

static uint32_t *reg(unsigned int block, uint32_t at)
{
	return (uint32_t *)(void *)(memory + REGS +
				    block * HVL_MMIO_BLOCK_SIZE + at);
}

static void block(unsigned int i, uint32_t id, uint64_t da, uint64_t size)
{
	*reg(i, HVL_MMIO_REG_MAGIC) = HVL_MMIO_MAGIC;
	*reg(i, HVL_MMIO_REG_VERSION) = 2;
	*reg(i, HVL_MMIO_REG_DEVICE_ID) = id;
	*reg(i, HVL_MMIO_REG_FENCE_MAGIC) = HVL_MMIO_FENCE_MAGIC;
	*reg(i, HVL_MMIO_REG_SHM_BASE_LOW) = (uint32_t)da;
	*reg(i, HVL_MMIO_REG_SHM_BASE_HIGH) = (uint32_t)(da >> 32);
	*reg(i, HVL_MMIO_REG_SHM_LEN_LOW) = (uint32_t)size;
	*reg(i, HVL_MMIO_REG_SHM_LEN_HIGH) = (uint32_t)(size >> 32);
}

static int setup(void **state)
{
	(void)state;
	memset(memory, 0, sizeof(memory));
	memset(&net, 0, sizeof(net));
	memset(&rng, 0, sizeof(rng));
	said[0] = '\0';
	clock_us = 1000000;
	fake_board_init();
	fake_board.info.shm = (struct hvl_io){ memory, SHM_DA, sizeof(memory) };
	fake_board.info.regs_da = SHM_DA + REGS;
	fake_board.info.regs_count = 2;
	return 0;
}

/* The application keeps its devices for ever: each case has its own process. */
static void in_child(void (*run)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		run();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define CHECK(condition)                                                 \
	do {                                                             \
		if (!(condition)) {                                      \
			print_error("%s:%d: %s\n%s", __FILE__, __LINE__, \
				    #condition, said);                   \
			_exit(1);                                        \
		}                                                        \
	} while (0)

static void start_two(void)
{
	block(0, VIRTIO_ID_NET, SHM_DA + 0x20000, 0x40000);
	block(1, VIRTIO_ID_RNG, SHM_DA + 0x60000, 0x10000);
	app_devices_start();
	/* As a driver's start leaves it. */
	for (unsigned int i = 0; i < 2; i++) {
		app_devices_at(i)->dev.status = 0xf;
		*reg(i, HVL_MMIO_REG_DEVICE_STATUS) = 0xf;
	}
}

/* A round, some time after the last one. */
static void later(uint64_t us)
{
	clock_us += us;
	app_devices_check();
}

static struct regions {
	uint64_t da, size;
	bool good;
} tried;

static void try_region(void)
{
	const struct app_device *dev;

	block(0, VIRTIO_ID_NET, tried.da, tried.size);
	app_devices_start();
	dev = app_devices_at(0);
	CHECK(dev->up == tried.good);
	if (!tried.good) {
		CHECK(strstr(said, "a region that cannot be used"));
		CHECK(net.starts == 0);
		later(5000000);
		CHECK(net.starts == 0);
		return;
	}
	CHECK(dev->pool->io.da >= SHM_DA);
	CHECK(dev->pool->io.da + dev->pool->io.size <= SHM_DA + SHM_SIZE);
	/* Nothing of it is a register. */
	CHECK(dev->pool->io.da >= SHM_DA + REGS + 2 * HVL_MMIO_BLOCK_SIZE ||
	      dev->pool->io.da + dev->pool->io.size <= SHM_DA + REGS);
	CHECK(dev->pool->io.va == memory + (dev->pool->io.da - SHM_DA));
}

static void devices_believe_no_region_outside_the_shared_memory(void **state)
{
	static const struct regions regions[] = {
		{ SHM_DA + 0x20000, 0x10000, true },
		{ SHM_DA + 0x20000, SHM_SIZE - 0x20000, true },
		{ SHM_DA + 0x20000, SHM_SIZE - 0x20000 + 1, false },
		{ SHM_DA - 0x1000, 0x2000, false },
		{ 0x1000, 0x10000, false },
		{ SHM_DA + 0x20000, UINT64_MAX - 1, false },
		{ UINT64_MAX - 0xfff, 0x1000, false },
		{ UINT64_C(0x1000000000) + SHM_DA, 0x1000, false },
		/* with the registers in it: what lies behind them */
		{ SHM_DA, SHM_SIZE, true },
		{ SHM_DA + REGS, 0x2000, true },
		{ SHM_DA + REGS + 0x200, 0x2000, true },
		{ SHM_DA + REGS - 0x1000, 0x1001, false },
		{ SHM_DA + REGS, 0x400, false },
		/* what is left of it after alignment */
		{ SHM_DA + 0x20001, 0x1000, true },
		{ SHM_DA + 0x20001, 0x3f, false },
		/* none named: all above the registers */
		{ UINT64_MAX, UINT64_MAX, true },
		{ 0, 0, true },
	};

	(void)state;
	for (size_t i = 0; i < HVL_ARRAY_SIZE(regions); i++) {
		tried = regions[i];
		in_child(try_region);
	}
}

static void try_shared_region(void)
{
	block(0, VIRTIO_ID_NET, SHM_DA + 0x20000, 0x10000);
	block(1, VIRTIO_ID_RNG, SHM_DA + 0x20000, 0x10000);
	app_devices_start();
	CHECK(app_devices_at(0)->pool == app_devices_at(1)->pool);
	CHECK(app_devices_at(1)->up);
}

static void try_overlap(void)
{
	block(0, VIRTIO_ID_NET, SHM_DA + 0x20000, 0x10000);
	block(1, VIRTIO_ID_RNG, SHM_DA + 0x28000, 0x10000);
	app_devices_start();
	CHECK(app_devices_at(0)->up && !app_devices_at(1)->up);
}

static void devices_share_a_region_whole_or_not_at_all(void **state)
{
	(void)state;
	in_child(try_shared_region);
	in_child(try_overlap);
}

static void try_breaks(void)
{
	unsigned int i;

	start_two();
	clock_us += 10000000;
	for (i = 0; i < 2000; i++) {
		net.check = -EIO;
		later(10000);
	}
	/* In 20 s: at once, then ever less often, up to every 2 s. */
	CHECK(net.starts - 1 >= 12 && net.starts - 1 <= 20);
	CHECK(net.releases == net.starts - 1);
	CHECK(rng.starts == 1);
	/* When it holds, the next failure is cured at once again. */
	net.check = 0;
	for (i = 0; i < 400; i++)
		later(10000);
	CHECK(app_devices_at(0)->up);
	i = net.starts;
	net.check = -EIO;
	later(10000);
	CHECK(net.starts == i + 1 && app_devices_at(0)->up);
	CHECK(strstr(said, "net0: reset after a device error, back in 1 ms") ||
	      strstr(said, "back in 0 ms"));
}

static void devices_that_break_all_the_time_are_tried_less_often(void **state)
{
	(void)state;
	in_child(try_breaks);
}

static void try_silent(void)
{
	uint64_t start;
	unsigned int i;

	start_two();
	clock_us += 10000000;
	net.check = -ETIMEDOUT;
	net.start = -ETIMEDOUT;
	net.takes_us = 1000000;
	later(10000);
	CHECK(net.starts == 2);
	CHECK(strstr(said, "net0: stopped by a time-out, and a reset brings a "
			   "time-out; trying on"));
	/* As a reset leaves it that nobody answers. */
	app_devices_at(0)->dev.resetting = true;
	app_devices_at(0)->dev.fence = 7;
	start = clock_us;
	for (i = 0; i < 500; i++)
		later(10000);
	/* No round waited, and the other device was looked after. */
	CHECK(clock_us - start == 500 * 10000);
	CHECK(net.starts == 2 && fake_board.rings > 2);
	CHECK(app_devices_at(1)->up);
	*reg(1, HVL_MMIO_REG_DEVICE_STATUS) = 0x4f;
	later(10000);
	CHECK(rng.starts == 2);

	/* The answer comes late: up again at the next look. */
	*reg(0, HVL_MMIO_REG_FENCE_ACK) = 7;
	*reg(0, HVL_MMIO_REG_DEVICE_STATUS) = 0;
	net.start = net.check = 0;
	later(100000);
	CHECK(net.starts == 3 && app_devices_at(0)->up);
}

static void devices_that_answer_nothing_stall_nobody(void **state)
{
	(void)state;
	in_child(try_silent);
}

static void try_doorbell_lost(void)
{
	start_two();
	later(10000);
	net.events = 0;
	*reg(0, HVL_MMIO_REG_CONFIG_GENERATION) = 2;
	later(10000);
	CHECK(net.events & HVL_MMIO_INT_CONFIG);
}

static void devices_hear_of_changes_without_a_doorbell(void **state)
{
	(void)state;
	in_child(try_doorbell_lost);
}

static void try_placeholders(void)
{
	/* The second block has not even a magic value. */
	block(0, 0, SHM_DA + 0x20000, 0x10000);
	app_devices_start();
	later(5000000);
	CHECK(app_devices_count() == 0);
	CHECK(said[0] == '\0');
	/* Another version may be told of. */
	block(0, VIRTIO_ID_NET, SHM_DA + 0x20000, 0x10000);
	*reg(0, HVL_MMIO_REG_VERSION) = 3;
	app_devices_start();
	CHECK(app_devices_count() == 0);
	CHECK(strstr(said, "version unknown"));
}

/* Virtio 1.3 §4.2.2.2 */
static void devices_pass_over_placeholders_in_silence(void **state)
{
	(void)state;
	in_child(try_placeholders);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
		TEST(devices_believe_no_region_outside_the_shared_memory),
		TEST(devices_share_a_region_whole_or_not_at_all),
		TEST(devices_that_break_all_the_time_are_tried_less_often),
		TEST(devices_that_answer_nothing_stall_nobody),
		TEST(devices_hear_of_changes_without_a_doorbell),
		TEST(devices_pass_over_placeholders_in_silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
