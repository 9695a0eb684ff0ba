/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_cli_options.c - the command line of `hvl run`: what it takes, and each
 * message about what it does not
 */
#include "cli_words.h"

#include <hvl/wire/virtio.h>

#include "run_options.h"
#include "values.h"

#define LIMIT_TEXT(value)                                                     \
	"--on-crash \"" value "\": write restart:N/SECONDS with N from 1 to " \
	"100 and SECONDS from 1 to 86400, for example restart:3/60"

static const struct cli_command command = {
	.name = "run",
	.about = "About.",
	.options = cli_run_options,
};

static struct cli_run run;

static int parse(const char *words, struct pmm_error *err)
{
	char *argv[ARGS_MAX], name[] = "run";
	int argc = split_words(name, words, argv), rc;

	err->text[0] = '\0';
	cli_run_init(&run);
	rc = cli_options_parse(&command, argc, argv, &run, err);
	return rc ? rc : cli_run_finish(&run, err);
}

static void options_refuse_with_one_line(void **state)
{
	static const struct refusal cases[] = {
		{ "--foo", "--foo: unknown option; see hvl run --help" },
		{ "--foo=1", "--foo=1: unknown option; see hvl run --help" },
		{ "-x", "-x: unknown option; see hvl run --help" },
		{ "-vv", "-vv: unknown option; see hvl run --help" },
		{ "--shmem", "--shmem: unknown option; see hvl run --help" },
		{ "tap0", "\"tap0\": not an option; see hvl run --help" },
		{ "--no-dtb tap0",
		  "\"tap0\": not an option; see hvl run --help" },
		{ "--rng /dev/hwrng", "\"/dev/hwrng\": not an option; for "
				      "--rng write --rng=/dev/hwrng" },
		{ "--firmware=",
		  "--firmware: no file named; leave it out for hvl_net_rng, "
		  "or write --firmware FILE" },
		{ "-", "\"-\": not an option; see hvl run --help" },
		{ "--no-dtb=yes", "--no-dtb: takes no value, \"yes\" was "
				  "given" },
		{ "--firmware", "--firmware: needs a value: --firmware FILE" },
		{ "--board zcu102",
		  "--board \"zcu102\": unknown; there are: native, "
		  "virt-a53, mps2-m3, zcu102-r5, virt-rv64, sysfs" },
		{ "--remoteproc remoteproc1",
		  "--remoteproc and --shmem-dev are for --board sysfs, not "
		  "for native" },
		{ "--shmem-dev /dev/mem,at=3",
		  "--shmem-dev \"/dev/mem,at=3\": write NODE[,offset=BYTES], "
		  "for example /dev/mem,offset=0x37000000" },
		{ "--board sysfs --firmware f --shmem-addr 0x37000000",
		  "--board sysfs needs --firmware, --shmem-dev, --shmem-addr "
		  "and --shmem-size: where the shared memory is, only the "
		  "board's maker knows" },
		{ "--board sysfs --firmware f --shmem-addr 0x37000000 "
		  "--shmem-size 16M --shmem-dev /dev/mem --coredump=f",
		  "--coredump \"f\": of a real core only the kernel can make "
		  "one; write --coredump=kernel, and find it in "
		  "/sys/class/devcoredump" },
		{ "--transport pci", "--transport \"pci\": unknown; there are "
				     "mmio and mmio-v1" },
		{ "--ring round",
		  "--ring \"round\": unknown; there are split and packed" },
		{ "--features mac,fly",
		  "--features \"fly\": unknown; there are: mtu, mac, status, "
		  "any_layout, indirect_desc, event_idx, version_1, "
		  "access_platform, ring_packed, in_order, order_platform, "
		  "notification_data, ring_reset" },
		{ "--no-features=",
		  "--no-features \"\": unknown; there are: mtu, mac, status, "
		  "any_layout, indirect_desc, event_idx, version_1, "
		  "access_platform, ring_packed, in_order, order_platform, "
		  "notification_data, ring_reset" },
		{ "--ring packed --transport mmio-v1",
		  "--ring packed: mmio-v1 has split rings only; write "
		  "--transport mmio" },
		{ "--no-features version_1",
		  "--no-features \"version_1\": mmio cannot do without; "
		  "write --transport mmio-v1" },
		{ "--board mps2-m3 --features event_idx",
		  "--features \"event_idx\": not on the board mps2-m3, whose "
		  "barriers may do nothing: notifications are never held back "
		  "there" },
		{ "--poll-us", "--poll-us: needs a value: --poll-us N" },
		{ "--poll-us 10001",
		  "--poll-us \"10001\": not a number of microseconds from 0 "
		  "to 10000" },
		{ "--poll-us -1", "--poll-us \"-1\": not a number of "
				  "microseconds from 0 to 10000" },
		{ "--on-crash reboot", "--on-crash \"reboot\": unknown; there "
				       "are stop, restart and "
				       "restart:N/SECONDS" },
		{ "--on-crash restart:", LIMIT_TEXT("restart:") },
		{ "--on-crash restart:3", LIMIT_TEXT("restart:3") },
		{ "--on-crash restart:/60", LIMIT_TEXT("restart:/60") },
		{ "--on-crash restart:3/", LIMIT_TEXT("restart:3/") },
		{ "--on-crash restart:0/60", LIMIT_TEXT("restart:0/60") },
		{ "--on-crash restart:101/60", LIMIT_TEXT("restart:101/60") },
		{ "--on-crash restart:3/0", LIMIT_TEXT("restart:3/0") },
		{ "--on-crash restart:3/86401", LIMIT_TEXT("restart:3/86401") },
		{ "--on-crash restart:-1/60", LIMIT_TEXT("restart:-1/60") },
		{ "--on-crash restart:3/60s", LIMIT_TEXT("restart:3/60s") },
		{ "--on-crash restart:000000000000000000000000003/60",
		  LIMIT_TEXT("restart:000000000000000000000000003/60") },
		{ "--control=", "--control \"\": not a socket; write for "
				"example --control /tmp/hvl.sock, or none" },
		{ "--control " LONG_PATH,
		  "--control \"" LONG_PATH "\": too long; at most 107 "
		  "characters" },
		{ "--coredump /", "--coredump \"/\": not a regular file" },
		{ "--coredump=", "--coredump \"\": No such file or directory" },
		{ "--coredump /no/such/core",
		  "--coredump \"/no/such/core\": No such file or "
		  "directory" },
		/* numbers and sizes */
		{ "--shmem-addr here",
		  "--shmem-addr \"here\": not an address of 64 bits; write for "
		  "example 0x37000000" },
		{ "--shmem-addr 0x10000000000000000",
		  "--shmem-addr \"0x10000000000000000\": not an address of 64 "
		  "bits; write for example 0x37000000" },
		{ "--shmem-size=",
		  "--shmem-size \"\": not a size of 64 bits; write for example "
		  "16M, 512K or 0x1000000" },
		{ "--shmem-size 16T",
		  "--shmem-size \"16T\": not a size of 64 bits; write for "
		  "example 16M, 512K or 0x1000000" },
		{ "--shmem-size -1",
		  "--shmem-size \"-1\": not a size of 64 bits; write for "
		  "example 16M, 512K or 0x1000000" },
		{ "--shmem-size 17179869184G",
		  "--shmem-size \"17179869184G\": not a size of 64 bits; write "
		  "for example 16M, 512K or 0x1000000" },
		/* the shared memory */
		{ "--shmem-size 0",
		  "--shmem-size 0: there must be some; leave it out for the "
		  "board's" },
		{ "--shmem-size 4097",
		  "--shmem-size 4097: not whole pages of 4K; 8K would be" },
		{ "--shmem-size 4K --rng",
		  "--shmem-size 4K: too small for these devices; at least "
		  "72K" },
		{ "--shmem-size 64K --net tap,mtu=9000",
		  "--shmem-size 64K: too small for these devices; at least "
		  "324K" },
		{ "--shmem-addr 0x37000800",
		  "--shmem-addr 0x37000800: not at a page's start; 0x37000000 "
		  "would be" },
		{ "--shmem-addr 0xfffffffffffff000",
		  "--shmem-size 0x1000000: reaches beyond 64 bits from "
		  "--shmem-addr 0xfffffffffffff000" },
		{ "--shmem-size 0xffffffffffffffff",
		  "--shmem-size 0xffffffffffffffff: reaches beyond 64 bits "
		  "from --shmem-addr 0x37000000" },
		{ "--shmem-addr 0xaabbaabb000 --transport mmio-v1",
		  "--shmem-addr 0xaabbaabb000: --transport mmio-v1 reaches "
		  "addresses below 0xaabbaabb000 only; use --transport mmio" },
		{ "--no-dtb --rng --rng --rng --rng --rng --rng --rng --rng "
		  "--rng",
		  "9 devices: --no-dtb has register blocks for 8; leave "
		  "devices or --no-dtb out" },
		/* of the boards */
		{ "--board virt-a53 --shmem-size 3M",
		  "--shmem-size 0x300000: board virt-a53 takes powers of two "
		  "only; 0x400000 would be" },
		{ "--board virt-rv64 --shmem-addr 0x50001000",
		  "--shmem-addr 0x50001000: not a multiple of its size, as "
		  "board virt-rv64 needs it; 0x50000000 would be" },
		{ "--board virt-a53 --shmem-addr 0x50000000",
		  "--shmem-addr 0x50000000: board virt-a53 can have its shared "
		  "memory, 0x1000000 bytes, between 0x10200000 and 0x3efeffff; "
		  "0x20000000 would do" },
		{ "--board virt-a53 --shmem-size 1G",
		  "--shmem-size 0x40000000: board virt-a53 can have "
		  "0x10000000 bytes at most, between 0x10200000 and "
		  "0x3efeffff" },
		{ "--board mps2-m3 --shmem-addr 0x37000000",
		  "--shmem-addr 0x37000000: board mps2-m3 can have its shared "
		  "memory, 0x400000 bytes, in its RAM only, 0x21000000 to "
		  "0x21ffffff; the default is 0x21c00000" },
		{ "--board zcu102-r5 --shmem-addr 0x38000000",
		  "--shmem-addr 0x38000000: the shared memory, to 0x38ffffff, "
		  "overlaps the zcu102-r5 board's own, 0x38000000 to "
		  "0x38ffffff; the default is 0x37000000" },
		/* devices */
		{ "--rng=", "--rng=: no source named; write --rng for the "
			    "kernel's entropy, or for example "
			    "--rng=/dev/hwrng" },
		{ "--net vde",
		  "--net \"vde\": unknown backing \"vde\"; write tap[,ifname="
		  "NAME][,mac=MAC][,mtu=BYTES]" },
		{ "--net tap,speed=10",
		  "--net: unknown key \"speed\"; write tap[,ifname=NAME][,mac="
		  "MAC][,mtu=BYTES]" },
		{ "--net tap,",
		  "--net: unknown key \"\"; write tap[,ifname=NAME][,mac="
		  "MAC][,mtu=BYTES]" },
		{ "--net tap,ifname",
		  "--net: ifname has no value; write tap[,ifname=NAME][,mac="
		  "MAC][,mtu=BYTES]" },
		{ "--net tap,mtu=,ifname=a",
		  "--net: mtu has no value; write tap[,ifname=NAME][,mac="
		  "MAC][,mtu=BYTES]" },
		{ "--net tap,mtu=1500,mtu=1500", "--net: mtu is given twice" },
		{ "--net tap,ifname=abcdefghijklmnop",
		  "--net ifname \"abcdefghijklmnop\": too long; at most 15 "
		  "characters" },
		{ "--net tap,ifname=a/b",
		  "--net ifname \"a/b\": not a name for an interface; for "
		  "example tap0" },
		{ "--net tap,ifname=tap%d",
		  "--net ifname \"tap%d\": not a name for an interface; for "
		  "example tap0" },
		{ "--net tap,ifname=..",
		  "--net ifname \"..\": not a name for an interface; for "
		  "example tap0" },
		{ "--net tap,ifname=tap0 --rng --net tap,ifname=tap0",
		  "--net ifname \"tap0\": given twice; each device needs a "
		  "tap of its own" },
		{ "--net tap,mac=02:00:00:00:00",
		  "--net mac \"02:00:00:00:00\": not an Ethernet address; "
		  "write for example 02:00:00:00:00:01" },
		{ "--net tap,mac=02:00:00:00:00:0g",
		  "--net mac \"02:00:00:00:00:0g\": not an Ethernet address; "
		  "write for example 02:00:00:00:00:01" },
		{ "--net tap,mac=03:00:00:00:00:01",
		  "--net mac \"03:00:00:00:00:01\": a group's address; the "
		  "first byte must be even" },
		{ "--net tap,mac=ff:ff:ff:ff:ff:ff",
		  "--net mac \"ff:ff:ff:ff:ff:ff\": a group's address; the "
		  "first byte must be even" },
		{ "--net tap,mac=00:00:00:00:00:00",
		  "--net mac \"00:00:00:00:00:00\": all zero; leave mac out, "
		  "or write for example 02:00:00:00:00:01" },
		{ "--net tap,mac=02:00:00:00:00:aa --net "
		  "tap,mac=02:00:00:00:00:AA",
		  "--net mac \"02:00:00:00:00:AA\": given twice; each device "
		  "needs one of its own" },
		{ "--net tap,mtu=67",
		  "--net mtu \"67\": not a number from 68 to 65521" },
		{ "--net tap,mtu=65522",
		  "--net mtu \"65522\": not a number from 68 to 65521" },
		{ "--net tap,mtu=1K",
		  "--net mtu \"1K\": not a number from 68 to 65521" },
	};

	(void)state;
	assert_refused(parse, cases, HVL_ARRAY_SIZE(cases));
}

static void options_refuse_overlap_with_ram(void **state)
{
	const struct pmm_board *board = pmm_board_find("native");
	char words[128], want[300];
	struct pmm_error err;

	(void)state;
	assert_non_null(board);
	(void)snprintf(words, sizeof(words),
		       "--shmem-addr 0x%llx --shmem-size 16M",
		       (unsigned long long)board->ram_da);
	(void)snprintf(
		want, sizeof(want),
		"--shmem-addr 0x%llx: the shared memory, to 0x%llx, "
		"overlaps the native board's own, 0x%llx to 0x%llx; "
		"the default is 0x37000000",
		(unsigned long long)board->ram_da,
		(unsigned long long)board->ram_da + 0xffffff,
		(unsigned long long)board->ram_da,
		(unsigned long long)(board->ram_da + board->ram_size - 1));
	assert_true(parse(words, &err) < 0);
	assert_string_equal(err.text, want);
	/* One page into it is too much, up to it is not. */
	(void)snprintf(words, sizeof(words),
		       "--firmware _ --shmem-addr 0x%llx --shmem-size 16M",
		       (unsigned long long)board->ram_da - 0xfff000);
	assert_true(parse(words, &err) < 0);
	/* It is the size that is wrong, then, and it says which would do. */
	assert_ptr_equal(strstr(err.text, "--shmem-size 0x1000000: the shared "
					  "memory"),
			 err.text);
	assert_non_null(strstr(err.text, "; 0xfff000 would fit"));
	(void)snprintf(words, sizeof(words),
		       "--firmware _ --shmem-addr 0x%llx --shmem-size 16M",
		       (unsigned long long)board->ram_da - 0x1000000);
	assert_int_equal(parse(words, &err), 0);
}

static void options_refuse_the_33rd_device(void **state)
{
	char words[300] = "";
	struct pmm_error err;

	(void)state;
	for (int i = 0; i < 33; i++)
		(void)strncat(words, i ? " --rng" : "--rng",
			      sizeof(words) - strlen(words) - 1);
	assert_true(parse(words, &err) < 0);
	assert_string_equal(err.text, "too many --net and --rng; a remote can "
				      "have 32 devices");
}

static void options_keep_order_of_devices(void **state)
{
	static const char *const names[] = { "rng0", "net0", "net1", "rng1" };
	struct pmm_error err;

	(void)state;
	assert_int_equal(parse("--firmware _ --rng --net tap,ifname=a,mac=02:"
			       "00:00:00:00:01,mtu=9000 --net=tap "
			       "--rng=/dev/hwrng --shmem-size 0x2000000 "
			       "--shmem-addr 0x20000000 --on-crash restart "
			       "--transport mmio-v1 --no-dtb --private -v",
			       &err),
			 0);
	assert_int_equal(run.remote.ndevices, 4);
	for (unsigned int i = 0; i < 4; i++)
		assert_string_equal(run.remote.devices[i].name, names[i]);
	assert_int_equal(run.common.devices[0].id, VIRTIO_ID_RNG);
	assert_null(run.common.devices[0].source);
	assert_string_equal(run.common.devices[1].ifname, "a");
	assert_int_equal(run.common.devices[1].mac[5], 1);
	assert_int_equal(run.common.devices[1].mtu, 9000);
	assert_null(run.common.devices[2].ifname);
	assert_string_equal(run.common.devices[3].source, "/dev/hwrng");
	assert_int_equal(run.remote.shm_da, 0x20000000);
	assert_int_equal(run.remote.shm_size, 0x2000000);
	assert_int_equal(run.remote.on_crash, PMM_CRASH_RESTART);
	assert_true(run.remote.v1 && run.remote.no_dtb);
	assert_true(run.common.private_net && run.common.verbose);
}

static void options_take_a_control_socket(void **state)
{
	struct pmm_error err;

	(void)state;
	assert_int_equal(parse("--firmware _", &err), 0);
	assert_null(run.common.control);
	assert_int_equal(parse("--firmware _ --control none --control "
			       "/tmp/a.sock",
			       &err),
			 0);
	assert_string_equal(run.common.control, "/tmp/a.sock");
}

static void options_take_a_limit_of_restarts(void **state)
{
	struct pmm_error err;

	(void)state;
	assert_int_equal(parse("--firmware _ --on-crash restart:100/86400 "
			       "--coredump core.hvl",
			       &err),
			 0);
	assert_int_equal(run.remote.on_crash, PMM_CRASH_RESTART);
	assert_int_equal(run.remote.restarts.most, 100);
	assert_int_equal(run.remote.restarts.seconds, 86400);
	assert_string_equal(run.remote.coredump, "core.hvl");
	/* The last one counts, whole. */
	assert_int_equal(parse("--firmware _ --on-crash restart:3/60 "
			       "--on-crash restart",
			       &err),
			 0);
	assert_int_equal(run.remote.on_crash, PMM_CRASH_RESTART);
	assert_int_equal(run.remote.restarts.most, 0);
	assert_int_equal(parse("--firmware _ --on-crash restart:3/60 "
			       "--on-crash stop",
			       &err),
			 0);
	assert_int_equal(run.remote.on_crash, PMM_CRASH_STOP);
}

static void options_default_to_the_demo(void **state)
{
	struct pmm_error err;

	(void)state;
	assert_int_equal(parse("--firmware _", &err), 0);
	assert_int_equal(run.remote.ndevices, 2);
	assert_string_equal(run.common.devices[0].name, "rng0");
	assert_string_equal(run.common.devices[1].name, "net0");
	assert_int_equal(run.remote.shm_da, 0x37000000);
	assert_int_equal(run.remote.shm_size, 16 << 20);
	assert_int_equal(run.remote.on_crash, PMM_CRASH_STOP);
	assert_string_equal(run.remote.board->name, "native");
	assert_int_equal(parse("--rng --help --foo", &err), CLI_HELP);
}

static void options_help_names_every_option(void **state)
{
	(void)state;
	assert_helps(&command);
}

static void values_scan_numbers_and_sizes(void **state)
{
	uint64_t v;

	(void)state;
	assert_true(cli_number("18446744073709551615", &v) && v == UINT64_MAX);
	assert_true(cli_number("0xFFffFFffFFffFFff", &v) && v == UINT64_MAX);
	assert_false(cli_number("18446744073709551616", &v));
	assert_true(cli_number("010", &v) && v == 10);
	assert_false(cli_number("0x", &v));
	assert_false(cli_number(" 1", &v));
	assert_false(cli_number("1K", &v));
	assert_true(cli_size("1k", &v) && v == 1024);
	assert_true(cli_size("0x10M", &v) && v == 16 << 20);
	assert_true(cli_size("3G", &v) && v == UINT64_C(3) << 30);
	assert_false(cli_size("3GB", &v));
	assert_false(cli_size("K", &v));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_refuse_with_one_line),
		cmocka_unit_test(options_refuse_overlap_with_ram),
		cmocka_unit_test(options_refuse_the_33rd_device),
		cmocka_unit_test(options_keep_order_of_devices),
		cmocka_unit_test(options_take_a_control_socket),
		cmocka_unit_test(options_take_a_limit_of_restarts),
		cmocka_unit_test(options_default_to_the_demo),
		cmocka_unit_test(options_help_names_every_option),
		cmocka_unit_test(values_scan_numbers_and_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
