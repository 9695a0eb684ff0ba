/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A host that comes back to memory and to a record that are both lies: words
 * at random, plausible ones, and true ones with one word changed. Whether it
 * carries on or refuses, nothing outside the memory is touched, the witness
 * notices nothing, and a reset heals.
 */
#include "hostile.h"

#define ROUNDS 20000u

static struct hvl_dev_saved rec;
static uint32_t taken[HVL_DEV_QUEUES_MAX];
static unsigned int carried_on, refused;

static uint32_t *keep(void *ctx, const struct hvl_dev_saved *saved)
{
	unsigned int q;

	(void)ctx;
	rec = *saved;
	for (q = 0; q < HVL_DEV_QUEUES_MAX; q++)
		taken[q] = saved->queue[q].taken;
	return taken;
}

static const struct hvl_dev_journal journal = { .record = keep };

static void spoil_words(void *p, size_t size, unsigned int n)
{
	unsigned char *bytes = p;
	uint32_t v;

	while (n-- != 0) {
		v = hostile_plausible();
		memcpy(bytes + hostile_random() % (size / 4) * 4, &v, 4);
	}
}

/* What the driver could have written while nobody was there. */
static void spoil_memory(const struct mock_dev *v)
{
	uint32_t n = hostile_random() & 3;

	if (hostile_random() % 4 == 0)
		hvl_io_fill(&v->shm, mock_ring_off(v, 0),
			    (uint8_t)hostile_random(), 0x2000);
	while (n-- != 0) {
		/* Magic and device id stay: else nothing else is looked at. */
		mock_set(v, 16 + hostile_random() % 124 * 4,
			 hostile_plausible());
		hvl_io_write16(&v->shm,
			       mock_ring_off(v, 0) +
				       hostile_random() % 0x800 * 2,
			       (uint16_t)hostile_plausible());
	}
}

static void come_back(struct mock_dev *v, uint32_t how)
{
	struct hvl_dev_config cfg = v->dev.cfg;
	struct hvl_dev_saved saved = rec;

	saved.queue[0].taken = taken[0];
	if (how % 4 == 0)
		spoil_words(&saved, sizeof(saved), sizeof(saved) / 4);
	else if (how % 4 < 3)
		spoil_words(&saved, sizeof(saved), how % 4);
	saved.id = VIRTIO_ID_RNG;
	assert_int_equal(hvl_dev_init(&v->dev, &cfg,
				      v->version == 2 ? &hvl_dev_mmio_v2 :
							&hvl_dev_mmio_v1),
			 0);
	if (hvl_dev_resume(&v->dev, &saved) == 0) {
		carried_on++;
		return;
	}
	refused++;
	hvl_dev_attach(&v->dev);
}

static void lies_at_random(struct hostile *h)
{
	struct mock_dev *v = &h->victim;
	unsigned int i, k;

	carried_on = refused = 0;
	v->dev.cfg.journal = &journal;
	for (i = 0; i < ROUNDS; i++) {
		if (i % 16 == 0) {
			mock_set(v, HVL_MMIO_REG_MAGIC, 0);
			hvl_dev_attach(&v->dev);
			mock_bring_up(v);
			hostile_round_trip(v);
		}
		spoil_memory(v);
		come_back(v, hostile_random());
		for (k = hostile_random() & 3; k != 0; k--) {
			mock_service(v);
			v->now_us += 60000;
			assert_false(v->dev.live && v->dev.broken);
			assert_int_equal(v->dev.features & ~v->dev.offered, 0);
		}
		if (i % 64 == 0)
			hostile_round_trip(&h->witness);
	}
	/* Both came often enough to be worth it. */
	assert_true(carried_on > ROUNDS / 20);
	assert_true(refused > ROUNDS / 20);
	mock_set(v, HVL_MMIO_REG_MAGIC, 0);
	hvl_dev_attach(&v->dev);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HOSTILE_BOTH(lies_at_random, ANY),
	};

	return cmocka_run_group_tests_name("hostile_resume", tests, NULL, NULL);
}
