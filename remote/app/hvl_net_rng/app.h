/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * app.h - between the parts of the application
 *
 * One thread, no interrupts of its own: everything runs from the main loop, in
 * rounds. Only devices are restarted between rounds, never from within a call.
 */
#ifndef APP_H
#define APP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvl/driver/dev.h>
#include <hvl/driver/pool.h>
#include <hvl/metal/compiler.h>

#include "config.h"

/* main.c */

/** app_now_us() - the time when this round began; no look at the clock */
uint64_t app_now_us(void);

/** app_uptime_us() - time since the start */
uint64_t app_uptime_us(void);

/** app_sleep() - while a driver waits: idle, keep the heartbeat going */
void app_sleep(uint64_t until_us);

/* console.c */

/** app_print() - formatted text for the person at the UART */
void app_print(const char *fmt, ...) HVL_PRINTF(1, 2);

/** app_say() - one line of the log: UART and trace, prompt left intact */
void app_say(const char *fmt, ...) HVL_PRINTF(1, 2);

/**
 * app_console_fill() - take what the UART has, keep it for later
 *
 * What there is no room for stays in the UART.
 */
void app_console_fill(void);

/** app_console_key() - the next byte typed. Return: -1 when there is none. */
int app_console_key(void);

/**
 * app_console_cancelled() - whether ^C was typed
 *
 * It is taken, with what was typed before it. For while a command runs: of what
 * is typed so far ahead that there is no room for it the rest is lost.
 */
bool app_console_cancelled(void);

/* devices.c */

struct app_device;

/* What a device type implements. */
struct app_driver {
	uint32_t id; /* VIRTIO_ID_* */
	const char *type;
	/* Resets it first, whatever it was doing before. */
	int (*start)(struct app_device *dev);
	/* It will be reset: let go of what lies in its buffers; may be NULL */
	void (*release)(struct app_device *dev);
	/* Whether it still works; NULL: what its registers say */
	int (*check)(struct app_device *dev);
	/* What is special about it, for people: ", mtu 1500" */
	void (*describe)(const struct app_device *dev, char *buf, size_t size);
	/* HVL_MMIO_INT_* after a doorbell; may be NULL */
	void (*event)(struct app_device *dev, uint32_t events);
};

struct app_device {
	char name[8]; /* "net0" */
	struct hvl_drv_dev dev;
	struct hvl_drv_pool *pool;
	const struct app_driver *drv; /* NULL: nothing is done with it */
	bool up;
	int failed;	    /* why it must be reset, or 0 */
	uint64_t failed_us; /* when that was noticed */
	bool told;	    /* that a restart did not help */
	uint64_t up_us;	    /* since when it is up */
	uint64_t retry_us;  /* when to try again to bring it up */
	uint32_t backoff_us;
	unsigned int resets; /* after failures */
};

/** app_devices_start() - find all devices, start and print each */
void app_devices_start(void);

/** app_devices_count(), app_devices_at() - those that were found */
unsigned int app_devices_count(void);
struct app_device *app_devices_at(unsigned int i);

/** app_devices_find() - the one that a driver serves, or NULL */
struct app_device *app_devices_find(const struct app_driver *drv);

/**
 * app_device_failed() - an error came from its driver
 *
 * Only notes it: app_devices_check() resets the device.
 */
void app_device_failed(struct app_device *dev, int error);

/** app_devices_check() - look at their health, restart what failed */
void app_devices_check(void);

/**
 * app_devices_doorbell() - the doorbell rang: take what it was about
 *
 * app_devices_check() does as much, in case it rang unheard.
 */
void app_devices_doorbell(void);

/** app_error_text() - "a time-out" */
const char *app_error_text(int error);

/** app_device_packed() - whether its rings are packed */
static inline bool app_device_packed(const struct app_device *dev)
{
	return hvl_drv_dev_has(&dev->dev, VIRTIO_F_RING_PACKED);
}

/* features.c */

/** app_features_print() - one line: what was negotiated, by name */
void app_features_print(const struct app_device *dev);

/* net.c */

extern const struct app_driver app_net_driver;

/** app_net_up() - the network interface, once its device runs */
void app_net_up(void);

/**
 * app_net_poll() - receive, run lwIP
 * Return: whether there was anything: then more may have come meanwhile, and
 * looking costs less than falling asleep.
 */
bool app_net_poll(void);

/** app_net_flush() - let the device know what is new */
void app_net_flush(void);

/** app_net_wait() - interrupts on. Return: false if there is work already. */
bool app_net_wait(void);

/** app_net_wake() - interrupts off */
void app_net_wake(void);

/** app_net_deadline() - when lwIP, or a full ring, needs the next round */
uint64_t app_net_deadline(void);

/**
 * app_net_reset() - start one queue anew while the other runs
 * @queue: HVL_NET_QUEUE_RX or HVL_NET_QUEUE_TX
 * Return: 0; -ENODEV when no device is up; -ENOTSUP when it cannot; another
 * negative errno, after which the whole device is reset.
 */
int app_net_reset(uint16_t queue);

/** app_net_break() - publish garbage on its ring. Return: false without one. */
bool app_net_break(void);

void app_net_print_iface(void);
void app_net_print_stats(void);

/* rng.c */

extern const struct app_driver app_rng_driver;

/** app_rng_test() - print entropy and whether it looks like some */
void app_rng_test(void);

/** app_rng_read() - @len bytes of entropy. Return: 0 or negative errno. */
int app_rng_read(uint8_t *buf, uint32_t len);

/** app_rng_print() - bytes in hexadecimal, up to 32 a line */
void app_rng_print(const char *before, const uint8_t *buf, uint32_t len);

/** app_rng_break() - publish garbage on its ring. Return: false without one. */
bool app_rng_break(void);

/* ping.c */

/**
 * app_ping_start() - ping, in the background of the shell
 * @addr:  IPv4 address, first byte highest
 * @count: packets, not 0
 * @size:  bytes of payload
 * @interval_us: from packet to packet
 * Return: false when it cannot; it has said why.
 */
bool app_ping_start(uint32_t addr, uint32_t count, uint32_t size,
		    uint64_t interval_us);

/** app_ping_poll() - go on. Return: false when it is done. */
bool app_ping_poll(void);

/** app_ping_stop() - end it now, with its statistics */
void app_ping_stop(void);

/** app_ping_deadline() - when it wants to go on */
uint64_t app_ping_deadline(void);

/* services.c */

/** app_services_start() - TCP echo and iperf servers */
void app_services_start(void);

/* crash.c */

/**
 * app_crash() - end badly
 * @kind: "fault", "assert", "stack" or "hang"; NULL: the first
 * Return: false when there is no such kind; else it does not.
 */
bool app_crash(const char *kind);

/* shell.c */

void app_shell_start(void);

/** app_shell_poll() - typed keys, running commands. Return: did something. */
bool app_shell_poll(void);

/** app_shell_deadline() - when a running command wants the next round */
uint64_t app_shell_deadline(void);

/** app_shell_hide(), app_shell_show() - the line being typed, around output */
void app_shell_hide(void);
void app_shell_show(void);

#endif /* APP_H */
