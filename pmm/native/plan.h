/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * plan.h - what a native remote's process does before its firmware runs
 *
 * The child of clone() runs no C: it would run on the PMM's memory, which it
 * must give up, and in code that a sanitizer may have instrumented. Instead
 * the PMM writes a list of system calls into pages of their own, with a small
 * interpreter in front (native/<arch>/trampoline.S), and the child goes
 * through the list. Each that fails ends the child, with a report of what and
 * why. At the list's end the interpreter wipes it, clears all registers and
 * jumps to the firmware's entry.
 *
 *	+-----------------+ area
 *	| code, slots     | R-X: all that stays
 *	+-----------------+ area + one page
 *	| head, steps     | RW-: wiped
 *	| data of steps   |
 *	+-----------------+
 */
#ifndef PMM_NATIVE_PLAN_H
#define PMM_NATIVE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvl/metal/shm.h>
#include <hvl/remoteproc/elf.h>
#include <hvl/remoteproc/error.h>

#define PMM_NATIVE_STEPS_MAX 256u
#define PMM_NATIVE_END UINT32_MAX

/* One system call; the assembler code knows the offsets. */
struct pmm_native_step {
	uint32_t nr;	   /* or PMM_NATIVE_END */
	uint16_t skip;	   /* steps to leave out when it succeeds */
	uint16_t optional; /* go on when it fails */
	uint64_t arg[6];
};

struct pmm_native_head {
	uint32_t report_fd;
	uint32_t unused;
	uint32_t report_step; /* offset among the steps */
	uint32_t report_error;
	struct pmm_native_step steps[];
};

/* At the end of the code */
struct pmm_native_slots {
	uint64_t entry;
	uint64_t data;
	uint64_t size; /* to wipe, a multiple of 8 */
};

_Static_assert(sizeof(struct pmm_native_step) == 56, "step");
_Static_assert(offsetof(struct pmm_native_step, skip) == 4, "skip");
_Static_assert(offsetof(struct pmm_native_step, optional) == 6, "optional");
_Static_assert(offsetof(struct pmm_native_step, arg) == 8, "arg");
_Static_assert(offsetof(struct pmm_native_head, report_step) == 8, "report");
_Static_assert(offsetof(struct pmm_native_head, steps) == 16, "steps");

/* How much the system lets us take away from the remote */
enum pmm_native_isolation {
	PMM_NATIVE_USER_NS, /* all namespaces, its own user namespace first */
	PMM_NATIVE_ROOT_NS, /* all but that: for root where it is forbidden */
	PMM_NATIVE_NO_NS,   /* none: seccomp and an empty address space only */
};

/* Everything is at least PMM_NATIVE_FD_MIN, so that 0 to 4 are free. */
#define PMM_NATIVE_FD_MIN 5

struct pmm_native_fds {
	int uart;
	int irq;
	int ring;
	int ram;
	int shm;
	int report;	 /* write end, above PMM_NATIVE_FD_MIN */
	int report_read; /* the PMM's end, any number */
};

struct pmm_native_plan_config {
	enum pmm_native_isolation isolation;
	struct pmm_native_fds fds;
	const struct hvl_elf *elf;
	struct hvl_io ram; /* da and size */
	struct hvl_io shm;
};

struct pmm_native_plan {
	unsigned char *area; /* NULL: empty */
	size_t size;
	size_t page;
	struct pmm_native_head *head;
	unsigned int nsteps;
	unsigned int isolation_end; /* steps before it need namespaces */
	size_t data_used;	    /* bytes behind the steps */
	const char *what[PMM_NATIVE_STEPS_MAX];
	bool full; /* something did not fit */
};

/* trampoline.S */
extern const unsigned char pmm_native_code[];
extern const unsigned char pmm_native_code_end[];
long pmm_native_clone(uint64_t flags, int *pidfd, const void *code);

/**
 * pmm_native_plan_create() - write the list
 * Return: 0; negative errno with a reason, @plan is then empty.
 */
int pmm_native_plan_create(struct pmm_native_plan *plan,
			   const struct pmm_native_plan_config *cfg,
			   struct hvl_rproc_error *err);

/** pmm_native_plan_destroy() - an empty one is left as it is */
void pmm_native_plan_destroy(struct pmm_native_plan *plan);

/** pmm_native_plan_step() - append a system call; @what is for its failure */
struct pmm_native_step *pmm_native_plan_step(struct pmm_native_plan *plan,
					     const char *what, long nr,
					     const uint64_t arg[6]);

/** pmm_native_plan_data() - copy what a step points at. Return: its address. */
uint64_t pmm_native_plan_data(struct pmm_native_plan *plan, const void *data,
			      size_t len);

/**
 * pmm_native_filter() - append the step that loads the seccomp filter
 * @close_fd: the one descriptor that may be closed
 */
int pmm_native_filter(struct pmm_native_plan *plan, int close_fd,
		      struct hvl_rproc_error *err);

/** pmm_native_maps() - append steps that make way for, and map, RAM and shm */
int pmm_native_maps(struct pmm_native_plan *plan,
		    const struct pmm_native_plan_config *cfg,
		    struct hvl_rproc_error *err);

#endif /* PMM_NATIVE_PLAN_H */
