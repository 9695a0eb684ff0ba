/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * qemu.c - QEMU's machines as boards: command lines and first words
 */
#include "qemu.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <hvl/metal/compiler.h>
#include <hvl/wire/endian.h>

/* A64 instructions */
#define A64_MOVZ(reg, value, shift)                     \
	(0xd2800000u | (uint32_t)(shift) / 16u << 21u | \
	 (uint32_t)((value)&0xffffu) << 5u | (reg))
#define A64_MOVK(reg, value, shift) \
	(A64_MOVZ(reg, (value) >> (shift), shift) | 0x20000000u)
#define A64_SMC 0xd4000003u
#define A64_WFI 0xd503207fu
#define A64_BACK 0x17ffffffu /* b .-4 */
#define PSCI_CPU_ON 0xc4000003u

static int qemu_file(const hvl_le32 *words, size_t n)
{
	const size_t size = n * sizeof(words[0]);
	int fd = memfd_create("hvl-boot", MFD_CLOEXEC), rc;

	if (fd < 0)
		return -errno;
	if (write(fd, words, size) == (ssize_t)size)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

/* What a Cortex-M reads at reset: stack and entry, an address in Thumb. */
static int qemu_vectors(const struct pmm_board *board, uint64_t entry)
{
	const uint64_t end = board->load[0].da + board->load[0].size;
	const hvl_le32 words[] = {
		hvl_le32_make((uint32_t)end),
		hvl_le32_make((uint32_t)entry | 1),
	};

	return qemu_file(words, HVL_ARRAY_SIZE(words));
}

/* Switch the firmware's core on at its entry, as Linux does, and sleep. */
static int qemu_stub(const struct pmm_board *board, uint64_t entry)
{
	const uint32_t code[] = {
		A64_MOVZ(0u, PSCI_CPU_ON, 0),
		A64_MOVK(0u, PSCI_CPU_ON, 16),
		A64_MOVZ(1u, (uint32_t)board->qemu->core, 0),
		A64_MOVZ(2u, entry, 0),
		A64_MOVK(2u, entry, 16),
		A64_MOVZ(3u, 0u, 0),
		A64_SMC,
		A64_WFI,
		A64_BACK,
	};
	hvl_le32 words[HVL_ARRAY_SIZE(code)];

	for (size_t i = 0; i < HVL_ARRAY_SIZE(code); i++)
		words[i] = hvl_le32_make(code[i]);
	return qemu_file(words, HVL_ARRAY_SIZE(words));
}

int pmm_qemu_boot_file(const struct pmm_board *board, uint64_t entry, int *fd)
{
	*fd = -1;
	if (board->qemu->entry == PMM_QEMU_ENTRY_VECTORS)
		*fd = qemu_vectors(board, entry);
	else if (board->qemu->entry == PMM_QEMU_ENTRY_STUB)
		*fd = qemu_stub(board, entry);
	else
		return 0;
	return *fd < 0 ? *fd : 0;
}

static void command_add(struct pmm_qemu_command *cmd, const char *fmt, ...)
	HVL_PRINTF(2, 3);

/* What does not fit shows in the end, as too many arguments. */
static void command_add(struct pmm_qemu_command *cmd, const char *fmt, ...)
{
	const size_t room = sizeof(cmd->text) - cmd->used;
	char *text = cmd->text + cmd->used;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, room, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= room || cmd->argc >= PMM_QEMU_ARGS_MAX) {
		cmd->argc = PMM_QEMU_ARGS_MAX + 1;
		return;
	}
	cmd->used += (unsigned int)n + 1;
	cmd->argv[cmd->argc++] = text;
}

static int command_fd(struct pmm_qemu_command *cmd, int fd)
{
	cmd->fds[cmd->nfds++] = fd;
	return fd;
}

static void command_socket(struct pmm_qemu_command *cmd, const char *id, int fd)
{
	command_add(cmd, "-chardev");
	command_add(cmd, "socket,id=%s,fd=%d", id, command_fd(cmd, fd));
}

static void command_machine(struct pmm_qemu_command *cmd,
			    const struct pmm_board *board,
			    const struct pmm_qemu_fds *fds)
{
	const struct pmm_qemu_machine *m = board->qemu;
	const uint64_t mib = board->ram_size >> 20;

	/* Nothing that this user or this machine has configured. */
	command_add(cmd, "%s", m->program);
	command_add(cmd, "-no-user-config");
	command_add(cmd, "-nodefaults");
	/* A machine's sound card would look for one here, and complain. */
	command_add(cmd, "-audiodev");
	command_add(cmd, "none,id=none");
	command_add(cmd, "-display");
	command_add(cmd, "none");
	command_add(cmd, "-S");
	command_add(cmd, "-action");
	command_add(cmd, "reboot=shutdown,shutdown=pause,panic=pause");
	command_add(cmd, "-machine");
	command_add(cmd, "%s,memory-backend=ram", m->machine);
	command_add(cmd, "-smp");
	command_add(cmd, "%s", m->cpus);
	if (m->cpu) {
		command_add(cmd, "-cpu");
		command_add(cmd, "%s", m->cpu);
	}
	command_add(cmd, "-m");
	command_add(cmd, "%" PRIu64 "M", mib);
	command_add(cmd, "-object");
	command_add(cmd,
		    "memory-backend-file,id=ram,share=on,size=%" PRIu64
		    "M,mem-path=/proc/self/fd/%d",
		    mib, command_fd(cmd, fds->ram));
}

static void command_wires(struct pmm_qemu_command *cmd,
			  const struct pmm_qemu_machine *m,
			  const struct pmm_qemu_fds *fds)
{
	command_socket(cmd, "qmp", fds->qmp);
	command_add(cmd, "-mon");
	command_add(cmd, "chardev=qmp,mode=control");
	command_socket(cmd, "console", fds->console);
	if (m->bell >= 0)
		command_socket(cmd, "bell", fds->bell);
	for (int port = 0; port < 2; port++) {
		if (port != m->console && port != m->bell)
			continue;
		command_add(cmd, "-serial");
		command_add(cmd, "chardev:%s",
			    port == m->console ? "console" : "bell");
	}
	if (m->window.size) {
		command_socket(cmd, "ivshmem", fds->ivshmem);
		command_add(cmd, "-device");
		command_add(cmd, "ivshmem-doorbell,chardev=ivshmem,vectors=1");
	}
}

static void command_boot(struct pmm_qemu_command *cmd,
			 const struct pmm_qemu_machine *m, uint64_t entry,
			 const struct pmm_qemu_fds *fds)
{
	if (m->entry == PMM_QEMU_ENTRY_FIXED) {
		command_add(cmd, "-bios");
		command_add(cmd, "none");
		return;
	}
	if (fds->boot >= 0) {
		command_add(cmd, "-device");
		command_add(cmd,
			    "loader,force-raw=on,addr=0x%" PRIx64
			    ",file=/proc/self/fd/%d%s",
			    m->boot_da, command_fd(cmd, fds->boot),
			    m->entry == PMM_QEMU_ENTRY_STUB ? ",cpu-num=0" :
							      "");
	}
	if (m->entry != PMM_QEMU_ENTRY_VECTORS) {
		command_add(cmd, "-device");
		command_add(cmd, "loader,addr=0x%" PRIx64 ",cpu-num=%d", entry,
			    m->core);
	}
}

int pmm_qemu_command(struct pmm_qemu_command *cmd,
		     const struct pmm_board *board, uint64_t entry,
		     const struct pmm_qemu_fds *fds)
{
	cmd->argc = cmd->nfds = cmd->used = 0;
	command_machine(cmd, board, fds);
	command_wires(cmd, board->qemu, fds);
	command_boot(cmd, board->qemu, entry, fds);
	if (cmd->argc > PMM_QEMU_ARGS_MAX)
		return -ENOSPC;
	cmd->argv[cmd->argc] = NULL;
	return 0;
}

static bool qemu_within(const struct pmm_board_range *range, uint64_t da,
			uint64_t size)
{
	return size <= range->size && da >= range->da &&
	       da - range->da <= range->size - size;
}

/* The highest place up to @da, else the lowest. Return: 0, there is none. */
static uint64_t qemu_place(const struct pmm_board_range *window, uint64_t da,
			   uint64_t size)
{
	uint64_t low = (window->da + (size - 1)) / size * size;

	da = da / size * size;
	if (qemu_within(window, da, size))
		return da;
	return qemu_within(window, low, size) ? low : 0;
}

static int qemu_check_power(const struct pmm_board *board, uint64_t size,
			    struct pmm_error *err)
{
	const struct pmm_board_range *window = &board->qemu->window;
	uint64_t power = 1, most = 1;

	while (power < size && power <= UINT64_MAX / 2)
		power *= 2;
	if (size <= window->size && size != power)
		return pmm_fail(err, -EINVAL,
				"--shmem-size 0x%" PRIx64 ": board %s takes "
				"powers of two only; 0x%" PRIx64 " would be",
				size, board->name, power);
	if (size <= window->size && qemu_place(window, 0, size))
		return 0;
	while (qemu_place(window, 0, most * 2))
		most *= 2;
	return pmm_fail(err, -EINVAL,
			"--shmem-size 0x%" PRIx64
			": board %s can have 0x%" PRIx64
			" bytes at most, between 0x%" PRIx64 " and 0x%" PRIx64,
			size, board->name, most, window->da,
			window->da + (window->size - 1));
}

static int qemu_check_window(const struct pmm_board *board, uint64_t da,
			     uint64_t size, struct pmm_error *err)
{
	const struct pmm_board_range *window = &board->qemu->window;
	uint64_t place;
	int rc = qemu_check_power(board, size, err);

	if (rc < 0)
		return rc;
	place = qemu_place(window, da, size);
	if (place == da)
		return 0;
	if (da % size)
		return pmm_fail(err, -EINVAL,
				"--shmem-addr 0x%" PRIx64 ": not a multiple of "
				"its size, as board %s needs it; 0x%" PRIx64
				" would be",
				da, board->name, place);
	return pmm_fail(err, -EINVAL,
			"--shmem-addr 0x%" PRIx64 ": board %s can have its "
			"shared memory, 0x%" PRIx64 " bytes, between 0x%" PRIx64
			" and 0x%" PRIx64 "; 0x%" PRIx64 " would do",
			da, board->name, size, window->da,
			window->da + (window->size - 1),
			qemu_place(window, board->shm_da, size));
}

static int qemu_check_ram(const struct pmm_board *board, uint64_t da,
			  uint64_t size, struct pmm_error *err)
{
	const struct pmm_board_range ram = { board->ram_da, board->ram_size };
	uint64_t end = ram.da + (ram.size - 1);

	if (qemu_within(&ram, da, size))
		return 0;
	if (da >= ram.da && da <= end)
		return pmm_fail(
			err, -EINVAL,
			"--shmem-size 0x%" PRIx64 ": board %s has "
			"0x%" PRIx64 " bytes from --shmem-addr 0x%" PRIx64
			" to the end of its RAM, 0x%" PRIx64 " to 0x%" PRIx64,
			size, board->name, end - da + 1, da, ram.da, end);
	return pmm_fail(err, -EINVAL,
			"--shmem-addr 0x%" PRIx64 ": board %s can have its "
			"shared memory, 0x%" PRIx64 " bytes, in its RAM only, "
			"0x%" PRIx64 " to 0x%" PRIx64 "; the default is "
			"0x%" PRIx64,
			da, board->name, size, ram.da, end, board->shm_da);
}

int pmm_qemu_check(const struct pmm_board *board, uint64_t da, uint64_t size,
		   struct pmm_error *err)
{
	if (board->qemu->window.size)
		return qemu_check_window(board, da, size, err);
	return qemu_check_ram(board, da, size, err);
}
