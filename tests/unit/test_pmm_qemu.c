/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_pmm_qemu.c - QEMU's command lines, boot files, and where its machines
 * can have their shared memory
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "qemu.h"

static const struct pmm_qemu_fds fds = {
	.ram = 10,
	.qmp = 11,
	.console = 12,
	.bell = 13,
	.ivshmem = 14,
	.boot = 15,
};

static const struct pmm_board *board(const char *name)
{
	const struct pmm_board *b = pmm_board_find(name);

	assert_non_null(b);
	assert_non_null(b->qemu);
	return b;
}

/* The command line's words, joined. */
static const char *command(const char *name, uint64_t entry, int boot)
{
	static struct pmm_qemu_command cmd;
	static char text[2200];
	struct pmm_qemu_fds some = fds;
	unsigned int i;

	some.boot = boot;
	assert_int_equal(pmm_qemu_command(&cmd, board(name), entry, &some), 0);
	text[0] = '\0';
	for (i = 0; cmd.argv[i]; i++) {
		strcat(text, cmd.argv[i]);
		strcat(text, " ");
	}
	assert_int_equal(i, cmd.argc);
	return text;
}

static void has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no \"%s\" in: %s", part, text);
}

static void has_not(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("\"%s\" in: %s", part, text);
}

static void qemu_command_is_halted_and_shares_its_memory(void **state)
{
	static const char *const names[] = { "virt-a53", "virt-rv64", "mps2-m3",
					     "zcu102-r5" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *text = command(names[i], 0x21000000, 15);

		has(text, " -S ");
		has(text, ",memory-backend=ram ");
		has(text, "memory-backend-file,id=ram,share=on,size=");
		has(text, "mem-path=/proc/self/fd/10 ");
		has(text, "-chardev socket,id=qmp,fd=11 -mon "
			  "chardev=qmp,mode=control ");
		has(text, "-chardev socket,id=console,fd=12 ");
		has(text, "-action reboot=shutdown,shutdown=pause,");
	}
}

static void qemu_command_suits_each_machine(void **state)
{
	const char *text = command("virt-a53", 0x40200000, -1);

	(void)state;
	has(text, "-smp 1,maxcpus=2 ");
	has(text, "-serial chardev:console -chardev socket,id=ivshmem,fd=14 ");
	has(text, "-device loader,addr=0x40200000,cpu-num=0 ");
	has_not(text, "chardev:bell");
	text = command("virt-rv64", 0x80000000, -1);
	has(text, "-smp 1,maxcpus=2 ");
	has(text, "-bios none ");
	has_not(text, "loader");
	text = command("mps2-m3", 0x21000101, 15);
	has(text, "-m 16M ");
	has(text, "-serial chardev:console -serial chardev:bell ");
	has(text, "-device loader,force-raw=on,addr=0x0,"
		  "file=/proc/self/fd/15 ");
	has_not(text, "ivshmem");
	has_not(text, "cpu-num");
	text = command("zcu102-r5", 0x38000000, 15);
	has(text, "-serial chardev:bell -serial chardev:console ");
	has(text, "addr=0xfffc0000,file=/proc/self/fd/15,cpu-num=0 ");
	has(text, "-device loader,addr=0x38000000,cpu-num=4 ");
	has_not(text, "ivshmem");
}

static void qemu_command_hands_down_what_it_names(void **state)
{
	static struct pmm_qemu_command cmd;
	struct pmm_qemu_fds some = fds;

	(void)state;
	assert_int_equal(
		pmm_qemu_command(&cmd, board("mps2-m3"), 0x21000000, &some), 0);
	assert_int_equal(cmd.nfds, 5); /* all but ivshmem */
	some.boot = -1;
	assert_int_equal(
		pmm_qemu_command(&cmd, board("virt-a53"), 0x40200000, &some),
		0);
	assert_int_equal(cmd.nfds, 4); /* RAM, QMP, console, ivshmem */
}

static void boot_words(const char *name, uint64_t entry, const uint32_t *want,
		       size_t n)
{
	uint32_t words[16];
	int fd;

	assert_int_equal(pmm_qemu_boot_file(board(name), entry, &fd), 0);
	assert_int_equal(pread(fd, words, sizeof(words), 0), n * 4);
	assert_memory_equal(words, want, n * 4);
	close(fd);
}

static void qemu_boot_file_starts_a_cortex_m(void **state)
{
	static const uint32_t want[] = { 0x21c00000, 0x21000101 };

	(void)state;
	boot_words("mps2-m3", 0x21000101, want, 2);
	boot_words("mps2-m3", 0x21000100, want, 2);
}

/* As an assembler has it. */
static void qemu_boot_file_switches_the_r5_on(void **state)
{
	static const uint32_t want[] = {
		0xd2800060, /* mov x0, #3 */
		0xf2b88000, /* movk x0, #0xc400, lsl #16 */
		0xd2800081, /* mov x1, #4 */
		0xd28acf02, /* mov x2, #0x5678 */
		0xf2a70002, /* movk x2, #0x3800, lsl #16 */
		0xd2800003, /* mov x3, #0 */
		0xd4000003, /* smc #0 */
		0xd503207f, /* wfi */
		0x17ffffff, /* b .-4 */
	};

	(void)state;
	boot_words("zcu102-r5", 0x38005678, want, 9);
}

static void qemu_boot_file_is_not_for_all(void **state)
{
	int fd;

	(void)state;
	assert_int_equal(pmm_qemu_boot_file(board("virt-a53"), 0x40200000, &fd),
			 0);
	assert_int_equal(fd, -1);
	assert_int_equal(
		pmm_qemu_boot_file(board("virt-rv64"), 0x80000000, &fd), 0);
	assert_int_equal(fd, -1);
}

static void refuses(const char *name, uint64_t da, uint64_t size,
		    const char *why)
{
	struct pmm_error err = { "" };

	assert_int_equal(pmm_qemu_check(board(name), da, size, &err), -EINVAL);
	has(err.text, why);
	has(err.text, name);
}

static void takes(const char *name, uint64_t da, uint64_t size)
{
	struct pmm_error err = { "" };

	if (pmm_qemu_check(board(name), da, size, &err) < 0)
		fail_msg("%s", err.text);
}

static void qemu_check_takes_what_fits_the_window(void **state)
{
	const struct pmm_board *b;

	(void)state;
	for (unsigned int i = 0; (b = pmm_board_at(i)); i++) {
		if (b->qemu)
			takes(b->name, b->shm_da, b->shm_size);
	}
	takes("virt-a53", 0x30000000, 0x8000000);
	takes("virt-rv64", 0x7f000000, 0x1000000);
	takes("virt-a53", 0x10200000, 0x1000);
	refuses("virt-a53", 0x20000000, 0x1800000, "0x2000000 would be");
	refuses("virt-a53", 0x20800000, 0x1000000, "0x20000000 would be");
	/* the other areas of the device, the end, beyond, RAM */
	refuses("virt-a53", 0x10000000, 0x1000, "between 0x10200000 and");
	refuses("virt-a53", 0x3f000000, 0x1000000, "0x3efeffff");
	refuses("virt-a53", 0x3e000000, 0x1000000, "0x3efeffff");
	refuses("virt-a53", 0x40000000, 0x1000000, "between");
	refuses("virt-rv64", 0x80000000, 0x1000000, "between");
	refuses("virt-rv64", UINT64_C(0xffffffffff000000), 0x1000000,
		"between");
	refuses("virt-a53", 0, UINT64_C(1) << 63, "between");
	refuses("virt-a53", 0, (UINT64_C(1) << 63) + 0x1000, "between");
}

/* What a message names is taken when the user does as it says. */
static void qemu_check_names_what_it_takes(void **state)
{
	(void)state;
	refuses("virt-a53", 0x20000000, 0x40000000,
		"--shmem-size 0x40000000: board virt-a53 can have 0x10000000 "
		"bytes at most");
	takes("virt-a53", 0x20000000, 0x10000000);
	refuses("virt-rv64", 0x50000000, UINT64_C(0xc0000000),
		"0x20000000 bytes at most");
	refuses("virt-rv64", 0x50000000, 0x20000000, "0x60000000 would be");
	takes("virt-rv64", 0x60000000, 0x20000000);
	refuses("virt-rv64", 0x20200000, 0x1000000, "0x41000000 would be");
	takes("virt-rv64", 0x41000000, 0x1000000);
	refuses("virt-rv64", 0, 0x20000000, "0x60000000 would do");
	refuses("mps2-m3", 0x21c00000, 0x500000,
		"--shmem-size 0x500000: board mps2-m3 has 0x400000 bytes");
	takes("mps2-m3", 0x21c00000, 0x400000);
}

static void qemu_check_keeps_slices_within_ram(void **state)
{
	(void)state;
	takes("mps2-m3", 0x21fff000, 0x1000);
	takes("zcu102-r5", 0x20000000, 0x3000000);
	refuses("mps2-m3", 0x21f00000, 0x200000, "0x21000000 to 0x21ffffff");
	refuses("mps2-m3", 0x20000000, 0x1000, "in its RAM only");
	refuses("zcu102-r5", 0x40000000, 0x1000, "in its RAM only");
	refuses("zcu102-r5", UINT64_C(0xfffffffffffff000), 0x1000,
		"in its RAM only");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(qemu_command_is_halted_and_shares_its_memory),
		cmocka_unit_test(qemu_command_suits_each_machine),
		cmocka_unit_test(qemu_command_hands_down_what_it_names),
		cmocka_unit_test(qemu_boot_file_starts_a_cortex_m),
		cmocka_unit_test(qemu_boot_file_switches_the_r5_on),
		cmocka_unit_test(qemu_boot_file_is_not_for_all),
		cmocka_unit_test(qemu_check_takes_what_fits_the_window),
		cmocka_unit_test(qemu_check_names_what_it_takes),
		cmocka_unit_test(qemu_check_keeps_slices_within_ram),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
