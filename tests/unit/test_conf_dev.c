/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What virtio 1.3 §2.1 to §2.6, §4.2, §5.1 and §5.4 ask of a device, seen from
 * the registers of version 2: see docs/conformance.md.
 */
#include "mock_mmio.h"

#include <hvl/device/net.h>
#include <hvl/device/rng.h>
#include <hvl/metal/errno.h>
#include <hvl/wire/net.h>
#include <hvl/wire/vring_packed.h>

#define RX HVL_NET_QUEUE_RX
#define TX HVL_NET_QUEUE_TX
#define FRAME 100u
#define V1 HVL_BIT64(VIRTIO_F_VERSION_1)
#define RING_RESET HVL_BIT64(VIRTIO_F_RING_RESET)
#define PACKED HVL_BIT64(VIRTIO_F_RING_PACKED)

static struct hvl_io shm;
static struct mock_dev d;
static struct hvl_dev_net net;
static struct hvl_dev_rng rng;
static struct mock_entropy entropy;
static unsigned int frames; /* that are there to be received */
static unsigned char sent[FRAME];

static int recv_frame(void *ctx, const struct hvl_seg *seg, unsigned int n,
		      uint32_t room)
{
	(void)ctx;
	(void)n;
	if (frames == 0)
		return -EAGAIN;
	assert_true(room >= FRAME);
	memset(seg->va, 0xab, FRAME);
	frames--;
	return FRAME;
}

static int send_frame(void *ctx, const struct hvl_seg *seg, unsigned int n,
		      uint32_t total)
{
	(void)ctx;
	(void)n;
	assert_int_equal(total, FRAME);
	memcpy(sent, seg->va, FRAME);
	return 0;
}

static void init_net(void)
{
	const struct hvl_dev_net_backing backing = { send_frame, recv_frame,
						     NULL };
	const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };

	frames = 0;
	memset(sent, 0, sizeof(sent));
	hvl_dev_net_init(&net, &backing, mac, 1400);
	mock_dev_init(&d, &shm, 0, 2, &hvl_dev_net_model, &net);
}

static void init_rng(void)
{
	const struct hvl_dev_rng_backing backing = { mock_entropy_read,
						     &entropy };

	entropy = (struct mock_entropy){ UINT32_MAX, UINT32_MAX, -EAGAIN, 0 };
	hvl_dev_rng_init(&rng, &backing);
	mock_dev_init(&d, &shm, 0, 2, &hvl_dev_rng_model, &rng);
}

/* The same with a packed ring, which is offered only where it is asked for. */
static void init_net_packed(void)
{
	init_net();
	d.dev.offered |= PACKED;
	d.features = V1 | PACKED | RING_RESET;
	mock_bring_up(&d);
}

/* Called by the port of this test: what is loaded from the shared memory. */
static uint64_t watch_from, watch_to;
static unsigned int watched;

void conf_loaded(const volatile void *p, size_t size);
void conf_loaded(const volatile void *p, size_t size)
{
	uint64_t off = (uint64_t)((uintptr_t)p - (uintptr_t)shm.va);

	if (off < watch_to && off + size > watch_from)
		watched++;
}

void conf_stored(const volatile void *p, size_t size, uint64_t v);
void conf_stored(const volatile void *p, size_t size, uint64_t v)
{
	(void)p;
	(void)size;
	(void)v;
}

/* The ports of the mock devices of the driver side: not here. */
void mock_stored(const volatile void *p);
void mock_stored(const volatile void *p)
{
	(void)p;
}

void mock_loading(const volatile void *p);
void mock_loading(const volatile void *p)
{
	(void)p;
}

static int setup(void **state)
{
	(void)state;
	mock_shm_map(&shm, MOCK_SHM_SIZE);
	init_rng();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	mock_shm_unmap(&shm);
	return 0;
}

static uint16_t used_idx(unsigned int q)
{
	return hvl_io_read16(&shm, d.ring[q].used + 2);
}

/* §2.1.2, §4.2.2.1: whatever is offered before, it waits for DRIVER_OK. */
static void conf_dev_uses_nothing_before_driver_ok(void **state)
{
	(void)state;
	mock_begin(&d);
	mock_queue(&d, 0, MOCK_NUM);
	mock_offer(&d, 0, 8);
	assert_false(mock_service(&d));
	assert_int_equal(used_idx(0), 0);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_INTERRUPT_STATUS), 0);
	mock_ready(&d);
	(void)mock_service(&d);
	assert_int_equal(used_idx(0), 1);
}

/* §2.4.1: what was offered stays as it is, and nobody is told anything. */
static void conf_dev_reset_ends_all_use(void **state)
{
	unsigned int i;

	(void)state;
	init_net();
	mock_bring_up(&d);
	mock_reset(&d);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_DEVICE_STATUS), 0);
	frames = 1;
	mock_offer(&d, RX, 1526);
	hvl_dev_net_set_link(&d.dev, false);
	for (i = 0; i < 3; i++)
		assert_false(mock_service(&d));
	assert_int_equal(used_idx(RX), 0);
	assert_int_equal(frames, 1);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_INTERRUPT_STATUS), 0);
}

static void conf_dev_reset_clears_interrupts_and_queues(void **state)
{
	(void)state;
	mock_bring_up(&d);
	mock_offer(&d, 0, 8);
	assert_true(mock_service(&d));
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_INTERRUPT_STATUS),
			 HVL_MMIO_INT_VRING);
	mock_set(&d, HVL_MMIO_REG_QUEUE_SEL, 0);
	mock_fence(&d, 0);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_QUEUE_STATE),
			 HVL_MMIO_QUEUE_STATE_READY);
	mock_reset(&d);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_INTERRUPT_STATUS), 0);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_QUEUE_STATE), 0);
}

/* §2.1.2: the driver hears of DEVICE_NEEDS_RESET as of a config change. */
static void conf_dev_needs_reset_is_told(void **state)
{
	uint32_t generation;

	(void)state;
	mock_bring_up(&d);
	generation = mock_reg(&d, HVL_MMIO_REG_CONFIG_GENERATION);
	mock_avail(&d.ring[0], MOCK_NUM);
	assert_true(mock_service(&d));
	assert_true(mock_needs_reset(&d));
	assert_true(mock_reg(&d, HVL_MMIO_REG_INTERRUPT_STATUS) &
		    HVL_MMIO_INT_CONFIG);
	assert_int_not_equal(mock_reg(&d, HVL_MMIO_REG_CONFIG_GENERATION),
			     generation);
}

static bool try_features(uint64_t features)
{
	uint32_t bank, ok = MOCK_STATUS_INIT | VIRTIO_CONFIG_S_FEATURES_OK;

	mock_reset(&d);
	mock_status(&d, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	mock_status(&d, MOCK_STATUS_INIT);
	for (bank = 0; bank < 2; bank++) {
		mock_set(&d, HVL_MMIO_REG_DRIVER_FEATURES_SEL, bank);
		mock_set(&d, HVL_MMIO_REG_DRIVER_FEATURES,
			 (uint32_t)(features >> 32 * bank));
		mock_fence(&d, HVL_MMIO_FENCE_FEATURES);
	}
	return mock_status(&d, ok) == ok;
}

/* §2.2.2: each valid subset, and the same one again after a reset. */
static void conf_dev_accepts_any_subset_again_and_again(void **state)
{
	uint64_t offered, subset;
	unsigned int n = 0;

	(void)state;
	init_net();
	mock_reset(&d);
	offered = mock_offered(&d);
	assert_true(offered & V1);
	for (subset = offered;; subset = (subset - 1) & offered) {
		if (subset & V1) {
			assert_true(try_features(subset));
			assert_true(try_features(subset));
			n++;
		}
		if (subset == 0)
			break;
	}
	assert_true(n >= 8);
}

/* §2.2.2, §5.1.4.1, §6.2: nothing that it could not do if it were accepted. */
static void conf_dev_offers_what_it_can_do(void **state)
{
	const uint64_t ring =
		V1 | RING_RESET | HVL_BIT64(VIRTIO_RING_F_INDIRECT_DESC) |
		HVL_BIT64(VIRTIO_RING_F_EVENT_IDX) |
		HVL_BIT64(VIRTIO_F_ACCESS_PLATFORM) |
		HVL_BIT64(VIRTIO_F_RING_PACKED) | HVL_BIT64(VIRTIO_F_IN_ORDER) |
		HVL_BIT64(VIRTIO_F_ORDER_PLATFORM) |
		HVL_BIT64(VIRTIO_F_NOTIFICATION_DATA);

	(void)state;
	mock_reset(&d);
	assert_int_equal(mock_offered(&d) & ~ring, 0);
	assert_true(mock_offered(&d) & V1);
	/* It reaches the shared memory only, and is another processor. */
	assert_true(mock_offered(&d) & HVL_BIT64(VIRTIO_F_ACCESS_PLATFORM));
	init_net();
	mock_reset(&d);
	assert_int_equal(mock_offered(&d) & ~ring,
			 HVL_BIT64(VIRTIO_NET_F_MAC) |
				 HVL_BIT64(VIRTIO_NET_F_MTU) |
				 HVL_BIT64(VIRTIO_NET_F_STATUS));
}

/* §2.5.2: also fields of features that nobody has accepted. */
static void conf_dev_config_is_there_from_the_start(void **state)
{
	static const unsigned char config[12] = {
		2, 0, 0, 0, 0, 1, 1, 0, 1, 0, 1400 & 0xff, 1400 >> 8
	};

	(void)state;
	init_net();
	assert_memory_equal(d.regs.va + HVL_MMIO_REG_CONFIG, config, 12);
	mock_reset(&d);
	assert_memory_equal(d.regs.va + HVL_MMIO_REG_CONFIG, config, 12);
	/* §5.1.4.1: no mtu but the one it started with. */
	mock_bring_up(&d);
	hvl_dev_net_set_link(&d.dev, false);
	(void)mock_service(&d);
	assert_int_equal(hvl_io_read16(&d.regs, HVL_MMIO_REG_CONFIG + 10),
			 1400);
}

/* §4.2.2.1: a queue that is not ready is not looked at, live or not. */
static void conf_dev_queue_not_ready_is_left_alone(void **state)
{
	(void)state;
	mock_bring_up(&d);
	mock_set(&d, HVL_MMIO_REG_QUEUE_SEL, 0);
	mock_set(&d, HVL_MMIO_REG_QUEUE_READY, 0);
	mock_fence(&d, HVL_MMIO_FENCE_QUEUE);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_QUEUE_STATE), 0);
	mock_offer(&d, 0, 8);
	assert_false(mock_service(&d));
	assert_int_equal(used_idx(0), 0);
}

static void queue_reset(unsigned int q)
{
	mock_set(&d, HVL_MMIO_REG_QUEUE_SEL, q);
	mock_set(&d, HVL_MMIO_REG_QUEUE_RESET, 1);
	mock_fence(&d, HVL_MMIO_FENCE_QUEUE_RESET);
}

/* §2.6.1.1.1: the queue is as at the start, and the other one goes on. */
static void conf_dev_queue_reset_forgets_the_queue(void **state)
{
	(void)state;
	init_net();
	d.features = V1 | RING_RESET;
	mock_bring_up(&d);
	frames = 3;
	mock_offer(&d, RX, 1526);
	(void)mock_service(&d);
	assert_int_equal(used_idx(RX), 1);
	queue_reset(RX);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_QUEUE_STATE), RX);
	mock_offer(&d, RX, 1526);
	assert_false(mock_service(&d));
	assert_int_equal(used_idx(RX), 1);
	assert_int_equal(frames, 2);
	/* The other queue goes on meanwhile. */
	mock_desc(&d.ring[TX], 0, mock_buf_off(&d) + 0x8000, 12 + FRAME, 0, 0);
	mock_avail(&d.ring[TX], 0);
	(void)mock_service(&d);
	assert_int_equal(used_idx(TX), 1);
	/* §2.6.1.2.1: again, with another size and from index 0. */
	mock_queue(&d, RX, MOCK_NUM / 2);
	assert_int_equal(d.dev.vq[RX].num, MOCK_NUM / 2);
	mock_offer(&d, RX, 1526);
	(void)mock_service(&d);
	assert_int_equal(used_idx(RX), 1);
	assert_int_equal(hvl_io_read32(&shm, d.ring[RX].used + 4), 0);
}

static void conf_dev_queue_reset_needs_its_feature(void **state)
{
	(void)state;
	mock_bring_up(&d);
	queue_reset(0);
	mock_offer(&d, 0, 8);
	(void)mock_service(&d);
	assert_int_equal(used_idx(0), 1);
}

/* Of a packed ring, in its first round. */
static void packed_offer(unsigned int q, unsigned int i, uint32_t len,
			 uint16_t flags)
{
	mock_desc(&d.ring[q], i, mock_buf_off(&d) + 0x1000u * i, len,
		  (uint16_t)i, flags | VRING_PACKED_DESC_F_AVAIL);
}

static bool packed_is_used(unsigned int q, unsigned int i)
{
	uint16_t flags = hvl_io_read16(&shm, d.ring[q].desc + 16u * i + 14);

	return hvl_vring_packed_is_used(flags, true);
}

/* §2.6.1.1.1, packed: the wrap counters, too, begin anew. */
static void conf_dev_packed_queue_reset_forgets_the_queue(void **state)
{
	unsigned int i, turn;

	(void)state;
	init_net_packed();
	frames = UINT32_MAX;
	for (turn = 0; turn < 3; turn++) {
		/* Once round the ring, and into its second round. */
		for (i = 0; i < MOCK_NUM; i++)
			packed_offer(RX, i, 1526, VRING_DESC_F_WRITE);
		(void)mock_service(&d);
		for (i = 0; i < MOCK_NUM; i++)
			assert_true(packed_is_used(RX, i));
		queue_reset(RX);
		packed_offer(RX, 0, 1526, VRING_DESC_F_WRITE);
		assert_false(mock_service(&d));
		assert_false(packed_is_used(RX, 0));
		mock_queue(&d, RX, MOCK_NUM);
	}
	assert_true(d.dev.live);
}

/* Headers that mean nothing, with NEEDS_CSUM and without. */
static void fill_to_send(unsigned char *buf, unsigned char flags)
{
	unsigned int i;

	for (i = 0; i < 12 + FRAME; i++)
		buf[i] = (unsigned char)(flags ? 0xff - i : i + 3);
	buf[0] = flags;
}

/*
 * §2.7.5.1, §2.8.15: what the driver sends comes through and is not written
 * to. §5.1.6.2.2: neither flags nor offsets of the header mean anything.
 */
static void conf_dev_writes_no_readable_buffer(void **state)
{
	static const unsigned char flags[] = { 0xff, 0xfe, 0 };
	unsigned char *buf, before[12 + FRAME];
	unsigned int i, packed;

	(void)state;
	for (i = 0; i < 2 * HVL_ARRAY_SIZE(flags); i++) {
		packed = i & 1;
		if (packed) {
			init_net_packed();
			packed_offer(TX, 0, 12 + FRAME, 0);
		} else {
			init_net();
			mock_bring_up(&d);
			mock_desc(&d.ring[TX], 0, mock_buf_off(&d), 12 + FRAME,
				  0, 0);
			mock_avail(&d.ring[TX], 0);
		}
		buf = shm.va + mock_buf_off(&d);
		fill_to_send(buf, flags[i / 2]);
		memcpy(before, buf, sizeof(before));
		(void)mock_service(&d);
		assert_true(packed ? packed_is_used(TX, 0) : used_idx(TX) == 1);
		assert_memory_equal(buf, before, sizeof(before));
		assert_memory_equal(sent, before + 12, FRAME);
	}
}

/* §2.7.5.1: the core copies words here, so that each load is seen. */
static void conf_dev_reads_no_writable_buffer(void **state)
{
	(void)state;
	init_net();
	mock_bring_up(&d);
	watch_from = mock_buf_off(&d);
	watch_to = watch_from + 0x8000;
	watched = 0;
	frames = 2;
	mock_offer(&d, RX, 1526);
	mock_offer(&d, RX, 1526);
	(void)mock_service(&d);
	assert_int_equal(used_idx(RX), 2);
	assert_int_equal(watched, 0);
	init_net_packed();
	frames = 1;
	packed_offer(RX, 0, 1526, VRING_DESC_F_WRITE);
	(void)mock_service(&d);
	assert_true(packed_is_used(RX, 0));
	assert_int_equal(watched, 0);
	init_rng();
	mock_bring_up(&d);
	mock_offer(&d, 0, 64);
	(void)mock_service(&d);
	assert_int_equal(used_idx(0), 1);
	assert_int_equal(watched, 0);
	watch_to = 0;
}

/* §5.1.6.3.2, §5.1.6.4.1: one buffer, no offload, num_buffers 1. */
static void conf_dev_received_header_is_plain(void **state)
{
	static const unsigned char plain[12] = { 0, 0, 0, 0, 0, 0,
						 0, 0, 0, 0, 1, 0 };

	(void)state;
	init_net();
	mock_bring_up(&d);
	memset(shm.va + mock_buf_off(&d), 0xff, 0x2000);
	frames = 1;
	mock_offer(&d, RX, 1526);
	mock_offer(&d, RX, 1526);
	(void)mock_service(&d);
	assert_int_equal(used_idx(RX), 1);
	assert_int_equal(hvl_io_read32(&shm, d.ring[RX].used + 8), 12 + FRAME);
	assert_memory_equal(shm.va + mock_buf_off(&d), plain, 12);
	assert_int_equal(shm.va[mock_buf_off(&d) + 12], 0xab);
}

/* §5.4.6.2: never a buffer without a byte in it. */
static void conf_dev_rng_gives_one_byte_at_least(void **state)
{
	(void)state;
	mock_bring_up(&d);
	entropy.left = 0;
	mock_offer(&d, 0, 8);
	assert_false(mock_service(&d));
	assert_int_equal(used_idx(0), 0);
	entropy.left = 1;
	(void)mock_service(&d);
	assert_int_equal(used_idx(0), 1);
	assert_int_equal(hvl_io_read32(&shm, d.ring[0].used + 8), 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(conf_dev_uses_nothing_before_driver_ok),
		T(conf_dev_reset_ends_all_use),
		T(conf_dev_reset_clears_interrupts_and_queues),
		T(conf_dev_needs_reset_is_told),
		T(conf_dev_accepts_any_subset_again_and_again),
		T(conf_dev_offers_what_it_can_do),
		T(conf_dev_config_is_there_from_the_start),
		T(conf_dev_queue_not_ready_is_left_alone),
		T(conf_dev_queue_reset_forgets_the_queue),
		T(conf_dev_queue_reset_needs_its_feature),
		T(conf_dev_packed_queue_reset_forgets_the_queue),
		T(conf_dev_writes_no_readable_buffer),
		T(conf_dev_reads_no_writable_buffer),
		T(conf_dev_received_header_is_plain),
		T(conf_dev_rng_gives_one_byte_at_least),
	};

	return cmocka_run_group_tests_name("conf_dev", tests, NULL, NULL);
}
