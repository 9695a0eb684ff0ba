/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * netns.c - a private user and network namespace, and its interfaces
 *
 * By ioctl: it needs no `ip` program, and a handful of settings does not need
 * rtnetlink.
 */
#include "netns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A small number from /proc, or @missing. */
static long netns_sysctl(const char *path, long missing)
{
	long value = missing;
	FILE *f = fopen(path, "re");

	if (!f)
		return missing;
	if (fscanf(f, "%ld", &value) != 1)
		value = missing;
	(void)fclose(f);
	return value;
}

/* Which of the ways to forbid it this system uses. */
static int netns_refused(int rc, struct pmm_error *err)
{
	if (netns_sysctl("/proc/sys/kernel/unprivileged_userns_clone", 1) == 0)
		return pmm_fail(err, rc,
				"this system lets no user make namespaces; run "
				"as root, or: sysctl -w "
				"kernel.unprivileged_userns_clone=1");
	if (netns_sysctl("/proc/sys/user/max_user_namespaces", 1) == 0)
		return pmm_fail(err, rc,
				"this system allows no user namespaces; run as "
				"root, or: sysctl -w "
				"user.max_user_namespaces=10000");
	if (netns_sysctl("/proc/sys/user/max_net_namespaces", 1) == 0)
		return pmm_fail(err, rc,
				"this system allows no network namespaces; as "
				"root: sysctl -w "
				"user.max_net_namespaces=10000");
	if (netns_sysctl("/proc/sys/kernel/"
			 "apparmor_restrict_unprivileged_userns",
			 0) != 0)
		return pmm_fail(err, rc,
				"AppArmor lets no user make namespaces; run as "
				"root, or: sysctl -w kernel."
				"apparmor_restrict_unprivileged_userns=0");
	if (rc == -EINVAL || rc == -ENOSYS)
		return pmm_fail(err, rc,
				"this kernel has no user or network "
				"namespaces (CONFIG_USER_NS, CONFIG_NET_NS)");
	return pmm_fail(err, rc,
			"cannot make namespaces: %s; in a container, start it "
			"with --privileged, else run as root",
			strerror(-rc));
}

static int netns_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int rc = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

/* Root inside is whoever we are outside; setgroups must go first. */
static int netns_map(uid_t uid, gid_t gid)
{
	char line[48];
	int rc = netns_write("/proc/self/setgroups", "deny");

	if (rc < 0 && rc != -ENOENT)
		return rc;
	(void)snprintf(line, sizeof(line), "0 %u 1\n", uid);
	rc = netns_write("/proc/self/uid_map", line);
	if (rc < 0)
		return rc;
	(void)snprintf(line, sizeof(line), "0 %u 1\n", gid);
	return netns_write("/proc/self/gid_map", line);
}

static int netns_unshare(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int rc;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return -errno;
	rc = netns_map(uid, gid);
	return rc < 0 ? rc : pmm_if_up("lo");
}

/*
 * Systems that restrict namespaces by policy may grant the unshare and refuse
 * what comes after it, and there is no way back: so a child tries it first.
 */
static int netns_try(void)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0)
		_exit(-netns_unshare());
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EPERM;
}

int pmm_netns_enter(bool *user_ns, struct pmm_error *err)
{
	int rc = netns_try();

	if (rc == 0)
		rc = netns_unshare();
	*user_ns = rc == 0;
	if (rc < 0 && geteuid() == 0 && unshare(CLONE_NEWNET) == 0)
		rc = pmm_if_up("lo");
	return rc < 0 ? netns_refused(rc, err) : 0;
}

/* Any socket gives access to the interfaces. */
static int if_ioctl(unsigned long request, struct ifreq *ifr)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int rc = 0;

	if (fd < 0)
		return -errno;
	if (ioctl(fd, request, ifr) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

static struct ifreq if_request(const char *ifname)
{
	struct ifreq ifr;

	memset(&ifr, 0, sizeof(ifr));
	(void)snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
	return ifr;
}

int pmm_if_up(const char *ifname)
{
	struct ifreq ifr = if_request(ifname);
	int rc = if_ioctl(SIOCGIFFLAGS, &ifr);

	if (rc < 0 || (ifr.ifr_flags & IFF_UP))
		return rc;
	ifr.ifr_flags |= IFF_UP;
	return if_ioctl(SIOCSIFFLAGS, &ifr);
}

int pmm_if_get_mtu(const char *ifname, uint32_t *mtu)
{
	struct ifreq ifr = if_request(ifname);
	int rc = if_ioctl(SIOCGIFMTU, &ifr);

	if (rc == 0)
		*mtu = (uint32_t)ifr.ifr_mtu;
	return rc;
}

int pmm_if_set_mtu(const char *ifname, uint32_t mtu)
{
	struct ifreq ifr = if_request(ifname);

	ifr.ifr_mtu = (int)mtu;
	return if_ioctl(SIOCSIFMTU, &ifr);
}

int pmm_if_get_dropped(const char *ifname, uint32_t *dropped)
{
	struct ifaddrs *all, *a;
	int rc = -ENODEV;

	if (getifaddrs(&all) < 0)
		return -errno;
	for (a = all; a && rc < 0; a = a->ifa_next) {
		const struct rtnl_link_stats *stats = a->ifa_data;

		if (!a->ifa_addr || a->ifa_addr->sa_family != AF_PACKET ||
		    !stats || strcmp(a->ifa_name, ifname) != 0)
			continue;
		*dropped = stats->tx_dropped;
		rc = 0;
	}
	freeifaddrs(all);
	return rc;
}

static int if_set_sockaddr(const char *ifname, unsigned long request,
			   struct in_addr addr)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr = addr };
	struct ifreq ifr = if_request(ifname);

	memcpy(&ifr.ifr_addr, &sin, sizeof(sin));
	return if_ioctl(request, &ifr);
}

int pmm_if_set_ip(const char *ifname, const char *ip, unsigned int prefix)
{
	struct in_addr addr, mask;
	int rc;

	if (inet_pton(AF_INET, ip, &addr) != 1 || prefix < 1 || prefix > 32)
		return -EINVAL;
	mask.s_addr = htonl(UINT32_MAX << (32 - prefix));
	rc = if_set_sockaddr(ifname, SIOCSIFADDR, addr);
	return rc < 0 ? rc : if_set_sockaddr(ifname, SIOCSIFNETMASK, mask);
}
