/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_pmm_tap.c - private namespaces, interfaces, and the tap backing
 *
 * Everything happens in a network namespace of its own. Where the system
 * allows none, or no tap, that is said and the test is skipped.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include <hvl/metal/time.h>

#include "netns.h"
#include "tap.h"

#define SKIPPED 77

static struct pmm_loop loop;
static struct pmm_tap tap;
static struct hvl_dev_net_backing net;
static int sock;
static int edges;

static void on_tap(void *ctx, uint32_t events)
{
	(void)ctx;
	(void)events;
	edges++;
	pmm_tap_ready(&tap);
}

/* Where it can be: frames of the kernel's own would come at any time. */
static void disable_ipv6(void)
{
	int fd = open("/proc/sys/net/ipv6/conf/default/disable_ipv6",
		      O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		(void)!write(fd, "1", 1);
		close(fd);
	}
}

/* A tap, and a packet socket on the kernel's end of it. */
static int setup(void **state)
{
	static const struct pmm_tap_config cfg = { .name = "net0",
						   .ifname = "hvltest" };
	struct sockaddr_ll ll = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(0x88b5) };
	struct pmm_error err = { "" };

	(void)state;
	edges = 0;
	if (pmm_loop_init(&loop) < 0 || pmm_tap_open(&tap, &cfg, &err) < 0 ||
	    pmm_loop_watch(&loop, &tap.watch, tap.fd,
			   EPOLLIN | EPOLLOUT | EPOLLET, on_tap, NULL) < 0) {
		print_error("%s\n", err.text);
		return -1;
	}
	net = pmm_tap_backing(&tap);
	sock = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(0x88b5));
	ll.sll_ifindex = (int)if_nametoindex("hvltest");
	if (bind(sock, (struct sockaddr *)&ll, sizeof(ll)) < 0)
		return -1;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close(sock);
	pmm_loop_unwatch(&loop, &tap.watch);
	pmm_tap_close(&tap);
	pmm_tap_close(&tap);
	pmm_loop_fini(&loop);
	return if_nametoindex("hvltest") == 0 ? 0 : -1;
}

static void fill_frame(unsigned char *frame, size_t len)
{
	memset(frame, 0xff, 6);
	memset(frame + 6, 2, 6);
	frame[12] = 0x88; /* local experimental */
	frame[13] = 0xb5;
	for (size_t i = 14; i < len; i++)
		frame[i] = (unsigned char)i;
}

static void main_sends(size_t len)
{
	unsigned char frame[2000];

	fill_frame(frame, len);
	assert_int_equal(send(sock, frame, len, 0), len);
}

/* Frames of others (IPv6's) are passed over. */
static int recv_ours(const struct hvl_seg *seg, unsigned int n, uint32_t room)
{
	uint64_t deadline = hvl_time_us() + 30 * HVL_US_PER_S;
	int rc;

	do {
		const unsigned char *p = seg[0].va;

		rc = net.recv(net.ctx, seg, n, room);
		if (rc == -EAGAIN)
			assert_int_equal(pmm_loop_turn(&loop, 10), 0);
		else if (rc < 0 || (p[12] == 0x88 && p[13] == 0xb5))
			return rc;
	} while (hvl_time_us() < deadline);
	return rc;
}

static void tap_recv_spreads_over_pieces(void **state)
{
	unsigned char a[20], b[10], c[100], want[90];
	struct hvl_seg seg[3] = { { a, 20 }, { b, 10 }, { c, 100 } };

	(void)state;
	fill_frame(want, sizeof(want));
	main_sends(90);
	assert_int_equal(recv_ours(seg, 3, 130), 90);
	assert_memory_equal(a, want, 20);
	assert_memory_equal(b, want + 20, 10);
	assert_memory_equal(c, want + 30, 60);
}

static void tap_recv_tells_too_large_from_full(void **state)
{
	unsigned char buf[101] = { 0 };
	struct hvl_seg seg = { buf, 100 };

	(void)state;
	main_sends(101);
	main_sends(100);
	assert_int_equal(recv_ours(&seg, 1, 100), -EMSGSIZE);
	assert_int_equal(buf[100], 0);
	/* The large one is gone; this one fits exactly. */
	assert_int_equal(recv_ours(&seg, 1, 100), 100);
	assert_int_equal(buf[100], 0);
}

static void drain(void)
{
	unsigned char buf[2000];
	struct hvl_seg seg = { buf, sizeof(buf) };

	for (int i = 0; i < 20; i++) {
		assert_int_equal(pmm_loop_turn(&loop, 2), 0);
		while (net.recv(net.ctx, &seg, 1, sizeof(buf)) != -EAGAIN)
			;
	}
}

/* Nobody takes the frame: the loop hears of it once, then sleeps. */
static void tap_waiting_frame_is_one_event(void **state)
{
	int before;

	(void)state;
	drain();
	before = edges;
	main_sends(60);
	assert_int_equal(pmm_loop_turn(&loop, 1000), 0);
	assert_true(edges > before);
	before = edges;
	for (int i = 0; i < 5; i++)
		assert_int_equal(pmm_loop_turn(&loop, 1), 0);
	/* Room for another's frame, but not for an event a turn. */
	assert_true(edges - before <= 2);
	assert_true(tap.readable);
}

static void tap_recv_is_silent_until_an_event(void **state)
{
	unsigned char buf[2000];
	struct hvl_seg seg = { buf, sizeof(buf) };

	(void)state;
	drain();
	assert_false(tap.readable);
	main_sends(60);
	assert_int_equal(net.recv(net.ctx, &seg, 1, sizeof(buf)), -EAGAIN);
	assert_int_equal(recv_ours(&seg, 1, sizeof(buf)), 60);
}

/* The driver gets a lone frame before we look for another; a burst at once. */
static void tap_lone_frame_is_not_held_up(void **state)
{
	unsigned char buf[2000];
	struct hvl_seg seg = { buf, sizeof(buf) };
	int events;

	(void)state;
	drain();
	tap.burst = false;
	(void)pmm_tap_held(&tap);
	main_sends(60);
	main_sends(61);
	events = edges;
	while (edges == events)
		assert_int_equal(pmm_loop_turn(&loop, 1000), 0);
	assert_true(net.recv(net.ctx, &seg, 1, sizeof(buf)) > 0);
	assert_int_equal(net.recv(net.ctx, &seg, 1, sizeof(buf)), -EAGAIN);
	assert_true(tap.readable);
	/* Said once: if the driver has no buffer now, nobody spins. */
	assert_true(pmm_tap_held(&tap));
	assert_false(pmm_tap_held(&tap));
	assert_true(net.recv(net.ctx, &seg, 1, sizeof(buf)) > 0);
	while (net.recv(net.ctx, &seg, 1, sizeof(buf)) > 0)
		;
	assert_false(tap.readable);
	assert_true(tap.burst);
	main_sends(60);
	main_sends(61);
	events = edges;
	while (edges == events)
		assert_int_equal(pmm_loop_turn(&loop, 1000), 0);
	assert_true(net.recv(net.ctx, &seg, 1, sizeof(buf)) > 0);
	assert_true(net.recv(net.ctx, &seg, 1, sizeof(buf)) > 0);
	assert_false(pmm_tap_held(&tap));
}

static void tap_send_reaches_main(void **state)
{
	unsigned char frame[80], got[200];
	struct hvl_seg seg[2] = { { frame, 14 }, { frame + 14, 66 } };
	struct pollfd pfd = { .fd = sock, .events = POLLIN };

	(void)state;
	fill_frame(frame, sizeof(frame));
	assert_int_equal(net.send(net.ctx, seg, 2, 80), 0);
	assert_int_equal(poll(&pfd, 1, 30000), 1);
	assert_int_equal(recv(sock, got, sizeof(got), 0), 80);
	assert_memory_equal(got, frame, 80);
	/* Shorter than a header: refused, and nothing breaks. */
	seg[0].len = 5;
	assert_int_equal(net.send(net.ctx, seg, 1, 5), -EINVAL);
	seg[0].len = 14;
	assert_int_equal(net.send(net.ctx, seg, 2, 80), 0);
}

static void tap_open_sets_mtu_and_address(void **state)
{
	const struct pmm_tap_config cfg = { .name = "net1", .mtu = 9000 };
	struct ifreq ifr = { .ifr_name = "" };
	struct pmm_error err = { "" };
	struct sockaddr_in sin;
	struct pmm_tap other;
	uint32_t mtu;

	(void)state;
	assert_int_equal(pmm_tap_open(&other, &cfg, &err), 0);
	assert_string_equal(other.ifname, "hvl0");
	assert_true(other.created);
	assert_int_equal(other.mtu, 9000);
	assert_int_equal(pmm_if_get_mtu("hvl0", &mtu), 0);
	assert_int_equal(mtu, 9000);
	assert_int_equal(pmm_if_set_ip("hvl0", "192.168.200.254", 24), 0);
	assert_int_equal(pmm_if_set_ip("hvl0", "192.168.200", 24), -EINVAL);
	memcpy(ifr.ifr_name, "hvl0", 5);
	assert_int_equal(ioctl(sock, SIOCGIFNETMASK, &ifr), 0);
	memcpy(&sin, &ifr.ifr_addr, sizeof(sin));
	assert_int_equal(sin.sin_addr.s_addr, htonl(0xffffff00));
	assert_int_equal(ioctl(sock, SIOCGIFFLAGS, &ifr), 0);
	assert_true(ifr.ifr_flags & IFF_UP);
	pmm_tap_close(&other);
}

/* Whether the interfaces are ours to change. */
static void capability(bool on)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	assert_int_equal(syscall(SYS_capget, &head, data), 0);
	data[0].effective &= ~(1u << CAP_NET_ADMIN);
	if (on)
		data[0].effective |= 1u << CAP_NET_ADMIN;
	assert_int_equal(syscall(SYS_capset, &head, data), 0);
}

static uint32_t mtu_of(const char *ifname)
{
	uint32_t mtu = 0;

	assert_int_equal(pmm_if_get_mtu(ifname, &mtu), 0);
	return mtu;
}

static void tap_limit_mtu_comes_and_goes(void **state)
{
	(void)state;
	assert_int_equal(pmm_tap_limit_mtu(&tap, 1500), 0);
	assert_int_equal(pmm_tap_limit_mtu(&tap, 1486), 1);
	assert_int_equal(mtu_of("hvltest"), 1486);
	assert_int_equal(pmm_tap_limit_mtu(&tap, 1486), 0);
	/* Never more than it was, nor less than an interface can have. */
	assert_int_equal(pmm_tap_limit_mtu(&tap, 60000), 1);
	assert_int_equal(mtu_of("hvltest"), 1500);
	assert_int_equal(pmm_tap_limit_mtu(&tap, 1), 1);
	assert_int_equal(mtu_of("hvltest"), PMM_TAP_MTU_MIN);
	capability(false);
	assert_int_equal(pmm_tap_limit_mtu(&tap, 1486), -EPERM);
	capability(true);
	assert_int_equal(tap.mtu, 1500);
}

/* An interface that stays is left as it was found. */
static void tap_close_restores_mtu(void **state)
{
	static const struct pmm_tap_config cfg = { .name = "net0",
						   .ifname = "hvlkept" };
	struct pmm_error err = { "" };
	struct pmm_tap kept;

	(void)state;
	assert_int_equal(pmm_tap_open(&kept, &cfg, &err), 0);
	assert_int_equal(ioctl(kept.fd, TUNSETPERSIST, 1), 0);
	assert_int_equal(pmm_tap_limit_mtu(&kept, 1000), 1);
	pmm_tap_close(&kept);
	assert_int_equal(mtu_of("hvlkept"), 1500);
	assert_int_equal(pmm_tap_open(&kept, &cfg, &err), 0);
	assert_false(kept.created);
	assert_int_equal(pmm_tap_limit_mtu(&kept, 1000), 1);
	/* Now by somebody else. */
	assert_int_equal(pmm_if_set_mtu("hvlkept", 1200), 0);
	pmm_tap_close(&kept);
	assert_int_equal(mtu_of("hvlkept"), 1200);
	assert_int_equal(pmm_tap_open(&kept, &cfg, &err), 0);
	assert_int_equal(ioctl(kept.fd, TUNSETPERSIST, 0), 0);
	pmm_tap_close(&kept);
}

/* The kernel's queue is bounded, and what it does not take is counted. */
static void tap_queue_overflow_is_counted(void **state)
{
	unsigned char frame[60], buf[2000];
	struct hvl_seg seg = { buf, sizeof(buf) };
	unsigned int got = 0, i;

	(void)state;
	drain();
	assert_int_equal(pmm_tap_dropped(&tap), 0);
	fill_frame(frame, sizeof(frame));
	for (i = 0; i < 2000; i++)
		(void)send(sock, frame, sizeof(frame), 0);
	assert_true(pmm_tap_dropped(&tap) >= 500);
	pmm_tap_ready(&tap);
	while (net.recv(net.ctx, &seg, 1, sizeof(buf)) > 0 ||
	       pmm_tap_held(&tap))
		got += buf[12] == 0x88 && buf[13] == 0xb5;
	assert_true(got >= 500);
	assert_true(got + pmm_tap_dropped(&tap) >= 2000);
}

/* Frames that nobody wants any more: each is gone, with no room for it. */
static void tap_recv_without_room_drops(void **state)
{
	unsigned char buf[2000];
	struct hvl_seg seg = { buf, sizeof(buf) };
	unsigned int n = 0;

	(void)state;
	drain();
	tap.burst = false;
	(void)pmm_tap_held(&tap);
	main_sends(60);
	main_sends(61);
	main_sends(62);
	pmm_tap_ready(&tap);
	while (net.recv(net.ctx, NULL, 0, 0) == -EMSGSIZE)
		n++;
	assert_true(n >= 3);
	assert_false(tap.readable);
	assert_false(pmm_tap_held(&tap));
	main_sends(63);
	assert_int_equal(recv_ours(&seg, 1, sizeof(buf)), 63);
}

/* An interface that outlives its programs, left with its offloads on. */
static void leave_tap_with_offloads(const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	assert_true(fd >= 0);
	strncpy(ifr.ifr_name, name, sizeof(ifr.ifr_name) - 1);
	assert_int_equal(ioctl(fd, TUNSETIFF, &ifr), 0);
	assert_int_equal(ioctl(fd, TUNSETPERSIST, 1), 0);
	assert_int_equal(ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM), 0);
	close(fd);
}

/* Have the kernel send a datagram, by broadcast: nobody has to be there. */
static void main_sends_datagram(const char *to)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_port = htons(9) };
	int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;

	assert_int_equal(inet_aton(to, &sin.sin_addr), 1);
	assert_int_equal(
		setsockopt(udp, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)), 0);
	assert_int_equal(
		sendto(udp, "sums", 4, 0, (struct sockaddr *)&sin, sizeof(sin)),
		4);
	close(udp);
}

static uint32_t sum16(uint32_t sum, const unsigned char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += (uint32_t)p[i] << (i % 2 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Virtio 1.3 §5.1.6.4.1: GUEST_CSUM is not offered. */
static void tap_frames_have_whole_checksums(void **state)
{
	const struct pmm_tap_config cfg = { .name = "net1",
					    .ifname = "hvlsums" };
	struct pmm_error err = { "" };
	unsigned char f[2000];
	struct pmm_tap other;
	struct pollfd pfd;
	ssize_t n;

	(void)state;
	leave_tap_with_offloads(cfg.ifname);
	assert_int_equal(pmm_tap_open(&other, &cfg, &err), 0);
	assert_int_equal(pmm_if_set_ip("hvlsums", "192.168.77.1", 24), 0);
	main_sends_datagram("192.168.77.255");
	pfd = (struct pollfd){ .fd = other.fd, .events = POLLIN };
	do {
		assert_int_equal(poll(&pfd, 1, 2000), 1);
		n = read(other.fd, f, sizeof(f));
		assert_true(n > 14);
		/* Not what IPv6 says of itself. */
	} while (f[12] != 8 || f[13] != 0 || f[14 + 9] != IPPROTO_UDP);
	assert_int_equal(n, 14 + 20 + 8 + 4);
	assert_int_equal(sum16(0, f + 14, 20), 0xffff);
	assert_int_equal(
		sum16(sum16(IPPROTO_UDP + 12, f + 14 + 12, 8), f + 14 + 20, 12),
		0xffff);
	assert_int_equal(ioctl(other.fd, TUNSETPERSIST, 0), 0);
	pmm_tap_close(&other);
}

static void tap_open_refuses(void **state)
{
	struct pmm_tap_config cfg = { .name = "net1", .ifname = "hvltest" };
	struct pmm_error err = { "" };
	struct pmm_tap other;

	(void)state;
	assert_int_equal(pmm_tap_open(&other, &cfg, &err), -EBUSY);
	assert_string_equal(err.text, "net1: tap \"hvltest\": another program "
				      "or device has it open; choose another "
				      "ifname");
	cfg.ifname = "lo";
	assert_int_equal(pmm_tap_open(&other, &cfg, &err), -EINVAL);
	assert_string_equal(err.text, "net1: \"lo\": this interface is not a "
				      "tap, or one with several queues; choose "
				      "another ifname");
}

/* Each with the cure that does cure it. */
static void tap_open_without_privilege_says_the_cure(void **state)
{
	struct pmm_tap_config cfg = { .name = "net1" };
	struct pmm_error err = { "" };
	struct pmm_tap other;

	(void)state;
	capability(false);
	assert_int_equal(pmm_tap_open(&other, &cfg, &err), -EPERM);
	assert_non_null(strstr(err.text, "--net tap,ifname=tap0"));
	cfg.ifname = "hvlnew";
	assert_int_equal(pmm_tap_open(&other, &cfg, &err), -EPERM);
	assert_non_null(strstr(err.text, "ip tuntap add hvlnew mode tap user"));
	capability(true);
}

/* `ip link delete` under a running remote: an error, and no endless events */
static void tap_deleted_interface_is_noticed(void **state)
{
	unsigned char buf[100];
	struct hvl_seg seg = { buf, sizeof(buf) };
	uint64_t before;

	(void)state;
	if (system("ip link delete hvltest 2>/dev/null") != 0)
		skip();
	for (int i = 0; i < 20; i++)
		assert_int_equal(pmm_loop_turn(&loop, 1), 0);
	before = (uint64_t)edges;
	assert_int_equal(pmm_loop_turn(&loop, 5), 0);
	assert_int_equal(edges, before);
	while (net.recv(net.ctx, &seg, 1, sizeof(buf)) != -ENODEV)
		assert_true(tap.readable);
	assert_true(tap.gone);
	assert_int_equal(net.send(net.ctx, &seg, 1, 100), -ENODEV);
}

static void mac_default_is_stable_and_distinct(void **state)
{
	uint8_t a[6], b[6], c[6];

	(void)state;
	pmm_mac_default("hvl0", a);
	pmm_mac_default("hvl0", b);
	pmm_mac_default("hvl1", c);
	assert_memory_equal(a, b, 6);
	assert_memory_not_equal(a, c, 6);
	assert_int_equal(a[0] & 3, 2);
}

#define TAP_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TAP_TEST(tap_recv_spreads_over_pieces),
		TAP_TEST(tap_recv_tells_too_large_from_full),
		TAP_TEST(tap_waiting_frame_is_one_event),
		TAP_TEST(tap_recv_is_silent_until_an_event),
		TAP_TEST(tap_lone_frame_is_not_held_up),
		TAP_TEST(tap_send_reaches_main),
		TAP_TEST(tap_open_sets_mtu_and_address),
		TAP_TEST(tap_limit_mtu_comes_and_goes),
		TAP_TEST(tap_close_restores_mtu),
		TAP_TEST(tap_queue_overflow_is_counted),
		TAP_TEST(tap_recv_without_room_drops),
		TAP_TEST(tap_frames_have_whole_checksums),
		TAP_TEST(tap_open_refuses),
		TAP_TEST(tap_open_without_privilege_says_the_cure),
		TAP_TEST(tap_deleted_interface_is_noticed),
		cmocka_unit_test(mac_default_is_stable_and_distinct),
	};
	struct pmm_error err = { "" };
	bool user_ns;

	if (pmm_netns_enter(&user_ns, &err) < 0 || pmm_tap_check(&err) < 0) {
		(void)printf("skipped: %s\n", err.text);
		return SKIPPED;
	}
	disable_ipv6();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
