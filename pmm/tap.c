/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tap.c - backing of a net device: a Linux tap interface
 */
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "netns.h"

#define TAP_NODE "/dev/net/tun"

static int tap_open_node(struct pmm_error *err)
{
	int fd = open(TAP_NODE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	int rc = -errno;

	if (fd >= 0)
		return fd;
	if (rc == -EACCES || rc == -EPERM)
		return pmm_fail(err, rc,
				TAP_NODE
				": %s; let users open it: chmod 666 " TAP_NODE
				", or run as root",
				strerror(-rc));
	return pmm_fail(err, rc,
			TAP_NODE ": %s; load the module: modprobe tun (in a "
				 "container: --device " TAP_NODE ")",
			strerror(-rc));
}

int pmm_tap_check(struct pmm_error *err)
{
	int fd = tap_open_node(err);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/* What helps depends on what was to be had: a new one, this one, any one. */
static int tap_forbidden(const struct pmm_tap *tap, const char *ifname, int rc,
			 struct pmm_error *err)
{
	if (!*ifname)
		return pmm_fail(err, rc,
				"%s: creating a tap: Permission denied; run as "
				"root, use --private, or make one for yourself "
				"(sudo ip tuntap add tap0 mode tap user $USER) "
				"and name it: --net tap,ifname=tap0",
				tap->name);
	if (tap->created)
		return pmm_fail(err, rc,
				"%s: tap \"%s\": Permission denied; run as "
				"root, use --private, or create it for "
				"yourself: sudo ip tuntap add %s mode tap user "
				"$USER",
				tap->name, ifname, ifname);
	return pmm_fail(err, rc,
			"%s: tap \"%s\": Permission denied: it is another "
			"user's; run as root, or choose another ifname",
			tap->name, ifname);
}

static int tap_attach_failed(const struct pmm_tap *tap, const char *ifname,
			     int rc, struct pmm_error *err)
{
	switch (rc) {
	case -EPERM:
	case -EACCES:
		return tap_forbidden(tap, ifname, rc, err);
	case -EBUSY:
		return pmm_fail(err, rc,
				"%s: tap \"%s\": another program or device "
				"has it open; choose another ifname",
				tap->name, ifname);
	case -EINVAL:
		return pmm_fail(err, rc,
				"%s: \"%s\": this interface is not a tap, or "
				"one with several queues; choose another "
				"ifname",
				tap->name, ifname);
	default:
		return pmm_fail(err, rc, "%s: tap \"%s\": %s", tap->name,
				ifname, strerror(-rc));
	}
}

static int tap_attach(struct pmm_tap *tap, const struct pmm_tap_config *cfg,
		      struct pmm_error *err)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	bool named = cfg->ifname && *cfg->ifname;

	(void)snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s",
		       named ? cfg->ifname : "hvl%d");
	tap->created = !named || if_nametoindex(cfg->ifname) == 0;
	/* A program that had it before may have left checksums to its reader. */
	if (ioctl(tap->fd, TUNSETIFF, &ifr) < 0 ||
	    ioctl(tap->fd, TUNSETOFFLOAD, 0) < 0)
		return tap_attach_failed(tap, named ? cfg->ifname : "", -errno,
					 err);
	memcpy(tap->ifname, ifr.ifr_name, sizeof(tap->ifname));
	return 0;
}

/*
 * The MTU belongs to both ends of the wire. An interface that somebody else
 * set up may have a smaller one than asked for: it only receives less.
 */
static int tap_mtu(struct pmm_tap *tap, const struct pmm_tap_config *cfg,
		   struct pmm_error *err)
{
	uint32_t mtu;
	int rc = pmm_if_get_mtu(tap->ifname, &mtu);

	if (rc < 0)
		return pmm_fail(err, rc, "%s: tap \"%s\": MTU: %s", cfg->name,
				tap->ifname, strerror(-rc));
	if (cfg->mtu && cfg->mtu != mtu) {
		rc = pmm_if_set_mtu(tap->ifname, cfg->mtu);
		if (rc < 0 && cfg->mtu < mtu)
			return pmm_fail(err, rc,
					"%s: tap \"%s\": cannot set its MTU "
					"of %u to %u: %s; use mtu=%u, or: ip "
					"link set %s mtu %u",
					cfg->name, tap->ifname, mtu, cfg->mtu,
					strerror(-rc), mtu, tap->ifname,
					cfg->mtu);
		mtu = cfg->mtu;
	}
	if (mtu < PMM_TAP_MTU_MIN || mtu > PMM_TAP_MTU_MAX)
		return pmm_fail(err, -ERANGE,
				"%s: tap \"%s\": its MTU of %u is not from %u "
				"to %u",
				cfg->name, tap->ifname, mtu, PMM_TAP_MTU_MIN,
				PMM_TAP_MTU_MAX);
	tap->mtu = tap->mtu_now = (uint16_t)mtu;
	return 0;
}

int pmm_tap_open(struct pmm_tap *tap, const struct pmm_tap_config *cfg,
		 struct pmm_error *err)
{
	int rc;

	memset(tap, 0, sizeof(*tap));
	tap->name = cfg->name;
	tap->fd = tap_open_node(err);
	if (tap->fd < 0)
		return tap->fd;
	rc = tap_attach(tap, cfg, err);
	if (rc == 0)
		rc = tap_mtu(tap, cfg, err);
	if (rc < 0) {
		pmm_tap_close(tap);
		return rc;
	}
	/* One that somebody made for us may be up already, or is his to set. */
	(void)pmm_if_up(tap->ifname);
	(void)pmm_if_get_dropped(tap->ifname, &tap->dropped);
	/* What was there before the first edge. */
	tap->readable = true;
	return 0;
}

static uint64_t mac_hash(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) *
		       UINT64_C(0x100000001b3); /* FNV-1a */
	return hash;
}

void pmm_mac_default(const char *ifname, uint8_t mac[6])
{
	char machine[40] = "";
	FILE *f = fopen("/etc/machine-id", "re");
	uint64_t hash;

	if (f) {
		if (!fgets(machine, sizeof(machine), f))
			machine[0] = '\0';
		(void)fclose(f);
	}
	hash = mac_hash(mac_hash(UINT64_C(0xcbf29ce484222325), machine),
			ifname);
	mac[0] = 0x02; /* locally administered, one station */
	for (int i = 1; i < 6; i++)
		mac[i] = (uint8_t)(hash >> (8 * i));
}

int pmm_tap_limit_mtu(struct pmm_tap *tap, uint32_t mtu)
{
	int rc;

	if (mtu > tap->mtu)
		mtu = tap->mtu;
	if (mtu < PMM_TAP_MTU_MIN)
		mtu = PMM_TAP_MTU_MIN;
	if (mtu == tap->mtu_now)
		return 0;
	rc = pmm_if_set_mtu(tap->ifname, mtu);
	if (rc < 0)
		return rc;
	tap->mtu_now = (uint16_t)mtu;
	return 1;
}

uint64_t pmm_tap_dropped(const struct pmm_tap *tap)
{
	uint32_t now;

	if (tap->gone || pmm_if_get_dropped(tap->ifname, &now) < 0)
		return 0;
	return now - tap->dropped;
}

/* What somebody else has set since is his to keep. */
static void tap_restore_mtu(struct pmm_tap *tap)
{
	uint32_t mtu;

	if (tap->mtu_now == tap->mtu || tap->gone ||
	    pmm_if_get_mtu(tap->ifname, &mtu) < 0 || mtu != tap->mtu_now)
		return;
	(void)pmm_tap_limit_mtu(tap, tap->mtu);
}

void pmm_tap_close(struct pmm_tap *tap)
{
	if (tap->fd > 0)
		tap_restore_mtu(tap);
	if (tap->fd > 0)
		close(tap->fd);
	tap->fd = -1;
}

static int tap_failed(struct pmm_tap *tap)
{
	int rc = -errno;

	if (rc == -EWOULDBLOCK)
		return -EAGAIN;
	/* Detached: somebody deleted the interface. */
	if (rc == -EBADFD) {
		tap->gone = true;
		return -ENODEV;
	}
	return rc;
}

static unsigned int tap_iov(struct pmm_tap *tap, const struct hvl_seg *seg,
			    unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		tap->iov[i] = (struct iovec){ .iov_base = seg[i].va,
					      .iov_len = seg[i].len };
	return n;
}

static int tap_send(void *ctx, const struct hvl_seg *seg, unsigned int n,
		    uint32_t len)
{
	struct pmm_tap *tap = ctx;

	if (tap->gone)
		return -ENODEV;
	if (n > HVL_DEV_SEGS_MAX)
		return -EMSGSIZE;
	if (writev(tap->fd, tap->iov, (int)tap_iov(tap, seg, n)) < 0)
		return tap_failed(tap);
	(void)len;
	return 0;
}

/*
 * A frame that comes alone, as an answer does, reaches the driver before we
 * look whether another one follows: that would be a system call before the
 * doorbell. Where the last look found more than one they are taken in one go.
 */
static bool tap_hold(struct pmm_tap *tap)
{
	if (tap->run != 1 || tap->burst || tap->held)
		return false;
	tap->held = true;
	tap->tell = true;
	return true;
}

bool pmm_tap_held(struct pmm_tap *tap)
{
	bool tell = tap->tell;

	tap->tell = false;
	return tell;
}

static int tap_empty(struct pmm_tap *tap)
{
	tap->burst = tap->run > 1;
	tap->run = 0;
	tap->held = false;
	tap->readable = false;
	return -EAGAIN;
}

/* One byte more than there is room for shows that a frame is too large. */
static int tap_recv(void *ctx, const struct hvl_seg *seg, unsigned int n,
		    uint32_t room)
{
	struct pmm_tap *tap = ctx;
	unsigned char spill;
	ssize_t got;

	if (tap->gone)
		return -ENODEV;
	if (!tap->readable || (n != 0 && tap_hold(tap)))
		return -EAGAIN;
	if (n > HVL_DEV_SEGS_MAX)
		return -ENOBUFS;
	n = tap_iov(tap, seg, n);
	tap->iov[n] = (struct iovec){ .iov_base = &spill, .iov_len = 1 };
	got = readv(tap->fd, tap->iov, (int)n + 1);
	if (got < 0) {
		int rc = tap_failed(tap);

		return rc == -EAGAIN ? tap_empty(tap) : rc;
	}
	tap->run++;
	return got > (ssize_t)room ? -EMSGSIZE : (int)got;
}

struct hvl_dev_net_backing pmm_tap_backing(struct pmm_tap *tap)
{
	return (struct hvl_dev_net_backing){ .send = tap_send,
					     .recv = tap_recv,
					     .ctx = tap };
}
