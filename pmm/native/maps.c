/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Address space of a native remote: everything of the PMM's goes, RAM and
 * shared memory come
 */
#include "plan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <hvl/metal/compiler.h>

#define MAPS "/proc/self/maps"

struct maps_line {
	uint64_t start;
	uint64_t end;
	char name[32];
};

static bool maps_parse(const char *text, struct maps_line *line)
{
	line->name[0] = '\0';
	return sscanf(text, "%" SCNx64 "-%" SCNx64 " %*s %*s %*s %*s %31s",
		      &line->start, &line->end, line->name) >= 2;
}

/*
 * The kernel's own pages. Some kernels seal them, and a call that unmaps them
 * together with others would fail as a whole.
 */
static bool maps_is_kernel(const struct maps_line *line)
{
	static const char *const names[] = { "[vdso]", "[vvar]",
					     "[vvar_vclock]", "[uprobes]",
					     "[sigpage]" };

	for (size_t i = 0; i < HVL_ARRAY_SIZE(names); i++) {
		if (strcmp(line->name, names[i]) == 0)
			return true;
	}
	return false;
}

/* Ranges that are not to be unmapped with the rest, in order. */
struct maps_kept {
	unsigned int count;
	struct maps_range {
		uint64_t start;
		uint64_t end;
		bool kernel;
	} range[16];
	uint64_t top; /* end of all that is mapped */
};

static bool maps_keep(struct maps_kept *kept, uint64_t start, uint64_t end,
		      bool kernel)
{
	unsigned int i = kept->count;

	if (i == HVL_ARRAY_SIZE(kept->range))
		return false;
	for (; i > 0 && kept->range[i - 1].start > start; i--)
		kept->range[i] = kept->range[i - 1];
	kept->range[i] = (struct maps_range){ start, end, kernel };
	kept->count++;
	return true;
}

static int maps_read(struct maps_kept *kept)
{
	FILE *f = fopen(MAPS, "re");
	struct maps_line line;
	char text[4096 + 128];
	bool ok = true;

	if (!f)
		return -errno;
	while (ok && fgets(text, sizeof(text), f)) {
		/* The upper half is the kernel's. */
		if (!maps_parse(text, &line) || line.end > INT64_MAX)
			continue;
		kept->top = line.end;
		if (maps_is_kernel(&line))
			ok = maps_keep(kept, line.start, line.end, true);
	}
	fclose(f);
	return ok && kept->top ? 0 : -EIO;
}

static struct pmm_native_step *maps_unmap(struct pmm_native_plan *plan,
					  uint64_t start, uint64_t end)
{
	return pmm_native_plan_step(plan, "unmapping the PMM", SYS_munmap,
				    (const uint64_t[6]){ start, end - start });
}

/*
 * Unmap what lies between the ranges that are kept, mapped or not: what the
 * PMM maps from now on, up to the clone, lies there too.
 */
static int maps_clear(struct pmm_native_plan *plan)
{
	struct maps_kept kept = { 0 };
	uint64_t area = (uintptr_t)plan->area, cursor = 0;
	int rc;

	maps_keep(&kept, area, area + plan->size, false);
	rc = maps_read(&kept);
	if (rc < 0)
		return rc;
	for (unsigned int i = 0; i < kept.count; i++) {
		const struct maps_range *r = &kept.range[i];

		if (r->start > cursor)
			maps_unmap(plan, cursor, r->start);
		if (r->kernel)
			maps_unmap(plan, r->start, r->end)->optional = 1;
		cursor = r->end;
	}
	if (kept.top > cursor)
		maps_unmap(plan, cursor, kept.top);
	return 0;
}

static void maps_map(struct pmm_native_plan *plan, const char *what,
		     uint64_t da, uint64_t size, int prot, int fd,
		     uint64_t offset)
{
	pmm_native_plan_step(
		plan, what, SYS_mmap,
		(const uint64_t[6]){ da, size, (unsigned int)prot,
				     MAP_SHARED | MAP_FIXED_NOREPLACE,
				     (unsigned int)fd, offset });
}

/* What a page of RAM is for: all that the segments in it say together. */
static int maps_protection(const struct hvl_elf *elf, uint64_t da,
			   uint64_t page)
{
	uint32_t flags = 0;
	int prot = PROT_NONE;

	for (unsigned int i = 0; i < elf->nsegments; i++) {
		const struct hvl_elf_segment *s = &elf->segments[i];

		if (s->da < da + page && da < s->da + s->memsz)
			flags |= s->flags;
	}
	if (flags == 0)
		flags = HVL_ELF_R | HVL_ELF_W;
	if (flags & HVL_ELF_R)
		prot |= PROT_READ;
	if (flags & HVL_ELF_W)
		prot |= PROT_WRITE;
	if (flags & HVL_ELF_X)
		prot |= PROT_EXEC;
	return prot;
}

static void maps_ram(struct pmm_native_plan *plan,
		     const struct pmm_native_plan_config *cfg)
{
	const struct hvl_io *ram = &cfg->ram;
	uint64_t start = 0;
	int prot = maps_protection(cfg->elf, ram->da, plan->page);

	for (uint64_t off = plan->page; off < ram->size; off += plan->page) {
		int next = maps_protection(cfg->elf, ram->da + off, plan->page);

		if (next == prot)
			continue;
		maps_map(plan, "mapping the RAM", ram->da + start, off - start,
			 prot, cfg->fds.ram, start);
		start = off;
		prot = next;
	}
	maps_map(plan, "mapping the RAM", ram->da + start, ram->size - start,
		 prot, cfg->fds.ram, start);
}

int pmm_native_maps(struct pmm_native_plan *plan,
		    const struct pmm_native_plan_config *cfg,
		    struct hvl_rproc_error *err)
{
	int rc = maps_clear(plan);

	if (rc < 0)
		return hvl_rproc_fail(err, rc, MAPS ": %s", strerror(-rc));
	maps_ram(plan, cfg);
	maps_map(plan, "mapping the shared memory", cfg->shm.da, cfg->shm.size,
		 PROT_READ | PROT_WRITE, cfg->fds.shm, 0);
	return 0;
}
