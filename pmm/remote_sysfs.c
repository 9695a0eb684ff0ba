/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * remote_sysfs.c - remoteproc driver of real cores under Linux's remoteproc
 */
#include "remote_sysfs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hvl/metal/compiler.h>

#define SYSFS_DIR "/sys/class/remoteproc"
/* The state may change between a look and a command, but not for ever. */
#define SYSFS_STOP_TRIES 3

enum sysfs_state {
	SYSFS_OFFLINE,
	SYSFS_RUNNING, /* started by the kernel, or attached to */
	SYSFS_CRASHED,
	SYSFS_OTHER, /* suspended, deleted, detached, invalid */
};

static struct pmm_sysfs *sysfs_of(struct hvl_rproc *rproc)
{
	return rproc->cfg.priv;
}

static int sysfs_state(struct pmm_sysfs *s, enum sysfs_state *state,
		       char text[32], struct hvl_rproc_error *err)
{
	static const struct {
		const char *name;
		enum sysfs_state state;
	} names[] = {
		{ "offline", SYSFS_OFFLINE },
		{ "running", SYSFS_RUNNING },
		{ "attached", SYSFS_RUNNING },
		{ "crashed", SYSFS_CRASHED },
	};
	int rc = s->cfg.kernel->read(s->cfg.ctx, "state", text, 32);

	if (rc < 0)
		return hvl_rproc_fail(err, rc, "%s: reading its state: %s",
				      s->cfg.instance, strerror(-rc));
	*state = SYSFS_OTHER;
	for (size_t i = 0; i < HVL_ARRAY_SIZE(names); i++) {
		if (strcmp(text, names[i].name) == 0)
			*state = names[i].state;
	}
	return 0;
}

static int sysfs_write(struct pmm_sysfs *s, const char *attr, const char *text,
		       struct hvl_rproc_error *err)
{
	int rc = s->cfg.kernel->write(s->cfg.ctx, attr, text);

	return rc < 0 ? hvl_rproc_fail(
				err, rc, "%s: writing \"%s\" to its %s: %s",
				s->cfg.instance, text, attr, strerror(-rc)) :
			0;
}

/* To the device that is open, as it stops the core if we die. */
static int sysfs_command(struct pmm_sysfs *s, const char *text)
{
	const struct pmm_kernel_ops *kernel = s->cfg.kernel;

	return s->cdev ? kernel->cdev_write(s->cfg.ctx, text) :
			 kernel->write(s->cfg.ctx, "state", text);
}

static void sysfs_close(struct pmm_sysfs *s)
{
	if (s->cdev)
		s->cfg.kernel->cdev_close(s->cfg.ctx);
	s->cdev = false;
}

/* Where segments lie is the kernel's to know. */
static bool sysfs_memory(struct hvl_rproc *rproc, uint64_t da, uint64_t len,
			 struct hvl_io *io)
{
	(void)rproc;
	(void)da;
	(void)len;
	(void)io;
	return false;
}

/* Nobody else's firmware is stopped for ours. */
int pmm_sysfs_idle(struct pmm_sysfs *s, struct hvl_rproc_error *err)
{
	enum sysfs_state state;
	char text[32];
	int rc = sysfs_state(s, &state, text, err);

	if (rc < 0 || state == SYSFS_OFFLINE)
		return rc;
	if (state == SYSFS_CRASHED)
		return hvl_rproc_fail(
			err, -EBUSY,
			"%s has crashed; first: echo recover >" SYSFS_DIR
			"/%s/recovery, then stop it",
			s->cfg.instance, s->cfg.instance);
	return hvl_rproc_fail(err, -EBUSY,
			      "%s is %s; first: echo stop >" SYSFS_DIR
			      "/%s/state",
			      s->cfg.instance, text, s->cfg.instance);
}

static int sysfs_prepare(struct hvl_rproc *rproc, struct hvl_rproc_error *err)
{
	struct pmm_sysfs *s = sysfs_of(rproc);
	int rc = pmm_sysfs_idle(s, err);

	if (rc == 0)
		rc = sysfs_write(s, "recovery", "disabled", err);
	if (rc < 0)
		return rc;
	if (s->cfg.coredump)
		return sysfs_write(s, "coredump", "enabled", err);
	/* Kernels without dumps have no such file, and need none. */
	(void)sysfs_write(s, "coredump", "disabled", NULL);
	return 0;
}

/* The firmware with our table in it, under a name of ours. */
static int sysfs_load(struct hvl_rproc *rproc, struct hvl_rproc_error *err)
{
	const struct hvl_elf *elf = &rproc->elf;
	struct pmm_sysfs *s = sysfs_of(rproc);
	unsigned char *image = malloc(elf->size);
	int rc;

	if (!image)
		return hvl_rproc_fail(err, -ENOMEM, "%s", strerror(ENOMEM));
	memcpy(image, elf->image, elf->size);
	memcpy(image + elf->table_offset, rproc->table,
	       (size_t)elf->table_size);
	(void)snprintf(s->firmware, sizeof(s->firmware), "hvl-%s.elf",
		       s->cfg.instance);
	rc = s->cfg.kernel->put_firmware(s->cfg.ctx, s->firmware, image,
					 elf->size);
	free(image);
	if (rc < 0) {
		hvl_rproc_fail(err, rc,
			       "putting %s among the kernel's firmware: %s",
			       s->firmware, strerror(-rc));
		s->firmware[0] = '\0';
		return rc;
	}
	return sysfs_write(s, "firmware", s->firmware, err);
}

static int sysfs_start_failed(const struct pmm_sysfs *s, int rc,
			      struct hvl_rproc_error *err)
{
	const char *why = strerror(-rc);

	if (rc == -ENOENT)
		why = "the kernel does not find the firmware; "
		      "firmware_class.path says where it looks";
	else if (rc == -EINVAL)
		why = "the kernel refuses the firmware; dmesg says why";
	else if (rc == -ENOMEM)
		why = "no memory for a carveout of the resource table, or it "
		      "is another than the devicetree's; dmesg says which";
	else if (rc == -EBUSY)
		why = "somebody else started it meanwhile";
	return hvl_rproc_fail(err, rc, "%s does not start: %s", s->cfg.instance,
			      why);
}

/* A "yes" is not enough: only the state tells whether anything was done. */
static int sysfs_check_started(struct pmm_sysfs *s, struct hvl_rproc_error *err)
{
	enum sysfs_state state;
	char text[32];
	int rc = sysfs_state(s, &state, text, err);

	if (rc < 0 || state == SYSFS_RUNNING)
		return rc;
	if (state == SYSFS_OFFLINE)
		return hvl_rproc_fail(err, -EIO,
				      "%s says that it starts, and stays "
				      "offline: a failed recovery has left it "
				      "stuck; rebind its platform driver",
				      s->cfg.instance);
	return hvl_rproc_fail(err, -EIO, "%s is %s right after its start",
			      s->cfg.instance, text);
}

static int sysfs_start(struct hvl_rproc *rproc, uint64_t entry,
		       struct hvl_rproc_error *err)
{
	struct pmm_sysfs *s = sysfs_of(rproc);
	int rc;

	(void)entry; /* the ELF's */
	rc = s->cfg.kernel->cdev_open(s->cfg.ctx);
	s->cdev = rc == 0;
	if (rc < 0)
		hvl_log(s->cfg.log, HVL_LOG_INFO,
			"%s: no character device (%s): the core goes on if "
			"hvl is killed",
			s->cfg.instance, strerror(-rc));
	rc = sysfs_command(s, "start");
	if (rc < 0)
		sysfs_start_failed(s, rc, err);
	else
		rc = sysfs_check_started(s, err);
	if (rc < 0)
		sysfs_close(s);
	return rc;
}

/*
 * "stop" is refused after a crash. Recovery starts the core once more, which
 * then can be stopped.
 */
static int sysfs_recover(struct pmm_sysfs *s, struct hvl_rproc_error *err)
{
	enum sysfs_state state;
	char text[32];
	int rc = sysfs_write(s, "recovery", "recover", err);

	if (rc == 0)
		rc = sysfs_state(s, &state, text, err);
	if (rc == 0 && state == SYSFS_CRASHED)
		rc = hvl_rproc_fail(err, -EIO,
				    "%s does not recover: its platform driver "
				    "cannot stop the core",
				    s->cfg.instance);
	return rc;
}

/* Return: 1 when the kernel took the command, 0 to look again, or failed. */
static int sysfs_try_stop(struct pmm_sysfs *s, struct hvl_rproc_error *err)
{
	int rc = sysfs_command(s, "stop");

	if (rc >= 0)
		return 1;
	/* It crashed, or somebody stopped it, just now. */
	if (rc == -EINVAL)
		return 0;
	return hvl_rproc_fail(err, rc, "%s does not stop: %s", s->cfg.instance,
			      strerror(-rc));
}

static int sysfs_stop(struct hvl_rproc *rproc, struct hvl_rproc_error *err)
{
	struct pmm_sysfs *s = sysfs_of(rproc);
	enum sysfs_state state;
	bool told = false;
	char text[32];
	int rc, tries;

	for (tries = 0;; tries++) {
		rc = sysfs_state(s, &state, text, err);
		if (rc < 0)
			return rc;
		if (state == SYSFS_OFFLINE)
			break;
		/* The start that we took back was not the only one. */
		if (told || tries == SYSFS_STOP_TRIES)
			return hvl_rproc_fail(err, -EBUSY,
					      "%s stays %s: somebody else has "
					      "started it as well",
					      s->cfg.instance, text);
		rc = state == SYSFS_CRASHED ? sysfs_recover(s, err) :
					      sysfs_try_stop(s, err);
		if (rc < 0)
			return rc;
		told = rc > 0;
	}
	sysfs_close(s);
	return 0;
}

static int sysfs_trace(struct hvl_rproc *rproc, unsigned int index, char *buf,
		       size_t size)
{
	struct pmm_sysfs *s = sysfs_of(rproc);
	char attr[16];

	(void)snprintf(attr, sizeof(attr), "trace%u", index);
	return s->cfg.kernel->read(s->cfg.ctx, attr, buf, size);
}

const struct hvl_rproc_ops pmm_sysfs_ops = {
	.memory = sysfs_memory,
	.prepare = sysfs_prepare,
	.load = sysfs_load,
	.start = sysfs_start,
	.stop = sysfs_stop,
	.trace = sysfs_trace,
};

void pmm_sysfs_init(struct pmm_sysfs *sysfs, const struct pmm_sysfs_config *cfg)
{
	*sysfs = (struct pmm_sysfs){ .cfg = *cfg };
}

void pmm_sysfs_fini(struct pmm_sysfs *sysfs)
{
	sysfs_close(sysfs);
	if (sysfs->firmware[0] != '\0')
		sysfs->cfg.kernel->remove_firmware(sysfs->cfg.ctx,
						   sysfs->firmware);
	sysfs->firmware[0] = '\0';
}

bool pmm_sysfs_poll(struct pmm_sysfs *sysfs, struct pmm_driver_end *end)
{
	struct hvl_rproc_error why = { "" };
	enum sysfs_state state;
	char text[32];

	*end = (struct pmm_driver_end){ .fatal = true };
	if (sysfs_state(sysfs, &state, text, &why) < 0)
		(void)snprintf(end->text, sizeof(end->text), "%.150s",
			       why.text);
	else if (state == SYSFS_RUNNING)
		return false;
	else if (state == SYSFS_CRASHED)
		(void)snprintf(end->text, sizeof(end->text), "says %s",
			       sysfs->cfg.instance);
	else
		(void)snprintf(end->text, sizeof(end->text),
			       "%s was made %s by somebody else",
			       sysfs->cfg.instance, text);
	return true;
}
