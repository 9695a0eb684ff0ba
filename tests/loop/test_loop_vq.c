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
#define RING_MAX 32768u
#define SEGS 3u	      /* of a chain at most: two to read, one to write */
#define PART 40u      /* bytes of a segment */
#define CHAINS 66000u /* past the wrap of the indices */
#define DEADLINE_US (50u * 1000000u) /* without any progress */
#define IDLE_MAX 64u /* looks, before the processor is left to others */
#define FEW 1000u    /* chains of two threads, where each takes long */
#define FEW_US 2000000u

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
	uint64_t features; /* of the ring */
};

#define PACKED HVL_BIT64(VIRTIO_F_RING_PACKED)
#define EVENTS HVL_BIT64(VIRTIO_RING_F_EVENT_IDX)
#define IN_ORDER HVL_BIT64(VIRTIO_F_IN_ORDER)

static const uint64_t formats[] = {
	0,	EVENTS,		 IN_ORDER,	    EVENTS | IN_ORDER,
	PACKED, PACKED | EVENTS, PACKED | IN_ORDER, PACKED | EVENTS | IN_ORDER,
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
	uint64_t features = HVL_BIT64(VIRTIO_F_VERSION_1) | s->features;
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

/* How much of the answer the device says that it wrote: often all of it. */
static uint32_t written(uint8_t first)
{
	return first % 4 == 0 ? PART - first % PART : PART;
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
	hvl_dev_vq_push(&r->dev, c, written(out[0]));
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
	assert_int_equal(len, written(n > 0 ? pattern(q->number, 0) : 0));
	for (uint32_t i = 0; i < len; i++)
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
	uint64_t now = hvl_time_us(), moved = now, few = now + FEW_US;
	uint32_t added = 0, got = 0, count = s->num < 16 ? 8000 : CHAINS,
		 before;
	unsigned int idle = 0;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, device_thread, r), 0);
	while (got < count && now - moved < DEADLINE_US) {
		before = got;
		if (added < count && driver_add(r, added))
			added++;
		(void)hvl_drv_vq_kick(&r->drv);
		while (driver_get(r))
			got++;
		rest(&idle, got != before);
		now = hvl_time_us();
		if (got != before)
			moved = now;
		/* A busy machine takes a time slice for each. */
		if (now > few && added >= FEW)
			count = added;
	}
	atomic_store(&r->stop, true);
	pthread_join(thread, NULL);
	assert_int_equal(got, count);
	rings_destroy(r, s);
}

/* Each format with chains in and outside of tables and shared memory. */
static void for_each_shape(void (*run)(const struct shape *s),
			   const uint16_t *nums, unsigned int n)
{
	for (unsigned int f = 0; f < HVL_ARRAY_SIZE(formats); f++) {
		for (unsigned int i = 0; i < n * 4; i++) {
			struct shape s = { nums[i / 4], (i & 1) != 0,
					   (i & 2) != 0, formats[f] };

			if ((formats[f] & PACKED) || hvl_vring_num_ok(s.num))
				run(&s);
		}
	}
}

static void loop_vq_every_size_passes_the_wrap(void **state)
{
	static const uint16_t nums[] = { 1, 2, 4, 7, 256, 1000 };

	(void)state;
	for_each_shape(run_in_turn, nums, HVL_ARRAY_SIZE(nums));
}

/*
 * A ring that is filled to the last entry in one go, and given back so: the
 * largest step that an index makes, and each side wants to hear of it.
 */
static void run_full(const struct shape *s)
{
	struct rings *r = rings_create(s);
	struct hvl_drv_seg seg = { r->requests[0].write, PART };
	struct hvl_seg segs[1];
	struct hvl_chain c = { .seg = segs, .nseg_max = 1 };
	uint32_t round, i, len;
	void *cookie;

	for (round = 0; round < 5; round++) {
		assert_false(hvl_dev_vq_notify_on(&r->dev));
		assert_false(hvl_drv_vq_irq_on(&r->drv));
		for (i = 0; i < s->num; i++)
			assert_int_equal(hvl_drv_vq_add(&r->drv, &seg, 0, 1,
							r->slots + i),
					 0);
		assert_int_equal(hvl_drv_vq_add(&r->drv, &seg, 0, 1, r),
				 -ENOSPC);
		assert_true(hvl_drv_vq_kick(&r->drv));
		for (i = 0; i < s->num; i++) {
			assert_int_equal(hvl_dev_vq_pop(&r->dev, &c), 1);
			hvl_dev_vq_push(&r->dev, &c, PART);
		}
		assert_int_equal(hvl_dev_vq_pop(&r->dev, &c), 0);
		assert_true(hvl_dev_vq_flush(&r->dev));
		for (i = 0; i < s->num; i++) {
			assert_int_equal(hvl_drv_vq_get(&r->drv, &cookie, &len),
					 1);
			assert_ptr_equal(cookie, r->slots + i);
			assert_int_equal(len, PART);
		}
	}
	rings_destroy(r, s);
}

static void loop_vq_full_rings_are_heard_of(void **state)
{
	static const uint16_t nums[] = { 1, 2, 3, 1000, 16384, 32767, 32768 };

	(void)state;
	for (unsigned int i = 0; i < HVL_ARRAY_SIZE(formats) * 7; i++) {
		struct shape s = { nums[i % 7], false, false, formats[i / 7] };

		if ((s.features & PACKED) || hvl_vring_num_ok(s.num))
			run_full(&s);
	}
}

static void loop_vq_two_threads_pass_the_wrap(void **state)
{
	static const uint16_t nums[] = { 1, 5, 256 };

	(void)state;
	for_each_shape(run_in_parallel, nums, HVL_ARRAY_SIZE(nums));
}

/* A chain of one segment is what rings of 1 and 2 can take directly. */
static void loop_vq_smallest_rings_take_single_descriptors(void **state)
{
	(void)state;
	for (uint16_t num = 1; num <= 2; num++) {
		struct shape s = { num, false, false, 0 };
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

static void run_suppressed(const struct shape *s)
{
	struct rings *r = rings_create(s);

	hvl_dev_vq_notify_off(&r->dev);
	assert_true(driver_add(r, 0));
	(void)hvl_drv_vq_kick(&r->drv);
	assert_true(hvl_dev_vq_notify_on(&r->dev)); /* it came meanwhile */
	assert_int_equal(device_work(r), 1);
	assert_false(hvl_dev_vq_notify_on(&r->dev));
	assert_true(driver_get(r));
	assert_true(driver_add(r, 1));
	assert_true(hvl_drv_vq_kick(&r->drv));
	assert_false(hvl_drv_vq_kick(&r->drv)); /* nothing new */
	hvl_dev_vq_notify_off(&r->dev);
	assert_true(driver_add(r, 2));
	assert_false(hvl_drv_vq_kick(&r->drv));

	hvl_drv_vq_irq_off(&r->drv);
	assert_int_equal(device_work(r), 2);
	assert_true(hvl_drv_vq_irq_on(&r->drv)); /* it came meanwhile */
	assert_true(driver_get(r));
	assert_true(driver_get(r));
	assert_false(hvl_drv_vq_irq_on(&r->drv));
	rings_destroy(r, s);
}

static void loop_vq_suppresses_what_nobody_wants(void **state)
{
	(void)state;
	for (unsigned int f = 0; f < HVL_ARRAY_SIZE(formats); f++) {
		struct shape s = { 16, false, false, formats[f] };

		run_suppressed(&s);
	}
}

/*
 * Both sides poll. Of a split ring's indices one comes past the position that
 * is never asked for once in 65536 times; a packed ring has a word for it.
 */
static void run_polling(const struct shape *s)
{
	struct rings *r = rings_create(s);
	uint32_t added = 0, got = 0, to_device = 0, to_driver = 0;
	struct hvl_seg segs[8];
	struct hvl_chain c = { .seg = segs, .nseg_max = 8 };

	hvl_dev_vq_notify_off(&r->dev);
	hvl_drv_vq_irq_off(&r->drv);
	while (got < CHAINS) {
		while (added < CHAINS && driver_add(r, added))
			added++;
		to_device += hvl_drv_vq_kick(&r->drv);
		while (hvl_dev_vq_pop(&r->dev, &c) == 1)
			device_answer(r, &c);
		to_driver += hvl_dev_vq_flush(&r->dev);
		while (driver_get(r))
			got++;
	}
	/* At the start the index stands on the first entry. */
	assert_in_range(to_device, 0, s->features & PACKED ? 0 : 2);
	assert_in_range(to_driver, 0, s->features & PACKED ? 0 : 1);
	rings_destroy(r, s);
}

static void loop_vq_polling_is_left_alone(void **state)
{
	static const uint16_t nums[] = { 1, 7, 16 };

	(void)state;
	for (unsigned int i = 0; i < HVL_ARRAY_SIZE(formats) * 3; i++) {
		struct shape s = { nums[i % 3], false, false, formats[i / 3] };

		if ((s.features & PACKED) || hvl_vring_num_ok(s.num))
			run_polling(&s);
	}
}

/* The device notifies or the driver hears of it by looking; and the reverse. */
struct bells {
	bool to_device, to_driver;
	unsigned int rings;
};

static bool device_turn(struct rings *r, struct bells *b)
{
	struct hvl_seg segs[8];
	struct hvl_chain c = { .seg = segs, .nseg_max = 8 };

	if (!b->to_device)
		return false;
	b->to_device = false;
	do {
		hvl_dev_vq_notify_off(&r->dev);
		while (hvl_dev_vq_pop(&r->dev, &c) == 1) {
			device_answer(r, &c);
			if (r->dev.done % 3 == 0 && hvl_dev_vq_flush(&r->dev))
				b->to_driver = true;
		}
		if (hvl_dev_vq_flush(&r->dev))
			b->to_driver = true;
	} while (hvl_dev_vq_notify_on(&r->dev));
	return true;
}

static void run_with_bells(const struct shape *s)
{
	struct rings *r = rings_create(s);
	uint32_t added = 0, got = 0, batch, turns = 0;
	struct bells b = { false, false, 0 };

	while (got < CHAINS) {
		/* At first, and then only because somebody rang. */
		assert_true(turns++ == 0 || b.to_driver);
		b.to_driver = false;
		for (batch = turns * 7 % 11; added < CHAINS && batch > 0;
		     batch--) {
			if (!driver_add(r, added))
				break;
			added++;
		}
		if (added == got && added < CHAINS && driver_add(r, added))
			added++;
		if (hvl_drv_vq_kick(&r->drv))
			b.to_device = true;
		(void)device_turn(r, &b);
		hvl_drv_vq_irq_off(&r->drv);
		do {
			while (driver_get(r))
				got++;
		} while (hvl_drv_vq_irq_on(&r->drv));
		/* Nothing out: nobody will ring, so go on by ourselves. */
		if (added == got)
			b.to_driver = true;
	}
	rings_destroy(r, s);
}

/* Sleepers are woken: each side acts only after it was notified. */
static void loop_vq_notifications_are_enough(void **state)
{
	static const uint16_t nums[] = { 1, 3, 8, 256 };

	(void)state;
	for_each_shape(run_with_bells, nums, HVL_ARRAY_SIZE(nums));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loop_vq_every_size_passes_the_wrap),
		cmocka_unit_test(loop_vq_full_rings_are_heard_of),
		cmocka_unit_test(loop_vq_two_threads_pass_the_wrap),
		cmocka_unit_test(
			loop_vq_smallest_rings_take_single_descriptors),
		cmocka_unit_test(loop_vq_suppresses_what_nobody_wants),
		cmocka_unit_test(loop_vq_polling_is_left_alone),
		cmocka_unit_test(loop_vq_notifications_are_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
