/* SPDX-License-Identifier: BSD-3-Clause */
/* What all attacks share: see hostile.h. */
#include "hostile.h"

struct hostile hostile;

static uint64_t seed;

uint32_t hostile_random(void)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)(seed >> 33) ^ (uint32_t)(seed << 7);
}

uint32_t hostile_plausible(void)
{
	/* Small numbers, addresses of the victim's, values that mean much. */
	static const uint32_t special[] = {
		0,
		0xffffffff,
		HVL_MMIO_V1_ACK,
		4096,
		HVL_MMIO_V1_MARKER,
		0x7fffffff,
		0x80000000,
		MOCK_SHM_SIZE,
		(uint32_t)MOCK_DA,
		0x0f,
		0x07,
		0xff,
	};
	uint64_t da = MOCK_DA + mock_ring_off(&hostile.victim, 0);
	uint32_t r = hostile_random();

	switch (r >> 8 & 7) {
	case 0:
		return r;
	case 1:
		return special[r % HVL_ARRAY_SIZE(special)];
	case 2:
		return (uint32_t)da + (hostile_random() & 0x1fff0);
	case 3:
		return (uint32_t)(da / 4096) + (r & 31);
	case 4:
		return 1u << (r & 31);
	default:
		return r & 15;
	}
}

void hostile_round_trip(struct mock_dev *d)
{
	uint64_t off;
	uint32_t id, len;

	mock_offer(d, 0, 9);
	off = mock_buf_off(d) +
	      0x1000u * ((d->ring[0].avail_idx - 1u) % d->ring[0].num);
	hvl_io_fill(&d->shm, off, 0, 16);
	mock_service(d);
	assert_true(mock_used(&d->ring[0], &id, &len));
	assert_int_equal(len, 9);
	assert_int_not_equal(d->shm.va[off], 0);
	assert_int_not_equal(d->shm.va[off + 8], 0);
	assert_int_equal(d->shm.va[off + 9], 0);
	mock_isr(d);
	mock_service(d);
}

void hostile_check(void)
{
	struct mock_dev *w = &hostile.witness, *v = &hostile.victim;

	hostile_round_trip(w);
	assert_int_equal(w->dev.stats.violations, 0);
	assert_int_equal(w->dev.stats.resets, 0);
	assert_int_equal(w->log.lines, 0);

	v->features = w->features;
	mock_bring_up(v);
	assert_false(mock_needs_reset(v));
	hostile_round_trip(v);
}

int hostile_setup(void **state)
{
	const struct hostile_job *job = *state;
	const struct hvl_dev_rng_backing backing = { mock_entropy_read,
						     &hostile.entropy };
	unsigned int i;

	memset(&hostile, 0, sizeof(hostile));
	seed = 20260522;
	hostile.entropy.left = hostile.entropy.step = UINT32_MAX;
	hostile.entropy.error = -EAGAIN;
	mock_shm_map(&hostile.shm, MOCK_SHM_SIZE);
	for (i = 0; i < 2; i++)
		hvl_dev_rng_init(&hostile.rng[i], &backing);
	mock_dev_init(&hostile.victim, &hostile.shm, 0, job->version,
		      &hvl_dev_rng_model, &hostile.rng[0]);
	mock_dev_init(&hostile.witness, &hostile.shm, 1, job->version,
		      &hvl_dev_rng_model, &hostile.rng[1]);
	hostile.victim.features |= HVL_BIT64(VIRTIO_RING_F_INDIRECT_DESC);
	mock_bring_up(&hostile.victim);
	mock_bring_up(&hostile.witness);
	hostile_round_trip(&hostile.victim);
	hostile_round_trip(&hostile.witness);
	return 0;
}

int hostile_teardown(void **state)
{
	(void)state;
	mock_shm_unmap(&hostile.shm);
	return 0;
}

/* Nothing more comes of it, however often the device looks. */
static void hostile_settle(struct mock_dev *v)
{
	unsigned int i;

	for (i = 0; i < 8; i++) {
		v->now_us += 60000;
		mock_service(v);
	}
}

void hostile_run(void **state)
{
	const struct hostile_job *job = *state;
	struct mock_dev *v = &hostile.victim;

	job->attack(&hostile);
	hostile_settle(v);
	switch (job->outcome) {
	case HOSTILE_BROKEN:
		assert_true(mock_needs_reset(v));
		assert_int_equal(v->dev.stats.violations, 1);
		assert_int_equal(v->log.lines, 1);
		assert_int_equal(v->events[HVL_DEV_EVENT_BROKEN], 1);
		break;
	case HOSTILE_REFUSED:
		assert_false(v->dev.vq[0].started);
		assert_int_equal(v->dev.stats.violations, 0);
		break;
	case HOSTILE_HARMLESS:
		assert_true(v->dev.live);
		assert_int_equal(v->dev.stats.violations, 0);
		hostile_round_trip(v);
		break;
	case HOSTILE_ANY:
		break;
	}
	hostile_check();
}
