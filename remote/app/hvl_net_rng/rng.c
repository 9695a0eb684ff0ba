/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rng.c - entropy: the device, its test, and random numbers for lwIP
 */
#include "app.h"

#include <string.h>

#include <lwip/arch.h>

#include <hvl/driver/rng.h>
#include <hvl/metal/errno.h>
#include <hvl/metal/log.h>
#include <hvl/metal/time.h>
#include <hvl/wire/virtio.h>

#define RNG_TEST 32u

static struct hvl_drv_rng rng;
static struct app_device *rng_dev;
static uint64_t rng_state;

static int rng_start(struct app_device *dev)
{
	rng_dev = dev;
	return hvl_drv_rng_start(&rng, &dev->dev, dev->pool);
}

static void rng_describe(const struct app_device *dev, char *buf, size_t size)
{
	hvl_format(buf, size, ", %sring %u",
		   app_device_packed(dev) ? "packed " : "", rng.vq.cfg.num);
}

const struct app_driver app_rng_driver = {
	.id = VIRTIO_ID_RNG,
	.type = "rng",
	.start = rng_start,
	.describe = rng_describe,
};

int app_rng_read(uint8_t *buf, uint32_t len)
{
	int rc;

	if (!rng_dev || !rng_dev->up)
		return -ENODEV;
	while (len > 0) {
		rc = hvl_drv_rng_read(&rng, buf, len);
		if (rc < 0) {
			if (rc != -ENOMEM)
				app_device_failed(rng_dev, rc);
			return rc;
		}
		buf += rc;
		len -= (uint32_t)rc;
	}
	return 0;
}

void app_rng_print(const char *before, const uint8_t *buf, uint32_t len)
{
	char line[2 * RNG_TEST + 1];

	while (len > 0) {
		uint32_t n = len < RNG_TEST ? len : RNG_TEST;

		for (uint32_t i = 0; i < n; i++)
			hvl_format(line + 2 * i, 3, "%02x", buf[i]);
		app_print("%s%s\n", before, line);
		buf += n;
		len -= n;
	}
}

static bool rng_all_equal(const uint8_t *buf)
{
	for (uint32_t i = 1; i < RNG_TEST; i++)
		if (buf[i] != buf[0])
			return false;
	return true;
}

/* What is wrong with two reads, or NULL. Their bytes are in @first, @second. */
static const char *rng_try(uint8_t *first, uint8_t *second)
{
	int rc = app_rng_read(first, RNG_TEST);

	if (rc == 0)
		rc = app_rng_read(second, RNG_TEST);
	if (rc == -ENODEV)
		return "there is no device";
	if (rc < 0)
		return app_error_text(rc);
	if (rng_all_equal(first) || rng_all_equal(second))
		return "all bytes are the same";
	if (memcmp(first, second, RNG_TEST) == 0)
		return "two reads gave the same bytes";
	return NULL;
}

static void rng_say_bytes(const uint8_t *buf)
{
	char text[2 * RNG_TEST + 1];

	for (uint32_t i = 0; i < RNG_TEST; i++)
		hvl_format(text + 2 * i, 3, "%02x", buf[i]);
	app_say("entropy: %s", text);
}

void app_rng_test(void)
{
	uint8_t first[RNG_TEST], second[RNG_TEST];
	const char *wrong;

	if (!rng_dev) {
		app_say("no rng device: there is no entropy");
		return;
	}
	wrong = rng_try(first, second);
	if (wrong) {
		app_say("get_entropy test failed: %s", wrong);
		return;
	}
	rng_say_bytes(first);
	app_say("get_entropy test passed");
	memcpy(&rng_state, second, sizeof(rng_state));
}

/*
 * For port and sequence numbers, which should be hard to guess; nothing here
 * is secret. Seeded with entropy when there is some, with the time when not.
 */
uint32_t app_random(void)
{
	if (rng_state == 0)
		rng_state = hvl_time_us() | 1;
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return (uint32_t)(rng_state >> 16);
}

bool app_rng_break(void)
{
	if (!rng_dev || !rng_dev->up)
		return false;
	hvl_drv_vq_break(&rng.vq);
	hvl_drv_dev_kick(&rng_dev->dev, 0, &rng.vq);
	return true;
}
