/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The driver of real cores, against a stand-in for Linux's remoteproc
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <hvl/metal/compiler.h>
#include <hvl/wire/rsc_table.h>

#include "elf_builder.h"
#include "remote_sysfs.h"
#include "rsc_builder.h"
#include "sysfs_standin.h"

#define SHM_DA 0x37000000u
#define SHM_SIZE 0x100000u
#define NAME "hvl-remoteproc0.elf"

static struct standin kernel;
static struct standin_knobs knobs;
static struct pmm_sysfs sysfs;
static struct hvl_rproc rproc;
static struct hvl_rproc_error err;
static struct elf_file file;
static struct rsc_spec table;
static size_t hvl_at; /* of the vendor entry, in words */

static const struct hvl_rsc_boot boot = {
	.shm_da = SHM_DA,
	.shm_size = SHM_SIZE,
	.regs_da = SHM_DA + 0x1000,
	.regs_count = 2,
	.doorbell = HVL_DOORBELL_POLL,
};

static void build_firmware(void)
{
	struct elf_spec spec;

	rsc_new(&table, 3);
	rsc_add_area(&table, HVL_RSC_CARVEOUT, HVL_RSC_ADDR_ANY, 0,
		     HVL_RSC_CARVEOUT_SHM);
	hvl_at = rsc_add_hvl(&table);
	rsc_add_area(&table, HVL_RSC_TRACE, 0x2100, 64, "trace");
	elf_spec_init(&spec, false, HVL_ELF_MACHINE_ARM);
	spec.table = table.words;
	spec.table_size = table.used * 4;
	spec.table_segment = 1;
	spec.segments[1].filesz = 0x400;
	spec.segments[1].memsz = 0x800;
	elf_build(&spec, &file);
}

static void load(bool coredump)
{
	const struct pmm_sysfs_config sc = {
		.kernel = &standin_ops,
		.ctx = &kernel,
		.instance = "remoteproc0",
		.coredump = coredump,
	};
	const struct hvl_rproc_config rc = {
		.name = "remote",
		.ops = &pmm_sysfs_ops,
		.priv = &sysfs,
		.machine = HVL_ELF_MACHINE_ANY,
	};

	pmm_sysfs_init(&sysfs, &sc);
	hvl_rproc_init(&rproc, &rc);
	if (hvl_rproc_load(&rproc, file.bytes, file.size, &boot, &err) != 0)
		fail_msg("%s", err.text);
}

static int setup(void **state)
{
	(void)state;
	memset(&knobs, 0, sizeof(knobs));
	standin_init(&kernel, &knobs);
	build_firmware();
	load(false);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pmm_sysfs_fini(&sysfs);
	standin_fini(&kernel);
	return 0;
}

static void set_knobs(void)
{
	standin_set_knobs(&kernel, &knobs);
}

static void start_ok(void)
{
	if (hvl_rproc_start(&rproc, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(standin_state(&kernel), STANDIN_RUNNING);
}

static void stop_ok(void)
{
	if (hvl_rproc_stop(&rproc, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(standin_state(&kernel), STANDIN_OFFLINE);
}

static void refuse_start(int rc, const char *what)
{
	assert_int_equal(hvl_rproc_start(&rproc, &err), rc);
	assert_non_null(strstr(err.text, what));
	assert_int_not_equal(rproc.state, HVL_RPROC_RUNNING);
}

static uint32_t loaded_word(size_t word)
{
	const uint8_t *at = standin_loaded(&kernel)->table;

	at += word * 4;
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

static void sysfs_kernel_loads_our_table(void **state)
{
	const struct standin_loaded *loaded;

	(void)state;
	start_ok();
	loaded = standin_loaded(&kernel);
	assert_int_equal(loaded->size, file.size);
	assert_int_equal(loaded->table_size, table.used * 4);
	assert_int_equal(
		loaded_word(hvl_at + offsetof(struct hvl_rsc_hvl, shm_da) / 4),
		SHM_DA);
	assert_int_equal(
		loaded_word(hvl_at +
			    offsetof(struct hvl_rsc_hvl, shm_size) / 4),
		SHM_SIZE);
	assert_int_equal(
		loaded_word(hvl_at +
			    offsetof(struct hvl_rsc_hvl, regs_count) / 4),
		2);
	/* Nothing else differs from the file that the user named. */
	assert_memory_equal(loaded->image, file.bytes,
			    (size_t)rproc.elf.table_offset);
	stop_ok();
	pmm_sysfs_fini(&sysfs);
	assert_false(standin_has(&kernel, NAME));
}

static void sysfs_starts_and_stops_again_and_again(void **state)
{
	(void)state;
	for (unsigned int i = 1; i <= 10; i++) {
		start_ok();
		stop_ok();
		assert_int_equal(standin_counts(&kernel).starts, i);
		assert_int_equal(standin_counts(&kernel).power, 0);
	}
}

static void sysfs_runs_on_older_kernels_too(void **state)
{
	(void)state;
	knobs.old_kernel = true;
	set_knobs();
	start_ok();
	stop_ok();
	start_ok();
	stop_ok();
}

static void sysfs_leaves_others_alone(void **state)
{
	static const enum standin_state taken[] = {
		STANDIN_RUNNING,   STANDIN_ATTACHED, STANDIN_DETACHED,
		STANDIN_SUSPENDED, STANDIN_DELETED,
	};

	(void)state;
	for (size_t i = 0; i < HVL_ARRAY_SIZE(taken); i++) {
		standin_be(&kernel, taken[i]);
		refuse_start(-EBUSY, "echo stop >");
		assert_int_equal(standin_state(&kernel), taken[i]);
	}
	standin_be(&kernel, STANDIN_CRASHED);
	refuse_start(-EBUSY, "echo recover >");
	assert_string_equal(standin_journal(&kernel), "");
}

static void sysfs_switches_the_kernels_recovery_off(void **state)
{
	struct pmm_driver_end end;

	(void)state;
	start_ok();
	assert_false(pmm_sysfs_poll(&sysfs, &end));
	standin_crash(&kernel);
	assert_int_equal(standin_state(&kernel), STANDIN_CRASHED);
	assert_int_equal(standin_counts(&kernel).recoveries, 0);
	assert_true(pmm_sysfs_poll(&sysfs, &end));
	assert_true(end.fatal);
	assert_non_null(strstr(end.text, "remoteproc0"));
}

static void sysfs_restarts_after_crashes(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 5; i++) {
		start_ok();
		standin_crash(&kernel);
		hvl_rproc_crashed(&rproc);
	}
	start_ok();
	stop_ok();
	assert_int_equal(standin_counts(&kernel).power, 0);
}

static void sysfs_stops_a_crashed_core(void **state)
{
	(void)state;
	start_ok();
	standin_crash(&kernel);
	stop_ok();
	start_ok();
	stop_ok();
}

static void sysfs_names_a_core_that_is_stuck(void **state)
{
	(void)state;
	start_ok();
	standin_crash(&kernel);
	hvl_rproc_crashed(&rproc);
	knobs.start_fails = 1;
	knobs.start_errno = EIO;
	set_knobs();
	/* The recovery fails, and leaves it offline with a reference. */
	refuse_start(-EIO, "rebind its platform driver");
	assert_int_equal(standin_state(&kernel), STANDIN_OFFLINE);
	assert_int_equal(standin_counts(&kernel).failed_recoveries, 1);
}

static void sysfs_reports_a_core_that_does_not_stop(void **state)
{
	(void)state;
	start_ok();
	knobs.stop_fails = 100;
	knobs.stop_errno = EIO;
	set_knobs();
	assert_true(hvl_rproc_stop(&rproc, &err) < 0);
	assert_int_equal(rproc.state, HVL_RPROC_RUNNING);

	/* An older kernel says that it worked. */
	knobs.old_kernel = true;
	set_knobs();
	assert_true(hvl_rproc_stop(&rproc, &err) < 0);
	knobs.stop_fails = 0;
	set_knobs();
	standin_be(&kernel, STANDIN_RUNNING);
	stop_ok();
}

static void sysfs_takes_back_its_own_start_only(void **state)
{
	(void)state;
	start_ok();
	assert_int_equal(standin_ops.write(&kernel, "state", "start"), 0);
	assert_int_equal(standin_counts(&kernel).power, 2);
	assert_int_equal(hvl_rproc_stop(&rproc, &err), -EBUSY);
	assert_non_null(strstr(err.text, "somebody else"));
	assert_int_equal(standin_counts(&kernel).power, 1);
	assert_int_equal(standin_state(&kernel), STANDIN_RUNNING);
}

static void sysfs_explains_each_refusal_to_start(void **state)
{
	static const struct {
		int error;
		const char *what;
	} cases[] = {
		{ ENOENT, "firmware_class.path" },
		{ EINVAL, "refuses the firmware" },
		{ ENOMEM, "carveout" },
		{ ENODEV, "No such device" },
	};

	(void)state;
	for (size_t i = 0; i < HVL_ARRAY_SIZE(cases); i++) {
		knobs.start_fails = 1;
		knobs.start_errno = cases[i].error;
		set_knobs();
		refuse_start(-cases[i].error, cases[i].what);
		assert_int_equal(standin_counts(&kernel).power, 0);
	}
	start_ok();
}

static void sysfs_explains_a_firmware_folder_it_cannot_write(void **state)
{
	static const int errors[] = { ENOSPC, EACCES, EROFS };

	(void)state;
	for (size_t i = 0; i < HVL_ARRAY_SIZE(errors); i++) {
		knobs.put_fails = 1;
		knobs.put_errno = errors[i];
		set_knobs();
		refuse_start(-errors[i], "kernel's firmware");
	}
	start_ok();
}

static void sysfs_explains_files_it_may_not_write(void **state)
{
	(void)state;
	knobs.read_only = true;
	set_knobs();
	refuse_start(-EACCES, "recovery");
	knobs.read_only = false;
	knobs.io_errno = EIO;
	set_knobs();
	refuse_start(-EIO, "reading its state");
}

static void sysfs_ties_the_core_to_its_own_life(void **state)
{
	(void)state;
	knobs.cdev = true;
	set_knobs();
	start_ok();
	assert_non_null(strstr(standin_journal(&kernel), "cdev start"));
	assert_null(strstr(standin_journal(&kernel), "state start"));
	/* As when we are killed */
	standin_ops.cdev_close(&kernel);
	assert_int_equal(standin_state(&kernel), STANDIN_OFFLINE);
}

static void sysfs_runs_with_the_character_device(void **state)
{
	(void)state;
	knobs.cdev = true;
	for (unsigned int old = 0; old < 2; old++) {
		knobs.old_kernel = old != 0;
		set_knobs();
		for (unsigned int i = 0; i < 3; i++) {
			start_ok();
			stop_ok();
			start_ok();
			standin_crash(&kernel);
			hvl_rproc_crashed(&rproc);
		}
		start_ok();
		stop_ok();
	}
	assert_int_equal(standin_counts(&kernel).power, 0);
}

static void sysfs_goes_on_without_the_character_device(void **state)
{
	(void)state;
	knobs.cdev = true;
	knobs.cdev_errno = EACCES;
	set_knobs();
	start_ok();
	assert_non_null(strstr(standin_journal(&kernel), "state start"));
	stop_ok();
}

static void sysfs_reports_what_others_did(void **state)
{
	struct pmm_driver_end end;

	(void)state;
	start_ok();
	assert_int_equal(standin_ops.write(&kernel, "state", "stop"), 0);
	assert_true(pmm_sysfs_poll(&sysfs, &end));
	assert_non_null(strstr(end.text, "offline by somebody else"));
	hvl_rproc_crashed(&rproc);
	start_ok();
	stop_ok();
}

static void sysfs_has_the_kernel_dump_on_request(void **state)
{
	char text[32];

	(void)state;
	start_ok();
	assert_true(standin_ops.read(&kernel, "coredump", text, sizeof(text)) >
		    0);
	assert_string_equal(text, "disabled");
	stop_ok();
	pmm_sysfs_fini(&sysfs);
	load(true);
	start_ok();
	standin_crash(&kernel);
	stop_ok();
	assert_int_equal(standin_counts(&kernel).dumps, 1);
}

static int read_trace(void *ctx, const char *attr, char *buf, size_t size)
{
	assert_ptr_equal(ctx, &kernel);
	if (strcmp(attr, "trace0") != 0)
		return -ENOENT;
	assert_true(size > 5);
	memcpy(buf, "hello", 6);
	return 5;
}

static void sysfs_reads_the_trace_that_the_kernel_shows(void **state)
{
	const struct pmm_kernel_ops with_trace = { .read = read_trace };
	char text[64];

	(void)state;
	sysfs.cfg.kernel = &with_trace;
	assert_int_equal(hvl_rproc_trace(&rproc, 0, text, sizeof(text)), 5);
	assert_string_equal(text, "hello");
	assert_int_equal(hvl_rproc_trace(&rproc, 1, text, sizeof(text)),
			 -ENOENT);
	sysfs.cfg.kernel = &standin_ops;
}

#define SYSFS_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SYSFS_TEST(sysfs_kernel_loads_our_table),
		SYSFS_TEST(sysfs_starts_and_stops_again_and_again),
		SYSFS_TEST(sysfs_runs_on_older_kernels_too),
		SYSFS_TEST(sysfs_leaves_others_alone),
		SYSFS_TEST(sysfs_switches_the_kernels_recovery_off),
		SYSFS_TEST(sysfs_restarts_after_crashes),
		SYSFS_TEST(sysfs_stops_a_crashed_core),
		SYSFS_TEST(sysfs_names_a_core_that_is_stuck),
		SYSFS_TEST(sysfs_reports_a_core_that_does_not_stop),
		SYSFS_TEST(sysfs_takes_back_its_own_start_only),
		SYSFS_TEST(sysfs_explains_each_refusal_to_start),
		SYSFS_TEST(sysfs_explains_a_firmware_folder_it_cannot_write),
		SYSFS_TEST(sysfs_explains_files_it_may_not_write),
		SYSFS_TEST(sysfs_ties_the_core_to_its_own_life),
		SYSFS_TEST(sysfs_runs_with_the_character_device),
		SYSFS_TEST(sysfs_goes_on_without_the_character_device),
		SYSFS_TEST(sysfs_reports_what_others_did),
		SYSFS_TEST(sysfs_has_the_kernel_dump_on_request),
		SYSFS_TEST(sysfs_reads_the_trace_that_the_kernel_shows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
