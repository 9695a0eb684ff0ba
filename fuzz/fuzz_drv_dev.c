/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The drivers of entropy and network, and the transports below them: the input
 * is a program of what their user asks for and of what happens to registers,
 * config space and rings. A device serves them, but every word of the memory
 * may be overwritten, also while the driver runs, and the device may fall
 * silent. Whatever that was, nothing hangs, nothing is handed out twice, and a
 * stop and a start with a good device heal it.
 */
#include "program.h"
#include "race.h"

#include <string.h>

#include <hvl/device/mmio.h>
#include <hvl/device/net.h>
#include <hvl/device/rng.h>
#include <hvl/driver/mmio.h>
#include <hvl/driver/net.h>
#include <hvl/driver/rng.h>
#include <hvl/metal/compiler.h>
#include <hvl/metal/errno.h>
#include <hvl/wire/mmio.h>

#define SHM_DA UINT64_C(0x37000000)
#define REGION 0x1000u /* behind the registers */
#define SHM_SIZE 0xd000u
#define GRANULE 64u
#define NUM 16u
#define FRAME_MAX 1514u
#define TIMEOUT_US 20000u
#define POLL_US 16u

#define HEAD_V2 1u
#define HEAD_NET 2u
#define HEAD_RACE 4u
#define HEAD_PACKED 8u
#define HEAD_POLLING 16u
#define HEAD_TRAPPING 32u
#define HEAD_CACHES 64u /* that are not coherent: lines of 64 bytes */

enum op {
	OP_START,
	OP_STOP,
	OP_SEND,  /* a frame: its length; or a request */
	OP_TAKE,  /* what came: how many */
	OP_DONE,  /* give a frame back: which */
	OP_READ,  /* wait for entropy: how much; or check the device */
	OP_IRQ,	  /* off, on, link, probe */
	OP_AGAIN, /* reset a queue */
	OP_SERVE, /* the device: budget */
	OP_DEAF,  /* it is, or not */
	OP_REG,	  /* which word, value */
	OP_BYTES, /* where in the memory, which */
	OP_RING,  /* where in a ring: queue, place, which */
	OP_LATER, /* milliseconds */
	OP_COUNT
};

static const char *const ops[OP_COUNT] = {
	[OP_START] = "",   [OP_STOP] = "",   [OP_SEND] = "l", [OP_TAKE] = "q",
	[OP_DONE] = "q",   [OP_READ] = "l",  [OP_IRQ] = "b",  [OP_AGAIN] = "q",
	[OP_SERVE] = "b",  [OP_DEAF] = "b",  [OP_REG] = "bw", [OP_BYTES] = "o*",
	[OP_RING] = "qo*", [OP_LATER] = "h",
};

const struct fuzz_grammar fuzz_grammar = { "bb", ops, OP_COUNT };

struct request {
	uint8_t *buf; /* exactly len long, NULL: free */
	uint32_t len;
};

static struct target {
	bool is_net, deaf;
	struct hvl_io shm, regs, region;
	uint64_t now_us;

	/* main side */
	struct hvl_dev dev;
	struct hvl_dev_rng rng_model;
	struct hvl_dev_net net_model;
	struct hvl_seg segs[HVL_DEV_SEGS_MAX];
	uint8_t frame[FRAME_MAX];
	uint32_t frame_len; /* on its way back, 0: none */

	/* remote side */
	struct hvl_drv_platform plat;
	struct hvl_drv_dev drv;
	struct hvl_drv_pool pool;
	uint32_t map[HVL_DRV_POOL_MAP_WORDS(SHM_SIZE, GRANULE)];
	struct hvl_drv_rng rng;
	struct hvl_drv_net net;
	struct hvl_drv_net_config net_cfg;
	struct hvl_drv_vq_slot rx_slots[NUM], tx_slots[NUM];
	struct hvl_drv_vq_slot indirect[2][HVL_DRV_NET_SEGS * NUM];
	struct hvl_drv_net_buf rx_bufs[NUM], tx_bufs[NUM];
	struct hvl_drv_net_buf *held[NUM]; /* received and not given back */
	uint32_t held_gen[NUM];
	unsigned int nheld;
	struct request requests[HVL_DRV_RNG_NUM];
} t;

/* ---- main side -------------------------------------------------------- */

static int main_entropy(void *ctx, void *buf, uint32_t len)
{
	(void)ctx;
	memset(buf, 0x5a, len);
	return (int)len;
}

static int main_send(void *ctx, const struct hvl_seg *seg, unsigned int n,
		     uint32_t len)
{
	uint32_t done = 0;

	(void)ctx;
	if (t.frame_len != 0 || len > FRAME_MAX)
		return t.frame_len != 0 ? -EAGAIN : -EIO;
	for (unsigned int i = 0; i < n; i++) {
		memcpy(t.frame + done, seg[i].va, seg[i].len);
		done += seg[i].len;
	}
	FUZZ_CHECK(done == len);
	t.frame_len = len;
	return 0;
}

static int main_recv(void *ctx, const struct hvl_seg *seg, unsigned int n,
		     uint32_t room)
{
	uint32_t len = t.frame_len, done = 0, part;

	(void)ctx;
	if (len == 0)
		return -EAGAIN;
	t.frame_len = 0;
	if (len > room)
		return -EMSGSIZE;
	for (unsigned int i = 0; i < n && done < len; i++) {
		part = seg[i].len < len - done ? seg[i].len : len - done;
		memcpy(seg[i].va, t.frame + done, part);
		done += part;
	}
	return (int)len;
}

static uint64_t main_now(void *ctx)
{
	(void)ctx;
	return t.now_us;
}

static void main_serve(unsigned int budget)
{
	for (unsigned int i = 0; i < 4 && !t.deaf; i++)
		if (!(hvl_dev_service(&t.dev, budget) & HVL_DEV_MORE))
			break;
}

static void main_init(uint32_t bits)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
	const struct hvl_dev_config cfg = {
		.name = "fuzz0",
		.model = t.is_net ? &hvl_dev_net_model : &hvl_dev_rng_model,
		.priv = t.is_net ? (void *)&t.net_model : (void *)&t.rng_model,
		.shm = &t.shm,
		.regs = &t.regs,
		.region_da = SHM_DA + REGION,
		.region_size = SHM_SIZE - REGION,
		.features_on = bits & HEAD_PACKED ?
				       HVL_BIT64(VIRTIO_F_RING_PACKED) :
				       0,
		.segs = t.segs,
		.now_us = main_now,
	};

	hvl_dev_rng_init(&t.rng_model,
			 &(struct hvl_dev_rng_backing){ main_entropy, NULL });
	hvl_dev_net_init(
		&t.net_model,
		&(struct hvl_dev_net_backing){ main_send, main_recv, NULL },
		mac, 1500);
	t.frame_len = 0;
	FUZZ_CHECK(hvl_dev_init(&t.dev, &cfg,
				bits & HEAD_V2 ? &hvl_dev_mmio_v2 :
						 &hvl_dev_mmio_v1) == 0);
	hvl_dev_publish(&t.dev);
}

/* ---- remote side ------------------------------------------------------ */

static uint64_t plat_now(void *ctx)
{
	(void)ctx;
	/* A whole time-out takes but a thousand looks. */
	t.now_us += POLL_US;
	/* Who only polls waits for another processor: let it run. */
	if (!t.plat.wait && t.now_us % (64 * POLL_US) < POLL_US)
		main_serve(8);
	return t.now_us;
}

static void plat_ring(void *ctx)
{
	(void)ctx;
}

static void plat_wait(void *ctx, uint64_t until_us)
{
	(void)ctx;
	main_serve(8);
	t.now_us += until_us > t.now_us ? (until_us - t.now_us + 1) / 2 : 1;
}

static void requests_drop(void)
{
	for (unsigned int i = 0; i < HVL_DRV_RNG_NUM; i++)
		free(t.requests[i].buf);
	memset(t.requests, 0, sizeof(t.requests));
}

static int drv_start(void)
{
	int rc;

	requests_drop();
	if (!t.is_net)
		return hvl_drv_rng_start(&t.rng, &t.drv, &t.pool);
	rc = hvl_drv_net_start(&t.net, &t.drv, &t.pool, &t.net_cfg);
	/* Buffers of another life are ignored, ours begin anew. */
	if (rc == 0)
		t.nheld = 0;
	return rc;
}

static int drv_stop(void)
{
	requests_drop();
	return t.is_net ? hvl_drv_net_stop(&t.net) : hvl_drv_rng_stop(&t.rng);
}

/* What is lent lies in the region, and no one else has it. */
static void check_buf(const struct hvl_drv_net_buf *buf,
		      const struct hvl_drv_net_buf *all)
{
	uint64_t off;

	FUZZ_CHECK(buf >= all && buf < all + NUM && buf->lent);
	FUZZ_CHECK(buf->len <= t.net.buf_size);
	FUZZ_CHECK(hvl_io_va_to_off(&t.region, buf->data, buf->len, &off));
	FUZZ_CHECK(off >= buf->off &&
		   off + buf->len <= buf->off + t.net.buf_size);
}

static void net_send(uint32_t len)
{
	struct hvl_drv_net_buf *buf;

	if (hvl_drv_net_tx_get(&t.net, &buf) != 1)
		return;
	check_buf(buf, t.tx_bufs);
	memset(buf->data, 0x3c, buf->len);
	(void)hvl_drv_net_tx_put(&t.net, buf, len);
	FUZZ_CHECK(!buf->lent);
	hvl_drv_net_kick(&t.net);
}

static void net_take(unsigned int n)
{
	struct hvl_drv_net_buf *buf;

	while (n-- > 0 && t.nheld < NUM && hvl_drv_net_rx(&t.net, &buf) == 1) {
		check_buf(buf, t.rx_bufs);
		FUZZ_CHECK(buf->len >= HVL_NET_ETH_HEADER);
		for (unsigned int i = 0; i < t.nheld; i++)
			FUZZ_CHECK(t.held[i] != buf);
		t.held_gen[t.nheld] = buf->gen;
		t.held[t.nheld++] = buf;
	}
}

static void net_done(unsigned int i)
{
	if (t.nheld == 0)
		return;
	i %= t.nheld;
	hvl_drv_net_rx_done(&t.net, t.held[i], t.held_gen[i]);
	t.nheld--;
	t.held[i] = t.held[t.nheld];
	t.held_gen[i] = t.held_gen[t.nheld];
	hvl_drv_net_kick(&t.net);
}

static void rng_submit(uint32_t len)
{
	struct request *r = t.requests;

	while (r < t.requests + HVL_DRV_RNG_NUM && r->buf)
		r++;
	if (r == t.requests + HVL_DRV_RNG_NUM)
		return;
	r->len = len % 2048;
	r->buf = malloc(r->len + 1);
	FUZZ_CHECK(r->buf);
	if (hvl_drv_rng_submit(&t.rng, r->buf, r->len, r) != 0) {
		free(r->buf);
		r->buf = NULL;
	}
}

static void rng_take(unsigned int n)
{
	void *cookie;
	uint32_t len;

	while (n-- > 0 && hvl_drv_rng_poll(&t.rng, &cookie, &len) == 1) {
		struct request *r = cookie;

		FUZZ_CHECK(r >= t.requests &&
			   r < t.requests + HVL_DRV_RNG_NUM && r->buf);
		FUZZ_CHECK(len >= 1 && len <= r->len);
		free(r->buf);
		r->buf = NULL;
	}
}

static int rng_read(uint32_t len)
{
	uint8_t *buf = malloc(len + 1);
	int rc;

	FUZZ_CHECK(buf);
	rc = hvl_drv_rng_read(&t.rng, buf, len);
	FUZZ_CHECK(rc < 0 || (uint32_t)rc <= len);
	free(buf);
	return rc;
}

static void drv_irq(uint32_t how)
{
	struct hvl_drv_dev other;

	switch (how % 5) {
	case 0:
		hvl_drv_net_irq_off(&t.net);
		break;
	case 1:
		(void)hvl_drv_net_irq_on(&t.net);
		break;
	case 2:
		(void)hvl_drv_net_link(&t.net);
		break;
	case 3:
		(void)hvl_drv_mmio_probe(&other, &t.regs, &t.plat);
		break;
	default:
		(void)hvl_drv_dev_events(&t.drv);
		(void)hvl_drv_dev_reset_late(&t.drv);
		break;
	}
}

static void bytes(uint64_t from, uint64_t size, uint32_t at,
		  const struct fuzz_op *op)
{
	for (unsigned int i = 0; i < op->nbytes && size > 0; i++)
		hvl_io_write8(&t.shm, from + (at + i) % size, op->bytes[i]);
}

static void ring_bytes(const struct fuzz_op *op)
{
	const struct hvl_drv_vq *vq = !t.is_net	     ? &t.rng.vq :
				      op->arg[0] & 1 ? &t.net.tx :
						       &t.net.rx;

	if (vq->started)
		bytes(REGION + vq->ring_off, vq->ring.size, op->arg[1], op);
}

static void drv_step(const struct fuzz_op *op)
{
	switch (op->kind) {
	case OP_START:
		(void)drv_start();
		break;
	case OP_STOP:
		(void)drv_stop();
		break;
	case OP_SEND:
		if (t.is_net)
			net_send(op->arg[0]);
		else
			rng_submit(op->arg[0]);
		break;
	case OP_TAKE:
		if (t.is_net)
			net_take(op->arg[0]);
		else
			rng_take(op->arg[0]);
		break;
	case OP_DONE:
		net_done(op->arg[0]);
		break;
	case OP_READ:
		if (t.is_net)
			(void)hvl_drv_net_check(&t.net);
		else
			(void)rng_read(op->arg[0]);
		break;
	case OP_IRQ:
		drv_irq(op->arg[0]);
		break;
	case OP_AGAIN:
		if (t.is_net)
			(void)hvl_drv_net_queue_reset(&t.net, op->arg[0] & 1);
		break;
	case OP_SERVE:
		main_serve(op->arg[0]);
		break;
	case OP_DEAF:
		t.deaf = op->arg[0] & 1;
		break;
	case OP_REG:
		hvl_io_write32(&t.regs,
			       op->arg[0] % (HVL_MMIO_BLOCK_SIZE / 4) * 4,
			       op->arg[1]);
		break;
	case OP_BYTES:
		bytes(0, SHM_SIZE, op->arg[0], op);
		break;
	case OP_RING:
		ring_bytes(op);
		break;
	case OP_LATER:
		t.now_us += 1000u * op->arg[0];
		break;
	}
}

static void drv_init(const uint32_t *head)
{
	FUZZ_CHECK(hvl_io_sub(&t.shm, 0, HVL_MMIO_BLOCK_SIZE, &t.regs));
	FUZZ_CHECK(hvl_io_sub(&t.shm, REGION, SHM_SIZE - REGION, &t.region));
	FUZZ_CHECK(hvl_drv_pool_init(&t.pool, &t.region, GRANULE, t.map,
				     HVL_ARRAY_SIZE(t.map)) == 0);
	t.plat = (struct hvl_drv_platform){
		.now_us = plat_now,
		.ring = plat_ring,
		.wait = head[0] & HEAD_POLLING ? NULL : plat_wait,
		.timeout_us = TIMEOUT_US,
		.cache_line = head[0] & HEAD_CACHES ? 64 : 0,
	};
	t.net_cfg = (struct hvl_drv_net_config){
		.rx_num = (uint16_t)(1u << head[1] % 5),
		.tx_num = (uint16_t)(1u << (head[1] >> 4) % 5),
		.rx_slots = t.rx_slots,
		.tx_slots = t.tx_slots,
		.rx_bufs = t.rx_bufs,
		.tx_bufs = t.tx_bufs,
		.rx_indirect = t.indirect[0],
		.tx_indirect = t.indirect[1],
	};
	/* Such registers act at once; these do not, which is hostile. */
	if (head[0] & HEAD_TRAPPING) {
		hvl_io_write32(&t.regs, HVL_MMIO_REG_FENCE_MAGIC, 0);
		hvl_io_write32(&t.regs, HVL_MMIO_REG_SHM_LEN_LOW, 0);
	}
	FUZZ_CHECK(hvl_drv_mmio_probe(&t.drv, &t.regs, &t.plat) == 0);
}

/* A good device, and a driver that starts anew. */
static void drv_check_recovery(uint32_t bits)
{
	t.deaf = false;
	main_init(bits);
	FUZZ_CHECK(drv_stop() == 0);
	FUZZ_CHECK(t.pool.nfree == t.pool.count);
	FUZZ_CHECK(hvl_drv_mmio_probe(&t.drv, &t.regs, &t.plat) == 0);
	t.net_cfg.rx_num = t.net_cfg.tx_num = 8;
	FUZZ_CHECK(drv_start() == 0);
	if (t.is_net) {
		net_send(60);
		main_serve(8);
		net_take(1);
		FUZZ_CHECK(t.nheld == 1 && t.held[0]->len == 60);
		FUZZ_CHECK(hvl_drv_net_check(&t.net) == 0);
	} else {
		FUZZ_CHECK(rng_read(32) == 32);
	}
	FUZZ_CHECK(drv_stop() == 0);
	FUZZ_CHECK(t.pool.nfree == t.pool.count);
}

static void drv_race(uint32_t seed)
{
	race_begin(seed);
	race_place(t.regs.va, HVL_MMIO_BLOCK_SIZE);
	race_place(t.regs.va + HVL_MMIO_REG_CONFIG, 16);
	race_place(t.region.va, 0x600);
	race_place(t.region.va, 0x100);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct fuzz_op head = fuzz_head(&in), op;

	memset(&t, 0, sizeof(t));
	t.is_net = (head.arg[0] & HEAD_NET) != 0;
	t.shm = (struct hvl_io){ aligned_alloc(4096, SHM_SIZE), SHM_DA,
				 SHM_SIZE };
	FUZZ_CHECK(t.shm.va);
	memset(t.shm.va, 0xa5, SHM_SIZE);
	t.regs = (struct hvl_io){ t.shm.va, SHM_DA, HVL_MMIO_BLOCK_SIZE };
	main_init(head.arg[0]);
	drv_init(head.arg);
	if (head.arg[0] & HEAD_RACE)
		drv_race((uint32_t)size);
	(void)drv_start();
	while (fuzz_next(&in, &op)) {
		race_on();
		drv_step(&op);
		race_off();
	}
	race_end();
	drv_check_recovery(head.arg[0]);
	free(t.shm.va);
	return 0;
}
