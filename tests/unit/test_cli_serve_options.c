/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_cli_serve_options.c - the command line of `hvl serve`: what it takes,
 * and each message about what it does not
 */
#include "cli_words.h"

#include "serve_options.h"

#define MEM "--shmem file=/m,addr=0x37000000,size=16M "
#define SHMEM_SYNTAX "file=PATH|dev=NODE[,offset=BYTES],addr=ADDR,size=SIZE"
#define UIO_SYNTAX "uio:NODE[,map=N][,ring=OFFSET:VALUE][,ack=OFFSET:VALUE]"

static const struct cli_command command = {
	.name = "serve",
	.about = "About.",
	.options = cli_serve_options,
};

static struct cli_serve serve;

static int parse(const char *words, struct pmm_error *err)
{
	char *argv[ARGS_MAX], name[] = "serve";
	int argc = split_words(name, words, argv), rc;

	err->text[0] = '\0';
	cli_serve_init(&serve);
	rc = cli_options_parse(&command, argc, argv, &serve, err);
	return rc ? rc : cli_serve_finish(&serve, err);
}

static void serve_refuses_with_one_line(void **state)
{
	static const struct refusal cases[] = {
		{ "",
		  "where is the shared memory? write --shmem " SHMEM_SYNTAX },
		{ "--shmem file=/m,addr=0x37000000,size=16M",
		  "which doorbell? write --doorbell unix-listen:SOCKET, "
		  "unix-connect:SOCKET, uio:NODE or poll" },
		{ "--shmem addr=0x37000000,size=16M",
		  "--shmem \"addr=0x37000000,size=16M\": file= or dev= is "
		  "missing; write " SHMEM_SYNTAX },
		{ "--shmem file=/m,size=16M",
		  "--shmem \"file=/m,size=16M\": addr= is missing; write " SHMEM_SYNTAX },
		{ "--shmem dev=/m,addr=0",
		  "--shmem \"dev=/m,addr=0\": size= is missing; write " SHMEM_SYNTAX },
		{ "--shmem file=/m,dev=/n,addr=0,size=1M",
		  "--shmem: one of file= and dev= only; write " SHMEM_SYNTAX },
		{ "--shmem /m",
		  "--shmem: unknown key \"/m\"; write " SHMEM_SYNTAX },
		{ "--shmem file=/m,addr=1,addr=2",
		  "--shmem: addr is given twice" },
		{ "--shmem file=/m,addr=here,size=1M",
		  "--shmem addr \"here\": not an address of 64 bits; write "
		  "for example 0x37000000" },
		{ "--shmem file=/m,addr=0,size=big",
		  "--shmem size \"big\": not a size of 64 bits; write for "
		  "example 16M, 512K or 0x1000000" },
		{ "--shmem file=/m,addr=0,offset=-1",
		  "--shmem offset \"-1\": not a number of bytes; write for "
		  "example 0x1000 or 16M" },
		{ "--shmem file=/m,addr=0x800,size=16M --doorbell poll",
		  "--shmem addr 0x800: not at a page's start; 0x0 would be" },
		{ "--shmem file=/m,addr=0,size=0 --doorbell poll",
		  "--shmem size 0: there must be some" },
		{ "--shmem file=/m,addr=0,size=4K --doorbell poll --rng",
		  "--shmem size 4K: too small for these devices; at least "
		  "72K" },
		{ "--shmem file=/m,addr=0,size=4097 --doorbell poll",
		  "--shmem size 4097: not whole pages of 4K; 8K would be" },
		{ "--shmem file=/m,addr=0,size=16M,offset=0x1800 --doorbell "
		  "poll",
		  "--shmem offset 0x1800: not at a page's start; 0x1000 would "
		  "be" },
		{ MEM "--doorbell bell",
		  "--doorbell \"bell\": unknown; there are unix-listen:SOCKET, "
		  "unix-connect:SOCKET, uio:NODE and poll[:USEC]" },
		{ MEM "--doorbell uio",
		  "--doorbell \"uio\": unknown; there are unix-listen:SOCKET, "
		  "unix-connect:SOCKET, uio:NODE and poll[:USEC]" },
		{ MEM "--doorbell unix-listen:",
		  "--doorbell: no socket named; write for example "
		  "unix-listen:/tmp/doorbell.sock" },
		{ MEM "--doorbell unix-connect:" LONG_PATH,
		  "--doorbell \"" LONG_PATH "\": too long; at most 107 "
		  "characters" },
		{ MEM "--doorbell poll:9",
		  "--doorbell poll \"9\": not a number of microseconds from "
		  "10 to 1000000" },
		{ MEM "--doorbell poll:",
		  "--doorbell poll \"\": not a number of microseconds from "
		  "10 to 1000000" },
		{ MEM "--doorbell uio:,map=1",
		  "--doorbell uio: no device named; write " UIO_SYNTAX },
		{ MEM "--doorbell uio:/dev/uio0,at=1",
		  "--doorbell: unknown key \"at\"; write " UIO_SYNTAX },
		{ MEM "--doorbell uio:/dev/uio0,map=5",
		  "--doorbell map \"5\": not a number from 0 to 4" },
		{ MEM "--doorbell uio:/dev/uio0,ring=8",
		  "--doorbell ring \"8\": write OFFSET:VALUE, a multiple of 4 "
		  "and 32 bits, for example 0x10:1" },
		{ MEM "--doorbell uio:/dev/uio0,ack=2:1",
		  "--doorbell ack \"2:1\": write OFFSET:VALUE, a multiple of 4 "
		  "and 32 bits, for example 0x10:1" },
		{ MEM "--doorbell uio:/dev/uio0,ack=4:0x100000000",
		  "--doorbell ack \"4:0x100000000\": write OFFSET:VALUE, a "
		  "multiple of 4 and 32 bits, for example 0x10:1" },
		{ MEM "--doorbell poll --quirks slow",
		  "--quirks \"slow\": write pace, or none" },
		{ MEM "--doorbell poll --quirks pace,none",
		  "--quirks \"pace,none\": write pace, or none" },
		{ MEM "--doorbell poll --state=",
		  "--state: no file named; write for example --state "
		  "/run/hvl-serve.state" },
		{ MEM "--doorbell poll --firmware f",
		  "--firmware: unknown option; see hvl serve --help" },
		{ "--shmem file=/m,addr=0xaabbaabb000,size=16M --doorbell poll "
		  "--transport mmio-v1",
		  "--shmem addr 0xaabbaabb000: --transport mmio-v1 reaches "
		  "addresses below 0xaabbaabb000 only; use --transport mmio" },
		{ "--shmem file=/m,addr=0,size=1M,offset=0x7ffffffffffff000 "
		  "--doorbell poll",
		  "--shmem size 0x100000: from offset 0x7ffffffffffff000 on no "
		  "file has so much" },
		{ "--shmem file=/m,addr=0,size=1M,offset=0xfffffffffffff000 "
		  "--doorbell poll",
		  "--shmem size 0x100000: from offset 0xfffffffffffff000 on no "
		  "file has so much" },
		{ "--shmem file=/m,addr=0,size=0x8000000000000000 "
		  "--doorbell poll",
		  "--shmem size 0x8000000000000000: from offset 0x0 on no file "
		  "has so much" },
	};

	(void)state;
	assert_refused(parse, cases, HVL_ARRAY_SIZE(cases));
}

static void serve_takes_memory_and_devices(void **state)
{
	struct pmm_error err;

	(void)state;
	assert_int_equal(parse("--shmem dev=/dev/uio0,size=16M,offset=0x1000,"
			       "addr=0x37000000 --doorbell poll --no-dtb "
			       "--transport mmio-v1 --net tap,ifname=a --rng "
			       "--state s",
			       &err),
			 0);
	assert_int_equal(serve.server.shm.kind, PMM_SHM_NODE);
	assert_string_equal(serve.server.shm.path, "/dev/uio0");
	assert_int_equal(serve.server.shm.offset, 0x1000);
	assert_int_equal(serve.server.shm_da, 0x37000000);
	assert_int_equal(serve.server.shm_size, 16 << 20);
	assert_true(serve.server.no_dtb && serve.server.v1);
	assert_string_equal(serve.server.state, "s");
	assert_int_equal(serve.server.ndevices, 2);
	assert_string_equal(serve.server.devices[0].name, "net0");
	assert_true(serve.server.devices[0].fit_mtu);
	assert_string_equal(serve.server.devices[1].name, "rng0");
	assert_int_equal(parse(MEM "--doorbell poll", &err), 0);
	assert_int_equal(serve.server.shm.kind, PMM_SHM_FILE);
	assert_int_equal(serve.server.ndevices, 2);
	assert_string_equal(serve.server.devices[0].name, "rng0");
}

static void serve_takes_features_and_polling(void **state)
{
	const struct pmm_server_config *server = &serve.server;
	struct pmm_error err;

	(void)state;
	assert_int_equal(parse(MEM "--doorbell poll", &err), 0);
	assert_int_equal(server->poll_us, 50);
	assert_int_equal(server->features.ring, PMM_RING_DEFAULT);
	assert_int_equal(parse(MEM "--doorbell poll --poll-us 0 --ring packed "
				   "--features in_order,mac "
				   "--no-features event_idx",
			       &err),
			 0);
	assert_int_equal(server->poll_us, 0);
	assert_int_equal(server->features.ring, PMM_RING_PACKED);
	assert_int_equal(server->features.on.any, 0x800000000);
	assert_int_equal(server->features.on.net, 0x20);
	assert_int_equal(server->features.off.any, 0x20000000);
}

static void serve_takes_each_doorbell(void **state)
{
	const struct pmm_uio_options *uio = &serve.server.uio;
	struct pmm_error err;

	(void)state;
	assert_int_equal(parse(MEM "--doorbell poll", &err), 0);
	assert_int_equal(serve.server.bell, PMM_SERVER_POLL);
	assert_int_equal(serve.server.period_us, 1000);
	assert_int_equal(parse(MEM "--doorbell poll:10", &err), 0);
	assert_int_equal(serve.server.period_us, 10);
	assert_int_equal(parse(MEM "--doorbell unix-listen:/tmp/a:b", &err), 0);
	assert_int_equal(serve.server.bell, PMM_SERVER_UNIX_LISTEN);
	assert_string_equal(serve.server.socket, "/tmp/a:b");
	assert_int_equal(parse(MEM "--doorbell unix-connect:b", &err), 0);
	assert_int_equal(serve.server.bell, PMM_SERVER_UNIX_CONNECT);
	assert_int_equal(parse(MEM "--doorbell uio:/dev/uio1,map=2,"
				   "ring=0x10:0xffffffff,ack=4:1",
			       &err),
			 0);
	assert_int_equal(serve.server.bell, PMM_SERVER_UIO);
	assert_string_equal(uio->path, "/dev/uio1");
	assert_int_equal(uio->map, 2);
	assert_true(uio->ring.set && uio->ack.set);
	assert_int_equal(uio->ring.offset, 0x10);
	assert_int_equal(uio->ring.value, 0xffffffff);
	assert_int_equal(uio->ack.offset, 4);
	assert_int_equal(parse(MEM "--doorbell uio:/dev/uio1", &err), 0);
	assert_false(uio->ring.set || uio->ack.set);
}

static void serve_paces_existing_firmware(void **state)
{
	struct pmm_error err;

	(void)state;
	assert_int_equal(parse(MEM "--doorbell poll --transport mmio-v1", &err),
			 0);
	assert_true(serve.server.devices[1].pace);
	assert_int_equal(parse(MEM "--doorbell poll --transport mmio-v1 "
				   "--quirks none",
			       &err),
			 0);
	assert_false(serve.server.devices[1].pace);
	/* An MTU that was given is left alone. */
	assert_int_equal(parse(MEM "--doorbell poll --net tap,mtu=1400", &err),
			 0);
	assert_false(serve.server.devices[0].fit_mtu);
	assert_int_equal(parse(MEM "--doorbell poll", &err), 0);
	assert_false(serve.server.devices[1].pace);
	assert_int_equal(parse(MEM "--doorbell poll --quirks pace", &err), 0);
	assert_true(serve.server.devices[1].pace);
}

static void serve_help_names_every_option(void **state)
{
	(void)state;
	assert_helps(&command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(serve_refuses_with_one_line),
		cmocka_unit_test(serve_takes_memory_and_devices),
		cmocka_unit_test(serve_takes_features_and_polling),
		cmocka_unit_test(serve_takes_each_doorbell),
		cmocka_unit_test(serve_paces_existing_firmware),
		cmocka_unit_test(serve_help_names_every_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
