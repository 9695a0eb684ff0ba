/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The native remote, with a firmware that does what it is told: what it has,
 * and what it has not
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hvl/metal/compiler.h>

#include "probe.h"
#include "remote_native.h"

#define DEADLINE_MS 30000
#define SHM_DA 0x37000000
#define SHM_SIZE 0x1000000

struct rig {
	struct hvl_shm shm;
	int irq, ring, uart[2]; /* uart[0] is ours */
	struct pmm_native_config cfg;
	struct pmm_native *native;
	struct hvl_rproc rproc;
	struct hvl_rproc_error err;
	struct hvl_log log;
	char warning[256];
	void *image;
	size_t size;
};

static void rig_log(void *ctx, enum hvl_log_level level, const char *line)
{
	struct rig *r = ctx;

	if (level == HVL_LOG_WARNING)
		snprintf(r->warning, sizeof(r->warning), "%s", line);
}

static void rig_read_probe(struct rig *r)
{
	FILE *f = fopen(PROBE_FILE, "rb");

	assert_non_null(f);
	r->image = malloc(1 << 20);
	assert_non_null(r->image);
	r->size = fread(r->image, 1, 1 << 20, f);
	assert_true(r->size > 0 && r->size < 1 << 20);
	fclose(f);
}

static void rig_load(struct rig *r)
{
	const struct hvl_rsc_boot boot = { .shm_da = SHM_DA,
					   .shm_size = SHM_SIZE,
					   .regs_da = SHM_DA + 0x1000,
					   .regs_count = 2,
					   .doorbell = HVL_DOORBELL_NATIVE };
	const struct hvl_rproc_config cfg = {
		.name = "native",
		.ops = &pmm_native_ops,
		.priv = r->native,
		.machine = r->cfg.board->machine,
		.is64 = r->cfg.board->is64,
		.log = &r->log,
	};
	int rc;

	hvl_rproc_init(&r->rproc, &cfg);
	rc = hvl_rproc_load(&r->rproc, r->image, r->size, &boot, &r->err);
	if (rc < 0)
		fail_msg("load: %s", r->err.text);
}

static int setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	r->log = (struct hvl_log){ HVL_LOG_DEBUG, rig_log, r };
	assert_int_equal(hvl_shm_create(&r->shm, "shm", SHM_SIZE, SHM_DA), 0);
	r->irq = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	r->ring = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, r->uart), 0);
	r->cfg = (struct pmm_native_config){
		.board = pmm_board_find("native"),
		.shm = &r->shm,
		.irq_fd = r->irq,
		.ring_fd = r->ring,
		.uart_fd = r->uart[1],
		.log = &r->log,
	};
	assert_int_equal(pmm_native_create(&r->native, &r->cfg, &r->err), 0);
	rig_read_probe(r);
	rig_load(r);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;

	pmm_native_destroy(r->native);
	hvl_shm_close(&r->shm);
	close(r->irq);
	close(r->ring);
	close(r->uart[0]);
	if (r->uart[1] >= 0)
		close(r->uart[1]);
	free(r->image);
	free(r);
	return 0;
}

static void rig_start(struct rig *r)
{
	if (hvl_rproc_start(&r->rproc, &r->err) < 0)
		fail_msg("start: %s", r->err.text);
}

static bool readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, DEADLINE_MS) == 1;
}

static void tell(struct rig *r, enum probe_op op, uint64_t arg, uint64_t value)
{
	const struct probe_command c = { op, arg, value };

	assert_int_equal(write(r->uart[0], &c, sizeof(c)), sizeof(c));
}

static uint64_t ask(struct rig *r, enum probe_op op, uint64_t arg,
		    uint64_t value)
{
	uint64_t answer;

	tell(r, op, arg, value);
	assert_true(readable(r->uart[0]));
	assert_int_equal(read(r->uart[0], &answer, sizeof(answer)),
			 sizeof(answer));
	return answer;
}

static struct pmm_native_end await_end(struct rig *r)
{
	struct pmm_native_end end;

	assert_true(readable(pmm_native_pidfd(r->native)));
	assert_true(pmm_native_reap(r->native, &end));
	assert_int_equal(pmm_native_pidfd(r->native), -1);
	assert_false(pmm_native_reap(r->native, &end));
	hvl_rproc_crashed(&r->rproc);
	return end;
}

static void assert_killed(struct rig *r, int sig)
{
	struct pmm_native_end end = await_end(r);

	assert_int_equal(end.signal, sig);
}

static void native_start_runs_firmware(void **state)
{
	struct rig *r = *state;

	rig_start(r);
	assert_int_equal(ask(r, PROBE_HELLO, 0, 0), PROBE_MAGIC);
	assert_true(pmm_native_pidfd(r->native) >= 0);
	assert_string_equal(r->warning, "");
}

static void native_start_gives_fresh_registers(void **state)
{
	struct rig *r = *state;

	rig_start(r);
	assert_int_equal(ask(r, PROBE_REGISTERS, 0, 0), 0);
}

static void native_start_resolves_table(void **state)
{
	struct rig *r = *state;
	struct hvl_rsc_report report;

	assert_false(hvl_rproc_report(&r->rproc, &report));
	rig_start(r);
	assert_int_equal(ask(r, PROBE_HVL_WORD, 4, 0), SHM_DA);
	assert_int_equal(ask(r, PROBE_HVL_WORD, 6, 0), SHM_SIZE);
	assert_int_equal(ask(r, PROBE_HVL_WORD, 10, 0), 2);
	assert_int_equal(ask(r, PROBE_HVL_WORD, 11, 0), HVL_DOORBELL_NATIVE);
	ask(r, PROBE_HEARTBEAT, 0, 77);
	assert_true(hvl_rproc_report(&r->rproc, &report));
	assert_int_equal(report.heartbeat, 77);
}

static void native_doorbells_ring_both_ways(void **state)
{
	struct rig *r = *state;
	uint64_t count = 3;

	rig_start(r);
	assert_int_equal(ask(r, PROBE_RING, 0, 0), sizeof(uint64_t));
	assert_int_equal(read(r->ring, &count, sizeof(count)), sizeof(count));
	assert_int_equal(count, 1);
	assert_int_equal((int64_t)ask(r, PROBE_RUNG, 0, 0), -EAGAIN);
	count = 5;
	assert_int_equal(write(r->irq, &count, sizeof(count)), sizeof(count));
	assert_int_equal(ask(r, PROBE_RUNG, 0, 0), 5);
}

static void native_shared_memory_is_shared(void **state)
{
	struct rig *r = *state;

	rig_start(r);
	hvl_io_write64(&r->shm.io, SHM_SIZE - 8, 0x1122334455667788);
	assert_int_equal(ask(r, PROBE_LOAD, SHM_DA + SHM_SIZE - 8, 0),
			 0x1122334455667788);
	ask(r, PROBE_STORE, SHM_DA, 42);
	assert_int_equal(hvl_io_read64(&r->shm.io, 0), 42);
}

static void native_restart_loads_anew(void **state)
{
	struct rig *r = *state;

	for (int i = 0; i < 3; i++) {
		rig_start(r);
		assert_int_equal(ask(r, PROBE_MEMORY, 0, 0), 1);
		assert_int_equal(ask(r, PROBE_MEMORY, 0, 0), 0);
		assert_int_equal(hvl_rproc_stop(&r->rproc, &r->err), 0);
		assert_int_equal(pmm_native_pidfd(r->native), -1);
	}
	assert_int_equal(r->rproc.starts, 3);
}

static void native_exit_code_is_reported(void **state)
{
	struct rig *r = *state;
	struct pmm_native_end end;

	rig_start(r);
	assert_false(pmm_native_reap(r->native, &end));
	tell(r, PROBE_EXIT, 3, 0);
	end = await_end(r);
	assert_int_equal(end.code, 3);
	assert_int_equal(end.signal, 0);
	assert_string_equal(end.text, "exited with code 3");
}

static void native_fault_is_reported(void **state)
{
	struct rig *r = *state;
	struct pmm_native_end end;

	rig_start(r);
	tell(r, PROBE_LOAD, 0, 0);
	end = await_end(r);
	assert_int_equal(end.signal, SIGSEGV);
	assert_string_equal(end.text,
			    "killed by signal 11 (Segmentation fault)");
	rig_start(r);
	assert_int_equal(ask(r, PROBE_HELLO, 0, 0), PROBE_MAGIC);
}

static void native_forbidden_calls_kill(void **state)
{
	static const long calls[] = {
		SYS_openat, SYS_socket,	  SYS_clone,	      SYS_execve,
		SYS_mmap,   SYS_mprotect, SYS_munmap,	      SYS_kill,
		SYS_prctl,  SYS_dup,	  SYS_getpid,	      SYS_ioctl,
		SYS_setns,  SYS_ptrace,	  SYS_io_uring_setup,
	};
	struct rig *r = *state;

	for (size_t i = 0; i < HVL_ARRAY_SIZE(calls); i++) {
		rig_start(r);
		tell(r, PROBE_SYSCALL, (uint64_t)calls[i], 0);
		assert_killed(r, SIGSYS);
	}
}

static void native_close_is_forbidden(void **state)
{
	struct rig *r = *state;

	rig_start(r);
	tell(r, PROBE_SYSCALL, SYS_close, 0);
	assert_killed(r, SIGSYS);
}

static void native_pmm_memory_is_gone(void **state)
{
	static uint64_t ours = 1;
	struct rig *r = *state;
	uint64_t stack = 0;
	const uint64_t at[] = { (uintptr_t)&ours, (uintptr_t)&stack,
				(uintptr_t)r, (uintptr_t)r->shm.io.va,
				(uintptr_t)native_pmm_memory_is_gone };

	for (size_t i = 0; i < HVL_ARRAY_SIZE(at); i++) {
		rig_start(r);
		tell(r, PROBE_LOAD, at[i] & ~UINT64_C(7), 0);
		assert_killed(r, SIGSEGV);
	}
}

static void native_segments_are_protected(void **state)
{
	struct rig *r = *state;
	uint64_t at;

	rig_start(r);
	at = ask(r, PROBE_TEXT_AT, 0, 0);
	ask(r, PROBE_LOAD, at, 0);
	tell(r, PROBE_STORE, at, 0);
	assert_killed(r, SIGSEGV);
	rig_start(r);
	at = ask(r, PROBE_RODATA_AT, 0, 0);
	assert_int_equal(ask(r, PROBE_LOAD, at, 0), PROBE_MAGIC);
	tell(r, PROBE_STORE, at, 0);
	assert_killed(r, SIGSEGV);
	rig_start(r);
	at = ask(r, PROBE_FREE_AT, 0, 0);
	ask(r, PROBE_STORE, at, 0xc3);
	tell(r, PROBE_CALL, at, 0);
	assert_killed(r, SIGSEGV);
	rig_start(r);
	ask(r, PROBE_STORE, SHM_DA, 0xc3);
	tell(r, PROBE_CALL, SHM_DA, 0);
	assert_killed(r, SIGSEGV);
}

static void native_ram_ends_where_it_should(void **state)
{
	struct rig *r = *state;
	const struct pmm_board *b = r->cfg.board;
	const uint64_t at[] = { b->ram_da - 8, b->ram_da + b->ram_size,
				SHM_DA - 8, SHM_DA + SHM_SIZE };

	rig_start(r);
	ask(r, PROBE_LOAD, b->ram_da, 0);
	ask(r, PROBE_LOAD, b->ram_da + b->ram_size - 8, 0);
	assert_int_equal(hvl_rproc_stop(&r->rproc, &r->err), 0);
	for (size_t i = 0; i < HVL_ARRAY_SIZE(at); i++) {
		rig_start(r);
		tell(r, PROBE_LOAD, at[i], 0);
		assert_killed(r, SIGSEGV);
	}
}

static void native_descriptors_are_closed(void **state)
{
	struct rig *r = *state;
	int fd = open("/dev/null", O_RDONLY);

	assert_true(fd > 4);
	rig_start(r);
	/* The limit on descriptors does not hide those that are open. */
	assert_int_equal(ask(r, PROBE_OPEN_FDS, 0, 0), 5);
	close(fd);
}

/* What the system says of the child, in a file below its /proc folder */
static char *child_file(struct rig *r, const char *name)
{
	static char text[65536];
	char path[64];
	FILE *f;
	int pid = -1;
	size_t n = 0;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d",
		 pmm_native_pidfd(r->native));
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(text, sizeof(text), f))
		sscanf(text, "Pid: %d", &pid);
	fclose(f);
	assert_true(pid > 0);
	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	f = fopen(path, "r");
	if (f) {
		n = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
	}
	text[n] = '\0';
	return text;
}

static void assert_says(const char *text, const char *line)
{
	if (!strstr(text, line))
		fail_msg("no \"%s\" in:\n%s", line, text);
}

static void ignore(int sig)
{
	(void)sig;
}

static void native_privileges_are_gone(void **state)
{
	struct rig *r = *state;
	const char *status, *limits;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR1, ignore);
	rig_start(r);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGUSR1, SIG_DFL);
	ask(r, PROBE_HELLO, 0, 0);
	status = child_file(r, "status");
	assert_says(status, "Name:\thvl-remote\n");
	assert_says(status, "Threads:\t1\n");
	assert_says(status, "SigBlk:\t0000000000000000\n");
	assert_says(status, "SigIgn:\t0000000000000000\n");
	assert_says(status, "SigCgt:\t0000000000000000\n");
	assert_says(status, "CapInh:\t0000000000000000\n");
	assert_says(status, "CapPrm:\t0000000000000000\n");
	assert_says(status, "CapEff:\t0000000000000000\n");
	assert_says(status, "CapBnd:\t0000000000000000\n");
	assert_says(status, "NoNewPrivs:\t1\n");
	assert_says(status, "Seccomp:\t2\n");
	limits = child_file(r, "limits");
	assert_says(limits, "Max core file size        0                    0");
	assert_says(limits, "Max open files            5                    5");
}

/* Only root may look into another's namespaces and memory. */
static void native_sees_no_files_and_no_network(void **state)
{
	struct rig *r = *state;
	const char *text;

	if (geteuid() != 0)
		skip();
	rig_start(r);
	ask(r, PROBE_HELLO, 0, 0);
	text = child_file(r, "mountinfo");
	assert_says(text, " / / ro,");
	assert_says(text, " - tmpfs none ro,");
	/* That one mount is all. */
	assert_ptr_equal(strchr(text, '\n'), strrchr(text, '\n'));
	text = child_file(r, "net/dev");
	assert_says(text, "lo:");
	assert_null(strstr(strstr(text, "lo:"), "\n "));
}

static void native_memory_is_all_there_is(void **state)
{
	struct rig *r = *state;
	unsigned long long start, end;
	unsigned int ram = 0, shm = 0, other = 0;
	char *line;

	if (geteuid() != 0)
		skip();
	rig_start(r);
	ask(r, PROBE_HELLO, 0, 0);
	for (line = strtok(child_file(r, "maps"), "\n"); line;
	     line = strtok(NULL, "\n")) {
		assert_int_equal(sscanf(line, "%llx-%llx", &start, &end), 2);
		if (start >= SHM_DA && end <= SHM_DA + SHM_SIZE)
			shm++;
		else if (start >= r->cfg.board->ram_da &&
			 end <= r->cfg.board->ram_da + r->cfg.board->ram_size)
			ram++;
		else if (!strstr(line, "[v"))
			other++;
	}
	assert_int_equal(shm, 1);
	assert_true(ram >= 4);
	/* The page that jumped, and those that it wiped */
	assert_in_range(other, 1, 2);
}

static void native_start_tells_why_not(void **state)
{
	struct rig *r = *state;
	int fd = r->shm.fd;

	r->shm.fd = r->irq;
	assert_int_equal(hvl_rproc_start(&r->rproc, &r->err), -ENODEV);
	assert_string_equal(r->err.text,
			    "native does not start: mapping the shared memory: "
			    "No such device");
	assert_int_equal(r->rproc.state, HVL_RPROC_OFFLINE);
	assert_int_equal(pmm_native_pidfd(r->native), -1);
	r->shm.fd = fd;
	rig_start(r);
}

static void native_start_leaks_nothing(void **state)
{
	struct rig *r = *state;
	int before = dup(0), after;

	close(before);
	rig_start(r);
	assert_int_equal(hvl_rproc_stop(&r->rproc, &r->err), 0);
	tell(r, PROBE_EXIT, 0, 0);
	rig_start(r);
	await_end(r);
	after = dup(0);
	close(after);
	assert_int_equal(after, before);
}

static pid_t fork_pmm(struct rig *r, void (*body)(struct rig *r))
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		close(r->uart[0]);
		body(r);
		_exit(0);
	}
	close(r->uart[1]);
	r->uart[1] = -1;
	return pid;
}

static void pmm_start_and_wait(struct rig *r)
{
	if (hvl_rproc_start(&r->rproc, &r->err) < 0)
		_exit(1);
	for (;;)
		pause();
}

static void native_dies_with_pmm(void **state)
{
	struct rig *r = *state;
	pid_t pid = fork_pmm(r, pmm_start_and_wait);
	char byte;

	assert_int_equal(ask(r, PROBE_HELLO, 0, 0), PROBE_MAGIC);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	/* The UART's other end is the remote's alone: closed when it is gone */
	assert_true(readable(r->uart[0]));
	assert_int_equal(read(r->uart[0], &byte, 1), 0);
}

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 &&
		  write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return ok;
}

/* Run until told to end. Exit code 0: with a warning, 3: without. */
static void pmm_start_and_reap(struct rig *r)
{
	struct pmm_native_end end;

	if (!write_file("/proc/sys/user/max_user_namespaces", "0"))
		_exit(77);
	if (hvl_rproc_start(&r->rproc, &r->err) < 0)
		_exit(1);
	if (!readable(pmm_native_pidfd(r->native)) ||
	    !pmm_native_reap(r->native, &end) || end.signal != SIGSYS)
		_exit(2);
	_exit(strstr(r->warning, "no namespaces") ? 0 : 3);
}

static void pmm_without_namespaces(struct rig *r)
{
	if (unshare(CLONE_NEWUSER) < 0)
		_exit(77);
	pmm_start_and_reap(r);
}

static void pmm_root_without_user_namespaces(struct rig *r)
{
	char map[32];

	snprintf(map, sizeof(map), "0 %u 1", geteuid());
	if (unshare(CLONE_NEWUSER) < 0 ||
	    !write_file("/proc/self/uid_map", map))
		_exit(77);
	pmm_start_and_reap(r);
}

static void fallback_works(struct rig *r, void (*body)(struct rig *r), int code)
{
	pid_t pid = fork_pmm(r, body);
	const struct probe_command call = { PROBE_SYSCALL, SYS_getpid, 0 };
	int status;

	assert_int_equal(write(r->uart[0], &call, sizeof(call)), sizeof(call));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), code);
}

static void native_start_warns_without_namespaces(void **state)
{
	fallback_works(*state, pmm_without_namespaces, 0);
}

static void native_start_as_root_needs_no_user_namespace(void **state)
{
	fallback_works(*state, pmm_root_without_user_namespaces, 3);
}

static void refuse(struct rig *r, const struct pmm_board *board, uint64_t da,
		   const char *why)
{
	struct pmm_native_config cfg = r->cfg;
	struct hvl_shm shm = r->shm;
	struct pmm_native *native;

	shm.io.da = da;
	cfg.shm = &shm;
	cfg.board = board;
	assert_int_equal(pmm_native_create(&native, &cfg, &r->err), -EINVAL);
	if (!strstr(r->err.text, why))
		fail_msg("\"%s\" does not say \"%s\"", r->err.text, why);
}

static void native_create_refuses_bad_memory(void **state)
{
	struct rig *r = *state;
	struct pmm_board board = *r->cfg.board;

	refuse(r, &board, 0x37000100, "not made of whole pages");
	refuse(r, &board, 0x38000000, "overlaps the board's RAM");
	refuse(r, &board, board.ram_da + board.ram_size - 0x1000, "overlaps");
	refuse(r, &board, 0, "where the system maps nothing");
	refuse(r, &board, UINT64_C(0x8000000000000000), "beyond a process");
	refuse(r, &board, UINT64_C(0) - SHM_SIZE, "beyond a process");
	board.ram_size += 5;
	refuse(r, &board, SHM_DA, "RAM, 0xf00005 bytes at 0x38100000, is not");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(native_start_runs_firmware),
		TEST(native_start_gives_fresh_registers),
		TEST(native_start_resolves_table),
		TEST(native_doorbells_ring_both_ways),
		TEST(native_shared_memory_is_shared),
		TEST(native_restart_loads_anew),
		TEST(native_exit_code_is_reported),
		TEST(native_fault_is_reported),
		TEST(native_forbidden_calls_kill),
		TEST(native_close_is_forbidden),
		TEST(native_pmm_memory_is_gone),
		TEST(native_segments_are_protected),
		TEST(native_ram_ends_where_it_should),
		TEST(native_descriptors_are_closed),
		TEST(native_privileges_are_gone),
		TEST(native_sees_no_files_and_no_network),
		TEST(native_memory_is_all_there_is),
		TEST(native_start_tells_why_not),
		TEST(native_start_leaks_nothing),
		TEST(native_dies_with_pmm),
		TEST(native_start_warns_without_namespaces),
		TEST(native_start_as_root_needs_no_user_namespace),
		TEST(native_create_refuses_bad_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
