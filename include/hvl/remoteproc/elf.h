/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/remoteproc/elf.h - reading and loading ELF firmware
 *
 * ELF32 and ELF64, little-endian, statically linked at fixed addresses. The
 * file is not trusted: every offset, size and index is checked before use.
 *
 * Memory   Never allocates. The image is borrowed while the object is used.
 * Threads  Any, one at a time per object.
 * Errors   -ENOEXEC with a reason for whatever is wrong with the file.
 */
#ifndef HVL_REMOTEPROC_ELF_H
#define HVL_REMOTEPROC_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvl/remoteproc/error.h>

#define HVL_ELF_SEGMENTS_MAX 16u

#define HVL_ELF_MACHINE_ANY 0u /* what is asked for, never what a file is */
#define HVL_ELF_MACHINE_ARM 40u
#define HVL_ELF_MACHINE_X86_64 62u
#define HVL_ELF_MACHINE_AARCH64 183u
#define HVL_ELF_MACHINE_RISCV 243u

#define HVL_ELF_X 1u /* segment flags as PF_X, PF_W, PF_R */
#define HVL_ELF_W 2u
#define HVL_ELF_R 4u

struct hvl_elf_segment {
	uint64_t da;	 /* where it goes: the physical address (p_paddr) */
	uint64_t offset; /* of its bytes in the file */
	uint64_t filesz;
	uint64_t memsz; /* filesz or more: the rest is zeroed */
	uint32_t flags; /* HVL_ELF_* */
};

struct hvl_elf {
	const uint8_t *image;
	size_t size;
	bool is64;
	uint16_t machine;
	uint64_t entry;
	unsigned int nsegments;
	struct hvl_elf_segment segments[HVL_ELF_SEGMENTS_MAX]; /* file order */
	uint64_t table_offset; /* of .resource_table in the file */
	uint64_t table_da;
	uint64_t table_size; /* 0: the firmware has none */
	uint64_t load_bytes; /* sum of memsz */
};

/**
 * hvl_elf_machine_name() - of an e_machine value, for messages
 * Return: "x86-64", "aarch64", "arm", "riscv", or "machine N" is not known:
 * NULL.
 */
const char *hvl_elf_machine_name(uint16_t machine);

/**
 * hvl_elf_open() - check a file and read its headers
 * @elf:     filled in on success
 * @image:   the whole file; borrowed
 * @size:    bytes
 * @machine: the board's e_machine, or HVL_ELF_MACHINE_ANY
 * @is64:    the board's class; means nothing with HVL_ELF_MACHINE_ANY
 * @err:     filled in on failure
 * Return: 0, or -ENOEXEC: not an ELF, another class, encoding, version or
 * machine, not an executable, dynamically linked (PT_INTERP, PT_DYNAMIC or
 * ET_DYN), headers or segments cut off by the end of the file, filesz above
 * memsz, segments that wrap or overlap, no segment at all or too many, entry
 * outside every executable segment, a broken section table, or a
 * .resource_table that is cut off or outside the loaded segments. Empty
 * segments are skipped.
 */
int hvl_elf_open(struct hvl_elf *elf, const void *image, size_t size,
		 uint16_t machine, bool is64, struct hvl_rproc_error *err);

#endif /* HVL_REMOTEPROC_ELF_H */
