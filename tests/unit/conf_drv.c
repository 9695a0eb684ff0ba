/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf_drv.h"

#include <string.h>

#include <hvl/wire/mmio.h>

struct conf_drv conf;
struct conf_watch conf_watch;

static void note(const volatile void *p, size_t size, bool store, uint64_t v)
{
	uintptr_t at = (uintptr_t)p - (uintptr_t)conf.mock.block;

	if (!conf.on || conf.mock.in_store || at >= sizeof(conf.mock.block))
		return;
	assert_true(conf.n < LOG);
	conf.log[conf.n++] =
		(struct access){ (uint32_t)at, (uint32_t)size, store, v };
}

/* Called by the port of this test. */
void conf_loaded(const volatile void *p, size_t size);
void conf_loaded(const volatile void *p, size_t size)
{
	note(p, size, LOADED, 0);
}

void conf_stored(const volatile void *p, size_t size, uint64_t v);
void conf_stored(const volatile void *p, size_t size, uint64_t v)
{
	if ((uintptr_t)p - (uintptr_t)conf_watch.at < conf_watch.size)
		conf_watch.stores++;
	note(p, size, STORED, v);
}

void conf_init_kind(enum mock_kind kind, uint32_t id, uint64_t features)
{
	memset(&conf, 0, sizeof(conf));
	mock_dev_init(&conf.mock, kind, id, &conf.pool, features);
	hvl_io_fill(&conf.pool.io, 0, 0x5a, conf.pool.io.size);
	memcpy(conf.mock.block + HVL_MMIO_REG_CONFIG, "\2abcde\1\0\1\0\0\5",
	       12);
}

void conf_init(uint32_t id, uint64_t features)
{
	conf_init_kind(MOCK_TRAP2, id, features);
}

int conf_probe(void)
{
	conf.on = true;
	return hvl_drv_mmio_probe(&conf.dev, &conf.mock.regs, &conf.mock.plat);
}

int conf_net_start(void)
{
	struct hvl_drv_net_config cfg = {
		.rx_slots = conf.slots[0],
		.tx_slots = conf.slots[1],
		.rx_bufs = conf.bufs[0],
		.tx_bufs = conf.bufs[1],
		.rx_num = NUM,
		.tx_num = NUM,
		.mac = { 2, 1, 2, 3, 4, 5 },
	};

	return hvl_drv_net_start(&conf.net, &conf.dev, &conf.pool, &cfg);
}
