/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/remoteproc/coredump.h - a remote's memory as an ELF core file
 *
 * For a debugger: one PT_LOAD for each segment of the firmware and for each
 * carveout, at its device address; what overlaps becomes one. Registers are
 * not in it. Take it after a crash and before the next start, while the core
 * is held in reset or at least does nothing any more.
 *
 * Memory   Never allocates. The file is passed on piece by piece.
 * Threads  One at a time per remote.
 */
#ifndef HVL_REMOTEPROC_COREDUMP_H
#define HVL_REMOTEPROC_COREDUMP_H

#include <stddef.h>
#include <stdint.h>

#include <hvl/metal/io.h>
#include <hvl/remoteproc/error.h>
#include <hvl/remoteproc/rproc.h>

/*
 * Memory starts at offsets that equal its address modulo this, and no piece
 * crosses a multiple of it: a writer can leave zero pages out of the file.
 */
#define HVL_COREDUMP_PAGE 4096u

struct hvl_coredump {
	const struct hvl_io *shm; /* what the carveout `hvl` is; NULL: unread */
	uint64_t size_max;	  /* of the file */
	/*
	 * The next @len bytes of the file, 1 to HVL_COREDUMP_PAGE. Return: 0,
	 * or negative errno, which ends it.
	 */
	int (*write)(void *ctx, const void *bytes, size_t len);
	void *ctx;
	uint8_t buf[HVL_COREDUMP_PAGE]; /* scratch */
};

/**
 * hvl_coredump_write() - pass on the whole file
 * @rproc: loaded
 * @dump:  filled in by the caller, but for buf
 * @err:   filled in on failure, but for what write() said
 *
 * Memory that the remote's driver cannot reach reads as 0xff.
 *
 * Return: 0; -EINVAL when nothing is loaded; -EFBIG when it would be larger
 * than @dump allows, or than the class of the firmware's ELF can say: nothing
 * was written then; what write() returned.
 */
int hvl_coredump_write(struct hvl_rproc *rproc, struct hvl_coredump *dump,
		       struct hvl_rproc_error *err);

#endif /* HVL_REMOTEPROC_COREDUMP_H */
