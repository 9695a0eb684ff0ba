/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Driver and device side of one virtqueue against each other: each ring size,
 * direct and indirect chains, buffers in and outside the shared memory, past
 * the wrap of the 16-bit indices.
 */
#include <errno.h>
#include <pthread.h>
#include <time.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <hvl/device/vq.h>
#include <hvl/driver/vq.h>
#include <hvl/metal/barrier.h>
#include <hvl/metal/compiler.h>
#include <hvl/metal/time.h>
#include <hvl/wire/virtio.h>

#define SHM_SIZE (2u << 20)
#define SHM_DA UINT64_C(0x1000000000)
#define GRANULE 64u
#define RING_MAX 1024u
#define SEGS 3u	      /* of a chain at most: two to read, one to write */
#define PART 40u      /* bytes of a segment */
#define CHAINS 70000u /* past the wrap of the indices */
#define DEADLINE_US (50u * 1000000u) /* without any progress */
#define IDLE_MAX 64u /* looks, before the processor is left to others */

struct request {
	bool out;
	uint32_t number;
	uint8_t read[2][PART];
	uint8_t write[PART];
};

struct rings {
	unsigned char *mem;
	struct hvl_io shm;
	uint32_t map[HVL_DRV_POOL_MAP_WORDS(SHM_SIZE, GRANULE)];
	struct hvl_drv_pool pool;
	struct hvl_drv_vq drv;
	struct hvl_dev_vq dev;
	struct hvl_drv_vq_slot slots[RING_MAX];
	struct hvl_drv_vq_slot tables[RING_MAX * HVL_DRV_VQ_SEGS_MAX];
	struct request *requests;
	uint64_t requests_off; /* in the pool, if they lie there */
	uint32_t nrequests;
	atomic_bool stop;
};

struct shape {
	uint16_t num;
	bool indirect;
	bool bounce;
};

static void rings_place_requests(struct rings *r, const struct shape *s)
{
	uint32_t size;

	r->nrequests = s->num < 64 ? s->num : 64;
	size = (uint32_t)(r->nrequests * sizeof(*r->requests));
	if (s->bounce) {
		r->requests = malloc(size);
		assert_non_null(r->requests);
	} else {
		assert_int_equal(
			hvl_drv_pool_alloc(&r->pool, size, 0, &r->requests_off),
			0);
		r->requests = hvl_io_va(&r->pool.io, r->requests_off);
	}
	memset(r->requests, 0, size);
}

static struct rings *rings_create(const struct shape *s)
{
	struct rings *r = calloc(1, sizeof(*r));
	uint64_t features = HVL_BIT64(VIRTIO_F_VERSION_1);
	struct hvl_drv_vq_config cfg = {
		.num = s->num,
		.align = 64,
		.pool = &r->pool,
		.slots = r->slots,
	};
	struct hvl_dev_vq_config dev = {
		.shm = &r->shm,
		.name = "loop",
		.num = s->num,
		.num_max = RING_MAX,
	};

	assert_non_null(r);
	if (s->indirect) {
		features |= HVL_BIT64(VIRTIO_RING_F_INDIRECT_DESC);
		cfg.indirect = r->tables;
		cfg.nindirect = SEGS;
	}
	cfg.features = features;
	dev.features = features;
	r->mem = aligned_alloc(4096, SHM_SIZE);
	assert_non_null(r->mem);
	memset(r->mem, 0xa5, SHM_SIZE);
	r->shm = (struct hvl_io){ r->mem, SHM_DA, SHM_SIZE };
	assert_int_equal(hvl_drv_pool_init(&r->pool, &r->shm, GRANULE, r->map,
					   HVL_ARRAY_SIZE(r->map)),
			 0);
	assert_int_equal(hvl_drv_vq_init(&r->drv, &cfg), 0);
	dev.desc = hvl_drv_vq_desc_da(&r->drv);
	dev.avail = hvl_drv_vq_avail_da(&r->drv);
	dev.used = hvl_drv_vq_used_da(&r->drv);
	assert_int_equal(hvl_dev_vq_start(&r->dev, &dev), 0);
	rings_place_requests(r, s);
	return r;
}

static void rings_destroy(struct rings *r, const struct shape *s)
{
	uint32_t size = (uint32_t)(r->nrequests * sizeof(*r->requests));

	hvl_dev_vq_stop(&r->dev);
	hvl_drv_vq_fini(&r->drv);
	if (s->bounce)
		free(r->requests);
	else
		hvl_drv_pool_free(&r->pool, r->requests_off, size);
	assert_int_equal(r->pool.nfree, r->pool.count);
	free(r->mem);
	free(r);
}

static uint8_t pattern(uint32_t number, uint32_t i)
{
	return (uint8_t)(number * 31 + i * 7 + (number >> 8));
}

/* No chain may be longer than its ring, tables included (§2.7.5.3.1). */
static uint16_t readable(const struct rings *r)
{
	uint16_t num = r->drv.cfg.num;

	return (uint16_t)(num < SEGS ? num - 1u : SEGS - 1u);
}

/* The device's work: each written byte is the sum of the ones read. */
static void device_answer(struct rings *r, const struct hvl_chain *c)
{
	uint8_t in[2 * PART] = { 0 }, out[PART];
	uint32_t len = readable(r) * PART;

	assert_int_equal(c->read_len, len);
	assert_int_equal(c->write_len, PART);
	assert_int_equal(hvl_chain_copy_from(c, 0, in, sizeof(in)), len);
	for (uint32_t i = 0; i < PART; i++)
		out[i] = (uint8_t)(in[i] + in[PART + i]);
	assert_int_equal(hvl_chain_copy_to(c, 0, out, PART), PART);
	hvl_dev_vq_push(&r->dev, c, PART);
}

static uint32_t device_work(struct rings *r)
{
	struct hvl_seg segs[8];
	struct hvl_chain c = { .seg = segs, .nseg_max = 8 };
	uint32_t n = 0;
	int rc;

	while ((rc = hvl_dev_vq_pop(&r->dev, &c)) == 1) {
		device_answer(r, &c);
		n++;
	}
	assert_int_equal(rc, 0);
	(void)hvl_dev_vq_flush(&r->dev);
	return n;
}

static bool driver_add(struct rings *r, uint32_t number)
{
	struct request *q = &r->requests[number % r->nrequests];
	struct hvl_drv_seg segs[SEGS] = {
		{ q->read[1], PART },
		{ q->read[0], PART },
		{ q->write, PART },
	};
	int rc;

	if (q->out)
		return false;
	for (uint32_t i = 0; i < PART; i++) {
		q->read[0][i] = pattern(number, i);
		q->read[1][i] = (uint8_t)i;
		q->write[i] = 0xee;
	}
	rc = hvl_drv_vq_add(&r->drv, segs + SEGS - 1 - readable(r), readable(r),
			    1, q);
	if (rc < 0) {
		assert_int_equal(rc, -ENOSPC);
		return false;
	}
	q->out = true;
	q->number = number;
	return true;
}

static bool driver_get(struct rings *r)
{
	struct request *q;
	void *cookie;
	uint32_t len;
	int rc = hvl_drv_vq_get(&r->drv, &cookie, &len);
	uint16_t n = readable(r);

	assert_true(rc >= 0);
	if (rc == 0)
		return false;
	q = cookie;
	assert_true(q->out);
	assert_int_equal(len, PART);
	for (uint32_t i = 0; i < PART; i++)
		assert_int_equal(q->write[i],
				 (uint8_t)((n > 0 ? pattern(q->number, i) : 0) +
					   (n > 1 ? i : 0)));
	q->out = false;
	return true;
}

static void run_in_turn(const struct shape *s)
{
	struct rings *r = rings_create(s);
	uint32_t added = 0, got = 0;

	while (got < CHAINS) {
		while (added < CHAINS && driver_add(r, added))
			added++;
		(void)hvl_drv_vq_kick(&r->drv);
		assert_true(device_work(r) > 0);
		while (driver_get(r))
			got++;
	}
	assert_int_equal(got, CHAINS);
	rings_destroy(r, s);
}

/*
 * Whoever sleeps is soon let run again, also by a machine that is busy; whoever
 * spins or yields there waits for everybody else's time slice.
 */
static void rest(unsigned int *idle, bool progress)
{
	if (progress)
		*idle = 0;
	else if (++*idle >= IDLE_MAX)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000 }, NULL);
}

static void *device_thread(void *arg)
{
	struct rings *r = arg;
	unsigned int idle = 0;

	while (!atomic_load(&r->stop))
		rest(&idle, device_work(r) > 0);
	return NULL;
}

static void run_in_parallel(const struct shape *s)
{
	struct rings *r = rings_create(s);
	uint64_t deadline = hvl_time_us() + DEADLINE_US;
	uint32_t added = 0, got = 0, before;
	unsigned int idle = 0;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, device_thread, r), 0);
	while (got < CHAINS && hvl_time_us() < deadline) {
		before = got;
		if (added < CHAINS && driver_add(r, added))
			added++;
		(void)hvl_drv_vq_kick(&r->drv);
		while (driver_get(r))
			got++;
		rest(&idle, got != before);
		if (got != before)
			deadline = hvl_time_us() + DEADLINE_US;
	}
	atomic_store(&r->stop, true);
	pthread_join(thread, NULL);
	assert_int_equal(got, CHAINS);
	rings_destroy(r, s);
}

static void for_each_shape(void (*run)(const struct shape *s),
			   const uint16_t *nums, unsigned int n)
{
	for (unsigned int i = 0; i < n * 4; i++) {
		struct shape s = { nums[i / 4], (i & 1) != 0, (i & 2) != 0 };

		run(&s);
	}
}

static void loop_vq_every_size_passes_the_wrap(void **state)
{
	static const uint16_t nums[] = { 1, 2, 4, 256, 1024 };

	(void)state;
	for_each_shape(run_in_turn, nums, HVL_ARRAY_SIZE(nums));
}

static void loop_vq_two_threads_pass_the_wrap(void **state)
{
	static const uint16_t nums[] = { 1, 4, 256 };

	(void)state;
	for_each_shape(run_in_parallel, nums, HVL_ARRAY_SIZE(nums));
}

/* A chain of one segment is what rings of 1 and 2 can take directly. */
static void loop_vq_smallest_rings_take_single_descriptors(void **state)
{
	(void)state;
	for (uint16_t num = 1; num <= 2; num++) {
		struct shape s = { num, false, false };
		struct rings *r = rings_create(&s);
		struct hvl_seg segs[1];
		struct hvl_chain c = { .seg = segs, .nseg_max = 1 };
		struct hvl_drv_seg seg = { r->requests[0].write, PART };
		void *cookie;
		uint32_t len;

		for (uint32_t i = 0; i < CHAINS; i++) {
			assert_int_equal(hvl_drv_vq_add(&r->drv, &seg, 0, 1, r),
					 0);
			if (num == 1)
				assert_int_equal(
					hvl_drv_vq_add(&r->drv, &seg, 0, 1, r),
					-ENOSPC);
			(void)hvl_drv_vq_kick(&r->drv);
			assert_int_equal(hvl_dev_vq_pop(&r->dev, &c), 1);
			assert_int_equal(c.nwrite, 1);
			hvl_dev_vq_push(&r->dev, &c, i % (PART + 1));
			(void)hvl_dev_vq_flush(&r->dev);
			assert_int_equal(hvl_drv_vq_get(&r->drv, &cookie, &len),
					 1);
			assert_int_equal(len, i % (PART + 1));
		}
		rings_destroy(r, &s);
	}
}

static void loop_vq_suppresses_what_nobody_wants(void **state)
{
	struct shape s = { 4, false, false };
	struct rings *r = rings_create(&s);

	(void)state;
	hvl_dev_vq_notify_off(&r->dev);
	assert_true(driver_add(r, 0));
	assert_false(hvl_drv_vq_kick(&r->drv));
	assert_true(hvl_dev_vq_notify_on(&r->dev)); /* it came meanwhile */
	assert_int_equal(device_work(r), 1);
	assert_false(hvl_dev_vq_notify_on(&r->dev));
	assert_true(driver_get(r));
	assert_true(driver_add(r, 1));
	assert_true(hvl_drv_vq_kick(&r->drv));
	assert_false(hvl_drv_vq_kick(&r->drv)); /* nothing new */

	hvl_drv_vq_irq_off(&r->drv);
	assert_int_equal(device_work(r), 1);
	assert_true(hvl_drv_vq_irq_on(&r->drv)); /* it came meanwhile */
	assert_true(driver_get(r));
	assert_false(hvl_drv_vq_irq_on(&r->drv));
	rings_destroy(r, &s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loop_vq_every_size_passes_the_wrap),
		cmocka_unit_test(loop_vq_two_threads_pass_the_wrap),
		cmocka_unit_test(
			loop_vq_smallest_rings_take_single_descriptors),
		cmocka_unit_test(loop_vq_suppresses_what_nobody_wants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
