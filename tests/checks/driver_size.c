/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All that an application needs of the driver library for entropy and Ethernet
 * over register blocks of either version: compiled for its size alone.
 */
#include <hvl/driver/mmio.h>
#include <hvl/driver/net.h>
#include <hvl/driver/pool.h>
#include <hvl/driver/rng.h>

#define RING 8u

extern struct hvl_io size_regs[2], size_shm;
extern const struct hvl_drv_platform size_platform;
extern uint32_t size_map[256];

static struct hvl_drv_pool pool;
static struct hvl_drv_dev devs[2];
static struct hvl_drv_rng rng;
static struct hvl_drv_net net;
static struct hvl_drv_vq_slot rx_slots[RING], tx_slots[RING];
static struct hvl_drv_vq_slot indirect[2][HVL_DRV_NET_SEGS * RING];
static struct hvl_drv_net_buf rx_bufs[RING], tx_bufs[RING];
static const struct hvl_drv_net_config net_config = {
	.rx_num = RING,
	.tx_num = RING,
	.rx_slots = rx_slots,
	.tx_slots = tx_slots,
	.rx_bufs = rx_bufs,
	.tx_bufs = tx_bufs,
	.rx_indirect = indirect[0],
	.tx_indirect = indirect[1],
};

/* The buffer is ours: it is bounced. */
static int size_rng(void)
{
	uint8_t buf[32], later[32];
	void *cookie;
	uint32_t len;
	int rc = hvl_drv_rng_start(&rng, &devs[0], &pool);

	if (rc == 0)
		rc = hvl_drv_rng_read(&rng, buf, sizeof(buf));
	if (rc >= 0)
		rc = hvl_drv_rng_submit(&rng, later, sizeof(later), later);
	while (rc == 0)
		rc = hvl_drv_rng_poll(&rng, &cookie, &len);
	hvl_drv_rng_stop(&rng);
	return rc < 0 ? rc : 0;
}

static int size_echo(void)
{
	struct hvl_drv_net_buf *in, *out;
	int rc = hvl_drv_net_rx(&net, &in);

	if (rc != 1)
		return rc;
	rc = hvl_drv_net_tx_get(&net, &out);
	if (rc == 1) {
		out->data[0] = in->data[0];
		rc = hvl_drv_net_tx_put(&net, out, in->len);
	}
	hvl_drv_net_rx_done(&net, in, in->gen);
	hvl_drv_net_kick(&net);
	return rc;
}

static int size_net(void)
{
	int rc = hvl_drv_net_start(&net, &devs[1], &pool, &net_config);

	while (rc >= 0 && hvl_drv_net_check(&net) == 0) {
		hvl_drv_net_irq_off(&net);
		if (hvl_drv_dev_events(&devs[1]) && !hvl_drv_net_link(&net))
			break;
		rc = size_echo();
		if (rc == 0 && !hvl_drv_net_irq_on(&net))
			size_platform.wait(size_platform.ctx, UINT64_MAX);
	}
	hvl_drv_net_stop(&net);
	return rc;
}

int main(void);

int main(void)
{
	int rc = hvl_drv_pool_init(&pool, &size_shm, 64, size_map,
				   sizeof(size_map) / sizeof(size_map[0]));

	for (unsigned int i = 0; rc == 0 && i < 2; i++)
		rc = hvl_drv_mmio_probe(&devs[i], &size_regs[i],
					&size_platform);
	if (rc == 0)
		rc = size_rng();
	if (rc == 0)
		rc = size_net();
	return rc;
}
