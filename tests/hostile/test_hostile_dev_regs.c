/* SPDX-License-Identifier: BSD-3-Clause */
/* Broken register blocks: what a driver can do wrong on its way to a queue. */
#include "hostile.h"

#define V (&h->victim)
#define LAYOUT hvl_vring_layout(MOCK_NUM, 4096)

/* Version 2: ask for queue 0 with these registers, up to FEATURES_OK good. */
static void ask_v2(struct hostile *h, uint32_t num, uint64_t desc,
		   uint64_t avail, uint64_t used)
{
	mock_begin(V);
	mock_v2_queue_regs(V, 0, num, desc, avail, used);
	assert_int_equal(mock_reg(V, HVL_MMIO_REG_QUEUE_STATE), 0);
}

/* Either version: a ring of @num at device address @da, which is bad. */
static void ask(struct hostile *h, uint32_t num, uint64_t da)
{
	struct hvl_vring_layout l = LAYOUT;

	if (V->version == 2) {
		ask_v2(h, num, da + l.desc, da + l.avail, da + l.used);
		return;
	}
	mock_begin(V);
	mock_v1_queue_regs(V, 0, num, (uint32_t)(da / 4096));
	mock_service(V);
	assert_int_not_equal(mock_reg(V, HVL_MMIO_REG_QUEUE_PFN),
			     HVL_MMIO_V1_ACK);
}

static uint64_t good_da(struct hostile *h)
{
	return MOCK_DA + mock_ring_off(V, 0);
}

static void size_zero(struct hostile *h)
{
	ask(h, 0, good_da(h));
}

static void size_not_a_power_of_two(struct hostile *h)
{
	ask(h, 12, good_da(h));
}

static void size_above_offer(struct hostile *h)
{
	ask(h, 256, good_da(h));
}

static void size_65536(struct hostile *h)
{
	ask(h, 65536, good_da(h));
}

static void size_of_all_ones(struct hostile *h)
{
	ask(h, 0xffffffff, good_da(h));
}

static void ring_below_memory(struct hostile *h)
{
	ask(h, MOCK_NUM, MOCK_DA - 4096);
}

static void ring_above_memory(struct hostile *h)
{
	ask(h, MOCK_NUM, MOCK_DA + MOCK_SHM_SIZE);
}

static void ring_across_end(struct hostile *h)
{
	ask(h, MOCK_NUM, MOCK_DA + MOCK_SHM_SIZE - 4096);
}

static void ring_at_end_of_addresses(struct hostile *h)
{
	ask(h, MOCK_NUM, UINT64_C(0xfffffffff000));
}

static void ring_address_overflow(struct hostile *h)
{
	uint64_t good = good_da(h);

	ask_v2(h, MOCK_NUM, UINT64_MAX - 15, good + 4096, good + 8192);
	ask_v2(h, MOCK_NUM, good, UINT64_MAX - 1, good + 8192);
	ask_v2(h, MOCK_NUM, good, good + 4096, UINT64_MAX - 3);
}

static void ring_one_area_outside(struct hostile *h)
{
	uint64_t good = good_da(h), end = MOCK_DA + MOCK_SHM_SIZE;

	ask_v2(h, MOCK_NUM, end - 16 * (MOCK_NUM - 1), good, good + 4096);
	ask_v2(h, MOCK_NUM, good, end - 8, good + 4096);
	ask_v2(h, MOCK_NUM, good, good + 4096, end - 64);
}

static void ring_misaligned(struct hostile *h)
{
	uint64_t good = good_da(h);

	ask_v2(h, MOCK_NUM, good + 8, good + 4096, good + 8192);
	ask_v2(h, MOCK_NUM, good, good + 4097, good + 8192);
	ask_v2(h, MOCK_NUM, good, good + 4096, good + 8194);
}

static void ring_align_garbage(struct hostile *h)
{
	static const uint32_t aligns[] = {
		0, 1, 2, 3, 4095, 0x20000, 0x80000000, 0xffffffff
	};
	size_t i;

	for (i = 0; i < HVL_ARRAY_SIZE(aligns); i++) {
		mock_begin(V);
		mock_v1_queue_regs(V, 0, MOCK_NUM, 0);
		mock_set(V, HVL_MMIO_REG_QUEUE_ALIGN, aligns[i]);
		mock_set(V, HVL_MMIO_REG_QUEUE_PFN, mock_pfn(V, 0));
		mock_service(V);
		assert_false(V->dev.vq[0].started);
	}
}

static void page_size_garbage(struct hostile *h)
{
	static const uint32_t pages[] = { 0, 1, 3, 4095, 0x20000, 0xffffffff };
	size_t i;

	for (i = 0; i < HVL_ARRAY_SIZE(pages); i++) {
		mock_begin(V);
		mock_set(V, HVL_MMIO_REG_GUEST_PAGE_SIZE, pages[i]);
		mock_v1_queue_regs(V, 0, MOCK_NUM, mock_pfn(V, 0));
		mock_service(V);
		assert_false(V->dev.vq[0].started);
	}
	mock_set(V, HVL_MMIO_REG_GUEST_PAGE_SIZE, 4096);
	mock_begin(V);
}

static void pfn_garbage(struct hostile *h)
{
	unsigned int i;

	mock_begin(V);
	for (i = 0; i < 20000; i++) {
		mock_v1_queue_regs(V, hostile_random() & 1, MOCK_NUM,
				   hostile_random() | 0x80000000);
		mock_service(V);
	}
}

/* Its own business: the device survives it, and so does the witness. */
static void ring_over_own_registers(struct hostile *h)
{
	struct hvl_vring_layout l = hvl_vring_layout(8, 64);

	if (V->version == 2) {
		mock_begin(V);
		mock_v2_queue_regs(V, 0, 8, MOCK_DA + l.desc, MOCK_DA + l.avail,
				   MOCK_DA + l.used);
	} else {
		mock_begin(V);
		mock_v1_queue_regs(V, 0, 8, (uint32_t)(MOCK_DA / 4096));
	}
	mock_service(V);
	mock_set(V, HVL_MMIO_REG_STATUS, 15);
	mock_set(V, HVL_MMIO_REG_FENCE_REQUEST, 1000);
	mock_service(V);
}

static void queue_sel_garbage(struct hostile *h)
{
	static const uint32_t sels[] = { 1,	2,     4,	   255,
					 65535, 65536, 0x80000000, 0xffffffff };
	uint64_t good = good_da(h);
	size_t i;

	for (i = 0; i < HVL_ARRAY_SIZE(sels); i++) {
		mock_begin(V);
		if (V->version == 2)
			mock_v2_queue_regs(V, sels[i], MOCK_NUM, good,
					   good + 4096, good + 8192);
		else
			mock_v1_queue_regs(V, sels[i], MOCK_NUM,
					   mock_pfn(V, 0));
		mock_service(V);
		assert_false(V->dev.vq[1].started);
		assert_int_equal(mock_reg(V, HVL_MMIO_REG_QUEUE_STATE) >> 16,
				 0);
	}
}

static void status_garbage(struct hostile *h)
{
	unsigned int i;

	for (i = 0; i < 20000; i++)
		mock_status(V, hostile_random());
	for (i = 0; i < 256; i++)
		mock_status(V, i);
}

static void driver_ok_without_features_ok(struct hostile *h)
{
	mock_reset(V);
	assert_int_equal(
		mock_status(V, MOCK_STATUS_INIT | VIRTIO_CONFIG_S_DRIVER_OK),
		MOCK_STATUS_INIT);
	assert_false(V->dev.live);
}

static void driver_ok_without_queues(struct hostile *h)
{
	mock_begin(V);
	mock_status(V, 0x0f);
	mock_service(V);
	assert_false(V->dev.vq[0].started);
}

static void features_garbage(struct hostile *h)
{
	unsigned int i;

	for (i = 0; i < 5000; i++) {
		mock_reset(V);
		mock_status(V, MOCK_STATUS_INIT);
		mock_set(V, HVL_MMIO_REG_DRIVER_FEATURES_SEL,
			 hostile_plausible());
		mock_set(V, HVL_MMIO_REG_DRIVER_FEATURES, hostile_random());
		if (V->version == 2)
			mock_fence(V, HVL_MMIO_FENCE_FEATURES);
		mock_status(V, 0x0b);
		assert_int_equal(V->dev.features & ~V->dev.offered, 0);
	}
}

static void fence_storm(struct hostile *h)
{
	unsigned int i;

	for (i = 0; i < 100000; i++) {
		V->fence += hostile_random() & 0xffff;
		mock_fence(V, hostile_random() & 0x0e);
	}
}

static void fence_what_garbage(struct hostile *h)
{
	unsigned int i;

	for (i = 0; i < 20000; i++)
		mock_fence(V, hostile_random());
}

static void queue_set_up_twice(struct hostile *h)
{
	uint64_t other = MOCK_DA + mock_ring_off(V, 1);

	/* The second one is ignored: the first ring goes on. */
	mock_v2_queue_regs(V, 0, 4, other, other + 4096, other + 8192);
}

static void queue_ready_garbage(struct hostile *h)
{
	mock_begin(V);
	mock_set(V, HVL_MMIO_REG_QUEUE_SEL, 0);
	mock_set(V, HVL_MMIO_REG_QUEUE_READY, 0xffffffff);
	mock_fence(V, HVL_MMIO_FENCE_QUEUE);
}

static void queue_stopped_while_live(struct hostile *h)
{
	mock_set(V, HVL_MMIO_REG_QUEUE_SEL, 0);
	mock_set(V, HVL_MMIO_REG_QUEUE_READY, 0);
	mock_fence(V, HVL_MMIO_FENCE_QUEUE);
	mock_offer(V, 0, 8);
}

/* It may write what it likes into the words that it only reads. */
static void device_words_scribbled(struct hostile *h)
{
	static const uint32_t words[] = {
		HVL_MMIO_REG_DEVICE_FEATURES,  HVL_MMIO_REG_QUEUE_NUM_MAX,
		HVL_MMIO_REG_INTERRUPT_STATUS, HVL_MMIO_REG_CONFIG_GENERATION,
		HVL_MMIO_REG_DEVICE_STATUS,    HVL_MMIO_REG_QUEUE_STATE,
		HVL_MMIO_REG_SHM_LEN_LOW,      HVL_MMIO_REG_SHM_BASE_HIGH,
		HVL_MMIO_REG_DEVICE_ID,	       HVL_MMIO_REG_VERSION,
	};
	size_t i;

	for (i = 0; i < HVL_ARRAY_SIZE(words); i++)
		mock_set(V, words[i], hostile_random());
	if (V->version == 2)
		mock_set(V, HVL_MMIO_REG_FENCE_ACK, hostile_random());
	mock_service(V);
}

static void ack_garbage(struct hostile *h)
{
	unsigned int i;

	for (i = 0; i < 20000; i++) {
		mock_set(V, HVL_MMIO_REG_INTERRUPT_ACK, hostile_random());
		mock_service(V);
	}
}

/* Virtio 1.3 §2.9: it says which queue and how far. We look at all of them. */
static void notify_garbage(struct hostile *h)
{
	unsigned int i;

	for (i = 0; i < 5000; i++) {
		mock_set(V, HVL_MMIO_REG_QUEUE_NOTIFY, hostile_random());
		hostile_round_trip(V);
		mock_set(V, HVL_MMIO_REG_QUEUE_NOTIFY, hostile_plausible());
		mock_service(V);
	}
}

/* Only doorbells: as many as it likes. */
static void doorbell_storm(struct hostile *h)
{
	unsigned int i;

	V->rings = 0;
	for (i = 0; i < 100000; i++)
		mock_service(V);
	assert_int_equal(V->rings, 0);
}

/* Seeded garbage in every register, with a look after each. */
static void garbage_in_every_register(struct hostile *h)
{
	uint64_t high = MOCK_DA >> 32;
	unsigned int i;
	uint32_t reg;

	for (i = 0; i < 100000; i++) {
		reg = (hostile_random() & 0x7f) * 4;
		mock_set(V, reg, hostile_plausible());
		/* Now and then what would make it count. */
		if ((i & 3) == 0)
			mock_set(V, HVL_MMIO_REG_STATUS,
				 hostile_random() & 0x0f);
		if ((i & 7) == 0) {
			mock_set(V, HVL_MMIO_REG_QUEUE_DESC_HIGH,
				 (uint32_t)high);
			mock_set(V, HVL_MMIO_REG_QUEUE_DRIVER_HIGH,
				 (uint32_t)high);
			mock_set(V, HVL_MMIO_REG_QUEUE_DEVICE_HIGH,
				 (uint32_t)high);
		}
		mock_set(V, HVL_MMIO_REG_FENCE_REQUEST, i);
		V->now_us += 1000;
		mock_service(V);
		if (i % 10000 == 0)
			hostile_round_trip(&h->witness);
	}
	V->fence = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HOSTILE_BOTH(size_zero, REFUSED),
		HOSTILE_BOTH(size_not_a_power_of_two, REFUSED),
		HOSTILE_BOTH(size_above_offer, REFUSED),
		HOSTILE_BOTH(size_65536, REFUSED),
		HOSTILE_BOTH(size_of_all_ones, REFUSED),
		HOSTILE_BOTH(ring_below_memory, REFUSED),
		HOSTILE_BOTH(ring_above_memory, REFUSED),
		HOSTILE_BOTH(ring_across_end, REFUSED),
		HOSTILE_BOTH(ring_at_end_of_addresses, REFUSED),
		HOSTILE_JOB(2, ring_address_overflow, REFUSED),
		HOSTILE_JOB(2, ring_one_area_outside, REFUSED),
		HOSTILE_JOB(2, ring_misaligned, REFUSED),
		HOSTILE_JOB(1, ring_align_garbage, REFUSED),
		HOSTILE_JOB(1, page_size_garbage, REFUSED),
		HOSTILE_JOB(1, pfn_garbage, REFUSED),
		HOSTILE_BOTH(ring_over_own_registers, ANY),
		HOSTILE_BOTH(queue_sel_garbage, ANY),
		HOSTILE_BOTH(status_garbage, ANY),
		HOSTILE_JOB(2, driver_ok_without_features_ok, REFUSED),
		HOSTILE_BOTH(driver_ok_without_queues, REFUSED),
		HOSTILE_BOTH(features_garbage, ANY),
		HOSTILE_JOB(2, fence_storm, ANY),
		HOSTILE_JOB(2, fence_what_garbage, ANY),
		HOSTILE_JOB(2, queue_set_up_twice, HARMLESS),
		HOSTILE_JOB(2, queue_ready_garbage, REFUSED),
		HOSTILE_JOB(2, queue_stopped_while_live, REFUSED),
		HOSTILE_JOB(1, device_words_scribbled, HARMLESS),
		HOSTILE_JOB(2, device_words_scribbled, HARMLESS),
		HOSTILE_BOTH(ack_garbage, HARMLESS),
		HOSTILE_BOTH(notify_garbage, HARMLESS),
		HOSTILE_BOTH(doorbell_storm, HARMLESS),
		HOSTILE_BOTH(garbage_in_every_register, ANY),
	};

	return cmocka_run_group_tests_name("hostile_regs", tests, NULL, NULL);
}
